package main

import (
	"bytes"
	"testing"
)

func TestParseDetachKeys(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{defaultDetachKeys, "\x10\x11"}, {"", ""}, {"a", "a"}, {"a,b", "ab"}, {"ctrl-@", "\x00"}, {"ctrl-[", "\x1b"},
		{"ctrl-\\", "\x1c"}, {"ctrl-]", "\x1d"}, {"ctrl-^", "\x1e"}, {"ctrl-_", "\x1f"}, {"ctrl-Z,DEL", "\x1a\x7f"},
		{"~,.", "~."},
	} {
		if got, err := parseDetachKeys(c.text); err != nil || string(got) != c.want {
			t.Errorf("%q: %q %v, want %q", c.text, got, err, c.want)
		}
	}
	for _, bad := range []string{"ctrl-", "ctrl-1", "ctrl-ab", "a,,b", ",", "alt-a", "é", "ctrl-p ctrl-q", "ctrl_p"} {
		if got, err := parseDetachKeys(bad); err == nil {
			t.Errorf("%q is %q", bad, got)
		}
	}
}

func TestDetachScanner(t *testing.T) {
	for _, c := range []struct {
		keys     string
		typed    []string
		pass     string
		detached bool
	}{
		{"pq", []string{"hello"}, "hello", false},
		{"pq", []string{"apqz"}, "a", true},
		{"pq", []string{"a", "p", "q"}, "a", true},
		{"pq", []string{"p", "x"}, "px", false},
		{"pq", []string{"p"}, "", false},
		{"pq", []string{"p", "pq"}, "p", true},
		{"aab", []string{"aa", "ab"}, "a", true},
		{"abac", []string{"ababac"}, "ab", true},
		{"x", []string{"ab", "x"}, "ab", true},
		{"", []string{"p", "q"}, "pq", false},
	} {
		d := detachScanner{keys: []byte(c.keys)}
		var pass []byte
		detached := false
		for _, typed := range c.typed {
			var more []byte
			more, detached = d.scan([]byte(typed))
			pass = append(pass, more...)
		}
		if string(pass) != c.pass || detached != c.detached {
			t.Errorf("%q in %q: passed %q, detached %v; want %q %v", c.keys, c.typed, pass, detached, c.pass, c.detached)
		}
	}
}

// Nothing that is typed before the sequence is lost, and the sequence is found wherever reads end.
func FuzzDetachScanner(f *testing.F) {
	f.Add("pq", "hello pq more", 3)
	f.Add("aab", "aaab", 1)
	f.Fuzz(func(t *testing.T, keys, typed string, cut int) {
		if keys == "" {
			return
		}
		d := detachScanner{keys: []byte(keys)}
		cut = max(0, min(cut, len(typed)))
		pass, detached := d.scan([]byte(typed[:cut]))
		if !detached {
			var more []byte
			more, detached = d.scan([]byte(typed[cut:]))
			pass = append(pass, more...)
		}
		at := bytes.Index([]byte(typed), []byte(keys))
		if detached != (at >= 0) {
			t.Fatalf("%q in %q: detached %v", keys, typed, detached)
		}
		want := typed
		if detached {
			want = typed[:at]
		}
		if got := string(pass) + string(d.pending); got != want {
			t.Fatalf("%q in %q: %q passed on or held, want %q", keys, typed, got, want)
		}
	})
}
