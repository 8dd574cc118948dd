package boot

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/rootfs"
)

// Template is namespaces that are set up once for sandboxes that run one after the other: a mount namespace with
// the assembled root, of which each sandbox gets a copy of its own, and an empty network namespace. No process
// is in them.
type Template struct {
	user       *os.File
	mount, net *os.File
	own        rootfs.Plan
}

// ErrNoTemplate says that a plan's root cannot be shared. See rootfs.Plan.Split.
var ErrNoTemplate = errors.New("the root file system cannot be shared by several sandboxes")

// NewTemplate assembles the root of a plan in namespaces that belong to its UserNS, which must stay open as long
// as the template is used. Of the plan, what describes the program does not count. It must be closed.
func NewTemplate(plan Plan) (*Template, error) {
	t := &Template{user: plan.UserNS}
	shared, own, ok := plan.Root.Split()
	if !ok || plan.UserNS == nil || plan.HostNetwork || plan.NetNS != nil {
		return nil, ErrNoTemplate
	}
	plan.Root, t.own = shared, own
	plan.Dir, plan.Keep, plan.Entries, plan.Folder = "/", "", nil, -1
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer r.Close()
	c := newComposer(plan)
	c.sharing = true
	pid, err := c.hold(r)
	if err != nil {
		w.Close()
		return nil, err
	}
	defer func() {
		w.Close() // the holder reads the end and exits
		_, _ = unix.Wait4(pid, nil, 0, nil)
	}()
	if t.mount, err = openNamespace(pid, "mnt"); err != nil {
		return nil, err
	}
	if t.net, err = openNamespace(pid, "net"); err != nil {
		return nil, errors.Join(err, t.mount.Close())
	}
	return t, nil
}

// hold makes the process that has the namespaces until r ends.
func (c *composer) hold(r *os.File) (int, error) {
	defer c.closeLayers()
	if err := c.assemble(); err != nil {
		return 0, err
	}
	done, err := wait(c.inner, r)
	if err != nil {
		return 0, err
	}
	defer done()
	pid, _, err := c.spawn(c.outline(c.flags()))
	return pid, err
}

// openNamespace opens a namespace of a process at a descriptor that a Program may refer to.
func openNamespace(pid int, kind string) (*os.File, error) {
	name := fmt.Sprintf("/proc/%d/ns/%s", pid, kind)
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer unix.Close(fd)
	high, err := linux.Lift(uintptr(fd))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(high), kind+" namespace"), nil
}

// Close lets the namespaces go. Sandboxes that still run keep theirs.
func (t *Template) Close() error { return errors.Join(t.mount.Close(), t.net.Close()) }

// copied makes the lists of a sandbox whose root is a copy of the template's: what is read-only is there, and
// what can be written to is made anew.
func (c *composer) copied() error {
	c.Root = c.Template.own
	c.add("clear the umask", unix.SYS_UMASK, 0)
	sources := c.sources()
	for _, s := range sources {
		c.made[s.Target] = true
	}
	c.place(sources)
	return c.program()
}

// enterTemplate goes to where the root is. The network namespace comes first: from then on its owner's is the only
// view of the host's.
func (c *composer) enterTemplate(p *linux.Program) {
	for _, one := range []struct {
		step string
		file *os.File
		kind int
	}{
		{"enter the template's network namespace", c.Template.net, unix.CLONE_NEWNET},
		{"enter the template's mount namespace", c.Template.mount, unix.CLONE_NEWNS},
	} {
		p.Add(linux.Call{Step: one.step, Nr: unix.SYS_SETNS, Args: []any{int(one.file.Fd()), one.kind}})
	}
}
