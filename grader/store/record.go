package store

import (
	"fmt"

	"pocket/grader"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// compilation is the ordinal of the compilation among a submission's results.
const compilation = -1

// Record keeps the report of one submission in the run, with the SHA-256 of its sources. When it returns
// nil the whole report is on disk, and else nothing of it: a verdict may be shown once it is recorded.
func (s *Store) Record(run int64, report grader.Report, sources string) error {
	err := s.db.Write(func(tx *sqlite.Tx) error { return record(tx, run, report, sources) })
	if err != nil {
		return fmt.Errorf("record the results of %s: %w", report.Submission, err)
	}
	return nil
}

func record(tx *sqlite.Tx, run int64, report grader.Report, sources string) error {
	if err := requireRun(tx, run); err != nil {
		return err
	}
	submission := int64(0)
	err := tx.Query(func(r *sqlite.Row) error { submission = r.Int64(); return nil },
		`INSERT INTO submissions (run, name, path, suite, language, sources, verdict, detail, points, score, started, finished)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		run, report.Submission, report.Path, report.Suite, report.Language, sources, string(report.Verdict), report.Detail,
		report.Points, report.Score, report.Started, report.Finished)
	if err != nil {
		return err
	}
	if report.Compile != nil {
		if err := recordResult(tx, submission, compilation, *report.Compile); err != nil {
			return err
		}
	}
	for i, result := range report.Results {
		if err := recordResult(tx, submission, i, result); err != nil {
			return err
		}
	}
	return nil
}

func requireRun(tx *sqlite.Tx, run int64) error {
	known := false
	err := tx.Query(func(r *sqlite.Row) error { known = r.Bool(); return nil },
		"SELECT EXISTS (SELECT * FROM runs WHERE id = ?)", run)
	if err == nil && !known {
		err = fmt.Errorf("run %d: %w", run, ErrNotFound)
	}
	return err
}

func recordResult(tx *sqlite.Tx, submission int64, ordinal int, r grader.Result) error {
	id := int64(0)
	err := tx.Query(func(row *sqlite.Row) error { id = row.Int64(); return nil },
		`INSERT INTO results (submission, ordinal, name, verdict, detail, difference, stderr, points, score,
			exit_code, signal, output_bytes, cpu, wall, memory, cpu_source, memory_source)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		submission, ordinal, r.Case, string(r.Verdict), r.Detail, r.Difference, r.Stderr, r.Points, r.Score,
		r.ExitCode, r.Signal, r.OutputBytes, int64(r.Usage.CPU), int64(r.Usage.Wall), int64(r.Usage.Memory),
		r.Usage.CPUSource, r.Usage.MemorySource)
	if err != nil {
		return err
	}
	return recordEnforcement(tx, id, r.Enforcement)
}

func recordEnforcement(tx *sqlite.Tx, result int64, list []resource.Enforcement) error {
	for i, e := range list {
		_, err := tx.Exec("INSERT INTO enforcement (result, ordinal, name, requested, enforced, by, remark) VALUES (?, ?, ?, ?, ?, ?, ?)",
			result, i, e.Limit, e.Requested, e.Enforced, string(e.By), e.Remark)
		if err != nil {
			return err
		}
	}
	return nil
}
