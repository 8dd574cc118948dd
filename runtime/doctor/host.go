package doctor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
)

// setting reads a kernel setting below /proc/sys, "" where there is none.
func setting(name string) string {
	text, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// appArmor looks for Ubuntu's restriction, the most common reason that a user namespace is of no use; made
// tells whether one could be made and mapped. Elsewhere there is nothing to say.
func (r *Report) appArmor(made bool) {
	const name = "AppArmor"
	if setting("kernel.apparmor_restrict_unprivileged_userns") != "1" {
		return
	}
	f := Finding{Name: name, Status: OK, Found: "user namespaces are restricted, but not for this program"}
	if !made {
		f.Status, f.Found = Missing, "user namespaces are restricted, for this program too (kernel.apparmor_restrict_unprivileged_userns=1)"
		f.Consequence = "an ordinary user can run no container"
		f.Fix = profileFix(ourPath())
	}
	r.add(f)
}

// profileFix is what root types to allow the program at path, and no other, to make user namespaces
// (apparmor.d(5), "userns").
func profileFix(path string) string {
	return fmt.Sprintf(`as root, to allow it to this program alone:
cat > /etc/apparmor.d/pocket-docker <<'END'
abi <abi/4.0>,
include <tunables/global>
profile pocket-docker %q flags=(unconfined) {
  userns,
}
END
apparmor_parser -r /etc/apparmor.d/pocket-docker`, path)
}

func ourPath() string {
	path, err := os.Executable()
	if err != nil {
		return "/usr/local/bin/pocket-docker"
	}
	return path
}

// mapTools looks at the programs that map ranges of ids for an ordinary user.
func mapTools() Finding {
	const name = "id tools"
	f := Finding{Name: name, Status: OK, Found: "newuidmap and newgidmap can change ids"}
	fault := func(status Status, found, fix string) Finding {
		return Finding{Name: name, Status: status, Found: found, Fix: fix,
			Consequence: "containers get a single id, even where /etc/subuid has a line"}
	}
	for _, tool := range []string{"newuidmap", "newgidmap"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			return fault(Degraded, tool+" is not installed", "as root: apt-get install uidmap (Debian), dnf install shadow-utils (Fedora), apk add shadow-uidmap (Alpine)")
		}
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil {
			return fault(Degraded, err.Error(), "")
		}
		_, noCaps := unix.Getxattr(path, "security.capability", nil)
		if st.Mode&unix.S_ISUID == 0 && noCaps != nil {
			return fault(Degraded, path+" has lost its setuid bit", "as root: chmod u+s "+path)
		}
	}
	if on, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil && on == 1 {
		return fault(Degraded, "this process runs with no_new_privs, where setuid programs change nothing",
			"call pocket-docker from outside of the sandbox or service that set NoNewPrivileges")
	}
	if text, err := os.ReadFile("/proc/self/uid_map"); err == nil && !wholeMap(string(text)) {
		f.Found += ", but within this outer user namespace's ids only"
	}
	return f
}

// wholeMap tells whether a map is that of the first user namespace, which has every id.
func wholeMap(text string) bool { return strings.Join(strings.Fields(text), " ") == "0 0 4294967295" }

// procMounts tells of an outer container that covers parts of /proc: a new one then must not show more
// (mount_too_revealing, fs/namespace.c). runs says that a sandbox worked all the same.
func procMounts(runs bool) Finding {
	const name = "proc"
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return failure(name, Missing, err, "nothing works without /proc")
	}
	n := covered(string(text))
	f := Finding{Name: name, Status: OK, Found: "no part of it is covered"}
	if n > 0 {
		f.Found = fmt.Sprintf("%d places in it are covered, as in a container", n)
	}
	if n > 0 && !runs {
		f.Status, f.Consequence = Missing, "the kernel does not allow a /proc that shows more than this one, and without it no container runs"
		f.Fix = "start the outer container with --security-opt systempaths=unconfined (docker) or unmask=ALL (podman)"
	}
	return f
}

// covered counts the mounts below /proc that hide something; /proc/sys/fs/binfmt_misc hides nothing.
func covered(mountinfo string) int {
	n := 0
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		const point = 4 // proc_pid_mountinfo(5)
		if len(fields) > point && strings.HasPrefix(fields[point], "/proc/") && !strings.HasPrefix(fields[point], "/proc/sys/fs/binfmt_misc") {
			n++
		}
	}
	return n
}

// anonymousFile makes one that may be executed, as every container's init is.
func anonymousFile() Finding {
	const name = "memfd"
	fd, err := unix.MemfdCreate("doctor", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 there was no MFD_EXEC
		fd, err = unix.MemfdCreate("doctor", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return failure(name, Degraded, err, "each container's init is a deleted file in TMPDIR instead, which must allow programs").
			fixed("sysctl vm.memfd_noexec=1")
	}
	unix.Close(fd)
	return Finding{Name: name, Status: OK, Found: "sealed files in memory can be executed"}
}

// fixed sets the fix where the error did not bring one.
func (f Finding) fixed(fix string) Finding {
	if f.Fix == "" {
		f.Fix = fix
	}
	return f
}

// delegation lists the control group controllers that can be used, and how an ordinary user gets the others.
func delegation(h *cgroup.Host) Finding {
	f := Finding{Name: "control groups", Status: OK}
	var have, lack []string
	v1 := false
	for _, c := range h.Controllers() {
		v1 = v1 || c.Version == 1 || c.Reason != nil && strings.Contains(c.Reason.Error(), "cgroup v1")
		if c.Version > 0 {
			have = append(have, fmt.Sprintf("%s v%d", c.Name, c.Version))
		} else if c.Name != "" {
			lack = append(lack, c.Name)
		}
	}
	f.Found = "usable: " + list(have)
	if len(lack) == 0 {
		return f
	}
	f.Found += "; not: " + list(lack)
	f.Status, f.Consequence = Degraded, "limits that need these are held by weaker means, which the lines below name"
	switch {
	case v1 && os.Geteuid() != 0:
		f.Fix = "run as root, or boot with systemd.unified_cgroup_hierarchy=1 and have a group delegated"
	case os.Geteuid() != 0:
		f.Fix = `as root, then log in again:
mkdir -p /etc/systemd/system/user@.service.d
printf '[Service]\nDelegate=cpu cpuset io memory pids\n' > /etc/systemd/system/user@.service.d/delegate.conf
systemctl daemon-reload
Without systemd: make a group, and chown it and its cgroup.procs and cgroup.subtree_control to this user`
	default:
		f.Fix = "boot with the controllers switched on (no cgroup_disable=…), and in a container with /sys/fs/cgroup writable"
	}
	return f
}

func list(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// program looks for one that a feature needs.
func program(name, consequence, fix string, names ...string) Finding {
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return Finding{Name: name, Status: OK, Found: path}
		}
	}
	return Finding{Name: name, Status: Degraded, Found: "not installed: " + strings.Join(names, ", "), Consequence: consequence, Fix: fix}
}
