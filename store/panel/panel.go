// Package panel puts the position of a port on a patch panel into the words of
// the facility. Operators report letters that came back because the site did
// not recognize the name of a port: every site has its own way to say it.
//
// Our own form of a position is the number of the panel's port, or the two
// numbers of a duplex pair with a slash between them: "5", "17/18".
//
// A rule is a small template. Letters, signs and Chinese stand for themselves,
// except these placeholders:
//
//	N              the number of a port: the first N is the first port of the
//	               position, the second N the second one
//	NN, NNN, …     the same, filled up with zeros to two, three, … digits
//	P, PP, PPP, …  the number of the pair: 9 for 17/18
//	{first}        the first port, {second} the second one, {pair} the pair;
//	               {first:3} fills up with zeros to three digits
//	"text"         text that stands for itself, also N and P
//
// N and P are placeholders only where no other letter and no digit touches
// them, so that "Port N", "PANEL N" and "ANNEX" mean what they say; "A{first}"
// puts a number right behind a letter. So N/N is 17/18, N+N is 17+18,
// N/N (P) is 17/18 (9), Port NNN is Port 017.
//
// The package is pure: it knows no panels, no ports and no database.
package panel

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a rule.
const (
	MaxRule   = 64 // characters of a rule
	MaxDigits = 6  // digits that a number is filled up to, and digits of a port number
)

// Position is one or two ports of a panel.
type Position struct {
	First  int // from 1
	Second int // 0 when the position is one port
}

// ParsePosition reads our own form: "5" or "17/18". ok is false for whatever is
// written in another way.
func ParsePosition(s string) (p Position, ok bool) {
	first, second, two := strings.Cut(s, "/")
	if p.First, ok = number(first); !ok {
		return Position{}, false
	}
	if !two {
		return p, true
	}
	if p.Second, ok = number(second); !ok || p.Second == p.First {
		return Position{}, false
	}
	return p, true
}

// number reads a port number as we write it: no sign, no leading zero.
func number(s string) (int, bool) {
	if s == "" || len(s) > MaxDigits || s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// String is our own form.
func (p Position) String() string {
	if p.Second == 0 {
		return strconv.Itoa(p.First)
	}
	return strconv.Itoa(p.First) + "/" + strconv.Itoa(p.Second)
}

// Pair is the number of the pair: 1 for 1/2, 9 for 17/18. ok is false unless
// the position is an odd port and the even one after it.
func (p Position) Pair() (n int, ok bool) {
	if p.First%2 != 1 || p.Second != p.First+1 {
		return 0, false
	}
	return p.Second / 2, true
}

// kind is what a part of a rule stands for.
type kind int

const (
	text kind = iota
	first
	second
	pair
)

type part struct {
	kind   kind
	text   string // of a text part
	digits int    // a number is filled up to this many
}

// Rule is a naming rule that was understood. The zero Rule is no rule: it gives
// every position in our own form.
type Rule struct {
	source string
	parts  []part
}

// SyntaxError says what is wrong with a rule and where.
type SyntaxError struct {
	At  int    // the character, from 1; 0 when the rule as a whole is meant
	Msg string // a sentence for people, without the place
}

// Error is a sentence for people: "Character 5: close the brace".
func (e *SyntaxError) Error() string {
	if e.At == 0 {
		return e.Msg
	}
	return "Character " + strconv.Itoa(e.At) + ": " + e.Msg
}

func wrong(at int, format string, args ...any) error {
	return &SyntaxError{at, fmt.Sprintf(format, args...)}
}

// Parse reads a rule. An empty one, or one of spaces only, is no rule. The
// error is a *SyntaxError.
func Parse(s string) (Rule, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Rule{}, nil
	}
	if !utf8.ValidString(s) {
		return Rule{}, wrong(0, "Remove the characters that cannot be read")
	}
	runes := []rune(s)
	if len(runes) > MaxRule {
		return Rule{}, wrong(0, "Use at most %d characters", MaxRule)
	}
	for i, c := range runes {
		if !unicode.IsPrint(c) {
			return Rule{}, wrong(i+1, "remove the character that cannot be printed")
		}
	}
	r := Rule{source: s}
	ports := 0
	for i := 0; i < len(runes); {
		switch c := runes[i]; {
		case c == '"':
			end := indexFrom(runes, i+1, '"')
			if end < 0 {
				return Rule{}, wrong(i+1, `close the quoted text with "`)
			}
			r.add(part{text: string(runes[i+1 : end])})
			i = end + 1
		case c == '{':
			end := indexFrom(runes, i+1, '}')
			if end < 0 {
				return Rule{}, wrong(i+1, "close the brace with }")
			}
			p, problem := braced(string(runes[i+1 : end]))
			if problem != "" {
				return Rule{}, wrong(i+1, "%s", problem)
			}
			r.add(p)
			i = end + 1
		case c == '}':
			return Rule{}, wrong(i+1, "open the brace with { first, or write \"}\" in quotes")
		case (c == 'N' || c == 'P') && alone(runes, i):
			n := run(runes, i)
			if n > MaxDigits {
				return Rule{}, wrong(i+1, "use at most %d digits", MaxDigits)
			}
			p := part{kind: pair, digits: n}
			if c == 'N' {
				if ports++; ports > 2 {
					return Rule{}, wrong(i+1, "use N at most twice: a position has one port or two")
				}
				p.kind = first
				if ports == 2 {
					p.kind = second
				}
			}
			r.add(p)
			i += n
		default:
			r.add(part{text: string(c)})
			i++
		}
	}
	for _, p := range r.parts {
		if p.kind != text {
			return r, nil
		}
	}
	return Rule{}, wrong(0, "Say where the number goes: N is the port, P the pair")
}

