package linux

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Notification is a system call that waits for an answer: struct seccomp_notif (seccomp_unotify(2)).
type Notification struct {
	ID    uint64
	PID   uint32 // of the thread, in our PID namespace; 0 when it is in none below ours
	Flags uint32
	Nr    int32
	Arch  uint32
	_     uint64
	_     [6]uint64
}

// answer is struct seccomp_notif_resp.
type answer struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

// NextNotification takes the next call from a filter's listener. It waits for one, unless poll(2) says
// that there is one; ENOENT means that the caller has died meanwhile.
func NextNotification(listener int) (Notification, error) {
	var n Notification // the kernel wants zeros
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&n)))
	if errno != 0 {
		return n, errno
	}
	return n, nil
}

// Continue lets the call be carried out. ENOENT means that nobody waits for it any more.
func (n Notification) Continue(listener int) error {
	a := answer{id: n.ID, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&a)))
	if errno != 0 {
		return errno
	}
	return nil
}
