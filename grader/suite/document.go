package suite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// document is a suite.yaml while it is read.
type document struct {
	file     string
	dir      string   // absolute; what the suite names lies below
	lines    int      // of text
	known    []string // languages; none: any will do
	tools    []string // the paths of checkers and interactors
	mistakes Errors
	made     map[remark]bool
}

// decode returns the node at the root of the only document in text, or nil with the mistake noted.
func (d *document) decode(text []byte) *yaml.Node {
	d.lines = countLines(text)
	if line, what := unreadable(text); what != "" {
		d.wrongLine(line, "", what)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	if err := guarded(decoder, &document); errors.Is(err, io.EOF) {
		d.wrongLine(1, "", "empty")
		return nil
	} else if err != nil {
		d.syntax(err, text)
		return nil
	}
	if err := guarded(decoder, &second); err == nil {
		d.wrong(&second, "", "a second document: a suite is a single one")
		return nil
	} else if !errors.Is(err, io.EOF) {
		d.syntax(err, text)
		return nil
	}
	root := document.Content[0]
	if (value{doc: d, node: root}).isNull() && root.Value == "" {
		d.wrongLine(1, "", "empty")
		return nil
	}
	if left := weigh(root, heaviest, nil); left < 0 {
		d.wrong(root, "", "aliases expand to more than %d values, or contain themselves", heaviest)
		return nil
	}
	return root
}

// countLines counts as yaml.v3 does.
func countLines(text []byte) int {
	n := 1 - bytes.Count(text, []byte("\r\n"))
	for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
		n += bytes.Count(text, []byte(end))
	}
	if bytes.HasSuffix(text, []byte("\n")) {
		n--
	}
	return max(1, n)
}

// guarded decodes the next document. Where yaml.v3 cannot make sense of its own events it panics ("please
// report"); to the suite's author that is one more syntax error.
func guarded(decoder *yaml.Decoder, node *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: not understood: %v", p)
		}
	}()
	return decoder.Decode(node)
}

// unreadable finds what yaml.v3 would refuse without naming the line.
func unreadable(text []byte) (line int, what string) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return 1, "written in UTF-16 (save it as UTF-8)"
	}
	line = 1
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return line, fmt.Sprintf(`the byte \x%02x is not UTF-8 (save the file as UTF-8)`, text[i])
		case r == '\n':
			line++
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return line, fmt.Sprintf(`the control character \x%02x (write it as an escape in double quotes)`, r)
		}
		i += n
	}
	return 0, ""
}

// parserErrors are the messages for which yaml.v3 counts lines from 0, as its parser does; its scanner's
// count from 1.
var parserErrors = []string{
	"did not find expected <document start>", "did not find expected node content", "did not find expected key",
	"did not find expected '-' indicator", "did not find expected ',' or ']'", "did not find expected ',' or '}'",
	"found undefined tag handle", "found duplicate %YAML directive", "found incompatible YAML document",
	"found duplicate %TAG directive",
}

// syntax notes a text that is not YAML.
func (d *document) syntax(err error, text []byte) {
	line, message := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if number, rest, ok := strings.Cut(strings.TrimPrefix(message, "line "), ": "); ok {
		if n, err := strconv.Atoi(number); err == nil {
			line, message = n, rest
		}
	}
	if slices.Contains(parserErrors, message) {
		line++
	}
	if name, ok := strings.CutPrefix(message, "unknown anchor '"); ok {
		name, _, _ = strings.Cut(name, "'")
		if at := bytes.Index(text, []byte("*"+name)); at >= 0 {
			line = 1 + bytes.Count(text[:at], []byte("\n"))
		}
		message = fmt.Sprintf("the alias *%s stands for no anchor &%s before it", name, name)
	}
	d.wrongLine(line, "", "not YAML: "+strings.TrimSpace(message))
}

// heaviest is how many values a suite may have after its aliases are expanded: ten lines of aliases to
// aliases can stand for billions.
const heaviest = 500_000

// weigh subtracts the number of values below a node from left, as the reader will visit them, and stops
// below zero. Above are the aliased nodes that it is in.
func weigh(n *yaml.Node, left int, above []*yaml.Node) int {
	if left--; left < 0 {
		return left
	}
	if n.Kind == yaml.AliasNode {
		for _, a := range above {
			if a == n.Alias {
				return -1
			}
		}
		return weigh(n.Alias, left, append(above, n.Alias))
	}
	for _, c := range n.Content {
		if left = weigh(c, left, above); left < 0 {
			return left
		}
	}
	return left
}
