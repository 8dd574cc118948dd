package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/transfer"
)

// authorize gets what the registry asks for, unless another request has done so since used was current.
func (s *session) authorize(ctx context.Context, used string, values []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.authorization != used {
		return nil
	}
	have, found, err := findLogin(ctx, s.files, s.ref)
	if err != nil {
		return err
	}
	list := parseChallenges(values)
	for _, c := range list {
		if c.scheme == "bearer" {
			token, err := s.token(ctx, c, have)
			if err != nil {
				return err
			}
			s.authorization = "Bearer " + token
			return nil
		}
	}
	for _, c := range list {
		if c.scheme == "basic" && found && have.refresh == "" {
			s.authorization = have.basic()
			return nil
		}
		if c.scheme == "basic" {
			return s.denied(fmt.Errorf("the registry %s wants a login", s.ref.Host))
		}
	}
	return fmt.Errorf("the registry %s wants a login of an unknown kind", s.ref.Host)
}

// token asks the server that the registry names for a token that allows to pull (docker's "Token
// Authentication Specification").
func (s *session) token(ctx context.Context, c challenge, have login) (string, error) {
	realm := c.params["realm"]
	if err := transfer.CheckURL(realm); err != nil {
		return "", fmt.Errorf("the registry's token server: %w", err)
	}
	if err := s.mayLead(s.base, realm); err != nil {
		return "", fmt.Errorf("the registry's token server: %w", err)
	}
	scope := c.params["scope"]
	if scope == "" {
		scope = "repository:" + s.ref.Path + ":pull"
	}
	r := tokenRequest(realm, c.params["service"], scope, have)
	r.Insecure = s.insecure
	var token string
	err := s.persist(ctx, func() (err error) {
		token, err = s.askToken(ctx, r, have)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("get a token from %s: %w", transfer.Shown(realm), err)
	}
	return token, nil
}

// tokenRequest sends a refresh token as OAuth2 has it (RFC 6749, 6), and anything else as docker always did.
func tokenRequest(realm, service, scope string, have login) transfer.Request {
	query := "scope=" + escape(scope)
	if service != "" {
		query = "service=" + escape(service) + "&" + query
	}
	if have.refresh != "" {
		form := "grant_type=refresh_token&client_id=pocket-docker&refresh_token=" + escape(have.refresh) + "&" + query
		return transfer.Request{URL: realm, Form: form, Whole: true}
	}
	mark := "?"
	if strings.Contains(realm, "?") {
		mark = "&"
	}
	r := transfer.Request{URL: realm + mark + query, Whole: true}
	if have != (login{}) {
		r.Header = []string{"Authorization: " + have.basic()}
	}
	return r
}

func (s *session) askToken(ctx context.Context, r transfer.Request, have login) (string, error) {
	a, err := s.client.Ask(ctx, r)
	if err != nil {
		return "", weigh(err)
	}
	defer a.Close()
	switch {
	case a.Status == 401 || a.Status == 403:
		err = s.denied(a.Head.Err())
		if have != (login{}) {
			err = hint.With(a.Head.Err(), "the stored login is not valid any more: docker login %s", s.ref.Host)
		}
		return "", err
	case a.Status != 200:
		if err := busy(a.Head); err != nil {
			return "", err
		}
		return "", a.Head.Err()
	}
	const most = 1 << 20
	text, err := readAll(a, most)
	if err != nil {
		return "", err
	}
	return parseToken(text)
}

// parseToken reads a token server's answer. The token becomes a part of a header field and must be
// nothing else.
func parseToken(text []byte) (string, error) {
	var answer struct {
		Token  string `json:"token"`
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", fmt.Errorf("the answer is not the JSON that it should be: %w", err)
	}
	token := answer.Token
	if token == "" {
		token = answer.Access
	}
	const most = 64 << 10
	if token == "" || len(token) > most {
		return "", errors.New("the answer holds no token")
	}
	for _, c := range []byte(token) {
		if c <= ' ' || c >= 0x7f {
			return "", errors.New("the token has characters that are not allowed")
		}
	}
	return token, nil
}

// escape writes a text into a URL's query or a form (RFC 3986, 2.1).
func escape(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(text) {
		if alphanumeric(c) || c >= 'A' && c <= 'Z' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
