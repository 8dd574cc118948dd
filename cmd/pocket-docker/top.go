package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"pocket/runtime/container"
)

const topUsage = `pocket-docker top CONTAINER [PS-OPTION…]

Shows the processes of a running container as the host sees them, without our own init. Nothing of the
container is run for it: everything is read from /proc.

PS-OPTION is as ps has it: -ef (what is shown without any), aux, or -o with a list of columns:
  uid user pid ppid nspid c %cpu stime start tty time etime rss vsz stat nlwp comm args
nspid is the process's number inside.

Example:
  pocket-docker top web
  pocket-docker top web -o pid,nspid,rss,args

EXIT STATUS
  0, 125 when there is no such container or it does not run and for a wrong use.
`

// topColumn is one thing that top can show of a process.
type topColumn struct {
	names, title string
	value        func(p *container.Proc, now time.Time) string
}

// topColumns are the columns of ps(1), by its names for them.
var topColumns = []topColumn{
	{"uid user euid", "UID", func(p *container.Proc, _ time.Time) string { return strconv.Itoa(p.UID) }},
	{"pid", "PID", func(p *container.Proc, _ time.Time) string { return strconv.Itoa(p.PID) }},
	{"ppid", "PPID", func(p *container.Proc, _ time.Time) string { return strconv.Itoa(p.Parent) }},
	{"nspid", "NSPID", func(p *container.Proc, _ time.Time) string { return strconv.Itoa(p.Inside) }},
	{"c", "C", func(p *container.Proc, now time.Time) string { return fmt.Sprintf("%.0f", share(p, now)) }},
	{"%cpu pcpu", "%CPU", func(p *container.Proc, now time.Time) string { return fmt.Sprintf("%.1f", share(p, now)) }},
	{"%mem pmem", "%MEM", func(p *container.Proc, _ time.Time) string { return memoryShare(p) }},
	{"stime start", "STIME", func(p *container.Proc, now time.Time) string { return startText(p.Started, now) }},
	{"tty tt tname", "TTY", func(p *container.Proc, _ time.Time) string { return p.TTY }},
	{"time cputime", "TIME", func(p *container.Proc, _ time.Time) string { return clockText(p.CPU) }},
	{"etime", "ELAPSED", func(p *container.Proc, now time.Time) string { return clockText(now.Sub(p.Started)) }},
	{"rss", "RSS", func(p *container.Proc, _ time.Time) string { return strconv.FormatInt(int64(p.Resident)/1024, 10) }},
	{"vsz", "VSZ", func(p *container.Proc, _ time.Time) string { return strconv.FormatInt(int64(p.Virtual)/1024, 10) }},
	{"stat state s", "STAT", func(p *container.Proc, _ time.Time) string { return p.State }},
	{"nlwp thcount", "NLWP", func(p *container.Proc, _ time.Time) string { return strconv.Itoa(p.Threads) }},
	{"comm ucmd", "COMMAND", func(p *container.Proc, _ time.Time) string { return oneLine(p.Name) }},
	{"args cmd command", "CMD", func(p *container.Proc, _ time.Time) string { return argsText(p) }},
}

func cmdTop(c *call) error {
	flags := c.flagSet()
	flags.SetInterspersed(false)
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	columns, err := topOptions(flags.Args()[1:])
	if err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	list, err := e.Processes(flags.Arg(0))
	if err != nil {
		return err
	}
	now := time.Now()
	var titles []string
	for _, i := range columns {
		titles = append(titles, topColumns[i].title)
	}
	lines := []string{strings.Join(titles, "\t")}
	for p := range list {
		var cells []string
		for _, i := range columns {
			cells = append(cells, topColumns[i].value(&list[p], now))
		}
		lines = append(lines, strings.Join(cells, "\t"))
	}
	for _, line := range align(lines) {
		if _, err := fmt.Fprintln(c.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// topOptions reads the options of ps that choose columns; those that choose processes have no meaning here.
func topOptions(options []string) ([]int, error) {
	names := "uid,pid,ppid,c,stime,tty,time,cmd"
	for i := 0; i < len(options); i++ {
		switch o := strings.TrimPrefix(options[i], "-"); {
		case o == "ef" || o == "e" || o == "f" || o == "A" || o == "ax" || o == "a" || o == "x":
		case o == "aux" || o == "u":
			names = "user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,args"
		case o == "o" || o == "eo" || o == "axo" || o == "Ao":
			if i++; i == len(options) {
				return nil, usagef("top: %s needs a list of columns", options[i-1])
			}
			names = options[i]
		case strings.HasPrefix(o, "o"):
			names = o[1:]
		default:
			return nil, usagef("top: the option %q of ps is not known here (pocket-docker help top)", options[i])
		}
	}
	var columns []int
	for name := range strings.FieldsFuncSeq(names, func(r rune) bool { return r == ',' || r == ' ' }) {
		found := slices.IndexFunc(topColumns, func(c topColumn) bool { return slices.Contains(strings.Fields(c.names), name) })
		if found < 0 {
			return nil, usagef("top: the column %q is not known (pocket-docker help top lists them)", name)
		}
		columns = append(columns, found)
	}
	if len(columns) == 0 {
		return nil, usagef("top: -o needs a list of columns")
	}
	return columns, nil
}

// share is the processor time used in percent of the time since the start, as ps has it.
func share(p *container.Proc, now time.Time) float64 {
	age := now.Sub(p.Started)
	if age <= 0 {
		return 0
	}
	return 100 * float64(p.CPU) / float64(age)
}

func memoryShare(p *container.Proc) string {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "?"
	}
	var total int64
	if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &total); err != nil || total == 0 {
		return "?"
	}
	return fmt.Sprintf("%.1f", 100*float64(p.Resident)/1024/float64(total))
}

func startText(at, now time.Time) string {
	at = at.Local()
	if now.Sub(at) < 24*time.Hour && at.YearDay() == now.Local().YearDay() {
		return at.Format("15:04")
	}
	return at.Format("Jan02")
}

// clockText writes a time span as hh:mm:ss, with days before it where there are any.
func clockText(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	text := fmt.Sprintf("%02d:%02d:%02d", s/3600%24, s/60%60, s%60)
	if days := s / 86400; days > 0 {
		text = fmt.Sprintf("%d-%s", days, text)
	}
	return text
}

// argsText is the program with its arguments; in brackets its name alone, where it does not tell them.
func argsText(p *container.Proc) string {
	if len(p.Args) == 0 {
		return "[" + oneLine(p.Name) + "]"
	}
	return oneLine(strings.Join(p.Args, " "))
}
