package main

// topic is a matter that concerns several commands.
type topic struct {
	name, summary, text string
}

var topics = []topic{
	{"exit-status", "what the exit status of a command says", exitStatusTopic},
	{"files", "where containers and images are kept, and what the environment changes", filesTopic},
	{"image-store", "what a container's root filesystem is made of, and how images come and go", imagesTopic},
	{"limits", "what a program may use, and what holds it to that", limitsTopic},
	{"networks", "what a container can reach, and how it is reached", networksTopic},
	{"restart-policy", "when a container is started again, also after a reboot", restartTopic},
	{"volumes", "folders that a container shares with this machine, or that outlive it", volumesTopic},
	{"security", "what a program in a container can reach, and how that is changed", securityTopic},
}

const exitStatusTopic = `EXIT STATUS

  0          all went well
  1          doctor: something is missing without which containers cannot run; prune: the answer was no
  125        pocket-docker itself failed, or was used wrongly: nothing by that name, a file that cannot be
             read, a flag that does not exist, …; for run, the program was not started
  126        run: the program is there and cannot be executed
  127        run: the program is not there
  128 + n    run: signal n ended the program: 137 is KILL (9), 139 a segmentation fault, 143 TERM

What run returns otherwise is the program's own exit status. A program that ends with 125 to 127 itself
cannot be told from the cases above by the status; pocket-docker inspect tells (State.Error).

A program killed with status 137 may have been out of memory, out of time, or stopped by hand: ps shows
which, as in "Exited (137) 2 seconds ago (out of memory)", and inspect has it as State.Reason and
State.OOMKilled (true, false, or null where no kernel counter tells).

Example:
  pocket-docker run --rm host sh -c 'exit 3'; echo $?
`

const filesTopic = `FILES AND ENVIRONMENT

  POCKET_ROOT       the state folder; else /var/lib/pocket-docker for root, and for others
                    $XDG_DATA_HOME/pocket-docker or ~/.local/share/pocket-docker
  POCKET_REGISTRY   the registry that names without a host are of, as in pull docker://alpine:
                    HOST[:PORT], or HOST/PATH with a path that goes before names of one part
  REGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR
                    where logins for registries are looked for, as docker, podman and skopeo do
  https_proxy, http_proxy, no_proxy
                    what curl and wget, which do the transfers, reach the network through
  NO_COLOR          when set, nothing is coloured

In the state folder:

  state.db          the record of containers, exits, limits and images (SQLite)
  containers/ID     a container's log, and in layer/ what it wrote
  locks/ID          held by the container's monitor for as long as it lives
  images, layers    root filesystems, and the layers that images share
  tmp               what is being fetched or unpacked; a pull that was interrupted goes on there, and
                    after a week it is removed

No daemon holds any of it: every command reads and writes it directly, and cleans up what a killed
process left. A folder that several machines share (NFS) works, but with fewer commands at once.

Example:
  POCKET_ROOT=/mnt/big/pocket pocket-docker images
`

const limitsTopic = `LIMITS

A limit that is asked for is enforced, or the command says so. Of each container inspect lists, per limit,
what was requested, what is enforced, and by what:

  cgroup v2, cgroup v1   the kernel, for all processes of the container together
  rlimit                 the kernel, for each process by itself
  poll                   pocket-docker looks every few milliseconds and kills
  monitor                pocket-docker's own clock
  affinity               whole processors only, and programs may choose others
  none                   nothing holds it here

Root has control groups. Another user has them where they are delegated; pocket-docker doctor says which
are, what stands in for the others, and what to write where to get them.

With --strict-limits a program is not started (exit status 125) unless each of its limits holds firmly.

Example:
  pocket-docker run --rm --memory 64m --cpus 0.5 --pids-limit 20 --timeout 10s host sh -c 'echo within'
  pocket-docker inspect NAME
`

const imagesTopic = `IMAGES

IMAGE, in run and create, is looked for in this order:

  host             this machine's own programs: /usr, /bin, /lib and the harmless part of /etc, read-only
  a stored image   by its name, with or without a tag or an archive's extension, or the beginning of its id
  a folder         used where it is; what the container writes does not reach it
  an archive       a tar, tar.gz or tar.zst of a root filesystem, stored once and known by its digest

Images are stored by pull, from a web address or a registry, and by running an archive; pocket-docker help
lists the commands for images. Where an image says how it is run (its program, environment, user, working
directory, stop signal, health check), that holds unless a flag says otherwise.

What a container writes lies in a layer of its own (an overlay), which rm removes; ps -s tells its size. Of
one file stored for several images there is one copy.

What archives contain is not trusted: no entry leaves the image's folder, no device is made, and inside a
container files belong to ids that are nobody's on this machine, or to the user who calls.

Example:
  pocket-docker run --rm ./alpine-minirootfs-3.19.1-x86_64.tar.gz cat /etc/os-release
  pocket-docker images
`

