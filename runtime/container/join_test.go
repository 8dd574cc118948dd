package container

import (
	"os"
	"path/filepath"
	"testing"

	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/network"
)

func TestMapsAreCompared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uid_map")
	if err := os.WriteFile(path, []byte("         0       1000          1\n         1     100000      65536\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ranges []idmap.Range
		want   bool
	}{
		{[]idmap.Range{{Inside: 0, Outside: 1000, Count: 1}, {Inside: 1, Outside: 100000, Count: 65536}}, true},
		{[]idmap.Range{{Inside: 0, Outside: 1000, Count: 1}}, false},
		{[]idmap.Range{{Inside: 0, Outside: 1000, Count: 1}, {Inside: 1, Outside: 100001, Count: 65536}}, false},
		{nil, false},
	} {
		if got, err := sameMap(path, c.ranges); got != c.want || err != nil {
			t.Errorf("%v: %v, %v", c.ranges, got, err)
		}
	}
}

func TestPublishAllNamesEachPortOnce(t *testing.T) {
	asked, err := network.ParsePorts("8080:80")
	if err != nil {
		t.Fatal(err)
	}
	m := &monitor{cfg: &Config{Network: Networking{Ports: asked, Exposed: []string{"53/udp", "80"}, PublishAll: true}},
		image: image.Image{Config: image.Config{ExposedPorts: map[string]struct{}{"443/tcp": {}, "80/tcp": {}}}}}
	ports, err := m.wanted()
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, p := range ports {
		got += p.Outside() + "=" + p.Inside() + " "
	}
	if want := "0.0.0.0:8080=80/tcp 0.0.0.0:0=443/tcp 0.0.0.0:0=53/udp "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	m.image.Config.ExposedPorts["x"] = struct{}{}
	if _, err := m.wanted(); err == nil {
		t.Error("an image's port that is none was taken")
	}
}
