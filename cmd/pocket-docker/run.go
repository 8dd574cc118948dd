package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/spf13/pflag"

	"pocket/runtime/cgroup"
	"pocket/runtime/container"
	"pocket/runtime/hint"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

const runUsage = `pocket-docker run [flags] IMAGE COMMAND ARG…
pocket-docker run [flags] --rootfs IMAGE --cmd "COMMAND LINE"

Runs a program in a new container and waits for it, or with -d does not. IMAGE is the name or digest of
a stored root filesystem, a folder, an archive (tar or tar.gz), or host: a view of this machine's own
programs.

When standard output is a terminal, or with -a, -i, -t or --rm, the program's output is shown as it is.
Otherwise the container's id alone is written to standard output, and the program's output to standard
error; pocket-docker logs shows it again.

What to run
  --rootfs IMAGE         the root filesystem (host)
  --cmd "COMMAND LINE"   the program, split as a shell splits words; nothing is expanded
  --pull WHEN            fetch IMAGE first, as pocket-docker pull docker://IMAGE does: always, missing (when
                         it is not stored) or never (which is so without this flag)
  --platform OS/ARCH[/VARIANT]   which of several to fetch; a stored one for another processor is refused
  --name NAME            the container's name (a random one)
  --rm                   remove the container when it has ended
  -e, --env NAME[=VALUE] an environment variable; without a value, ours is passed on
  --env-file FILE        such variables, one a line
  -w, --workdir PATH     the working directory (the image's, else /)
  -u, --user USER[:GROUP]
                         who runs it inside, by names of the image or by numbers (the image's, else root);
                         without GROUP also as a member of the groups that the image gives to USER,
                         where there is a range of ids (not with a single one: the kernel forbids it)
  --group-add GROUP      one more group of who runs it, by a name of the image or by a number
  --entrypoint PROGRAM   what runs before COMMAND, in place of the image's; "" for nothing
  -h, --hostname NAME    the host name inside (the first digits of the id)
  --cidfile FILE         a new file that the id is written to
  -l, --label NAME[=VALUE], --label-file FILE   labels, for ps --filter and inspect

Its streams
  -d, --detach           show its id and return as soon as it runs; its own monitor goes on
  -i, --interactive      pass standard input on; without it the program reads an empty file. A pipe is
                         handed in; of a file or terminal only what is in it is copied, so that the
                         program can neither seek in it nor write to it
  -t, --tty              give it a terminal of its own
  -a, --attach STREAM    show only these of stdin, stdout, stderr
      --detach-keys KEYS which keys, with -it, leave it running and return (ctrl-p,ctrl-q)
      --sig-proxy=false  do not pass signals on: Ctrl-C leaves it running and returns
  --log-driver DRIVER    json-file (local means the same), or none: nothing is kept
  --log-opt max-size=SIZE  what one file of the log may have (10m; -1: no limit)
  --log-opt max-file=N     how many files are kept (3)

What it sees
  -v, --volume HOST:PATH[:MODE]   a folder or file of this machine. MODE ro: read-only, with all below it;
                         O: a private view that can be written and is gone when it has ended
  -v, --volume NAME:PATH[:MODE]   a volume that is kept (pocket-docker volume), made where it is missing,
                         with what the image has there; MODE nocopy: empty
  -v, --volume PATH      a volume of its own, which rm -v and --rm remove
  --mount type=bind|volume|tmpfs,source=WHAT,target=PATH[,readonly][,volume-nocopy]
          [,tmpfs-size=SIZE][,tmpfs-mode=MODE]   the same in docker's long form
  --volumes-from CONTAINER[:ro]   the volumes of another container
  --tmpfs PATH[:OPTION,…]   an empty folder in memory: size=SIZE, mode=OCTAL (1777), uid=N, gid=N,
                         exec (programs in it may be executed), ro
                         None of these can be /, /proc or in it, /sys, /dev or a device of it. The modes z,
                         Z, cached, delegated and private are taken, and change nothing
  --device HOST[:PATH]   a device of this machine, if its permissions let the program's user open it: in a
                         user namespace, root inside is no root to it
  --read-only                   the root filesystem cannot be written

Its network
  --network none                no network but its own loopback (the default)
  --network host                this machine's own; the programs of both reach each other
  --network pasta[:OPTION,…]    a way out through the program pasta, which is to be installed. This machine's
                                own services stay out of reach but with the option --map-gw; others are
                                pasta's: --ipv4-only, --mtu,1500, --interface,NAME, --tcp-ns,PORT and so on
  --network container:NAME      that of another container, which runs; at localhost they reach each other
  -p, --publish [ADDRESS:][HOST:]PORT[/udp]   its PORT is reached at this machine's port HOST, or a free
                                one (pocket-docker port shows which). Both may be ranges, 8000-8010. The
                                network is pasta then, of which versions of 2023 lose UDP's answers where
                                the two numbers differ
  -P, --publish-all             all ports that the image, or --expose, names, at free ones
  --expose PORT[/udp]           a port that -P publishes
  --domainname NAME             the domain of the host name
  --add-host NAME:ADDRESS       a line of /etc/hosts; the address may be host-gateway: this machine
  --dns ADDRESS                 a name server in place of this machine's
  --dns-search DOMAIN           a domain to search in place of this machine's; . for none
  --dns-option OPTION           an option of resolv.conf in place of this machine's

What it may use (SIZE: 512k, 64MiB, 1g; DURATION: 500ms, 2s, 1m30s)
  -m, --memory SIZE      memory of all its processes, files in memory included, or 0 for no limit; swap
                         none, unless:
  --memory-swap SIZE     memory and swap together; -1 for any amount of swap
  --memory-reservation SIZE   memory that it may keep when others get short of it; no limit
  --oom-score-adj N      -1000 to 1000: how likely the kernel ends it when the machine is out of memory
  --cpus NUMBER          processor time per second, such as 0.5; 0 for no limit
  --cpu-quota N          the same as N microseconds of each period
  --cpu-period N         the microseconds of a period (100000)
  -c, --cpu-shares N     its weight against others for processor time (1024)
  --cpuset-cpus LIST     the processors it may use, such as 0-2,5
  --pids-limit N         processes and threads at once; -1 for any number
  --timeout DURATION     time on the clock
  --cpu-time DURATION    processor time
  --ulimit NAME=SOFT[:HARD]   a limit on each process (setrlimit(2)): core cpu data fsize locks memlock
                         msgqueue nice nofile nproc rss rtprio rttime sigpending stack; -1 for none
  --shm-size SIZE        of /dev/shm (64m)
  --strict-limits        do not run it when one of these limits would not hold firmly here: not at all,
                         only by looking every few milliseconds (poll), or by a choice of
                         processors that programs may change (affinity); exit status 125
  -q, --quiet            no warnings, which are of such limits and of log records that were lost

What it may do
  --cap-add NAME, --cap-drop NAME   change docker's default set of capabilities; ALL is every one. They are
                         those of the container's own user namespace, and reach nothing of the host's
  --security-opt OPTION  one of
      seccomp=FILE       a system call profile of the user's, in docker's or the OCI runtime's format
      seccomp=default|unconfined   the built-in one, or none
      seccomp=log        permit what the profile refuses, and tell of it by name when the program has ended
      mask=PATH[:PATH]   hide these too; unmask=PATTERN[:PATTERN]|ALL: show what is hidden or read-only in
                         /proc and /sys; systempaths=unconfined: all of it
      no-new-privileges, apparmor=unconfined, label=disable: as it is anyway
  --init=false           the program itself is process 1, which signals that it has no handler for do not
                         reach; otherwise an init of ours passes them on and waits for orphans
  --sysctl NAME=VALUE    a setting of the kernel that it has of its own: net.…, fs.mqueue.…, kernel.msg…,
                         kernel.sem, kernel.shm…
  --userns auto|host     a user namespace of its own (auto); host, for root only: none, so that root inside is
                         this machine's root, held by everything else here. That is dangerous: what breaks
                         out is root
  --privileged           every capability, no system call profile, all of /proc and /sys, the latter
                         writable: still no more than the user who calls may do, and no device of the host

How it ends, and what then
  --stop-signal SIGNAL     what stop sends (TERM)
  --stop-timeout SECONDS   how long stop waits before it kills (10); -1 for ever
  --restart POLICY         start it again: no, on-failure[:N], always, unless-stopped, on-oom[:N] (only
                           when it ran out of memory); after 100 ms, doubled each time up to a minute,
                           anew after a run of 10 s. N is how often at most

Its health check, run inside by its monitor; three failures in a row make it unhealthy
  --health-cmd "COMMAND LINE"        given to the image's /bin/sh; exit status 0 is healthy
  --health-interval DURATION         between checks (30s)
  --health-timeout DURATION          after which a check has failed (30s)
  --health-retries N                 failures in a row until it is unhealthy (3)
  --health-start-period DURATION     in which failures do not count (0)
  --health-start-interval DURATION   between checks in that time (5s)
  --health-on-failure ACTION         when unhealthy: none, kill, restart or stop
  --no-healthcheck                   none, whatever the image says

What docker's flags ask for and there is not here, is refused with what to do instead: --pid, --ipc, --uts
and --cgroupns other than private, --annotation, --cgroup-parent, --device-cgroup-rule, --gpus, --runtime,
--storage-opt, --link, --ip, --blkio-weight and others.

Ctrl-C and other signals are passed on to the program; the third one kills it.

Example:
  pocket-docker run --rm --memory 64m --timeout 10s -v "$(pwd):/mnt:ro" host python3 /mnt/main.py

EXIT STATUS
  The program's; 128 + n when signal n ended it. 125 when pocket-docker itself failed, 126 when the
  program cannot be executed, 127 when it does not exist. 125, in place of 0, also when the program's
  output could not all be written, as to a full disk.
`

