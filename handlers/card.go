package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/money"
	"demarc/store/payment"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// Cards takes payments by card. The edge provides it where a gateway is
// configured.
type Cards interface {
	// Gateway is the gateway's name for people.
	Gateway() string
	// Takes reports whether cards are taken in the currency.
	Takes(currency string) bool
	// Start begins the payment of an order, or goes on with the one that is
	// open: afterwards store.LastPayment has the address of its page. Kinds:
	// NotFound, Conflict, Forbidden, Unavailable with a sentence.
	Start(ctx context.Context, by store.Actor, orderNo string) error
}

// payForm is the form of payment for an account and an amount: the methods that
// it can choose from.
func (h *Handlers) payForm(c echo.Context, form views.PayForm, account store.Account, due money.Amount) (views.PayForm, error) {
	credit, err := h.Store.CreditOf(c.Request().Context(), account.ID)
	if err != nil {
		return form, err
	}
	if !credit.Limit.IsZero() {
		form.Credit = credit.Left.String()
		short, err := credit.Left.Less(due)
		form.Owing = err != nil || short
	}
	form.Balance = account.Balance.String()
	short, err := account.Balance.Less(due)
	form.Short = err != nil || short
	if h.Cards != nil && h.Cards.Takes(due.Currency) && due.Minor > 0 {
		form.Gateway = h.Cards.Gateway()
	}
	return form, nil
}

// method is the chosen way to pay. Where there are no cards, a form without a
// choice pays from the balance.
func (h *Handlers) method(c echo.Context) string {
	m := value(c, "method")
	if m == "" && h.Cards == nil {
		m = store.MethodBalance
	}
	return m
}

// toCardPage begins a payment by card and sends the customer on.
func (h *Handlers) toCardPage(c echo.Context, no string) error {
	if err := h.Cards.Start(c.Request().Context(), h.actor(c), no); err != nil {
		return err
	}
	return h.done(c, paths.OrderCard(no))
}

// cardRefused is refused for a payment by card, where the gateway may be out of
// reach: the customer keeps the form and may choose another way.
func (h *Handlers) cardRefused(c echo.Context, err error) (status int, fields map[string]string, msg string, ok bool) {
	if store.KindOf(err) == store.Unavailable && store.MessageOf(err) != "" {
		h.Log.WarnContext(c.Request().Context(), "no card page", "request_id", reqctx.ID(c.Request().Context()), "error", err)
		return http.StatusServiceUnavailable, map[string]string{}, store.MessageOf(err), true
	}
	return refused(err)
}

// ShowCardPage sends the browser on to the gateway's page. A form may lead to
// this site only (form-action of the content policy, which Chromium applies to
// redirects too), so this is a page of its own that goes on by itself. Kinds:
// NotFound.
func (h *Handlers) ShowCardPage(c echo.Context) error {
	o, err := h.order(c)
	if err != nil {
		return err
	}
	p, err := h.Store.LastPayment(c.Request().Context(), o.No)
	if err != nil {
		return err
	}
	if p == nil || p.State != payment.Sent || p.URL == "" || o.State != store.OrderUnpaid {
		return c.Redirect(http.StatusSeeOther, paths.Order(o.No))
	}
	c.Response().Header().Set("Refresh", "0; url="+p.URL)
	return h.render(c, http.StatusOK, views.CardPage(h.page(c, "Pay by card", ordersCrumb, views.Crumb{Label: o.No, Href: paths.Order(o.No)}), views.CardGo{OrderNo: o.No, Amount: p.Amount.String(), Href: p.URL}))
}

// ShowPayment is where the gateway sends people who paid: it waits for the
// gateway's word and then goes on by itself. Kinds: NotFound.
func (h *Handlers) ShowPayment(c echo.Context) error {
	o, err := h.order(c)
	if err != nil {
		return err
	}
	p, err := h.Store.LastPayment(c.Request().Context(), o.No)
	if err != nil {
		return err
	}
	href := paths.Order(o.No)
	switch {
	case o.State == store.OrderPaid && o.Kind == store.KindInstallation:
		href = paths.OrderDone(o.No)
	case o.State == store.OrderPaid:
		href = paths.Interface(o.ConnectionID)
		if !reqctx.IsHtmx(c.Request()) {
			return h.done(c, href, views.Flash{Tone: ui.ToneOK, Text: "Order " + o.No + " is paid by card."})
		}
	case o.State == store.OrderUnpaid && p != nil && p.State.Open():
		return h.render(c, http.StatusOK, views.PaymentPage(h.page(c, "Confirming the payment", ordersCrumb, views.Crumb{Label: o.No, Href: href}), views.CardGo{OrderNo: o.No, Amount: p.Amount.String()}))
	}
	return h.done(c, href)
}

// cardNotice is what an order's page says about the newest payment by card.
func (h *Handlers) cardNotice(c echo.Context, o store.Order) (*views.CardNotice, error) {
	p, err := h.Store.LastPayment(c.Request().Context(), o.No)
	if err != nil || p == nil {
		return nil, err
	}
	return &views.CardNotice{State: p.State, Amount: p.Amount.String(), Problem: p.Problem, Declined: p.Declines > 0,
		Back: c.QueryParam("card") == "back", OrderUnpaid: o.State == store.OrderUnpaid, OrderNo: o.No, CanPay: p.URL != "" && p.ExpiresAt.After(h.Store.Now())}, nil
}