func indexFrom(s []rune, from int, c rune) int {
	for i := from; i < len(s); i++ {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// run is how often the character at i is repeated.
func run(s []rune, i int) int {
	n := 1
	for i+n < len(s) && s[i+n] == s[i] {
		n++
	}
	return n
}

// alone reports whether no letter and no digit touches the run at i. A Chinese
// character is a sign here, not a letter: "端口N" is the usual way to write it.
func alone(s []rune, i int) bool {
	touches := func(c rune) bool {
		return (unicode.IsLetter(c) && !unicode.Is(unicode.Han, c)) || unicode.IsDigit(c)
	}
	end := i + run(s, i)
	return (i == 0 || !touches(s[i-1])) && (end == len(s) || !touches(s[end]))
}

// braced reads what stands between braces.
func braced(s string) (part, string) {
	name, digits, padded := strings.Cut(s, ":")
	p := part{digits: 1}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "first":
		p.kind = first
	case "second":
		p.kind = second
	case "pair":
		p.kind = pair
	default:
		return p, "use {first}, {second} or {pair}"
	}
	if padded {
		n, ok := number(strings.TrimSpace(digits))
		if !ok || n > MaxDigits {
			return p, "enter 1 to " + strconv.Itoa(MaxDigits) + " digits after the colon"
		}
		p.digits = n
	}
	return p, ""
}

// add appends a part; neighbouring texts become one.
func (r *Rule) add(p part) {
	if last := len(r.parts) - 1; p.kind == text && last >= 0 && r.parts[last].kind == text {
		r.parts[last].text += p.text
		return
	}
	r.parts = append(r.parts, p)
}

// String is the rule as it was written, without space around it.
func (r Rule) String() string { return r.source }

// IsZero reports whether there is no rule.
func (r Rule) IsZero() bool { return len(r.parts) == 0 }

// Format gives a position in the facility's words. The error is a sentence for
// people: the position is not written in our own form, or it has no second port
// or no pair for the rule to name, or it has a second port that the rule leaves
// out and no pair that stands for both.
func (r Rule) Format(position string) (string, error) {
	if r.IsZero() {
		return position, nil
	}
	p, ok := ParsePosition(position)
	if !ok {
		return "", fmt.Errorf("%q is not a port such as 5 or a pair such as 17/18", position)
	}
	var b strings.Builder
	says := [pair + 1]bool{}
	for _, part := range r.parts {
		says[part.kind] = true
		n := p.First
		switch part.kind {
		case text:
			b.WriteString(part.text)
			continue
		case second:
			if n = p.Second; n == 0 {
				return "", fmt.Errorf("%s is one port, and the rule names two", position)
			}
		case pair:
			if n, ok = p.Pair(); !ok {
				return "", fmt.Errorf("%s is not a pair of an odd port and the next one", position)
			}
		}
		digits := strconv.Itoa(n)
		b.WriteString(strings.Repeat("0", max(0, part.digits-len(digits))))
		b.WriteString(digits)
	}
	if p.Second != 0 && !says[pair] && !(says[first] && says[second]) {
		return "", fmt.Errorf("%s is two ports, and the rule names one", position)
	}
	return b.String(), nil
}

// Words is a position in the facility's words with our own form in brackets:
// "17/18 (9) [17/18]". A position that the rule does not fit, or that reads the
// same in both, is given in our own form alone.
func (r Rule) Words(position string) string {
	theirs, err := r.Format(position)
	if err != nil || theirs == position {
		return position
	}
	return theirs + " [" + position + "]"
}
