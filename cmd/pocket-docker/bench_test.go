package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// contender is a tool that runs a static true in a fresh container of the same root filesystem.
type contender struct {
	name  string
	args  []string
	env   []string
	spent []time.Duration
}

// BenchmarkColdRun measures whole commands in turn in one run, from process start to exit: ours with its
// record in the database, and those of the peers that are installed and work here. What counts are the
// ratios of the medians; times on a shared machine drift.
func BenchmarkColdRun(b *testing.B) {
	root := busyboxRoot(b)
	dir := b.TempDir()
	ours := filepath.Join(dir, "pocket-docker")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", ours, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v %s", err, out)
	}
	archive := filepath.Join(dir, "box.tar")
	if out, err := exec.Command("tar", "-C", root, "-cf", archive, ".").CombinedOutput(); err != nil {
		b.Fatalf("tar: %v %s", err, out)
	}
	env := append(os.Environ(), "POCKET_ROOT="+filepath.Join(dir, "state"), "HOME="+dir)
	list := []*contender{
		{name: "pocket-docker", args: []string{ours, "run", "--rm", archive, "/bin/true"}, env: env},
		{name: "bwrap", args: []string{"bwrap", "--unshare-all", "--bind", root, "/", "--proc", "/proc", "--dev", "/dev", "/bin/true"}, env: env},
		{name: "crun", args: []string{"crun", "--root", filepath.Join(dir, "crun"), "run", "--bundle", bundle(b, dir, root, "crun"), "bench"}, env: env},
		{name: "runc", args: []string{"runc", "--root", filepath.Join(dir, "runc"), "run", "--bundle", bundle(b, dir, root, "runc"), "bench"}, env: env},
		{name: "podman", args: []string{"podman", "--root", filepath.Join(dir, "podman"), "--runroot", filepath.Join(dir, "podman-run"),
			"--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "runc", "run", "--rm", "--network=none",
			"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "--rootfs", root, "/bin/true"}, env: env},
	}
	list = slices.DeleteFunc(list, func(c *contender) bool {
		err := c.run()
		if err != nil {
			b.Logf("%s does not take part: %v", c.name, err)
		}
		return err != nil
	})
	if len(list) == 0 || list[0].name != "pocket-docker" {
		b.Fatal("our own does not run")
	}
	for b.Loop() {
		for _, c := range list {
			start := time.Now()
			if err := c.run(); err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
			c.spent = append(c.spent, time.Since(start))
		}
	}
	for _, c := range list {
		b.ReportMetric(float64(median(c.spent).Microseconds()), c.name+"-µs")
		b.ReportMetric(float64(median(c.spent))/float64(median(list[0].spent)), c.name+"/ours")
	}
}

func (c *contender) run() error {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Env = c.env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// busyboxRoot is a root filesystem of one static program.
func busyboxRoot(b *testing.B) string {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		b.Skip("busybox is not installed (Debian: busybox-static)")
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		b.Fatal(err)
	}
	root := b.TempDir()
	for _, d := range []string{"bin", "proc", "dev", "sys", "tmp", "etc"} {
		if err := os.Mkdir(filepath.Join(root, d), 0o755); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "bin/true"), program, 0o755); err != nil {
		b.Fatal(err)
	}
	return root
}

// bundle is an OCI bundle that runs true in root; the tool writes its own default config.
func bundle(b *testing.B, dir, root, tool string) string {
	path := filepath.Join(dir, tool+"-bundle")
	if err := os.Mkdir(path, 0o755); err != nil {
		b.Fatal(err)
	}
	args := []string{"spec"}
	if os.Geteuid() != 0 {
		args = append(args, "--rootless")
	}
	cmd := exec.Command(tool, args...)
	cmd.Dir = path
	if err := cmd.Run(); err != nil {
		return path // the tool will not take part
	}
	config := filepath.Join(path, "config.json")
	text, err := os.ReadFile(config)
	if err != nil {
		b.Fatal(err)
	}
	edited := strings.NewReplacer(`"terminal": true`, `"terminal": false`, `"sh"`, `"/bin/true"`, `"path": "rootfs"`, fmt.Sprintf(`"path": %q`, root)).Replace(string(text))
	if err := os.WriteFile(config, []byte(edited), 0o644); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkPsOfFifty measures ps, from process start to exit, while 50 detached containers run, each with a
// health check every 5 s; and how much memory their monitors hold.
func BenchmarkPsOfFifty(b *testing.B) {
	if err := canMakeNamespaces(); err != nil {
		b.Skip("no namespaces here: ", err)
	}
	dir := b.TempDir()
	ours := filepath.Join(dir, "pocket-docker")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", ours, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v %s", err, out)
	}
	env := append(os.Environ(), "POCKET_ROOT="+filepath.Join(dir, "state"))
	pocket := func(args ...string) string {
		cmd := exec.Command(ours, args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%q: %v %s", args, err, out)
		}
		return string(out)
	}
	const containers = 50
	b.Cleanup(func() { pocket(append([]string{"rm", "-f"}, strings.Fields(pocket("ps", "-aq"))...)...) })
	for range containers {
		pocket("run", "-d", "--health-cmd", "true", "--health-interval", "5s", "host", "sleep", "3600")
	}
	for strings.Count(pocket("ps"), "(healthy)") < containers {
		time.Sleep(100 * time.Millisecond) // until each has been checked
	}
	var spent []time.Duration
	for b.Loop() {
		start := time.Now()
		out := pocket("ps")
		spent = append(spent, time.Since(start))
		if n := strings.Count(out, "(healthy)"); n != containers {
			b.Fatalf("%d healthy containers are shown", n)
		}
	}
	b.ReportMetric(float64(median(spent).Microseconds())/1000, "ms/ps")
	var sum, most float64
	for _, id := range strings.Fields(pocket("ps", "-q")) {
		kib := resident(b, strings.TrimSpace(pocket("inspect", "--format", "{{.State.MonitorPid}}", id)))
		sum, most = sum+kib, max(most, kib)
	}
	b.ReportMetric(sum/containers/1024, "MiB/monitor")
	b.ReportMetric(most/1024, "MiB/monitor-most")
}

// resident is VmRSS of proc_pid_status(5), in KiB.
func resident(b *testing.B, pid string) float64 {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		b.Fatal(err)
	}
	var kib float64
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kib); err == nil {
			return kib
		}
	}
	b.Fatalf("process %s tells no VmRSS", pid)
	return 0
}
