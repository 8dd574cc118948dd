package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"pocket/runtime/resource"
)

// flagSet returns an empty set of flags for the command.
func (c *call) flagSet() *pflag.FlagSet {
	flags := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() {}
	return flags
}

// parse reads the command line and checks how many arguments are left, most of -1 meaning any number;
// what names them. When help was asked for it is shown, and the error is a plain exit with status 0.
//
// Of a call that only probes it keeps the flags, and fails.
func (c *call) parse(flags *pflag.FlagSet, least, most int, what string) error {
	if c.probe {
		c.probed = flags
		return errProbed
	}
	err := flags.Parse(c.args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(c.stdout, c.usage)
		return exitStatus(0)
	}
	if err != nil {
		return usagef("%s: %w%s (pocket-docker help %s lists the flags)", c.name, err, meant(flags, err), c.name)
	}
	if n := flags.NArg(); n < least {
		return usagef("%s: %s is missing (pocket-docker help %s)", c.name, what, c.name)
	} else if most >= 0 && n > most {
		return usagef("%s: unexpected argument %q (pocket-docker help %s)", c.name, flags.Arg(most), c.name)
	}
	return nil
}

var errProbed = errors.New("only the flags are asked for")

// meant returns a guess at which flag was meant by one that does not exist.
func meant(flags *pflag.FlagSet, err error) string {
	missing, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok || missing.GetSpecifiedShortnames() != "" {
		return ""
	}
	best, least := "", 3
	flags.VisitAll(func(f *pflag.Flag) {
		if d := distance(f.Name, missing.GetSpecifiedName()); d < least && d < len(f.Name)-1 {
			best, least = f.Name, d
		}
	})
	if best == "" {
		return ""
	}
	return ", did you mean --" + best + "?"
}

// distance is how many letters must be put in, left out or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// value is a flag whose text is checked where it is read, so that the error names the flag.
type value struct {
	text string
	kind string
	set  func(string) error
}

func (v *value) String() string { return v.text }
func (v *value) Type() string   { return v.kind }
func (v *value) Set(s string) error {
	v.text = s
	return v.set(s)
}

// sizeFlag reads a number of bytes that is not 0: no limit is said by leaving the flag out.
func sizeFlag(to *resource.Size) *value {
	return &value{kind: "size", set: func(s string) error {
		size, err := resource.ParseSize(s)
		if err != nil {
			return err
		}
		if size == 0 {
			return errors.New("0 is no limit (leave the flag out for none)")
		}
		*to = size
		return nil
	}}
}

// leastMemory is below what any program needs to start, with what the kernel keeps for it.
const leastMemory = resource.MiB

// memoryFlag reads a limit on memory: one too small to start anything would blame a step of the set-up.
func memoryFlag(to *resource.Size) *value {
	read := sizeFlag(to)
	return &value{kind: read.kind, set: func(s string) error {
		if err := read.set(s); err != nil {
			return err
		}
		if *to < leastMemory {
			return fmt.Errorf("%q is too little for any program (at least %s)", s, leastMemory)
		}
		return nil
	}}
}

// durationFlag reads a time such as 1.5s or 2m; a number alone is seconds.
func durationFlag(to *time.Duration) *value {
	return &value{kind: "duration", set: func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil {
			d, err = time.ParseDuration(s + "s")
		}
		if err != nil {
			return fmt.Errorf("%q is not a duration (write for example 500ms, 2s or 1m30s)", s)
		}
		if d <= 0 {
			return fmt.Errorf("%q is not more than 0", s)
		}
		*to = d
		return nil
	}}
}

func cpusFlag(to *float64) *value {
	return &value{kind: "number", set: func(s string) error {
		n, err := strconv.ParseFloat(s, 64)
		// 0.01 is the least the kernel takes: 1 ms of each 100 ms (cgroup-v2.rst, "cpu.max").
		if err != nil || !(n >= 0.01 && n <= 8192) {
			return fmt.Errorf("%q is not a number of CPUs (write for example 0.5 or 2)", s)
		}
		*to = n
		return nil
	}}
}

func countFlag(to *int) *value {
	return &value{kind: "number", set: func(s string) error {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a whole number above 0", s)
		}
		*to = int(n)
		return nil
	}}
}
