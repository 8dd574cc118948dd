package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// flagInUsage is a flag, with its letter, in the left column of a usage text's list.
var flagInUsage = regexp.MustCompile(`(?:-(\w), )?--([a-z0-9-]+)`)

// flagsOf finds the flags that a usage text lists, with their letters.
func flagsOf(usage string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(usage) {
		head, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if strings.HasPrefix(head, "-") {
			for _, m := range flagInUsage.FindAllStringSubmatch(head, -1) {
				found[m[2]] = m[1]
			}
		}
	}
	return found
}

// sameFlags are commands whose usage sends the reader to another's for the flags, and which of those they
// do not have.
var sameFlags = map[string]struct {
	as      string
	without []string
}{"create": {"run", []string{"detach", "sig-proxy", "detach-keys"}}}

// allFlags are a command's flags; of one that has none without a command of its own, the first one's.
func allFlags(cmd command) *pflag.FlagSet {
	flags, known := cmd.flags()
	if !known {
		flags, _ = cmd.flags(subcommands(cmd.usage)...)
	}
	return flags
}

func TestUsageNamesEveryFlag(t *testing.T) {
	for _, cmd := range commands() {
		inText := flagsOf(cmd.usage)
		if other, ok := sameFlags[cmd.name]; ok {
			as, _ := find(other.as)
			for name, letter := range flagsOf(as.usage) {
				if !slices.Contains(other.without, name) {
					inText[name] = letter
				}
			}
		}
		allFlags(cmd).VisitAll(func(f *pflag.Flag) {
			letter, there := inText[f.Name]
			switch {
			case f.Hidden:
			case !there:
				t.Errorf("%s: the usage does not tell of --%s", cmd.name, f.Name)
			case letter != f.Shorthand:
				t.Errorf("%s: --%s has %q for its letter in the usage, and is defined with %q", cmd.name, f.Name, letter, f.Shorthand)
			}
			delete(inText, f.Name)
		})
		for name := range inText {
			if name != "help" {
				t.Errorf("%s: the usage tells of --%s, which is not defined", cmd.name, name)
			}
		}
	}
}

func TestUsageIsComplete(t *testing.T) {
	for _, cmd := range commands() {
		if !strings.HasPrefix(cmd.usage, "pocket-docker "+cmd.name) {
			t.Errorf("%s: the usage begins with %.40q", cmd.name, cmd.usage)
		}
		for _, part := range []string{"\nExample:\n  ", "\nEXIT STATUS\n  "} {
			if !strings.Contains(cmd.usage, part) {
				t.Errorf("%s: the usage has no %q", cmd.name, strings.TrimSpace(part))
			}
		}
		if cmd.summary == "" || strings.HasSuffix(cmd.summary, ".") {
			t.Errorf("%s: summary %q", cmd.name, cmd.summary)
		}
		checkWidth(t, cmd.name, cmd.usage)
	}
	for _, topic := range topics {
		if !strings.Contains(topic.text, "\nExample:\n  ") {
			t.Errorf("topic %s has no example", topic.name)
		}
		if _, clash := find(topic.name); clash {
			t.Errorf("topic %s is a command too", topic.name)
		}
		checkWidth(t, topic.name, topic.text)
	}
	checkWidth(t, "overview", overview())
}

func checkWidth(t *testing.T, name, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 110 {
			t.Errorf("%s: a line of %d columns: %q", name, n, line)
		}
	}
	if !strings.HasSuffix(text, "\n") || strings.Contains(text, "\t") {
		t.Errorf("%s: no newline at the end, or a tab", name)
	}
}
