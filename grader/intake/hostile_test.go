package intake

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestUnpackHostile has what programs that make archives would not make.
func TestUnpackHostile(t *testing.T) {
	zeros := make([]byte, 20<<20)
	bomb := gzipped(t, append(header('0', "zeros", int64(len(zeros))), append(zeros, make([]byte, 1024)...)...))
	name := strings.Repeat("n", 64<<10)
	for title, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"pax: a gigabyte of records":            {append(header('x', "x", 1<<30), make([]byte, 1024)...), "damaged"},
		"gnu: a name of a gigabyte":             {append(header('L', "././@LongLink", 1<<30), make([]byte, 1024)...), "damaged"},
		"gnu: a name of 64 KiB":                 {tarOf(t, tar.Header{Name: name, Format: tar.FormatGNU}), "a name of 65536 bytes"},
		"pax: a name of 64 KiB":                 {tarOf(t, tar.Header{Name: name, Format: tar.FormatPAX}), "a name of 65536 bytes"},
		"10,000 deep":                           {tarOf(t, tar.Header{Name: strings.Repeat("d/", 10_000) + "f", Format: tar.FormatPAX}), "path of"},
		"a size below nothing":                  {append(header('0', "f", -1), make([]byte, 1024)...), "damaged"},
		"a file that is not there":              {append(header('0', "f", 1<<20), make([]byte, 1024)...), "its end is missing"},
		"larger than all may be":                {append(header('0', "f", 8<<30-1), make([]byte, 1024)...), "more than 100"},
		"a bomb in gzip":                        {bomb, "more than 250 times as large"},
		"a block device":                        {tarOf(t, tar.Header{Name: "sda", Typeflag: tar.TypeBlock, Devmajor: 8}), "sda is a device"},
		"a hard link outside":                   {tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeLink, Linkname: "../canary/bird"}, tar.Header{Name: "a"}), "a is not a regular file"},
		"the folder above":                      {tarOf(t, tar.Header{Name: "..", Typeflag: tar.TypeDir}, tar.Header{Name: "a"}), "leads out"},
		"a terminal's sequences":                {zipOf(t, packed{name: "../\x1b[31m\nx"}), "leads out"},
		"a zip's link over a file":              {zipOf(t, packed{name: "l", content: "../canary/bird", mode: fs.ModeSymlink}, packed{name: "l", content: "dead"}), "l is a symbolic link"},
		"a zip's folder that is one and a link": {zipOf(t, packed{name: "d/", mode: fs.ModeDir}, packed{name: "d", content: "../canary", mode: fs.ModeSymlink}), "d is a symbolic link"},
	} {
		t.Run(title, func(t *testing.T) {
			_, err := unpacked(t, test.raw, ofSubmission)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %.300v, want %q", err, test.want)
			}
			if Ours(err) || len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Errorf("%q is called our fault, or would act on a terminal", err)
			}
		})
	}
}

// header is a tar's header as no writer would make it (POSIX.1-1988, ustar).
func header(kind byte, name string, size int64) []byte {
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

// TestUnpackSparse has a file of 1 TiB in a few blocks.
func TestUnpackSparse(t *testing.T) {
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "s"), []byte("x"), 0o600))
	if err := os.Truncate(filepath.Join(dir, "s"), 1<<40); err != nil {
		t.Skipf("no sparse file can be made here: %v", err)
	}
	for _, format := range []string{"--format=gnu", "--format=posix"} {
		raw, err := exec.Command("tar", format, "-cSf", "-", "-C", dir, "s").Output()
		check(t, err)
		if _, err := unpacked(t, raw, ofSubmission); err == nil || !strings.Contains(err.Error(), "more than 100") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// What an archive says of modes, times and owners is its own matter: files are ours, and only executable or not.
func TestUnpackModes(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, mode := range []int64{0o6777, 0o000, 0o444, 0o1755} {
		check(t, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("tar-%04o", mode), Mode: mode, Uid: 4242, Gid: -1, Format: tar.FormatGNU}))
	}
	check(t, w.Close())
	set := zipOf(t, packed{name: "zip", mode: fs.ModeSetuid | fs.ModeSetgid | 0o777, change: func(h *zip.FileHeader) { h.SetMode(fs.ModeSetuid | fs.ModeSetgid | 0o777) }})
	var got []string
	for _, raw := range [][]byte{b.Bytes(), set} {
		dir, err := unpacked(t, raw, ofSubmission)
		check(t, err)
		for _, name := range files(t, dir) {
			about, err := os.Lstat(filepath.Join(dir, name))
			check(t, err)
			got = append(got, fmt.Sprintf("%s %04o", name, about.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky|0o777)&^0o022))
		}
	}
	want := []string{"tar-0000 0644", "tar-0444 0644", "tar-1755 0755", "tar-6777 0755", "zip 0755"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
