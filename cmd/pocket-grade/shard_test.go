package main

import (
	"slices"
	"testing"

	"pocket/grader"
	"pocket/runtime/hint"
)

func TestShardOfAnArrayJob(t *testing.T) {
	slurm := func(id, count, low, high, step string) map[string]string {
		return map[string]string{"SLURM_ARRAY_TASK_ID": id, "SLURM_ARRAY_TASK_COUNT": count, "SLURM_ARRAY_TASK_MIN": low,
			"SLURM_ARRAY_TASK_MAX": high, "SLURM_ARRAY_TASK_STEP": step}
	}
	for _, test := range []struct {
		env  map[string]string
		want string // "" for an error
	}{
		{slurm("0", "16", "0", "15", "1"), "1/16"},
		{slurm("16", "16", "1", "16", "1"), "16/16"},
		{slurm("7", "4", "1", "10", "3"), "3/4"},
		{slurm("7", "4", "5", "", ""), "3/4"},
		{slurm("7", "3", "1", "7", "1"), ""}, // --array=1,3,7
		{slurm("2", "4", "1", "10", "3"), ""},
		{slurm("3", "", "1", "4", "1"), ""},
		{slurm("3", "4", "", "4", "1"), ""},
		{slurm("three", "4", "1", "4", "1"), ""},
		{slurm("3", "4", "1", "4", "0"), ""},
		{slurm("3", "0", "1", "4", "1"), ""},
		{map[string]string{"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "3"}, "1/3"},
		{map[string]string{"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "3"}, "3/3"},
		{map[string]string{"JOB_COMPLETION_INDEX": "3", "JOB_COMPLETIONS": "3"}, ""},
		{map[string]string{"JOB_COMPLETION_INDEX": "-1", "JOB_COMPLETIONS": "3"}, ""},
		{map[string]string{"JOB_COMPLETION_INDEX": "1"}, ""},
		{map[string]string{}, ""},
	} {
		s := shard{auto: true}
		err := s.resolve(func(name string) string { return test.env[name] })
		if (err != nil) != (test.want == "") || err == nil && s.String() != test.want || err != nil && hint.Of(err) == "" {
			t.Errorf("%v: %s, %v, want %q", test.env, s.String(), err, test.want)
		}
	}
}

func TestShardsArePartsOfTheWhole(t *testing.T) {
	var all []entry
	for i := range 23 {
		all = append(all, entry{submission: grader.Submission{Name: string(rune('a' + i))}})
	}
	for _, of := range []int{1, 2, 5, 23, 30} {
		seen := make([]int, len(all))
		for number := 1; number <= of; number++ {
			s := shard{number: number, of: of}
			mine := s.choose(all)
			if len(mine) < len(all)/of || len(mine) > len(all)/of+1 {
				t.Errorf("%s has %d of %d", s.String(), len(mine), len(all))
			}
			for place, e := range mine {
				at := s.position(place)
				seen[at]++
				if all[at].submission.Name != e.submission.Name {
					t.Errorf("%s: at %d is %s and not %s", s.String(), at, all[at].submission.Name, e.submission.Name)
				}
			}
		}
		if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
			t.Errorf("of %d: %v", of, seen)
		}
	}
}

func TestRanges(t *testing.T) {
	for want, numbers := range map[string][]int{"": nil, "3": {3}, "1, 3": {1, 3}, "1-3, 5, 7-8": {1, 2, 3, 5, 7, 8}} {
		if got := ranges(numbers); got != want {
			t.Errorf("%v: %q, want %q", numbers, got, want)
		}
	}
}
