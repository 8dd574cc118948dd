package container

import (
	"errors"
	"fmt"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// LogOptions says how much is kept of what a container writes. Its zero value is three files of 10 MiB.
type LogOptions struct {
	Driver string        // "json-file" or "local", which both mean our own format, or "none"; "" is json-file
	Size   resource.Size // bytes of one file; 0: 10 MiB, negative: no limit
	Files  int           // how many files are kept; 0: 3
}

// NoLog is the driver that keeps nothing.
const NoLog = "none"

func (o LogOptions) check() error {
	switch o.Driver {
	case "", "json-file", "local", NoLog:
	default:
		return hint.With(fmt.Errorf("log driver %q is not supported", o.Driver),
			"json-file, local and none are; what is kept is read with pocket-docker logs")
	}
	if o.Files < 0 || o.Files > mostFiles {
		return fmt.Errorf("%d log files: it must be 1 to %d", o.Files, mostFiles)
	}
	if o.Driver == NoLog && (o.Size != 0 || o.Files != 0) {
		return errors.New("the log driver none keeps no files, whose size and number could be limited")
	}
	return nil
}

// bounds are the options with the defaults in place.
func (o LogOptions) bounds() (size int64, files int) {
	size, files = int64(o.Size), o.Files
	if size == 0 {
		size = sizeLimit
	}
	if files == 0 {
		files = fileLimit
	}
	return size, files
}
