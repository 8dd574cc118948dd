package store

import (
	"encoding/json"
	"fmt"

	"pocket/grader"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// Compilation is the ordinal of the compilation among a submission's results.
const Compilation = -1

// Record keeps the whole report of one submission in the run, after those that it has, with the SHA-256 of
// its sources. When it returns nil the report is on disk, and else nothing of it.
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
	student := report.Student
	err := tx.Query(func(r *sqlite.Row) error { submission = r.Int64(); return nil },
		`INSERT INTO submissions (run, position, name, path, suite, language, sources, verdict, detail, points, score,
			student_id, student_name, student_email, student_section)
		VALUES (?1, (SELECT coalesce(max(position) + 1, 0) FROM submissions WHERE run = ?1), ?, ?, ?, ?, ?, '', '', 0, 0, ?, ?, ?, ?)
		RETURNING id`,
		run, report.Submission, report.Path, report.Suite, report.Language, sources, student.ID, student.Name, student.Email, student.Section)
	if err != nil {
		return err
	}
	if report.Compile != nil {
		if err := recordResult(tx, submission, Compilation, *report.Compile, ""); err != nil {
			return err
		}
	}
	for i, result := range report.Results {
		if err := recordResult(tx, submission, i, result, ""); err != nil {
			return err
		}
	}
	return finish(tx, submission, report)
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

// recordResult replaces an earlier one: a submission that is graded anew after its sources changed, or
// whose compiler ran again.
func recordResult(tx *sqlite.Tx, submission int64, ordinal int, r grader.Result, content string) error {
	enforced, err := sharedList(tx, r.Enforcement)
	if err != nil {
		return err
	}
	samples, err := list(r.Samples)
	if err != nil {
		return err
	}
	given, err := sharedInput(tx, r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT OR REPLACE INTO results (submission, ordinal, name, verdict, detail, difference, stderr, points, score,
			exit_code, signal, output_bytes, cpu, wall, memory, cpu_source, memory_source, enforced,
			of_group, visibility, feedback, judge, exchange, would_pass, samples, borderline, flaky, cached, content, given)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		submission, ordinal, r.Case, string(r.Verdict), r.Detail, r.Difference, r.Stderr, r.Points, r.Score,
		r.ExitCode, r.Signal, r.OutputBytes, int64(r.Usage.CPU), int64(r.Usage.Wall), int64(r.Usage.Memory),
		r.Usage.CPUSource, r.Usage.MemorySource, enforced,
		r.Group, string(r.Visibility), r.Feedback, r.Judge, r.Exchange, r.WouldPass, samples, r.Borderline, r.Flaky, r.Cached, content, given)
	return err
}

// sharedList returns the number of a list, which most results of a suite share; nil for none.
func sharedList(tx *sqlite.Tx, all []resource.Enforcement) (any, error) {
	text, err := list(all)
	if err != nil || text == "" {
		return nil, err
	}
	id := int64(0)
	find := func(sql string) error {
		return tx.Query(func(r *sqlite.Row) error { id = r.Int64(); return nil }, sql, text)
	}
	if err := find("SELECT id FROM enforcements WHERE list = ?"); err != nil || id != 0 {
		return id, err
	}
	return id, find("INSERT INTO enforcements (list) VALUES (?) RETURNING id")
}

// sharedInput returns the number of what a case was given, nil for nothing.
func sharedInput(tx *sqlite.Tx, r grader.Result) (any, error) {
	args, err := list(r.Args)
	if err != nil || r.InputBytes == 0 && args == "" {
		return nil, err
	}
	id := int64(0)
	find := func(sql string) error {
		return tx.Query(func(row *sqlite.Row) error { id = row.Int64(); return nil }, sql, r.Input, r.InputBytes, args)
	}
	if err := find("SELECT id FROM givens WHERE input = ? AND bytes = ? AND args = ?"); err != nil || id != 0 {
		return id, err
	}
	return id, find("INSERT INTO givens (input, bytes, args) VALUES (?, ?, ?) RETURNING id")
}

// list writes a list for a column; "" when it is empty.
func list[T any](all []T) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	text, err := json.Marshal(all)
	return string(text), err
}
