package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// hasRegistry looks for a registry's server and for the programs that make images and push them there.
func hasRegistry() error {
	for _, name := range []string{"docker-registry", "skopeo", "umoci", "curl"} {
		if _, err := exec.LookPath(name); err != nil {
			return err
		}
	}
	return nil
}

// scriptRegistry starts a registry on the loopback, which keeps its files in a folder and ends with the
// script, and gives a variable its host and port: registry NAME FOLDER
func scriptRegistry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: registry NAME FOLDER")
	}
	settings := ts.MkAbs(args[1] + ".yml")
	ts.Check(os.WriteFile(settings, fmt.Appendf(nil, "version: 0.1\nlog: {level: info}\n"+
		"storage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: \"127.0.0.1:0\"}\n", ts.MkAbs(args[1])), 0o600))
	cmd := exec.Command("docker-registry", "serve", settings)
	out, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "listening on "); ok {
			address, _, _ := strings.Cut(rest, `"`)
			ts.Setenv(args[0], address)
			go func() { // it must not block on what it logs
				for lines.Scan() {
				}
			}()
			return
		}
	}
	ts.Fatalf("docker-registry ended at once")
}
