package suite

import (
	"strings"
	"time"

	"pocket/runtime/resource"
)

var limitKeys = keys{
	known: []string{"cpu", "wall", "memory", "output", "processes", "files", "stack", "open-files", "file-size"},
}

// limits reads the limits that are written; the others stay zero.
func (d *document) limits(v value) resource.Limits {
	var l resource.Limits
	f, _ := v.fields(limitKeys)
	if cpu, ok := f.get("cpu"); ok {
		l.CPU = cpu.duration()
	}
	if wall, ok := f.get("wall"); ok {
		l.Wall = wall.duration()
	}
	if memory, ok := f.get("memory"); ok {
		l.Memory = memory.size()
		memory.enough(l.Memory)
	}
	if output, ok := f.get("output"); ok {
		l.Output = output.size()
	}
	if files, ok := f.get("files"); ok {
		l.Files = files.size()
	}
	if processes, ok := f.get("processes"); ok {
		l.Processes = processes.count()
	}
	if stack, ok := f.get("stack"); ok {
		l.Stack = stack.size()
	}
	if open, ok := f.get("open-files"); ok {
		l.OpenFiles = open.count()
	}
	if size, ok := f.get("file-size"); ok {
		l.FileSize = size.size()
	}
	return l
}

// enough notes a memory limit in which nothing can start, such as 64 for 64MiB.
func (v value) enough(memory resource.Size) {
	switch {
	case memory == 0 || memory >= resource.MiB:
	case v.real().ShortTag() == "!!int":
		v.wrong("%s bytes are too little for any program (did you mean %sMiB?)", v.real().Value, v.real().Value)
	default:
		v.wrong("%s is too little for any program", v.shown())
	}
}

// complete fills in the limits that neither a case nor its suite has.
func complete(l resource.Limits) resource.Limits {
	l = l.Merge(resource.Limits{
		CPU:       time.Second,
		Memory:    128 * resource.MiB,
		Output:    8 * resource.MiB,
		Processes: 32,
		Files:     64 * resource.MiB,
	})
	if l.Wall == 0 {
		l.Wall = max(2*time.Second, 3*l.CPU)
	}
	return l
}

// longest is the longest time limit. It also keeps three times a limit within time.Duration.
const longest = 24 * time.Hour

// duration reads a time that is more than zero; it returns 0 after a mistake.
func (v value) duration() time.Duration {
	text, ok := v.word()
	if !ok {
		return 0
	}
	amount, unit := amountUnit(text)
	duration, err := time.ParseDuration(text)
	switch {
	case amount != "" && unit == "":
		v.wrong("%s needs a unit (did you mean %ss?)", quote(text), amount)
	case err != nil && amount != "" && timeUnits[strings.ToLower(unit)] != "":
		v.wrong("%s is not a duration (did you mean %s?)", quote(text), amount+timeUnits[strings.ToLower(unit)])
	case err != nil:
		v.wrong("%s is not a duration (write for example 500ms, 1s or 2m)", quote(text))
	case duration <= 0:
		v.wrong("%s is not more than zero", quote(text))
	case duration > longest:
		v.wrong("%s is longer than a day", quote(text))
	default:
		return duration
	}
	return 0
}

// timeUnits is what people write for the units of time.ParseDuration.
var timeUnits = map[string]string{
	"ms": "ms", "msec": "ms", "msecs": "ms", "millis": "ms", "millisecond": "ms", "milliseconds": "ms",
	"s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
	"h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
}

// amountUnit splits "64 MiB" into "64" and "MiB".
func amountUnit(text string) (amount, unit string) {
	rest := strings.TrimLeft(text, "0123456789.")
	return text[:len(text)-len(rest)], strings.TrimSpace(rest)
}

// size reads a number of bytes that is more than zero; it returns 0 after a mistake.
func (v value) size() resource.Size {
	text, ok := v.word()
	if !ok {
		return 0
	}
	size, err := resource.ParseSize(text)
	switch {
	case err != nil && sizeMeant(text) != "":
		v.wrong("%s is not a size (did you mean %s?)", quote(text), sizeMeant(text))
	case err != nil && len(text) > longestName:
		v.wrong("%s is not a size", quote(text))
	case err != nil:
		v.wrong("%v", err)
	case size == 0:
		v.wrong("%s is not more than zero", quote(text))
	default:
		return size
	}
	return 0
}

// sizeMeant returns the size that is written nearly like text, or "".
func sizeMeant(text string) string {
	amount, unit := amountUnit(text)
	unit = nearest(unit, []string{"KiB", "MiB", "GiB", "TiB", "KB", "MB", "GB", "TB"})
	if _, err := resource.ParseSize(amount + unit); err != nil || amount == "" || unit == "" {
		return ""
	}
	return amount + unit
}

// count reads a whole number from 1 on; it returns 0 after a mistake.
func (v value) count() int {
	const largest = 1 << 22 // Linux has no more processes: PID_MAX_LIMIT, proc_sys_kernel(5), pid_max
	x, ok := v.number()
	switch {
	case !ok:
		return 0
	case x < 1 || x != float64(int(min(x, largest+1))):
		v.wrong("%s is not a whole number from 1 to %d", v.shown(), largest)
		return 0
	}
	return int(x)
}
