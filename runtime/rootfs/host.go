package rootfs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"pocket/runtime/resource"
)

// Person is an entry of the synthesized passwd and group.
type Person struct {
	Name     string
	UID, GID int
	Home     string
}

// harmless is the part of the host's /etc that programs need and that holds no secret.
var harmless = []string{
	"alternatives", "ca-certificates", "fonts", "fpc.cfg", "gai.conf", "ghc", "java", "ld.so.cache", "ld.so.conf",
	"ld.so.conf.d", "localtime", "lua", "mime.types", "mono", "os-release", "perl", "php", "protocols", "python3",
	"ruby", "rpc", "services", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone",
}

// Host is a read-only view of the host's programs: /usr, /bin, /sbin, /lib*, the harmless part of /etc and
// synthesized passwd, group and hosts. Nothing of /home, /root, /opt or /srv is in it, and of /var only the
// list of GHC's libraries, without which it compiles nothing.
func Host(people ...Person) Plan {
	p := Plan{Mounts: []Mount{{Kind: Tmpfs, Target: "/", Size: resource.MiB, Mode: 0o755}}, Seal: true}
	p.bindHost("/usr")
	for _, name := range []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"} {
		if target, err := os.Readlink(name); err == nil {
			p.Links = append(p.Links, Link{name, target})
		} else {
			p.bindHost(name)
		}
	}
	for _, name := range harmless {
		p.bindHost("/etc/" + name)
	}
	javas, _ := filepath.Glob("/etc/java-*")
	for _, name := range javas {
		p.bindHost(name)
	}
	p.bindHost("/var/lib/ghc")
	p.Dirs = append(p.Dirs, "/tmp", "/var/tmp", "/run", "/home", "/etc")
	p.AddPeople(people...)
	p.Files = append(p.Files,
		File{"/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n", 0o644},
		File{"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", 0o644})
	return p
}

// AddPeople writes a passwd and a group of root, nobody and the given entries.
func (p *Plan) AddPeople(people ...Person) {
	passwd, group := "", ""
	for _, one := range append([]Person{{"root", 0, 0, "/root"}, {"nobody", 65534, 65534, "/nonexistent"}}, people...) {
		passwd += fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", one.Name, one.UID, one.GID, one.Home)
		group += fmt.Sprintf("%s:x:%d:\n", one.Name, one.GID)
	}
	p.Files = append(p.Files, File{"/etc/passwd", passwd, 0o644}, File{"/etc/group", group, 0o644})
}

func (p *Plan) bindHost(name string) {
	// The host's links are followed here: inside, their targets may not exist.
	info, err := os.Stat(name)
	if err != nil {
		return
	}
	p.Mounts = append(p.Mounts, Mount{Kind: Bind, Source: name, Target: name, ReadOnly: true, File: !info.IsDir()})
}

// Image is a root made of stored trees, the topmost first, and an overlay that takes what is written.
// Upper and work are folders on one file system; work must be empty.
func Image(lower []string, upper, work string) Plan {
	return Plan{Mounts: []Mount{{Kind: Overlay, Target: "/", Lower: lower, Upper: upper, Work: work}}}
}

// View is a read-only root that shows a stored tree and has room for further mounts: the tree's folders
// and files are bound one by one into an empty root, so that no overlay is needed and a folder that the
// tree lacks can be made. The tree's own /proc, /sys, /dev, /tmp and /run stay empty.
func View(tree string) (Plan, error) {
	entries, err := os.ReadDir(tree)
	if err != nil {
		return Plan{}, fmt.Errorf("read the root file system: %w", err)
	}
	p := Plan{Mounts: []Mount{{Kind: Tmpfs, Target: "/", Size: resource.MiB, Mode: 0o755}}, Seal: true}
	for _, e := range entries {
		source, target := filepath.Join(tree, e.Name()), "/"+e.Name()
		switch {
		case e.Type()&os.ModeSymlink != 0:
			link, err := os.Readlink(source)
			if err != nil {
				return Plan{}, fmt.Errorf("read the root file system: %w", err)
			}
			p.Links = append(p.Links, Link{target, link})
		case e.IsDir() && slices.Contains([]string{"proc", "sys", "dev", "tmp", "run"}, e.Name()):
			p.Dirs = append(p.Dirs, target)
		case e.IsDir() || e.Type().IsRegular():
			p.Mounts = append(p.Mounts, Mount{Kind: Bind, Source: source, Target: target, ReadOnly: true, File: !e.IsDir()})
		}
	}
	return p, nil
}

// AddSystem adds what every sandbox has: /proc and a private /dev, whose shm holds size bytes; with
// terminals a devpts of its own.
func (p *Plan) AddSystem(shm resource.Size, terminals bool) {
	p.Mounts = append(p.Mounts, Mount{Kind: Proc, Target: "/proc"}, Mount{Kind: Dev, Target: "/dev", Size: shm, Terminals: terminals})
}

// AddTmp adds a private writable folder of at most size bytes, on which programs may be executed.
func (p *Plan) AddTmp(target string, size resource.Size, mode uint32) {
	p.Mounts = append(p.Mounts, Mount{Kind: Tmpfs, Target: target, Size: size, Mode: mode, Exec: true})
}
