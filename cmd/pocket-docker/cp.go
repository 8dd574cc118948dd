package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"pocket/runtime/container"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/tree"
)

const cpUsage = `pocket-docker cp [flags] CONTAINER:SOURCE DESTINATION
pocket-docker cp [flags] SOURCE CONTAINER:DESTINATION

Copies files and folders between a container, running or not, and this machine. Paths in the container
begin at its root. In place of the path on this machine, - is a tar archive on standard output or input.

A folder goes into a destination that exists, and becomes one that does not; of SOURCE/. only what is in
the folder is copied. A file goes into a folder, replaces a file, or gets the name that is given. Folders
are merged; a file never takes the place of a folder, nor a folder that of a file. The folder above the
destination must exist.

What comes into the container belongs to its root, what comes out to the caller, without set-user-ID and
set-group-ID bits. Links of the container lead nowhere but into it. Devices and sockets are left out.

  -a, --archive       keep user and group ids, and those bits (on this machine only root can)
  -L, --follow-link   if SOURCE itself is a symbolic link, copy what it leads to
  -q, --quiet         do not say what was copied; so it is anyway unless standard error is a terminal

A path on this machine that holds a colon is written with a slash: ./a:b.

Example:
  pocket-docker cp web:/var/log/. ./logs
  tar -c site | pocket-docker cp - web:/srv

EXIT STATUS
  0, 125 when not all could be copied and for a wrong use.
`

// copyCall is one copy as the command line has it.
type copyCall struct {
	*call
	container.CopyOptions
	quiet bool
	ref   string
}

func cmdCp(c *call) error {
	cp := copyCall{call: c}
	flags := c.flagSet()
	flags.BoolVarP(&cp.Owners, "archive", "a", false, "")
	flags.BoolVarP(&cp.Follow, "follow-link", "L", false, "")
	flags.BoolVarP(&cp.quiet, "quiet", "q", false, "")
	if err := c.parse(flags, 2, 2, "SOURCE or DESTINATION"); err != nil {
		return err
	}
	from, source := splitContainer(flags.Arg(0))
	to, destination := splitContainer(flags.Arg(1))
	switch {
	case from != "" && to != "":
		return usageError{hint.With(errors.New("cp: files are not copied between containers"), "copy to a folder of this machine first, or through a pipe: cp A:/x - | cp - B:/y")}
	case from == "" && to == "":
		return usagef("cp: neither path is in a container (write CONTAINER:PATH)")
	case source == "" || destination == "":
		return usagef("cp: a path is empty")
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	cp.ref = from + to
	if from != "" {
		return cp.out(e, source, destination)
	}
	return cp.in(e, source, destination)
}

// splitContainer reads CONTAINER:PATH as docker does: what begins with a dot or slash is a path.
func splitContainer(arg string) (ref, path string) {
	if filepath.IsAbs(arg) || strings.HasPrefix(arg, ".") {
		return "", arg
	}
	ref, path, found := strings.Cut(arg, ":")
	if !found {
		return "", arg
	}
	return ref, path
}

func (cp *copyCall) out(e *container.Engine, source, destination string) error {
	if destination == "-" {
		if isTerminal(cp.stdout) {
			return errArchiveOnTerminal(cp.name, "redirect the output, or name a folder")
		}
		left, err := e.PackFrom(cp.ref, source, cp.CopyOptions, cp.stdout)
		cp.tell(left)
		return err
	}
	done, err := e.CopyFrom(cp.ref, source, destination, cp.CopyOptions)
	return cp.report(done, destination, err)
}

func (cp *copyCall) in(e *container.Engine, source, destination string) error {
	if source == "-" {
		if isTerminal(cp.stdin) {
			return usageError{hint.With(errors.New("cp: an archive is not read from a terminal"), "redirect the input, or name a file or folder")}
		}
		left, err := e.UnpackTo(cp.ref, destination, cp.CopyOptions, cp.stdin)
		cp.tell(left)
		return err
	}
	done, err := e.CopyTo(cp.ref, source, destination, cp.CopyOptions)
	return cp.report(done, cp.ref+":"+destination, err)
}

func (cp *copyCall) report(done container.Copied, to string, err error) error {
	cp.tell(done.Left)
	if err == nil && !cp.quiet && isTerminal(cp.stderr) {
		fmt.Fprintf(cp.stderr, "Successfully copied %s to %s\n", resource.Size(done.Bytes).Human(), to)
	}
	return err
}

// tell says what was left out, which -q does not silence: it is no progress.
func (cp *copyCall) tell(left tree.Left) {
	if left.String() != "" {
		cp.warn("%s", leftOut(left))
	}
}

func leftOut(left tree.Left) string { return left.String() + " left out" }
