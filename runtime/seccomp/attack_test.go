package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

const allow = action(unix.SECCOMP_RET_ALLOW)

// attacks are calls that hostile programs make, and what the two profiles answer. "" stands for a
// number: nr.
var attacks = []struct {
	why     string
	call    string
	nr      uint32
	args    [arguments]uint64
	docker  action
	grading action
}{
	{why: "CVE-2017-5226: type into the terminal", call: "ioctl", args: args(0, unix.TIOCSTI), docker: eperm, grading: eperm},
	{why: "CVE-2019-10063: the same with upper bits", call: "ioctl", args: args(0, unix.TIOCSTI|1<<32), docker: eperm, grading: eperm},
	{why: "CVE-2023-1523: paste into the terminal", call: "ioctl", args: args(0, 0x541C), docker: eperm, grading: eperm},
	{why: "the same with upper bits", call: "ioctl", args: args(0, 0x541C|0xdead<<32), docker: eperm, grading: eperm},
	{why: "load a line discipline", call: "ioctl", args: args(0, unix.TIOCSETD), docker: allow, grading: eperm},
	{why: "honest: size of the terminal", call: "ioctl", args: args(0, unix.TIOCGWINSZ), docker: allow, grading: allow},

	{why: "CVE-2026-31431: AF_ALG", call: "socket", args: args(38, 5), docker: eperm, grading: eperm},
	{why: "AF_VSOCK leaves any network namespace", call: "socket", args: args(40, 1), docker: eperm, grading: eperm},
	{why: "AF_ALG with upper bits", call: "socket", args: args(38|1<<32, 5), docker: eperm, grading: eperm},
	{why: "a family newer than the profile", call: "socket", args: args(46), docker: eperm, grading: eperm},
	{why: "connect to the network", call: "socket", args: args(unix.AF_INET, 1), docker: allow, grading: eperm},
	{why: "connect to the network", call: "socket", args: args(unix.AF_INET6, 1), docker: allow, grading: eperm},
	{why: "netlink", call: "socket", args: args(unix.AF_NETLINK, 3), docker: allow, grading: eperm},
	{why: "AF_PACKET", call: "socket", args: args(unix.AF_PACKET, 3), docker: allow, grading: eperm},
	{why: "honest: sockets between processes", call: "socket", args: args(unix.AF_UNIX, 1), docker: allow, grading: allow},

	{why: "CVE-2022-0185, CVE-2022-0492: a user namespace of its own", call: "unshare", args: args(unix.CLONE_NEWUSER), docker: eperm, grading: eperm},
	{why: "the same by clone", call: "clone", args: args(unix.CLONE_NEWUSER | 17), docker: eperm, grading: eperm},
	{why: "the same by clone3, where the flags are out of sight", call: "clone3", docker: enosys, grading: enosys},
	{why: "a mount namespace by clone", call: "clone", args: args(unix.CLONE_NEWNS), docker: eperm, grading: eperm},
	{why: "a network namespace by clone", call: "clone", args: args(unix.CLONE_NEWNET), docker: eperm, grading: eperm},
	{why: "honest: fork", call: "clone", args: args(17), docker: allow, grading: allow},
	{why: "honest: a thread", call: "clone", args: args(0x3d0f00), docker: allow, grading: allow},
	{why: "join a namespace", call: "setns", docker: eperm, grading: eperm},

	{why: "mount", call: "mount", docker: eperm, grading: eperm},
	{why: "mount by the new calls", call: "fsopen", docker: eperm, grading: eperm},
	{why: "mount by the new calls", call: "move_mount", docker: eperm, grading: eperm},
	{why: "another root", call: "pivot_root", docker: eperm, grading: eperm},
	{why: "escape a chroot by another", call: "chroot", docker: allow, grading: eperm},
	{why: "open by handle (shocker)", call: "open_by_handle_at", docker: eperm, grading: eperm},
	{why: "a device node", call: "mknodat", args: args(0, 0, unix.S_IFBLK|0o666, 0x800), docker: allow, grading: eperm},
	{why: "honest: mkfifo", call: "mknodat", args: args(0, 0, unix.S_IFIFO|0o666), docker: allow, grading: allow},

	{why: "trace another process", call: "ptrace", docker: allow, grading: eperm},
	{why: "write into another process", call: "process_vm_writev", docker: allow, grading: eperm},
	{why: "take a descriptor of another process", call: "pidfd_getfd", docker: eperm, grading: eperm},
	{why: "CVE-2016-0728; and keyrings are in no namespace of the container", call: "keyctl", docker: eperm, grading: eperm},
	{why: "keyrings", call: "add_key", docker: eperm, grading: eperm},
	{why: "CVE-2023-2598; and io_uring does what filters do not see", call: "io_uring_setup", docker: eperm, grading: eperm},
	{why: "CVE-2021-3490: bpf", call: "bpf", docker: eperm, grading: eperm},
	{why: "CVE-2013-2094: perf_event_open", call: "perf_event_open", docker: eperm, grading: eperm},
	{why: "userfaultfd halts the kernel in the middle of a copy", call: "userfaultfd", docker: eperm, grading: eperm},
	{why: "load a module", call: "finit_module", docker: eperm, grading: eperm},
	{why: "load a kernel", call: "kexec_file_load", docker: eperm, grading: eperm},
	{why: "reboot", call: "reboot", docker: eperm, grading: eperm},
	{why: "set the clock", call: "clock_settime", docker: eperm, grading: eperm},
	{why: "the kernel's log", call: "syslog", docker: eperm, grading: eperm},
	{why: "turn off address space randomisation", call: "personality", args: args(0x40000), docker: eperm, grading: eperm},
	{why: "32-bit behaviour", call: "personality", args: args(8), docker: allow, grading: eperm},
	{why: "honest: which personality", call: "personality", args: args(0xffffffff), docker: allow, grading: allow},

	{why: "huge pages beside the memory limit", call: "mmap", args: args(0, 1<<21, 3, 0x40022), docker: allow, grading: 0x5000c},
	{why: "honest: mmap", call: "mmap", args: args(0, 1<<21, 3, 0x22), docker: allow, grading: allow},
	{why: "locked memory", call: "mlockall", docker: allow, grading: eperm},
	{why: "real-time scheduling", call: "sched_setscheduler", args: args(0, unix.SCHED_FIFO), docker: allow, grading: eperm},
	{why: "a niceness below 0", call: "setpriority", args: args(0, 0, 0xffffffff), docker: allow, grading: eperm},
	{why: "the same, sign-extended", call: "setpriority", args: args(0, 0, ^uint64(0)), docker: allow, grading: eperm},
	{why: "honest: nice", call: "setpriority", args: args(0, 0, 19), docker: allow, grading: allow},
	{why: "have the host's program for core dumps run", call: "prlimit64", args: args(0, unix.RLIMIT_CORE, 0x1000), docker: allow, grading: 0x50000},
	{why: "the same by the old call, with upper bits", call: "setrlimit", args: args(unix.RLIMIT_CORE|1<<32, 0x1000), docker: allow, grading: 0x50000},
	{why: "take the init's time from it", call: "prlimit64", args: args(1, unix.RLIMIT_CPU, 0x1000), docker: allow, grading: eperm},
	{why: "the same with upper bits", call: "prlimit64", args: args(1|1<<32, unix.RLIMIT_CPU, 0x1000), docker: allow, grading: eperm},
	{why: "honest: which limit on core dumps", call: "prlimit64", args: args(0, unix.RLIMIT_CORE, 0, 0x1000), docker: allow, grading: allow},
	{why: "honest: fewer descriptors", call: "prlimit64", args: args(0, unix.RLIMIT_NOFILE, 0x1000), docker: allow, grading: allow},
	{why: "write out all of the host's files again and again", call: "sync", docker: allow, grading: 0x50000},

	{why: "a number above the newest one known", nr: 500, docker: enosys, grading: enosys},
	{why: "a number without a call", nr: 410, docker: eperm, grading: eperm},
}

