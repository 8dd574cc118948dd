package container

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/tree"
)

// CopyOptions are those of docker cp.
type CopyOptions struct {
	Owners bool // -a: keep user and group ids, and set-user-ID bits on the way out
	Follow bool // -L: a link at the source's end is followed
}

// Copied says what was done.
type Copied struct {
	Bytes int64 // of the tar stream between the two sides
	Left  tree.Left
}

// target is where a copy goes, as found.
type target struct {
	path        string
	exists, dir bool
}

// plan says into which folder a copy goes and under what name, "." for the content alone. The rules are
// docker cp's.
func plan(source string, sourceDir bool, to target) (folder, name string, err error) {
	base, clean := path.Base(path.Clean(source)), path.Clean(to.path)
	if strings.HasSuffix(source, "/.") || source == "." || base == "/" {
		base = "."
	}
	switch {
	case to.exists && to.dir:
		return to.path, base, nil
	case to.exists && sourceDir:
		return "", "", hint.With(fmt.Errorf("%s is a file: a folder cannot be copied to it", to.path),
			"name a folder, or a name that is free")
	case !to.exists && !sourceDir && assertsFolder(to.path):
		return "", "", hint.With(fmt.Errorf("the folder %s does not exist", to.path), "make it first, or leave the slash at the end out")
	}
	return path.Dir(clean), path.Base(clean), nil
}

// assertsFolder: a path that ends so must be a folder's.
func assertsFolder(p string) bool {
	return strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || p == "."
}

// CopyFrom copies a file or folder of the container, from, to this host. The container may run or not;
// its links are followed within it only.
func (e *Engine) CopyFrom(ref, from, to string, o CopyOptions) (done Copied, err error) {
	err = e.see(ref, false, func(v *tree.View) error {
		from := fromRoot(from)
		entry, err := v.Stat(from, o.Follow)
		if err != nil {
			return missing(ref+":"+from, err)
		}
		at, err := hostTarget(to)
		if err != nil {
			return err
		}
		folder, name, err := plan(from, entry.Dir, at)
		if err != nil {
			return err
		}
		done, err = copyOut(v, from, folder, name, o)
		return err
	})
	return done, err
}

func copyOut(v *tree.View, from, folder, name string, o CopyOptions) (Copied, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return Copied{}, err
	}
	var done Copied
	packed := make(chan error, 1)
	go func() { // ends when the reader is closed at the latest
		left, err := v.Pack(from, name, o.Follow, w)
		done.Left.Sockets = left.Sockets
		packed <- errors.Join(err, w.Close())
	}()
	count := &incoming{Reader: r}
	left, err := tree.Unpack(folder, count, tree.Rules{Owners: o.Owners, SetID: o.Owners})
	err = errors.Join(missing(folder, err), r.Close())
	err = first(<-packed, err)
	done.Bytes, done.Left.Devices = count.n, left.Devices
	return done, err
}

// first prefers the error of the side that sends: the other one's is its consequence then.
func first(sender, receiver error) error {
	if sender != nil {
		return sender
	}
	return receiver
}

// incoming counts what is read.
type incoming struct {
	io.Reader
	n int64
}

func (c *incoming) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// CopyTo copies a file or folder of this host into the container, running or not. What is made belongs to
// the container's root, unless Owners keeps the ids.
func (e *Engine) CopyTo(ref, from, to string, o CopyOptions) (done Copied, err error) {
	look := os.Lstat
	if o.Follow || assertsFolder(from) {
		look = os.Stat
	}
	info, err := look(from)
	if err != nil {
		return done, missing(from, err)
	}
	if assertsFolder(from) && !info.IsDir() {
		return done, fmt.Errorf("%s is not a folder", from)
	}
	absolute, err := filepath.Abs(from) // for the name of "." and ".."
	if err != nil {
		return done, err
	}
	if strings.HasSuffix(from, "/.") || from == "." {
		absolute += "/."
	}
	err = e.see(ref, true, func(v *tree.View) error {
		at, err := insideTarget(v, fromRoot(to))
		if err != nil {
			return err
		}
		folder, name, err := plan(absolute, info.IsDir(), at)
		if err != nil {
			return err
		}
		done, err = copyIn(v, from, folder, name, o)
		return missing(ref+":"+folder, err)
	})
	return done, err
}

