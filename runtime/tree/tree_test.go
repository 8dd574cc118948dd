package tree

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/inside"
	"pocket/runtime/internal/trial"
)

func TestMain(m *testing.M) {
	if status, served := inside.Serve(Jobs); served {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// archive makes a tar archive of entries.
func archive(t *testing.T, entries ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len("content"))
		}
		if h.Mode == 0 {
			h.Mode = 0o755
		}
		must(t, w.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write([]byte("content"))
			must(t, err)
		}
	}
	must(t, w.Close())
	return &b
}

func reg(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
func dir(name string) tar.Header { return tar.Header{Typeflag: tar.TypeDir, Name: name} }
func lnk(name, to string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}
}

func list(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if path != dir {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return err
	}))
	return strings.Join(names, " ")
}

// TestUnpackStaysInside: whatever an archive holds, the folder beside the destination stays as it was.
func TestUnpackStaysInside(t *testing.T) {
	for name, entries := range map[string][]tar.Header{
		"dots":              {reg("../outside/evil")},
		"absolute":          {reg("/../outside/evil")},
		"through a link":    {lnk("x", "../outside"), reg("x/evil")},
		"absolute link":     {lnk("x", "OUTSIDE"), reg("x/evil")},
		"folder on a link":  {lnk("x", "../outside"), dir("x"), reg("x/evil")},
		"write over a link": {lnk("x", "../outside/canary"), reg("x")},
		"hard link":         {lnk("x", "../outside"), {Typeflag: tar.TypeLink, Name: "y", Linkname: "x/canary"}, reg("y")},
		"hard link dots":    {{Typeflag: tar.TypeLink, Name: "y", Linkname: "../outside/canary"}, reg("y")},
		"top is a link":     {lnk(".", "../outside"), reg("evil")},
		"top's mode":        {dir(".."), dir("../outside")},
		"chained links":     {lnk("a", "b/c"), lnk("b", ".."), lnk("c", "outside"), reg("a/evil")},
		"folder and back":   {dir("x"), reg("x/f"), lnk("x", "../outside"), dir("x"), reg("x/canary")},
		"absolute target":   {{Typeflag: tar.TypeLink, Name: "y", Linkname: "OUTSIDE/canary"}, reg("y")},
		"link to a link":    {lnk("x", "../outside/canary"), {Typeflag: tar.TypeLink, Name: "y", Linkname: "x"}, reg("y")},
		"fifo on a link":    {lnk("x", "../outside/fifo"), {Typeflag: tar.TypeFifo, Name: "x"}},
		"device":            {{Typeflag: tar.TypeChar, Name: "../outside/mem", Devmajor: 1, Devminor: 1}},
	} {
		base := t.TempDir()
		inner, outside := filepath.Join(base, "inner"), filepath.Join(base, "outside")
		must(t, errors.Join(os.Mkdir(inner, 0o700), os.Mkdir(outside, 0o700), os.WriteFile(outside+"/canary", []byte("alive"), 0o600)))
		for i := range entries {
			entries[i].Linkname = strings.ReplaceAll(entries[i].Linkname, "OUTSIDE", outside)
		}
		before := about(t, outside, outside+"/canary")
		_, err := Unpack(inner, archive(t, entries...), Rules{SetID: true, Top: true})
		if after := about(t, outside, outside+"/canary"); after != before {
			t.Errorf("%s: outside it was %s and is %s", name, before, after)
		}
		text, readErr := os.ReadFile(outside + "/canary")
		if got := list(t, outside); got != "canary" || string(text) != "alive" || readErr != nil {
			t.Errorf("%s: outside has %q, %q, %v (unpack: %v)", name, got, text, readErr, err)
		}
	}
}

