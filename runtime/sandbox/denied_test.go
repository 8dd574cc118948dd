package sandbox

import (
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/seccomp"
)

// told returns a Spec whose profile only tells of what it refuses.
func told(t *testing.T, profile string, args ...string) Spec {
	t.Helper()
	parsed, err := seccomp.Parse([]byte(profile))
	if err != nil {
		t.Fatal(err)
	}
	s := spec(t, args...)
	if s.Seccomp, err = parsed.Notified().Compile(seccompArch, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func count(list []Denied, call string) int64 {
	for _, d := range list {
		if d.Call == call {
			return d.Count
		}
	}
	return 0
}

func TestDeniedIsToldAndPermitted(t *testing.T) {
	const profile = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_KILL"}]}`
	exit, out, errs := run(t, told(t, profile, "sh", "-c", "for i in 1 2 3; do mkdir /tmp/$i; done; ls -d /tmp/1 /tmp/2 /tmp/3"))
	if exit.Code != 0 || out != "/tmp/1\n/tmp/2\n/tmp/3\n" {
		t.Errorf("%+v %q %q", exit, out, errs)
	}
	if n := count(exit.Denied, "mkdir") + count(exit.Denied, "mkdirat"); n != 3 || len(exit.Denied) != 1 {
		t.Errorf("%+v", exit.Denied)
	}
}

// Even a profile that permits nothing lets the program come to its start and end.
func TestEverythingDenied(t *testing.T) {
	exit, out, errs := run(t, told(t, `{"defaultAction":"SCMP_ACT_ERRNO"}`, "sh", "-c", "echo here"))
	if exit.Code != 0 || out != "here\n" || count(exit.Denied, "execve") < 1 || count(exit.Denied, "write") != 1 {
		t.Errorf("%+v %q %q", exit, out, errs)
	}
}

func TestKilledWhileItAsks(t *testing.T) {
	p := started(t, told(t, `{"defaultAction":"SCMP_ACT_ERRNO"}`, "sh", "-c", "while :; do /bin/true; done"))
	until(t, func() bool { return count(p.Denied(), "execve") > 3 })
	p.Kill()
	if exit, err := p.Wait(); err != nil || exit.Signal != unix.SIGKILL || count(exit.Denied, "execve") < 4 {
		t.Errorf("%+v %v", exit, err)
	}
}

func TestNothingToTell(t *testing.T) {
	exit, _, _ := run(t, told(t, `{"defaultAction":"SCMP_ACT_ALLOW"}`, "true"))
	if exit.Code != 0 || len(exit.Denied) != 0 {
		t.Errorf("%+v", exit)
	}
}
