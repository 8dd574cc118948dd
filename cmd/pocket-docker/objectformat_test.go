package main

import (
	"strings"
	"testing"
)

func TestObjectFormat(t *testing.T) {
	object := map[string]any{
		"Id": "abc", "State": map[string]any{"Pid": 12345678901, "OOMKilled": nil, "Running": true},
		"Config": map[string]any{"Labels": map[string]string{"a.b": "c<d"}, "Cmd": []string{"sh", "-c"}},
	}
	for format, want := range map[string]string{
		"{{.Id}}":                 "abc",
		"{{ .Id }}x":              "abcx",
		"plain":                   "plain",
		`{{.Id}}\t{{.State.Pid}}`: "abc\t12345678901",
		"{{.State.OOMKilled}} {{.State.Running}}": "null true",
		`{{index .Config.Labels "a.b"}}`:          "c<d",
		`{{index .Config.Cmd 1}}`:                 "-c",
		`{{json .Config.Labels}}`:                 `{"a.b":"c<d"}`,
		`{{.Config.Cmd}}`:                         `["sh","-c"]`,
		`{{json .Id}}`:                            `"abc"`,
		`{{json (index .Config.Labels "a.b")}}`:   "!",
		"{{.State.Nothing}}":                      "!",
		"{{.Id.More}}":                            "!",
		"{{index .Config.Cmd 2}}":                 "!",
		"{{index .Config.Labels a.b}}":            "!",
		"{{.Id":                                   "!",
		"{{Id}}":                                  "!",
		"{{range .Config.Cmd}}{{.}}{{end}}":       "!",
		"{{.Id | printf}}":                        "!",
		"{{}}":                                    "!",
	} {
		f, err := parseObjectFormat(format)
		got := ""
		if err == nil {
			got, err = f.line(object)
		}
		if want == "!" && err == nil {
			t.Errorf("%s: got %q and no error", format, got)
		} else if want != "!" && (err != nil || got != want) {
			t.Errorf("%s: got %q, %v; want %q", format, got, err, want)
		}
	}
	if f, err := parseObjectFormat(""); f != nil || err != nil {
		t.Error("the empty format is one")
	}
	if f, err := parseObjectFormat("json"); err != nil {
		t.Error(err)
	} else if line, err := f.line(object); err != nil || !strings.HasPrefix(line, `{"Config":{`) {
		t.Errorf("%s %v", line, err)
	}
}

func FuzzObjectFormat(f *testing.F) {
	f.Add(`{{index .A "b"}} {{json .}}`)
	f.Fuzz(func(t *testing.T, format string) {
		if o, err := parseObjectFormat(format); err == nil && o != nil {
			_, _ = o.line(map[string]any{"A": map[string]any{"b": []int{1}}})
		}
	})
}
