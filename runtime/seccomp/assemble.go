package seccomp

import "golang.org/x/sys/unix"

// The offsets of struct seccomp_data (seccomp(2)). Both architectures are little-endian: the lower half
// of an argument comes first.
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArgs   = 16
)

// reach is how far a conditional jump is let go. Its field holds 255; an instruction that is put between
// a jump and its target for the other branch must still fit.
const reach = 250

// label is an instruction's distance from the end of the program, from 0.
type label int

// assembler builds a program from its end to its start, so that a jump, which can only go forward, always
// knows its target. What an instruction refers to must have been built before.
type assembler struct {
	code    []unix.SockFilter // reversed
	returns map[action]label  // the nearest return of each kind
}

// assemble returns the program that finds the segment of the system call's number in a balanced tree.
func assemble(arch string, segments []segment) []unix.SockFilter {
	a := &assembler{returns: map[action]label{}}
	search := a.load(offsetNumber, a.tree(segments))
	foreign := a.ret(killed)
	a.load(offsetArch, a.branch(unix.BPF_JEQ, audit(arch), search, foreign))
	program := make([]unix.SockFilter, 0, len(a.code))
	for i := len(a.code) - 1; i >= 0; i-- {
		program = append(program, a.code[i])
	}
	return program
}

// Passing returns the filter's instructions with others in front that let pass some calls whose first
// argument is a certain descriptor: those by which a process that has installed the filter hands its listener
// out and executes its program, before anybody listens. It maps numbers of calls to descriptors.
func (f *Filter) Passing(calls map[int]int) []unix.SockFilter {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	skipUnless := func(k uint32, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: no, K: k}
	}
	var list []unix.SockFilter
	for nr, fd := range calls {
		list = append(list, load(offsetArch), skipUnless(audit(f.Arch), 5), load(offsetNumber), skipUnless(uint32(nr), 3),
			load(offsetArgs), skipUnless(uint32(fd), 1), unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	}
	return append(list, f.Instructions...)
}

// audit returns the number by which seccomp_data tells an architecture (linux/audit.h).
func audit(arch string) uint32 {
	if arch == "arm64" {
		return unix.AUDIT_ARCH_AARCH64
	}
	return unix.AUDIT_ARCH_X86_64
}

// tree builds the search among segments; the number is loaded already.
func (a *assembler) tree(segments []segment) label {
	if len(segments) == 1 {
		return a.verdict(segments[0].verdict)
	}
	half := len(segments) / 2
	right := a.tree(segments[half:])
	left := a.tree(segments[:half])
	return a.branch(unix.BPF_JGE, segments[half].from, right, left)
}

// add puts an instruction in front of the program.
func (a *assembler) add(in unix.SockFilter) label {
	a.code = append(a.code, in)
	return label(len(a.code) - 1)
}

// distance is what a jump built next must skip to come to the target.
func (a *assembler) distance(target label) int { return len(a.code) - int(target) - 1 }

// ret returns an instruction that ends the filter, a near one if there is.
func (a *assembler) ret(result action) label {
	if at, ok := a.returns[result]; ok && a.distance(at) < reach {
		return at
	}
	at := a.add(unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: uint32(result)})
	a.returns[result] = at
	return at
}

// near returns the target, or an instruction close by that does as the target does.
func (a *assembler) near(target label) label {
	if a.distance(target) < reach {
		return target
	}
	if in := a.code[target]; in.Code == unix.BPF_RET|unix.BPF_K {
		return a.ret(action(in.K))
	}
	return a.jump(target)
}

func (a *assembler) jump(target label) label {
	return a.add(unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JA, K: uint32(a.distance(target))})
}

// branch builds a jump to yes or no by comparing the loaded word (BPF_JEQ, BPF_JGT or BPF_JGE) with k.
func (a *assembler) branch(test uint16, k uint32, yes, no label) label {
	if yes == no {
		return yes
	}
	yes, no = a.near(yes), a.near(no)
	return a.add(unix.SockFilter{
		Code: unix.BPF_JMP | test | unix.BPF_K,
		Jt:   uint8(a.distance(yes)),
		Jf:   uint8(a.distance(no)),
		K:    k,
	})
}

// load builds the loading of a word of seccomp_data, after which the program goes on at next.
func (a *assembler) load(offset uint32, next label) label {
	a.follow(next)
	return a.add(unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset})
}

// mask builds an AND of the loaded word, after which the program goes on at next.
func (a *assembler) mask(bits uint32, next label) label {
	if bits == ^uint32(0) {
		return next
	}
	a.follow(next)
	return a.add(unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: bits})
}

// follow sees to it that what comes after the instruction built next is the target.
func (a *assembler) follow(target label) {
	if a.distance(target) != 0 {
		a.jump(target)
	}
}
