package seccomp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

func TestParseMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{``, "unexpected end"},
		{`{`, "unexpected end"},
		{`[]`, "line 1: [] is not an object"},
		{`null`, "line 1: defaultAction is missing"},
		{`{}`, "line 1: defaultAction is missing"},
		{"{\n\"defaultAction\": \"SCMP_ACT_ALLOW\",\n}", "line 3: not JSON: unexpected '}' where a key should be"},
		{`{"defaultAction":"SCMP_ACT_ALLOW"} x`, "line 1: not JSON: unexpected 'x' after the profile"},
		{"{\n\n\"defaultAction\": \"ALLOW\"}", `line 3: unknown action "ALLOW" (known: SCMP_ACT_ALLOW SCMP_ACT_ERRNO`},
		{`{"defaultAction":7}`, "line 1: 7 is not a string"},
		{`{"defaultAction":"SCMP_ACT_NOTIFY"}`, "SCMP_ACT_NOTIFY needs a program"},
		{`{"defaultAction":"SCMP_ACT_ALLOW","defaultAction":"SCMP_ACT_ALLOW"}`, `"defaultAction" is given twice`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1}`, "SCMP_ACT_ALLOW takes no errno"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096}`, "4096 is not an errno"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":-1}`, "-1 is not an errno"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1.5}`, "1.5 is not an errno"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"EWHAT"}`, `"EWHAT" is not an errno`},
		{`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"ENOSYS","defaultErrnoRet":1}`, "the errno is given twice"},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscall":[]}`, `"syscall" means nothing in a profile`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","architectures":["x86"]}`, `unknown architecture "x86"`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","architectures":[],"archMap":[]}`, `both "architectures" and "archMap"`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","archMap":[{"arch":"SCMP_ARCH_X86"}]}`, `"arch" means nothing in archMap`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}`, "unknown flag"},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":{}}`, "{} is not a list"},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[null]}`, "a rule names no system call"},
		{with(`"names":["read"]`), "line 3: a rule has no action"},
		{with(`"names":[],"action":"SCMP_ACT_ERRNO"`), "line 3: a rule names no system call"},
		{with(`"names":[""],"action":"SCMP_ACT_ERRNO"`), `line 3: a rule names a system call ""`},
		{with(`"names":[3],"action":"SCMP_ACT_ERRNO"`), "line 3: 3 is not a string"},
		{with(`"names":["read"],"action":"SCMP_ACT_KILL_ALL"`), `line 3: unknown action "SCMP_ACT_KILL_ALL"`},
		{with(`"names":["read"],"action":"SCMP_ACT_KILL","errnoRet":5`), "line 3: SCMP_ACT_KILL takes no errno"},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","arg":[]`), `line 3: "arg" means nothing in a rule`},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":6,"op":"SCMP_CMP_EQ"}]`), "6 is not an argument's index"},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":-1,"op":"SCMP_CMP_EQ"}]`), "-1 is not an argument's index"},
		{with("\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[\n{\"index\":0,\n\"op\":\"==\"}]"), `line 5: unknown operator "==" (known: SCMP_CMP_EQ`},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0}]`), "a condition needs index and op"},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"op":"SCMP_CMP_EQ","value":18446744073709551616}]`), "18446744073709551616 is not a whole number"},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"op":"SCMP_CMP_EQ","value2":1}]`), `"value2" means nothing in args`},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","includes":{"caps":["SYS_ADMIN"]}`), `unknown capability "SYS_ADMIN"`},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","excludes":{"minKernel":"new"}`), `"new" is not a kernel version`},
		{with(`"names":["read"],"action":"SCMP_ACT_LOG","excludes":{"kernel":"4.8"}`), `"kernel" means nothing in includes and excludes`},
	} {
		p, err := Parse([]byte(c.text))
		if err == nil || p != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want …%s…", c.text, err, c.want)
		}
	}
}

// with returns a profile with one rule, whose text begins in line 3.
func with(rule string) string {
	return "{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"syscalls\": [\n{" + rule + "}\n]}"
}

