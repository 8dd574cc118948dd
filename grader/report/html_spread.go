package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pocket/grader"
)

// bins is how many bars a histogram of times has.
const bins = 16

// spread is how the results of one case are spread over verdicts and times.
type spread struct {
	group, visibility string
	points            float64
	verdicts          map[grader.Verdict]int
	times             []time.Duration // CPU times of those that were run
}

func newSpread(c grader.Result) spread {
	return spread{group: line(c.Group), visibility: string(c.Visibility), points: c.Points, verdicts: map[grader.Verdict]int{}}
}

func (s *spread) count(c grader.Result) {
	s.verdicts[c.Verdict]++
	if c.Usage.Wall > 0 {
		s.times = append(s.times, c.Usage.CPU)
	}
}

// caseView is a case as a page shows it.
type caseView struct {
	N                       int
	Name, Group, Visibility string
	Points, Accepted        string
	Verdicts                []tally
	Bars                    []bar
	Times                   string // the bars in words
	Least, Median, Most     string
}

// bar is one of a histogram's, its top from 0 to 30.
type bar struct{ X, Y, Height int }

func (s *spread) view(i int, name string) caseView {
	v := caseView{N: i, Name: line(name), Group: s.group, Visibility: s.visibility, Points: number(s.points), Verdicts: tallies(s.verdicts)}
	total := 0
	for _, n := range s.verdicts {
		total += n
	}
	v.Accepted = fmt.Sprintf("%d of %d", s.verdicts[grader.AC], total)
	if len(s.times) == 0 {
		return v
	}
	slices.Sort(s.times)
	most := s.times[len(s.times)-1]
	v.Least, v.Median, v.Most = clock(s.times[0]), clock(s.times[len(s.times)/2]), clock(most)
	v.Bars, v.Times = histogram(s.times, most)
	return v
}

// histogram counts times in equal parts of the span from 0 to most.
func histogram(times []time.Duration, most time.Duration) ([]bar, string) {
	var count [bins]int
	for _, t := range times {
		count[min(bins-1, int(int64(t)*bins/max(1, int64(most))))]++
	}
	highest := slices.Max(count[:])
	var bars []bar
	var words []string
	for i, n := range count {
		words = append(words, fmt.Sprint(n))
		if n > 0 {
			height := max(1, n*30/highest)
			bars = append(bars, bar{i * 10, 30 - height, height})
		}
	}
	return bars, fmt.Sprintf("CPU time in %d equal parts from 0 to %s: %s", bins, clock(most), strings.Join(words, " "))
}
