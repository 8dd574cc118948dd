package rootfs

import (
	"slices"
	"testing"

	"pocket/runtime/resource"
)

func TestSplit(t *testing.T) {
	plan := func(change func(*Plan)) Plan {
		p := Host()
		p.AddSystem(resource.MiB, false)
		p.Blank = []string{"/cmdline"}
		p.AddTmp("/tmp", resource.MiB, 0o1777)
		p.AddTmp("/work", 2*resource.MiB, 0o755)
		p.Mounts = append(p.Mounts, Mount{Kind: Bind, Source: "/srv", Target: "/submission", ReadOnly: true})
		change(&p)
		return p
	}
	whole := plan(func(*Plan) {})
	shared, own, ok := whole.Split()
	if !ok {
		t.Fatal("a grading root cannot be split")
	}
	var targets []string
	for _, m := range own.Mounts {
		targets = append(targets, m.Target)
	}
	if !slices.Equal(targets, []string{"/proc", "/dev/shm", "/tmp", "/work"}) || own.Mounts[1].Size != resource.MiB || own.Mounts[1].Mode != 0o1777 {
		t.Errorf("each has of its own %+v", own.Mounts)
	}
	if !slices.Equal(own.Blank, whole.Blank) || shared.Blank != nil {
		t.Errorf("%q and %q read as empty", own.Blank, shared.Blank)
	}
	for i, m := range shared.Mounts {
		if i > 0 && m.Kind != Proc && !m.ReadOnly {
			t.Errorf("shared and writable: %+v", m)
		}
	}
	for _, dir := range []string{"/tmp", "/work", Empty} {
		if !slices.Contains(shared.Dirs, dir) {
			t.Errorf("no folder %s in %q", dir, shared.Dirs)
		}
	}
	if _, _, again := whole.Split(); !again || slices.Contains(whole.Dirs, Empty) {
		t.Error("splitting changed the plan")
	}
	for name, change := range map[string]func(*Plan){
		"not sealed":        func(p *Plan) { p.Seal = false },
		"writable":          func(p *Plan) { p.Mounts[len(p.Mounts)-1].ReadOnly = false },
		"overlay":           func(p *Plan) { p.Mounts[0].Kind = Overlay },
		"sysfs":             func(p *Plan) { p.Mounts = append(p.Mounts, Mount{Kind: Sysfs, Target: "/sys"}) },
		"message queues":    func(p *Plan) { p.Mounts = append(p.Mounts, Mount{Kind: Mqueue, Target: "/dev/mqueue"}) },
		"terminals":         func(p *Plan) { p.Mounts = append(p.Mounts, Mount{Kind: Dev, Target: "/dev", Terminals: true}) },
		"sysctl":            func(p *Plan) { p.Sysctls = []Sysctl{{"net.core.somaxconn", "1"}} },
		"a volume in /work": func(p *Plan) { p.Mounts[len(p.Mounts)-1].Target = "/work/data" },
		"a file in /tmp":    func(p *Plan) { p.Files = append(p.Files, File{"/tmp/x", "", 0o644}) },
		"a mask in /tmp":    func(p *Plan) { p.Masks = []string{"/tmp/x"} },
	} {
		if _, _, ok := plan(change).Split(); ok {
			t.Errorf("%s: was split", name)
		}
	}
}
