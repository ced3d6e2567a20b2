// Package money holds amounts as whole minor units (cents) with their ISO 4217 currency.
//
// There is no floating point anywhere: an amount that a person reads, types and pays is the same integer all the way to the ledger. Two
// currencies never mix, and an operation whose result does not fit is an error, never a wrapped number.
package money

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The kinds of error of this package; test with [errors.Is].
var (
	ErrUnknownCurrency  = errors.New("money: unknown currency")
	ErrCurrencyMismatch = errors.New("money: different currencies")
	ErrOverflow         = errors.New("money: amount out of range")
)

// Amount is a sum of money. Minor counts the smallest unit of Currency (cents for USD, whole yen for JPY) and may be negative: the ledger
// holds credits as well as debits. The zero Amount has no currency and is refused by every operation.
//
// The range is symmetrical, -[math.MaxInt64] to [math.MaxInt64], so that every amount made by this package has a negative.
type Amount struct {
	Minor    int64
	Currency string
}

// New returns an amount of minor units. It fails with [ErrUnknownCurrency] for anything but an upper-case ISO 4217 code, and with
// [ErrOverflow] for [math.MinInt64].
func New(minor int64, currency string) (Amount, error) {
	a := Amount{Minor: minor, Currency: currency}
	if err := a.check(); err != nil {
		return Amount{}, err
	}
	return a, nil
}

// Zero returns no money at all of a currency, or [ErrUnknownCurrency].
func Zero(currency string) (Amount, error) { return New(0, currency) }

// Add returns a+b. It fails with [ErrCurrencyMismatch], [ErrUnknownCurrency] or [ErrOverflow].
func (a Amount) Add(b Amount) (Amount, error) {
	if err := a.compatible(b); err != nil {
		return Amount{}, err
	}
	sum := a.Minor + b.Minor
	// Only two numbers of one sign can overflow, and then the sum has the other sign.
	if (a.Minor > 0 && b.Minor > 0 && sum < 0) || (a.Minor < 0 && b.Minor < 0 && sum >= 0) {
		return Amount{}, fmt.Errorf("%w: %d + %d %s", ErrOverflow, a.Minor, b.Minor, a.Currency)
	}
	return New(sum, a.Currency)
}

// Sub returns a-b. It fails as [Amount.Add] does.
func (a Amount) Sub(b Amount) (Amount, error) {
	if err := a.compatible(b); err != nil {
		return Amount{}, err
	}
	return a.Add(b.Neg())
}

// Mul returns a taken n times: a monthly fee for n months. It fails with [ErrUnknownCurrency] or [ErrOverflow].
func (a Amount) Mul(n int64) (Amount, error) {
	if err := a.check(); err != nil {
		return Amount{}, err
	}
	if a.Minor == 0 || n == 0 {
		return Zero(a.Currency)
	}
	product := a.Minor * n
	// A wrapped product does not divide back. The one that would, 1 × MinInt64, is out of range and refused by New.
	if product/n != a.Minor {
		return Amount{}, fmt.Errorf("%w: %d × %d %s", ErrOverflow, a.Minor, n, a.Currency)
	}
	return New(product, a.Currency)
}

// Neg returns -a. It panics for [math.MinInt64], which no function of this package returns: only a literal can hold it.
func (a Amount) Neg() Amount {
	if a.Minor == math.MinInt64 {
		panic("money: the smallest integer has no negative")
	}
	return Amount{Minor: -a.Minor, Currency: a.Currency}
}

// IsNegative reports whether a is below zero.
func (a Amount) IsNegative() bool { return a.Minor < 0 }

// IsZero reports whether a is no money, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Less reports whether a is less than b. Different currencies have no order: it fails with [ErrCurrencyMismatch] rather than let a balance
// in one currency cover a fee in another.
func (a Amount) Less(b Amount) (bool, error) {
	if err := a.compatible(b); err != nil {
		return false, err
	}
	return a.Minor < b.Minor, nil
}

// String writes the amount for people: "$1,500.00" for US dollars, "EUR 1,500.00" and "JPY 1,500" for the others, with a minus in front
// of a negative one. An amount without a known currency says so instead of inventing decimals.
func (a Amount) String() string {
	whole, fraction, ok := a.parts()
	if !ok {
		return fmt.Sprintf("invalid amount (%d minor units of %q)", a.Minor, a.Currency)
	}
	var b strings.Builder
	if a.IsNegative() {
		b.WriteByte('-')
	}
	if symbol, ok := symbols[a.Currency]; ok {
		b.WriteString(symbol)
	} else {
		b.WriteString(a.Currency)
		b.WriteByte(' ')
	}
	for i, digit := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(digit)
	}
	if fraction != "" {
		b.WriteByte('.')
		b.WriteString(fraction)
	}
	return b.String()
}

// Decimal writes the bare number, "1500.00" or "-1500.00", for form fields, CSV and the API; the currency stands beside it there.
// It is empty for an amount without a known currency.
func (a Amount) Decimal() string {
	whole, fraction, ok := a.parts()
	if !ok {
		return ""
	}
	if a.IsNegative() {
		whole = "-" + whole
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// parts splits the absolute value at the decimal point.
func (a Amount) parts() (whole, fraction string, ok bool) {
	decimals, ok := Decimals(a.Currency)
	if !ok {
		return "", "", false
	}
	digits := strings.TrimPrefix(strconv.FormatInt(a.Minor, 10), "-")
	if missing := decimals + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - decimals
	return digits[:point], digits[point:], true
}

// check refuses what a literal or a damaged row may hold.
func (a Amount) check() error {
	if _, ok := Decimals(a.Currency); !ok {
		return fmt.Errorf("%w %q", ErrUnknownCurrency, a.Currency)
	}
	if a.Minor == math.MinInt64 {
		return fmt.Errorf("%w: %d %s", ErrOverflow, a.Minor, a.Currency)
	}
	return nil
}

func (a Amount) compatible(b Amount) error {
	if err := a.check(); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	if a.Currency != b.Currency {
		return fmt.Errorf("%w: %s and %s", ErrCurrencyMismatch, a.Currency, b.Currency)
	}
	return nil
}
