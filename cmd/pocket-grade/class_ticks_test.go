package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// ticks counts from outside how often each source of the class was executed, whatever the store says: a
// program opens its file in a volume first thing, and inotify(7) tells of every opening through whatever
// mount, because it watches the inode. The grader itself opens the volume's files too, to know their
// content: the first, which no program opens, tells how often.
type ticks struct {
	dir     string
	events  *os.File
	mu      sync.Mutex
	changed *sync.Cond
	folders map[int32]string // by watch descriptor, a case's name
	opens   map[string]int   // by case's name and file's
	broken  error
}

// tick is the name of the file of the source with this number, from 1; 0 is no program's.
func tick(source int) string { return fmt.Sprintf("%05d", source) }

func watchTicks(t *testing.T, dir string, sources int) *ticks {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK) // so that closing the file ends a read
	if err != nil {
		t.Fatal("inotify:", err)
	}
	k := &ticks{dir: dir, events: os.NewFile(uintptr(fd), "inotify"), folders: map[int32]string{}, opens: map[string]int{}}
	for _, one := range classCases {
		folder := filepath.Join(dir, one.name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for n := range sources + 1 {
			if err := os.WriteFile(filepath.Join(folder, tick(n)), []byte(strconv.Itoa(n)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		wd, err := unix.InotifyAddWatch(fd, folder, unix.IN_OPEN)
		if err != nil {
			t.Fatal("inotify:", err)
		}
		k.folders[int32(wd)] = one.name
	}
	k.changed = sync.NewCond(&k.mu)
	ended := make(chan struct{})
	go func() { defer close(ended); k.listen() }()
	t.Cleanup(func() { k.events.Close(); <-ended })
	return k
}

func (k *ticks) listen() {
	buffer := make([]byte, 1<<16)
	for {
		n, err := k.events.Read(buffer)
		k.mu.Lock()
		if err != nil {
			k.broken = err
		}
		for rest := buffer[:max(n, 0)]; len(rest) >= unix.SizeofInotifyEvent; {
			mask, length := binary.NativeEndian.Uint32(rest[4:]), int(binary.NativeEndian.Uint32(rest[12:]))
			if mask&unix.IN_Q_OVERFLOW != 0 {
				k.broken = errors.New("inotify lost events")
			}
			name := bytes.TrimRight(rest[unix.SizeofInotifyEvent:unix.SizeofInotifyEvent+length], "\x00")
			k.opens[k.folders[int32(binary.NativeEndian.Uint32(rest))]+"/"+string(name)]++
			rest = rest[unix.SizeofInotifyEvent+length:]
		}
		k.changed.Broadcast()
		stop := k.broken != nil
		k.mu.Unlock()
		if stop {
			return
		}
	}
}

// settle waits until all that was opened up to now is counted: events come in order.
func (k *ticks) settle(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	last := filepath.Join(classCases[0].name, "settled")
	before := k.opens[last]
	f, err := os.OpenFile(filepath.Join(k.dir, last), os.O_RDONLY|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for k.opens[last] == before {
		if k.broken != nil {
			t.Fatal(k.broken)
		}
		k.changed.Wait()
	}
	if err := os.Remove(f.Name()); err != nil { // it must not become part of the volume
		t.Fatal(err)
	}
}

// executions is how often each source was executed, by its number.
func (k *ticks) executions(t *testing.T) map[int]int {
	t.Helper()
	k.settle(t)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.counted()
}

func (k *ticks) counted() map[int]int {
	all := map[int]int{}
	for path, opens := range k.opens {
		folder, name := filepath.Split(path)
		if n, err := strconv.Atoi(name); err == nil && n > 0 {
			all[n] += max(0, opens-k.opens[folder+tick(0)])
		}
	}
	return all
}

// await waits until there have been so many executions, or over says that there will not be more. Who calls
// over's end a change calls changed.Broadcast.
func (k *ticks) await(executions int, over func() bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.broken == nil && !over() && total(k.counted()) < executions {
		k.changed.Wait()
	}
}

func total(counts map[int]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}
