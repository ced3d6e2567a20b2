package pricing_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"demarc/store/money"
	"demarc/store/pricing"
)

// The public list, written again by hand: a change of a figure must be made twice to pass.
func TestDefaultListIsThePublicOneOf2019(t *testing.T) {
	tests := []struct {
		group         pricing.Group
		spec, monthly string
	}{
		{pricing.Mainland, "1G", "$85.00"},
		{pricing.Mainland, "10G", "$720.00"},
		{pricing.Mainland, "40G", "$2,450.00"},
		{pricing.Mainland, "100G", "$5,200.00"},
		{pricing.Outside, "1G", "$210.00"},
		{pricing.Outside, "10G", "$1,600.00"},
		{pricing.Outside, "40G", "$5,500.00"},
		{pricing.Outside, "100G", "$11,700.00"},
	}
	for _, tt := range tests {
		q, err := pricing.Default().Quote(tt.group, tt.spec)
		if err != nil {
			t.Errorf("%s %s: %v", tt.group, tt.spec, err)
			continue
		}
		if q.Installation.String() != "$1,500.00" || q.Monthly.String() != tt.monthly || q.Version != "2019-01" {
			t.Errorf("%s %s = %v once, %v a month, list %s; want $1,500.00, %s, 2019-01",
				tt.group, tt.spec, q.Installation, q.Monthly, q.Version, tt.monthly)
		}
	}
	if got := len(tests); got != 2*len(pricing.Specifications()) {
		t.Errorf("%d prices tested, %d specifications", got, len(pricing.Specifications()))
	}
}

func TestDefaultCannotBeChangedThroughItsMaps(t *testing.T) {
	pricing.Default().Monthly[pricing.Mainland]["10G"] = 0
	pricing.Default().Installation[pricing.Mainland]["10G"] = 0
	q, err := pricing.Default().Quote(pricing.Mainland, "10G")
	if err != nil || q.Monthly.Minor != 72000 || q.Installation.Minor != 150000 {
		t.Errorf("quote = %+v, %v", q, err)
	}
}

func TestQuoteRefusesWhatHasNoPrice(t *testing.T) {
	gap := pricing.Default()
	delete(gap.Installation[pricing.Mainland], "40G")
	delete(gap.Monthly[pricing.Outside], "100G")
	gap.Monthly[pricing.Outside]["10G"] = -1
	gap.Installation[pricing.Mainland]["1G"] = -1
	strange := pricing.Default()
	strange.Currency = "???"
	tests := []struct {
		name  string
		book  pricing.Book
		group pricing.Group
		spec  string
		want  error
	}{
		{"no group", pricing.Default(), "", "10G", pricing.ErrUnknownGroup},
		{"group in other letters", pricing.Default(), "Mainland", "10G", pricing.ErrUnknownGroup},
		{"region instead of group", pricing.Default(), "cn-hangzhou", "10G", pricing.ErrUnknownGroup},
		{"no specification", pricing.Default(), pricing.Mainland, "", pricing.ErrUnknownSpec},
		{"the label", pricing.Default(), pricing.Mainland, "1G and below", pricing.ErrUnknownSpec},
		{"a port type", pricing.Default(), pricing.Mainland, "10GBase-LR", pricing.ErrUnknownSpec},
		{"in other letters", pricing.Default(), pricing.Mainland, "10g", pricing.ErrUnknownSpec},
		{"no installation fee", gap, pricing.Mainland, "40G", pricing.ErrUnknownSpec},
		{"no monthly fee", gap, pricing.Outside, "100G", pricing.ErrUnknownSpec},
		{"a monthly fee below zero", gap, pricing.Outside, "10G", pricing.ErrUnknownSpec},
		{"an installation fee below zero", gap, pricing.Mainland, "1G", pricing.ErrUnknownSpec},
		{"a currency that is none", strange, pricing.Mainland, "10G", money.ErrUnknownCurrency},
		{"an empty book", pricing.Book{}, pricing.Mainland, "10G", pricing.ErrUnknownGroup},
	}
	for _, tt := range tests {
		if q, err := tt.book.Quote(tt.group, tt.spec); !errors.Is(err, tt.want) || q != (pricing.Quote{}) {
			t.Errorf("%s: %+v, %v, want %v", tt.name, q, err, tt.want)
		}
	}
}

