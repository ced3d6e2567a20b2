package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/document"
	"demarc/store/payment"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

var ordersCrumb = views.Crumb{Label: "Orders", Href: paths.Orders}

// ShowOrder confirms an order that is to be paid, and shows any other one.
// Kinds: NotFound.
func (h *Handlers) ShowOrder(c echo.Context) error {
	return h.orderPage(c, http.StatusOK, views.PayForm{Key: formKey()})
}

// PayOrder pays an order the way that was chosen: at once, or on the page of the
// card gateway. Kinds: NotFound, Forbidden.
func (h *Handlers) PayOrder(c echo.Context) error {
	no, method := c.Param("no"), h.method(c)
	var err error
	if method == store.MethodCard && h.Cards != nil {
		if err = h.toCardPage(c, no); err == nil {
			return nil
		}
	} else if err = h.Store.PayOrder(c.Request().Context(), h.actor(c), no, method); err == nil {
		return h.paid(c, no)
	}
	status, fields, msg, ok := h.cardRefused(c, err)
	if !ok {
		return err
	}
	form := views.PayForm{Key: keptKey(c), Errors: fields, Method: method}
	if len(fields) == 0 {
		form.Conflict = msg
	}
	return h.orderPage(c, status, form)
}

// paid leads on after an order was paid at once.
func (h *Handlers) paid(c echo.Context, no string) error {
	o, err := h.order(c)
	if err != nil {
		return err
	}
	if o.Kind == store.KindInstallation {
		return h.done(c, paths.OrderDone(no))
	}
	conn, err := h.Store.Connection(c.Request().Context(), h.actor(c), o.ConnectionID)
	if err != nil {
		return err
	}
	text := conn.Title() + " is enabled. The leased line connection is completed."
	if o.Kind == store.KindRenewal {
		text = "Payment received. The resource fee of " + conn.Title() + " is paid until " + ui.FormatDay(conn.PaidThrough, h.Store.Catalogue().Zone(conn.Region)) + "."
	}
	return h.done(c, paths.Interface(conn.ID), views.Flash{Tone: ui.ToneOK, Text: text})
}

// ShowOrderDone is the result of a payment; an order that is not paid has none.
// Kinds: NotFound.
func (h *Handlers) ShowOrderDone(c echo.Context) error {
	o, err := h.order(c)
	if err != nil {
		return err
	}
	if o.State != "paid" || o.Kind != "installation" {
		return c.Redirect(http.StatusSeeOther, paths.Order(o.No))
	}
	v, _, err := h.orderView(c, o)
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, views.OrderDonePage(h.page(c, "Payment received", ordersCrumb), v))
}

func (h *Handlers) order(c echo.Context) (store.Order, error) {
	return h.Store.Order(c.Request().Context(), h.actor(c), c.Param("no"))
}

// orderPage renders the order as it stands now, with the form as it was sent.
func (h *Handlers) orderPage(c echo.Context, status int, form views.PayForm) error {
	o, err := h.order(c)
	if err != nil {
		return err
	}
	v, account, err := h.orderView(c, o)
	if err != nil {
		return err
	}
	if form, err = h.payForm(c, form, account, o.Amount); err != nil {
		return err
	}
	if form.Card, err = h.cardNotice(c, o); err != nil {
		return err
	}
	title := "Order " + o.No
	if v.Payable() {
		title = "Confirm order"
	}
	p := h.page(c, title, ordersCrumb)
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.OrderPage(p, v, form))
}

// refundedText is how much of an order went back, "" when nothing did.
func refundedText(o store.Order) string {
	if o.Refunded.IsZero() {
		return ""
	}
	return o.Refunded.String()
}

// billLines are the lines of an order in words.
func billLines(o store.Order, lines []store.OrderLine) []views.OrderLine {
	out := make([]views.OrderLine, len(lines))
	for i, l := range lines {
		out[i] = views.OrderLine{Words: store.LineWords(o, l), Note: l.Reason, Quantity: l.Quantity, Unit: l.Unit.String(), Amount: l.Amount.String()}
	}
	return out
}

// orderDocuments are issued documents with where to get them: what was paid,
// then what went back.
func orderDocuments(docs []store.Document) []views.OrderDocument {
	slices.SortStableFunc(docs, func(a, b store.Document) int {
		if back := document.CreditNote; (a.Series == back) != (b.Series == back) {
			if a.Series == back {
				return 1
			}
			return -1
		}
		return 0
	})
	out := make([]views.OrderDocument, len(docs))
	for i, d := range docs {
		out[i] = views.OrderDocument{Title: d.Series.Title(), No: d.No, Href: paths.Document(d.No), Amount: d.Amount.String(), IssuedAt: d.IssuedAt}
	}
	return out
}

func (h *Handlers) orderView(c echo.Context, o store.Order) (views.Order, store.Account, error) {
	ctx, by := c.Request().Context(), h.actor(c)
	account, err := h.Store.Account(ctx, by, o.AccountID)
	if err != nil {
		return views.Order{}, account, err
	}
	conn, err := h.Store.Connection(ctx, by, o.ConnectionID)
	if err != nil {
		return views.Order{}, account, err
	}
	lines, err := h.Store.OrderLines(ctx, o)
	if err != nil {
		return views.Order{}, account, err
	}
	docs, err := h.Store.DocumentsOf(ctx, o.No)
	if err != nil {
		return views.Order{}, account, err
	}
	onInvoice := ""
	if o.Method == store.MethodInvoice {
		if onInvoice, err = h.Store.InvoiceOfOrder(ctx, o.No); err != nil {
			return views.Order{}, account, err
		}
	}
	return views.Order{
		No: o.No, InvoiceNo: onInvoice, Lines: billLines(o, lines), Documents: orderDocuments(docs), Kind: o.Kind, State: o.State, Amount: o.Amount.String(), Unit: o.Unit.String(), Months: o.Months,
		From: o.PeriodFrom, To: o.PeriodTo, RefundRule: o.RefundRule, Refunded: refundedText(o), AutoRenew: o.AutoRenew,
		CreatedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt, PaidAt: o.PaidAt, Method: payment.Method(o.Method), PriceList: o.PriceVersion,
		Interface: h.readBy(c, conn), SP: string(conn.SP), Spec: string(conn.Spec), AccountName: account.Name, Operator: h.Operator,
	}, account, nil
}
