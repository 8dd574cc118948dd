package checker

import (
	"strings"
	"testing"

	"pocket/grader"
)

var (
	unordered = grader.Compare{Mode: grader.Unordered}
	contains  = grader.Compare{Mode: grader.Contains}
	regex     = grader.Compare{Mode: grader.Regex}
	eachLine  = grader.Compare{Mode: grader.Regex, EachLine: true}
)

// tricky pairs an output and an answer with the verdicts in the modes exact, lines, tokens, numbers (within
// 1e-6), unordered and contains, a letter each: A for AC, P for PE, W for WA.
var tricky = []struct{ name, output, answer, want string }{
	{"same", "1 2\n3\n", "1 2\n3\n", "AAAAAA"},
	{"both empty", "", "", "AAAAAA"},
	{"empty output", "", "1\n", "WWWWWW"},
	{"empty answer", "1\n", "", "WWWWWA"},
	{"blank output, empty answer", " \n\t\r\n", "", "PAAAAA"},
	{"empty output, blank answer", "", "\n\n", "PAAAAA"},
	{"no final newline", "1\n2", "1\n2\n", "PAAAAA"},
	{"no final newline in the answer", "1\n2\n", "1\n2", "PAAAAA"},
	{"CRLF", "1\r\n2\r\n", "1\n2\n", "PAAAAA"},
	{"CRLF in the answer", "1\n2\n", "1\r\n2\r\n", "PAAAAA"},
	{"CR alone", "1\r2\n", "1\n2\n", "PWAAWW"},
	{"trailing blanks", "1  \n2\t\n", "1\n2\n", "PAAAAA"},
	{"blank lines at the end", "1\n2\n\n\n", "1\n2\n", "PAAAAA"},
	{"blank line at the start", "\n1\n", "1\n", "PWAAAA"},
	{"blank line within", "1\n\n2\n", "1\n2\n", "PWAAAW"},
	{"blank line missing within", "1\n2\n", "1\n\n2\n", "PWAAAW"},
	{"leading blank", " 1\n", "1\n", "PWAAWA"},
	{"two spaces", "1  2\n", "1 2\n", "PWAAWW"},
	{"tab for space", "1\t2\n", "1 2\n", "PWAAWW"},
	{"vertical tab and form feed", "1\v2\f3\n", "1 2 3\n", "PWAAWW"},
	{"newline for space", "1\n2\n", "1 2\n", "PWAAWW"},
	{"no-break space", "1\u00a02\n", "1 2\n", "WWWWWW"},
	{"no-break space at the end", "1\u00a0\n", "1\n", "WWWWWA"},
	{"zero-width space", "1\u200b2\n", "12\n", "WWWWWW"},
	{"byte order mark", "\ufeff1\n", "1\n", "WWWWWA"},
	{"NUL", "1\x002\n", "12\n", "WWWWWW"},
	{"NUL at the end", "1\x00", "1", "WWWWWA"},
	{"same NUL", "1\x00\n", "1\x00", "PAAAAA"},
	{"same invalid UTF-8", "\xff\xfe \n", "\xff\xfe\n", "PAAAAA"},
	{"other invalid UTF-8", "\xff\n", "\xfe\n", "WWWWWW"},
	{"half a character", "\xc3\n", "\u00e9\n", "WWWWWW"},
	{"decomposed letter", "e\u0301\n", "\u00e9\n", "WWWWWW"},
	{"case", "YES\n", "Yes\n", "WWWWWW"},
	{"order of lines", "2\n1\n", "1\n2\n", "WWWWAW"},
	{"order of words", "2 1\n", "1 2\n", "WWWWWW"},
	{"line twice", "1\n1\n2\n", "1\n2\n", "WWWWWA"},
	{"line missing", "1\n", "1\n2\n", "WWWWWW"},
	{"other line twice", "1\n1\n2\n", "1\n2\n2\n", "WWWWWW"},
	{"something before", "answer: 1\n", "1\n", "WWWWWA"},
	{"something behind", "1 is it\n", "1\n", "WWWWWA"},
	{"word joined", "12\n", "1 2\n", "WWWWWW"},
	{"word split", "1 2\n", "12\n", "WWWWWW"},
	{"minus zero", "-0\n", "0\n", "WWWAWA"},
	{"minus zero with a point", "-0.0\n", "0\n", "WWWAWA"},
	{"plus", "+5\n", "5\n", "WWWAWA"},
	{"point at the end", "5.\n", "5\n", "WWWAWA"},
	{"point at the start", ".5\n", "0.5\n", "WWWAWW"},
	{"exponent", "1e5\n", "100000\n", "WWWAWW"},
	{"leading zeros", "007\n", "7\n", "WWWAWA"},
	{"nearly", "0.3333333\n", "0.3333334\n", "WWWAWW"},
	{"not near enough", "0.33333\n", "0.33334\n", "WWWWWW"},
	{"1e400", "1e400\n", "1e400\n", "AAAAAA"},
	{"1e400 for inf", "1e400\n", "inf\n", "WWWWWW"},
	{"1e400 for 1e401", "1e400\n", "1e401\n", "WWWWWW"},
	{"1e-400 for zero", "1e-400\n", "0\n", "WWWAWA"},
	{"nan", "nan\n", "NaN\n", "WWWAWW"},
	{"nan for a number", "nan\n", "0\n", "WWWWWW"},
	{"inf", "inf\n", "Infinity\n", "WWWAWW"},
	{"inf for -inf", "inf\n", "-inf\n", "WWWWWW"},
	{"hexadecimal", "0x10\n", "16\n", "WWWWWW"},
	{"underscore", "1_000\n", "1000\n", "WWWWWW"},
	{"decimal comma", "1,5\n", "1.5\n", "WWWWWW"},
	{"digits of other scripts", "\u0665\n", "5\n", "WWWWWW"},
	{"full-width digits", "\uff15\n", "5\n", "WWWWWW"},
	{"garbage behind a number", "5abc\n", "5\n", "WWWWWA"},
	{"large integers", "9007199254740993\n", "9007199254740992\n", "WWWWWW"},
	{"huge line", huge10 + "\n", huge10, "PAAAAA"},
	{"huge line, last byte", huge10 + "y\n", huge10 + "x\n", "WWWWWW"},
	{"many lines", manyLines, manyLines + "\n", "PAAAAA"},
	{"many lines, the last differs", manyLines + "1\n", manyLines + "2\n", "WWWWWW"},
}

