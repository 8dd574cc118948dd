package main

import (
	"errors"
	"fmt"

	"pocket/runtime/container"
)

// eachContainer does something to each of the containers that the arguments name, and shows the names of
// those for which it worked; the others keep none of them.
func (c *call) eachContainer(names []string, do func(e *container.Engine, name string) error) error {
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	var all []error
	for _, name := range names {
		switch err := do(e, name); {
		case errors.Is(err, errSilent):
		case err != nil:
			all = append(all, err)
		default:
			fmt.Fprintln(c.stdout, name)
		}
	}
	return errors.Join(all...)
}

// errSilent keeps eachContainer from showing a name.
var errSilent = errors.New("nothing to show")
