package transfer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Head is what a server says before the content.
type Head struct {
	Status     int
	Reason     string
	Fields     map[string]string // names in lower case; of repeated fields the last
	Challenges []string          // the WWW-Authenticate fields in order
}

// ReadHead reads the head of an HTTP answer as curl --include and wget --save-headers write it. Interim
// answers (RFC 9110, 15.2) are skipped. io.EOF means there is no answer at all.
func ReadHead(r *bufio.Reader) (Head, error) {
	for {
		h, err := readOneHead(r)
		if err != nil || h.Status >= 200 {
			return h, err
		}
	}
}

func readOneHead(r *bufio.Reader) (Head, error) {
	const most = 64 << 10
	line, err := headLine(r)
	if err != nil {
		return Head{}, err
	}
	h, err := parseStatus(line)
	if err != nil {
		return Head{}, err
	}
	for size := len(line); size < most; size += len(line) {
		line, err = headLine(r)
		if line == "" && (err == nil || err == io.EOF) {
			return h, nil
		}
		if err != nil {
			return Head{}, err
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.add(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value))
		}
	}
	return Head{}, errors.New("the server's answer has too many header fields")
}

func (h *Head) add(name, value string) {
	h.Fields[name] = value
	if name == "www-authenticate" {
		h.Challenges = append(h.Challenges, value)
	}
}

// Err says that the server answered something else than what was asked for.
func (h Head) Err() error {
	if h.Reason == "" {
		return fmt.Errorf("the server answers %d", h.Status)
	}
	return fmt.Errorf("the server answers %d %s", h.Status, strings.Map(printable, h.Reason))
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

func parseStatus(line string) (Head, error) {
	parts := strings.SplitN(line, " ", 3)
	if !strings.HasPrefix(line, "HTTP/") || len(parts) < 2 {
		return Head{}, fmt.Errorf("the server's answer begins with %s, not with an HTTP status", quote(line))
	}
	status, err := strconv.Atoi(parts[1])
	if err != nil || status < 100 || status > 999 {
		return Head{}, fmt.Errorf("the server's answer has no status: %s", quote(line))
	}
	h := Head{Status: status, Fields: map[string]string{}}
	if len(parts) == 3 {
		h.Reason = parts[2]
	}
	return h, nil
}

// Length is how many bytes of content the server announces, -1 when it does not say.
func (h Head) Length() int64 {
	n, err := strconv.ParseInt(h.Fields["content-length"], 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// RangeStart is where a partial answer begins (RFC 9110, 14.4), -1 when that cannot be read.
func (h Head) RangeStart() int64 {
	text, ok := strings.CutPrefix(h.Fields["content-range"], "bytes ")
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

// Validator is what If-Range can name this content by (RFC 9110, 13.1.5), "" when the server gave
// nothing that a byte range may rest on.
func (h Head) Validator() string {
	if tag := h.Fields["etag"]; strings.HasPrefix(tag, `"`) {
		return tag
	}
	return h.Fields["last-modified"]
}
