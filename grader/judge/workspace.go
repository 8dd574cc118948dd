package judge

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"pocket/grader"
	"pocket/runtime/failpoint"
)

// Workspace is a folder of the host in which submissions are copied and compiled during one invocation,
// for one suite. What was compiled is kept in it until Close, so that identical submissions are compiled
// once.
type Workspace struct {
	// OnWarm, when not nil, is called before what submissions in a language share is compiled once, which
	// can take a minute, and again with an error when that failed: grading goes on, only slower. title is
	// the language's. It must be set before the workspace is used.
	OnWarm func(title string, err error)

	// Root says what the suite's root file system is made of, by content and not by name; with "" nothing is taken
	// from other invocations or kept for them. It must be set before the workspace is used.
	Root string

	dir    string
	lock   *os.File // nil where the file system knows no locks
	caches caches
	shared volumes
	tools  map[string]equipped // by what keyOf says; not changed while the workspace is used

	mu     sync.Mutex
	builds map[string]*building
	found  map[string]*finding // toolchains, by language
	keeps  bool                // a build was kept for later invocations
}

// OpenWorkspace makes a workspace below the folder for temporary files, and removes those there that killed
// processes of the same user left behind.
func OpenWorkspace() (*Workspace, error) {
	removeLeftovers(os.TempDir())
	if err := failpoint.At("workspace.make"); err != nil {
		return nil, fmt.Errorf("making a workspace: %w", err)
	}
	dir, folder, err := makeWorkspace()
	if err != nil {
		return nil, err
	}
	return &Workspace{dir: dir, lock: folder, builds: map[string]*building{}, found: map[string]*finding{}, tools: map[string]equipped{}, caches: caches{found: map[string]*os.File{}},
		shared: volumes{copies: map[string]*copied{}}}, nil
}

// makeWorkspace makes the folder, with a mark and its lock.
func makeWorkspace() (string, *os.File, error) {
	for {
		dir, err := os.MkdirTemp("", workspacePrefix)
		if err != nil {
			return "", nil, NoRoom(fmt.Errorf("making a workspace: %w", err))
		}
		failpoint.Kill("workspace.made")
		folder, err := mark(dir)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EWOULDBLOCK) {
			continue // another run took it for one whose owner was killed
		}
		// Without a lock there is no mark: then the workspace is as good, but nobody removes it if we are killed.
		// Where root grades, the sandbox's ids are not root's and must pass through this folder; names below
		// it are random and cannot be listed by others.
		if err := os.Chmod(dir, 0o711); err != nil {
			return "", nil, errors.Join(fmt.Errorf("making a workspace: %w", err), os.RemoveAll(dir), closed(folder))
		}
		return dir, folder, nil
	}
}

// Close removes the workspace. Nothing may run in it any more.
func (w *Workspace) Close() error {
	failpoint.Kill("workspace.close")
	if w.keeps {
		tidyBuilds(keptBuilds, keptBytes)
	}
	err := errors.Join(removeMarked(w.dir), closed(w.lock))
	for _, folder := range w.caches.found {
		err = errors.Join(err, closed(folder))
	}
	if err != nil {
		return fmt.Errorf("removing the workspace: %w", err)
	}
	return nil
}

// discardBuilds removes what was compiled of the sources with this digest.
func (w *Workspace) discardBuilds(digest string) {
	for _, tool := range w.tools {
		if tool.staged.Digest == digest { // somebody handed in the suite's own checker
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, b := range w.builds {
		if strings.HasPrefix(key, digest+" ") && b.over() && b.kept {
			_ = removeAll(b.dir) // what is left goes with the workspace
			delete(w.builds, key)
		}
	}
}

// removeAll also removes what a compiler made unwritable.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil {
		return nil
	}
	walkErr := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if entry != nil && entry.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return nil
	})
	return errors.Join(walkErr, os.RemoveAll(dir))
}

// Scratch makes a new, empty folder for this process alone. It goes with the workspace at the latest.
func (w *Workspace) Scratch() (string, error) {
	dir, err := os.MkdirTemp(w.dir, "scratch-")
	return dir, NoRoom(err)
}

// folder makes a new folder that the sandbox can read.
func (w *Workspace) folder(kind string) (string, error) {
	if err := failpoint.At("workspace.folder"); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(w.dir, kind+"-")
	if err != nil {
		return "", NoRoom(err)
	}
	return dir, os.Chmod(dir, 0o755)
}

// Staged is a submission's copy in a workspace: what is graded is what the digest says, even when the
// student's folder changes meanwhile, and it can be read in the sandbox whatever the original's modes.
type Staged struct {
	Submission grader.Submission
	Dir        string // the folder with the copies of Submission.Files
	Digest     string // sha256 over names, modes and contents, in hex

	workspace *Workspace
}

// Stage copies a submission. Remove takes the copy away again.
func (w *Workspace) Stage(sub grader.Submission) (*Staged, error) { return w.StageAs(sub, "") }

// StageAs copies a submission, of which the sandbox sees a single file under the name as; "" leaves its own.
func (w *Workspace) StageAs(sub grader.Submission, as string) (*Staged, error) {
	dir, err := w.folder("submission")
	if err != nil {
		return nil, fmt.Errorf("copying submission %s: %w", sub.Name, err)
	}
	s := &Staged{Submission: sub, Dir: dir, workspace: w}
	if s.Digest, err = each(sub, as, s.copyFile); err != nil {
		_ = s.Remove() // what is left goes with the workspace
		return nil, NoRoom(fmt.Errorf("copying submission %s: %w", sub.Name, err))
	}
	return s, nil
}

// Remove removes the copy.
func (s *Staged) Remove() error { return os.RemoveAll(s.Dir) }

// discard removes the copy and what was compiled of it. What cannot be removed goes with the workspace.
func (s *Staged) discard() {
	_ = s.Remove()
	s.workspace.discardBuilds(s.Digest)
}

// copyFile writes a file of the submission, executable if it was.
func (s *Staged) copyFile(name string, mode os.FileMode, content io.Reader) error {
	path := filepath.Join(s.Dir, filepath.FromSlash(name))
	if err := makeFolders(filepath.Dir(path)); err != nil {
		return err
	}
	if err := failpoint.At("stage.file"); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	// Chmod: the mode at creation was narrowed by the umask.
	return errors.Join(err, out.Chmod(mode), out.Close())
}

// makeFolders makes folders that the sandbox can read, whatever the umask.
func makeFolders(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeFolders(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}
