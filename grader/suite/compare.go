package suite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"pocket/grader"
)

var compareKeys = keys{
	known:     []string{"mode", "absolute", "relative", "case", "presentation", "each-line"},
	elsewhere: map[string]string{"checker": "beside compare: checker: PROGRAM", "pattern": "to the answer: in mode regex it is the pattern"},
}

var modes = []grader.Mode{
	grader.Exact, grader.Lines, grader.Tokens, grader.Numbers, grader.Unordered, grader.Regex, grader.Contains, grader.Checked,
}

// modesOf says in which modes an option means something, the likeliest first.
var modesOf = map[string][]grader.Mode{
	"absolute":     {grader.Numbers},
	"relative":     {grader.Numbers},
	"case":         {grader.Tokens, grader.Numbers, grader.Unordered, grader.Contains},
	"presentation": {grader.Lines, grader.Tokens, grader.Numbers, grader.Unordered},
	"each-line":    {grader.Regex},
}

// judging reads who decides about an output: a comparison, a checker or an interactor.
func (d *document) judging(f fields, s *settings) {
	compare, compares := f.get("compare")
	checks, hasChecker := f.get("checker")
	interacts, hasInteractor := f.get("interactor")
	if hasChecker {
		s.checker = d.tool(checks, checkers, toolLimits)
	}
	if hasInteractor {
		limits := toolLimits
		limits.Wall = 0 // depends on the case: see patient
		s.interactor = d.tool(interacts, interactors, limits)
	}
	if s.interactor != nil {
		if hasInteractor && s.compare.Mode == grader.Checked { // what is written farther away is not meant for its output
			s.compare = grader.Compare{Mode: grader.Lines}
		}
		d.afterwards(compare, checks, s)
		return
	}
	switch {
	case compares:
		s.compare = d.compare(compare, s.compare)
	case hasChecker:
		s.compare = grader.Compare{Mode: grader.Checked}
	}
	d.checked(compare, checks, s)
}

// afterwards reads what is written beside or below an interactor: a checker, which judges the file that an
// interactor of testlib's writes when it accepts. compare and checks are zero where not written.
func (d *document) afterwards(compare, checks value, s *settings) {
	switch {
	case compare.doc != nil:
		compare.wrongKey("means nothing beside the interactor, which decides")
	case checks.doc != nil && s.interactor.Protocol != grader.Testlib:
		checks.wrongKey("an interactor of protocol %s decides alone (one of protocol %s leaves its output to a checker)", s.interactor.Protocol, grader.Testlib)
	case checks.doc != nil && s.checker != nil:
		s.compare = grader.Compare{Mode: grader.Checked, Checker: s.checker}
	}
}

// checked brings a comparison and the checker together. compare and checks are zero where not written.
func (d *document) checked(compare, checks value, s *settings) {
	switch {
	case s.compare.Mode == grader.Checked:
		s.compare.Checker = s.checker
		if s.checker == nil && checks.doc == nil && compare.doc != nil {
			compare.wrong("mode checker needs the program: checker: PROGRAM")
		}
	case checks.doc != nil && s.compare.Mode != "":
		checks.wrongKey("means nothing in mode %s (write compare: checker, or leave compare out)", s.compare.Mode)
	}
}

// compare reads a mode, or a mapping that changes base: one with a mode starts anew.
func (d *document) compare(v value, base grader.Compare) grader.Compare {
	if v.kind() != yaml.MappingNode {
		return grader.Compare{Mode: v.mode()}
	}
	f, _ := v.fields(compareKeys)
	c := base
	if mode, ok := f.get("mode"); ok {
		c = grader.Compare{Mode: mode.mode()}
	}
	if absolute, ok := f.get("absolute"); ok {
		c.Absolute, _ = absolute.number()
	}
	if relative, ok := f.get("relative"); ok {
		c.Relative, _ = relative.number()
	}
	if letters, ok := f.get("case"); ok {
		if text, ok := letters.text(); ok && text != "ignore" {
			letters.wrong("%s is not known (only: ignore)", letters.shown())
		}
		c.IgnoreCase = true
	}
	if presentation, ok := f.get("presentation"); ok {
		c.Presentation = presentation.boolean()
	}
	if each, ok := f.get("each-line"); ok {
		c.EachLine = each.boolean()
	}
	for _, option := range compareKeys.known {
		if part, ok := f.get(option); ok && option != "mode" {
			part.only(c, modesOf[option])
		}
	}
	return c
}

// mode reads a comparison mode; it is empty after a mistake.
func (v value) mode() grader.Mode { return choice(v, "a mode", modes) }

// only notes that a key of compare means nothing in the mode that is chosen.
func (v value) only(c grader.Compare, allowed []grader.Mode) {
	if c.Mode != "" && !slices.Contains(allowed, c.Mode) {
		v.wrongKey("means nothing in mode %s (add mode: %s)", c.Mode, allowed[0])
	}
}

// longestPattern is how long an answer in mode regex may be.
const longestPattern = 1 << 20

// pattern notes an answer that is no regular expression where it must be one. at is where it is written.
func (d *document) pattern(at value, c grader.Case) {
	if c.Compare.Mode != grader.Regex || c.Interactor != nil {
		return
	}
	text, what := c.Answer.Inline, quote(c.Answer.Inline)
	if c.Answer.Path != "" {
		relative, _ := filepath.Rel(d.dir, c.Answer.Path)
		var err error
		if text, err = patternFile(c.Answer.Path); err != nil {
			at.wrong("%s: %v", quote(relative), cause(err))
			return
		}
		what = quote(relative)
	}
	text = strings.TrimRight(text, "\r\n")
	patterns := []string{text}
	if c.Compare.EachLine {
		patterns = strings.Split(text, "\n")
	}
	for i, pattern := range patterns {
		_, err := regexp.Compile(strings.TrimSuffix(pattern, "\r"))
		if bad := (*syntax.Error)(nil); errors.As(err, &bad) {
			if c.Compare.EachLine {
				what = fmt.Sprintf("line %d of the answer", i+1)
			}
			at.wrong("%s is not a regular expression: %s: %s", what, bad.Code, quote(bad.Expr))
			return
		}
	}
}

func patternFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, longestPattern+1))
	if len(text) > longestPattern {
		err = errors.New("longer than 1MiB, too long for a regular expression")
	}
	return string(text), err
}
