package money_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"demarc/store/money"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in, currency string
		want         int64
	}{
		{"20,000", "USD", 2000000},
		{"20000.5", "USD", 2000050},
		{"20000.50", "USD", 2000050},
		{"$1 500.00", "USD", 150000},
		{"$1,500.00", "USD", 150000},
		{"$ 1500", "USD", 150000},
		{"USD 1500", "USD", 150000},
		{"usd1500", "USD", 150000},
		{"EUR 1,500.00", "EUR", 150000},
		{" 1500 ", "USD", 150000},
		{"1\u00a0500", "USD", 150000},
		{"1\u202f500.25", "EUR", 150025},
		{"1\u2009234\u2009567", "USD", 123456700},
		{"0", "USD", 0},
		{"0.01", "USD", 1},
		{"007", "USD", 700},
		{"1,234,567.89", "USD", 123456789},
		{"1500", "JPY", 1500},
		{"1,500", "JPY", 1500},
		{"JPY 1500", "JPY", 1500},
		{"1.234", "KWD", 1234},
		{"1.2", "KWD", 1200},
		{"92233720368547758.07", "USD", math.MaxInt64},
		{"9223372036854775807", "JPY", math.MaxInt64},
	}
	for _, tt := range tests {
		got, err := money.Parse(tt.in, tt.currency)
		if want := (money.Amount{Minor: tt.want, Currency: tt.currency}); err != nil || got != want {
			t.Errorf("Parse(%q, %s) = %v, %v, want %v", tt.in, tt.currency, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		in, currency string
		want         error
	}{
		{"", "USD", money.ErrEmpty},
		{"   ", "USD", money.ErrEmpty},
		{"\u00a0", "USD", money.ErrEmpty},
		{"$", "USD", money.ErrSyntax},
		{"USD", "USD", money.ErrSyntax},
		{"NaN", "USD", money.ErrSyntax},
		{"Inf", "USD", money.ErrSyntax},
		{"Infinity", "USD", money.ErrSyntax},
		{"1e3", "USD", money.ErrSyntax},
		{"0x10", "USD", money.ErrSyntax},
		{"1_000", "USD", money.ErrSyntax},
		{"ten", "USD", money.ErrSyntax},
		{".", "USD", money.ErrSyntax},
		{".5", "USD", money.ErrSyntax},
		{"5.", "USD", money.ErrSyntax},
		{"1.2.3", "USD", money.ErrSyntax},
		{"1..2", "USD", money.ErrSyntax},
		{"1. 5", "USD", money.ErrSyntax},
		{"1.000,00", "USD", money.ErrSyntax},
		{"20,00", "USD", money.ErrSyntax},
		{"1,5", "USD", money.ErrSyntax},
		{"0,500", "USD", money.ErrSyntax},
		{",500", "USD", money.ErrSyntax},
		{"500,", "USD", money.ErrSyntax},
		{"1,,500", "USD", money.ErrSyntax},
		{"1  500", "USD", money.ErrSyntax},
		{"1234,567", "USD", money.ErrSyntax},
		{"1,234 567", "USD", money.ErrSyntax},
		{"1,2345", "USD", money.ErrSyntax},
		{"1.50 USD", "USD", money.ErrSyntax},
		{"$$5", "USD", money.ErrSyntax},
		{"$5", "EUR", money.ErrSyntax},
		{"€5", "EUR", money.ErrSyntax},
		{"１５００", "USD", money.ErrSyntax},
		{"٥", "USD", money.ErrSyntax},
		{"5\x00", "USD", money.ErrSyntax},
		{"\xff\xfe", "USD", money.ErrSyntax},
		{"1\n500", "USD", money.ErrSyntax},
		{strings.Repeat("0", 65), "USD", money.ErrSyntax},
		{"EUR 5", "USD", money.ErrCurrencyMismatch},
		{"HKD5", "USD", money.ErrCurrencyMismatch},
		{"+5", "USD", money.ErrSigned},
		{"-5", "USD", money.ErrSigned},
		{"-$5", "USD", money.ErrSigned},
		{"$-5", "USD", money.ErrSigned},
		{"5-", "USD", money.ErrSigned},
		{"\u22125", "USD", money.ErrSigned},
		{"\u20135", "USD", money.ErrSigned},
		{"(5)", "USD", money.ErrSigned},
		{"-0", "USD", money.ErrSigned},
		{"1e-3", "USD", money.ErrSigned},
		{"5.001", "USD", money.ErrDecimals},
		{"5.000", "USD", money.ErrDecimals},
		{"1.500", "USD", money.ErrDecimals},
		{"5.5", "JPY", money.ErrDecimals},
		{"5.0", "JPY", money.ErrDecimals},
		{"1.2345", "KWD", money.ErrDecimals},
		{"92233720368547758.08", "USD", money.ErrOverflow},
		{"9223372036854775808", "JPY", money.ErrOverflow},
		{"99999999999999999999999999", "USD", money.ErrOverflow},
		{"5", "", money.ErrUnknownCurrency},
		{"5", "usd", money.ErrUnknownCurrency},
		{"", "???", money.ErrUnknownCurrency},
	}
	for _, tt := range tests {
		if got, err := money.Parse(tt.in, tt.currency); !errors.Is(err, tt.want) || got != (money.Amount{}) {
			t.Errorf("Parse(%q, %q) = %v, %v, want %v", tt.in, tt.currency, got, err, tt.want)
		}
	}
}

// What Parse accepts is never negative and survives being shown and typed again, in both of its forms.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"20,000", "20000.5", "$1 500.00", "USD 1500", "1\u202f500", "EUR 5", "-5", "NaN", "92233720368547758.07", "1.000,00", "0,500", "5.", "\xff",
	} {
		for _, currency := range []string{"USD", "EUR", "JPY", "KWD", ""} {
			f.Add(seed, currency)
		}
	}
	f.Fuzz(func(t *testing.T, s, currency string) {
		a, err := money.Parse(s, currency)
		if err != nil {
			if a != (money.Amount{}) {
				t.Fatalf("Parse(%q, %q) = %v beside the error %v", s, currency, a, err)
			}
			return
		}
		if a.IsNegative() || a.Currency != currency {
			t.Fatalf("Parse(%q, %q) = %#v", s, currency, a)
		}
		for _, shown := range []string{a.String(), a.Decimal()} {
			if again, err := money.Parse(shown, currency); err != nil || again != a {
				t.Fatalf("Parse(%q) = %v, shown as %q, read again as %v, %v", s, a, shown, again, err)
			}
		}
	})
}
