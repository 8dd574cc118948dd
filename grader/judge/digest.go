package judge

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"pocket/grader"
	"pocket/runtime/resource"
)

// CaseDigest returns a sha256 in hex over all that a case's verdict depends on, by content and not by
// where it lies: input, answer, volumes as the program sees them, args, env, limits, comparison, and the
// sources of its checker and interactor. It says nothing of the submission, the toolchain or the root file
// system, nor of the case's name, points, group and visibility, which change no verdict. Times and owners
// of files do not count. The error names the file that cannot be read.
func CaseDigest(s *grader.Suite, c grader.Case) (string, error) {
	return newDigester(s).caseDigest(c)
}

// CaseDigests returns the digest of each of the suite's cases, in suite order. What several cases have in
// common is read once.
func CaseDigests(s *grader.Suite) ([]string, error) {
	d := newDigester(s)
	var all []string
	var problems []error
	for _, c := range s.Cases {
		digest, err := d.caseDigest(c)
		all, problems = append(all, digest), append(problems, err)
	}
	return all, errors.Join(problems...)
}

// SuiteDigest returns a sha256 in hex over all that a report depends on and the submission does not bring
// along: the digests of the cases with their names, points, groups and visibilities, the groups, the
// languages and the file that defines some. Line numbers and descriptions do not count.
func SuiteDigest(s *grader.Suite) (string, error) {
	digests, err := CaseDigests(s)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q %t\n", s.Name, within(s.Dir, s.RootFS), s.Languages, s.StopEarly)
	if s.LanguageFile != "" {
		digest, err := newDigester(s).file(s.LanguageFile)
		if err != nil {
			return "", fmt.Errorf("language-file: %w", err)
		}
		fmt.Fprintf(sum, "languages %s\n", digest)
	}
	for _, g := range s.Groups {
		fmt.Fprintf(sum, "group %q %v %q %q\n", g.Name, g.Points, g.Score, g.Requires)
	}
	for i, c := range s.Cases {
		fmt.Fprintf(sum, "case %q %v %q %q %s\n", c.Name, c.Points, c.Group, c.Visibility, digests[i])
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// digester makes digests of a suite's files, each once.
type digester struct {
	suite *grader.Suite
	known map[string]string // by path and, where files in a folder are masked, their names
}

func newDigester(s *grader.Suite) *digester {
	return &digester{suite: s, known: map[string]string{}}
}

func (d *digester) caseDigest(c grader.Case) (string, error) {
	sum := sha256.New()
	parts := []func(io.Writer) error{
		func(w io.Writer) error { return d.text(w, "input", c.Input) },
		func(w io.Writer) error { return d.text(w, "answer", c.Answer) },
		func(w io.Writer) error { return d.volumes(w, c.Volumes) },
		func(w io.Writer) error { return d.compare(w, c.Compare) },
		func(w io.Writer) error { return d.tool(w, "interactor", c.Interactor) },
	}
	if a := c.Digest; a != nil {
		fmt.Fprintf(sum, "answer-digest %x %d %x %x\n", a.Salt, a.Rounds, a.Right, a.Near)
	}
	fmt.Fprintf(sum, "args %q\nenv %q\nlimits %s\n", c.Args, c.Env, plain(c.Limits))
	for _, part := range parts {
		if err := part(sum); err != nil {
			return "", fmt.Errorf("case %s: %w", c.Name, err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// plain writes limits with the names of their fields, so that a further field does not take another's place.
func plain(l resource.Limits) string { return fmt.Sprintf("%+v", l) }

func (d *digester) text(w io.Writer, what string, t grader.Text) error {
	digest := hex.EncodeToString(hashed([]byte(t.Inline)))
	if t.Path != "" {
		var err error
		if digest, err = d.file(t.Path); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	fmt.Fprintf(w, "%s %s\n", what, digest)
	return nil
}

func hashed(text []byte) []byte {
	sum := sha256.Sum256(text)
	return sum[:]
}

func (d *digester) volumes(w io.Writer, all []grader.Volume) error {
	for _, v := range all {
		digest, err := d.tree(v.Host, v.Masks)
		if err != nil {
			return fmt.Errorf("volume: %w", err)
		}
		fmt.Fprintf(w, "volume %q %s\n", v.Target, digest)
	}
	return nil
}

func (d *digester) compare(w io.Writer, c grader.Compare) error {
	tool := c.Checker
	if c.Mode == "" {
		c.Mode = grader.Lines
	}
	c.Checker = nil // a pointer is not content
	fmt.Fprintf(w, "compare %+v\n", c)
	return d.tool(w, "checker", tool)
}

func (d *digester) tool(w io.Writer, what string, t *grader.Tool) error {
	if t == nil {
		return nil
	}
	digest, err := d.tree(t.Path, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	fmt.Fprintf(w, "%s %s %q %q %q %q %s\n", what, digest, filepath.Base(t.Path), t.Language, t.Protocol, t.Args, plain(t.Limits))
	return nil
}

// tree digests a file or a folder without those files in it that are masked.
func (d *digester) tree(path string, masks []string) (string, error) {
	key := fmt.Sprintf("tree %q %q", path, masks)
	if digest, ok := d.known[key]; ok {
		return digest, nil
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", d.about(path, err)
	}
	sum := sha256.New()
	err = filepath.WalkDir(real, func(file string, entry fs.DirEntry, err error) error {
		relative, relErr := filepath.Rel(real, file)
		switch {
		case entry == nil || relErr != nil:
			return errors.Join(err, relErr)
		case slices.Contains(masks, relative):
			return nil
		case errors.Is(err, fs.ErrPermission):
			fmt.Fprintf(sum, "%q unreadable\n", relative) // nor could a program list it
			return nil
		case err != nil:
			return err
		}
		return d.entry(sum, file, relative, entry)
	})
	if err != nil {
		return "", d.about(path, err)
	}
	d.known[key] = hex.EncodeToString(sum.Sum(nil))
	return d.known[key], nil
}

// entry writes what a program sees of a file or folder in a volume.
func (d *digester) entry(w io.Writer, file, relative string, entry fs.DirEntry) error {
	about, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed while the folder was read
	} else if err != nil {
		return err
	}
	fmt.Fprintf(w, "%q %s ", relative, about.Mode())
	switch {
	case about.Mode().IsRegular():
		digest, err := d.file(file)
		if errors.Is(err, fs.ErrPermission) {
			digest, err = "unreadable", nil
		}
		fmt.Fprintln(w, digest)
		return err
	case about.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(file)
		fmt.Fprintf(w, "%q\n", target)
		return err
	}
	fmt.Fprintln(w)
	return nil
}

func (d *digester) file(path string) (string, error) {
	key := "file " + path
	if digest, ok := d.known[key]; ok {
		return digest, nil
	}
	// Not only a guard against a wrong path: a fifo in place of a file would never end.
	f, err := openRegular(followed, path)
	if err != nil {
		return "", d.about(path, err)
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", d.about(path, err)
	}
	d.known[key] = hex.EncodeToString(sum.Sum(nil))
	return d.known[key], nil
}

// followed opens a file also behind a link, which a suite's file may be.
func followed(path string, flags int, mode fs.FileMode) (*os.File, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	return os.OpenFile(real, flags, mode)
}

// about is an error with the path as the suite names it.
func (d *digester) about(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("reading %s: %w", within(d.suite.Dir, path), err)
}

// within is a path as a suite in dir writes it; what is no path below dir stays as it is.
func within(dir, path string) string {
	if relative, err := filepath.Rel(dir, path); err == nil && filepath.IsAbs(path) && filepath.IsLocal(relative) {
		return relative
	}
	return path
}
