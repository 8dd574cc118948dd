package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pocket/grader/suite"
	"pocket/grader/trial"
)

// TestStarter checks the suite that suite init writes: each of its submissions gets its folder's verdict, and
// each case catches something.
func TestStarter(t *testing.T) {
	if testing.Short() {
		t.Skip("programs run until their time is over")
	}
	dir := filepath.Join(t.TempDir(), "sum")
	if _, err := suite.Init(dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, suite.File)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cpu := "cpu: 1s, "
	if os.Getenv("POCKET_TEST_VM") != "" { // emulated, over ten times slower
		cpu = "cpu: 20s, "
	}
	slow := strings.Replace(string(text), "limits: {cpu: 1s, ", "limits: {wall: 120s, "+cpu, 1)
	slow = strings.Replace(slow, "    limits: {cpu: 2s}\n", "", 1)
	if err := os.WriteFile(file, []byte(slow), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := pocketGrade(t, "suite", "check", "--json", dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var answer struct {
		Remarks []string
		Trial   *trial.Trial
	}
	if decodeErr := json.Unmarshal(out.Bytes(), &answer); decodeErr != nil || answer.Trial == nil {
		t.Fatalf("%v, %v\n%s%s", err, decodeErr, out.String(), errs.String())
	}
	if strings.Contains(errs.String()+out.String(), "install the Debian package") && os.Getenv("POCKET_TEST_REQUIRE") == "" {
		t.Skip(errs.String())
	}
	if err != nil {
		t.Errorf("%v\n%s", err, errs.String())
	}
	for _, s := range answer.Trial.Submissions {
		if !s.AsIs {
			t.Errorf("%s is %s (%s), want %v", s.Name, s.Got, s.Detail, s.Want)
		}
	}
	for _, c := range answer.Trial.Cases {
		if len(c.Catches) == 0 || c.Slowest == nil {
			t.Errorf("case %+v", c)
		}
	}
	if f := answer.Trial.Fastest; f == nil || f.Submission != "time-limit/counts.py" {
		t.Errorf("fastest too slow: %+v", f)
	}
	if len(answer.Remarks) > 0 {
		t.Errorf("remarks %q", answer.Remarks)
	}
}
