package judge

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"syscall"

	"pocket/grader"
)

// TestVolumesAreCopies: a program can tell neither what a volume was called nor what is kept from it.
func TestVolumesAreCopies(t *testing.T) {
	host := filepath.Join(t.TempDir(), "exam-2027", "hidden-case")
	when := time.Date(2020, 2, 2, 2, 2, 2, 0, time.UTC)
	in := func(name string) string { return filepath.Join(host, name) }
	err := errors.Join(os.MkdirAll(in("deep/closed"), 0o755), os.WriteFile(in("deep/closed/f"), []byte("x"), 0o600),
		os.WriteFile(in("run.sh"), []byte("#!/bin/sh\n"), 0o755), os.WriteFile(in("deep/case.ans"), []byte("42"), 0o644),
		os.Symlink("deep/closed", in("link")), os.Symlink("/etc/shadow", in("out")), syscall.Mkfifo(in("pipe"), 0o644),
		os.Chmod(in("run.sh"), 0o755), os.Chtimes(in("run.sh"), when, when), os.Chmod(in("deep/closed"), 0o500))
	if err != nil {
		t.Fatal(err)
	}
	w := stage(t, "a.py", "").workspace
	list := []grader.Volume{{Host: host, Target: "/mnt", Masks: []string{"deep/case.ans"}}, {Host: in("run.sh"), Target: "/run.sh"}}
	got, err := w.volumes(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range got {
		if strings.Contains(v.Host, "exam") || strings.Contains(v.Host, "hidden") || strings.Contains(v.Host, "run.sh") || v.Masks != nil {
			t.Errorf("%+v", v)
		}
	}
	if text, want := tree(t, got[0].Host), "./ deep/ deep/closed/ deep/closed/f=x link->deep/closed out->/etc/shadow run.sh=#!/bin/sh\n"; text != want {
		t.Errorf("the copy has %q, want %q", text, want)
	}
	if got[0].Target != "/mnt" || got[1].Target != "/run.sh" || tree(t, got[1].Host) != ".=#!/bin/sh\n" {
		t.Errorf("%+v", got)
	}
	about, err := os.Stat(filepath.Join(got[0].Host, "run.sh"))
	if err != nil || about.Mode().Perm() != 0o755 || !about.ModTime().Equal(when) {
		t.Errorf("%v %v", about, err)
	}
	if about, err = os.Stat(filepath.Join(got[0].Host, "deep/closed")); err != nil || about.Mode().Perm() != 0o500 {
		t.Errorf("%v %v", about, err)
	}
	if err := os.Chmod(in("deep/closed"), 0o700); err != nil { // so that the test's folder can be removed
		t.Fatal(err)
	}
}

// tree says what is below a path.
func tree(t *testing.T, path string) string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(path, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(path, file)
		switch {
		case e.IsDir():
			name += "/"
		case e.Type() == fs.ModeSymlink:
			target, _ := os.Readlink(file)
			name += "->" + target
		default:
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			name += "=" + string(text)
		}
		list = append(list, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

// TestVolumesAreCopiedOnce also where many cases ask at once; what cannot be copied is told each time.
func TestVolumesAreCopiedOnce(t *testing.T) {
	host := t.TempDir()
	w := stage(t, "a.py", "").workspace
	var all sync.WaitGroup
	found := make([]string, 20)
	for i := range found {
		all.Go(func() {
			list, err := w.volumes([]grader.Volume{{Host: host, Target: "/mnt"}})
			if err == nil {
				found[i] = list[0].Host
			}
		})
	}
	all.Wait()
	for _, path := range found {
		if path == "" || path != found[0] {
			t.Fatalf("%q", found)
		}
	}
	for range 2 {
		_, err := w.volumes([]grader.Volume{{Host: "/no/such/folder", Target: "/mnt"}})
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "copying the volume folder: ") {
			t.Errorf("%v", err)
		}
	}
}

func TestAVolumeThatIsGoneIsAJudgeError(t *testing.T) {
	s := numbered(1)
	s.Cases[0].Volumes = []grader.Volume{{Host: "/no/such/folder", Target: "/mnt"}}
	report, err := Run(t.Context(), fake(echo), s, stage(t, "a.py", ""), Program{Run: interpreted}, Options{})
	if err != nil || len(report.Results) != 1 || report.Results[0].Verdict != grader.JE || !strings.Contains(report.Results[0].Detail, "copying the volume folder") {
		t.Errorf("%+v %v", report, err)
	}
}
