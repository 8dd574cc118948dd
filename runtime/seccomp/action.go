package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

const (
	lastNamedErrno = 200                                               // above all that errno(3) names
	arguments      = 6                                                 // of a system call
	maxErrno       = 4095                                              // MAX_ERRNO; the kernel cuts a larger one down to it
	noSuch         = action(unix.SECCOMP_RET_ERRNO | int(unix.ENOSYS)) // for calls newer than the profile
	refused        = action(unix.SECCOMP_RET_ERRNO | int(unix.EPERM))  // for x32
	killed         = action(unix.SECCOMP_RET_KILL_PROCESS)             // for foreign architectures
)

// action is what a filter returns to the kernel: an action and, in the lower 16 bits, its data.
type action uint32

// kind is the action without its data.
func (a action) kind() action { return a & unix.SECCOMP_RET_ACTION_FULL }

// permits says whether a call with this action is carried out. A tracer is taken to know what it does,
// with new system calls too.
func (a action) permits() bool {
	switch a.kind() {
	case unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_LOG, unix.SECCOMP_RET_TRACE:
		return true
	}
	return false
}

// stricter says whether the kernel would prefer a to b, were they results of two filters: "actions are
// compared as signed numbers, the smallest first" (seccomp(2), SECCOMP_SET_MODE_FILTER; seccomp_run_filters
// in the kernel's seccomp.c). SECCOMP_RET_KILL_PROCESS has the sign bit, so it comes first.
func (a action) stricter(b action) bool { return int32(a.kind()) < int32(b.kind()) }

// or returns what happens in place of a refusal.
func (a action) or(instead action) action {
	if a.permits() {
		return a
	}
	return instead
}

// actions are the names of the JSON format, as in libseccomp's seccomp.h.
var actions = map[string]action{
	"SCMP_ACT_KILL":         unix.SECCOMP_RET_KILL_THREAD,
	"SCMP_ACT_KILL_THREAD":  unix.SECCOMP_RET_KILL_THREAD,
	"SCMP_ACT_KILL_PROCESS": unix.SECCOMP_RET_KILL_PROCESS,
	"SCMP_ACT_TRAP":         unix.SECCOMP_RET_TRAP,
	"SCMP_ACT_ERRNO":        unix.SECCOMP_RET_ERRNO,
	"SCMP_ACT_TRACE":        unix.SECCOMP_RET_TRACE,
	"SCMP_ACT_LOG":          unix.SECCOMP_RET_LOG,
	"SCMP_ACT_ALLOW":        unix.SECCOMP_RET_ALLOW,
}

// operator is a comparison of an argument with a constant.
type operator int

const (
	equal operator = iota
	notEqual
	less
	lessEqual
	greater
	greaterEqual
	maskedEqual
)

// operators are the names of the JSON format, as in libseccomp's seccomp.h.
var operators = map[string]operator{
	"SCMP_CMP_EQ":        equal,
	"SCMP_CMP_NE":        notEqual,
	"SCMP_CMP_LT":        less,
	"SCMP_CMP_LE":        lessEqual,
	"SCMP_CMP_GT":        greater,
	"SCMP_CMP_GE":        greaterEqual,
	"SCMP_CMP_MASKED_EQ": maskedEqual,
}

// flags are those of seccomp(2) that a profile in the OCI form may ask for. TSYNC is about the threads of
// the process that installs a filter; there is one thread when ours is installed, so it asks for nothing.
var flags = map[string]uint32{
	"SECCOMP_FILTER_FLAG_TSYNC":      0,
	"SECCOMP_FILTER_FLAG_LOG":        unix.SECCOMP_FILTER_FLAG_LOG,
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW": unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW,
}

// capabilities are the names of capabilities(7) at their numbers.
var capabilities = [...]string{
	unix.CAP_CHOWN: "CAP_CHOWN", unix.CAP_DAC_OVERRIDE: "CAP_DAC_OVERRIDE",
	unix.CAP_DAC_READ_SEARCH: "CAP_DAC_READ_SEARCH", unix.CAP_FOWNER: "CAP_FOWNER",
	unix.CAP_FSETID: "CAP_FSETID", unix.CAP_KILL: "CAP_KILL", unix.CAP_SETGID: "CAP_SETGID",
	unix.CAP_SETUID: "CAP_SETUID", unix.CAP_SETPCAP: "CAP_SETPCAP",
	unix.CAP_LINUX_IMMUTABLE: "CAP_LINUX_IMMUTABLE", unix.CAP_NET_BIND_SERVICE: "CAP_NET_BIND_SERVICE",
	unix.CAP_NET_BROADCAST: "CAP_NET_BROADCAST", unix.CAP_NET_ADMIN: "CAP_NET_ADMIN",
	unix.CAP_NET_RAW: "CAP_NET_RAW", unix.CAP_IPC_LOCK: "CAP_IPC_LOCK", unix.CAP_IPC_OWNER: "CAP_IPC_OWNER",
	unix.CAP_SYS_MODULE: "CAP_SYS_MODULE", unix.CAP_SYS_RAWIO: "CAP_SYS_RAWIO",
	unix.CAP_SYS_CHROOT: "CAP_SYS_CHROOT", unix.CAP_SYS_PTRACE: "CAP_SYS_PTRACE",
	unix.CAP_SYS_PACCT: "CAP_SYS_PACCT", unix.CAP_SYS_ADMIN: "CAP_SYS_ADMIN",
	unix.CAP_SYS_BOOT: "CAP_SYS_BOOT", unix.CAP_SYS_NICE: "CAP_SYS_NICE",
	unix.CAP_SYS_RESOURCE: "CAP_SYS_RESOURCE", unix.CAP_SYS_TIME: "CAP_SYS_TIME",
	unix.CAP_SYS_TTY_CONFIG: "CAP_SYS_TTY_CONFIG", unix.CAP_MKNOD: "CAP_MKNOD", unix.CAP_LEASE: "CAP_LEASE",
	unix.CAP_AUDIT_WRITE: "CAP_AUDIT_WRITE", unix.CAP_AUDIT_CONTROL: "CAP_AUDIT_CONTROL",
	unix.CAP_SETFCAP: "CAP_SETFCAP", unix.CAP_MAC_OVERRIDE: "CAP_MAC_OVERRIDE",
	unix.CAP_MAC_ADMIN: "CAP_MAC_ADMIN", unix.CAP_SYSLOG: "CAP_SYSLOG", unix.CAP_WAKE_ALARM: "CAP_WAKE_ALARM",
	unix.CAP_BLOCK_SUSPEND: "CAP_BLOCK_SUSPEND", unix.CAP_AUDIT_READ: "CAP_AUDIT_READ",
	unix.CAP_PERFMON: "CAP_PERFMON", unix.CAP_BPF: "CAP_BPF",
	unix.CAP_CHECKPOINT_RESTORE: "CAP_CHECKPOINT_RESTORE",
}

// Capability returns the number of a capability by its name in capabilities(7), such as CAP_SYS_ADMIN.
func Capability(name string) (int, bool) {
	n := slices.Index(capabilities[:], name)
	return n, n >= 0
}

// CapabilityName returns the name of a capability; "" for a number that has none.
func CapabilityName(n int) string {
	if n < 0 || n >= len(capabilities) {
		return ""
	}
	return capabilities[n]
}
