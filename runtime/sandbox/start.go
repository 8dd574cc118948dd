package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/cgroup"
	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
)

// UserNamespace makes a user namespace with the given map, for Spec.Owners. It lives as long as the file.
func UserNamespace(m idmap.Map) (*os.File, error) { return boot.UserNS(m) }

// Process is a running sandbox.
type Process struct {
	// Terminal is the outer end of the program's terminal, when the Spec asked for one.
	Terminal *os.File
	// Kept is the descriptor of the Spec's Keep folder.
	Kept *os.File

	spec     Spec
	pid      int // of the init, in our PID namespace
	pidfd    int
	group    *cgroup.Group
	shared   []resource.Enforcement // of held, what the group holds, where a Template keeps it
	held     []resource.Enforcement
	meter    meter
	started  time.Time // with the monotonic clock
	result   *os.File
	streams  []*stream
	over     chan Reason // a stream asks for the end
	kill     chan struct{}
	once     sync.Once
	stepped  chan struct{} // without an init: closed when it is known whether the program was executed
	reported chan struct{} // closed when it is known how the program ended
	refused  *ExecError    // why it was not executed, once reported is closed
	done     chan struct{}
	exit     Exit
	err      error

	listener *listener // nil: none

	direct     *linux.Report // without an init: how our child, the program, ended
	reapFailed error

	mutex   sync.Mutex // for what follows, and for held
	live    live
	limits  resource.Limits
	changed chan resource.Limits // what Update made of them
}

// Start starts the sandbox. When it returns an error, nothing of it is left; the error names the step
// that failed and carries a hint where one is known. Every started Process must be waited for.
func Start(spec Spec) (*Process, error) {
	if len(spec.Args) == 0 || spec.Args[0] == "" {
		return nil, errors.New("no program to run")
	}
	if spec.NoInit && spec.Seccomp != nil && spec.Seccomp.Notify {
		return nil, errors.New("a profile that only tells what it refuses needs the init, which starts the program when somebody listens")
	}
	p := &Process{spec: spec, pidfd: -1, kill: make(chan struct{}), done: make(chan struct{}), reported: make(chan struct{}), stepped: make(chan struct{}), over: make(chan Reason, 2),
		limits: spec.Limits, changed: make(chan resource.Limits, 1)}
	files := &files{}
	defer files.close()
	if err := p.start(files); err != nil {
		return nil, errors.Join(err, p.abandon())
	}
	go p.supervise()
	return p, nil
}

func (p *Process) start(files *files) error {
	if err := failpoint.At("sandbox.users"); err != nil {
		return err
	}
	userNS, err := p.userNS(files)
	if err != nil {
		return err
	}
	if err := failpoint.At("sandbox.group"); err != nil {
		return fmt.Errorf("make a control group: %w", err)
	}
	if err := p.makeGroup(); err != nil {
		return err
	}
	plan, err := p.plan(userNS)
	if err != nil {
		return err
	}
	if p.spec.HostUsers && p.spec.Root.Mounts[0].Kind == rootfs.Overlay {
		if plan.Stored, err = boot.UserNS(idmap.Shifted()); err != nil {
			return err
		}
		files.own(plan.Stored)
	}
	if err := p.strict(); err != nil {
		return err
	}
	if err := failpoint.At("sandbox.pipes"); err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	if err := p.connect(&plan, files); err != nil {
		return err
	}
	p.started = time.Now()
	if err := failpoint.At("sandbox.spawn"); err != nil {
		return fmt.Errorf("clone: %w", err)
	}
	var spent time.Duration
	if p.pid, spent, err = boot.Spawn(plan); err != nil {
		return err
	}
	if err := failpoint.At("sandbox.pidfd"); err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	if p.pidfd, err = unix.PidfdOpen(p.pid, 0); err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	if err := failpoint.At("sandbox.receive"); err != nil {
		return err
	}
	if err := p.receive(plan, files); err != nil {
		return err
	}
	p.meter = newMeter(p.group, p.pid, spent, p.spec.Root)
	if err := failpoint.At("sandbox.settle"); err != nil {
		return err
	}
	ours := 1
	if p.spec.NoInit {
		p.meter.tree.direct, ours = true, 0
	}
	return p.group.Settle(p.spec.Limits, ours)
}

func (p *Process) makeGroup() (err error) {
	if t := p.spec.Template; t != nil {
		if err := t.settle(); err != nil {
			return err
		}
		p.group, p.shared, err = t.groupFor(p.spec)
		p.held = slices.Clip(p.shared)
		return err
	}
	p.group, p.held, err = p.spec.Groups.New(p.spec.Limits, p.spec.Live)
	return err
}

