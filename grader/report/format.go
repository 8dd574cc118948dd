package report

import (
	"io"
	"iter"
	"slices"
	"time"

	"pocket/grader"
)

// Reports is the reports of a run in its order. They are passed through once and not kept whole, so that
// a class's run need not fit into memory. After an error nothing follows.
type Reports = iter.Seq2[grader.Report, error]

// Run is what is known of the run whose reports are written.
type Run struct {
	ID       int64            `json:"id"`
	Suite    string           `json:"suite"`
	Started  time.Time        `json:"started"`
	Finished time.Time        `json:"finished,omitzero"` // zero while it is under way, or when it was interrupted
	LeftOut  []grader.LeftOut `json:"left_out,omitempty"`
	Untimed  bool             `json:"-"` // how long it took is not to be told: Finished does not count
}

// Format is a format in which a run's reports can be written.
type Format struct {
	Name  string
	Write func(w io.Writer, run Run, reports Reports) error
}

// formats are those that write a whole run into one file. Gradescope's is one submission's, see Gradescope.
var formats = []Format{
	{"html", HTML},
	{"csv", CSV}, {"csv-long", CSVLong}, {"json", Document}, {"jsonl", Lines}, {"junit", JUnit}, {"tap", TAP},
}

// FormatNamed returns the format with this name; false where there is none.
func FormatNamed(name string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// doubtful says that a report has a judge error: then its score is not one that the student earned.
func doubtful(r grader.Report) bool {
	return r.Verdict == grader.JE || slices.ContainsFunc(r.Results, func(c grader.Result) bool { return c.Verdict == grader.JE })
}

// said is a report's detail in words also where it has none.
func said(r grader.Report) string {
	if r.Missing && r.Detail == "" {
		return "nothing was handed in"
	}
	return r.Detail
}
