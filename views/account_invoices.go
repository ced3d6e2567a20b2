package views

import (
	"strconv"
	"strings"
	"time"

	"demarc/views/ui"
)

// AccountInvoices is what an account may owe on invoices, and owes.
type AccountInvoices struct {
	Allowed           bool
	Limit, Owed, Left string
	Rows              []InvoiceRow
	// Form and Pay are nil for those who only look.
	Form *InvoiceLimitForm
	Pay  *InvoicePaymentForm
}

// credit is the limit and what is left of it.
func (i AccountInvoices) credit() []ui.Pair {
	return []ui.Pair{{Term: "Credit limit", Content: ui.Money(i.Limit)}, {Term: "Owed", Content: ui.Money(i.Owed)}, {Term: "Left", Content: ui.Money(i.Left)}}
}

// InvoiceRow is one invoice.
type InvoiceRow struct {
	No, Amount    string
	Href          string // its page, or the document
	Open          string // what is still to be paid
	DueAt, PaidAt time.Time
	Overdue       bool
	Payments      []InvoicePayment // the newest, in the order of time
	Earlier       int              // payments before those
}

// InvoicePayment is a transfer that came for an invoice, or a payment from the
// balance.
type InvoicePayment struct {
	At          time.Time
	Amount      string
	Surplus     string // what of it went to the balance; "" nothing
	Reference   string
	FromBalance bool
}

// words say what came and where it went.
func (p InvoicePayment) words() string {
	how := p.Reference
	if p.FromBalance {
		how = "from the balance"
	}
	return p.Amount + " on " + ui.FormatDay(p.At, time.UTC) + ", " + how + p.rest()
}

// how says by what way the money came.
func (p InvoicePayment) how() string {
	if p.FromBalance {
		return "From the balance"
	}
	return "Transfer, " + p.Reference + p.rest()
}

func (p InvoicePayment) rest() string {
	if p.Surplus == "" {
		return ""
	}
	return "; " + p.Surplus + " more went to the balance"
}

// InvoiceLimitForm says up to how much an account may owe.
type InvoiceLimitForm struct {
	Limit, Reason string
	Key           string
	Errors        map[string]string
}

// InvoicePaymentForm records a transfer for an invoice.
type InvoicePaymentForm struct {
	No, Amount, Reference string
	Key                   string
	Errors                map[string]string
}

// paymentFieldID is the id of a field of the form for an invoice's payment.
func paymentFieldID(field, no string) string { return field + "-" + no }

func (i AccountInvoices) summary() []ui.FieldError {
	var out []ui.FieldError
	if i.Form != nil {
		for _, e := range ui.ErrorList(i.Form.Errors, "limit", "reason") {
			if e.ID == "reason" {
				e.ID = "limit-reason"
			}
			out = append(out, e)
		}
	}
	if i.Pay != nil {
		for _, e := range ui.ErrorList(i.Pay.Errors, "amount", "reference") {
			e.ID = paymentFieldID(e.ID, i.Pay.No)
			out = append(out, e)
		}
	}
	return out
}

// earlier says how many payments came before those that are listed.
func (r InvoiceRow) earlier() string {
	if r.Earlier == 1 {
		return "1 payment before these"
	}
	return strconv.Itoa(r.Earlier) + " payments before these"
}

// look is how an invoice stands.
func (r InvoiceRow) look() Look {
	switch {
	case !r.PaidAt.IsZero():
		return Look{"Paid", ui.ToneOK, ui.ShapeDot}
	case r.Overdue:
		return Look{"Overdue", ui.ToneBad, ui.ShapeRing}
	case len(r.Payments) > 0:
		return Look{"Partly paid", ui.ToneInfo, ui.ShapeHalf}
	}
	return Look{"Open", ui.ToneInfo, ui.ShapeHalf}
}

// terms are what an invoice comes to and until when it is to be paid.
func (r InvoiceRow) terms() string {
	text := r.Amount
	if r.PaidAt.IsZero() {
		if len(r.Payments) > 0 {
			text += ", " + r.Open + " open"
		}
		return text + ", due " + ui.FormatDay(r.DueAt, time.UTC)
	}
	return text + ", paid " + ui.FormatDay(r.PaidAt, time.UTC)
}

// amount and reference are the fields for a payment of r.
func (i AccountInvoices) amount(r InvoiceRow) ui.Control {
	c := ui.Control{ID: paymentFieldID("amount", r.No), Name: "amount", Label: "Amount received", Short: true, InputMode: "decimal", Suffix: "USD", Value: strings.TrimPrefix(r.Open, "$")}
	if i.Pay != nil && i.Pay.No == r.No {
		c.Value, c.Error = i.Pay.Amount, i.Pay.Errors["amount"]
	}
	return c
}

func (i AccountInvoices) reference(r InvoiceRow) ui.Control {
	c := ui.Control{ID: paymentFieldID("reference", r.No), Name: "reference", Label: "Reference of the transfer", MaxLength: 64}
	if i.Pay != nil && i.Pay.No == r.No {
		c.Value, c.Error = i.Pay.Reference, i.Pay.Errors["reference"]
	}
	return c
}
