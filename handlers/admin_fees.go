package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ListOverdue lists the interfaces of all accounts whose resource fee is
// overdue, the longest first.
func (h *Handlers) ListOverdue(c echo.Context) error {
	ctx := c.Request().Context()
	after := shortened(c.QueryParam("after"), 2*queryLimit)
	now := h.Store.Now()
	items, next, err := h.Store.FeesDue(ctx, "", now.Add(time.Millisecond), after, queuePage)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after = ""
		items, next, err = h.Store.FeesDue(ctx, "", now.Add(time.Millisecond), "", queuePage)
	}
	if err != nil {
		return err
	}
	all, err := h.staffViews(ctx, items)
	if err != nil {
		return err
	}
	role := roleOf(c)
	l := views.OverdueList{Pages: keysetPages(paths.AdminOverdue, after, next)}
	for _, i := range all {
		l.Rows = append(l.Rows, views.OverdueRow{Interface: i, AccountHref: accountHref(role, i.AccountID), MayFree: i.Standing == fees.Freeable && lifecycle.MayDo(lifecycle.Free, role)})
	}
	if err := h.openInvoices(c, &l); err != nil {
		return err
	}
	return h.render(c, http.StatusOK, views.OverduePage(h.page(c, "Overdue fees", views.Crumb{Label: "Customers"}), l))
}

// openInvoices fills in the invoices that are not paid in full. The query
// parameter invoices turns them.
func (h *Handlers) openInvoices(c echo.Context, l *views.OverdueList) error {
	ctx := c.Request().Context()
	after := shortened(c.QueryParam("invoices"), 2*queryLimit)
	items, next, err := h.Store.OpenInvoices(ctx, after, queuePage)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after = ""
		items, next, err = h.Store.OpenInvoices(ctx, "", queuePage)
	}
	if err != nil {
		return err
	}
	rows, err := h.invoiceRows(ctx, items, paths.AdminDocument)
	if err != nil {
		return err
	}
	accounts := make([]string, len(items))
	for i := range items {
		accounts[i] = items[i].AccountID
	}
	names, err := h.Store.AccountNames(ctx, accounts)
	if err != nil {
		return err
	}
	for i, row := range rows {
		l.Invoices = append(l.Invoices, views.OpenInvoice{InvoiceRow: row, Account: names[accounts[i]], AccountHref: accountHref(roleOf(c), accounts[i])})
	}
	if after != "" {
		l.InvoicePages.First = paths.AdminOverdue
	}
	if next != "" {
		l.InvoicePages.Next = paths.With(paths.AdminOverdue, "invoices", next)
	}
	return nil
}

// AskFree asks before an interface is ended for non-payment.
func (h *Handlers) AskFree(c echo.Context) error {
	return h.freePage(c, http.StatusOK, views.FreeForm{Key: formKey()})
}

// FreeInterface ends an interface that nobody paid for.
func (h *Handlers) FreeInterface(c echo.Context) error {
	ctx, by, id := c.Request().Context(), h.actor(c), c.Param("id")
	form := views.FreeForm{Reason: multiline(c, "reason"), Confirmed: ticked(c, "confirm"), Key: keptKey(c)}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.freePage(c, http.StatusUnprocessableEntity, form)
	}
	err := h.Store.FreeUnpaid(ctx, by, id, rev(c), form.Reason, form.Confirmed)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.freePage(c, status, form)
	}
	if err != nil {
		return err
	}
	conn, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminOverdue, views.Flash{Tone: ui.ToneOK, Text: conn.Title() + " is ended for non-payment. The customer is told; a technician removes the cable."})
}

func (h *Handlers) freePage(c echo.Context, status int, form views.FreeForm) error {
	conn, shown, err := h.staffConnection(c)
	if err != nil {
		return err
	}
	form.Interface = shown
	form.Possible = form.Standing == fees.Freeable
	if !form.Possible && form.Conflict == "" {
		status, form.Conflict = http.StatusConflict, conn.Title()+" cannot be ended for non-payment: it is not "+lifecycle.Enabled.Label()+", or its resource fee is not overdue for long enough."
	}
	title := "End " + conn.Title() + " for non-payment?"
	if reqctx.IsPartial(c.Request()) {
		return h.render(c, status, views.FreePage(views.Page{Title: title, Operator: h.Operator}, true, form))
	}
	p := h.page(c, title, views.Crumb{Label: "Overdue fees", Href: paths.AdminOverdue})
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.FreePage(p, false, form))
}

// ShowFeeRules is what the operator decides about fees, with its changes.
func (h *Handlers) ShowFeeRules(c echo.Context) error {
	r, err := h.Store.FeeRules(c.Request().Context())
	if err != nil {
		return err
	}
	return h.feeRulesPage(c, http.StatusOK, views.FeeRulesForm{Installation: string(r.Installation), UnusedMonths: r.UnusedMonths, LatePercent: strconv.Itoa(r.LateCreditPercent),
		LateCap: strconv.Itoa(r.LateCreditCap), AutoRenewDays: strconv.Itoa(r.AutoRenewDays), Version: r.Version, Key: formKey()})
}

// SaveFeeRules changes the rules about fees.
func (h *Handlers) SaveFeeRules(c echo.Context) error {
	form := views.FeeRulesForm{Installation: value(c, "installation"), UnusedMonths: ticked(c, "unused_months"), LatePercent: value(c, "late_percent"), LateCap: value(c, "late_cap"),
		AutoRenewDays: value(c, "auto_renew_days"), Key: keptKey(c)}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			return -1 // the rules say what is allowed
		}
		return n
	}
	form.Version = max(number(value(c, "version")), 0)
	err := h.Store.SetFeeRules(c.Request().Context(), h.actor(c), form.Version, fees.Rules{Installation: fees.InstallationRefund(form.Installation), UnusedMonths: form.UnusedMonths,
		LateCreditPercent: number(form.LatePercent), LateCreditCap: number(form.LateCap), AutoRenewDays: number(form.AutoRenewDays)})
	if err == nil {
		return h.done(c, paths.AdminFeeRules, views.Flash{Tone: ui.ToneOK, Text: "Rules saved. Orders that exist keep the rules that they were made with."})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	form.Errors, form.Conflict = fields, conflictOnly(status, msg)
	if status == http.StatusConflict {
		now, err := h.Store.FeeRules(c.Request().Context())
		if err != nil {
			return err
		}
		form.Version = now.Version
	}
	return h.feeRulesPage(c, status, form)
}

func (h *Handlers) feeRulesPage(c echo.Context, status int, form views.FeeRulesForm) error {
	events, err := h.Store.Timeline(c.Request().Context(), store.FeeRulesSubject)
	if err != nil {
		return err
	}
	for _, e := range events[:min(len(events), statementRows)] {
		form.Changes = append(form.Changes, views.RuleChange{What: e.Detail, When: ui.FormatStamp(e.At, time.UTC), Who: e.ActorName})
	}
	form.ReadOnly = !lifecycle.May(lifecycle.SetFeeRules, roleOf(c))
	p := h.page(c, "Rules about fees", views.Crumb{Label: "Settings"})
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.FeeRulesPage(p, form))
}
