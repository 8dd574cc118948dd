// Package publish makes a student's copy of a suite.
//
// What is copied is listed, never what is left out: a file is in the copy because a case that is published names it.
package publish

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"pocket/grader"
	"pocket/runtime/hint"
)

// Rounds is how often PBKDF2 goes round for a digest: some 0.1 s a try.
const Rounds = 300_000

// saltLength is how many random bytes a case's salt has.
const saltLength = 16

// Order is what is to be published, and how.
type Order struct {
	Suite      *grader.Suite
	DropHidden bool // hidden cases are left out altogether
	Answers    bool // the answers of hidden cases are published where no digest is possible
	Programs   bool // checkers and interactors are published
	Rounds     int  // 0: Rounds

	Digest func(c grader.Compare, answer, salt []byte, rounds int) (grader.AnswerDigest, error)
	OnCase func() // called for each case that is done; may be nil
}

// Copy is what a copy of a suite has and has not.
type Copy struct {
	Suite    *grader.Suite `json:"-"`
	Cases    int           `json:"cases"`
	Digested []string      `json:"digested"` // cases with a digest in the place of the answer
	Exposed  []string      `json:"exposed"`  // hidden cases with their answers, as was allowed
	Left     []Omission    `json:"left_out"`
	Programs []string      `json:"programs"` // of the suite's that are published, relative to it
	Same     []Twin        `json:"same"`     // what is published and the same as a hidden answer; Write fills it in

	answers bool // files that are hidden answers may be published
}

// Omission is a case that is not in a copy.
type Omission struct {
	Case string `json:"case"`
	Why  string `json:"why"`
}

// Plan says what a copy has: its suite, with paths still in the original. Cases that are not hidden are whole;
// hidden ones have digests in the place of their answers. It reads the answers, and takes time for each digest.
func Plan(o Order) (*Copy, error) {
	s := *o.Suite
	s.Cases, s.Submissions = nil, ""
	c := &Copy{Suite: &s, Digested: []string{}, Exposed: []string{}, Left: []Omission{}, Programs: []string{}, Same: []Twin{}, answers: o.Answers}
	names := map[string]bool{}
	for _, one := range o.Suite.Cases {
		if why := o.omits(one); why != "" {
			c.Left = append(c.Left, Omission{one.Name, why})
			continue
		}
		if err := o.conceal(c, &one); err != nil {
			return nil, fmt.Errorf("case %s: %w", one.Name, err)
		}
		one.Name = freeName(one.Name, names)
		s.Cases = append(s.Cases, one)
		if o.OnCase != nil {
			o.OnCase()
		}
	}
	if c.Cases = len(s.Cases); c.Cases == 0 {
		first := c.Left[0]
		return nil, hint.With(errors.New("no case can be published as asked"), "case %s: %s", first.Case, first.Why)
	}
	s.Groups = groups(s)
	return c, nil
}

// omits says why a case is not published; "" when it is.
func (o Order) omits(c grader.Case) string {
	switch {
	case c.Visibility == grader.Hidden && o.DropHidden:
		return "hidden"
	case (c.Interactor != nil || c.Compare.Checker != nil) && !o.Programs:
		return "a program of the suite's decides, whose source may tell the answers (--allow-programs publishes it)"
	case !secret(c) || c.Interactor == nil && c.Compare.Digestible() == "" || o.Answers:
		return ""
	case c.Interactor != nil:
		return "it has an answer, and an interactor decides (--allow-answers publishes the answer)"
	}
	return "no digest: " + c.Compare.Digestible() + " (--allow-answers publishes the answer)"
}

// secret says whether a case has an answer that is not to be known.
func secret(c grader.Case) bool {
	return c.Visibility == grader.Hidden && (c.Answer != grader.Text{} || c.Interactor == nil && c.Compare.Checker == nil)
}

// conceal puts a digest in the place of an answer that is not to be known.
func (o Order) conceal(c *Copy, one *grader.Case) error {
	switch {
	case !secret(*one) || one.Digest != nil:
		return nil
	case one.Interactor != nil || one.Compare.Digestible() != "":
		c.Exposed = append(c.Exposed, one.Name)
		return nil
	}
	answer, err := read(one.Answer)
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	salt := make([]byte, saltLength)
	rand.Read(salt) // never fails (package crypto/rand)
	rounds := o.Rounds
	if rounds == 0 {
		rounds = Rounds
	}
	made, err := o.Digest(one.Compare, answer, salt, rounds)
	if err != nil {
		return err
	}
	one.Answer, one.Digest = grader.Text{}, &made
	c.Digested = append(c.Digested, one.Name)
	return nil
}

func read(t grader.Text) ([]byte, error) {
	if t.Path == "" {
		return []byte(t.Inline), nil
	}
	f, err := os.Open(t.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// freeName is a name as a case can be given it: those that come from files may have slashes.
func freeName(name string, taken map[string]bool) string {
	made := flat(name)
	for taken[made] {
		made += "-"
	}
	taken[made] = true
	return made
}

func flat(name string) string {
	made := []rune(name)
	for i, r := range made {
		if r == '/' {
			made[i] = '-'
		}
	}
	return string(made)
}

// groups is the groups of which a case is left, requiring what is left.
func groups(s grader.Suite) []grader.Group {
	var names []string
	samples := false
	for _, c := range s.Cases {
		names = append(names, c.Group)
		samples = samples || c.Visibility == grader.Sample
	}
	var left []grader.Group
	for _, g := range s.Groups {
		if !slices.Contains(names, g.Name) {
			continue
		}
		g.Requires = slices.DeleteFunc(slices.Clone(g.Requires), func(name string) bool {
			return !slices.Contains(names, name) && (name != grader.RequireSamples || !samples)
		})
		left = append(left, g)
	}
	return left
}
