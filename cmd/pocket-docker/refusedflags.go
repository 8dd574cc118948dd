package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"pocket/runtime/hint"
)

// refusal is one of docker's flags for what there is not here.
type refusal struct {
	taken []string // what it may be given all the same, since that is so anyway
	why   string
	hint  string // what does the same, or comes near
}

// refused are the flags of run and create that are told of by name, and not as unknown ones.
var refused = map[string]refusal{
	"pid": {[]string{"", "private"}, "each container has its processes to itself: they end with its program, whatever they do",
		"pocket-docker exec runs a further program among a container's own, and pocket-docker top shows them from outside"},
	"ipc": {[]string{"", "private"}, "each container has its shared memory and its message queues to itself",
		"programs of several containers can share files: -v NAME:/shared, or a folder of /dev/shm with -v"},
	"uts":       {[]string{"", "private"}, "each container has a host name of its own", `give it this machine's: --hostname "$(hostname)"`},
	"cgroupns":  {[]string{"", "private"}, "each container sees its own control group as the uppermost", "pocket-docker stats shows from outside what it uses"},
	"isolation": {[]string{"", "default"}, "it is a choice of Windows", "leave it out"},
	"annotation": {nil, "annotations are read by runtimes that docker calls, of which there is none here",
		"--label keeps a text with a container, for ps --filter and inspect"},
	"cgroup-parent": {nil, "the control groups are made where this user's own are", "pocket-docker doctor tells where that is"},
	"device-cgroup-rule": {nil, "devices are held by their own permissions, and by the user namespace",
		"--device shows a container one"},
	"gpus":                  {nil, "no driver's files are mounted by themselves", "give the device's nodes with --device, and the driver's libraries with -v"},
	"runtime":               {nil, "pocket-docker is the runtime itself", "leave it out"},
	"storage-opt":           {nil, "what a container writes is bounded by the disk alone", "--read-only, and --tmpfs PATH:size=SIZE for what it may write"},
	"volume-driver":         {[]string{"", "local"}, "volumes are folders of this machine", "mount what is elsewhere first, and give it with -v"},
	"disable-content-trust": {[]string{"", "true"}, "images are not signed; what is pulled is checked by its digest", "pull NAME@sha256:… for one that was chosen before"},
}

// refusedFlags defines them, hidden: the usage tells of all together.
func refusedFlags(flags *pflag.FlagSet) {
	for name, r := range refused {
		flags.Var(&value{kind: "value", set: r.set}, name, "")
		_ = flags.MarkHidden(name)
	}
	flags.Lookup("disable-content-trust").NoOptDefVal = "true"
}

func (r refusal) set(text string) error {
	if slices.Contains(r.taken, text) {
		return nil
	}
	err := errors.New(r.why)
	if len(r.taken) > 1 {
		err = fmt.Errorf("%s (%s is taken)", r.why, r.taken[1])
	}
	return hint.With(err, "%s", r.hint)
}
