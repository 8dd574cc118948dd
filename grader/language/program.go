package language

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// Command is a program with its arguments and environment ("NAME=value"), all of it: nothing of the
// host's environment belongs to it.
type Command struct{ Args, Env []string }

// Program is one submission's way of being compiled and run.
type Program struct {
	Language Language
	// Compile is nil when the language is not compiled. It leaves what is to be kept in /work/out.
	Compile *Command
	// CompileLimits raise the judge's own limits for compilers; zero fields do not.
	CompileLimits resource.Limits
	// Extra is what the language needs beside what the submission may use: Memory and Processes.
	Extra resource.Limits
	// Cache is nil when every compilation does all the work itself.
	Cache *Cache
	// OutOfMemory, when not empty, is what the interpreter says on standard error before it exits
	// because the submission used more memory than its limit.
	OutOfMemory string
	// As is the name under which a single file must be seen below /submission; "" for its own.
	As string

	values values
}

// Prepare says how the submission is compiled and run. dir is the folder in which sub.Files lie; sources
// are read from there where the class to run must be found. The error says that a folder has no file
// that could be the main file, or that a source cannot be read.
func (l Language) Prepare(sub grader.Submission, dir string) (Program, error) {
	v := values{sources: l.sources(sub.Files)}
	if len(v.sources) == 0 {
		return Program{}, fmt.Errorf("%s: no source file in %s", sub.Name, l.Title)
	}
	p := Program{
		Language: l, CompileLimits: l.compileLimits, Extra: l.extra, Cache: l.cache, OutOfMemory: l.outOfMemory,
	}
	var err error
	if l.mentions("{class}") || l.mentions("{public}") {
		if v.class, v.public, err = javaNames(dir, v.sources); err != nil {
			return Program{}, fmt.Errorf("%s: %w", sub.Name, err)
		}
	}
	if len(sub.Files) == 1 && l.as != "" && (v.public != "" || !strings.Contains(l.as, "{public}")) {
		p.As = strings.ReplaceAll(l.as, "{public}", v.public)
		v.sources = []string{p.As}
	}
	if err := l.chooseMain(&v, sub.Name); err != nil {
		return Program{}, err
	}
	p.values = v
	p.Compile = l.compiler(v, sub.Files)
	return p, nil
}

// chooseMain finds the main file where the commands need one: main.* or the only source.
func (l Language) chooseMain(v *values, name string) error {
	candidates := mains(v.sources)
	if len(candidates) == 0 && len(v.sources) == 1 {
		candidates = v.sources
	}
	if len(candidates) > 0 {
		v.main = candidates[0]
	}
	if v.main == "" && l.mentions("{main}") {
		err := fmt.Errorf("%s: %d source files and none is called main%s", name, len(v.sources), l.Extensions[0])
		return hint.With(err, "rename the file to be run to main%s", l.Extensions[0])
	}
	if l.flat {
		folder := path.Dir(v.main) // "." when there is no main file
		if !slices.ContainsFunc(v.sources, func(f string) bool { return path.Dir(f) == folder }) {
			folder = path.Dir(v.sources[0])
		}
		v.sources = slices.DeleteFunc(slices.Clone(v.sources), func(f string) bool { return path.Dir(f) != folder })
	}
	return nil
}

func (l Language) compiler(v values, files []string) *Command {
	args, env := l.compile, l.environment
	if l.project.file != "" && slices.Contains(files, l.project.file) {
		args, env = l.project.compile, slices.Concat(env, l.project.environment)
	}
	if len(args) == 0 {
		return nil
	}
	return &Command{Args: v.expand(args), Env: slices.Concat(base, env)}
}

// Run is the command that runs the submission on a case with these arguments and this memory limit; 0
// means no limit.
func (p Program) Run(memory resource.Size, args []string) Command {
	v := p.values
	v.memory = memory
	return Command{
		Args: slices.Concat(v.expand(p.Language.run), args),
		Env:  slices.Concat(base, p.Language.environment),
	}
}

// base is the environment of every compiler and submission.
var base = []string{
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin",
	"HOME=/work", "TMPDIR=/tmp", "LANG=C.UTF-8",
}

// values is what the words in braces stand for. Files are relative to the submission.
type values struct {
	sources       []string
	main          string
	class, public string
	memory        resource.Size
}

// expand replaces the words in braces. Files become absolute paths, so that no name of a student's can
// be taken for an option.
func (v values) expand(args []string) []string {
	var out []string
	words := strings.NewReplacer("{main}", inside(v.main), "{class}", v.class, "{public}", v.public,
		"{heap}", strconv.FormatInt(int64(v.memory/resource.KiB), 10))
	for _, arg := range args {
		switch {
		case arg == "{sources}":
			for _, s := range v.sources {
				out = append(out, inside(s))
			}
		case v.memory == 0 && strings.Contains(arg, "{heap}"):
		default:
			out = append(out, words.Replace(arg))
		}
	}
	return out
}

func inside(file string) string { return path.Join("/submission", file) }

func (l Language) mentions(word string) bool {
	for _, arg := range slices.Concat(l.compile, l.run, []string{l.as}) {
		if strings.Contains(arg, word) {
			return true
		}
	}
	return false
}

// mains returns the files at the top of the submission that are called main, without regard to the
// extension.
func mains(files []string) []string {
	var found []string
	for _, f := range files {
		if path.Dir(f) == "." && strings.TrimSuffix(f, path.Ext(f)) == "main" {
			found = append(found, f)
		}
	}
	return found
}
