package main

import (
	"fmt"
	"os"
	"path/filepath"

	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/language"
)

// tool is a checker or an interactor of the suite's with the way to run it.
type tool struct {
	of *grader.Tool
	entry
}

// tools looks at all checkers and interactors of the chosen cases before anything is graded. The error is the
// suite's fault.
func tools(s *grader.Suite, table language.Table) ([]tool, error) {
	var all []tool
	seen := map[string]bool{}
	for _, c := range s.Cases {
		uses := []struct {
			noun string
			of   *grader.Tool
		}{{"interactor", c.Interactor}, {"checker", c.Compare.Checker}}
		if c.Compare.Mode != grader.Checked {
			uses = uses[:1]
		}
		for _, use := range uses {
			if use.of == nil || seen[use.of.Path+"\x00"+use.of.Language] {
				continue
			}
			seen[use.of.Path+"\x00"+use.of.Language] = true
			e, err := enterTool(use.of, table)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: case %s: %s: %w", s.File, c.Line, c.Name, use.noun, err)
			}
			all = append(all, tool{use.of, e})
		}
	}
	return all, nil
}

func enterTool(t *grader.Tool, table language.Table) (entry, error) {
	sub, err := judge.NewSubmission(t.Path)
	if err != nil {
		return entry{}, err
	}
	l, err := spoken(t, sub, table)
	if err != nil {
		return entry{}, err
	}
	sub.Language = l.Name
	dir := sub.Path
	if about, err := os.Stat(dir); err == nil && !about.IsDir() {
		dir = filepath.Dir(dir)
	}
	program, err := l.Prepare(sub, dir)
	return entry{given: t.Path, submission: sub, program: program}, err
}

// spoken is the language that the suite says a tool is written in, or that its files are.
func spoken(t *grader.Tool, sub grader.Submission, table language.Table) (language.Language, error) {
	if t.Language != "" {
		return table.Find(t.Language)
	}
	return table.Detect(sub, nil)
}

// equip makes the tools ready to be run in the workspace.
func equip(w *judge.Workspace, all []tool) error {
	for _, t := range all {
		staged, err := w.StageAs(t.submission, t.program.As)
		if err != nil {
			return err
		}
		w.Equip(t.of, staged, judged(t.program))
	}
	return nil
}
