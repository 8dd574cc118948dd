package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// head is what a server says before the content.
type head struct {
	status int
	reason string
	fields map[string]string // names in lower case; of repeated fields the last
}

// readHead reads the head of an HTTP answer as curl --include and wget --save-headers write it. Interim
// answers (RFC 9110, 15.2) are skipped. io.EOF means there is no answer at all.
func readHead(r *bufio.Reader) (head, error) {
	for {
		h, err := readOneHead(r)
		if err != nil || h.status >= 200 {
			return h, err
		}
	}
}

func readOneHead(r *bufio.Reader) (head, error) {
	const most = 64 << 10
	line, err := headLine(r)
	if err != nil {
		return head{}, err
	}
	h, err := parseStatus(line)
	if err != nil {
		return head{}, err
	}
	for size := len(line); size < most; size += len(line) {
		line, err = headLine(r)
		if line == "" && (err == nil || err == io.EOF) {
			return h, nil
		}
		if err != nil {
			return head{}, err
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.fields[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return head{}, errors.New("the server's answer has too many header fields")
}

// headLine reads a line that may not be longer than r's buffer.
func headLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return "", errors.New("the server's answer has a header line that is too long")
	}
	text := strings.TrimRight(string(line), "\r\n")
	if err == io.EOF && text != "" {
		err = io.ErrUnexpectedEOF
	}
	return text, err
}

func parseStatus(line string) (head, error) {
	parts := strings.SplitN(line, " ", 3)
	if !strings.HasPrefix(line, "HTTP/") || len(parts) < 2 {
		return head{}, fmt.Errorf("the server's answer begins with %s, not with an HTTP status", quote(line))
	}
	status, err := strconv.Atoi(parts[1])
	if err != nil || status < 100 || status > 999 {
		return head{}, fmt.Errorf("the server's answer has no status: %s", quote(line))
	}
	h := head{status: status, fields: map[string]string{}}
	if len(parts) == 3 {
		h.reason = parts[2]
	}
	return h, nil
}

// length is how many bytes of content the server announces, -1 when it does not say.
func (h head) length() int64 {
	n, err := strconv.ParseInt(h.fields["content-length"], 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// rangeStart is where a partial answer begins (RFC 9110, 14.4), -1 when that cannot be read.
func (h head) rangeStart() int64 {
	text, ok := strings.CutPrefix(h.fields["content-range"], "bytes ")
	if !ok {
		return -1
	}
	first, _, ok := strings.Cut(text, "-")
	n, err := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	if !ok || err != nil || n < 0 {
		return -1
	}
	return n
}

// validator is what If-Range can name this content by (RFC 9110, 13.1.5), "" when the server gave
// nothing that a byte range may rest on.
func (h head) validator() string {
	if tag := h.fields["etag"]; strings.HasPrefix(tag, `"`) {
		return tag
	}
	return h.fields["last-modified"]
}
