package suite

import (
	"strconv"

	"gopkg.in/yaml.v3"
)

// mapping is a YAML mapping that is written in the order in which it was made.
type mapping struct{ content []*yaml.Node }

func (m *mapping) add(key string, part *yaml.Node) { m.content = append(m.content, keyNode(key), part) }

// words adds a text unless it is empty.
func (m *mapping) words(key, text string) {
	if text != "" {
		m.add(key, exact(text))
	}
}

// list adds a list of texts unless it is empty.
func (m *mapping) list(key string, texts []string) {
	if len(texts) == 0 {
		return
	}
	all := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, text := range texts {
		all.Content = append(all.Content, exact(text))
	}
	m.add(key, all)
}

func (m *mapping) node() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Content: m.content} }

func (m *mapping) flow() *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: m.content, Style: yaml.FlowStyle}
}

// exact is a text in quotes, in which nothing is taken for anything else.
func exact(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle}
}

// plain is a word or a number of our own.
func plain(word string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: word} }

// keyNode is a key, in quotes where it is no plain word of ours.
func keyNode(key string) *yaml.Node {
	for _, r := range key {
		if (r < 'a' || r > 'z') && r != '-' {
			return exact(key)
		}
	}
	switch key {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "", "-", "--", "---": // of some version of YAML
		return exact(key)
	}
	return plain(key)
}

func numberNode(x float64) *yaml.Node { return plain(strconv.FormatFloat(x, 'g', -1, 64)) }
