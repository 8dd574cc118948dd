package image

import (
	"slices"
	"strings"
)

// Wish is what the user says of how a container is to be started; what is left empty is the image's.
type Wish struct {
	Args []string // the program and its arguments, or the arguments of an entrypoint
	// Entrypoint replaces the image's, and with it the image's arguments; nil does not, and an empty one
	// that is not nil leaves the image without.
	Entrypoint []string
	Env        []string // "NAME=value"
	User       string
	Dir        string
	StopSignal string
	Health     *Healthcheck // a field that is zero is the image's
}

// Start is how a container is to be started.
type Start struct {
	Args       []string // none when neither says what to run
	Env        []string // the image's, then the user's; of one name only the last
	User       string   // as LookupUser takes it; "" is root
	Dir        string   // "" where neither says
	StopSignal string   // "" where neither says
	Volumes    []string // paths inside that want a volume of their own, in order
	Health     *Healthcheck
}

// Start joins what an image says of itself with what the user says, as docker does. It checks nothing:
// all of it may be wrong, in the image too.
func (c Config) Start(w Wish) Start {
	c = c.clone()
	s := Start{
		Env: joinEnv(c.Env, w.Env), User: first(w.User, c.User), Dir: first(w.Dir, c.WorkingDir),
		StopSignal: first(w.StopSignal, c.StopSignal), Health: joinHealth(c.Healthcheck, w.Health),
	}
	entrypoint, args := c.Entrypoint, c.Cmd
	if w.Entrypoint != nil {
		entrypoint, args = w.Entrypoint, nil
	}
	if len(w.Args) > 0 {
		args = w.Args
	}
	s.Args = slices.Concat(entrypoint, args)
	for path := range c.Volumes {
		s.Volumes = append(s.Volumes, path)
	}
	slices.Sort(s.Volumes)
	return s
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// joinEnv keeps each name's place and its last value.
func joinEnv(lists ...[]string) []string {
	at := map[string]int{}
	var out []string
	for _, entry := range slices.Concat(lists...) {
		name, _, _ := strings.Cut(entry, "=")
		if i, ok := at[name]; ok {
			out[i] = entry
			continue
		}
		at[name] = len(out)
		out = append(out, entry)
	}
	return out
}

// joinHealth fills what the user left open with the image's. A check of neither is nil.
func joinHealth(image, user *Healthcheck) *Healthcheck {
	if image == nil || user == nil {
		if user != nil {
			return user
		}
		return image
	}
	h := *user
	if len(h.Test) == 0 {
		h.Test = image.Test
	}
	if h.Interval == 0 {
		h.Interval = image.Interval
	}
	if h.Timeout == 0 {
		h.Timeout = image.Timeout
	}
	if h.StartPeriod == 0 {
		h.StartPeriod = image.StartPeriod
	}
	if h.StartInterval == 0 {
		h.StartInterval = image.StartInterval
	}
	if h.Retries == 0 {
		h.Retries = image.Retries
	}
	return &h
}
