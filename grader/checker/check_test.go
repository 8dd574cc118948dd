package checker

import (
	"strings"
	"testing"

	"pocket/grader"
)

var (
	exact   = grader.Compare{Mode: grader.Exact}
	lines   = grader.Compare{Mode: grader.Lines}
	tokens  = grader.Compare{Mode: grader.Tokens}
	folded  = grader.Compare{Mode: grader.Tokens, IgnoreCase: true}
	numbers = grader.Compare{Mode: grader.Numbers}
	close6  = grader.Compare{Mode: grader.Numbers, Absolute: 1e-6}
	near9   = grader.Compare{Mode: grader.Numbers, Relative: 1e-9}
)

var huge = strings.Repeat("x", 1<<20)

var pairs = []struct {
	name    string
	compare grader.Compare
	output  string
	answer  string
	want    grader.Verdict
}{
	{"same", exact, "25\n", "25\n", grader.AC},
	{"both empty", exact, "", "", grader.AC},
	{"same bytes that are not UTF-8", exact, "\xff\xfe\x00", "\xff\xfe\x00", grader.AC},
	{"same huge line", exact, huge, huge, grader.AC},
	{"same CRLF", exact, "a\r\n", "a\r\n", grader.AC},
	{"no final newline", exact, "25", "25\n", grader.PE},
	{"final newline too many", exact, "25\n\n", "25\n", grader.PE},
	{"CRLF", exact, "1\r\n2\r\n", "1\n2\n", grader.PE},
	{"trailing space", exact, "25 \n", "25\n", grader.PE},
	{"leading space", exact, " 25\n", "25\n", grader.PE},
	{"tab for space", exact, "1\t2\n", "1 2\n", grader.PE},
	{"newline for space", exact, "1\n2\n", "1 2\n", grader.PE},
	{"vertical tab", exact, "1\v2\n", "1 2\n", grader.PE},
	{"only white space, answer empty", exact, " \n", "", grader.PE},
	{"newline only for empty answer", exact, "\n", "", grader.PE},
	{"empty output, blank answer", exact, "", "\n", grader.PE},
	{"no-break space is no white space", exact, "1\u00a02\n", "1 2\n", grader.WA},
	{"joined words", exact, "12\n", "1 2\n", grader.WA},
	{"split word", exact, "1 2\n", "12\n", grader.WA},
	{"empty output", exact, "", "25\n", grader.WA},
	{"output for empty answer", exact, "x", "", grader.WA},
	{"case", exact, "Yes\n", "yes\n", grader.WA},
	{"minus zero", exact, "-0\n", "0\n", grader.WA},
	{"NUL at the end", exact, "25\x00", "25", grader.WA},
	{"different invalid bytes", exact, "\xff\n", "\xfe\n", grader.WA},
	{"byte order mark", exact, "\ufeff25\n", "25\n", grader.WA},
	{"huge line, last byte", exact, huge + "y", huge + "z", grader.WA},
	{"decomposed letter", exact, "e\u0301\n", "\u00e9\n", grader.WA},
	{"line missing", exact, "1\n", "1\n2\n", grader.WA},

	{"same", lines, "25\n", "25\n", grader.AC},
	{"both empty", lines, "", "", grader.AC},
	{"no final newline", lines, "25", "25\n", grader.AC},
	{"no final newline in the answer", lines, "25\n", "25", grader.AC},
	{"CRLF", lines, "1\r\n2\r\n", "1\n2\n", grader.AC},
	{"CRLF in the answer", lines, "1\n2\n", "1\r\n2\r\n", grader.AC},
	{"trailing spaces and tabs", lines, "1 \t \n2\v\f\n", "1\n2\n", grader.AC},
	{"blank lines at the end", lines, "25\n\n \n\t\n", "25\n", grader.AC},
	{"blank lines for an empty answer", lines, "\n\n", "", grader.AC},
	{"nothing for a blank answer", lines, "", " \r\n", grader.AC},
	{"blank line within, blank otherwise", lines, "1\n \n2\n", "1\n\n2\n", grader.AC},
	{"same huge lines", lines, huge + " \n1", huge + "\n1\n", grader.AC},
	{"same invalid UTF-8", lines, "\xff\xff \n", "\xff\xff\n", grader.AC},
	{"leading blank line", lines, "\n25\n", "25\n", grader.WA},
	{"leading space", lines, " 25\n", "25\n", grader.WA},
	{"blank line missing within", lines, "1\n2\n", "1\n\n2\n", grader.WA},
	{"blank line too many within", lines, "1\n\n2\n", "1\n2\n", grader.WA},
	{"two spaces within", lines, "1  2\n", "1 2\n", grader.WA},
	{"tab for space within", lines, "1\t2\n", "1 2\n", grader.WA},
	{"CR alone is no line end", lines, "1\r2\n", "1\n2\n", grader.WA},
	{"trailing no-break space", lines, "25\u00a0\n", "25\n", grader.WA},
	{"empty output", lines, "", "25\n", grader.WA},
	{"output for empty answer", lines, "x\n", "", grader.WA},
	{"line missing", lines, "1\n", "1\n2\n", grader.WA},
	{"line too many", lines, "1\n2\n3\n", "1\n2\n", grader.WA},
	{"case", lines, "YES\n", "yes\n", grader.WA},
	{"huge line, one byte less", lines, huge[1:], huge, grader.WA},
	{"different invalid bytes", lines, "\xff\n", "\xfe\n", grader.WA},
	{"byte order mark", lines, "\ufeff25\n", "25\n", grader.WA},
	{"trailing NUL", lines, "25\x00\n", "25\n", grader.WA},
	{"number written otherwise", lines, "1.0\n", "1\n", grader.WA},
	{"zero Mode means lines", grader.Compare{}, "25 \r\n", "25", grader.AC},
	{"zero Mode means lines", grader.Compare{}, " 25", "25", grader.WA},

	{"same", tokens, "1 2 3\n", "1 2 3\n", grader.AC},
	{"both empty", tokens, "", "", grader.AC},
	{"only white space", tokens, " \n\t\r\v\f", "", grader.AC},
	{"other layout", tokens, "1\n2\n3", "1 2 3\n", grader.AC},
	{"leading blanks", tokens, "\n\n  1", "1", grader.AC},
	{"CRLF", tokens, "1\r\n2\r\n", "1 2", grader.AC},
	{"CR alone separates", tokens, "1\r2", "1 2", grader.AC},
	{"same invalid UTF-8", tokens, "\xff \xfe", "\xff\n\xfe\n", grader.AC},
	{"same huge words", tokens, huge + "\n" + huge, huge + " " + huge, grader.AC},
	{"case ignored", folded, "YES No", "yes NO", grader.AC},
	{"case ignored beyond ASCII", folded, "ÄRGER", "ärger", grader.AC},
	{"case ignored beside invalid bytes", folded, "A\xff", "a\xff", grader.AC},
	{"invalid bytes are not letters of one case", folded, "\xff", "\xfe", grader.WA},
	{"invalid bytes of other length", folded, "\xff\xff", "\xfe", grader.WA},
	{"case", tokens, "YES", "yes", grader.WA},
	{"joined", tokens, "12", "1 2", grader.WA},
	{"split", tokens, "1 2", "12", grader.WA},
	{"word missing", tokens, "1 2", "1 2 3", grader.WA},
	{"word too many", tokens, "1 2 3", "1 2", grader.WA},
	{"order", tokens, "2 1", "1 2", grader.WA},
	{"empty output", tokens, "", "1", grader.WA},
	{"output for empty answer", tokens, "1", " \n", grader.WA},
	{"no-break space joins", tokens, "1\u00a02", "1 2", grader.WA},
	{"number written otherwise", tokens, "1.0", "1", grader.WA},
	{"minus zero", tokens, "-0", "0", grader.WA},
	{"leading zero", tokens, "007", "7", grader.WA},
	{"nan is a word", tokens, "nan", "NaN", grader.WA},
	{"NUL is no white space", tokens, "1\x002", "1 2", grader.WA},
	{"huge words, last byte", tokens, huge + "a", huge + "b", grader.WA},

	{"same", numbers, "1.5 2\n", "1.5 2\n", grader.AC},
	{"both empty", numbers, "", "", grader.AC},
	{"written otherwise", numbers, "1.50 +2 3e0 .5 5.", "1.5 2 3 0.5 5", grader.AC},
	{"minus zero", numbers, "-0 -0.0 0", "0 0 -0", grader.AC},
	{"leading zeros", numbers, "007", "7", grader.AC},
	{"other layout", numbers, "1\n2\n", "1 2", grader.AC},
	{"CRLF, no final newline", numbers, "1\r\n2", "1\n2\n", grader.AC},
	{"no tolerance", numbers, "0.30000000000000004", "0.3", grader.WA},
	{"within absolute", close6, "3.1415927", "3.1415926", grader.AC},
	{"beyond absolute", close6, "3.14160", "3.1415926", grader.WA},
	{"exactly at the tolerance", grader.Compare{Mode: grader.Numbers, Absolute: 0.5}, "1.5", "1", grader.AC},
	{"exactly at the tolerance in decimal", grader.Compare{Mode: grader.Numbers, Absolute: 0.01}, "1.01 2.51 5.69", "1.00 2.50 5.70", grader.AC},
	{"exactly at a fine tolerance", grader.Compare{Mode: grader.Numbers, Absolute: 0.001}, "100.001 0.501", "100 0.5", grader.AC},
	{"a little beyond the tolerance", grader.Compare{Mode: grader.Numbers, Absolute: 0.01}, "1.0100000000001", "1", grader.WA},
	{"within relative", near9, "1000000000.5", "1000000000", grader.AC},
	{"beyond relative", near9, "1000000002.0", "1000000000", grader.WA},
	{"relative to zero", near9, "1e-300", "0", grader.WA},
	{"relative to a negative", near9, "-1000000000.5", "-1000000000", grader.AC},
	{"either suffices", grader.Compare{Mode: grader.Numbers, Absolute: 1e-6, Relative: 1e-6}, "1000000.5 0.0000009", "1000000 0", grader.AC},
	{"sign", close6, "-1", "1", grader.WA},
	{"large integers differ", numbers, "9007199254740993", "9007199254740992", grader.WA},
	{"large integers within a tolerance that is too small", close6, "9007199254740993", "9007199254740992", grader.WA},
	{"integers beyond 64 bits", numbers, "+00123456789012345678901234567890", "123456789012345678901234567890", grader.AC},
	{"integers beyond 64 bits differ", close6, "123456789012345678901234567891", "123456789012345678901234567890", grader.WA},
	{"extremes of 64 bits", numbers, "-9223372036854775808", "9223372036854775807", grader.WA},
	{"underflow is zero", numbers, "1e-400", "0", grader.AC},
	{"1e400 is text", numbers, "1e400", "1e400", grader.AC},
	{"1e400 for another text", numbers, "1e401", "1e400", grader.WA},
	{"1e400 is not inf", numbers, "1e400", "inf", grader.WA},
	{"1e400 is no number", close6, "1e400", "1e308", grader.WA},
	{"inf", numbers, "inf Infinity +INF -inf", "Inf inf inf -Infinity", grader.AC},
	{"inf of the other sign", close6, "-inf", "inf", grader.WA},
	{"inf for a number", grader.Compare{Mode: grader.Numbers, Absolute: 1e308}, "inf", "1", grader.WA},
	{"number for inf", close6, "1", "inf", grader.WA},
	{"nan where nan is wanted", numbers, "-nan", "NaN", grader.AC},
	{"nan for a number", grader.Compare{Mode: grader.Numbers, Relative: 1e308}, "nan", "1", grader.WA},
	{"number for nan", close6, "0", "nan", grader.WA},
	{"hexadecimal is text", numbers, "0x10", "16", grader.WA},
	{"hexadecimal answer is text", numbers, "16", "0x10", grader.WA},
	{"trailing garbage", close6, "1.0abc", "1.0", grader.WA},
	{"underscore", close6, "1_000", "1000", grader.WA},
	{"decimal comma", close6, "1,5", "1.5", grader.WA},
	{"text for a number", close6, "one", "1", grader.WA},
	{"words between", close6, "Case #1: 0.5000001", "Case #1: 0.5", grader.AC},
	{"words differ", close6, "case #1: 0.5", "Case #1: 0.5", grader.WA},
	{"case of words ignored", grader.Compare{Mode: grader.Numbers, IgnoreCase: true}, "case 1", "Case 1.0", grader.AC},
	{"number missing", close6, "1 2", "1 2 3", grader.WA},
	{"number too many", close6, "1 2 3", "1 2", grader.WA},
	{"empty output", close6, "", "0", grader.WA},
	{"huge word for a number", close6, strings.Repeat("1", 1<<20), "1", grader.WA},
	{"invalid UTF-8 for a number", close6, "\xff", "1", grader.WA},
	{"full width digits are text", close6, "１", "1", grader.WA},
	{"signs only", close6, "+-", "0", grader.WA},
}

