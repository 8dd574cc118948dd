package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pocket/runtime/resource"
)

// parseRun parses a command line of run, split at blanks.
func parseRun(line string) (*runOptions, error) {
	c := &call{args: strings.Fields(line), command: command{name: "run"}}
	o := &runOptions{}
	flags := c.flagSet()
	o.flags(flags)
	if err := c.parse(flags, 0, -1, ""); err != nil {
		return o, err
	}
	if err := o.check(true); err != nil {
		return o, err
	}
	return o, o.program(flags)
}

func TestRunFlags(t *testing.T) {
	t.Setenv("PASSED", "on")
	for _, c := range []struct {
		line string
		show func(*runOptions) any
		want string
	}{
		{"alpine sh -c -x", func(o *runOptions) any { return []any{o.Image, o.Args} }, "[alpine [sh -c -x]]"},
		{"--rootfs alpine sh", func(o *runOptions) any { return []any{o.Image, o.Args} }, "[alpine [sh]]"},
		{"--cmd true alpine", func(o *runOptions) any { return []any{o.Image, o.Args} }, "[alpine [true]]"},
		{"--cmd true", func(o *runOptions) any { return []any{o.Image, o.Args} }, "[ [true]]"},
		{"--rm x sh --rm", func(o *runOptions) any { return []any{o.Remove, o.Args} }, "[true [sh --rm]]"},
		{"-it x sh", func(o *runOptions) any { return []any{o.interactive, o.Terminal} }, "[true true]"},
		{"-a stdin -a STDOUT x sh", func(o *runOptions) any { return []any{o.interactive, o.attach} }, "[true [stdin stdout]]"},
		{"-e A=b=c -e PASSED -e UNSET_HERE x sh", func(o *runOptions) any { return o.Env }, "[A=b=c PASSED=on]"},
		{"-u 0 x sh", func(o *runOptions) any { return o.User }, "0"},
		{"-u 4294967294:7 x sh", func(o *runOptions) any { return o.User }, "4294967294:7"},
		{"-u 5 x sh", func(o *runOptions) any { return o.User }, "5"},
		{"-v /a:/b -v /c:/d:ro x sh", func(o *runOptions) any { return o.Volumes }, "[{/a  /b false false false} {/c  /d true false false}]"},
		{"-v /a:/b:z,ro -v /c:/d:O,cached x sh", func(o *runOptions) any { return o.Volumes }, "[{/a  /b true false false} {/c  /d false true false}]"},
		{"-v name:/b:nocopy -v /own x sh", func(o *runOptions) any { return o.Volumes }, "[{ name /b false false true} {  /own false false false}]"},
		{"--mount type=bind,src=/a,dst=/b,ro --mount source=n,target=/c,volume-nocopy=1 x sh", func(o *runOptions) any { return o.Volumes },
			"[{/a  /b true false false} { n /c false false true}]"},
		{`--mount "type=bind","source=/a,b",target=/c --mount target=/d,readonly=false x sh`, func(o *runOptions) any { return o.Volumes },
			"[{/a,b  /c false false false} {  /d false false false}]"},
		{"--mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700 x sh", func(o *runOptions) any { return o.Tmpfs }, "[{/t 1MiB 448 <nil> <nil> false false}]"},
		{"--volumes-from a --volumes-from b:ro x sh", func(o *runOptions) any { return o.Borrowed }, "[{a false} {b true}]"},
		{"--tmpfs /t --tmpfs /u:rw,size=1m,mode=0755,exec,ro x sh", func(o *runOptions) any { return o.Tmpfs },
			"[{/t 0B 0 <nil> <nil> false false} {/u 1MiB 493 <nil> <nil> true true}]"},
		{"--tmpfs /t:uid=5,gid=0 x sh", func(o *runOptions) any { return []int{*o.Tmpfs[0].UID, *o.Tmpfs[0].GID} }, "[5 0]"},
		{"-m 64m --cpus 0.5 --pids-limit 9 --timeout 2 --cpu-time 500ms x sh", func(o *runOptions) any { return o.Limits },
			fmt.Sprint(resource.Limits{Memory: 64 * resource.MiB, CPUs: 0.5, Processes: 9, Wall: 2 * time.Second, CPU: 500 * time.Millisecond})},
		{"--ulimit nofile=9 --ulimit stack=1m:2m --ulimit nofile=8:-1 x sh", func(o *runOptions) any { return o.Ulimits },
			"[{nofile 8 -1} {stack 1048576 2097152}]"},
		{"-m 64m --memory-swap 1g --memory-reservation 32m -c 512 --cpuset-cpus 0,1 x sh", func(o *runOptions) any { return o.Limits },
			fmt.Sprint(resource.Limits{Memory: 64 * resource.MiB, Swap: resource.GiB, Reservation: 32 * resource.MiB, Shares: 512, Cpuset: "0,1"})},
		{"-m 64m --memory-swap -1 --pids-limit -1 x sh", func(o *runOptions) any { return o.Limits },
			fmt.Sprint(resource.Limits{Memory: 64 * resource.MiB, Swap: resource.Unlimited, Processes: resource.Unlimited})},
		{"--pids-limit 0 x sh", func(o *runOptions) any { return o.Limits.Processes }, "-1"},
		{"--cpu-period 50000 --cpu-quota 25000 x sh", func(o *runOptions) any { return []any{o.Limits.CPUs, o.Limits.CPUPeriod} }, "[0.5 50ms]"},
		{"--cpu-quota 150ms x sh", func(o *runOptions) any { return []any{o.Limits.CPUs, o.Limits.CPUPeriod} }, "[1.5 0s]"},
		{"--oom-score-adj -500 --shm-size 1m x sh", func(o *runOptions) any { return []any{o.OOMScore, o.ShmSize} }, "[-500 1MiB]"},
		{"--network host x sh", func(o *runOptions) any { return o.Network.Mode }, "host"},
	} {
		o, err := parseRun(c.line)
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
		} else if got := fmt.Sprint(c.show(o)); got != c.want {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
		}
	}
}

