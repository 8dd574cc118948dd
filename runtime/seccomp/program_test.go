package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A conditional jump reaches 255 instructions. Here each call's decision is longer than what fits between
// two of the tree's jumps, and one decision is longer than a jump reaches in itself.
func TestFarJumps(t *testing.T) {
	p := &Profile{defaultAction: eperm}
	for i, c := range amd64Calls[:40] {
		for j := range uint64(6) {
			args := []condition{
				{index: int(j), op: operator(j), value: j<<32 | uint64(i)},
				{index: int(j+1) % arguments, op: greater, value: uint64(i) << 31},
			}
			then := action(unix.SECCOMP_RET_ERRNO | (i*6+int(j))%200)
			p.rules = append(p.rules, rule{names: []string{c.name}, action: then, args: args})
		}
	}
	for i := range uint64(60) {
		args := []condition{{index: 1, op: maskedEqual, value: 0xff << 28, two: i << 28}}
		then := action(unix.SECCOMP_RET_ERRNO | (i % 7))
		p.rules = append(p.rules, rule{names: []string{"write"}, action: then, args: args})
	}
	to := target{"amd64", nil, kernel{6, 1}}
	jumps := 0
	for _, in := range compiled(t, p, to) {
		if in.Code == unix.BPF_JMP|unix.BPF_JA {
			jumps++
		}
	}
	if jumps < 5 {
		t.Errorf("only %d far jumps: this test tests nothing", jumps)
	}
	numbers := []uint32{1}
	for _, c := range amd64Calls[:50] {
		numbers = append(numbers, uint32(c.number))
	}
	agree(t, p, to, numbers)
}

func TestMasks(t *testing.T) {
	for _, c := range []struct {
		mask, value, arg uint64
		want             bool
	}{
		{0xffffffff, 0x5412, 0x5412, true},
		{0xffffffff, 0x5412, 0x5412 | 1<<40, true},
		{0xffffffff, 0x5412, 0x5413, false},
		{0xffffffff, 0x5412 | 1<<40, 0x5412 | 1<<40, false}, // the value has a bit that the mask takes away
		{0xff << 40, 1 << 40, 1<<40 | 7, true},
		{0xff << 40, 1<<40 | 7, 1<<40 | 7, false},
		{1<<63 | 1, 1<<63 | 1, ^uint64(0), true},
		{1<<63 | 1, 1 << 63, ^uint64(0), false},
		{0, 0, 12345, true},
		{0, 1, 1, false},
	} {
		args := []condition{{index: 3, op: maskedEqual, value: c.mask, two: c.value}}
		p := &Profile{defaultAction: allow, rules: []rule{{names: []string{"mmap"}, action: eperm, args: args}}}
		e := entry{nr: 9, arch: native["amd64"], args: [arguments]uint64{3: c.arg}}
		got, _ := run(compiled(t, p, target{arch: "amd64"}), e)
		if (got == eperm) != c.want {
			t.Errorf("%#x & %#x == %#x: %#x", c.arg, c.mask, c.value, got)
		}
	}
}

// The first of equally strict rules decides, among however many.
func TestOrderOfEquals(t *testing.T) {
	p := &Profile{defaultAction: allow}
	for i := range uint64(40) {
		args := []condition{{index: 0, op: greaterEqual, value: 40 - i}}
		then := action(unix.SECCOMP_RET_ERRNO | 100 + i)
		// Rules of other strictness between them, so that there is something to sort.
		never := []condition{{index: 5, op: equal, value: i + 1}}
		other := []action{unix.SECCOMP_RET_TRAP, unix.SECCOMP_RET_LOG, unix.SECCOMP_RET_KILL_PROCESS}[i%3]
		p.rules = append(p.rules, rule{names: []string{"mmap"}, action: then, args: args},
			rule{names: []string{"mmap"}, action: other, args: never})
	}
	program := compiled(t, p, target{arch: "amd64"})
	for arg, want := range map[uint64]action{0: allow, 1: 0x50000 | 139, 20: 0x50000 | 120, 39: 0x50000 | 101, 99: 0x50000 | 100} {
		e := entry{nr: 9, arch: native["amd64"], args: args(arg)}
		if got, _ := run(program, e); got != want {
			t.Errorf("%d: %#x, want %#x", arg, got, want)
		}
	}
}

// As runc, which skips a rule that adds nothing to the default: it would otherwise beat the exception.
func TestRuleThatRepeatsTheDefault(t *testing.T) {
	const text = `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
		{"names": ["clone", "mseal"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
		{"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 17}]}]}`
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	program := compiled(t, p, target{arch: "amd64"})
	for _, c := range []struct {
		nr   uint32
		arg  uint64
		want action
	}{{56, 17, allow}, {56, 18, eperm}, {462, 0, eperm}, {463, 0, enosys}} { // mseal is 462
		if got, _ := run(program, entry{nr: c.nr, arch: native["amd64"], args: args(c.arg)}); got != c.want {
			t.Errorf("call %d with %d: %#x, want %#x", c.nr, c.arg, got, c.want)
		}
	}
}
