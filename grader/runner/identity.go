package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"syscall"

	"pocket/runtime/image"
)

// witnesses are files and folders that change when programs or libraries come or go: the package managers'
// records, and where what they do not know of is installed.
var witnesses = []string{
	"etc/os-release", "etc/ld.so.cache", "var/lib/dpkg/status", "var/lib/rpm/*", "lib/apk/db/installed", "var/lib/pacman/local",
	"bin", "usr/bin", "usr/lib", "usr/local/bin", "usr/local/lib", "usr/local/lib/python3*/*-packages", "usr/lib/python3*",
	"usr/lib/python3/dist-packages", "usr/local/go/VERSION",
}

// Identity is the same as long as programs find the same in the root file system, as far as can be told
// without reading all of it: an image's digest, and else when what it is made of was changed last. Beside it
// stands by what memory is held, on which verdicts can depend.
func (r *Runner) Identity() string { return r.identity }

func identity(found image.Image, memory int) string {
	if found.Digest != "" {
		return fmt.Sprintf("%s memory v%d", found.Digest, memory)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s memory v%d\n", found.Dir, memory)
	for _, pattern := range append([]string{"."}, witnesses...) {
		if found.Kind == image.Host && pattern == "." {
			continue // what lies directly in / says nothing of programs
		}
		paths, err := filepath.Glob(filepath.Join(found.Dir, pattern))
		if err != nil {
			continue
		}
		sort.Strings(paths)
		for _, path := range paths {
			about, err := os.Stat(path)
			if err != nil {
				continue
			}
			inode := uint64(0)
			if s, ok := about.Sys().(*syscall.Stat_t); ok {
				inode = s.Ino
			}
			fmt.Fprintf(sum, "%q %d %d %d\n", path, inode, about.Size(), about.ModTime().UnixNano())
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
