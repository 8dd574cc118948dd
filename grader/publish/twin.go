package publish

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
	"pocket/runtime/hint"
)

// ErrTells is wrapped by the error of a copy that is not made because a file in it would tell a hidden answer.
var ErrTells = errors.New("the copy would tell hidden answers")

// Twin is something in a copy that is the same, byte for byte, as an answer that is not to be known.
type Twin struct {
	What   string `json:"what"`   // a file's path in the copy, or a case's input or answer
	Case   string `json:"case"`   // the hidden case
	Answer string `json:"answer"` // where its answer is: a file's path in the suite, or its suite.yaml
}

// answers are those that a copy must not tell, by their content.
type answers map[[sha256.Size]byte]Twin

// kept are the answers of a suite that its copy has not. Those without a letter are in too many files to tell
// anything.
func kept(c *Copy, whole *grader.Suite) (answers, error) {
	all := answers{}
	for _, one := range whole.Cases {
		if !secret(one) || one.Digest != nil || slices.Contains(c.Exposed, one.Name) {
			continue
		}
		text, err := read(one.Answer)
		if err != nil {
			return nil, fmt.Errorf("case %s: reading the answer: %w", one.Name, err)
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		place := suiteFile
		if relative, err := filepath.Rel(whole.Dir, one.Answer.Path); err == nil && one.Answer.Path != "" {
			place = relative
		}
		all[sha256.Sum256(text)] = Twin{Case: one.Name, Answer: place}
	}
	return all, nil
}

// texts notes what published cases are given, or expect, that is a hidden case's answer: it may well be, where there
// are few answers.
func (a answers) texts(c *Copy) error {
	for _, one := range c.Suite.Cases {
		for what, t := range map[string]grader.Text{"input": one.Input, "answer": one.Answer} {
			if t == (grader.Text{}) || what == "answer" && slices.Contains(c.Exposed, one.Name) {
				continue
			}
			text, err := read(t)
			if err != nil {
				return fmt.Errorf("case %s: %w", one.Name, err)
			}
			if twin, ok := a[sha256.Sum256(text)]; ok {
				twin.What = "the " + what + " of " + one.Name
				c.Same = append(c.Same, twin)
			}
		}
	}
	slices.SortStableFunc(c.Same, func(a, b Twin) int { return grader.Natural(a.What, b.What) })
	return nil
}

// found notes a file that was copied with a folder and is a hidden case's answer.
func (w *writer) found(place string, sum [sha256.Size]byte) {
	if twin, ok := w.answers[sum]; ok && w.walking {
		twin.What = place
		w.twins = append(w.twins, twin)
	}
}

// told refuses a copy with such files, unless answers may be published.
func (w *writer) told(c *Copy) error {
	if c.Same = append(c.Same, w.twins...); len(w.twins) == 0 || c.answers {
		return nil
	}
	var all []string
	for _, t := range w.twins {
		all = append(all, fmt.Sprintf("%s is the same as the answer of %s (%s)", t.What, t.Case, t.Answer))
	}
	return hint.With(fmt.Errorf("%w: %s", ErrTells, strings.Join(all, "; ")),
		"take it out of the folder that is published with a case, or publish it with --allow-answers")
}
