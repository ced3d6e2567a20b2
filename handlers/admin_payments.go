package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/payment"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// refusalsShown is how many counts of refused webhooks the list shows.
const refusalsShown = 10

// ListPayments lists the card payments of all accounts, newest first, and how
// many webhooks were not believed.
func (h *Handlers) ListPayments(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	state := payment.State(c.QueryParam("state"))
	if !slices.Contains(payment.States(), state) {
		state = ""
	}
	after := shortened(c.QueryParam("after"), 2*queryLimit)
	f := store.PaymentFilter{State: state, Cursor: after, Limit: queuePage}
	page, err := h.Store.Payments(ctx, by, f)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after, f.Cursor = "", ""
		page, err = h.Store.Payments(ctx, by, f)
	}
	if err != nil {
		return err
	}
	ids := make([]string, len(page.Items))
	for i, p := range page.Items {
		ids[i] = p.AccountID
	}
	names, err := h.Store.AccountNames(ctx, ids)
	if err != nil {
		return err
	}
	l := views.PaymentList{Pages: keysetPages(paths.With(paths.AdminPayments, "state", string(state)), after, page.Next),
		State: ui.Control{Name: "state", Label: "State", Value: string(state), Options: []ui.Option{{Label: "All states"}}}}
	for _, s := range payment.States() {
		l.State.Options = append(l.State.Options, ui.Option{Value: string(s), Label: s.Label()})
	}
	if state != "" {
		l.Tokens = []ui.Token{{Text: "State: " + state.Label(), Href: paths.AdminPayments}}
	}
	for _, p := range page.Items {
		l.Rows = append(l.Rows, paymentRow(p, names[p.AccountID]))
	}
	refusals, err := h.Store.WebhookRefusals(ctx, refusalsShown)
	if err != nil {
		return err
	}
	for _, r := range refusals {
		l.Refusals = append(l.Refusals, views.WebhookRefusal{LastAt: r.LastAt, Reason: r.Reason, N: r.N})
	}
	return h.render(c, http.StatusOK, views.PaymentsPage(h.page(c, "Card payments", views.Crumb{Label: "Customers"}), l))
}

func paymentRow(p store.Payment, account string) views.PaymentRow {
	return views.PaymentRow{ID: p.ID, OrderNo: p.OrderNo, InterfaceID: p.ConnectionID, AccountID: p.AccountID, Account: account, Attempt: p.Attempt, Amount: p.Amount.String(), State: p.State,
		Problem: p.Problem, CreatedAt: p.CreatedAt, Stuck: p.State == payment.Refunding && p.NextTry.IsZero()}
}

// ShowStaffPayment is one card payment with what the gateway said of it. Kinds:
// NotFound, Forbidden.
func (h *Handlers) ShowStaffPayment(c echo.Context) error {
	return h.paymentPage(c, http.StatusOK, "")
}

func (h *Handlers) paymentPage(c echo.Context, status int, conflict string) error {
	ctx, by := c.Request().Context(), h.actor(c)
	p, events, err := h.Store.Payment(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	names, err := h.Store.AccountNames(ctx, []string{p.AccountID})
	if err != nil {
		return err
	}
	v := views.PaymentShow{PaymentRow: paymentRow(p, names[p.AccountID]), Conflict: conflict, Key: formKey(), MayRetry: p.State == payment.Refunding && lifecycle.May(lifecycle.RecordTransfers, by.Role)}
	v.Facts = []ui.Pair{
		{Term: "Order", Value: p.OrderNo, Mono: true},
		{Term: "Interface", Value: p.ConnectionID, Mono: true, Href: paths.AdminInterface(p.ConnectionID)},
		{Term: "Account", Value: v.Account, Href: paths.AdminAccount(p.AccountID)},
		{Term: "Amount", Value: p.Amount.String()},
		{Term: "Attempt", Value: strconv.Itoa(p.Attempt)},
		{Term: "Started", Content: ui.Stamp(p.CreatedAt, time.UTC)},
		{Term: "Changed", Content: ui.Stamp(p.UpdatedAt, time.UTC)},
	}
	add := func(term, value string) {
		if value != "" {
			v.Facts = append(v.Facts, ui.Pair{Term: term, Value: value, Mono: true})
		}
	}
	add("Card page", p.SessionID)
	add("Charge", p.IntentID)
	add("Refund", p.RefundID)
	if p.Declines > 0 {
		v.Facts = append(v.Facts, ui.Pair{Term: "Cards declined", Value: strconv.Itoa(p.Declines)})
	}
	if !p.NextTry.IsZero() {
		v.Facts = append(v.Facts, ui.Pair{Term: "Asked again", Content: ui.Stamp(p.NextTry, time.UTC)})
	}
	for _, e := range events {
		v.Events = append(v.Events, views.PaymentEvent{At: e.At, Type: e.Type, ID: e.ID, Outcome: e.Outcome})
	}
	page := h.page(c, "Card payment", views.Crumb{Label: "Customers"}, views.Crumb{Label: "Card payments", Href: paths.AdminPayments})
	page.Failed = status != http.StatusOK
	return h.render(c, status, views.StaffPaymentPage(page, v))
}

// RetryRefund asks the gateway for a refund again. Kinds: NotFound, Forbidden.
func (h *Handlers) RetryRefund(c echo.Context) error {
	id := c.Param("id")
	err := h.Store.RetryCardRefund(c.Request().Context(), h.actor(c), id)
	if status, _, msg, ok := refused(err); ok {
		return h.paymentPage(c, status, msg)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminPayment(id), views.Flash{Tone: ui.ToneOK, Text: "The refund is asked for again."})
}
