package doctor

import (
	"strings"
	"testing"
)

func TestBootUnit(t *testing.T) {
	base := bootHost{program: "/usr/local/bin/pocket-docker", dir: "/mnt/big/pocket", home: "/home/ann", user: "ann"}
	for name, c := range map[string]struct {
		change func(*bootHost)
		system string
		wants  []string
		not    string
	}{
		"systemd, root": {func(h *bootHost) { h.systemd, h.root, h.cron = true, true, true }, "systemd",
			[]string{"/etc/systemd/system/pocket-docker-boot.service", "\nExecStart=\"/usr/local/bin/pocket-docker\" boot\n",
				"\nEnvironment=\"POCKET_ROOT=/mnt/big/pocket\"\n", "WantedBy=multi-user.target", "systemctl enable"}, "--user"},
		"systemd, user": {func(h *bootHost) { h.systemd, h.openRC = true, true }, "systemd",
			[]string{"/home/ann/.config/systemd/user/", "WantedBy=default.target", "systemctl --user enable", "loginctl enable-linger ann"}, "multi-user"},
		"systemd, user, other config": {func(h *bootHost) { h.systemd, h.config = true, "/conf" }, "systemd",
			[]string{"/conf/systemd/user/"}, ".config"},
		"default folder": {func(h *bootHost) { h.systemd, h.defaultDir = true, true }, "systemd", nil, "POCKET_ROOT"},
		"OpenRC, root": {func(h *bootHost) { h.openRC, h.root = true, true }, "OpenRC",
			[]string{"/etc/init.d/pocket-docker-boot", "POCKET_ROOT=\"/mnt/big/pocket\" \"/usr/local/bin/pocket-docker\" boot", "rc-update add"}, "systemctl"},
		"OpenRC, user": {func(h *bootHost) { h.openRC, h.cron = true, true }, "cron",
			[]string{"@reboot POCKET_ROOT='/mnt/big/pocket' '/usr/local/bin/pocket-docker' boot", "| crontab -"}, "init.d"},
	} {
		h := base
		c.change(&h)
		u, err := h.unit()
		if err != nil || u.System != c.system {
			t.Errorf("%s: %s, %v", name, u.System, err)
			continue
		}
		for _, want := range c.wants {
			if !strings.Contains(u.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, u)
			}
		}
		if c.not != "" && strings.Contains(u.String(), c.not) {
			t.Errorf("%s: %q in\n%s", name, c.not, u)
		}
	}
	if _, err := base.unit(); err == nil {
		t.Error("a host without anything got a unit")
	}
	base.systemd, base.dir = true, "/mnt/a'b"
	if _, err := base.unit(); err == nil {
		t.Error("a path with a quote got into a unit")
	}
}
