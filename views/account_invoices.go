package views

import (
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

// InvoiceRow is one invoice.
type InvoiceRow struct {
	No, Month, Amount       string
	IssuedAt, DueAt, PaidAt time.Time
	Overdue                 bool
	Reference               string
}

// InvoiceLimitForm says up to how much an account may owe.
type InvoiceLimitForm struct {
	Limit, Reason string
	Key           string
	Errors        map[string]string
}

// InvoicePaymentForm records that an invoice was paid.
type InvoicePaymentForm struct {
	No, Reference string
	Key           string
	Errors        map[string]string
}

// refID is the id of the field for the reference of an invoice's payment.
func refID(no string) string { return "reference-" + no }

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
		for _, e := range ui.ErrorList(i.Pay.Errors, "reference") {
			e.ID = refID(i.Pay.No)
			out = append(out, e)
		}
	}
	return out
}

// look is how an invoice stands.
func (r InvoiceRow) look() Look {
	switch {
	case !r.PaidAt.IsZero():
		return Look{"Paid", ui.ToneOK, ui.ShapeDot}
	case r.Overdue:
		return Look{"Overdue", ui.ToneBad, ui.ShapeRing}
	}
	return Look{"Open", ui.ToneInfo, ui.ShapeHalf}
}

// reference is the field for the bank's reference of the payment of r.
func (i AccountInvoices) reference(r InvoiceRow) ui.Control {
	c := ui.Control{ID: refID(r.No), Name: "reference", Label: "Reference of the transfer for " + r.No, MaxLength: 64}
	if i.Pay != nil && i.Pay.No == r.No {
		c.Value, c.Error = i.Pay.Reference, i.Pay.Errors["reference"]
	}
	return c
}
