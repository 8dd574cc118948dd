package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// value is what a field shows of a container.
func (o *psOptions) value(r *psRow, field string) string {
	if label, ok := strings.CutPrefix(field, "Label "); ok {
		return oneLine(r.cfg.Labels[label])
	}
	switch field {
	case "ID":
		if o.noTrunc {
			return r.ID
		}
		return r.Short()
	case "Image":
		return oneLine(r.Image)
	case "Command":
		return `"` + o.short(oneLine(strings.Join(r.Command, " ")), 20) + `"`
	case "CreatedAt":
		return r.Created.Local().Format("2006-01-02 15:04:05 -0700 MST")
	case "RunningFor":
		return ago(o.now.Sub(r.Created)) + " ago"
	case "Status":
		return statusText(r.Container, o.now)
	case "State":
		return string(r.Status)
	case "ExitCode":
		if r.Exit != nil && !r.runs() {
			return strconv.Itoa(r.Exit.Code)
		}
	case "Health":
		return r.Health
	case "Ports":
		return strings.Join(r.ports(), ", ")
	case "Names":
		return r.Name
	case "Labels":
		return r.labels()
	case "Networks":
		return r.network()
	case "Mounts":
		return o.mounts(r)
	case "LocalVolumes":
		return strconv.Itoa(len(r.cfg.Volumes))
	case "Size":
		return r.size()
	}
	return ""
}

func (o *psOptions) short(text string, n int) string {
	if o.noTrunc {
		return text
	}
	return cut(text, n)
}

func (r *psRow) runs() bool { return r.Status == state.Running || r.Status == state.Paused }

func (r *psRow) labels() string {
	var list []string
	for name, text := range r.cfg.Labels {
		list = append(list, name+"="+text)
	}
	slices.Sort(list)
	return oneLine(strings.Join(list, ","))
}

func (o *psOptions) mounts(r *psRow) string {
	var list []string
	for _, v := range r.cfg.Volumes {
		list = append(list, o.short(oneLine(v.Host), 15))
	}
	return strings.Join(list, ",")
}

// size writes what docker writes: its own part first, then with the image's.
func (r *psRow) size() string {
	written, whole := r.engine.Written(r.ID)
	text := written.Human()
	if !whole {
		text = "at least " + text
	}
	if r.cfg.From.Size > 0 {
		text += fmt.Sprintf(" (virtual %s)", (written + r.cfg.From.Size).Human())
	}
	return text
}

// statusText says it as docker does: "Up 5 seconds (healthy)", "Exited (0) 3 minutes ago"; and why.
func statusText(c state.Container, now time.Time) string {
	switch c.Status {
	case state.Running:
		return "Up " + ago(now.Sub(c.Started)) + healthText(c.Health)
	case state.Paused:
		return "Up " + ago(now.Sub(c.Started)) + " (Paused)"
	}
	if c.Exit == nil {
		return "Created"
	}
	word := "Exited"
	if c.Status == state.Restarting {
		word = "Restarting"
	}
	text := fmt.Sprintf("%s (%d) %s ago", word, c.Exit.Code, ago(now.Sub(c.Exit.Finished)))
	if why := whyEnded(*c.Exit); why != "" {
		text += " (" + why + ")"
	}
	return text
}

func healthText(health string) string {
	switch health {
	case "":
		return ""
	case "starting":
		return " (health: starting)"
	}
	return " (" + health + ")"
}

// whyEnded says for people why a container ended, where that was not of its program's own accord.
func whyEnded(e state.Exit) string {
	if why := limitPassed(e.Reason, e.OOM == state.OOMTrue); why != "" {
		return why
	}
	switch {
	case e.Reason == "health":
		return "unhealthy"
	case e.Reason == state.Lost:
		return "its monitor died"
	case e.Error != "":
		return cut(oneLine(e.Error), 60)
	}
	return ""
}

// limitPassed says for people which limit ended a container; "" when none did.
func limitPassed(reason string, oom bool) string {
	switch {
	case oom || reason == string(sandbox.OverMemory) || reason == "oom":
		return "out of memory"
	case reason == string(sandbox.OverWall):
		return "timeout"
	case reason == string(sandbox.OverCPU):
		return "CPU time"
	}
	return ""
}

// spans are the units of ago: the text below two of a unit, and its name for more.
var spans = []struct {
	unit      time.Duration
	one, many string
}{
	{365 * 24 * time.Hour, "1 year", "years"}, {30 * 24 * time.Hour, "1 month", "months"},
	{7 * 24 * time.Hour, "1 week", "weeks"}, {24 * time.Hour, "1 day", "days"},
	{time.Hour, "About an hour", "hours"}, {time.Minute, "About a minute", "minutes"},
	{time.Second, "1 second", "seconds"},
}

// ago writes a time span in words, as docker does.
func ago(d time.Duration) string {
	for _, s := range spans {
		if n := d / s.unit; n > 1 {
			return fmt.Sprintf("%d %s", n, s.many)
		} else if n == 1 {
			return s.one
		}
	}
	return "Less than a second"
}
