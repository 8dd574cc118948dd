package network

import (
	"strings"
	"testing"

	"pocket/runtime/hint"
)

func TestModes(t *testing.T) {
	for _, text := range []string{"none", "host", "container:web", "pasta", "pasta:--map-gw", "pasta:--map-gw,--mtu,1500",
		"pasta:--ipv4-only,-T,5432"} {
		m, err := ParseMode(text)
		if err != nil || m.String() != text {
			t.Errorf("%s: %v, %v", text, m, err)
		}
	}
	if got := (Mode{}).String(); got != "none" {
		t.Errorf("a mode that nobody chose is %s", got)
	}
}

func TestBadModes(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "there is no network",
		"none:x":                   "there is no network",
		"mynet":                    "there is no network",
		"bridge":                   "needs root and a daemon",
		"slirp4netns":              "use pasta",
		"container":                "names no container",
		"container:":               "names no container",
		"pasta:--netns,/x":         "is not an option",
		"pasta:--pcap,/etc/passwd": "is not an option",
		"pasta:--mtu":              "has no fit value",
		"pasta:--mtu,x":            "has no fit value",
		"pasta:-T,80;reboot":       "has no fit value",
		"pasta:,":                  "is not an option",
	} {
		if m, err := ParseMode(text); err == nil || !strings.Contains(err.Error()+hint.Of(err), want) {
			t.Errorf("%q: %v, %v; want %q", text, m, err, want)
		}
	}
}

// TestPastaIsSharedNothing reads the command line: nothing of pasta's own choice about the host's loopback
// may be left.
func TestPastaIsSharedNothing(t *testing.T) {
	ports, err := ParsePorts("127.0.0.1:8080:80")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMode("pasta")
	if err != nil {
		t.Fatal(err)
	}
	line := " " + strings.Join(m.args(42, ports), " ") + " "
	for _, want := range []string{" --no-map-gw ", " --tcp-ns none ", " --udp-ns none ", " --udp-ports none ",
		" --tcp-ports 127.0.0.1/8080:80 ", " --netns /proc/42/ns/net ", " --foreground "} {
		if !strings.Contains(line, want) {
			t.Errorf("no %q in %q", want, line)
		}
	}
	if m, err = ParseMode("pasta:--map-gw,-T,5432"); err != nil {
		t.Fatal(err)
	}
	line = " " + strings.Join(m.args(42, nil), " ") + " "
	if strings.Contains(line, "--no-map-gw") || strings.Contains(line, "--tcp-ns none") || !strings.Contains(line, " -T 5432 ") ||
		!strings.Contains(line, " --tcp-ports none ") {
		t.Errorf("%q", line)
	}
}
