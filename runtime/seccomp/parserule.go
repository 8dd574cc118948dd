package seccomp

import (
	"math"
	"slices"
)

const wholeNumber = "a whole number from 0 to 2^64-1"

// rule reads one entry of "syscalls" and appends it to the profile.
func (p *parser) rule() {
	var r rule
	var res result
	p.peek()
	start, mistakes := p.at, len(p.mistakes)
	p.object(func(key string) {
		switch key {
		case "names":
			r.names = append(r.names, p.strings()...)
		case "name": // Docker before 1.13
			if name := p.string(); name != "" {
				r.names = append(r.names, name)
			}
		case "action":
			p.action(&res)
		case "errnoRet", "errno":
			p.errno(&res)
		case "args":
			p.array(func() { p.condition(&r) })
		case "includes":
			r.includes = p.scope()
		case "excludes":
			r.excludes = p.scope()
		case "comment":
			p.skip()
		default:
			p.unknown(key, "a rule")
		}
	})
	if len(p.mistakes) == mistakes {
		p.start = start
		p.complete(&r, res)
	}
	r.action = p.resolve(res)
	p.profile.rules = append(p.profile.rules, r)
}

// complete checks what must be there.
func (p *parser) complete(r *rule, res result) {
	if len(r.names) == 0 {
		p.mistake("a rule names no system call")
	}
	if slices.Contains(r.names, "") {
		p.mistake("a rule names a system call %q", "")
	}
	if res.action == "" {
		p.mistake("a rule has no action")
	}
}

// condition reads one entry of "args".
func (p *parser) condition(r *rule) {
	c := condition{index: -1}
	op := ""
	p.peek()
	start, mistakes := p.at, len(p.mistakes)
	p.object(func(key string) {
		switch key {
		case "index":
			c.index = p.index()
		case "value":
			c.value, _ = p.uint(math.MaxUint64, wholeNumber)
		case "valueTwo":
			c.two, _ = p.uint(math.MaxUint64, wholeNumber)
		case "op":
			op = p.operator(&c)
		default:
			p.unknown(key, "args")
		}
	})
	if len(p.mistakes) != mistakes {
		return
	}
	p.start = start
	if c.index < 0 || op == "" {
		p.mistake("a condition needs index and op")
		return
	}
	r.args = append(r.args, c)
}

// index reads an argument's index; it is -1 for a mistake.
func (p *parser) index() int {
	n, ok := p.uint(arguments-1, "an argument's index, 0 to 5")
	if !ok {
		return -1
	}
	return int(n)
}

func (p *parser) operator(c *condition) string {
	name := p.string()
	op, ok := operators[name]
	if name != "" && !ok {
		p.mistake("unknown operator %q (known: %s)", name, known(operators))
	}
	c.op = op
	return name
}

// scope reads "includes" or "excludes".
func (p *parser) scope() scope {
	var s scope
	p.object(func(key string) {
		switch key {
		case "caps":
			p.array(func() { p.capability(&s) })
		case "arches":
			s.arches = p.strings()
		case "minKernel":
			if text := p.string(); text != "" {
				p.minKernel(&s, text)
			}
		default:
			p.unknown(key, "includes and excludes")
		}
	})
	return s
}

func (p *parser) capability(s *scope) {
	name := p.string()
	number, ok := Capability(name)
	if !ok {
		p.mistake("unknown capability %q (they are called like CAP_SYS_ADMIN)", name)
	}
	s.caps = append(s.caps, number)
}

func (p *parser) minKernel(s *scope, text string) {
	v, ok := version(text)
	if !ok {
		p.mistake("%q is not a kernel version such as 4.8", text)
	}
	s.minKernel = v
}
