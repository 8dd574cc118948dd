package doctor

import (
	"strings"
	"testing"
)

func TestCovered(t *testing.T) {
	const outside = `24 1 0:22 / /proc rw,relatime - proc proc rw
25 24 0:31 / /proc/sys/fs/binfmt_misc rw - binfmt_misc binfmt_misc rw
26 1 0:5 / /process rw - tmpfs tmpfs rw
`
	if n := covered(outside); n != 0 {
		t.Errorf("outside: %d", n)
	}
	const docker = outside + `30 24 0:40 / /proc/kcore rw - tmpfs tmpfs rw
31 24 0:22 /sys /proc/sys ro - proc proc rw
`
	if n := covered(docker); n != 2 {
		t.Errorf("in docker: %d", n)
	}
	if covered("") != 0 || covered("x\n\n") != 0 {
		t.Error("of nothing something is covered")
	}
}

func TestWholeMap(t *testing.T) {
	for text, want := range map[string]bool{
		"         0          0 4294967295\n": true, "         0       1000          1\n": false, "": false,
	} {
		if wholeMap(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

func TestProcIsOnlyBlamedWhenNothingRuns(t *testing.T) {
	if f := procMounts(true); f.Status != OK {
		t.Errorf("%+v", f)
	}
}

func TestText(t *testing.T) {
	r := Report{Findings: []Finding{
		{Name: "a", Status: OK, Found: "two\nlines"},
		{Name: "longer", Status: Missing, Found: "x", Consequence: "no use", Fix: "as root:\ncat > f <<'END'\nEND"},
	}}
	const want = `OK        a       two lines
missing   longer  x
                  means: no use
                  fix: as root:
cat > f <<'END'
END

`
	if got := r.String(); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestProfile(t *testing.T) {
	text := profileFix("/opt/a b/pocket-docker")
	if !strings.Contains(text, `profile pocket-docker "/opt/a b/pocket-docker" flags=(unconfined) {`) || !strings.Contains(text, "\n  userns,\n") {
		t.Error(text)
	}
}
