package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/runtime/hint"
)

// gradescope writes one submission as a file, and several into a folder, NAME.json each. The first is held
// back until it is known whether there is a second.
func (o *reportOrder) gradescope(c console, reports report.Reports) error {
	var first *grader.Report
	folder, taken := isFolder(o.output), map[string]bool{}
	for r, err := range reports {
		if err != nil {
			return err
		}
		if r.Missing {
			continue
		}
		if first == nil && !folder {
			first = &r
			continue
		}
		if o.output == "-" {
			return &misuse{hint.With(fmt.Errorf("report: gradescope wants a file per submission, and the run has several"),
				"choose one with --submission, or name a folder with -o")}
		}
		if !folder {
			folder = true
			if err := o.oneOfMany(c, *first, taken); err != nil {
				return err
			}
		}
		if err := o.oneOfMany(c, r, taken); err != nil {
			return err
		}
	}
	if first == nil || folder {
		return nil
	}
	return writeOutput(c, o.output, func(w io.Writer) error { return report.Gradescope(w, *first, o.hidden, o.reveal) })
}

func (o *reportOrder) oneOfMany(c console, r grader.Report, taken map[string]bool) error {
	if err := os.MkdirAll(o.output, 0o777); err != nil {
		return fmt.Errorf("making the folder for gradescope: %w", err)
	}
	name := fileName(r.Submission)
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s~%d", fileName(r.Submission), n)
	}
	taken[strings.ToLower(name)] = true
	path := filepath.Join(o.output, name+".json")
	if err := o.spared.check(path, o.format); err != nil {
		return &misuse{err}
	}
	return writeOutput(c, path, func(w io.Writer) error { return report.Gradescope(w, r, o.hidden, o.reveal) })
}

// isFolder says whether an output is meant as a folder: it is one, or its name ends as one.
func isFolder(output string) bool {
	about, err := os.Stat(output)
	return strings.HasSuffix(output, "/") || err == nil && about.IsDir()
}

// fileName makes of a submission's name one that is a file's, in its folder, and seen by ls.
func fileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, name)
	for len(clean) > 200 { // NAME_MAX is 255 bytes, and some more are to come
		runes := []rune(clean)
		clean = string(runes[:len(runes)-1])
	}
	if clean == "" || clean[0] == '.' || clean[0] == '-' {
		clean = "_" + strings.TrimLeft(clean, ".-")
	}
	return clean
}
