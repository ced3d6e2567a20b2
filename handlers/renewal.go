package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ShowRenewal is the page Renew, with the choices of the query. Kinds: NotFound.
func (h *Handlers) ShowRenewal(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	if !lifecycle.Can(conn.Stage, lifecycle.Renew, roleOf(c)) {
		return h.done(c, paths.Interface(conn.ID), views.Flash{Tone: ui.ToneInfo,
			Text: conn.Title() + " is in the " + conn.Stage.Label() + " state. There is nothing to renew."})
	}
	form := views.RenewalForm{Key: formKey(), AutoRenew: c.QueryParam("auto_renew") != ""}
	if n, err := strconv.Atoi(c.QueryParam("months")); err == nil && pricing.ValidPeriod(n) {
		form.Months = n
	}
	if reqctx.IsHtmx(c.Request()) {
		auto := ""
		if form.AutoRenew {
			auto = "on"
		}
		c.Response().Header().Set("HX-Replace-Url", paths.With(paths.Renewal(conn.ID), "months", strconv.Itoa(form.Months), "auto_renew", auto))
	}
	return h.renewalPage(c, http.StatusOK, conn, form)
}

// OrderRenewal makes the order for a renewal and goes to its payment. Kinds:
// NotFound, Forbidden.
func (h *Handlers) OrderRenewal(c echo.Context) error {
	ctx, by, id := c.Request().Context(), h.actor(c), c.Param("id")
	months, err := strconv.Atoi(value(c, "months"))
	if err != nil {
		months = 0 // the store says what is on offer
	}
	form := views.RenewalForm{Months: months, AutoRenew: value(c, "auto_renew") != "", Key: keptKey(c)}
	no, err := h.Store.OrderRenewal(ctx, by, id, rev(c), form.Months, form.AutoRenew)
	if err == nil {
		return h.done(c, paths.Order(no))
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	form.Errors = fields
	if len(fields) == 0 {
		form.Conflict = msg
	}
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	return h.renewalPage(c, status, conn, form)
}

func (h *Handlers) renewalPage(c echo.Context, status int, conn store.Connection, form views.RenewalForm) error {
	ctx := c.Request().Context()
	rules, err := h.Store.FeeRules(ctx)
	if err != nil {
		return err
	}
	orders, err := h.Store.OrdersOf(ctx, conn.ID)
	if err != nil {
		return err
	}
	quote, err := h.Store.Quote(conn.Region, conn.Spec)
	if err != nil {
		return err
	}
	credit, err := h.Store.CreditOf(ctx, conn.AccountID)
	if err != nil {
		return err
	}
	v := views.Renewal{Interface: h.readBy(c, conn), Operator: h.Operator, Invoice: !credit.Limit.IsZero(), Form: form, Now: quote.Monthly.String(), Rule: views.ResourceRule(rules.ResourceRule())}
	for _, o := range orders {
		if o.Kind == store.KindRenewal && o.State == store.OrderUnpaid && o.ExpiresAt.After(h.Store.Now()) {
			v.Open = o.No
		}
	}
	for _, months := range pricing.Periods() {
		o, err := h.Store.RenewalQuote(conn, months)
		offer := views.RenewalOffer{Months: months, Total: o.Amount.String(), Until: o.PeriodTo}
		switch store.KindOf(err) {
		case store.Invalid:
			offer.Reason = "Ends before today"
			if !h.Store.Term(conn).Offer(months, h.Store.Now()).TooShort {
				offer.Reason = "Too far ahead"
			}
		case 0:
			if err != nil {
				return err
			}
			if v.Form.Months == 0 {
				v.Form.Months = months
			}
		default:
			return err
		}
		v.Offers = append(v.Offers, offer)
	}
	p := h.page(c, "Renew "+conn.Title(), interfacesCrumb, views.Crumb{Label: conn.Title(), Href: paths.Interface(conn.ID)})
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.RenewalPage(p, v))
}

// AskAutoRenew is the dialog that switches Auto Renew. Kinds: NotFound.
func (h *Handlers) AskAutoRenew(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	return h.autoRenewForm(c, http.StatusOK, conn, views.AutoRenewForm{Months: conn.AutoRenew, Key: formKey()})
}

// SwitchAutoRenew switches Auto Renew. From the Billing page it goes back there.
// Kinds: NotFound, Forbidden.
func (h *Handlers) SwitchAutoRenew(c echo.Context) error {
	months, err := strconv.Atoi(value(c, "months"))
	if err != nil {
		months = -1 // the store says what is on offer
	}
	err = h.Store.SwitchAutoRenew(c.Request().Context(), h.actor(c), c.Param("id"), rev(c), months)
	conn, cerr := h.connection(c)
	if cerr != nil {
		return cerr
	}
	if err == nil {
		text := "Auto Renew of " + conn.Title() + " is off."
		if months > 0 {
			text = "Auto Renew of " + conn.Title() + " is on: it pays " + pricing.PeriodLabel(months) + " at a time, next on " +
				ui.FormatDay(conn.RenewAt, h.Store.Catalogue().Zone(conn.Region)) + "."
		}
		return h.done(c, paths.Local(value(c, "next"), paths.Interface(conn.ID)), views.Flash{Tone: ui.ToneOK, Text: text})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	f := views.AutoRenewForm{Months: months, Key: keptKey(c), Errors: fields}
	f.Conflict = conflictOnly(status, msg)
	return h.autoRenewForm(c, status, conn, f)
}

func (h *Handlers) autoRenewForm(c echo.Context, status int, conn store.Connection, f views.AutoRenewForm) error {
	ctx := c.Request().Context()
	f.Interface = h.readBy(c, conn)
	if err := onlyFor(f.Interface, lifecycle.SwitchAutoRenew); err != nil {
		return err
	}
	if !f.Can(lifecycle.SwitchAutoRenew) {
		f.Closed = true
		if f.Conflict == "" {
			status, f.Conflict = http.StatusConflict, conn.Title()+" is in the "+conn.Stage.Label()+" state, so there is nothing to renew."
		}
	} else {
		account, err := h.Store.Account(ctx, h.actor(c), conn.AccountID)
		if err != nil {
			return err
		}
		rules, err := h.Store.FeeRules(ctx)
		if err != nil {
			return err
		}
		quote, err := h.Store.Quote(conn.Region, conn.Spec)
		if err != nil {
			return err
		}
		credit, err := h.Store.CreditOf(ctx, conn.AccountID)
		if err != nil {
			return err
		}
		if !credit.Limit.IsZero() {
			f.Credit = credit.Left.String()
		}
		f.Balance, f.Days, f.Monthly = account.Balance.String(), rules.AutoRenewDays, quote.Monthly.String()
	}
	p, partial := h.modalPage(c, "Auto Renew of "+conn.Title(), f.Interface, status)
	return h.render(c, status, views.AutoRenewDialog(p, partial, f))
}
