package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

// examineStore looks at the state folder: its file system, its record, and what lies in it.
func (r *Report) examineStore(dir string) {
	db, err := state.Open(dir)
	if err != nil {
		r.add(failure("store", Missing, err, "containers and images cannot be recorded"))
		return
	}
	defer db.Close()
	r.add(store(dir, db))
	r.add(fileSystem(dir, db.Journal()))
	if f := images(dir, db); f.Found != "" {
		r.add(f)
	}
	r.add(leftovers(dir, db))
}

// store reads the whole database and looks for room.
func store(dir string, db *state.DB) Finding {
	const name = "store"
	if err := db.Check(); err != nil {
		return failure(name, Missing, err, "the database is damaged").
			fixed(fmt.Sprintf("set it aside and begin anew: mv %s/state.db %s/state.db.damaged; images are imported again when they are asked for", dir, dir))
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return failure(name, Degraded, err, "the room is not known")
	}
	room := resource.Size(int64(fs.Bavail) * fs.Bsize)
	f := Finding{Name: name, Status: OK, Found: fmt.Sprintf("%s, database sound, %s free", dir, room.Human())}
	if unix.Access(dir, unix.W_OK) != nil {
		f.Status, f.Consequence = Degraded, "it can only be read: containers are shown, and none can be run"
		f.Fix = "set POCKET_ROOT to a folder that this user may write to"
	} else if room < resource.GiB || fs.Files > 0 && fs.Ffree < 10000 {
		f.Status, f.Consequence, f.Fix = Degraded, "an image may not fit", "make room, or set POCKET_ROOT to another disk"
	}
	return f
}

// fileSystems are the names of those that stores lie on, by statfs(2)'s f_type.
var fileSystems = map[uint32]string{
	0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x01021994: "tmpfs", 0x794c7630: "overlay",
	0x2fc12fc1: "zfs", 0xf2f52010: "f2fs", 0xca451a4e: "bcachefs",
}

// networkSystems are those whose files several machines can change at once.
var networkSystems = map[uint32]string{
	0x6969: "nfs", 0x517b: "smb", 0xff534d42: "cifs", 0xfe534d42: "smb2", 0x00c36400: "ceph", 0x5346414f: "afs",
	0x01021997: "9p", 0x0bd00bd0: "lustre", 0x65735546: "fuse", 0x47504653: "gpfs", 0x6a656a63: "virtiofs",
}

func fileSystem(dir, journal string) Finding {
	const name = "file system"
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return failure(name, Degraded, err, "it is not known whether it keeps what is written")
	}
	kind, known := fileSystems[uint32(fs.Type)]
	if !known {
		kind = fmt.Sprintf("of type %#x", uint32(fs.Type))
	}
	f := Finding{Name: name, Status: OK, Found: kind + ", database journal " + journal}
	if network, is := networkSystems[uint32(fs.Type)]; is {
		f.Status, f.Found = Degraded, network+", database journal "+journal
		f.Consequence = "commands wait for each other longer, locks are only as good as its server, and overlays do not work on most"
		f.Fix = "set POCKET_ROOT to a folder on a disk of this machine"
	} else if journal != "wal" {
		f.Status, f.Consequence = Degraded, "commands that write and commands that read wait for each other"
		f.Fix = "set POCKET_ROOT to a folder on another file system"
	}
	return f
}

// images looks whether the trees of all recorded images are there. Nothing is said where there are none.
func images(dir string, db *state.DB) Finding {
	const name = "images"
	list, err := image.Open(dir, db, idmap.Default()).List()
	if err != nil {
		return failure(name, Degraded, err, "images cannot be used")
	}
	var broken []string
	for _, img := range list {
		if img.Kind == image.Directory {
			continue // the user's own folder
		}
		for _, tree := range append([]string{img.Dir}, img.Layers...) {
			if _, err := os.Stat(tree); tree != "" && errors.Is(err, os.ErrNotExist) {
				broken = append(broken, img.Name)
				break
			}
		}
	}
	if len(broken) > 0 {
		return Finding{Name: name, Status: Degraded, Found: "without their files: " + strings.Join(broken, ", "),
			Consequence: "they cannot be run", Fix: "pocket-docker rmi " + strings.Join(broken, " ") + ", and fetch them again"}
	}
	if len(list) == 0 {
		return Finding{}
	}
	return Finding{Name: name, Status: OK, Found: fmt.Sprintf("%d, with all their files", len(list))}
}

// leftovers looks for folders of containers that no record knows, and for records without a folder.
func leftovers(dir string, db *state.DB) Finding {
	const name = "leftovers"
	containers, err := db.Containers(true)
	if err != nil {
		return failure(name, Degraded, err, "containers cannot be listed")
	}
	known := map[string]bool{}
	var without []string
	for _, c := range containers {
		known[c.ID] = true
		if _, err := os.Stat(filepath.Join(dir, "containers", c.ID)); errors.Is(err, os.ErrNotExist) {
			without = append(without, c.Name)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "containers"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return failure(name, Degraded, err, "containers' folders cannot be listed")
	}
	var strays []string
	for _, e := range entries {
		if e.IsDir() && !known[e.Name()] && !state.IsLocked(dir, e.Name()) {
			strays = append(strays, filepath.Join(dir, "containers", e.Name()))
		}
	}
	switch {
	case len(strays) > 0:
		return Finding{Name: name, Status: Degraded, Found: fmt.Sprintf("%d folders of containers that are not recorded", len(strays)),
			Consequence: "they take up room", Fix: "rm -r " + strings.Join(strays, " ")}
	case len(without) > 0:
		return Finding{Name: name, Status: Degraded, Found: "containers without their folders: " + strings.Join(without, ", "),
			Consequence: "they have no logs and no files, and cannot be started", Fix: "pocket-docker rm " + strings.Join(without, " ")}
	}
	return Finding{Name: name, Status: OK, Found: fmt.Sprintf("none beside %d containers", len(containers))}
}

// makeFolder makes the state folder with what doctor tries in it.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return hint.With(err, "set POCKET_ROOT to a folder that you may write to")
	}
	return nil
}
