package container

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// place is the beginning of a record in one of a log's files.
type place struct {
	file   int
	offset int64
}

// tail is what the last lines of a log are made of: everything from a place on, and parts of lines that
// began before it.
type tail struct {
	parts []place // in order
	place         // where the rest begins
	whole bool    // nothing is left out
}

// farParts is how far before the last lines the beginning of one of them is looked for: it lies there
// only where one stream wrote a line longer than 16 KiB while the other wrote short ones.
const farParts = 1 << 20

var errEnough = errors.New("enough")

// findTail finds the last n lines among the records that q chooses, reading from the end. Lines count by
// their ends.
func findTail(files []*logFile, q Query, n int) (tail, error) {
	t := tail{whole: true}
	ends := 0
	chosen := map[Stream]bool{} // has records in the tail already
	open := map[Stream]bool{}   // its first record in the tail may go on a line that began earlier
	found, far := false, int64(0)
	err := backward(files, func(r Record, at place, length int64) error {
		if found {
			return t.complete(r, at, open, &far, length)
		}
		if r.Stream == before || q.late(r) {
			return nil
		}
		if q.early(r) {
			t.whole = false
			t.after(at, length, chosen)
			return errEnough
		}
		if r.Whole || !chosen[r.Stream] {
			ends++
		}
		if ends > n {
			found, t.whole = true, false
			t.after(at, length, chosen)
			delete(open, r.Stream)
			if len(open) == 0 {
				return errEnough
			}
			return nil
		}
		chosen[r.Stream], open[r.Stream], t.place = true, true, at
		return nil
	})
	slices.Reverse(t.parts)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return t, err
}

// after begins the rest after a record that is not in it, where nothing is in it yet.
func (t *tail) after(at place, length int64, chosen map[Stream]bool) {
	if len(chosen) == 0 {
		t.place = place{at.file, at.offset + length}
	}
}

// complete takes the parts of lines that the tail has only the ends of.
func (t *tail) complete(r Record, at place, open map[Stream]bool, far *int64, length int64) error {
	if open[r.Stream] && r.Whole {
		delete(open, r.Stream)
	} else if open[r.Stream] {
		t.parts = append(t.parts, at)
	}
	if *far += length; len(open) == 0 || *far > farParts {
		return errEnough
	}
	return nil
}

// backward calls each for the records of a log, the last one first, with their lengths in the file.
func backward(files []*logFile, each func(r Record, at place, length int64) error) error {
	for i := len(files) - 1; i >= 0; i-- {
		b := reverse{file: files[i], start: files[i].size}
		for {
			line, offset, err := b.line()
			if err == io.EOF {
				break
			}
			if err != nil {
				return fmt.Errorf("read log %s: %w", files[i].Name(), err)
			}
			r, bad := parseRecord(line)
			if bad != nil {
				continue
			}
			if err := each(r, place{i, offset}, int64(len(line))+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// reverse reads the lines of a file from its end.
type reverse struct {
	file  *logFile
	start int64  // where held begins in the file
	held  []byte // what was read and not yet given
	ended bool   // held ends with the newline of a line to be given
	long  bool   // that line is too long for a record, and its middle was let go
}

const reverseBlock = 2 * lineLimit

// line returns the line before the one it returned last, without its newline, and where it begins. What
// comes after the last newline is no line.
func (b *reverse) line() ([]byte, int64, error) {
	for {
		text := b.held
		if b.ended {
			text = text[:len(text)-1]
		}
		if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
			line, complete := b.whole(text[i+1:]), b.ended
			b.held, b.ended = b.held[:i+1], true
			if complete {
				return line, b.start + int64(i) + 1, nil
			}
			continue
		}
		if b.start == 0 {
			line, complete := b.whole(text), b.ended
			b.held, b.ended = nil, false
			if complete {
				return line, 0, nil
			}
			return nil, 0, io.EOF
		}
		if err := b.more(); err != nil {
			return nil, 0, err
		}
	}
}

// whole is a line, or nothing where it has lost its middle.
func (b *reverse) whole(line []byte) []byte {
	if b.long {
		line, b.long = nil, false
	}
	return line
}

// more reads the block before what is held. Of what is too long for a record only the end is kept.
func (b *reverse) more() error {
	if len(b.held) > 2*reverseBlock {
		b.held, b.long = b.held[len(b.held)-1:], true
	}
	n := min(reverseBlock, b.start)
	block := make([]byte, n, int(n)+len(b.held))
	if _, err := b.file.ReadAt(block, b.start-n); err != nil && err != io.EOF {
		return err
	}
	b.start -= n
	b.held = append(block, b.held...)
	return nil
}
