package judge

import (
	"fmt"
	"sync"

	"pocket/grader"
)

// queue shows reports in the batch's order, whatever the order in which they are done. What must wait is
// loaded again when its turn comes: a slow submission at the head must not fill the memory with reports.
type queue struct {
	show func(place int, r grader.Report) error
	load func(id int64) (grader.Report, error)

	mu      sync.Mutex
	next    int
	waiting map[int]int64 // by place
	err     error
}

func newQueue(show func(int, grader.Report) error, load func(int64) (grader.Report, error)) *queue {
	return &queue{show: show, load: load, waiting: map[int]int64{}}
}

// done takes a report, nil when it is to be loaded, and shows what can be shown by now.
func (q *queue) done(place int, id int64, report *grader.Report) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[place] = id
	for q.err == nil {
		id, ready := q.waiting[q.next]
		if !ready {
			break
		}
		delete(q.waiting, q.next)
		if q.next != place {
			report = nil
		}
		q.err = q.showOne(id, report)
		q.next++
	}
	return q.err
}

func (q *queue) showOne(id int64, report *grader.Report) error {
	if report == nil {
		loaded, err := q.load(id)
		if err != nil {
			return fmt.Errorf("show what was recorded: %w", err)
		}
		report = &loaded
	}
	return q.show(q.next, *report)
}
