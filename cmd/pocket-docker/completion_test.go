package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/state"
)

func texts(c candidates) []string {
	var list []string
	for _, w := range c.words {
		list = append(list, w.text)
	}
	return list
}

// withState makes a state folder with a container that was never started and an image.
func withState(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("POCKET_ROOT", dir)
	db, err := state.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.CreateContainer(state.Container{Name: "pancake_ship", Image: "host", Command: []string{"true"}}); err != nil {
		t.Fatal(err)
	}
	if err := db.AddImage(state.Image{Name: "registry:5000/waffle:1", Digest: "sha256:" + strings.Repeat("a", 64)}); err != nil {
		t.Fatal(err)
	}
}

func TestComplete(t *testing.T) {
	withState(t)
	for _, c := range []struct {
		line      string // words, the last of which is to be completed
		want, not string
		files     bool
	}{
		{"", "logs", "__complete", false},
		{"logs ", "pancake_ship", "registry:5000/waffle:1", false},
		{"logs -", "--follow", "--memory", false},
		{"logs --tail ", "", "pancake_ship", false},
		{"logs --tail 3 ", "pancake_ship", "", false},
		{"logs --tail=3 ", "pancake_ship", "", false},
		{"logs -ft ", "pancake_ship", "", false},
		{"logs -fn ", "", "pancake_ship", false},
		{"logs pancake_ship ", "", "pancake_ship", false},
		{"rm pancake_ship ", "pancake_ship", "", false},
		{"rm -- ", "pancake_ship", "", false},
		{"rm -- -", "pancake_ship", "--force", false},
		{"run ", "registry:5000/waffle:1", "pancake_ship", true},
		{"run ", "host", "", true},
		{"run --rm -m 64m ", "host", "", true},
		{"run --rootfs ", "registry:5000/waffle:1", "", true},
		{"run --network ", "container:pancake_ship", "", false},
		{"run --network=", "--network=none", "none", false},
		{"run --cap-drop ", "NET_RAW", "", false},
		{"create --security-opt seccomp", "seccomp=log", "", false},
		{"events --filter ", "event=", "status=", false},
		{"run --env-file ", "", "", true},
		{"run host -", "", "--rm", false},
		{"run host sh ", "", "host", false},
		{"rmi ", "registry:5000/waffle:1", "host", false},
		{"help ", "logs", "host", false},
		{"help ", "limits", "", false},
		{"completion ", "fish", "", false},
		{"nothing ", "", "logs", false},
		{"ps --filter=", "--filter=status=", "", false},
		{"ps --nothing=", "", "--filter", false},
	} {
		got := complete(strings.Split(c.line, " "))
		list := texts(got)
		if c.want != "" && !slices.Contains(list, c.want) || c.not != "" && slices.Contains(list, c.not) || got.files != c.files {
			t.Errorf("%q: %q, files %t; want %q and not %q", c.line, list, got.files, c.want, c.not)
		}
	}
}

func TestCompletionMakesNoState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	t.Setenv("POCKET_ROOT", dir)
	complete([]string{"logs", ""})
	complete([]string{"run", ""})
	if _, err := os.Stat(dir); err == nil {
		t.Error("a state folder was made")
	}
}

func TestEveryCommandTellsItsFlags(t *testing.T) {
	for _, cmd := range commands() {
		if !allFlags(cmd).HasFlags() && strings.Contains(cmd.usage, "[flags]") {
			t.Errorf("%s has flags in its usage and defines none before it does something", cmd.name)
		}
	}
}

func TestSubcommands(t *testing.T) {
	for usage, want := range map[string]string{
		"pocket-docker ps [flags]\n\nLists.\n  all of them\n":                                                                         "[]",
		"pocket-docker disk df [flags]\npocket-docker disk prune [flags]\n\nShows.\n":                                                 "[df prune]",
		"pocket-docker volume COMMAND\n\nText.\n\n  create [NAME]   make\n      --label X  of it\n  ls  list\n\nExample:\n  pocket\n": "[create ls]",
		"pocket-docker cp CONTAINER:SOURCE DESTINATION\npocket-docker cp SOURCE CONTAINER:X\n\n":                                      "[]",
	} {
		if got := fmt.Sprint(subcommands(usage)); got != want {
			t.Errorf("%q: %s, want %s", usage, got, want)
		}
	}
}

