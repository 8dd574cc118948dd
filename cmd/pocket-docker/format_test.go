package main

import (
	"strings"
	"testing"
)

var someColumns = []column{{"ID", "CONTAINER ID"}, {"Names", "NAMES"}}

func TestTemplate(t *testing.T) {
	rows := []map[string]string{{"ID": "1", "Names": "häßlich"}, {"ID": "22", "Names": "b"}}
	for text, want := range map[string]string{
		"{{.ID}}":                   "1\n22\n",
		"{{ .Names }}/{{.ID}}!":     "häßlich/1!\nb/22!\n",
		`{{.ID}}\t{{.Names}}`:       "1\thäßlich\n22\tb\n",
		`table {{.Names}}\t{{.ID}}`: "NAMES     CONTAINER ID\nhäßlich   1\nb         22\n",
		"plain":                     "plain\nplain\n",
	} {
		tmpl, err := parseTemplate(text, someColumns)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var out strings.Builder
		writeRows(&out, tmpl, someColumns, len(rows), func(i int, field string) string { return rows[i][field] })
		if out.String() != want {
			t.Errorf("%q: got\n%swant\n%s", text, out.String(), want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{{.ID":            "not closed",
		"{{.Nothing}}":     "{{.ID}} {{.Names}} are",
		"{{ID}}":           "is not known",
		"{{.ID | upper}}":  "is not known",
		"{{}}":             "is not known",
		"{{.ID}} {{.Foo}}": "{{.Foo}}",
	} {
		if _, err := parseTemplate(text, someColumns); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{{.ID}} {{.Names}}")
	f.Add("table {{.ID}}\\t{{")
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, err := parseTemplate(text, someColumns)
		if err == nil && len(tmpl.parts)%2 != 1 {
			t.Errorf("%q: %d parts", text, len(tmpl.parts))
		}
	})
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		`sh -c "echo ä"`: `sh -c "echo ä"`,
		"a\nb":           `a\nb`,
		"\x1b[2J\"x\"":   `\x1b[2J"x"`,
		"\xff":           `\xff`,
		"\u009b2J":       `\u009b2J`,
	} {
		if got := oneLine(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for in, want := range map[string]string{"short": "short", "exactly": "exactly", "too long": "too lo…", "äöüäöüäö": "äöüäöü…"} {
		if got := cut(in, 7); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