// userNS is the Spec's user namespace, or a new one.
func (p *Process) userNS(files *files) (*os.File, error) {
	if p.spec.Template != nil {
		return p.spec.Template.user, nil
	}
	if p.spec.UserNS != nil || p.spec.HostUsers {
		return p.spec.UserNS, nil
	}
	made, err := boot.UserNS(p.spec.IDs)
	if err == nil {
		files.own(made)
	}
	return made, err
}

// plan translates the Spec for package boot.
func (p *Process) plan(userNS *os.File) (boot.Plan, error) {
	s := p.spec
	plan := boot.Plan{
		Root: s.Root, UserNS: userNS, Owners: s.Owners, Entries: p.group.Entries(), Folder: p.group.Folder(),
		SetupUID: s.IDs.UIDs[0].Inside, SetupGID: s.IDs.GIDs[0].Inside, UID: s.UID, GID: s.GID, Supplementary: s.Supplementary,
		HostNetwork: s.HostNetwork, NetNS: s.NetNS, Loopback: s.Loopback, Hostname: s.Hostname, Domainname: s.Domain, Dir: s.Dir,
		Capabilities: s.Capabilities, Handout: -1, Terminal: s.Terminal, Keep: s.Keep, Args: s.Args, Env: s.Env,
		Template: base(s.Template), Filter: s.Seccomp, Rows: s.Rows, Cols: s.Cols, OOMScore: s.OOMScore, NoInit: s.NoInit,
	}
	if plan.Hostname == "" {
		plan.Hostname = "sandbox"
	}
	if plan.Dir == "" {
		plan.Dir = "/"
	}
	var fallbacks []resource.Enforcement
	var mask *unix.CPUSet
	plan.Rlimits, mask, fallbacks = fallback(s.Limits, p.held)
	if mask != nil {
		plan.Affinity = linux.MaskBytes(mask)
	}
	var asked []resource.Enforcement
	var err error
	plan.Rlimits, plan.Raised, asked, err = ulimits(plan.Rlimits, s.Ulimits)
	p.held = append(append(p.held, fallbacks...), asked...)
	return plan, errors.Join(err, checkOOMScore(s.OOMScore), CheckCPUs(s.Limits.Cpuset))
}

func base(t *Template) *boot.Template {
	if t == nil {
		return nil
	}
	return t.base
}

func (p *Process) strict() error {
	var weak []resource.Enforcement
	for _, e := range p.held {
		if !e.Firm() {
			weak = append(weak, e)
		}
	}
	if p.spec.Strict && len(weak) > 0 {
		return hint.With(&NotEnforced{weak}, "leave --strict-limits out to run with what there is; pocket-docker doctor tells how to get more")
	}
	return nil
}

// connect makes the pipes and puts the inner ends into the plan.
func (p *Process) connect(plan *boot.Plan, files *files) (err error) {
	if p.result, err = files.result(plan); err != nil {
		return err
	}
	if p.spec.Terminal || p.spec.Keep != "" || p.notifies() {
		if plan.Handout, err = files.socket(); err != nil {
			return err
		}
	}
	if !p.spec.Terminal {
		p.streams, err = files.stdio(plan, p.spec.Stdin, p.spec.Stdout, p.spec.Stderr, p.over)
	}
	return err
}

// receive takes what the set-up handed out.
func (p *Process) receive(plan boot.Plan, files *files) (err error) {
	if p.spec.Keep != "" {
		if p.Kept, err = linux.Receive(files.outer, p.spec.Keep); err != nil {
			return err
		}
	}
	if p.spec.Terminal {
		p.Terminal, err = linux.Receive(files.outer, "terminal")
		if err == nil {
			// For the poller, so that a read ends when the terminal is closed.
			err = unix.SetNonblock(int(p.Terminal.Fd()), true)
		}
	}
	if p.notifies() && err == nil {
		p.listener = &listener{init: uint32(p.pid), counts: map[int32]int64{}}
		p.listener.file, err = linux.Receive(files.outer, "listener")
	}
	return err
}

func (p *Process) notifies() bool { return p.spec.Seccomp != nil && p.spec.Seccomp.Notify }

// abandon undoes a start that failed half-way.
func (p *Process) abandon() error {
	var failed error
	if p.pid > 0 {
		_ = unix.Kill(p.pid, unix.SIGKILL) // unreaped, so it is ours
		_, _ = wait(p.pid)
	}
	if p.group != nil {
		failed = p.group.Remove()
	}
	for _, s := range p.streams {
		failed = errors.Join(failed, s.from.Close())
	}
	for _, f := range []*os.File{p.result, p.Kept, p.Terminal} {
		if f != nil {
			failed = errors.Join(failed, f.Close())
		}
	}
	if p.listener != nil && p.listener.file != nil {
		failed = errors.Join(failed, p.listener.file.Close())
	}
	if p.pidfd >= 0 {
		failed = errors.Join(failed, unix.Close(p.pidfd))
	}
	return failed
}
