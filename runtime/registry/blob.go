package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/transfer"
)

// mostFailures ends the fetching of a blob that comes in ever new crumbs.
const mostFailures = 50

// blob fetches a blob into folder, or what is missing of it, and gives it the name path. moved is told of
// the bytes that have come, and with a negative number of those that were of no use.
func (s *session) blob(ctx context.Context, folder, path string, want descriptor, moved func(int64)) error {
	p, err := openPart(ctx, folder, want)
	if err != nil {
		return spaceHint(err)
	}
	defer p.Close()
	f := &fetching{session: s, part: p, moved: moved}
	moved(p.have)
	if err := f.complete(ctx); err != nil {
		return fmt.Errorf("fetch %s: %w", want.Digest, spaceHint(err))
	}
	return p.publish(path)
}

// fetching is one blob on its way.
type fetching struct {
	*session
	*part
	moved func(int64)
}

// complete fetches until the part is what it should be. A part of an earlier pull that proves wrong, as
// after a loss of power, is fetched anew once.
func (f *fetching) complete(ctx context.Context) error {
	for fresh := f.have == 0; ; fresh = true {
		if err := f.fill(ctx); err != nil {
			return err
		}
		ok, err := f.verify()
		if ok || err != nil {
			return err
		}
		if err := f.restart(); err != nil {
			return err
		}
		if fresh {
			return hint.With(errors.New("the registry sent something else, with another digest"),
				"try again; if it stays so, the registry or something on the way to it is not to be trusted")
		}
	}
}

// fill repeats requests until the part has its size.
func (f *fetching) fill(ctx context.Context) error {
	for total := 1; f.have != f.want.Size; total++ {
		err := f.persist(ctx, func() error {
			before := f.have
			err := f.once(ctx)
			if err != nil && f.have > before && total < mostFailures && isTemporary(err) {
				return nil // it went on: that counts as a new beginning
			}
			return err
		})
		if (isTemporary(err) || transfer.ReasonOf(err) != transfer.Other) && f.client.Resumes && f.have > 0 {
			return hint.With(err, "run the same again: it goes on after the %d bytes that arrived", f.have)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isTemporary(err error) bool {
	var t *temporary
	return errors.As(err, &t)
}

// restart empties the part, and what has come counts no more.
func (f *fetching) restart() error {
	f.moved(-f.have)
	return f.part.restart()
}

// once makes one request for what is missing.
func (f *fetching) once(ctx context.Context) error {
	if !f.client.Resumes || f.have > f.want.Size {
		if err := f.restart(); err != nil {
			return err
		}
	}
	a, err := f.open(ctx, transfer.Request{URL: "/v2/" + f.ref.Path + "/blobs/" + f.want.Digest, Start: f.have})
	if err != nil {
		return f.weigh(err)
	}
	defer a.Close()
	switch {
	case a.Status == 200:
		err = f.restart()
	case a.Status == 416 || a.RangeStart() != f.have:
		return errors.Join(&temporary{error: errors.New("the registry does not send the range asked for")}, f.restart())
	}
	if err == nil {
		err = f.checkLength(a.Head)
	}
	if err != nil {
		return err
	}
	return f.receive(ctx, a)
}

// weigh tells what may pass from what will not: in the middle of an image, the network is there.
func (f *fetching) weigh(err error) error {
	switch transfer.ReasonOf(err) {
	case transfer.Unreachable, transfer.Broken:
		return &temporary{error: err}
	}
	return err
}

// checkLength compares the length that a server announces.
func (f *fetching) checkLength(h transfer.Head) error {
	length := h.Length()
	if length >= 0 {
		length += f.have
	}
	if _, total, ok := strings.Cut(h.Fields["content-range"], "/"); ok && h.Status == 206 && total != "*" && total != fmt.Sprint(f.want.Size) {
		return fmt.Errorf("the registry has %s bytes of it, the manifest says %d", quote(total), f.want.Size)
	}
	if length >= 0 && length != f.want.Size {
		return fmt.Errorf("the registry has %d bytes of it, the manifest says %d", length, f.want.Size)
	}
	return nil
}

// receive reads no more than the manifest allows.
func (f *fetching) receive(ctx context.Context, a *transfer.Answer) error {
	to, start := &counted{to: f.part, moved: f.moved}, f.have
	_, err := io.CopyN(to, a.Body, f.want.Size-f.have)
	if to.err != nil || ctx.Err() != nil {
		return errors.Join(to.err, ctx.Err())
	}
	if err == nil {
		if _, err := a.Body.ReadByte(); err == nil {
			return errors.Join(fmt.Errorf("the registry sends more than the %d bytes that the manifest says", f.want.Size), f.restart())
		}
		return nil
	}
	err = fmt.Errorf("the transfer ended after %d of %d bytes", f.have, f.want.Size)
	failed := a.Wait()
	if failed != nil {
		err = fmt.Errorf("%w: %w", err, failed)
	}
	if transfer.ReasonOf(failed) == transfer.Silent && f.have == start {
		return err // it was waited for long enough
	}
	return &temporary{error: err}
}

// counted tells of what is written, and remembers if that was what failed.
type counted struct {
	to    io.Writer
	moved func(int64)
	err   error
}

func (c *counted) Write(b []byte) (n int, err error) {
	n, c.err = c.to.Write(b)
	c.moved(int64(n))
	return n, c.err
}

func spaceHint(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return hint.With(err, "make room on the disk, or set POCKET_ROOT to a folder on another one; "+
			"the same command goes on after what arrived")
	}
	return err
}
