package tree

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/idmap"
	"pocket/runtime/inside"
)

// Jobs are what this package does in a second process: programs that use it give them to inside.Serve.
var Jobs = map[string]inside.Job{
	"tree-remove":  removeInside,
	"tree-stat":    stat,
	"tree-pack":    packView,
	"tree-unpack":  unpackView,
	"tree-seed":    seed,
	"tree-changes": changes,
}

// look reads a job's arguments and opens the view's root. The files after the root are returned.
func look(c *inside.Call) (*place, *request, []*os.File, error) {
	var r request
	if err := c.Args(&r); err != nil {
		return nil, nil, nil, err
	}
	p := &place{resolve: insideRoot, ids: r.As}
	files, err := p.find(&r, c.Files)
	if err == nil && r.As != nil {
		err = becomeOwner(r.As)
	}
	return p, &r, files, err
}

// find opens the root and returns the other files.
func (p *place) find(r *request, files []*os.File) (_ []*os.File, err error) {
	if r.Running {
		p.fd = int(files[0].Fd())
		return files[1:], nil
	}
	if p.fd, err = r.View.assemble(r.As != nil); err != nil {
		return nil, err
	}
	return files, r.View.mountVolumes(p, r.As != nil)
}

// becomeOwner lets this goroutine, of a process that the host's root runs, make files as the container's
// root. Without this, nothing can be made in a volume that translates owners: the host's root has no id
// there (EOVERFLOW, mount_setattr(2), "ID-mapped mounts"). The capabilities stay (capabilities(7),
// SECBIT_NO_SETUID_FIXUP), so that everything can be reached. Other goroutines stay as they were.
func becomeOwner(ids *idmap.Map) error {
	runtime.LockOSThread() // for good: the identity is the thread's
	const noFixup = 1 << 2 // SECBIT_NO_SETUID_FIXUP, linux/securebits.h
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, noFixup, 0, 0, 0); err != nil {
		return fmt.Errorf("keep the capabilities: %w", err)
	}
	uid, gid := hostID(ids.UIDs, 0), hostID(ids.GIDs, 0)
	// Both return the id that was there before, and no error (setfsuid(2)).
	if _, err := unix.SetfsgidRetGid(gid); err != nil {
		return fmt.Errorf("take group id %d: %w", gid, err)
	}
	if _, err := unix.SetfsuidRetUid(uid); err != nil {
		return fmt.Errorf("take user id %d: %w", uid, err)
	}
	return nil
}

// at opens what is at the path, for looking at it only.
func (p *place) at(path string, follow bool) (int, error) {
	flags := unix.O_PATH
	switch {
	case strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/."):
		flags |= unix.O_DIRECTORY
	case !follow:
		flags |= unix.O_NOFOLLOW
	}
	return p.open(path, flags, 0)
}

func stat(c *inside.Call) (any, error) {
	p, r, _, err := look(c)
	if err != nil {
		return nil, err
	}
	fd, err := p.at(r.Path, r.Follow)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, &os.PathError{Op: "stat", Path: r.Path, Err: err}
	}
	e := Entry{Dir: st.Mode&unix.S_IFMT == unix.S_IFDIR, Size: st.Size}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		buf := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(fd, "", buf)
		if err != nil {
			return nil, &os.PathError{Op: "read link", Path: r.Path, Err: err}
		}
		e.Link = string(buf[:n])
	}
	return e, nil
}

func packView(c *inside.Call) (any, error) {
	p, r, files, err := look(c)
	if err != nil {
		return nil, err
	}
	fd, err := p.at(r.Path, r.Follow)
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(files[0], 256<<10)
	left, err := p.pack(fd, r.Name, out)
	if err == nil {
		err = out.Flush()
	}
	if errors.Is(err, unix.EPIPE) {
		err = nil // whoever reads has said why it does not want more
	}
	return left, err
}

func unpackView(c *inside.Call) (any, error) {
	p, r, files, err := look(c)
	if err != nil {
		return nil, err
	}
	return p.unpack(r.Path, bufio.NewReaderSize(files[0], 256<<10), r.Rules, true)
}

func seed(c *inside.Call) (any, error) {
	p, r, _, err := look(c)
	if err != nil {
		return nil, err
	}
	from, err := p.open(r.Path, unix.O_PATH|unix.O_DIRECTORY, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	into, err := os.Open(r.Name)
	if err != nil {
		return nil, err
	}
	defer into.Close()
	if _, err := into.Readdirnames(1); err != io.EOF {
		return nil, err // something is in it, or it cannot be read
	}
	to := &place{fd: int(into.Fd()), resolve: noLinks, ids: r.As}
	reader, writer := io.Pipe()
	go func() { // ends when the reader is closed at the latest
		_, err := p.pack(from, ".", writer)
		writer.CloseWithError(err)
	}()
	_, err = to.unpack(".", reader, Rules{Owners: true, SetID: true, Top: true}, true)
	return nil, errors.Join(err, reader.Close())
}
