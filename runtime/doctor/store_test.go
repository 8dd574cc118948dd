package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pocket/runtime/state"
)

func found(dir, name string) Finding {
	var r Report
	r.examineStore(dir)
	for _, f := range r.Findings {
		if f.Name == name {
			return f
		}
	}
	return Finding{}
}

func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	db, err := state.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if f := found(dir, "leftovers"); f.Status != OK {
		t.Errorf("an empty store: %+v", f)
	}
	c, err := db.CreateContainer(state.Container{Name: "homeless", Image: "host", Command: []string{"true"}})
	if err != nil {
		t.Fatal(err)
	}
	if f := found(dir, "leftovers"); f.Status != Degraded || !strings.Contains(f.Found, "homeless") {
		t.Errorf("a record without a folder: %+v", f)
	}
	stray := filepath.Join(dir, "containers", state.NewID())
	for _, d := range []string{filepath.Join(dir, "containers", c.ID), stray} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if f := found(dir, "leftovers"); f.Status != Degraded || !strings.Contains(f.Fix, stray) || strings.Contains(f.Fix, c.ID) {
		t.Errorf("a folder without a record: %+v", f)
	}
	os.Remove(stray)
	if err := os.WriteFile(filepath.Join(dir, "containers", "overlay"), nil, 0o600); err != nil { // what a trial of overlays found
		t.Fatal(err)
	}
	if f := found(dir, "leftovers"); f.Status != OK {
		t.Errorf("all in order: %+v", f)
	}
}

func TestADamagedDatabase(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "state.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if f := found(dir, "store"); f.Status != Missing || f.Consequence == "" {
		t.Errorf("%+v", f)
	}
}
