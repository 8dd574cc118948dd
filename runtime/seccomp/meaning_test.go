package seccomp

import (
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// strictness is the order of seccomp(2), "in decreasing order of precedence".
var strictness = []uint32{
	unix.SECCOMP_RET_KILL_PROCESS, unix.SECCOMP_RET_KILL_THREAD, unix.SECCOMP_RET_TRAP, unix.SECCOMP_RET_ERRNO,
	unix.SECCOMP_RET_TRACE, unix.SECCOMP_RET_LOG, unix.SECCOMP_RET_ALLOW,
}

// native are the kernel's numbers of the architectures (linux/audit.h).
var native = map[string]uint32{"amd64": 0xc000003e, "arm64": 0xc00000b7}

const eperm, enosys = 0x00050001, 0x00050026

// meaning says what a profile does with a call, from the words of the package's documentation and
// without any of the code that compiles.
func meaning(p *Profile, t target, newest int, e entry) action {
	switch {
	case e.arch != native[t.arch]:
		return 0x80000000
	case t.arch == "amd64" && e.nr >= 0x40000000:
		return eperm
	}
	var matched []action
	name := Name(t.arch, int(e.nr))
	for _, r := range p.rules {
		repeats := len(r.args) == 0 && r.action == p.defaultAction
		if name != "" && slices.Contains(r.names, name) && r.applies(t) && !repeats && matches(r, e) {
			matched = append(matched, r.action)
		}
	}
	if len(matched) > 0 {
		return strictest(matched)
	}
	switch p.defaultAction & 0xffff0000 {
	case unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_LOG, unix.SECCOMP_RET_TRACE:
		return p.defaultAction
	}
	if newest >= 0 && int64(e.nr) > int64(newest) {
		return enosys
	}
	return p.defaultAction
}

// newestNamed is the highest number that a profile names, -1 for none.
func newestNamed(p *Profile, arch string) int {
	newest := -1
	for _, r := range p.rules {
		for _, name := range r.names {
			if nr, ok := Number(arch, name); ok {
				newest = max(newest, nr)
			}
		}
	}
	return newest
}

func strictest(list []action) action {
	for _, kind := range strictness {
		for _, a := range list {
			if uint32(a)&0xffff0000 == kind {
				return a
			}
		}
	}
	panic("an action without a rank")
}

func matches(r rule, e entry) bool {
	var count [arguments]int
	held, twice := 0, false
	for _, c := range r.args {
		count[c.index]++
		twice = twice || count[c.index] > 1
		if compare(c, e.args[c.index]) {
			held++
		}
	}
	return held == len(r.args) || twice && held > 0
}

func compare(c condition, arg uint64) bool {
	switch c.op {
	case equal:
		return arg == c.value
	case notEqual:
		return arg != c.value
	case less:
		return arg < c.value
	case lessEqual:
		return arg <= c.value
	case greater:
		return arg > c.value
	case greaterEqual:
		return arg >= c.value
	case maskedEqual:
		return arg&c.value == c.two
	}
	panic("an operator without a meaning")
}

// samples returns argument lists that come near the edges of every condition on a system call.
func samples(p *Profile, name string, random *rand.Rand) [][arguments]uint64 {
	var near [arguments][]uint64
	conditions := 0
	for _, r := range p.rules {
		if !slices.Contains(r.names, name) {
			continue
		}
		for _, c := range r.args {
			conditions++
			for _, v := range []uint64{c.value, c.two} {
				near[c.index] = append(near[c.index], v, v-1, v+1, v|1<<32, v^1<<32, v^1<<63, ^v, uint64(uint32(v)))
			}
			near[c.index] = append(near[c.index], c.two|^c.value, c.two|^c.value<<1)
		}
	}
	list := [][arguments]uint64{{}, {1, 1, 1, 1, 1, 1}, {^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}}
	for i := range near {
		for _, v := range near[i] {
			args := [arguments]uint64{}
			args[i] = v
			list = append(list, args)
		}
	}
	for range 40 * min(conditions, 10) {
		args := [arguments]uint64{}
		for i := range args {
			if len(near[i]) > 0 {
				args[i] = near[i][random.IntN(len(near[i]))]
			}
		}
		list = append(list, args)
	}
	return list
}

// agree compiles a profile for a target and compares the program with the meaning, for every number that
// a table has, numbers around and far above them, and other architectures.
func agree(t *testing.T, p *Profile, to target, numbers []uint32) {
	t.Helper()
	program := compiled(t, p, to)
	instead := map[action][]unix.SockFilter{
		unix.SECCOMP_RET_LOG: compiled(t, p.Logged(), to), unix.SECCOMP_RET_USER_NOTIF: compiled(t, p.Notified(), to),
	}
	newest := newestNamed(p, to.arch)
	random := rand.New(rand.NewPCG(1, 2))
	for _, nr := range numbers {
		for _, args := range samples(p, Name(to.arch, int(nr)), random) {
			for _, arch := range []uint32{unix.AUDIT_ARCH_X86_64, unix.AUDIT_ARCH_AARCH64, unix.AUDIT_ARCH_I386} {
				e := entry{nr, arch, args}
				want := meaning(p, to, newest, e)
				if got, _ := run(program, e); got != want {
					t.Fatalf("%v: the filter for %v says %#x, the profile means %#x", e, to, got, want)
				}
				told := e.arch == native[to.arch] && (to.arch != "amd64" || nr < x32Bit) && !want.permits()
				for other, program := range instead {
					if told {
						want = other
					}
					if got, _ := run(program, e); got != want {
						t.Fatalf("%v: the filter for %v that only tells says %#x, want %#x", e, to, got, want)
					}
				}
			}
		}
	}
}

// compiled returns a program that the kernel would take.
func compiled(t *testing.T, p *Profile, to target) []unix.SockFilter {
	t.Helper()
	f, err := p.compile(to)
	if err != nil {
		t.Fatalf("compile for %v: %v", to, err)
	}
	if err := verify(f.Instructions); err != nil {
		t.Fatalf("the kernel would refuse the program for %v: %v", to, err)
	}
	return f.Instructions
}

// allNumbers are those of both tables, what lies between and some above, and the same with the x32 bit.
func allNumbers() []uint32 {
	list := []uint32{1000, 0xffff, 0x10000, 0x3fffffff, 0x7fffffff, 0x80000000, 0xffffffff}
	for nr := range uint32(513) {
		list = append(list, nr, nr|x32Bit)
	}
	return list
}
