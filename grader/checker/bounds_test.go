package checker

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"pocket/grader"
)

// TestMemoryIsBounded: what a comparison takes is a few times what it compares, also where it finds a
// difference and looks for what would have passed.
func TestMemoryIsBounded(t *testing.T) {
	long, count := strings.Repeat("0123456789", 1<<17), strings.Repeat("1\n22\n", 1<<17)
	shuffled := bytes.Join([][]byte{bytes.Repeat([]byte("22\n"), 1<<17), bytes.Repeat([]byte("1 \n"), 1<<17)}, nil)
	for name, pair := range map[string][2][]byte{
		"a huge line":           {[]byte(long + "x"), []byte(long + "y")},
		"many lines":            {[]byte(count + "x"), []byte(count + "y")},
		"many lines, shuffled":  {shuffled, []byte(count)},
		"nothing but new lines": {bytes.Repeat([]byte("\n"), 1<<20), []byte("x")},
		"nothing but blanks":    {bytes.Repeat([]byte(" "), 1<<20), []byte("x")},
		"invalid bytes":         {bytes.Repeat([]byte("\xff"), 1<<20), []byte(long)},
	} {
		for _, c := range []grader.Compare{exact, lines, tokens, close6, unordered, contains,
			{Mode: grader.Unordered, IgnoreCase: true}, {Mode: grader.Contains, IgnoreCase: true}} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			Check(c, pair[0], pair[1])
			runtime.ReadMemStats(&after)
			size := uint64(len(pair[0]) + len(pair[1]))
			if took := after.TotalAlloc - before.TotalAlloc; took > 40*size {
				t.Errorf("%s, %s: %d KiB allocated for %d KiB", name, c.Mode, took>>10, size>>10)
			}
		}
	}
}
