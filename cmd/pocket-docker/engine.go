package main

import (
	"fmt"
	"os"
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
	for _, opt := range o.securityOpts {
		name, text, _ := strings.Cut(opt, "=")
		switch {
		case name == "no-new-privileges": // always so
		case name != "seccomp" || text == "":
			return usagef("run: --security-opt %q is not supported (seccomp=FILE and seccomp=unconfined are)", opt)
		default:
			if err := o.setSeccomp(text); err != nil {
				return usagef("run: --security-opt: %w", err)
			}
		}
	}
	return nil
}

// setSeccomp takes the name of a built-in choice, or a file, whose mistakes are told at once.
func (o *runOptions) setSeccomp(name string) error {
	o.Seccomp = container.Seccomp{Name: name}
	if name == container.Unconfined {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := seccomp.Parse(text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	o.Seccomp.Profile = string(text)
	return nil
}
