package judge

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// A case whose clock ends within this share of its limit, either side, could come out otherwise next time, so
// it is run again, alone. To see on which side of the limit it ends, every case may run on for as much.
const marginPercent = 15

// mostReruns is how often such a case is run again: as long as no execution has kept the limit.
const mostReruns = 3

// mostLost is after how many cases of a submission that kept going over their limit no more are run again: each
// holds up all others, and a submission whose every case sleeps for a little too long could do so for hours.
const mostLost = 3

// sample is one execution of a case.
type sample struct {
	grader.Result
	alone   bool // no other program of this invocation ran meanwhile
	near    bool // no limit on time ended it, and a clock was within the margin of its limit
	asleep  bool // it used next to no processor time, so that it matters little what else runs
	starved bool // it went over the limit on the clock for what the machine did, as far as can be told
}

// generous is limits with room to see how far over its time a program is.
func generous(l resource.Limits) resource.Limits {
	l.CPU += l.CPU * marginPercent / 100
	l.Wall += l.Wall * marginPercent / 100
	return l
}

// honest says of the limits on time what the suite asked for, and not what generous made of it.
func honest(all []resource.Enforcement, asked resource.Limits) []resource.Enforcement {
	all = slices.Clone(all)
	given := generous(asked)
	for i, e := range all {
		if e.Limit == "cpu" && asked.CPU > 0 && e.Requested == given.CPU.String() {
			all[i].Requested = asked.CPU.String()
		}
		if e.Limit == "wall" && asked.Wall > 0 && e.Requested == given.Wall.String() {
			all[i].Requested = asked.Wall.String()
		}
	}
	return all
}

// weigh says what a result's clocks are worth. ended is the limit that ended the program, if one did; busy is
// for how long programs of this machine had to wait meanwhile.
func weigh(r grader.Result, limits resource.Limits, ended grader.Limit, busy time.Duration) sample {
	s := sample{Result: r}
	for _, clock := range [][2]time.Duration{{r.Usage.CPU, limits.CPU}, {r.Usage.Wall, limits.Wall}} {
		used, limit := clock[0], clock[1]
		if ended != grader.CPULimit && ended != grader.WallLimit && limit > 0 && (used-limit).Abs() <= limit*marginPercent/100 {
			s.near = true
		}
	}
	idle := limits.CPU > 0 && r.Usage.CPU < limits.CPU*(100-marginPercent)/100 || limits.CPU == 0 && r.Usage.CPU < r.Usage.Wall/2
	// Who has used next to nothing was asleep, unless the machine was busy for all of that time.
	s.asleep = r.Usage.CPU < r.Usage.Wall/25
	waited := busy > r.Usage.Wall/10 && (!s.asleep || busy > r.Usage.Wall*3/4)
	// Nobody looked when the time was over: we were stopped, or the machine was.
	late := limits.Wall > 0 && r.Usage.Wall > generous(limits).Wall*11/10
	s.starved = r.Verdict == grader.TLE && idle && (waited || late)
	return s
}

// again says whether a case must be run once more. base is how many of its executions were asked for.
func again(all []sample, base int) bool {
	doubt := slices.ContainsFunc(all[:base], func(s sample) bool { return s.near || s.starved })
	reruns, last := len(all)-base, all[len(all)-1]
	if last.asleep && !last.starved && reruns > 0 {
		return false
	}
	kept := slices.ContainsFunc(all, func(s sample) bool { return s.Verdict != grader.TLE })
	return doubt && (reruns == 0 || reruns < mostReruns && !kept && (last.near || last.starved))
}

// worse orders the verdicts: the last is the worst.
var worse = []grader.Verdict{grader.SKIP, grader.AC, grader.PE, grader.WA, grader.OLE, grader.MLE, grader.TLE, grader.RTE, grader.CE, grader.JE}

