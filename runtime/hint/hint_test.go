package hint

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

func TestTheInnermostHintIsFound(t *testing.T) {
	inner := With(os.ErrNotExist, "make %s", "it")
	outer := With(fmt.Errorf("open: %w", inner), "look elsewhere")
	if got := Of(outer); got != "make it" {
		t.Errorf("got %q", got)
	}
	if !errors.Is(outer, os.ErrNotExist) || outer.Error() != "open: file does not exist" {
		t.Errorf("the error itself has changed: %v", outer)
	}
	if got := Of(errors.Join(errors.New("other"), inner)); got != "make it" {
		t.Errorf("joined: got %q", got)
	}
	if With(nil, "x") != nil || Of(nil) != "" || Of(os.ErrExist) != "" {
		t.Error("a hint from nothing")
	}
}
