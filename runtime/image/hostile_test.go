package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/trial"
	"pocket/runtime/resource"
)

// raw is a header as no writer would make it: ustar (POSIX.1-1988), with the size and type that are given.
func raw(kind byte, name string, size int64) []byte {
	block := make([]byte, 512)
	copy(block, name)
	copy(block[100:], "0000644\x000000000\x000000000\x00")
	copy(block[124:], fmt.Sprintf("%011o\x00%011o\x00        ", size, 0))
	block[156] = kind
	copy(block[257:], "ustar\x0000")
	sum := 0
	for _, b := range block {
		sum += int(b)
	}
	copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
	return block
}

// block fills text up to whole blocks, and the end of an archive follows.
func block(text string) []byte {
	return append([]byte(text), make([]byte, 1536-len(text)%512)...)
}

// renamed is an archive with one file whose header has a harmless name; its extended header (pax) has another.
func renamed(t testing.TB, name string) []byte {
	harmless := strings.Repeat("harmless", 20)
	archive := pack(t, file(harmless[:len(name)], "dead"))
	if len(name) <= 100 {
		t.Fatalf("%q needs no extended header", name)
	}
	record := []byte("path=" + harmless[:len(name)] + "\n")
	if bytes.Count(archive, record) != 1 {
		t.Fatal("there is no such record")
	}
	return bytes.Replace(archive, record, []byte("path="+name+"\n"), 1)
}

// window is a frame of zstd that asks for a window of 2 GiB (RFC 8878, 3.1.1.1.2) and has one block as it is.
func window(text []byte) []byte {
	n := len(text)<<3 | 1
	return append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, byte(n), byte(n >> 8), byte(n >> 16)}, text...)
}

