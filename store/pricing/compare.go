package pricing

import (
	"math/big"
	"time"

	"demarc/store/money"
)

// Fee is one of the two fees of a port.
type Fee string

// The two fees.
const (
	Installation Fee = "installation" // once
	Monthly      Fee = "monthly"
)

// Fees returns both.
func Fees() []Fee { return []Fee{Installation, Monthly} }

// Label names the fee for people.
func (f Fee) Label() string {
	if f == Installation {
		return "Initial installation fee"
	}
	return "Resource fee, a month"
}

// Field names one price of a form: "monthly_outside_10G".
func Field(f Fee, g Group, spec string) string { return string(f) + "_" + string(g) + "_" + spec }

// Fields names every price, in the order of a form.
func Fields() []string {
	var out []string
	for _, f := range Fees() {
		for _, g := range Groups() {
			for _, spec := range Specifications() {
				out = append(out, Field(f, g, spec))
			}
		}
	}
	return out
}

// Of returns the prices of a fee.
func (b Book) Of(f Fee) Prices {
	if f == Installation {
		return b.Installation
	}
	return b.Monthly
}

// Price returns one price of the list; ok is false when it has none.
func (b Book) Price(f Fee, g Group, spec string) (a money.Amount, ok bool) {
	minor, ok := b.Of(f)[g][spec]
	return money.Amount{Minor: minor, Currency: b.Currency}, ok
}

// Change is one price under two lists.
type Change struct {
	Fee     Fee
	Group   Group
	Spec    string
	Old     money.Amount
	New     money.Amount
	Changed bool
	Percent string // "+12.5%", "-3.0%"; "" when nothing changed or there is no share to tell
}

// Compare lists every price of next beside that of old: both fees, each group, each specification, in this order.
func Compare(old, next Book) []Change {
	var out []Change
	for _, f := range Fees() {
		for _, g := range Groups() {
			for _, spec := range Specifications() {
				was, had := old.Price(f, g, spec)
				is, has := next.Price(f, g, spec)
				out = append(out, Change{Fee: f, Group: g, Spec: spec, Old: was, New: is, Changed: was != is || had != has, Percent: Percent(was, is)})
			}
		}
	}
	return out
}

// Percent is the change from one amount to another with one decimal, rounded half away from zero: "+12.5%". It is empty when nothing
// changed, from nothing, and between currencies.
func Percent(from, to money.Amount) string {
	if from.Currency != to.Currency || from.Minor == to.Minor || from.Minor <= 0 {
		return ""
	}
	// tenths of a percent = (to - from) × 1000 / from, rounded: exact, whatever the size.
	n := new(big.Int).Sub(big.NewInt(to.Minor), big.NewInt(from.Minor))
	sign := "+"
	if n.Sign() < 0 {
		sign = "-"
		n.Neg(n)
	}
	n.Mul(n, big.NewInt(2000))
	n.Add(n, big.NewInt(from.Minor))
	n.Div(n, new(big.Int).Mul(big.NewInt(2), big.NewInt(from.Minor)))
	tenths := n.String()
	for len(tenths) < 2 {
		tenths = "0" + tenths
	}
	return sign + tenths[:len(tenths)-1] + "." + tenths[len(tenths)-1:] + "%"
}

// QuoteDays is how many days a quote is good for from the order that it was made with.
const QuoteDays = 7

// Before returns the price list that is in force just before an instant.
func Before(books []Book, t time.Time) (Book, error) { return At(books, t.Add(-time.Nanosecond)) }
