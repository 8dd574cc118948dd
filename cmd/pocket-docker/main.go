// Pocket-docker runs containers without a daemon.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/inside"
	"pocket/runtime/tree"
)

func main() {
	if status, served := inside.Serve(tree.Jobs, image.Jobs); served {
		os.Exit(status)
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// command is one command of the program. Its usage begins with the line that shows how it is called
// and is complete: no part of it is generated.
type command struct {
	name    string
	summary string
	usage   string
	fault   int // the exit status for errors that are not the program's
	run     func(*call) error
}

// commands returns all commands in the order of the help. It is a function because help, which is one
// of them, shows them all.
func commands() []command {
	return []command{
		{"run", "run a program in a new container", runUsage, 125, cmdRun},
		{"create", "make a container without starting it", createUsage, 125, cmdCreate},
		{"start", "start containers that do not run", startUsage, 125, cmdStart},
		{"attach", "connect to a running container's streams", attachUsage, 125, cmdAttach},
		{"exec", "run a further program in a running container", execUsage, 125, cmdExec},
		{"ps", "list containers", psUsage, 125, cmdPs},
		{"port", "show where a container's published ports are reached", portUsage, 125, cmdPort},
		{"logs", "show what a container wrote", logsUsage, 125, cmdLogs},
		{"stop", "end running containers", stopUsage, 125, cmdStop},
		{"kill", "send a signal to running containers", killUsage, 125, cmdKill},
		{"restart", "stop containers and start them again", restartUsage, 125, cmdRestart},
		{"wait", "wait until containers have ended", waitUsage, 125, cmdWait},
		{"pause", "stop all processes of containers where they are", pauseUsage, 125, cmdPause},
		{"unpause", "let paused containers go on", unpauseUsage, 125, cmdUnpause},
		{"update", "change limits and restart policy of containers", updateUsage, 125, cmdUpdate},
		{"rename", "give a container another name", renameUsage, 125, cmdRename},
		{"boot", "start the containers that run whenever the machine does", bootUsage, 125, cmdBoot},
		{"rm", "remove containers", rmUsage, 125, cmdRm},
		{"inspect", "show all that is known of a container, as JSON", inspectUsage, 125, cmdInspect},
		{"top", "show the processes of a container", topUsage, 125, cmdTop},
		{"stats", "show what running containers use", statsUsage, 125, cmdStats},
		{"events", "show what happens to containers and images", eventsUsage, 125, cmdEvents},
		{"cp", "copy files between a container and this machine", cpUsage, 125, cmdCp},
		{"diff", "show what a container changed in its files", diffUsage, 125, cmdDiff},
		{"export", "write a container's files as a tar archive", exportUsage, 125, cmdExport},
		{"volume", "make, list and remove volumes", volumeUsage, 125, cmdVolume},
		{"pull", "store an image from a registry, or a root filesystem from a URL", pullUsage, 125, cmdPull},
		{"images", "list stored root filesystems", imagesUsage, 125, cmdImages},
		{"rmi", "remove stored root filesystems", rmiUsage, 125, cmdRmi},
		{"tag", "give a stored image one more name", tagUsage, 125, cmdTag},
		{"load", "store the images of an archive", loadUsage, 125, cmdLoad},
		{"save", "write stored images to an archive", saveUsage, 125, cmdSave},
		{"import", "make an image of a root filesystem", importUsage, 125, cmdImport},
		{"prune", "remove what is not used", pruneUsage, 125, cmdPrune},
		{"system", "show what is occupied on the disk", systemUsage, 125, cmdSystem},
		{"doctor", "show what this host can enforce, and how to improve it", doctorUsage, 1, cmdDoctor},
		{"info", "show what there is: containers, images, and what this host offers", infoUsage, 125, cmdInfo},
		{"completion", "write a script that lets a shell complete commands", completionUsage, 125, cmdCompletion},
		{"version", "show the version", versionUsage, 125, cmdVersion},
		{"help", "show how a command is used", helpUsage, 125, cmdHelp},
	}
}

// call is one invocation of a command.
type call struct {
	command
	args                  []string // without the command's name
	stdin, stdout, stderr *os.File

	probe  bool // only the flags are asked for, and kept in probed
	probed *pflag.FlagSet
}

// exitStatus ends the program with a status and no message: the status is a container's.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// withStatus is an error that is told, with an exit status of its own.
type withStatus struct {
	error
	status int
}

func (e withStatus) Unwrap() error { return e.error }

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run is the program. Without a command it shows the help, as a mistake.
func run(args []string, stdin, stdout, stderr *os.File) int {
	c := call{stdin: stdin, stdout: stdout, stderr: stderr}
	if len(args) == 0 {
		fmt.Fprint(stderr, overview())
		return 125
	}
	name := args[0]
	switch name {
	case "-h", "--help":
		name = "help"
	case "-v", "--version":
		name = "version"
	case completeCommand:
		c.complete(args[1:])
		return 0
	}
	found := false
	if name == monitorName && len(args) == 2 {
		c.command, found = command{monitorName, "", "", 1, cmdMonitor}, true
	} else {
		c.command, found = find(name)
	}
	if !found {
		err := usagef("there is no command %q (pocket-docker help lists them)", name)
		if h := elsewhere[name]; h != "" {
			err = hint.With(err, "%s", h)
		}
		return c.report(err)
	}
	c.args = args[1:]
	return c.report(c.run(&c))
}

// elsewhere tells, of docker's commands that are not here, what does the same.
var elsewhere = map[string]string{
	"container": "leave the word out, as in pocket-docker ps or pocket-docker rm",
	"image":     "pocket-docker images lists them; for others leave the word out, as in pocket-docker pull or pocket-docker rmi",
	"network":   "the networks are none, host, container:NAME and pasta: pocket-docker help networks",
	"build":     "build it elsewhere, and bring it with pocket-docker load or pull; or import a root filesystem",
	"commit":    "pocket-docker export writes a container's files, of which import makes an image",
	"login":     "log in with docker, podman or skopeo: pull uses their logins",
	"history":   "pocket-docker inspect shows an image's layers and configuration",
}

func find(name string) (command, bool) {
	for _, cmd := range commands() {
		if cmd.name == name {
			return cmd, true
		}
	}
	return command{}, false
}

// report prints an error with its hint and returns the exit status. What an image or a program is called is
// in it, and means nothing to the terminal.
func (c *call) report(err error) int {
	if err == nil {
		return 0
	}
	if status, ok := errors.AsType[exitStatus](err); ok {
		return int(status)
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(c.stderr, "pocket-docker: %s\n", oneLine(strings.TrimSuffix(line, "\n")))
	}
	if h := hint.Of(err); h != "" {
		fmt.Fprintf(c.stderr, "pocket-docker: hint: %s\n", oneLine(h))
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return 125
	}
	if e, ok := errors.AsType[withStatus](err); ok {
		return e.status
	}
	return c.fault
}

// warn tells of something that does not keep the command from going on.
func (c *call) warn(format string, args ...any) {
	fmt.Fprintf(c.stderr, "pocket-docker: warning: %s\n", oneLine(fmt.Sprintf(format, args...)))
}
