// Package hint attaches to an error what the user can do about it.
//
// The error says what happened; the hint says what to do. A hint is attached where the fact is
// known and printed on a line of its own by the command.
package hint

import (
	"errors"
	"fmt"
)

type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// With returns err with a hint for the user: one sentence, no full stop, an imperative. A nil
// error stays nil. Where hints are nested, the innermost one, which knows most, is the one Of finds.
func With(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// Of returns the innermost hint in err's tree, or "" when there is none.
func Of(err error) string {
	var h *hinted
	found := ""
	for errors.As(err, &h) {
		found = h.hint
		err = h.error
	}
	return found
}
