package suite

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// value is a node of the document and the path to it.
type value struct {
	doc  *document
	node *yaml.Node
	key  *yaml.Node // before it in a mapping; or nil
	path string
}

// wrong notes a mistake at the value's line, once even where aliases lead to it several times.
func (v value) wrong(format string, args ...any) {
	n := v.node
	if v.key != nil && n.Kind == yaml.ScalarNode && n.Value == "" {
		n = v.key // yaml.v3 puts a value that is not written anywhere after its key
	}
	v.doc.wrong(n, v.path, format, args...)
}

// wrongKey notes a mistake about the key, whose value may begin lines below.
func (v value) wrongKey(format string, args ...any) { v.doc.wrong(v.key, v.path, format, args...) }

// under is a part of v that does not exist, for mistakes about its absence.
func (v value) under(key string) value {
	return value{doc: v.doc, node: v.node, path: join(v.path, key)}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// real is the node behind any aliases.
func (v value) real() *yaml.Node {
	n := v.node
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func (v value) kind() yaml.Kind { return v.real().Kind }

// isNull reports whether nothing is written where a value should be.
func (v value) isNull() bool {
	n := v.real()
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// shown names the value in a message.
func (v value) shown() string {
	n := v.real()
	switch {
	case v.isNull():
		return "nothing"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	return quote(n.Value)
}

func quote(s string) string {
	const longest = 60
	if utf8.RuneCountInString(s) > longest {
		return strconv.Quote(string([]rune(s)[:longest])) + "…"
	}
	return strconv.Quote(s)
}

// keys says which keys a mapping may have.
type keys struct {
	known     []string
	elsewhere map[string]string // keys of other mappings that are looked for here: where they belong
}

// fields is a mapping that was read.
type fields struct {
	parts    map[string]value
	misspelt []string // the keys that unknown ones probably mean
}

func (f fields) get(key string) (value, bool) {
	part, ok := f.parts[key]
	return part, ok
}

// lacks reports whether a key is missing and not just misspelt, which is a mistake already.
func (f fields) lacks(key string) bool {
	_, ok := f.parts[key]
	return !ok && !slices.Contains(f.misspelt, key)
}

// fields reads a mapping and notes unknown and repeated keys. It is false when v is no mapping.
func (v value) fields(k keys) (fields, bool) {
	f := fields{parts: map[string]value{}}
	if v.kind() != yaml.MappingNode {
		v.wrong("must be a mapping (KEY: VALUE), not %s", v.shown())
		return f, false
	}
	for name, part := range v.pairs() {
		switch {
		case slices.Contains(k.known, name):
			f.parts[name] = part
		case k.elsewhere[name] != "":
			part.wrongKey("does not belong here but %s", k.elsewhere[name])
		case name == "<<":
			part.wrongKey("merge keys are not supported (write the keys out)")
		default:
			f.misspelt = append(f.misspelt, nearest(name, k.known))
			part.wrongKey("unknown key %s", meant(name, k.known))
		}
	}
	return f, true
}

// pairs goes through a mapping in its order, leaving out the keys that are wrong in themselves.
func (v value) pairs() func(yield func(string, value) bool) {
	return func(yield func(string, value) bool) {
		n := v.real()
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := value{doc: v.doc, node: n.Content[i], path: v.path}
			name := key.real()
			if name.Kind != yaml.ScalarNode {
				key.wrong("a key must be text, not %s", key.shown())
				continue
			}
			key.path = join(v.path, name.Value)
			if line, again := seen[name.Value]; again {
				key.wrong("written twice: the first stands in line %d", line)
				continue
			}
			seen[name.Value] = key.node.Line
			if !yield(name.Value, value{v.doc, n.Content[i+1], n.Content[i], key.path}) {
				return
			}
		}
	}
}

// list reads a sequence. It is false when v is none.
func (v value) list() ([]value, bool) {
	n := v.real()
	if n.Kind != yaml.SequenceNode {
		v.wrong("must be a list, not %s", v.shown())
		return nil, false
	}
	var items []value
	for i, c := range n.Content {
		items = append(items, value{doc: v.doc, node: c, path: fmt.Sprintf("%s[%d]", v.path, i)})
	}
	return items, true
}
