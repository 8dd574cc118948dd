package linux

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// initMarker stands behind the last instruction of initCode.
var initMarker = []byte{0x0f, 0x0b, 'p', 'k', 't', 'e', 'n', 'd'}

// initLimit bounds the search for the marker; the init is promised to be under 1 KB.
const initLimit = 1024

func initAddress() unsafe.Pointer

// InitImage returns our PID 1 as an ELF executable: a file header, two program headers, the code.
func InitImage() []byte {
	text := unsafe.Slice((*byte)(initAddress()), initLimit)
	size := bytes.Index(text, initMarker)
	if size < 0 {
		panic("linux: the init's end marker is missing") // a broken build, not a condition
	}
	return elf(text[:size], map[string]uint16{"amd64": 62, "arm64": 183}[runtime.GOARCH])
}

// elf wraps position-independent code into the smallest file that execve(2) takes (elf(5)).
func elf(code []byte, machine uint16) []byte {
	const base, header = 0x400000, 64 + 2*56
	var b bytes.Buffer
	b.WriteString("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // a bytes.Buffer takes everything
		}
	}
	size := uint64(header + len(code))
	put(uint16(2), machine, uint32(1), uint64(base+header), uint64(64), uint64(0), uint32(0))
	put(uint16(64), uint16(56), uint16(2), uint16(0), uint16(0), uint16(0))
	put(uint32(1), uint32(5), uint64(0), uint64(base), uint64(base), size, size, uint64(4096))
	// PT_GNU_STACK without the execute bit: else the kernel makes the stack executable.
	put(uint32(0x6474e551), uint32(6), [6]uint64{})
	b.Write(code)
	return b.Bytes()
}

// InitFile returns a descriptor, 10 or above, from which our PID 1 can be executed with execveat(2). It
// is opened once and stays open for the life of the process.
var InitFile = sync.OnceValues(openInit)

func openInit() (*os.File, error) {
	file, err := sealedInit()
	if err != nil {
		// vm.memfd_noexec=2 forbids executable memfds (kernel document vm.rst): use a deleted file.
		if file, err = deletedInit(); err != nil {
			return nil, fmt.Errorf("make the init's executable: %w", err)
		}
	}
	defer file.Close()
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, FirstFD)
	if err != nil {
		return nil, fmt.Errorf("duplicate the init's descriptor: %w", err)
	}
	return os.NewFile(uintptr(fd), "init"), nil
}

// sealedInit is a memfd that nobody, whoever opens /proc/1/exe, can write to (CVE-2019-5736).
func sealedInit() (*os.File, error) {
	const allow = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("init", allow|unix.MFD_EXEC)
	if err == unix.EINVAL { // before Linux 6.3 there is no MFD_EXEC
		fd, err = unix.MemfdCreate("init", allow)
	}
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "init")
	if _, err := file.Write(InitImage()); err != nil {
		file.Close()
		return nil, err
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func deletedInit() (*os.File, error) {
	file, err := os.CreateTemp("", "pocket-init-*")
	if err != nil {
		return nil, hint.With(err, "set TMPDIR to a folder where programs may be executed")
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := file.Write(InitImage()); err != nil {
		return nil, err
	}
	if err := file.Chmod(0o555); err != nil {
		return nil, err
	}
	return os.Open(file.Name()) // for reading only: an executable open for writing gives ETXTBSY
}

// ReportSize is the length of what the init writes to its result descriptor.
const ReportSize = 8 + 2*int(unsafe.Sizeof(unix.Rusage{}))

// Report is how the init saw the payload end.
type Report struct {
	Kind    ReportKind
	Status  syscall.WaitStatus // Ended
	Errno   unix.Errno         // NoExec, NoFork
	Payload unix.Rusage        // of the payload and the children it waited for
	All     unix.Rusage        // of every process of the sandbox that was reaped
}

// ParseStep reads what the step before a program that joins has written: a zero byte when it began, which the
// caller may have taken, and if the program could not be executed, why.
func ParseStep(b []byte) (r Report, failed bool) {
	if len(b) > 0 && b[0] == 0 { // amd64 and arm64 are little-endian: a report never begins so
		b = b[1:]
	}
	r, ok := ParseReport(b)
	return r, ok && r.Kind == NoExec
}

// ReportKind says what a Report tells.
type ReportKind int32

// The kinds of reports.
const (
	Ended  ReportKind = 1 // the payload ran and ended
	NoExec ReportKind = 2 // execve(2) of the payload failed
	NoFork ReportKind = 3 // the payload's process could not be made
)

// ParseReport reads the init's report; ok is false when it is not one.
func ParseReport(b []byte) (r Report, ok bool) {
	if len(b) != ReportSize {
		return r, false
	}
	value := binary.NativeEndian.Uint32(b[4:])
	r.Kind = ReportKind(binary.NativeEndian.Uint32(b))
	r.Status, r.Errno = syscall.WaitStatus(value), unix.Errno(value)
	usage := func(b []byte) unix.Rusage { return *(*unix.Rusage)(unsafe.Pointer(&b[0])) }
	r.Payload = usage(b[8:])
	r.All = usage(b[8+unsafe.Sizeof(unix.Rusage{}):])
	return r, r.Kind >= Ended && r.Kind <= NoFork
}

// CPU is the user and system time of a Rusage.
func CPU(r unix.Rusage) time.Duration {
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
