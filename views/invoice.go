package views

import (
	"strconv"
	"time"

	"demarc/views/ui"
)

// Invoice is a monthly invoice as the page of its account shows it.
type Invoice struct {
	InvoiceRow      // Href is its PDF
	Month, Received string
	IssuedAt, Now   time.Time
	Lines           []InvoiceLine
	More            int // lines that only the PDF has
	// What it is paid with.
	Balance, Currency string
	Offer             string // the amount that the form begins with
	Short             bool   // the balance is less than what is open
	Empty             bool   // nothing is on the balance
	Foreign           string // the balance's currency, when it is another one
	Rev               int
}

// InvoiceLine is an order on an invoice.
type InvoiceLine struct{ Words, OrderNo, InterfaceID, Name, Amount string }

// PayInvoiceForm pays an invoice from the balance.
type PayInvoiceForm struct {
	Amount   *string // as it was sent; nil in a fresh form
	Key      string
	Errors   map[string]string
	Conflict string // why the last attempt changed nothing
}

func (f PayInvoiceForm) summary() []ui.FieldError { return ui.ErrorList(f.Errors, "amount") }

// sums are what an invoice comes to and how it stands.
func (i Invoice) sums() []ui.Pair {
	out := []ui.Pair{{Term: "For orders of", Value: i.Month}, {Term: "Issued", Content: ui.Day(i.IssuedAt, time.UTC)}, {Term: "Due", Content: ui.Day(i.DueAt, time.UTC)},
		{Term: "Amount", Content: ui.Money(i.Amount)}}
	if i.PaidAt.IsZero() {
		return append(out, ui.Pair{Term: "Paid so far", Content: ui.Money(i.Received)}, ui.Pair{Term: "Open", Content: strong(i.Open)})
	}
	return append(out, ui.Pair{Term: "Paid", Content: ui.Day(i.PaidAt, time.UTC)})
}

// late says for how long an invoice that is open should have been paid.
func (i Invoice) late() string {
	if !i.Overdue {
		return ""
	}
	return "It was due on " + ui.FormatDay(i.DueAt, time.UTC) + ". " + i.Open + " is open."
}

// amount is the field of the form.
func (i Invoice) amount(f PayInvoiceForm) ui.Control {
	c := ui.Control{Name: "amount", Label: "Amount", Short: true, InputMode: "decimal", Suffix: i.Currency, Value: i.Offer, Error: f.Errors["amount"], Hint: "Account balance: " + i.Balance + ". Enter less to pay a part."}
	if i.Short {
		c.Hint = "Account balance: " + i.Balance + ". It does not cover all of it: the rest stays open."
	}
	if f.Amount != nil {
		c.Value = *f.Amount
	}
	return c
}

// unpayable is why the balance cannot pay; "" when it can.
func (i Invoice) unpayable(operator string) string {
	switch {
	case i.Foreign != "":
		return "The account is kept in " + i.Foreign + " and the invoice is in " + i.Currency + "."
	case i.Empty:
		return "The account balance is " + i.Balance + ". Transfer money to " + operator + " first."
	}
	return ""
}

// moreLines says where the rest of the lines is.
func (i Invoice) moreLines() string {
	if i.More == 1 {
		return "1 more line is in the PDF."
	}
	return strconv.Itoa(i.More) + " more lines are in the PDF."
}
