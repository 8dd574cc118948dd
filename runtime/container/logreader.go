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

// Query chooses records of a log.
type Query struct {
	Tail  int       // only the last Tail lines; negative: all
	Since time.Time // not older than this; zero: all
	Until time.Time // not newer than this; zero: all
}

// ReadLog calls each for the records in a container's folder that q chooses, oldest first. What the
// program writes meanwhile is not seen. Record.Text is valid only during the call. An error of each
// ends the reading and is returned. A container without a log has no records.
//
// Where rotation has removed records that q would choose, the first record is a notice of that.
func ReadLog(dir string, q Query, each func(Record) error) error {
	files, err := openLogs(dir)
	if err != nil {
		return err
	}
	defer closeAll(files)
	skip := 0
	if q.Tail >= 0 {
		lines := 0
		if err := q.walk(files, 0, func(r Record, first bool) error { lines += count(first); return nil }); err != nil {
			return err
		}
		skip = max(0, lines-q.Tail)
	}
	if skip == 0 && q.Tail != 0 {
		if err := q.tellRemoved(files, each); err != nil {
			return err
		}
	}
	return q.walk(files, skip, func(r Record, _ bool) error { return each(r) })
}

// tellRemoved calls each with a notice when records that may be chosen were removed by rotation.
func (q Query) tellRemoved(files []*logFile, each func(Record) error) error {
	if len(files) == 0 {
		return nil
	}
	removed, at, err := files[0].before()
	if err != nil || removed == 0 || at.Before(q.Since) {
		return err
	}
	text := fmt.Appendf(nil, "the first %d records were removed by rotation", removed)
	return each(Record{Time: at, Stream: Notice, Text: text, Whole: true})
}

func count(first bool) int {
	if first {
		return 1
	}
	return 0
}

// walk calls each for the chosen records but those of the first skip lines; first says that the record
// begins a line of its stream.
func (q Query) walk(files []*logFile, skip int, each func(r Record, first bool) error) error {
	inside := map[Stream]bool{} // the stream's last record was a part of a line
	shown := map[Stream]bool{}  // the line that the stream is in was not skipped
	return scan(files, func(r Record) error {
		if r.Stream == before {
			return nil
		}
		if !q.Since.IsZero() && r.Time.Before(q.Since) || !q.Until.IsZero() && r.Time.After(q.Until) {
			return nil
		}
		first := !inside[r.Stream]
		inside[r.Stream] = !r.Whole
		if first {
			shown[r.Stream] = skip == 0
			skip -= count(skip > 0)
		}
		if !shown[r.Stream] {
			return nil
		}
		return each(r, first)
	})
}

type logFile struct {
	*os.File
	size int64
}

// before returns how many records were written before those of the file, and when the file was begun. A
// file that does not tell is taken for the first.
func (f *logFile) before() (n int64, at time.Time, err error) {
	line := make([]byte, min(f.size, 128))
	if _, err := f.ReadAt(line, 0); err != nil {
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
// included.
func countRecords(files []*logFile) (int64, error) {
	if len(files) == 0 {
		return 0, nil
	}
	n, _, err := files[0].before()
	if err != nil {
		return 0, err
	}
	err = scan(files, func(r Record) error {
		if r.Stream == Stdout || r.Stream == Stderr {
			n++
		}
		return nil
	})
	return n, err
}

func closeAll(files []*logFile) {
	for _, f := range files {
		f.Close()
	}
}

// openLogs opens the files of a log, oldest first. They are opened newest first, so that a rotation in
// between shows as the same file twice and not as a gap.
func openLogs(dir string) ([]*logFile, error) {
	var files []*logFile
	var infos []os.FileInfo
	for i := range fileLimit {
		f, err := os.Open(logPath(dir, i))
		if errors.Is(err, os.ErrNotExist) {
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
		if len(infos) > 0 && os.SameFile(infos[len(infos)-1], info) {
			f.Close()
			continue
		}
		infos = append(infos, info)
		files = append([]*logFile{{f, info.Size()}}, files...)
	}
	return files, nil
}

// scan calls each for every record. A line that is not one, or has no end, was left by a monitor that
// was killed while it wrote, or is being written: it is passed over.
func scan(files []*logFile, each func(Record) error) error {
	for _, f := range files {
		in := bufio.NewReaderSize(io.NewSectionReader(f, 0, f.size), 2*lineLimit)
		for {
			line, err := in.ReadSlice('\n')
			if err == io.EOF {
				break
			}
			if err == bufio.ErrBufferFull {
				err = skipLine(in)
				line = nil
			}
			if err != nil {
				return fmt.Errorf("read log %s: %w", f.Name(), err)
			}
			r, bad := parseRecord(bytes.TrimSuffix(line, []byte("\n")))
			if bad != nil {
				continue
			}
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func skipLine(in *bufio.Reader) error {
	for {
		_, err := in.ReadSlice('\n')
		if err == io.EOF {
			return nil
		}
		if err != bufio.ErrBufferFull {
			return err
		}
	}
}