var (
	huge10    = strings.Repeat("0123456789", 1<<20) // 10 MiB
	manyLines = strings.Repeat("1\n22\n", 1<<18)    // half a million lines
)

func TestTricky(t *testing.T) {
	modes := []grader.Compare{exact, lines, tokens, close6, unordered, contains}
	verdicts := map[byte]grader.Verdict{'A': grader.AC, 'P': grader.PE, 'W': grader.WA}
	if len(tricky) < 25 {
		t.Errorf("%d pairs, want at least 25", len(tricky))
	}
	for _, p := range tricky {
		for i, c := range modes {
			f := Check(c, []byte(p.output), []byte(p.answer))
			if f.Verdict != verdicts[p.want[i]] {
				t.Errorf("%s, %s: Check(%.30q, %.30q) = %s (%s), want %c", p.name, c.Mode, p.output, p.answer, f.Verdict, f.Detail, p.want[i])
			}
			sound(t, f)
		}
	}
}

func TestRegex(t *testing.T) {
	var table = []struct {
		name    string
		compare grader.Compare
		output  string
		answer  string
		want    grader.Verdict
		detail  string // a part of it
	}{
		{"literal", regex, "hello\n", "hello\n", grader.AC, ""},
		{"both empty", regex, "", "", grader.AC, ""},
		{"blank output, empty answer", regex, " \r\n\n", "\n", grader.AC, ""},
		{"output for nothing", regex, "x\n", "", grader.WA, `line 1, column 1: expected what "" matches, got "x"`},
		{"nothing for something", regex, "", "x+", grader.WA, `line 1, column 1: expected what "x+" matches, got an empty output`},
		{"digits", regex, "12345\n", `\d+`, grader.AC, ""},
		{"digits of other scripts", regex, "\u0665\n", `\d+`, grader.WA, ""},
		{"digits of all scripts", regex, "\u0665\n", `\pN+`, grader.AC, ""},
		{"whole", regex, "a 12\n", `\d+`, grader.WA, `line 1, column 1: expected what "\d+" matches, got "a"`},
		{"behind", regex, "12 a\n", `\d+`, grader.WA, `line 1, column 3: expected what "\d+" matches, got a space`},
		{"the other alternative is longer", regex, "ab\n", `a|ab`, grader.AC, ""},
		{"alternatives do not leave the anchors", regex, "xb\n", `a|b`, grader.WA, "line 1, column 1"},
		{"no group is left by brackets", regex, "a\n", `a)|(b`, grader.JE, "the answer: line 1: no regular expression: unexpected ): \"a)|(b\""},
		{"an open quotation", regex, "a.b\n", `\Qa.b`, grader.AC, ""},
		{"an open quotation, other", regex, "axb\n", `\Qa.b`, grader.WA, "line 1, column 2"},
		{"CRLF", regex, "a\r\nb\r\n", "a\nb\n", grader.AC, ""},
		{"CRLF in the answer's end", regex, "a", "a\r\n", grader.AC, ""},
		{"trailing blanks", regex, "a \t\nb \n\n", "a\nb", grader.AC, ""},
		{"leading blank", regex, " a\n", "a", grader.WA, "line 1, column 1"},
		{"no-break space is no white space", regex, "1\u00a02\n", `1\s2`, grader.WA, "line 1, column 2"},
		{"a point is no newline", regex, "a\nb", "a.b", grader.WA, `line 1, column 2: expected what "a.b" matches, got the end of the line`},
		{"with (?s) it is", regex, "a\nb", "(?s)a.b", grader.AC, ""},
		{"with (?m) lines have ends", regex, "a\nb", "(?m)^a$\n^b$", grader.AC, ""},
		{"$ is the end of all", regex, "a\nb", "a$\nb", grader.WA, `line 1, column 1: expected what "a$\nb" matches`},
		{"case", regex, "YES", "yes", grader.WA, "line 1, column 1"},
		{"case ignored", regex, "YES", "(?i)yes", grader.AC, ""},
		{"NUL", regex, "a\x00b", `a\x00b`, grader.AC, ""},
		{"invalid UTF-8 is one character", regex, "a\xffb", `a.b`, grader.AC, ""},
		{"byte order mark", regex, "\ufeffa", `a`, grader.WA, `line 1, column 1`},
		{"minus zero", regex, "-0", `-?0`, grader.AC, ""},
		{"1e400", regex, "1e400", `\d(\.\d+)?e\d+`, grader.AC, ""},
		{"nan or inf", regex, "NaN", `(?i)nan|inf`, grader.AC, ""},
		{"0x10", regex, "0x10", `0x[0-9a-f]+`, grader.AC, ""},
		{"1_000", regex, "1_000", `[0-9]+`, grader.WA, `line 1, column 2`},
		{"the second line", regex, "a\nbc\n", "a\nbd", grader.WA, "line 2, column 2"},
		{"the end is missing", regex, "a\nb\n", "a\nb\nc+", grader.WA, "line 2, column 2: expected what"},
		{"characters, not bytes", regex, "äöüx", "äöü[yz]", grader.WA, "line 1, column 4"},
		{"huge line", regex, huge10, "[0-9]+", grader.AC, ""},
		{"huge line, last byte", regex, huge10 + "x", "[0-9]+", grader.WA, "line 1, column 10485761"},
		{"many lines", regex, manyLines, "(1\n22\n)*(1\n22)", grader.AC, ""},
		{"exponential elsewhere", regex, strings.Repeat("a", 10000) + "b", "(a+)+", grader.WA, "column 10001"},
		{"no regular expression", regex, "a", "a(", grader.JE, "missing closing )"},
		{"too often", regex, "a", "(a{1000}){1000}", grader.JE, "no regular expression"},
		{"a back reference", regex, "aa", `(a)\1`, grader.JE, `invalid escape sequence: "\1"`},

		{"lines", eachLine, "a1\nb2\n", "a\\d\nb\\d\n", grader.AC, ""},
		{"lines, CRLF", eachLine, "a1\r\nb2\r\n", "a\\d\r\nb\\d\r\n", grader.AC, ""},
		{"an open group is the line's", eachLine, "a\nb\n", "(a\nb)\n", grader.JE, "line 1: no regular expression"},
		{"the second is none", eachLine, "a\nb\n", "a\n[b\n", grader.JE, "line 2: no regular expression"},
		{"the second differs", eachLine, "a1\nbx\n", "a\\d\nb\\d\n", grader.WA, `line 2, column 2: expected what "b\d" matches, got "x"`},
		{"a line is missing", eachLine, "a1\n", "a\\d\nb\\d\n", grader.WA, `line 1, column 3: expected what "b\d" matches, got the end of the output`},
		{"a line too many", eachLine, "a1\nb\n", "a\\d\n", grader.WA, `line 2, column 1: expected the end of the output, got "b"`},
		{"a missing line that may be blank", eachLine, "a1\n", "a\\d\nb?\n", grader.AC, ""},
		{"all missing", eachLine, "", "a?\nb?\n", grader.AC, ""},
		{"both empty", eachLine, "\n", "\n", grader.AC, ""},
		{"something for nothing", eachLine, "x\n", "\n", grader.WA, `line 1, column 1: expected the end of the output, got "x"`},
	}
	for _, p := range table {
		f := Check(p.compare, []byte(p.output), []byte(p.answer))
		if f.Verdict != p.want || !strings.Contains(f.Detail, p.detail) {
			t.Errorf("%s: Check(%.30q, %.30q) = %s (%s), want %s (%s)", p.name, p.output, p.answer, f.Verdict, f.Detail, p.want, p.detail)
		}
		if f.Verdict != grader.JE {
			sound(t, f)
		}
	}
}

