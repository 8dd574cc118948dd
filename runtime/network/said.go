package network

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// saidLimit bounds what is kept of a program's messages: the last of them.
const saidLimit = 4096

// said keeps what a program wrote last to its standard error.
type said struct {
	from *os.File
	mu   sync.Mutex
	text []byte
	over chan struct{}
}

// listen returns the file that the program is to write to.
func (s *said) listen() (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	s.from, s.over = r, make(chan struct{})
	go s.read()
	return w, nil
}

// read ends when the program does, or end is called.
func (s *said) read() {
	defer close(s.over)
	buffer := make([]byte, 1024)
	for {
		n, err := s.from.Read(buffer)
		s.mu.Lock()
		s.text = append(s.text, buffer[:n]...)
		s.text = s.text[max(0, len(s.text)-saidLimit):]
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// end waits for the last of it. The program must be dead.
func (s *said) end() {
	if s.from != nil {
		<-s.over
		_ = s.from.Close()
	}
}

// String is one line, without the complaints of a program that finds no system logger.
func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(s.text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Failed to send") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "it said nothing"
	}
	return strings.Join(lines, "; ")
}
