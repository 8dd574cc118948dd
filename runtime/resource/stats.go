package resource

import "time"

// Unknown is the source of a figure that this host does not tell.
const Unknown = "unknown"

// Reading is one figure and what told it.
type Reading struct {
	Value  int64  `json:"value"`
	Source string `json:"source"` // the kernel's name of it, or "unknown": then Value says nothing
}

// Read returns a figure of a source, or the unknown one when ok is false.
func Read(value int64, source string, ok bool) Reading {
	if !ok {
		return Reading{Source: Unknown}
	}
	return Reading{value, source}
}

// Known says whether there is a figure at all.
func (r Reading) Known() bool { return r.Source != "" && r.Source != Unknown }

// Or returns r where it is known, else other.
func (r Reading) Or(other Reading) Reading {
	if r.Known() {
		return r
	}
	return other
}

// Stats is what a process tree uses at one moment. Times are nanoseconds, sizes bytes.
type Stats struct {
	At           time.Time `json:"at"`
	CPU          Reading   `json:"cpu"`          // used since the start
	Throttled    Reading   `json:"throttled"`    // how long it had to wait because of its limit on processors
	Memory       Reading   `json:"memory"`       // in use, without the page cache that is easily given up
	MemoryPeak   Reading   `json:"memory_peak"`  // the most so far, page cache included
	MemoryLimit  Reading   `json:"memory_limit"` // unknown also where there is none
	Processes    Reading   `json:"processes"`    // processes and threads, without the init
	ProcessLimit Reading   `json:"process_limit"`
	BlockRead    Reading   `json:"block_read"` // from and to block devices; the page cache takes no part
	BlockWritten Reading   `json:"block_written"`
	Paused       bool      `json:"paused"`
}
