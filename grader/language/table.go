package language

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for languages.yaml
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"pocket/runtime/hint"
)

//go:embed languages.yaml
var languagesYAML []byte

// Table is languages, in the order in which they are listed and preferred.
type Table []Language

// Default returns the languages that are built in. That languages.yaml can be read is a test's business.
func Default() Table { return slices.Clone(builtIn()) }

var builtIn = sync.OnceValue(func() Table {
	t, err := Table{}.extend("languages.yaml", languagesYAML)
	if err != nil {
		panic(err)
	}
	return t
})

// maxDefinitions is how large a file of definitions may be.
const maxDefinitions = 1 << 20

// Extend returns the table with the definitions of a YAML file: those with a name of the table's take that
// one's place, the others come last. An error about the file's content is Mistakes, all at once.
func (t Table) Extend(file string) (Table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, hint.With(fmt.Errorf("reading languages: %w", err), "check the path; grader/README.md explains what such a file holds")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxDefinitions+1))
	if err != nil {
		return nil, fmt.Errorf("reading languages: %w", err)
	}
	if len(text) > maxDefinitions {
		return nil, fmt.Errorf("reading languages: %s has more than 1 MiB", file)
	}
	return t.extend(file, text)
}

// Digest is a digest of all that the table says, in hex.
func (t Table) Digest() string {
	sum := sha256.New()
	for _, l := range t {
		fmt.Fprintf(sum, "%+v\n", l.written)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (t Table) extend(file string, text []byte) (Table, error) {
	r := &reader{file: file}
	list, err := r.parse(text)
	if err != nil {
		return nil, err
	}
	extended, seen := slices.Clone(t), map[string]bool{}
	for _, n := range list {
		d, ok := r.definition(resolved(n), extended)
		if !ok {
			continue
		}
		if seen[d.name] {
			r.wrong(n, "%s: the file defines it twice", d.name)
		}
		seen[d.name] = true
		at := slices.IndexFunc(extended, func(l Language) bool { return l.Name == d.name })
		if at < 0 {
			extended = append(extended, d.language())
		} else {
			extended[at] = d.language()
		}
	}
	if len(r.mistakes) > 0 {
		slices.SortStableFunc(r.mistakes, func(a, b Mistake) int { return a.Line - b.Line })
		return nil, r.mistakes
	}
	return extended, nil
}

// parse returns the definitions of a file: it is a list of them.
func (r *reader) parse(text []byte) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if err == nil && !errors.Is(decoder.Decode(&second), io.EOF) {
		r.wrong(&second, "one document is expected: what follows --- would not be read")
		return nil, r.mistakes
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, r.syntax(err)
	}
	if len(document.Content) != 1 || resolved(document.Content[0]).Kind != yaml.SequenceNode {
		r.wrong(&document, "a list of languages is expected: each begins with “- name:”")
		return nil, r.mistakes
	}
	return resolved(document.Content[0]).Content, nil
}

// syntax is the mistake that yaml.v3 writes as "yaml: line 3: …".
func (r *reader) syntax(err error) error {
	line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	r.wrong(&yaml.Node{Line: line}, "not YAML: %s", text)
	return r.mistakes
}

// definition reads one definition, which may extend one of the table's.
func (r *reader) definition(n *yaml.Node, t Table) (definition, bool) {
	var d definition
	before := len(r.mistakes)
	extends, at := value(n, "extends"), "language"
	if name := value(n, "name"); name != nil && name.Kind == yaml.ScalarNode && name.Value != "" {
		at = name.Value
	}
	if extends != nil {
		found, err := t.Find(extends.Value)
		if err != nil {
			r.wrong(extends, "%s.extends: %v%s", at, err, meant(extends.Value, t.Names()))
		}
		d = found.written
		d.name = ""
	}
	r.mapping(n, at, d.keys(r))
	if len(r.mistakes) > before {
		return d, false
	}
	for _, p := range d.check() {
		where := n
		if first, _, _ := strings.Cut(p.key, "."); value(n, first) != nil {
			where = value(n, first)
		}
		r.wrong(where, "%s.%s: %s", at, p.key, p.text)
	}
	return d, len(r.mistakes) == before
}

// value returns the value of a mapping's key, or nil.
func value(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return resolved(n.Content[i+1])
		}
	}
	return nil
}
