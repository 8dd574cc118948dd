package resource

import (
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "1": 1, "10b": 10, "1k": KiB, "64m": 64 * MiB, "64MiB": 64 * MiB, "64 MB": 64 * MiB, "1.5g": 1536 * MiB, "2TiB": 2 * TiB,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q: %d %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "m", "64q", "-1", "-1m", "nan", "inf", "1e3", "0x10", "1_000", "9999999999t", "64m64"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	f.Add("64MiB")
	f.Add("1.5g")
	f.Fuzz(func(t *testing.T, text string) {
		size, err := ParseSize(text)
		if err != nil {
			return
		}
		if size < 0 {
			t.Fatalf("%q is negative: %d", text, size)
		}
		if again, err := ParseSize(size.String()); err != nil || again != size {
			t.Fatalf("%q is %d, written as %s, read as %d %v", text, size, size, again, err)
		}
	})
}

func TestHuman(t *testing.T) {
	for size, want := range map[Size]string{0: "0B", 1023: "1023B", 1536: "1.5KiB", 64 * MiB: "64MiB", 3 * GiB / 2: "1.5GiB"} {
		if got := size.Human(); got != want {
			t.Errorf("%d: %s, want %s", int64(size), got, want)
		}
	}
}

func TestMergeKeepsWhatIsSet(t *testing.T) {
	base := Limits{CPU: time.Second, Memory: MiB, Processes: 3}
	got := Limits{Memory: GiB, CPUs: 0.5}.Merge(base)
	if want := (Limits{CPU: time.Second, Memory: GiB, CPUs: 0.5, Processes: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestFirm(t *testing.T) {
	for _, c := range []struct {
		Enforcement
		want bool
	}{
		{Enforcement{By: ByCgroup2}, true}, {Enforcement{By: ByPoll}, false}, {Enforcement{By: ByNone}, false},
		{Enforcement{Requested: "1", Enforced: "1", By: ByAffinity}, false}, {Enforcement{Requested: "0.5", Enforced: "1", By: ByAffinity}, false},
	} {
		if c.Firm() != c.want {
			t.Errorf("%+v: %v", c.Enforcement, c.Firm())
		}
	}
}
