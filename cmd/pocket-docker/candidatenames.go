package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pocket/runtime/state"
)

// named are the words that a name in a usage stands for.
func named(name string, cmd command) candidates {
	var found candidates
	for option := range strings.SplitSeq(name, "|") {
		switch option = strings.Trim(option, "[]…"); option {
		case "CONTAINER":
			found.words = append(found.words, containerNames(cmd, "")...)
		case "CONTAINER:SOURCE", "SOURCE", "DESTINATION":
			found.words = append(found.words, containerNames(cmd, ":")...)
			found.files = true
		case "IMAGE":
			found.words = append(found.words, imageNames()...)
			if slices.Contains([]string{"run", "create"}, cmd.name) {
				found.words = append(found.words, candidate{"host", "this machine's own programs"})
				found.files = true
			}
		case "NAME":
			if cmd.name == "volume" {
				found.words = append(found.words, volumeNames("")...)
				break
			}
			found.words = append(append(found.words, containerNames(cmd, "")...), imageNames()...)
		case "COMMAND":
			if cmd.name == "help" {
				found.words = append(found.words, commandNames(false).words...)
			}
		case "TOPIC":
			for _, t := range topics {
				found.words = append(found.words, candidate{t.name, t.summary})
			}
		case "FILE", "PATH", "DIR", "ARCHIVE", "FOLDER":
			found.files = true
		default:
			if option == strings.ToLower(option) {
				found.add(option)
			}
		}
	}
	return found
}

// stored opens the state only where there is one: to complete a word must not make a folder.
func stored() *state.DB {
	dir, err := state.Dir()
	if err != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, "state.db")); err != nil {
		return nil
	}
	db, err := state.Open(dir)
	if err != nil {
		return nil
	}
	return db
}

func containerNames(cmd command, after string) []candidate {
	db := stored()
	if db == nil {
		return nil
	}
	defer db.Close()
	list, err := db.Containers(true)
	if err != nil {
		return nil
	}
	var found []candidate
	for _, c := range list {
		ended := c.Status == state.Created || c.Status == state.Exited
		if wants, ok := wantsEnded[cmd.name]; ok && wants != ended {
			continue
		}
		found = append(found, candidate{c.Name + after, string(c.Status) + ", " + oneLine(c.Image)})
	}
	return found
}

func imageNames() []candidate {
	db := stored()
	if db == nil {
		return nil
	}
	defer db.Close()
	list, err := db.Images()
	if err != nil {
		return nil
	}
	var found []candidate
	for _, i := range list {
		found = append(found, candidate{i.Name, "image, " + i.Size.Human()})
	}
	return found
}

func volumeNames(after string) []candidate {
	db := stored()
	if db == nil {
		return nil
	}
	defer db.Close()
	list, err := db.Volumes()
	if err != nil {
		return nil
	}
	var found []candidate
	for _, v := range list {
		means := "volume"
		if len(v.Users) > 0 {
			means += " of " + strings.Join(v.Users, ", ")
		}
		found = append(found, candidate{v.Name + after, means})
	}
	return found
}

// wantsEnded lists the commands that only make sense for containers that run, or that do not.
var wantsEnded = map[string]bool{
	"start": true, "stop": false, "kill": false, "pause": false, "unpause": false, "exec": false,
	"attach": false, "top": false, "stats": false,
}

// fixedValues are what flags may be set to, by the flag's name or the command's and the flag's.
var fixedValues = map[string][]string{
	"attach":            {"stdin", "stdout", "stderr"},
	"network":           {"none", "host", "pasta"},
	"restart":           {"no", "on-failure", "always", "unless-stopped", "on-oom"},
	"log-driver":        {"json-file", "local", "none"},
	"log-opt":           {"max-size=", "max-file="},
	"security-opt":      {"seccomp=", "seccomp=default", "seccomp=unconfined", "seccomp=log", "no-new-privileges", "mask=", "unmask=", "unmask=ALL", "systempaths=unconfined"},
	"health-on-failure": {"none", "kill", "restart", "stop"},
	"userns":            {"auto", "host"},
	"pull":              {"always", "missing", "never"},
	"platform":          {"linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/riscv64"},
	"signal":            {"HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "STOP", "CONT"},
	"stop-signal":       {"HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM"},
	"ulimit":            {"nofile=", "nproc=", "stack=", "fsize=", "cpu=", "core=", "memlock="},
	"format":            {"table", "json"},
	"images filter":     {"dangling=true", "dangling=false", "reference=", "label=", "before=", "since="},
	"prune filter":      {"until="},
	"save format":       {"docker-archive", "oci-archive", "oci-dir"},
	"events filter":     {"container=", "image=", "volume=", "event=", "type="},
	"inspect type":      {"container", "image"},
	"ps filter":         {"id=", "name=", "label=", "status=", "exited=", "ancestor=", "health=", "volume=", "network=", "before=", "since="},
}

// fileFlags are set to the name of a file, or to what begins with one.
var fileFlags = []string{"volume", "device", "env-file", "cidfile", "output", "input", "mount", "label-file"}
