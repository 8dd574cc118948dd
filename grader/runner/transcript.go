package runner

import (
	"bytes"
	"fmt"
	"strings"
)

// transcript keeps who said what, line by line: of a long talk the beginning and the end.
type transcript struct {
	head, rest []byte
	dropped    int64  // bytes between them
	mark       string // who speaks
	open       bool   // the last line is not ended
}

// kept of a talk: so many bytes of the beginning, and of the end.
const keptTalk = 16 << 10

// add notes what is said by whom the mark stands for.
func (t *transcript) add(mark string, text []byte) {
	for len(text) > 0 {
		if t.open && mark != t.mark {
			t.write([]byte("\n"))
			t.open = false
		}
		if !t.open {
			t.write([]byte(mark))
		}
		line, _, ended := bytes.Cut(text, []byte("\n"))
		if ended {
			line = text[:len(line)+1]
		}
		t.write(line)
		t.mark, t.open = mark, !ended
		text = text[len(line):]
	}
}

func (t *transcript) write(text []byte) {
	if t.dropped == 0 && len(t.rest) == 0 {
		n := min(len(text), keptTalk-len(t.head))
		t.head, text = append(t.head, text[:n]...), text[n:]
	}
	t.rest = append(t.rest, text...)
	if len(t.rest) > 4*keptTalk {
		cut := len(t.rest) - keptTalk
		t.dropped += int64(cut)
		t.rest = append([]byte(nil), t.rest[cut:]...)
	}
}

// String is the talk; what is left out is said in a line of its own.
func (t *transcript) String() string {
	end, dropped := t.rest, t.dropped
	if cut := len(end) - keptTalk; cut > 0 {
		end, dropped = end[cut:], dropped+int64(cut)
	}
	var b strings.Builder
	b.Write(t.head)
	if dropped > 0 {
		if newline := bytes.IndexByte(end, '\n'); newline >= 0 { // from the start of a line
			end, dropped = end[newline+1:], dropped+int64(newline)+1
		}
		fmt.Fprintf(&b, "\n… %d bytes …\n", dropped)
	}
	b.Write(end)
	return b.String()
}
