package deps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// attacks are the known attacks on container runtimes of the last ten years, each with the tests that make it here
// and fail if it succeeds: the script or the file of a Go test, which names it. Without one, why it does not concern us.
const attacks = `
CVE-2016-3697:  cmd/pocket-docker/testdata/script/cve-2026-30892.txtar
CVE-2016-9962:  runtime/sandbox/join_test.go
CVE-2017-5226:  cmd/pocket-docker/testdata/script/cve-2019-10063.txtar runtime/seccomp/attack_test.go
CVE-2018-15664: runtime/tree/race_test.go
CVE-2019-5736:  runtime/sandbox/cve_test.go cmd/pocket-docker/testdata/script/noinit.txtar
CVE-2019-10063: cmd/pocket-docker/testdata/script/cve-2019-10063.txtar runtime/seccomp/attack_test.go
CVE-2019-10152: runtime/tree/race_test.go
CVE-2019-14271: cmd/pocket-docker/testdata/script/cve-2022-1227.txtar
CVE-2019-16884: cmd/pocket-docker/testdata/script/cve-2025-52881.txtar
CVE-2019-19921: cmd/pocket-docker/testdata/script/cve-2025-52881.txtar
CVE-2020-14370: cmd/pocket-docker/testdata/script/cve-2020-15257.txtar
CVE-2020-15257: cmd/pocket-docker/testdata/script/cve-2020-15257.txtar
CVE-2021-3602:  cmd/pocket-docker/testdata/script/cve-2020-15257.txtar
CVE-2021-30465: runtime/sandbox/cve_test.go
CVE-2021-41190: runtime/image/layout_test.go
CVE-2022-0185:  runtime/seccomp/attack_test.go
CVE-2022-0492:  cmd/pocket-docker/testdata/script/cve-2022-0492.txtar runtime/seccomp/attack_test.go
CVE-2022-1227:  cmd/pocket-docker/testdata/script/cve-2022-1227.txtar
CVE-2022-24769: cmd/pocket-docker/testdata/script/cve-2022-24769.txtar
CVE-2022-27649: cmd/pocket-docker/testdata/script/cve-2022-24769.txtar
CVE-2022-27650: cmd/pocket-docker/testdata/script/cve-2022-24769.txtar
CVE-2022-29162: cmd/pocket-docker/testdata/script/cve-2022-24769.txtar
CVE-2022-2989:  cmd/pocket-docker/testdata/script/cve-2022-24769.txtar
CVE-2022-2990:  cmd/pocket-docker/testdata/script/cve-2022-24769.txtar
CVE-2022-2995:  cmd/pocket-docker/testdata/script/cve-2022-24769.txtar
CVE-2023-0778:  runtime/tree/race_test.go
CVE-2023-1523:  cmd/pocket-docker/testdata/script/cve-2019-10063.txtar runtime/seccomp/attack_test.go
CVE-2023-25809: cmd/pocket-docker/testdata/script/cve-2022-0492.txtar
CVE-2023-27561: cmd/pocket-docker/testdata/script/cve-2026-41579.txtar
CVE-2023-28642: no AppArmor profile is ever loaded, so that no link of /proc turns one off
CVE-2024-9676:  cmd/pocket-docker/testdata/script/cve-2022-1227.txtar
CVE-2024-21626: cmd/pocket-docker/testdata/script/cve-2024-21626.txtar runtime/sandbox/sandbox_test.go runtime/sandbox/join_test.go
CVE-2024-45310: cmd/pocket-docker/testdata/script/cve-2026-41579.txtar
CVE-2025-31133: cmd/pocket-docker/testdata/script/cve-2026-41579.txtar
CVE-2025-52565: cmd/pocket-docker/testdata/script/cve-2026-41579.txtar
CVE-2025-52881: cmd/pocket-docker/testdata/script/cve-2025-52881.txtar
CVE-2026-30892: cmd/pocket-docker/testdata/script/cve-2026-30892.txtar runtime/container/exec_test.go
CVE-2026-31431: cmd/pocket-docker/testdata/script/cve-2019-10063.txtar runtime/seccomp/attack_test.go
CVE-2026-41579: cmd/pocket-docker/testdata/script/cve-2026-41579.txtar
CVE-2026-47766: cmd/pocket-docker/testdata/script/cve-2026-41579.txtar
`

// TestKnownAttacks: each known attack has its test, and each script that is named for one is in the table.
func TestKnownAttacks(t *testing.T) {
	root := "../../.."
	listed := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(attacks), "\n") {
		cve, rest, _ := strings.Cut(line, ":")
		files := strings.Fields(rest)
		if len(files) == 0 {
			t.Errorf("%s has neither a test nor a reason", cve)
		}
		if !strings.Contains(rest, "/") || strings.Contains(rest, ", ") {
			continue // a reason
		}
		for _, file := range files {
			listed[file] = true
			text, err := os.ReadFile(filepath.Join(root, file))
			if err != nil {
				t.Errorf("%s: %v", cve, err)
				continue
			}
			named := strings.Contains(string(text), cve) || strings.Contains(string(text), "func Test"+strings.ReplaceAll(cve, "-", "_")+"(")
			if !named {
				t.Errorf("%s does not name %s", file, cve)
			}
		}
	}
	scripts, err := filepath.Glob(filepath.Join(root, "cmd/*/testdata/script/cve-[0-9]*.txtar"))
	if err != nil || len(scripts) < 8 {
		t.Errorf("%d scripts (%v)", len(scripts), err)
	}
	for _, script := range scripts {
		if name, _ := filepath.Rel(root, script); !listed[filepath.ToSlash(name)] {
			t.Errorf("%s is in no line of the table", name)
		}
	}
}
