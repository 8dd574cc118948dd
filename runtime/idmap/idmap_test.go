package idmap

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestHost(t *testing.T) {
	ranges := []Range{{0, 1000, 1}, {1, 100000, 65536}}
	for inside, want := range map[int]int{0: 1000, 1: 100000, 65536: 165535, 65537: -1, -1: -1} {
		if got := Host(ranges, inside); got != want {
			t.Errorf("Host(%d) = %d, want %d", inside, got, want)
		}
	}
}

func TestRootIsNeverTheHostsRoot(t *testing.T) {
	for _, m := range []Map{Default(), Single(0), Single(1000)} {
		for _, r := range append(m.UIDs, m.GIDs...) {
			if r.Outside <= 0 && os.Geteuid() == 0 || r.Count < 1 {
				t.Errorf("range %+v in %+v", r, m)
			}
		}
	}
}

func TestReadSubordinate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "subuid")
	text := "someone:100000:65536\n4242:200000:10\nbroken:line\n4242:x:10\n4242:300000:5\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readSubordinate(path, 4242)
	if want := []Range{{1, 200000, 10}, {11, 300000, 5}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v %v, want %v", got, err, want)
	}
	if _, err := readSubordinate(path, 77); err == nil {
		t.Error("a user without a line has a range")
	}
}
