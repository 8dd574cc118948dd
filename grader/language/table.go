package language

import (
	"bytes"
	_ "embed" // for languages.yaml
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"pocket/runtime/resource"
)

//go:embed languages.yaml
var languagesYAML []byte

// table is languages.yaml, read once. That it can be read is a test's business.
var table = sync.OnceValue(func() []Language {
	languages, err := parse(languagesYAML)
	if err != nil {
		panic("languages.yaml: " + err.Error())
	}
	return languages
})

type entry struct {
	Name          string            `yaml:"name"`
	Title         string            `yaml:"title"`
	Extensions    []string          `yaml:"extensions"`
	Exclude       []string          `yaml:"exclude"`
	Programs      []string          `yaml:"programs"`
	Package       string            `yaml:"package"`
	Flat          bool              `yaml:"flat"`
	As            string            `yaml:"as"`
	Compile       []string          `yaml:"compile"`
	Run           []string          `yaml:"run"`
	Environment   map[string]string `yaml:"environment"`
	Project       projectEntry      `yaml:"project"`
	CompileLimits limitsEntry       `yaml:"compile-limits"`
	Extra         limitsEntry       `yaml:"extra"`
	OutOfMemory   string            `yaml:"out-of-memory"`
	Cache         *cacheEntry       `yaml:"cache"`
}

type projectEntry struct {
	File        string            `yaml:"file"`
	Environment map[string]string `yaml:"environment"`
	Compile     []string          `yaml:"compile"`
}

type limitsEntry struct {
	CPU       time.Duration `yaml:"cpu"`
	Wall      time.Duration `yaml:"wall"`
	Memory    size          `yaml:"memory"`
	Files     size          `yaml:"files"`
	Processes int           `yaml:"processes"`
}

type size resource.Size

func (s *size) UnmarshalYAML(node *yaml.Node) error {
	n, err := resource.ParseSize(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	*s = size(n)
	return nil
}

// parse reads a table of languages; unknown keys, missing keys and doubled names are errors.
func parse(text []byte) ([]Language, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var entries []entry
	if err := decoder.Decode(&entries); err != nil {
		return nil, err
	}
	var languages []Language
	seen := map[string]bool{}
	for i, e := range entries {
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("language %d (%q): %w", i+1, e.Name, err)
		}
		for _, key := range append([]string{e.Name}, e.Extensions...) {
			if seen[key] {
				return nil, fmt.Errorf("language %d: %q is taken by an earlier one", i+1, key)
			}
			seen[key] = true
		}
		languages = append(languages, e.language())
	}
	return languages, nil
}

func (e entry) check() error {
	var problems []error
	for _, field := range []struct {
		key   string
		empty bool
	}{
		{"name", e.Name == ""},
		{"title", e.Title == ""},
		{"extensions", len(e.Extensions) == 0},
		{"programs", len(e.Programs) == 0},
		{"package", e.Package == ""},
		{"run", len(e.Run) == 0},
		{"project.compile", e.Project.File != "" && len(e.Project.Compile) == 0},
	} {
		if field.empty {
			problems = append(problems, fmt.Errorf("%s is missing", field.key))
		}
	}
	if strings.Contains(e.Name, "/") {
		problems = append(problems, errors.New("name: a slash is not allowed")) // it becomes part of a file's name
	}
	return errors.Join(append(problems, e.Cache.check())...)
}

func (e entry) language() Language {
	env := environment(e.Environment)
	return Language{
		Name: e.Name, Title: e.Title, Extensions: e.Extensions, Programs: e.Programs, Package: e.Package,
		exclude: e.Exclude, flat: e.Flat, as: e.As, compile: e.Compile, run: e.Run,
		environment: env, cache: e.Cache.cache(env),
		project: project{
			file: e.Project.File, compile: e.Project.Compile, environment: environment(e.Project.Environment),
		},
		compileLimits: e.CompileLimits.limits(), extra: e.Extra.limits(), outOfMemory: e.OutOfMemory,
	}
}

func (l limitsEntry) limits() resource.Limits {
	return resource.Limits{
		CPU: l.CPU, Wall: l.Wall, Memory: resource.Size(l.Memory), Files: resource.Size(l.Files),
		Processes: l.Processes,
	}
}

func environment(pairs map[string]string) []string {
	var env []string
	for name, value := range pairs {
		env = append(env, name+"="+value)
	}
	sort.Strings(env)
	return env
}
