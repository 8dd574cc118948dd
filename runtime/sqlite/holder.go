package sqlite

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// The bytes that SQLite locks where only one may write: of the shared memory of a WAL (walIndexLock in its wal.c:
// (22+8)*4), and of the database (PENDING_BYTE and what follows, os.h).
const (
	walWriter   = 120
	pending     = 0x40000000
	lastOfBytes = pending + 511
)

// Holder names the process that keeps others from writing to the database at path, as "process 12 (NAME)" or
// "process 12 (NAME, stopped)". It is "" where nobody does, or where the kernel does not tell (proc_locks(5)).
func Holder(path string) string {
	pid := holder(path, os.Getpid())
	if pid == 0 {
		return ""
	}
	about := processName(pid)
	if Stopped(pid) {
		about += ", stopped"
	}
	return fmt.Sprintf("process %d (%s)", pid, about)
}

// holder reads the kernel's list of locks, because opening the files and closing them would let go of our own
// (fcntl(2), "Record locks").
func holder(path string, except int) int {
	text, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0
	}
	database, shared := inode(path), inode(path+"-shm")
	for line := range strings.Lines(string(text)) {
		l, ok := parseLock(line)
		if !ok || l.pid <= 0 || l.pid == except {
			continue
		}
		ofWAL := l.inode == shared && l.from <= walWriter && walWriter <= l.to
		ofFile := l.inode == database && l.from <= lastOfBytes && pending <= l.to
		if l.inode != 0 && (ofWAL || ofFile) {
			return l.pid
		}
	}
	return 0
}

// lock is a lock for writing of a part of a file, from one byte to another.
type lock struct {
	pid      int
	inode    uint64
	from, to uint64
}

// parseLock reads a line such as "2: POSIX  ADVISORY  WRITE 512 08:01:131077 120 120" (proc_locks(5)). Locks for
// reading, and those that are waited for, are none.
func parseLock(line string) (l lock, ok bool) {
	words := strings.Fields(line)
	if len(words) != 8 || words[1] != "POSIX" || words[3] != "WRITE" {
		return l, false
	}
	var errs [4]error
	l.pid, errs[0] = strconv.Atoi(words[4])
	l.inode, errs[1] = strconv.ParseUint(words[5][strings.LastIndex(words[5], ":")+1:], 10, 64)
	l.from, errs[2] = strconv.ParseUint(words[6], 10, 64)
	if l.to = ^uint64(0); words[7] != "EOF" {
		l.to, errs[3] = strconv.ParseUint(words[7], 10, 64)
	}
	for _, err := range errs {
		if err != nil {
			return l, false
		}
	}
	return l, true
}

func inode(path string) uint64 {
	var about syscall.Stat_t
	if syscall.Stat(path, &about) != nil {
		return 0
	}
	return about.Ino
}

// processName is a process's name, harmless on a terminal.
func processName(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "gone"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, string(name))
}

// Stopped says whether a process is stopped by a signal or a debugger (proc_pid_stat(5): state T or t).
func Stopped(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	rest := string(text)[strings.LastIndex(string(text), ")")+1:]
	return strings.HasPrefix(rest, " T") || strings.HasPrefix(rest, " t")
}

// patience is how long is waited for a locked database without a word.
const patience = 1500 * time.Millisecond

// OnWait calls tell, from another goroutine, whenever a transaction that writes has waited for others for more than a
// second. It must be set before the database is used.
func (db *DB) OnWait(tell func()) { db.tell = tell }

// waiting begins a wait for others; its end is to be told.
func (db *DB) waiting() (ended func() bool) {
	if db.tell == nil {
		return func() bool { return true }
	}
	return time.AfterFunc(patience, db.tell).Stop
}
