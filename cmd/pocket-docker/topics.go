package main

// topic is a matter that concerns several commands.
type topic struct {
	name, summary, text string
}

var topics = []topic{
	{"exit-status", "what the exit status of a command says", exitStatusTopic},
	{"files", "where containers and images are kept, and what the environment changes", filesTopic},
	{"limits", "what a program may use, and what holds it to that", limitsTopic},
}

const exitStatusTopic = `EXIT STATUS

  0          all went well
  1          a command other than run, create and pull met an error: nothing by that name, a file that
             cannot be read, …
  125        pocket-docker itself failed, or was used wrongly; for run, the program was not started
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
  affinity               whole processors only
  none                   nothing holds it here

Root has control groups. Another user has them where they are delegated; pocket-docker doctor says which
are, what stands in for the others, and what to write where to get them.

With --strict-limits a program is not started (exit status 125) unless each of its limits holds firmly.

Example:
  pocket-docker run --rm --memory 64m --cpus 0.5 --pids-limit 20 --timeout 10s host sh -c 'echo within'
  pocket-docker inspect NAME
`
