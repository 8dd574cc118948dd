package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// Reports returns what was recorded in the run, in the run's order: of all submissions that are graded, or,
// with a submission that is not "", of those with this name or path. The error wraps ErrNotFound when there
// is no such run; a run may have no reports. Each report is as it was recorded, but for times, which are in
// UTC, and empty lists, which are nil.
func (s *Store) Reports(run int64, submission string) ([]grader.Report, error) {
	var list []grader.Report
	for report, err := range s.Each(run, submission) {
		if err != nil {
			return nil, err
		}
		list = append(list, report)
	}
	return list, nil
}

// Each is Reports one by one, so that a big run need not fit into memory: one state of the store,
// whatever is recorded meanwhile. After an error nothing follows.
func (s *Store) Each(run int64, submission string) iter.Seq2[grader.Report, error] {
	return func(yield func(grader.Report, error) bool) {
		err := s.db.Read(func(tx *sqlite.Tx) error {
			if err := requireRun(tx, run); err != nil {
				return err
			}
			return eachReport(tx, "WHERE run = ?1 AND done AND (?2 = '' OR name = ?2 OR path = ?2) ORDER BY position",
				func(r grader.Report) error {
					if !yield(r, nil) {
						return errEnough
					}
					return nil
				}, run, submission)
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(grader.Report{}, fmt.Errorf("read the results of run %d: %w", run, err))
		}
	}
}

// errEnough ends a query whose further rows nobody wants.
var errEnough = errors.New("enough")

// Report returns the report of one graded submission. The error wraps ErrNotFound when there is none.
func (s *Store) Report(submission int64) (grader.Report, error) {
	report, found := grader.Report{}, false
	err := s.db.Read(func(tx *sqlite.Tx) error {
		return eachReport(tx, "WHERE id = ? AND done", func(r grader.Report) error {
			report, found = r, true
			return nil
		}, submission)
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return grader.Report{}, fmt.Errorf("read submission %d: %w", submission, err)
	}
	return report, nil
}

func eachReport(tx *sqlite.Tx, where string, take func(grader.Report) error, args ...any) error {
	return tx.Query(func(r *sqlite.Row) error {
		id := r.Int64()
		report := grader.Report{
			Submission: r.Text(), Path: r.Text(), Suite: r.Text(), Language: r.Text(), Verdict: grader.Verdict(r.Text()),
			Detail: r.Text(), Points: r.Float(), Score: r.Float(), Started: r.Time(), Finished: r.Time(),
			Student: grader.Student{ID: r.Text(), Name: r.Text(), Email: r.Text(), Section: r.Text()}, Missing: r.Bool(),
		}
		if err := unlist(r.Text(), &report.Groups); err != nil {
			return err
		}
		if err := addResults(tx, id, &report); err != nil {
			return err
		}
		return take(report)
	}, `SELECT id, name, path, suite, language, verdict, detail, points, score, started, finished,
		student_id, student_name, student_email, student_section, missing, groups FROM submissions `+where, args...)
}

func addResults(tx *sqlite.Tx, submission int64, report *grader.Report) error {
	return eachResult(tx, "WHERE submission = ? ORDER BY ordinal", func(ordinal int, _ string, result grader.Result) error {
		if ordinal == Compilation {
			report.Compile = &result
		} else {
			report.Results = append(report.Results, result)
		}
		return nil
	}, submission)
}

// eachResult gives results with their ordinals and contents.
func eachResult(tx *sqlite.Tx, where string, take func(int, string, grader.Result) error, args ...any) error {
	return tx.Query(func(r *sqlite.Row) error {
		ordinal, content := r.Int(), r.Text()
		result := grader.Result{
			Case: r.Text(), Verdict: grader.Verdict(r.Text()), Detail: r.Text(), Difference: r.Text(), Stderr: r.Text(),
			Points: r.Float(), Score: r.Float(), ExitCode: r.Int(), Signal: r.Text(), OutputBytes: r.Int64(),
			Usage: resource.Usage{
				CPU: time.Duration(r.Int64()), Wall: time.Duration(r.Int64()), Memory: resource.Size(r.Int64()),
				CPUSource: r.Text(), MemorySource: r.Text(),
			},
			Group: r.Text(), Visibility: grader.Visibility(r.Text()), Feedback: r.Text(), Judge: r.Text(), Exchange: r.Text(),
			WouldPass: r.Text(), Borderline: r.Bool(), Flaky: r.Bool(), Cached: r.Bool(),
		}
		if err := unlist(r.Text(), &result.Samples); err != nil {
			return err
		}
		if err := unlist(r.Text(), &result.Enforcement); err != nil {
			return err
		}
		result.Input, result.InputBytes = r.Text(), r.Int64()
		if err := unlist(r.Text(), &result.Args); err != nil {
			return err
		}
		return take(ordinal, content, result)
	}, `SELECT ordinal, content, name, verdict, detail, difference, stderr, points, score,
			exit_code, signal, output_bytes, cpu, wall, memory, cpu_source, memory_source,
			of_group, visibility, feedback, judge, exchange, would_pass, borderline, flaky, cached, samples,
			(SELECT list FROM enforcements WHERE enforcements.id = enforced), givens.input, givens.bytes, givens.args
		FROM results LEFT JOIN givens ON givens.id = given `+where, args...)
}

// unlist reads what list has written.
func unlist[T any](text string, all *[]T) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), all)
}
