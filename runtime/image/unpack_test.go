package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/internal/trial"
	"pocket/runtime/resource"
)

// TestUnpackTree has archives that unpack, and what they unpack to.
func TestUnpackTree(t *testing.T) {
	type entries = []tar.Header
	cases := []struct {
		name    string
		entries entries
		want    string
	}{
		{"plain", entries{folder("./", 0o755), folder("./bin/", 0o755), file("./bin/sh", "x")}, "bin/ bin/sh=x"},
		{"folders that are not listed", entries{file("a/b/c", "x")}, "a/ a/b/ a/b/c=x"},
		{"dots inside", entries{file("a/../b", "x"), file("./c/./d", "y")}, "b=x c/ c/d=y"},
		{"absolute link kept", entries{link("lib", "/usr/lib"), folder("usr/lib", 0o755), file("lib/a", "x")},
			"lib -> /usr/lib usr/ usr/lib/ usr/lib/a=x"},
		{"relative link that stays inside", entries{folder("run", 0o755), link("var/run", "../run"), file("var/run/a", "x")},
			"run/ run/a=x var/ var/run -> ../run"},
		{"link out is only a link", entries{link("e", "../../canary")}, "e -> ../../canary"},
		{"write through a link out stays inside", entries{folder("canary", 0o755), link("e", "../../../canary"), file("e/bird", "x")},
			"canary/ canary/bird=x e -> ../../../canary"},
		{"chained links", entries{folder("d", 0o755), link("a", "b"), link("b", "/d"), file("a/f", "x")},
			"a -> b b -> /d d/ d/f=x"},
		{"file over link", entries{file("t", "old"), link("e", "t"), file("e", "new")}, "e=new t=old"},
		{"file over link out", entries{link("e", "/../canary/bird"), file("e", "x")}, "e=x"},
		{"folder over link", entries{folder("d", 0o755), link("e", "d"), folder("e", 0o755), file("e/f", "x")}, "d/ e/ e/f=x"},
		{"file over folder", entries{file("d/x/y", "1"), file("d", "x")}, "d=x"},
		{"folder over file", entries{file("d", "x"), file("e", "1"), folder("d", 0o755), file("d/f", "y")}, "d/ d/f=y e=1"},
		{"link over folder", entries{file("d/f", "1"), folder("e", 0o755), link("d", "e"), file("d/g", "2")}, "d -> e e/ e/g=2"},
		{"folder again keeps its files", entries{file("d/f", "1"), folder("d", 0o700)}, "d/ d/f=1"},
		{"file twice", entries{file("f", "old"), file("f", "n")}, "f=n"},
		{"hard link", entries{file("a", "x"), hard("d/b", "a")}, "a=x d/ d/b=x"},
		{"hard link to itself", entries{file("a", "x"), hard("a", "./a")}, "a=x"},
		{"hard link replaced, not written through", entries{file("a", "x"), hard("b", "a"), file("b", "new")}, "a=x b=new"},
		{"hard link over a file", entries{file("a", "x"), file("b", "y"), hard("b", "a")}, "a=x b=x"},
		{"whiteouts are plain names", entries{file(".wh.x", ""), file(".wh..wh..opq", "")}, ".wh..wh..opq= .wh.x="},
		{"closed folder", entries{folder("d", 0o000), file("d/f", "x"), folder("d", 0o755)}, "d/ d/f=x"},
		{"odd names", entries{file("new\nline", "1"), file("bad\xff\x1b[31m", "2")}, "bad\xff\x1b[31m=2 new\nline=1"},
		{"long name", entries{file(strings.Repeat("n", 255), "x")}, strings.Repeat("n", 255) + "=x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGround(t)
			if _, err := g.unpack(pack(t, c.entries...), Limits{}); err != nil {
				t.Fatal(err)
			}
			if got := g.tree(); got != c.want {
				t.Errorf("tree is %q, want %q", got, c.want)
			}
		})
	}
}