func TestAllMistakesComeAtOnce(t *testing.T) {
	_, err := Parse([]byte("{\n\"defaultAction\": \"A\",\n\"flags\": [\n\"F\"],\n\"syscalls\": [\n{\"names\": [], \"action\": \"B\"}]}"))
	var first *Mistake
	if !errors.As(err, &first) || first.Line != 2 {
		t.Fatalf("first mistake %v", first)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[1], "line 4:") || !strings.HasPrefix(lines[2], "line 6:") {
		t.Errorf("%d lines:\n%v", len(lines), err)
	}
}

// One profile as each of the programs that write profiles would write it.
func TestForms(t *testing.T) {
	docker := `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":[{"architecture":"SCMP_ARCH_X86_64",
		"subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]},{"architecture":"SCMP_ARCH_RISCV64","subArchitectures":null}],
		"syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW","args":[],"comment":"","includes":{},"excludes":{}},
		{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":13,"args":null},{"names":["exit"],"action":"SCMP_ACT_ALLOW"}]}`
	oci := `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"flags":[],
		"syscalls":[{"names":["read","write","exit"],"action":"SCMP_ACT_ALLOW"},{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}`
	podman := `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"defaultErrno":"ENOSYS","syscalls":[
		{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":13,"errno":"EACCES"},{"names":["read","write","exit"],"action":"SCMP_ACT_ALLOW","errno":""}]}`
	old := `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW","args":[]},
		{"name":"write","action":"SCMP_ACT_ALLOW"},{"name":"exit","action":"SCMP_ACT_ALLOW"},{"name":"mkdir","action":"SCMP_ACT_ERRNO","errnoRet":13}]}`
	to := target{"amd64", nil, kernel{6, 1}}
	want := map[uint32]action{0: allow, 1: allow, 2: enosys, 60: allow, 83: 0x5000d, 84: enosys, 400: enosys}
	for i, text := range []string{docker, oci, podman, old} {
		p, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("form %d: %v", i, err)
		}
		program := compiled(t, p, to)
		for nr, want := range want {
			if got, _ := run(program, entry{nr: nr, arch: unix.AUDIT_ARCH_X86_64}); got != want {
				t.Errorf("form %d: call %d gives %#x, want %#x", i, nr, got, want)
			}
		}
	}
}

func TestActionsAndFlags(t *testing.T) {
	for name, want := range map[string]action{
		"SCMP_ACT_ALLOW": allow, "SCMP_ACT_ERRNO": eperm, "SCMP_ACT_KILL": 0, "SCMP_ACT_KILL_THREAD": 0,
		"SCMP_ACT_KILL_PROCESS": 0x80000000, "SCMP_ACT_LOG": 0x7ffc0000, "SCMP_ACT_TRAP": 0x30000, "SCMP_ACT_TRACE": 0x7ff00001,
	} {
		text := fmt.Sprintf(`{"defaultAction":%q,"flags":["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_TSYNC"]}`, name)
		p, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		f, err := p.Compile("arm64", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := run(f.Instructions, entry{nr: 3, arch: unix.AUDIT_ARCH_AARCH64}); got != want {
			t.Errorf("%s gives %#x, want %#x", name, got, want)
		}
		if f.Flags != 2 || f.Arch != "arm64" {
			t.Errorf("flags %d, architecture %s", f.Flags, f.Arch)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	if _, err := Default().Compile("s390x", nil); err == nil || hint.Of(err) == "" || !strings.Contains(err.Error(), "s390x") {
		t.Errorf("s390x: %v (hint %q)", err, hint.Of(err))
	}
	long := &Profile{defaultAction: allow}
	for i := range uint64(2000) {
		args := []condition{{index: 0, op: equal, value: i << 32}}
		long.rules = append(long.rules, rule{names: []string{"read"}, action: eperm, args: args})
	}
	if f, err := long.compile(target{arch: "amd64"}); err == nil || !strings.Contains(err.Error(), "instructions") {
		t.Errorf("a program of %d instructions: %v", len(f.Instructions), err)
	}
}

func TestUnknownNamesAreListed(t *testing.T) {
	p, err := Parse([]byte(with(`"names":["zzz","chown32","read","zzz"],"action":"SCMP_ACT_ERRNO"`)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Compile("amd64", nil)
	if err != nil || !slices.Equal(f.Unknown, []string{"chown32", "zzz"}) {
		t.Errorf("%v, %v", f, err)
	}
}
