package image

import (
	"strings"
	"testing"
)

func TestTagged(t *testing.T) {
	for name, want := range map[string]string{
		"alpine":                          "alpine:latest",
		"alpine:3.19":                     "alpine:3.19",
		DefaultDomain + "/library/alpine": "alpine:latest",
		DefaultDomain + "/team/app:1":     "team/app:1",
		"index." + DefaultDomain + "/a/b": "a/b:latest",
		"localhost:5000/a/b":              "localhost:5000/a/b:latest",
		"127.0.0.1:5000/a:x":              "127.0.0.1:5000/a:x",
		"Host.example/a":                  "Host.example/a:latest",
		"a__b/c-d/e.f":                    "a__b/c-d/e.f:latest",
		"a---b:V1.0_x-y":                  "a---b:V1.0_x-y",
		"":                                "",
		"Alpine":                          "",
		"a:":                              "a:latest",
		"a:.x":                            "",
		"a:x y":                           "",
		"a//b":                            "",
		"/a":                              "",
		"a/":                              "",
		"a..b":                            "",
		"a___b":                           "",
		"-a":                              "",
		"a_":                              "",
		"host":                            "",
		"host:x":                          "",
		"a:5000x/b":                       "",
		"../a":                            "",
		strings.Repeat("a", 256):          "",
		"a:" + strings.Repeat("t", 129):   "",
	} {
		got, err := tagged(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("tagged(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
}

func FuzzTagged(f *testing.F) {
	f.Add("a/b:c")
	f.Add("localhost:5000/x@y")
	f.Fuzz(func(t *testing.T, name string) {
		full, err := tagged(name)
		if err != nil {
			return
		}
		if again, err := tagged(full); err != nil || again != full {
			t.Errorf("%q becomes %q becomes %q (%v)", name, full, again, err)
		}
		if strings.Contains(full, "..") || strings.HasPrefix(full, "/") {
			t.Errorf("%q becomes %q", name, full)
		}
	})
}
