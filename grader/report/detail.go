package report

import (
	"fmt"
	"io"
	"strings"

	"pocket/grader"
)

// Detail writes everything that is known of one result: the figures with their sources, how each limit
// was held, the whole difference and all that was kept of standard error; of a hidden case what may be shown.
func Detail(w io.Writer, r grader.Result, o Options) error {
	if secret(r, o) {
		_, err := fmt.Fprintf(w, "%s\n  points     %s of %s\n  a hidden case: its data are not shown\n", heading(ConcealedResult(r), o), number(r.Score), number(r.Points))
		return err
	}
	var b strings.Builder
	b.WriteString(heading(r, o) + "\n")
	for _, fact := range facts(r) {
		if fact[1] != "" {
			fmt.Fprintf(&b, "  %-10s %s\n", fact[0], line(fact[1]))
		}
	}
	if len(r.Enforcement) > 0 {
		b.WriteString("\n" + enforcement(r, o))
	}
	var blocks strings.Builder
	given(&blocks, r)
	block(&blocks, "difference", painted(r.Difference, o.Color))
	wouldPass(&blocks, r)
	words(&blocks, r, false)
	block(&blocks, "standard error", Printable(r.Stderr))
	if blocks.Len() > 0 {
		b.WriteString("\n" + blocks.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func facts(r grader.Result) [][2]string {
	with := func(figure, source string) string {
		if source == "" {
			return figure
		}
		return figure + " (" + source + ")"
	}
	all := [][2]string{
		{"points", number(r.Score) + " of " + number(r.Points)},
		{"note", notes(r)},
		{"exit code", fmt.Sprint(r.ExitCode)},
		{"signal", r.Signal},
		{"output", fmt.Sprintf("%d bytes", r.OutputBytes)},
		{"cpu", with(clock(r.Usage.CPU), r.Usage.CPUSource)},
		{"wall", clock(r.Usage.Wall)},
		{"memory", with(r.Usage.Memory.Human(), r.Usage.MemorySource)},
	}
	if r.Usage.Wall == 0 {
		return all[:2] // it was never run
	}
	if r.Signal != "" {
		all[2][1] = ""
	}
	return append(all, [2]string{"executions", executions(r.Samples)})
}

// executions are what a result was made of, where it ran more than once.
func executions(samples []grader.Execution) string {
	var all []string
	for _, e := range samples {
		one := fmt.Sprintf("%s cpu %s wall %s", e.Verdict, clock(e.Usage.CPU), clock(e.Usage.Wall))
		if e.Alone {
			one += " alone"
		}
		all = append(all, one)
	}
	return strings.Join(all, ", ")
}

func enforcement(r grader.Result, o Options) string {
	columns := []Column{{Title: "LIMIT"}, {Title: "ASKED"}, {Title: "HELD AT"}, {Title: "BY"}, {Title: "REMARK"}}
	var rows [][]string
	for _, e := range r.Enforcement {
		rows = append(rows, []string{e.Limit, e.Requested, e.Enforced, string(e.By), e.Remark})
	}
	return indented(columns, rows, "  ", o)
}