func copyIn(v *tree.View, from, folder, name string, o CopyOptions) (Copied, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return Copied{}, err
	}
	var done Copied
	packed := make(chan error, 1)
	go func() { // ends when the reader is closed at the latest
		left, err := tree.Pack(from, name, o.Follow || assertsFolder(from), &outgoing{w, &done.Bytes})
		done.Left.Sockets = left.Sockets
		packed <- errors.Join(err, w.Close())
	}()
	left, err := v.Unpack(folder, r, tree.Rules{Owners: o.Owners, SetID: true})
	err = errors.Join(err, r.Close())
	err = first(<-packed, err)
	done.Left.Devices = left.Devices
	return done, err
}

// outgoing counts what is written.
type outgoing struct {
	io.Writer
	n *int64
}

func (t *outgoing) Write(p []byte) (int, error) {
	n, err := t.Writer.Write(p)
	*t.n += int64(n)
	return n, err
}

// PackFrom writes what the path is in the container as a tar archive.
func (e *Engine) PackFrom(ref, from string, o CopyOptions, to *os.File) (left tree.Left, err error) {
	err = e.see(ref, false, func(v *tree.View) error {
		from := fromRoot(from)
		_, name, err := plan(from, false, target{path: "/", exists: true, dir: true})
		if err != nil {
			return err
		}
		left, err = v.Pack(from, name, o.Follow, to)
		return missing(ref+":"+from, err)
	})
	return left, err
}

// UnpackTo puts what a tar archive has into a folder of the container, which must exist.
func (e *Engine) UnpackTo(ref, to string, o CopyOptions, from *os.File) (left tree.Left, err error) {
	err = e.see(ref, true, func(v *tree.View) error {
		at, err := insideTarget(v, fromRoot(to))
		if err != nil {
			return err
		}
		if !at.exists || !at.dir {
			return hint.With(fmt.Errorf("%s:%s is not a folder", ref, to), "name an existing folder for the archive's files")
		}
		left, err = v.Unpack(at.path, from, tree.Rules{Owners: o.Owners, SetID: true})
		return err
	})
	return left, err
}

// mostLinks is how many links are followed to a target, as in the kernel (path_resolution(7)).
const mostLinks = 40

// insideTarget looks at where a copy goes. A link there is followed, also one to a name that is free.
func insideTarget(v *tree.View, to string) (target, error) {
	for range mostLinks {
		entry, err := v.Stat(to, false)
		if errors.Is(err, fs.ErrNotExist) {
			return target{path: to}, nil
		}
		if err != nil {
			return target{}, err
		}
		if entry.Link == "" {
			return target{to, true, entry.Dir}, nil
		}
		to = joinLink(to, entry.Link)
	}
	return target{}, fmt.Errorf("%s: too many links", to)
}

// joinLink is where the link at a path leads, in words: what is a link on the way is the kernel's to see.
func joinLink(at, link string) string {
	if path.IsAbs(link) {
		return link
	}
	return path.Dir(strings.TrimRight(at, "/")) + "/" + link
}

func hostTarget(to string) (target, error) {
	for range mostLinks {
		info, err := os.Lstat(to)
		if errors.Is(err, fs.ErrNotExist) {
			return target{path: to}, nil
		}
		if err != nil {
			return target{}, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return target{to, true, info.IsDir()}, nil
		}
		link, err := os.Readlink(to)
		if err != nil {
			return target{}, err
		}
		to = joinLink(to, link)
	}
	return target{}, fmt.Errorf("%s: too many links", to)
}

// missing says in the words of a copy that something is not there.
func missing(what string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no such file or folder", what)
	}
	return err
}

// fromRoot is a path in a container, which begins at its root whether it says so or not.
func fromRoot(p string) string { return "/" + strings.TrimLeft(p, "/") }
