package tree

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// Rules say what unpacked files get.
type Rules struct {
	// Owners gives files to the ids that the archive names; without it they are root's, and on the host
	// the caller's.
	Owners bool
	// SetID keeps set-user-ID and set-group-ID bits.
	SetID bool
	// Top gives the folder that all goes to what the archive says of its own top.
	Top bool
}

// unpacker fills a folder with an archive. A file of the archive replaces what is no folder, and never
// writes through it; folders are merged, and a folder and anything else never take each other's place.
type unpacker struct {
	*place
	base  string // the folder, as a name in the place
	rules Rules
	chown bool
	left  Left

	parent   int // the folder of the last entry, -1 for none: entries come mostly folder by folder
	parentOf string
	stamps   map[string]*tar.Header // of folders, which get their modes and times last
	block    []byte
}

// Unpack puts the files of a tar archive into the existing folder of the host. Nothing outside it is made or
// changed, whatever the archive holds. Files are the caller's own, unless Rules say otherwise; devices are
// left out.
func Unpack(dir string, r io.Reader, rules Rules) (Left, error) {
	fd, err := openFolder(dir)
	if err != nil {
		return Left{}, err
	}
	defer closeFD(fd)
	return (&place{fd: fd, resolve: noLinks}).unpack(".", r, rules, rules.Owners)
}

func (p *place) unpack(base string, r io.Reader, rules Rules, chown bool) (Left, error) {
	u := &unpacker{place: p, base: base, rules: rules, chown: chown, parent: -1,
		stamps: map[string]*tar.Header{}, block: make([]byte, BlockSize)}
	defer u.forget()
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err == io.EOF {
			// What follows the end of an archive, padding mostly, is read too: its writer must not fail.
			_, err := io.Copy(io.Discard, r)
			return u.left, errors.Join(u.finish(), err)
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return u.left, readError(err)
		}
		if err := u.entry(h, in); err != nil {
			return u.left, fmt.Errorf("unpack %s: %w", h.Name, err)
		}
	}
}

func readError(err error) error {
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return hint.With(fmt.Errorf("read the archive: %w", err), "give a whole tar archive that is not compressed")
	}
	return fmt.Errorf("read the archive: %w", err)
}

func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	name := entryName(h.Name)
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeChar, tar.TypeBlock:
		u.left.Devices++
		return nil
	}
	dir, base, err := u.in(name)
	if err != nil {
		return err
	}
	if h.Typeflag == tar.TypeDir {
		return u.folder(dir, base, name, h)
	}
	if name == "." {
		return errors.New("it has the name of the folder it goes to")
	}
	if err := makeRoom(dir, base); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		return u.file(dir, base, h, r)
	case tar.TypeSymlink:
		if err := unix.Symlinkat(h.Linkname, dir, base); err != nil {
			return err
		}
		return u.settle(dir, base, h)
	case tar.TypeLink:
		return u.link(dir, base, entryName(h.Linkname))
	case tar.TypeFifo:
		if err := unix.Mkfifoat(dir, base, 0o600); err != nil {
			return err
		}
		return u.settle(dir, base, h)
	}
	return fmt.Errorf("unknown type %q", h.Typeflag)
}

// in returns the folder that holds name, open until the next call, and name's last part. Folders that
// are missing on the way are made, but for the one that all goes to.
func (u *unpacker) in(name string) (int, string, error) {
	dir, base := path.Dir(name), path.Base(name)
	if u.parent >= 0 && u.parentOf == dir {
		return u.parent, base, nil
	}
	fd, err := u.folderOrMake(dir)
	if err != nil {
		return -1, "", err
	}
	u.forget()
	u.parent, u.parentOf = fd, dir
	return fd, base, nil
}

func (u *unpacker) folderOrMake(dir string) (int, error) {
	fd, err := u.place.folder(path.Join(u.base, dir))
	if !errors.Is(err, unix.ENOENT) || dir == "." {
		return fd, err
	}
	above, err := u.folderOrMake(path.Dir(dir))
	if err != nil {
		return -1, err
	}
	defer closeFD(above)
	if err := unix.Mkdirat(above, path.Base(dir), 0o755); err != nil && err != unix.EEXIST {
		return -1, &os.PathError{Op: "make folder", Path: dir, Err: err}
	}
	if err := u.give(above, path.Base(dir), &tar.Header{}); err != nil {
		return -1, err
	}
	return u.place.folder(path.Join(u.base, dir))
}

func (u *unpacker) forget() {
	if u.parent >= 0 {
		closeFD(u.parent)
	}
	u.parent, u.parentOf = -1, ""
}

