package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pocket/grader"
)

// spends is a program that uses as many milliseconds of processor time as it is told, by all that it is made of.
const spends = `#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double until;

static void *spend(void *clock)
{
	struct timespec t;
	do clock_gettime(*(clockid_t *)clock, &t); while (t.tv_sec * 1e3 + t.tv_nsec / 1e6 < until);
	return 0;
}

int main(void)
{
	clockid_t own = CLOCK_PROCESS_CPUTIME_ID;
	pthread_t threads[8];
	char how[20];
	int i;

	if (scanf("%19s %lf", how, &until) != 2) return 2;
	if (!strcmp(how, "nice")) nice(19);
	if (!strcmp(how, "threads")) {
		for (i = 0; i < 8; i++) if (pthread_create(&threads[i], 0, spend, &own)) return 3;
		for (i = 0; i < 8; i++) pthread_join(threads[i], 0);
	} else if (!strcmp(how, "child")) {
		if (fork() == 0) { spend(&own); _exit(0); }
		wait(0);
	} else
		spend(&own);
	puts(how);
	return 0;
}
`

// TestLimitsArePrecise: two hundredths under the limit on processor time are AC, two over it TLE, whoever spends
// them and however busy the machine is. Where the processor is emulated the programs' own start is longer than that.
func TestLimitsArePrecise(t *testing.T) {
	hostileSettings(t)
	under, over := 980, 1020
	if os.Getenv("POCKET_TEST_VM") != "" {
		under, over = 700, 1100
	}
	dir := t.TempDir()
	suite := "version: 1\nname: precise\nlimits: {cpu: 1s, wall: 60s, memory: 64MiB, processes: 16}\ncompare: lines\ncases:\n"
	ways := []string{"alone", "threads", "child", "nice"}
	for _, how := range ways {
		for _, ms := range []int{under, over} {
			suite += fmt.Sprintf("  - {name: %s-%d, input: \"%s %d\\n\", answer: \"%s\\n\"}\n", how, ms, how, ms, how)
		}
	}
	source := filepath.Join(dir, "spends.c")
	for path, text := range map[string]string{filepath.Join(dir, "suite.yaml"): suite, source: spends} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	reports, _ := runGrade(t, dir, []string{source})
	if len(reports[0].Results) != 2*len(ways) {
		t.Fatal(explain(reports[0]))
	}
	for i, r := range reports[0].Results {
		want := []grader.Verdict{grader.AC, grader.TLE}[i%2]
		t.Logf("%s: %s, cpu %v (%s), wall %v", r.Case, r.Verdict, r.Usage.CPU, r.Usage.CPUSource, r.Usage.Wall)
		if r.Verdict != want {
			t.Errorf("%s: %s %s, want %s", r.Case, r.Verdict, r.Detail, want)
		}
	}
}

// TestNeighbours: of two cases that run at the same time neither sees what the other holds.
func TestNeighbours(t *testing.T) {
	hostileSettings(t)
	suite := patient(t, "../../suites/hostile")
	const tries = 5
	for range tries {
		reports, _ := runGrade(t, suite, []string{"../../fixtures/hostile/accepted/neighbours.c"}, "-j", "2", "--no-cache", "--case", "five", "--case", "again")
		if reports[0].Verdict != grader.AC || len(reports[0].Results) != 2 {
			t.Fatal(explain(reports[0]))
		}
		var from, to [2]int64
		for i, r := range reports[0].Results {
			if _, err := fmt.Sscan(strings.TrimSpace(r.Stderr), &from[i], &to[i]); err != nil {
				t.Fatalf("%q: %v", r.Stderr, err)
			}
		}
		if both := min(to[0], to[1]) - max(from[0], from[1]); both > 0 {
			t.Logf("both held the same names for %d ms", both)
			return
		}
	}
	t.Errorf("two cases did not once run at the same time in %d tries", tries)
}
