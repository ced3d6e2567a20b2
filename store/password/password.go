// Package password says which passwords are too easy to guess, from length, from
// what others chose and from whose password it is. No kind of character is asked
// for and none is forbidden (NIST SP 800-63B, 5.1.1.2).
package password

import (
	_ "embed"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths of a password, in characters.
const (
	Min = 10
	Max = 128
)

// leaked are the 20,000 passwords of ten characters or more that people chose
// most often among ten million that became known (Mark Burnett's collection of
// 2015, public domain), and some that follow from them: lower case, ASCII, one a
// line, in the order of their bytes.
//
//go:embed leaked.txt
var leaked string

// Words are what a password of this console must not consist of, beside what is
// known of the person: the product, what it is about, who uses it, and what
// people begin a password with.
func Words() []string {
	return []string{
		"demarc", "console", "cloud", "operator", "customer", "account", "provider", "datacenter", "datacentre", "interface", "connection", "crossconnect", "cabling", "cable", "letter", "patch", "fiber", "fibre", "port",
		"owner", "engineer", "finance", "viewer", "reviewer", "technician", "administrator", "admin", "auditor", "staff", "root", "user",
		"password", "passwort", "passwd", "pass", "secret", "welcome", "changeme", "letmein", "login", "signin", "access", "hello", "demo", "default", "temp", "qwerty", "abc123", "monkey", "dragon", "iloveyou",
		"spring", "summer", "autumn", "winter", "january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
	}
}

// rest is how many letters and digits a password needs beside words that
// whoever knows the person would try.
const rest = 6

// Problem is a sentence that says why the person cannot choose the password, ""
// when they can. About are texts that are known of them: the e-mail address, the
// name, the company, the operator.
func Problem(password string, about ...string) string {
	if p := Common(password); p != "" {
		return p
	}
	lower := strings.ToLower(password)
	for _, text := range about {
		if text != "" && lower == strings.ToLower(text) {
			return "Choose a password that is not the e-mail address or a name"
		}
	}
	if beside(lower, append(Words(), parts(about)...)) < rest {
		return fmt.Sprintf("Names, the company and words of this console are easy to guess. Use at least %d letters or digits beside them, or choose another password.", rest)
	}
	return ""
}

// Common is Problem as far as the password alone says: its length, and whether
// many chose it before.
func Common(password string) string {
	lower := strings.ToLower(password)
	switch n := utf8.RuneCountInString(password); {
	case password == "":
		return "Enter a password"
	case n < Min:
		return fmt.Sprintf("Use at least %d characters", Min)
	case n > Max:
		return fmt.Sprintf("Use at most %d characters", Max)
	case known(lower), sameRune(lower):
		return "This password is easy to guess. Choose another one."
	}
	return ""
}

// known reports whether the password, in lower case, is among the leaked ones.
func known(password string) bool {
	// The list is searched as it lies in the program: nothing is taken apart at
	// the start. at is the line that begins at or after offset i.
	at := func(i int) string {
		if i > 0 {
			i += strings.IndexByte(leaked[i-1:], '\n')
		}
		line, _, _ := strings.Cut(leaked[i:], "\n")
		return line
	}
	i := sort.Search(len(leaked), func(i int) bool { line := at(i); return line == "" || line >= password })
	return i < len(leaked) && at(i) == password
}

func sameRune(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.Trim(s, string(first)) == ""
}

// parts are the words of the texts, in lower case, that are long enough to be
// told from chance.
func parts(about []string) []string {
	var out []string
	for _, text := range about {
		for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len(word) >= 3 {
				out = append(out, word, plain(word))
			}
		}
	}
	return out
}

// plain is text in lower case, with the letters for which people put digits and
// signs.
func plain(text string) string {
	return strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t").Replace(strings.ToLower(text))
}

// beside counts the letters and digits of a password that belong to none of the
// words, as typed or with digits and signs for letters; the same one again and
// again counts once.
func beside(password string, words []string) int {
	// The longest first: "administrator" before "admin".
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return min(remaining(password, words), remaining(plain(password), words))
}

func remaining(text string, words []string) int {
	for _, w := range words {
		text = strings.ReplaceAll(text, w, " ")
	}
	n, last := 0, rune(-1)
	for _, r := range text {
		if r != last && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			n++
		}
		last = r
	}
	return n
}
