// Package rootfs describes one root directory made of layers and mounts.
//
// A Plan is a list of values that ordinary code builds and compares; package boot turns it into system
// calls. Everything that comes from the host is taken (as a detached mount, by descriptor) before the
// root is switched, and put into its place only afterwards, when "/" is already the sandbox's own root:
// a symbolic link in an image can then lead nowhere but into the image (CVE-2021-30465, CVE-2026-41579).
package rootfs

import "pocket/runtime/resource"

// Kind says what a mount is made of.
type Kind int

// The kinds of mounts.
const (
	Bind    Kind = iota // a folder or file of the host, with everything mounted below it
	Tmpfs               // an empty folder in memory
	Proc                // a new procfs for the PID namespace, with docker's masked and read-only paths
	Sysfs               // a sysfs; read-only if the mount is, or the host's network is shared
	Dev                 // a private /dev: null zero full random urandom tty, shm, fd links; pts and ptmx if Terminals
	Mqueue              // POSIX message queues
	Overlay             // Lower layers with a writable Upper
)

// Mount is one entry of a Plan.
type Mount struct {
	Kind   Kind
	Source string // Bind: absolute path on the host
	Target string // absolute path inside; "/" for the root itself
	// ReadOnly makes the mount and everything below it read-only, recursively; a Dev then has no shm but a folder
	// for one.
	ReadOnly bool
	// File is true when a Bind's Source is not a folder, so that a missing target is made a file.
	File bool
	// Device says that a Bind is of a device, which can be opened inside; those of other binds cannot.
	Device bool
	// Optional leaves the mount out when the target cannot be made (a read-only image without it).
	Optional bool
	// Owners translates the owners of the files of a Bind, or of an Overlay's Lower, where root starts the sandbox: what belongs to root on
	// the host belongs to the sandbox's root inside, and what that one writes to root outside. Without it
	// the sandbox, whose ids are unprivileged ones of the host, is a stranger to the files.
	Owners bool
	// Exec allows programs on a Tmpfs; binds always allow them.
	Exec bool

	Size resource.Size // Tmpfs, Dev (its shm): bytes; 0 for the kernel's default, half the memory
	Mode uint32        // Tmpfs: permission bits of its root; 0 means 0755
	// UID and GID own a Tmpfs's root; nil: the sandbox's program does.
	UID, GID *int

	Lower []string // Overlay: absolute paths, topmost first
	Upper string   // Overlay: absolute path; empty folder or an earlier upper layer
	Work  string   // Overlay: absolute path of an empty folder on Upper's file system

	Terminals bool // Dev: a devpts instance of its own
}

// File is a small file that is written into the root while it is built.
type File struct {
	Path    string // absolute, inside; its folder must exist or be one of the plan's Dirs
	Content string
	Mode    uint32
}

// Link is a symbolic link that is made in the root while it is built.
type Link struct{ Path, Target string }

// Sysctl is a setting of the kernel, its name with dots, that one of the sandbox's namespaces has of its own.
type Sysctl struct{ Name, Value string }

// Plan is a whole root file system. The first mount has Target "/"; the others follow in order.
type Plan struct {
	Mounts []Mount
	Dirs   []string // folders to make before the other mounts, parents first
	Files  []File
	Links  []Link
	// Masks are files inside that nobody can open, though the folder that holds them is mounted. The root
	// itself must be writable while it is built. One that does not exist is no mistake.
	Masks []string
	// Hide are paths inside, of files or folders, that are covered by nothing: they must exist.
	Hide []string
	// Show are patterns (path.Match) of docker's masked and read-only paths of Proc and Sysfs that are left as
	// the kernel has them; "ALL" is every one.
	Show []string
	// Blank are files of Proc, by their paths below /proc, that read as empty. One that this kernel lacks is no mistake.
	Blank []string
	// Sysctls are set as soon as there is a /proc.
	Sysctls []Sysctl
	// Seal makes the root mount itself read-only when everything is in place.
	Seal bool
}
