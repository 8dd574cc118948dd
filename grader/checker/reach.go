package checker

import (
	"regexp/syntax"
	"unicode/utf8"
)

// mostSteps bounds how much work it is to find out where a regular expression ceases to match.
const mostSteps = 1 << 27

// reach runs a compiled regular expression over a text, all its threads at once, and returns the offset at
// which the last of them dies; the length of text when some live. A text that is too long for the work to be
// bounded is not looked at: 0.
func reach(program *syntax.Prog, text []byte) int {
	if len(text) > mostSteps/len(program.Inst) {
		return 0
	}
	now, next := newThreads(program), newThreads(program)
	before, at := rune(-1), 0
	after, width := decode(text)
	now.add(uint32(program.Start), syntax.EmptyOpContext(before, after))
	for at < len(text) {
		rest := text[at+width:]
		following, nextWidth := decode(rest)
		next.clear()
		for _, pc := range now.list {
			if i := &program.Inst[pc]; consumes(i) && i.MatchRune(after) {
				next.add(i.Out, syntax.EmptyOpContext(after, following))
			}
		}
		if len(next.list) == 0 {
			return at
		}
		now, next = next, now
		at, after, width = at+width, following, nextWidth
	}
	return at
}

// decode returns the first character of a text as package regexp does; -1 at the end.
func decode(text []byte) (rune, int) {
	if len(text) == 0 {
		return -1, 0
	}
	return utf8.DecodeRune(text)
}

func consumes(i *syntax.Inst) bool {
	switch i.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}

// threads is a set of instructions at which a program may be.
type threads struct {
	program *syntax.Prog
	list    []uint32 // those that consume a character, or match
	seen    []uint32 // by instruction: the turn in which it was added
	turn    uint32
	stack   []uint32
}

func newThreads(program *syntax.Prog) *threads {
	return &threads{program: program, seen: make([]uint32, len(program.Inst)), turn: 1}
}

func (t *threads) clear() {
	t.list = t.list[:0]
	if t.turn++; t.turn == 0 {
		clear(t.seen)
		t.turn = 1
	}
}

// add follows what takes no character from an instruction on.
func (t *threads) add(pc uint32, where syntax.EmptyOp) {
	t.stack = append(t.stack[:0], pc)
	for len(t.stack) > 0 {
		pc := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		if t.seen[pc] == t.turn {
			continue
		}
		t.seen[pc] = t.turn
		switch i := &t.program.Inst[pc]; i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			t.stack = append(t.stack, i.Arg, i.Out)
		case syntax.InstCapture, syntax.InstNop:
			t.stack = append(t.stack, i.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.Arg)&^where == 0 {
				t.stack = append(t.stack, i.Out)
			}
		case syntax.InstFail:
		default:
			t.list = append(t.list, pc)
		}
	}
}