func cmdRun(c *call) error {
	o := runOptions{command: "run"}
	flags := c.flagSet()
	o.runFlags(flags)
	if err := o.parse(c, flags); err != nil {
		return err
	}
	if err := o.check(isTerminal(c.stdin)); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	if err := c.fetchImage(e, &o); err != nil {
		return err
	}
	switch {
	case o.detach:
		return c.runDetached(e, &o)
	case o.Terminal || !o.sigProxy:
		return c.runAttached(e, &o)
	}
	return c.runHere(e, &o)
}

// parse reads the command line of run and create.
func (o *runOptions) parse(c *call, flags *pflag.FlagSet) error {
	if err := c.parse(flags, 0, -1, ""); err != nil {
		return err
	}
	if err := o.program(flags); err != nil {
		return err
	}
	if err := o.setHealth(); err != nil {
		return err
	}
	if err := o.net.settle(o.command); err != nil {
		return err
	}
	o.Interactive = o.interactive
	return o.confine()
}

// runHere runs the container with this process as its monitor.
func (c *call) runHere(e *container.Engine, o *runOptions) error {
	e.Groups = cgroup.Detect()
	signals := make(chan os.Signal, 64)
	// All of them, SIGPIPE too: a reader that goes away must not end the monitor, whose container would
	// go on without a record.
	signal.Notify(signals)
	defer signal.Stop(signals)
	streams := c.streams(o)
	streams.Signals = signals
	result, err := e.Run(context.Background(), o.Config, streams)
	why := limitPassed(string(result.Exit.Reason), result.Exit.OOM == sandbox.OOMTrue)
	if err == nil && why != "" && streams.Warn != nil {
		streams.Warn("a limit was passed: " + why)
	}
	return runStatus(result, err)
}