func TestCheck(t *testing.T) {
	count := map[grader.Mode]int{}
	for _, p := range pairs {
		count[p.compare.Mode]++
		t.Run(string(p.compare.Mode)+"/"+p.name, func(t *testing.T) {
			f := Check(p.compare, []byte(p.output), []byte(p.answer))
			if f.Verdict != p.want {
				t.Fatalf("Check(%.40q, %.40q) = %s (%s), want %s", p.output, p.answer, f.Verdict, f.Detail, p.want)
			}
			sound(t, f)
		})
	}
	for _, m := range []grader.Mode{grader.Exact, grader.Lines, grader.Tokens, grader.Numbers} {
		if count[m] < 25 {
			t.Errorf("%s: %d pairs, want at least 25", m, count[m])
		}
	}
}

// sound checks what holds for every finding.
func sound(t *testing.T, f Finding) {
	t.Helper()
	if f.Verdict == grader.AC {
		if f != (Finding{Verdict: grader.AC}) {
			t.Errorf("an accepted output has more than a verdict: %+v", f)
		}
		return
	}
	if f.Line < 1 || f.Column < 1 {
		t.Errorf("line %d, column %d", f.Line, f.Column)
	}
	if f.Detail == "" || strings.ContainsAny(f.Detail, "\n\r\t\x1b") || len(f.Detail) > 800 {
		t.Errorf("detail %q", f.Detail)
	}
	if !strings.HasPrefix(f.Difference, "--- expected\n+++ got\n@@ -") || len(f.Difference) > 100_000 {
		t.Errorf("difference of %d bytes: %.200q", len(f.Difference), f.Difference)
	}
	if !strings.Contains(f.Difference, "\n-") && !strings.Contains(f.Difference[len("--- expected\n+++ got"):], "\n+") {
		t.Errorf("difference without a change: %q", f.Difference)
	}
	if strings.ContainsAny(f.Difference, "\r\t\x1b\x00") {
		t.Errorf("invisible characters in %.200q", f.Difference)
	}
}

