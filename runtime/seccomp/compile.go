package seccomp

import (
	"fmt"
	"runtime"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// Filter is a profile made ready for seccomp(2), SECCOMP_SET_MODE_FILTER.
type Filter struct {
	Instructions []unix.SockFilter // at least one, at most BPF_MAXINSNS (4096)
	Flags        uint32            // the second argument of seccomp(2)
	Arch         string            // as in GOARCH; another architecture's system calls kill the process
	Unknown      []string          // names of the profile that are no system calls of Arch, sorted
	Notify       bool              // it needs a listener (SECCOMP_FILTER_FLAG_NEW_LISTENER), or what it hands there gets ENOSYS
}

const (
	x32Bit = 0x40000000 // __X32_SYSCALL_BIT
	wanted = "amd64 and arm64"
)

// Compile makes the filter of a profile for arch (as in GOARCH: "amd64" or "arm64") and for a sandbox
// whose bounding set holds the capabilities caps, as numbers of capabilities(7). Rules that depend on the
// kernel's version are decided by the running kernel's.
//
// It is an error when arch is another one, or when the profile is too long for the kernel.
func (p *Profile) Compile(arch string, caps []int) (*Filter, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return nil, fmt.Errorf("uname: %w", err)
	}
	return p.compile(target{arch, caps, release(unix.ByteSliceToString(name.Release[:]))})
}

// release reads the version of "6.1.0-18-amd64"; it is zero when there is none, so that a rule that
// needs a kernel is not there.
func release(s string) kernel {
	major, rest, _ := strings.Cut(s, ".")
	end := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	k, _ := version(major + "." + rest)
	return k
}

func (p *Profile) compile(t target) (*Filter, error) {
	if calls(t.arch) == nil {
		err := fmt.Errorf("compile seccomp profile: unknown architecture %s (known: %s)", t.arch, wanted)
		return nil, hint.With(err, "run without a seccomp profile on %s", runtime.GOARCH)
	}
	verdicts, unknown := p.verdicts(t)
	f := &Filter{Flags: p.flags, Arch: t.arch, Unknown: unknown, Notify: p.instead == unix.SECCOMP_RET_USER_NOTIF}
	f.Instructions = assemble(t.arch, p.segments(t.arch, verdicts))
	if n := len(f.Instructions); n > unix.BPF_MAXINSNS {
		err := fmt.Errorf("compile seccomp profile: it takes %d instructions, the kernel takes %d", n, unix.BPF_MAXINSNS)
		return nil, hint.With(err, "use fewer conditions on arguments")
	}
	return f, nil
}

// clause is a conjunction of conditions and what happens when all hold.
type clause struct {
	when []condition
	then action
}

// verdict is what happens to one system call: the first clause that holds decides, else otherwise.
type verdict struct {
	clauses   []clause
	otherwise action
}

func (v verdict) equal(w verdict) bool {
	return v.otherwise == w.otherwise && slices.EqualFunc(v.clauses, w.clauses, func(a, b clause) bool {
		return a.then == b.then && slices.Equal(a.when, b.when)
	})
}

// verdicts returns the verdicts on the numbers from 0 to the newest one that the profile names, whether or
// not its rules are there for t, and the names that have no number.
func (p *Profile) verdicts(t target) ([]verdict, []string) {
	var clauses [][]clause
	var unknown []string
	for _, r := range p.rules {
		there := r.applies(t) && !r.silent
		for _, name := range r.names {
			nr, ok := Number(t.arch, name)
			if !ok {
				unknown = append(unknown, name)
				continue
			}
			for nr >= len(clauses) {
				clauses = append(clauses, nil)
			}
			if there {
				clauses[nr] = append(clauses[nr], r.clauses()...)
			}
		}
	}
	sort.Strings(unknown)
	verdicts := make([]verdict, len(clauses))
	for nr, list := range clauses {
		verdicts[nr] = p.decide(list)
	}
	return verdicts, slices.Compact(unknown)
}

// decide sorts clauses by strictness and drops those that cannot make a difference.
func (p *Profile) decide(list []clause) verdict {
	sort.SliceStable(list, func(i, j int) bool { return list[i].then.stricter(list[j].then) })
	v := verdict{otherwise: p.defaultAction}
	for _, c := range list {
		if len(c.when) == 0 {
			v.otherwise = c.then
			break
		}
		v.clauses = append(v.clauses, c)
	}
	for len(v.clauses) > 0 && v.clauses[len(v.clauses)-1].then == v.otherwise {
		v.clauses = v.clauses[:len(v.clauses)-1]
	}
	return v
}

// segment is a range of numbers with one verdict; it ends where the next one starts.
type segment struct {
	from    uint32
	verdict verdict
}

// segments cuts all numbers into as few segments as possible, in ascending order from 0.
func (p *Profile) segments(arch string, verdicts []verdict) []segment {
	var list []segment
	add := func(from int, v verdict) {
		if n := len(list); n == 0 || !list[n-1].verdict.equal(v) {
			list = append(list, segment{uint32(from), v})
		}
	}
	for nr, v := range verdicts {
		add(nr, p.final(v))
	}
	above := p.defaultAction
	if len(verdicts) > 0 && !above.permits() {
		above = noSuch
	}
	add(len(verdicts), p.final(verdict{otherwise: above}))
	if arch == "amd64" {
		add(x32Bit, verdict{otherwise: refused})
	}
	return list
}

// final returns the verdict that is compiled: for a profile that only logs, what it lets pass.
func (p *Profile) final(v verdict) verdict {
	if p.instead == 0 {
		return v
	}
	w := verdict{otherwise: v.otherwise.or(p.instead)}
	for _, c := range v.clauses {
		w.clauses = append(w.clauses, clause{c.when, c.then.or(p.instead)})
	}
	return w
}
