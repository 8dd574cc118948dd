package image

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// User is who runs a program inside.
type User struct {
	UID, GID int
	Groups   []int  // further groups that the image's group file gives to the user
	Name     string // "" where the image has none for the number
	Home     string // "/" where the image says none; root's is /root
}

// LookupUser finds out who "NAME", "UID", "NAME:GROUP" or "UID:GID" is in the trees, the topmost first, as
// Image.Layers has them; "" is root. Digits are always a number, whatever names there are (CVE-2016-3697).
// Where no group is given, it is the user's own, else 0.
//
// The files are the image's: they are looked up inside the trees only, and what is no regular file, is
// closed, or is larger than 1 MiB counts as missing (CVE-2024-9676).
func LookupUser(trees []string, spec string) (User, error) {
	name, group, hasGroup := strings.Cut(spec, ":")
	if name == "" {
		name = "0"
	}
	passwd, groups := readLines(trees, "etc/passwd"), readLines(trees, "etc/group")
	u, err := findUser(passwd, name)
	if err != nil {
		return User{}, fmt.Errorf("user %s: %w", quote(spec), err)
	}
	if hasGroup && group != "" {
		if u.GID, err = findGroup(groups, group); err != nil {
			return User{}, fmt.Errorf("user %s: %w", quote(spec), err)
		}
		return u, nil
	}
	for _, fields := range groups {
		if gid, ok := number(fields[2]); ok && u.Name != "" && gid != u.GID && contains(fields, 3, u.Name) {
			u.Groups = append(u.Groups, gid)
		}
	}
	return u, nil
}

// LookupGroup finds out which group of the trees a name is, as LookupUser does; digits are always a number.
func LookupGroup(trees []string, name string) (int, error) {
	gid, err := findGroup(readLines(trees, "etc/group"), name)
	if err != nil {
		return 0, fmt.Errorf("group %s: %w", quote(name), err)
	}
	return gid, nil
}

func contains(fields []string, at int, name string) bool {
	if len(fields) <= at {
		return false
	}
	for _, member := range strings.Split(fields[at], ",") {
		if member == name {
			return true
		}
	}
	return false
}

// findUser reads passwd(5): name, password, uid, gid, text, home, shell.
func findUser(passwd [][]string, name string) (User, error) {
	uid, isNumber := number(name)
	if !isNumber && strings.Trim(name, "0123456789-+") == "" {
		return User{}, fmt.Errorf("%s is not an id", quote(name))
	}
	for _, fields := range passwd {
		id, ok := number(fields[2])
		if !ok || len(fields) < 6 || isNumber && id != uid || !isNumber && fields[0] != name {
			continue
		}
		gid, ok := number(fields[3])
		if !ok {
			continue
		}
		u := User{UID: id, GID: gid, Name: fields[0], Home: fields[5]}
		if !strings.HasPrefix(u.Home, "/") || strings.IndexByte(u.Home, 0) >= 0 {
			u.Home = "/"
		}
		return u, nil
	}
	if isNumber {
		u := User{UID: uid, Home: "/"}
		if uid == 0 {
			u.Name, u.Home = "root", "/root"
		}
		return u, nil
	}
	if name == "root" {
		return User{Name: name, Home: "/root"}, nil
	}
	return User{}, hint.With(fmt.Errorf("the image has no user %s", quote(name)), "give a number, as --user 1000:1000")
}

func findGroup(groups [][]string, name string) (int, error) {
	if gid, ok := number(name); ok {
		return gid, nil
	}
	for _, fields := range groups {
		if gid, ok := number(fields[2]); ok && fields[0] == name {
			return gid, nil
		}
	}
	return 0, hint.With(fmt.Errorf("the image has no group %s", quote(name)), "give its number in place of its name")
}

// number reads an id; 2^32-1 means none (chown(2)).
func number(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return int(n), err == nil && n < 1<<32-1
}

// readLines returns the fields of the lines that have at least three.
func readLines(trees []string, name string) [][]string {
	text, err := readInside(trees, name)
	if err != nil {
		return nil
	}
	var lines [][]string
	for line := range strings.Lines(text) {
		if fields := strings.Split(strings.TrimSuffix(line, "\n"), ":"); len(fields) >= 3 {
			lines = append(lines, fields)
		}
	}
	return lines
}

// readInside reads a small file of the topmost tree that has it.
func readInside(trees []string, name string) (string, error) {
	for _, dir := range trees {
		f, err := openIn(dir, name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil { // a whiteout (ENXIO: a device without a driver), or a file that is closed to us
			return "", err
		}
		defer f.Close()
		const most = 1 << 20
		st, err := f.Stat()
		if err != nil || !st.Mode().IsRegular() || st.Size() > most {
			return "", fmt.Errorf("%s: not a small regular file", quote(name))
		}
		text, err := io.ReadAll(io.LimitReader(f, most))
		return string(text), err
	}
	return "", os.ErrNotExist
}

func openIn(dir, name string) (*os.File, error) {
	root, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(root)
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		fd, err := unix.Openat2(root, name, &how)
		if err == unix.EAGAIN || err == unix.EINTR { // a rename raced with a ".." (openat2(2), ERRORS)
			continue
		}
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), name), nil
	}
}
