package registry

import (
	"strings"
	"testing"

	"pocket/runtime/hint"
)

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestParse(t *testing.T) {
	long := strings.Repeat("a/", 130) + "b"
	for _, c := range []struct{ text, short, want string }{
		{"docker://host.example/app", "", "host.example/app:latest"},
		{"host.example/a/b__c/d-e.f_g---h:1.0_x-Y", "", "host.example/a/b__c/d-e.f_g---h:1.0_x-Y"},
		{"docker://127.0.0.1:5000/app:1", "", "127.0.0.1:5000/app:1"},
		{"localhost/app", "", "localhost/app:latest"},
		{"LOCALHOST:80/app", "", "localhost:80/app:latest"},
		{"[::1]:5000/app:1", "", "[::1]:5000/app:1"},
		{"[::1]/app", "", "[::1]/app:latest"},
		{"h.example/app@" + someDigest, "", "h.example/app@" + someDigest},
		{"h.example/app:1@" + someDigest, "", "h.example/app:1@" + someDigest},
		{"app", "h.example", "h.example/app:latest"},
		{"app:2", "docker://h.example:5000/lib/", "h.example:5000/lib/app:2"},
		{"me/app", "h.example/lib", "h.example/me/app:latest"},
		{Hub + "/app", "", Hub + "/library/app:latest"},
		{Hub + "/me/app", "", Hub + "/me/app:latest"},

		{"docker://app", "", "error: it names no registry"},
		{"docker://", "", "error: it names no registry"},
		{"", "h.example", "error: name is missing"},
		{"h.example/", "", "error: name is missing"},
		{"h.example//a", "", "error: name is missing"},
		{"h.example/a/", "", "error: name is missing"},
		{"h.example/App", "", "error: upper case"},
		{"h.example/a..b", "", "error: not a part"},
		{"h.example/a___b", "", "error: not a part"},
		{"h.example/-a", "", "error: not a part"},
		{"h.example/a-", "", "error: not a part"},
		{"h.example/a b", "", "error: not a part"},
		{"h.example/../x", "", "error: not a part"},
		{"h.example/a?x=y", "", "error: not a part"},
		{"h.example/" + long, "", "error: longer than"},
		{"h.example/a:", "", "error: not a tag"},
		{"h.example/a:-x", "", "error: not a tag"},
		{"h.example/a:x\ny", "", "error: not a tag"},
		{"h.example/a:" + strings.Repeat("x", 129), "", "error: not a tag"},
		{"h.example/a@sha256:12", "", "error: not a digest"},
		{"h.example/a@md5:12", "", "error: not a digest"},
		{"h.example:0/a", "", "error: not a host"},
		{"h.example:70000/a", "", "error: not a host"},
		{"h.example:x/a", "", "error: not a host"},
		{"user@h.example/a", "", "error: not a digest"},
		{"h.exa mple/a", "", "error: not a host"},
		{"[::1/a", "", "error: not a host"},
		{"[::1]x/a", "", "error: not a host"},
		{"a", "bad host", "error: not a host"},
	} {
		r, err := Parse(c.text, c.short)
		if want, ok := strings.CutPrefix(c.want, "error: "); ok {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || hint.Of(err) == "" {
				t.Errorf("Parse(%q, %q): %v, %v (hint %q), want %q", c.text, c.short, r, err, hint.Of(err), want)
			}
			continue
		}
		if err != nil || r.String() != c.want {
			t.Errorf("Parse(%q, %q) = %v, %v, want %s", c.text, c.short, r, err, c.want)
		}
	}
}

// FuzzParse: what is accepted means the same when it is read again, and is fit for a URL.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"docker://h.example:5000/a/b:c@" + someDigest, "localhost/x", "[::1]:5/x", "a__b--c.d", "A/b:c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text, "short.example/lib")
		if err != nil {
			return
		}
		again, err := Parse(r.String(), "")
		if err != nil || again != r {
			t.Errorf("%q is %+v, and read again %+v (%v)", text, r, again, err)
		}
		for _, c := range []byte(r.String()) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte(`"?#\%`, c) >= 0 {
				t.Errorf("%q is accepted as %q", text, r)
			}
		}
	})
}
