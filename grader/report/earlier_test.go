package report

import (
	"bytes"
	"strings"
	"testing"
)

// TestEarlierReportsAreKnown wants each report to be taken for one of its own format and for no other.
func TestEarlierReportsAreKnown(t *testing.T) {
	texts := map[string]string{}
	for _, f := range formats {
		texts[f.Name] = written(t, f.Name, class()...)
	}
	var b bytes.Buffer
	if err := Gradescope(&b, class()[1], GradescopeHidden, false); err != nil {
		t.Fatal(err)
	}
	texts["gradescope"] = b.String()
	for name, text := range texts {
		for _, format := range []string{"html", "csv", "json", "jsonl", "junit", "tap", "gradescope"} {
			want := format == strings.TrimSuffix(name, "-long")
			if got := Earlier(format, []byte(text[:min(len(text), Lookahead)])); got != want {
				t.Errorf("a report as %s is one as %s: %v", name, format, got)
			}
		}
	}
}

func TestWhatIsNoEarlierReport(t *testing.T) {
	for _, text := range []string{"", "SQLite format 3\x00", "version: 1\n", "student_id,student_name\n1,Ann\n", "{}", "<!DOCTYPE html>\n<html><p>mine", "print(1)\n"} {
		for format := range signatures {
			if Earlier(format, []byte(text)) {
				t.Errorf("%q was taken for a report as %s", text, format)
			}
		}
	}
	if Earlier("pdf", []byte("%PDF")) {
		t.Error("there is no such format")
	}
}
