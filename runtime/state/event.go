package state

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"pocket/runtime/sqlite"
)

// Event is something that happened to a container or an image.
type Event struct {
	ID      int64             // later events have greater ones
	Time    time.Time         // UTC; now, where it is zero
	Kind    string            // "container", where it is empty; "image", "volume"
	Action  string            // in docker's words: create, start, die, oom, kill, stop, pause, rename, health_status, destroy, …
	Subject string            // the full id
	Name    string            // its name then; looked up, where it is empty
	Detail  map[string]string // of a container also "image", as the user named it; added, where it is missing
}

// keptEvents bounds the table: the last so many are kept, a few more for a while.
const keptEvents = 10000

// AddEvent records an event.
func (db *DB) AddEvent(e Event) error {
	err := db.db.Write(func(tx *sqlite.Tx) error { return addEvent(tx, e) })
	if err != nil {
		return fmt.Errorf("record event %s: %w", e.Action, err)
	}
	return nil
}

func addEvent(tx *sqlite.Tx, e Event) error {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if e.Kind == "" {
		e.Kind = "container"
	}
	if e.Kind == "container" {
		if err := e.describe(tx); err != nil {
			return err
		}
	}
	detail := ""
	if len(e.Detail) > 0 {
		text, err := json.Marshal(e.Detail)
		if err != nil {
			return err
		}
		detail = string(text)
	}
	_, err := tx.Exec(`INSERT INTO events (time, kind, action, subject, name, detail)
		VALUES (?, ?, ?, ?, ?, ?)`,
		e.Time, e.Kind, e.Action, e.Subject, e.Name, detail)
	if err != nil {
		return err
	}
	// Only now and then: the last id is known without a search, and a multiple of 256 is rare enough.
	_, err = tx.Exec(`DELETE FROM events WHERE (SELECT max(id) FROM events) % 256 = 0
		AND id <= (SELECT max(id) FROM events) - ?`, keptEvents)
	return err
}

// describe adds what every event of a container tells, as docker's do: its name and its image.
func (e *Event) describe(tx *sqlite.Tx) error {
	return tx.Query(func(r *sqlite.Row) error {
		name, image := r.Text(), r.Text()
		e.Name = cmp.Or(e.Name, name)
		detail := map[string]string{"image": image}
		maps.Copy(detail, e.Detail)
		e.Detail = detail
		return nil
	}, "SELECT name, image FROM containers WHERE id = ?", e.Subject)
}

// Events returns the events with an ID above after, the oldest first, at most limit of them; the last
// keptEvents at least are there.
func (db *DB) Events(after int64, limit int) ([]Event, error) {
	var list []Event
	err := db.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error {
			e := Event{ID: r.Int64(), Time: r.Time(), Kind: r.Text(), Action: r.Text(), Subject: r.Text(), Name: r.Text()}
			if text := r.Text(); text != "" {
				if err := json.Unmarshal([]byte(text), &e.Detail); err != nil {
					return err
				}
			}
			list = append(list, e)
			return nil
		}, "SELECT id, time, kind, action, subject, name, detail FROM events WHERE id > ? ORDER BY id LIMIT ?", after, limit)
	})
	if err != nil {
		return nil, fmt.Errorf("read the events: %w", err)
	}
	return list, nil
}
