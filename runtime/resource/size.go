package resource

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size int64

// Multiples of a byte, all binary: docker's and the kernel's k, m and g are 1024-based.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
	TiB Size = 1 << 40
)

var units = []struct {
	name string
	size Size
}{
	{"tib", TiB}, {"gib", GiB}, {"mib", MiB}, {"kib", KiB},
	{"tb", TiB}, {"gb", GiB}, {"mb", MiB}, {"kb", KiB},
	{"t", TiB}, {"g", GiB}, {"m", MiB}, {"k", KiB}, {"b", 1},
}

// ParseSize reads a size as docker's flags and suites write it: a non-negative number with an optional
// unit b, k, m, g, t, or their long forms (KiB, MiB; KB and MB mean the same here), case ignored.
// The error says what is wrong with s and, for a near miss, what was probably meant.
func ParseSize(s string) (Size, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	unit := Size(1)
	for _, u := range units {
		if strings.HasSuffix(text, u.name) {
			text, unit = strings.TrimSpace(strings.TrimSuffix(text, u.name)), u.size
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || strings.ContainsAny(text, "xpe_") {
		return 0, fmt.Errorf("%q is not a size (write for example 64MiB, 512k or 1g)", s)
	}
	if n < 0 {
		return 0, fmt.Errorf("%q is negative", s)
	}
	if n*float64(unit) >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large", s)
	}
	return Size(n * float64(unit)), nil
}

// String writes the size so that ParseSize reads back the same: the largest unit that divides it.
func (s Size) String() string {
	for _, u := range []struct {
		name string
		size Size
	}{{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}} {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// Human writes the size for reading, with at most one decimal: "1.5MiB".
func (s Size) Human() string {
	for _, u := range []struct {
		name string
		size Size
	}{{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}} {
		if s >= u.size {
			text := strconv.FormatFloat(float64(s)/float64(u.size), 'f', 1, 64)
			return strings.TrimSuffix(text, ".0") + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