func TestUnpackMergesAndReplaces(t *testing.T) {
	base := t.TempDir()
	must(t, errors.Join(os.MkdirAll(base+"/d/sub", 0o700), os.WriteFile(base+"/d/f", []byte("old"), 0o600), os.WriteFile(base+"/d/sub/kept", nil, 0o600)))
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	d := dir("d")
	d.Mode, d.ModTime = 0o500, when
	_, err := Unpack(base, archive(t, d, reg("d/f"), tar.Header{Typeflag: tar.TypeFifo, Name: "d/fifo"},
		tar.Header{Typeflag: tar.TypeLink, Name: "d/g", Linkname: "d/f"}), Rules{})
	must(t, err)
	info, err := os.Stat(base + "/d")
	must(t, err)
	if got := list(t, base); got != "d d/f d/fifo d/g d/sub d/sub/kept" || info.Mode().Perm() != 0o500 || !info.ModTime().Equal(when) {
		t.Errorf("%q %v %v", got, info.Mode(), info.ModTime())
	}
	must(t, os.Chmod(base+"/d", 0o700))
	for _, e := range []tar.Header{reg("d"), dir("d/f"), lnk("d/sub", "x")} {
		_, err := Unpack(base, archive(t, e), Rules{})
		if err == nil || !strings.Contains(err.Error(), "cannot put a") || hint.Of(err) == "" {
			t.Errorf("%s in place of another type: %v", e.Name, err)
		}
	}
}

func TestUnpackRules(t *testing.T) {
	base := t.TempDir()
	setuid := reg("s")
	setuid.Mode, setuid.PAXRecords = 0o4755, map[string]string{schily + "security.capability": "x", schily + "user.overlay.opaque": "y"}
	setuid.Format = tar.FormatPAX
	device := tar.Header{Typeflag: tar.TypeChar, Name: "dev", Devmajor: 1, Devminor: 3}
	left, err := Unpack(base, archive(t, setuid, device), Rules{})
	must(t, err)
	info, err := os.Stat(base + "/s")
	must(t, err)
	if info.Mode() != 0o755 || left.String() != "1 device" || list(t, base) != "s" {
		t.Errorf("mode %v, left %q, %q", info.Mode(), left, list(t, base))
	}
	size, _ := unix.Listxattr(base+"/s", nil)
	if size != 0 {
		t.Errorf("%d bytes of attributes came along", size)
	}
	_, err = Unpack(base, archive(t, setuid), Rules{SetID: true})
	info, statErr := os.Stat(base + "/s")
	if must(t, errors.Join(err, statErr)); info.Mode() != 0o755|os.ModeSetuid {
		t.Errorf("mode %v", info.Mode())
	}
	for _, text := range []string{"no archive", strings.Repeat("x", 1024)} {
		if _, err := Unpack(base, strings.NewReader(text), Rules{}); err == nil {
			t.Errorf("%.20q is an archive", text)
		}
	}
}

// TestPackAndUnpack copies a folder with everything that can be in one.
func TestPackAndUnpack(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	must(t, errors.Join(os.Mkdir(from+"/closed", 0o700), os.WriteFile(from+"/closed/f", []byte("text"), 0o640),
		os.Symlink("/etc/passwd", from+"/link"), os.Link(from+"/closed/f", from+"/other"), unix.Mkfifo(from+"/fifo", 0o600)))
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(socket)
	must(t, unix.Bind(socket, &unix.SockaddrUnix{Name: from + "/socket"}))
	sparse, err := os.Create(from + "/sparse")
	must(t, err)
	must(t, errors.Join(sparse.Truncate(64<<20), sparse.Close()))
	withAttributes := unix.Setxattr(from+"/closed/f", "user.colour", []byte("red"), 0) == nil
	must(t, os.Chmod(from+"/closed", 0o500))
	defer os.Chmod(from+"/closed", 0o700)
	defer os.Chmod(to+"/new/closed", 0o700)

	var b bytes.Buffer
	left, err := Pack(from, "new", false, &b)
	must(t, err)
	if left.String() != "1 socket" {
		t.Errorf("left out: %q", left)
	}
	_, err = Unpack(to, &b, Rules{})
	must(t, err)
	if got := list(t, to); got != "new new/closed new/closed/f new/fifo new/link new/other new/sparse" {
		t.Errorf("%q", got)
	}
	var a, o, s unix.Stat_t
	must(t, errors.Join(unix.Stat(to+"/new/closed/f", &a), unix.Stat(to+"/new/other", &o), unix.Stat(to+"/new/sparse", &s)))
	if a.Ino != o.Ino || a.Mode&0o777 != 0o640 || s.Size != 64<<20 || s.Blocks > 1<<10 {
		t.Errorf("inodes %d %d, mode %o, the sparse file takes %d blocks", a.Ino, o.Ino, a.Mode, s.Blocks)
	}
	value := make([]byte, 10)
	n, err := unix.Getxattr(to+"/new/closed/f", "user.colour", value)
	if withAttributes && (err != nil || string(value[:n]) != "red") {
		t.Errorf("attribute %q %v", value[:n], err)
	}
}

