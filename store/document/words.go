package document

import (
	"strings"
	"time"
)

// The words around the facts. The page and the PDF print the same ones, in this
// order. A document that is made already keeps the words it was made with.

// DemoNotice is printed on every document about invented data.
const DemoNotice = "Demo data: no real money moved"

// Pair is one labelled line.
type Pair struct{ Label, Value string }

// pairs leaves out what is empty; labels and values in turn.
func pairs(list ...string) []Pair {
	var out []Pair
	for i := 0; i+1 < len(list); i += 2 {
		if v := strings.TrimSpace(list[i+1]); v != "" {
			out = append(out, Pair{list[i], v})
		}
	}
	return out
}

// Time writes an instant in the document's zone: "20 Nov 2026, 15:12 (UTC+08:00)".
func (f Facts) Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2 Jan 2006, 15:04 (UTC-07:00)")
}

// Statement is the sentence under the title.
func (f Facts) Statement() string {
	switch f.Series {
	case Receipt:
		return f.Issuer + " received " + f.Total.String() + " from " + f.Customer + "."
	case CreditNote:
		return f.Issuer + " credited " + f.Total.String() + " to " + f.Customer + "."
	}
	return f.Issuer + " charges " + f.Total.String() + " to " + f.Customer + "."
}

// Parties are who the document is from and to.
func (f Facts) Parties() []Pair {
	return pairs("Issued by", lines(f.Issuer, f.Address, f.Contact), "Issued to", lines(f.Customer, "Account "+f.AccountID))
}

// About says what the document is about.
func (f Facts) About() []Pair {
	when, how := "Paid", "Paid with"
	switch f.Series {
	case CreditNote:
		when, how = "Credited", "Credited to"
	case Invoice:
		when, how = "", ""
	}
	out := pairs("Order", f.OrderNo, "Corrects", f.Corrects, "Reason", f.Reason, "Interface", lines(f.InterfaceID, f.Interface), "Access point", f.AccessPoint, "Port type", f.PortType)
	if when != "" {
		out = append(out, pairs(when, f.Time(f.PaidAt), how, f.Method)...)
	}
	return append(out, pairs("Reference", f.Reference, "Due", f.Time(f.DueAt))...)
}

// LinesHeading stands over the lines.
func (f Facts) LinesHeading() string {
	if f.Series == CreditNote {
		return "Credits"
	}
	return "Charges"
}

// TotalWords stand before the total.
func (f Facts) TotalWords() string {
	switch f.Series {
	case Receipt:
		return "Total paid"
	case CreditNote:
		return "Total credited"
	}
	return "Total due"
}

// Notes are the small print.
func (f Facts) Notes() []string {
	out := []string{"Amounts are in " + f.Total.Currency + ". Times are those of " + f.Zone + "."}
	if f.Series != CreditNote {
		out = append(out, "This document never changes. A correction is a credit note that names it.")
	}
	return out
}

// lines joins what is not empty.
func lines(list ...string) string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n")
}
