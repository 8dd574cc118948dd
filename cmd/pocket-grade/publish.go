package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/checker"
	"pocket/grader/publish"
	"pocket/grader/report"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

const usagePublish = `Usage: pocket-grade publish [FLAGS] SUITE DIR

Makes a student's copy of a suite in DIR, which grades as the suite does. Cases that are not hidden are copied
whole. Hidden ones keep their inputs, arguments and volumes, so that they can be run, and have salted digests in the place
of their answers: outputs get the same verdict by them, but where one differs cannot be told.

Digests are possible where all right outputs become the same text: compare exact, lines, tokens, unordered. Hidden cases
with numbers, regex, contains or a checker are left out, which is said. An answer that can be guessed, such as
"25", can be found by trying: each try is made slow (PBKDF2, some 0.1 s) and must be made for each
case anew, but no digest hides one of a few possible answers.

Not in the copy: reference submissions, results, comments of suite.yaml, files that no published case
names. What a volume holds is copied with it, but for what programs are not shown there either; where a file in it
is the same as a hidden answer, nothing is published. A published input or answer that is the same is said.

FLAGS
      --hidden WHAT     what becomes of hidden cases: inputs (default: inputs and digests) or drop
      --allow-answers   publish the answers of hidden cases that have no digest, instead of leaving the cases out
      --allow-programs  publish checkers and interactors; without it the cases that need them are left out
      --force           replace an earlier copy in DIR; nothing else is ever replaced
      --json            say as JSON what is in the copy

EXAMPLE
  pocket-grade publish suites/squares squares-for-students

EXIT STATUS
  0; 2 wrong use, a bad suite, nothing that could be published, a file tells an answer, or DIR is in use; 3 the copy cannot be written
`

type publishOptions struct {
	hidden                           string
	answers, programs, force, asJSON bool
}

func parsePublish(args []string) (publishOptions, []string, error) {
	var o publishOptions
	flags := pflag.NewFlagSet("publish", pflag.ContinueOnError)
	flags.StringVar(&o.hidden, "hidden", "inputs", "")
	flags.BoolVar(&o.answers, "allow-answers", false, "")
	flags.BoolVar(&o.programs, "allow-programs", false, "")
	flags.BoolVar(&o.force, "force", false, "")
	flags.BoolVar(&o.asJSON, "json", false, "")
	rest, err := parse(flags, args, 2, 2)
	if err == nil && o.hidden != "inputs" && o.hidden != "drop" {
		err = hint.With(fmt.Errorf("publish: --hidden %s: there are inputs and drop", o.hidden), "see pocket-grade help publish")
	}
	if err == nil && rest[1] == "" {
		err = hint.With(errors.New("publish: an empty name"), "name the folder for the copy")
	}
	return o, rest, err
}

func cmdPublish(_ context.Context, c console, args []string) (int, error) {
	o, rest, err := parsePublish(args)
	if err != nil {
		return wrongUse, err
	}
	s, err := suite.Load(rest[0], nil) // languages may be defined where it is graded
	if err != nil {
		return wrongUse, err
	}
	to := publish.Target{Dir: rest[1], Force: o.force, Marshal: suite.Marshal, Verify: func(dir string) error {
		_, err := suite.Load(dir, nil)
		return err
	}}
	if err := to.Check(s); err != nil { // before minutes are spent on digests
		return wrongUse, err
	}
	live := newProgress(c.err, len(s.Cases))
	planned, err := publish.Plan(publish.Order{
		Suite: s, DropHidden: o.hidden == "drop", Answers: o.answers, Programs: o.programs,
		Digest: checker.Digest, OnCase: func() { live.add(1) },
	})
	live.clear()
	if err != nil {
		return wrongUse, fmt.Errorf("publishing %s: %w", rest[0], err)
	}
	if err := publish.Write(planned, s, to); errors.Is(err, publish.ErrTells) {
		return wrongUse, err
	} else if err != nil {
		return judgeError, err
	}
	if o.asJSON {
		return finish(report.JSON(c.out, planned))
	}
	return finish(describe(c.out, rest[1], s, planned))
}

// describe says what is in a copy, and what is not.
func describe(w io.Writer, dir string, s *grader.Suite, copied *publish.Copy) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d of %d cases, %d of them with a digest in the place of the answer\n",
		dir, copied.Cases, len(s.Cases), len(copied.Digested))
	for _, name := range copied.Exposed {
		fmt.Fprintf(&b, "  with its answer, though hidden: %s\n", name)
	}
	for _, same := range copied.Same {
		fmt.Fprintf(&b, "  the same as the hidden answer of %s (%s): %s\n", same.Case, same.Answer, same.What)
	}
	for _, left := range copied.Left {
		fmt.Fprintf(&b, "  left out: %s: %s\n", left.Case, left.Why)
	}
	for _, program := range copied.Programs {
		fmt.Fprintf(&b, "  published with its source: %s\n", program)
	}
	_, err := io.WriteString(w, report.Printable(b.String()))
	return err
}
