package seccomp

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNotJSON(t *testing.T) {
	for _, c := range []struct {
		text, want string
		line       int
	}{
		{"", "unexpected end where a value should be", 1},
		{" \n\n ", "unexpected end where a value should be", 3},
		{"[1,\n]", "unexpected ']' where a value should be", 2},
		{"[1\n2]", `unexpected '2' where ']' should be`, 2},
		{`{"a" 1}`, `unexpected '1' where ':' should be`, 1},
		{`{a:1}`, `unexpected 'a' where a key should be`, 1},
		{"{\"a\":\n\"b", "a string without an end", 2},
		{"\"a\nb\"", "a control character in a string", 1},
		{`"\x"`, "an unknown escape in a string", 1},
		{`"\u12g4"`, "an unknown escape in a string", 1},
		{`01`, "unexpected '1'", 1},
		{`1.`, "unexpected end in a number", 1},
		{`-`, "unexpected end in a number", 1},
		{`+1`, "unexpected '+'", 1},
		{"\x00", `unexpected '\x00'`, 1},
		{`nul`, `unexpected 'n'`, 1},
		{`[] []`, "unexpected '[' after the profile", 1},
		{strings.Repeat("[", 101), "too many brackets", 1},
	} {
		r := &reader{scanner: scanner{data: []byte(c.text)}}
		r.skip()
		m, ok := r.end().(*Mistake)
		if !ok || !strings.Contains(m.What, c.want) || m.Line != c.line {
			t.Errorf("%q: %v, want line %d: …%s…", c.text, m, c.line, c.want)
		}
	}
}

// FuzzScan: what is JSON is for encoding/json to say, and what a string stands for.
func FuzzScan(f *testing.F) {
	for _, text := range []string{
		`{"a": [1, -2.5e+3, true, null, {"b": "\u00e9\ud83d\ude00\ud83d \"\\\/\b\f\n\r\t"}]}`, `"\ud800\u0041"`, `[`, `0`, `""`, "\"\u2028\"", `[[],{}]`,
	} {
		f.Add([]byte(text))
	}
	f.Add(strictRules)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reader{scanner: scanner{data: data}}
		r.skip()
		err := r.end()
		tooDeep := err != nil && strings.Contains(err.Error(), "too many brackets")
		if valid := json.Valid(data); valid != (err == nil) && !tooDeep {
			t.Fatalf("%q: valid %v, but %v", data, valid, err)
		}
		var want string
		if json.Unmarshal(data, &want) != nil || !utf8.Valid(data) || !strings.HasPrefix(strings.TrimSpace(string(data)), `"`) {
			return
		}
		r = &reader{scanner: scanner{data: data}}
		if got := r.string(); got != want {
			t.Fatalf("%q is %q, want %q", data, got, want)
		}
	})
}