const networksTopic = `NETWORKS

--network says what a container is connected to:

  none             nothing but its own loopback (the default)
  host             this machine's network itself: every address and port of it, and no ports of its own
  pasta            a way out, and published ports, through the program pasta, which needs no rights
  container:NAME   the network of another container that runs; at localhost the two reach each other

-p [ADDRESS:][HOST:]PORT[/udp] publishes a port, by pasta: what listens at PORT inside is reached at this
machine's port HOST, or at a free one, which pocket-docker port shows. Without ADDRESS it is reached at all
addresses of this machine, from outside too; with 127.0.0.1 from this machine only. Ports below 1024 need
root. -P publishes all ports that the image or --expose names.

pasta must be installed, and this user be allowed to open /dev/net/tun; pocket-docker doctor tells.

This machine's own services are not reached from inside with pasta, but with its option --map-gw.

Name servers and names are this machine's, with --dns, --dns-search, --dns-option, --add-host and
--domainname changed.

Example:
  pocket-docker run -d --name web -p 127.0.0.1:8080:8000 host python3 -m http.server
  curl http://127.0.0.1:8080/
`

const restartTopic = `RESTART

--restart says after which ends a container's monitor starts it again:

  no               never (the default)
  on-failure[:N]   when the exit status is not 0
  on-oom[:N]       when it ran out of memory, and only then
  always           whatever the end was; also after a reboot
  unless-stopped   like always, but not after a reboot if it had been stopped

N is how often at most. The first start comes after 100 ms, each further one after twice the time, up to a
minute; a run of 10 s begins anew. stop, and kill with a signal that stops, end it all. --restart and --rm
exclude each other.

Each end is kept with its reason (Exits, in pocket-docker inspect): exited, signal, oom, memory (more than
its limit, where no kernel counts), wall or cpu (a limit on time), health, stopped, or lost when the monitor
was killed. So a restart never hides that memory ran out.

After a reboot pocket-docker boot starts the containers with always and unless-stopped. What runs that at
boot, on this machine, is shown by pocket-docker doctor --install-boot.

Example:
  pocket-docker run -d --name web --restart on-oom:5 --memory 64m host python3 -m http.server
  pocket-docker inspect --format '{{.RestartCount}} {{json .Exits}}' web
`

const volumesTopic = `VOLUMES

-v shows a container something that is not its image's:

  -v /HOST:/PATH       a folder or file of this machine; with :ro read-only, with all that is mounted below
                       it; with :O a private view that can be written and is gone at the end
  -v NAME:/PATH        a volume: a folder with a name in the state folder, made where it is missing, with what
                       the image has at the path; it stays when the container goes
  -v /PATH             a volume without a name of yours, which rm -v and --rm remove
  --tmpfs /PATH        an empty folder in memory, gone at the end
  --mount type=…       the same in docker's long form
  --volumes-from NAME  those of another container

pocket-docker volume lists and removes volumes. A relative host folder begins with ./, since a word alone is
a volume's name.

Files of this machine are reached with the rights of the user who calls: its root inside is that user, and for
root's containers owners are translated where the file system can do that. Nothing can be laid over /, /proc,
/sys or /dev.

Example:
  pocket-docker run --rm -v "$PWD:/mnt:ro" -v results:/out host sh -c 'ls /mnt > /out/list'
`

const securityTopic = `SECURITY

By default a container has

  a user namespace   its root is an id without rights on this machine, or the user who calls
  namespaces         of its own for processes, mounts, network, host name, IPC and control groups
  no network         but its own loopback
  capabilities       docker's fourteen, inside its user namespace only
  no new privileges  setuid programs change nothing
  seccomp            docker's default profile of system calls
  masked paths       docker's, of /proc and /sys
  no devices         but null, zero, full, random, urandom and terminals of its own

Less: --cap-drop ALL, --read-only, --security-opt seccomp=FILE, --security-opt mask=PATH, and the limits.
More: --cap-add, --network host, --security-opt seccomp=unconfined or unmask=PATTERN, --privileged. Even that
is no more than the user who calls may do; only root with --userns host leaves the user namespace out.

To find out which system calls a program needs, run it with --security-opt seccomp=log: what the profile
refuses is then permitted, and told by name at the end.

Everyone who can write to the state folder can do with its containers what the user who owns it can. Folders
of this machine that are mounted with -v are reached with the rights of the user who calls.

Example:
  pocket-docker run --rm --cap-drop ALL --read-only --tmpfs /tmp --pids-limit 50 host sh -c 'id; mount'
`
