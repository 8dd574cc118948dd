package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
)

func withTemplate(t *testing.T, s Spec) Spec {
	t.Helper()
	template, err := NewTemplate(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := template.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Template = template
	return s
}

// leavings tries to leave something behind at every place where a program can, and says what it finds there.
const leavings = `
for f in /tmp/x /work/x /dev/shm/x /dev/x /proc/x /etc/x /usr/x /x /.empty/x /run/x /var/tmp/x /home/x; do
	[ -e $f ] && echo found $f
	echo left > $f
done 2>/dev/null
ls -A /run /home /var/tmp; ls -A /.empty 2>/dev/null # folders of the root that all share
ls /proc > /dev/shm/list; grep -c '^[0-9]' /dev/shm/list # the init, the shell and ls: in a pipe, who comes first is chance
sleep 1000 & setsid sleep 1000 &
ulimit -c; umask; pwd; hostname
cat /proc/sysvipc/shm /proc/sysvipc/msg /proc/sysvipc/sem | wc -l
cat /proc/net/unix | wc -l
/payload payload leave
umask 0777; cd /tmp
exit 0
`

// TestNothingOfOneSandboxIsSeenByTheNext runs the same program again and again from one template: each sees
// what the first saw, and what a sandbox sees that has nothing before it.
func TestNothingOfOneSandboxIsSeenByTheNext(t *testing.T) {
	alone := spec(t, "sh", "-c", leavings)
	_, want, errs := run(t, alone)
	shared := withTemplate(t, alone)
	for n := range 4 {
		exit, out, errs := run(t, shared)
		if exit.Code != 0 || exit.Reason != Exited || out != want {
			t.Errorf("number %d: %+v\n%s%s\nalone:\n%s", n, exit, out, errs, want)
		}
	}
	if strings.Contains(want, "found ") || !strings.Contains(want, "left a socket") || !strings.Contains(want, "left shared memory") {
		t.Errorf("the program did not do what it is for:\n%s%s", want, errs)
	}
}

// TestNamespacesOfATemplatesSandboxes: what the kernel numbers and names per namespace is new for each. The first
// one's namespaces are held open beyond its end, or the kernel could give their numbers to the second.
func TestNamespacesOfATemplatesSandboxes(t *testing.T) {
	const look = "for n in pid mnt ipc uts cgroup; do readlink /proc/self/ns/$n; done; stat -c %d /proc /tmp /work /dev/shm"
	s := withTemplate(t, spec(t, "sh", "-c", look+"; echo; read wait"))
	first := held(t, s)
	s.Args = []string{"sh", "-c", look}
	_, second, _ := run(t, s)
	before, after := strings.Fields(first), strings.Fields(second)
	if len(before) != 9 || len(after) != 9 {
		t.Fatalf("%s%s", first, second)
	}
	for i := range before {
		if before[i] == after[i] {
			t.Errorf("the second sandbox has the same as the first, line %d:\n%s", i+1, second)
		}
	}
}

// held runs a program that writes an empty line and reads one, and holds its namespaces until the test's end.
func held(t *testing.T, s Spec) (out string) {
	t.Helper()
	in, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	lines, written := io.Pipe()
	s.Stdin, s.Stdout.Writer = in, written
	p, err := Start(s)
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	for reader := bufio.NewReader(lines); !strings.HasSuffix(out, "\n\n"); {
		line, err := reader.ReadString('\n')
		if out += line; err != nil {
			t.Fatal(err, out)
		}
	}
	// The init's are not an ordinary user's to open (ptrace(2), access mode checking), the program's are.
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", p.pid, p.pid))
	if program := strings.TrimSpace(string(children)); err != nil || program == "" {
		t.Errorf("no program: %v", err)
	} else {
		for _, name := range []string{"pid", "mnt", "ipc", "uts", "cgroup"} {
			f, err := os.Open("/proc/" + program + "/ns/" + name)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
		}
	}
	release.Close()
	if exit, err := p.Wait(); err != nil || exit.Reason != Exited {
		t.Fatal(exit, err)
	}
	return out
}

func TestATemplatesSandboxIsAsConfined(t *testing.T) {
	script := `id; hostname; grep -E '^(Cap|NoNewPrivs|Seccomp:|Sig|Groups)' /proc/self/status; ls -A / | grep -v .empty; ls /dev; wc -l < /proc/net/dev
wc -c < /proc/kcore; ls -A /proc/acpi /proc/scsi; echo x > /proc/sys/kernel/hostname; echo x > /dev/null && echo written; cat /proc/self/cgroup
for l in -n -s -u -c -v; do ulimit $l; done; find /tmp /work /dev/shm -printf '%p %u %m\n'; df -B1 --output=size,target /tmp /work /dev/shm`
	alone := spec(t, "sh", "-c", script)
	alone.Limits.OpenFiles, alone.Limits.Stack = 77, 3*resource.MiB
	_, want, _ := run(t, alone)
	shared := withTemplate(t, alone)
	for range 2 {
		if _, out, errs := run(t, shared); out != want || !strings.Contains(out, "written") {
			t.Errorf("%s%s\nwithout a template:\n%s", out, errs, want)
		}
	}
}

func TestLimitsOfATemplatesSandboxes(t *testing.T) {
	s := withTemplate(t, spec(t, "sh", "-c", "exit 3"))
	for range 2 {
		for _, c := range []struct {
			args  []string
			limit resource.Limits
			want  Reason
		}{
			{[]string{"sh", "-c", "exit 3"}, s.Limits, Exited},
			{[]string{"/payload", "payload", "touch", "200"}, resource.Limits{Memory: 64 * resource.MiB, Wall: 20 * time.Second}, OverMemory},
			{[]string{"sh", "-c", "while :; do :; done"}, resource.Limits{CPU: 100 * time.Millisecond, Memory: 64 * resource.MiB}, OverCPU},
			{[]string{"sleep", "100"}, resource.Limits{Wall: 100 * time.Millisecond, Memory: 64 * resource.MiB}, OverWall},
			{[]string{"sh", "-c", "exit 3"}, resource.Limits{Memory: 64 * resource.MiB, Processes: 9}, Exited},
		} {
			one := s
			one.Args, one.Limits = c.args, c.limit
			exit, _, _ := run(t, one)
			if exit.Reason != c.want || c.want == Exited && (exit.Code != 3 || exit.Usage.Memory > 16*resource.MiB || exit.Usage.CPU > 2*time.Second) {
				t.Errorf("%q: %+v, want %s", c.args, exit, c.want)
			}
		}
	}
}

// TestWhatOneUsedIsNotTheNextOnes: figures begin at nothing, also behind one that used a lot.
func TestWhatOneUsedIsNotTheNextOnes(t *testing.T) {
	s := withTemplate(t, spec(t, "/payload", "payload", "touch", "200"))
	big, _, _ := run(t, s)
	if big.Reason != Exited || big.Usage.Memory < 200*resource.MiB {
		t.Fatalf("%+v", big)
	}
	s.Args = []string{"true"}
	small, _, _ := run(t, s)
	if small.Usage.Memory > 50*resource.MiB || small.Usage.CPU > big.Usage.CPU+time.Second {
		t.Errorf("after one that used %+v: %+v", big.Usage, small.Usage)
	}
}

func TestWhatCannotBeShared(t *testing.T) {
	s := spec(t, "true")
	s.Root.Seal = false
	if _, err := NewTemplate(s); !errors.Is(err, ErrNoTemplate) {
		t.Errorf("a writable root: %v", err)
	}
	s = spec(t, "true")
	s.HostNetwork = true
	if _, err := NewTemplate(s); !errors.Is(err, ErrNoTemplate) {
		t.Errorf("the host's network: %v", err)
	}
	s = spec(t, "true")
	s.Root.Mounts = append(s.Root.Mounts, rootfs.Mount{Kind: rootfs.Bind, Source: "/nowhere", Target: "/mnt", ReadOnly: true})
	if _, err := NewTemplate(s); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "bind /nowhere on /mnt") {
		t.Errorf("a source that is not there: %v", err)
	}
}

// TestATemplateLeavesNothing: descriptors are closed, also after sandboxes that failed to start.
func TestATemplateLeavesNothing(t *testing.T) {
	use := func() {
		s := spec(t, "true")
		template, err := NewTemplate(s)
		if err != nil {
			t.Fatal(err)
		}
		s.Template = template
		run(t, s)
		s.Dir = "/etc/hosts"
		if _, err := Start(s); err == nil {
			t.Error("started in a file")
		}
		s.Dir, s.Args = "/work", []string{"/nothing"}
		if p, err := Start(s); err != nil {
			t.Error(err)
		} else if _, err := p.Wait(); !errors.Is(err, unix.ENOENT) {
			t.Error(err)
		}
		if err := template.Close(); err != nil {
			t.Error(err)
		}
	}
	use()
	before := descriptors(t)
	for range 3 {
		use()
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, before there were %d", after, before)
	}
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