// settle makes one result of a case's executions. Where time is in doubt, those that kept the limits count,
// and of them, as of several that all went over, the one with the least time. When those that count came to
// different verdicts or scores the case is flaky, and the worst is its result.
func settle(all []sample) grader.Result {
	doubt := slices.ContainsFunc(all, func(s sample) bool { return s.near || s.starved })
	counting := all
	if doubt {
		if kept := slices.DeleteFunc(slices.Clone(all), func(s sample) bool { return s.Verdict == grader.TLE }); len(kept) > 0 {
			counting = kept
		}
	}
	least, worst := counting[0], counting[0]
	flaky := false
	for _, s := range counting[1:] {
		if s.Usage.CPU < least.Usage.CPU || s.Usage.CPU == least.Usage.CPU && s.Usage.Wall < least.Usage.Wall {
			least = s
		}
		flaky = flaky || s.Verdict != worst.Verdict || s.Score != worst.Score
		if a, b := slices.Index(worse, s.Verdict), slices.Index(worse, worst.Verdict); a > b || a == b && s.Score < worst.Score {
			worst = s
		}
	}
	r := least.Result
	if flaky {
		r = worst.Result
	}
	over := slices.ContainsFunc(all, func(s sample) bool { return s.Verdict == grader.TLE })
	near := slices.ContainsFunc(all, func(s sample) bool { return s.near })
	never := !slices.ContainsFunc(counting, func(s sample) bool { return !s.starved }) // the machine let it run
	r.Flaky, r.Borderline = flaky, near || never || doubt && over && r.Verdict != grader.TLE
	if len(all) > 1 {
		r.Samples = nil
		for _, s := range all {
			r.Samples = append(r.Samples, grader.Execution{Verdict: s.Verdict, Usage: s.Usage, Alone: s.alone})
		}
	}
	return r
}

// waited is for how long, in all, programs of this machine were ready to run and had no processor, or waited for a
// disk or for memory (Documentation/accounting/psi.rst, "some" of each); 0 where the kernel does not count it.
func waited() (all time.Duration) {
	for _, what := range []string{"cpu", "io", "memory"} {
		text, err := os.ReadFile("/proc/pressure/" + what)
		if err != nil {
			continue
		}
		line, _, _ := bytes.Cut(text, []byte("\n"))
		_, total, found := bytes.Cut(line, []byte("total="))
		if n, err := strconv.ParseInt(string(total), 10, 64); found && err == nil {
			all += time.Duration(n) * time.Microsecond
		}
	}
	return all
}

// one runs and judges a case as often as is asked and as its time makes necessary; the error says that it was
// interrupted. What breaks in it is a fault of ours with this case, and touches no other.
func (g grading) one(ctx context.Context, c grader.Case) (r grader.Result, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			r = faulty(c, fmt.Sprintf("pocket-grade broke: %v", broken))
		}
		r.Group, r.Visibility = c.Group, c.Visibility
		given(&r, c)
	}()
	all, err := g.inTurn(ctx, c)
	base := len(all)
	for err == nil && g.lost.Load() < mostLost && again(all, base) {
		var s sample
		s, err = g.alone(ctx, c)
		all = append(all, s)
	}
	if err != nil {
		return grader.Result{}, err
	}
	if r = settle(all); len(all) > base && r.Verdict == grader.TLE {
		g.lost.Add(1)
	}
	return r, nil
}

// inTurn waits for the submission's turn and executes the case as often as is asked.
func (g grading) inTurn(ctx context.Context, c grader.Case) (all []sample, err error) {
	if g.slot, err = g.pool.take(ctx, g.turn); err != nil {
		return nil, err
	}
	defer g.pool.put(g.slot)
	for range max(g.repeat, 1) {
		s, err := g.sample(ctx, c)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// alone waits until no other program runs and executes the case.
func (g grading) alone(ctx context.Context, c grader.Case) (s sample, err error) {
	if g.slot, err = g.pool.takeAll(ctx); err != nil {
		return sample{}, err
	}
	defer g.pool.put(g.slot)
	s, err = g.sample(ctx, c)
	s.alone = true
	return s, err
}

// sample executes the case in the slot that is held.
func (g grading) sample(ctx context.Context, c grader.Case) (sample, error) {
	before := waited()
	r, ended, err := g.execute(ctx, c)
	if err != nil {
		return sample{}, err
	}
	limits := g.job(c).Limits
	r.Enforcement = honest(r.Enforcement, limits)
	return weigh(r, limits, ended, waited()-before), nil
}