// makeRoom removes what has the name already.
func makeRoom(dir int, base string) error {
	err := unix.Unlinkat(dir, base, 0)
	switch err {
	case nil, unix.ENOENT:
		return nil
	case unix.EISDIR, unix.EPERM:
		var st unix.Stat_t
		if unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			return hint.With(errors.New("cannot put a file in place of a folder"), "remove the folder first, or choose another destination")
		}
	case unix.EBUSY:
		return hint.With(fmt.Errorf("replace it: %w", err), "it is a mount: copy to the file that is mounted there instead")
	}
	return fmt.Errorf("replace it: %w", err)
}

func (u *unpacker) folder(dir int, base, name string, h *tar.Header) error {
	err := unix.Mkdirat(dir, base, 0o700)
	if err == unix.EEXIST {
		var st unix.Stat_t
		if err := unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			return hint.With(errors.New("cannot put a folder in place of what is none"), "remove that first, or choose another destination")
		}
		if name == "." && !u.rules.Top {
			return nil // where all goes to keeps its own owner and mode, as with docker cp
		}
		err = nil
	}
	if err != nil {
		return err
	}
	u.stamps[name] = h
	return u.give(dir, base, h)
}

// finish gives the folders their own modes and times, the innermost first: entries inside would have
// changed the times, and could not have been made at all in a folder without write permission.
func (u *unpacker) finish() error {
	u.forget()
	names := slices.SortedFunc(maps.Keys(u.stamps), func(a, b string) int {
		return strings.Compare(path.Join("/", b), path.Join("/", a)) // the folder itself, ".", comes last
	})
	for _, name := range names {
		dir, err := u.place.folder(path.Join(u.base, path.Dir(name)))
		if err != nil {
			return err
		}
		err = u.stamp(dir, path.Base(name), u.stamps[name])
		closeFD(dir)
		if err != nil {
			return &os.PathError{Op: "finish folder", Path: name, Err: err}
		}
	}
	return nil
}

// stamp works on a descriptor: in a running container the name may be another file's by now.
func (u *unpacker) stamp(dir int, base string, h *tar.Header) error {
	at, err := unix.Openat(dir, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT || err == unix.ENOTDIR || err == unix.ELOOP {
		return nil // the container's program was quicker
	}
	if err != nil {
		return err
	}
	defer closeFD(at)
	setAttributes(at, h.PAXRecords)
	return errors.Join(unix.Fchmod(at, u.mode(h)), SetTime(at, ".", h.ModTime))
}

func (u *unpacker) mode(h *tar.Header) uint32 {
	mode := uint32(h.Mode) & 0o7777
	if !u.rules.SetID {
		mode &^= unix.S_ISUID | unix.S_ISGID
	}
	return mode
}

// give sets the owner of a name that is not followed, or with the name "" of an open file.
func (u *unpacker) give(dir int, base string, h *tar.Header) error {
	if !u.chown {
		return nil
	}
	uid, gid := 0, 0
	if u.rules.Owners {
		uid, gid = h.Uid, h.Gid
	}
	flags := unix.AT_SYMLINK_NOFOLLOW
	if base == "" {
		flags = unix.AT_EMPTY_PATH
	}
	hostUID, hostGID := u.hostIDs(uid, gid)
	err := unix.Fchownat(dir, base, hostUID, hostGID, flags)
	if err == unix.EINVAL || err == unix.EPERM {
		err = fmt.Errorf("give it to %d:%d: %w", uid, gid, err)
		return hint.With(err, "leave -a out: this user has no such ids to give files to")
	}
	return err
}

// settle gives a link or FIFO, just made, its owner and time.
func (u *unpacker) settle(dir int, base string, h *tar.Header) error {
	if err := u.give(dir, base, h); err != nil {
		return err
	}
	if h.Typeflag == tar.TypeFifo {
		at, err := unix.Openat(dir, base, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Fchmod(at, u.mode(h))
			closeFD(at)
		}
		if err != nil {
			return err
		}
	}
	return SetTime(dir, base, h.ModTime)
}

// link makes another name of a file that the archive had before.
func (u *unpacker) link(dir int, base, target string) error {
	from, err := u.place.folder(path.Join(u.base, path.Dir(target)))
	if err != nil {
		return err
	}
	defer closeFD(from)
	return unix.Linkat(from, path.Base(target), dir, base, 0)
}

// SetTime gives what is called base in the folder its times, as near as file systems can keep them; a link's own.
func SetTime(dir int, base string, when time.Time) error {
	return unix.UtimesNanoAt(dir, base, times(when), unix.AT_SYMLINK_NOFOLLOW)
}

func times(when time.Time) []unix.Timespec {
	ts := unix.Timespec{Nsec: int64(when.Nanosecond())}
	ts.Sec = min(max(when.Unix(), 0), 1<<34-1) // what ext4 can store
	return []unix.Timespec{ts, ts}
}
