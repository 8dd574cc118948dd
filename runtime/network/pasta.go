package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/hint"
	"pocket/runtime/idmap"
)

// Connection is a network namespace that pasta serves.
type Connection struct {
	NetNS   *os.File // to be entered; closed by Close
	holder  *boot.NetNS
	program *os.Process
	ended   chan struct{} // closed when the program is dead and reaped
	said    *said
}

// Resolver is an address inside that pasta leads to the host's first name server, which may be one that
// listens at the host's loopback only.
const Resolver = "169.254.1.1"

// patience is how long pasta may take to set the network up: it asks the kernel some questions.
const patience = 20 * time.Second

// Connect makes a network namespace that belongs to the user namespace and has pasta serve it, with the
// ports, which must be fixed, published. When it returns, the namespace has its addresses and routes, and
// the ports are listened at. The host's loopback cannot be reached from it, unless the mode says so. The
// error for want of the program, of its device or of a port has a hint.
func (m Mode) Connect(ctx context.Context, userNS *os.File, ids idmap.Map, ports []Port) (*Connection, error) {
	path, err := Program()
	if err != nil {
		return nil, err
	}
	holder, err := boot.NewNetNS(userNS, ids)
	if err != nil {
		return nil, err
	}
	c := &Connection{NetNS: holder.File, holder: holder, ended: make(chan struct{}), said: &said{}}
	ready, err := c.start(userNS, ids, path, m.args(holder.PID, ports))
	if err == nil {
		err = c.await(ctx, ready)
	}
	if err == nil {
		err = holder.Release()
	}
	if err != nil {
		return nil, errors.Join(err, c.abandon())
	}
	return c, nil
}

// Program finds pasta. The error has a hint.
func Program() (string, error) {
	path, err := exec.LookPath("pasta")
	if err != nil {
		return "", hint.With(errors.New("the network pasta needs the program pasta, which is not installed"),
			"install it (apt-get install passt, dnf install passt, apk add passt), or use --network host")
	}
	return path, Tun()
}

// Tun says why pasta could not make a network device here, nil when it can. The error has a hint.
func Tun() error {
	const device = "/dev/net/tun"
	_, err := os.Stat(device)
	if err == nil && os.Geteuid() != 0 {
		err = unix.Access(device, unix.R_OK|unix.W_OK)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return hint.With(fmt.Errorf("pasta needs %s, which does not exist", device), "as root: modprobe tun")
	case err != nil:
		return hint.With(fmt.Errorf("pasta needs %s, which you may not open: %w", device, err), "as root: chmod 0666 %s", device)
	}
	return nil
}

// args is pasta's command line (pasta(1)). What it does by itself, forwarding ports of the host's loopback
// into the sandbox and back (-t, -u, -T, -U auto) and giving the gateway's address to the host's loopback,
// is switched off.
func (m Mode) args(holder int, ports []Port) []string {
	args := []string{"pasta", "--foreground", "--quiet", "--config-net", "--ns-ifname", "eth0",
		"--netns-only", "--no-netns-quit", "--netns", fmt.Sprintf("/proc/%d/ns/net", holder),
		"--dns-forward", Resolver, "--pid", "/proc/self/fd/1"}
	if !m.MapHost {
		args = append(args, "--no-map-gw")
	}
	args = append(args, m.Options...)
	if !m.forwards("-T", "--tcp-ns") {
		args = append(args, "--tcp-ns", "none")
	}
	if !m.forwards("-U", "--udp-ns") {
		args = append(args, "--udp-ns", "none")
	}
	return append(append(args, forward(ports, "tcp", "--tcp-ports")...), forward(ports, "udp", "--udp-ports")...)
}

func forward(ports []Port, protocol, flag string) []string {
	var args []string
	for _, p := range ports {
		if p.Protocol == protocol {
			text := fmt.Sprintf("%d:%d", p.Host, p.Container)
			if p.Address.IsValid() && !p.Address.IsUnspecified() {
				text = p.Address.String() + "/" + text
			}
			args = append(args, flag, text)
		}
	}
	if len(args) == 0 {
		return []string{flag, "none"}
	}
	return args
}

// start runs the program. It writes its pid to what is returned when it is ready; the end of that is its own.
func (c *Connection) start(userNS *os.File, ids idmap.Map, path string, args []string) (*os.File, error) {
	ready, tell, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer tell.Close()
	complain, err := c.said.listen()
	if err != nil {
		return nil, errors.Join(err, ready.Close())
	}
	defer complain.Close()
	if os.Geteuid() == 0 {
		// It opens the pipe by name, as somebody else.
		err = tell.Chown(idmap.Host(ids.UIDs, ids.UIDs[0].Inside), idmap.Host(ids.GIDs, ids.GIDs[0].Inside))
	}
	pid := 0
	if err == nil {
		pid, err = boot.Companion{UserNS: userNS, IDs: ids, Path: path, Args: args, Env: []string{"PATH=" + boot.DefaultPath},
			Stdout: tell, Stderr: complain, Tun: true}.Start()
	}
	if err == nil {
		c.program, err = os.FindProcess(pid) // unreaped, so it is ours
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start pasta: %w", err), ready.Close())
	}
	go func() {
		_, _ = c.program.Wait() // how it ended says nothing: what it wrote does
		close(c.ended)
	}()
	return ready, nil
}

// await waits until the program has written its pid.
func (c *Connection) await(ctx context.Context, ready *os.File) error {
	defer ready.Close()
	if err := ready.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	cancelled := context.AfterFunc(ctx, func() { _ = ready.SetReadDeadline(time.Unix(1, 0)) })
	defer cancelled()
	n, err := ready.Read(make([]byte, 16))
	switch {
	case n > 0:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("pasta is not ready after %s: %s", patience, c.said)
	}
	<-c.ended // and with it the last of what it said
	return c.said.explain()
}

func (c *Connection) abandon() error {
	err := c.holder.Release()
	if c.program != nil {
		_ = c.program.Kill() // it may have ended
		<-c.ended
	}
	c.said.end()
	return errors.Join(err, c.NetNS.Close())
}

// Close ends the program and with it the network. The error tells that it had ended before, and why.
func (c *Connection) Close() error {
	var early error
	select {
	case <-c.ended:
		c.said.end()
		early = fmt.Errorf("pasta ended before the container, which had no network from then on: %s", c.said)
	default:
	}
	return errors.Join(early, c.abandon())
}

// explain makes an error of what the program said when it could not begin.
func (s *said) explain() error {
	s.end()
	text := s.String()
	err := errors.New("pasta: " + text)
	switch {
	case strings.Contains(text, "in use") || strings.Contains(text, "bind port"):
		return hint.With(err, "another program has taken the port meanwhile: choose another")
	case strings.Contains(text, "routable interface"):
		return hint.With(err, "this machine has no default route: add one, name an interface (pasta:--interface,NAME), or use --network host")
	case strings.Contains(text, "tun"):
		return hint.With(err, "as root: modprobe tun; chmod 0666 /dev/net/tun")
	case strings.Contains(text, "nvalid option") || strings.Contains(text, "nrecognized"):
		return hint.With(err, "this version of pasta is too old: 2023-02 or later is needed")
	}
	return err
}
