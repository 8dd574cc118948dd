package sandbox

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The programs that the tests run inside. Each is a function of the test binary, which is bound to /payload.
var payloads = map[string]func(args []string) int{
	"touch": touch, "reserve": reserve, "spin": spin, "forks": forks, "connect": connect, "attack-init": attackInit,
	"watch": watch, "leave": leave, "overwrite": overwrite,
}

// touch writes to so many MiB, and prints that it did; with another argument it keeps them.
func touch(args []string) int {
	n, _ := strconv.Atoi(args[0])
	b, err := unix.Mmap(-1, 0, n<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	fmt.Println("touched")
	if len(args) > 1 {
		time.Sleep(time.Hour)
	}
	return int(b[0]) - 1
}

// reserve maps so many MiB and touches none.
func reserve(args []string) int {
	n, _ := strconv.Atoi(args[0])
	if _, err := unix.Mmap(-1, 0, n<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("reserved")
	return 0
}

// spin burns CPU time in so many threads, for ever.
func spin(args []string) int {
	n, _ := strconv.Atoi(args[0])
	runtime.GOMAXPROCS(n)
	for i := 1; i < n; i++ {
		go burn()
	}
	return burn()
}

func burn() int {
	for n := uint64(1); n != 0; n += 2 { // never 0
	}
	return 0
}

// forks starts processes that sleep until it cannot, and prints how many there were.
func forks([]string) int {
	for n := 0; ; n++ {
		cmd := exec.Command("/usr/bin/sleep", "100")
		if err := cmd.Start(); err != nil || n > 1000 {
			fmt.Println(n)
			return 0
		}
	}
}

func connect([]string) int {
	for _, address := range []string{"127.0.0.1:1", "192.0.2.1:80", "[::1]:1"} {
		if _, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			fmt.Println("connected to", address)
			return 1
		}
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	fmt.Println("socket:", fd, err)
	return 0
}

// attackInit tries to get at PID 1's descriptors and memory, and to kill it.
func attackInit([]string) int {
	for _, path := range []string{"/proc/1/fd/3", "/proc/1/mem", "/proc/1/environ", "/proc/1/exe"} {
		if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			fmt.Println("opened", path)
			f.Close()
			return 1
		}
	}
	if err := unix.PtraceAttach(1); err == nil {
		fmt.Println("traced PID 1")
		return 1
	}
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
		_ = syscall.Kill(1, s)
	}
	if syscall.Getppid() != 1 {
		fmt.Println("the init is gone")
		return 1
	}
	fmt.Println("still here")
	return 0
}

// leave takes names that only one can have in a network namespace and in one for IPC, keeps locks on files of the
// shared root, and ends with all of it.
func leave([]string) int {
	listener, err := net.Listen("unix", "@left")
	if err != nil {
		fmt.Println("found a socket:", err)
		return 1
	}
	defer listener.Close()
	id, err := unix.SysvShmGet(0x1ef7, 4<<20, unix.IPC_CREAT|unix.IPC_EXCL|0o600)
	if err != nil {
		fmt.Println("found shared memory:", err)
		return 1
	}
	memory, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	for _, name := range []string{"/etc/passwd", "/etc/hosts", "/.empty"} {
		if fd, err := unix.Open(name, unix.O_RDONLY, 0); err == nil && unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) != nil {
			fmt.Println("found a lock on", name)
		}
	}
	fmt.Println("left a socket, left shared memory")
	return 0
}

// watch looks at the descriptors and the program of each process that appears, until it gets SIGTERM, and
// prints those that lead to a file of the host, or to our own binary unless it was started from inside.
func watch([]string) int {
	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGTERM)
	own, _ := os.Readlink("/proc/self/exe")
	looks := 0
	for {
		select {
		case <-over:
			fmt.Println("watched", looks)
			return 0
		default:
		}
		pids, _ := filepath.Glob("/proc/[0-9]*")
		for _, dir := range pids {
			if pid, _ := strconv.Atoi(filepath.Base(dir)); pid == os.Getpid() {
				continue
			}
			looks++
			links, _ := filepath.Glob(dir + "/fd/*")
			for _, link := range append(links, dir+"/exe") {
				to, err := os.Readlink(link)
				if err == nil && (strings.HasSuffix(to, ".test") || to == own) {
					fmt.Println(link, "leads to", to)
				}
			}
		}
	}
}

// overwrite opens what every process that it sees was started from for writing, by its name and, once it has ended,
// by a descriptor that was opened before, until it is asked to stop. Only what it was started from itself is its own.
func overwrite([]string) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	own, _ := os.Stat("/proc/self/exe")
	for tried := 0; ; {
		select {
		case <-stop:
			fmt.Println("tried", tried)
			return 0
		default:
		}
		programs, _ := filepath.Glob("/proc/[0-9]*/exe")
		for _, exe := range programs {
			read, err := os.Open(exe)
			if err != nil {
				continue
			}
			tried++
			about, _ := read.Stat()
			for _, path := range []string{exe, fmt.Sprintf("/proc/self/fd/%d", read.Fd())} {
				if f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
					name, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
					if !os.SameFile(about, own) {
						fmt.Println("opened", name)
					}
					f.Close()
				}
			}
			read.Close()
		}
	}
}
