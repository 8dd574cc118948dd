package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/hint"
)

// reportsOf returns a run's reports, those of one submission when it is named; that there is none is an
// error.
func reportsOf(db *store.Store, run int64, submission string) ([]grader.Report, error) {
	reports, err := db.Reports(run, submission)
	if err == nil && len(reports) == 0 {
		err = fmt.Errorf("run %d has no submissions", run)
		if submission != "" {
			err = fmt.Errorf("run %d has no submission %q", run, submission)
		}
		err = hint.With(err, "see pocket-grade results")
	}
	return reports, err
}

// revealFlag is --reveal, which the commands that show results share.
func revealFlag(flags *pflag.FlagSet) *bool { return flags.Bool("reveal", false, "") }

// seen is a report as it is shown: without what hidden cases were given, wrote and expected, unless that is
// to be revealed.
func seen(r grader.Report, reveal bool) grader.Report {
	if reveal {
		return r
	}
	return report.Concealed(r)
}

func allSeen(reports []grader.Report, reveal bool) []grader.Report {
	var all []grader.Report
	for _, r := range reports {
		all = append(all, seen(r, reveal))
	}
	return all
}

// selection is which of a run's results are wanted.
type selection struct {
	student, verdict string
	cases            []string // patterns; a name must match one of them
}

func (s *selection) none() bool { return s.student == "" && s.verdict == "" && len(s.cases) == 0 }

func (s *selection) flags(flags *pflag.FlagSet) {
	flags.StringVar(&s.student, "student", "", "")
	flags.StringVar(&s.verdict, "verdict", "", "")
	flags.StringArrayVar(&s.cases, "case", nil, "")
}

const notAC = "not-AC"

func (s *selection) check() error {
	for _, pattern := range append([]string{s.student}, s.cases...) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	if s.verdict != "" && s.verdict != notAC && !slices.Contains(grader.Verdicts, grader.Verdict(s.verdict)) {
		var known []string
		for _, v := range grader.Verdicts {
			known = append(known, string(v))
		}
		return hint.With(fmt.Errorf("%q is not a verdict", s.verdict), "write one of %s, %s", strings.Join(known, " "), notAC)
	}
	return nil
}

// from keeps the reports that are wanted, with --case each with its wanted results alone.
func (s *selection) from(reports []grader.Report) []grader.Report {
	var kept []grader.Report
	for _, r := range reports {
		if !s.matches(r) {
			continue
		}
		if len(s.cases) == 0 {
			if s.fits(r.Verdict) {
				kept = append(kept, r)
			}
			continue
		}
		r.Results = slices.DeleteFunc(slices.Clone(r.Results), func(one grader.Result) bool {
			return !likeAny(s.cases, one.Case) || !s.fits(one.Verdict)
		})
		if len(r.Results) > 0 {
			kept = append(kept, r)
		}
	}
	return kept
}

func (s *selection) matches(r grader.Report) bool {
	names := []string{r.Submission, r.Student.Name, r.Student.ID, r.Student.Email}
	return s.student == "" || slices.ContainsFunc(names, func(name string) bool { return like(s.student, name) })
}

func (s *selection) fits(v grader.Verdict) bool {
	return s.verdict == "" || s.verdict == string(v) || s.verdict == notAC && v != grader.AC
}

func likeAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return like(pattern, name) })
}

func like(pattern, name string) bool {
	match, err := path.Match(pattern, name)
	return err == nil && match
}

// caseOf finds one of a report's results, the compiler's with the name compile.
func caseOf(r grader.Report, name string) (grader.Result, error) {
	results := r.Results
	if r.Compile != nil {
		results = append(slices.Clone(results), *r.Compile)
	}
	i := slices.IndexFunc(results, func(result grader.Result) bool { return result.Case == name })
	if i < 0 {
		err := fmt.Errorf("submission %s has no case %q", r.Submission, name)
		return grader.Result{}, hint.With(err, "see pocket-grade show for its cases")
	}
	return results[i], nil
}
