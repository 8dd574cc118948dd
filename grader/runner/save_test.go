package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/runtime/resource"
)

// TestSaveRefuses: what a compiler must not leave is its own doing, never ours.
func TestSaveRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		leave func(dir string) error
		want  string // "": all is kept
	}{
		"deep enough": {func(dir string) error { return os.MkdirAll(filepath.Join(dir, strings.Repeat("d/", 60)), 0o755) }, ""},
		"too deep":    {func(dir string) error { return os.MkdirAll(filepath.Join(dir, strings.Repeat("d/", 70)), 0o755) }, "too deep"},
		"long names":  {longNames, "too long names"},
		"sparse":      {func(dir string) error { return sparse(filepath.Join(dir, "a"), 3*resource.MiB) }, "more than 2MiB"},
		"together": {func(dir string) error {
			return errors.Join(sparse(filepath.Join(dir, "a"), resource.MiB), sparse(filepath.Join(dir, "b"), 2*resource.MiB))
		}, "more than 2MiB"},
		"more than any disk": {func(dir string) error { return sparse(filepath.Join(dir, "a"), 8*resource.TiB) }, "more than 2MiB"},
		"exactly":            {func(dir string) error { return sparse(filepath.Join(dir, "a"), 2*resource.MiB) }, ""},
	} {
		left := t.TempDir()
		if err := test.leave(left); err != nil {
			t.Fatal(name, err)
		}
		from, err := os.Open(left)
		if err != nil {
			t.Fatal(err)
		}
		err = save(from, t.TempDir(), 2*resource.MiB, "the compiler")
		refused := refusal("")
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want a refusal with %q", name, err, test.want)
		}
		if err := errors.Join(from.Close(), os.RemoveAll(left)); err != nil {
			t.Error(err)
		}
	}
}

func sparse(path string, size resource.Size) error {
	return errors.Join(os.WriteFile(path, nil, 0o644), os.Truncate(path, int64(size)))
}

// longNames makes a path of more than PATH_MAX, which no single call can.
func longNames(dir string) error {
	at, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	for i := 0; i < 20 && err == nil; i++ {
		name, parent := strings.Repeat("n", 250), at
		if err = unix.Mkdirat(parent, name, 0o755); err == nil {
			at, err = unix.Openat(parent, name, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		}
		err = errors.Join(err, unix.Close(parent))
	}
	return errors.Join(err, unix.Close(at))
}

func TestEntriesAreBounded(t *testing.T) {
	from := t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{to: t.TempDir(), entries: mostEntries}
	if err := k.keep("a", entries[0], nil); err == nil || !strings.Contains(err.Error(), fmt.Sprint(mostEntries)) {
		t.Error(err)
	}
	if err := k.keep("a", entries[0], &os.PathError{Op: "open", Path: "a", Err: unix.EACCES}); !errors.As(err, new(refusal)) {
		t.Error(err)
	}
}

// TestRefusedJobs: a job that leaves what cannot be kept, or whose command line is too long, is refused and
// neither our fault nor a missing program.
func TestRefusedJobs(t *testing.T) {
	many := []string{"true"}
	for len(many) < 60_000 {
		many = append(many, strings.Repeat("x", 200))
	}
	for want, args := range map[string][]string{
		"too deep":     {"sh", "-c", "cd /work/out && for i in $(seq 70); do mkdir d && cd d; done"},
		"command line": many,
		"is too long":  {"true", strings.Repeat("x", 1<<20)},
	} {
		o := newRunner(t).Run(t.Context(), grader.Job{Args: args, Save: t.TempDir(), Limits: limits, Compile: true})
		if o.Err != nil || o.NotFound || !strings.Contains(o.Refused, want) {
			t.Errorf("%s: %+v\n%s", want, o, o.Stderr)
		}
	}
}

func TestBytesOfBothStreams(t *testing.T) {
	few := limits
	few.Output = resource.KiB
	o := newRunner(t).Run(t.Context(), grader.Job{Args: []string{"sh", "-c", "echo x; head -c 100000 /dev/zero >&2"}, Limits: few})
	if o.Err != nil || o.Limit != grader.OutputLimit || o.OutputBytes != 2 || o.ErrorBytes <= 1024 {
		t.Errorf("%+v", o)
	}
}
