package intake

import (
	"strings"
	"unicode/utf8"
)

// codePage437 is the characters of the bytes from 0x80 in the original IBM PC character set, in which names
// in a zip are written whose header does not say UTF-8 (APPNOTE.TXT, appendix D).
const codePage437 = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ" +
	"áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
	"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
	"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0"

// zipName is the name of a zip's entry as text. Many programs write UTF-8 without saying so; what is not
// UTF-8 is code page 437. Backslashes, which some programs of Windows write, separate folders.
func zipName(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	if utf8.ValidString(name) {
		return name
	}
	table := []rune(codePage437)
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c < 0x80 {
			b.WriteByte(c)
		} else {
			b.WriteRune(table[c-0x80])
		}
	}
	return b.String()
}
