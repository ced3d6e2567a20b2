package paper

import (
	"strings"
	"unicode"
)

// Wrap breaks s into lines that are at most limit wide, at line breaks, after
// spaces and between Chinese characters; a word longer than a line is cut, and
// split says so. No character but the spaces at a break is ever left out: the
// PDF library's own line breaking loses the Chinese character at the break.
func Wrap(s string, limit float64, width func(rune) float64) (lines []string, split bool) {
	for paragraph := range strings.SplitSeq(s, "\n") {
		text := []rune(strings.TrimRight(paragraph, " "))
		start, place, used := 0, 0, 0.0
		for i := 0; i < len(text); i++ {
			if i > start && breaks(text[i-1], text[i]) {
				place = i
			}
			used += width(text[i])
			if used <= limit || i == start || text[i] == ' ' {
				continue
			}
			if place <= start {
				place, split = cut(text, start, i), true
			}
			lines = append(lines, strings.TrimRight(string(text[start:place]), " "))
			start, used = place, 0
			i = start - 1
		}
		lines = append(lines, string(text[start:]))
	}
	return lines, split
}

// cut is where a word that is too long for a line is broken, after start and
// at most at end: in the last third of the line behind a slash, which an
// address has, or else behind another sign.
func cut(text []rune, start, end int) int {
	for _, signs := range []string{"/", "-_.,;:@"} {
		for i := end; i > start+2*(end-start)/3; i-- {
			if strings.ContainsRune(signs, text[i-1]) {
				return i
			}
		}
	}
	return end
}

// Characters that do not begin, and that do not end, a line of Chinese.
const (
	noStart = "!%),.:;?]}¢°·ˇ‐–—’”…‰℃、。〃々〉》」』】〕〗！％），．：；？］｝～"
	noEnd   = "([{£¥‘“〈《「『【〔〖（［｛￡￥"
)

// breaks says whether a line may end between a and b.
func breaks(a, b rune) bool {
	if a == ' ' || b == ' ' {
		return a == ' ' && b != ' '
	}
	return (wide(a) || wide(b)) && !strings.ContainsRune(noEnd, a) && !strings.ContainsRune(noStart, b)
}

// wide says whether r stands alone as Chinese and Japanese characters do.
func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) ||
		r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF
}
