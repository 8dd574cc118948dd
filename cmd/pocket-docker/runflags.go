package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"pocket/runtime/container"
	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/network"
)

// runOptions is the command line of run.
type runOptions struct {
	container.Config
	command     string // run or create
	health      healthFlags
	rootfs, cmd string
	detach      bool
	sigProxy    bool
	detachKeys  []byte
	interactive bool
	attach      []string
	cidfile     string
	security    securityOptions
	quiet       bool
	live        limitOptions
	net         networkOptions
	image       imageOptions
}

// runFlags defines the flags of run: those of create, and how it is connected.
func (o *runOptions) runFlags(flags *pflag.FlagSet) {
	flags.BoolVarP(&o.detach, "detach", "d", false, "")
	flags.BoolVar(&o.sigProxy, "sig-proxy", true, "")
	o.detachKeys, _ = parseDetachKeys(defaultDetachKeys)
	flags.Var(detachKeysFlag(&o.detachKeys), "detach-keys", "")
	o.flags(flags)
}

// flags defines the flags of create, in the order of the help.
func (o *runOptions) flags(flags *pflag.FlagSet) {
	flags.SetInterspersed(false)
	o.lifeFlags(flags)
	flags.StringVar(&o.rootfs, "rootfs", "", "")
	flags.StringVar(&o.cmd, "cmd", "", "")
	flags.BoolVar(&o.Remove, "rm", false, "")
	flags.StringVar(&o.Name, "name", "", "")
	flags.BoolVarP(&o.interactive, "interactive", "i", false, "")
	flags.BoolVarP(&o.Terminal, "tty", "t", false, "")
	flags.VarP(o.each("stream", o.setAttach), "attach", "a", "")
	flags.VarP(o.each("NAME=value", o.setEnv), "env", "e", "")
	flags.Var(o.each("file", o.setEnvFile), "env-file", "")
	flags.StringVarP(&o.Dir, "workdir", "w", "", "")
	flags.VarP(o.each("user[:group]", o.setUser), "user", "u", "")
	flags.Var(o.each("program", o.setEntrypoint), "entrypoint", "")
	o.volumeFlags(flags)
	flags.Var(o.each("group", o.setGroupAdd), "group-add", "")
	o.imageFlags(flags)
	refusedFlags(flags)
	o.live = limitOptions{limits: &o.Limits, fresh: true}
	o.live.flags(flags)
	o.startLimits(flags)
	o.net = networkOptions{Networking: &o.Network}
	o.net.flags(flags)
	flags.VarP(o.each("name", o.setHostname), "hostname", "h", "")
	o.securityFlags(flags)
	flags.StringVar(&o.cidfile, "cidfile", "", "")
	flags.StringVar(&o.Log.Driver, "log-driver", "", "")
	flags.Var(o.each("max-size=…|max-file=…", o.setLogOption), "log-opt", "")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "")
}

func (o *runOptions) each(kind string, set func(string) error) *value {
	return &value{kind: kind, set: set}
}

// program takes the image and the program from --rootfs and --cmd, or from the arguments.
func (o *runOptions) program(flags *pflag.FlagSet) error {
	args := flags.Args()
	o.Image = o.rootfs
	named := flags.Changed("rootfs")
	if !named && len(args) > 0 {
		o.Image, args, named = args[0], args[1:], true
	}
	if named && o.Image == "" {
		// An unset variable must not run the program on the host's files.
		return usagef("%s: the image's name is empty: name one, or host for the host's own programs", o.command)
	}
	if !flags.Changed("cmd") {
		o.Args = args
		if len(args) == 0 && len(o.Entrypoint) == 0 && (!named || o.Image == string(image.Host)) {
			return usagef("%s: no program is given: %[1]s IMAGE COMMAND…, or --rootfs IMAGE --cmd \"COMMAND LINE\"", o.command)
		}
		return nil
	}
	if len(args) > 0 {
		return usagef("%s: %q is one program too many beside --cmd", o.command, strings.Join(args, " "))
	}
	words, err := splitWords(o.cmd)
	if err != nil {
		return usagef("%s: --cmd: %w", o.command, err)
	}
	if len(words) == 0 {
		return usagef("%s: --cmd is empty", o.command)
	}
	o.Args = words
	return nil
}

