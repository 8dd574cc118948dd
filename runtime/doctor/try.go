package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"pocket/runtime/boot"
	"pocket/runtime/cgroup"
	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
	"pocket/runtime/sandbox"
	"pocket/runtime/seccomp"
)

const sandboxes = "sandboxes"

// userNamespaces tries the mapping that containers get, then the one that always should work.
func userNamespaces() Finding {
	const name = "user namespaces"
	file, err := boot.UserNS(idmap.Default())
	if err == nil {
		return Finding{Name: name, Status: OK, Found: "made and mapped"}.close(file)
	}
	if file, singleErr := boot.UserNS(idmap.Single(0)); singleErr == nil {
		return failure(name, Degraded, err, "only a single id can be mapped").close(file)
	}
	return failure(name, Missing, err, "no container can run")
}

func (f Finding) close(file *os.File) Finding {
	_ = file.Close()
	return f
}

// script is what the trial program does: it looks at its own confinement.
const script = `grep -E '^(NoNewPrivs|Seccomp|CapBnd):' /proc/self/status; echo pid $$; hostname 2>/dev/null || cat /proc/sys/kernel/hostname`

func trial(groups *cgroup.Host, root rootfs.Plan, ids idmap.Map, args ...string) (string, error) {
	filter, err := seccomp.Grading().Compile(runtime.GOARCH, nil)
	if err != nil {
		return "", err
	}
	var out, errs bytes.Buffer
	p, err := sandbox.Start(sandbox.Spec{
		Args: args, Env: []string{"PATH=" + boot.DefaultPath}, Root: root, IDs: ids, Hostname: "doctor",
		Seccomp: filter, Groups: groups, Limits: resource.Limits{Wall: 10 * time.Second},
		Stdout: sandbox.Output{Writer: &out, Limit: resource.MiB}, Stderr: sandbox.Output{Writer: &errs, Limit: resource.MiB},
	})
	if err != nil {
		return "", err
	}
	exit, err := p.Wait()
	if err == nil && exit.Status() != 0 {
		err = fmt.Errorf("the trial program ended with %d: %s", exit.Status(), strings.TrimSpace(errs.String()))
	}
	return out.String(), err
}

// runs runs a program in a whole sandbox and reads what it says of itself.
func runs(groups *cgroup.Host) Finding {
	plan := rootfs.Host()
	plan.AddSystem(resource.MiB, false)
	out, err := trial(groups, plan, idmap.Default(), "sh", "-c", script)
	if err != nil {
		return failure(sandboxes, Missing, err, "no container can run")
	}
	for _, want := range []string{"NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000", "pid 2", "doctor"} {
		if !strings.Contains(out, want) {
			return failure(sandboxes, Missing, fmt.Errorf("a program inside does not see %q but: %s", want, strings.TrimSpace(out)), "the isolation is not what is promised")
		}
	}
	return Finding{Name: sandboxes, Status: OK, Found: "a program ran in new PID, mount, network, IPC, UTS and cgroup namespaces"}
}

func seccompFilter() Finding {
	const name = "seccomp"
	filter, err := seccomp.Default().Compile(runtime.GOARCH, nil)
	if err != nil {
		return failure(name, Missing, err, "system calls are not filtered")
	}
	return Finding{Name: name, Status: OK, Found: fmt.Sprintf("filters are installed; docker's default profile has %d instructions", len(filter.Instructions))}
}

// overlay mounts one with its upper layer where containers have theirs, and writes into it.
func overlay(dir string) Finding {
	const name = "overlay"
	const consequence = "each container of an image gets a copy of all its files: slower to make, and more on the disk"
	if err := makeFolder(dir); err != nil {
		return failure(name, Degraded, err, consequence)
	}
	base, err := os.MkdirTemp(dir, "doctor-")
	if err != nil {
		return failure(name, Degraded, hint.With(err, "set POCKET_ROOT to a folder that you may write to"), consequence)
	}
	defer os.RemoveAll(base)
	ids := idmap.Single(0)
	for _, d := range []string{"lower", "lower/usr", "upper", "work"} {
		path := filepath.Join(base, d)
		if err := errors.Join(os.Mkdir(path, 0o755), own(path, ids)); err != nil {
			return failure(name, Degraded, err, consequence)
		}
	}
	plan := rootfs.Image([]string{filepath.Join(base, "lower")}, filepath.Join(base, "upper"), filepath.Join(base, "work"))
	view := rootfs.Host()
	for _, m := range view.Mounts[1:] {
		if !strings.HasPrefix(m.Target, "/etc/") {
			plan.Mounts = append(plan.Mounts, m)
		}
	}
	plan.Links = view.Links
	plan.AddSystem(resource.MiB, false)
	if _, err := trial(nil, plan, ids, "sh", "-c", "echo x > /written && rm -r /written"); err != nil {
		return failure(name, Degraded, err, consequence)
	}
	return Finding{Name: name, Status: OK, Found: "native, in the user namespace, on " + dir}
}

func own(path string, ids idmap.Map) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(path, idmap.Host(ids.UIDs, 0), idmap.Host(ids.GIDs, 0))
}
