package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
	"pocket/runtime/idmap"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
	"pocket/runtime/seccomp"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "payload" {
		os.Exit(payloads[os.Args[2]](os.Args[3:]))
	}
	os.Exit(m.Run())
}

var groups = cgroup.Detect()

// spec runs a command in the host view with the grading confinement and loose limits.
func spec(t testing.TB, args ...string) Spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	filter, err := seccomp.Grading().Compile(seccompArch, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan := rootfs.Host(rootfs.Person{Name: "student", UID: 1000, GID: 1000, Home: "/work"})
	plan.Mounts = append(plan.Mounts, rootfs.Mount{Kind: rootfs.Bind, Source: self, Target: "/payload", ReadOnly: true, File: true})
	plan.AddSystem(resource.MiB, false)
	plan.AddTmp("/tmp", 16*resource.MiB, 0o1777)
	plan.AddTmp("/work", 16*resource.MiB, 0o755)
	limits := resource.Limits{Wall: 20 * time.Second, CPU: 10 * time.Second, Memory: 512 * resource.MiB, Processes: 64}
	if os.Getenv("POCKET_TEST_VM") != "" { // where ten times slower is loose
		limits.Wall, limits.CPU = 10*limits.Wall, 10*limits.CPU
	}
	return Spec{
		Args: args, Env: []string{"PATH=/usr/bin:/bin", "HOME=/work"}, Dir: "/work", Root: plan,
		IDs: idmap.Single(1000), UID: 1000, GID: 1000, Seccomp: filter, Groups: groups,
		Limits: limits,
	}
}

// run runs the spec and returns what it wrote to standard output and standard error.
func run(t testing.TB, s Spec) (Exit, string, string) {
	t.Helper()
	var out, errs bytes.Buffer
	s.Stdout.Writer, s.Stderr.Writer = &out, &errs
	p, err := Start(s)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	exit, err := p.Wait()
	if err != nil {
		t.Fatalf("wait: %v (stderr %q)", err, errs.String())
	}
	return exit, out.String(), errs.String()
}

func TestAProgramRunsAndIsDescribed(t *testing.T) {
	exit, out, errs := run(t, spec(t, "sh", "-c", "echo out; echo err >&2; exit 3"))
	if out != "out\n" || errs != "err\n" || exit.Code != 3 || exit.Signal != 0 || exit.Reason != Exited {
		t.Errorf("out %q, err %q, exit %+v", out, errs, exit)
	}
	if exit.Usage.CPU <= 0 || exit.Usage.Memory <= 0 || exit.Usage.Wall <= 0 {
		t.Errorf("usage %+v", exit.Usage)
	}
}

func TestASignalIsReported(t *testing.T) {
	for name, want := range map[string]unix.Signal{"ABRT": unix.SIGABRT, "SEGV": unix.SIGSEGV, "TERM": unix.SIGTERM, "KILL": unix.SIGKILL} {
		exit, _, errs := run(t, spec(t, "sh", "-c", "kill -"+name+" $$; sleep 10"))
		if exit.Signal != want || exit.Reason != Exited {
			t.Errorf("%s: %+v %s", name, exit, errs)
		}
	}
}

func TestWhatAProgramSeesOfTheWorld(t *testing.T) {
	script := `
echo pid $$
echo host $(hostname)
id
grep -E '^(Cap|NoNewPrivs|Seccomp:|Sig)' /proc/self/status
ls -A /home /root /var 2>&1
ls /proc | grep -c '^[0-9]'
ls -l /proc/self/fd/ | wc -l
touch /usr/x /etc/x /x 2>&1
cat /proc/self/cgroup
cat /proc/net/dev | wc -l
ls -A /tmp /work
ls /dev
`
	exit, out, errs := run(t, spec(t, "sh", "-c", script))
	t.Logf("%+v\n%s%s", exit, out, errs)
	for _, want := range []string{"pid 2\n", "uid=1000(student) gid=1000(student)", "NoNewPrivs:\t1", "Seccomp:\t2",
		"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000",
		"SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the output", want)
		}
	}
}

func TestTheProgramThatIsNotThere(t *testing.T) {
	for _, c := range []struct {
		program string
		want    unix.Errno
	}{{"no-such-program", unix.ENOENT}, {"/etc/hosts", unix.EACCES}, {"/usr", unix.EACCES}} {
		p, err := Start(spec(t, c.program))
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Wait()
		var exec *ExecError
		if !errors.As(err, &exec) || exec.Errno != c.want {
			t.Errorf("%s: %v, want %v", c.program, err, c.want)
		}
	}
}

func TestAFailedStepIsNamed(t *testing.T) {
	s := spec(t, "true")
	s.Root.Mounts = append(s.Root.Mounts, rootfs.Mount{Kind: rootfs.Bind, Source: "/nowhere", Target: "/mnt"})
	_, err := Start(s)
	if err == nil || !strings.Contains(err.Error(), "bind /nowhere on /mnt: no such file or directory") {
		t.Errorf("got %v", err)
	}
	s = spec(t, "true")
	s.Dir = "/etc/hosts"
	if _, err = Start(s); err == nil || !strings.Contains(err.Error(), "working directory /etc/hosts: not a directory") {
		t.Errorf("got %v", err)
	}
}

func TestDescriptorsOfOursAreNotInherited(t *testing.T) {
	// 3 is the descriptor of the folder that ls itself reads.
	_, out, _ := run(t, spec(t, "ls", "/proc/self/fd"))
	if out != "0\n1\n2\n3\n" {
		t.Errorf("descriptors inside: %q", out)
	}
	for n := 3; n < 64; n++ {
		s := spec(t, "pwd")
		s.Dir = fmt.Sprintf("/proc/self/fd/%d", n)
		if p, err := Start(s); err == nil {
			_, _ = p.Wait()
			t.Errorf("working directory %s was accepted (CVE-2024-21626)", s.Dir)
		}
	}
}