// view is a container that does not run, in a folder of its own.
func view(t *testing.T) (*View, string) {
	t.Helper()
	base := t.TempDir()
	for up := base; up != os.TempDir() && len(up) > 1; up = filepath.Dir(up) {
		must(t, os.Chmod(up, 0o755))
	}
	for _, d := range []string{"image/etc", "image/gone", "upper", "work", "volume", "image/data"} {
		must(t, os.MkdirAll(filepath.Join(base, d), 0o755))
	}
	must(t, errors.Join(os.WriteFile(base+"/image/etc/passwd", []byte("inside"), 0o644), os.WriteFile(base+"/image/gone/f", nil, 0o644),
		os.WriteFile(base+"/volume/v", []byte("of the volume"), 0o644), os.Symlink("/etc", base+"/image/absolute"), os.Symlink("../../../..", base+"/image/up")))
	ids := idmap.Single(0)
	v := &View{IDs: ids, Lower: []string{base + "/image"}, Upper: base + "/upper", Work: base + "/work",
		Volumes: []Volume{{Source: base + "/volume", Target: "/data", Owners: true}}}
	if _, err := v.Stat("/", false); err != nil {
		trial.Lacks(t, "no overlay here: %v", err)
	}
	return v, base
}

func TestView(t *testing.T) {
	v, base := view(t)
	for path, want := range map[string]Entry{
		"/": {Dir: true}, "/etc/": {Dir: true}, "/absolute": {Link: "/etc"}, "/absolute/passwd": {Size: 6},
		"/up/up/etc/passwd": {Size: 6}, "../../etc/passwd": {Size: 6}, "/data/v": {Size: 13},
	} {
		got, err := v.Stat(path, false)
		if got.Dir || got.Link != "" {
			got.Size = 0
		}
		if err != nil || got != want {
			t.Errorf("%s: %+v %v", path, got, err)
		}
	}
	if _, err := v.Stat("/none", false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("/none: %v", err)
	}
	put := func(at string, rules Rules, entries ...tar.Header) {
		t.Helper()
		r, w, err := os.Pipe()
		must(t, err)
		_, err = w.Write(archive(t, entries...).Bytes())
		must(t, errors.Join(err, w.Close()))
		_, err = v.Unpack(at, r, rules)
		must(t, errors.Join(err, r.Close()))
	}
	put("/absolute", Rules{}, reg("new"), reg("passwd"))
	put("/up/data", Rules{}, reg("from"))
	if text, err := os.ReadFile(base + "/upper/etc/new"); err != nil || string(text) != "content" {
		t.Errorf("%q %v", text, err)
	}
	if text, err := os.ReadFile(base + "/volume/from"); err != nil || string(text) != "content" {
		t.Errorf("in the volume: %q %v", text, err)
	}
	var st unix.Stat_t
	must(t, unix.Stat(base+"/upper/etc/new", &st))
	if want := v.IDs.UIDs[0].Outside; int(st.Uid) != want {
		t.Errorf("it belongs to %d, not %d", st.Uid, want)
	}
	got, err := v.Changes()
	must(t, err)
	if want := []Change{{Changed, "/etc", false}, {Added, "/etc/new", false}, {Changed, "/etc/passwd", false}}; !slices.Equal(got, want) {
		t.Errorf("changes %+v", got)
	}
	v.Work = "" // to be read only
	if e, err := v.Stat("/etc/new", false); err != nil || e.Size != 7 {
		t.Errorf("%+v %v", e, err)
	}
}

