// Package seccomp compiles a profile (Docker's JSON format) to BPF and names the built-in profiles.
//
// # What a profile means
//
// A rule of a profile names system calls, conditions on their arguments and an action. A rule that
// includes or excludes capabilities, architectures or kernel versions is there only where they say so.
// All conditions of a rule must hold, except when two of them are about the same argument: then any one
// of them is enough, as in runc. Of the rules that match a call the strictest action is taken, in the
// order of seccomp(2): kill process, kill thread, trap, errno, trace, log, allow; the first one of equal
// strictness. Where none matches, the default action is taken.
//
// Two things follow runc so that profiles mean here what they mean there. A rule without conditions that
// only repeats the default action says nothing. And where the default action refuses, calls with a
// number above the newest one that the profile names get ENOSYS: its author did not know them, and the C
// library falls back to an older call on ENOSYS but not on EPERM.
//
// Calls through another architecture's entry (int 0x80 on amd64, 32-bit programs) kill the process, and
// calls with the x32 bit get EPERM: numbers mean other calls there, so no rule speaks about them.
package seccomp

import "golang.org/x/sys/unix"

// Profile is a parsed profile, not yet bound to an architecture or to capabilities. It is immutable and
// may be used by several goroutines.
type Profile struct {
	defaultAction action
	rules         []rule
	flags         uint32
	instead       action // what happens to a call that would be refused; 0: it is refused
}

// rule is one entry of "syscalls".
type rule struct {
	names    []string
	action   action
	args     []condition
	includes scope
	excludes scope
	silent   bool // only repeats the default action
}

// condition is one entry of "args": a comparison of an argument as an unsigned 64-bit number.
type condition struct {
	index int
	op    operator
	value uint64 // what is compared with; the mask of maskedEqual
	two   uint64 // maskedEqual: what the masked argument must be
}

// sameChain says whether c and d both ask for equality of one argument, with the same upper half.
func (c condition) sameChain(d condition) bool {
	return c.op == equal && d.op == equal && c.index == d.index && c.value>>32 == d.value>>32
}

// scope is "includes" or "excludes".
type scope struct {
	caps      []int
	arches    []string
	minKernel kernel // zero: not given
}

// kernel is the first two numbers of a kernel's version.
type kernel struct{ major, minor int }

func (k kernel) before(l kernel) bool {
	return k.major < l.major || k.major == l.major && k.minor < l.minor
}

// target is what a profile is compiled for.
type target struct {
	arch   string
	caps   []int
	kernel kernel
}

// applies says whether a rule is there at all: every capability and the kernel that it includes are
// there, one of its architectures is ours, and nothing that it excludes is there.
func (r rule) applies(t target) bool {
	for _, c := range r.includes.caps {
		if !has(t.caps, c) {
			return false
		}
	}
	for _, c := range r.excludes.caps {
		if has(t.caps, c) {
			return false
		}
	}
	if len(r.includes.arches) > 0 && !has(r.includes.arches, t.arch) || has(r.excludes.arches, t.arch) {
		return false
	}
	none := kernel{}
	return !t.kernel.before(r.includes.minKernel) &&
		(r.excludes.minKernel == none || t.kernel.before(r.excludes.minKernel))
}

func has[T comparable](list []T, x T) bool {
	for _, y := range list {
		if y == x {
			return true
		}
	}
	return false
}

// clauses returns the rule as conjunctions of which one must hold: one with all its conditions, or one
// for each condition when an argument is named twice.
func (r rule) clauses() []clause {
	var named [arguments]bool
	for _, c := range r.args {
		if named[c.index] {
			return r.separate()
		}
		named[c.index] = true
	}
	return []clause{{r.args, r.action}}
}

func (r rule) separate() []clause {
	var list []clause
	for i := range r.args {
		list = append(list, clause{r.args[i : i+1], r.action})
	}
	return list
}

// Logged returns the profile that permits every call and has the kernel log those that p refuses, for
// finding out what a program needs. The log is the kernel's audit log (seccomp(2), SECCOMP_RET_LOG).
// Foreign architectures and x32 are refused as by p.
func (p *Profile) Logged() *Profile {
	q := *p
	q.instead = unix.SECCOMP_RET_LOG
	return &q
}

// Notified returns the profile that hands every call that p refuses to a listener, which can let it pass
// (seccomp_unotify(2)); see Filter.Notify. Unlike the log that Logged writes, a listener can be read without
// privileges, by who started the program.
func (p *Profile) Notified() *Profile {
	q := *p
	q.instead = unix.SECCOMP_RET_USER_NOTIF
	return &q
}
