package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"pocket/runtime/container"
)

// candidate is a word that may stand at a place of the command line.
type candidate struct{ text, means string }

// candidates is all that may stand there; files says that names of files may too.
type candidates struct {
	words []candidate
	files bool
}

func (f *candidates) add(texts ...string) {
	for _, t := range texts {
		f.words = append(f.words, candidate{text: t})
	}
}

// complete finds what may stand in place of the last of words, which follow the program's name.
func complete(words []string) candidates {
	word := words[len(words)-1]
	if len(words) == 1 {
		return commandNames(true)
	}
	cmd, known := find(words[0])
	if !known {
		return candidates{}
	}
	p := newPlace(cmd, words[1:len(words)-1])
	flag, _, valued := strings.Cut(word, "=")
	switch {
	case p.owner != nil:
		return flagValues(cmd, p.owner, "")
	case p.onlyArgs || !strings.HasPrefix(word, "-"):
		return arguments(cmd, p.args)
	case !valued:
		return flagNames(cmd, p.flags)
	}
	if f := p.flags.Lookup(strings.TrimPrefix(flag, "--")); f != nil {
		return flagValues(cmd, f, flag+"=")
	}
	return candidates{}
}

func commandNames(alsoFlags bool) candidates {
	var found candidates
	for _, c := range commands() {
		found.words = append(found.words, candidate{c.name, c.summary})
	}
	if alsoFlags {
		found.words = append(found.words, candidate{"--help", "show all commands"}, candidate{"--version", "show the version"})
	}
	return found
}

// flags returns the flags that a command defines, of one with commands of its own those of the first of
// words that is one of them. The command is run, but only as far as its call of parse, before which none has
// done anything. known is false where it did not come that far.
func (cmd command) flags(words ...string) (flags *pflag.FlagSet, known bool) {
	probe := call{command: cmd, probe: true}
	own := subcommands(cmd.usage)
	for _, w := range words {
		if slices.Contains(own, w) {
			probe.args = []string{w}
			break
		}
	}
	_ = cmd.run(&probe)
	if probe.probed == nil {
		return pflag.NewFlagSet(cmd.name, pflag.ContinueOnError), false
	}
	return probe.probed, true
}

// subcommands finds a command's own commands in its usage: in the lines that show how it is called, or in the
// list of those.
func subcommands(usage string) []string {
	head, list, _ := strings.Cut(usage, "\n\n")
	var found []string
	for line := range strings.Lines(head) {
		if words := strings.Fields(line); len(words) > 2 && isWord(words[2]) {
			found = append(found, words[2])
		}
	}
	first, _, _ := strings.Cut(head, "\n")
	if !strings.HasSuffix(first, " COMMAND") {
		return found
	}
	for line := range strings.Lines(list) {
		name, indented := strings.CutPrefix(line, "  ")
		if name, _, _ = strings.Cut(strings.TrimSpace(name), " "); indented && line[2] != ' ' && isWord(name) {
			found = append(found, name)
		}
		if strings.HasPrefix(line, "Example") {
			break
		}
	}
	return found
}

// isWord tells whether s is nothing but small letters.
func isWord(s string) bool { return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == "" }

// linePlace is where in a command's words the next one comes.
type linePlace struct {
	flags    *pflag.FlagSet
	owner    *pflag.Flag // the flag whose value is to come
	args     []string    // the arguments so far
	onlyArgs bool        // no flag can follow
}

func newPlace(cmd command, words []string) linePlace {
	flags, _ := cmd.flags(words...)
	p := linePlace{flags: flags}
	for _, w := range words {
		switch {
		case p.owner != nil:
			p.owner = nil
		case p.onlyArgs:
			p.args = append(p.args, w)
		case w == "--":
			p.onlyArgs = true
		case len(w) > 1 && w[0] == '-':
			p.owner = valueless(p.flags, w)
		default:
			p.args = append(p.args, w)
			p.onlyArgs = programFollows(cmd, len(p.args))
		}
	}
	return p
}

// valueless returns the flag in a word whose value is the next word; nil when it needs none.
func valueless(flags *pflag.FlagSet, word string) *pflag.Flag {
	if name, long := strings.CutPrefix(word, "--"); long {
		f := flags.Lookup(name) // with =value there is none of this name
		if f == nil || f.NoOptDefVal != "" {
			return nil
		}
		return f
	}
	for i := 1; i < len(word); i++ {
		f := flags.ShorthandLookup(word[i : i+1])
		if f == nil {
			return nil
		}
		if f.NoOptDefVal == "" {
			if i == len(word)-1 {
				return f
			}
			return nil
		}
	}
	return nil
}

