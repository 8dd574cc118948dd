package intake

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"alice/src/a.py", "alice/b.txt", "bob.c"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		entry Entry
		want  []string
	}{
		{Entry{pieces: []piece{{path: filepath.Join(dir, "alice")}}}, []string{"b.txt", "src/a.py"}},
		{Entry{pieces: []piece{{path: filepath.Join(dir, "bob.c")}}}, []string{"bob.c"}},
		{Entry{pieces: []piece{{path: filepath.Join(dir, "bob.c"), as: "main.c"}}}, []string{"main.c"}},
		{Entry{pieces: []piece{{path: filepath.Join(dir, "nobody")}}}, nil},
		{Entry{}, nil},
	} {
		if got := test.entry.Names(); !slices.Equal(got, test.want) {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
