package views

import (
	"strconv"
	"time"

	"demarc/views/ui"
)

// OrderRow is one order of the list.
type OrderRow struct {
	No, Href     string
	Kind, Period string // "Installation", "Resource fee"; "6 months" with a resource fee
	InterfaceID  string
	Name         string    // of the interface
	Amount       string    // "$1,500.00"
	Refunded     string    // what went back of it; "" for nothing
	ValidUntil   time.Time // of the quote, while it can be paid; zero otherwise
	Documents    []OrderDocument
	State        string // unpaid, paid, expired, canceled, refunded
	OnInvoice    bool   // it is paid with the monthly invoice
	CreatedAt    time.Time
	Zone         *time.Location
	MayPay       bool // it is unpaid and the reader's role pays
}

// OrderList is the page Orders.
type OrderList struct {
	Rows  []OrderRow
	Pages ui.Pages
}

func (o OrderRow) action() ui.Actions {
	a := ui.Action{Label: "View", Href: o.Href}
	if o.MayPay {
		a = ui.Action{Label: "Pay", Href: o.Href, Lead: true}
	}
	acts := ui.Actions{For: "order " + o.No, Links: []ui.Action{a}}
	switch n := len(o.Documents); {
	case n == 1:
		acts.Links = append(acts.Links, ui.Action{Label: o.Documents[0].Title, Href: o.Documents[0].Href})
	case n > 1: // the page of the order has them all
		acts.Links = append(acts.Links, ui.Action{Label: strconv.Itoa(n) + " documents", Href: o.Href + "#documents-h"})
	}
	return acts
}

// kindWords is "Renewal, 6 months".
func (o OrderRow) kindWords() string {
	if o.Period == "" {
		return o.Kind
	}
	return o.Kind + ", " + o.Period
}

// words say what the order is for in one line.
func (o OrderRow) words() string {
	out := o.kindWords()
	name := o.Name
	if name == "" {
		name = o.InterfaceID
	}
	return out + ", " + name
}