func flagNames(cmd command, flags *pflag.FlagSet) candidates {
	var found candidates
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			found.words = append(found.words, candidate{"--" + f.Name, describe(cmd.usage, f.Name)})
		}
	})
	found.words = append(found.words, candidate{"--help", "show how it is used"})
	return found
}

// describe takes from a usage text what stands beside a flag.
func describe(usage, flag string) string {
	for line := range strings.Lines(usage) {
		trimmed := strings.TrimSpace(line)
		if !strings.HasPrefix(trimmed, "-") {
			continue
		}
		head, text, found := strings.Cut(trimmed, "  ")
		if found && slices.Contains(strings.FieldsFunc(head, func(r rune) bool { return r == ' ' || r == ',' || r == '[' || r == '=' }), "--"+flag) {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// flagValues are what a flag may be set to. The flag's kind tells, or its name.
func flagValues(cmd command, f *pflag.Flag, prefix string) candidates {
	var found candidates
	switch {
	case fixedValues[cmd.name+" "+f.Name] != nil:
		found.add(fixedValues[cmd.name+" "+f.Name]...)
	case fixedValues[f.Name] != nil:
		found.add(fixedValues[f.Name]...)
	case f.Name == "cap-add" || f.Name == "cap-drop":
		found.add("ALL")
		for _, name := range container.CapabilityNames(container.AllCapabilities()) {
			found.add(strings.TrimPrefix(name, "CAP_"))
		}
	case f.Name == "rootfs":
		found = named("IMAGE", cmd)
	case slices.Contains(fileFlags, f.Name), f.Value.Type() == "file":
		found.files = true
	case f.Name == "volumes-from":
		found = named("CONTAINER", cmd)
	}
	if f.Name == "volume" {
		found.words = append(found.words, volumeNames(":")...)
	}
	if f.Name == "network" {
		for _, c := range named("CONTAINER", cmd).words {
			found.add("container:" + c.text)
		}
	}
	for i := range found.words {
		found.words[i].text = prefix + found.words[i].text
	}
	return found
}

// arguments are what may stand after a command's first arguments: its usage names them.
func arguments(cmd command, args []string) candidates {
	own := subcommands(cmd.usage)
	if len(own) > 0 && len(args) == 0 {
		var found candidates
		found.add(own...)
		return found
	}
	names := argumentNames(cmd)
	if len(own) > 0 {
		if same, known := find(args[0]); known && !strings.Contains(cmd.usage, "\n  "+args[0]+" ") {
			return arguments(same, args[1:]) // as in system prune
		}
		names, args = subcommandArguments(cmd.usage, args[0]), args[1:]
	}
	i := len(args)
	if len(names) == 0 {
		return candidates{}
	}
	if i >= len(names) {
		if i = len(names) - 1; !strings.HasSuffix(names[i], "…") {
			return candidates{}
		}
	}
	return named(strings.TrimSuffix(names[i], "…"), cmd)
}

// subcommandArguments are the names that follow a command's own command in the list of those. What is in
// brackets there is to be a new name.
func subcommandArguments(usage, sub string) []string {
	for line := range strings.Lines(usage) {
		if rest, found := strings.CutPrefix(line, "  "+sub+" "); found {
			head, _, _ := strings.Cut(rest, "  ")
			return slices.DeleteFunc(strings.Fields(head), func(w string) bool { return strings.HasPrefix(w, "[") })
		}
	}
	return nil
}

// argumentNames reads what follows the command in the first line of its usage.
func argumentNames(cmd command) []string {
	first, _, _ := strings.Cut(cmd.usage, "\n")
	var names []string
	for _, w := range strings.Fields(first)[min(2, len(strings.Fields(first))):] {
		if w = strings.Trim(w, "[]"); w != "flags" && !strings.HasPrefix(w, "-") {
			names = append(names, w)
		}
	}
	return names
}

// programFollows tells whether what comes after n arguments is a program's, with flags of its own.
func programFollows(cmd command, n int) bool {
	names := argumentNames(cmd)
	return n < len(names) && names[n] == "COMMAND" && cmd.name != "help"
}
