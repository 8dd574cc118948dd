package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Mistake is one thing that is wrong in a suite, and where.
type Mistake struct {
	File string // as the user gave it
	Line int    // from 1
	Path string // what it is about: "limits.memory", "cases[2].answer-file", counted from 0; "" for the whole file
	Text string // what is wrong and, where it can be known, what was probably meant
}

// String writes the mistake as one line.
func (m Mistake) String() string {
	if m.Path == "" {
		return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", m.File, m.Line, m.Path, m.Text)
}

// Errors is all mistakes of a suite, in the order of their lines; never empty.
type Errors []Mistake

// Error writes one line per mistake.
func (e Errors) Error() string {
	var lines []string
	for _, m := range e {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, "\n")
}

// most is how many mistakes are kept: nobody reads more, and a short file can hold millions.
const most = 1000

// wrong notes a mistake about a node.
func (d *document) wrong(n *yaml.Node, path, format string, args ...any) {
	about := remark{n, oneLine(fmt.Sprintf(format, args...))}
	if len(d.mistakes) < most && !d.made[about] {
		d.made[about] = true
		d.wrongLine(n.Line, path, about.text)
	}
}

// remark tells mistakes apart: the same text about the same node, reached through two aliases, is one.
type remark struct {
	node *yaml.Node
	text string
}

func (d *document) wrongLine(line int, path, text string) {
	line = max(1, min(line, d.lines)) // yaml.v3 sees the end of the text below its last line
	m := Mistake{File: d.file, Line: line, Path: oneLine(path), Text: oneLine(text)}
	d.mistakes = append(d.mistakes, m)
}

func (d *document) sorted() Errors {
	slices.SortStableFunc(d.mistakes, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
	return d.mistakes
}

// oneLine keeps what a suite contains from breaking a message apart: keys can hold any character.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\u0085' {
			return '\ufffd'
		}
		return r
	}, s)
}

// nearest returns the word that was probably meant, or "".
func nearest(word string, words []string) string {
	best, at := "", max(1, len(word)/3)+1
	if len(word) > 40 {
		return ""
	}
	for _, w := range words {
		if d := distance(simple(word), simple(w)); d < at {
			best, at = w, d
		}
	}
	return best
}

// simple drops what people write differently in one word: inputFile, input_file, input-file.
func simple(word string) string { return strings.ToLower(separators.Replace(word)) }

var separators = strings.NewReplacer("-", "", "_", "", " ", "")

// distance returns how many characters must be inserted, deleted or replaced, or neighbours swapped, to
// make a into b.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			replaced := rows[i-1][j-1]
			if s[i-1] != t[j-1] {
				replaced++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replaced)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}

// meant writes what was probably meant, or which words there are, for the end of a message.
func meant(word string, words []string) string {
	if w := nearest(word, words); w != "" {
		return fmt.Sprintf("(did you mean %s?)", w)
	}
	return fmt.Sprintf("(known: %s)", strings.Join(words, ", "))
}
