package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxCPU is above every number of a processor that a kernel can be built for (CONFIG_NR_CPUS).
const maxCPU = 8192

// ParseCPUs reads a list of processors as the kernel writes it, "0-2,5" (cpuset(7), "List format"), sorted
// and each once. An empty list is a mistake.
func ParseCPUs(list string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 16)
		to, err2 := strconv.ParseUint(last, 10, 16)
		if err != nil || err2 != nil || from > to || to >= maxCPU {
			return nil, fmt.Errorf("%q is not a list of processors (write for example 0-2,5)", list)
		}
		for n := from; n <= to; n++ {
			all = append(all, int(n))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// FormatCPUs writes a sorted list as ParseCPUs reads it, as short as can be.
func FormatCPUs(list []int) string {
	var b strings.Builder
	for i := 0; i < len(list); {
		end := i
		for end+1 < len(list) && list[end+1] == list[end]+1 {
			end++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(list[i]))
		if end > i {
			b.WriteString("-" + strconv.Itoa(list[end]))
		}
		i = end + 1
	}
	return b.String()
}
