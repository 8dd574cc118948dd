package stray

import (
	"os"
	"strings"
	"testing"
)

func TestHeld(t *testing.T) {
	before := Now()
	for _, name := range []string{"mounts", "processes", "namespaces", "files open"} {
		if before[name] == 0 {
			t.Errorf("no %s are seen", name)
		}
	}
	own, err := Own(os.Getpid())
	if err != nil || own["descriptors"] == 0 || own["threads"] == 0 || own["KiB of memory"] == 0 || own["mappings"] == 0 {
		t.Errorf("%v %v", own, err)
	}
	const many = 500
	for range many {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Skip(err) // where so many may not be open
		}
		defer f.Close()
	}
	if grown := before.Grown(many/2, 0); len(grown) == 0 || !strings.Contains(strings.Join(grown, "\n"), "files open") {
		t.Errorf("%d open files are not seen: %q", many, grown)
	}
	if more, err := Own(os.Getpid()); err != nil || more["descriptors"] < own["descriptors"]+many {
		t.Errorf("own: %v, before %v, %v", more, own, err)
	}
}