// runDetached runs the container under a monitor of its own, and shows its id.
func (c *call) runDetached(e *container.Engine, o *runOptions) error {
	made, err := c.create(e, o)
	if err != nil {
		return err
	}
	warnings, err := e.Start(context.Background(), made.ID)
	c.showWarnings(o.quiet, warnings)
	if err != nil {
		return withStatus{err, container.Status(err)}
	}
	_, err = fmt.Fprintln(c.stdout, made.ID)
	return err
}

// runAttached runs the container under a monitor of its own, which goes on when this process detaches or
// dies, and is connected to it.
func (c *call) runAttached(e *container.Engine, o *runOptions) error {
	made, err := c.create(e, o)
	if err != nil {
		return err
	}
	return c.startAttached(e, made.ID, c.attachOptions(o), followOptions{sigProxy: o.sigProxy, keys: o.detachKeys}, o.quiet)
}

// create makes the container and writes its id where that was asked for; one whose id could not be
// written is not left behind.
func (c *call) create(e *container.Engine, o *runOptions) (state.Container, error) {
	m := newMeter(c.stderr)
	made, err := e.Create(context.Background(), o.Config, m.show)
	m.clear()
	if err != nil {
		return made, err
	}
	if err := writeNew(o.cidfile, made.ID); err != nil {
		return made, errors.Join(err, e.Remove(context.Background(), made.ID, false, true))
	}
	return made, nil
}

func (c *call) showWarnings(quiet bool, warnings []string) {
	if quiet {
		return
	}
	for _, w := range warnings {
		c.warn("%s", w)
	}
}

// streams connects the container as "What run prints" has it: attached, or captured.
func (c *call) streams(o *runOptions) container.Streams {
	attached := isTerminal(c.stdout) || len(o.attach) > 0 || o.interactive || o.Remove
	m := newMeter(c.stderr)
	s := container.Streams{Stdout: c.stdout, Stderr: c.stderr, Progress: m.show}
	if !attached {
		s.Stdout = c.stderr
	}
	if o.interactive {
		s.Stdin = c.stdin
	}
	if len(o.attach) > 0 {
		s.Stdout = o.onlyAttached("stdout", s.Stdout)
		s.Stderr = o.onlyAttached("stderr", s.Stderr)
	}
	s.Warn = func(text string) {
		if !o.quiet {
			c.warn("%s", text)
		}
	}
	s.Created = func(id string) error {
		m.clear()
		if err := writeNew(o.cidfile, id); err != nil {
			return err
		}
		if attached {
			return nil
		}
		_, err := fmt.Fprintln(c.stdout, id)
		return err
	}
	return s
}

func (o *runOptions) onlyAttached(name string, w io.Writer) io.Writer {
	if slices.Contains(o.attach, name) {
		return w
	}
	return io.Discard
}

// writeNew writes the id to a file that must not exist yet, so that two containers never share one.
func writeNew(path, id string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return hint.With(fmt.Errorf("--cidfile %s: it exists already", path), "remove it, or name another file")
	}
	if err != nil {
		return fmt.Errorf("--cidfile: %w", err)
	}
	_, err = f.WriteString(id)
	return errors.Join(err, f.Close())
}

// runStatus turns how the run ended into the exit status of run.
func runStatus(result container.Result, err error) error {
	if _, early := errors.AsType[*container.Interrupted](err); early {
		return exitStatus(container.Status(err))
	}
	if err != nil {
		return withStatus{err, container.Status(err)}
	}
	status := result.Exit.Status()
	if result.LostOutput != nil {
		return withStatus{result.LostOutput, cmp.Or(status, 125)}
	}
	if status != 0 {
		return exitStatus(status)
	}
	return nil
}
