package checker

import (
	"bytes"
	"testing"

	"pocket/grader"
)

// digestibles are comparisons with digests: each mode with each of its options.
var digestibles = []grader.Compare{
	{}, {Mode: grader.Exact}, {Mode: grader.Lines}, {Mode: grader.Lines, Presentation: true},
	{Mode: grader.Tokens}, {Mode: grader.Tokens, IgnoreCase: true}, {Mode: grader.Tokens, Presentation: true},
	{Mode: grader.Tokens, IgnoreCase: true, Presentation: true},
	{Mode: grader.Unordered}, {Mode: grader.Unordered, IgnoreCase: true}, {Mode: grader.Unordered, Presentation: true},
	{Mode: grader.Unordered, IgnoreCase: true, Presentation: true},
}

// agrees fails where the digest of an answer leads to another verdict than the answer.
func agrees(t *testing.T, c grader.Compare, output, answer []byte) {
	t.Helper()
	d, err := Digest(c, answer, []byte("salt"), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := Check(c, output, answer).Verdict
	if got := CheckDigest(c, output, d); got.Verdict != want || (got.Detail == "") != (want == grader.AC) {
		t.Errorf("%+v: output %q, answer %q: %s (%s) by digest, %s by answer", c, output, answer, got.Verdict, got.Detail, want)
	}
}

func TestDigestAgrees(t *testing.T) {
	for _, c := range digestibles {
		for _, pair := range tricky {
			agrees(t, c, []byte(pair.output), []byte(pair.answer))
			agrees(t, c, []byte(pair.answer), []byte(pair.output))
		}
		for _, pair := range [][2]string{
			{"ſ K\n", "S k\n"}, {"\xffA\n", "\xffa\n"}, {"\xc3 A", "\xc3 a"}, {"Σ", "ς"}, {"İ", "i"}, {"a\nb \n\n", "B\n\nA"},
			{"1  2", "1 2"}, {"\n\n1", "1"}, {"1\n\n 2", "1\n 2\n"}, {"a b\n", "a\nb\n"}, {"\x011\n", "1\n"}, {"\n1 \n 2", "\n1\n 2"},
		} {
			agrees(t, c, []byte(pair[0]), []byte(pair[1]))
		}
	}
}

func FuzzDigestAgrees(f *testing.F) {
	for _, pair := range tricky {
		f.Add(byte(0), []byte(pair.output), []byte(pair.answer))
	}
	f.Fuzz(func(t *testing.T, which byte, output, answer []byte) {
		agrees(t, digestibles[int(which)%len(digestibles)], output, answer)
	})
}

// TestDigestTellsNothing: digests of the same answer differ by salt and by rounds, and those of one case from each other.
func TestDigestTellsNothing(t *testing.T) {
	c := grader.Compare{Mode: grader.Exact}
	var seen [][]byte
	for salt, rounds := range map[string]int{"a": 1, "b": 1, "c": 2} {
		d, err := Digest(c, []byte("25"), []byte(salt), rounds)
		if err != nil || len(d.Right) != 32 || len(d.Near) != 32 {
			t.Fatalf("%+v, %v", d, err)
		}
		for _, other := range seen {
			if bytes.Equal(other, d.Right) {
				t.Errorf("the same digest twice: %x", d.Right)
			}
		}
		seen = append(seen, d.Right)
	}
}

func TestDigestIsRefused(t *testing.T) {
	for _, mode := range []grader.Mode{grader.Numbers, grader.Regex, grader.Contains, grader.Checked} {
		c := grader.Compare{Mode: mode}
		if _, err := Digest(c, []byte("1"), []byte("salt"), 1); err == nil {
			t.Errorf("%s: a digest was made", mode)
		}
		if f := CheckDigest(c, []byte("1"), grader.AnswerDigest{}); f.Verdict != grader.JE {
			t.Errorf("%s: %s", mode, f.Verdict)
		}
	}
	if f := CheckDigest(grader.Compare{}, []byte("1"), grader.AnswerDigest{}); f.Verdict != grader.JE && f.Verdict != grader.WA {
		t.Errorf("an empty digest: %s", f.Verdict)
	}
}