func TestDetailOfTheLooserModes(t *testing.T) {
	folding := func(m grader.Mode) grader.Compare { return grader.Compare{Mode: m, IgnoreCase: true} }
	for _, c := range []struct {
		compare        grader.Compare
		output, answer string
		want           string
		hint           string
	}{
		{unordered, "b\nx\na\n", "a\nb\nc\n", `line 2, column 1: expected another line, such as "c", got "x"`, ""},
		{unordered, "b\na\nb\n", "a\nb\n", `line 3, column 1: expected no further line, got "b"`, ""},
		{unordered, "b\n\n", "a\nb\n", `line 1, column 2: expected "a" in some line, got the end of the output`, ""},
		{unordered, "", "a\nb\n", `line 1, column 1: expected "a" in some line, got an empty output`, ""},
		{unordered, "b  c\na\n", "a\nb c\n", `line 1, column 1: expected another line, such as "b c", got "b  c"`, "AC if white space only separated"},
		{unordered, "B\na\n", "a\nb\n", `line 1, column 1: expected another line, such as "b", got "B"`, "AC if upper and lower case were the same (case: ignore)"},
		{folding(grader.Unordered), "B\nK\nx\n", "k\nb\ny\n", `line 3, column 1: expected another line, such as "y", got "x"`, ""},
		{lines, "2\n1\n", "1\n2\n", `line 1, column 1: expected "1", got "2"`, "AC if the order of the lines did not count (compare: unordered)"},
		{contains, "the answer is 41\n", "is 42", `line 1, column 15: expected "42", got "41"`, ""},
		{contains, "first\n  total: 41 euro\n", "total: 42\n", `line 2, column 10: expected "42", got "41"`, ""},
		{contains, "a\nb\nc\n", "b\nd", `line 3, column 1: expected "d", got "c"`, ""},
		{contains, "a\nb\n", "b\nc", `line 2, column 2: expected the end of the line, got the end of the output`, ""},
		{contains, "x", "y", `line 1, column 1: expected "y" somewhere, got "x"`, ""},
		{contains, "", "y", `line 1, column 1: expected "y" somewhere, got an empty output`, ""},
		{contains, "a  b", "a b", `line 1, column 3: expected "b", got a space`, "AC if white space only separated"},
		{contains, "Total: 42", "total: 42", `line 1, column 3: expected "total:" somewhere, got "tal:"`, "AC if upper and lower case were the same (case: ignore)"},
		{folding(grader.Contains), "straße ÄX", "STRASSE", ``, ""},
		{folding(grader.Contains), "ÄÖ x1", "äö X2", `line 1, column 4: expected "X2", got "x1"`, ""},
		{regex, "YES", "yes", `line 1, column 1: expected what "yes" matches, got "YES"`, "AC if upper and lower case were the same ((?i) at the start)"},
		{regex, "is 42", "[0-9]+", `line 1, column 1: expected what "[0-9]+" matches, got "is"`, "AC if a part of the output had to match"},
		{regex, "\ufeff42", "[0-9]+", `line 1, column 1: expected what "[0-9]+" matches, got "\ufeff42"`, "AC without the byte order mark at the start"},
	} {
		f := Check(c.compare, []byte(c.output), []byte(c.answer))
		if c.want != "" && f.Detail != c.want || f.Hint != c.hint || f.Verdict != grader.WA {
			t.Errorf("%s: Check(%q, %q)\n got %s %s; %s\nwant %s; %s", c.compare.Mode, c.output, c.answer, f.Verdict, f.Detail, f.Hint, c.want, c.hint)
		}
		sound(t, f)
	}
	for _, c := range []struct {
		mode           grader.Mode
		output, answer string
	}{{grader.Unordered, "B\nÄ\n", "ä\nb\n"}, {grader.Contains, "xx \u212aELVIN", "kelvin"}, {grader.Regex, "YES", "yes"}} {
		if f := Check(folding(c.mode), []byte(c.output), []byte(c.answer)); f.Verdict != grader.AC {
			t.Errorf("%s, case ignored: %+v", c.mode, f)
		}
	}
}

