package boot

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/internal/linux"
)

// UserNS makes a user namespace with the mapping and returns it as a file. It lives as long as the file is
// open or a process is in it. The namespace is made by a child that holds it open until its map is
// written, which for a range only a process outside may do.
func UserNS(m idmap.Map) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer r.Close()
	pid, err := spawnHolder(r)
	if err != nil {
		w.Close()
		return nil, cure(fmt.Errorf("make a user namespace: %w", err))
	}
	defer func() {
		w.Close() // the holder reads the end and exits
		_, _ = unix.Wait4(pid, nil, 0, nil)
	}()
	if err := writeMaps(pid, m); err != nil {
		return nil, cure(err)
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/%d/ns/user", pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the user namespace: %w", err)
	}
	return os.NewFile(uintptr(fd), "user namespace"), nil
}

func spawnHolder(r *os.File) (int, error) {
	p := &linux.Program{}
	done, err := wait(p, r)
	if err != nil {
		return 0, err
	}
	defer done()
	return (&linux.Spawn{Flags: unix.CLONE_NEWUSER, Cgroup: -1, Outer: p}).Run()
}

// wait ends a program with steps by which its process becomes one that waits for the end of r and exits.
// What it returns is to be called when the process is made.
func wait(p *linux.Program, r *os.File) (done func(), err error) {
	init, err := linux.InitFile()
	if err != nil {
		return nil, err
	}
	high, err := linux.Lift(r.Fd())
	if err != nil {
		return nil, err
	}
	p.Add(
		linux.Call{Step: "give the holder its input", Nr: unix.SYS_DUP3, Args: []any{high, 0, 0}},
		linux.Call{Step: "close the descriptors", Nr: unix.SYS_CLOSE_RANGE, Args: []any{1, ^uint(0) >> 32, unix.CLOSE_RANGE_CLOEXEC}},
		linux.Call{Step: "start the holder", Nr: unix.SYS_EXECVEAT, Args: []any{int(init.Fd()), "", []string{"init"}, []string{}, unix.AT_EMPTY_PATH}},
	)
	return func() { _ = unix.Close(high) }, nil
}

// Hold starts a process in a session of its own that reads f, the outer end of a terminal, until its end and
// forgets what comes: without it the terminal would be hung up when we end (pty(7)). It outlives us.
func Hold(f *os.File) error {
	p := &linux.Program{}
	p.Add(linux.Call{Step: "leave our session", Nr: unix.SYS_SETSID})
	done, err := wait(p, f)
	if err != nil {
		return err
	}
	defer done()
	if err := unix.SetNonblock(int(f.Fd()), false); err != nil { // the holder is to wait for what comes
		return err
	}
	_, err = (&linux.Spawn{Cgroup: -1, Outer: p}).Run()
	return err
}

func writeMaps(pid int, m idmap.Map) error {
	if m.Tool {
		return errors.Join(runTool("newuidmap", pid, m.UIDs), runTool("newgidmap", pid, m.GIDs))
	}
	proc := "/proc/" + strconv.Itoa(pid) + "/"
	if os.Geteuid() != 0 {
		// An ordinary user may map a group only once setgroups is denied (user_namespaces(7)).
		if err := os.WriteFile(proc+"setgroups", []byte("deny"), 0); err != nil {
			return fmt.Errorf("deny setgroups: %w", err)
		}
	}
	if err := os.WriteFile(proc+"uid_map", []byte(mapText(m.UIDs)), 0); err != nil {
		return fmt.Errorf("write the user id map: %w", err)
	}
	if err := os.WriteFile(proc+"gid_map", []byte(mapText(m.GIDs)), 0); err != nil {
		return fmt.Errorf("write the group id map: %w", err)
	}
	return nil
}

func mapText(ranges []idmap.Range) string {
	var b strings.Builder
	for _, r := range ranges {
		fmt.Fprintf(&b, "%d %d %d\n", r.Inside, r.Outside, r.Count)
	}
	return b.String()
}

