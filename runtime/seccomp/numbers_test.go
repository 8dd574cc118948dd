package seccomp

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestNumberAndName(t *testing.T) {
	for _, c := range []struct {
		arch, name string
		nr         int
		ok         bool
	}{
		{"amd64", "read", 0, true}, {"amd64", "_sysctl", 156, true}, {"amd64", "writev", 20, true},
		{"amd64", "clone3", 435, true}, {"amd64", "memfd_create", 319, true}, {"amd64", "nothing", 0, false},
		{"amd64", "", 0, false}, {"amd64", "zzz", 0, false}, {"amd64", "arch_specific_syscall", 0, false},
		{"arm64", "read", 63, true}, {"arm64", "clone3", 435, true}, {"arm64", "fork", 0, false},
		{"arm64", "arch_specific_syscall", 0, false}, {"riscv64", "read", 0, false},
	} {
		nr, ok := Number(c.arch, c.name)
		if nr != c.nr || ok != c.ok {
			t.Errorf("%s on %s: %d, %v", c.name, c.arch, nr, ok)
		}
		if ok && Name(c.arch, nr) != c.name {
			t.Errorf("%d on %s is called %q", nr, c.arch, Name(c.arch, nr))
		}
	}
	for _, nr := range []int{-1, 400, 1 << 16, x32Bit} {
		if name := Name("amd64", nr); name != "" {
			t.Errorf("%d is called %q", nr, name)
		}
	}
}

func TestRunningKernelsNumbers(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		f, err := Default().Compile(arch, nil)
		if err != nil || len(f.Instructions) == 0 {
			t.Fatalf("%s: %v", arch, err)
		}
	}
	if len(capabilities) != unix.CAP_LAST_CAP+1 {
		t.Errorf("%d names of capabilities, want %d", len(capabilities), unix.CAP_LAST_CAP+1)
	}
	for number, name := range capabilities {
		if !strings.HasPrefix(name, "CAP_") {
			t.Errorf("capability %d is called %q", number, name)
		}
	}
}

// The tables are those of the module that the program is built with; go generate makes them anew.
func TestTablesAreUpToDate(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Skipf("the source of golang.org/x/sys cannot be found: %v", err)
	}
	constant := regexp.MustCompile(`\tSYS_(\w+)\s*= (\d+)\n`)
	for _, arch := range []string{"amd64", "arm64"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+arch+".go"))
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, m := range constant.FindAllStringSubmatch(string(text), -1) {
			if m[1] == "ARCH_SPECIFIC_SYSCALL" {
				continue
			}
			count++
			want, _ := strconv.Atoi(m[2])
			if got, ok := Number(arch, strings.ToLower(m[1])); !ok || got != want {
				t.Errorf("%s on %s: %d, want %d (run go generate)", m[1], arch, got, want)
			}
		}
		if count == 0 || count != len(calls(arch)) {
			t.Errorf("%s has %d calls, the table %d (run go generate)", arch, count, len(calls(arch)))
		}
	}
}
