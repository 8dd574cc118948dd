package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pocket/runtime/network"

	"pocket/runtime/image"
	"pocket/runtime/inside"
	"pocket/runtime/tree"
)

func TestMain(m *testing.M) {
	if status, served := inside.Serve(tree.Jobs, image.Jobs); served {
		os.Exit(status)
	}
	testscript.Main(m, map[string]func(){"pocket-docker": main})
}

// TestScript runs the scripts in testdata/script. Each has a state folder of its own and finds in
// $ARCHIVES the root filesystems made below.
//
// Conditions: [root] we are, [sandbox] namespaces can be made here, [shell] and [python] there is an archive with one,
// [registry] the programs are here that images are made and served with,
// [pasta] containers can be connected by pasta.
func TestScript(t *testing.T) {
	archives := t.TempDir()
	shell := sync.OnceValue(func() error { return makeShellArchive(filepath.Join(archives, shellArchive)) })
	python := sync.OnceValue(func() error { return makePythonArchive(filepath.Join(archives, pythonArchive)) })
	namespaces := sync.OnceValue(canMakeNamespaces)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			root := filepath.Join(env.WorkDir, "state")
			env.Setenv("POCKET_ROOT", root)
			env.Defer(func() { endContainers(t, root) })
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("ARCHIVES", archives)
			if fixtures, err := filepath.Abs("../../fixtures"); err == nil {
				env.Setenv("FIXTURES", fixtures)
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			needs := map[string]func() error{"sandbox": namespaces, "shell": shell, "python": python, "registry": hasRegistry,
				"pasta": canUsePasta}[name]
			if needs == nil {
				return false, os.ErrInvalid
			}
			err := needs()
			if err != nil && os.Getenv("POCKET_TEST_REQUIRE") != "" {
				return false, err // this host must have it
			}
			if err != nil {
				t.Logf("no %s: %v", name, err)
			}
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": scriptExitCode, "capture": scriptCapture, "await": scriptAwait, "registry": scriptRegistry,
		},
	})
}

// endContainers removes what a script left running, whether it passed or not.
func endContainers(t *testing.T, root string) {
	if _, err := os.Stat(root); err != nil {
		return
	}
	pocket := func(args ...string) string {
		cmd := &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{"pocket-docker"}, args...), Env: append(os.Environ(), "POCKET_ROOT="+root)}
		out, err := cmd.Output()
		if err != nil && args[0] == "rm" {
			t.Logf("%v: %v", args, err)
		}
		return string(out)
	}
	if ids := strings.Fields(pocket("ps", "-aq")); len(ids) > 0 {
		pocket(append([]string{"rm", "-f"}, ids...)...)
	}
}

// scriptExitCode runs a program and wants its exit status: exitcode STATUS PROGRAM ARG…
func scriptExitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode STATUS PROGRAM ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(*exec.ExitError); ok {
		got = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// scriptCapture gives a variable what a program writes: capture NAME PROGRAM ARG…, as
// NAME=$(PROGRAM ARG…) would in a shell.
func scriptCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: capture NAME PROGRAM ARG…")
	}
	ts.Check(ts.Exec(args[1], args[2:]...))
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// scriptAwait repeats a program until its standard output contains a text: await TEXT PROGRAM ARG…
func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await TEXT PROGRAM ARG…")
	}
	const attempts = 2000
	for range attempts {
		_ = ts.Exec(args[1], args[2:]...) // it may fail until its time has come
		if strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
	}
	ts.Fatalf("%q never came", args[0])
}

// canUsePasta says what pasta lacks here: it passes on what a container sends as the default route would.
func canUsePasta() error {
	if _, err := network.Program(); err != nil {
		return err
	}
	routes, err := os.ReadFile("/proc/net/route")
	if err == nil && !strings.Contains(string(routes), "\t00000000\t") {
		err = errors.New("no default route")
	}
	return err
}

// canMakeNamespaces tries what every sandbox needs.
func canMakeNamespaces() error {
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	return cmd.Run()
}