func TestUnfinishedWords(t *testing.T) {
	for line, want := range map[string][]string{
		"pocket-docker":            {},
		"pocket-docker ":           {""},
		"pocket-docker lo":         {"lo"},
		"pocket-docker logs ":      {"logs", ""},
		"pocket-docker logs 'a b":  {"logs", "a b"},
		`pocket-docker logs "a b`:  {"logs", "a b"},
		`pocket-docker run a\ b c`: {"run", "a b", "c"},
	} {
		if got := unfinishedWords(line); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// shells are the shells with how each is started so that it reads nothing of the user's, and how it takes
// our script in.
var shells = []struct {
	name  string
	args  []string
	setup string
}{
	{"bash", []string{"--norc", "--noprofile", "-i"}, "source <(pocket-docker completion bash)"},
	{"zsh", []string{"-f", "-i"}, "autoload -U compinit; compinit -D -u; source <(pocket-docker completion zsh)"},
	{"fish", []string{"--no-config", "-i"}, "pocket-docker completion fish | source"},
}

// A person at each shell types a part of a word and the tab key, and the command that comes of it is run.
func TestCompletionInShells(t *testing.T) {
	for _, sh := range shells {
		t.Run(sh.name, func(t *testing.T) {
			path, err := exec.LookPath(sh.name)
			if err != nil && os.Getenv("POCKET_TEST_REQUIRE") != "" {
				t.Fatal(err)
			} else if err != nil {
				t.Skip(err)
			}
			p := newPerson(t, path, sh.args)
			p.enter(sh.setup + "; echo rea''dy")
			p.await("ready")
			p.enter("pocket-docker vers\t")
			p.await(runtime.Version() + " linux/")
			p.enter("pocket-docker inspect panc\t")
			p.await(`"pancake_ship"`)
			p.enter("pocket-docker help limi\t")
			p.await("strict-limits")
			p.enter("pocket-docker rm --for\t panc\t; pocket-docker rmi registry:5000/waf\t; echo wa''s")
			p.await("was")
			p.enter("pocket-docker ps -aq --no-tr\t; echo li''st=\"$(pocket-docker ps -aq)$(pocket-docker images -q)\"=")
			p.await("list==")
		})
	}
}

// person types at a shell of their own.
type person struct {
	*testing.T
	outer *os.File
	seen  bytes.Buffer
}

func newPerson(t *testing.T, shell string, args []string) *person {
	withState(t)
	outer, inner := openTerminal(t)
	if err := unix.IoctlSetWinsize(int(outer.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(shell, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TERM=dumb", "PS1=> ", "LC_ALL=C.UTF-8",
		"POCKET_ROOT=" + os.Getenv("POCKET_ROOT")}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inner, inner, inner
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return &person{T: t, outer: outer}
}

func (p *person) enter(line string) {
	p.Helper()
	p.seen.Reset()
	if _, err := p.outer.WriteString(line + "\r"); err != nil {
		p.Fatal(err)
	}
}

// await reads what the shell shows until a text is there.
func (p *person) await(text string) {
	p.Helper()
	const patience = time.Minute
	fds := []unix.PollFd{{Fd: int32(p.outer.Fd()), Events: unix.POLLIN}}
	b := make([]byte, 4096)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if strings.Contains(p.seen.String(), text) {
			return
		}
		if n, err := unix.Poll(fds, 100); n <= 0 {
			if err != nil && err != unix.EINTR {
				p.Fatal(err)
			}
			continue
		}
		n, err := p.outer.Read(b)
		if err != nil {
			break
		}
		p.seen.Write(b[:n])
	}
	p.Fatalf("%q never came, but: %q", text, p.seen.String())
}
