package main

import (
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func termios(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	mode, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *mode
}

func TestKeyboardPassesKeysUntilTheSequence(t *testing.T) {
	outer, inner := openTerminal(t)
	before := termios(t, inner)
	r, w := io.Pipe()
	k, err := newKeyboard(inner, true, []byte{0x10, 0x11}, w, func() { t.Error("a terminal's input has ended") })
	if err != nil {
		t.Fatal(err)
	}
	if termios(t, inner) == before {
		t.Error("the terminal is not raw")
	}
	b := make([]byte, 8)
	for _, typed := range []string{"\x03", "\x1a", "a\r"} { // Ctrl-C and Ctrl-Z are the program's
		outer.WriteString(typed)
		if _, err := io.ReadFull(r, b[:len(typed)]); err != nil || string(b[:len(typed)]) != typed {
			t.Errorf("typed %q, passed on %q %v", typed, b[:len(typed)], err)
		}
	}
	outer.WriteString("\x10")
	outer.WriteString("\x11")
	<-k.detached
	k.close()
	<-k.over // before its file is closed
	if termios(t, inner) != before {
		t.Error("the terminal is not as it was")
	}
}

func TestKeyboardIsSeizedAgain(t *testing.T) {
	_, inner := openTerminal(t)
	before := termios(t, inner)
	k, err := newKeyboard(inner, true, nil, io.Discard, func() {})
	if err != nil {
		t.Fatal(err)
	}
	raw := termios(t, inner)
	if err := unix.IoctlSetTermios(int(inner.Fd()), unix.TCSETS, &before); err != nil { // as a shell does
		t.Fatal(err)
	}
	if err := k.seize(); err != nil || termios(t, inner) != raw {
		t.Errorf("not raw again: %v", err)
	}
	k.close()
	<-k.over
	if termios(t, inner) != before {
		t.Error("the terminal is not as it was")
	}
	if err := k.seize(); err != nil || termios(t, inner) != before {
		t.Errorf("a closed keyboard was seized: %v", err)
	}
}

func TestKeyboardTellsTheEndOfAPipe(t *testing.T) {
	in, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	to, from := io.Pipe()
	k, err := newKeyboard(in, false, nil, from, func() { from.Close() })
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	w.WriteString("all of it")
	w.Close()
	if text, err := io.ReadAll(to); err != nil || string(text) != "all of it" {
		t.Errorf("%q %v", text, err)
	}
}

// A closed keyboard takes nothing more of the input: it is the shell's.
func TestAClosedKeyboardLeavesTheInputAlone(t *testing.T) {
	in, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	k, err := newKeyboard(in, false, nil, io.Discard, func() {})
	if err != nil {
		t.Fatal(err)
	}
	k.close()
	<-k.over
	w.WriteString("x")
	b := make([]byte, 1)
	if n, err := in.Read(b); err != nil || n != 1 {
		t.Errorf("%d %v", n, err)
	}
}
