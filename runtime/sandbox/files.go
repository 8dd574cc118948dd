package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
)

// files collects the descriptors that only the start needs, and closes them after it.
type files struct {
	owned []*os.File
	raw   []int
	outer int // our end of the handout socket
}

func (f *files) own(file *os.File) { f.owned = append(f.owned, file) }

// lift duplicates a file's descriptor out of the way of the numbers 0 to 3.
func (f *files) lift(file *os.File) (int, error) {
	fd, err := linux.Lift(file.Fd())
	if err == nil {
		f.raw = append(f.raw, fd)
	}
	return fd, err
}

// input lifts a file, or /dev/null in place of none.
func (f *files) input(file *os.File) (int, error) {
	if file == nil {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return -1, err
		}
		f.own(null)
		file = null
	}
	return f.lift(file)
}

// result puts the inner end of a pipe into the plan, over which is told how the program ended or why it was not
// executed, and returns our end.
func (f *files) result(plan *boot.Plan) (*os.File, error) {
	ours, inner, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	f.own(inner)
	plan.Result, err = f.lift(inner)
	return ours, err
}

// stdio puts the inner ends of the program's input and outputs into the plan, and returns the streams of those
// outputs that have a writer; with an error, those that there are already.
func (f *files) stdio(plan *boot.Plan, stdin *os.File, stdout, stderr Output, over chan<- Reason) (list []*stream, err error) {
	if plan.Stdin, err = f.input(stdin); err != nil {
		return nil, err
	}
	for i, to := range []struct {
		Output
		fd *int
	}{{stdout, &plan.Stdout}, {stderr, &plan.Stderr}} {
		stream, fd, err := newStream(i, to.Output, over, f)
		if err != nil {
			return list, err
		}
		if *to.fd = fd; stream != nil {
			list = append(list, stream)
		}
	}
	return list, nil
}

func (f *files) socket() (int, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("make a socket pair: %w", err)
	}
	f.outer = pair[0]
	inner, err := linux.Lift(uintptr(pair[1]))
	f.raw = append(f.raw, pair[0], pair[1], inner)
	return inner, err
}

func (f *files) close() {
	for _, file := range f.owned {
		_ = file.Close()
	}
	for _, fd := range f.raw {
		_ = unix.Close(fd)
	}
}

// stream copies what the program writes to a writer and counts it.
type stream struct {
	index   int
	from    *os.File
	to      interface{ Write([]byte) (int, error) }
	limit   resource.Size
	over    chan<- Reason
	written int64
}

// newStream returns the inner end of an output, and the stream that copies it where there is a writer.
func newStream(index int, o Output, over chan<- Reason, files *files) (*stream, int, error) {
	if o.Writer == nil {
		fd, err := files.input(o.File)
		return nil, fd, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, -1, fmt.Errorf("make a pipe: %w", err)
	}
	files.own(w)
	fd, err := files.lift(w)
	if err != nil {
		return nil, -1, errors.Join(err, r.Close())
	}
	return &stream{index: index, from: r, to: o.Writer, limit: o.Limit, over: over}, fd, nil
}

// copy ends when the pipe does, that is when every process of the sandbox is dead, or when it is told
// to stop by a read deadline: another process may have been given the pipe and hold it open. After the
// limit it goes on reading nothing, so that a flood costs us no more time.
func (s *stream) copy() {
	defer s.from.Close()
	buffer := make([]byte, 64*1024)
	for {
		n, err := s.from.Read(buffer)
		s.written += int64(n)
		keep := buffer[:n]
		if s.limit > 0 && s.written > int64(s.limit) {
			keep = keep[:max(0, int64(n)-(s.written-int64(s.limit)))]
		}
		if len(keep) > 0 {
			_, _ = s.to.Write(keep) // the caller's writer keeps its own errors
		}
		if s.limit > 0 && s.written > int64(s.limit) {
			s.over <- OverOutput
			return
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.drain(buffer)
			return
		}
		if err != nil {
			return
		}
	}
}

// drain takes what is in the pipe after the deadline, when its writers inside are dead: on a starved machine
// the deadline may have passed before we came to read.
func (s *stream) drain(buffer []byte) {
	raw, err := s.from.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // the descriptor is non-blocking
		// No more than a pipe can hold: a process outside that was handed the pipe may go on writing.
		for left := 1 << 20; left > 0 && (s.limit == 0 || s.written <= int64(s.limit)); {
			n, err := unix.Read(int(fd), buffer)
			if n <= 0 || err != nil {
				return
			}
			left -= n
			s.written += int64(n)
			keep := int64(n)
			if s.limit > 0 {
				keep = max(0, keep-max(0, s.written-int64(s.limit)))
			}
			_, _ = s.to.Write(buffer[:keep])
		}
	})
}
