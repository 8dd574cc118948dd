package language

import (
	"fmt"
	"path"
	"strings"
)

// javaNames reads the sources and returns the class to run, with its package, and the name of the first
// public type. Of several classes with a main method the one called Main is taken, else the first in the
// files' order; without any, it is the public type or the first file's name, and java itself says what is
// missing.
func javaNames(read func(string) ([]byte, error), files []string) (class, public string, err error) {
	for _, f := range files {
		text, err := read(f)
		if err != nil {
			return "", "", fmt.Errorf("reading source: %w", err)
		}
		unit := scanJava(string(text))
		if public == "" {
			public = unit.public
		}
		if class == "" || class != "Main" && unit.class == "Main" {
			class = qualified(unit.folder, unit.class)
		}
	}
	if class == "" {
		class = public
	}
	if class == "" {
		class = strings.TrimSuffix(path.Base(files[0]), path.Ext(files[0]))
	}
	return class, public, nil
}

func qualified(folder, class string) string {
	if folder == "" || class == "" {
		return class
	}
	return folder + "." + class
}

// javaUnit is what one source file declares.
type javaUnit struct {
	folder string // its package
	class  string // the first top-level type that has a main method
	public string // the public top-level type
}

// scanJava reads declarations by tokens and braces. It need not be right about texts that do not
// compile: the compiler speaks about those.
func scanJava(text string) javaUnit {
	var unit javaUnit
	tokens := javaTokens(text)
	at := func(i int) string {
		if i < 0 || i >= len(tokens) {
			return ""
		}
		return tokens[i]
	}
	depth, current, public := 0, "", false
	for i, t := range tokens {
		switch {
		case t == "{":
			depth++
		case t == "}":
			depth--
			public = false
		case depth == 0 && t == "package" && unit.folder == "":
			unit.folder = dotted(tokens[i+1:])
		case depth == 0 && t == "public":
			public = true
		case depth == 0 && isType(t) && isName(at(i+1)):
			current = at(i + 1)
			if public && unit.public == "" {
				unit.public = current
			}
			public = false
		case depth == 1 && t == "main" && at(i-1) == "void" && at(i+1) == "(" && unit.class == "":
			unit.class = current
		}
	}
	return unit
}

func isType(t string) bool {
	return t == "class" || t == "interface" || t == "enum" || t == "record"
}

func isName(t string) bool {
	return t != "" && isWord(rune(t[0])) && (t[0] < '0' || t[0] > '9')
}

// dotted joins the tokens of a package's name up to the semicolon.
func dotted(tokens []string) string {
	var name strings.Builder
	for _, t := range tokens {
		if t != "." && !isName(t) {
			break
		}
		name.WriteString(t)
	}
	return name.String()
}

// javaTokens splits a source into words and single characters, without comments, strings and blanks.
func javaTokens(text string) []string {
	var tokens []string
	for len(text) > 0 {
		if n := skipped(text); n > 0 {
			text = text[n:]
			continue
		}
		n := strings.IndexFunc(text, func(r rune) bool { return !isWord(r) })
		switch {
		case n < 0:
			n = len(text)
		case n == 0:
			n = 1
		}
		tokens = append(tokens, text[:n])
		text = text[n:]
	}
	return tokens
}

func isWord(r rune) bool {
	return r == '_' || r == '$' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80
}

// skipped is the length of the blank, comment, string or character literal at the start of text.
func skipped(text string) int {
	switch {
	case strings.ContainsRune(" \t\r\n\f", rune(text[0])):
		return 1
	case strings.HasPrefix(text, "//"):
		return until(text, 2, "\n")
	case strings.HasPrefix(text, "/*"):
		return until(text, 2, "*/")
	case strings.HasPrefix(text, `"""`):
		return until(text, 3, `"""`)
	case text[0] == '"' || text[0] == '\'':
		return literal(text)
	}
	return 0
}

func until(text string, from int, end string) int {
	if i := strings.Index(text[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(text)
}

// literal is the length of a string or character literal; it ends with its line at the latest.
func literal(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(text)
}
