package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// column is one thing that a list can show of each of its rows.
type column struct {
	field, title string
}

// template is what --format asks for: literal texts and fields in turn.
type template struct {
	parts  []string // parts[0] is literal, parts[1] a field, parts[2] literal, …
	titled bool     // "table …": a line of titles, and columns that align
}

// parseTemplate reads '{{.ID}} {{.Names}}': fields only, no pipelines or functions. Outside of fields
// \t and \n are a tab and a newline, as docker has it.
func parseTemplate(text string, known []column) (*template, error) {
	t := &template{}
	if rest, ok := strings.CutPrefix(text, "table "); ok {
		t.titled, text = true, rest
	}
	for {
		literal, rest, found := strings.Cut(text, "{{")
		t.parts = append(t.parts, strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(literal))
		if !found {
			return t, nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, fmt.Errorf("--format: {{ is not closed in %q", text)
		}
		field, dotted := strings.CutPrefix(strings.TrimSpace(name), ".")
		if label, ok := strings.CutPrefix(field, "Label "); ok && title(known, "Labels") != "" {
			field = "Label " + strings.Trim(label, "\"` ")
		} else if title(known, field) == "" || !dotted {
			return nil, fmt.Errorf("--format: {{%s}} is not known (%s are)", name, fieldList(known))
		}
		t.parts = append(t.parts, field)
		text = after
	}
}

func title(known []column, field string) string {
	if label, ok := strings.CutPrefix(field, "Label "); ok {
		return label
	}
	for _, c := range known {
		if c.field == field {
			return c.title
		}
	}
	return ""
}

func fieldList(known []column) string {
	var names []string
	for _, c := range known {
		names = append(names, "{{."+c.field+"}}")
	}
	return strings.Join(names, " ")
}

// line fills the template in.
func (t *template) line(value func(field string) string) string {
	var b strings.Builder
	for i, part := range t.parts {
		if i%2 == 1 {
			part = value(part)
		}
		b.WriteString(part)
	}
	return b.String()
}

// columnsOf returns the template of a table with the given fields.
func columnsOf(fields ...string) *template {
	t := &template{titled: true, parts: []string{""}}
	for i, f := range fields {
		gap := "\t"
		if i == len(fields)-1 {
			gap = ""
		}
		t.parts = append(t.parts, f, gap)
	}
	return t
}

// writeRows writes one line for each of n rows, with the titles above when the template has them.
func writeRows(w io.Writer, t *template, known []column, n int, value func(row int, field string) string) error {
	var lines []string
	if t.titled {
		lines = append(lines, t.line(func(field string) string { return title(known, field) }))
	}
	for i := range n {
		lines = append(lines, t.line(func(field string) string { return value(i, field) }))
	}
	if t.titled {
		lines = align(lines)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// isJSON says that a format asks for one object a line, with docker's names and texts.
func isJSON(format string) bool { return format == "json" || format == "{{json .}}" }

// writeObjects writes one object of the fields for each of n rows.
func writeObjects(w io.Writer, fields []column, n int, value func(row int, field string) string) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for i := range n {
		object := map[string]string{}
		for _, c := range fields {
			object[c.field] = value(i, c.field)
		}
		if err := out.Encode(object); err != nil {
			return err
		}
	}
	return nil
}

// align replaces the tabs of lines by blanks so that columns begin below each other, three apart.
func align(lines []string) []string {
	var widths []int
	for _, line := range lines {
		for i, cell := range strings.Split(line, "\t") {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		var b strings.Builder
		cells := strings.Split(line, "\t")
		for j, cell := range cells {
			b.WriteString(cell)
			if j < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell)+3))
			}
		}
		out[i] = strings.TrimRight(b.String(), " ")
	}
	return out
}

// oneLine makes text that may come from anybody fit for a terminal: what would move the cursor or
// start a line is shown as Go escapes it.
func oneLine(s string) string {
	clean := true
	for _, r := range s {
		clean = clean && r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) && r != utf8.RuneError
	}
	if clean {
		return s
	}
	q := fmt.Sprintf("%q", s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

// cut shortens s to n characters, the last of which is then "…".
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
