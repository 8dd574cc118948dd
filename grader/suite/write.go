package suite

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"pocket/grader"
	"pocket/runtime/resource"
)

// Marshal writes a suite as a suite.yaml that Load reads as the same suite when it lies in s.Dir with all files of
// the suite at their places, but for line numbers. What the suite says for all its cases is written with each of
// them. The folder of reference submissions is not written.
func Marshal(s *grader.Suite) ([]byte, error) {
	w := &writer{dir: s.Dir}
	root := &mapping{}
	root.add("version", plain("1"))
	root.add("name", exact(s.Name))
	root.words("description", s.Description)
	root.add("rootfs", exact(w.within(s.RootFS)))
	if s.LanguageFile != "" {
		root.add("language-file", exact(w.relative(s.LanguageFile)))
	}
	root.list("languages", s.Languages)
	if s.StopEarly {
		root.add("stop-early", plain("true"))
	}
	root.add("limits", limitsNode(s.Limits, resource.Limits{}))
	if len(s.Groups) > 0 {
		root.add("groups", groupsNode(s.Groups))
	}
	cases := &yaml.Node{Kind: yaml.SequenceNode}
	for _, c := range s.Cases {
		cases.Content = append(cases.Content, w.caseNode(c, s.Limits))
	}
	root.add("cases", cases)
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(root.node()); err != nil {
		return nil, fmt.Errorf("writing the suite: %w", err)
	}
	return b.Bytes(), w.problem
}

// writer writes paths as a suite in a folder has them.
type writer struct {
	dir     string
	problem error // the first path that leads out of the folder
}

// relative is a path in the suite's folder as the suite writes it.
func (w *writer) relative(path string) string {
	relative, err := filepath.Rel(w.dir, path)
	if (err != nil || !filepath.IsLocal(relative)) && w.problem == nil {
		w.problem = fmt.Errorf("writing the suite: %s is not in its folder", path)
	}
	return relative
}

// within is a path in the suite's folder as the suite writes it, or a name as it is.
func (w *writer) within(name string) string {
	if !filepath.IsAbs(name) {
		return name
	}
	return "./" + w.relative(name)
}

func (w *writer) caseNode(c grader.Case, base resource.Limits) *yaml.Node {
	m := &mapping{}
	m.add("name", exact(c.Name))
	if c.Group != "" {
		m.add("group", exact(c.Group))
	}
	m.add("visibility", plain(string(c.Visibility)))
	m.add("points", numberNode(c.Points))
	w.text(m, "input", c.Input, false)
	if c.Digest != nil {
		m.add("answer-digest", digestNode(*c.Digest))
	} else {
		w.text(m, "answer", c.Answer, !judged(c))
	}
	m.list("args", c.Args)
	m.list("env", c.Env)
	if len(c.Volumes) > 0 {
		m.add("volume", w.volumes(c.Volumes))
	}
	if own := limitsNode(c.Limits, base); len(own.Content) > 0 {
		m.add("limits", own)
	}
	switch {
	case c.Interactor != nil:
		m.add("interactor", w.toolNode(*c.Interactor))
		if c.Compare.Checker != nil {
			m.add("checker", w.toolNode(*c.Compare.Checker))
		}
	case c.Compare.Checker != nil:
		m.add("checker", w.toolNode(*c.Compare.Checker))
	default:
		m.add("compare", compareNode(c.Compare))
	}
	return m.node()
}

// text writes an input or an answer; one that is empty only where it must be there.
func (w *writer) text(m *mapping, key string, t grader.Text, needed bool) {
	switch {
	case t.Path != "":
		m.add(key+"-file", exact(w.relative(t.Path)))
	case t.Inline != "" || needed:
		m.add(key, exact(t.Inline))
	}
}

func (w *writer) volumes(all []grader.Volume) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, v := range all {
		m := &mapping{}
		m.add(w.relative(v.Host), exact(v.Target))
		list.Content = append(list.Content, m.flow())
	}
	return list
}

func (w *writer) toolNode(t grader.Tool) *yaml.Node {
	m := &mapping{}
	m.add("program", exact(w.relative(t.Path)))
	if t.Language != "" {
		m.add("language", exact(t.Language))
	}
	m.add("protocol", plain(string(t.Protocol)))
	m.list("args", t.Args)
	m.add("limits", limitsNode(t.Limits, resource.Limits{}))
	return m.flow()
}

func groupsNode(groups []grader.Group) *yaml.Node {
	all := &mapping{}
	for _, g := range groups {
		m := &mapping{}
		if g.Points > 0 {
			m.add("points", numberNode(g.Points))
		}
		m.add("score", plain(string(g.Score)))
		m.list("requires", g.Requires)
		all.add(g.Name, m.flow())
	}
	return all.node()
}

func compareNode(c grader.Compare) *yaml.Node {
	m := &mapping{}
	mode := c.Mode
	if mode == "" {
		mode = grader.Lines
	}
	m.add("mode", plain(string(mode)))
	if c.Absolute > 0 {
		m.add("absolute", numberNode(c.Absolute))
	}
	if c.Relative > 0 {
		m.add("relative", numberNode(c.Relative))
	}
	if c.IgnoreCase {
		m.add("case", plain("ignore"))
	}
	if c.EachLine {
		m.add("each-line", plain("true"))
	}
	if c.Presentation {
		m.add("presentation", plain("true"))
	}
	return m.flow()
}

func digestNode(d grader.AnswerDigest) *yaml.Node {
	m := &mapping{}
	m.add("salt", exact(hex.EncodeToString(d.Salt)))
	m.add("rounds", plain(strconv.Itoa(d.Rounds)))
	m.add("right", exact(hex.EncodeToString(d.Right)))
	if len(d.Near) > 0 {
		m.add("near", exact(hex.EncodeToString(d.Near)))
	}
	return m.node()
}

// limitsNode writes the limits that are other than those of base.
func limitsNode(l, base resource.Limits) *yaml.Node {
	m := &mapping{}
	for _, t := range []struct {
		key       string
		own, base time.Duration
	}{{"cpu", l.CPU, base.CPU}, {"wall", l.Wall, base.Wall}} {
		if t.own != t.base {
			m.add(t.key, plain(t.own.String()))
		}
	}
	for _, s := range []struct {
		key       string
		own, base resource.Size
	}{{"memory", l.Memory, base.Memory}, {"output", l.Output, base.Output}, {"files", l.Files, base.Files},
		{"stack", l.Stack, base.Stack}, {"file-size", l.FileSize, base.FileSize}} {
		if s.own != s.base {
			m.add(s.key, plain(s.own.String()))
		}
	}
	for _, n := range []struct {
		key       string
		own, base int
	}{{"processes", l.Processes, base.Processes}, {"open-files", l.OpenFiles, base.OpenFiles}} {
		if n.own != n.base {
			m.add(n.key, plain(strconv.Itoa(n.own)))
		}
	}
	return m.flow()
}