func TestCheckDetail(t *testing.T) {
	for _, c := range []struct {
		compare        grader.Compare
		output, answer string
		want           string
	}{
		{lines, "1\n2\n3 4 26\n", "1\n2\n3 4 25\n", `line 3, column 5: expected "25", got "26"`},
		{exact, "26", "25", `line 1, column 1: expected "25", got "26"`},
		{exact, "25", "25\n", `line 1, column 3: expected the end of the line, got the end of the output`},
		{exact, "25 \n", "25\n", `line 1, column 3: expected the end of the line, got a space`},
		{exact, "25\r\n", "25\n", `line 1, column 3: expected the end of the line, got a carriage return`},
		{exact, "25\n\n", "25\n", `line 2, column 1: expected the end of the output, got an empty line`},
		{lines, "", "25\n", `line 1, column 1: expected "25", got an empty output`},
		{lines, "25\n", "", `line 1, column 1: expected an empty output, got "25"`},
		{lines, "1\n", "1\n2\n", `line 2, column 1: expected "2", got the end of the output`},
		{lines, "1\n2\n", "1\n", `line 2, column 1: expected the end of the output, got "2"`},
		{lines, "1\n", "1\n\n2\n", `line 2, column 1: expected an empty line, got the end of the output`},
		{lines, "1  2", "1 2", `line 1, column 3: expected "2", got a space`},
		{lines, "a\tb", "a b", `line 1, column 2: expected a space, got a tab`},
		{lines, "äöü x", "äöü y", `line 1, column 5: expected "y", got "x"`},
		{lines, strings.Repeat("a", 100) + "b", strings.Repeat("a", 100) + "c", `line 1, column 101: expected "c", got "b"`},
		{lines, "x", strings.Repeat("a", 100), `line 1, column 1: expected "` + strings.Repeat("a", 48) + `"…, got "x"`},
		{lines, "\x1b[1m25", "25", `line 1, column 1: expected "25", got "␛[1m25"`},
		{tokens, "1 2\n  4", "1\n2\n3", `line 2, column 3: expected "3", got "4"`},
		{tokens, "1 2\n", "1 2 3", `line 2, column 1: expected "3", got the end of the output`},
		{tokens, "", "3", `line 1, column 1: expected "3", got an empty output`},
		{tokens, strings.Repeat("a", 100) + "b", strings.Repeat("a", 100), `line 1, column 101: expected the end of the word, got "b"`},
		{close6, "3.15", "3.14", `line 1, column 1: expected "3.14", got "3.15" (off by 0.01)`},
		{close6, "pi", "3.14", `line 1, column 1: expected the number "3.14", got "pi"`},
		{close6, "", "3.14", `line 1, column 1: expected the number "3.14", got an empty output`},
		{grader.Compare{Mode: "fuzzy"}, "x", "y", `comparison mode "fuzzy" is not known`},
	} {
		if got := Check(c.compare, []byte(c.output), []byte(c.answer)).Detail; got != c.want {
			t.Errorf("%s: Check(%.20q, %.20q)\n got %s\nwant %s", c.compare.Mode, c.output, c.answer, got, c.want)
		}
	}
}

