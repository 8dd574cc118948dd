package judge

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pocket/grader"
)

func TestGiven(t *testing.T) {
	long := strings.Repeat("é", maxInput)
	file := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(file, []byte("x"+long), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"-a"}
	for name, test := range map[string]struct {
		input   grader.Text
		verdict grader.Verdict
		want    grader.Result
	}{
		"accepted": {grader.Text{Inline: "5\n"}, grader.AC, grader.Result{}},
		"skipped":  {grader.Text{Inline: "5\n"}, grader.SKIP, grader.Result{}},
		"inline":   {grader.Text{Inline: "5\n"}, grader.WA, grader.Result{Input: "5\n", InputBytes: 2, Args: args}},
		"long":     {grader.Text{Inline: long}, grader.RTE, grader.Result{Input: long[:maxInput], InputBytes: 2 * maxInput, Args: args}},
		"file":     {grader.Text{Path: file}, grader.TLE, grader.Result{Input: ("x" + long)[:maxInput-1], InputBytes: 2*maxInput + 1, Args: args}},
		"gone":     {grader.Text{Path: file + "s"}, grader.WA, grader.Result{Args: args}},
	} {
		t.Run(name, func(t *testing.T) {
			test.want.Verdict = test.verdict
			got := grader.Result{Verdict: test.verdict, Input: "of before", InputBytes: 9}
			given(&got, grader.Case{Input: test.input, Args: args})
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %.80v, want %.80v", got, test.want)
			}
		})
	}
}
