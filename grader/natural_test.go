package grader

import "testing"

func TestNatural(t *testing.T) {
	sorted := []string{"", "0", "00", "1", "2", "10", "18446744073709551616", "A", "a", "a0", "a01", "a1", "A2", "a2", "a2b", "A10", "a10", "a10b1",
		"Ab", "b", "b/9", "b/10", "é", "É2", "é10", "\xff"}
	for i, a := range sorted {
		for j, b := range sorted {
			got := Natural(a, b)
			if i < j && got >= 0 || i == j && got != 0 || i > j && got <= 0 {
				t.Errorf("Natural(%q, %q) = %d", a, b, got)
			}
		}
	}
}

// A sort is only sound with an order.
func FuzzNatural(f *testing.F) {
	f.Add("a01", "A1", "a1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if Natural(a, b) != -Natural(b, a) || (Natural(a, b) == 0) != (a == b) {
			t.Errorf("%q and %q: %d, %d", a, b, Natural(a, b), Natural(b, a))
		}
		if Natural(a, b) <= 0 && Natural(b, c) <= 0 && Natural(a, c) > 0 {
			t.Errorf("%q, %q, %q are in no order", a, b, c)
		}
	})
}
