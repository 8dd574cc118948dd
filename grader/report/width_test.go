package report

import (
	"slices"
	"strings"
	"testing"
)

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "合計": 4, "ａ": 2, "한국": 4, "😀x": 3, "⍽→·": 3, "ñ…": 2, "𠀀": 2} {
		if got := width(text); got != want {
			t.Errorf("%q: %d columns, want %d", text, got, want)
		}
	}
	if !slices.IsSortedFunc(wideRanges, func(a, b [2]rune) int { return int(a[0]) - int(b[1]) }) {
		t.Error("the ranges are not in order")
	}
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		text    string
		columns int
		want    string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"a bcd", 3, "a…"}, {"合計", 3, "合…"}, {"合計", 4, "合計"}, {"x合計", 3, "x…"}, {"ab", 1, "…"}} {
		if got := Fit(test.text, test.columns); got != test.want {
			t.Errorf("%q in %d columns: %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

// A table is as wide as its terminal at most: texts are cut, and what does not fit is left out from the right.
func TestTableFits(t *testing.T) {
	columns := []Column{{Title: "CASE"}, {Title: verdictTitle}, {Title: "CPU", Right: true}, {Title: "DETAIL"}}
	rows := [][]string{
		{"a-case-with-a-long-name", "WA", "12.5ms", `line 1, column 1: expected "25", got "26"`},
		{"合計合計合計合計合計合計", "AC", "1s", ""},
	}
	for _, test := range []struct {
		columns int
		want    string
	}{
		{0, "CASE                      VERDICT     CPU  DETAIL\na-case-with-a-long-name   WA       12.5ms  line 1, column 1: expected \"25\", got \"26\"\n合計合計合計合計合計合計  AC           1s\n"},
		{70, "CASE                      VERDICT     CPU  DETAIL\na-case-with-a-long-name   WA       12.5ms  line 1, column 1: expected…\n合計合計合計合計合計合計  AC           1s\n"},
		{50, "CASE              VERDICT     CPU  DETAIL\na-case-with-a-l…  WA       12.5ms  line 1, column…\n合計合計合計合…   AC           1s\n"},
		{36, "CASE                 VERDICT     CPU\na-case-with-a-long…  WA       12.5ms\n合計合計合計合計合…  AC           1s\n"},
		{20, "CASE         VERDICT\na-case-wit…  WA\n合計合計合…  AC\n"},
	} {
		got := Columns(columns, rows, Options{Width: test.columns})
		if got != test.want {
			t.Errorf("%d columns: got\n%s\nwant\n%s", test.columns, got, test.want)
		}
		for l := range strings.Lines(got) {
			if n := width(strings.TrimSuffix(l, "\n")); test.columns > 0 && n > test.columns {
				t.Errorf("%d columns: a line has %d: %s", test.columns, n, l)
			}
		}
	}
}
