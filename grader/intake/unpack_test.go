package intake

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pocket/runtime/hint"
)

// packed is an archive's entry in a test.
type packed struct {
	name, content string
	mode          fs.FileMode
	change        func(*zip.FileHeader)
}

func zipOf(t testing.TB, entries ...packed) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode | 0o644)
		if e.change != nil {
			e.change(h)
		}
		f, err := w.CreateHeader(h)
		check(t, err)
		_, err = f.Write([]byte(e.content))
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes()
}

func tarOf(t testing.TB, headers ...tar.Header) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		content := ""
		if h.Typeflag == 0 || h.Typeflag == tar.TypeReg {
			content = "content of " + h.Name
			h.Size = int64(len(content))
		}
		h.Mode = 0o644
		check(t, w.WriteHeader(&h))
		_, err := w.Write([]byte(content))
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, raw []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(raw)
	check(t, errors.Join(err, w.Close()))
	return b.Bytes()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files lists what is below a folder.
func files(t testing.TB, dir string) []string {
	var all []string
	check(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			all = append(all, filepath.ToSlash(name))
		}
		return err
	}))
	return all
}

// unpacked unpacks an archive in a folder beside which nothing may appear.
func unpacked(t testing.TB, raw []byte, b bounds) (string, error) {
	around := t.TempDir()
	path, dir, canary := filepath.Join(around, "archive.zip"), filepath.Join(around, "deep", "er"), filepath.Join(around, "canary")
	check(t, errors.Join(os.WriteFile(path, raw, 0o600), os.MkdirAll(dir, 0o700), os.Mkdir(canary, 0o750), os.WriteFile(filepath.Join(canary, "bird"), []byte("alive"), 0o640)))
	before := outside(t, around, dir)
	err := unpack(path, dir, b, nil)
	if after := outside(t, around, dir); after != before {
		t.Fatalf("outside it was\n%s\nand is\n%s", before, after)
	}
	return dir, err
}

// outside tells of all below a folder, but what is in one of them: names, modes, times and contents.
func outside(t testing.TB, around, but string) string {
	var all strings.Builder
	check(t, filepath.WalkDir(around, func(path string, e fs.DirEntry, err error) error {
		if path == but {
			return fs.SkipDir
		}
		if err != nil {
			return err
		}
		about, err := e.Info()
		if err == nil {
			fmt.Fprintln(&all, path, about.Mode(), about.ModTime())
		}
		if err == nil && about.Mode().IsRegular() {
			var text []byte
			text, err = os.ReadFile(path)
			fmt.Fprintf(&all, "%x\n", text)
		}
		return err
	}))
	return all.String()
}

