// Package runner runs the judge's jobs in sandboxes.
//
// It is where grading's promises meet the kernel: the root file system is read-only, the submission and a
// case's volumes are read-only, answers are never inside, no descriptor of a host file is handed in, and
// every job starts with empty private folders.
package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"

	"pocket/grader"
	"pocket/runtime/cgroup"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
	"pocket/runtime/sandbox"
	"pocket/runtime/seccomp"
	"pocket/runtime/state"
)

// Inside a grading sandbox the program is this user, without any capability.
const (
	user = 1000
	home = "/work"
	kept = "/work/out"
)

// Runner implements grader.Runner for one suite's root file system.
type Runner struct {
	root     func() (rootfs.Plan, error)
	identity string
	groups   *cgroup.Host
	ids      idmap.Map
	filter   *seccomp.Filter
	series   series
	owners   *os.File // where root grades: makes root's files the student's, so that a 0600 file can be read
}

var _ grader.Runner = (*Runner)(nil)

// New prepares to run jobs within a root file system: "host", an image's name, an archive or a folder. An
// archive is unpacked on first use; progress, which may be nil, is told of it.
func New(ctx context.Context, rootFS string, progress image.Progress) (*Runner, error) {
	r := &Runner{groups: cgroup.Detect(), ids: idmap.Single(user)}
	var err error
	var found image.Image
	if r.root, found, err = resolve(ctx, rootFS, progress); err != nil {
		return nil, err
	}
	r.identity = identity(found, r.groups.Memory.Version)
	if os.Geteuid() == 0 {
		own := []idmap.Range{{Inside: 0, Outside: idmap.RootBase + user, Count: 1}}
		if r.owners, err = sandbox.UserNamespace(idmap.Map{UIDs: own, GIDs: own}); err != nil {
			return nil, err
		}
	}
	profile := seccomp.Grading()
	if r.groups.Memory.Version == 0 {
		profile = seccomp.GradingStrict() // memory that no poller sees must not be had
	}
	if r.filter, err = profile.Compile(runtime.GOARCH, nil); err != nil {
		return nil, fmt.Errorf("compile the seccomp profile: %w", err)
	}
	return r, nil
}

// resolve finds the root file system once and returns how a plan of it is made for each job.
func resolve(ctx context.Context, rootFS string, progress image.Progress) (func() (rootfs.Plan, error), image.Image, error) {
	student := rootfs.Person{Name: "student", UID: user, GID: user, Home: home}
	if rootFS == "" || rootFS == string(image.Host) {
		return func() (rootfs.Plan, error) { return rootfs.Host(student), nil }, image.Image{Kind: image.Host, Dir: "/"}, nil
	}
	dir, err := state.Dir()
	if err != nil {
		return nil, image.Image{}, err
	}
	db, err := state.Open(dir)
	if err != nil {
		return nil, image.Image{}, err
	}
	images := image.Open(dir, db, idmap.Default())
	found, err := images.Resolve(ctx, rootFS, progress)
	if err == nil {
		err = found.CheckArchitecture()
	}
	tree := ""
	if err == nil {
		tree, err = images.Tree(ctx, found, progress)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, image.Image{}, err
	}
	return func() (rootfs.Plan, error) { return rootfs.View(tree) }, found, nil
}

