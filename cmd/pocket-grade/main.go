// Command pocket-grade grades programs against YAML suites in sandboxes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/language"
	"pocket/grader/report"
	"pocket/grader/suite"
	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/inside"
	"pocket/runtime/sqlite"
	"pocket/runtime/tree"
)

func main() {
	if status, served := inside.Serve(tree.Jobs, image.Jobs); served {
		os.Exit(status)
	}
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	// From now on a write to a reader that went away is EPIPE and no longer our death (package os/signal).
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// endings are the signals after which all is put in order first. nohup's SIGHUP is none.
func endings() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// The exit statuses.
const (
	accepted    = 0
	notAccepted = 1
	wrongUse    = 2   // or a bad suite, or a submission that cannot be read
	judgeError  = 3   // our fault or the suite's
	interrupted = 130 // as a shell says of a program that SIGINT ended
)

// console is where a command writes: results to out, everything else to err.
type console struct{ out, err io.Writer }

// command is one line of the table of commands.
type command struct {
	name    string
	summary string
	usage   string // what help prints
	run     func(ctx context.Context, c console, args []string) (int, error)
}

// commands is a function and not a variable because help, one of them, lists them.
func commands() []command {
	return []command{
		{"run", "grade submissions against a suite", usageRun, cmdRun},
		{"results", "list the stored runs, or the submissions of one", usageResults, cmdResults},
		{"show", "show a stored submission or one of its cases", usageShow, cmdShow},
		{"diff", "show where an output differs, or what changed between two runs", usageDiff, cmdDiff},
		{"report", "write a run's results as a page, a table or for another system", usageReport, cmdReport},
		{"regrade", "run again what changed since a run, and apply or undo it", usageRegrade, cmdRegrade},
		{"merge", "make one run of the runs of all shards", usageMerge, cmdMerge},
		{"audit", "tell who did what to the stored runs", usageAudit, cmdAudit},
		{"suite init", "write a suite to start from", usageSuiteInit, cmdSuiteInit},
		{"suite check", "check a suite", usageSuiteCheck, cmdSuiteCheck},
		{"suite schema", "print the JSON Schema of suites, for editors", usageSuiteSchema, cmdSuiteSchema},
		{"publish", "make a student's copy of a suite", usagePublish, cmdPublish},
		{"languages", "list the known languages", usageLanguages, cmdLanguages},
		{"clean", "remove what is no longer needed", usageClean, cmdClean},
		{"doctor", "tell what this machine can enforce", usageDoctor, cmdDoctor},
		{"version", "print the version", usageVersion, cmdVersion},
		{"help", "explain a command", usageHelp, cmdHelp},
	}
}

// find finds the command with which the words begin, of one word or two, and returns the words after it.
func find(words []string) (command, []string, error) {
	for _, c := range commands() {
		if name := strings.Fields(c.name); len(words) >= len(name) && slices.Equal(name, words[:len(name)]) {
			return c, words[len(name):], nil
		}
	}
	var parts []string
	for _, c := range commands() {
		if part, ok := strings.CutPrefix(c.name, words[0]+" "); ok {
			parts = append(parts, part)
		}
	}
	switch {
	case len(parts) > 0 && len(words) > 1 && (words[1] == "--help" || words[1] == "-h"):
		return find([]string{"help", words[0]})
	case len(parts) == 0:
		return command{}, nil, hint.With(fmt.Errorf("unknown command %q", words[0]), "see pocket-grade help")
	case len(words) > 1:
		err := fmt.Errorf("unknown command %q", words[0]+" "+words[1])
		return command{}, nil, hint.With(err, "after %s comes %s", words[0], strings.Join(parts, ", "))
	}
	return command{}, nil, hint.With(fmt.Errorf("%s: too few arguments", words[0]), "after %s comes %s", words[0], strings.Join(parts, ", "))
}

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := console{stdout, stderr}
	if len(args) == 0 {
		c.complain(hint.With(errors.New("no command given"), "see pocket-grade help"))
		return wrongUse
	}
	words := slices.Clone(args)
	if words[0] == "-h" || words[0] == "--help" {
		words[0] = "help"
	} else if words[0] == "--version" {
		words[0] = "version"
	}
	cmd, rest, err := find(words)
	if err != nil {
		c.complain(err)
		return wrongUse
	}
	status, err := cmd.run(ctx, c, rest)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(stdout, cmd.usage)
		return 0
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) { // nobody is there who wants to know
		c.complain(err)
	}
	if status == wrongUse && hostFault(err) {
		return judgeError
	}
	return status
}

// hostFault says whether an error is of the machine, which lacks something, is broken or busy: then nothing is wrong with
// what the command was given.
func hostFault(err error) bool {
	return slices.ContainsFunc([]error{grader.ErrFull, sqlite.ErrBusy, syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM},
		func(errno error) bool { return errors.Is(err, errno) })
}

// complain writes an error and its hint. The mistakes of a suite or a file of languages have a line each that begins with file
// and line, as editors expect it.
func (c console) complain(err error) {
	var mistakes suite.Errors
	if errors.As(err, &mistakes) {
		fmt.Fprintln(c.err, mistakes)
		return
	}
	var definitions language.Mistakes
	if errors.As(err, &definitions) {
		fmt.Fprintln(c.err, definitions)
		return
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			c.complain(e)
		}
		return
	}
	fmt.Fprintf(c.err, "pocket-grade: %v\n", err)
	if h := hint.Of(err); h != "" {
		fmt.Fprintf(c.err, "pocket-grade: hint: %s\n", h)
	}
}

// parse reads a command's flags and returns the other arguments, of which there must be at least and at
// most so many (most < 0: any number).
func parse(flags *pflag.FlagSet, args []string, least, most int) ([]string, error) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return nil, err
	case err != nil:
	case flags.NArg() < least:
		err = errors.New("too few arguments")
	case most >= 0 && flags.NArg() > most:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(most))
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", flags.Name(), err)
		if file := dashed(args); file != "" {
			return nil, hint.With(err, "if the file %s is meant, write ./%s", file, file)
		}
		return nil, hint.With(err, "see pocket-grade help %s", flags.Name())
	}
	return flags.Args(), nil
}

// dashed is the first argument that looks like flags and is a file; "" when there is none.
func dashed(args []string) string {
	for _, arg := range args {
		if arg == "--" {
			break
		}
		if strings.HasPrefix(arg, "-") && exists(arg) {
			return report.Printable(arg)
		}
	}
	return ""
}
