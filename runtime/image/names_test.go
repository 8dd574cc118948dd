package image

import (
	"bufio"
	"strings"
	"testing"
)

func TestResolveURL(t *testing.T) {
	for _, c := range []struct{ base, location, want string }{
		{"https://h/a/b?q#f", "c", "https://h/a/c"},
		{"https://h/a/b", "/c?d", "https://h/c?d"},
		{"https://h:8/a", "//o/c", "https://o/c"},
		{"https://h/a", "http://o/c#part", "http://o/c"},
		{"https://h/a/b?q", "?r", "https://h/a/b?r"},
		{"https://h", "c", "https://h/c"},
		{"https://h?q", "c", "https://h/c"},
		{"https://u@h/a", "../c:d", "https://u@h/../c:d"},
		{"https://h/a?x=/y", "c", "https://h/c"},
	} {
		if got := resolveURL(c.base, c.location); got != c.want {
			t.Errorf("resolveURL(%q, %q) = %q, want %q", c.base, c.location, got, c.want)
		}
	}
}

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

func TestShownURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://user:pa@ss@h:1/a?token=b": "https://h:1/a", "http://h?x": "http://h", "http://h/u@v": "http://h/u@v",
	} {
		if got := shownURL(url); got != want {
			t.Errorf("shownURL(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestReadHead(t *testing.T) {
	for _, c := range []struct {
		text   string
		status int
		want   string // a part of the error, or the content that follows
	}{
		{"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest", 200, "rest"},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\nno", 404, "no"},
		{"HTTP/2 206 \ncontent-range: bytes 7-9/10\n\nrest", 206, "rest"},
		{"HTTP/1.1 302 Found\nLocation: /x\n", 302, ""},
		{"<html>", 0, "unexpected EOF"},
		{"<html>\n", 0, "not with an HTTP status"},
		{"HTTP/1.1 abc\n\n", 0, "has no status"},
		{"HTTP/1.1 99 x\n\n", 0, "has no status"},
		{"", 0, "EOF"},
		{"HTTP/1.1 200 OK\nA: " + strings.Repeat("x", 100<<10), 0, "too long"},
		{"HTTP/1.1 200 OK\n" + strings.Repeat("A: b\n", 100<<10), 0, "too many"},
	} {
		r := bufio.NewReader(strings.NewReader(c.text))
		h, err := readHead(r)
		if c.status == 0 {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.30q: error is %v, want one with %q", c.text, err, c.want)
			}
			continue
		}
		rest, _ := r.ReadString(0)
		if err != nil || h.status != c.status || rest != c.want {
			t.Errorf("%.30q: status %d, rest %q, error %v", c.text, h.status, rest, err)
		}
	}
}

func TestHeadFields(t *testing.T) {
	h := head{fields: map[string]string{"etag": `W/"weak"`, "last-modified": "then", "content-length": "12", "content-range": "bytes 3-14/15"}}
	if h.validator() != "then" || h.length() != 12 || h.rangeStart() != 3 {
		t.Errorf("validator %q, length %d, start %d", h.validator(), h.length(), h.rangeStart())
	}
	h.fields = map[string]string{"etag": `"strong"`, "content-length": "-1", "content-range": "bytes */15"}
	if h.validator() != `"strong"` || h.length() != -1 || h.rangeStart() != -1 {
		t.Errorf("validator %q, length %d, start %d", h.validator(), h.length(), h.rangeStart())
	}
}
