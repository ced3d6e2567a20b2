package views

import (
	"time"

	"demarc/views/ui"
)

// OrderRow is one order of the list.
type OrderRow struct {
	No, Href     string
	Kind, Period string // "Installation", "Resource fee"; "6 months" with a resource fee
	InterfaceID  string
	Name         string // of the interface
	Amount       string // "$1,500.00"
	State        string // unpaid, paid, expired, canceled, refunded
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
	return ui.Actions{For: "order " + o.No, Links: []ui.Action{a}}
}
