package main

import (
	"errors"
	"time"

	"pocket/runtime/container"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

// statsBoard asks the monitors for figures, again and again.
type statsBoard struct {
	*container.Engine
	last    map[string]resource.Stats // of the look before, by id
	pending map[string]bool           // monitors that have not answered yet
	answers chan statsAnswered
}

type statsAnswered struct {
	id  string
	now resource.Stats
	err error
}

func newStatsBoard(e *container.Engine) *statsBoard {
	// Large enough that a monitor that answers late, which at most one question waits for, holds nobody.
	return &statsBoard{e, map[string]resource.Stats{}, map[string]bool{}, make(chan statsAnswered, 1000)}
}

// look asks all monitors at once. One that does not answer in time is shown without figures, and not
// asked again before it has answered.
func (b *statsBoard) look(o *statsOptions) ([]statsRow, error) {
	rows, err := b.chosen(o)
	if err != nil {
		return nil, err
	}
	asked := 0
	for _, r := range rows {
		if (r.Status == state.Running || r.Status == state.Paused) && !b.pending[r.ID] {
			b.pending[r.ID] = true
			asked++
			// Its end is its answer, which look waits for, or the end of this program.
			go func(c state.Container) {
				now, err := b.Stats(c)
				b.answers <- statsAnswered{c.ID, now, err}
			}(r.Container)
		}
	}
	got := b.gather(asked)
	for i := range rows {
		if now, ok := got[rows[i].ID]; ok {
			rows[i].fill(now, b.last[rows[i].ID])
			rows[i].traffic, rows[i].online = b.Network(rows[i].Container)
		}
	}
	b.last = got
	return rows, nil
}

// gather takes as many answers, as far as they come in time.
func (b *statsBoard) gather(asked int) map[string]resource.Stats {
	got := map[string]resource.Stats{}
	timer := time.NewTimer(statsAnswer)
	defer timer.Stop()
	for range asked {
		select {
		case a := <-b.answers:
			delete(b.pending, a.id)
			if a.err == nil {
				got[a.id] = a.now
			}
		case <-timer.C:
			return got
		}
	}
	return got
}

// chosen are the containers that the command line asks for.
func (b *statsBoard) chosen(o *statsOptions) ([]statsRow, error) {
	var rows []statsRow
	if len(o.refs) == 0 {
		list, err := b.DB.Containers(o.all)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			rows = append(rows, statsRow{Container: c, ref: c.Short()})
		}
		return rows, nil
	}
	var all []error
	for _, ref := range o.refs {
		c, err := b.Find(ref)
		if err != nil {
			all = append(all, err)
		}
		rows = append(rows, statsRow{Container: c, ref: ref})
	}
	return rows, errors.Join(all...)
}

// fill takes the figures, and the share of processor time since those before.
func (r *statsRow) fill(now, before resource.Stats) {
	r.now = now
	span := now.At.Sub(before.At)
	if !before.At.IsZero() && span > 0 && now.CPU.Known() && before.CPU.Known() {
		r.cpu, r.counted = 100*float64(now.CPU.Value-before.CPU.Value)/float64(span), true
	}
}
