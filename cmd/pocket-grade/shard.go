package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"pocket/grader/store"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

// shard says which part of the submissions is graded; zero: all. It is the value of --shard.
type shard struct {
	number, of int
	auto       bool // the array job that this is part of says so
}

// mostShards bounds what somebody mistypes.
const mostShards = 100_000

func (s *shard) Set(text string) error {
	if text == "auto" {
		*s = shard{auto: true}
		return nil
	}
	number, of, ok := strings.Cut(text, "/")
	k, err := strconv.Atoi(number)
	n, err2 := strconv.Atoi(of)
	switch {
	case !ok || err != nil || err2 != nil:
		return errors.New("write it like 3/16, or auto")
	case n < 1 || n > mostShards:
		return fmt.Errorf("there can be 1 to %d shards", mostShards)
	case k < 1 || k > n:
		return fmt.Errorf("shards are numbered from 1 to %d", n)
	}
	*s = shard{number: k, of: n}
	return nil
}

func (s *shard) String() string {
	switch {
	case s.auto:
		return "auto"
	case s.of == 0:
		return ""
	}
	return fmt.Sprintf("%d/%d", s.number, s.of)
}

func (s *shard) Type() string { return "shard" }

// resolve finds out what auto means, from what a job array says to each of its jobs: SLURM (sbatch(1), "JOB
// ARRAYS") or Kubernetes (an Indexed Job's JOB_COMPLETION_INDEX; the number of completions the pod's template
// has to hand on).
func (s *shard) resolve(env func(string) string) error {
	if !s.auto {
		return nil
	}
	found, err := shard{}, error(nil)
	switch {
	case env("SLURM_ARRAY_TASK_ID") != "":
		found, err = slurmShard(env)
	case env("JOB_COMPLETION_INDEX") != "":
		found, err = kubernetesShard(env)
	default:
		err = hint.With(errors.New("neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set"), "write which shard it is: --shard 3/16")
	}
	if err != nil {
		return fmt.Errorf("run: --shard auto: %w", err)
	}
	*s = found
	return nil
}

// variable is an environment variable that is a number.
func variable(env func(string) string, name string) (int, error) {
	text := env(name)
	n, err := strconv.Atoi(text)
	if text == "" {
		return 0, hint.With(fmt.Errorf("%s is not set", name), "set it, or write which shard it is: --shard 3/16")
	} else if err != nil || n < 0 {
		return 0, hint.With(fmt.Errorf("%s=%q is not a number", name, text), "write which shard it is: --shard 3/16")
	}
	return n, nil
}

// slurmShard counts an array's tasks from the first: --array=0-15 and --array=1-16 both have 16 shards.
func slurmShard(env func(string) string) (shard, error) {
	var at [3]int
	for i, name := range []string{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"} {
		var err error
		if at[i], err = variable(env, name); err != nil {
			return shard{}, err
		}
	}
	id, count, first, step := at[0], at[1], at[2], 1
	if env("SLURM_ARRAY_TASK_STEP") != "" {
		var err error
		if step, err = variable(env, "SLURM_ARRAY_TASK_STEP"); err != nil {
			return shard{}, err
		}
	}
	last, err := first+(count-1)*step, error(nil)
	if env("SLURM_ARRAY_TASK_MAX") != "" {
		last, err = variable(env, "SLURM_ARRAY_TASK_MAX")
	}
	if err != nil {
		return shard{}, err
	}
	if step < 1 || count < 1 || last != first+(count-1)*step || id < first || id > last || (id-first)%step != 0 {
		err := fmt.Errorf("the array's %d tasks from %d to %d have no regular numbers", count, first, last)
		return shard{}, hint.With(err, "number them without gaps, as in --array=1-16, or write which shard it is: --shard 3/16")
	}
	return shard{number: (id-first)/step + 1, of: count}, nil
}

func kubernetesShard(env func(string) string) (shard, error) {
	index, err := variable(env, "JOB_COMPLETION_INDEX")
	if err != nil {
		return shard{}, err
	}
	of, err := variable(env, "JOB_COMPLETIONS")
	if err != nil {
		return shard{}, err
	}
	if index >= of {
		return shard{}, hint.With(fmt.Errorf("JOB_COMPLETION_INDEX=%d: it is counted from 0 and JOB_COMPLETIONS is %d", index, of),
			"write which shard it is: --shard 3/16")
	}
	return shard{number: index + 1, of: of}, nil
}

// choose returns the shard's among all submissions: every so manyth, so that shards differ by one at most, and
// who handed in nothing, who come last, are spread. All machines have to see the same list.
func (s *shard) choose(entries []entry) []entry {
	if s.of == 0 {
		return entries
	}
	var mine []entry
	for i := s.number - 1; i < len(entries); i += s.of {
		mine = append(mine, entries[i])
	}
	return mine
}

// position is the place among all submissions of what is at a place among the shard's.
func (s *shard) position(place int) int {
	if s.of == 0 {
		return place
	}
	return place*s.of + s.number - 1
}

// record says what is stored of the shard: what it shares with the others. entries are all submissions.
func (s *shard) record(o runOptions, entries []entry) store.Shard {
	if s.of == 0 {
		return store.Shard{}
	}
	sum := sha256.New()
	for _, e := range entries {
		fmt.Fprintf(sum, "%q %q %t\n", e.submission.Name, e.submission.Student, e.instead != nil)
	}
	return store.Shard{
		Number: s.number, Of: s.of, Class: hex.EncodeToString(sum.Sum(nil)),
		Manner: fmt.Sprintf("case %q repeat %d languages %s", o.patterns, o.repeat, o.table),
	}
}

// database is the name of the file that keeps the results beside a suite.
func (s *shard) database() string {
	if s.of == 0 {
		return suite.Database
	}
	return suite.ShardDatabase(s.number, s.of)
}
