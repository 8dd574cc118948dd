package transfer

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
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
		if got := Resolve(c.base, c.location); got != c.want {
			t.Errorf("Resolve(%q, %q) = %q, want %q", c.base, c.location, got, c.want)
		}
	}
}

func TestShown(t *testing.T) {
	for url, want := range map[string]string{
		"https://user:pa@ss@h:1/a?token=b": "https://h:1/a", "http://h?x": "http://h", "http://h/u@v": "http://h/u@v",
	} {
		if got := Shown(url); got != want {
			t.Errorf("Shown(%q) = %q, want %q", url, got, want)
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
		h, err := ReadHead(r)
		if c.status == 0 {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.30q: error is %v, want one with %q", c.text, err, c.want)
			}
			continue
		}
		rest, _ := r.ReadString(0)
		if err != nil || h.Status != c.status || rest != c.want {
			t.Errorf("%.30q: status %d, rest %q, error %v", c.text, h.Status, rest, err)
		}
	}
}

func TestHeadFields(t *testing.T) {
	h := Head{Fields: map[string]string{"etag": `W/"weak"`, "last-modified": "then", "content-length": "12", "content-range": "bytes 3-14/15"}}
	if h.Validator() != "then" || h.Length() != 12 || h.RangeStart() != 3 {
		t.Errorf("validator %q, length %d, start %d", h.Validator(), h.Length(), h.RangeStart())
	}
	h.Fields = map[string]string{"etag": `"strong"`, "content-length": "-1", "content-range": "bytes */15"}
	if h.Validator() != `"strong"` || h.Length() != -1 || h.RangeStart() != -1 {
		t.Errorf("validator %q, length %d, start %d", h.Validator(), h.Length(), h.RangeStart())
	}
}

func TestHeadChallenges(t *testing.T) {
	text := "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nwww-authenticate: Bearer realm=\"b\"\r\n\r\n"
	h, err := ReadHead(bufio.NewReader(strings.NewReader(text)))
	if err != nil || strings.Join(h.Challenges, "|") != `Basic realm="a"|Bearer realm="b"` {
		t.Errorf("challenges %q (%v)", h.Challenges, err)
	}
	if got := (Head{Status: 418, Reason: "tea\x1b[2Jpot"}).Err().Error(); got != "the server answers 418 tea?[2Jpot" {
		t.Errorf("error is %q", got)
	}
}

func TestOrigin(t *testing.T) {
	for url, want := range map[string]string{
		"https://u:p@Host:443/a?b@c": "https://host", "http://h:80": "http://h", "https://h:80/x": "https://h:80",
		"HTTP://h?x": "http://h", "https://[::1]:5000/v2/": "https://[::1]:5000", "http://h#@other/": "http://h",
	} {
		if got := Origin(url); got != want {
			t.Errorf("Origin(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for url, want := range map[string]bool{
		"http://127.0.0.1:5000/v2/": true, "https://LOCALHOST/x": true, "http://[::1]:5000/": true, "http://127.8.9.10": true,
		"http://u@127.0.0.1": true, "http://127.0.0.1.example.org/": false, "http://127.0.0.1@example.org/": false,
		"http://127.1/": false, "http://localhost.example.org": false, "http://[::2]/": false, "http://[::1].example.org/": false,
		"http://example.org/127.0.0.1": false, "http://example.org?@127.0.0.1": false, "http://10.0.0.1": false,
	} {
		if got := IsLoopback(url); got != want {
			t.Errorf("IsLoopback(%q) = %v", url, got)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		explain func(int, string) error
		code    int
		message string
		want    Reason
	}{
		{explainCurl, 7, "Failed to connect", Unreachable}, {explainCurl, 28, "too slow", Silent}, {explainCurl, 35, "", Secrecy},
		{explainCurl, 60, "", Certificate}, {explainCurl, 18, "", Broken}, {explainCurl, 3, "", Other},
		{explainWget, 4, "Unable to establish SSL connection.", Secrecy}, {explainWget, 4, "refused", Unreachable},
		{explainWget, 5, "", Certificate}, {explainWget, 8, "", Other},
	} {
		err := c.explain(c.code, c.message)
		if got := ReasonOf(fmt.Errorf("x: %w", err)); got != c.want || c.message != "" && err.Error() != c.message {
			t.Errorf("%d %q: reason %d (%v), want %d", c.code, c.message, got, err, c.want)
		}
	}
}
