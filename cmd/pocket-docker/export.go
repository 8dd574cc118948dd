package main

import (
	"errors"
	"fmt"
	"os"

	"pocket/runtime/hint"
)

const exportUsage = `pocket-docker export [flags] CONTAINER

Writes the container's files, those of its image and what it wrote, as a tar archive to standard output.
What lies in volumes is left out, and so are sockets, which an archive cannot hold. The container may
run or not.

  -o, --output FILE   write to this file instead, which is replaced once the archive is whole

Example:
  pocket-docker export -o web.tar web && pocket-docker run ./web.tar sh

EXIT STATUS
  0, 125 when the files cannot all be written and for a wrong use.
`

func cmdExport(c *call) error {
	var file string
	flags := c.flagSet()
	flags.StringVarP(&file, "output", "o", "", "")
	if err := c.parse(flags, 1, 1, "CONTAINER"); err != nil {
		return err
	}
	if file == "" && isTerminal(c.stdout) {
		return errArchiveOnTerminal(c.name, "give a file with -o, or redirect the output")
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	write := func(to *os.File) error {
		left, err := e.Export(flags.Arg(0), to)
		if err == nil && left.String() != "" {
			c.warn("%s: %s", flags.Arg(0), leftOut(left))
		}
		return err
	}
	if file == "" {
		return write(c.stdout)
	}
	return replaceFile(file, write)
}

func errArchiveOnTerminal(command, what string) error {
	return usageError{hint.With(fmt.Errorf("%s: an archive is not written to a terminal", command), "%s", what)}
}

// replaceFile lets write fill a new file beside the one of this name, which is replaced at the end. A
// device or pipe is written to as it is.
func replaceFile(name string, write func(*os.File) error) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := os.OpenFile(name+".part", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if errors.Is(err, os.ErrExist) {
		return hint.With(err, "another export writes it, or one was killed: remove it")
	}
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}