func TestPresentation(t *testing.T) {
	with := func(m grader.Mode) grader.Compare { return grader.Compare{Mode: m, Presentation: true, Absolute: 1e-6} }
	for _, c := range []struct {
		mode           grader.Mode
		output, answer string
		want           grader.Verdict
		detail         string
	}{
		{grader.Lines, "1 2\r\n", "1 2\n", grader.AC, ""},
		{grader.Lines, "1  2\n", "1 2\n", grader.PE, `line 1, column 3: expected "2", got a space`},
		{grader.Lines, "1 3\n", "1 2\n", grader.WA, `line 1, column 3: expected "2", got "3"`},
		{grader.Tokens, "1 2 \r\n3\n\n", "1 2\n3", grader.AC, ""},
		{grader.Tokens, "1\n2\n", "1 2\n", grader.PE, `line 1, column 2: expected a space, got a new line`},
		{grader.Tokens, "1   2\n", "1\n\n 2\n", grader.PE, `line 1, column 2: expected 2 new lines and a space, got 3 blanks`},
		{grader.Tokens, " 1\n", "1\n", grader.PE, `line 1, column 1: expected no white space, got a space`},
		{grader.Tokens, "2\n1\n", "1 2\n", grader.WA, `line 1, column 1: expected "1", got "2"`},
		{grader.Numbers, "0.50 1\n", "0.5 1\n", grader.AC, ""},
		{grader.Numbers, "0.50\t1\n", "0.5 1\n", grader.PE, `line 1, column 5: expected a space, got a tab`},
		{grader.Numbers, "0.6 1\n", "0.5 1\n", grader.WA, `(off by 0.1)`},
		{grader.Unordered, "b\na\n", "a\nb\n", grader.AC, ""},
		{grader.Unordered, " b c\na\n", "a\nb  c\n", grader.PE, `line 1, column 1`},
		{grader.Unordered, "c\na\n", "a\nb\n", grader.WA, `line 1, column 1`},
	} {
		f := Check(with(c.mode), []byte(c.output), []byte(c.answer))
		if f.Verdict != c.want || !strings.Contains(f.Detail, c.detail) {
			t.Errorf("%s: Check(%q, %q) = %s (%s), want %s (%s)", c.mode, c.output, c.answer, f.Verdict, f.Detail, c.want, c.detail)
		}
		sound(t, f)
	}
}

