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
	ID       int64     `json:"id"`
	Suite    string    `json:"suite"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"` // zero while it is under way, or when it was interrupted
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

// ForStudents is a report as its student may see it: of hidden cases nothing but name, group, verdict and
// score, for exit codes, times and sizes are ways by which a program can tell what it was given. What
// checkers say to the instructor and where the submission lies on the grader's machine are left out too.
func ForStudents(r grader.Report) grader.Report {
	r.Path = ""
	r.Detail = detailForStudents(r)
	r.Results = slices.Clone(r.Results)
	for i, c := range r.Results {
		r.Results[i].Judge = ""
		if c.Visibility == grader.Hidden {
			r.Results[i] = grader.Result{Case: c.Case, Verdict: c.Verdict, Points: c.Points, Score: c.Score, Group: c.Group, Visibility: c.Visibility}
		}
	}
	return r
}

// detailForStudents is a report's detail without what it says of a hidden case.
func detailForStudents(r grader.Report) string {
	if r.Compile != nil && r.Compile.Verdict != grader.AC {
		return r.Detail
	}
	for _, c := range r.Results {
		if c.Verdict != grader.AC && c.Visibility == grader.Hidden {
			return c.Case
		}
		if c.Verdict == r.Verdict && c.Verdict != grader.AC {
			break // it decided, and what was said is of it
		}
	}
	return r.Detail
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
