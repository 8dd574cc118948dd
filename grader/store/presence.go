package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"pocket/runtime/failpoint"
)

// Commands of fcntl(2) for locks that belong to an open file and not to a process: the kernel lets them go
// when the process dies, and nobody has to guess from a pid whether it lives, which in another pid
// namespace cannot be told.
const (
	ofdGet = 36 // F_OFD_GETLK
	ofdSet = 37 // F_OFD_SETLK
)

// presence shows to other processes that the grader with a number is alive: it holds a lock on the byte of
// that number in a file beside the database.
type presence struct{ file *os.File }

// enter takes the number's lock. On file systems without locks everybody but us counts as dead.
func enter(path string, number int64) (*presence, error) {
	if err := failpoint.At("presence.enter"); err != nil {
		return nil, fmt.Errorf("show that a grader is at work: %w", err)
	}
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
		if err != nil {
			return nil, fmt.Errorf("show that a grader is at work: %w", err)
		}
		// The lock is new, so whatever refuses it, it is not that somebody has it.
		_ = lock(file, number, 1)
		if isStill(path, file) {
			return &presence{file}, nil
		}
		if err := file.Close(); err != nil { // who left last has removed it meanwhile
			return nil, err
		}
	}
}

// look is for those who only want to know who is alive. It is nil where nobody is, or where that cannot be told.
func look(path string) *presence {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	return &presence{file}
}

func isStill(path string, file *os.File) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	ours, err := file.Stat()
	return err == nil && os.SameFile(there, ours)
}

// lock locks n bytes from start without waiting; n 0 means all that follow.
func lock(file *os.File, start, n int64) error {
	return syscall.FcntlFlock(file.Fd(), ofdSet, &syscall.Flock_t{Type: syscall.F_WRLCK, Start: start, Len: n})
}

// alive says whether another open store has this number.
func (p *presence) alive(number int64) bool {
	if p == nil {
		return false
	}
	probe := syscall.Flock_t{Type: syscall.F_WRLCK, Start: number, Len: 1}
	err := syscall.FcntlFlock(p.file.Fd(), ofdGet, &probe)
	return err == nil && probe.Type != syscall.F_UNLCK
}

// leave lets the lock go. The last one removes the file, under a lock on all of it.
func (p *presence) leave() error {
	if p == nil || p.file == nil {
		return nil
	}
	var err error
	failpoint.Kill("presence.leave")
	if lock(p.file, 0, 0) == nil && isStill(p.file.Name(), p.file) {
		err = os.Remove(p.file.Name())
	}
	err = errors.Join(err, p.file.Close())
	p.file = nil
	return err
}
