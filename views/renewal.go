package views

import (
	"strconv"
	"time"

	"demarc/store/fees"
	"demarc/store/pricing"
	"demarc/views/ui"
)

// Renewal is the page Renew.
type Renewal struct {
	Interface
	Operator string
	Invoice  bool // the account may pay on the monthly invoice
	Form     RenewalForm
	Offers   []RenewalOffer
	Now      string // the resource fee a month by the price list in force
	// Rule is what an order made now says about refunds.
	Rule string
	// Open is the number of an order for a renewal that is not paid; a new one
	// takes its place.
	Open string
}

// RenewalOffer is what renewing for a duration costs and reaches.
type RenewalOffer struct {
	Months int
	Total  string
	Until  time.Time
	Reason string // why it is not on offer; "" when it is
}

// RenewalForm is the form as sent.
type RenewalForm struct {
	Months    int
	AutoRenew bool
	Key       string
	Errors    map[string]string
	Conflict  string
}

func (r Renewal) chosen() (RenewalOffer, bool) {
	for _, o := range r.Offers {
		if o.Months == r.Form.Months && o.Reason == "" {
			return o, true
		}
	}
	return RenewalOffer{}, false
}

func (r Renewal) months() ui.Control {
	c := ui.Control{Name: "months", Label: "Duration", Value: strconv.Itoa(r.Form.Months), Error: r.Form.Errors["months"],
		Hint: "It begins where the paid time ends, whenever you pay."}
	for _, o := range r.Offers {
		v := strconv.Itoa(o.Months)
		opt := ui.Option{Value: v, Label: pricing.PeriodLabel(o.Months), Sub: o.Total, ID: "months-" + v}
		if o.Reason != "" {
			opt.Disabled, opt.Sub = true, o.Reason
		}
		c.Options = append(c.Options, opt)
	}
	return c
}

func (r Renewal) autoRenew() ui.Control {
	label := autoRenewLabel(r.Invoice)
	if r.AutoRenew > 0 {
		label = "Auto Renew from now on with this duration; now it pays " + pricing.PeriodLabel(r.AutoRenew)
	}
	return ui.Control{Name: "auto_renew", Label: label, Checked: r.Form.AutoRenew}
}

// autoRenewLabel offers Auto Renew and says what it pays from.
func autoRenewLabel(invoice bool) string {
	from := "from the account balance"
	if invoice {
		from += " or on the monthly invoice"
	}
	return "Auto Renew: pay the same duration again " + from + ", before it ends"
}

func (r Renewal) summary() []ui.FieldError {
	out := ui.ErrorList(r.Form.Errors, "months")
	for i := range out {
		if out[i].ID == "months" {
			out[i].ID = r.months().FirstOption()
		}
	}
	return out
}

func (r Renewal) facts() []ui.Pair {
	until := "Paid until"
	if r.Standing.Late() {
		until = "Was paid until"
	}
	out := []ui.Pair{
		{Term: until, Content: ui.Stamp(r.PaidThrough, r.Zone)},
		{Term: "Resource fee", Value: r.Now + " a month"},
	}
	if r.Now != r.Monthly {
		out = append(out, ui.Pair{Term: "Before", Value: r.Monthly + " a month, by the price list of your first order"})
	}
	return append(out, ui.Pair{Term: "Refunds", Value: r.Rule})
}

// ResourceRule is what an order for a resource fee says about refunds, in
// words.
func ResourceRule(rule string) string {
	if rule == fees.UnusedBack {
		return "If you terminate the interface, the whole months that have not begun go back to your balance."
	}
	return "Unused months are not refunded when you terminate the interface."
}

// InstallationRule is what an order for an installation fee says about refunds,
// in words.
func InstallationRule(rule string) string {
	switch fees.InstallationRefund(rule) {
	case fees.NeverBack:
		return "The initial installation fee is not refunded."
	case fees.UntilEnabled:
		return "If you cancel the interface before it is enabled, the fee goes back to your balance."
	}
	return "If you cancel the interface before an LOA is issued, the fee goes back to your balance. After that it is not refunded."
}

// AutoRenewForm is the question whether Demarc pays the next periods.
type AutoRenewForm struct {
	Interface
	Months   int // 0 is off
	Days     int // before paid-through
	Balance  string
	Credit   string // what is left of the account's credit; "" for one that does not pay by invoice
	Monthly  string // by the price list in force
	Key      string
	Errors   map[string]string
	Conflict string
	Closed   bool
}

func (f AutoRenewForm) facts() []ui.Pair {
	out := []ui.Pair{
		{Term: "Paid until", Content: ui.Stamp(f.PaidThrough, f.Zone)},
		{Term: "Resource fee", Value: f.Monthly + " a month"},
		{Term: "Account balance", Value: f.Balance},
	}
	if f.Credit != "" {
		out = append(out, ui.Pair{Term: "Monthly invoice", Value: f.Credit + " of credit left"})
	}
	return out
}

// how says what the fee is taken from, and what follows when that is not enough.
func (f AutoRenewForm) how() string {
	text := "The fee is taken from the account balance " + countOf(f.Days, "day", "days") + " before the paid time ends. When the balance is too low, "
	if f.Credit != "" {
		text += "it goes on the monthly invoice, up to the credit limit. When neither is enough, "
	}
	return text + "you get a message and it is tried again every day, and as soon as money comes."
}

func (f AutoRenewForm) months() ui.Control {
	c := ui.Control{Name: "months", Label: "Auto Renew", Value: strconv.Itoa(f.Months), Error: f.Errors["months"],
		Options: []ui.Option{{Value: "0", Label: "Off"}}}
	for _, n := range pricing.Periods() {
		c.Options = append(c.Options, ui.Option{Value: strconv.Itoa(n), Label: "Every " + everyPeriod(n)})
	}
	return c
}

// everyPeriod is a period after the word every: "month", "3 months".
func everyPeriod(months int) string {
	switch months {
	case 1:
		return "month"
	case 12:
		return "year"
	}
	return pricing.PeriodLabel(months)
}

// AutoRenewWords is how Auto Renew stands: "Off", "Every 3 months".
func AutoRenewWords(months int) string {
	if months == 0 {
		return "Off"
	}
	return "Every " + everyPeriod(months)
}
