package image

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"pocket/runtime/hint"
)

// client is a program of the host that makes one HTTP request: it writes the answer's head and content
// to its output. Redirections are followed here, not by it, so that one set of rules holds for all.
// No TLS of our own: it would be half of the binary.
type client struct {
	path    string
	resumes bool // can ask for a byte range
	// command returns the arguments and the standard input. What may be secret, the URL with its user
	// and query, goes there: arguments can be read by every user of the host (proc(5), cmdline).
	command func(request) (args []string, input string)
}

// request is what is asked for: the content from byte start on, if validator still names it.
type request struct {
	url       string
	start     int64
	validator string
}

// idle is how long a server may be silent.
const idle = 60 * time.Second

// findClient looks for a program in $PATH.
func findClient() (client, error) {
	if path, err := exec.LookPath("curl"); err == nil {
		return client{path, true, curlCommand}, nil
	}
	if path, err := exec.LookPath("wget"); err == nil {
		return client{path, false, wgetCommand}, nil
	}
	return client{}, hint.With(errors.New("neither curl nor wget is installed"),
		"install curl, or fetch the archive by other means and give its path")
}

func curlCommand(r request) ([]string, string) {
	var c strings.Builder
	protocols := "=http,https"
	if isHTTPS(r.url) {
		protocols = "=https"
	}
	option := func(name, value string) { fmt.Fprintf(&c, "%s = \"%s\"\n", name, curlEscape.Replace(value)) }
	c.WriteString("silent\nshow-error\ninclude\ngloboff\nsuppress-connect-headers\n")
	option("url", r.url)
	option("proto", protocols)
	option("connect-timeout", strconv.Itoa(int(idle.Seconds())))
	option("speed-limit", "1")
	option("speed-time", strconv.Itoa(int(idle.Seconds())))
	if r.start > 0 {
		option("header", fmt.Sprintf("Range: bytes=%d-", r.start))
		if r.validator != "" {
			option("header", "If-Range: "+r.validator)
		}
	}
	return []string{"-q", "--config", "-"}, c.String()
}

// curlEscape writes a value into a quoted word of curl's configuration (curl(1), --config).
var curlEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`)

func wgetCommand(r request) ([]string, string) {
	return []string{"--no-config", "--no-verbose", "--server-response", "--save-headers", "--content-on-error",
		"--max-redirect=0", "--tries=1", "--no-netrc", "--timeout=" + strconv.Itoa(int(idle.Seconds())),
		"--output-document=-", "--input-file=-"}, r.url + "\n"
}

// answer is what a server sent: a head, and the content to be read.
type answer struct {
	head
	body   *bufio.Reader
	cmd    *exec.Cmd
	stop   context.CancelFunc
	stderr *tail
}

// ask runs the client. The caller calls close.
func (c client) ask(ctx context.Context, r request) (*answer, error) {
	ctx, stop := context.WithCancel(ctx)
	args, input := c.command(r)
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	a := &answer{cmd: cmd, stop: stop, stderr: &tail{}}
	cmd.Stderr = a.stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("start %s: %w", c.path, err)
	}
	a.body = bufio.NewReaderSize(out, 128<<10)
	a.head, err = readHead(a.body)
	if err != io.EOF {
		if err != nil {
			a.close()
		}
		return a, err
	}
	failed := a.wait()
	stop()
	if a.head, err = a.stderr.head(); err == nil { // wget shows a redirection's head only there
		a.body.Reset(strings.NewReader(""))
		return a, nil
	}
	if failed == nil {
		failed = errors.New("the server sent nothing")
	}
	return nil, failed
}

// wait waits for the client's end and returns its complaint.
func (a *answer) wait() error {
	err := a.cmd.Wait()
	if err == nil {
		return nil
	}
	var status *exec.ExitError
	if !errors.As(err, &status) {
		return err
	}
	return clientError(status.ExitCode(), a.stderr.lastLine())
}

// close ends the client without waiting for the rest of the content.
func (a *answer) close() {
	a.stop()
	a.cmd.Wait() // killed just now, or ended: nothing to learn
}

// clientError says why a client failed. The codes are curl's (curl(1), EXIT CODES).
func clientError(code int, message string) error {
	err := fmt.Errorf("exit status %d", code)
	if message != "" {
		err = errors.New(message)
	}
	switch code {
	case 5, 6, 7:
		return hint.With(err, "check the address, the network and the proxy settings")
	case 60, 77:
		return hint.With(err, "install the ca-certificates package and check the host's clock")
	}
	return err
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
func (t *tail) head() (head, error) {
	var lines strings.Builder
	for line := range strings.Lines(string(t.text)) {
		if field, ok := strings.CutPrefix(line, "  "); ok {
			lines.WriteString(field)
		}
	}
	return readHead(bufio.NewReader(strings.NewReader(lines.String())))
}
