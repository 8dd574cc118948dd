package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"time"

	"pocket/grader"
)

// Document writes one JSON object: "run", and "submissions" with every report. Times are nanoseconds,
// sizes bytes.
func Document(w io.Writer, run Run, reports Reports) error {
	out := bufio.NewWriter(w)
	if run.Untimed {
		run.Finished = time.Time{}
	}
	head, err := compact(run)
	if err != nil {
		return err
	}
	out.WriteString("{\n\"run\": ")
	out.Write(head)
	out.WriteString(",\n\"submissions\": [")
	separator := "\n"
	for r, err := range reports {
		if err != nil {
			return err
		}
		text, err := compact(r)
		if err != nil {
			return err
		}
		out.WriteString(separator)
		if _, err := out.Write(text); err != nil {
			return err
		}
		separator = ",\n"
	}
	out.WriteString("\n]\n}\n")
	return out.Flush()
}

// Lines writes each report as a JSON object on a line of its own (jsonlines.org), with the run's number
// as "run".
func Lines(w io.Writer, run Run, reports Reports) error {
	out := bufio.NewWriter(w)
	for r, err := range reports {
		if err != nil {
			return err
		}
		text, err := compact(struct {
			Run int64 `json:"run"`
			grader.Report
		}{run.ID, r})
		if err != nil {
			return err
		}
		if _, err := out.Write(append(text, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// compact is a value's JSON on one line, harmless on a terminal.
func compact(value any) ([]byte, error) {
	var b, small bytes.Buffer
	if err := JSON(&b, value); err != nil {
		return nil, err
	}
	err := json.Compact(&small, b.Bytes())
	return small.Bytes(), err
}
