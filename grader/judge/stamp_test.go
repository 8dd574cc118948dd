package judge

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"pocket/grader"
)

// TestBatchNoticesAChangedSuite: a file of a case that is written to while the case is run makes its result a JE,
// which no later run takes over, although the digest of the case was that of the file before.
func TestBatchNoticesAChangedSuite(t *testing.T) {
	s := numbered(2)
	answer := filepath.Join(t.TempDir(), "1.ans")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(answer, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("1\n")
	s.Cases[1].Answer = grader.Text{Path: answer}
	runner := &counted{run: func(ctx context.Context, j grader.Job) grader.Outcome {
		if j.Stdin == s.Cases[1].Input {
			write("999\n")
		}
		return echo(ctx, j)
	}}
	kept := newRecords()
	b := Batch{Suite: s, Runner: runner, Records: kept.records(), Pool: NewPool(make([]string, 1))}
	shown, err := gradeClass(t, context.Background(), b, class(t, "a"))
	if err != nil || len(shown) != 1 || shown[0].Results[0].Verdict != grader.AC || shown[0].Results[1].Verdict != grader.JE {
		t.Fatalf("%+v, %v", shown, err)
	}
}
