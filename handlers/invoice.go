package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// invoiceLinesShown is how many lines of an invoice its page shows; the document
// has them all.
const invoiceLinesShown = 50

// ShowInvoice is one monthly invoice: what it charges, what was paid of it, and
// the form that pays what is open. Kinds: NotFound.
func (h *Handlers) ShowInvoice(c echo.Context) error {
	return h.invoicePage(c, http.StatusOK, views.PayInvoiceForm{Key: formKey()})
}

// PayInvoice pays an invoice from the account's balance, in whole or in part.
// Kinds: NotFound, Forbidden.
func (h *Handlers) PayInvoice(c echo.Context) error {
	ctx, by, no := c.Request().Context(), h.actor(c), c.Param("no")
	amount := value(c, "amount")
	form := views.PayInvoiceForm{Amount: &amount, Key: keptKey(c)}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.invoicePage(c, http.StatusUnprocessableEntity, form)
	}
	err := h.Store.PayInvoice(ctx, by, no, rev(c), amount)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.invoicePage(c, status, form)
	}
	if err != nil {
		return err
	}
	i, err := h.Store.Invoice(ctx, by.AccountID, no)
	if err != nil {
		return err
	}
	text := "Invoice " + no + " is paid."
	if i.PaidAt.IsZero() {
		text = "The payment is received. " + i.Open().String() + " of invoice " + no + " is still open."
	}
	return h.done(c, paths.Invoice(no), views.Flash{Tone: ui.ToneOK, Text: text})
}

// invoicePage renders the invoice as it stands now, with the form as it was sent.
func (h *Handlers) invoicePage(c echo.Context, status int, form views.PayInvoiceForm) error {
	ctx, by, no := c.Request().Context(), h.actor(c), c.Param("no")
	i, err := h.Store.Invoice(ctx, by.AccountID, no)
	if err != nil {
		return err
	}
	account, err := h.Store.Account(ctx, by, i.AccountID)
	if err != nil {
		return err
	}
	rows, err := h.invoiceRows(ctx, []store.Invoice{i}, paths.Document)
	if err != nil {
		return err
	}
	_, facts, err := h.Store.Document(ctx, by, no)
	if err != nil {
		return err
	}
	v := views.Invoice{InvoiceRow: rows[0], Month: facts.Reference, IssuedAt: i.IssuedAt, Received: i.Received.String(), Now: h.Store.Now(),
		Balance: account.Balance.String(), Empty: account.Balance.Minor <= 0, Rev: i.Version()}
	lines := store.InvoiceLines(facts)
	if n := len(lines) - invoiceLinesShown; n > 0 {
		v.More, lines = n, lines[:invoiceLinesShown]
	}
	ids := make([]string, len(lines))
	for n, l := range lines {
		ids[n] = l.ConnectionID
	}
	refs, err := h.Store.ConnectionRefs(ctx, i.AccountID, ids)
	if err != nil {
		return err
	}
	for _, l := range lines {
		v.Lines = append(v.Lines, views.InvoiceLine{Words: l.Words, OrderNo: l.OrderNo, InterfaceID: l.ConnectionID, Name: refs[l.ConnectionID].Name, Amount: l.Amount.String()})
	}
	// The form offers what is open, or what there is of it.
	offer := i.Open()
	short, err := account.Balance.Less(offer)
	switch {
	case err != nil:
		v.Foreign = account.Balance.Currency
	case short:
		offer, v.Short = account.Balance, true
	}
	v.Currency, v.Offer = offer.Currency, strings.TrimLeft(offer.String(), "$")
	p := h.page(c, "Invoice "+no, views.Crumb{Label: "Expenses"}, views.Crumb{Label: "Billing", Href: paths.Billing})
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.InvoicePage(p, v, form))
}
