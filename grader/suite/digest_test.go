package suite

import (
	"bytes"
	"strings"
	"testing"

	"pocket/grader"
)

var (
	salt  = strings.Repeat("5a", 16)
	proof = strings.Repeat("0F", 32)
)

func digested(compare, digest string) string {
	return "version: 1\nname: x\ncases:\n- compare: " + compare + "\n  answer-digest: " + digest + "\n"
}

func TestLoadAnswerDigest(t *testing.T) {
	for compare, near := range map[string]bool{"exact": true, "lines": false, "{mode: unordered, presentation: true}": true,
		"{mode: tokens, case: ignore}": false} {
		text := "{salt: '" + salt + "', rounds: 100000, right: '" + proof + "'"
		if near {
			text += ", near: '" + proof + "'"
		}
		c := load(t, digested(compare, text+"}")).Cases[0]
		d := c.Digest
		if d == nil || d.Rounds != 100000 || !bytes.Equal(d.Salt, bytes.Repeat([]byte{0x5a}, 16)) || len(d.Right) != 32 || (len(d.Near) == 32) != near {
			t.Errorf("%s: %+v", compare, d)
		}
		if c.Answer != (grader.Text{}) {
			t.Errorf("%s: an answer: %+v", compare, c.Answer)
		}
		if what := invalid(t, digested(compare, text+"}")); what != "" {
			t.Errorf("%s: the schema refuses it: %s", compare, what)
		}
	}
}

func TestAnswerDigestMistakes(t *testing.T) {
	good := "salt: '" + salt + "', rounds: 1, right: '" + proof + "'"
	for _, c := range []struct{ text, want string }{
		{digested("lines", "x"), `5: cases[0].answer-digest: must be a mapping (KEY: VALUE), not "x"`},
		{digested("lines", "{"+good+", left: x}"), `5: cases[0].answer-digest.left: unknown key`},
		{digested("lines", "{"+good+", near: '"+proof+"'}"), `5: cases[0].answer-digest.near: means nothing: the comparison has no PE`},
		{digested("exact", "{"+good+"}"), `5: cases[0].answer-digest.near: missing: the comparison has PE`},
		{digested("numbers", "{"+good+"}"), `5: cases[0].answer-digest: means nothing in mode numbers: numbers that differ a little have digests that differ altogether`},
		{digested("regex", "{"+good+"}"), `5: cases[0].answer-digest: means nothing in mode regex: a regular expression is applied, not compared`},
		{digested("lines", "{rounds: 1, right: '"+proof+"'}"), `5: cases[0].answer-digest.salt: missing`},
		{digested("lines", "{salt: '"+salt+"', right: '"+proof+"'}"), `5: cases[0].answer-digest.rounds: missing`},
		{digested("lines", "{salt: '"+salt+"', rounds: 1}"), `5: cases[0].answer-digest.right: missing`},
		{digested("lines", "{salt: 5a5a, rounds: 1, right: '"+proof+"'}"), `5: cases[0].answer-digest.salt: 2 bytes, of which a salt has at least 16`},
		{digested("lines", "{salt: '"+salt+"', rounds: 1, right: abcd}"), `5: cases[0].answer-digest.right: 2 bytes, of which a digest has 32`},
		{digested("lines", "{salt: '"+salt+"', rounds: 1, right: xyz}"), `5: cases[0].answer-digest.right: "xyz" is not hexadecimal`},
		{digested("lines", "{salt: '"+salt+"', rounds: 0, right: '"+proof+"'}"), `5: cases[0].answer-digest.rounds: "0" is not a whole number from 1 to`},
		{digested("lines", "{salt: '"+salt+"', rounds: 2000001, right: '"+proof+"'}"), `5: cases[0].answer-digest.rounds: 2000001 are more than 2000000`},
		{digested("lines", "{"+good+"}") + "  answer: x\n", `5: cases[0].answer-digest: cannot stand beside answer`},
	} {
		if got := mistakes(t, c.text); !strings.HasPrefix(got, File+":"+c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}
