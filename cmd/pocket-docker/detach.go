package main

import (
	"bytes"
	"fmt"
	"strings"
)

// defaultDetachKeys is docker's sequence: Ctrl-P, Ctrl-Q.
const defaultDetachKeys = "ctrl-p,ctrl-q"

// parseDetachKeys reads docker's notation: keys with commas between, each a character or ctrl- and one of
// a to z, @ [ \ ] ^ _, or DEL. An empty text is no sequence: nothing detaches.
func parseDetachKeys(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	var keys []byte
	for name := range strings.SplitSeq(text, ",") {
		key, err := parseKey(name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseKey(name string) (byte, error) {
	if len(name) == 1 && name[0] < 0x80 {
		return name[0], nil
	}
	lower := strings.ToLower(name)
	if lower == "del" {
		return 0x7f, nil
	}
	if letter, ok := strings.CutPrefix(lower, "ctrl-"); ok && len(letter) == 1 {
		// The control characters are the codes of @, A to Z, [ \ ] ^ _ without their bit 64 (ascii(7)).
		if n := strings.IndexByte("@abcdefghijklmnopqrstuvwxyz[\\]^_", letter[0]); n >= 0 {
			return byte(n), nil
		}
	}
	return 0, fmt.Errorf("%q is not a key (write for example ctrl-p,ctrl-q or a,b)", name)
}

func detachKeysFlag(to *[]byte) *value {
	return &value{text: defaultDetachKeys, kind: "keys", set: func(text string) (err error) {
		*to, err = parseDetachKeys(text)
		return err
	}}
}

// detachScanner finds the sequence in what is typed, however it is cut into reads.
type detachScanner struct {
	keys    []byte
	pending []byte // typed and held back: the beginning of keys
}

// scan returns what is to be passed on, and whether the sequence is complete; nothing after it counts.
func (d *detachScanner) scan(typed []byte) (pass []byte, detached bool) {
	if len(d.keys) == 0 {
		return typed, false
	}
	for _, b := range typed {
		d.pending = append(d.pending, b)
		for !bytes.HasPrefix(d.keys, d.pending) {
			pass = append(pass, d.pending[0])
			d.pending = d.pending[1:]
		}
		if len(d.pending) == len(d.keys) {
			d.pending = nil
			return pass, true
		}
	}
	return pass, false
}