// TestUnpackRaw has what writers of archives refuse to write. What is refused says why; where nothing is to be
// said, all goes well and the tree is as wanted.
func TestUnpackRaw(t *testing.T) {
	pad := strings.Repeat("n", 110)
	long := func(format tar.Format, n int) []byte {
		h := file(strings.Repeat("n", n), "x")
		if h.Format = format; format == tar.FormatGNU {
			delete(h.PAXRecords, "TEST.content")
			h.Size, h.PAXRecords = 0, nil
		}
		return pack(t, h)
	}
	owner := file("f", "")
	owner.PAXRecords, owner.Format, owner.Uid, owner.Gid = nil, tar.FormatGNU, -5, -1
	huge := file("f", "")
	huge.PAXRecords, huge.Format, huge.Uid, huge.Gid = nil, tar.FormatPAX, 1<<32, 1<<40
	for _, c := range []struct {
		name    string
		archive []byte
		want    string // of the error; or of the tree, after "="
	}{
		{"pax: another name, outside", renamed(t, "../canary/"+pad), "leads out"},
		{"pax: another name, absolute", renamed(t, "/canary/"+pad), "the name is absolute"},
		{"pax: another name, harmless", renamed(t, "x/"+pad), "=x/ x/" + pad + "=dead"},
		{"pax: a NUL in the name", renamed(t, "../canary/\x00"+pad), "not a tar archive"},
		{"pax: a newline in the name", renamed(t, "../canary/\n\x1b[31m"+pad), `"../canary/\n\x1b[31m`},
		{"pax: a gigabyte of records", append(raw('x', "x", 1<<30), block(strings.Repeat("30 path=short\n", 200_000))...), "too long"},
		{"pax: for all, a gigabyte", append(raw('g', "x", 1<<30), block("")...), "cut short"},
		{"pax: no number", append(raw('x', "x", 20), append(block("zz path=../canary\n")[:512], block(string(raw('0', "f", 0)))...)...), "not a tar archive"},
		{"gnu: a name of 64 KiB", long(tar.FormatGNU, 64<<10), "bytes long"},
		{"gnu: a name of a gigabyte", append(raw('L', "././@LongLink", 1<<30), block(strings.Repeat("x", 2<<20))...), "too long"},
		{"gnu: a link's target of a gigabyte", append(raw('K', "././@LongLink", 1<<30), block("x")...), "cut short"},
		{"pax: a name of 64 KiB", long(tar.FormatPAX, 64<<10), "bytes long"},
		{"a name that ends at a NUL", append(raw('0', "a\x00../../x", 0), block("")...), "=a="},
		{"deep", pack(t, file(strings.Repeat("d/", 10_000)+"f", "x")), "bytes long"},
		{"a size below nothing", append(raw('0', "f", -1), block("")...), "not a tar archive"},
		{"a file of 8 GiB of which there is nothing", append(raw('0', "f", 8<<30-1), block("")...), "cut short"},
		{"files larger than the limit", append(append(raw('0', "f", 0), raw('0', "g", 8<<30-1)...), block("")...), "cut short"},
		{"a folder with content", append(raw('5', "d", 512), append(raw('0', "../canary/bird", 0), block("")...)...), "leads out"},
		{"a link with content", append(raw('2', "l", 512), append(raw('0', "../canary/bird", 0), block("")...)...), "make link"},
		{"a device with content", append(raw('3', "m", 512), append(raw('0', "../canary/bird", 0), block("")...)...), "leads out"},
		{"owners below nothing", pack(t, owner), "=f="},
		{"owners above all", pack(t, huge), "=f="},
		{"a link that becomes a folder and a link again",
			pack(t, link("e", "../canary"), folder("e", 0o755), file("e/f", "1"), link("e", "../canary"), folder("e", 0o700), file("e/bird", "2")), "=e/ e/bird=2"},
		{"chains of links out, written through", pack(t, link("a", "b/c"), link("b", ".."), link("c", "canary"), file("a/bird", "x")), "a link to nothing"},
		{"a hard link to oneself through a link", pack(t, folder("d", 0o755), file("d/f", "1"), link("l", "d"), hard("l/f", "d/f")), "=d/ d/f=1 l -> d"},
		{"a hard link to a device that was left out", pack(t, node(tar.TypeChar, "m"), hard("n", "m")), "no such file"},
		{"the top's own mode", pack(t, folder(".", 0o000), file("f", "x")), "=f=x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGround(t)
			_, err := g.unpack(c.archive, Limits{})
			if want, fine := strings.CutPrefix(c.want, "="); fine {
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(g.dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if got := g.tree(); got != want {
					t.Errorf("tree is %q, want %q", got, want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one with %q", err, c.want)
			}
			if len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n\x1b\x00") {
				t.Errorf("the error is not fit to print: %q", err.Error())
			}
		})
	}
}

// TestUnpackSparseBomb has a file of 1 TiB in a few blocks, as GNU tar writes it in each of its formats.
func TestUnpackSparseBomb(t *testing.T) {
	path, err := exec.LookPath("tar")
	if err != nil {
		trial.Lacks(t, "%v", err)
	}
	dir := t.TempDir()
	if err := errorOf(os.WriteFile(dir+"/s", []byte("x"), 0o600), os.Truncate(dir+"/s", 1<<40)); err != nil {
		t.Skipf("no sparse file can be made here: %v", err)
	}
	for _, format := range []string{"--format=gnu", "--format=posix", "--sparse-version=0.0", "--sparse-version=0.1", "--sparse-version=1.0"} {
		archive, err := exec.Command(path, format, "-cSf", "-", "-C", dir, "s").Output()
		if err != nil || len(archive) > 1<<20 {
			t.Errorf("%s: %d bytes, %v", format, len(archive), err)
			continue
		}
		if _, err := newGround(t).unpack(archive, Limits{}); err == nil || !strings.Contains(err.Error(), "larger than 16GiB") {
			t.Errorf("%s: error is %v", format, err)
		}
	}
}

func errorOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// A window of 2 GiB would be as much memory.
func TestUnpackZstdWindow(t *testing.T) {
	if _, err := exec.LookPath("zstd"); err != nil {
		trial.Lacks(t, "%v", err)
	}
	if _, err := newGround(t).unpack(window(pack(t, file("f", "x"))), Limits{}); err == nil || !strings.Contains(err.Error(), "damaged or cut short") {
		t.Errorf("error is %v", err)
	}
}

// TestUnpackManyFiles has more files than the limit, and names that are longer than it together.
func TestUnpackManyFiles(t *testing.T) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := range 5000 {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprint("f", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for want, l := range map[string]Limits{"more than 3000 entries": {Entries: 3000}, "names are longer": {Names: 10 * resource.KiB}} {
		if _, err := newGround(t).unpack(zip(t, out.Bytes()), l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
}

// TestHostileLayers loads layers over others. Beside the store lies a canary; and what is stored of the layer below,
// which other images share, stays what it was, also when the layers are merged.
func TestHostileLayers(t *testing.T) {
	overlay := file("d/f", "x")
	for _, name := range []string{"user.overlay.opaque", "user.overlay.redirect", "user.overlay.metacopy", "user.overlay.whiteout",
		"trusted.overlay.opaque", "trusted.overlay.redirect", "security.capability", "system.posix_acl_access", "user.mine"} {
		overlay.PAXRecords["SCHILY.xattr."+name] = "y"
	}
	overlay.PAXRecords["SCHILY.acl.access"] = "user::rwx,user:0:rwx"
	steered := folder("d", 0o755)
	steered.PAXRecords = map[string]string{"SCHILY.xattr.user.overlay.opaque": "y", "SCHILY.xattr.trusted.overlay.opaque": "y",
		"SCHILY.xattr.user.overlay.redirect": "/etc", "SCHILY.xattr.trusted.overlay.redirect": "/etc"}
	for _, c := range []struct {
		name    string
		entries []tar.Header
		want    string // of the error; or what Tree shows, after "="
	}{
		{"attributes of overlay", []tar.Header{steered, overlay}, "=canary/ canary/bird=inside d/ d/f=x d/x=x l -> CANARY"},
		{"over a file", []tar.Header{file("d/x", "new")}, "=canary/ canary/bird=inside d/ d/x=new l -> CANARY"},
		{"a whiteout through a link", []tar.Header{link("m", "CANARY"), file("m/.wh.bird", "")}, "a link to nothing"},
		{"an opaque mark through a link", []tar.Header{link("m", "CANARY"), file("m/.wh..wh..opq", "")}, "=canary/ canary/bird=inside d/ d/x=x l -> CANARY m/"},
		{"a whiteout below a link of the layer below", []tar.Header{file("l/.wh.bird", "")}, "=canary/ canary/bird=inside d/ d/x=x l/"},
		{"a file below a link of the layer below", []tar.Header{file("l/bird", "x")}, "=canary/ canary/bird=inside d/ d/x=x l/ l/bird=x"},
		{"a hard link through a link of the layer below", []tar.Header{hard("h", "l/bird")}, "no such file"},
		{"a whiteout of what is above", []tar.Header{file("d/../../.wh.canary", "")}, "leads out"},
		{"a whiteout of dots", []tar.Header{file(".wh.d/../../canary", "")}, "leads out"},
		{"a whiteout that is a folder", []tar.Header{folder(".wh.d", 0o755)}, "=canary/ canary/bird=inside l -> CANARY"},
		{"a whiteout that is a link", []tar.Header{link(".wh.d", "CANARY")}, "=canary/ canary/bird=inside l -> CANARY"},
		{"below a whiteout", []tar.Header{file(".wh.d/f", "x")}, "=.wh.d/ .wh.d/f=x canary/ canary/bird=inside d/ d/x=x l -> CANARY"},
		{"a device 0:0 as an entry", []tar.Header{{Typeflag: tar.TypeChar, Name: "d/x", Mode: 0o600}}, "=canary/ canary/bird=inside d/ d/x=x l -> CANARY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, s, l := newGround(t), newStore(t), newLayout(t)
			for i := range c.entries {
				c.entries[i].Linkname = strings.ReplaceAll(c.entries[i].Linkname, "CANARY", g.canary)
			}
			below := pack(t, folder("d", 0o755), file("d/x", "x"), folder("canary", 0o755), file("canary/bird", "inside"), link("l", g.canary))
			l.index(l.image(document{}, below, pack(t, c.entries...)))
			img, err := l.load(s, "app")
			want, fine := strings.CutPrefix(c.want, "=")
			switch {
			case fine && err != nil:
				t.Fatal(err)
			case !fine && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("error is %v, want one with %q", err, c.want)
			}
			if fine {
				tree, err := s.Tree(t.Context(), img, nil)
				if err != nil {
					t.Fatal(err)
				}
				shown := ground{t: t, dir: tree}.tree()
				if got := strings.ReplaceAll(shown, g.canary, "CANARY"); got != want {
					t.Errorf("it is %q, want %q", got, want)
				}
				stored := ground{t: t, dir: img.Layers[len(img.Layers)-1]}.tree()
				if got := strings.ReplaceAll(stored, g.canary, "CANARY"); got != "canary/ canary/bird=inside d/ d/x=x l -> CANARY" {
					t.Errorf("the layer below has become %q", got)
				}
				checkAttributes(t, filepath.Join(img.Layers[0], "d"), filepath.Join(img.Layers[0], "d/f"))
			}
			if after := outside(t, filepath.Dir(g.canary)); after != g.before {
				t.Errorf("something outside has changed, before:\n%s\nafter:\n%s", g.before, after)
			}
		})
	}
}

// checkAttributes: no extended attribute came out of the archive; a missing file has none.
func checkAttributes(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		names := make([]byte, 1024)
		n, _ := unix.Llistxattr(path, names)
		for _, name := range strings.Split(strings.TrimRight(string(names[:max(n, 0)]), "\x00"), "\x00") {
			if name != "" && name != "security.selinux" {
				t.Errorf("%s has the attribute %s", path, name)
			}
		}
	}
}
