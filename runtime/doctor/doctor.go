// Package doctor tells what this host can enforce, and what to change.
//
// Everything is found out by doing it: a namespace is made, a limit is written and read back, a program is
// run. Nothing is concluded from who the caller is or what a version number promises.
package doctor

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/resource"
)

// Status says how good a finding is.
type Status string

// The statuses, best first.
const (
	OK       Status = "ok"
	Degraded Status = "degraded" // works, but weaker or slower
	Missing  Status = "missing"  // does not work
)

// Finding is one line of the report.
type Finding struct {
	Name        string `json:"name"`
	Status      Status `json:"status"`
	Found       string `json:"found"`                 // what is there
	Consequence string `json:"consequence,omitempty"` // what it means for the user, when not ok
	Fix         string `json:"fix,omitempty"`         // what to do about it, to copy where possible
}

// Report is the whole examination.
type Report struct {
	Findings []Finding `json:"findings"`
}

// Usable says whether containers can run at all.
func (r Report) Usable() bool {
	for _, f := range r.Findings {
		if f.Name == sandboxes && f.Status == Missing {
			return false
		}
	}
	return true
}

// Check examines this host for the calling user. dir is the state folder.
func Check(dir string) Report {
	groups := cgroup.Detect()
	r := &Report{}
	r.add(kernel())
	r.add(identity())
	if os.Geteuid() != 0 {
		r.add(mapTools())
	}
	namespaces, trial := userNamespaces(), runs(groups)
	r.add(namespaces)
	r.appArmor(namespaces.Status != Missing)
	r.add(trial)
	r.add(procMounts(trial.Status == OK))
	r.add(anonymousFile())
	r.add(seccompFilter())
	r.add(delegation(groups))
	r.controllers(groups)
	r.add(overlay(dir))
	r.examineStore(dir)
	r.add(pasta())
	r.add(program("download", "pull cannot fetch images; archives that are here already can be used",
		"apt-get install curl", "curl", "wget"))
	return *r
}

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

// failure makes a finding of an error, with the error's hint as the fix.
func failure(name string, status Status, err error, consequence string) Finding {
	return Finding{Name: name, Status: status, Found: err.Error(), Consequence: consequence, Fix: hint.Of(err)}
}

func kernel() Finding {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return failure("kernel", Missing, err, "nothing works")
	}
	f := Finding{Name: "kernel", Status: OK, Found: "Linux " + unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])}
	// Called with arguments that a kernel which has the call refuses with another error than ENOSYS.
	for _, c := range []struct {
		name string
		err  error
	}{
		{"mount_setattr", unix.MountSetattr(-1, "", 0, &unix.MountAttr{})},
		{"close_range", unix.CloseRange(1<<31-2, 1<<31-1, 0)},
		{"pidfd_open", second(unix.PidfdOpen(-1, 0))},
		{"openat2", second(unix.Openat2(-1, "", &unix.OpenHow{}))},
	} {
		if errors.Is(c.err, unix.ENOSYS) {
			f.Status, f.Consequence = Missing, "sandboxes need "+c.name
			f.Fix = "use Linux 5.12 or later"
		}
	}
	return f
}

func second(_ int, err error) error { return err }

func identity() Finding {
	f := Finding{Name: "identity", Status: OK}
	m := idmap.Default()
	who := fmt.Sprintf("uid %d", os.Geteuid())
	if count := m.UIDs[len(m.UIDs)-1].Count; count > 1 {
		f.Found = who + ", " + m.Reason
		return f
	}
	f.Status, f.Found = Degraded, who+", "+m.Reason
	f.Consequence = "a container has one user, its root; others' files in images become root's"
	f.Fix = fmt.Sprintf("as root: apt-get install uidmap; echo %d:%d:65536 | tee -a /etc/subuid /etc/subgid", os.Geteuid(), idmap.Free())
	return f
}

// controllers reports each limit with what will hold it.
func (r *Report) controllers(h *cgroup.Host) {
	group, held, err := h.New(resource.Limits{Memory: 64 * resource.MiB, Processes: 16, CPUs: 0.5, Cpuset: firstCPU()}, true)
	if err != nil {
		r.add(failure("a control group", Degraded, err, "limits are held by the weaker means below"))
		group, held, _ = (*cgroup.Host)(nil).New(resource.Limits{}, false)
	}
	by := map[string]resource.Enforcement{}
	for _, e := range held {
		by[e.Limit] = e
	}
	_, _, counted := group.CPU()
	_, oom := group.OOMKills()
	_, frozen := group.Freeze()
	frozen = errors.Join(frozen, group.Thaw())
	block := group.Stats().BlockRead
	if err := group.Remove(); err != nil {
		r.add(failure("a control group", Degraded, err, "groups may be left behind"))
	}
	limit := func(name, key string, c cgroup.Controller, fallback, consequence string) {
		if e, ok := by[key]; ok {
			r.add(Finding{Name: name, Status: OK, Found: fmt.Sprintf("%s, read back %s in %s", e.By, e.Enforced, c.Dir)})
			return
		}
		f := Finding{Name: name, Status: Degraded, Found: fallback, Consequence: consequence}
		if c.Reason != nil {
			f.Found, f.Fix = fallback+" ("+c.Reason.Error()+")", hint.Of(c.Reason)
		}
		r.add(f)
	}
	limit("memory limit", "memory", h.Memory, "polled every 2 ms", "a quick program can use more for a moment; what is not in a process's own pages is bounded only by the size of each tmpfs, and what pipes and sockets buffer by the numbers of processes and open files")
	limit("process limit", "processes", h.Pids, "RLIMIT_NPROC in a user namespace of its own", "one process more than asked for may start")
	limit("cpu share", "cpus", h.CPU, "affinity to whole cores", "--cpus 0.5 gives one core, and programs can choose more")
	limit("processors", "cpuset", h.Cpuset, "affinity", "--cpuset-cpus is kept by what the program leaves of it: it may choose others")
	r.add(known("pause", frozen == nil, "the control group's freezer, tried", "SIGSTOP to each process",
		"pause can be noticed inside, and a process that is made meanwhile may run for a moment", h.Freezer))
	r.add(known("block I/O", block.Known(), "counted by the control group", "not counted",
		"stats shows no block I/O", h.Block))
	r.add(known("cpu time", counted, "counted by the control group", "clocks of living processes and rusage of dead ones",
		"time of processes that ignore SIGCHLD may be missed", h.Account))
	r.add(known("OOM detection", oom, "the kernel's count of OOM kills", "unknown",
		"a container's OOM flag says unknown; the grader judges by the peak it saw", h.Memory))
}

// firstCPU is a processor that we may use, for a trial: not always 0.
func firstCPU() string {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil || set.Count() == 0 {
		return "0"
	}
	n := 0
	for !set.IsSet(n) {
		n++
	}
	return strconv.Itoa(n)
}

func known(name string, ok bool, strong, weak, consequence string, c cgroup.Controller) Finding {
	if ok {
		return Finding{Name: name, Status: OK, Found: strong}
	}
	f := Finding{Name: name, Status: Degraded, Found: weak, Consequence: consequence}
	if c.Reason != nil {
		f.Fix = hint.Of(c.Reason)
	}
	return f
}
