package checker

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"pocket/grader"
)

// isNumber reports whether a token is a decimal number, with an optional sign, fraction and exponent,
// that float64 can hold. -0 is one (and equals 0); 0x10, 1e400, 1_000, 1.0abc, inf and nan are not.
func isNumber(token []byte) bool {
	if len(token) == 0 || len(token) > longestNumber {
		return false
	}
	for _, b := range token {
		switch {
		case '0' <= b && b <= '9', b == '+', b == '-', b == '.', b == 'e', b == 'E':
		default:
			return false
		}
	}
	_, err := strconv.ParseFloat(string(token), 64)
	return err == nil
}

// longestNumber bounds the work on a token of megabytes. It is more than the 1074 digits that the
// smallest float64 has behind the point.
const longestNumber = 4096

// within reports whether two numbers differ by no more than either tolerance, as far as float64 can tell: 1.01 is
// within 0.01 of 1.00, although the numbers next to them in binary are further apart by a rounding.
func within(c grader.Compare, got, want []byte) bool {
	d := distance(got, want)
	if d == 0 {
		return true
	}
	size := math.Abs(value(want))
	allowed := max(c.Absolute, c.Relative*size)
	if allowed > 0 && !(isInteger(got) && isInteger(want)) {
		const rounding = 0x1p-51 // of the number that is compared: that of reading both, and of taking one from the other
		allowed += rounding * size
	}
	return d <= allowed
}

func value(token []byte) float64 {
	v, _ := strconv.ParseFloat(string(token), 64)
	return v
}

// distance returns |got-want|. It is exact for integers: float64 takes 9007199254740993 for
// 9007199254740992.
func distance(got, want []byte) float64 {
	if !isInteger(got) || !isInteger(want) {
		return math.Abs(value(got) - value(want))
	}
	a, errA := strconv.ParseInt(string(got), 10, 64)
	b, errB := strconv.ParseInt(string(want), 10, 64)
	if errA == nil && errB == nil {
		return float64(apart(a, b))
	}
	if plain(got) == plain(want) {
		return 0
	}
	return max(1, math.Abs(value(got)-value(want)))
}

// apart returns |a-b|, which an int64 may not hold.
func apart(a, b int64) uint64 {
	if a < b {
		a, b = b, a
	}
	return uint64(a) - uint64(b)
}

func isInteger(token []byte) bool { return !bytes.ContainsAny(token, ".eE") }

// plain writes an integer without what does not change its value.
func plain(token []byte) string {
	text := strings.TrimLeft(string(token), "+-")
	text = strings.TrimLeft(text, "0")
	if token[0] == '-' && text != "" {
		return "-" + text
	}
	return text
}

// sameWord reports whether two tokens name the same of the values that are no numbers, however they
// spell it: inf with its sign, nan.
func sameWord(a, b []byte) bool {
	w := special(a)
	return w != "" && w == special(b)
}

func special(token []byte) string {
	if len(token) > len("-infinity") {
		return ""
	}
	switch strings.ToLower(string(token)) {
	case "inf", "+inf", "infinity", "+infinity":
		return "inf"
	case "-inf", "-infinity":
		return "-inf"
	case "nan", "+nan", "-nan":
		return "nan"
	}
	return ""
}
