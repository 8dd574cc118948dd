package container

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestWhoWaitsAndGoesIsForgotten(t *testing.T) {
	m := newMonitor(&Engine{Dir: t.TempDir()}, "id")
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	if err := put(ours, request{Do: "wait"}); err != nil {
		t.Fatal(err)
	}
	if err := ours.Close(); err != nil {
		t.Fatal(err)
	}
	m.welcome(theirs)
	m.others.Wait()
	if len(m.waiting) > 0 || len(m.conns.open) > 0 {
		t.Errorf("%d wait, %d are connected", len(m.waiting), len(m.conns.open))
	}
}

func TestWhoWaitsIsToldAtTheEnd(t *testing.T) {
	m := newMonitor(&Engine{Dir: t.TempDir()}, "id")
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	if err := put(ours, request{Do: "wait"}); err != nil {
		t.Fatal(err)
	}
	m.welcome(theirs)
	m.tell(Ended{Status: 7}, true)
	m.others.Wait()
	var answer reply
	if err := get(ours, &answer); err != nil || answer.Status != 7 {
		t.Errorf("got %+v, %v", answer, err)
	}
}

func TestAMonitorThatDoesNotAnswerIsNotOneThatIsGone(t *testing.T) {
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	defer theirs.Close()
	_ = ours.SetReadDeadline(time.Now())
	if err := get(ours, &reply{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestWhatKeepsAMonitorListening(t *testing.T) {
	for err, want := range map[error]bool{
		fmt.Errorf("accept: %w", unix.EMFILE):           true,
		os.NewSyscallError("accept", unix.ECONNABORTED): true,
		os.ErrClosed: false, unix.EBADF: false, nil: false,
	} {
		if transient(err) != want {
			t.Errorf("%v: %t", err, !want)
		}
	}
}
