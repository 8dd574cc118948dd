package image

import (
	"context"
	"errors"
	"os"

	"pocket/runtime/idmap"
	"pocket/runtime/inside"
)

// Jobs are what this package does as the root of a user namespace, where an ordinary user has a range of
// ids and files are to get, or have, the owners that the image gives them. Programs that use a Store give
// them to inside.Serve.
var Jobs = map[string]inside.Job{
	"image-unpack": unpackInside,
	"image-replay": replayInside,
	"image-merge":  mergeInside,
}

// unpack does the task where the owners come out right.
func (s *Store) unpack(ctx context.Context, task unpackTask, f, pieces *os.File, progress Progress) (unpacked, error) {
	if !s.ids.Tool || s.owners.change {
		if pieces == nil {
			return task.run(ctx, f, nil, s.owners, progress)
		}
		return task.run(ctx, f, pieces, s.owners, progress)
	}
	if progress != nil {
		progress(StageUnpack, 0, 0)
	}
	files := []*os.File{f}
	if pieces != nil {
		files = append(files, pieces)
	}
	var found unpacked
	err := inside.Run(inside.As(s.ids), "image-unpack", ownedTask[unpackTask]{task, s.ids}, &found, files...)
	return found, errors.Join(ctx.Err(), err)
}

// ownedTask is a task with the mapping that it is done in.
type ownedTask[T any] struct {
	Task T
	IDs  idmap.Map
}

// owners inside are the image's, as far as the mapping goes.
func (t ownedTask[T]) owners() owners {
	same := func(ranges []idmap.Range) []idmap.Range {
		var list []idmap.Range
		for _, r := range ranges {
			list = append(list, idmap.Range{Inside: r.Inside, Outside: r.Inside, Count: r.Count})
		}
		return list
	}
	return owners{change: true, ids: idmap.Map{UIDs: same(t.IDs.UIDs), GIDs: same(t.IDs.GIDs)}}
}

func unpackInside(c *inside.Call) (any, error) {
	var t ownedTask[unpackTask]
	if err := c.Args(&t); err != nil {
		return nil, err
	}
	if len(c.Files) == 1 {
		return t.Task.run(context.Background(), c.Files[0], nil, t.owners(), nil)
	}
	return t.Task.run(context.Background(), c.Files[0], c.Files[1], t.owners(), nil)
}

func (s *Store) replay(task replayTask, pieces, to *os.File) error {
	if !s.ids.Tool || s.owners.change {
		return task.run(pieces, to)
	}
	return inside.Run(inside.As(s.ids), "image-replay", task, nil, pieces, to)
}

func replayInside(c *inside.Call) (any, error) {
	var t replayTask
	if err := c.Args(&t); err != nil {
		return nil, err
	}
	return nil, t.run(c.Files[0], c.Files[1])
}

func (s *Store) merge(ctx context.Context, task mergeTask) error {
	if !s.ids.Tool || s.owners.change {
		return task.run(ctx, s.owners)
	}
	return inside.Run(inside.As(s.ids), "image-merge", ownedTask[mergeTask]{task, s.ids}, nil)
}

func mergeInside(c *inside.Call) (any, error) {
	var t ownedTask[mergeTask]
	if err := c.Args(&t); err != nil {
		return nil, err
	}
	return nil, t.Task.run(context.Background(), t.owners())
}
