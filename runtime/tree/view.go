package tree

import (
	"os"

	"pocket/runtime/idmap"
	"pocket/runtime/inside"
)

// View says how a container's files are to be seen. Each method does its work in a second process of our
// program (package inside), which sees the files as the container's root does; programs that use it give
// Jobs to inside.Serve.
type View struct {
	IDs idmap.Map
	// Root is the "/" of a running container, with all that is mounted there; nil where it does not run.
	// Then the layers are put together.
	Root *os.File `json:"-"`
	// Lower are the image's layers, topmost first, and Upper is what the container wrote; "" for none. Work
	// is the overlay's work folder: without it nothing in the view can be written. All are absolute.
	Lower       []string
	Upper, Work string
	// Copied says that Upper began as a copy of Lower, which must be one tree, and is compared with it so: for
	// Changes only.
	Copied  bool
	Owners  bool     // Lower is a folder of the host; as in rootfs.Mount
	Volumes []Volume // seen in their places; what is not there is left out

	owners *os.File // user namespace with the mapping IDs
}

// Volume is a folder or file of the host that is seen in a View.
type Volume struct {
	Source   string // absolute
	Target   string // absolute, inside
	ReadOnly bool
	Owners   bool // as in rootfs.Mount
}

// Entry is a file of a View.
type Entry struct {
	Dir  bool
	Link string // where a symbolic link leads; "" for all others
	Size int64
}

// request is the arguments of the jobs.
type request struct {
	View
	Running bool // the first file is the root
	As      *idmap.Map
	Path    string
	Name    string
	Follow  bool
	Rules   Rules
}

// run runs a job on the view, with its root before the other files.
func (v *View) run(job string, r request, result any, files ...*os.File) error {
	r.View, r.Running = *v, v.Root != nil
	as := inside.As(v.IDs)
	if as == nil {
		r.As = &v.IDs // we see the host's ids and have to translate
	}
	if v.Root != nil {
		files = append([]*os.File{v.Root}, files...)
	}
	return inside.Run(as, job, r, result, files...)
}

// Stat looks at a file. A link at the path's end is followed with follow or where a slash comes after it;
// others are always followed, within the view. The error wraps fs.ErrNotExist where nothing is there.
func (v *View) Stat(path string, follow bool) (Entry, error) {
	var e Entry
	err := v.run("tree-stat", request{Path: path, Follow: follow}, &e)
	return e, err
}

// Pack writes what is at the path, under name, with all below it, as a tar archive. Links are followed as
// with Stat; those below never are. Owners are as the container has them.
func (v *View) Pack(path, name string, follow bool, to *os.File) (Left, error) {
	var left Left
	err := v.run("tree-pack", request{Path: path, Name: name, Follow: follow}, &left, to)
	return left, err
}

// Unpack puts the files of a tar archive into the existing folder at the path. Links are followed on the
// way to the folder and to a file's folder, within the view; what is no folder is replaced. Devices are
// left out.
func (v *View) Unpack(path string, from *os.File, rules Rules) (Left, error) {
	var left Left
	err := v.run("tree-unpack", request{Path: path, Rules: rules}, &left, from)
	return left, err
}

// Seed copies what is in the folder at the path, and its owner and mode, into the folder of the host into,
// unless something is in that. Nothing is done where the view has no folder at the path.
func (v *View) Seed(path, into string) error {
	return v.run("tree-seed", request{Path: path, Name: into}, nil)
}

// Changes lists what is different from the image, sorted by path. What the container's set-up put there
// is not told apart.
func (v *View) Changes() ([]Change, error) {
	var list []Change
	err := v.run("tree-changes", request{}, &list)
	return list, err
}
