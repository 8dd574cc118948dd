package main

import (
	"encoding/json"
	"fmt"
	"os"

	"pocket/runtime/doctor"
	"pocket/runtime/state"
)

const doctorUsage = `pocket-docker doctor [flags]

Examines what this host can enforce for the user who calls, by doing it, and whether the state folder is
sound. Each line says OK, degraded or missing, and where it is not OK what that means and what to do about
it. What is in several lines stands at the margin, to be copied.

      --json           the same as JSON
      --install-boot   instead, show what brings containers that are to run always back after a reboot: a
                       unit for systemd, a service for OpenRC, or a line for cron, whichever this host
                       has, and the commands that put it into effect; nothing is changed

Example:
  pocket-docker doctor
  pocket-docker doctor --install-boot

EXIT STATUS
  0, 1 when containers cannot run here at all or the host has nothing to start them with at boot, 125 for
  a wrong use. What is degraded is no error.
`

func cmdDoctor(c *call) error {
	var asJSON, boot bool
	flags := c.flagSet()
	flags.BoolVar(&asJSON, "json", false, "")
	flags.BoolVar(&boot, "install-boot", false, "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	dir, err := state.Dir()
	if err != nil {
		return err
	}
	if boot {
		return c.showBoot(dir, asJSON)
	}
	report := doctor.Check(dir)
	if err := c.show(report, asJSON); err != nil {
		return err
	}
	if !report.Usable() {
		return exitStatus(1)
	}
	return nil
}

func (c *call) showBoot(dir string, asJSON bool) error {
	unit, err := doctor.Boot(dir, os.Getenv("POCKET_ROOT") == "" && os.Getenv("XDG_DATA_HOME") == "")
	if err != nil {
		return err
	}
	return c.show(unit, asJSON)
}

// show writes what has a text for people and a form for machines.
func (c *call) show(what fmt.Stringer, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprint(c.stdout, what)
		return err
	}
	out := json.NewEncoder(c.stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(what)
}
