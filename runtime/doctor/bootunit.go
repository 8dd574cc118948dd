package doctor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"pocket/runtime/hint"
)

// BootUnit is what a host's service manager needs to start containers after a reboot, as text to read and
// to copy. Nothing is installed.
type BootUnit struct {
	System  string   `json:"system"` // "systemd", "OpenRC" or "cron"
	Path    string   `json:"path"`   // the file that Text belongs into; "" for cron
	Text    string   `json:"text"`
	Enable  []string `json:"enable"`  // commands that put it into effect, in order
	Command []string `json:"command"` // what is run at boot
}

// bootHost is what a choice of unit depends on.
type bootHost struct {
	program, dir, home, user string
	config                   string // $XDG_CONFIG_HOME, where it is set
	root                     bool
	defaultDir               bool // POCKET_ROOT need not be set
	systemd, openRC, cron    bool
}

// Boot chooses the unit for this host and the calling user: dir is the state folder, ourDefault tells that
// pocket-docker finds it without POCKET_ROOT. The error says that the host has nothing to start it with.
func Boot(dir string, ourDefault bool) (BootUnit, error) {
	h := bootHost{program: ourPath(), dir: dir, root: os.Geteuid() == 0, defaultDir: ourDefault,
		config: os.Getenv("XDG_CONFIG_HOME")}
	h.user = strconv.Itoa(os.Geteuid())
	if u, err := user.Current(); err == nil {
		h.user, h.home = u.Username, u.HomeDir
	}
	if home := os.Getenv("HOME"); filepath.IsAbs(home) {
		h.home = home
	}
	// sd_booted(3): this folder is there on every system that systemd has booted.
	_, err := os.Stat("/run/systemd/system")
	h.systemd = err == nil
	_, err = os.Stat("/sbin/openrc-run")
	h.openRC = err == nil
	_, err = exec.LookPath("crontab")
	h.cron = err == nil
	return h.unit()
}

func (h bootHost) unit() (BootUnit, error) {
	for _, path := range []string{h.program, h.dir} {
		if strings.ContainsAny(path, "\n\"'\\%$") {
			return BootUnit{}, hint.With(fmt.Errorf("%q cannot be written into a unit", path), "choose a path without quotes, backslashes, percent and dollar signs")
		}
	}
	switch {
	case h.systemd && h.root:
		return h.systemUnit(), nil
	case h.systemd:
		return h.userUnit(), nil
	case h.openRC && h.root:
		return h.openRCService(), nil
	case h.cron:
		return h.cronLine(), nil
	}
	return BootUnit{}, hint.With(errors.New("this host has none of systemd, OpenRC (for root) and cron"),
		"run this at boot by other means: %s boot", h.program)
}

// environment is what the program needs to find the state folder, in form with the name and value in place.
func (h bootHost) environment(form string) string {
	if h.defaultDir {
		return ""
	}
	return fmt.Sprintf(form, "POCKET_ROOT", h.dir)
}

// systemdText is a unit that runs once. Delegate gives the containers control groups of their own, and
// KillMode=process leaves them alone when the unit is stopped, since their monitors are its processes.
func (h bootHost) systemdText(target, after string) string {
	return fmt.Sprintf(`[Unit]
Description=Start containers of pocket-docker that are to run always
%s
[Service]
Type=oneshot
RemainAfterExit=yes
Delegate=yes
KillMode=process
%sExecStart="%s" boot

[Install]
WantedBy=%s
`, after, h.environment("Environment=\"%s=%s\"\n"), h.program, target)
}

func (h bootHost) systemUnit() BootUnit {
	return BootUnit{System: "systemd", Path: "/etc/systemd/system/pocket-docker-boot.service",
		Text:    h.systemdText("multi-user.target", "After=network-online.target local-fs.target\nWants=network-online.target\n"),
		Enable:  []string{"systemctl daemon-reload", "systemctl enable pocket-docker-boot.service"},
		Command: []string{h.program, "boot"}}
}

func (h bootHost) userUnit() BootUnit {
	config := h.config
	if !filepath.IsAbs(config) {
		config = filepath.Join(h.home, ".config")
	}
	path := filepath.Join(config, "systemd", "user", "pocket-docker-boot.service")
	return BootUnit{System: "systemd", Path: path, Text: h.systemdText("default.target", ""),
		Enable: []string{"systemctl --user daemon-reload", "systemctl --user enable pocket-docker-boot.service",
			// Without it a user's units start at the first login and end at the last logout (loginctl(1)).
			"loginctl enable-linger " + h.user},
		Command: []string{h.program, "boot"}}
}

func (h bootHost) openRCService() BootUnit {
	return BootUnit{System: "OpenRC", Path: "/etc/init.d/pocket-docker-boot",
		Text: fmt.Sprintf(`#!/sbin/openrc-run
description="Start containers of pocket-docker that are to run always"

depend() {
	need localmount
	after net cgroups
}

start() {
	ebegin "Starting containers"
	%s"%s" boot
	eend $?
}
`, h.environment("%s=\"%s\" "), h.program),
		Enable:  []string{"chmod +x /etc/init.d/pocket-docker-boot", "rc-update add pocket-docker-boot default"},
		Command: []string{h.program, "boot"}}
}

func (h bootHost) cronLine() BootUnit {
	line := fmt.Sprintf("@reboot %s'%s' boot", h.environment("%s='%s' "), h.program)
	return BootUnit{System: "cron", Text: line + "\n",
		Enable:  []string{fmt.Sprintf("(crontab -l 2>/dev/null; echo \"%s\") | crontab -", line)},
		Command: []string{h.program, "boot"}}
}

// String writes the unit for people: the file, and what to type.
func (u BootUnit) String() string {
	var b strings.Builder
	if u.Path != "" {
		fmt.Fprintf(&b, "# %s: write this to %s\n\n%s\n# then type\n\n", u.System, u.Path, u.Text)
	} else {
		fmt.Fprintf(&b, "# %s: add this line\n\n%s\n# by typing\n\n", u.System, u.Text)
	}
	for _, line := range u.Enable {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}
