package container

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// logFile is one file of a log. Its methods read no further than size.
type logFile struct {
	io.ReaderAt
	*os.File
	size int64
}

func (f *logFile) ReadAt(b []byte, at int64) (int, error) { return f.ReaderAt.ReadAt(b, at) }

// openLogs opens the files of a log, oldest first. They are opened newest first, so that a rotation in
// between shows as the same file twice and not as a gap; while it renames them one number is missing.
func openLogs(dir string) ([]*logFile, error) {
	var files []*logFile
	var seen []os.FileInfo
	missing := 0
	for i := 0; i <= mostFiles && missing < 2; i++ {
		f, err := os.Open(logPath(dir, i))
		if errors.Is(err, os.ErrNotExist) {
			missing++
			continue
		}
		if err != nil {
			return files, err
		}
		info, err := f.Stat()
		if err != nil {
			f.Close()
			return files, err
		}
		if among(seen, info) {
			f.Close()
			continue
		}
		seen = append(seen, info)
		files = append([]*logFile{{f, f, info.Size()}}, files...)
	}
	return files, nil
}

func among(list []os.FileInfo, one os.FileInfo) bool {
	for _, other := range list {
		if os.SameFile(other, one) {
			return true
		}
	}
	return false
}

func closeAll(files []*logFile) {
	for _, f := range files {
		f.Close()
	}
}

// grow looks how long the file is now.
func (f *logFile) grow() error {
	info, err := f.Stat()
	if err == nil {
		f.size = info.Size()
	}
	return err
}

// before returns how many records were written before those of the file, and when the file was begun. A
// file that does not tell is taken for the first.
func (f *logFile) before() (n int64, at time.Time, err error) {
	line := make([]byte, min(f.size, 128))
	if _, err := f.ReadAt(line, 0); err != nil && err != io.EOF {
		return 0, at, fmt.Errorf("read log %s: %w", f.Name(), err)
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	r, bad := parseRecord(line)
	if bad != nil || r.Stream != before {
		return 0, at, nil
	}
	if n, bad = strconv.ParseInt(string(r.Text), 10, 64); bad != nil || n < 0 {
		return 0, at, nil
	}
	return n, r.Time, nil
}

// countRecords counts the records that were ever written to a log, those that rotation has removed
// included: the newest file knows how many came before it.
func countRecords(files []*logFile) (int64, error) {
	if len(files) == 0 {
		return 0, nil
	}
	last := files[len(files)-1]
	n, _, err := last.before()
	if err != nil {
		return 0, err
	}
	_, err = last.lines(0, func(line []byte, _ int64) error {
		if streamOf(line) == Stdout || streamOf(line) == Stderr {
			n++
		}
		return nil
	})
	return n, err
}

// streamOf is the stream of a line that looks like a record, "" of others. It is much quicker than
// parseRecord.
func streamOf(line []byte) Stream {
	if len(line) < len(timeFormat)+1 {
		return ""
	}
	stream, _, _ := bytes.Cut(line[len(timeFormat)+1:], []byte(" "))
	return Stream(stream)
}

// lines calls each for every line that has an end, without it, from the offset from on, and returns where
// the first line without one begins. A line too long for a record counts as an empty one.
func (f *logFile) lines(from int64, each func(line []byte, at int64) error) (next int64, err error) {
	in := bufio.NewReaderSize(io.NewSectionReader(f, from, f.size-from), 2*lineLimit)
	for {
		line, n, err := nextLine(in)
		if err == io.EOF {
			return from, nil
		}
		if err != nil {
			return from, fmt.Errorf("read log %s: %w", f.Name(), err)
		}
		if err := each(line, from); err != nil {
			return from, err
		}
		from += n
	}
}

// nextLine returns a line, without its newline, and how long it is with it.
func nextLine(in *bufio.Reader) (line []byte, n int64, err error) {
	line, err = in.ReadSlice('\n')
	n = int64(len(line))
	if err == nil {
		return line[:n-1], n, nil
	}
	for err == bufio.ErrBufferFull {
		line, err = in.ReadSlice('\n')
		n += int64(len(line))
	}
	return nil, n, err
}

// records calls each for every record from the offset from on that is not older than since, and returns
// where to go on later. A line that is no record was left by a monitor that was killed while it wrote: it is
// passed over.
func (f *logFile) records(from int64, since time.Time, each func(Record) error) (next int64, err error) {
	// All times are written alike, so they compare as texts, which spares reading most of a long log.
	first := ""
	if !since.IsZero() {
		first = since.UTC().Format(timeFormat)
	}
	return f.lines(from, func(line []byte, _ int64) error {
		if len(line) >= len(timeFormat) && string(line[:len(timeFormat)]) < first {
			return nil
		}
		r, bad := parseRecord(line)
		if bad != nil {
			return nil
		}
		return each(r)
	})
}
