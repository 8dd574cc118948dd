package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// receivedSignals is a program that only writes down what it is sent.
type receivedSignals struct{ list []string }

func (p *receivedSignals) Signal(s unix.Signal) error {
	p.list = append(p.list, unix.SignalName(s))
	return nil
}
func (p *receivedSignals) Kill() { p.list = append(p.list, "kill") }

func TestRelay(t *testing.T) {
	for _, c := range []struct {
		name    string
		signals []unix.Signal
		want    string
	}{
		{"passed on", []unix.Signal{unix.SIGUSR1, unix.SIGCONT, unix.SIGTERM}, "[SIGUSR1 SIGCONT SIGTERM]"},
		{"not passed on", []unix.Signal{unix.SIGCHLD, unix.SIGURG, unix.SIGPIPE, unix.SIGWINCH}, "[]"},
		{"third ends", []unix.Signal{unix.SIGINT, unix.SIGINT, unix.SIGINT}, "[SIGINT SIGINT kill]"},
		{"of any kind", []unix.Signal{unix.SIGTERM, unix.SIGUSR2, unix.SIGHUP, unix.SIGINT}, "[SIGTERM SIGUSR2 SIGHUP kill]"},
	} {
		got := &receivedSignals{}
		signals := make(chan os.Signal)
		r, ctx := newRelay(context.Background(), signals)
		r.start(got)
		for _, s := range c.signals {
			signals <- s
		}
		if ctx.Err() != nil {
			t.Errorf("%s: the context ended: %v", c.name, context.Cause(ctx))
		}
		r.close()
		if fmt.Sprint(got.list) != c.want && !(c.want == "[]" && got.list == nil) {
			t.Errorf("%s: %v, want %s", c.name, got.list, c.want)
		}
	}
}

func TestRelayBeforeTheStart(t *testing.T) {
	signals := make(chan os.Signal)
	r, ctx := newRelay(context.Background(), signals)
	signals <- unix.SIGUSR1
	signals <- unix.SIGWINCH
	signals <- unix.SIGTERM
	<-ctx.Done()
	r.close()
	if early, ok := errors.AsType[*Interrupted](context.Cause(ctx)); !ok || early.Signal != unix.SIGTERM {
		t.Errorf("cause %v", context.Cause(ctx))
	}
}
