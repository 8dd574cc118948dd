package seccomp

import "golang.org/x/sys/unix"

// verdict builds the decision about one system call.
func (a *assembler) verdict(v verdict) label {
	next := a.ret(v.otherwise)
	for end := len(v.clauses); end > 0; {
		start := chainStart(v.clauses[:end])
		next = a.clauses(v.clauses[start:end], next)
		end = start
	}
	return next
}

// chainStart returns where the longest run of clauses begins that ends with the last one and can be one
// chain: each asks for equality of the same argument, with the same upper half and the same action.
func chainStart(list []clause) int {
	start := len(list) - 1
	last := list[start]
	if len(last.when) != 1 {
		return start
	}
	for start > 0 {
		c := list[start-1]
		if len(c.when) != 1 || c.then != last.then || !c.when[0].sameChain(last.when[0]) {
			break
		}
		start--
	}
	return start
}

// clauses builds one clause, or a chain of them that shares its loads: a profile lists dozens of allowed
// values of one argument (socket's families).
func (a *assembler) clauses(list []clause, no label) label {
	if len(list) == 1 {
		return a.clause(list[0], no)
	}
	first := list[0].when[0]
	next := no
	for i := len(list) - 1; i >= 0; i-- {
		value := uint32(list[i].when[0].value)
		next = a.branch(unix.BPF_JEQ, value, a.ret(list[i].then), next)
	}
	next = a.load(low(first), next)
	next = a.branch(unix.BPF_JEQ, uint32(first.value>>32), next, no)
	return a.load(high(first), next)
}

func (a *assembler) clause(c clause, no label) label {
	yes := a.ret(c.then)
	for i := len(c.when) - 1; i >= 0; i-- {
		yes = a.condition(c.when[i], yes, no)
	}
	return yes
}

// condition builds a comparison of 64 bits as two of 32: the machine of BPF has no more.
func (a *assembler) condition(c condition, yes, no label) label {
	switch c.op {
	case equal:
		return a.equal(c, ^uint64(0), c.value, yes, no)
	case notEqual:
		return a.equal(c, ^uint64(0), c.value, no, yes)
	case maskedEqual:
		return a.equal(c, c.value, c.two, yes, no)
	case greater:
		return a.greater(c, unix.BPF_JGT, yes, no)
	case lessEqual:
		return a.greater(c, unix.BPF_JGT, no, yes)
	case greaterEqual:
		return a.greater(c, unix.BPF_JGE, yes, no)
	}
	return a.greater(c, unix.BPF_JGE, no, yes) // less
}

// equal builds arg & mask == value. A half with an empty mask is not looked at.
func (a *assembler) equal(c condition, mask, value uint64, yes, no label) label {
	if value&^mask != 0 {
		return no
	}
	next := yes
	if half := uint32(mask); half != 0 {
		next = a.branch(unix.BPF_JEQ, uint32(value), next, no)
		next = a.load(low(c), a.mask(half, next))
	}
	if half := uint32(mask >> 32); half != 0 {
		next = a.branch(unix.BPF_JEQ, uint32(value>>32), next, no)
		next = a.load(high(c), a.mask(half, next))
	}
	return next
}

// greater builds arg > value, or arg >= value when test is BPF_JGE: the upper halves decide unless they
// are the same.
func (a *assembler) greater(c condition, test uint16, yes, no label) label {
	lower := a.load(low(c), a.branch(test, uint32(c.value), yes, no))
	same := a.branch(unix.BPF_JEQ, uint32(c.value>>32), lower, no)
	return a.load(high(c), a.branch(unix.BPF_JGT, uint32(c.value>>32), yes, same))
}

func low(c condition) uint32  { return offsetArgs + 8*uint32(c.index) }
func high(c condition) uint32 { return low(c) + 4 }
