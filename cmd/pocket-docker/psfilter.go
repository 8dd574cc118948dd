package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pocket/runtime/container"
	"pocket/runtime/state"
)

// psFilters are the texts that were asked for, by key.
type psFilters map[string][]string

// statusWords are docker's; removing and dead are accepted, and no container of ours is ever seen so.
var statusWords = []string{"created", "restarting", "running", "removing", "paused", "exited", "dead"}

var healthWords = []string{"starting", "healthy", "unhealthy", "none"}

func parseFilters(list []string) (psFilters, error) {
	filters := psFilters{}
	for _, f := range list {
		key, text, _ := strings.Cut(f, "=")
		if _, known := psMatchers[key]; !known && key != "before" && key != "since" {
			return nil, fmt.Errorf("--filter %q: there is no key %q (pocket-docker help ps lists them)", f, key)
		}
		if text == "" {
			return nil, fmt.Errorf("--filter %q is not KEY=TEXT", f)
		}
		if key == "status" && !slices.Contains(statusWords, text) {
			return nil, fmt.Errorf("--filter %s: the status is one of %s", f, strings.Join(statusWords, ", "))
		}
		if key == "health" && !slices.Contains(healthWords, text) {
			return nil, fmt.Errorf("--filter %s: the health is one of %s", f, strings.Join(healthWords, ", "))
		}
		if n, err := strconv.Atoi(text); key == "exited" && (err != nil || n < 0 || n > 255) {
			return nil, fmt.Errorf("--filter %s: %q is not an exit status", f, text)
		}
		filters[key] = append(filters[key], text)
	}
	return filters, nil
}

// choose takes the rows for which a text of each key fits.
func (f psFilters) choose(e *container.Engine, rows []psRow) ([]psRow, error) {
	others := map[string][]state.Container{}
	for _, key := range []string{"before", "since"} {
		for _, ref := range f[key] {
			other, err := e.Find(ref)
			if err != nil {
				return nil, fmt.Errorf("--filter %s=%s: %w", key, ref, err)
			}
			others[key] = append(others[key], other)
		}
	}
	return slices.DeleteFunc(rows, func(r psRow) bool {
		for key, texts := range f {
			if match := psMatchers[key]; match != nil && !slices.ContainsFunc(texts, func(text string) bool { return match(&r, text) }) {
				return true
			}
		}
		for _, other := range others["before"] {
			if !r.Created.Before(other.Created) {
				return true
			}
		}
		for _, other := range others["since"] {
			if !r.Created.After(other.Created) {
				return true
			}
		}
		return false
	}), nil
}

// psMatchers tell for each key whether a text fits a container.
var psMatchers = map[string]func(r *psRow, text string) bool{
	"id":     func(r *psRow, text string) bool { return fits(r.ID, text) },
	"name":   func(r *psRow, text string) bool { return fits(r.Name, strings.Replace(text, "/", "", 1)) },
	"status": func(r *psRow, text string) bool { return string(r.Status) == text },
	"label":  fitsLabel,
	"exited": func(r *psRow, text string) bool {
		return r.Exit != nil && !r.runs() && strconv.Itoa(r.Exit.Code) == text
	},
	"ancestor": fitsImage,
	"health":   func(r *psRow, text string) bool { return r.Health == text || r.Health == "" && text == "none" },
	"volume":   fitsVolume,
	"network":  func(r *psRow, text string) bool { return r.network() == text },
}

// fits tells whether text is a part of s; ^ and $ stand for its beginning and end.
func fits(s, text string) bool {
	text, first := strings.CutPrefix(text, "^")
	text, last := strings.CutSuffix(text, "$")
	switch {
	case first && last:
		return s == text
	case first:
		return strings.HasPrefix(s, text)
	case last:
		return strings.HasSuffix(s, text)
	}
	return strings.Contains(s, text)
}

func fitsLabel(r *psRow, text string) bool {
	name, want, valued := strings.Cut(text, "=")
	got, has := r.cfg.Labels[name]
	return has && (!valued || got == want)
}

func fitsImage(r *psRow, text string) bool {
	hex := func(s string) string { return strings.TrimPrefix(s, "sha256:") }
	const shortest = 6
	return r.Image == text || r.cfg.Image == text || strings.TrimSuffix(r.Image, ":latest") == text ||
		len(hex(text)) >= shortest && strings.HasPrefix(hex(r.ImageID), hex(text))
}

func fitsVolume(r *psRow, text string) bool {
	for _, v := range r.cfg.Volumes {
		if v.Host == text || v.Target == text {
			return true
		}
	}
	return false
}
