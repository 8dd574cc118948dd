package seccomp

import (
	"math"
	"testing"

	"golang.org/x/sys/unix"
)

// FuzzParse: no text makes Parse or Compile panic, and what compiles means what the profile says.
func FuzzParse(f *testing.F) {
	for _, data := range [][]byte{defaultProfile, gradingProfile, strictRules} {
		f.Add(data)
	}
	f.Add([]byte(with(`"names":["read","clone"],"action":"SCMP_ACT_TRAP","args":[{"index":1,"op":"SCMP_CMP_GE","value":4294967296}]`)))
	f.Add([]byte(with(`"name":"read","action":"SCMP_ACT_KILL","includes":{"caps":["CAP_BPF"],"minKernel":"5.1"},"excludes":{"arches":["arm64"]}`)))
	f.Add([]byte(`{"defaultAction":"SCMP_ACT_TRACE","architectures":["SCMP_ARCH_X86"],"flags":["SECCOMP_FILTER_FLAG_LOG"],"defaultErrno":"EACCES"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			return
		}
		for _, to := range []target{{"amd64", dockerCaps, kernel{6, 1}}, {"arm64", everyCap(), kernel{4, 4}}} {
			if conditions(p) < 100 {
				agree(t, p, to, mentioned(p, to.arch))
			}
		}
	})
}

// FuzzCompile makes profiles out of bytes, which comes to strange conditions sooner than text does.
func FuzzCompile(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Add([]byte("\x03\x00\x01\x10\x01\x00\x05\x00\x01\x10\x02\x01\x06\x00\x07\x00\x01\x10\x02\x00\x03\x01\x04"))
	f.Add([]byte("\x07\x02\x03\x00\x01\x06\x00\x04\x02\x06\x05\x05\x02\x03\x00\x01\x00\x01\x02\x03\x00\x01\x00\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := profileOf(data)
		if conditions(p) < 100 {
			agree(t, p, target{"amd64", nil, kernel{6, 1}}, mentioned(p, "amd64"))
		}
	})
}

func conditions(p *Profile) int {
	n := 0
	for _, r := range p.rules {
		n += len(r.args) * len(r.names)
	}
	return n
}

// mentioned are the numbers that a profile names, those next to them, and some that it cannot name.
func mentioned(p *Profile, arch string) []uint32 {
	list := []uint32{0, 470, 500, x32Bit, math.MaxUint32}
	for _, r := range p.rules {
		for _, name := range r.names {
			if nr, ok := Number(arch, name); ok && len(list) < 100 {
				list = append(list, uint32(nr), uint32(nr)+1)
			}
		}
	}
	return list
}

// profileOf reads rules from bytes: action, call, number of conditions, and index, operator and values of
// each.
func profileOf(data []byte) *Profile {
	next := func() int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b)
	}
	kinds := []action{
		unix.SECCOMP_RET_ALLOW, eperm, enosys, unix.SECCOMP_RET_KILL_PROCESS, unix.SECCOMP_RET_KILL_THREAD,
		unix.SECCOMP_RET_TRAP, unix.SECCOMP_RET_TRACE | 7, unix.SECCOMP_RET_LOG,
	}
	values := []uint64{
		0, 1, 2, 0xff, 0x5412, 1 << 31, math.MaxUint32, 1 << 32, 1<<32 + 1, 3 << 32, 0xffffffff00000000, 1 << 63, math.MaxUint64,
	}
	p := &Profile{defaultAction: kinds[next()%len(kinds)]}
	for len(data) > 0 {
		r := rule{action: kinds[next()%len(kinds)], names: []string{amd64Calls[next()%8].name}}
		for range next() % 4 {
			r.args = append(r.args, condition{
				next() % arguments, operator(next() % 7), values[next()%len(values)], values[next()%len(values)],
			})
		}
		r.silent = len(r.args) == 0 && r.action == p.defaultAction
		p.rules = append(p.rules, r)
	}
	return p
}
