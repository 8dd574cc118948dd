package state

import (
	"encoding/json"
	"fmt"
	"time"

	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// Exit is how one run of a container ended.
type Exit struct {
	Started  time.Time // zero when the program was never started
	Finished time.Time // now, where it is zero
	Code     int       // the exit status that a shell would show, 128 + Signal for a signal
	Signal   int       // the signal's number, 0 when the program exited by itself
	Reason   string    // what ended it, in the sandbox's words; Lost when nobody saw it
	OOM      OOM
	Error    string // what pocket or the host could not do; "" when all went well
	Usage    resource.Usage
	Denied   []Denied // system calls that the profile refuses and that were only told of; none unless that was asked for
}

// Denied is a system call by name, and how often it was made.
type Denied struct {
	Call  string
	Count int64
}

// Lost is the reason of an exit that was not seen, because the monitor died first.
const Lost = "lost"

// OOM says whether a run ran out of memory. The zero value is recorded as unknown.
type OOM string

// The values of OOM.
const (
	OOMTrue    OOM = "true"
	OOMFalse   OOM = "false"
	OOMUnknown OOM = "unknown"
)

const keptExits = 100

// deniedText is the column's JSON, "" for nothing.
func deniedText(list []Denied) string {
	if len(list) == 0 {
		return ""
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "" // names and numbers always can be
	}
	return string(text)
}

func addExit(tx *sqlite.Tx, id string, e Exit) error {
	if e.OOM == "" {
		e.OOM = OOMUnknown
	}
	_, err := tx.Exec(`INSERT INTO exits (container, ordinal, started, finished, code, signal, reason, oom, error, cpu, wall, memory, cpu_source, memory_source, denied)
		VALUES (?1, (SELECT coalesce(max(ordinal), 0) + 1 FROM exits WHERE container = ?1), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, e.Started, e.Finished, e.Code, e.Signal, e.Reason, string(e.OOM), e.Error,
		int64(e.Usage.CPU), int64(e.Usage.Wall), int64(e.Usage.Memory), e.Usage.CPUSource, e.Usage.MemorySource, deniedText(e.Denied))
	if err != nil {
		return err
	}
	_, err = tx.Exec("DELETE FROM exits WHERE container = ?1 AND ordinal <= (SELECT max(ordinal) FROM exits WHERE container = ?1) - ?2",
		id, keptExits)
	return err
}

// Exits returns the recorded exits of the container with the full id, oldest first: at most the last 100.
// Of an unknown container there are none.
func (db *DB) Exits(id string) ([]Exit, error) {
	var list []Exit
	err := db.db.Read(func(tx *sqlite.Tx) (err error) {
		list, err = exits(tx, id, keptExits)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the exits of container %s: %w", short(id), err)
	}
	return list, nil
}

// exits reads the last n exits, oldest first.
func exits(tx *sqlite.Tx, id string, n int) ([]Exit, error) {
	var list []Exit
	err := tx.Query(func(r *sqlite.Row) error {
		e := Exit{
			Started: r.Time(), Finished: r.Time(), Code: r.Int(), Signal: r.Int(), Reason: r.Text(), OOM: OOM(r.Text()), Error: r.Text(),
			Usage: resource.Usage{
				CPU: time.Duration(r.Int64()), Wall: time.Duration(r.Int64()), Memory: resource.Size(r.Int64()),
				CPUSource: r.Text(), MemorySource: r.Text(),
			},
		}
		if text := r.Text(); text != "" {
			if err := json.Unmarshal([]byte(text), &e.Denied); err != nil {
				return err
			}
		}
		list = append(list, e)
		return nil
	}, `SELECT started, finished, code, signal, reason, oom, error, cpu, wall, memory, cpu_source, memory_source, denied
		FROM (SELECT * FROM exits WHERE container = ? ORDER BY ordinal DESC LIMIT ?) ORDER BY ordinal`, id, n)
	return list, err
}
