// Package linux wraps the system calls that x/sys leaves raw.
//
// Its centre is the Program: system calls composed as data by ordinary Go and executed by a vfork'd
// child of this process between clone(2) and execve(2), where no Go code may run. It is the only
// package that uses unsafe.
package linux

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FirstFD is the lowest number of a descriptor that a Program may refer to: 0 to 3 are the targets of
// its dup3(2) calls and must not be the source of a later step.
const FirstFD = 10

// AnyErrno as Call.Pass tolerates every error.
const AnyErrno = unix.Errno(^uintptr(0))

// Call is one system call of a Program.
type Call struct {
	Step string // what it does, for the error: "mount proc on /proc"
	Nr   uintptr
	// Args are at most six of: int, uint, uintptr (a number); string (a NUL-terminated copy);
	// []string (a NULL-terminated array of such); []byte (its first byte's address); *Value (what an
	// earlier call returned); Pointer.
	Args []any
	Out  *Value     // receives the result, for later calls
	Pass unix.Errno // an error that is no failure; AnyErrno for all
	Zero bool       // a result other than 0 is a failure (EOWNERDEAD)
}

// Value is the result of one call, to be an argument of later ones.
type Value struct {
	v    uintptr
	name string
}

// NewValue returns a Value; name is what it is called when a Program is printed.
func NewValue(name string) *Value { return &Value{name: name} }

// Get returns the result, once the program has run.
func (v *Value) Get() int { return int(v.v) }

// Pointer is the address of a structure that the kernel reads or writes, kept alive by its Program.
type Pointer struct {
	address unsafe.Pointer
	value   any
}

// Ref makes a Pointer to *p, which must not contain Go pointers other than those kept by Keep.
func Ref[T any](p *T) Pointer { return Pointer{unsafe.Pointer(p), p} }

// Address returns b's first byte as a number for a structure that holds an address. The caller keeps b alive
// in the same Program with Keep.
func Address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

// Program is a list of system calls.
type Program struct {
	Calls []Call
	keep  []any
}

// Add appends calls.
func (p *Program) Add(calls ...Call) { p.Calls = append(p.Calls, calls...) }

// Keep keeps values alive (and on the heap) as long as the program.
func (p *Program) Keep(values ...any) { p.keep = append(p.keep, values...) }

// Steps returns the steps' names, for tests and for explaining.
func (p *Program) Steps() []string {
	names := make([]string, len(p.Calls))
	for i, c := range p.Calls {
		names[i] = c.Step
	}
	return names
}

// String prints the program, a call a line: what the tests compare.
func (p *Program) String() string {
	var b strings.Builder
	for _, c := range p.Calls {
		args := make([]string, len(c.Args))
		for i, a := range c.Args {
			args[i] = show(a)
		}
		result := ""
		if c.Out != nil {
			result = c.Out.name + " = "
		}
		fmt.Fprintf(&b, "%s: %s%s(%s)\n", c.Step, result, CallName(c.Nr), strings.Join(args, ", "))
	}
	return b.String()
}

func show(arg any) string {
	switch a := arg.(type) {
	case string:
		return strconv.Quote(a)
	case []string:
		return fmt.Sprintf("%q", a)
	case []byte:
		return fmt.Sprintf("[%d bytes]", len(a))
	case *Value:
		return a.name
	case Pointer:
		return fmt.Sprintf("%T", a.value)
	default:
		return fmt.Sprint(a)
	}
}

// op is a Call as the interpreter executes it.
type op struct {
	nr   uintptr
	arg  [6]uintptr
	from [6]*uintptr // where not nil, the argument is what it points to
	pass uintptr
	zero uintptr
	out  *uintptr // nil: the result is not kept
}

// lower translates the calls and keeps everything they point to alive.
func (p *Program) lower() []op {
	ops := make([]op, len(p.Calls))
	for i, c := range p.Calls {
		o := &ops[i]
		o.nr, o.pass = c.Nr, uintptr(c.Pass)
		if c.Zero {
			o.zero = 1
		}
		if c.Out != nil {
			o.out = &c.Out.v
		}
		for j, a := range c.Args {
			p.lowerArg(o, j, a)
		}
	}
	p.Keep(ops)
	return ops
}

func (p *Program) lowerArg(o *op, j int, arg any) {
	switch a := arg.(type) {
	case int:
		o.arg[j] = uintptr(a)
	case uint:
		o.arg[j] = uintptr(a)
	case uintptr:
		o.arg[j] = a
	case *Value:
		o.from[j] = &a.v
	case Pointer:
		p.Keep(a.value)
		o.arg[j] = uintptr(a.address)
	case string:
		o.arg[j] = p.text(a)
	case []byte:
		p.Keep(a)
		o.arg[j] = uintptr(unsafe.Pointer(unsafe.SliceData(a)))
	case []string:
		array := make([]uintptr, len(a)+1)
		for i, s := range a {
			array[i] = p.text(s)
		}
		p.Keep(array)
		o.arg[j] = uintptr(unsafe.Pointer(&array[0]))
	default:
		panic(fmt.Sprintf("linux: argument of type %T", arg)) // a programming error in package boot
	}
}

func (p *Program) text(s string) uintptr {
	b := append([]byte(s), 0)
	p.Keep(b)
	return uintptr(unsafe.Pointer(&b[0]))
}
