package container

import (
	"bytes"
	"errors"
	"time"
)

// The limits of a container's log. A line longer than lineLimit is split into several records.
const (
	lineLimit = 16 << 10
	sizeLimit = 10 << 20 // bytes of one log file, unless LogOptions say otherwise
	fileLimit = 3        // log, log.1 and log.2, unless LogOptions say otherwise
	mostFiles = 1000
)

// Stream names where a record comes from.
type Stream string

// The streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
	Notice Stream = "notice" // written by pocket itself, when records were lost
)

// before is the stream of the record that each file but a log's first begins with: its text is how many
// records were written to the files before it. It tells a reader what rotation has removed, and is never
// shown itself.
const before Stream = "before"

// Record is one line of a program's output, or a part of one.
type Record struct {
	Time   time.Time
	Stream Stream
	Text   []byte // any bytes but a newline; at most 16 KiB
	Whole  bool   // a newline followed; otherwise the line goes on in the stream's next record
}

const timeFormat = "2006-01-02T15:04:05.000000000Z"

// append writes r in the log's format: time, stream, F (full) or P (part), text, newline, as CRI has
// it ("CRI: Log management for container stdout/stderr"). The text cannot contain a newline, so any
// other byte stands as it is and the file stays readable with ordinary tools.
func (r Record) append(to []byte) []byte {
	to = r.Time.UTC().AppendFormat(to, timeFormat)
	to = append(append(append(to, ' '), r.Stream...), ' ')
	if r.Whole {
		to = append(to, "F "...)
	} else {
		to = append(to, "P "...)
	}
	return append(append(to, r.Text...), '\n')
}

var errNotARecord = errors.New("not a log record")

// parseRecord reads one line of a log, without its newline. Text points into line.
func parseRecord(line []byte) (Record, error) {
	if len(line) < len(timeFormat)+1 {
		return Record{}, errNotARecord
	}
	at, err := time.Parse(timeFormat, string(line[:len(timeFormat)]))
	if err != nil {
		return Record{}, errNotARecord
	}
	stream, rest, _ := bytes.Cut(line[len(timeFormat)+1:], []byte(" "))
	r := Record{Time: at, Stream: Stream(stream)}
	switch r.Stream {
	case Stdout, Stderr, Notice, before:
	default:
		return Record{}, errNotARecord
	}
	if len(rest) < 2 || rest[1] != ' ' || rest[0] != 'F' && rest[0] != 'P' {
		return Record{}, errNotARecord
	}
	r.Text, r.Whole = rest[2:], rest[0] == 'F'
	return r, nil
}
