package doctor

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckTellsOfEverything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	report := Check(dir)
	seen := map[string]bool{}
	for _, f := range report.Findings {
		seen[f.Name] = true
		t.Logf("%-16s %-9s %s | %s | %s", f.Name, f.Status, f.Found, f.Consequence, f.Fix)
		if f.Found == "" {
			t.Errorf("%s: nothing found", f.Name)
		}
		if f.Status != OK && f.Consequence == "" {
			t.Errorf("%s is %s without a consequence", f.Name, f.Status)
		}
	}
	for _, name := range []string{"kernel", "identity", "user namespaces", sandboxes, "seccomp", "memory limit", "proc", "memfd", "control groups", "file system", "leftovers", "pasta",
		"process limit", "cpu share", "processors", "pause", "block I/O", "cpu time", "OOM detection", "overlay", "store", "download"} {
		if !seen[name] {
			t.Errorf("nothing is said of %s", name)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "doctor-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAStateFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range Check(filepath.Join(file, "state")).Findings {
		if (f.Name == "overlay" || f.Name == "store") && f.Status == OK {
			t.Errorf("%+v", f)
		}
	}
}