func TestAt(t *testing.T) {
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	a := pricing.Book{Version: "a", From: date(2019, 1, 1)}
	b := pricing.Book{Version: "b", From: date(2026, 7, 1)}
	c := pricing.Book{Version: "c", From: date(2027, 1, 1)}
	twin := pricing.Book{Version: "twin", From: date(2026, 7, 1).In(time.FixedZone("", 8*3600))}
	tests := []struct {
		name  string
		books []pricing.Book
		at    time.Time
		want  string
		err   error
	}{
		{"the only one", []pricing.Book{a}, date(2026, 1, 1), "a", nil},
		{"in any order", []pricing.Book{c, a, b}, date(2026, 8, 1), "b", nil},
		{"its first instant", []pricing.Book{a, b, c}, date(2026, 7, 1), "b", nil},
		{"the instant before", []pricing.Book{a, b, c}, date(2026, 7, 1).Add(-1), "a", nil},
		{"the latest", []pricing.Book{a, b, c}, date(2040, 1, 1), "c", nil},
		{"before the first", []pricing.Book{a, b, c}, date(2019, 1, 1).Add(-1), "", pricing.ErrNoBook},
		{"no list at all", nil, date(2026, 1, 1), "", pricing.ErrNoBook},
		{"two from one moment", []pricing.Book{a, b, twin}, date(2026, 8, 1), "", pricing.ErrAmbiguousBook},
		{"two, but superseded", []pricing.Book{b, twin, c}, date(2027, 2, 1), "c", nil},
		{"two, but not yet", []pricing.Book{a, twin, b}, date(2026, 1, 1), "a", nil},
		{"the default", []pricing.Book{pricing.Default()}, date(2026, 11, 23), "2019-01", nil},
	}
	for _, tt := range tests {
		got, err := pricing.At(tt.books, tt.at)
		if got.Version != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v, want %q, %v", tt.name, got.Version, err, tt.want, tt.err)
		}
	}
}

func TestPeriods(t *testing.T) {
	labels := map[int]string{
		1: "1 month", 2: "2 months", 3: "3 months", 4: "4 months", 5: "5 months", 6: "6 months", 7: "7 months", 8: "8 months", 9: "9 months",
		12: "1 year", 24: "2 years", 36: "3 years", 48: "4 years", 60: "5 years",
	}
	for months := -12; months <= 130; months++ {
		label, want := labels[months]
		if got := pricing.ValidPeriod(months); got != want {
			t.Errorf("ValidPeriod(%d) = %v", months, got)
		}
		if want && pricing.PeriodLabel(months) != label {
			t.Errorf("PeriodLabel(%d) = %q, want %q", months, pricing.PeriodLabel(months), label)
		}
		if _, err := pricing.Total(money.Amount{Minor: 1, Currency: "USD"}, months); want != (err == nil) || (!want && !errors.Is(err, pricing.ErrInvalidPeriod)) {
			t.Errorf("Total for %d months: %v", months, err)
		}
	}
	got := pricing.Periods()
	if len(got) != len(labels) {
		t.Fatalf("Periods() = %v", got)
	}
	got[0] = 99
	if pricing.ValidPeriod(99) || pricing.Periods()[0] != 1 {
		t.Error("a caller changed the periods on offer")
	}
}

func TestTotal(t *testing.T) {
	monthly := money.Amount{Minor: 72000, Currency: "USD"}
	for months, want := range map[int]string{1: "$720.00", 6: "$4,320.00", 12: "$8,640.00", 60: "$43,200.00"} {
		if got, err := pricing.Total(monthly, months); err != nil || got.String() != want {
			t.Errorf("Total for %d months = %v, %v, want %s", months, got, err, want)
		}
	}
	if _, err := pricing.Total(money.Amount{Minor: math.MaxInt64 / 2, Currency: "USD"}, 3); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("overflow: %v", err)
	}
	if _, err := pricing.Total(money.Amount{}, 3); !errors.Is(err, money.ErrUnknownCurrency) {
		t.Errorf("no currency: %v", err)
	}
}
