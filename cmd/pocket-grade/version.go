package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/pflag"
)

const usageVersion = `Usage: pocket-grade version

Prints the version of this program and of the Go that built it.
`

func cmdVersion(_ context.Context, c console, args []string) (int, error) {
	if _, err := parse(pflag.NewFlagSet("version", pflag.ContinueOnError), args, 0, 0); err != nil {
		return wrongUse, err
	}
	version := "(devel)"
	if build, ok := debug.ReadBuildInfo(); ok && build.Main.Version != "" {
		version = build.Main.Version
	}
	fmt.Fprintf(c.out, "pocket-grade %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return 0, nil
}
