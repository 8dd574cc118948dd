package runner

import (
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// ordinary is what any folder for temporary files must have room for: few programs are larger. Where what is not
// larger has no room, nothing can be graded.
const ordinary = 32 * resource.MiB

// claimed is how large the files say they are that a program left; a sparse one can say anything.
func claimed(from *os.Root) (size resource.Size) {
	_ = fs.WalkDir(from.FS(), ".", func(_ string, entry fs.DirEntry, err error) error { // what cannot be read is told when it is copied
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if about, err := entry.Info(); err == nil {
			size += min(resource.Size(about.Size()), huge)
		}
		return nil
	})
	return size
}

// huge is more than anything has room for, and so little that many of them can be added up.
const huge = resource.TiB

// room says that so much that a program left has no room in a folder of the host, where it is so large that it alone
// is to blame: that must not keep others from being graded. Nothing was copied then, so that what others keep
// meanwhile has its room. statfs(2).
func room(size resource.Size, to, who string) error {
	var disk unix.Statfs_t
	if size <= ordinary || unix.Statfs(to, &disk) != nil {
		return nil
	}
	if free := resource.Size(disk.Bavail) * resource.Size(disk.Bsize); size+ordinary > free {
		err := fmt.Errorf("%s left %s of files, for which %s has no room (%s are free)", who, size.Human(), os.TempDir(), free.Human())
		return hint.With(err, "make room there, or set TMPDIR to another folder, and grade it again with --new")
	}
	return nil
}
