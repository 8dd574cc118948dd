package intake

import (
	"slices"
	"strings"
	"unicode"
)

// composed writes each character and the marks after it as one character where Unicode has one: macOS hands
// file names out taken apart. It is Unicode's normalization form C (UAX #15) for text whose marks are in
// canonical order.
func composed(s string) string {
	var out []rune
	for _, r := range s {
		if n := len(out); n > 0 {
			if c := compose(out[n-1], r); c != 0 {
				out[n-1] = c
				continue
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// compose is the character that two make together, or 0.
func compose(a, b rune) rune {
	pairs := []rune(compositions[b])
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == a {
			return pairs[i+1]
		}
	}
	// Hangul (The Unicode Standard, 3.12): a leading consonant with a vowel, then a trailing consonant.
	const lead, vowel, tail, syllable = 0x1100, 0x1161, 0x11a7, 0xac00
	switch {
	case a >= lead && a < lead+19 && b >= vowel && b < vowel+21:
		return syllable + ((a-lead)*21+b-vowel)*28
	case a >= syllable && a < syllable+11172 && (a-syllable)%28 == 0 && b > tail && b < tail+28:
		return a + b - tail
	}
	return 0
}

// fold is a key for ids, logins and addresses: without blanks around, composed, in lower case.
func fold(s string) string { return strings.ToLower(composed(strings.TrimSpace(s))) }

// bases has for each character with a mark the one without.
func bases() map[rune]rune {
	base := map[rune]rune{}
	for _, text := range compositions {
		pairs := []rune(text)
		for i := 0; i+1 < len(pairs); i += 2 {
			base[pairs[i+1]] = pairs[i]
		}
	}
	return base
}

// unmarked is a text without marks on its letters, as lists of names are sorted: Élodie is among the E.
func unmarked(s string, base map[rune]rune) string {
	return strings.Map(func(r rune) rune {
		for without, ok := base[r]; ok; without, ok = base[r] { // ǖ, ü, u
			r = without
		}
		return r
	}, s)
}

// words are the words of a name: in lower case, without punctuation; apostrophes do not separate.
func words(name string) []string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("'’‘`´ʼ", r):
			return -1
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			return r
		}
		return ' '
	}, fold(name))
	all := strings.Fields(folded)
	if len(all) == 0 { // nothing but punctuation
		return strings.Fields(fold(name))
	}
	return all
}

// inOrder is a name's key with its words as they are; after a comma come those that stand in front.
func inOrder(name string) string {
	last, first, ok := strings.Cut(name, ",")
	if ok {
		name = first + " " + last
	}
	return strings.Join(words(name), " ")
}

// anyOrder is a name's key whatever the order of its words.
func anyOrder(name string) string {
	all := words(name)
	slices.Sort(all)
	return strings.Join(all, " ")
}

// squeezed are a name's keys without blanks, its words in order, and with the last ones first: "lastfirst".
func squeezed(name string) []string {
	all := strings.Fields(inOrder(name))
	var keys []string
	for i := range all {
		keys = append(keys, strings.Join(all[i:], "")+strings.Join(all[:i], ""))
	}
	return keys
}
