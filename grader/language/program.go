package language

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
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
	// OutOfMemory are texts of which one stands on standard error when a program fails because it is
	// given no more memory.
	OutOfMemory []string
	// As is the name under which a single file must be seen below /submission; "" leaves the names.
	As string

	values values
}

// Sample is a program in the language that prints "ok", by which a toolchain is tried: a file's name, its
// text and the way to run it. ok is false where there is none.
func (l Language) Sample() (file, text string, p Program, ok bool) {
	if l.sample == "" {
		return "", "", Program{}, false
	}
	file = "try" + l.Extensions[0]
	sub := grader.Submission{Name: l.Name, Files: []string{file}, Language: l.Name}
	p, err := l.prepare(sub, func(string) ([]byte, error) { return []byte(l.sample), nil })
	return cmp.Or(p.As, file), l.sample, p, err == nil
}

// Prepare says how the submission is compiled and run. dir is the folder in which sub.Files lie; sources
// are read from there where the class to run must be found. The error says that a folder has no file
// that could be the main file, or that a source cannot be read.
func (l Language) Prepare(sub grader.Submission, dir string) (Program, error) {
	return l.prepare(sub, func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	})
}

func (l Language) prepare(sub grader.Submission, read func(string) ([]byte, error)) (Program, error) {
	v := values{sources: l.sources(sub.Files)}
	if len(v.sources) == 0 {
		return Program{}, fmt.Errorf("%s: no source file in %s", sub.Name, l.Title)
	}
	p := Program{
		Language: l, CompileLimits: l.compileLimits, Extra: l.extra, Cache: l.cache, OutOfMemory: l.outOfMemory,
	}
	var err error
	if l.mentions("{class}") || l.mentions("{public}") {
		if v.class, v.public, err = javaNames(read, v.sources); err != nil {
			return Program{}, fmt.Errorf("%s: %w", sub.Name, err)
		}
	}
	if p.As = l.seenAs(v, sub.Files); p.As != "" {
		v.sources = []string{p.As}
	}
	if err := l.chooseMain(&v, sub.Name); err != nil {
		return Program{}, err
	}
	p.values = v
	p.Compile = l.compiler(v, sub.Files)
	return p, nil
}

// seenAs is the name under which a single file is seen: the same for all students, so that neither messages nor
// a program can tell whose it is, and what is the same but for its name is run once. "" leaves the names.
func (l Language) seenAs(v values, files []string) string {
	switch {
	case len(files) != 1:
		return ""
	case l.as != "" && (v.public != "" || !strings.Contains(l.as, "{public}")):
		return strings.ReplaceAll(l.as, "{public}", v.public)
	case path.Dir(files[0]) != ".":
		return ""
	}
	name := strings.ToLower(files[0])
	i := slices.IndexFunc(l.Extensions, func(e string) bool { return strings.HasSuffix(name, e) })
	return l.main[0] + l.Extensions[max(i, 0)]
}

// chooseMain finds the main file where the commands need one: by its name, or the only source. The main
// file is the last source.
func (l Language) chooseMain(v *values, name string) error {
	if v.main = l.mainFile(v.sources); v.main == "" && len(v.sources) == 1 {
		v.main = v.sources[0]
	}
	if v.main == "" && (l.mentions("{main}") || l.mentions("{stem}")) {
		called := l.main[0] + l.Extensions[0]
		err := fmt.Errorf("%s: %d source files and none is called %s", name, len(v.sources), called)
		return hint.With(err, "rename the file to be run to %s", called)
	}
	v.folder = path.Dir(cmp.Or(v.main, v.sources[0]))
	if l.flat {
		v.sources = slices.DeleteFunc(slices.Clone(v.sources), func(f string) bool { return path.Dir(f) != v.folder })
	}
	if i := slices.Index(v.sources, v.main); i >= 0 {
		v.sources = append(slices.Delete(slices.Clone(v.sources), i, i+1), v.main)
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
	return &Command{Args: v.expand(args), Env: slices.Concat(base, v.expand(env))}
}

// Run is the command that runs the submission on a case with these arguments and this memory limit; 0
// means no limit.
func (p Program) Run(memory resource.Size, args []string) Command {
	v := p.values
	v.memory = memory
	return Command{
		Args: slices.Concat(v.expand(p.Language.run), args),
		Env:  slices.Concat(base, v.expand(p.Language.environment)),
	}
}

// base is the environment of every compiler and submission.
var base = []string{
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin",
	"HOME=/work", "TMPDIR=/tmp", "LANG=C.UTF-8",
}

// values is what the words in braces stand for. Files are relative to the submission.
type values struct {
	sources       []string // the main file last
	main, folder  string
	class, public string
	memory        resource.Size
}

// expand replaces the words in braces. Files become absolute paths, so that no name of a student's can
// be taken for an option.
func (v values) expand(args []string) []string {
	var out []string
	replaced := strings.NewReplacer("{main}", inside(v.main), "{stem}", strings.TrimSuffix(v.main, path.Ext(v.main)),
		"{folder}", inside(v.folder), "{class}", v.class, "{public}", v.public,
		"{heap}", strconv.FormatInt(int64(v.memory/resource.KiB), 10),
		"{heap-mib}", strconv.FormatInt(max(1, int64(v.memory/resource.MiB)), 10))
	for _, arg := range args {
		switch {
		case arg == "{sources}":
			for _, s := range v.sources {
				out = append(out, inside(s))
			}
		case v.memory == 0 && strings.Contains(arg, "{heap"):
		default:
			out = append(out, replaced.Replace(arg))
		}
	}
	return out
}

func inside(file string) string { return path.Join("/submission", file) }

func (l Language) mentions(word string) bool {
	return slices.ContainsFunc(slices.Concat(l.compile, l.run, []string{l.as}), func(arg string) bool {
		return strings.Contains(arg, word)
	})
}
