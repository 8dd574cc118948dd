package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"

	"pocket/runtime/hint"
)

// Reason says what kind of failure ended a transfer.
type Reason int

// The reasons, as far as a caller treats them differently.
const (
	Other       Reason = iota
	Unreachable        // no connection: the name, the network, or nobody listens there
	Silent             // the server was silent, or too slow, for too long
	Secrecy            // the two sides found no TLS that both speak
	Certificate        // the server's certificate is not one to trust
	Broken             // the connection was closed in the middle
)

// Failure is a transfer that the client program gave up.
type Failure struct {
	error
	Reason Reason
}

func (f *Failure) Unwrap() error { return f.error }

// ReasonOf returns the reason of a Failure in err's tree, else Other.
func ReasonOf(err error) Reason {
	var f *Failure
	if errors.As(err, &f) {
		return f.Reason
	}
	return Other
}

// explainCurl reads curl's exit status (curl(1), EXIT CODES).
func explainCurl(code int, message string) error {
	switch code {
	case 5, 6, 7:
		return failure(Unreachable, code, message)
	case 28:
		return failure(Silent, code, message)
	case 35:
		return failure(Secrecy, code, message)
	case 51, 60, 77:
		return failure(Certificate, code, message)
	case 18, 52, 55, 56, 92, 95:
		return failure(Broken, code, message)
	}
	return failure(Other, code, message)
}

// explainWget reads wget's exit status (wget(1), EXIT STATUS), which tells less.
func explainWget(code int, message string) error {
	switch {
	case code == 4 && strings.Contains(message, "SSL"):
		return failure(Secrecy, code, message)
	case code == 4:
		return failure(Unreachable, code, message)
	case code == 5:
		return failure(Certificate, code, message)
	}
	return failure(Other, code, message)
}

func failure(reason Reason, code int, message string) error {
	err := fmt.Errorf("exit status %d", code)
	if message != "" {
		err = errors.New(message)
	}
	switch reason {
	case Unreachable:
		err = hint.With(err, "check the address, the network and the proxy settings")
	case Silent:
		err = hint.With(err, "try again later")
	case Certificate:
		err = hint.With(err, "install the ca-certificates package and check the host's clock")
	}
	return &Failure{err, reason}
}

// tail keeps the last part of what a client writes to its standard error.
type tail struct{ text []byte }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	const most = 32 << 10
	t.text = append(t.text, p...)
	t.text = t.text[max(len(t.text)-most, 0):]
	return len(p), nil
}

// lastLine is the last thing said, without the program's name.
func (t *tail) lastLine() string {
	text := bytes.TrimSpace(t.text)
	line := string(text[bytes.LastIndexByte(text, '\n')+1:])
	line = strings.TrimPrefix(strings.TrimPrefix(line, "curl: "), "wget: ")
	return strings.Map(printable, line)
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}

// head is the head that wget --server-response writes, each line indented by two spaces.
func (t *tail) head() (Head, error) {
	var lines strings.Builder
	for line := range strings.Lines(string(t.text)) {
		if field, ok := strings.CutPrefix(line, "  "); ok {
			lines.WriteString(field)
		}
	}
	return ReadHead(bufio.NewReader(strings.NewReader(lines.String())))
}
