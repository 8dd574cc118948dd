package container

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/resource"
	"pocket/runtime/sandbox"
)

// Config is what is to be run.
type Config struct {
	Image string      // a name, digest, directory or archive, as image.Store.Resolve takes it; "" for the host's programs
	From  image.Image // what Image was when the container was made; set by Create
	Args  []string    // the program and its arguments, or the entrypoint's; none for what the image says
	// Entrypoint replaces the image's, and its arguments; nil does not, an empty one leaves none.
	Entrypoint []string
	Name       string   // "" for a random one
	Env        []string // "NAME=value", added to PATH, HOME, HOSTNAME and, with Terminal, TERM
	Dir        string   // working directory inside; "" means the image's, else "/"

	Hostname string   // "" means the first 12 digits of the id
	User     string   // who runs the program, by name or number, as image.LookupUser takes it; "" means the image's, else root
	UID, GID int      // what User was when the container was made; set by Create
	Groups   []int    // further groups that the image gives to that user; set by Create
	Home     string   // that user's; set by Create
	GroupAdd []string // groups beside those of the image, by name or number
	AddedIDs []int    // what GroupAdd was when the container was made; set by Create

	Architecture string // what the image must be for, in Go's words, where it tells; "" for any that can run here

	Volumes  []Volume
	Borrowed []Borrow // whose volumes are seen too, but for those with a target of Volumes
	Tmpfs    []Tmpfs
	Devices  []Device
	ReadOnly bool // the root cannot be written; /dev, /proc and tmpfs are as ever

	Network      Networking
	Capabilities []int  // kept inside the user namespace, as numbers of capabilities(7); nil: none
	Userns       string // "" for a user namespace of its own, or HostUsers
	Privileged   bool   // Capabilities, Seccomp and Unmask are those of --privileged, and /sys can be written
	Seccomp      Seccomp
	Mask         []string // paths inside that are hidden beside docker's; each must exist
	Unmask       []string // patterns (path.Match) of docker's masked and read-only paths that are left alone, or UnmaskAll

	Sysctls map[string]string // settings of the kernel that the container has of its own, by names with dots

	Limits   resource.Limits
	Ulimits  []resource.Ulimit
	OOMScore int           // oom_score_adj, -1000 to 1000; 0 leaves the monitor's
	ShmSize  resource.Size // of /dev/shm; 0 for docker's 64 MiB
	Strict   bool          // a limit that cannot be enforced keeps the program from being started

	Log LogOptions

	Remove      bool // the record and the folder are removed when the container has ended
	NoInit      bool // the program itself is process 1 inside
	Terminal    bool // the program gets a terminal of its own
	Interactive bool // under a monitor of its own: the program's input stays open for those who attach

	StopSignal  unix.Signal    // what stop sends; 0 for SIGTERM
	StopTimeout *time.Duration // how long stop waits before it kills; nil for 10 s, negative for ever
	Restart     Restart
	Health      *Health // nil: the image's
	NoHealth    bool    // not the image's either
	Labels      map[string]string
}

// HostUsers as Config.Userns leaves the user namespace out: root inside is the host's root.
const HostUsers = "host"

// UnmaskAll as Config.Unmask leaves all of /proc and /sys as the kernel shows it.
const UnmaskAll = "ALL"

// Volume is a folder or file that is seen inside: of the host, or kept for containers by its name.
type Volume struct {
	Host     string `json:",omitempty"` // absolute; "" for one that is kept
	Name     string `json:",omitempty"` // of one that is kept; "" for one of the container's own
	Target   string // absolute, inside
	ReadOnly bool   `json:",omitempty"` // recursively
	// Private is a writable view of the host's folder: what is written there is the container's own, and
	// gone when it has ended.
	Private bool `json:",omitempty"`
	// NoCopy leaves a kept volume empty where the image has something at the target.
	NoCopy bool `json:",omitempty"`
}

// Tmpfs is an empty folder in memory.
type Tmpfs struct {
	Target   string        // absolute, inside
	Size     resource.Size // 0: half the memory
	Mode     uint32        `json:",omitempty"` // 0: 01777
	UID, GID *int          `json:",omitempty"` // nil: the program's
	Exec     bool          `json:",omitempty"` // programs in it may be executed
	ReadOnly bool          `json:",omitempty"`
}

// Borrow takes the volumes of another container.
type Borrow struct {
	Container string
	ReadOnly  bool
}

// Streams is what the container is connected to. Nothing in it is closed.
type Streams struct {
	Stdin          *os.File // nil: /dev/null
	Stdout, Stderr io.Writer
	// Signals are passed on to the program, but for SIGCHLD, SIGURG, SIGPIPE and SIGWINCH. The third SIGINT, SIGTERM or SIGHUP kills. Before the program has
	// started, the first of these ends Run.
	Signals <-chan os.Signal
	// Created is called once the container is recorded, before its program starts; an error of it
	// keeps the program from being started.
	Created func(id string) error
	// Progress is told how far an import of the image has come; may be nil.
	Progress image.Progress
	// Warn is told of a limit that is not held, of lost logs, and of what could not be cleaned up.
	Warn func(string)
}

// check finds mistakes that need no record to be told of.
func (c *Config) check() error {
	all := []error{c.Log.check()}
	all = append(all, c.checkMounts(), c.checkSysctls())
	if c.Dir != "" && !path.IsAbs(c.Dir) {
		all = append(all, fmt.Errorf("working directory %q is not an absolute path", c.Dir))
	}
	if c.Remove && c.Restart.When != "" && c.Restart.When != Never {
		all = append(all, hint.With(errors.New("a container cannot both be removed when it ends and be started again"),
			"leave out --rm, or --restart %s", c.Restart))
	}
	all = append(all, c.checkText())
	if len(c.Hostname) > 64 {
		// sethostname(2): HOST_NAME_MAX.
		all = append(all, fmt.Errorf("host name %q has more than 64 bytes", c.Hostname))
	}
	return errors.Join(append(all, c.Limits.Check(), sandbox.CheckCPUs(c.Limits.Cpuset))...)
}

// checkText finds what the kernel would cut short.
func (c *Config) checkText() error {
	for _, s := range slices.Concat([]string{c.Hostname, c.Dir}, c.Entrypoint, c.Args, c.Env) {
		if strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("%q contains a zero byte", s)
		}
	}
	return nil
}

// environment is the program's whole environment. Later entries replace earlier ones of the same name.
func (c *Config) environment() []string {
	home := c.Home
	switch {
	case home == "" && c.UID == 0:
		home = "/root"
	case home == "":
		home = "/"
	}
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + home,
		"HOSTNAME=" + c.Hostname,
	}
	if c.Terminal {
		env = append(env, "TERM=xterm")
	}
	return lastOfEach(append(env, c.Env...))
}

func lastOfEach(env []string) []string {
	place := map[string]int{}
	var out []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if i, seen := place[name]; seen {
			out[i] = entry
			continue
		}
		place[name] = len(out)
		out = append(out, entry)
	}
	return out
}
