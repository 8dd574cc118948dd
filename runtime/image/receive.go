package image

import (
	"context"
	"fmt"
	"io"

	"pocket/runtime/failpoint"
	"pocket/runtime/transfer"
)

// cutOff is a transfer that ended early.
type cutOff struct{ error }

func (c *cutOff) Unwrap() error { return c.error }

// receive appends the content of a to the first start bytes of the part file.
func (d *download) receive(ctx context.Context, a *transfer.Answer, start int64) error {
	total := int64(-1)
	if n := a.Length(); n >= 0 {
		total = start + n
	}
	if start+max(a.Length(), 0) > d.most {
		a.Close()
		return fmt.Errorf("the file is larger than %d bytes", d.most)
	}
	to := &partWriter{d: d, at: start, total: max(total, 0)}
	_, err := io.Copy(to, a.Body)
	if err != nil && to.err != nil {
		a.Close()
		return to.err
	}
	failed := a.Wait()
	if err != nil {
		failed = err
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case total >= 0 && to.at != total:
		return &cutOff{fmt.Errorf("the transfer ended after %d of %d bytes", to.at, total)}
	case failed != nil:
		return &cutOff{fmt.Errorf("the transfer ended after %d bytes: %w", to.at, failed)}
	}
	if d.progress != nil {
		d.progress(StageDownload, to.at, to.at)
	}
	return nil
}

// partWriter writes to the part file and remembers if that was what failed.
type partWriter struct {
	d         *download
	at, total int64
	reported  int64
	err       error
}

func (w *partWriter) Write(p []byte) (int, error) {
	if w.at+int64(len(p)) > w.d.most {
		w.err = fmt.Errorf("the file is larger than %d bytes", w.d.most)
		return 0, w.err
	}
	if w.err = failpoint.At("pull.write"); w.err != nil {
		return 0, w.err
	}
	n, err := w.d.part.WriteAt(p, w.at)
	w.at += int64(n)
	w.err = err
	const step = 256 << 10
	if w.d.progress != nil && w.at-w.reported >= step {
		w.reported = w.at
		w.d.progress(StageDownload, w.at, w.total)
	}
	return n, err
}
