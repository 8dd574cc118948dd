package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/transfer"
)

// session asks one registry for one repository's contents.
type session struct {
	client   transfer.Client
	ref      Reference
	insecure bool // plain http, and any certificate, is allowed
	files    []string
	sleep    func(context.Context, time.Duration) error

	base string // scheme and host, "" until the first answer

	mu            sync.Mutex
	authorization string // the value of the Authorization field, "" for none
}

const redirects = 10

// temporary is an error that may be gone after a while.
type temporary struct {
	error
	after time.Duration // as the server asks for; 0 when it does not
}

func (t *temporary) Unwrap() error { return t.error }

// connect finds out whether the registry is asked with TLS. Where that is not demanded, as of a registry
// on this host, plain http is what is left when TLS does not come about.
func (s *session) connect(ctx context.Context) error {
	host := apiHost(s.ref.Host)
	s.insecure = s.insecure || transfer.IsLoopback("http://"+host)
	s.base = "https://" + host
	err := s.ping(ctx)
	switch transfer.ReasonOf(err) {
	case transfer.Secrecy, transfer.Unreachable, transfer.Broken:
		if s.insecure {
			s.base = "http://" + host
			err = s.ping(ctx)
		}
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	err = fmt.Errorf("ask %s: %w", s.ref.Host, err)
	switch transfer.ReasonOf(err) {
	case transfer.Secrecy:
		return hint.With(err, "if you trust the network to that registry: --tls-verify=false")
	case transfer.Certificate: // whose hint does not know that there is this flag
		return hint.With(errors.New(err.Error()), "check the host's clock and the ca-certificates package; "+
			"if you trust the network to that registry: --tls-verify=false")
	}
	return err
}

// ping asks if this is a registry (the distribution specification, "Determining Support").
func (s *session) ping(ctx context.Context) error {
	return s.persist(ctx, func() error {
		a, err := s.client.Ask(ctx, transfer.Request{URL: s.base + "/v2/", Insecure: s.insecure, Whole: true})
		if err != nil {
			return err
		}
		a.Close()
		return busy(a.Head)
	})
}

const attempts = 5

// persist repeats what fails for a time, with growing pauses.
func (s *session) persist(ctx context.Context, do func() error) error {
	pause := 500 * time.Millisecond
	for attempt := 1; ; attempt++ {
		err := do()
		var t *temporary
		if err == nil || ctx.Err() != nil || !errors.As(err, &t) || attempt == attempts {
			return err
		}
		if err := s.sleep(ctx, max(pause, t.after)); err != nil {
			return err
		}
		pause *= 2
	}
}

// sleep waits, but not longer than ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// open asks for a path below the registry and follows where that leads. Only the registry itself is shown
// the token: a redirection leads to a store of blobs, whose owner may be someone else.
func (s *session) open(ctx context.Context, r transfer.Request) (*transfer.Answer, error) {
	r.URL, r.Insecure = s.base+r.URL, s.insecure
	header := r.Header
	refused := false
	for range redirects {
		home := transfer.Origin(r.URL) == transfer.Origin(s.base)
		used := s.current()
		r.Header = header
		if home && used != "" {
			r.Header = append([]string{"Authorization: " + used}, header...)
		}
		a, err := s.client.Ask(ctx, r)
		if err != nil {
			return nil, weigh(err)
		}
		switch {
		case a.Status == 200 || a.Status == 206 || a.Status == 416:
			return a, nil
		case a.Status == 401 && home && !refused:
			refused = used != ""
			err = s.authorize(ctx, used, a.Challenges)
		case a.Status >= 300 && a.Status < 400 && a.Fields["location"] != "":
			r.URL, err = s.redirect(r.URL, a.Fields["location"])
		default:
			err = s.refusal(a, home)
		}
		a.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("more than %d redirections", redirects)
}

func (s *session) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authorization
}

// weigh tells a broken connection from one that never will be.
func weigh(err error) error {
	if transfer.ReasonOf(err) == transfer.Broken {
		return &temporary{error: err}
	}
	return err
}

// redirect checks where a server leads to.
func (s *session) redirect(from, location string) (string, error) {
	next := transfer.Resolve(from, location)
	if err := transfer.CheckURL(next); err != nil {
		return "", fmt.Errorf("redirection: %w", err)
	}
	return next, s.mayLead(from, next)
}

// mayLead refuses that a server makes us leave TLS or ask what only this host can reach.
func (s *session) mayLead(from, next string) error {
	if transfer.IsHTTPS(from) && !transfer.IsHTTPS(next) && !s.insecure {
		return fmt.Errorf("the server leads from https to %s, which is not protected", quote(transfer.Shown(next)))
	}
	if !transfer.IsLoopback(from) && (transfer.IsLoopback(next) || isLinkLocal(next)) {
		return fmt.Errorf("the server leads to %s, an address of this host's own", quote(transfer.Shown(next)))
	}
	return nil
}

// isLinkLocal tells if a URL's host is an address that only neighbours have (RFC 3927, RFC 4291), where
// hosts of virtual machines offer their secrets.
func isLinkLocal(url string) bool {
	_, host, _ := strings.Cut(transfer.Origin(url), "://")
	return strings.HasPrefix(host, "169.254.") || strings.HasPrefix(host, "[fe80:")
}

// busy says if a server cannot answer now.
func busy(h transfer.Head) error {
	switch h.Status {
	case 429, 500, 502, 503, 504:
		return asLater(h)
	}
	return nil
}

// mostPatience is the longest pause that a server may ask for.
const mostPatience = time.Minute

func asLater(h transfer.Head) error {
	after := retryAfter(h.Fields["retry-after"], time.Now())
	if after > mostPatience {
		return hint.With(fmt.Errorf("%w and asks to come back in %s", h.Err(), after.Round(time.Second)), "try again then")
	}
	return &temporary{hint.With(h.Err(), "try again later"), after}
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3).
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
