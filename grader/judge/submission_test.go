package judge

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pocket/grader"
	"pocket/runtime/hint"
)

// write makes a file with the folders above it.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNewSubmission(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "alice", "src", "b.c"), "b")
	write(t, filepath.Join(dir, "alice", "a.c"), "a")
	for _, clutter := range []string{".git/config", "src/.DS_Store", "__MACOSX/src/._b.c", "._a.c"} {
		write(t, filepath.Join(dir, "alice", clutter), "")
	}
	for path, want := range map[string][]string{
		filepath.Join(dir, "alice"):        {"a.c", "src/b.c"},
		filepath.Join(dir, "alice") + "/":  {"a.c", "src/b.c"},
		filepath.Join(dir, "alice", "a.c"): {"a.c"},
	} {
		sub, err := NewSubmission(path)
		if err != nil || !slices.Equal(sub.Files, want) || sub.Name != filepath.Base(path) || !filepath.IsAbs(sub.Path) {
			t.Errorf("%s: %+v, %v", path, sub, err)
		}
	}
}

func TestNewSubmissionRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("a.c"), "")
	write(t, at("large/a.c"), "")
	write(t, at("linked/a.c"), "")
	write(t, at("piped/a.c"), "")
	for _, err := range []error{
		os.Mkdir(at("empty"), 0o755),
		os.Symlink("a.c", at("link.c")),
		os.Symlink("/etc/passwd", at("linked/b.c")),
		syscall.Mkfifo(at("piped/b.c"), 0o644),
		syscall.Mkfifo(at("fifo.c"), 0o644),
		os.Truncate(at("large/a.c"), int64(MaxBytes)+1), // sparse
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		at("missing"): "no such file",
		at("empty"):   "no files",
		at("link.c"):  "link.c is a symbolic link",
		at("linked"):  "b.c is a symbolic link",
		at("fifo.c"):  "fifo.c is a fifo",
		at("piped"):   "b.c is a fifo",
		at("large"):   "more than 100MiB",
		"/dev/null":   "null is a device",
	} {
		_, err := NewSubmission(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || hint.Of(err) == "" {
			t.Errorf("%s: %v (hint %q), want %q", path, err, hint.Of(err), want)
		}
	}
}

func TestWalkTooManyFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c/d"} {
		write(t, filepath.Join(dir, name), "")
	}
	if files, err := walk(dir, 3); err != nil || len(files) != 3 {
		t.Errorf("%q, %v", files, err)
	}
	if _, err := walk(dir, 2); err == nil || !strings.Contains(err.Error(), "more than 2 files") {
		t.Errorf("error %v", err)
	}
}

func TestWalkTooLongNames(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.c"), "")
	// No name is written longer than the kernel takes; 640 times 205 bytes are more than 128 KiB.
	for i := range 640 {
		write(t, filepath.Join(dir, fmt.Sprintf("%0200d.c", i)), "")
	}
	if files, err := walk(dir, MaxFiles); err != nil || len(files) != 641 {
		t.Errorf("%d files, %v", len(files), err)
	}
	write(t, filepath.Join(dir, strings.Repeat("x", 200), fmt.Sprintf("%0200d.c", 0), strings.Repeat("y", 200), "z.c"), "")
	for i := range 16 {
		write(t, filepath.Join(dir, fmt.Sprintf("y%0200d.c", i)), "")
	}
	if _, err := NewSubmission(dir); err == nil || !strings.Contains(err.Error(), "128KiB together") || hint.Of(err) == "" {
		t.Errorf("error %v", err)
	}
	deep := t.TempDir()
	write(t, filepath.Join(deep, strings.Repeat(strings.Repeat("d", 200)+"/", 6), "a.c"), "")
	if _, err := NewSubmission(deep); err == nil || !strings.Contains(err.Error(), "a path of 1209 bytes") || hint.Of(err) == "" {
		t.Errorf("error %v", err)
	}
}

func TestNewSubmissionUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root can read every file")
	}
	path := filepath.Join(t.TempDir(), "a.c")
	write(t, path, "")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := NewSubmission(path); err == nil || hint.Of(err) == "" {
		t.Errorf("error %v", err)
	}
}

func TestStage(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "src/tool.sh"), "echo")
	write(t, filepath.Join(dir, "main.py"), "print()")
	for path, mode := range map[string]fs.FileMode{"src/tool.sh": 0o700, "main.py": 0o600} {
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	w, err := OpenWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	sub, err := NewSubmission(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.Stage(sub)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{"": 0o755, "src": 0o755, "src/tool.sh": 0o755, "main.py": 0o644} {
		about, err := os.Stat(filepath.Join(first.Dir, path))
		if err != nil || about.Mode().Perm() != want {
			t.Errorf("%q: %v, want %o: the sandbox's user must be able to read it (%v)", path, about.Mode(), want, err)
		}
	}
	write(t, filepath.Join(dir, "main.py"), "print(1)")
	second, err := w.Stage(sub)
	if err != nil || first.Digest == second.Digest || len(first.Digest) != 64 {
		t.Errorf("digests %q and %q, %v", first.Digest, second.Digest, err)
	}
	if text, err := os.ReadFile(filepath.Join(first.Dir, "main.py")); string(text) != "print()" {
		t.Errorf("the copy changed with the original: %q, %v", text, err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(w.dir); !os.IsNotExist(err) {
		t.Errorf("the workspace is still there: %v", err)
	}
}

func TestStageSwappedForLink(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sub/a.c"), "")
	sub, err := NewSubmission(filepath.Join(dir, "sub"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(sub.Path, "a.c")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", path); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Stage(sub); err == nil {
		t.Error("a link was followed")
	}
}

func TestStageAs(t *testing.T) {
	sub := stage(t, "-a.go", "package main")
	staged, err := sub.workspace.StageAs(sub.Submission, "main.go")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(staged.Dir, "main.go")); string(text) != "package main" {
		t.Errorf("%q, %v", text, err)
	}
	other, err := sub.workspace.StageAs(stage(t, "b.go", "package main").Submission, "main.go")
	if err != nil || staged.Digest == sub.Digest || staged.Digest != other.Digest {
		t.Errorf("digests %s, %s as main.go, %s from b.go, %v", sub.Digest, staged.Digest, other.Digest, err)
	}
	if digest, err := Digest(sub.Submission, "main.go"); digest != staged.Digest {
		t.Errorf("digest %s, of the copy %s, %v", digest, staged.Digest, err)
	}
	if _, err := sub.workspace.StageAs(sub.Submission, "../x"); err == nil {
		t.Error("renamed out of its folder")
	}
	if _, err := Digest(grader.Submission{Files: []string{"a", "b"}}, "c"); err == nil {
		t.Error("renamed one of two files")
	}
}
