package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"pocket/runtime/image"
)

// keepImages leaves those that all filters want; filters of one key are alternatives.
func keepImages(list []image.Image, filters []string) ([]image.Image, error) {
	byKey := map[string][]func(image.Image) bool{}
	for _, f := range filters {
		key, text, ok := strings.Cut(f, "=")
		if !ok || text == "" {
			return nil, fmt.Errorf("--filter %q is not KEY=VALUE", f)
		}
		wants, err := imageFilter(list, key, text)
		if err != nil {
			return nil, err
		}
		byKey[key] = append(byKey[key], wants)
	}
	var kept []image.Image
	for _, img := range list {
		wanted := true
		for _, alternatives := range byKey {
			wanted = wanted && slices.ContainsFunc(alternatives, func(wants func(image.Image) bool) bool { return wants(img) })
		}
		if wanted {
			kept = append(kept, img)
		}
	}
	return kept, nil
}

func imageFilter(list []image.Image, key, text string) (func(image.Image) bool, error) {
	switch key {
	case "dangling":
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("--filter dangling=%q is neither true nor false", text)
		}
		return func(i image.Image) bool { return i.Dangling() == (text == "true") }, nil
	case "reference":
		if _, err := path.Match(text, ""); err != nil {
			return nil, fmt.Errorf("--filter reference=%q: %w", text, err)
		}
		return func(i image.Image) bool { return isNamed(i, text) }, nil
	case "label":
		name, value, valued := strings.Cut(text, "=")
		return func(i image.Image) bool {
			got, ok := i.Config.Labels[name]
			return ok && (!valued || got == value)
		}, nil
	case "before", "since":
		at := slices.IndexFunc(list, func(i image.Image) bool { return isNamed(i, text) || isCalled(i, text) })
		if at < 0 {
			return nil, fmt.Errorf("--filter %s=%s: there is no such image", key, text)
		}
		when := list[at].Created
		if key == "before" {
			return func(i image.Image) bool { return i.Created.Before(when) }, nil
		}
		return func(i image.Image) bool { return i.Created.After(when) }, nil
	}
	return nil, fmt.Errorf("--filter %q: it is none of dangling, reference, label, before and since", key)
}

// isNamed tells if a pattern is the image's name, with or without its tag.
func isNamed(i image.Image, pattern string) bool {
	repository, _ := i.Reference()
	for _, name := range []string{i.Name, repository} {
		if ok, err := path.Match(pattern, name); err == nil && ok && !i.Dangling() {
			return true
		}
	}
	return false
}

func isCalled(i image.Image, id string) bool {
	return len(id) >= 6 && strings.HasPrefix(strings.TrimPrefix(i.ID, "sha256:"), strings.TrimPrefix(id, "sha256:"))
}
