package boot

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/idmap"
	"pocket/runtime/internal/linux"
	"pocket/runtime/internal/trial"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
	"pocket/runtime/seccomp"
)

var update = flag.Bool("update", false, "write the golden lists anew")

// compose makes the lists of a plan as an ordinary user's process would, without executing them.
func compose(t *testing.T, p Plan) *linux.Spawn {
	t.Helper()
	c := &composer{Plan: p, inner: &linux.Program{}, made: map[string]bool{"/": true}}
	c.here = c.inner
	spawn, err := c.compose()
	if err != nil {
		t.Fatal(err)
	}
	return spawn
}

func plan(t *testing.T, arch string) Plan {
	t.Helper()
	filter, err := seccomp.Grading().Compile(arch, nil)
	if err != nil {
		t.Fatal(err)
	}
	root := rootfs.Plan{Mounts: []rootfs.Mount{{Kind: rootfs.Tmpfs, Target: "/", Size: resource.MiB}}, Seal: true}
	root.Mounts = append(root.Mounts, rootfs.Mount{Kind: rootfs.Bind, Source: "/usr", Target: "/usr", ReadOnly: true})
	root.Links = []rootfs.Link{{Path: "/bin", Target: "usr/bin"}}
	root.Files = []rootfs.File{{Path: "/etc/hosts", Content: "127.0.0.1 localhost\n", Mode: 0o644}}
	root.Masks = []string{"/mnt/answer"}
	root.AddSystem(resource.MiB, false)
	root.AddTmp("/work", 16*resource.MiB, 0o755)
	return Plan{
		Root: root, UserNS: os.Stdin, Entries: []int{20}, Folder: -1, UID: 1000, GID: 1000, SetupUID: 1000, SetupGID: 1000,
		Loopback: true, Hostname: "sandbox", Dir: "/work", Filter: filter, Stdin: 21, Stdout: 22, Stderr: 23, Result: 24, Handout: -1,
		Rlimits: []Rlimit{{unix.RLIMIT_CORE, "RLIMIT_CORE", unix.Rlimit{}}},
		Args:    []string{"prog", "arg"}, Env: []string{"PATH=/usr/bin:/bin"},
	}
}

// TestList compares the whole list with the one that was reviewed. What depends on this host, the masked
// paths and numbers, is left out.
func TestList(t *testing.T) {
	spawn := compose(t, plan(t, runtime.GOARCH))
	golden(t, "list_"+runtime.GOARCH, spawn.Outer.String()+"--\n"+spawn.Inner.String()+"--\n"+spawn.After.String())
}

// golden compares a list with the one in a file.
func golden(t *testing.T, name, list string) {
	t.Helper()
	var lines []string
	for _, l := range strings.Split(list, "\n") {
		host := strings.HasPrefix(l, "mask /") || strings.HasPrefix(l, "make /proc/") || strings.HasPrefix(l, "reset ") ||
			strings.HasPrefix(l, "close the descriptors") || strings.HasPrefix(l, "drop a capability")
		if !host && !strings.HasPrefix(l, "start the ") {
			lines = append(lines, l)
		}
	}
	got := strings.Join(lines, "\n")
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the list is not the one in %s; look at the difference and run go test -update\n%s", file, got)
	}
}

// TestOrder states what must come before what, whatever else a plan asks for.
func TestOrder(t *testing.T) {
	p := plan(t, runtime.GOARCH)
	p.Root.Mounts[3].Terminals = true
	p.Terminal, p.Keep, p.Handout, p.Dir = true, "/work/out", 25, "/work/new"
	p.Supplementary, p.UID, p.GID = []int{4, 10}, 7, 8
	steps := compose(t, p).Inner.Steps()
	at := func(step string) int {
		for i, s := range steps {
			if s == step {
				return i
			}
		}
		t.Fatalf("no step %q in %q", step, steps)
		return -1
	}
	for _, pair := range [][2]string{
		{"make the mounts private", "attach the root"},
		{"bind /usr on /usr", "pivot the root"},         // host paths end with the pivot
		{"mount proc on /proc", "drop the host's root"}, // needs a visible /proc
		{"drop the host's root", "mount /usr on /usr"},  // images' links lead nowhere else
		{"mount on /work", "mount on /proc"},            // no link of an image leads through it to the host's descriptors
		{"make folder /work/new", "mount on /proc"},
		{"forbid /mnt/answer", "make the root read-only"},
		{"hand out the terminal", "close the descriptors"},
		{"close the descriptors", "change to the working directory /work/new"}, // CVE-2024-21626
		{"set the supplementary groups", "become the group"},
		{"become the group", "become the user"},
		{"drop a capability", "set the capabilities"},
		{"set the capabilities", "tie the sandbox to its monitor"}, // a change of identity clears it
		{"tie the sandbox to its monitor", "look whether the monitor lives"},
		{"set no_new_privs", "install the seccomp filter"},
		{"install the seccomp filter", "start the init"},
	} {
		if at(pair[0]) >= at(pair[1]) {
			t.Errorf("%q comes after %q", pair[0], pair[1])
		}
	}
	if last := steps[len(steps)-1]; last != "start the init" {
		t.Errorf("the last step is %q", last)
	}
}

func TestInitArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  []string
		want string
	}{
		{[]string{"ls", "-l"}, []string{"PATH=/a:/b:"}, "init|/a/ls|/b/ls|ls||ls|-l"},
		{[]string{"./x"}, nil, "init|./x||./x"},
		{[]string{"sh", ""}, []string{"HOME=/"}, "init|" + strings.ReplaceAll(DefaultPath, ":", "/sh|") + "/sh||sh|"},
	} {
		composed := &composer{Plan: Plan{Args: c.args, Env: c.env}}
		if got := strings.Join(composed.initArgs("init"), "|"); got != c.want {
			t.Errorf("%q: %s, want %s", c.args, got, c.want)
		}
	}
}

func TestUserNamespaceIsMappedAsAsked(t *testing.T) {
	file, err := UserNS(idmap.Single(0))
	if err != nil {
		trial.Lacks(t, "no user namespaces here: %v", err)
	}
	defer file.Close()
	owner, err := unix.IoctlRetInt(int(file.Fd()), unix.NS_GET_NSTYPE)
	if err != nil || owner != unix.CLONE_NEWUSER {
		t.Errorf("not a user namespace: %#x %v", owner, err)
	}
}
