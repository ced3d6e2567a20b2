// Package document is a receipt, a credit note or an invoice as a value: all
// that the paper says, frozen in the transaction of what it is about.
//
// A document's number is taken in that transaction, so that numbers have no
// gap. Its PDF (views/receiptpdf) is made afterwards from these facts alone, and
// what was made first is kept: an issued document never changes. A mistake is
// corrected by a credit note.
package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	_ "time/tzdata" // a machine without zone files prints the same paper

	"demarc/store/money"
)

// Series is a kind of document with numbers of its own.
type Series string

// The series.
const (
	Receipt    Series = "RC"
	CreditNote Series = "CN"
	Invoice    Series = "IN"
)

// AllSeries lists them.
func AllSeries() []Series { return []Series{Receipt, CreditNote, Invoice} }

// Title is what the paper is called.
func (s Series) Title() string {
	switch s {
	case Receipt:
		return "Receipt"
	case CreditNote:
		return "Credit note"
	case Invoice:
		return "Invoice"
	}
	return string(s)
}

// Number is the number of a document: "RC-2026-000001".
func Number(s Series, year, n int) string { return fmt.Sprintf("%s-%d-%06d", s, year, n) }

// Schema is the schema number that this package writes and reads.
const Schema = 1

// Facts is everything that one document says. It holds no personal data.
type Facts struct {
	Schema   int       `json:"schema"`
	Series   Series    `json:"series"`
	Number   string    `json:"number"`
	IssuedAt time.Time `json:"issued_at"` // UTC, whole seconds; shown in Zone
	Zone     string    `json:"zone"`      // IANA name of the site's zone, or "UTC"

	Issuer  string `json:"issuer"` // the operator's legal name
	Address string `json:"address"`
	Contact string `json:"contact"`
	Service string `json:"service"`

	Customer  string `json:"customer"` // the company's name as it was
	AccountID string `json:"account_id"`

	OrderNo     string    `json:"order_no"`
	InterfaceID string    `json:"interface_id"`
	Interface   string    `json:"interface"`    // its name, or ""
	AccessPoint string    `json:"access_point"` // "Hangzhou-Yuhang-A, China (Hangzhou)"
	PortType    string    `json:"port_type"`
	PaidAt      time.Time `json:"paid_at"`
	Method      string    `json:"method"` // in words: "Account balance"
	Reference   string    `json:"reference"`
	DueAt       time.Time `json:"due_at"` // of an invoice; zero otherwise

	Corrects string `json:"corrects"` // the receipt that a credit note corrects
	Reason   string `json:"reason"`

	Lines []Line       `json:"lines"`
	Total money.Amount `json:"total"`
	Demo  bool         `json:"demo"` // invented data: the paper says so
}

// Line is one line with its amount; the amounts sum to the total.
type Line struct {
	Words    string       `json:"words"`
	Note     string       `json:"note"` // a second line: the period, the reason
	Quantity int          `json:"quantity"`
	Unit     money.Amount `json:"unit"`
	Amount   money.Amount `json:"amount"`
}

// Marshal writes the facts as they are kept.
func (f Facts) Marshal() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return json.Marshal(f)
}

// Unmarshal reads what Marshal wrote; another schema is refused.
func Unmarshal(b []byte) (Facts, error) {
	var f Facts
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, fmt.Errorf("document: %w", err)
	}
	return f, f.check()
}

// check refuses a document that does not add up.
func (f Facts) check() error {
	if f.Schema != Schema {
		return fmt.Errorf("document %s: schema %d, this program knows %d", f.Number, f.Schema, Schema)
	}
	sum, err := money.Zero(f.Total.Currency)
	if err != nil {
		return fmt.Errorf("document %s: %w", f.Number, err)
	}
	for _, l := range f.Lines {
		product, err := l.Unit.Mul(int64(l.Quantity))
		if err != nil || product != l.Amount {
			return fmt.Errorf("document %s: %d × %s is not %s", f.Number, l.Quantity, l.Unit, l.Amount)
		}
		if sum, err = sum.Add(l.Amount); err != nil {
			return fmt.Errorf("document %s: %w", f.Number, err)
		}
	}
	if len(f.Lines) == 0 || sum != f.Total {
		return fmt.Errorf("document %s: %d lines sum to %s, the total is %s", f.Number, len(f.Lines), sum, f.Total)
	}
	return nil
}

// Filename is the name under which the PDF is downloaded.
func (f Facts) Filename() string { return f.Number + ".pdf" }
