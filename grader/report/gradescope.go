package report

import (
	"fmt"
	"io"

	"pocket/grader"
)

// The visibilities of a test in Gradescope's results.json ("Output Format", "visibility").
const (
	GradescopeHidden         = "hidden"          // never shown to students
	GradescopeAfterDueDate   = "after_due_date"  // shown when the assignment's due date has passed
	GradescopeAfterPublished = "after_published" // shown when the instructor publishes the grades
	GradescopeVisible        = "visible"         // always shown
)

// gradescope is results.json as Gradescope's documentation of autograders specifies it: score is of the
// whole submission, execution_time in seconds, and of stdout nothing is shown.
type gradescope struct {
	Score            *float64         `json:"score,omitempty"`
	ExecutionTime    float64          `json:"execution_time"`
	Output           string           `json:"output"`
	Visibility       string           `json:"visibility"`
	StdoutVisibility string           `json:"stdout_visibility"`
	Tests            []gradescopeTest `json:"tests"`
}

type gradescopeTest struct {
	Score      *float64 `json:"score,omitempty"`
	MaxScore   float64  `json:"max_score"`
	Status     string   `json:"status,omitempty"` // "passed" or "failed"
	Name       string   `json:"name"`
	Number     string   `json:"number"`
	Output     string   `json:"output"`
	Visibility string   `json:"visibility"`
}

// Gradescope writes one submission as the results.json that an autograder leaves for Gradescope. Hidden
// cases get the visibility hidden, one of those above: where students will see them they have their name, verdict and
// score only, unless reveal says that their data are to be shown too. How long they took is never told. A submission with a judge error has no score at
// all, which Gradescope shows as a fault of the autograder: no student gets a zero for it.
func Gradescope(w io.Writer, r grader.Report, hidden string, reveal bool) error {
	g := gradescope{
		ExecutionTime: took(Concealed(r)).Seconds(), Output: gradescopeSummary(r),
		Visibility: GradescopeVisible, StdoutVisibility: GradescopeHidden, Tests: []gradescopeTest{},
	}
	scored := !doubtful(r)
	if scored {
		score := rounded(r.Score)
		g.Score = &score
	}
	worthOf := worth(r)
	if r.Compile != nil && r.Compile.Verdict != grader.AC {
		g.Tests = append(g.Tests, gradescopeCase(*r.Compile, "0", GradescopeVisible, scored))
	}
	for i, c := range r.Results {
		c.Score, c.Points = c.Score*worthOf(c), c.Points*worthOf(c)
		visibility := GradescopeVisible
		if c.Visibility == grader.Hidden {
			visibility = hidden
			if hidden != GradescopeHidden && !reveal {
				c = ConcealedResult(c)
			}
		}
		g.Tests = append(g.Tests, gradescopeCase(c, fmt.Sprint(i+1), visibility, scored))
	}
	return JSON(w, g)
}

// worth says what a point of a case is worth in the whole: within a group, cases' points only weigh one against the
// other, and Gradescope shows them beside the submission's points.
func worth(r grader.Report) func(grader.Result) float64 {
	weights, groups := map[string]float64{}, map[string]float64{}
	for _, c := range r.Results {
		weights[c.Group] += c.Points
	}
	for _, g := range r.Groups {
		groups[g.Group] = g.Points
	}
	return func(c grader.Result) float64 {
		points, grouped := groups[c.Group]
		if !grouped || weights[c.Group] == 0 {
			return 1
		}
		return points / weights[c.Group]
	}
}

// gradescopeSummary is shown to the student, always: nothing of a hidden case may be in it.
func gradescopeSummary(r grader.Report) string {
	if doubtful(r) {
		return "This submission could not be graded through no fault of yours. Tell your instructor.\n"
	}
	detail := concealedDetail(r)
	if detail != "" {
		detail = ": " + line(detail)
	}
	return fmt.Sprintf("%s%s\n%s cases, %s of %s points\n", r.Verdict, detail, passed(r.Results), number(r.Score), number(r.Points))
}

func gradescopeCase(c grader.Result, position, visibility string, scored bool) gradescopeTest {
	t := gradescopeTest{MaxScore: rounded(c.Points), Name: line(c.Case), Number: position, Visibility: visibility}
	if scored {
		score := rounded(c.Score)
		t.Score = &score
	}
	switch c.Verdict {
	case grader.AC:
		t.Status = "passed"
	case grader.JE: // neither: it was not the submission's doing
	default:
		t.Status = "failed"
	}
	t.Output = gradescopeOutput(c)
	return t
}

func gradescopeOutput(c grader.Result) string {
	if c.Verdict == grader.JE { // its detail may name files of the grader's machine
		return "JE: this case could not be judged\n"
	}
	c.Judge = ""
	return headline(c) + faultText(c)
}
