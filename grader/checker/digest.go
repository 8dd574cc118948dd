package checker

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"unicode/utf8"

	"pocket/grader"
)

// Digest makes the digest of an answer, so that CheckDigest says of each output what Check says of it with the answer.
// The error says that there is none for this comparison.
func Digest(c grader.Compare, answer, salt []byte, rounds int) (grader.AnswerDigest, error) {
	if why := c.Digestible(); why != "" {
		return grader.AnswerDigest{}, errors.New(why)
	}
	d := grader.AnswerDigest{Salt: salt, Rounds: rounds}
	right, near := forms(c)
	var err error
	if d.Right, err = slowly(right, answer, d); err == nil && near != nil {
		d.Near, err = slowly(near, answer, d)
	}
	return d, err
}

// CheckDigest decides as Check does, with nothing of the answer but its digest. What is not AC has a detail
// without a place: where an output differs is not known.
func CheckDigest(c grader.Compare, output []byte, d grader.AnswerDigest) Finding {
	if why := c.Digestible(); why != "" {
		return Finding{Verdict: grader.JE, Detail: fmt.Sprintf("no digest can be compared in mode %s: %s", c.Mode, why)}
	}
	right, near := forms(c)
	same, err := equals(right, output, d, d.Right)
	if same || err != nil {
		return finding(grader.AC, "", err)
	}
	if near != nil {
		same, err = equals(near, output, d, d.Near)
	}
	if same || err != nil {
		return finding(grader.PE, "the output is right but for white space; of the answer only a digest is here", err)
	}
	return finding(grader.WA, "the output is not the answer, of which only a digest is here", nil)
}

func finding(v grader.Verdict, detail string, err error) Finding {
	if err != nil {
		return Finding{Verdict: grader.JE, Detail: "comparing with the answer's digest: " + err.Error()}
	}
	return Finding{Verdict: v, Detail: detail}
}

func equals(f form, output []byte, d grader.AnswerDigest, want []byte) (bool, error) {
	got, err := slowly(f, output, d)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

// slowly is the digest of a text in a form.
func slowly(f form, text []byte, d grader.AnswerDigest) ([]byte, error) {
	sum := sha256.New()
	f(sum, text)
	return pbkdf2.Key(sha256.New, string(sum.Sum(nil)), d.Salt, d.Rounds, sha256.Size)
}

// form writes a text such that all texts that are the same to a comparison are the same bytes.
type form func(sum hash.Hash, text []byte)

// forms are those of a comparison that has digests: of what is AC, and of what is PE or nil.
func forms(c grader.Compare) (right, near form) {
	switch c.Mode {
	case grader.Exact:
		return plainly, words(false, false)
	case grader.Tokens:
		right, near = words(c.IgnoreCase, c.Presentation), words(c.IgnoreCase, false)
	case grader.Unordered:
		right = sorted(c.IgnoreCase)
		near = func(sum hash.Hash, text []byte) { right(sum, squeeze(text)) }
	default:
		right = func(sum hash.Hash, text []byte) { sum.Write(normal(text)) }
		near = words(false, false)
	}
	if !c.Presentation {
		near = nil
	}
	return right, near
}

func plainly(sum hash.Hash, text []byte) { sum.Write(text) }

// words writes a text's words as sameToken sees them, with layout also the white space before each as findLayout
// does. A word has no newline in it.
func words(ignoreCase, layout bool) form {
	return func(sum hash.Hash, text []byte) {
		for t, end := nextToken(text, 0), 0; len(t.text) > 0; t = nextToken(text, end) {
			if layout {
				g := gapOf(text[end:t.start])
				sum.Write(binary.AppendUvarint(nil, uint64(g.newlines)))
				sum.Write(g.blanks)
			}
			sum.Write(letters(t.text, ignoreCase))
			sum.Write([]byte("\n"))
			end = t.end()
		}
	}
}

// letters is a word such that two are the same when equalFold says so.
func letters(word []byte, ignoreCase bool) []byte {
	switch {
	case !ignoreCase:
		return word
	case utf8.Valid(word):
		return fold(word)
	}
	made := make([]byte, len(word))
	for i, b := range word {
		made[i] = lower(b)
	}
	return made
}

// sorted writes a text's lines as strays sees them, in the order of their bytes.
func sorted(ignoreCase bool) form {
	return func(sum hash.Hash, text []byte) {
		if ignoreCase {
			text = fold(text)
		}
		var starts []int
		for at := 0; at < len(text); {
			line, _, next := cutLine(text, at)
			if len(trimRight(line)) > 0 {
				starts = append(starts, at)
			}
			at = next
		}
		slices.SortFunc(starts, func(a, b int) int { return bytes.Compare(lineAt(text, a), lineAt(text, b)) })
		for _, at := range starts {
			sum.Write(lineAt(text, at))
			sum.Write([]byte("\n"))
		}
	}
}
