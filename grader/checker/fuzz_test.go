package checker

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pocket/grader"
)

func FuzzCheck(f *testing.F) {
	for _, p := range pairs {
		if len(p.output) < 1000 && len(p.answer) < 1000 {
			f.Add([]byte(p.output), []byte(p.answer), p.compare.Absolute, p.compare.IgnoreCase)
		}
	}
	f.Fuzz(func(t *testing.T, output, answer []byte, tolerance float64, ignoreCase bool) {
		verdicts := map[grader.Mode]grader.Verdict{}
		for _, m := range []grader.Mode{grader.Exact, grader.Lines, grader.Tokens, grader.Numbers, grader.Unordered, grader.Contains} {
			c := grader.Compare{Mode: m}
			if m == grader.Unordered || m == grader.Contains {
				c.IgnoreCase = ignoreCase
			}
			if m == grader.Numbers {
				c.Absolute, c.IgnoreCase = tolerance, ignoreCase
			}
			finding := Check(c, output, answer)
			sound(t, finding)
			verdicts[m] = finding.Verdict
			if v := Check(c, output, output).Verdict; v != grader.AC {
				t.Errorf("%s: Check(x, x) = %s for %q", m, v, output)
			}
			back := Check(c, answer, output).Verdict
			if m != grader.Numbers && m != grader.Contains && back != finding.Verdict {
				t.Errorf("%s: %s one way, %s the other", m, finding.Verdict, back)
			}
		}
		for _, stricter := range [][2]grader.Mode{
			{grader.Exact, grader.Lines}, {grader.Lines, grader.Tokens}, {grader.Tokens, grader.Numbers},
			{grader.Lines, grader.Unordered}, {grader.Lines, grader.Contains},
		} {
			if verdicts[stricter[0]] == grader.AC && verdicts[stricter[1]] != grader.AC {
				t.Errorf("%s accepts what %s does not", stricter[0], stricter[1])
			}
		}
	})
}

// FuzzRegex: what is quoted matches as Lines compares; anything else is a finding or JE, and never a panic.
func FuzzRegex(f *testing.F) {
	for _, p := range []string{"a", "a|b", "(a+)+$", "[", "\\Qx", "(?m)^a$", "a\nb", "\ufeff", "\xff", " "} {
		f.Add([]byte(p), []byte(p), true, false)
	}
	f.Fuzz(func(t *testing.T, output, answer []byte, eachLine, ignoreCase bool) {
		c := grader.Compare{Mode: grader.Regex, EachLine: eachLine, IgnoreCase: ignoreCase}
		if finding := Check(c, output, answer); finding.Verdict != grader.JE {
			sound(t, finding)
		}
		quoted := []byte(regexp.QuoteMeta(string(normal(answer))))
		same := Check(grader.Compare{Mode: grader.Lines}, output, answer).Verdict
		if got := Check(grader.Compare{Mode: grader.Regex}, output, quoted); utf8.Valid(quoted) && !bytes.Contains(quoted, []byte("\ufffd")) && got.Verdict != same {
			t.Errorf("lines says %s, the quoted answer %s (%s)", same, got.Verdict, got.Detail)
		}
	})
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"", "a \n", "\xff\xfe", "\u00a0\t\r\n", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := Visible(s)
		if !utf8.ValidString(v) {
			t.Errorf("Visible(%q) = %q is not UTF-8", s, v)
		}
		if i := strings.IndexFunc(v, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("Visible(%q) = %q has an invisible character at %d", s, v, i)
		}
		if strings.Count(v, "\n") != strings.Count(s, "\n") {
			t.Errorf("Visible(%q) = %q has other lines", s, v)
		}
	})
}

// BenchmarkCheck is what grading an output as long as the default limit allows costs.
func BenchmarkCheck(b *testing.B) {
	var text bytes.Buffer
	for i := 0; text.Len() < 8<<20; i++ {
		fmt.Fprintf(&text, "%d %d.5\n", i, i)
	}
	answer := text.Bytes()
	spaced := append(bytes.Clone(answer), ' ') // the shortcut for equal bytes does not apply
	wrong := append(bytes.Clone(answer), "x"...)
	for _, c := range []grader.Compare{exact, lines, tokens, close6, unordered, contains} {
		for name, output := range map[string][]byte{"spaced": spaced, "wrong": wrong} {
			b.Run(string(c.Mode)+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(output)))
				b.ReportAllocs()
				for b.Loop() {
					Check(c, output, answer)
				}
			})
		}
	}
}
