package judge

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// waitFor waits until so many stand in line and so many want to be alone.
func waitFor(t *testing.T, p *Pool, line, alone int) {
	t.Helper()
	for range 10_000 {
		p.mu.Lock()
		reached := len(p.waiting) == line && len(p.alone) == alone
		p.mu.Unlock()
		if reached {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("never %d in line and %d who want to be alone", line, alone)
}

func TestPoolServesTheEarliestSubmissionFirst(t *testing.T) {
	p := NewPool([]string{"3"})
	ctx := context.Background()
	first, err := p.take(ctx, 9)
	if err != nil || first.CPU != "3" {
		t.Fatalf("%+v, %v", first, err)
	}
	var mu sync.Mutex
	var order []int
	var all sync.WaitGroup
	for i, turn := range []int{5, 2, 7, 2} {
		all.Go(func() {
			slot, err := p.take(ctx, turn)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, 10*turn+i)
			mu.Unlock()
			p.put(slot)
		})
		waitFor(t, p, i+1, 0)
	}
	p.put(first)
	all.Wait()
	if !slices.Equal(order, []int{21, 23, 50, 72}) {
		t.Errorf("order %v", order)
	}
}

func TestPoolWaitsForWhoIsExpected(t *testing.T) {
	p := NewPool([]string{"", ""})
	ctx := context.Background()
	for turn := range 3 {
		p.expect(turn)
	}
	got := make(chan int, 3)
	ask := func(turn int) {
		if _, err := p.take(ctx, turn); err != nil {
			t.Error(err)
		}
		got <- turn
	}
	go ask(2)
	waitFor(t, p, 1, 0)
	p.pass(1)
	waitFor(t, p, 1, 0)
	go ask(0)
	if first, second := <-got, <-got; first+second != 2 {
		t.Errorf("%d and %d got slots", first, second)
	}
}

func TestPoolAlone(t *testing.T) {
	p := NewPool([]string{"0", "1"})
	ctx := context.Background()
	a, _ := p.take(ctx, 0)
	alone, later := make(chan Slot), make(chan Slot)
	go func() {
		s, _ := p.takeAll(ctx)
		alone <- s
	}()
	waitFor(t, p, 0, 1)
	go func() { // a slot is free, but somebody wants to be alone
		s, _ := p.take(ctx, 0)
		later <- s
	}()
	waitFor(t, p, 1, 1)
	p.put(a)
	only := <-alone
	p.mu.Lock()
	if len(p.free) != 0 || len(p.waiting) != 1 {
		t.Errorf("%d free and %d in line while somebody is alone", len(p.free), len(p.waiting))
	}
	p.mu.Unlock()
	p.put(only)
	p.put(<-later)
	if len(p.free) != 2 {
		t.Errorf("%d slots are free at the end", len(p.free))
	}
}

func TestPoolInterrupted(t *testing.T) {
	p := NewPool([]string{""})
	held, _ := p.take(context.Background(), 0)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	for range 2 {
		go func() {
			_, err := p.take(ctx, 1)
			ended <- err
		}()
		go func() {
			_, err := p.takeAll(ctx)
			ended <- err
		}()
	}
	waitFor(t, p, 2, 2)
	cancel()
	for range 4 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if _, err := p.take(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	waitFor(t, p, 0, 0)
	p.put(held)
	if slot, err := p.take(context.Background(), 0); err != nil {
		t.Errorf("%+v, %v", slot, err)
	}
}
