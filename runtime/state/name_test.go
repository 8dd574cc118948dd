package state

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/sqlite"
)

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if len(id) != 64 || !isHex(id) || strings.Trim(id[:12], "0123456789") == "" || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"ab", "A1", "0x", "a_b.c-d", "web-1"} {
		if err := CheckName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "a", "-a", ".a", "_a", "a b", "a/b", "../a", "ä1", "aä", "a\n", "a\x00"} {
		if err := CheckName(name); err == nil || hint.Of(err) == "" {
			t.Errorf("%q: %v, hint %q", name, err, hint.Of(err))
		}
	}
}

func TestWordsMakeValidNames(t *testing.T) {
	seen := map[string]bool{}
	for _, word := range append(append([]string{}, adjectives...), surnames...) {
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" || seen[word] {
			t.Errorf("%q is twice in the lists or not plain", word)
		}
		seen[word] = true
	}
	if len(adjectives) < 60 || len(surnames) < 60 {
		t.Errorf("%d adjectives, %d surnames: at least 60 of each", len(adjectives), len(surnames))
	}
}

func TestNameTaken(t *testing.T) {
	db := open(t)
	holder := create(t, db, Container{Name: "web"})
	_, err := db.CreateContainer(Container{Name: "web"})
	if !errors.Is(err, ErrNameTaken) || !strings.Contains(err.Error(), holder.Short()) || !strings.Contains(hint.Of(err), "rm "+holder.Short()) {
		t.Errorf("got %v, hint %q", err, hint.Of(err))
	}
	if _, err := db.CreateContainer(Container{Name: "no/path"}); err == nil {
		t.Error("a bad name was accepted")
	}
	if all, err := db.Containers(true); err != nil || len(all) != 1 {
		t.Errorf("%d containers, %v", len(all), err)
	}
}

func TestNamesNeverRunOut(t *testing.T) {
	db := open(t)
	err := db.db.Write(func(tx *sqlite.Tx) error { // every pure name is taken
		for _, a := range adjectives {
			for _, s := range surnames {
				if err := createContainer(tx, &Container{ID: NewID(), Name: a + "_" + s, Status: Created, Created: time.Unix(1, 0)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	name := create(t, db, Container{}).Name
	if pure := strings.TrimRight(name, "0123456789"); pure == name || !strings.Contains(name, "_") {
		t.Errorf("name %q, want two words and a number", name)
	}
}
