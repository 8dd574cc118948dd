package store

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// Reports returns what was recorded in the run, in the order of recording: of all submissions, or, with a
// submission that is not "", of those with this name or path. The error wraps ErrNotFound when there is
// no such run; a run may have no reports. Each report is as it was given to Record, but for times, which
// are in UTC, and empty lists, which are nil.
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
			return eachReport(tx, run, submission, func(r grader.Report) error {
				if !yield(r, nil) {
					return errEnough
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(grader.Report{}, fmt.Errorf("read the results of run %d: %w", run, err))
		}
	}
}

// errEnough ends a query whose further rows nobody wants.
var errEnough = errors.New("enough")

func eachReport(tx *sqlite.Tx, run int64, submission string, each func(grader.Report) error) error {
	if err := requireRun(tx, run); err != nil {
		return err
	}
	return tx.Query(func(r *sqlite.Row) error {
		id := r.Int64()
		report := grader.Report{
			Submission: r.Text(), Path: r.Text(), Suite: r.Text(), Language: r.Text(), Verdict: grader.Verdict(r.Text()),
			Detail: r.Text(), Points: r.Float(), Score: r.Float(), Started: r.Time(), Finished: r.Time(),
		}
		if err := addResults(tx, id, &report); err != nil {
			return err
		}
		return each(report)
	}, `SELECT id, name, path, suite, language, verdict, detail, points, score, started, finished
		FROM submissions WHERE run = ?1 AND (?2 = '' OR name = ?2 OR path = ?2) ORDER BY id`, run, submission)
}

func addResults(tx *sqlite.Tx, submission int64, report *grader.Report) error {
	return tx.Query(func(r *sqlite.Row) error {
		id, ordinal := r.Int64(), r.Int()
		result := grader.Result{
			Case: r.Text(), Verdict: grader.Verdict(r.Text()), Detail: r.Text(), Difference: r.Text(), Stderr: r.Text(),
			Points: r.Float(), Score: r.Float(), ExitCode: r.Int(), Signal: r.Text(), OutputBytes: r.Int64(),
			Usage: resource.Usage{
				CPU: time.Duration(r.Int64()), Wall: time.Duration(r.Int64()), Memory: resource.Size(r.Int64()),
				CPUSource: r.Text(), MemorySource: r.Text(),
			},
		}
		if err := addEnforcement(tx, id, &result); err != nil {
			return err
		}
		if ordinal == compilation {
			report.Compile = &result
		} else {
			report.Results = append(report.Results, result)
		}
		return nil
	}, `SELECT id, ordinal, name, verdict, detail, difference, stderr, points, score,
			exit_code, signal, output_bytes, cpu, wall, memory, cpu_source, memory_source
		FROM results WHERE submission = ? ORDER BY ordinal`, submission)
}

func addEnforcement(tx *sqlite.Tx, id int64, result *grader.Result) error {
	return tx.Query(func(r *sqlite.Row) error {
		result.Enforcement = append(result.Enforcement, resource.Enforcement{
			Limit: r.Text(), Requested: r.Text(), Enforced: r.Text(), By: resource.By(r.Text()), Remark: r.Text(),
		})
		return nil
	}, "SELECT name, requested, enforced, by, remark FROM enforcement WHERE result = ? ORDER BY ordinal", id)
}
