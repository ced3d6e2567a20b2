package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/payment"
	"demarc/web/paths"
	"demarc/web/pay/paytest"
)

// webhook sends what the gateway says, as it is.
func (c *client) webhook(body []byte, signature string) *answer {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodPost, c.base+paths.CardWebhook, strings.NewReader(string(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Stripe-Signature", signature)
	return c.answer(req)
}

func (s *site) hears(e payment.Event, want int) {
	s.t.Helper()
	s.anyone().webhook(paytest.Body(e), paytest.Signature).want(want)
}

func TestPayByCard(t *testing.T) {
	s := newCardSite(t)
	lin := s.as(owner)
	o := s.Order(t, s.Owner)
	a := lin.get(paths.Order(o.No)).want(http.StatusOK)
	if got := a.doc().Find("[name=method]").Length(); got != 2 || !strings.Contains(a.text(), "On the page of Fake. Paid when your bank confirms it.") {
		t.Errorf("%d methods: %s", got, a.text())
	}
	// Nothing chosen, and something that is not offered.
	for _, m := range []string{"", "barter"} {
		a = lin.post(paths.OrderPayment(o.No), url.Values{"key": {"c-0"}, "method": {m}}).want(http.StatusUnprocessableEntity)
		if !strings.Contains(a.doc().Find("#method-err").Text(), "Select how you want to pay") {
			t.Errorf("method %q: %s", m, a.text())
		}
	}
	card := url.Values{"key": {"c-1"}, "method": {"card"}}
	for range 2 { // the second is a double click
		if a = lin.post(paths.OrderPayment(o.No), card).want(http.StatusSeeOther); a.header.Get("Location") != paths.OrderCard(o.No) {
			t.Errorf("leads to %s", a.header.Get("Location"))
		}
	}
	if a = lin.do(http.MethodPost, paths.OrderPayment(o.No), card, true).want(http.StatusOK); a.header.Get("HX-Redirect") != paths.OrderCard(o.No) {
		t.Errorf("with htmx: %v", a.header)
	}
	pages := s.gateway.Pages(o.No)
	if len(pages) != 1 {
		t.Fatalf("%d pages at the gateway", len(pages))
	}
	a = lin.get(paths.OrderCard(o.No)).want(http.StatusOK)
	if a.header.Get("Refresh") != "0; url="+pages[0].Session.URL || a.doc().Find("main a[href='"+pages[0].Session.URL+"']").Length() != 1 {
		t.Errorf("the page that leads on: %s", a.header.Get("Refresh"))
	}

	// Back from the gateway: paid and not yet heard, then without paying.
	a = lin.get(paths.OrderPayment(o.No)).want(http.StatusOK)
	if !strings.Contains(a.text(), "Waiting for the card payment to be confirmed") || a.doc().Find("[hx-trigger='every 3s']").AttrOr("hx-get", "") != paths.OrderPayment(o.No) {
		t.Errorf("waiting: %s", a.text())
	}
	a = lin.get(paths.Order(o.No) + "?card=back").want(http.StatusOK)
	if !strings.Contains(a.text(), "You left the card page before the payment was finished. Nothing was charged.") || a.doc().Find("a[href='"+paths.OrderCard(o.No)+"']").Length() != 1 {
		t.Errorf("back without paying: %s", a.text())
	}
	s.hears(s.gateway.Decline(pages[0].Session.ID), http.StatusOK)
	if a = lin.get(paths.Order(o.No) + "?card=back"); !strings.Contains(a.text(), "The card was declined. Nothing was charged. Try again with another card, or pay another way.") {
		t.Errorf("declined: %s", a.text())
	}
	s.hears(s.gateway.Expire(pages[0].Session.ID), http.StatusOK)
	a = lin.get(paths.Order(o.No)).want(http.StatusOK)
	if !strings.Contains(a.text(), "The last card payment was not finished: the card was declined. Nothing was charged.") || a.doc().Find("a[href='"+paths.OrderCard(o.No)+"']").Length() != 0 {
		t.Errorf("after the page ended: %s", a.text())
	}
	if a = lin.get(paths.OrderCard(o.No)).want(http.StatusSeeOther); a.header.Get("Location") != paths.Order(o.No) || a.header.Get("Refresh") != "" {
		t.Errorf("a page that ended leads to %s", a.header.Get("Location"))
	}

	// Another try, paid.
	card.Set("key", "c-2")
	lin.post(paths.OrderPayment(o.No), card).want(http.StatusSeeOther)
	pages = s.gateway.Pages(o.No)
	e, _ := s.gateway.Pay(pages[1].Session.ID)
	s.hears(e, http.StatusOK)
	s.hears(e, http.StatusOK)
	if a = lin.get(paths.OrderPayment(o.No)).want(http.StatusSeeOther); a.header.Get("Location") != paths.OrderDone(o.No) {
		t.Errorf("paid leads to %s", a.header.Get("Location"))
	}
	if a = lin.fragment(paths.OrderPayment(o.No)).want(http.StatusOK); a.header.Get("HX-Redirect") != paths.OrderDone(o.No) {
		t.Errorf("paid, for the page that waits: %v", a.header)
	}
	if a = lin.get(paths.Order(o.No)); !strings.Contains(a.text(), "Paid withCard") && !strings.Contains(a.text(), "Paid with Card") {
		t.Errorf("the paid order: %s", a.text())
	}
	if a = lin.get(paths.Messages); !strings.Contains(a.text(), "Card payment received") {
		t.Errorf("messages: %s", a.text())
	}
	card.Set("key", "c-3")
	if a = lin.post(paths.OrderPayment(o.No), card).want(http.StatusConflict); !strings.Contains(a.text(), "is paid already. Nothing was charged again.") {
		t.Errorf("paying again: %s", a.text())
	}
	s.Sound(t)
}

func TestPayByCardWhoAndWhen(t *testing.T) {
	s := newCardSite(t)
	o := s.Order(t, s.Owner)
	card := url.Values{"key": {"c-1"}, "method": {"card"}}
	s.as(other).post(paths.OrderPayment(o.No), card).want(http.StatusNotFound)
	s.as(other).get(paths.OrderPayment(o.No)).want(http.StatusNotFound)
	s.as(other).get(paths.OrderCard(o.No)).want(http.StatusNotFound)
	staff := s.as("finance@cloud.example")
	staff.post(paths.OrderPayment(o.No), card).want(http.StatusForbidden)
	staff.get(paths.OrderCard(o.No)).want(http.StatusForbidden)
	staff.get(paths.OrderPayment(o.No)).want(http.StatusForbidden)
	if s.gateway.Asked() != 0 {
		t.Error("the gateway was asked")
	}

	lin := s.as(owner)
	s.gateway.Down(true)
	a := lin.post(paths.OrderPayment(o.No), card).want(http.StatusServiceUnavailable)
	if !strings.Contains(a.doc().Find("main [role=alert]").Text(), "Fake does not answer. Nothing was charged.") || a.doc().Find("[name=method][value=card][checked]").Length() != 1 || a.doc().Find("main [name=key]").AttrOr("value", "") != "c-1" {
		t.Errorf("gateway down: %s", a.text())
	}
	s.gateway.Down(false)
	s.gateway.Refuse(true)
	if a = lin.post(paths.OrderPayment(o.No), card).want(http.StatusServiceUnavailable); !strings.Contains(a.text(), "Cards cannot be taken right now. Nothing was charged.") {
		t.Errorf("gateway refuses: %s", a.text())
	}
	s.gateway.Refuse(false)
	lin.post(paths.OrderPayment(o.No), card).want(http.StatusSeeOther)

	// The balance pays while the card page is open: the card goes back.
	page := s.gateway.Pages(o.No)[0]
	e, _ := s.gateway.Pay(page.Session.ID)
	lin.post(paths.OrderPayment(o.No), url.Values{"key": {"c-2"}, "method": {"balance"}}).want(http.StatusSeeOther)
	s.hears(e, http.StatusOK)
	if a = lin.get(paths.Order(o.No)); !strings.Contains(a.text(), "Your card payment of $1,500.00 goes back to the card: the order was paid already.") {
		t.Errorf("the order while the money goes back: %s", a.text())
	}
	if _, err := s.desk.Work(context.Background()); err != nil {
		t.Fatal(err)
	}
	if a = lin.get(paths.Order(o.No)); !strings.Contains(a.text(), "was given back to the card: the order was paid already.") {
		t.Errorf("the order afterwards: %s", a.text())
	}
	s.Sound(t)
}

// A site without a gateway speaks of no cards and takes none.
func TestWithoutCards(t *testing.T) {
	s := newSite(t)
	lin := s.as(owner)
	o := s.Order(t, s.Owner)
	if a := lin.get(paths.Order(o.No)); strings.Contains(strings.ToLower(a.doc().Find("main").Text()), "card pa") || a.doc().Find("[name=method]").Length() != 1 {
		t.Errorf("the order: %s", a.text())
	}
	lin.post(paths.OrderPayment(o.No), url.Values{"key": {"c-1"}, "method": {"card"}}).want(http.StatusUnprocessableEntity)
	s.anyone().webhook([]byte("{}"), paytest.Signature).want(http.StatusNotFound)
}

func TestPayResourceFeeByCard(t *testing.T) {
	s := newCardSite(t)
	lin := s.as(owner)
	c := s.At(t, lifecycle.WaitingForPayment)
	href := paths.ResourceFee(c.ID)
	form := url.Values{"key": {"r-1"}, "rev": {lin.get(href).field("rev")}, "months": {"12"}, "method": {"card"}}
	a := lin.post(href, form).want(http.StatusUnprocessableEntity)
	if a.doc().Find("[name=method][value=card][checked]").Length() != 1 || !strings.Contains(a.text(), "Confirm that the interface is deployed") {
		t.Errorf("refused: %s", a.text())
	}
	form.Set("confirm", "on")
	a = lin.post(href, form).want(http.StatusSeeOther)
	no := strings.Split(a.header.Get("Location"), "/")[2]
	if a.header.Get("Location") != paths.OrderCard(no) {
		t.Fatalf("leads to %s", a.header.Get("Location"))
	}
	if got := s.Get(t, c.ID).Stage; got != lifecycle.WaitingForPayment {
		t.Errorf("stage %s before the money came", got)
	}
	pages := s.gateway.Pages(no)
	if len(pages) != 1 || pages[0].Amount.String() != "$8,640.00" || pages[0].What != "Resource fee, order "+no {
		t.Fatalf("pages %+v", pages)
	}
	e, _ := s.gateway.Pay(pages[0].Session.ID)
	s.hears(e, http.StatusOK)
	if a = lin.get(paths.OrderPayment(no)).want(http.StatusSeeOther); a.header.Get("Location") != paths.Interface(c.ID) {
		t.Errorf("paid leads to %s", a.header.Get("Location"))
	}
	if got := s.Get(t, c.ID).Stage; got != lifecycle.Enabled {
		t.Errorf("stage %s", got)
	}
	s.Sound(t)
}

// TestTheGatewayIsDownForAResourceFee: the order that was made for a card is not
// mistaken for a payment when the same form is sent again with another way to pay
// or another period.
func TestTheGatewayIsDownForAResourceFee(t *testing.T) {
	s := newCardSite(t)
	lin := s.as(owner)
	c := s.At(t, lifecycle.WaitingForPayment)
	href := paths.ResourceFee(c.ID)
	page := lin.get(href)
	s.gateway.Down(true)
	form := url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "months": {"1"}, "method": {"card"}, "confirm": {"on"}}
	a := lin.post(href, form).want(http.StatusServiceUnavailable)
	s.gateway.Down(false)
	form.Set("key", a.field("key"))
	form.Set("months", "3")
	a = lin.post(href, form).want(http.StatusSeeOther)
	no := strings.Split(a.header.Get("Location"), "/")[2]
	if pages := s.gateway.Pages(no); len(pages) != 1 || pages[0].Amount.String() != "$2,160.00" {
		t.Errorf("three months by card: %+v", pages)
	}
	before := s.balance(s.Northwind)
	form.Set("method", "balance")
	lin.post(href, form).want(http.StatusSeeOther)
	if got := s.Get(t, c.ID).Stage; got != lifecycle.Enabled || s.balance(s.Northwind) == before {
		t.Errorf("paid from the balance: %s, balance %s", got, s.balance(s.Northwind))
	}
	s.Sound(t)
}

func TestWebhooks(t *testing.T) {
	s := newCardSite(t)
	lin, nobody := s.as(owner), s.anyone()
	o := s.Order(t, s.Owner)
	lin.post(paths.OrderPayment(o.No), url.Values{"method": {"card"}}).want(http.StatusSeeOther)
	e, _ := s.gateway.Pay(s.gateway.Pages(o.No)[0].Session.ID)
	body := paytest.Body(e)
	nobody.webhook(body, "").want(http.StatusBadRequest)
	nobody.webhook(body, "forged").want(http.StatusBadRequest)
	nobody.webhook([]byte("{"), paytest.Signature).want(http.StatusBadRequest)
	nobody.webhook([]byte(strings.Repeat("x", 300<<10)), paytest.Signature).want(http.StatusRequestEntityTooLarge)
	nobody.get(paths.CardWebhook).want(http.StatusMethodNotAllowed)
	// Who is signed in is of no account: the signature counts.
	lin.webhook(body, "forged").want(http.StatusBadRequest)
	if got, err := s.Store.Order(context.Background(), s.Owner, o.No); err != nil || got.State != store.OrderUnpaid {
		t.Fatalf("%s, %v", got.State, err)
	}
	// While the database takes no payment, the gateway has to say it again.
	if err := s.BreakTable("documents"); err != nil {
		t.Fatal(err)
	}
	if a := nobody.webhook(body, paytest.Signature); a.status < 500 {
		t.Errorf("a webhook that could not be worked on gets %d", a.status)
	}
	if p, err := s.LastPayment(context.Background(), o.No); err != nil || p.State != payment.Sent {
		t.Errorf("it left %+v, %v", p, err)
	}
	s.Sound(t)
}

func TestCardPaymentsForStaff(t *testing.T) {
	s := newCardSite(t)
	ctx := context.Background()
	lin := s.as(owner)
	money := s.as("finance@cloud.example")
	if a := money.get(paths.AdminPayments).want(http.StatusOK); !strings.Contains(a.text(), "No card payments yet") {
		t.Errorf("empty: %s", a.text())
	}
	paid, back := s.Order(t, s.Owner), s.Order(t, s.Owner)
	for _, o := range []store.Order{paid, back} {
		lin.post(paths.OrderPayment(o.No), url.Values{"method": {"card"}}).want(http.StatusSeeOther)
	}
	e, _ := s.gateway.Pay(s.gateway.Pages(paid.No)[0].Session.ID)
	s.hears(e, http.StatusOK)
	s.Do(t, back.ConnectionID, lifecycle.Cancel)
	e, _ = s.gateway.Pay(s.gateway.Pages(back.No)[0].Session.ID)
	s.gateway.Slow(true)
	s.hears(e, http.StatusOK)
	s.desk.Work(ctx)
	s.anyone().webhook([]byte("{"), "forged")
	s.desk.Work(ctx)
	p, err := s.LastPayment(ctx, back.No)
	if err != nil || p == nil || p.State != payment.Refunding {
		t.Fatalf("%+v, %v", p, err)
	}
	a := money.get(paths.AdminPayments).want(http.StatusOK)
	for _, want := range []string{"Succeeded", "Refund under way", "The order was canceled", "Northwind Trading", "wrong signature"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the list does not say %q: %s", want, a.text())
		}
	}
	if a = money.get(paths.AdminPayments + "?state=succeeded&after=nonsense"); strings.Contains(a.text(), "The order was canceled") || a.doc().Find("#list tbody tr").Length() != 1 {
		t.Errorf("filtered: %s", a.text())
	}
	if a = money.get(paths.AdminPayments + "?state=failed"); !strings.Contains(a.text(), "No card payment matches this filter") {
		t.Errorf("no match: %s", a.text())
	}
	a = money.get(paths.AdminPayment(p.ID)).want(http.StatusOK)
	if !strings.Contains(a.text(), "The money goes back") || a.doc().Find("form[action='"+paths.AdminRefundRetry(p.ID)+"']").Length() != 1 {
		t.Errorf("one payment: %s", a.text())
	}
	s.hears(payment.Event{ID: "evt_f", Type: "refund.failed", Notice: payment.RefundFailed, IntentID: p.IntentID, RefundID: p.RefundID, Amount: p.Amount}, http.StatusOK)
	if a = money.get(paths.AdminPayment(p.ID)); !strings.Contains(a.text(), "The last refund failed.") {
		t.Errorf("after the refund failed: %s", a.text())
	}
	if a = money.get(paths.Messages); !strings.Contains(a.text(), "Card refund failed") {
		t.Errorf("messages: %s", a.text())
	}

	for who, want := range map[string]int{owner: http.StatusForbidden, other: http.StatusForbidden, "reviewer@cloud.example": http.StatusForbidden, "technician@cloud.example": http.StatusForbidden} {
		c := s.as(who)
		c.get(paths.AdminPayments).want(want)
		c.get(paths.AdminPayment(p.ID)).want(want)
		c.post(paths.AdminRefundRetry(p.ID), url.Values{}).want(want)
	}
	money.get(paths.AdminPayment("pay-none")).want(http.StatusNotFound)
	money.post(paths.AdminRefundRetry("pay-none"), url.Values{}).want(http.StatusNotFound)
	s.gateway.Slow(false)
	for range 2 { // a double click asks once
		if a = money.post(paths.AdminRefundRetry(p.ID), url.Values{"key": {"k-1"}}).want(http.StatusSeeOther); a.header.Get("Location") != paths.AdminPayment(p.ID) {
			t.Errorf("leads to %s", a.header.Get("Location"))
		}
	}
	s.desk.Work(ctx)
	if p, _ = s.LastPayment(ctx, back.No); p.State != payment.Refunded {
		t.Errorf("after another try: %+v", p)
	}
	if a = money.post(paths.AdminRefundRetry(p.ID), url.Values{"key": {"k-2"}}).want(http.StatusConflict); !strings.Contains(a.text(), "There is no refund under way") {
		t.Errorf("again: %s", a.text())
	}
	s.Clock.Advance(time.Hour)
	s.Sound(t)
}
