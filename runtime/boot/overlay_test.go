package boot

import (
	"slices"
	"strings"
	"testing"
)

func TestLowerOptions(t *testing.T) {
	layers := func(n int) []string { return slices.Repeat([]string{"/proc/self/fd/100"}, n) }
	for _, c := range []struct {
		n, most int
		options int
		first   string
	}{
		{1, 14, 1, "lowerdir"},
		{14, 14, 1, "lowerdir"},
		{14, 500, 1, "lowerdir"},
		{15, 500, 15, "lowerdir+"},
		{15, 14, 0, ""},
		{500, 500, 500, "lowerdir+"},
	} {
		got, err := lowerOptions(layers(c.n), c.most)
		if len(got) != c.options || (err != nil) != (c.options == 0) {
			t.Errorf("%d layers of %d: %d options and %v, want %d", c.n, c.most, len(got), err, c.options)
		}
		if len(got) > 0 && got[0][0] != c.first {
			t.Errorf("%d layers, old %v: option %q, want %q", c.n, c.most, got[0][0], c.first)
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
