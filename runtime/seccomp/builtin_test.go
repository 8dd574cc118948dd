package seccomp

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// dockerCaps are the capabilities that Docker leaves a container (capabilities(7) numbers of
// https://docs.docker.com/engine/security/#linux-kernel-capabilities).
var dockerCaps = []int{0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}

func everyCap() []int {
	var list []int
	for c := range unix.CAP_LAST_CAP + 1 {
		list = append(list, c)
	}
	return list
}

var profiles = map[string]func() *Profile{
	"default": Default,
	"grading": Grading,
	"strict":  GradingStrict,
}

func TestBuiltinsMeanWhatTheySay(t *testing.T) {
	now := kernel{6, 1}
	for name, profile := range profiles {
		for _, arch := range []string{"amd64", "arm64"} {
			for _, to := range []target{
				{arch, nil, kernel{4, 4}}, {arch, dockerCaps, now},
				{arch, []int{unix.CAP_SYS_ADMIN}, now}, {arch, everyCap(), now},
			} {
				t.Run(fmt.Sprint(name, to), func(t *testing.T) { agree(t, profile(), to, allNumbers()) })
			}
		}
	}
}

// The figures are those of research into other builds of the same profile: a list of comparisons takes
// over 600 instructions and up to 309 steps.
func TestProgramsAreShort(t *testing.T) {
	for name, profile := range profiles {
		p := profile()
		for _, arch := range []string{"amd64", "arm64"} {
			f, err := p.compile(target{arch, dockerCaps, kernel{6, 1}})
			if err != nil {
				t.Fatal(err)
			}
			worst := 0
			for nr := range uint32(600) {
				_, steps := run(f.Instructions, entry{nr: nr, arch: audit(arch)})
				if !conditional(p, Name(arch, int(nr))) {
					worst = max(worst, steps)
				}
			}
			t.Logf("%s for %s: %d instructions, worst path %d, of calls without conditions %d",
				name, arch, len(f.Instructions), depth(f.Instructions), worst)
			if len(f.Instructions) > 220 || worst > 14 || depth(f.Instructions) > 50 {
				t.Errorf("%s for %s is too long", name, arch)
			}
		}
	}
}

func conditional(p *Profile, name string) bool {
	for _, r := range p.rules {
		for _, n := range r.names {
			if n == name && len(r.args) > 0 {
				return true
			}
		}
	}
	return false
}

// Every call of a name that no architecture has would be a slip of the pen in our own files.
func TestBuiltinsNameRealCalls(t *testing.T) {
	for name, profile := range profiles {
		f, err := profile().compile(target{arch: "amd64"})
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Unknown) > 0 {
			t.Errorf("%s names %v, which amd64 does not have", name, f.Unknown)
		}
	}
	f, err := Default().compile(target{arch: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range f.Unknown {
		if _, ok := Number("arm64", name); ok {
			t.Errorf("%s is listed as unknown but has a number", name)
		}
	}
	if len(f.Unknown) == 0 {
		t.Error("arm64 has no fork, but Unknown is empty")
	}
}

// What a sandbox's first process and the programs of the supported languages cannot do without.
func TestNecessaryCallsArePermitted(t *testing.T) {
	names := []string{
		"execveat", "execve", "rt_sigtimedwait", "rt_sigprocmask", "wait4", "kill", "write", "read", "exit_group",
		"clone", "setsid", "ioctl", "prctl", "getrusage", "close_range", "mmap", "munmap", "brk", "futex",
		"rt_sigreturn", "openat", "pipe2", "dup3", "getrandom", "sched_getaffinity", "madvise", "epoll_pwait",
		"socketpair", "waitid", "prlimit64", "statx", "sigaltstack", "nanosleep", "clock_gettime", "tgkill",
		"set_robust_list", "set_tid_address", "rseq", "membarrier", "eventfd2", "pidfd_open", "unlinkat",
	}
	onlyAMD64 := []string{"vfork", "fork", "open", "stat", "arch_prctl", "dup2", "pipe", "poll", "select", "access"}
	for name, profile := range profiles {
		for _, arch := range []string{"amd64", "arm64"} {
			list := names
			if arch == "amd64" {
				list = append(list[:len(list):len(list)], onlyAMD64...)
			}
			f, err := profile().compile(target{arch: arch, kernel: kernel{6, 1}})
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range list {
				nr, ok := Number(arch, call)
				got, _ := run(f.Instructions, entry{nr: uint32(nr), arch: audit(arch)})
				if !ok || got != unix.SECCOMP_RET_ALLOW {
					t.Errorf("%s for %s: %s gives %#x", name, arch, call, got)
				}
			}
		}
	}
}
