package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                     nil,
		" \t\n":                nil,
		"a b":                  {"a", "b"},
		"  a\tb\nc ":           {"a", "b", "c"},
		`'' ""`:                {"", ""},
		`a''b`:                 {"ab"},
		`'a b'"c d"`:           {"a bc d"},
		`a\ b`:                 {"a b"},
		`\'`:                   {"'"},
		`"a\"b\$c\n\\"`:        {`a"b$c\n\`},
		`'a\b'`:                {`a\b`},
		"a\\\nb":               {"ab"},
		"\"a\\\nb\"":           {"ab"},
		"\\\n":                 nil,
		"a > b | c; $d `e` *#": {"a", ">", "b", "|", "c;", "$d", "`e`", "*#"},
		"Grüße \xff":           {"Grüße", "\xff"},
		`/bin/sh -c 'echo "Hello from container"'`: {"/bin/sh", "-c", `echo "Hello from container"`},
		`python -c 'print("Hello, world")'`:        {"python", "-c", `print("Hello, world")`},
	} {
		got, err := splitWords(line)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v; want %q", line, got, err, want)
		}
	}
}

func TestSplitWordsErrors(t *testing.T) {
	for line, want := range map[string]string{
		`a 'b`:   "single quote",
		`a "b`:   "double quote",
		`"a\"`:   "double quote",
		`a "b\`:  "double quote",
		`a \`:    "at the end",
		`'a' 'b`: "single quote",
	} {
		if got, err := splitWords(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v; want an error about %q", line, got, err, want)
		}
	}
}

// The host's own shell is the reference, for lines in which it would expand nothing.
func TestSplitWordsLikeSh(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh here: ", err)
	}
	for _, line := range []string{`a 'b c' "d e"`, `"a\\b" a\\b 'a\\b'`, `"\a" \a`, "a\\\nb \"c\\\nd\"", `''a"" ""`, `"'" '"'`} {
		out, err := exec.Command(sh, "-c", `printf '%s\0' `+line).Output()
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		want := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		if got, err := splitWords(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v; sh says %q", line, got, err, want)
		}
	}
}

func FuzzSplitWords(f *testing.F) {
	f.Add(`a 'b c' "d\"e" f\ g`)
	f.Add("'\\")
	f.Fuzz(func(t *testing.T, line string) {
		words, err := splitWords(line)
		if err != nil {
			return
		}
		// Quoting every word again must give the same words.
		quoted := ""
		for _, w := range words {
			quoted += "'" + strings.ReplaceAll(w, "'", `'\''`) + "' "
		}
		again, err := splitWords(quoted)
		if err != nil || !slices.Equal(again, words) {
			t.Errorf("%q: %q, again %q (%v)", line, words, again, err)
		}
	})
}
