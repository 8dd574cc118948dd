package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"pocket/runtime/image"
)

// change does to an image's configuration what an instruction of a Dockerfile says.
func change(c *image.Config, instruction string) error {
	name, rest, _ := strings.Cut(strings.TrimSpace(instruction), " ")
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return errors.New("an instruction and its value are needed, as CMD [\"/bin/sh\"]")
	}
	var err error
	switch strings.ToUpper(name) {
	case "CMD":
		c.Cmd, err = execForm(rest)
	case "ENTRYPOINT":
		c.Entrypoint, err = execForm(rest)
	case "ENV":
		err = eachPair(rest, func(key, value string) { c.Env = append(c.Env, key+"="+value) })
	case "LABEL":
		if c.Labels == nil {
			c.Labels = map[string]string{}
		}
		err = eachPair(rest, func(key, value string) { c.Labels[key] = value })
	case "WORKDIR":
		c.WorkingDir = rest
		if !strings.HasPrefix(rest, "/") {
			err = fmt.Errorf("%q is not an absolute path", rest)
		}
	case "USER":
		c.User = rest
	case "STOPSIGNAL":
		c.StopSignal = rest
		_, err = parseSignal(rest)
	case "EXPOSE":
		c.ExposedPorts, err = ports(rest)
	case "VOLUME":
		c.Volumes, err = volumes(rest)
	default:
		err = errors.New("it is none of CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME and WORKDIR")
	}
	return err
}

// execForm reads ["program", "argument"], or a command line for a shell.
func execForm(text string) ([]string, error) {
	if !strings.HasPrefix(text, "[") {
		return []string{"/bin/sh", "-c", text}, nil
	}
	var words []string
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		return nil, fmt.Errorf("%s is not a list of texts in double quotes", text)
	}
	return words, nil
}

// eachPair reads NAME=VALUE NAME="VALUE"…, or the older form NAME VALUE.
func eachPair(text string, set func(key, value string)) error {
	words, err := splitWords(text)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return errors.New("it is empty")
	}
	if !strings.Contains(words[0], "=") {
		key, value, ok := strings.Cut(text, " ")
		if !ok {
			return fmt.Errorf("%q is not NAME=VALUE", text)
		}
		set(key, strings.TrimSpace(value))
		return nil
	}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return fmt.Errorf("%q is not NAME=VALUE", word)
		}
		set(key, value)
	}
	return nil
}

// ports reads PORT[/tcp|/udp|/sctp]….
func ports(text string) (map[string]struct{}, error) {
	set := map[string]struct{}{}
	for _, word := range strings.Fields(text) {
		number, protocol, ok := strings.Cut(strings.ToLower(word), "/")
		if !ok {
			protocol = "tcp"
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n == 0 || protocol != "tcp" && protocol != "udp" && protocol != "sctp" {
			return nil, fmt.Errorf("%q is not a port, as 80 or 53/udp", word)
		}
		set[number+"/"+protocol] = struct{}{}
	}
	return set, nil
}

// volumes reads PATH… or ["PATH", …].
func volumes(text string) (map[string]struct{}, error) {
	paths := strings.Fields(text)
	if strings.HasPrefix(text, "[") {
		if err := json.Unmarshal([]byte(text), &paths); err != nil {
			return nil, fmt.Errorf("%s is not a list of texts in double quotes", text)
		}
	}
	set := map[string]struct{}{}
	for _, path := range paths {
		if !strings.HasPrefix(path, "/") {
			return nil, fmt.Errorf("%q is not an absolute path", path)
		}
		set[path] = struct{}{}
	}
	return set, nil
}
