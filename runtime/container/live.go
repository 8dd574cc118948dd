package container

import (
	"encoding/json"
	"fmt"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

// freeze stops all processes inside where they are.
func (m *monitor) freeze() error {
	proc, err := m.running()
	if err != nil {
		return err
	}
	m.turn.Lock()
	defer m.turn.Unlock()
	if proc.Paused() {
		return fmt.Errorf("container %s is paused already", m.record.Name)
	}
	by, err := proc.Pause()
	if err != nil {
		return fmt.Errorf("pause container %s: %w", m.record.Name, err)
	}
	m.setPaused(true)
	return m.DB.SetPaused(m.record.ID, true, by)
}

// thaw lets them go on.
func (m *monitor) thaw() error {
	proc, err := m.running()
	if err != nil {
		return err
	}
	m.turn.Lock()
	defer m.turn.Unlock()
	if !proc.Paused() {
		return hint.With(fmt.Errorf("container %s is not paused", m.record.Name), "see which are with: pocket-docker ps --filter status=paused")
	}
	if err := proc.Resume(); err != nil {
		return fmt.Errorf("unpause container %s: %w", m.record.Name, err)
	}
	m.setPaused(false)
	return m.DB.SetPaused(m.record.ID, false, "")
}

func (m *monitor) setPaused(paused bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.paused = paused
}

// update changes limits and policy, now and for later starts. What the program's limits cannot be changed to
// is not recorded either.
func (m *monitor) update(change json.RawMessage) reply {
	var u Update
	if err := json.Unmarshal(change, &u); err != nil {
		return failure(fmt.Errorf("read the update: %w", err))
	}
	m.turn.Lock()
	defer m.turn.Unlock()
	next := *m.cfg
	if err := next.apply(u); err != nil {
		return failure(err)
	}
	held := Requested(next.Limits)
	var warnings []string
	if proc, err := m.running(); err == nil && u.Limits != (resource.Limits{}) {
		changed, err := proc.Update(u.Limits)
		if err != nil {
			return failure(fmt.Errorf("update container %s: %w", m.record.Name, err))
		}
		held, warnings = changed, notFirm(changed)
	} else if err == nil {
		held = nil
	}
	m.mu.Lock()
	m.cfg.Limits, m.cfg.Restart = next.Limits, next.Restart
	m.mu.Unlock()
	r := failure(m.setConfig(m.record.ID, &next, held))
	r.Warnings = warnings
	return r
}

// stats says what the container uses now.
func (m *monitor) stats() reply {
	proc, err := m.running()
	if err != nil {
		return failure(err)
	}
	now, err := proc.Stats()
	if err != nil {
		return failure(err)
	}
	text, err := json.Marshal(now)
	if err != nil {
		return failure(err)
	}
	return reply{Result: text}
}

// Stats says what a running container uses now, as its monitor sees it.
func (e *Engine) Stats(c state.Container) (resource.Stats, error) {
	var s resource.Stats
	answer, err := e.askRunning(c.ID, request{Do: "stats"})
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(answer.Result, &s)
}
