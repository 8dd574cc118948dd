package doctor

import (
	"context"
	"errors"
	"time"

	"pocket/runtime/boot"
	"pocket/runtime/idmap"
	"pocket/runtime/network"
)

// pasta has the program connect a network namespace, which also takes a device and a default route.
func pasta() Finding {
	const name = "pasta"
	const consequence = "--network pasta and -p do not work; none, host and container:NAME do"
	path, err := network.Program()
	if err == nil {
		err = tryPasta()
	}
	if err != nil {
		return failure(name, Degraded, err, consequence)
	}
	return Finding{Name: name, Status: OK, Found: path + ", it connected a trial network"}
}

func tryPasta() error {
	ids := idmap.Default()
	user, err := boot.UserNS(ids)
	if err != nil {
		return err
	}
	defer user.Close()
	ctx, cancel := context.WithTimeoutCause(context.Background(), 5*time.Second, errors.New("pasta was not ready within 5 s"))
	defer cancel()
	c, err := network.Mode{Kind: network.Pasta}.Connect(ctx, user, ids, nil)
	if err != nil {
		return err
	}
	return c.Close()
}
