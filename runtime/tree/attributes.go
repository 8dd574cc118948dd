package tree

import (
	"strings"

	"golang.org/x/sys/unix"
)

// schily is the prefix of extended attributes in PAX records, as GNU tar and libarchive write them.
const schily = "SCHILY.xattr."

// carried says whether an extended attribute goes with a file: only those of users. security.capability
// would give a program more than its user has, security.selinux belongs to the host's policy, and
// *.overlay.* steers overlay mounts.
func carried(name string) bool {
	return strings.HasPrefix(name, "user.") && !strings.HasPrefix(name, "user.overlay.")
}

// attributes reads the extended attributes of an open file as PAX records. What cannot be read is as if
// it were not there: many file systems have none.
func attributes(fd int) map[string]string {
	size, err := unix.Flistxattr(fd, nil)
	if err != nil || size == 0 {
		return nil
	}
	list := make([]byte, size)
	if size, err = unix.Flistxattr(fd, list); err != nil {
		return nil
	}
	var records map[string]string
	for name := range strings.SplitSeq(string(list[:size]), "\x00") {
		if !carried(name) || strings.Contains(name, "=") {
			continue
		}
		value := make([]byte, 64<<10) // the kernel's limit, XATTR_SIZE_MAX (xattr(7))
		n, err := unix.Fgetxattr(fd, name, value)
		if err != nil {
			continue
		}
		if records == nil {
			records = map[string]string{}
		}
		records[schily+name] = string(value[:n])
	}
	return records
}

// attribute sets those of an archive's entry on an open file, as far as its file system has room for them.
func setAttributes(fd int, records map[string]string) {
	for key, value := range records {
		if name, found := strings.CutPrefix(key, schily); found && carried(name) {
			_ = unix.Fsetxattr(fd, name, []byte(value), 0)
		}
	}
}
