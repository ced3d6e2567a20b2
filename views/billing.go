package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// Billing is the page Billing of a customer.
type Billing struct {
	Balance string
	Chart   DueChart
	Due     []FeeDue // what falls due within the horizon, the earliest first
	// DueMore says that there are more than those; DuePages turns the list.
	DuePages  ui.Pages
	Statement []StatementRow
	Pages     ui.Pages
	// Invoices is nil for an account that has none and may have none.
	Invoices  *AccountInvoices
	Orders    []OrderRow
	Documents []DocumentRow
	Now       time.Time
}

// FeeDue is the resource fee of an interface that falls due.
type FeeDue struct {
	Interface
	Amount string // of the next period
	Period string // "1 month"
}

// DocumentRow is a receipt, a credit note or an invoice.
type DocumentRow struct {
	No, Kind, Amount, OrderNo, Href string
	IssuedAt                        time.Time
}

// actions are the controls of the row: what the reader may do.
func (d FeeDue) actions() ui.Actions {
	a := ui.Actions{For: d.Title()}
	if d.Can(lifecycle.Renew) {
		a.Links = append(a.Links, ui.Action{Label: "Renew", Href: paths.Renewal(d.ID), Lead: d.Standing.Late()})
	}
	if d.Can(lifecycle.SwitchAutoRenew) {
		a.Links = append(a.Links, ui.Action{Label: "Auto Renew", Href: paths.AutoRenew(d.ID)})
	}
	return a
}

// autoRenew is how Auto Renew stands, with the day of the next try.
func (d FeeDue) autoRenew() (words, sub string) {
	switch {
	case d.AutoRenew == 0:
		return "Off", ""
	case !d.RenewFailedAt.IsZero():
		return AutoRenewWords(d.AutoRenew), "Could not pay; tries again " + ui.FormatDay(d.RenewAt, d.Zone)
	}
	return AutoRenewWords(d.AutoRenew), "Pays on " + ui.FormatDay(d.RenewAt, d.Zone)
}

// standing is the state of the fee as a tag; "" when nothing is the matter.
func (d FeeDue) standing() (text, tone string) {
	switch {
	case d.Standing.IsLocked():
		return "FinancialLocked", ui.ToneBad
	case d.Standing.Late():
		return "Overdue", ui.ToneBad
	case d.Standing == fees.DueSoon:
		return "Due soon", ui.ToneWarn
	}
	return "", ""
}

// DueChart is what falls due week by week. The first bar is what is overdue
// already.
type DueChart struct {
	Bars []DueBar
}

// DueBar is one week of the chart.
type DueBar struct {
	From    time.Time // zero for what is overdue
	Minor   int64
	Amount  string
	Overdue bool
}

// The drawing of the chart, in units of its view box.
const (
	chartHeight = 120
	chartTop    = 8
	barPitch    = 40
	barWidth    = 26
)

// Empty reports whether nothing falls due.
func (c DueChart) Empty() bool {
	for _, b := range c.Bars {
		if b.Minor > 0 {
			return false
		}
	}
	return true
}

func (c DueChart) viewBox() string {
	return fmt.Sprintf("0 0 %d %d", len(c.Bars)*barPitch, chartHeight+22)
}

// rect is a bar as the four numbers of its rectangle. A bar above nothing is at
// least a hair high, so that a small sum beside a large one is seen.
func (c DueChart) rect(i int) (x, y, w, h string) {
	var most int64 = 1
	for _, b := range c.Bars {
		most = max(most, b.Minor)
	}
	height := 0
	if b := c.Bars[i]; b.Minor > 0 {
		height = max(3, int(float64(b.Minor)/float64(most)*(chartHeight-chartTop)))
	}
	return strconv.Itoa(i*barPitch + (barPitch-barWidth)/2), strconv.Itoa(chartHeight - height), strconv.Itoa(barWidth), strconv.Itoa(height)
}

func (c DueChart) base() string { return fmt.Sprintf("M0 %dH%d", chartHeight, len(c.Bars)*barPitch) }

// label stands under every fourth week and under what is overdue.
func (b DueBar) label(i int) string {
	switch {
	case b.Overdue:
		return "Late"
	case i%4 == 1:
		return b.From.Format("2 Jan")
	}
	return ""
}

func (c DueChart) labelX(i int) string { return strconv.Itoa(i*barPitch + barPitch/2) }

// words are what the drawing says aloud.
func (c DueChart) words() string {
	var parts []string
	for _, b := range c.Bars {
		switch {
		case b.Minor == 0:
		case b.Overdue:
			parts = append(parts, "overdue "+b.Amount)
		default:
			parts = append(parts, "week of "+b.From.Format("2 Jan")+" "+b.Amount)
		}
	}
	if len(parts) == 0 {
		return "Nothing falls due."
	}
	return "Falling due: " + strings.Join(parts, ", ") + "."
}
