package image

import "testing"

func TestURLName(t *testing.T) {
	for url, want := range map[string]string{
		"https://h/a/alpine-3.19.tar.gz":      "alpine-3.19.tar.gz",
		"https://u:p@h/a/x.tar?name=/y.tar#z": "x.tar",
		"https://h/a/":                        "",
		"https://h":                           "",
		"https://h/%2e%2e":                    "2e_2e",
		"https://h/a/.hidden":                 "hidden",
	} {
		if got := urlName(url); got != want {
			t.Errorf("urlName(%q) = %q, want %q", url, got, want)
		}
	}
}
