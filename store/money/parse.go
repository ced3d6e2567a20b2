package money

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// The kinds of error of [Parse] besides [ErrUnknownCurrency], [ErrCurrencyMismatch] and [ErrOverflow].
var (
	ErrEmpty    = errors.New("money: no amount")
	ErrSyntax   = errors.New("money: not an amount")
	ErrSigned   = errors.New("money: an amount has no sign")
	ErrDecimals = errors.New("money: too many decimals for the currency")
)

// maxInput is far longer than the largest amount with separators; what is longer is not read at all.
const maxInput = 64

// Parse reads an amount that a person typed or pasted: "20,000", "20000.5", "$1 500.00", "USD 1500".
//
// The point is the decimal mark. Thousands may be separated by commas or by spaces (also no-break and thin ones, as spreadsheets write
// them), by one kind only and in whole groups of three: "20,00" and "1.500,00" are refused, since a reader could mean 20.00 or 1,500.00 by
// them and the wrong guess is a hundredfold. The currency's sign or code may stand in front. Nothing is rounded.
//
// Errors: [ErrEmpty], [ErrSyntax], [ErrSigned] (a plus or minus, or accountants' brackets; the form says what the amount does),
// [ErrDecimals], [ErrOverflow], [ErrCurrencyMismatch] (another currency's code in front), [ErrUnknownCurrency] (the argument).
func Parse(s, currency string) (Amount, error) {
	places, ok := Decimals(currency)
	if !ok {
		return Amount{}, fmt.Errorf("%w %q", ErrUnknownCurrency, currency)
	}
	if len(s) > maxInput {
		return Amount{}, ErrSyntax
	}
	s = strings.TrimSpace(foldSpaces(s))
	if s == "" {
		return Amount{}, ErrEmpty
	}
	if strings.ContainsAny(s, "+-()\u2212\u2013") {
		return Amount{}, ErrSigned
	}
	s, err := cutCurrency(s, currency)
	if err != nil {
		return Amount{}, err
	}
	whole, fraction, hasPoint := strings.Cut(s, ".")
	if whole, ok = joinGroups(whole); !ok || (hasPoint && !allDigits(fraction)) {
		return Amount{}, ErrSyntax
	}
	if len(fraction) > places {
		return Amount{}, ErrDecimals
	}
	return digitsToAmount(whole+fraction+strings.Repeat("0", places-len(fraction)), currency)
}

// foldSpaces turns the spaces that group digits in other programs' output into plain ones.
func foldSpaces(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '\u00a0', '\u2007', '\u2009', '\u202f':
			return ' '
		}
		return r
	}, s)
}

// cutCurrency removes the sign or the code in front of the number.
func cutCurrency(s, currency string) (string, error) {
	if symbol, ok := symbols[currency]; ok {
		if rest, found := strings.CutPrefix(s, symbol); found {
			return strings.TrimLeft(rest, " "), nil
		}
	}
	if len(s) < 3 {
		return s, nil
	}
	code := strings.ToUpper(s[:3])
	if _, known := Decimals(code); !known {
		return s, nil
	}
	if code != currency {
		return "", fmt.Errorf("%w: %s and %s", ErrCurrencyMismatch, code, currency)
	}
	return strings.TrimLeft(s[3:], " "), nil
}

// joinGroups returns the digits of a whole number without its separators.
func joinGroups(s string) (string, bool) {
	separator := ","
	if strings.Contains(s, " ") {
		separator = " "
	}
	groups := strings.Split(s, separator)
	for i, group := range groups {
		if !allDigits(group) || (i > 0 && len(group) != 3) {
			return "", false
		}
	}
	// "0,500" is half of something to whoever writes decimal commas.
	if len(groups) > 1 && (len(groups[0]) > 3 || groups[0][0] == '0') {
		return "", false
	}
	return strings.Join(groups, ""), true
}

func allDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

func digitsToAmount(digits, currency string) (Amount, error) {
	var minor int64
	for _, c := range []byte(digits) {
		d := int64(c - '0')
		if minor > (math.MaxInt64-d)/10 {
			return Amount{}, ErrOverflow
		}
		minor = minor*10 + d
	}
	return New(minor, currency)
}
