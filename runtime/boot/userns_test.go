package boot

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/internal/linux"
)

func TestCureOfMounts(t *testing.T) {
	for _, c := range []struct {
		step  string
		errno unix.Errno
		want  string
	}{
		{"mount on /proc", unix.EINVAL, "the image's /proc is not a folder"},
		{"mount on /dev", unix.ENOTDIR, "the image's /dev is not a folder"},
		{"mount on /sys", unix.ELOOP, "the image's /sys is not a folder"},
		{"mount on /sys", unix.ENOENT, "make it in the image"},
		{"mount /home/x on /etc/y", unix.EINVAL, "choose another target"},
		{"mount proc on /proc", unix.EPERM, "this /proc is partly masked"},
		{"mount tmpfs on /mnt (size)", unix.EINVAL, ""},
		{"mount overlay on /", unix.EINVAL, "cannot hold an overlay"},
	} {
		err := cure(&linux.StepError{Step: c.step, Errno: c.errno})
		if got := hint.Of(err); !strings.Contains(got, c.want) || c.want == "" && got != "" || !errors.Is(err, c.errno) {
			t.Errorf("%s: %v: hint %q, want …%q", c.step, c.errno, got, c.want)
		}
	}
}
