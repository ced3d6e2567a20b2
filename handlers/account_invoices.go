package handlers

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// invoicesShown is how many invoices the page of an account shows, beside older
// ones that are not paid.
const invoicesShown = 12

// accountInvoices fills in what an account may owe on invoices, and owes.
func (h *Handlers) accountInvoices(c echo.Context, a *views.AccountShow, sent accountForms) error {
	actor := h.actor(c)
	v, credit, err := h.invoicesOf(c.Request().Context(), a.ID, paths.AdminDocument)
	if err != nil {
		return err
	}
	if lifecycle.May(lifecycle.RecordTransfers, actor.Role) {
		if v.Form = sent.limit; v.Form == nil {
			v.Form = &views.InvoiceLimitForm{Limit: strings.TrimLeft(credit.Limit.String(), "$")}
			v.Form.Key = formKey()
		} else {
			v.Form.Key = keptKey(c)
		}
		v.Pay = sent.invoice
	}
	a.Invoices = v
	return nil
}

// invoicesOf is what an account may owe, and its newest invoices; href is the
// address of one.
func (h *Handlers) invoicesOf(ctx context.Context, account string, href func(string) string) (*views.AccountInvoices, store.Credit, error) {
	credit, err := h.Store.CreditOf(ctx, account)
	if err != nil {
		return nil, credit, err
	}
	list, err := h.Store.InvoicesOf(ctx, account, invoicesShown)
	if err != nil {
		return nil, credit, err
	}
	v := &views.AccountInvoices{Allowed: !credit.Limit.IsZero(), Limit: credit.Limit.String(), Owed: credit.Owed.String(), Left: credit.Left.String()}
	v.Rows, err = h.invoiceRows(ctx, list, href)
	return v, credit, err
}

// invoiceRows are invoices with what was paid of them.
func (h *Handlers) invoiceRows(ctx context.Context, list []store.Invoice, href func(string) string) ([]views.InvoiceRow, error) {
	paid, err := h.Store.InvoicePayments(ctx, list)
	if err != nil {
		return nil, err
	}
	var rows []views.InvoiceRow
	for _, i := range list {
		row := views.InvoiceRow{No: i.No, Href: href(i.No), Amount: i.Amount.String(), Open: i.Open().String(), DueAt: i.DueAt, PaidAt: i.PaidAt, Overdue: i.Overdue(h.Store.Now())}
		for _, p := range paid {
			if p.InvoiceNo != i.No {
				continue
			}
			if len(row.Payments) == 0 {
				row.Earlier = p.N - 1
			}
			came := views.InvoicePayment{At: p.At, Amount: p.Amount.String(), Reference: p.Reference, FromBalance: p.Method == store.PaidFromBalance}
			if !p.Surplus.IsZero() {
				came.Surplus = p.Surplus.String()
			}
			row.Payments = append(row.Payments, came)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// SetInvoiceLimit says up to how much the account may owe on invoices.
func (h *Handlers) SetInvoiceLimit(c echo.Context) error {
	id := c.Param("id")
	form := views.InvoiceLimitForm{Limit: value(c, "limit"), Reason: value(c, "reason")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.accountPage(c, http.StatusUnprocessableEntity, accountForms{limit: &form})
	}
	err := h.Store.SetInvoiceLimit(c.Request().Context(), h.actor(c), id, form.Limit, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.accountPage(c, status, accountForms{limit: &form, conflict: conflictOnly(status, msg)})
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccount(id), views.Flash{Tone: ui.ToneOK, Text: "The credit limit is saved."})
}

// RecordInvoicePayment records a transfer for an invoice: in full, in part, or
// with something left over.
func (h *Handlers) RecordInvoicePayment(c echo.Context) error {
	ctx, id, no := c.Request().Context(), c.Param("id"), c.Param("no")
	form := views.InvoicePaymentForm{No: no, Amount: value(c, "amount"), Reference: value(c, "reference")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.accountPage(c, http.StatusUnprocessableEntity, accountForms{invoice: &form})
	}
	err := h.Store.RecordInvoicePayment(ctx, h.actor(c), id, no, form.Amount, form.Reference)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.accountPage(c, status, accountForms{invoice: &form, conflict: conflictOnly(status, msg)})
	}
	if err != nil {
		return err
	}
	i, err := h.Store.Invoice(ctx, id, no)
	if err != nil {
		return err
	}
	flash := views.Flash{Tone: ui.ToneOK, Text: "Invoice " + no + " is paid."}
	if i.PaidAt.IsZero() {
		flash.Text = "The payment is recorded. " + i.Open().String() + " of invoice " + no + " is still open."
	}
	return h.done(c, paths.AdminAccount(id), flash)
}
