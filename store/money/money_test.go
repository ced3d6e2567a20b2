package money_test

import (
	"errors"
	"math"
	"testing"

	"demarc/store/money"
)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

func TestNew(t *testing.T) {
	tests := []struct {
		minor    int64
		currency string
		want     error
	}{
		{150000, "USD", nil},
		{-1, "EUR", nil},
		{math.MaxInt64, "JPY", nil},
		{-math.MaxInt64, "JPY", nil},
		{math.MinInt64, "USD", money.ErrOverflow},
		{1, "", money.ErrUnknownCurrency},
		{1, "usd", money.ErrUnknownCurrency},
		{1, "UDS", money.ErrUnknownCurrency},
		{1, "US", money.ErrUnknownCurrency},
		{1, "USD ", money.ErrUnknownCurrency},
		{1, "XAU", money.ErrUnknownCurrency},
	}
	for _, tt := range tests {
		got, err := money.New(tt.minor, tt.currency)
		if !errors.Is(err, tt.want) {
			t.Errorf("New(%d, %q) error = %v, want %v", tt.minor, tt.currency, err, tt.want)
		}
		want := money.Amount{}
		if tt.want == nil {
			want = money.Amount{Minor: tt.minor, Currency: tt.currency}
		}
		if got != want {
			t.Errorf("New(%d, %q) = %v, want %v", tt.minor, tt.currency, got, want)
		}
	}
	if z, err := money.Zero("EUR"); err != nil || !z.IsZero() || z.Currency != "EUR" {
		t.Errorf("Zero(EUR) = %v, %v", z, err)
	}
	if _, err := money.Zero("???"); !errors.Is(err, money.ErrUnknownCurrency) {
		t.Errorf("Zero(???) error = %v", err)
	}
}

// interesting are the numbers at which 64-bit arithmetic breaks.
var interesting = []int64{
	0, 1, 2, 3, 99, 100, 150000, math.MaxInt32, 1 << 32, 3037000499, 3037000500, math.MaxInt64 / 3, math.MaxInt64/2 - 1, math.MaxInt64 / 2,
	math.MaxInt64/2 + 1, math.MaxInt64 - 1, math.MaxInt64, math.MinInt64,
	-1, -2, -3, -99, -100, -150000, -(1 << 32), -3037000500, -math.MaxInt64 / 3, -math.MaxInt64/2 - 1, -math.MaxInt64 + 1, -math.MaxInt64,
}

func TestAddAndSubOverEveryEdge(t *testing.T) {
	for _, x := range interesting {
		for _, y := range interesting {
			valid := x != math.MinInt64 && y != math.MinInt64
			// A 128-bit check without big numbers: the sum fits exactly when it stays within the distance to the limit.
			sumFits := valid && (y <= 0 || x <= math.MaxInt64-y) && (y >= 0 || x >= -math.MaxInt64-y)
			differenceFits := valid && (y >= 0 || x <= math.MaxInt64+y) && (y <= 0 || x >= -math.MaxInt64+y)
			checkResult(t, "Add", x, y, sumFits, x+y)(usd(x).Add(usd(y)))
			checkResult(t, "Sub", x, y, differenceFits, x-y)(usd(x).Sub(usd(y)))
		}
	}
}

