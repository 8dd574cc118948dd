package deps

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestReadmeNamesWhatThereIs: each test and script that runtime/README.md names as what tries a promise is there.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "runtime", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, f := range readSources(t) {
		code, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(f.Path)))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range function.FindAllSubmatch(code, -1) {
			there[string(found[1])] = f.Test
		}
	}
	scripts, err := filepath.Glob(filepath.Join(top, "cmd", "*", "testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		there[filepath.Base(script)] = true
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+|[\\w-]+\\.txtar)`").FindAllSubmatch(text, -1)
	if len(named) < 20 {
		t.Errorf("only %d are named", len(named))
	}
	for _, name := range named {
		if !there[string(name[1])] {
			t.Errorf("runtime/README.md names %s, which is not there", name[1])
		}
	}
}
