package sandbox

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/cgroup"
	"pocket/runtime/resource"
)

// ErrNoTemplate says that a Spec's sandboxes can share nothing.
var ErrNoTemplate = boot.ErrNoTemplate

// Template is what sandboxes share that run one after the other: a user namespace, an empty network namespace and
// an assembled root that none of them can write to. Everything else each has of its own: the namespaces for
// processes, mounts, IPC, names and control groups, /proc and every folder in memory. Starting one is two to
// three times quicker so.
//
// A Template is for programs that may know of each other: what is not written anywhere, as a lock on a file of the
// root, is gone with the last process, but those of two people should not share one.
type Template struct {
	user *os.File
	base *boot.Template

	mutex  sync.Mutex
	group  *cgroup.Group // of the last sandbox, to be used again; nil: none
	held   []resource.Enforcement
	limits resource.Limits // of group
	last   *Process        // whose init may not have been waited for yet
}

// NewTemplate makes a template for specs with the same Root, IDs, UID, GID and Owners as this one, of which nothing
// else counts. The error is ErrNoTemplate where they cannot share anything: a root that can be written to, as
// a container's. It must be closed.
func NewTemplate(spec Spec) (*Template, error) {
	if spec.UserNS != nil || spec.HostUsers || spec.HostNetwork || spec.NetNS != nil {
		return nil, ErrNoTemplate
	}
	user, err := boot.UserNS(spec.IDs)
	if err != nil {
		return nil, err
	}
	base, err := boot.NewTemplate(boot.Plan{
		Root: spec.Root, UserNS: user, Owners: spec.Owners, Folder: -1,
		SetupUID: spec.IDs.UIDs[0].Inside, SetupGID: spec.IDs.GIDs[0].Inside, UID: spec.UID, GID: spec.GID,
	})
	if err != nil {
		return nil, errors.Join(err, user.Close())
	}
	return &Template{user: user, base: base}, nil
}

// Close gives everything back. No sandbox of the template may run.
func (t *Template) Close() error {
	err := t.settle()
	if t.group != nil {
		err = errors.Join(err, t.group.Remove())
	}
	return errors.Join(err, t.base.Close(), t.user.Close())
}

// settle waits for the end of the last sandbox's init, whose work the kernel goes on with when all else is dead.
func (t *Template) settle() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.last == nil {
		return nil
	}
	p := t.last
	t.last = nil
	return errors.Join(p.reap(), unix.Close(p.pidfd))
}

// groupFor is the last sandbox's group, if it had the same limits and is as good as new, or a new one.
func (t *Template) groupFor(spec Spec) (*cgroup.Group, []resource.Enforcement, error) {
	if g := t.group; g != nil {
		t.group = nil
		if t.limits == grouped(spec.Limits) && g.Renew() {
			return g, t.held, nil
		}
		if err := g.Remove(); err != nil {
			return nil, nil, err
		}
	}
	return spec.Groups.New(spec.Limits, false)
}

// grouped are those limits that a group can hold.
func grouped(l resource.Limits) resource.Limits {
	return resource.Limits{Memory: l.Memory, Swap: l.Swap, Reservation: l.Reservation, Processes: l.Processes,
		CPUs: l.CPUs, CPUPeriod: l.CPUPeriod, Shares: l.Shares, Cpuset: l.Cpuset}
}

// giveBack takes over what is left of a sandbox that has ended by itself.
func (t *Template) giveBack(p *Process, held []resource.Enforcement) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.last, t.group, t.held, t.limits = p, p.group, held, grouped(p.spec.Limits)
}
