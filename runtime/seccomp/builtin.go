package seccomp

import (
	_ "embed"
	"slices"
)

// The built-in profiles are files in the format that users write, so that one can be copied and changed.
var (
	//go:embed default.json
	defaultProfile []byte
	//go:embed grading.json
	gradingProfile []byte
	//go:embed strict.json
	strictRules []byte
)

// Default returns the profile for containers. It means what Docker's default profile means
// (https://docs.docker.com/engine/security/seccomp/): about 300 calls are permitted, those that change
// the host or look into other processes only with the capability for it. In addition it refuses the
// ioctl requests TIOCSTI and TIOCLINUX.
func Default() *Profile { return builtin(defaultProfile) }

// Grading returns the stricter profile for untrusted programs and their compilers. Besides what Default
// refuses there are no namespaces, mounts, tracing or other processes' memory, no sockets but AF_UNIX, no
// locked memory or huge pages, no real-time scheduling and no CPU affinity, no inotify, no asynchronous
// I/O, whatever the capabilities. sync(2) succeeds and does nothing.
func Grading() *Profile { return builtin(gradingProfile) }

// GradingStrict returns Grading for where no memory controller counts: it also refuses what keeps memory
// that belongs to no process, which rlimits and a poller do not see: memfd_create, System V and POSIX
// message queues, semaphores and shared memory (all ENOSYS), and growing the buffers of pipes and sockets
// (EPERM). Threads, multiprocessing by pipes or by files in /dev/shm, and subprocesses work.
func GradingStrict() *Profile {
	p := builtin(gradingProfile)
	p.rules = append(slices.Clip(p.rules), builtin(strictRules).rules...)
	return p
}

// builtin parses a file that is part of the program; a mistake in it is a mistake of ours that every
// test of this package shows.
func builtin(data []byte) *Profile {
	p, err := Parse(data)
	if err != nil {
		panic("built-in seccomp profile: " + err.Error())
	}
	return p
}
