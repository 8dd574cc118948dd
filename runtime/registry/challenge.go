package registry

import "strings"

// challenge is one way in which a server wants the client to prove who it is (RFC 9110, 11.6.1).
type challenge struct {
	scheme string // in lower case
	params map[string]string
}

// parseChallenges reads the values of WWW-Authenticate fields. Several challenges may stand in one value,
// parted by the same commas as a challenge's parameters. What cannot be read ends the list.
func parseChallenges(values []string) []challenge {
	var list []challenge
	for _, text := range values {
		for text = skip(text); text != ""; text = skip(text) {
			word, rest := token(text)
			if word == "" {
				break
			}
			after := strings.TrimLeft(rest, " \t")
			value, isParam := strings.CutPrefix(after, "=")
			if !isParam {
				list = append(list, challenge{strings.ToLower(word), map[string]string{}})
				text = rest
				continue
			}
			if len(list) == 0 {
				break
			}
			var content string
			if content, text, isParam = paramValue(strings.TrimLeft(value, " \t")); !isParam {
				break
			}
			list[len(list)-1].params[strings.ToLower(word)] = content
		}
	}
	return list
}

// skip leaves out what parts the items of a list.
func skip(text string) string { return strings.TrimLeft(text, ", \t") }

// token cuts a word off (RFC 9110, 5.6.2).
func token(text string) (word, rest string) {
	for i, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, rune(c)) {
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// paramValue cuts off a word or a quoted text (RFC 9110, 5.6.4).
func paramValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		value, rest = token(text)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], true
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}
