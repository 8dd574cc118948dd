package network

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

func show(ports []Port) string {
	var all []string
	for _, p := range ports {
		text := p.String()
		if p.Last > 0 {
			text = fmt.Sprintf("%d..%d=%s", p.Host, p.Last, text)
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestPortsAreReadAsDockerDoes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"80", "0.0.0.0:0->80/tcp"},
		{"8080:80", "0.0.0.0:8080->80/tcp"},
		{"8080:80/tcp", "0.0.0.0:8080->80/tcp"},
		{"53:53/UDP", "0.0.0.0:53->53/udp"},
		{"127.0.0.1:8080:80", "127.0.0.1:8080->80/tcp"},
		{"127.0.0.1::80", "127.0.0.1:0->80/tcp"},
		{"[::1]:8080:80", "[::1]:8080->80/tcp"},
		{"[::ffff:127.0.0.1]:8080:80", "127.0.0.1:8080->80/tcp"},
		{"8000-8002:80-82", "0.0.0.0:8000->80/tcp 0.0.0.0:8001->81/tcp 0.0.0.0:8002->82/tcp"},
		{"80-81", "0.0.0.0:0->80/tcp 0.0.0.0:0->81/tcp"},
		{"8000-8002:80", "8000..8002=0.0.0.0:8000->80/tcp"},
		{"65535:65535", "0.0.0.0:65535->65535/tcp"},
	} {
		ports, err := ParsePorts(c.text)
		if got := show(ports); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.text, got, err, c.want)
		}
	}
}

func TestBadPorts(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "a port is missing",
		"80:":                 "a port is missing",
		":80":                 "a port is missing",
		"0:80":                `"0" is not a port`,
		"80:0":                `"0" is not a port`,
		"65536:80":            `"65536" is not a port`,
		"-1:80":               "a port is missing",
		"+80:80":              `"+80" is not a port`,
		"http:80":             `"http" is not a port`,
		"80:80/sctp":          "neither tcp nor udp",
		"82-80:82-80":         "ends before it begins",
		"8000-8001:80-82":     "differ in length",
		"localhost:8080:80":   `"localhost" is not an IP address`,
		"127.0.0.256:8080:80": "is not an IP address",
		"::1:8080:80":         "in brackets",
		"[::1:8080:80":        "has no end",
		"[fe80::1%lo]:80:80":  "is not an IP address",
		"1-5000:1-5000":       "has more than 4096 ports",
	} {
		if ports, err := ParsePorts(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v; want an error with %q", text, show(ports), err, want)
		}
	}
}

func FuzzParsePorts(f *testing.F) {
	for _, s := range []string{"8080:80", "127.0.0.1:80-90:80-90/udp", "[::1]::80", "1-2:3", ":::", "[", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ports, err := ParsePorts(s)
		if err == nil && (len(ports) == 0 || len(ports) > maxPorts) {
			t.Errorf("%q: %d ports", s, len(ports))
		}
		for _, p := range ports {
			if err == nil && (p.Container == 0 || p.Last != 0 && p.Last < p.Host) {
				t.Errorf("%q: %+v", s, p)
			}
		}
	})
}

// listen takes a port of this machine's loopback and returns its number.
func listen(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func TestAPortInUseIsTold(t *testing.T) {
	for _, form := range []string{"%d:80", "127.0.0.1:%d:80"} {
		text := fmt.Sprintf(form, listen(t))
		ports, err := ParsePorts(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Claim(ports); err == nil || !strings.Contains(err.Error(), "address already in use") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestFreePortsAreChosen(t *testing.T) {
	ports, err := ParsePorts("80-83")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := ParsePorts("127.0.0.1::53/udp")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Claim(append(ports, udp...))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range got {
		if !p.Fixed() || seen[p.Outside()] {
			t.Errorf("%v of %v", p, got)
		}
		seen[p.Outside()] = true
	}
	if ports[0].Host != 0 {
		t.Error("what was asked for has changed")
	}
}

func TestTheFirstFreePortOfARange(t *testing.T) {
	taken := listen(t)
	if taken == 65535 {
		t.Skip("there is no port behind the one that we got")
	}
	ports, err := ParsePorts(fmt.Sprintf("127.0.0.1:%d-%d:80", taken, taken+1))
	if err != nil {
		t.Fatal(err)
	}
	next, busy := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", taken+1))
	if busy == nil {
		next.Close()
	}
	got, err := Claim(ports)
	switch {
	case busy == nil && (err != nil || int(got[0].Host) != taken+1):
		t.Errorf("%v, %v; want %d", got, err, taken+1)
	case busy != nil && (err == nil || !strings.Contains(err.Error(), "none of the ports")):
		t.Errorf("%v, %v; want an error", got, err)
	}
}

func TestPortsThatClash(t *testing.T) {
	free, err := Claim([]Port{{Container: 80, Protocol: "tcp"}})
	if err != nil {
		t.Fatal(err)
	}
	n := free[0].Host
	for _, texts := range [][]string{
		{"%d:80", "%d:81"},
		{"127.0.0.1:%d:80", "127.0.0.2:%d:81"},
	} {
		var ports []Port
		for _, text := range texts {
			more, err := ParsePorts(fmt.Sprintf(text, n))
			if err != nil {
				t.Fatal(err)
			}
			ports = append(ports, more...)
		}
		if got, err := Claim(ports); err == nil {
			t.Errorf("%v: %v", texts, got)
		}
	}
}
