package language

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"

	"pocket/runtime/resource"
)

// definition is an entry of a table as it is written. languages.yaml and grader/README.md explain the keys.
type definition struct {
	name, title, pkg     string
	extensions, exclude  []string
	identify             [][]string
	main                 []string
	flat                 bool
	as                   string
	compile, run         []string
	environment          map[string]string
	project              projectDefinition
	cache                cacheDefinition
	compileLimits, extra resource.Limits
	outOfMemory          []string
	try                  string
}

type projectDefinition struct {
	file        string
	compile     []string
	environment map[string]string
}

type cacheDefinition struct {
	variable, at string
	warm         []string
}

// keys are the keys of a definition, with what reads each.
func (d *definition) keys(r *reader) []key {
	return []key{
		{"name", r.text(&d.name)},
		{"extends", func(*yaml.Node, string) {}}, // read before the others
		{"title", r.text(&d.title)},
		{"extensions", r.list(&d.extensions)},
		{"exclude", r.list(&d.exclude)},
		{"package", r.text(&d.pkg)},
		{"identify", r.commands(&d.identify)},
		{"main", r.list(&d.main)},
		{"flat", r.truth(&d.flat)},
		{"as", r.text(&d.as)},
		{"compile", r.command(&d.compile)},
		{"run", r.command(&d.run)},
		{"environment", r.variables(&d.environment)},
		{"project", r.keys(func() []key {
			return []key{
				{"file", r.text(&d.project.file)},
				{"environment", r.variables(&d.project.environment)},
				{"compile", r.command(&d.project.compile)},
			}
		})},
		{"cache", r.keys(func() []key {
			return []key{
				{"variable", r.text(&d.cache.variable)},
				{"at", r.text(&d.cache.at)},
				{"warm", r.command(&d.cache.warm)},
			}
		})},
		{"compile-limits", r.limits(&d.compileLimits)},
		{"extra", r.limits(&d.extra)},
		{"out-of-memory", r.list(&d.outOfMemory)},
		{"try", r.text(&d.try)},
	}
}

// problem is something wrong with a definition as a whole: the key that it is about, and what.
type problem struct{ key, text string }

// check says what is missing or contradicts itself.
func (d *definition) check() []problem {
	var found []problem
	for _, field := range []struct {
		key   string
		empty bool
	}{
		{"name", d.name == ""},
		{"title", d.title == ""},
		{"extensions", len(d.extensions) == 0},
		{"run", len(d.run) == 0},
		{"identify", len(d.identify) == 0},
		{"project.compile", d.project.file != "" && len(d.project.compile) == 0},
		{"project.file", d.project.file == "" && len(d.project.compile) > 0},
		{"cache.variable", len(d.cache.warm) > 0 && d.cache.variable == ""},
		{"cache.at", d.cache.variable != "" && d.cache.at == ""},
		{"cache.warm", d.cache.variable != "" && len(d.cache.warm) == 0},
	} {
		if field.empty {
			found = append(found, problem{field.key, "is missing"})
		}
	}
	return append(found, d.checkNames()...)
}

// checkNames looks at words that become parts of paths, variables and arguments.
func (d *definition) checkNames() []problem {
	var found []problem
	note := func(key, format string, args ...any) {
		found = append(found, problem{key, fmt.Sprintf(format, args...)})
	}
	if strings.Trim(d.name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+#-") != "" || strings.HasPrefix(d.name, "-") || strings.HasPrefix(d.name, ".") {
		note("name", "%q: letters, digits and . _ + # - are allowed, not first . or -", d.name)
	}
	for _, e := range d.extensions {
		if len(e) < 2 || e[0] != '.' || strings.ContainsAny(e, "/ \t\n") || e != strings.ToLower(e) {
			note("extensions", "%q is not an extension: a dot and lower-case letters, such as .py", e)
		}
	}
	if strings.Contains(d.as, "/") {
		note("as", "%q is not a file's name", d.as)
	}
	if at := d.cache.at; at != "" && !isFolder(at) {
		note("cache.at", "%q is not the absolute path of a folder", at)
	}
	if strings.Contains(d.cache.variable, "=") {
		note("cache.variable", "%q is not a variable's name", d.cache.variable)
	}
	for key, command := range map[string][]string{"compile": d.compile, "run": d.run, "project.compile": d.project.compile} {
		for _, word := range command {
			if unknown := unknownWord(word); unknown != "" {
				note(key, "%s stands for nothing%s; known are %s", unknown, meant(unknown, words), strings.Join(words, " "))
			}
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].key < found[j].key })
	return found
}

// words are the words in braces.
var words = []string{"{sources}", "{main}", "{stem}", "{folder}", "{class}", "{public}", "{heap}", "{heap-mib}"}

// unknownWord returns an argument that is a word in braces which stands for nothing, else "". Braces inside
// longer arguments may be anything, for instance a shell's.
func unknownWord(arg string) string {
	inner := strings.TrimSuffix(strings.TrimPrefix(arg, "{"), "}")
	if len(inner) != len(arg)-2 || strings.Trim(inner, "abcdefghijklmnopqrstuvwxyz-") != "" || slices.Contains(words, arg) {
		return ""
	}
	return arg
}

func (d definition) language() Language {
	env := environment(d.environment)
	l := Language{
		Name: d.name, Title: d.title, Extensions: d.extensions, Package: d.pkg,
		exclude: d.exclude, main: d.main, flat: d.flat, as: d.as, compile: d.compile, run: d.run, environment: env,
		project:       project{d.project.file, d.project.compile, environment(d.project.environment)},
		compileLimits: d.compileLimits, extra: d.extra, outOfMemory: d.outOfMemory, sample: d.try, written: d,
	}
	if len(l.main) == 0 {
		l.main = []string{"main"}
	}
	for _, command := range d.identify {
		l.Identify = append(l.Identify, Command{Args: command, Env: slices.Concat(base, values{}.expand(env))})
		if name := program(command); !slices.Contains(l.Programs, name) {
			l.Programs = append(l.Programs, name)
		}
	}
	if d.cache.variable != "" {
		l.cache = &Cache{
			Variable: d.cache.variable, At: d.cache.at,
			Warm: Command{Args: d.cache.warm, Env: slices.Concat(base, values{}.expand(env))},
		}
	}
	return l
}

// program is the program that a command is about: of a shell's script, what it is called ($0).
func program(command []string) string {
	if len(command) > 3 && command[0] == "sh" && command[1] == "-c" {
		return command[3]
	}
	return command[0]
}

func environment(pairs map[string]string) []string {
	var env []string
	for name, value := range pairs {
		env = append(env, name+"="+value)
	}
	sort.Strings(env)
	return env
}
