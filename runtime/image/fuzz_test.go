package image

import (
	"archive/tar"
	"strings"
	"testing"

	"pocket/runtime/resource"
)

// FuzzUnpack feeds the unpacker any bytes; newGround's canary must stay as it is.
func FuzzUnpack(f *testing.F) {
	f.Add(pack(f, folder("./", 0o755), file("a/b", "x"), link("l", "/canary"), file("l/bird", "y"), hard("h", "a/b")))
	f.Add(pack(f, file("../canary/bird", "dead")))
	f.Add(pack(f, link("e", "../canary"), file("e/bird", "dead"), folder("e", 0o755), node(tar.TypeFifo, "e/p")))
	f.Add(zip(f, pack(f, folder("d", 0), file("d/f", "x"), file("d", "y"))))
	long := file(strings.Repeat("n/", 200)+"f", "x")
	long.Format = tar.FormatGNU
	f.Add(pack(f, long))
	f.Fuzz(func(t *testing.T, archive []byte) {
		g := newGround(t)
		_, err := g.unpack(archive, Limits{Bytes: resource.MiB, Entries: 100, Depth: 20})
		if err != nil && len(err.Error()) > 2000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		if err := removeTree(g.dir); err != nil {
			t.Errorf("what was unpacked cannot be removed: %v", err)
		}
	})
}

// FuzzLinks builds archives of links and files out of few names, where a way out would be.
func FuzzLinks(f *testing.F) {
	f.Add([]byte{0, 1, 9, 2, 1, 3})
	f.Add([]byte{0, 0, 8, 1, 3, 1, 2, 3, 0, 3, 0, 0})
	names := []string{"a", "b", "a/b", "b/a", "a/bird", "b/bird", "a/b/bird", ".", "../canary", "/canary", "a/..", "../../canary"}
	f.Fuzz(func(t *testing.T, program []byte) {
		var entries []tar.Header
		for ; len(program) >= 3 && len(entries) < 20; program = program[3:] {
			name, target := names[int(program[1])%len(names)], names[int(program[2])%len(names)]
			switch program[0] % 4 {
			case 0:
				entries = append(entries, link(name, target))
			case 1:
				entries = append(entries, file(name, "dead"))
			case 2:
				entries = append(entries, folder(name, int64(program[2])))
			case 3:
				entries = append(entries, hard(name, target))
			}
		}
		g := newGround(t)
		_, err := g.unpack(pack(t, entries...), Limits{})
		if err == nil && len(entries) == 0 {
			t.Error("an empty archive was accepted")
		}
		if err := removeTree(g.dir); err != nil {
			t.Errorf("what was unpacked cannot be removed: %v", err)
		}
	})
}
