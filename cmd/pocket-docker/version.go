package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

const versionUsage = `pocket-docker version

Shows the version, the commit it was built from, and the platform.

Example:
  pocket-docker version

EXIT STATUS
  0
`

func cmdVersion(c *call) error {
	if err := c.parse(c.flagSet(), 0, 0, ""); err != nil {
		return err
	}
	version := "unknown version"
	if build, ok := debug.ReadBuildInfo(); ok {
		version = build.Main.Version
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" {
				version += " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(c.stdout, "pocket-docker %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
