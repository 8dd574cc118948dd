package linux

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Message is a sendmsg(2) argument that hands one descriptor over a unix socket (SCM_RIGHTS, unix(7)).
type Message struct {
	header  unix.Msghdr
	iov     unix.Iovec
	byte    byte
	control struct {
		unix.Cmsghdr
		fd Value // the kernel reads its first four bytes; amd64 and arm64 are little-endian
	}
}

// NewMessage returns a message and the Value that a call must set to the descriptor before it is sent.
func NewMessage(name string) (*Message, *Value) {
	m := &Message{}
	m.control.fd.name = name
	m.iov = unix.Iovec{Base: &m.byte, Len: 1}
	m.control.Level, m.control.Type = unix.SOL_SOCKET, unix.SCM_RIGHTS
	m.control.SetLen(unix.CmsgLen(4))
	m.header = unix.Msghdr{Iov: &m.iov, Iovlen: 1, Control: (*byte)(unsafe.Pointer(&m.control))}
	m.header.SetControllen(unix.CmsgSpace(4))
	return m, &m.control.fd
}

// Send is the call that sends the message over a socket.
func (m *Message) Send(step string, socket int) Call {
	return Call{Step: step, Nr: unix.SYS_SENDMSG, Args: []any{socket, Pointer{unsafe.Pointer(&m.header), m}, unix.MSG_NOSIGNAL}}
}

// Receive takes one descriptor that was sent over socket; name is the file's name.
func Receive(socket int, name string) (*os.File, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("receive %s: %w", name, err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(fmt.Errorf("receive %s: no descriptor", name), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.Join(fmt.Errorf("receive %s: no descriptor", name), err)
	}
	return os.NewFile(uintptr(fds[0]), name), nil
}