// TestUnpackRefused has archives that must be refused, and a part of the error.
func TestUnpackRefused(t *testing.T) {
	type entries = []tar.Header
	deep := strings.Repeat("d/", 300)
	cases := []struct {
		name    string
		entries entries
		want    string
	}{
		{"parent", entries{file("../x", "x")}, `entry "../x": the name leads out`},
		{"parent of a folder", entries{file("a/../../x", "x")}, "leads out"},
		{"parent itself", entries{folder("..", 0o777)}, "leads out"},
		{"absolute", entries{file("/canary", "x")}, "the name is absolute"},
		{"absolute folder", entries{folder("/", 0o777)}, "the name is absolute"},
		{"no name", entries{file("", "x")}, "the name is empty"},
		{"root as a file", entries{file(".", "x")}, "root is not a folder"},
		{"root as a link", entries{link("./", "/tmp")}, "root is not a folder"},
		{"link to nothing, written through", entries{link("e", "/canary"), file("e/p", "x")}, "a link to nothing"},
		{"link loop", entries{link("a", "b"), link("b", "a"), file("a/f", "x")}, "too many levels"},
		{"below a file", entries{file("a", "x"), file("a/b", "y")}, "not a directory"},
		{"hard link out", entries{hard("a", "../canary/bird")}, `link to "../canary/bird": the name leads out`},
		{"hard link absolute", entries{hard("a", "/etc/passwd")}, "the name is absolute"},
		{"hard link to a later entry", entries{hard("a", "b"), file("b", "x")}, "no such file"},
		{"hard link to a link", entries{link("l", "../canary/bird"), hard("a", "l")}, "not a regular file"},
		{"hard link through a link out", entries{link("l", "../canary"), hard("a", "l/bird")}, "no such file"},
		{"hard link to a folder", entries{folder("d", 0o755), hard("a", "d")}, "not a regular file"},
		{"name too long", entries{file(strings.Repeat("n", 256), "x")}, "name too long"},
		{"path too long", entries{file(strings.Repeat(strings.Repeat("n", 200)+"/", 30)+"f", "x")}, "the kernel allows 4095"},
		{"long name is cut in the error", entries{file("../"+strings.Repeat("n", 60000), "x")}, `…: the name leads out`},
		{"too deep", entries{file(deep+"f", "x")}, "301 folders deep"},
		{"terminal escape quoted", entries{file("../\x1b[31m\nx", "x")}, `"../\x1b[31m\nx"`},
		{"link without target", entries{link("l", "")}, "make link"},
		{"unknown type", entries{{Typeflag: 'Z', Name: "z"}}, "unknown type 'Z'"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGround(t)
			_, err := g.unpack(pack(t, c.entries...), Limits{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one with %q", err, c.want)
			}
			if len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("the error is not fit to print: %q", err.Error())
			}
		})
	}
}

// TestUnpackStream has what can be wrong with an archive as a whole.
func TestUnpackStream(t *testing.T) {
	good := pack(t, folder("d", 0o755), file("d/f", strings.Repeat("content ", 500)))
	zipped := zip(t, good)
	zeros := pack(t, file("zeros", string(make([]byte, 1<<20))))
	cases := []struct {
		name    string
		archive []byte
		limits  Limits
		want    string // "" for none
		hinted  bool
	}{
		{"plain", good, Limits{}, "", false},
		{"gzip", zipped, Limits{}, "", false},
		{"gzip members", append(zip(t, good[:700]), zip(t, good[700:])...), Limits{}, "", false},
		{"tar padded", append(bytes.Clone(good), make([]byte, 10240)...), Limits{}, "", false},
		{"gzip with garbage", append(bytes.Clone(zipped), "garbage garbage"...), Limits{}, "not gzip", false},
		{"gzip with half a member", append(bytes.Clone(zipped), zipped[:30]...), Limits{}, "cut short", false},
		{"tar with garbage", append(bytes.Clone(good), "garbage"...), Limits{}, "follows the end", false},
		{"two tars", append(bytes.Clone(good), good...), Limits{}, "follows the end", false},
		{"gzip cut", zipped[:len(zipped)-10], Limits{}, "cut short", false},
		{"gzip checksum", append(bytes.Clone(zipped[:len(zipped)-8]), "12345678"...), Limits{}, "checksum", false},
		{"cut in a file", good[:2000], Limits{}, "cut short", false},
		{"cut in a header", good[:700], Limits{}, "cut short", false},
		{"cut between entries", good[:512], Limits{}, "cut short", false},
		{"empty file", nil, Limits{}, "the file is empty", false},
		{"no entries", pack(t), Limits{}, "the archive is empty", false},
		{"text", bytes.Repeat([]byte("no tar\n"), 500), Limits{}, "not a tar archive", true},
		{"damaged later", append(bytes.Clone(good[:512]), bytes.Repeat([]byte("x"), 1024)...), Limits{}, "damaged after entry 1", false},
		{"xz", []byte("\xfd7zXZ\x00\x00"), Limits{}, "xz archives are not supported", true},
		{"too many bytes", zeros, Limits{Bytes: 500 * resource.KiB}, "larger than 500KiB", false},
		{"too long a stream", zip(t, append(bytes.Clone(good), make([]byte, 1<<20)...)), Limits{Bytes: 500 * resource.KiB}, "more than 500KiB", false},
		{"too many entries", pack(t, file("a", ""), file("b", ""), file("c", "")), Limits{Entries: 2}, "more than 2 entries", false},
		{"too many names", pack(t, file(strings.Repeat("a", 90), ""), file(strings.Repeat("b", 90), "")), Limits{Names: 100}, "names are longer", false},
		{"bomb", zip(t, zeros), Limits{Ratio: 100, RatioFrom: 100 * resource.KiB}, "more than 100 times", false},
		{"no bomb below the floor", zip(t, zeros), Limits{Ratio: 100}, "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := newGround(t).unpack(c.archive, c.limits)
			if c.want == "" && err != nil {
				t.Fatal(err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("error is %v, want one with %q", err, c.want)
			}
			if (hint.Of(err) != "") != c.hinted {
				t.Errorf("hint is %q", hint.Of(err))
			}
		})
	}
}