func TestRunFlagErrors(t *testing.T) {
	for line, want := range map[string]string{
		"-u 4294967295 x sh":                    "not a user or group number",
		"-u -1 x sh":                            "not a user or group number",
		"-u 0x10 x sh":                          "not a user or group number",
		"-u 1:2:3 x sh":                         "not a user or group number",
		"-u : x sh":                             "not a user or group number",
		"-v : x sh":                             "HOST:PATH",
		"-v /a: x sh":                           "HOST:PATH",
		"-v /a:/b:ro:z x sh":                    "more than two colons",
		"-v -a:/c x sh":                         "not a name of a volume",
		"-v /a:/b:shared x sh":                  "do not travel",
		"-v /a:/b:ro,O x sh":                    "both ro and O",
		"-v n:/b:O x sh":                        "a folder of the host",
		"-v /a:/b:nocopy x sh":                  "volumes with a name",
		"--mount type=bind,target=/b x":         "needs source",
		"--mount type=bind,source=/b x":         "needs target",
		"--mount type=npipe,target=/b x":        "not a type of mounts",
		"--mount source=/a,target=/b x":         "not a name of a volume",
		"--mount target=/b,size=1 x":            "not an option of a mount",
		"--mount target=/b,tmpfs-size=1 x":      "for a mount of type tmpfs",
		"--mount target=/b,readonly=perhaps x":  "neither true nor false",
		"--mount type=tmpfs,src=x,target=/b x":  "has no source",
		"--mount target=/b,volume-driver=nfs x": "is not supported",
		"--volumes-from :ro x sh":               "names no container",
		"--volumes-from a:rx x sh":              "not a mode",
		"--tmpfs /t:mode=9 x sh":                "not a mode",
		"--tmpfs /t:uid=me x sh":                "not a user or group number",
		"--tmpfs /t:suid x sh":                  "not supported",
		"-v /a:/b:rx x sh":                      "not a mode",
		"-e =x x sh":                            "not NAME",
		"--tmpfs /t:size=many x sh":             "not a size",
		"--cpus -1 x sh":                        "not a number of CPUs",
		"--cpus NaN x sh":                       "not a number of CPUs",
		"--pids-limit -2 x sh":                  "not a number of processes",
		"--pids-limit 9999999999 x sh":          "not a number of processes",
		"--timeout -1s x sh":                    "not more than 0",
		"--ulimit nofile x sh":                  "NAME=SOFT",
		"--ulimit nofile=2:1 x sh":              "above the hard limit",
		"--ulimit as=1 x sh":                    "there is no ulimit",
		"--memory-swap -2 x sh":                 "negative",
		"--memory-swap 0 x sh":                  "0 is no limit",
		"--memory-reservation x y sh":           "not a size",
		"--shm-size 0 x sh":                     "0 is no limit",
		"--cpu-shares 1 x sh":                   "not a number of shares",
		"--cpu-shares many x sh":                "not a number of shares",
		"--cpuset-cpus 1-0 x sh":                "not a list of processors",
		"--cpu-period 999 x sh":                 "not between 1000 and 1000000",
		"--cpu-quota some x sh":                 "not a number of microseconds",
		"--cpu-period 50000 x sh":               "without --cpu-quota",
		"--cpus 1 --cpu-quota 1000 x y":         "use one",
		"--oom-score-adj 1001 x sh":             "from -1000 to 1000",
		"--kernel-memory 1m x sh":               "no such limit any more",
		"--oom-kill-disable x sh":               "worse than one that ends",
		"--cpuset-mems 0 x sh":                  "memory nodes cannot be chosen",
		"--device-read-bps /dev/x:1 x":          "measured and not limited",
		"-a everything x sh":                    "none of stdin",
		"--env-file /no/such/file x sh":         "/no/such/file",
		"--nettwork none x sh":                  "did you mean --network?",
		"-x y sh":                               "unknown shorthand",
		"--memory":                              "needs an argument",
	} {
		_, err := parseRun(line)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", line, err, want)
		}
		if _, ok := err.(usageError); err != nil && !ok {
			t.Errorf("%s: %T is no mistake in the command line", line, err)
		}
	}
}

func TestEnvFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	for text, want := range map[string]string{
		"A=1\n\n# no\n  B=2 3 \r\nC=":   `["A=1" "B=2 3 " "C="]`,
		"A=1\n=2\n":                     file + `:2: "=2" is not NAME or NAME=value`,
		"no variable\n":                 file + `:1: the name "no variable" has white space in it`,
		"A=\x00\n":                      file + `:1: "A=\x00" is not NAME or NAME=value`,
		strings.Repeat("A=1\n", 3) + "": `["A=1" "A=1" "A=1"]`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := &runOptions{}
		got := ""
		if err := o.setEnvFile(file); err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprintf("%q", o.Env)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzVolume(f *testing.F) {
	f.Add("/a:/b:ro")
	f.Add("./a:/b")
	f.Fuzz(func(t *testing.T, s string) {
		o := &runOptions{}
		if err := o.setVolume(s); err == nil && (len(o.Volumes) != 1 || o.Volumes[0].Host != "" && !filepath.IsAbs(o.Volumes[0].Host) || o.Volumes[0].Target == "") {
			t.Errorf("%q: %+v", s, o.Volumes)
		}
	})
}

func FuzzMount(f *testing.F) {
	f.Add("type=bind,source=/a,target=/b")
	f.Add(`"a""",tmpfs-mode=1`)
	f.Fuzz(func(t *testing.T, s string) {
		o := &runOptions{}
		if err := o.setMount(s); err == nil && len(o.Volumes)+len(o.Tmpfs) != 1 {
			t.Errorf("%q: %+v %+v", s, o.Volumes, o.Tmpfs)
		}
	})
}

func FuzzUser(f *testing.F) {
	f.Add("0:4294967294")
	f.Fuzz(func(t *testing.T, s string) {
		o := &runOptions{}
		if err := o.setUser(s); err == nil && (o.User != s || s == "" || s[0] == '-') {
			t.Errorf("%q: %q", s, o.User)
		}
	})
}
