package seccomp

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzReading writes profiles out of bytes, about any calls of both tables and for any circumstances, and compares
// what Parse and Compile make of the text with the other reading: the tree of numbers above all.
func FuzzReading(f *testing.F) {
	f.Add([]byte("\x06\x03\x10\x00\x00\x00\x06\x20\x01\x00\x00\x03\x30\x02\x05\x01\x06\x01\x02\x05"))
	f.Add([]byte("\x03\x06\x01\x40\x02\x00\x07\x01\x01\x06\x02\x02\x02\x02\x01\x05\x03\x04\x02"))
	f.Add([]byte(strings.Repeat("\x06\x09\x21\x01\x04\x03\x50\x00\x02", 40)))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		d := documentOf(bytes)
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, where := range []place{{"amd64", nil, "6.1"}, {"arm64", []string{"CAP_SYS_ADMIN", "CAP_BPF"}, "4.8"}} {
			compareReading(t, d, p, where, 6)
		}
	})
}

// documentOf makes a document of at most forty rules of bytes.
func documentOf(bytes []byte) document {
	next := func(n int) int {
		if len(bytes) == 0 {
			return 0
		}
		b := int(bytes[0])
		bytes = bytes[1:]
		return b % n
	}
	errno := func(action string) *uint32 {
		if action != "SCMP_ACT_ERRNO" && action != "SCMP_ACT_TRACE" {
			return nil
		}
		return []*uint32{nil, new(uint32), &[]uint32{38}[0]}[next(3)]
	}
	values := []uint64{0, 1, 3, 0xff, 0x5412, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 | 3, 0xffffffff00000000, 1 << 63, ^uint64(0)}
	ops := []string{"SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_GT", "SCMP_CMP_GE", "SCMP_CMP_MASKED_EQ"}
	d := document{DefaultAction: ranks[next(len(ranks))].name}
	d.DefaultErrnoRet = errno(d.DefaultAction)
	for len(bytes) > 0 && len(d.Syscalls) < 40 {
		p := passage{Action: ranks[next(len(ranks))].name, Names: []string{amd64Calls[(next(256)*256+next(256))%len(amd64Calls)].name}}
		for range next(3) {
			p.Names = append(p.Names, arm64Calls[(next(256)*256+next(256))%len(arm64Calls)].name)
		}
		p.ErrnoRet = errno(p.Action)
		for range next(4) {
			p.Args = append(p.Args, comparison{next(6), values[next(len(values))], values[next(len(values))], ops[next(len(ops))]})
		}
		for _, s := range []*circumstances{&p.Includes, &p.Excludes} {
			switch next(12) {
			case 1:
				s.Caps = []string{[]string{"CAP_SYS_ADMIN", "CAP_BPF", "CAP_SYS_BOOT"}[next(3)]}
			case 2:
				s.Arches = []string{[]string{"amd64", "arm64"}[next(2)]}
			case 3:
				s.MinKernel = []string{"4.8", "4.10", "5.0"}[next(3)]
			}
		}
		d.Syscalls = append(d.Syscalls, p)
	}
	return d
}
