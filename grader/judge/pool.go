package judge

import (
	"container/heap"
	"context"
	"sync"
)

// Pool is the workers that all submissions of an invocation share. Whoever wants to run a program takes a
// slot; of several that wait, the earliest submission gets the next one, so that submissions are finished
// in order and the next one starts while the last ones of its predecessor still run.
type Pool struct {
	size int

	mu      sync.Mutex
	free    []Slot
	waiting line
	alone   []*waiter    // who wants no other program to run meanwhile, in order of coming
	coming  map[int]bool // the turns that are expected and have not come yet
	came    int
}

// Slot is the right to run one program at a time.
type Slot struct {
	CPU   string // the processor that the program is kept to; "" for any
	whole []Slot // all slots, where no other program runs meanwhile
}

// NewPool makes a pool with a worker for each element, the processor that its programs are kept to or "".
func NewPool(cpus []string) *Pool {
	p := &Pool{size: len(cpus), coming: map[int]bool{}}
	for _, cpu := range cpus {
		p.free = append(p.free, Slot{CPU: cpu})
	}
	return p
}

// Workers is how many programs run at once.
func (p *Pool) Workers() int { return p.size }

// expect says that a submission will come: until it has stood in line once, or does not come, none that is
// later gets a slot.
func (p *Pool) expect(turn int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.coming[turn] = true
}

// pass says that a submission that was expected need not be waited for.
func (p *Pool) pass(turn int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.coming, turn)
	p.grant()
}

// expected says whether a submission before this one is yet to come.
func (p *Pool) expected(before int) bool {
	for turn := range p.coming {
		if turn < before {
			return true
		}
	}
	return false
}

// waiter waits for a slot.
type waiter struct {
	turn, came int
	place      int // in the line; -1 outside
	granted    chan Slot
}

// take waits for a slot and returns it; turn is the submission's place. The error is the context's.
func (p *Pool) take(ctx context.Context, turn int) (Slot, error) {
	return p.wait(ctx, &waiter{turn: turn, place: -1, granted: make(chan Slot, 1)}, false)
}

// takeAll waits until no program runs and returns the right to run the only one.
func (p *Pool) takeAll(ctx context.Context) (Slot, error) {
	return p.wait(ctx, &waiter{place: -1, granted: make(chan Slot, 1)}, true)
}

func (p *Pool) wait(ctx context.Context, w *waiter, alone bool) (Slot, error) {
	if err := ctx.Err(); err != nil {
		return Slot{}, err
	}
	p.mu.Lock()
	if alone {
		p.alone = append(p.alone, w)
	} else {
		w.came = p.came
		p.came++
		delete(p.coming, w.turn)
		heap.Push(&p.waiting, w)
	}
	p.grant()
	p.mu.Unlock()
	select {
	case slot := <-w.granted:
		return slot, nil
	case <-ctx.Done():
		p.forget(w)
		return Slot{}, ctx.Err()
	}
}

// put gives a slot back.
func (p *Pool) put(s Slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.whole != nil {
		p.free = s.whole
	} else {
		p.free = append(p.free, s)
	}
	p.grant()
}

// grant hands out what is free. While somebody wants to be alone nothing new starts.
func (p *Pool) grant() {
	for len(p.free) > 0 {
		switch {
		case len(p.alone) > 0 && len(p.free) < p.size:
			return
		case len(p.alone) > 0:
			w := p.alone[0]
			p.alone = p.alone[1:]
			w.granted <- Slot{CPU: p.free[len(p.free)-1].CPU, whole: p.free}
			p.free = nil
		case len(p.waiting) > 0 && !p.expected(p.waiting[0].turn):
			last := len(p.free) - 1
			heap.Pop(&p.waiting).(*waiter).granted <- p.free[last]
			p.free = p.free[:last]
		default:
			return
		}
	}
}

// forget takes back who no longer waits, and the slot if it was granted in the last moment.
func (p *Pool) forget(w *waiter) {
	p.mu.Lock()
	if w.place >= 0 {
		heap.Remove(&p.waiting, w.place)
	}
	for i, other := range p.alone {
		if other == w {
			p.alone = append(p.alone[:i:i], p.alone[i+1:]...)
			break
		}
	}
	p.grant() // who wanted to be alone no longer holds up the others
	p.mu.Unlock()
	select {
	case slot := <-w.granted:
		p.put(slot)
	default:
	}
}

// line is a heap of those who wait: the earliest submission first, and within it who came first.
type line []*waiter

func (l line) Len() int { return len(l) }

func (l line) Less(i, j int) bool {
	if l[i].turn != l[j].turn {
		return l[i].turn < l[j].turn
	}
	return l[i].came < l[j].came
}

func (l line) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].place, l[j].place = i, j
}

func (l *line) Push(x any) {
	w := x.(*waiter)
	w.place = len(*l)
	*l = append(*l, w)
}

func (l *line) Pop() any {
	last := len(*l) - 1
	w := (*l)[last]
	w.place = -1
	(*l)[last] = nil
	*l = (*l)[:last]
	return w
}
