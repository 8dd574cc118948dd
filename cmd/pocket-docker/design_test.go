package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// designed are the commands that are promised, with the flags that are promised of them. What docker's users
// type is among them; a command of its own follows the one that it belongs to.
var designed = map[string]string{
	"run": `--rootfs --cmd -d --rm --name -i -t -a -e --env-file -w -u -v --mount --tmpfs --read-only
		--memory --memory-swap --cpus --cpuset-cpus --pids-limit --ulimit --timeout --cpu-time --network -p
		--hostname --dns --add-host --restart --health-cmd --health-interval --health-timeout
		--health-retries --health-start-period --health-on-failure --security-opt --cap-add --cap-drop
		--stop-signal --stop-timeout --cidfile --entrypoint --label --log-opt --userns --strict-limits
		--privileged --volume --detach --interactive --tty --env --workdir --user --publish --attach`,
	"create": "--rootfs --cmd --name -i -t -e -w -u -v --memory --cpus --pids-limit --network -p --restart --health-cmd --cidfile --rm",
	"start":  "-a -i", "stop": "-t", "kill": "-s", "restart": "-t", "wait": "", "rm": "-f -v", "rename": "",
	"update": "--memory --memory-swap --cpus --cpuset-cpus --pids-limit --restart", "pause": "", "unpause": "",
	"ps":     "-a -q -n -l --no-trunc --filter --format",
	"logs":   "-f --tail --since --until -t",
	"exec":   "-i -t -e -u -w -d",
	"attach": "--detach-keys", "cp": "", "top": "", "stats": "", "inspect": "--format", "diff": "", "export": "-o", "events": "--since --until --filter",
	"pull": "--name", "images": "-a -q --no-trunc --filter --format", "rmi": "-f", "tag": "", "import": "-c -m", "load": "-i", "save": "-o",
	"prune": "-a -f --filter --volumes", "system df": "--format --json", "system prune": "-a -f --volumes", "system info": "--format",
	"doctor": "--json --install-boot", "boot": "", "completion": "", "help": "", "version": "", "info": "--format",
	"volume create": "--label", "volume ls": "-q", "volume rm": "-f", "volume prune": "-a -f", "volume inspect": "",
	"port": "",
}

func TestCommandsAndFlagsOfTheDesign(t *testing.T) {
	for line, promised := range designed {
		name, own, _ := strings.Cut(line, " ")
		cmd, known := find(name)
		if !known {
			t.Errorf("there is no command %s", name)
			continue
		}
		if own != "" && !slices.Contains(subcommands(cmd.usage), own) {
			t.Errorf("%s: the usage does not name the command %s", name, own)
		}
		flags, known := cmd.flags(own)
		if !known {
			t.Errorf("%s takes no flags at all", line)
		}
		for flag := range strings.FieldsSeq(promised) {
			if !defines(flags, flag) {
				t.Errorf("%s does not take %s", line, flag)
			}
		}
	}
	for _, cmd := range commands() {
		if _, listed := designed[cmd.name]; !listed && len(subcommands(cmd.usage)) == 0 {
			t.Errorf("command %s is not in the list of this test", cmd.name)
		}
	}
}

func defines(flags *pflag.FlagSet, flag string) bool {
	if name, long := strings.CutPrefix(flag, "--"); long {
		return flags.Lookup(name) != nil
	}
	return flags.ShorthandLookup(strings.TrimPrefix(flag, "-")) != nil
}
