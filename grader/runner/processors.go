package runner

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// Processors finds a processor for each of so many workers, which no other grader of this machine has: "" for
// a worker that must do without. Where there are more workers than processors that we may use, none has one
// of its own. release gives them back; at the latest our death does.
func Processors(workers int) (cpus []string, release func()) {
	cpus = make([]string, workers)
	var held []int
	release = func() {
		for _, fd := range held {
			_ = unix.Close(fd)
		}
	}
	var own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil || own.Count() < workers {
		return cpus, release
	}
	for cpu := range len(own) * 64 {
		if !own.IsSet(cpu) {
			continue
		}
		if fd, err := hold(cpu); err == nil {
			held = append(held, fd)
			cpus[len(held)-1] = strconv.Itoa(cpu)
		}
		if len(held) == workers {
			break
		}
	}
	return cpus, release
}

// hold takes a name that only one process can have, for as long as it lives: an abstract socket leaves no file
// behind (unix(7), "Address format").
func hold(cpu int) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("@pocket-grade/processor/%d", cpu)}); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
