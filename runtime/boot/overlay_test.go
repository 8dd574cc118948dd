package boot

import (
	"slices"
	"strings"
	"testing"
)

func TestLowerOptions(t *testing.T) {
	layers := func(n int) []string { return slices.Repeat([]string{"/proc/self/fd/100"}, n) }
	for _, c := range []struct {
		n       int
		old     bool
		options int
		first   string
	}{
		{1, true, 1, "lowerdir"},
		{OldLayers, true, 1, "lowerdir"},
		{OldLayers, false, 1, "lowerdir"},
		{OldLayers + 1, false, OldLayers + 1, "lowerdir+"},
		{OldLayers + 1, true, 0, ""},
		{500, false, 500, "lowerdir+"},
	} {
		got, err := lowerOptions(layers(c.n), c.old)
		if len(got) != c.options || (err != nil) != (c.options == 0) {
			t.Errorf("%d layers, old %v: %d options and %v, want %d", c.n, c.old, len(got), err, c.options)
		}
		if len(got) > 0 && got[0][0] != c.first {
			t.Errorf("%d layers, old %v: option %q, want %q", c.n, c.old, got[0][0], c.first)
		}
		for _, o := range got {
			if len(o[1]) > longestOption {
				t.Errorf("option of %d bytes", len(o[1]))
			}
			if o[0] == "lowerdir" && strings.Count(o[1], ":") != c.n-1 {
				t.Errorf("%q does not name %d layers", o[1], c.n)
			}
		}
	}
}

func TestAtLeast(t *testing.T) {
	for release, want := range map[string]bool{
		"6.8": true, "6.8.0-31-generic": true, "6.18.44-fc": true, "7.0.0": true,
		"6.7.12": false, "6.1.0-18-amd64": false, "5.10": false, "": false, "x": false, "6": false,
	} {
		if got := atLeast(release, 6, 8); got != want {
			t.Errorf("atLeast(%q) = %v", release, got)
		}
	}
}
