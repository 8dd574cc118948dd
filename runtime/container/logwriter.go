package container

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"pocket/runtime/failpoint"
)

const logName = "log"

// Log is the log of a running container. It never stops the program: what cannot be written is
// dropped and counted. Its methods may be called at the same time.
type Log struct {
	dir     string
	none    bool  // nothing is kept
	limit   int64 // bytes of one file; negative: no limit
	files   int   // how many there are at most
	now     func() time.Time
	mu      sync.Mutex
	file    *os.File
	size    int64
	written int64 // records in this file and all before it, without notices
	dropped int64
	noted   int64 // how many of dropped a notice in the log tells of
	cause   error
	streams [2]*logStream
}

type logStream struct {
	log  *Log
	name Stream
	rest []byte // the beginning of a line whose end has not come yet
}

// OpenLog opens the log in a container's folder and appends to what is there. With the driver none it
// makes no file and keeps nothing.
func OpenLog(dir string, o LogOptions) (*Log, error) {
	l := &Log{dir: dir, none: o.Driver == NoLog, now: time.Now}
	l.limit, l.files = o.bounds()
	l.streams = [2]*logStream{{log: l, name: Stdout}, {log: l, name: Stderr}}
	if l.none {
		return l, nil
	}
	files, err := openLogs(dir)
	if err == nil {
		l.written, err = countRecords(files)
	}
	closeAll(files)
	if err != nil {
		return nil, err
	}
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, nil
}

// Stdout takes the program's standard output. Its Write never returns an error.
func (l *Log) Stdout() io.Writer { return l.streams[0] }

// Stderr takes the program's standard error. Its Write never returns an error.
func (l *Log) Stderr() io.Writer { return l.streams[1] }

// Dropped returns how many records could not be written so far, and the last cause.
func (l *Log) Dropped() (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped, l.cause
}

// Close writes the lines that have no newline at their end and closes the file.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.streams {
		if len(s.rest) > 0 {
			l.write(Record{Time: l.now(), Stream: s.name, Text: s.rest}.append(nil), 1)
			s.rest = nil
		}
	}
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Write splits p into lines and logs those that are complete.
func (s *logStream) Write(p []byte) (int, error) {
	if s.log.none {
		return len(p), nil
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	var out []byte
	var records int64
	at := s.log.now()
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if room := lineLimit - len(s.rest); len(line) > room {
			line, after, whole = rest[:room], rest[room:], false
		}
		rest = after
		s.rest = append(s.rest, line...)
		if !whole && len(s.rest) < lineLimit {
			break
		}
		had := len(out)
		out = Record{Time: at, Stream: s.name, Text: s.rest, Whole: whole}.append(out)
		s.rest = s.rest[:0]
		if had > 0 && s.log.overflows(len(out)) {
			s.log.write(out[:had], records)
			out, records = append(out[:0], out[had:]...), 0
		}
		if records++; len(out) >= 4*lineLimit {
			s.log.write(out, records)
			out, records = out[:0], 0
		}
	}
	s.log.write(out, records)
	return len(p), nil
}

// write appends whole records to the file. After a failure the file is cut back to its last whole
// record, so that a full disk leaves no half line behind.
func (l *Log) write(records []byte, count int64) {
	if count == 0 {
		return
	}
	err := l.rotate(int64(len(records)))
	if err == nil && l.size == 0 && l.written > 0 {
		err = l.put(Record{Time: l.now(), Stream: before, Text: strconv.AppendInt(nil, l.written, 10), Whole: true}.append(nil))
	}
	if err != nil {
		l.drop(count, err)
		return
	}
	if l.dropped > l.noted {
		text := fmt.Appendf(nil, "%d log records were dropped: %v", l.dropped-l.noted, l.cause)
		note := Record{Time: l.now(), Stream: Notice, Text: text, Whole: true}.append(nil)
		if l.put(note) == nil {
			l.noted = l.dropped
		}
	}
	if err := l.put(records); err != nil {
		l.drop(count, err)
		return
	}
	l.written += count
}

func (l *Log) put(b []byte) error {
	if err := failpoint.At("log.write"); err != nil {
		return err
	}
	n, err := l.file.Write(b)
	if err == nil {
		l.size += int64(n)
		return nil
	}
	if n > 0 && l.file.Truncate(l.size) != nil {
		l.size += int64(n)
	}
	return err
}

func (l *Log) drop(count int64, err error) { l.dropped, l.cause = l.dropped+count, err }

// overflows tells whether n more bytes do not fit into the current file.
func (l *Log) overflows(n int) bool { return l.limit > 0 && l.size+int64(n) > l.limit }

// rotate makes room for n bytes by renaming the files when the current one would grow too large.
func (l *Log) rotate(n int64) error {
	if l.file != nil && (l.size == 0 || !l.overflows(int(n))) {
		return nil
	}
	if l.file != nil {
		if err := l.shift(); err != nil {
			return err
		}
		l.file.Close()
		l.file = nil
	}
	return l.open()
}

// shift gives each file the next number; the last one goes.
func (l *Log) shift() error {
	if l.files == 1 {
		// A new file, not an emptied one: who follows the log still has the old one open.
		return os.Remove(logPath(l.dir, 0))
	}
	for i := l.files - 1; i > 0; i-- {
		if err := os.Rename(logPath(l.dir, i-1), logPath(l.dir, i)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

func (l *Log) open() error {
	f, err := os.OpenFile(logPath(l.dir, 0), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		f.Close()
		return fmt.Errorf("open log %s: %w", f.Name(), err)
	}
	l.file, l.size = f, end
	last := []byte{'\n'}
	if end > 0 {
		if _, err := f.ReadAt(last, end-1); err != nil {
			return err
		}
	}
	// A monitor that was killed may have left half a record; the next one starts a line of its own.
	if last[0] != '\n' {
		return l.put([]byte{'\n'})
	}
	return nil
}

// logPath is the file's path: number 0 is written, higher numbers are older.
func logPath(dir string, number int) string {
	name := logName
	if number > 0 {
		name += "." + strconv.Itoa(number)
	}
	return filepath.Join(dir, name)
}