func TestMulOverEveryEdge(t *testing.T) {
	for _, x := range interesting {
		for _, n := range interesting {
			fits := x != math.MinInt64
			if fits && x != 0 && n != 0 {
				// |x|·|n| ≤ MaxInt64 exactly when |n| ≤ MaxInt64/|x|, in unsigned numbers that hold |MinInt64| as well.
				fits = magnitude(n) <= uint64(math.MaxInt64)/magnitude(x)
			}
			checkResult(t, "Mul", x, n, fits, x*n)(usd(x).Mul(n))
		}
	}
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func checkResult(t *testing.T, name string, x, y int64, fits bool, want int64) func(money.Amount, error) {
	return func(got money.Amount, err error) {
		t.Helper()
		switch {
		case fits && (err != nil || got != usd(want)):
			t.Errorf("%s(%d, %d) = %d, %v, want %d", name, x, y, got.Minor, err, want)
		case !fits && (!errors.Is(err, money.ErrOverflow) || got != money.Amount{}):
			t.Errorf("%s(%d, %d) = %d, %v, want an overflow", name, x, y, got.Minor, err)
		}
	}
}

func TestDifferentCurrenciesNeverMix(t *testing.T) {
	dollar, euro, nothing := usd(100), money.Amount{Minor: 100, Currency: "EUR"}, money.Amount{}
	tests := []struct {
		name string
		a, b money.Amount
		want error
	}{
		{"two currencies", dollar, euro, money.ErrCurrencyMismatch},
		{"even with nothing to add", dollar, money.Amount{Currency: "EUR"}, money.ErrCurrencyMismatch},
		{"no currency on the right", dollar, nothing, money.ErrUnknownCurrency},
		{"no currency on the left", nothing, dollar, money.ErrUnknownCurrency},
		{"no currency at all", nothing, nothing, money.ErrUnknownCurrency},
	}
	for _, tt := range tests {
		if got, err := tt.a.Add(tt.b); !errors.Is(err, tt.want) || got != nothing {
			t.Errorf("%s: Add = %v, %v", tt.name, got, err)
		}
		if got, err := tt.a.Sub(tt.b); !errors.Is(err, tt.want) || got != nothing {
			t.Errorf("%s: Sub = %v, %v", tt.name, got, err)
		}
		if got, err := tt.a.Less(tt.b); !errors.Is(err, tt.want) || got {
			t.Errorf("%s: Less = %v, %v", tt.name, got, err)
		}
	}
	if _, err := nothing.Mul(2); !errors.Is(err, money.ErrUnknownCurrency) {
		t.Errorf("Mul without a currency: %v", err)
	}
}

func TestLessAndSigns(t *testing.T) {
	tests := []struct {
		a, b int64
		want bool
	}{{1, 2, true}, {2, 1, false}, {1, 1, false}, {-1, 0, true}, {0, -1, false}, {-math.MaxInt64, math.MaxInt64, true}}
	for _, tt := range tests {
		if got, err := usd(tt.a).Less(usd(tt.b)); err != nil || got != tt.want {
			t.Errorf("%d < %d = %v, %v", tt.a, tt.b, got, err)
		}
	}
	if !usd(-1).IsNegative() || usd(0).IsNegative() || usd(1).IsNegative() {
		t.Error("IsNegative is wrong about -1, 0 or 1")
	}
	if !usd(0).IsZero() || usd(-1).IsZero() || usd(1).IsZero() {
		t.Error("IsZero is wrong about -1, 0 or 1")
	}
	for _, n := range []int64{0, 1, -1, 150000, math.MaxInt64, -math.MaxInt64} {
		if got := usd(n).Neg(); got != usd(-n) || got.Neg() != usd(n) {
			t.Errorf("Neg(%d) = %v", n, got)
		}
	}
}

func TestNegOfTheSmallestIntegerPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Neg returned a number for the smallest integer")
		}
	}()
	_ = usd(math.MinInt64).Neg()
}

func TestString(t *testing.T) {
	tests := []struct {
		minor          int64
		currency       string
		words, decimal string
	}{
		{150000, "USD", "$1,500.00", "1500.00"},
		{-150000, "USD", "-$1,500.00", "-1500.00"},
		{0, "USD", "$0.00", "0.00"},
		{1, "USD", "$0.01", "0.01"},
		{-1, "USD", "-$0.01", "-0.01"},
		{99, "USD", "$0.99", "0.99"},
		{100, "USD", "$1.00", "1.00"},
		{99999, "USD", "$999.99", "999.99"},
		{100000, "USD", "$1,000.00", "1000.00"},
		{12345678900, "USD", "$123,456,789.00", "123456789.00"},
		{math.MaxInt64, "USD", "$92,233,720,368,547,758.07", "92233720368547758.07"},
		{150000, "EUR", "EUR 1,500.00", "1500.00"},
		{-150000, "EUR", "-EUR 1,500.00", "-1500.00"},
		{150000, "HKD", "HKD 1,500.00", "1500.00"},
		{1500, "JPY", "JPY 1,500", "1500"},
		{0, "JPY", "JPY 0", "0"},
		{-7, "JPY", "-JPY 7", "-7"},
		{1500000, "KWD", "KWD 1,500.000", "1500.000"},
		{7, "KWD", "KWD 0.007", "0.007"},
		{5, "", `invalid amount (5 minor units of "")`, ""},
		{5, "???", `invalid amount (5 minor units of "???")`, ""},
	}
	for _, tt := range tests {
		a := money.Amount{Minor: tt.minor, Currency: tt.currency}
		if got := a.String(); got != tt.words {
			t.Errorf("%d %s String = %q, want %q", tt.minor, tt.currency, got, tt.words)
		}
		if got := a.Decimal(); got != tt.decimal {
			t.Errorf("%d %s Decimal = %q, want %q", tt.minor, tt.currency, got, tt.decimal)
		}
	}
}

func TestDecimals(t *testing.T) {
	for currency, want := range map[string]int{"USD": 2, "EUR": 2, "CNY": 2, "HKD": 2, "SGD": 2, "JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3} {
		if got, ok := money.Decimals(currency); !ok || got != want {
			t.Errorf("Decimals(%s) = %d, %v, want %d", currency, got, ok, want)
		}
	}
	for _, unknown := range []string{"", "usd", "XXX", "XTS", "ZZZ", "$"} {
		if n, ok := money.Decimals(unknown); ok {
			t.Errorf("Decimals(%q) = %d, want unknown", unknown, n)
		}
	}
}
