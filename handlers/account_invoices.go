package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// invoicesShown is how many invoices the page of an account shows.
const invoicesShown = 12

// accountInvoices fills in what an account may owe on invoices, and owes.
func (h *Handlers) accountInvoices(c echo.Context, a *views.AccountShow, sent accountForms) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	credit, err := h.Store.CreditOf(ctx, a.ID)
	if err != nil {
		return err
	}
	list, err := h.Store.InvoicesOf(ctx, a.ID, invoicesShown)
	if err != nil {
		return err
	}
	v := &views.AccountInvoices{Allowed: !credit.Limit.IsZero(), Limit: credit.Limit.String(), Owed: credit.Owed.String(), Left: credit.Left.String()}
	for _, i := range list {
		v.Rows = append(v.Rows, views.InvoiceRow{No: i.No, Month: i.Month, Amount: i.Amount.String(), IssuedAt: i.IssuedAt, DueAt: i.DueAt, PaidAt: i.PaidAt, Overdue: i.Overdue(h.Store.Now()), Reference: i.Reference})
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

// RecordInvoicePayment records that an invoice was paid in full.
func (h *Handlers) RecordInvoicePayment(c echo.Context) error {
	id, no := c.Param("id"), c.Param("no")
	form := views.InvoicePaymentForm{No: no, Reference: value(c, "reference")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.accountPage(c, http.StatusUnprocessableEntity, accountForms{invoice: &form})
	}
	err := h.Store.RecordInvoicePayment(c.Request().Context(), h.actor(c), no, form.Reference)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.accountPage(c, status, accountForms{invoice: &form, conflict: conflictOnly(status, msg)})
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccount(id), views.Flash{Tone: ui.ToneOK, Text: "Invoice " + no + " is paid."})
}
