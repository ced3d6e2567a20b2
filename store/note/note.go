// Package note says how the notes go that staff write about an interface and
// that its customer never reads: how much fits, who takes one back, and where a
// person is named in one.
package note

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits, in characters and in numbers: a note is a remark, and what stands
// about an interface is read before a decision.
const (
	TextMost     = 1000
	StandingMost = 100 // notes about one interface that are not taken back
)

// MayTakeBack reports whether the person with the ID reader may take back what
// the person with the ID author wrote: their own, and nobody else's.
func MayTakeBack(author, reader string) bool { return author != "" && author == reader }

// Names reports whether the text names the person, in whatever case.
func Names(text, person string) bool { return len(places(text, person)) > 0 }

// Without is the text with mark wherever it names the person.
func Without(text, person, mark string) string {
	var b strings.Builder
	end := 0
	for _, p := range places(text, person) {
		b.WriteString(text[end:p[0]])
		b.WriteString(mark)
		end = p[1]
	}
	b.WriteString(text[end:])
	return b.String()
}

// WholeName reports whether the text can be nothing but a person's name or
// e-mail address: a single word of a script that parts words is also a word of
// any sentence.
func WholeName(text string) bool {
	return len(strings.Fields(text)) > 1 || strings.Contains(text, "@") ||
		utf8.RuneCountInString(text) > 1 && strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unpartedScripts...) })
}

// unpartedScripts write words without spaces between them.
var unpartedScripts = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai}

// places are where the whole name of the person stands in the text. A name
// inside of a longer word is another word, in scripts that part words.
func places(text, person string) [][]int {
	words := strings.Fields(person)
	if len(words) == 0 {
		return nil
	}
	for i, w := range words {
		words[i] = regexp.QuoteMeta(w)
	}
	var out [][]int
	for _, p := range regexp.MustCompile(`(?i)`+strings.Join(words, `\s+`)).FindAllStringIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:p[0]])
		first, _ := utf8.DecodeRuneInString(text[p[0]:])
		last, _ := utf8.DecodeLastRuneInString(text[:p[1]])
		after, _ := utf8.DecodeRuneInString(text[p[1]:])
		if !oneWord(before, first) && !oneWord(last, after) {
			out = append(out, p)
		}
	}
	return out
}

// oneWord reports whether two signs beside each other are of the same word.
func oneWord(a, b rune) bool {
	part := func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) && !unicode.In(r, unpartedScripts...)
	}
	return part(a) && part(b)
}
