package letter

import (
	"strings"
)

// Code is what is printed on a letter for checking it: 80 random bits as 16
// letters and digits that are not mistaken for each other (Crockford's base 32),
// in four groups. Whoever has it sees what the public check page shows.
type Code [10]byte

// CheckPath is where the public check page is, below the public URL. It is
// printed on paper, so it never changes.
const CheckPath = "/loa/check/"

const codeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength is the number of letters and digits of a code; a longer text than
// typedMost cannot be one, however it was typed.
const (
	codeLength = 16
	typedMost  = 128
)

// String is the code as it is printed: "7KQ4-M2XD-9PZA-3HTV".
func (c Code) String() string {
	out := make([]byte, 0, codeLength+3)
	var bits, n uint
	for _, b := range c {
		bits, n = bits<<8|uint(b), n+8
		for n >= 5 {
			if len(out)%5 == 4 {
				out = append(out, '-')
			}
			n -= 5
			out = append(out, codeLetters[bits>>n&31])
		}
	}
	return string(out)
}

// ParseCode reads a code as people type it: in any case, with or without
// dashes, dots and spaces, with O for 0 and I or L for 1. It reports whether
// the text is one.
func ParseCode(typed string) (c Code, ok bool) {
	if len(typed) > typedMost {
		return Code{}, false
	}
	var bits, n uint
	at, letters := 0, 0
	for _, r := range typed {
		switch {
		case r >= 'a' && r <= 'z':
			r += 'A' - 'a'
		case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ':
			// Keyboards for Chinese and Japanese type wide letters.
			if r -= '！' - '!'; r >= 'a' {
				r += 'A' - 'a'
			}
		}
		switch r {
		case ' ', '-', '.', '_', '\t', '\n', '\r', '\u00a0', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212', '\u3000':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		v := -1
		if r < 0x80 {
			v = strings.IndexByte(codeLetters, byte(r))
		}
		if v < 0 || letters == codeLength {
			return Code{}, false
		}
		letters++
		bits, n = bits<<5|uint(v), n+5
		if n >= 8 {
			n -= 8
			c[at] = byte(bits >> n)
			at++
		}
	}
	return c, letters == codeLength
}

// CheckURL is the address that a letter carries for checking it. publicURL is
// the scheme and host under which people reach the console.
func CheckURL(publicURL string, c Code) string {
	return strings.TrimRight(publicURL, "/") + CheckPath + c.String()
}
