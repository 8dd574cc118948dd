package image

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/transfer"
)

// download is one file being fetched. What has arrived stays in part, with what names it beside, so
// that a later run goes on there.
type download struct {
	client   transfer.Client
	url      string
	part     *os.File
	beside   string // file with the validator of part's content
	pinned   bool   // the whole will be compared with a known digest
	most     int64
	progress Progress
}

const (
	redirects = 10
	attempts  = 3

	downloadPrefix  = "download-"
	validatorSuffix = ".validator"
)

// openDownload takes the part file of url, waiting for another process that is fetching the same.
func openDownload(ctx context.Context, dir, url string, progress Progress) (*download, error) {
	path := filepath.Join(dir, downloadPrefix+fmt.Sprintf("%x", sha256.Sum256([]byte(url)))[:32])
	for {
		part, err := lock(ctx, path, progress)
		if err != nil {
			return nil, err
		}
		// The other process removes the file when it is done: then what we hold has no name any more.
		held, err := part.Stat()
		if now, missing := os.Stat(path); err == nil && missing == nil && os.SameFile(held, now) {
			return &download{url: url, part: part, beside: path + validatorSuffix, progress: progress}, nil
		}
		part.Close()
		if err != nil {
			return nil, err
		}
	}
}

// remove gives up what has arrived.
func (d *download) remove() error {
	return errors.Join(ignoreMissing(os.Remove(d.beside)), ignoreMissing(os.Remove(d.part.Name())))
}

// fetch completes the part file.
func (d *download) fetch(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		before := d.have()
		err := d.follow(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		var cut *cutOff
		if !errors.As(err, &cut) {
			return err
		}
		if !d.client.Resumes || (d.validator() == "" && !d.pinned) {
			return errors.Join(err, d.part.Truncate(0))
		}
		if attempt == attempts || d.have() == before {
			return hint.With(err, "run the same again: it goes on after the %d bytes that arrived", d.have())
		}
	}
}

func (d *download) have() int64 {
	st, err := d.part.Stat()
	if err != nil {
		return 0
	}
	return st.Size()
}

// validator is what the server called the content that is there. It counts until the next reboot: after
// a loss of power, a file's length says nothing about its content.
func (d *download) validator() string {
	text, err := os.ReadFile(d.beside)
	if err != nil {
		return ""
	}
	boot, validator, _ := strings.Cut(string(text), "\n")
	if boot != bootID() {
		return ""
	}
	return validator
}

func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(id))
}

// follow requests the URL and those that it leads to.
func (d *download) follow(ctx context.Context) error {
	url := d.url
	for range redirects + 1 {
		r := transfer.Request{URL: url}
		if v := d.validator(); d.client.Resumes && (v != "" || d.pinned) {
			r.Start, r.Validator = d.have(), v
		}
		next, err := d.once(ctx, r)
		if err != nil {
			return fmt.Errorf("fetch %s: %w", transfer.Shown(url), err)
		}
		if next == "" {
			return nil
		}
		if transfer.IsHTTPS(url) && !transfer.IsHTTPS(next) {
			return fmt.Errorf("fetch %s: the server leads from https to %s, which is not protected", transfer.Shown(url), quote(transfer.Shown(next)))
		}
		if err := checkURL(next); err != nil {
			return fmt.Errorf("fetch %s: redirection: %w", transfer.Shown(url), err)
		}
		url = next
	}
	return fmt.Errorf("fetch %s: more than %d redirections", transfer.Shown(d.url), redirects)
}

// once makes one request. It returns the URL to go to, or "" when the part file is complete.
func (d *download) once(ctx context.Context, r transfer.Request) (string, error) {
	a, err := d.client.Ask(ctx, r)
	if err != nil {
		return "", err
	}
	defer a.Close()
	switch {
	case a.Status >= 300 && a.Status < 400 && a.Fields["location"] != "":
		a.Close()
		return transfer.Resolve(r.URL, a.Fields["location"]), nil
	case a.Status == 206 && r.Start > 0 && a.RangeStart() == r.Start:
		return "", d.receive(ctx, a, r.Start)
	case a.Status == 200:
		if err := d.restart(a.Validator()); err != nil {
			a.Close()
			return "", err
		}
		return "", d.receive(ctx, a, 0)
	case r.Start > 0 && a.Status == 416 && a.Fields["content-range"] == fmt.Sprintf("bytes */%d", r.Start):
		a.Close()
		return "", nil // nothing is missing: the last run ended just before it could say so
	case r.Start > 0 && (a.Status == 206 || a.Status == 416): // another range, or ours is not there any more
		a.Close()
		if err := d.restart(""); err != nil {
			return "", err
		}
		return r.URL, nil
	}
	a.Close()
	return "", statusError(a.Head)
}

// restart empties the part file and notes the name of what will fill it, before it does.
func (d *download) restart(validator string) error {
	if err := failpoint.At("pull.restart"); err != nil {
		return err
	}
	if err := d.part.Truncate(0); err != nil {
		return err
	}
	return os.WriteFile(d.beside, []byte(bootID()+"\n"+validator), 0o600)
}

// statusError says what the server answered instead of the file.
func statusError(h transfer.Head) error {
	err := h.Err()
	switch h.Status {
	case 404, 410:
		return hint.With(err, "check the address: there is no such file on that server")
	case 401, 403:
		return hint.With(err, "check the address, or use one that needs no login")
	case 429, 503:
		return hint.With(err, "try again later")
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
