package resource

import (
	"fmt"
	"testing"
)

func TestParseCPUs(t *testing.T) {
	for list, want := range map[string]string{
		"0": "[0] 0", "0-2,5": "[0 1 2 5] 0-2,5", "5,0-2,1-3": "[0 1 2 3 5] 0-3,5", "7,7": "[7] 7", "8191": "[8191] 8191",
	} {
		all, err := ParseCPUs(list)
		if got := fmt.Sprint(all) + " " + FormatCPUs(all); err != nil || got != want {
			t.Errorf("%q: %s %v, want %s", list, got, err, want)
		}
	}
	for _, list := range []string{"", ",", "0,", "a", "-1", "1-", "2-1", "0-8192", "0-99999999999", "0 1", "+1", "0x1"} {
		if all, err := ParseCPUs(list); err == nil {
			t.Errorf("%q: %v", list, all)
		}
	}
}

func FuzzParseCPUs(f *testing.F) {
	f.Add("0-2,5")
	f.Fuzz(func(t *testing.T, list string) {
		all, err := ParseCPUs(list)
		if err != nil {
			return
		}
		again, err := ParseCPUs(FormatCPUs(all))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(all) {
			t.Errorf("%q: %v, again %v %v", list, all, again, err)
		}
	})
}
