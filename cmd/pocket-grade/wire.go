package main

import (
	"context"
	"encoding/json"
	"io"

	"pocket/grader"
	"pocket/grader/runner"
	"pocket/runtime/doctor"
	"pocket/runtime/state"
)

// newRunner is the one place where the sandboxes behind the judge are made. close releases what they
// hold when all submissions are graded.
func newRunner(s *grader.Suite) (grader.Runner, func() error, error) {
	r, err := runner.New(context.Background(), s.RootFS, nil)
	return r, func() error { return nil }, err
}

// examine is the one place where the machine is examined for doctor.
func examine(c console, asJSON bool) (status int, err error) {
	dir, err := state.Dir()
	if err != nil {
		return judgeError, err
	}
	found := doctor.Check(dir)
	if asJSON {
		out := json.NewEncoder(c.out)
		out.SetIndent("", "  ")
		err = out.Encode(found)
	} else {
		_, err = io.WriteString(c.out, found.String())
	}
	if err != nil || !found.Usable() {
		return judgeError, err
	}
	return accepted, nil
}
