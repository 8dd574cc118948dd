package main

import (
	"fmt"
	"strings"
)

const completionUsage = `pocket-docker completion bash|zsh|fish

Writes a script that lets the shell complete commands, flags and their values, and the names of
containers and images, when the tab key is pressed.

Example:
  source <(pocket-docker completion bash)              # bash: now; put it in ~/.bashrc for ever
  source <(pocket-docker completion zsh)               # zsh: after compinit, in ~/.zshrc
  pocket-docker completion fish > ~/.config/fish/completions/pocket-docker.fish

EXIT STATUS
  0, or 125 when the shell is none of these.
`

// The scripts know nothing of the commands: they ask "pocket-docker __complete SHELL WORD…", so they
// fit every version. Its first line is files where file names fit too, else words; each further one is a
// word, a tab and what it means.
var completionScripts = map[string]string{
	"bash": `# pocket-docker completion for bash
_pocket_docker() {
    local IFS=$'\n' lines line
    COMPREPLY=()
    # The line up to the cursor: bash would split words at = and : too.
    mapfile -t lines < <(pocket-docker __complete bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    for line in "${lines[@]:1}"; do
        COMPREPLY+=("$(printf '%q' "${line%%$'\t'*}")")
    done
    if [ "${lines[0]}" = files ]; then
        compopt -o filenames 2>/dev/null
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$2")
    fi
    case "${COMPREPLY[0]}" in
    *[=:/]) compopt -o nospace 2>/dev/null ;;
    esac
}
complete -F _pocket_docker pocket-docker
`,
	"zsh": `#compdef pocket-docker
# pocket-docker completion for zsh
_pocket-docker() {
    local -a lines shown
    local line
    lines=("${(@f)$(pocket-docker __complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for line in "${(@)lines[2,-1]}"; do
        [[ -n "$line" ]] && shown+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    (( $#shown )) && _describe -V 'pocket-docker' shown
    [[ "${lines[1]}" == files ]] && _files
    return 0
}
if [[ "${funcstack[1]}" == _pocket-docker ]]; then
    _pocket-docker "$@"
elif (( $+functions[compdef] )); then
    compdef _pocket-docker pocket-docker
fi
`,
	"fish": `# pocket-docker completion for fish
function __pocket_docker_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l lines (pocket-docker __complete fish $words[2..-1] "$word" 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path "$word"
    end
    printf '%s\n' $lines[2..-1]
end
complete -c pocket-docker -f -k -a '(__pocket_docker_complete)'
`,
}

func cmdCompletion(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 1, 1, "bash, zsh or fish"); err != nil {
		return err
	}
	script, known := completionScripts[flags.Arg(0)]
	if !known {
		return usagef("completion: %q is none of bash, zsh and fish", flags.Arg(0))
	}
	_, err := fmt.Fprint(c.stdout, script)
	return err
}

// completeCommand is what the scripts call; it is not in the table, as it is not for people.
const completeCommand = "__complete"

// complete writes the words that fit. It never fails: a shell that asks while a line is being typed has
// nowhere to show why.
func (c *call) complete(args []string) {
	if len(args) == 0 {
		return
	}
	shell, words := args[0], args[1:]
	shown := "" // what the shell takes for the word to complete, where it is only the end of it
	if shell == "bash" && len(words) == 2 {
		shown = words[1]
		words = unfinishedWords(words[0])
	}
	if len(words) == 0 {
		words = []string{""}
	}
	word := words[len(words)-1]
	found := complete(words)
	kind := "words"
	if found.files {
		kind = "files"
	}
	fmt.Fprintln(c.stdout, kind)
	cut := ""
	if shell == "bash" {
		cut = strings.TrimSuffix(word, shown)
	}
	for _, w := range found.words {
		if strings.HasPrefix(w.text, word) {
			fmt.Fprintf(c.stdout, "%s\t%s\n", strings.TrimPrefix(w.text, cut), w.means)
		}
	}
}

// unfinishedWords splits the beginning of a command line, without the command's own name; the last word is
// the one that is being typed.
func unfinishedWords(line string) []string {
	const mark = "\x00" // a word of its own after a blank, the end of the last one else
	for _, close := range []string{"", "'", `"`} {
		words, err := splitWords(line + mark + close)
		if err == nil && len(words) > 0 {
			last := len(words) - 1
			words[last] = strings.TrimSuffix(words[last], mark)
			return words[1:]
		}
	}
	return nil
}
