package suite

import (
	"time"

	"gopkg.in/yaml.v3"

	"pocket/grader"
	"pocket/runtime/resource"
)

var toolKeys = keys{known: []string{"program", "language", "protocol", "args", "limits"}}

// The protocols that a checker and an interactor may speak, the default first.
var (
	checkers    = []grader.Protocol{grader.Testlib, grader.Kattis, grader.Exit}
	interactors = []grader.Protocol{grader.Testlib, grader.Kattis}
)

// toolLimits are a tool's where the suite has none. They are generous: a checker reads whatever a submission printed.
var toolLimits = resource.Limits{
	CPU: 10 * time.Second, Wall: 30 * time.Second, Memory: 512 * resource.MiB, Output: 8 * resource.MiB, Processes: 64,
	Files: 64 * resource.MiB,
}

// tool reads a program of the suite's: its path, or a mapping with it; nil after a mistake. protocols are
// those that it may speak, the default first, and base is its limits where none are written.
func (d *document) tool(v value, protocols []grader.Protocol, base resource.Limits) *grader.Tool {
	t := &grader.Tool{Protocol: protocols[0], Limits: base}
	if v.kind() == yaml.MappingNode {
		d.toolFields(v, t, protocols)
	} else {
		t.Path = v.program()
	}
	if t.Path == "" {
		return nil
	}
	d.tools = append(d.tools, t.Path)
	return t
}

func (d *document) toolFields(v value, t *grader.Tool, protocols []grader.Protocol) {
	f, _ := v.fields(toolKeys)
	if f.lacks("program") {
		v.under("program").wrong("missing: the source file, or a folder of them")
	}
	if part, ok := f.get("program"); ok {
		t.Path = part.program()
	}
	if part, ok := f.get("language"); ok {
		if name, ok := part.text(); ok && d.knows(part, name) {
			t.Language = name
		}
	}
	if part, ok := f.get("protocol"); ok {
		t.Protocol = choice(part, "a protocol here", protocols)
	}
	if part, ok := f.get("args"); ok {
		t.Args = part.words()
	}
	if part, ok := f.get("limits"); ok {
		own := d.limits(part)
		if own.Wall == 0 && t.Limits.Wall > 0 {
			own.Wall = max(t.Limits.Wall, 3*own.CPU)
		}
		t.Limits = own.Merge(t.Limits)
	}
}

// program reads the path of a source file or a folder of them; "" after a mistake.
func (v value) program() string {
	text, ok := v.inside()
	if !ok {
		return ""
	}
	path, mode, ok := v.existing(text)
	switch {
	case !ok:
		return ""
	case mode.IsDir():
		return path
	}
	return v.readable(text)
}

// patient is an interactor with time to wait for the submission that it talks to, unless the suite says how
// long it may take.
func patient(t *grader.Tool, limits resource.Limits) *grader.Tool {
	if t == nil || t.Limits.Wall > 0 {
		return t
	}
	own := *t
	own.Limits.Wall = max(toolLimits.Wall, limits.Wall+10*time.Second, 3*own.Limits.CPU)
	return &own
}
