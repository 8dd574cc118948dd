package main

import (
	"errors"
	"strings"
)

// splitWords splits a command line as a POSIX shell splits words (POSIX.1-2024, Shell Command Language,
// 2.2 Quoting): blanks separate; single quotes keep everything; double quotes keep all but \ before
// $ ` " \ and newline; outside quotes \ keeps the next character. Nothing is expanded, and operators
// such as | and > are ordinary characters.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		case '\'', '"':
			text, n, err := quoted(line[i:])
			if err != nil {
				return nil, err
			}
			word.WriteString(text)
			inWord = true
			i += n - 1
		case '\\':
			if i++; i == len(line) {
				return nil, errors.New(`a \ at the end quotes nothing`)
			}
			// A backslash and a newline are a line continuation, which is removed.
			if line[i] != '\n' {
				word.WriteByte(line[i])
				inWord = true
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted reads the quoted text that s begins with and how many bytes of s it takes.
func quoted(s string) (string, int, error) {
	if s[0] == '\'' {
		end := strings.IndexByte(s[1:], '\'')
		if end < 0 {
			return "", 0, errors.New("a single quote (') is not closed")
		}
		return s[1 : 1+end], end + 2, nil
	}
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return text.String(), i + 1, nil
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0:
			if i++; s[i] != '\n' {
				text.WriteByte(s[i])
			}
		default:
			text.WriteByte(s[i])
		}
	}
	return "", 0, errors.New(`a double quote (") is not closed`)
}