func (o *runOptions) setAttach(s string) error {
	switch s = strings.ToLower(s); s {
	case "stdin":
		o.interactive = true
	case "stdout", "stderr":
	default:
		return fmt.Errorf("%q is none of stdin, stdout and stderr", s)
	}
	o.attach = append(o.attach, s)
	return nil
}

// setEnv takes NAME=value as it is, and NAME from our own environment, where it is set.
func (o *runOptions) setEnv(s string) error {
	name, _, given := strings.Cut(s, "=")
	if name == "" || strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("%q is not NAME or NAME=value", s)
	}
	if !given {
		text, set := os.LookupEnv(name)
		if !set {
			return nil
		}
		s += "=" + text
	}
	o.Env = append(o.Env, s)
	return nil
}

// setEnvFile reads one NAME or NAME=value a line; empty lines and lines that begin with # do not count.
func (o *runOptions) setEnvFile(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimRight(strings.TrimLeft(line, " \t"), "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if name, _, _ := strings.Cut(line, "="); strings.ContainsAny(name, " \t") { // as docker: a line that is none is not passed over
			return fmt.Errorf("%s:%d: the name %q has white space in it", file, number, name)
		}
		if err := o.setEnv(line); err != nil {
			return fmt.Errorf("%s:%d: %w", file, number, err)
		}
	}
	return nil
}

// setUser checks numbers. What a name means is for the image to say, where what looks like a number never
// is a name (docker's CVE-2016-3697: a user name that is a number became root).
func (o *runOptions) setUser(s string) error {
	user, group, both := strings.Cut(s, ":")
	ids := []string{user}
	if both {
		ids = append(ids, group)
	}
	for _, id := range ids {
		name := id != "" && strings.IndexByte("0123456789+-", id[0]) < 0 && strings.IndexByte(id, ':') < 0
		if _, err := parseID(id); err != nil && !name {
			return err
		}
	}
	o.User = s
	return nil
}

// setGroupAdd takes a group's name or number; which group of the image a name is, is found out later.
func (o *runOptions) setGroupAdd(s string) error {
	if s == "" || strings.ContainsAny(s, ":\n\x00") {
		return fmt.Errorf("%q is not a group's name or number", s)
	}
	o.GroupAdd = append(o.GroupAdd, s)
	return nil
}

// setEntrypoint takes one program, as docker does; an empty one leaves the image without.
func (o *runOptions) setEntrypoint(s string) error {
	o.Entrypoint = []string{}
	if s != "" {
		o.Entrypoint = []string{s}
	}
	return nil
}

// parseID takes what the kernel takes: 0 to 2³²-2; the last number means "no change" to it.
func parseID(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 1<<32-1 {
		return 0, fmt.Errorf("%q is not a user or group number (0 to 4294967294)", s)
	}
	return int(n), nil
}

func (o *runOptions) setHostname(s string) error {
	o.Hostname = s
	if s == "" {
		return nil // as without the flag
	}
	return network.CheckName(s)
}

func (o *runOptions) setLogOption(s string) error {
	name, text, _ := strings.Cut(s, "=")
	switch name {
	case "max-size":
		if text == "-1" {
			o.Log.Size = -1
			return nil
		}
		return sizeFlag(&o.Log.Size).set(text)
	case "max-file":
		return countFlag(&o.Log.Files).set(text)
	}
	return fmt.Errorf("the option %q of logs is not supported (max-size=… and max-file=… are)", name)
}

// check finds what is wrong with the flags as a whole.
func (o *runOptions) check(stdinIsTerminal bool) error {
	if o.detach && len(o.attach) > 0 {
		return usagef("run: --detach and --attach exclude each other")
	}
	if o.Terminal && o.interactive && !o.detach && !stdinIsTerminal {
		return usageError{hint.With(errors.New("run: standard input is not a terminal, which -i with -t needs"),
			"leave -t out when input comes from a file or a pipe")}
	}
	return o.live.finish("run")
}