// Run runs a job. See grader.Runner.
func (r *Runner) Run(ctx context.Context, job grader.Job) (o grader.Outcome) {
	if err := ctx.Err(); err != nil {
		return grader.Outcome{Err: err, Interrupted: true}
	}
	input, err := stdin(job.Stdin)
	if err != nil {
		return grader.Outcome{Err: err}
	}
	defer input.Close()
	spec, err := r.spec(job)
	if err != nil {
		return grader.Outcome{Err: err}
	}
	if !job.Compile { // one that compiles is alone with its files
		seen := sight(job)
		if spec.Template, err = r.series.borrow(seen, spec); err != nil {
			return grader.Outcome{Err: err}
		}
		if spec.Template != nil {
			defer func() { o.Err = errors.Join(o.Err, r.series.giveBack(seen, spec.Template)) }()
		}
	}
	out, tail := &capture{}, &tail{}
	spec.Stdin = input
	spec.Stdout = sandbox.Output{Writer: out, Limit: job.Limits.Output}
	spec.Stderr = sandbox.Output{Writer: tail, Limit: job.Limits.Output}
	process, err := sandbox.Start(spec)
	if err != nil {
		return notStarted(job, err)
	}
	stop := context.AfterFunc(ctx, process.Kill)
	exit, err := process.Wait()
	stop()
	o = left(process, job, exit, err)
	if o.Err == nil && o.Refused == "" && exit.Reason == sandbox.Interrupted {
		return grader.Outcome{Err: context.Cause(ctx), Interrupted: true}
	}
	o.Stdout, o.Stderr = out.bytes(), tail.bytes()
	return o
}

// left is the outcome of a process that has ended, with what it left in files.
func left(process *sandbox.Process, job grader.Job, exit sandbox.Exit, err error) grader.Outcome {
	if process.Kept != nil {
		defer process.Kept.Close()
	}
	if tooLong(job, err) {
		return notStarted(job, err)
	}
	o := outcome(exit, err)
	if o.Err != nil || exit.Reason == sandbox.Interrupted {
		return o
	}
	if job.Save != "" && o.ExitCode == 0 && o.Signal == "" && o.Limit == grader.NoLimit {
		who := "the program"
		if job.Compile {
			who = "the compiler"
		}
		err = save(process.Kept, job.Save, job.Limits.Files, who)
		if refused := refusal(""); errors.As(err, &refused) {
			o.Refused = string(refused)
			return o
		}
		o.Err = err
	}
	if len(job.Collect) > 0 {
		o.Collected = collect(process.Kept, job.Collect)
	}
	return o
}

// ofTheHost is what no program needs and tells one machine from another, or what happens on it (proc(5)): how it
// was started, which may name addresses and passwords, which start this is, its disks, and which files are locked.
var ofTheHost = []string{"/cmdline", "/diskstats", "/locks", "/partitions", "/swaps", "/sys/kernel/random/boot_id"}

// spec composes the sandbox of a job.
func (r *Runner) spec(job grader.Job) (sandbox.Spec, error) {
	plan, err := r.root()
	if err != nil {
		return sandbox.Spec{}, err
	}
	files := job.Limits.Files
	plan.AddSystem(min(files, 16*resource.MiB), false)
	plan.Blank = ofTheHost
	plan.AddTmp("/tmp", files, 0o1777)
	plan.AddTmp(home, files, 0o755)
	mounts := job.Mounts
	if job.Build != "" {
		mounts = append(mounts[:len(mounts):len(mounts)], grader.Volume{Host: job.Build, Target: "/build"})
	}
	for _, m := range mounts {
		bind, err := volume(m)
		if err != nil {
			return sandbox.Spec{}, err
		}
		plan.Mounts = append(plan.Mounts, bind)
		for _, mask := range m.Masks {
			plan.Masks = append(plan.Masks, path.Join(m.Target, mask))
		}
	}
	spec := sandbox.Spec{
		Args: job.Args, Env: environment(job.Env), Dir: home, Hostname: "grade", Root: plan,
		IDs: r.ids, UID: user, GID: user, Owners: r.owners, Seccomp: r.filter, Groups: r.groups, Limits: r.limits(job),
	}
	if job.Save != "" || len(job.Collect) > 0 {
		spec.Keep = kept
	}
	return spec, nil
}

// limits completes the job's limits with what nobody asks for by name but hostile programs use up.
func (r *Runner) limits(job grader.Job) resource.Limits {
	l := job.Limits
	// Half the memory for the stack: recursion without end is then a SIGSEGV, not an out-of-memory.
	more := resource.Limits{OpenFiles: 1024, Stack: min(l.Memory/2, 256*resource.MiB)}
	if r.groups.Memory.Version == 0 && !job.Compile {
		more.OpenFiles = 64 // what sockets and pipes buffer is not counted here
	}
	return l.Merge(more)
}