func args(list ...uint64) [arguments]uint64 {
	var a [arguments]uint64
	copy(a[:], list)
	return a
}

func TestAttacks(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		to := target{arch, dockerCaps, kernel{6, 1}}
		docker, grading := compiled(t, Default(), to), compiled(t, Grading(), to)
		for _, x := range attacks {
			nr := x.nr
			if x.call != "" {
				n, ok := Number(arch, x.call)
				if !ok {
					t.Fatalf("%s has no %s", arch, x.call)
				}
				nr = uint32(n)
			}
			e := entry{nr, native[arch], x.args}
			if got, _ := run(docker, e); got != x.docker {
				t.Errorf("%s %s: %s%#x: default says %#x, want %#x", arch, x.why, x.call, x.args, got, x.docker)
			}
			if got, _ := run(grading, e); got != x.grading {
				t.Errorf("%s %s: %s%#x: grading says %#x, want %#x", arch, x.why, x.call, x.args, got, x.grading)
			}
		}
	}
}

// Other entries into the kernel have other numbers for other calls: socketcall (102), through int 0x80,
// is getuid's number on amd64.
func TestOtherEntries(t *testing.T) {
	to := target{"amd64", everyCap(), kernel{6, 1}}
	for name, profile := range profiles {
		program := compiled(t, profile(), to)
		if got, _ := run(program, entry{nr: 102, arch: unix.AUDIT_ARCH_I386}); got != killed {
			t.Errorf("%s: int 0x80: %#x", name, got)
		}
		for _, nr := range []uint32{0, 59, 520, 547} { // x32's own calls start at 512
			if got, _ := run(program, entry{nr: nr | 0x40000000, arch: unix.AUDIT_ARCH_X86_64}); got != eperm {
				t.Errorf("%s: x32 call %d: %#x", name, nr, got)
			}
		}
	}
}

