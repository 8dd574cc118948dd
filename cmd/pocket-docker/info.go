package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

const infoUsage = `pocket-docker info [flags]

Shows how many containers and images there are, where they are kept, and what of this host they can use.
What could be better, and how, is told by pocket-docker doctor.

  -f, --format FORMAT   json, or fields such as '{{.Containers}} {{.DockerRootDir}}'; fields have docker's
                        names, where docker has them

Example:
  pocket-docker info --format '{{.CgroupVersion}}'

EXIT STATUS
  0, 125 for an error and for a wrong use.
`

// info is docker's object, as far as there is something to say without a daemon.
type info struct {
	Containers        int
	ContainersRunning int
	ContainersPaused  int
	ContainersStopped int
	Images            int
	Driver            string
	DockerRootDir     string // the state folder
	LoggingDriver     string
	CgroupDriver      string
	CgroupVersion     string // "1", "2", or "none" where no control group can be made
	Controllers       []string
	KernelVersion     string
	OperatingSystem   string
	OSType            string
	Architecture      string
	NCPU              int
	MemTotal          resource.Size
	Rootless          bool
	UserIDs           string // how the ids of a container are mapped
	SecurityOptions   []string
	Journal           string // how the record is kept
}

func cmdInfo(c *call) error {
	var format string
	flags := c.flagSet()
	flags.StringVarP(&format, "format", "f", "", "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	fields, err := parseObjectFormat(format)
	if err != nil {
		return usageError{err}
	}
	i, err := newInfo()
	if err != nil {
		return err
	}
	text := i.String()
	if fields != nil {
		if text, err = fields.line(i); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(c.stdout, text)
	return err
}

func newInfo() (*info, error) {
	e, err := open()
	if err != nil {
		return nil, err
	}
	defer e.DB.Close()
	list, err := e.DB.Containers(true)
	if err != nil {
		return nil, err
	}
	images, err := e.Images.List()
	if err != nil {
		return nil, err
	}
	i := &info{Containers: len(list), Images: len(images), Driver: "overlay", DockerRootDir: e.Dir, LoggingDriver: "json-file",
		CgroupDriver: "cgroupfs", OSType: "linux", OperatingSystem: systemName(), Architecture: runtime.GOARCH, NCPU: runtime.NumCPU(),
		Rootless: os.Geteuid() != 0, UserIDs: e.IDs.Reason, SecurityOptions: []string{"name=seccomp,profile=default", "name=userns", "name=no-new-privileges"},
		Journal: e.DB.Journal()}
	for _, one := range list {
		switch {
		case one.Status == state.Paused:
			i.ContainersPaused++
		case one.Status.Live():
			i.ContainersRunning++
		default:
			i.ContainersStopped++
		}
	}
	i.host()
	return i, nil
}

// host fills in what the machine offers.
func (i *info) host() {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		i.KernelVersion = unix.ByteSliceToString(u.Release[:])
	}
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) == nil {
		i.MemTotal = resource.Size(uint64(s.Totalram) * uint64(s.Unit))
	}
	i.CgroupVersion, i.Controllers = "none", []string{}
	for _, c := range cgroup.Detect().Controllers() {
		if c.Version > 0 {
			i.CgroupVersion = fmt.Sprint(c.Version)
			i.Controllers = append(i.Controllers, fmt.Sprintf("%s (v%d)", c.Name, c.Version))
		}
	}
}

// systemName is PRETTY_NAME of os-release(5).
func systemName() string {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "Linux"
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(strings.TrimSpace(name), `"'`)
		}
	}
	return "Linux"
}

// String writes what docker info writes, as far as it applies.
func (i *info) String() string {
	controllers := strings.Join(i.Controllers, ", ")
	if controllers == "" {
		controllers = "none that can be used"
	}
	return fmt.Sprintf(`Containers: %d
 Running: %d
 Paused: %d
 Stopped: %d
Images: %d
Storage Driver: %s
Logging Driver: %s
Cgroup Version: %s
Controllers: %s
Security Options: %s
User IDs: %s
Kernel Version: %s
Operating System: %s
Architecture: %s
CPUs: %d
Total Memory: %s
State Folder: %s (journal %s)`, i.Containers, i.ContainersRunning, i.ContainersPaused, i.ContainersStopped, i.Images, i.Driver,
		i.LoggingDriver, i.CgroupVersion, controllers, strings.Join(i.SecurityOptions, " "), i.UserIDs, i.KernelVersion,
		i.OperatingSystem, i.Architecture, i.NCPU, i.MemTotal.Human(), i.DockerRootDir, i.Journal)
}
