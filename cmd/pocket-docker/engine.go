package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"pocket/runtime/container"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/seccomp"
	"pocket/runtime/state"
)

// open opens the state of the user who calls.
func open() (*container.Engine, error) {
	dir, err := state.Dir()
	if err != nil {
		return nil, err
	}
	db, err := state.Open(dir)
	if err != nil {
		return nil, err
	}
	ids := idmap.Default()
	return &container.Engine{Dir: dir, DB: db, Images: image.Open(dir, db, ids), IDs: ids}, nil
}

// confine sets the capabilities and the system call filter that the flags ask for.
func (o *runOptions) confine() error {
	caps, err := container.Capabilities(o.capAdd, o.capDrop)
	if err != nil {
		return usagef("run: %w", err)
	}
	o.Capabilities = caps
	profile := seccomp.Default()
	for _, opt := range o.securityOpts {
		name, text, _ := strings.Cut(opt, "=")
		switch {
		case name == "no-new-privileges": // always so
		case name != "seccomp" || text == "":
			return usagef("run: --security-opt %q is not supported (seccomp=FILE and seccomp=unconfined are)", opt)
		case text == "unconfined":
			profile = nil
		default:
			if profile, err = readProfile(text); err != nil {
				return usagef("run: --security-opt: %w", err)
			}
		}
	}
	if profile == nil {
		return nil
	}
	o.Seccomp, err = profile.Compile(runtime.GOARCH, caps)
	return err
}

func readProfile(file string) (*seccomp.Profile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	profile, err := seccomp.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return profile, nil
}
