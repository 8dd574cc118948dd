package judge

import (
	"context"
	"slices"
	"sync"

	"pocket/grader"
)

// outlook knows which cases of a submission need not be run because of what became of others: those of a
// group that requires others, and with stop-early all behind the first that is not AC. It is safe for
// concurrent use.
type outlook struct {
	suite *grader.Suite
	order []int            // the cases' places, each behind all that its group requires
	needs map[string][]int // by group: the places of all cases that must be AC
	ended []chan struct{}  // by place: closed once there is a result

	mu      sync.Mutex
	results []grader.Result
	stopped string // with stop-early: the case that was not AC, and its verdict
}

func newOutlook(s *grader.Suite) *outlook {
	o := &outlook{suite: s, needs: map[string][]int{}, results: make([]grader.Result, len(s.Cases))}
	for range s.Cases {
		o.ended = append(o.ended, make(chan struct{}))
	}
	for _, g := range s.Groups {
		for _, name := range g.Requires {
			o.needs[g.Name] = append(o.needs[g.Name], members(s, name)...)
		}
	}
	placed := make([]bool, len(s.Cases))
	var place func(i int)
	place = func(i int) {
		if placed[i] {
			return
		}
		placed[i] = true // before what it needs: even a circle, which no suite has, would end
		for _, other := range o.needs[s.Cases[i].Group] {
			place(other)
		}
		o.order = append(o.order, i)
	}
	for i := range s.Cases {
		place(i)
	}
	return o
}

// members are the places of the cases that a group's requirement names.
func members(s *grader.Suite, name string) (all []int) {
	group := slices.ContainsFunc(s.Groups, func(g grader.Group) bool { return g.Name == name })
	for i, c := range s.Cases {
		if group && c.Group == name || !group && name == grader.RequireSamples && c.Visibility == grader.Sample {
			all = append(all, i)
		}
	}
	return all
}

// wait waits until everything is known on which it depends whether the case at this place is run.
func (o *outlook) wait(ctx context.Context, place int) error {
	for _, other := range o.needs[o.suite.Cases[place].Group] {
		select {
		case <-o.ended[other]:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// skip says whether the case at this place is not to be run, and returns its result then. Whatever wait
// waits for is known.
func (o *outlook) skip(place int) (grader.Result, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c, why := o.suite.Cases[place], ""
	if o.stopped != "" {
		why = "not run after " + o.stopped
	}
	for _, other := range o.needs[c.Group] {
		if r := o.results[other]; why == "" && r.Verdict != grader.AC {
			why = "requires that " + requirement(o.suite.Cases[other]) + " is AC: " + r.Case + " is " + string(r.Verdict)
		}
	}
	r := grader.Result{Case: c.Name, Points: c.Points, Verdict: grader.SKIP, Detail: why, Group: c.Group, Visibility: c.Visibility}
	return r, why != ""
}

func requirement(c grader.Case) string {
	if c.Group != "" {
		return "group " + c.Group
	}
	return "each sample"
}

// put tells what became of a case.
func (o *outlook) put(place int, r grader.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.results[place] = r
	if o.suite.StopEarly && o.stopped == "" && r.Verdict != grader.AC && r.Verdict != grader.SKIP {
		o.stopped = r.Case + ", which is " + string(r.Verdict)
	}
	close(o.ended[place])
}

// foretell returns all results when none of the cases needs to be run: each is known or skipped.
func foretell(s *grader.Suite, known map[int]grader.Result) ([]grader.Result, bool) {
	o := newOutlook(s)
	for _, place := range o.order {
		r, skipped := o.skip(place)
		if !skipped {
			var found bool
			if r, found = known[place]; !found {
				return nil, false
			}
		}
		o.put(place, r)
	}
	return o.results, true
}
