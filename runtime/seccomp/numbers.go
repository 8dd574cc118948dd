package seccomp

import "sort"

//go:generate go run generate.go

// call is one row of a table of system calls. The tables are sorted by name.
type call struct {
	name   string
	number uint16
}

// calls returns the system calls of an architecture, nil for one this package has no table of.
func calls(arch string) []call {
	switch arch {
	case "amd64":
		return amd64Calls[:]
	case "arm64":
		return arm64Calls[:]
	}
	return nil
}

// Number returns the number of the system call called name on arch, which is "amd64" or "arm64" as in
// GOARCH. It is false for a name that arch does not have, and for another architecture. The names are
// those of the kernel's unistd.h, which libseccomp and Docker's profiles use too.
func Number(arch, name string) (int, bool) {
	table := calls(arch)
	i := sort.Search(len(table), func(i int) bool { return table[i].name >= name })
	if i == len(table) || table[i].name != name {
		return 0, false
	}
	return int(table[i].number), true
}

// Name returns the name of system call nr on arch, or "" when it has none: what SIGSYS reports
// (siginfo_t's si_syscall) or the kernel's audit log shows can be told to a user by it.
func Name(arch string, nr int) string {
	for _, c := range calls(arch) {
		if int(c.number) == nr {
			return c.name
		}
	}
	return ""
}
