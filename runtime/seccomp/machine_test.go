package seccomp

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// entry is one system call as a filter sees it: struct seccomp_data without the instruction pointer.
type entry struct {
	nr   uint32
	arch uint32
	args [arguments]uint64
}

func (e entry) String() string {
	return fmt.Sprintf("call %d of arch %#x with %#x", e.nr, e.arch, e.args)
}

// word returns the 32 bits at an offset of struct seccomp_data on a little-endian machine.
func (e entry) word(offset uint32) uint32 {
	switch {
	case offset == 0:
		return e.nr
	case offset == 4:
		return e.arch
	case offset < 16:
		return 0
	}
	arg := e.args[(offset-16)/8]
	if (offset-16)%8 == 4 {
		return uint32(arg >> 32)
	}
	return uint32(arg)
}

// run interprets a program as the kernel does (bpf(4), Documentation/networking/filter.rst) and returns
// its result and how many instructions it took.
func run(program []unix.SockFilter, e entry) (result action, steps int) {
	var a uint32
	for pc := 0; ; pc++ {
		in := program[pc]
		steps++
		jump := false
		switch in.Code {
		case 0x20: // ld [k]
			a = e.word(in.K)
			continue
		case 0x54: // and #k
			a &= in.K
			continue
		case 0x06: // ret #k
			return action(in.K), steps
		case 0x05: // ja
			pc += int(in.K)
			continue
		case 0x15: // jeq
			jump = a == in.K
		case 0x25: // jgt
			jump = a > in.K
		case 0x35: // jge
			jump = a >= in.K
		}
		if jump {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
}

// verify checks what the kernel checks before it takes a filter (bpf_check_classic, seccomp_check_filter).
func verify(program []unix.SockFilter) error {
	if n := len(program); n == 0 || n > 4096 || program[n-1].Code != 0x06 {
		return fmt.Errorf("%d instructions, or the last one does not return", n)
	}
	for pc, in := range program {
		left := len(program) - pc - 1
		switch in.Code {
		case 0x20:
			if in.K%4 != 0 || in.K >= 64 {
				return fmt.Errorf("%d: load of offset %d", pc, in.K)
			}
		case 0x05:
			if int64(in.K) >= int64(left) {
				return fmt.Errorf("%d: jump of %d behind the end", pc, in.K)
			}
		case 0x15, 0x25, 0x35:
			if int(in.Jt) >= left || int(in.Jf) >= left {
				return fmt.Errorf("%d: jump of %d or %d behind the end", pc, in.Jt, in.Jf)
			}
		case 0x54, 0x06:
		default:
			return fmt.Errorf("%d: code %#x", pc, in.Code)
		}
	}
	return nil
}

// depth returns the length of the longest path through a program, in instructions.
func depth(program []unix.SockFilter) int {
	longest := make([]int, len(program))
	for pc := len(program) - 1; pc >= 0; pc-- {
		in := program[pc]
		switch in.Code {
		case 0x06:
			longest[pc] = 1
		case 0x05:
			longest[pc] = 1 + longest[pc+1+int(in.K)]
		case 0x15, 0x25, 0x35:
			longest[pc] = 1 + max(longest[pc+1+int(in.Jt)], longest[pc+1+int(in.Jf)])
		default:
			longest[pc] = 1 + longest[pc+1]
		}
	}
	return longest[0]
}

func TestMachineKnowsItsInstructions(t *testing.T) {
	program := []unix.SockFilter{
		{Code: 0x20, K: 20},               // upper half of argument 0
		{Code: 0x54, K: 0xf0},             //
		{Code: 0x15, Jt: 0, Jf: 1, K: 16}, //
		{Code: 0x06, K: 1},                //
		{Code: 0x25, Jt: 1, Jf: 0, K: 32}, //
		{Code: 0x05, K: 1},                //
		{Code: 0x06, K: 2},                // more than 32
		{Code: 0x06, K: 3},                // not 16, not more than 32
	}
	if err := verify(program); err != nil {
		t.Fatal(err)
	}
	for upper, want := range map[uint64]action{0x10: 1, 0x1f: 1, 0x30: 2, 0x21: 3, 0: 3} {
		if got, _ := run(program, entry{args: [arguments]uint64{upper << 32}}); got != want {
			t.Errorf("upper half %#x: %d, want %d", upper, got, want)
		}
	}
	if got := depth(program); got != 6 {
		t.Errorf("depth %d, want 6", got)
	}
	program[5].K = 2
	if verify(program) == nil {
		t.Error("a jump behind the end was not noticed")
	}
}
