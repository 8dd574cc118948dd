package judge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pocket/grader"
	"pocket/runtime/failpoint"
	"pocket/runtime/resource"
)

// What is kept of compiled submissions for later invocations, the last used of them.
const (
	keptBuilds   = 4000
	keptBytes    = 2 * resource.GiB
	largestBuild = 64 * resource.MiB // what is larger is compiled again
)

// kept is what lies beside a kept build, in the file about: with it, a build that was damaged is noticed.
type kept struct {
	Result grader.Result `json:"result"`
	Digest string        `json:"digest"` // of the files' names, modes and contents
	Bytes  resource.Size `json:"bytes"`
}

const (
	keptFiles = "files" // the folder with what the compiler left
	keptAbout = "about"
)

// buildName names a build by all that it depends on: sources, commands, limits, root file system, toolchain.
func buildName(sub *Staged, p Program, limits resource.Limits, root, identity string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "2 %s %q %q %s %q %q", sub.Digest, p.Compile.Args, p.Compile.Env, plain(limits), root, identity))
	return hex.EncodeToString(sum[:])
}

// takeBuild copies an earlier invocation's build into a folder. ok is false when there is none or it is
// damaged.
func takeBuild(name, dir string) (r grader.Result, ok bool) {
	s, err := userShelf("builds")
	if err != nil {
		return r, false
	}
	folder := s.take(name)
	if folder == nil {
		return r, false
	}
	defer folder.Close()
	var about kept
	text, err := os.ReadFile(filepath.Join(folder.Name(), keptAbout))
	if err == nil {
		err = json.Unmarshal(text, &about)
	}
	if err == nil {
		var digest string
		if digest, _, err = copyBuild(filepath.Join(folder.Name(), keptFiles), dir); err == nil && digest != about.Digest {
			err = errors.New("damaged")
		}
	}
	if err != nil {
		clearOut(dir)
		return r, false
	}
	about.Result.Cached = true
	return about.Result, true
}

// clearOut removes what half a copy left in a folder.
func clearOut(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		_ = os.RemoveAll(filepath.Join(dir, e.Name()))
	}
}

// keepBuild keeps a build for later invocations. Whatever prevents that costs only time.
func keepBuild(name, dir string, r grader.Result) (err error) {
	s, err := userShelf("builds")
	if err != nil {
		return err
	}
	draft, err := s.draft()
	if err != nil {
		return err
	}
	if err := failpoint.At("build.keep"); err != nil {
		return errors.Join(err, discard(draft))
	}
	about := kept{Result: r}
	if about.Digest, about.Bytes, err = copyBuild(dir, filepath.Join(draft.Name(), keptFiles)); err != nil {
		return errors.Join(err, discard(draft))
	}
	text, err := json.Marshal(about)
	if err == nil {
		err = os.WriteFile(filepath.Join(draft.Name(), keptAbout), text, 0o600)
	}
	if err != nil {
		return errors.Join(err, discard(draft))
	}
	folder, err := s.place(draft, name) // not written to the disk: a damaged one is noticed
	if folder != nil {
		err = errors.Join(err, folder.Close())
	}
	return err
}

// copyBuild copies the folders and regular files below a folder and returns a digest of them.
func copyBuild(from, to string) (digest string, size resource.Size, err error) {
	sum := sha256.New()
	err = filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			if err = os.Mkdir(target, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			return os.Chmod(target, 0o755)
		}
		n, err := copyBuilt(path, target, relative, largestBuild-size, sum)
		size += n
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), size, err
}

func copyBuilt(path, target, relative string, most resource.Size, sum io.Writer) (n resource.Size, err error) {
	in, err := openRegular(os.OpenFile, path)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	about, err := in.Stat()
	if err != nil {
		return 0, err
	}
	mode := fs.FileMode(0o644)
	if about.Mode()&0o111 != 0 {
		mode = 0o755
	}
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return 0, err
	}
	content := sha256.New()
	copied, err := io.Copy(io.MultiWriter(out, content), io.LimitReader(in, int64(most)+1))
	if err == nil && resource.Size(copied) > most {
		err = fmt.Errorf("more than %s", largestBuild.Human())
	}
	fmt.Fprintf(sum, "%q %o %x\n", relative, mode, content.Sum(nil))
	return resource.Size(copied), errors.Join(err, out.Chmod(mode), out.Close())
}

// tidyBuilds removes all but the builds used last, and what killed processes left behind.
func tidyBuilds(most int, bytes resource.Size) {
	s, err := userShelf("builds")
	if err != nil {
		return
	}
	entries, err := os.ReadDir(string(s))
	if err != nil {
		return
	}
	var all []fs.FileInfo
	for _, entry := range entries {
		about, err := entry.Info()
		switch {
		case err != nil || !about.IsDir():
		case !strings.HasPrefix(about.Name(), unfinished):
			all = append(all, about)
		case time.Since(about.ModTime()) > draftAge:
			s.remove(about.Name())
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	for i, about := range all {
		var known kept
		if text, err := os.ReadFile(filepath.Join(string(s), about.Name(), keptAbout)); err == nil {
			_ = json.Unmarshal(text, &known) // what says nothing of its size is counted by number only
		}
		if bytes -= max(known.Bytes, 0); i >= most || bytes < 0 {
			s.remove(about.Name())
		}
	}
}
