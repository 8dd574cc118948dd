package language

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Cache says how the part of compiling that all submissions share, such as a standard library, is done
// once and kept, for a compiler that keeps a cache in a folder which a variable of its environment names.
type Cache struct {
	Variable string  // the variable's name
	At       string  // the folder in which compilers find the cache, read-only; an absolute path
	Identify Command // prints what the cache depends on: the compiler's version
	Warm     Command // fills the folder that Variable names
}

type cacheEntry struct {
	Variable string   `yaml:"variable"`
	At       string   `yaml:"at"`
	Identify []string `yaml:"identify"`
	Warm     []string `yaml:"warm"`
}

func (e *cacheEntry) check() error {
	if e == nil {
		return nil
	}
	var problems []error
	for _, field := range []struct {
		key   string
		empty bool
	}{
		{"cache.variable", e.Variable == ""},
		{"cache.at", e.At == ""},
		{"cache.identify", len(e.Identify) == 0},
		{"cache.warm", len(e.Warm) == 0},
	} {
		if field.empty {
			problems = append(problems, fmt.Errorf("%s is missing", field.key))
		}
	}
	if e.At != "" && (!path.IsAbs(e.At) || path.Clean(e.At) != e.At || e.At == "/") {
		problems = append(problems, fmt.Errorf("cache.at: %q is not the absolute path of a folder", e.At))
	}
	if strings.Contains(e.Variable, "=") {
		problems = append(problems, fmt.Errorf("cache.variable: %q is not a variable's name", e.Variable))
	}
	return errors.Join(problems...)
}

func (e *cacheEntry) cache(environment []string) *Cache {
	if e == nil {
		return nil
	}
	env := slices.Concat(base, environment)
	return &Cache{
		Variable: e.Variable, At: e.At,
		Identify: Command{Args: e.Identify, Env: env}, Warm: Command{Args: e.Warm, Env: env},
	}
}
