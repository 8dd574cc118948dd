package checker

import (
	"strconv"
	"strings"
	"testing"

	"pocket/grader"
)

const head = "--- expected\n+++ got\n"

func count(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		b.WriteString(strconv.Itoa(i) + "\n")
	}
	return b.String()
}

func TestDifference(t *testing.T) {
	long := strings.Repeat("a", 500)
	for name, c := range map[string]struct {
		compare        grader.Compare
		output, answer string
		want           string
	}{
		"one line":              {lines, "26\n", "25\n", "@@ -1 +1 @@\n-25\n+26\n"},
		"empty output":          {lines, "", "25\n", "@@ -1 +0,0 @@\n-25\n"},
		"empty answer":          {lines, "25\n", "", "@@ -0,0 +1 @@\n+25\n"},
		"context":               {lines, count(1, 4) + "x\n" + count(6, 9), count(1, 9), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
		"line missing":          {lines, "1\n3\n", "1\n2\n3\n", "@@ -1,3 +1,2 @@\n 1\n-2\n 3\n"},
		"line too many":         {lines, count(1, 11), count(1, 10), "@@ -8,3 +8,4 @@\n 8\n 9\n 10\n+11\n"},
		"equal lines, one more": {lines, strings.Repeat("1\n", 11), strings.Repeat("1\n", 10), "@@ -8,3 +8,4 @@\n 1\n 1\n 1\n+1\n"},
		"missing newline":       {exact, "25", "25\n", "@@ -1 +1 @@\n-25\n+25\n\\ no newline at the end\n"},
		"no newline in lines":   {lines, "26", "25\n", "@@ -1 +1 @@\n-25\n+26\n"},
		"newline too many":      {exact, "25\n\n", "25\n", "@@ -1 +1,2 @@\n 25\n+\n"},
		"trailing spaces":       {exact, "25 \t\n", "25\n", "@@ -1 +1 @@\n-25\n+25·→\n"},
		"CRLF":                  {exact, "25\r\n", "25\n", "@@ -1 +1 @@\n-25\n+25␍\n"},
		"no-break space":        {lines, "1\u00a02\n", "1 2\n", "@@ -1 +1 @@\n-1 2\n+1⍽2\n\\ line 1 of the output has a no-break space (U+00A0) at column 2\n"},
		"CRLF ignored":          {lines, "1\r\n3\r\n", "1\n2\n", "@@ -1,2 +1,2 @@\n 1\n-2\n+3␍\n"},
		"numbers near":          {close6, "0.5000001\n2\n", "0.5\n1\n", "@@ -1,2 +1,2 @@\n 0.5\n-1\n+2\n"},
		"case ignored":          {folded, "A b\n2\n", "a  B\n1\n", "@@ -1,2 +1,2 @@\n a  B\n-1\n+2\n"},
		"long lines":            {lines, long + "x" + long, long + "y" + long, "@@ -1 +1 @@\n-…" + long[:60] + "y" + long[:99] + "…\n+…" + long[:60] + "x" + long[:99] + "…\n"},
		"same lines, other tokens before": {tokens,
			"0 1\n" + strings.Repeat("1\n", 9) + "1 2\n", "0\n" + strings.Repeat("1\n", 9) + "1 2\n",
			"@@ -11 +11 @@\n-1 2\n+1 2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Check(c.compare, []byte(c.output), []byte(c.answer)).Difference
			if got != head+c.want {
				t.Errorf("got\n%s\nwant\n%s", got, head+c.want)
			}
		})
	}
}

func TestDifferenceIsCut(t *testing.T) {
	output, answer := count(1, 100_000), count(1, 50_000)+strings.Repeat("x\n", 1_000_000)
	got := Check(lines, []byte(output), []byte(answer)).Difference
	if n := strings.Count(got, "\n"); n > 2*(shown+context)+5 {
		t.Errorf("%d lines", n)
	}
	want := "\\ cut here: 1999919 more bytes expected, 299760 more got\n"
	if !strings.HasPrefix(got, head+"@@ -49998,") || !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"plain text\n":       "plain text\n",
		"a\tb":               "a→b",
		"a  \n b ":           "a··\n b·",
		"a \t \r\n":          "a·→·␍\n",
		"a\rb":               "a␍b",
		"\u00a0":             "⍽",
		"\x1b[31mred":        "␛[31mred",
		"\x00\x07\x7f":       `\x00\x07\x7f`,
		"\xff\xc3":           `\xff\xc3`,
		"\ufffd":             "\ufffd",
		"\u0085\u200b\ufeff": `\u0085\u200b\ufeff`,
		"\u202eevil":         `\u202eevil`,
		"\U000e0041":         `\U000e0041`,
		"\u2028":             `\u2028`,
		"é 日本 🙂":             "é 日本 🙂",
		"\n\n":               "\n\n",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}
