package transfer

import (
	"bufio"
	"strings"
	"testing"
)

func FuzzHead(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\nhello")
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/2 206 \r\ncontent-range: bytes 5-9/10\r\n\r\n")
	f.Add("  HTTP/1.1 302 Found\n  Location: /x\n")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ReadHead(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		if h.Status < 200 || h.Status > 999 {
			t.Errorf("status %d", h.Status)
		}
		if h.Length() < -1 || h.RangeStart() < -1 {
			t.Errorf("length %d, start %d", h.Length(), h.RangeStart())
		}
	})
}

func FuzzResolve(f *testing.F) {
	f.Add("https://h/a/b?q#f", "../c")
	f.Add("http://u:p@h", "//other/x")
	f.Add("https://h?x", "javascript:1")
	f.Fuzz(func(t *testing.T, base, location string) {
		if CheckURL(base) != nil {
			return
		}
		next := Resolve(base, location)
		if hasScheme(location) || strings.HasPrefix(location, "//") {
			return
		}
		// A reference without a host of its own stays on the server and its scheme.
		origin, _, _ := strings.Cut(base[strings.Index(base, "://")+3:], "/")
		origin, _, _ = strings.Cut(origin, "?")
		origin, _, _ = strings.Cut(origin, "#")
		if want := base[:strings.Index(base, "://")+3] + origin; !strings.HasPrefix(next, want) {
			t.Errorf("%q from %q leads to %q", location, base, next)
		}
	})
}
