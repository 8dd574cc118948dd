package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/transfer"
)

// refusal says what a server answered instead of what was asked for.
func (s *session) refusal(a *transfer.Answer, home bool) error {
	if err := busy(a.Head); err != nil {
		return err
	}
	err := a.Head.Err()
	if !home {
		return err
	}
	if said := complaint(a.Body); said != "" {
		err = fmt.Errorf("%w: %s", err, said)
	}
	switch a.Status {
	case 401, 403:
		return s.denied(err)
	case 404:
		return hint.With(err, "check the image's name and tag; some registries say this also of images that need a login")
	}
	return err
}

// denied is for a registry that does not let us in.
func (s *session) denied(err error) error {
	return hint.With(err, "check the name, or log in with: docker login %s (podman login and skopeo login do as well)", s.ref.Host)
}

// complaint is the message in a registry's answer (the distribution specification, "Error Codes").
func complaint(body io.Reader) string {
	const most = 64 << 10
	var answer struct {
		Errors []struct{ Code, Message string }
	}
	text, err := io.ReadAll(io.LimitReader(body, most))
	if err != nil || json.Unmarshal(text, &answer) != nil || len(answer.Errors) == 0 {
		return ""
	}
	said := answer.Errors[0].Message
	if said == "" {
		said = strings.ToLower(strings.ReplaceAll(answer.Errors[0].Code, "_", " "))
	}
	const shown = 200
	return strings.Map(printable, said[:min(len(said), shown)])
}

// readAll reads a short document.
func readAll(a *transfer.Answer, most int64) ([]byte, error) {
	if a.Length() > most {
		return nil, fmt.Errorf("the answer is %d bytes long, at most %d are allowed", a.Length(), most)
	}
	text, err := io.ReadAll(io.LimitReader(a.Body, most+1))
	if err == nil && int64(len(text)) > most {
		return nil, fmt.Errorf("the answer is longer than the %d bytes that are allowed", most)
	}
	if err == nil {
		err = a.Wait()
	}
	if err == nil && a.Length() >= 0 && a.Length() != int64(len(text)) {
		err = errors.New("the answer ended early")
	}
	if err != nil {
		return nil, &temporary{error: err}
	}
	return text, nil
}
