package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// objectFormat is a format for objects whose fields have fields: literal texts and paths in turn.
type objectFormat struct {
	texts []string // one more than paths
	paths []objectPath
}

// objectPath leads to a value inside an object.
type objectPath struct {
	names  []string
	asJSON bool
	source string // as it was written
}

// parseObjectFormat reads '{{.State.Pid}} {{json .Config}} {{index .Config.Labels "a.b"}}'; nil for "".
func parseObjectFormat(text string) (*objectFormat, error) {
	switch text {
	case "":
		return nil, nil
	case "json":
		text = "{{json .}}"
	}
	f := &objectFormat{}
	for {
		literal, rest, found := strings.Cut(text, "{{")
		f.texts = append(f.texts, strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(literal))
		if !found {
			return f, nil
		}
		action, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, fmt.Errorf("--format: {{ is not closed in %q", text)
		}
		path, err := parseObjectPath(strings.TrimSpace(action))
		if err != nil {
			return nil, fmt.Errorf("--format: %w", err)
		}
		f.paths = append(f.paths, path)
		text = after
	}
}

func parseObjectPath(action string) (objectPath, error) {
	p := objectPath{source: action}
	text := action
	if rest, ok := strings.CutPrefix(text, "json "); ok {
		p.asJSON, text = true, strings.TrimSpace(rest)
	}
	keys, indexed := "", false
	if rest, ok := strings.CutPrefix(text, "index "); ok {
		text, keys, indexed = cutWord(strings.TrimSpace(rest))
	}
	if !strings.HasPrefix(text, ".") || strings.ContainsAny(text, " |()\"'") {
		return p, fmt.Errorf("{{%s}} is not understood: {{.Field.Field}}, {{json .Field}} and {{index .Field \"key\"}} are", action)
	}
	for name := range strings.SplitSeq(strings.Trim(text, "."), ".") {
		if name != "" {
			p.names = append(p.names, name)
		}
	}
	for indexed && keys != "" {
		key, rest, err := cutKey(keys)
		if err != nil {
			return p, fmt.Errorf("{{%s}}: %w", action, err)
		}
		p.names = append(p.names, key)
		keys = rest
	}
	return p, nil
}

func cutWord(s string) (word, rest string, ok bool) {
	word, rest, _ = strings.Cut(s, " ")
	return word, strings.TrimSpace(rest), true
}

// cutKey takes a quoted key or a number from the beginning of s.
func cutKey(s string) (key, rest string, err error) {
	quoted, err := strconv.QuotedPrefix(s)
	if err == nil {
		key, err = strconv.Unquote(quoted)
		return key, strings.TrimSpace(s[len(quoted):]), err
	}
	word, rest, _ := cutWord(s)
	if _, err := strconv.ParseUint(word, 10, 31); err != nil {
		return "", "", fmt.Errorf("%q is neither a quoted key nor a number", word)
	}
	return word, rest, nil
}

// line fills the format in for an object, which is anything that encoding/json can write.
func (f *objectFormat) line(object any) (string, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return "", err
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	var tree any
	if err := in.Decode(&tree); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(f.texts[0])
	for i, p := range f.paths {
		text, err := p.value(tree)
		if err != nil {
			return "", fmt.Errorf("--format {{%s}}: %w", p.source, err)
		}
		b.WriteString(text + f.texts[i+1])
	}
	return b.String(), nil
}

func (p objectPath) value(tree any) (string, error) {
	for _, name := range p.names {
		var err error
		if tree, err = child(tree, name); err != nil {
			return "", err
		}
	}
	if !p.asJSON {
		switch v := tree.(type) {
		case string:
			return v, nil
		case json.Number:
			return v.String(), nil
		case nil:
			return "null", nil
		}
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(tree); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func child(tree any, name string) (any, error) {
	switch v := tree.(type) {
	case map[string]any:
		if found, ok := v[name]; ok {
			return found, nil
		}
		var names []string
		for n := range v {
			names = append(names, n)
		}
		return nil, fmt.Errorf("there is no %q (%s)", name, joinSorted(names))
	case []any:
		i, err := strconv.Atoi(name)
		if err == nil && i < len(v) {
			return v[i], nil
		}
		return nil, fmt.Errorf("there is no %q in a list of %d", name, len(v))
	}
	return nil, fmt.Errorf("there is nothing in it that is called %q", name)
}