func TestCheckUnknownModeIsOurFault(t *testing.T) {
	if f := Check(grader.Compare{Mode: "fuzzy"}, []byte("x"), []byte("x")); f.Verdict != grader.JE {
		t.Errorf("verdict %s, want JE", f.Verdict)
	}
}

func TestCheckHint(t *testing.T) {
	for _, c := range []struct {
		compare        grader.Compare
		output, answer string
		want           string
	}{
		{exact, "25", "25\n", "AC with a newline at the end"},
		{exact, "1\r\n2\r\n", "1\n2\n", "AC if line ends were LF, not CRLF"},
		{exact, "25 \n", "25\n", "AC if trailing spaces and blank lines at the end were ignored (compare: lines)"},
		{exact, " 25\n", "25\n", "AC if white space only separated (compare: tokens)"},
		{lines, "1  2", "1 2", "AC if white space only separated (compare: tokens)"},
		{lines, "\ufeff25", "25", "AC without the byte order mark at the start"},
		{lines, "YES", "yes", "AC if upper and lower case were the same (compare: {mode: tokens, case: ignore})"},
		{lines, "1.50", "1.5", "AC if numbers were compared by value (compare: numbers)"},
		{tokens, "0.33333", "0.333333", "AC with absolute tolerance 3e-6"},
		{close6, "0.33333", "0.333333", "AC with absolute tolerance 3e-6"},
		{close6, "1000000.5", "1000000.0", "AC with relative tolerance 5e-7"},
		{numbers, "5e-324", "0.0", "AC with absolute tolerance 1e-308"},
		{close6, "1e308", "-1e308", ""},
		{close6, "0.5", "0", ""},
		{lines, "26", "25", ""},
		{lines, "1000000001", "1000000000", ""},
		{lines, "", "25", ""},
		{folded, "a", "b", ""},
	} {
		if got := Check(c.compare, []byte(c.output), []byte(c.answer)).Hint; got != c.want {
			t.Errorf("%s: hint of (%q, %q) = %q, want %q", c.compare.Mode, c.output, c.answer, got, c.want)
		}
	}
}