func TestChangesOfACopy(t *testing.T) {
	base := t.TempDir()
	then := time.Unix(1e9, 0)
	for _, side := range []string{"/image", "/copy"} {
		must(t, errors.Join(os.MkdirAll(base+side+"/etc", 0o755), os.MkdirAll(base+side+"/gone/with", 0o755), os.Mkdir(base+side+"/same", 0o755)))
		for _, name := range []string{"/etc/same", "/etc/longer", "/etc/later", "/etc/mode", "/etc/gone"} {
			must(t, errors.Join(os.WriteFile(base+side+name, []byte("text"), 0o644), os.Chtimes(base+side+name, then, then)))
		}
		must(t, os.Symlink("same", base+side+"/etc/link"))
		must(t, unix.UtimesNanoAt(unix.AT_FDCWD, base+side+"/etc/link", []unix.Timespec{{Sec: 1}, {Sec: 1}}, unix.AT_SYMLINK_NOFOLLOW))
	}
	must(t, errors.Join(os.WriteFile(base+"/copy/etc/longer", []byte("longer"), 0), os.Chtimes(base+"/copy/etc/longer", then, then),
		os.Chtimes(base+"/copy/etc/later", then, then.Add(time.Nanosecond)), os.Chmod(base+"/copy/etc/mode", 0o600),
		os.Remove(base+"/copy/etc/gone"), os.RemoveAll(base+"/copy/gone"), os.MkdirAll(base+"/copy/new/below", 0o755),
		os.Chtimes(base+"/copy/same", then, then)))
	v := View{IDs: idmap.Single(0), Upper: base + "/copy", Lower: []string{base + "/image"}, Copied: true}
	got, err := v.Changes()
	must(t, err)
	want := []Change{{Changed, "/etc", false}, {Deleted, "/etc/gone", false}, {Changed, "/etc/later", false}, {Changed, "/etc/longer", false},
		{Changed, "/etc/mode", false}, {Deleted, "/gone", false}, {Added, "/new", false}, {Added, "/new/below", true}}
	if !slices.Equal(got, want) {
		t.Errorf("changes %+v\nwant %+v", got, want)
	}
}

func TestViewOfNothing(t *testing.T) {
	v := View{IDs: idmap.Single(0)}
	if _, err := v.Stat("/", false); err == nil || (hint.Of(err) == "" && !errors.Is(err, unix.EPERM)) {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
}

func TestSeed(t *testing.T) {
	v, base := view(t)
	must(t, errors.Join(os.Mkdir(base+"/into", 0o700), os.Chmod(base+"/image/etc", 0o711)))
	seed := func(path string) string {
		t.Helper()
		must(t, v.Seed(path, base+"/into"))
		return list(t, base+"/into")
	}
	v.Upper, v.Work, v.Volumes = "", "", nil
	if got := seed("/none") + seed("/etc/passwd"); got != "" {
		t.Errorf("seeded with %q", got)
	}
	if got := seed("/absolute"); got != "passwd" {
		t.Errorf("seeded with %q", got)
	}
	info, err := os.Stat(base + "/into")
	if must(t, err); info.Mode().Perm() != 0o711 {
		t.Errorf("mode %v", info.Mode())
	}
	if got := seed("/gone"); got != "passwd" {
		t.Errorf("what is in a volume was touched: %q", got)
	}
}

// about is a folder's or file's mode, time and content, for some of them.
func about(t testing.TB, paths ...string) string {
	var all strings.Builder
	for _, path := range paths {
		st, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(path)
		fmt.Fprintln(&all, path, st.Mode(), st.ModTime(), st.Size(), string(text))
	}
	return all.String()
}

func FuzzUnpack(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "x", Linkname: "../outside"})
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "x/f", Size: 1})
	_, _ = w.Write([]byte("x"))
	_ = w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		base := t.TempDir()
		must(t, errors.Join(os.Mkdir(base+"/inner", 0o700), os.Mkdir(base+"/outside", 0o700), os.WriteFile(base+"/outside/canary", []byte("alive"), 0o640)))
		before := about(t, base+"/outside", base+"/outside/canary")
		_, _ = Unpack(base+"/inner", bytes.NewReader(text), Rules{SetID: true})
		if entries, err := os.ReadDir(base); err != nil || len(entries) != 2 {
			t.Fatalf("%v %v", entries, err)
		}
		if after := about(t, base+"/outside", base+"/outside/canary"); after != before {
			t.Fatalf("outside it was %s and is %s", before, after)
		}
	})
}
