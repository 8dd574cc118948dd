package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// ticks counts from outside how often each source of the class was executed, whatever the store says: a
// program opens its file in a volume first thing, and inotify(7) tells of every opening through whatever
// mount, because it watches the inode. What programs see is the copy of a volume that each run makes in its
// workspace, so that the folder for temporary files is watched, and what is made in it.
type ticks struct {
	dir     string // where graders are to make their workspaces
	events  *os.File
	mu      sync.Mutex
	changed *sync.Cond
	folders map[int32]*tickFolder // by watch descriptor
	settled int                   // how often settle was called
	broken  error
}

// tickFolder is a folder that is watched. At depth 3 it is a volume's copy: workspace/volume/content.
type tickFolder struct {
	path  string
	depth int
	opens map[string]int // by name, since the copy is whole
}

const contentDepth = 3

// tick is the name of the file of the source with this number, from 1; 0 is no program's.
func tick(source int) string { return fmt.Sprintf("%05d", source) }

// lastTick is no program's and the last that is copied: see volumeChanged.
const lastTick = "99999"

// makeTicks makes the volume of each case.
func makeTicks(t *testing.T, dir string, sources int) {
	t.Helper()
	for _, one := range classCases {
		folder := filepath.Join(dir, one.name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		names := []string{lastTick}
		for n := range sources + 1 {
			names = append(names, tick(n))
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// watchTicks watches a folder in which nothing is yet.
func watchTicks(t *testing.T, dir string) *ticks {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK) // so that closing the file ends a read
	if err != nil {
		t.Fatal("inotify:", err)
	}
	k := &ticks{dir: dir, events: os.NewFile(uintptr(fd), "inotify"), folders: map[int32]*tickFolder{}}
	k.changed = sync.NewCond(&k.mu)
	if k.watch(fd, dir, 0); k.broken != nil {
		t.Fatal(k.broken)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); k.listen(fd) }()
	t.Cleanup(func() { k.events.Close(); <-ended })
	return k
}

// watch watches a folder and those that are in it by now; of one that is gone there is nothing to tell.
func (k *ticks) watch(fd int, path string, depth int) {
	wd, err := unix.InotifyAddWatch(fd, path, unix.IN_OPEN|unix.IN_CREATE|unix.IN_ONLYDIR)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return
	} else if err != nil {
		k.broken = fmt.Errorf("inotify: %s: %w", path, err)
		return
	}
	if k.folders[int32(wd)] == nil {
		k.folders[int32(wd)] = &tickFolder{path: path, depth: depth, opens: map[string]int{}}
	}
	if depth == contentDepth {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		k.broken = err
	}
	for _, entry := range entries {
		k.made(fd, k.folders[int32(wd)], entry.Name(), entry.IsDir())
	}
}

// made is told of what is new in a folder. Of a workspace, only volumes count.
func (k *ticks) made(fd int, in *tickFolder, name string, folder bool) {
	if folder && (in.depth != 1 || strings.HasPrefix(name, "volume-")) {
		k.watch(fd, filepath.Join(in.path, name), in.depth+1)
	}
}

func (k *ticks) listen(fd int) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := k.events.Read(buffer)
		k.mu.Lock()
		if err != nil {
			k.broken = err
		}
		for rest := buffer[:max(n, 0)]; len(rest) >= unix.SizeofInotifyEvent; {
			mask, length := binary.NativeEndian.Uint32(rest[4:]), int(binary.NativeEndian.Uint32(rest[12:]))
			name := bytes.TrimRight(rest[unix.SizeofInotifyEvent:unix.SizeofInotifyEvent+length], "\x00")
			k.event(fd, k.folders[int32(binary.NativeEndian.Uint32(rest))], mask, string(name))
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

func (k *ticks) event(fd int, in *tickFolder, mask uint32, name string) {
	folder := mask&unix.IN_ISDIR != 0
	switch {
	case mask&unix.IN_Q_OVERFLOW != 0:
		k.broken = errors.New("inotify lost events")
	case in == nil || mask&unix.IN_IGNORED != 0: // the folder was removed
	case in.depth == contentDepth && !folder:
		in.volumeChanged(mask, name)
	case mask&unix.IN_CREATE != 0:
		if k.made(fd, in, name, folder); in.depth == 0 && !folder {
			k.settled++
		}
	}
}

// volumeChanged counts an opening. While files are still being made in a copy no program has it, so that what
// was opened until then was opened by the copying, as is the file that is just made.
func (f *tickFolder) volumeChanged(mask uint32, name string) {
	if mask&unix.IN_CREATE != 0 {
		f.opens = map[string]int{name: -1}
	} else {
		f.opens[name]++
	}
}

// settle waits until all that was opened up to now is counted: events come in order.
func (k *ticks) settle(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.settled
	f, err := os.Create(filepath.Join(k.dir, "settled"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for k.settled == before {
		if k.broken != nil {
			t.Fatal(k.broken)
		}
		k.changed.Wait()
	}
	if err := os.Remove(f.Name()); err != nil {
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
	for _, folder := range k.folders {
		for name, opens := range folder.opens {
			if n, err := strconv.Atoi(name); err == nil && n > 0 && name != lastTick {
				all[n] += opens
			}
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