func TestDifferenceOfTheLooserModes(t *testing.T) {
	for name, c := range map[string]struct {
		compare        grader.Compare
		output, answer string
		want           string
	}{
		"unordered":         {unordered, "b\nx\na\ny \n", "a\nc\nb\n", "@@ -2 +0,0 @@\n-c\n@@ -0,0 +2 @@\n+x\n@@ -0,0 +4 @@\n+y·\n"},
		"contains":          {contains, "a\nb\nc\n", "b\nd\n", "@@ -1,2 +1,3 @@\n+a\n b\n-d\n+c\n"},
		"regex":             {regex, "a\nx\n", "a\nb+\n", "@@ -1,2 +1,2 @@\n a\n-b+\n+x\n"},
		"regex, each line":  {eachLine, "a1\nx\n", "a\\d\nb+\n", "@@ -1,2 +1,2 @@\n a\\d\n-b+\n+x\n"},
		"case ignored":      {grader.Compare{Mode: grader.Contains, IgnoreCase: true}, "A\nx\n", "a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n+x\n"},
		"layout":            {grader.Compare{Mode: grader.Tokens, Presentation: true}, "1\n2\n", "1 2\n", "@@ -1 +1,2 @@\n-1 2\n+1\n+2\n"},
		"unordered, folded": {grader.Compare{Mode: grader.Unordered, IgnoreCase: true}, "ſtraße\nX\nÄx\n", "äX\nstraße\ny\n", "@@ -3 +0,0 @@\n-y\n@@ -0,0 +2 @@\n+X\n"},
	} {
		if got := Check(c.compare, []byte(c.output), []byte(c.answer)).Difference; got != head+c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, head+c.want)
		}
	}
	f := Check(unordered, []byte(strings.Repeat("x\n", 1000)), []byte(strings.Repeat("y\n", 2000)))
	if n := strings.Count(f.Difference, "\n"); n > 100 || !strings.HasSuffix(f.Difference, "\\ cut here: 2000 lines missing, 1000 too many\n") {
		t.Errorf("%d lines: %s", n, f.Difference)
	}
}
