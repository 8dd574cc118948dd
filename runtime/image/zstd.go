package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"pocket/runtime/hint"
)

// zstdMagic begins a frame (RFC 8878, 3.1.1). The host's program unpacks it: a decoder of our own would
// be a tenth of the binary.
const zstdMagic = "\x28\xb5\x2f\xfd"

// program is a running program whose output is read.
type program struct {
	cmd    *exec.Cmd
	out    io.Reader
	stderr bytes.Buffer
	stop   context.CancelFunc
	ended  bool
	err    error
}

// startZstd decompresses from. The caller calls close.
func startZstd(ctx context.Context, from io.Reader) (*program, error) {
	path, err := exec.LookPath("zstd")
	if err != nil {
		return nil, hint.With(errors.New("it is compressed with zstd, and the program zstd is not installed"),
			"install zstd, or use an archive compressed with gzip")
	}
	ctx, stop := context.WithCancel(ctx)
	p := &program{cmd: exec.CommandContext(ctx, path, "-dcq"), stop: stop}
	p.cmd.Stdin, p.cmd.Stderr = from, &p.stderr
	p.cmd.Env = append(os.Environ(), "LC_ALL=C")
	if p.out, err = p.cmd.StdoutPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return p, nil
}

// Read reads what the program writes. At the end the program must have been content.
func (p *program) Read(b []byte) (int, error) {
	if p.ended {
		return 0, p.err
	}
	n, err := p.out.Read(b)
	if err != nil {
		p.ended, p.err = true, err
		if failed := p.cmd.Wait(); failed != nil && err == io.EOF {
			p.err = zstdError(failed, p.stderr.String())
		}
		err = p.err
	}
	return n, err
}

func zstdError(err error, message string) error {
	lines := strings.Split(strings.TrimSpace(message), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Errorf("the compressed archive is damaged or cut short: %s", quote(last))
	}
	return fmt.Errorf("decompress: %w", err)
}

// close ends the program if it still runs.
func (p *program) close() {
	p.stop()
	if !p.ended {
		p.ended = true
		p.cmd.Wait() // killed just now: nothing to learn
	}
}

// pulled reads a source without telling of progress.
type pulled struct{ from *source }

func (p pulled) Read(b []byte) (int, error) { return p.from.pull(b) }
