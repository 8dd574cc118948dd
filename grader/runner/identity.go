package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"syscall"

	"pocket/runtime/image"
)

// witnesses are files and folders of the host that change when programs or libraries come or go: the package
// managers' records, and where what they do not know of is installed.
var witnesses = []string{
	"etc/os-release", "etc/ld.so.cache", "var/lib/dpkg/status", "var/lib/rpm/*", "lib/apk/db/installed", "var/lib/pacman/local",
	"usr/lib", "usr/lib/*-linux-*", "usr/local/lib/*", "usr/local/lib/python3*/*-packages", "usr/lib/python3*",
	"usr/lib/python3/dist-packages", "usr/local/go/VERSION",
}

// programs are folders of the host of which each entry counts, because a program can be overwritten in place.
var programs = []string{"bin", "usr/bin", "usr/local/bin", "usr/local/lib"}

// Identity is the same as long as programs find the same in the root file system: an image's digest; of a
// folder, what lstat(2) says of all that lies in it; of the host, what it says of its programs, its library
// folders and the package manager's records, so that a library overwritten in place is not noticed. Beside
// it stands by what memory is held, on which verdicts can depend. It is empty where not all of a folder can
// be looked at: then no verdict of an earlier run is known to hold.
func (r *Runner) Identity() string { return r.identity }

func identity(found image.Image, memory int) string {
	if found.Digest != "" {
		return fmt.Sprintf("%s memory v%d", found.Digest, memory)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s memory v%d\n", found.Dir, memory)
	if found.Kind == image.Host {
		lookAtHost(sum, found.Dir)
	} else if err := lookAtAll(sum, found.Dir); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// lookAtAll goes by the time of the last change of the inode, too, which no program can set back.
func lookAtAll(sum io.Writer, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		about, err := d.Info()
		if err != nil {
			return err
		}
		look(sum, path, about)
		return nil
	})
}

func lookAtHost(sum io.Writer, dir string) {
	for _, pattern := range witnesses {
		paths, _ := filepath.Glob(filepath.Join(dir, pattern)) // fails for a bad pattern only
		sort.Strings(paths)
		for _, path := range paths {
			if about, err := os.Stat(path); err == nil {
				look(sum, path, about)
			}
		}
	}
	for _, folder := range programs {
		folder = filepath.Join(dir, folder)
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(sum, "%q %v\n", folder, err)
		}
		for _, e := range entries {
			if about, err := e.Info(); err == nil {
				look(sum, filepath.Join(folder, e.Name()), about)
			}
		}
	}
}

func look(sum io.Writer, path string, about fs.FileInfo) {
	s, ok := about.Sys().(*syscall.Stat_t)
	if !ok {
		s = &syscall.Stat_t{}
	}
	fmt.Fprintf(sum, "%q %o %d %d %d %d %d %d %d\n", path, s.Mode, s.Uid, s.Gid, s.Rdev, s.Ino, s.Size, about.ModTime().UnixNano(), s.Ctim.Nano())
}
