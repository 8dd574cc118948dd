package language

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"pocket/runtime/resource"
)

// Mistake is one thing that is wrong in a file of definitions, and where.
type Mistake struct {
	File string // as the user gave it
	Line int    // from 1
	Text string
}

// Mistakes is all mistakes of a file, in the order of their lines; never empty.
type Mistakes []Mistake

// Error writes one line per mistake, each beginning with file and line.
func (m Mistakes) Error() string {
	var lines []string
	for _, one := range m {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", one.File, one.Line, one.Text))
	}
	return strings.Join(lines, "\n")
}

// reader reads YAML strictly and notes what is wrong with it.
type reader struct {
	file     string
	mistakes Mistakes
}

// key is a key of a mapping and what reads its value. path names it in messages: "c.run".
type key struct {
	name string
	read func(n *yaml.Node, path string)
}

// most is how many mistakes are kept: nobody reads more.
const most = 100

func (r *reader) wrong(n *yaml.Node, format string, args ...any) {
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return '\ufffd'
		}
		return c
	}, fmt.Sprintf(format, args...))
	if len(r.mistakes) < most {
		r.mistakes = append(r.mistakes, Mistake{r.file, max(n.Line, 1), text})
	}
}

// mapping reads a mapping with the keys.
func (r *reader) mapping(n *yaml.Node, at string, keys []key) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "%s: keys with values are expected, not %s", at, kind(n))
		return
	}
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], resolved(n.Content[i+1])
		if seen[name.Value] {
			r.wrong(name, "%s: %q is there twice", at, name.Value)
		}
		known := false
		for _, k := range keys {
			if k.name == name.Value && !seen[name.Value] {
				k.read(value, at+"."+k.name)
			}
			known = known || k.name == name.Value
		}
		if !known {
			r.wrong(name, "%s: unknown key %q%s", at, name.Value, meant(name.Value, names))
		}
		seen[name.Value] = true
	}
}

func (r *reader) keys(keys func() []key) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) { r.mapping(n, at, keys()) }
}

func (r *reader) text(to *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			r.wrong(n, "%s: a text is expected, not %s", at, kind(n))
			return
		}
		*to = n.Value
	}
}

func (r *reader) truth(to *bool) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		if n.Decode(to) != nil {
			r.wrong(n, "%s: true or false is expected, not %q", at, n.Value)
		}
	}
}

// list reads texts. A single text is no list of one: whoever writes a command as one text means several
// words by it.
func (r *reader) list(to *[]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		if n.Kind != yaml.SequenceNode {
			r.wrong(n, "%s: a list is expected, such as [a, b], not %s", at, kind(n))
			return
		}
		all := []string{}
		for _, one := range n.Content {
			var text string
			r.text(&text)(resolved(one), at)
			if strings.Contains(text, "\x00") {
				r.wrong(one, "%s: a NUL character cannot be in an argument", at)
			}
			all = append(all, text)
		}
		*to = all
	}
}

// command reads a program with its arguments. An empty list takes a command away that extends brought.
func (r *reader) command(to *[]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		if n.Kind == yaml.ScalarNode && n.Value != "" {
			r.wrong(n, "%s: a list of words is expected: [%s]", at, strings.Join(strings.Fields(n.Value), ", "))
			return
		}
		r.list(to)(n, at)
		if len(*to) > 0 && (*to)[0] == "" {
			r.wrong(n, "%s: the program has no name", at)
		}
	}
}

func (r *reader) commands(to *[][]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		if n.Kind != yaml.SequenceNode {
			r.wrong(n, "%s: a list of commands is expected, such as [[gcc, --version]], not %s", at, kind(n))
			return
		}
		var all [][]string
		for _, one := range n.Content {
			var command []string
			before := len(r.mistakes)
			r.command(&command)(resolved(one), at)
			if len(command) == 0 && len(r.mistakes) == before {
				r.wrong(one, "%s: the command is empty", at)
			}
			if len(command) > 0 {
				all = append(all, command)
			}
		}
		*to = all
	}
}

func (r *reader) variables(to *map[string]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		if n.Kind != yaml.MappingNode {
			r.wrong(n, "%s: variables with values are expected, such as {NAME: value}, not %s", at, kind(n))
			return
		}
		all := map[string]string{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], ""
			if name.Kind != yaml.ScalarNode || name.Value == "" || strings.ContainsAny(name.Value, "=\x00") {
				r.wrong(name, "%s: %q is not a variable's name", at, name.Value)
			}
			r.text(&value)(resolved(n.Content[i+1]), at+"."+name.Value)
			all[name.Value] = value
		}
		*to = all
	}
}

func (r *reader) limits(to *resource.Limits) func(*yaml.Node, string) {
	return r.keys(func() []key {
		return []key{
			{"cpu", r.duration(&to.CPU)},
			{"wall", r.duration(&to.Wall)},
			{"memory", r.size(&to.Memory)},
			{"files", r.size(&to.Files)},
			{"processes", r.count(&to.Processes)},
		}
	})
}

func (r *reader) duration(to *time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		d, err := time.ParseDuration(n.Value)
		if err != nil || d <= 0 || n.Kind != yaml.ScalarNode {
			r.wrong(n, "%s: %q is not a time, such as 1.5s or 2m", at, n.Value)
			return
		}
		*to = d
	}
}

func (r *reader) size(to *resource.Size) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		size, err := resource.ParseSize(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode {
			r.wrong(n, "%s: %q is not a size, such as 64MiB", at, n.Value)
			return
		}
		*to = size
	}
}

func (r *reader) count(to *int) func(*yaml.Node, string) {
	return func(n *yaml.Node, at string) {
		count, err := strconv.Atoi(n.Value)
		if err != nil || count < 0 || count > 1<<20 || n.Kind != yaml.ScalarNode {
			r.wrong(n, "%s: %q is not a number of processes", at, n.Value)
			return
		}
		*to = count
	}
}

// resolved follows an alias to its anchor.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys with values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

// meant is the word of those known that was probably meant, as the end of a message.
func meant(word string, known []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance is the number of letters to insert, remove or replace (Levenshtein).
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func isFolder(at string) bool { return path.IsAbs(at) && path.Clean(at) == at && at != "/" }
