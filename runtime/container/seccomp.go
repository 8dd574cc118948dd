package container

import (
	"fmt"
	"runtime"

	"pocket/runtime/seccomp"
)

// Seccomp is the choice of a system call filter as it is stored: plain text, made a filter when the
// container starts. The zero value is the default profile.
type Seccomp struct {
	// Name is "default" or "", "unconfined", or the name of the file that Profile was read from.
	Name string `json:",omitempty"`
	// Profile is the text of a profile as seccomp.Parse reads it; "" for the one that Name names.
	Profile string `json:",omitempty"`
	// Log permits what the profile refuses, and tells of it.
	Log bool `json:",omitempty"`
}

// Unconfined is the choice of no filter at all.
const Unconfined = "unconfined"

// String is the choice as --security-opt seccomp= takes it.
func (s Seccomp) String() string {
	switch {
	case s.Log:
		return "log"
	case s.Name == "":
		return "default"
	}
	return s.Name
}

// filter compiles the chosen profile for a program with these capabilities; nil is no filter. With Log a
// filter that the monitor listens to tells it of each call, and any other the kernel's audit log.
func (s Seccomp) filter(capabilities []int, listened bool) (*seccomp.Filter, error) {
	if s.Profile == "" && s.Name == Unconfined {
		return nil, nil
	}
	profile := seccomp.Default()
	if s.Profile != "" {
		var err error
		if profile, err = seccomp.Parse([]byte(s.Profile)); err != nil {
			return nil, fmt.Errorf("seccomp profile %s: %w", s.Name, err)
		}
	}
	switch {
	case s.Log && listened:
		profile = profile.Notified()
	case s.Log:
		profile = profile.Logged()
	}
	return profile.Compile(runtime.GOARCH, capabilities)
}