func TestUnpack(t *testing.T) {
	one := packed{name: "main.py", content: "print(1)\n"}
	for name, test := range map[string]struct {
		raw  []byte
		want []string
	}{
		"zip":               {zipOf(t, one), []string{"main.py"}},
		"empty zip":         {zipOf(t), nil},
		"tar":               {tarOf(t, tar.Header{Name: "./a/b.py"}, tar.Header{Name: "a", Typeflag: tar.TypeDir}), []string{"a/b.py"}},
		"tar.gz":            {gzipped(t, tarOf(t, tar.Header{Name: "a.py"})), []string{"a.py"}},
		"stored":            {zipOf(t, packed{name: "a", content: "b", change: func(h *zip.FileHeader) { h.Method = zip.Store }}), []string{"a"}},
		"backslashes":       {zipOf(t, packed{name: `lab\src\main.py`, content: "1"}), []string{"lab/src/main.py"}},
		"clutter":           {zipOf(t, one, packed{name: "__MACOSX/._main.py"}, packed{name: ".DS_Store"}, packed{name: ".git/config"}), []string{"main.py"}},
		"case":              {zipOf(t, one, packed{name: "Main.py"}), []string{"Main.py", "main.py"}},
		"code page 437":     {zipOf(t, packed{name: "gr\x81n.py", change: func(h *zip.FileHeader) { h.NonUTF8 = true }}), []string{"grün.py"}},
		"UTF-8 unannounced": {zipOf(t, packed{name: "grün.py", change: func(h *zip.FileHeader) { h.NonUTF8 = true }}), []string{"grün.py"}},
		"odd names":         {zipOf(t, packed{name: "-rf"}, packed{name: "a\nb"}, packed{name: "a b.py"}), []string{"-rf", "a\nb", "a b.py"}},
		"dots":              {zipOf(t, packed{name: "./x/./..y/...", content: "1"}), []string{"x/..y/..."}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := unpacked(t, test.raw, ofSubmission)
			check(t, err)
			if got := files(t, dir); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	good := zipOf(t, packed{name: "main.py", content: strings.Repeat("print(1)\n", 1000)})
	corrupt := bytes.Clone(good)
	corrupt[50] ^= 0xff
	zeros := strings.Repeat("\x00", 1<<20)
	var bomb []packed
	for i := range 60 {
		bomb = append(bomb, packed{name: fmt.Sprint(i), content: zeros})
	}
	for name, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"outside":          {zipOf(t, packed{name: "../evil"}), "../evil leads out of the archive"},
		"outside later":    {zipOf(t, packed{name: "a/../../evil"}), "leads out"},
		"outside, Windows": {zipOf(t, packed{name: `..\evil`}), "leads out"},
		"absolute":         {zipOf(t, packed{name: "/tmp/evil"}), "leads out"},
		"drive":            {zipOf(t, packed{name: `C:\evil`}), "leads out"},
		"tar outside":      {tarOf(t, tar.Header{Name: "../evil"}), "leads out"},
		"link":             {zipOf(t, packed{name: "link", content: "/etc/passwd", mode: fs.ModeSymlink}), "link is a symbolic link"},
		"tar link":         {tarOf(t, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/"}, tar.Header{Name: "l/x"}), "l is a symbolic link"},
		"hard link":        {tarOf(t, tar.Header{Name: "l", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}), "l is not a regular file"},
		"device":           {tarOf(t, tar.Header{Name: "d", Typeflag: tar.TypeChar}), "d is a device"},
		"fifo":             {tarOf(t, tar.Header{Name: "f", Typeflag: tar.TypeFifo}), "f is a fifo"},
		"twice":            {zipOf(t, packed{name: "a"}, packed{name: "./a"}), "two files are called a"},
		"file and folder":  {zipOf(t, packed{name: "a"}, packed{name: "a/b"}), "a is a file and a folder"},
		"folder and file":  {zipOf(t, packed{name: "a/b"}, packed{name: "a"}), "a is a file and a folder"},
		"encrypted":        {zipOf(t, packed{name: "a", change: func(h *zip.FileHeader) { h.Flags |= 1 }}), "a: it is encrypted"},
		"truncated":        {good[:len(good)/2], "damaged or its end is missing"},
		"corrupt":          {corrupt, "main.py: "},
		"truncated gz":     {gzipped(t, tarOf(t, tar.Header{Name: "a"}))[:40], "damaged or its end is missing"},
		"truncated tar":    {tarOf(t, tar.Header{Name: "a"})[:520], "a: its end is missing"},
		"empty":            {nil, "it is empty"},
		"text":             {[]byte("print(1)\n"), "neither a zip nor a tar"},
		"rar":              {[]byte("Rar!\x1a\x07\x01\x00"), "a RAR archive, which is not supported"},
		"7z":               {[]byte("7z\xbc\xaf\x27\x1c\x00"), "a 7-Zip archive"},
		"ratio":            {zipOf(t, bomb...), "more than 250 times as large"},
		"long name":        {zipOf(t, packed{name: strings.Repeat("a", 300)}), "a name of 300 bytes"},
		"long path":        {zipOf(t, packed{name: strings.Repeat("abcdefg/", 140) + "x"}), "path of 1121 bytes"},
		"deep":             {zipOf(t, packed{name: strings.Repeat("a/", 100) + "x"}), "100 folders deep"},
		"zero byte":        {zipOf(t, packed{name: "a\x00b"}), "zero byte"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpacked(t, test.raw, ofSubmission)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if Ours(err) {
				t.Errorf("%v is called our fault", err)
			}
			if strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Errorf("%q would act on a terminal", err)
			}
		})
	}
}

func TestUnpackBounds(t *testing.T) {
	var many []packed
	for i := range 30 {
		many = append(many, packed{name: fmt.Sprint(i), content: strings.Repeat("x", 100)})
	}
	raw := zipOf(t, many...)
	for name, test := range map[string]struct {
		raw  []byte
		b    bounds
		want string
	}{
		"bytes announced": {raw, bounds{2000, 100, 1 << 20}, "more than"},
		"bytes in a tar":  {tarOf(t, tar.Header{Name: "a"}, tar.Header{Name: "b"}), bounds{20, 100, 1 << 20}, "more than"},
		"passed over":     {tarOf(t, tar.Header{Name: ".git/a"}), bounds{100, 1, 1 << 20}, "too large"},
		"entries":         {raw, bounds{1 << 20, 20, 1 << 20}, "more than 20 files"},
		"index":           {raw, bounds{1 << 20, 100, 500}, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := unpacked(t, test.raw, test.b); !errors.Is(err, errBound) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A zip that announces less than it has is stopped where it goes beyond.
func TestUnpackUnderstated(t *testing.T) {
	raw := zipOf(t, packed{name: "a", content: strings.Repeat("x", 5000)})
	little := []byte{100, 0, 0, 0}
	raw = bytes.ReplaceAll(raw, []byte{0x88, 0x13, 0, 0}, little)
	_, err := unpacked(t, raw, bounds{1000, 10, 1 << 20})
	if err == nil {
		t.Fatal("taken")
	}
}

// More than 65,535 entries need the fields of zip64 (APPNOTE.TXT, 4.3.14).
func TestUnpackZip64(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "big.py", Method: zip.Store, UncompressedSize64: 5, CompressedSize64: 5, CRC32: crc32.ChecksumIEEE([]byte("12345"))}
	f, err := w.CreateRaw(h)
	check(t, err)
	_, err = f.Write([]byte("12345"))
	check(t, err)
	for i := range 66_000 {
		_, err := w.Create(fmt.Sprintf(".git/%d", i))
		check(t, err)
	}
	check(t, w.Close())
	dir, err := unpacked(t, b.Bytes(), bounds{1 << 20, 100_000, 64 << 20})
	check(t, err)
	if got := files(t, dir); !slices.Equal(got, []string{"big.py"}) {
		t.Errorf("got %q", got)
	}
	if _, err := unpacked(t, b.Bytes(), ofSubmission); !errors.Is(err, errBound) {
		t.Errorf("got %v", err)
	}
}

// In a class's archive, what is wrong with one file is no matter of the others.
func TestUnpackBlames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "class.zip")
	check(t, os.WriteFile(path, zipOf(t, packed{name: "ann/a.py"}, packed{name: "bob/l", mode: fs.ModeSymlink}, packed{name: "carl.py"},
		packed{name: "../evil.py"}, packed{name: "dora/bomb", content: strings.Repeat("#", int(ofSubmission.bytes)+1)}), 0o600))
	to := filepath.Join(dir, "to")
	check(t, os.Mkdir(to, 0o700))
	blamed := map[string]error{}
	check(t, unpack(path, to, ofClass, func(name string, err error) { blamed[name] = err }))
	if got := files(t, to); !slices.Equal(got, []string{"ann/a.py", "carl.py"}) || len(blamed) != 3 || blamed["bob/l"] == nil ||
		!errors.Is(blamed["../evil.py"], errOutside) || blamed["dora/bomb"] == nil || errors.Is(blamed["dora/bomb"], errBound) {
		t.Errorf("got %q, blamed %v", got, blamed)
	}
}

func TestUnpackOurs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.zip")
	check(t, os.WriteFile(path, zipOf(t, packed{name: "a"}), 0o600))
	if err := unpack(path, filepath.Join(dir, "missing"), ofSubmission, nil); !Ours(err) {
		t.Errorf("%v is called the student's fault", err)
	}
	link := filepath.Join(dir, "link.zip")
	check(t, os.Symlink(path, link))
	if err := unpack(link, dir, ofSubmission, nil); err == nil || Ours(err) || hint.Of(err) == "" {
		t.Errorf("a link: %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(zipOf(f, packed{name: "../a"}, packed{name: "b/c", content: "d"}))
	f.Add(zipOf(f, packed{name: "l", content: "..", mode: fs.ModeSymlink}, packed{name: "l/canary"}))
	f.Add(tarOf(f, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: ".."}, tar.Header{Name: "l/canary"}))
	f.Add(gzipped(f, tarOf(f, tar.Header{Name: "a"}, tar.Header{Name: "/b"})))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir, err := unpacked(t, raw, bounds{1 << 20, 100, 1 << 20})
		if err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q would act on a terminal", err)
		}
		check(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && !e.Type().IsRegular() {
				t.Errorf("%s is %v", path, e.Type())
			}
			return err
		}))
	})
}

type zipHeader = zip.FileHeader

// tar1 is a tar's entry with a file.
func tar1(name string) tar.Header { return tar.Header{Name: name} }