func runTool(tool string, pid int, ranges []idmap.Range) error {
	args := []string{strconv.Itoa(pid)}
	for _, r := range ranges {
		args = append(args, strconv.Itoa(r.Inside), strconv.Itoa(r.Outside), strconv.Itoa(r.Count))
	}
	if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", tool, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// cure attaches what the user can do about a known failure of a step.
func cure(err error) error {
	var step *linux.StepError
	if err == nil || !errors.As(err, &step) {
		return cureUserns(err)
	}
	switch {
	case strings.HasPrefix(step.Step, "mount proc") && step.Errno == unix.EPERM:
		return hint.With(err, "this /proc is partly masked, as in an outer container: start that one with --security-opt unmask=ALL or systempaths=unconfined")
	case strings.HasPrefix(step.Step, "mount overlay") && (step.Errno == unix.EINVAL || step.Errno == unix.EPERM):
		return hint.With(err, "the state folder's file system cannot hold an overlay: set POCKET_ROOT to a folder on ext4, xfs, btrfs or tmpfs")
	case strings.HasPrefix(step.Step, "change to the working directory"):
		return hint.With(err, "choose a folder that exists in the image, with -w")
	case strings.HasPrefix(step.Step, "mask ") && step.Errno == unix.ENOENT:
		return hint.With(err, "there is no such path in the container: leave the mask away")
	case strings.HasPrefix(step.Step, "set sysctl ") && (step.Errno == unix.EACCES || step.Errno == unix.EPERM):
		return hint.With(err, "this kernel leaves the setting to the host's root: leave --sysctl out")
	case strings.HasPrefix(step.Step, "set sysctl ") && step.Errno == unix.ENOENT:
		return hint.With(err, "this kernel has no such setting, or not for a container: leave --sysctl out")
	case strings.HasPrefix(step.Step, "set sysctl ") && step.Errno == unix.EINVAL:
		return hint.With(err, "the setting does not take that value: give another")
	case step.Step == "install the seccomp filter" && step.Errno == unix.EBUSY:
		return hint.With(err, "what pocket-docker itself runs in listens to system calls already: leave seccomp=log away")
	case step.Errno == unix.EMFILE:
		return hint.With(err, "let this process open more files: ulimit -n 256")
	case step.Errno == unix.EAGAIN:
		return hint.With(err, "the limit on processes is reached: raise --pids-limit, or this user's (ulimit -u)")
	case step.Errno == unix.ENOSYS:
		return hint.With(err, "Linux 5.12 or later is needed; pocket-docker doctor tells what is missing")
	case isNoFolder(step.Errno) && strings.HasPrefix(step.Step, "mount on "):
		target := strings.TrimPrefix(step.Step, "mount on ")
		return hint.With(err, "the image's %s is not a folder (a link or a file, perhaps): make it one", target)
	case isNoFolder(step.Errno) && strings.HasPrefix(step.Step, "mount /"):
		return hint.With(err, "what the image has there is no fit place: a link, or a file in place of a folder, or the other way round; choose another target")
	case step.Errno == unix.ENOENT && strings.HasPrefix(step.Step, "mount "):
		return hint.With(err, "the image has no such place and none can be made there: make it in the image, or choose another target")
	}
	return cureUserns(err)
}

// isNoFolder tells the errors of move_mount(2) for a target of another type than the mount, or behind
// something that is no folder.
func isNoFolder(errno unix.Errno) bool {
	return errno == unix.EINVAL || errno == unix.ENOTDIR || errno == unix.ELOOP
}

func cureUserns(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return hint.With(err, "user namespaces are used up or switched off: sysctl user.max_user_namespaces=10000")
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		if text, _ := os.ReadFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"); strings.TrimSpace(string(text)) == "1" {
			return hint.With(err, "AppArmor forbids user namespaces to programs without a profile: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or see pocket-docker doctor for a profile")
		}
		if text, _ := os.ReadFile("/proc/sys/kernel/unprivileged_userns_clone"); strings.TrimSpace(string(text)) == "0" {
			return hint.With(err, "user namespaces are switched off: sysctl kernel.unprivileged_userns_clone=1")
		}
	}
	return err
}
