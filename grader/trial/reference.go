package trial

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
)

// Reference is a submission whose verdict is known: it lies in the suite's folder of submissions, in a folder
// that is named for the verdict.
type Reference struct {
	Name string // "wrong-answer/sum.py"
	Path string // absolute
	Want []grader.Verdict
}

// verdicts are the names of folders, with "-" for "_" and in small letters: ours, those of problem packages
// (icpc.io/problem-package-format, "Submissions") and the verdicts' own.
var verdicts = map[string][]grader.Verdict{
	"accepted": {grader.AC}, "ac": {grader.AC},
	"wrong-answer": {grader.WA}, "wa": {grader.WA},
	"presentation-error": {grader.PE}, "pe": {grader.PE},
	"time-limit": {grader.TLE}, "time-limit-exceeded": {grader.TLE}, "tle": {grader.TLE},
	"memory-limit": {grader.MLE}, "memory-limit-exceeded": {grader.MLE}, "mle": {grader.MLE},
	"output-limit": {grader.OLE}, "output-limit-exceeded": {grader.OLE}, "ole": {grader.OLE},
	"run-time-error": {grader.RTE}, "runtime-error": {grader.RTE}, "rte": {grader.RTE},
	"compile-error": {grader.CE}, "compiler-error": {grader.CE}, "ce": {grader.CE},
	"rejected": {grader.WA, grader.PE, grader.TLE, grader.MLE, grader.OLE, grader.RTE, grader.CE},
}

// References lists the reference submissions of a suite, by folder and name; none where it has no folder of
// them. odd is what lies in that folder and cannot be one.
func References(s *grader.Suite) (all []Reference, odd []string, err error) {
	if s.Submissions == "" {
		return nil, nil, nil
	}
	folders, err := listed(s.Submissions)
	if err != nil {
		return nil, nil, err
	}
	for _, folder := range folders {
		want, known := verdicts[strings.ReplaceAll(strings.ToLower(folder.Name()), "_", "-")]
		if !known || !folder.IsDir() {
			odd = append(odd, folder.Name())
			continue
		}
		entries, err := listed(filepath.Join(s.Submissions, folder.Name()))
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range entries {
			name := folder.Name() + "/" + entry.Name()
			all = append(all, Reference{Name: name, Path: filepath.Join(s.Submissions, name), Want: want})
		}
	}
	slices.SortStableFunc(all, func(a, b Reference) int { return rank(a) - rank(b) })
	return all, odd, nil
}

// rank puts what is accepted first.
func rank(r Reference) int {
	if slices.Contains(r.Want, grader.AC) {
		return 0
	}
	return 1
}

// listed is the entries of a folder without those that begin with a dot.
func listed(folder string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(folder)
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	if err != nil {
		return nil, fmt.Errorf("reading the reference submissions in %s: %w", folder, err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return grader.Natural(a.Name(), b.Name()) })
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }), nil
}

// Patient is the suite with Patience times the time for each case.
func Patient(s *grader.Suite) *grader.Suite {
	longer := *s
	longer.Cases = slices.Clone(s.Cases)
	for i := range longer.Cases {
		longer.Cases[i].Limits.CPU *= Patience
		longer.Cases[i].Limits.Wall *= Patience
	}
	return &longer
}

// Whole is the suite with nothing that keeps a case from being run: what a case catches is to be known, also
// where another has caught it before.
func Whole(s *grader.Suite) *grader.Suite {
	whole := *s
	whole.StopEarly = false
	whole.Groups = slices.Clone(s.Groups)
	for i := range whole.Groups {
		whole.Groups[i].Requires = nil
	}
	return &whole
}
