package sandbox

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
)

// live is what may be asked of a running sandbox by several goroutines at once.
type live struct {
	stopped []stopped // what Pause stopped by signals
	paused  bool
	how     string
}

// Pause stops every process of the sandbox where it stands, until Resume or the sandbox's end, and says what
// does it: the kernel's freezer, or, where there is none, SIGSTOP to each process. A process can see the
// latter: its parent, if that waits for stopped children, and itself when it goes on (SIGCONT). Pausing a
// paused sandbox is no error.
//
// The clock of a wall limit goes on meanwhile.
func (p *Process) Pause() (by string, err error) {
	if !p.group.CanFreeze() {
		_ = p.Started() // what the init has yet to start could not be stopped, and would run on; its failure is Wait's
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.ended() {
		return "", os.ErrProcessDone
	}
	if p.live.paused {
		return p.live.how, nil
	}
	if p.group.CanFreeze() {
		by, err = p.group.Freeze()
	} else {
		by = "SIGSTOP"
		p.live.stopped, err = p.stopAll()
	}
	if err != nil {
		return "", fmt.Errorf("pause the sandbox: %w", err)
	}
	p.live.paused, p.live.how = true, by
	return by, nil
}

// Resume lets a paused sandbox go on. It is no error when it runs.
func (p *Process) Resume() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.ended() {
		return os.ErrProcessDone
	}
	return p.resume()
}

func (p *Process) resume() error {
	if !p.live.paused {
		return nil
	}
	err := errors.Join(p.group.Thaw(), continueAll(p.live.stopped))
	if err != nil {
		return fmt.Errorf("resume the sandbox: %w", err)
	}
	p.live = live{}
	return nil
}

// Paused says whether the sandbox is paused.
func (p *Process) Paused() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.live.paused
}

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// end kills everything. What the v1 freezer holds dies only once it is thawed.
func (p *Process) end() {
	_ = unix.PidfdSendSignal(p.pidfd, unix.SIGKILL, nil, 0) // gone already: the report comes
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.live.paused {
		_ = p.group.Thaw() // a group that is gone needs none
	}
}

// Stats says what the sandbox uses now. What no control group tells is read from its processes where
// that is possible: CPU time ("clocks"), memory ("rss", "pss"), the number of processes and threads ("proc").
func (p *Process) Stats() (resource.Stats, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.ended() {
		return resource.Stats{}, os.ErrProcessDone
	}
	s := p.group.Stats()
	s.Paused = p.live.paused
	if s.CPU.Known() {
		s.CPU.Value = max(0, s.CPU.Value-int64(p.meter.spent))
	}
	if s.CPU.Known() && s.Memory.Known() && s.Processes.Known() {
		return s, nil
	}
	seen := p.look()
	s.CPU = s.CPU.Or(resource.Read(int64(seen.cpu), "clocks", true))
	s.Memory = s.Memory.Or(resource.Read(int64(seen.memory), seen.source, true))
	s.Processes = s.Processes.Or(resource.Read(seen.threads, "proc", true))
	s.MemoryLimit = s.MemoryLimit.Or(resource.Read(int64(p.limits.Memory), "poll", p.limits.Memory > 0))
	s.ProcessLimit = s.ProcessLimit.Or(resource.Read(int64(p.limits.Processes), "rlimit", p.limits.Processes > 0))
	return s, nil
}

// Update changes the limits that are not zero in l (Processes and Swap of Unlimited take the limit away) and
// returns how each is held now. A limit that only the start can set is an error, before anything is changed;
// after an error of the kernel's, some may be changed.
func (p *Process) Update(l resource.Limits) ([]resource.Enforcement, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.ended() {
		return nil, os.ErrProcessDone
	}
	if err := updatable(l); err != nil {
		return nil, err
	}
	all := l.Merge(p.limits)
	if err := errors.Join(all.Check(), CheckCPUs(l.Cpuset)); err != nil {
		return nil, err
	}
	held, err := p.group.Update(l)
	if err != nil {
		return nil, fmt.Errorf("update the limits: %w", err)
	}
	more, err := p.weaker(l, held)
	if err != nil {
		return nil, fmt.Errorf("update the limits: %w", err)
	}
	changed := append(held, more...)
	p.limits = all
	p.held = replaced(p.held, changed)
	select { // never full for long: one value, replaced
	case <-p.changed:
	default:
	}
	p.changed <- all
	return changed, nil
}

func (p *Process) limitsNow() resource.Limits {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.limits
}

// updatable refuses what cannot be changed under a running program.
func updatable(l resource.Limits) error {
	for _, fixed := range []struct {
		set  bool
		name string
	}{
		{l.CPU != 0, "cpu"}, {l.Output != 0, "output"}, {l.Files != 0, "files"}, {l.OpenFiles != 0, "open files"},
		{l.Stack != 0, "stack"}, {l.FileSize != 0, "file size"},
	} {
		if fixed.set {
			return fmt.Errorf("the limit %s cannot be changed while the program runs", fixed.name)
		}
	}
	return nil
}

// weaker holds those limits that no control group took.
func (p *Process) weaker(l resource.Limits, held []resource.Enforcement) ([]resource.Enforcement, error) {
	rlimits, mask, more := fallback(l, held)
	var all []error
	for _, process := range p.members() {
		for _, r := range rlimits {
			if r.Resource == unix.RLIMIT_NPROC {
				limit := r.Rlimit
				all = append(all, unless(unix.Prlimit(process, r.Resource, &limit, nil), unix.ESRCH))
			}
		}
		if mask != nil {
			all = append(all, affine(process, mask))
		}
	}
	return more, errors.Join(all...)
}

func unless(err error, harmless unix.Errno) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

// replaced puts the new enforcements in the places of the old ones of the same limits.
func replaced(old, changed []resource.Enforcement) []resource.Enforcement {
	list := append([]resource.Enforcement(nil), old...)
	for _, e := range changed {
		found := false
		for i := range list {
			if list[i].Limit == e.Limit {
				list[i], found = e, true
			}
		}
		if !found {
			list = append(list, e)
		}
	}
	return list
}

// patience is how long stopping every process by signals may take.
const patience = 10 * time.Second
