package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"pocket/runtime/container"
	"pocket/runtime/seccomp"
)

// securityOptions are the flags of run and create for what the program may do.
type securityOptions struct {
	opts, capAdd, capDrop []string
}

func (o *runOptions) securityFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.security.opts, "security-opt", nil, "")
	flags.StringArrayVar(&o.security.capAdd, "cap-add", nil, "")
	flags.StringArrayVar(&o.security.capDrop, "cap-drop", nil, "")
	flags.Var(o.each("name=value", o.setSysctl), "sysctl", "")
	flags.BoolVar(&o.Privileged, "privileged", false, "")
	flags.Var(o.initFlag(), "init", "")
	flags.Lookup("init").NoOptDefVal = "true"
	flags.Var(o.each("auto|host", o.setUserns), "userns", "")
}

// setSysctl takes the last of several of the same name.
func (o *runOptions) setSysctl(s string) error {
	name, text, given := strings.Cut(s, "=")
	if !given || name == "" || text == "" {
		return fmt.Errorf("%q is not NAME=VALUE", s)
	}
	if o.Sysctls == nil {
		o.Sysctls = map[string]string{}
	}
	o.Sysctls[name] = text
	return nil
}

// initFlag is docker's --init, which is so anyway; --init=false leaves the init out.
func (o *runOptions) initFlag() *value {
	return &value{kind: "bool", set: func(s string) error {
		on, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", s)
		}
		o.NoInit = !on
		return nil
	}}
}

// setUserns takes host only from root: anybody else's container exists by its user namespace alone.
func (o *runOptions) setUserns(s string) error {
	switch s {
	case "", "auto", "private":
		o.Userns = ""
		return nil
	case container.HostUsers:
		if os.Geteuid() != 0 {
			return errors.New("it takes root: an ordinary user can make a container only in a user namespace of its own")
		}
		o.Userns = s
		return nil
	}
	return fmt.Errorf("%q is no kind of user namespace (auto and host are)", s)
}

// confine sets what the flags ask for: capabilities, the system call filter, what of /proc and /sys is seen.
func (o *runOptions) confine() error {
	if o.Privileged && len(o.security.capDrop) > 0 {
		return usagef("%s: --privileged gives every capability: --cap-drop has no place beside it (use --cap-add ALL)", o.command)
	}
	caps, err := container.Capabilities(o.security.capAdd, o.security.capDrop)
	if err != nil {
		return usagef("%s: %w", o.command, err)
	}
	o.Capabilities = caps
	if o.Privileged {
		o.Capabilities, o.Unmask = container.AllCapabilities(), []string{container.UnmaskAll}
		o.Seccomp.Name = container.Unconfined
	}
	for _, opt := range o.security.opts {
		if err := o.setSecurity(opt); err != nil {
			return usagef("%s: --security-opt %s: %w", o.command, opt, err)
		}
	}
	if o.NoInit && o.Seccomp.Log {
		return usagef("%s: seccomp=log needs the init: leave --init=false away", o.command)
	}
	return nil
}

// setSecurity takes one --security-opt.
func (o *runOptions) setSecurity(opt string) error {
	name, text, given := strings.Cut(opt, "=")
	switch name {
	case "seccomp":
		return o.setSeccomp(text)
	case "no-new-privileges":
		return checkNoNewPrivileges(text, given)
	case "apparmor", "label":
		return checkUnconfined(name, text)
	case "systempaths":
		if text != "unconfined" {
			return errors.New("its one value is unconfined")
		}
		o.Unmask = append(o.Unmask, container.UnmaskAll)
		return nil
	case "mask":
		return eachPath(text, func(p string) error {
			o.Mask = append(o.Mask, p)
			return nil
		})
	case "unmask":
		return o.setUnmask(text)
	}
	return errors.New("there is no such option (seccomp, no-new-privileges, apparmor, label, systempaths, mask and unmask are)")
}

// checkNoNewPrivileges accepts what is so anyway: no program inside gains a privilege by being executed,
// because without that no unprivileged process may install a filter (prctl(2), PR_SET_NO_NEW_PRIVS).
func checkNoNewPrivileges(text string, given bool) error {
	if !given {
		return nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	if !on {
		return errors.New("it is always on: set-user-id programs inside run as who starts them")
	}
	return nil
}

// checkUnconfined accepts what is so anyway. A profile would be promised and not loaded.
func checkUnconfined(name, text string) error {
	off := map[string]string{"apparmor": "unconfined", "label": "disable"}[name]
	if text == off {
		return nil
	}
	return fmt.Errorf("no %s profile is ever loaded for a container, which has what confines pocket-docker itself; only %s=%s is taken",
		map[string]string{"apparmor": "AppArmor", "label": "SELinux"}[name], name, off)
}

// setUnmask takes ALL, paths, or patterns of paths.
func (o *runOptions) setUnmask(text string) error {
	if strings.EqualFold(text, container.UnmaskAll) {
		o.Unmask = append(o.Unmask, container.UnmaskAll)
		return nil
	}
	return eachPath(text, func(p string) error {
		if _, err := path.Match(p, "/"); err != nil {
			return fmt.Errorf("%q is not a pattern of paths", p)
		}
		o.Unmask = append(o.Unmask, p)
		return nil
	})
}

// eachPath reads absolute paths with colons between them.
func eachPath(text string, take func(string) error) error {
	for p := range strings.SplitSeq(text, ":") {
		if !path.IsAbs(p) || path.Clean(p) == "/" {
			return fmt.Errorf("%q is not an absolute path below /", p)
		}
		if err := take(path.Clean(p)); err != nil {
			return err
		}
	}
	return nil
}

// setSeccomp takes the name of a built-in choice, or a file, whose mistakes are told at once. "log" can stand
// beside a file: then that one's denials are told and not enforced.
func (o *runOptions) setSeccomp(name string) error {
	switch name {
	case "":
		return errors.New("name a profile's file, or default, unconfined or log")
	case "log":
		if o.Seccomp.Name == container.Unconfined {
			o.Seccomp.Name = ""
		}
		o.Seccomp.Log = true
		return nil
	case "default", "builtin", container.Unconfined:
		if name == "builtin" { // docker's word
			name = "default"
		}
		o.Seccomp = container.Seccomp{Name: name, Log: o.Seccomp.Log && name == "default"}
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := seccomp.Parse(text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	o.Seccomp = container.Seccomp{Name: name, Profile: string(text), Log: o.Seccomp.Log}
	return nil
}
