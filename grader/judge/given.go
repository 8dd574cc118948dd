package judge

import (
	"io"
	"os"
	"unicode/utf8"

	"pocket/grader"
)

// maxInput is how much of a failed case's input is kept with its result.
const maxInput = 4 << 10

// given adds to the result of a case that failed what the program was given. Of one that did not there is
// nothing to explain, and of one that was not run nothing was given.
func given(r *grader.Result, c grader.Case) {
	r.Input, r.InputBytes, r.Args = "", 0, nil
	if r.Verdict == grader.AC || r.Verdict == grader.SKIP {
		return
	}
	r.Args = c.Args
	text, size := c.Input.Inline, int64(len(c.Input.Inline))
	if c.Input.Path != "" {
		var err error
		if text, size, err = beginning(c.Input.Path, maxInput); err != nil {
			return // the verdict stands: it is the program's, which had the input
		}
	}
	r.Input, r.InputBytes = cut(text, maxInput), size
}

// beginning reads at most n bytes of a file, and a few more, and says how many it has.
func beginning(path string, n int64) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	text, err := io.ReadAll(io.LimitReader(f, n+utf8.UTFMax))
	return string(text), max(about.Size(), int64(len(text))), err
}

// cut keeps at most n bytes of a text, whole characters as far as it is UTF-8.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for i := 0; i < utf8.UTFMax && n > 0 && !utf8.RuneStart(text[n]); i++ {
		n--
	}
	return text[:n]
}
