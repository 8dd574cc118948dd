package image

import (
	"archive/tar"
	"fmt"
	"path"
	"strconv"
	"strings"

	"pocket/runtime/resource"
)

// Limits bounds what one archive may unpack to, so that a small file cannot fill the disk. A zero
// field takes the value of DefaultLimits.
type Limits struct {
	Bytes   resource.Size // of the unpacked tar stream, and of all files by their logical size
	Entries int           // files, folders and links
	Names   resource.Size // of all names together: what is remembered until the end takes memory
	Depth   int           // folders above an entry
	// Ratio is how many times larger than its archive the unpacked stream may be once it exceeds RatioFrom.
	Ratio     int64
	RatioFrom resource.Size
}

// DefaultLimits is far above any root filesystem in use and far below what harms a host.
var DefaultLimits = Limits{
	Bytes:     16 * resource.GiB,
	Entries:   2_000_000,
	Names:     256 * resource.MiB,
	Depth:     256,
	Ratio:     1000,
	RatioFrom: resource.GiB,
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	if l.Bytes == 0 {
		l.Bytes = d.Bytes
	}
	if l.Entries == 0 {
		l.Entries = d.Entries
	}
	if l.Names == 0 {
		l.Names = d.Names
	}
	if l.Depth == 0 {
		l.Depth = d.Depth
	}
	if l.Ratio == 0 {
		l.Ratio = d.Ratio
	}
	if l.RatioFrom == 0 {
		l.RatioFrom = d.RatioFrom
	}
	return l
}

// pathMax is the kernel's PATH_MAX less the final NUL: no longer path can be named in a system call.
const pathMax = 4095

// entryName checks a name from an archive and returns it cleaned and relative: "." is the root itself.
// That it cannot lead out through a link is not checked here but held by the kernel (see tree).
func (l Limits) entryName(name string) (string, error) {
	clean := path.Clean(name)
	switch {
	case name == "":
		return "", fmt.Errorf("the name is empty")
	case name[0] == '/':
		return "", fmt.Errorf("the name is absolute")
	case strings.IndexByte(name, 0) >= 0:
		return "", fmt.Errorf("the name holds a NUL byte")
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return "", fmt.Errorf("the name leads out of the archive's root")
	case len(clean) > pathMax:
		return "", fmt.Errorf("the name is %d bytes long, the kernel allows %d", len(clean), pathMax)
	case strings.Count(clean, "/") >= l.Depth:
		return "", fmt.Errorf("the name is %d folders deep, the limit is %d", strings.Count(clean, "/")+1, l.Depth)
	}
	return clean, nil
}

// tally is what has been unpacked so far.
type tally struct {
	entries, names int
	bytes          int64
	devices, fifos int
}

// add counts one entry before it is unpacked.
func (t *tally) add(h *tar.Header, l Limits) error {
	t.entries++
	t.names += len(h.Name)
	if t.entries > l.Entries {
		return fmt.Errorf("the archive has more than %d entries", l.Entries)
	}
	if t.names > int(l.Names) {
		return fmt.Errorf("the archive's names are longer than %s together", l.Names.Human())
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont: // other entries have no content, whatever size they claim
		if h.Size > int64(l.Bytes)-t.bytes {
			return fmt.Errorf("the archive's files are larger than %s together", l.Bytes.Human())
		}
		t.bytes += h.Size
	}
	return nil
}

// remark says in words what was left out, "" for nothing.
func (t *tally) remark() string {
	var parts []string
	if t.devices > 0 {
		parts = append(parts, plural(t.devices, "device node"))
	}
	if t.fifos > 0 {
		parts = append(parts, plural(t.fifos, "FIFO"))
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, " and ") + " left out"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// quote makes a name from an archive or a server safe to print: escapes it and cuts it short.
func quote(name string) string {
	const most = 200
	if len(name) > most {
		return strconv.Quote(name[:most]) + "…"
	}
	return strconv.Quote(name)
}
