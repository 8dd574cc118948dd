package suite

import (
	"encoding/hex"

	"pocket/grader"
)

var digestKeys = keys{known: []string{"salt", "rounds", "right", "near"}}

// digestLength is how many bytes a digest has, and a salt at least half of it.
const digestLength = 32

// digest reads what a case has in place of its answer; nil where it has none or it is no good.
func (d *document) digest(f fields, c grader.Case) *grader.AnswerDigest {
	v, ok := f.get("answer-digest")
	if !ok {
		return nil
	}
	for _, key := range []string{"answer", "answer-file"} {
		if _, both := f.get(key); both {
			v.wrongKey("cannot stand beside %s", key)
		}
	}
	parts, ok := v.fields(digestKeys)
	if !ok {
		return nil
	}
	if c.Interactor != nil {
		v.wrongKey("means nothing beside an interactor, which decides")
	} else if why := c.Compare.Digestible(); why != "" {
		v.wrongKey("means nothing in mode %s: %s", c.Compare.Mode, why)
	}
	if _, ok := parts.get("near"); ok != c.Compare.HasNear() {
		v.nearMistake(ok)
	}
	return &grader.AnswerDigest{
		Salt: v.octets(parts, "salt"), Rounds: v.rounds(parts), Right: v.octets(parts, "right"), Near: v.octets(parts, "near"),
	}
}

func (v value) nearMistake(there bool) {
	if there {
		v.under("near").wrong("means nothing: the comparison has no PE")
		return
	}
	v.under("near").wrong("missing: the comparison has PE")
}

// octets reads bytes in hexadecimal.
func (v value) octets(f fields, key string) []byte {
	part, ok := f.get(key)
	if !ok {
		if key != "near" && f.lacks(key) {
			v.under(key).wrong("missing")
		}
		return nil
	}
	text, ok := part.text()
	if !ok {
		return nil
	}
	made, err := hex.DecodeString(text)
	switch {
	case err != nil:
		part.wrong("%s is not hexadecimal", quote(text))
	case key == "salt" && len(made) < digestLength/2:
		part.wrong("%d bytes, of which a salt has at least %d", len(made), digestLength/2)
	case key != "salt" && len(made) != digestLength:
		part.wrong("%d bytes, of which a digest has %d", len(made), digestLength)
	}
	return made
}

func (v value) rounds(f fields) int {
	part, ok := f.get("rounds")
	if !ok {
		if f.lacks("rounds") {
			v.under("rounds").wrong("missing")
		}
		return 0
	}
	n := part.count()
	if n > grader.MostRounds {
		part.wrong("%d are more than %d, and would take too long", n, grader.MostRounds)
	}
	return n
}