// What no rlimit counts.
func TestStrictRefusesUncountedMemory(t *testing.T) {
	to := target{"amd64", nil, kernel{6, 1}}
	strict, grading := compiled(t, GradingStrict(), to), compiled(t, Grading(), to)
	for _, x := range []struct {
		call string
		args [arguments]uint64
		want action
	}{
		{"memfd_create", args(0, 0), enosys},
		{"shmget", args(0, 1<<30, 0o1600), enosys},
		{"msgget", args(0, 0o1600), enosys},
		{"semget", args(0, 1, 0o1600), enosys},
		{"mq_open", args(0), enosys},
		{"fcntl", args(3, unix.F_SETPIPE_SZ, 1<<20), eperm},
		{"fcntl", args(3, unix.F_SETPIPE_SZ|1<<32, 1<<20), eperm},
		{"setsockopt", args(3, unix.SOL_SOCKET, unix.SO_SNDBUF), eperm},
		{"setsockopt", args(3, unix.SOL_SOCKET, unix.SO_RCVBUF), eperm},
		{"setsockopt", args(3, unix.SOL_SOCKET, unix.SO_REUSEADDR), allow},
		{"fcntl", args(3, unix.F_SETFD, 1), allow},
	} {
		nr, _ := Number("amd64", x.call)
		e := entry{uint32(nr), unix.AUDIT_ARCH_X86_64, x.args}
		if got, _ := run(strict, e); got != x.want {
			t.Errorf("strict: %s%#x: %#x, want %#x", x.call, x.args, got, x.want)
		}
		if got, _ := run(grading, e); got != allow {
			t.Errorf("grading: %s%#x: %#x, want allow", x.call, x.args, got)
		}
	}
}

// Capabilities bring calls back, in Default only.
func TestCapabilities(t *testing.T) {
	for call, capability := range map[string]int{
		"mount": unix.CAP_SYS_ADMIN, "clone3": unix.CAP_SYS_ADMIN, "chroot": unix.CAP_SYS_CHROOT,
		"bpf": unix.CAP_BPF, "syslog": unix.CAP_SYSLOG, "reboot": unix.CAP_SYS_BOOT, "mbind": unix.CAP_SYS_NICE,
		"open_by_handle_at": unix.CAP_DAC_READ_SEARCH, "kcmp": unix.CAP_SYS_PTRACE,
	} {
		nr, _ := Number("amd64", call)
		e := entry{nr: uint32(nr), arch: unix.AUDIT_ARCH_X86_64}
		with := target{"amd64", []int{capability}, kernel{6, 1}}
		if got, _ := run(compiled(t, Default(), with), e); got != allow {
			t.Errorf("%s with its capability: %#x", call, got)
		}
		if got, _ := run(compiled(t, Default(), target{"amd64", nil, kernel{6, 1}}), e); got == allow {
			t.Errorf("%s without its capability is permitted", call)
		}
		if got, _ := run(compiled(t, Grading(), with), e); got == allow {
			t.Errorf("grading permits %s", call)
		}
	}
}
