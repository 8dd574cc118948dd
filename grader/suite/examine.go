package suite

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pocket/grader"
	"pocket/runtime/resource"
)

// Remark is something in a suite that is no mistake but may not be meant.
type Remark struct {
	File string `json:"file"` // the suite's, absolute
	Line int    `json:"line"` // from 1
	Text string `json:"text"`
}

// String writes the remark as one line.
func (r Remark) String() string { return fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Text) }

// Examine looks for what may not be meant in a suite without a mistake, in the order of its lines. memory is
// what this machine has, 0 where that is not known.
func Examine(s *grader.Suite, memory resource.Size) []Remark {
	e := &examination{suite: s, memory: memory, texts: map[string]bool{}, kinds: map[kind]int{}}
	for _, c := range s.Cases {
		e.volumes(c)
		e.shown(c)
		e.limits(c)
		e.tolerance(c)
	}
	for _, g := range s.Groups {
		e.weights(g)
	}
	e.unused()
	all := e.counted()
	slices.SortStableFunc(all, func(a, b Remark) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

type examination struct {
	suite   *grader.Suite
	memory  resource.Size
	remarks []Remark
	texts   map[string]bool // what was said: of a volume of several cases once
	kinds   map[kind]int    // the place in remarks: of many cases of one line, the first is named
	more    []int           // beside each remark: the further cases
}

// kind is what a remark is about, without the case's name.
type kind struct {
	line   int
	format string
}

func (e *examination) remark(line int, format string, args ...any) {
	text := oneLine(fmt.Sprintf(format, args...))
	if e.texts[text] {
		return
	}
	e.texts[text] = true
	if at, again := e.kinds[kind{line, format}]; again {
		e.more[at]++
		return
	}
	e.kinds[kind{line, format}] = len(e.remarks)
	e.remarks = append(e.remarks, Remark{File: e.suite.File, Line: max(1, line), Text: text})
	e.more = append(e.more, 0)
}

// counted is the remarks with the number of cases that are not named.
func (e *examination) counted() []Remark {
	for i, n := range e.more {
		if n > 0 {
			e.remarks[i].Text += fmt.Sprintf(" (so it is with %d more of this line)", n)
		}
	}
	return e.remarks
}

// volumes tells that what lies in a mounted folder is kept from programs.
func (e *examination) volumes(c grader.Case) {
	for _, v := range c.Volumes {
		if len(v.Masks) == 0 {
			continue
		}
		e.remark(c.Line, "in the volume %s no program finds %s: answers, the suite, its results, checkers and reference submissions are left out",
			e.relative(v.Host), several(v.Masks))
	}
}

// several names some things, and how many more there are.
func several(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// shown tells of cases that are shown, or hidden, to little use.
func (e *examination) shown(c grader.Case) {
	switch {
	case c.Visibility == grader.Hidden && c.Group == "":
		e.remark(c.Line, "case %s is hidden and in no group: a student sees a verdict that nothing explains (give it a group)", c.Name)
	case c.Visibility == grader.Sample && c.Input == grader.Text{} && len(c.Args) == 0 && len(c.Volumes) == 0:
		e.remark(c.Line, "case %s is a sample without input", c.Name)
	}
}

// limits tells of limits that hold nothing back.
func (e *examination) limits(c grader.Case) {
	l := c.Limits
	if e.memory > 0 && l.Memory > e.memory {
		e.remark(c.Line, "case %s may use %s of memory, more than the %s of this machine", c.Name, l.Memory, e.memory.Human())
	}
	if l.Wall < l.CPU {
		e.remark(c.Line, "case %s has %s on the clock and %s of CPU time, which only several processes can reach", c.Name, l.Wall, l.CPU)
	}
	if l.Stack > l.Memory {
		e.remark(c.Line, "case %s has a stack of %s in %s of memory", c.Name, l.Stack.Human(), l.Memory.Human())
	}
}

func (e *examination) tolerance(c grader.Case) {
	if c.Interactor == nil && c.Compare.Mode == grader.Numbers && c.Digest == nil && !hasNumber(c.Answer) {
		e.remark(c.Line, "case %s compares numbers, and its answer has none: word for word it must be the same (compare: tokens says that)", c.Name)
		return
	}
	if c.Interactor == nil && c.Compare.Mode == grader.Numbers && c.Compare.Absolute == 0 && c.Compare.Relative == 0 {
		e.remark(c.Line, "case %s compares numbers without a tolerance: 0.1 + 0.2 is not 0.3 (add absolute or relative)", c.Name)
	}
}

// weights tells of cases whose points look like points but only weigh.
func (e *examination) weights(g grader.Group) {
	sum, even := 0.0, true
	var first *grader.Case
	for i, c := range e.suite.Cases {
		if c.Group != g.Name {
			continue
		}
		if first == nil {
			first = &e.suite.Cases[i]
		}
		even = even && c.Points == first.Points
		sum += c.Points
	}
	if g.Points > 0 && !even && sum != g.Points {
		e.remark(g.Line, "the group %s is worth %v points, its cases %v together: theirs only weigh one against the other", g.Name, g.Points, sum)
	}
}

// unused tells of files beside the cases' that look like inputs and answers and are in no case.
func (e *examination) unused() {
	used := map[string]bool{}
	lines := map[string]int{} // of the first case with a file in that folder
	for _, c := range e.suite.Cases {
		for _, t := range []grader.Text{c.Input, c.Answer} {
			if t.Path == "" {
				continue
			}
			used[t.Path] = true
			if _, known := lines[filepath.Dir(t.Path)]; !known {
				lines[filepath.Dir(t.Path)] = c.Line
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(lines)) {
		var left []string
		entries, _ := os.ReadDir(folder) // it was read when the suite was loaded
		for _, entry := range entries {
			if file := filepath.Join(folder, entry.Name()); !used[file] && entry.Type() == fs.FileMode(0) && likeCase(entry.Name()) {
				left = append(left, e.relative(file))
			}
		}
		slices.SortFunc(left, grader.Natural)
		if len(left) > 0 {
			e.remark(lines[folder], "in no case, as input or answer: %s", several(left))
		}
	}
}

// likeCase says whether a file is called as inputs and answers are.
func likeCase(name string) bool {
	switch path.Ext(name) {
	case ".in", ".ans", ".out":
		return true
	}
	stem, isText := strings.CutSuffix(name, ".txt")
	return isText && (stem == "in" || stem == "out" || strings.HasPrefix(stem, "in-") || strings.HasPrefix(stem, "out-"))
}

func (e *examination) relative(file string) string {
	if relative, err := filepath.Rel(e.suite.Dir, file); err == nil {
		return relative
	}
	return file
}

// hasNumber says whether a word of a text is a number.
func hasNumber(t grader.Text) bool {
	var text io.Reader = strings.NewReader(t.Inline)
	if t.Path != "" {
		file, err := os.Open(t.Path)
		if err != nil {
			return true // it was there when the suite was loaded: nothing is known of it
		}
		defer file.Close()
		text = file
	}
	words := bufio.NewScanner(text)
	words.Buffer(nil, 1<<20)
	words.Split(bufio.ScanWords)
	for words.Scan() {
		word := words.Text()
		_, err := strconv.ParseFloat(word, 64)
		if (err == nil || errors.Is(err, strconv.ErrRange)) && strings.ContainsAny(word, "0123456789") {
			return true
		}
	}
	return words.Err() != nil // a word of more than a MiB
}