func TestUnpackZstd(t *testing.T) {
	good := pack(t, folder("d", 0o755), file("d/f", strings.Repeat("content ", 100_000)))
	path, err := exec.LookPath("zstd")
	if err != nil {
		trial.Lacks(t, "%v", err)
	}
	cmd := exec.Command(path, "-cq")
	cmd.Stdin = bytes.NewReader(good)
	small, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	g := newGround(t)
	found, err := g.unpack(small, Limits{})
	if err != nil || found.Digest != digestOfText(small) || found.Size != 800_000 {
		t.Errorf("found %+v, %v", found, err)
	}
	for _, c := range []struct {
		archive []byte
		limits  Limits
		want    string
	}{
		{small[:len(small)-5], Limits{}, "damaged or cut short"},
		{append(bytes.Clone(small), "garbage"...), Limits{}, "damaged or cut short"},
		{small, Limits{Bytes: 500 * resource.KiB}, "larger than 500KiB"},
	} {
		if _, err := newGround(t).unpack(c.archive, c.limits); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want one with %q", err, c.want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := newGround(t).unpack(small, Limits{}); err == nil || !strings.Contains(hint.Of(err), "install zstd") {
		t.Errorf("without the program: %v, hint %q", err, hint.Of(err))
	}
}

func TestUnpackLeavesOut(t *testing.T) {
	g := newGround(t)
	f := file("f", "x")
	f.PAXRecords["SCHILY.xattr.user.overlay.opaque"] = "y"
	f.PAXRecords["SCHILY.xattr.trusted.overlay.redirect"] = "/canary"
	f.PAXRecords["SCHILY.xattr.security.capability"] = "\x01\x00\x00\x02\xff\xff\xff\xff"
	found, err := g.unpack(pack(t, node(tar.TypeChar, "mem"), node(tar.TypeBlock, "sda"), node(tar.TypeFifo, "p"), f), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "2 device nodes and 1 FIFO left out"; found.Remark != want {
		t.Errorf("remark is %q, want %q", found.Remark, want)
	}
	if got := g.tree(); got != "f=x" {
		t.Errorf("tree is %q", got)
	}
	names := make([]byte, 1024)
	n, err := unix.Llistxattr(filepath.Join(g.dir, "f"), names)
	if err != nil && !errors.Is(err, unix.ENOTSUP) {
		t.Fatal(err)
	}
	for _, name := range []string{"overlay", "security.capability"} {
		if bytes.Contains(names[:max(n, 0)], []byte(name)) {
			t.Errorf("attribute %s was applied", name)
		}
	}
}

func TestUnpackAttributes(t *testing.T) {
	g := newGround(t)
	when := time.Unix(1_500_000_000, 0)
	suid := file("d/suid", "x")
	suid.Mode, suid.ModTime = 0o4755, when
	closed := folder("d/closed", 0o500)
	closed.ModTime = when
	far := file("far", "x")
	far.ModTime, far.Format = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), tar.FormatPAX
	early := file("early", "x")
	early.ModTime, early.Format = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), tar.FormatPAX
	if _, err := g.unpack(pack(t, folder("d", 0o1777), closed, suid, file("d/closed/f", "x"), far, early), Limits{}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		"d": os.ModeDir | os.ModeSticky | 0o777, "d/suid": os.ModeSetuid | 0o755, "d/closed": os.ModeDir | 0o500,
	} {
		st, err := os.Lstat(filepath.Join(g.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode() != want {
			t.Errorf("mode of %s is %v, want %v", name, st.Mode(), want)
		}
		if name != "d" && !st.ModTime().Equal(when) {
			t.Errorf("time of %s is %v, want %v", name, st.ModTime(), when)
		}
	}
	if err := removeTree(g.dir); err != nil {
		t.Errorf("remove a tree with a closed folder: %v", err)
	}
}

func TestUnpackSparse(t *testing.T) {
	g := newGround(t)
	content := make([]byte, 3<<20)
	copy(content[1<<20:], "middle")
	if _, err := g.unpack(pack(t, file("s", string(content))), Limits{}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(g.dir, "s"))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("content differs (%v)", err)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(g.dir, "s"), &st); err != nil || st.Blocks*512 > 1<<20 {
		t.Errorf("the file takes %d bytes on disk (%v)", st.Blocks*512, err)
	}
}

func TestUnpackOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	ids := idmap.Map{
		UIDs: []idmap.Range{{Inside: 0, Outside: 1_900_000_000, Count: 1000}},
		GIDs: []idmap.Range{{Inside: 0, Outside: 1_900_100_000, Count: 1000}},
	}
	g := newGround(t)
	mine, strange, through := file("d/mine", "x"), file("strange", "x"), link("l", "/canary")
	mine.Uid, mine.Gid, mine.Mode = 7, 8, 0o6755
	strange.Uid, strange.Gid = 1<<31, 5000
	through.Uid = 7
	archive := pack(t, mine, strange, through)
	f, err := os.Open(write(t, archive, t.TempDir(), "a.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = unpackTask{Dir: g.dir, Size: int64(len(archive))}.run(t.Context(), f, nil, newOwners(ids), nil)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
		t.Skipf("this root cannot give files to mapped ids: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]uint32{
		"": {1_900_000_000, 1_900_100_000}, "d": {1_900_000_000, 1_900_100_000},
		"d/mine": {1_900_000_007, 1_900_100_008}, "strange": {1_900_000_000, 1_900_100_000}, "l": {1_900_000_007, 1_900_100_000},
	} {
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(g.dir, name), &st); err != nil {
			t.Fatal(err)
		}
		if st.Uid != want[0] || st.Gid != want[1] {
			t.Errorf("owner of %q is %d:%d, want %v", name, st.Uid, st.Gid, want)
		}
		if name == "d/mine" && st.Mode&0o7777 != 0o6755 {
			t.Errorf("mode of %s is %o: chown cleared it", name, st.Mode)
		}
	}
}

func TestHostID(t *testing.T) {
	ranges := []idmap.Range{{Inside: 0, Outside: 1000, Count: 1}, {Inside: 1, Outside: 200000, Count: 100}}
	for _, c := range []struct {
		ranges   []idmap.Range
		id, want int
	}{
		{ranges, 0, 1000}, {ranges, 1, 200000}, {ranges, 100, 200099}, {ranges, 101, 1000}, {ranges, -1, 1000},
		{nil, 0, 0}, {nil, 33, 33}, {nil, -1, 0}, {nil, 1<<32 - 1, 0}, {nil, 1<<32 - 2, 1<<32 - 2}, {nil, 1 << 40, 0},
		{[]idmap.Range{{Inside: 1000, Outside: 5, Count: 1}}, 0, 5},
	} {
		if got := hostID(c.ranges, c.id); got != c.want {
			t.Errorf("hostID(%v, %d) = %d, want %d", c.ranges, c.id, got, c.want)
		}
	}
}
