package rootfs

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MaxLayers is how many lower layers an overlay can have here. Since Linux 6.8 they are given one by one
// (overlayfs.rst, "Multiple lower layers") and there may be 500 (fs/overlayfs, OVL_MAX_STACK); before, all
// their paths go into one option of fsconfig(2), of 255 bytes.
func MaxLayers() int {
	if kernelIs(6, 8) {
		return 500
	}
	return OldLayers
}

// LooseLayers tells if a mount that is attached nowhere can be a layer of an overlay here: since Linux 6.15.
func LooseLayers() bool { return kernelIs(6, 15) }

func kernelIs(major, minor int) bool {
	var u unix.Utsname
	return unix.Uname(&u) == nil && atLeast(unix.ByteSliceToString(u.Release[:]), major, minor)
}

// OldLayers is MaxLayers of kernels before 6.8.
const OldLayers = 256 / len("/proc/self/fd/100:")

// atLeast compares a kernel's release, as "6.1.0-18-amd64".
func atLeast(release string, major, minor int) bool {
	parts := strings.FieldsFunc(release, func(r rune) bool { return r < '0' || r > '9' })
	if len(parts) < 2 {
		return false
	}
	a, err1 := strconv.Atoi(parts[0])
	b, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (a > major || a == major && b >= minor)
}
