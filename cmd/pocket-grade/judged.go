package main

import (
	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/language"
)

// judged is a language's program as the judge takes it: the two packages do not know each other.
func judged(p language.Program) judge.Program {
	program := plainly(p)
	t := toolchain(p.Language)
	program.Toolchain = &t
	return program
}

// plainly is judged without the toolchain.
func plainly(p language.Program) judge.Program {
	program := judge.Program{
		CompileLimits: p.CompileLimits, Extra: p.Extra, OutOfMemory: p.OutOfMemory,
		Compiler: p.Language.Programs[0], Package: p.Language.Package,
		Run: func(c grader.Case) judge.Command { return judge.Command(p.Run(c.Limits.Memory, c.Args)) },
	}
	if c := p.Cache; c != nil {
		program.Cache = &judge.Cache{
			Language: p.Language.Name, Title: p.Language.Title, Variable: c.Variable, At: c.At,
			Identify: judge.Command(p.Language.Identify[0]), Warm: judge.Command(c.Warm),
		}
	}
	if p.Compile != nil {
		compile := judge.Command(*p.Compile)
		program.Compile = &compile
	}
	return program
}

// toolchain is what a language needs, as the judge examines it.
func toolchain(l language.Language) judge.Toolchain {
	t := judge.Toolchain{Language: l.Name, Title: l.Title, Package: l.Package}
	for _, command := range l.Identify {
		t.Identify = append(t.Identify, judge.Command(command))
	}
	if file, text, p, ok := l.Sample(); ok {
		t.Sample = &judge.Sample{File: file, Text: text, Program: plainly(p)}
	}
	return t
}
