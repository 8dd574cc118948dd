package seccomp

import (
	"sort"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Parse reads a profile in Docker's JSON format, or in the OCI form of it (the "seccomp" object of
// config.json), or with the fields "errno" and "defaultErrno" that Podman's profiles have.
//
// Names of system calls may be unknown (Filter.Unknown lists them). Everything else must be known: a key,
// an action, an operator, an argument's index, a capability, a value out of range are mistakes. The error
// joins one *Mistake, with its line, for each.
func Parse(data []byte) (*Profile, error) {
	p := &parser{reader: reader{scanner: scanner{data: data}}, profile: &Profile{}}
	p.top()
	if err := p.end(); err != nil {
		return nil, err
	}
	for i := range p.profile.rules {
		rule := &p.profile.rules[i]
		rule.silent = len(rule.args) == 0 && rule.action == p.profile.defaultAction
	}
	return p.profile, nil
}

type parser struct {
	reader
	profile *Profile
}

// result collects an action and its errno, which may stand in any order.
type result struct {
	action string
	errno  *action
	start  int
}

func (p *parser) top() {
	var def result
	arches := ""
	p.object(func(key string) {
		switch key {
		case "defaultAction":
			p.action(&def)
		case "defaultErrnoRet", "defaultErrno":
			p.errno(&def)
		case "architectures", "archMap":
			if arches != "" && arches != key {
				p.mistake("both %q and %q are given", arches, key)
			}
			arches = key
			p.arches(key)
		case "flags":
			p.flags()
		case "syscalls":
			p.array(func() { p.rule() })
		case "comment":
			p.skip()
		case "listenerPath", "listenerMetadata": // of the OCI form
			p.skip()
			p.mistake("%s needs a program that answers for the kernel, which there is none for", key)
		default:
			p.unknown(key, "a profile")
		}
	})
	if def.action == "" && p.broken == nil && len(p.mistakes) == 0 {
		p.start = 0
		p.mistake("defaultAction is missing")
	}
	p.profile.defaultAction = p.resolve(def)
}

func (p *parser) action(res *result) {
	res.action = p.string()
	res.start = p.start
	if res.action == "" {
		return
	}
	if res.action == "SCMP_ACT_NOTIFY" {
		p.mistake("SCMP_ACT_NOTIFY needs a program that answers for the kernel, which there is none for")
	} else if _, ok := actions[res.action]; !ok {
		p.mistake("unknown action %q (known: %s)", res.action, known(actions))
	}
}

// errno reads a number, or the name of one ("ENOSYS"), or null or "" for none.
func (p *parser) errno(res *result) {
	const wanted = "an errno (0 to 4095, or a name such as EPERM)"
	var n uint64
	ok := false
	if p.peek() != '"' {
		n, ok = p.uint(maxErrno, wanted)
	} else if name := p.string(); name != "" {
		if n, ok = errnoOf(name); !ok {
			p.mistake("%q is not %s", name, wanted)
		}
	}
	if !ok {
		return
	}
	if res.errno != nil && *res.errno != action(n) {
		p.mistake("the errno is given twice")
	}
	value := action(n)
	res.errno = &value
}

// errnoOf returns the errno with a name.
func errnoOf(name string) (uint64, bool) {
	for n := unix.Errno(1); n < lastNamedErrno; n++ {
		if unix.ErrnoName(n) == name {
			return uint64(n), true
		}
	}
	return 0, false
}

// resolve makes one number of an action and its errno. ERRNO and TRACE without one mean EPERM, as in runc.
func (p *parser) resolve(res result) action {
	a := actions[res.action]
	takesErrno := a == unix.SECCOMP_RET_ERRNO || a == unix.SECCOMP_RET_TRACE
	switch {
	case takesErrno && res.errno == nil:
		return a | action(unix.EPERM)
	case takesErrno:
		return a | *res.errno
	case res.errno != nil && *res.errno != 0 && res.action != "":
		p.start = res.start
		p.mistake("%s takes no errno", res.action)
	}
	return a
}

// arches checks the lists of architectures. They only say for which architectures a filter shall be made;
// ours is always made for one.
func (p *parser) arches(key string) {
	if key == "architectures" {
		p.array(func() { p.arch() })
		return
	}
	p.array(func() {
		p.object(func(key string) {
			switch key {
			case "architecture":
				p.arch()
			case "subArchitectures":
				p.array(func() { p.arch() })
			default:
				p.unknown(key, "archMap")
			}
		})
	})
}

func (p *parser) arch() {
	if name := p.string(); name != "" && !strings.HasPrefix(name, "SCMP_ARCH_") {
		p.mistake("unknown architecture %q (they are called SCMP_ARCH_…)", name)
	}
}

func (p *parser) flags() {
	p.array(func() {
		name := p.string()
		flag, ok := flags[name]
		if name != "" && !ok {
			p.mistake("unknown flag %q (known: %s)", name, known(flags))
		}
		p.profile.flags |= flag
	})
}

// known lists the names of a table, sorted.
func known[T any](table map[string]T) string {
	var names []string
	for name := range table {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}

// version reads "4.8".
func version(s string) (kernel, bool) {
	major, minor, ok := strings.Cut(s, ".")
	a, err := strconv.ParseUint(major, 10, 16)
	b, err2 := strconv.ParseUint(minor, 10, 16)
	if !ok || err != nil || err2 != nil {
		return kernel{}, false
	}
	return kernel{int(a), int(b)}, true
}
