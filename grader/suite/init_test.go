package suite

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pocket/runtime/hint"
)

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "größe \"1\"")
	files, err := Init(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(dir, languages)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != `größe "1"` || s.Submissions != filepath.Join(dir, "submissions") || len(s.Cases) != 5 || len(s.Groups) != 3 {
		t.Errorf("%+v", s)
	}
	text, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if what := invalid(t, string(text)); what != "" {
		t.Errorf("the schema refuses it: %s", what)
	}
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
	if schema, err := os.ReadFile(filepath.Join(dir, SchemaFile)); err != nil || string(schema) != Schema() {
		t.Errorf("the schema: %v", err)
	}
	if left := Examine(s, 0); len(left) > 0 {
		t.Errorf("remarks about it: %v", left)
	}
}

// TestInitNamesEveryKey: who reads the comments learns each key of a suite, and each mode.
func TestInitNamesEveryKey(t *testing.T) {
	files, err := starter("x")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range slices.Concat(suiteKeys.known, groupKeys.known, texts(modes), texts(scorings)) {
		if !strings.Contains(files[0].text, word) && word != "points" && word != "submissions" {
			t.Errorf("%s is not mentioned", word)
		}
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "cases/small/one.in", "mine")
	_, err := Init(dir)
	if err == nil || !strings.HasSuffix(err.Error(), ": cases/small/one.in exists") || hint.Of(err) == "" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, File)); err == nil {
		t.Error("something was written")
	}
	if text, err := os.ReadFile(filepath.Join(dir, "cases/small/one.in")); err != nil || string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
	write(t, dir, "file", "")
	if _, err := Init(filepath.Join(dir, "file")); err == nil {
		t.Error("a file was taken for a folder")
	}
}

func TestInitNameThatIsNone(t *testing.T) {
	files, err := starter(" x")
	if err != nil || !strings.Contains(files[0].text, `name: "example"`) {
		t.Errorf("%v", err)
	}
}
