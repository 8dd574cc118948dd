package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pocket/runtime/boot"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/inside"
	"pocket/runtime/tree"
)

// asGrader in the environment makes this test binary pocket-grade itself.
const asGrader = "POCKET_TEST_AS_GRADER"

func TestMain(m *testing.M) {
	if status, served := inside.Serve(tree.Jobs, image.Jobs); served {
		os.Exit(status)
	}
	if os.Getenv(asGrader) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"pocket-grade": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:       "testdata/script",
		Cmds:      map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Condition: condition,
		Setup: func(env *testscript.Env) error {
			for name, dir := range map[string]string{"SUITES": "../../suites", "FIXTURES": "../../fixtures"} {
				path, err := filepath.Abs(dir)
				if err != nil {
					return err
				}
				env.Setenv(name, path)
			}
			env.Setenv("POCKET_ROOT", filepath.Join(env.WorkDir, "state"))
			return nil
		},
	})
}

// condition answers [sandbox], a sandbox can be made here, and [program:NAME], the program is installed.
// Where POCKET_TEST_REQUIRE is set, the host must have everything.
func condition(name string) (bool, error) {
	err := os.ErrInvalid
	if program, ok := strings.CutPrefix(name, "program:"); ok {
		_, err = exec.LookPath(program)
	} else if name == "sandbox" {
		var file *os.File
		if file, err = boot.UserNS(idmap.Single(0)); err == nil {
			err = file.Close()
		}
	}
	if os.Getenv("POCKET_TEST_REQUIRE") != "" {
		return err == nil, err
	}
	return err == nil, nil
}

// exits runs pocket-grade and wants a certain exit status: exits STATUS ARG…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits STATUS ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("pocket-grade", args[1:]...)
	got := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}
