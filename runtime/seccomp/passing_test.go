package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestPassingLetsOneDescriptorPass(t *testing.T) {
	p, err := Parse([]byte(`{"defaultAction":"SCMP_ACT_ERRNO"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		f, err := p.Notified().compile(target{arch, nil, kernel{6, 1}})
		if err != nil || !f.Notify {
			t.Fatalf("%s: %+v %v", arch, f, err)
		}
		send, _ := Number(arch, "sendmsg")
		exec, _ := Number(arch, "execveat")
		program := f.Passing(map[int]int{send: 20, exec: 21})
		if err := verify(program); err != nil {
			t.Fatal(err)
		}
		const told = unix.SECCOMP_RET_USER_NOTIF
		for _, c := range []struct {
			nr, arch uint32
			fd       uint64
			want     action
		}{
			{uint32(send), native[arch], 20, allow}, {uint32(exec), native[arch], 21, allow},
			{uint32(send), native[arch], 21, told}, {uint32(exec), native[arch], 20, told}, {1000, native[arch], 20, told},
			{uint32(send), 0x40000003, 20, killed},
		} {
			if got, _ := run(program, entry{nr: c.nr, arch: c.arch, args: args(c.fd)}); got != c.want {
				t.Errorf("%s: %+v: %#x", arch, c, got)
			}
		}
	}
}
