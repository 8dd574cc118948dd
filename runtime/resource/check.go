package resource

import (
	"errors"
	"fmt"
)

// Check finds limits that contradict each other.
func (l Limits) Check() error {
	var all []error
	if l.Swap != 0 && l.Memory == 0 {
		all = append(all, errors.New("a limit on memory and swap needs one on memory, which is a part of it"))
	}
	if l.Swap > 0 && l.Swap < l.Memory {
		all = append(all, fmt.Errorf("memory %s is more than memory and swap together, %s", l.Memory, l.Swap))
	}
	if l.Memory > 0 && l.Reservation > l.Memory {
		all = append(all, fmt.Errorf("a reservation of %s is more than the memory limit, %s", l.Reservation, l.Memory))
	}
	if l.CPUPeriod > 0 && l.CPUs == 0 {
		all = append(all, errors.New("a period of processor time limits nothing without a quota"))
	}
	return errors.Join(all...)
}
