package seccomp

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// document is a profile as encoding/json reads Docker's format. Nothing in this file uses what Parse and
// Compile are made of but the tables of numbers, which are compared with those of x/sys elsewhere.
type document struct {
	DefaultAction   string    `json:"defaultAction"`
	DefaultErrnoRet *uint32   `json:"defaultErrnoRet,omitempty"`
	Syscalls        []passage `json:"syscalls"`
}

type passage struct {
	Names    []string      `json:"names"`
	Action   string        `json:"action"`
	ErrnoRet *uint32       `json:"errnoRet,omitempty"`
	Args     []comparison  `json:"args,omitempty"`
	Includes circumstances `json:"includes"`
	Excludes circumstances `json:"excludes"`
}

type comparison struct {
	Index    int    `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

type circumstances struct {
	Caps      []string `json:"caps,omitempty"`
	Arches    []string `json:"arches,omitempty"`
	MinKernel string   `json:"minKernel,omitempty"`
}

// place is where a profile is compiled for, in the profile's own words.
type place struct {
	arch   string
	caps   []string
	kernel string
}

// capNumbers are of linux/capability.h, for the capabilities that are spoken of.
var capNumbers = map[string]int{
	"CAP_DAC_READ_SEARCH": 2, "CAP_SYS_MODULE": 16, "CAP_SYS_RAWIO": 17, "CAP_SYS_CHROOT": 18, "CAP_SYS_PTRACE": 19,
	"CAP_SYS_PACCT": 20, "CAP_SYS_ADMIN": 21, "CAP_SYS_BOOT": 22, "CAP_SYS_NICE": 23, "CAP_SYS_TIME": 25,
	"CAP_SYS_TTY_CONFIG": 26, "CAP_SYSLOG": 34, "CAP_PERFMON": 38, "CAP_BPF": 39,
}

// ranks are the actions of the format from the strictest on, with the numbers of linux/seccomp.h.
var ranks = []struct {
	name   string
	number uint32
	errno  bool
}{
	{"SCMP_ACT_KILL_PROCESS", 0x80000000, false}, {"SCMP_ACT_KILL", 0, false}, {"SCMP_ACT_TRAP", 0x00030000, false},
	{"SCMP_ACT_ERRNO", 0x00050000, true}, {"SCMP_ACT_TRACE", 0x7ff00000, true}, {"SCMP_ACT_LOG", 0x7ffc0000, false},
	{"SCMP_ACT_ALLOW", 0x7fff0000, false},
}

// ruling is an action's rank and the number that a filter returns for it.
type ruling struct {
	rank   int
	number uint32
}

func rulingOf(t testing.TB, name string, errno *uint32) ruling {
	for i, r := range ranks {
		if r.name != name {
			continue
		}
		switch {
		case r.errno && errno == nil:
			return ruling{i, r.number | 1}
		case r.errno:
			return ruling{i, r.number | *errno}
		}
		return ruling{i, r.number}
	}
	t.Fatalf("an action %q", name)
	return ruling{}
}

func atLeast(have, want string) bool {
	var a, b, c, d int
	_, _ = fmt.Sscanf(have, "%d.%d", &a, &b)
	_, _ = fmt.Sscanf(want, "%d.%d", &c, &d)
	return a*1000+b >= c*1000+d
}

// present: all capabilities and the kernel that are included, one of the architectures, nothing excluded.
func (p passage) present(at place) bool {
	in, ex := p.Includes, p.Excludes
	for _, c := range in.Caps {
		if !slices.Contains(at.caps, c) {
			return false
		}
	}
	if len(in.Arches) > 0 && !slices.Contains(in.Arches, at.arch) || in.MinKernel != "" && !atLeast(at.kernel, in.MinKernel) {
		return false
	}
	return !slices.ContainsFunc(ex.Caps, func(c string) bool { return slices.Contains(at.caps, c) }) &&
		!slices.Contains(ex.Arches, at.arch) && (ex.MinKernel == "" || !atLeast(at.kernel, ex.MinKernel))
}

func (c comparison) holds(args [6]uint64) bool {
	arg := args[c.Index]
	switch c.Op {
	case "SCMP_CMP_EQ":
		return arg == c.Value
	case "SCMP_CMP_NE":
		return arg != c.Value
	case "SCMP_CMP_LT":
		return arg < c.Value
	case "SCMP_CMP_LE":
		return arg <= c.Value
	case "SCMP_CMP_GT":
		return arg > c.Value
	case "SCMP_CMP_GE":
		return arg >= c.Value
	}
	return arg&c.Value == c.ValueTwo // SCMP_CMP_MASKED_EQ
}

// matches: all comparisons hold, or one where an argument is compared twice.
func (p passage) matches(args [6]uint64) bool {
	seen := map[int]bool{}
	repeated, all, one := false, true, false
	for _, c := range p.Args {
		repeated = repeated || seen[c.Index]
		seen[c.Index] = true
		all, one = all && c.holds(args), one || c.holds(args)
	}
	return all || repeated && one
}

// reading is a document at a place, sorted by the numbers that its rules are about.
type reading struct {
	otherwise ruling
	newest    int
	rules     map[uint32][]passage
}

func (d document) at(t testing.TB, where place) reading {
	r := reading{otherwise: rulingOf(t, d.DefaultAction, d.DefaultErrnoRet), newest: -1, rules: map[uint32][]passage{}}
	for _, p := range d.Syscalls {
		for _, name := range p.Names {
			nr, ok := Number(where.arch, name)
			if !ok {
				continue
			}
			r.newest = max(r.newest, nr)
			if p.present(where) && (len(p.Args) > 0 || rulingOf(t, p.Action, p.ErrnoRet) != r.otherwise) {
				r.rules[uint32(nr)] = append(r.rules[uint32(nr)], p)
			}
		}
	}
	return r
}

// says is what the document says of a call by the native entry.
func (r reading) says(t testing.TB, arch string, nr uint32, args [6]uint64) uint32 {
	if arch == "amd64" && nr >= 0x40000000 {
		return 0x00050001 // x32: EPERM
	}
	found := ruling{rank: len(ranks)}
	for _, p := range r.rules[nr] {
		if this := rulingOf(t, p.Action, p.ErrnoRet); this.rank < found.rank && p.matches(args) {
			found = this
		}
	}
	switch {
	case found.rank < len(ranks):
		return found.number
	case r.otherwise.rank <= 3 && r.newest >= 0 && int64(nr) > int64(r.newest):
		return 0x00050026 // ENOSYS
	}
	return r.otherwise.number
}

// edges are values of an argument around all that it is compared with, the nearest first.
func edges(rules []passage, index int) []uint64 {
	list, far := []uint64{0, ^uint64(0)}, []uint64(nil)
	for _, p := range rules {
		for _, c := range p.Args {
			if c.Index != index {
				continue
			}
			list = append(list, c.Value, c.Value-1, c.Value+1, c.ValueTwo)
			for _, v := range []uint64{c.Value, c.ValueTwo} {
				far = append(far, v|1<<32, v|0xffffffff00000000, v<<32, ^v, v-1, v+1)
			}
			for bit := uint64(1); bit != 0 && c.Op == "SCMP_CMP_MASKED_EQ"; bit <<= 1 {
				far = append(far, c.ValueTwo|^c.Value, c.ValueTwo^bit)
			}
		}
	}
	seen := map[uint64]bool{}
	return slices.DeleteFunc(append(list, far...), func(v uint64) bool {
		again := seen[v]
		seen[v] = true
		return again
	})
}

// lists are argument lists with every combination of the edges of those arguments that are compared, where there
// are several of at most so many of each; where that were too many, with some of the combinations. The others are all bits
// clear, then all bits set.
func lists(rules []passage, most int) [][6]uint64 {
	all := [][6]uint64{{}, {^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}}
	for i := range 6 {
		compared := func(p passage) bool {
			return slices.ContainsFunc(p.Args, func(c comparison) bool { return c.Index == i })
		}
		if !slices.ContainsFunc(rules, compared) {
			continue
		}
		values := edges(rules, i)
		if alone := !slices.ContainsFunc(rules, func(p passage) bool {
			return slices.ContainsFunc(p.Args, func(c comparison) bool { return c.Index != i })
		}); !alone {
			values = values[:min(len(values), most)]
		}
		var more [][6]uint64
		for k, args := range all {
			if len(all)*most > 100_000/len(rules) && k%7 != i {
				more = append(more, args)
				continue
			}
			for _, v := range values {
				args[i] = v
				more = append(more, args)
			}
		}
		all = more
	}
	return all
}

// otherEntries are AUDIT_ARCH_ of linux/audit.h: i386, arm, riscv64, powerpc64le, s390x, mips64el, and none.
var otherEntries = []uint32{0x40000003, 0x40000028, 0xc00000f3, 0xc0000015, 0x80000016, 0xc0000008, 0, 0xffffffff}

// compareReading compares a profile's program with a document for all numbers and many arguments; it returns how often.
func compareReading(t testing.TB, d document, p *Profile, where place, most int) int {
	t.Helper()
	to := target{arch: where.arch}
	_, _ = fmt.Sscanf(where.kernel, "%d.%d", &to.kernel.major, &to.kernel.minor)
	for _, name := range where.caps {
		to.caps = append(to.caps, capNumbers[name])
	}
	f, err := p.compile(to)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(f.Instructions); err != nil {
		t.Fatalf("the kernel would refuse the program: %v", err)
	}
	read, own, compared := d.at(t, where), native[where.arch], 0
	entries := append([]uint32{native["amd64"], native["arm64"]}, otherEntries...)
	numbers := []uint32{1000, 0xffff, 0x10000, 0x3fffffff, 0x7fffffff, 0x80000000, 0xffffffff}
	for nr := range uint32(513) {
		numbers = append(numbers, nr, nr|0x40000000)
	}
	for _, nr := range numbers {
		for i, args := range lists(read.rules[nr], most) {
			if got, want := rulesOn(f, nr, own, args), read.says(t, where.arch, nr, args); got != want {
				t.Fatalf("%+v: call %d with %#x: %#x, the profile says %#x", where, nr, args, got, want)
			}
			if compared++; i > 1 {
				continue
			}
			for _, entry := range entries {
				if got := rulesOn(f, nr, entry, args); entry != own && got != 0x80000000 {
					t.Fatalf("%+v: call %d of the architecture %#x: %#x", where, nr, entry, got)
				}
			}
		}
	}
	return compared
}

func rulesOn(f *Filter, nr, arch uint32, args [6]uint64) uint32 {
	got, _ := run(f.Instructions, entry{nr, arch, args})
	return uint32(got)
}

// TestBuiltinsByAnotherReading reads the built-in profiles' files anew and asks the compiled filters about
// all numbers, with and without the capabilities and kernels that the files speak of.
func TestBuiltinsByAnotherReading(t *testing.T) {
	var all []string
	for name := range capNumbers {
		all = append(all, name)
	}
	compared := 0
	for name, text := range map[string][][]byte{
		"default": {defaultProfile}, "grading": {gradingProfile}, "strict": {gradingProfile, strictRules},
	} {
		d := read(t, text...)
		for _, arch := range []string{"amd64", "arm64"} {
			for _, where := range []place{
				{arch, nil, "4.4"}, {arch, nil, "4.8"}, {arch, nil, "6.1"}, {arch, all, "6.1"}, {arch, []string{"CAP_SYS_ADMIN"}, "5.10"},
			} {
				compared += compareReading(t, d, profiles[name](), where, 48)
			}
			for _, one := range all {
				compared += compareReading(t, d, profiles[name](), place{arch, []string{one}, "6.1"}, 16)
			}
			for nr := uint32(d.at(t, place{arch: arch}).newest + 1); nr < 600; nr++ {
				f, err := profiles[name]().compile(target{arch, everyCap(), kernel{6, 1}})
				if err != nil || rulesOn(f, nr, native[arch], [6]uint64{1, 2, 3}) != enosys {
					t.Fatalf("%s for %s: the unknown call %d: not ENOSYS (%v)", name, arch, nr, err)
				}
			}
		}
	}
	if t.Logf("%d calls compared", compared); compared < 500_000 {
		t.Errorf("only %d calls were compared", compared)
	}
}

// read is one document of the rules of several; their other fields are the first one's.
func read(t testing.TB, texts ...[]byte) document {
	t.Helper()
	var d document
	for i, text := range texts {
		var one document
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		if d.Syscalls = append(d.Syscalls, one.Syscalls...); i == 0 {
			d.DefaultAction, d.DefaultErrnoRet = one.DefaultAction, one.DefaultErrnoRet
		}
	}
	for _, p := range d.Syscalls {
		for _, c := range slices.Concat(p.Includes.Caps, p.Excludes.Caps) {
			if capNumbers[c] == 0 {
				t.Fatalf("%s has no number here", c)
			}
		}
	}
	return d
}
