package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pocket/runtime/container"
	"pocket/runtime/state"
)

const eventsUsage = `pocket-docker events [flags]

Shows what happens to containers, images and volumes, as it happens, whichever command or monitor does it.

      --since TIME       also what has happened since: 2026-01-02T15:04:05Z, seconds since 1970, or 10m for
                         ten minutes ago; about the last 10000 events are kept
      --until TIME       end then; a time that has passed shows what there was, and ends at once
  -f, --filter KEY=TEXT  only some; several of one key: any of them, of different keys: all must hold. Keys:
                         container (name or id), image (name), volume, event (start, die, oom, …), and
                         type (container, image, volume)
      --format FORMAT    json (an object a line), or fields such as '{{.Action}} {{.Actor.ID}}'; fields are
                         Type Action Actor.ID Actor.Attributes time timeNano

Events of a container: create start die oom kill stop restart pause unpause health_status rename update
destroy; those that belong to an end say how in their attributes.

Example:
  pocket-docker events --since 1h --until 0s --filter event=die

EXIT STATUS
  0, 125 for an error and for a wrong use.
`

func cmdEvents(c *call) error {
	var q container.EventQuery
	var list []string
	var format string
	flags := c.flagSet()
	flags.Var(timeFlag(&q.Since), "since", "")
	flags.Var(timeFlag(&q.Until), "until", "")
	flags.StringArrayVarP(&list, "filter", "f", nil, "")
	flags.StringVar(&format, "format", "", "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	fields, err := parseObjectFormat(format)
	if err != nil {
		return usageError{err}
	}
	keep, err := parseEventFilters(list)
	if err != nil {
		return usageError{err}
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	out := bufio.NewWriter(c.stdout)
	return e.FollowEvents(context.Background(), q, func(v state.Event) error {
		if !keep.match(v) {
			return nil
		}
		line := eventText(v)
		if fields != nil {
			if line, err = fields.line(newEventObject(v)); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintln(out, line)
		return err
	}, out.Flush)
}

// eventFilters are the texts that were asked for, by key.
type eventFilters map[string][]string

func parseEventFilters(list []string) (eventFilters, error) {
	filters := eventFilters{}
	for _, f := range list {
		key, text, _ := strings.Cut(f, "=")
		if !slices.Contains([]string{"container", "image", "volume", "event", "type"}, key) {
			return nil, fmt.Errorf("--filter %q: the key is container, image, volume, event or type", f)
		}
		if text == "" {
			return nil, fmt.Errorf("--filter %q is not KEY=TEXT", f)
		}
		filters[key] = append(filters[key], text)
	}
	return filters, nil
}

func (f eventFilters) match(v state.Event) bool {
	for key, texts := range f {
		if !slices.ContainsFunc(texts, func(text string) bool { return eventFits(v, key, text) }) {
			return false
		}
	}
	return true
}

func eventFits(v state.Event, key, text string) bool {
	switch key {
	case "event":
		action, _, _ := strings.Cut(v.Action, ":") // health_status: healthy
		return v.Action == text || action == text
	case "type":
		return v.Kind == text
	case "image":
		return v.Detail["image"] == text || v.Kind == "image" && (v.Name == text || strings.HasPrefix(v.Subject, text))
	}
	const shortest = 3
	return v.Kind == key && (v.Name == text || len(text) >= shortest && strings.HasPrefix(v.Subject, text))
}

// eventObject is an event in docker's names.
type eventObject struct {
	Type     string
	Action   string
	Actor    eventActor
	Time     int64 `json:"time"`
	TimeNano int64 `json:"timeNano"`
}

type eventActor struct {
	ID         string
	Attributes map[string]string
}

func newEventObject(v state.Event) eventObject {
	attributes := map[string]string{"name": v.Name}
	for name, text := range v.Detail {
		attributes[name] = text
	}
	return eventObject{v.Kind, v.Action, eventActor{v.Subject, attributes}, v.Time.Unix(), v.Time.UnixNano()}
}

// eventText writes a line as docker does.
func eventText(v state.Event) string {
	attributes := []string{}
	for name, text := range newEventObject(v).Actor.Attributes {
		attributes = append(attributes, name+"="+text)
	}
	slices.Sort(attributes)
	return fmt.Sprintf("%s %s %s %s (%s)", v.Time.Local().Format(time.RFC3339Nano), v.Kind, v.Action, oneLine(v.Subject),
		oneLine(strings.Join(attributes, ", ")))
}
