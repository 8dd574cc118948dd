package main

import (
	"encoding/json"
	"fmt"

	"pocket/runtime/doctor"
	"pocket/runtime/state"
)

const doctorUsage = `pocket-docker doctor [flags]

Examines what this host can enforce for the user who calls, by doing it. Each line says OK, degraded or
missing, and where it is not OK what that means and what to do about it.

      --json   the same as JSON

Example:
  pocket-docker doctor

EXIT STATUS
  0, 1 when containers cannot run here at all, 125 for a wrong use.
`

func cmdDoctor(c *call) error {
	var asJSON bool
	flags := c.flagSet()
	flags.BoolVar(&asJSON, "json", false, "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	dir, err := state.Dir()
	if err != nil {
		return err
	}
	report := doctor.Check(dir)
	if asJSON {
		out := json.NewEncoder(c.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		err = out.Encode(report)
	} else {
		_, err = fmt.Fprint(c.stdout, report)
	}
	if err == nil && !report.Usable() {
		err = exitStatus(1)
	}
	return err
}
