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

// newRunner is the one place where the sandboxes behind the judge are made. root says what the root file
// system is made of. The runner must be closed.
func newRunner(s *grader.Suite) (r *runner.Runner, root string, err error) {
	made, err := runner.New(context.Background(), s.RootFS, nil)
	if err != nil {
		return nil, "", err
	}
	return made, made.Identity(), nil
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
