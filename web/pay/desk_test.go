package pay_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/money"
	"demarc/store/payment"
	"demarc/store/storetest"
	"demarc/web/pay"
	"demarc/web/pay/paytest"
)

var ctx = context.Background()

// till is a store with a desk over a gateway in memory.
type till struct {
	*storetest.Env
	*pay.Desk
	t  testing.TB
	gw *paytest.Gateway
}

func newTill(t testing.TB) *till {
	t.Helper()
	e, gw := storetest.New(t), paytest.New()
	return &till{e, pay.NewDesk(e.Store, gw, "https://console.example/", slog.New(slog.DiscardHandler)), t, gw}
}

// start begins a card payment and returns the page.
func (c *till) start(no string) paytest.Page {
	c.t.Helper()
	if err := c.Start(ctx, c.Owner, no); err != nil {
		c.t.Fatal(err)
	}
	pages := c.gw.Pages(no)
	return pages[len(pages)-1]
}

// pays is the customer paying on the page.
func (c *till) pays(p paytest.Page) payment.Event {
	c.t.Helper()
	e, ok := c.gw.Pay(p.Session.ID)
	if !ok {
		c.t.Fatalf("the page %s is closed", p.Session.ID)
	}
	return e
}

func (c *till) hear(events ...payment.Event) {
	c.t.Helper()
	for _, e := range events {
		if err := c.Hear(ctx, paytest.Body(e), paytest.Signature); err != nil {
			c.t.Fatalf("%s: %v", e.ID, err)
		}
	}
}

// work runs the desk until nothing is due any more.
func (c *till) work() {
	c.t.Helper()
	for range 20 {
		n, err := c.Work(ctx)
		if err != nil {
			c.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	c.t.Fatal("the work never ends")
}

func (c *till) payment(no string) store.Payment {
	c.t.Helper()
	p, err := c.LastPayment(ctx, no)
	if err != nil || p == nil {
		c.t.Fatalf("payment of %s: %v, %v", no, p, err)
	}
	return *p
}

func (c *till) order(no string) store.Order {
	c.t.Helper()
	o, err := c.Store.Order(ctx, c.Owner, no)
	if err != nil {
		c.t.Fatal(err)
	}
	return o
}

func (c *till) balance() money.Amount {
	c.t.Helper()
	a, err := c.Account(ctx, c.Owner, c.Northwind)
	if err != nil {
		c.t.Fatal(err)
	}
	return a.Balance
}

// told are the titles of what a person was told, newest first.
func (c *till) told(by store.Actor) string {
	c.t.Helper()
	all, err := c.Messages(ctx, by.UserID, 0, 20)
	if err != nil {
		c.t.Fatal(err)
	}
	var out []string
	for _, m := range all {
		out = append(out, m.Title+": "+m.Body)
	}
	return strings.Join(out, "\n")
}

func TestCardPaysAnInstallation(t *testing.T) {
	c := newTill(t)
	before := c.balance()
	o := c.Order(t, c.Owner)
	page := c.start(o.No)
	if page.Key != o.No || page.Amount != o.Amount || page.What != "Initial installation fee, order "+o.No ||
		page.ReturnURL != "https://console.example/orders/"+o.No+"/payment" || page.BackURL != "https://console.example/orders/"+o.No+"?card=back" {
		t.Errorf("asked for %+v", page.Checkout)
	}
	if p := c.payment(o.No); p.State != payment.Sent || p.URL != page.Session.URL || c.order(o.No).State != store.OrderUnpaid {
		t.Errorf("before the money came: %+v", p)
	}
	// Asking again leads to the same page.
	c.start(o.No)
	if n := len(c.gw.Pages(o.No)); n != 1 {
		t.Fatalf("%d pages for one order", n)
	}
	e := c.pays(page)
	for range 3 {
		c.hear(e)
	}
	got := c.order(o.No)
	if got.State != store.OrderPaid || got.Method != store.MethodCard || c.Get(t, o.ConnectionID).Stage != lifecycle.ToApplyForLOA {
		t.Errorf("after the money came: %+v", got)
	}
	if p := c.payment(o.No); p.State != payment.Succeeded || p.URL != "" || p.IntentID != e.IntentID || !p.NextTry.IsZero() {
		t.Errorf("payment %+v", p)
	}
	if c.balance() != before {
		t.Errorf("balance %s, was %s", c.balance(), before)
	}
	if port, err := c.PortOf(ctx, o.ConnectionID); err != nil || port == nil {
		t.Errorf("no port was reserved: %v", err)
	}
	if !strings.Contains(c.told(c.Owner), "Card payment received: $1,500.00 was paid by card.") {
		t.Errorf("the customer was told:\n%s", c.told(c.Owner))
	}
	docs, err := c.DocumentsOf(ctx, o.No)
	if err != nil || len(docs) != 1 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
	// Paid is paid: nobody starts again.
	if err := c.Start(ctx, c.Owner, o.No); store.KindOf(err) != store.Conflict {
		t.Errorf("starting for a paid order: %v", err)
	}
	c.work()
	if kept, n := c.gw.Kept(o.No); kept != o.Amount || n != 1 {
		t.Errorf("the gateway keeps %s of %d charges", kept, n)
	}
	c.Sound(t)
}

func TestCardPaysEveryKindOfOrder(t *testing.T) {
	c := newTill(t)
	conn := c.At(t, lifecycle.WaitingForPayment)
	in := store.NewResourceFee{Months: 3, Confirmed: true, Method: store.MethodCard}
	no, err := c.OrderResourceFee(ctx, c.Owner, conn.ID, conn.Version, in)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.OrderResourceFee(ctx, c.Owner, conn.ID, conn.Version, in); err != nil || again != no {
		t.Errorf("ordering the same again: %s, %v", again, err)
	}
	c.Clock.Advance(20 * time.Minute)
	c.hear(c.pays(c.start(no)))
	got := c.Get(t, conn.ID)
	if got.Stage != lifecycle.Enabled || !got.PaidThrough.Equal(time.Date(2027, 2, 20, 7, 32, 0, 0, time.UTC)) {
		t.Errorf("enabled %s until %s: the time counts from the payment", got.Stage, got.PaidThrough)
	}
	no, err = c.OrderRenewal(ctx, c.Owner, conn.ID, 0, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	c.hear(c.pays(c.start(no)))
	if after := c.Get(t, conn.ID); !after.PaidThrough.Equal(time.Date(2027, 3, 20, 7, 32, 0, 0, time.UTC)) {
		t.Errorf("renewed until %s", after.PaidThrough)
	}
	c.work()
	c.Sound(t)
}

// TestARenewalThatCameToNothingIsNotCharged: nobody is sent to the gateway for a
// period that has passed, or for one that somebody else paid.
func TestARenewalThatCameToNothingIsNotCharged(t *testing.T) {
	c := newTill(t)
	conn := c.At(t, lifecycle.Enabled)
	c.Clock.Set(conn.PaidThrough.AddDate(0, 1, -3))
	no, err := c.OrderRenewal(ctx, c.Owner, conn.ID, 0, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(4 * 24 * time.Hour) // the quote holds for seven days, the period does not
	if err := c.Start(ctx, c.Owner, no); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), "has passed. Nothing was charged") {
		t.Errorf("a period that has passed: %v", err)
	}
	if n := len(c.gw.Pages(no)); n != 0 {
		t.Errorf("%d pages for it", n)
	}
	c.Sound(t)
}

// TestAnotherChoiceClosesThePage orders one period, opens its page, and orders
// another: the first page is closed at the gateway.
func TestAnotherChoiceClosesThePage(t *testing.T) {
	c := newTill(t)
	conn := c.At(t, lifecycle.WaitingForPayment)
	first, err := c.OrderResourceFee(ctx, c.Owner, conn.ID, conn.Version, store.NewResourceFee{Months: 1, Confirmed: true})
	if err != nil {
		t.Fatal(err)
	}
	page := c.start(first)
	second, err := c.OrderResourceFee(ctx, c.Owner, conn.ID, conn.Version, store.NewResourceFee{Months: 2, Confirmed: true})
	if err != nil || second == first {
		t.Fatalf("%s, %v", second, err)
	}
	c.work()
	if _, ok := c.gw.Pay(page.Session.ID); ok || c.payment(first).State != payment.Failed {
		t.Errorf("the page of a canceled order takes a card; its payment is %s", c.payment(first).State)
	}
	c.Sound(t)
}

func TestDeclinedClosedAndTriedAgain(t *testing.T) {
	c := newTill(t)
	o := c.Order(t, c.Owner)
	page := c.start(o.No)
	c.hear(c.gw.Decline(page.Session.ID))
	if p := c.payment(o.No); p.State != payment.Sent || p.Declines != 1 {
		t.Errorf("after a declined card: %+v", p)
	}
	c.hear(c.gw.Expire(page.Session.ID))
	if p := c.payment(o.No); p.State != payment.Failed || p.Problem != "The card was declined" || p.URL != "" {
		t.Errorf("after the page ended: %+v", p)
	}
	second := c.start(o.No)
	if second.Key != o.No+"-2" || second.Session.ID == page.Session.ID {
		t.Errorf("the second attempt: %+v", second)
	}
	c.hear(c.pays(second))
	if c.order(o.No).State != store.OrderPaid {
		t.Error("the second attempt did not pay")
	}
	c.work()
	c.Sound(t)
}

// TestEventsInEveryOrder delivers what two attempts of one order can say in
// every order, each event twice. Whatever the order, one charge is kept.
func TestEventsInEveryOrder(t *testing.T) {
	t.Parallel()
	var permute func(n int) [][]int
	permute = func(n int) [][]int {
		if n == 0 {
			return [][]int{nil}
		}
		var out [][]int
		for _, p := range permute(n - 1) {
			for i := 0; i <= len(p); i++ {
				q := append(append(append([]int{}, p[:i]...), n-1), p[i:]...)
				out = append(out, q)
			}
		}
		return out
	}
	c := newTill(t)
	for _, order := range permute(4) {
		o := c.Order(t, c.Owner)
		first := c.start(o.No)
		c.Clock.Advance(payment.SessionLife) // the first page ends, so there is a second …
		second := c.start(o.No)
		// … and yet both are paid: the gateway's clock is not ours.
		events := []payment.Event{c.gw.Decline(first.Session.ID), c.pays(first), c.gw.Expire(first.Session.ID), c.pays(second)}
		for _, i := range order {
			c.hear(events[i], events[i])
		}
		c.work()
		if kept, n := c.gw.Kept(o.No); kept != o.Amount || n != 2 {
			t.Errorf("heard in the order %v: %s of %d charges is kept", order, kept, n)
		}
		if got := c.order(o.No); got.State != store.OrderPaid {
			t.Errorf("heard in the order %v: the order is %s", order, got.State)
		}
	}
	c.Sound(t)
}

// TestMoneyThatCannotBeUsedGoesBack: by itself, once, and both sides are told.
func TestMoneyThatCannotBeUsedGoesBack(t *testing.T) {
	scarce := func(c *till) func(*store.NewConnection) {
		return func(in *store.NewConnection) {
			in.AccessPoint, in.Spec, in.PortType = c.APID(t, "Hangzhou-Xiaoshan-B"), catalog.Spec10G, catalog.Type10GBaseLR
		}
	}
	for _, tc := range []struct {
		name, why string
		meanwhile func(c *till, o store.Order)
		event     func(e *payment.Event)
		state     string // of the order, afterwards
	}{
		{"paid from the balance", "the order was paid already", func(c *till, o store.Order) { c.Do(t, o.ConnectionID, lifecycle.PayInstallationFee) }, nil, store.OrderPaid},
		{"canceled", "the order was canceled", func(c *till, o store.Order) { c.Do(t, o.ConnectionID, lifecycle.Cancel) }, nil, store.OrderCanceled},
		{"expired", "the order had expired", func(c *till, o store.Order) {
			c.Clock.Advance(8 * 24 * time.Hour)
			if _, err := c.RunDue(ctx); err != nil {
				t.Fatal(err)
			}
		}, nil, store.OrderExpired},
		{"expired a moment ago", "the order had expired", func(c *till, o store.Order) { c.Clock.Advance(8 * 24 * time.Hour) }, nil, store.OrderUnpaid},
		{"no port left", "no port is free any more", func(c *till, o store.Order) {
			counts, err := c.PortCounts(ctx, c.APID(t, "Hangzhou-Xiaoshan-B"))
			if err != nil {
				t.Fatal(err)
			}
			for range store.Free(counts, catalog.Type10GBaseLR) {
				c.At(t, lifecycle.ToApplyForLOA, scarce(c))
			}
		}, nil, store.OrderUnpaid},
		{"another amount", "the gateway reports $0.01 and not $1,500.00", nil, func(e *payment.Event) { e.Amount.Minor = 1 }, store.OrderUnpaid},
		{"another currency", "the gateway reports EUR 1,500.00 and not $1,500.00", nil, func(e *payment.Event) { e.Amount.Currency = "EUR" }, store.OrderUnpaid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newTill(t)
			o := c.Order(t, c.Owner, scarce(c))
			page := c.start(o.No)
			e := c.pays(page)
			if tc.meanwhile != nil {
				tc.meanwhile(c, o)
			}
			if tc.event != nil {
				tc.event(&e)
			}
			before := c.balance()
			c.hear(e, e)
			if p := c.payment(o.No); p.State != payment.Refunding || !strings.EqualFold(p.Problem, tc.why) {
				t.Errorf("payment %s: %q, want %q", p.State, p.Problem, tc.why)
			}
			c.Sound(t)
			c.gw.Down(true)
			if _, err := c.Work(ctx); err != nil {
				t.Fatal(err)
			}
			if p := c.payment(o.No); p.State != payment.Refunding || p.Tries != 1 || !p.NextTry.Equal(c.Clock.Now().Add(time.Minute)) {
				t.Errorf("while the gateway is down: %+v", p)
			}
			c.gw.Down(false)
			c.work() // nothing is due yet
			if kept, _ := c.gw.Kept(o.No); kept.Minor == 0 {
				t.Error("the refund did not wait its minute")
			}
			c.Clock.Advance(time.Minute)
			c.work()
			if p := c.payment(o.No); p.State != payment.Refunded || p.RefundID == "" {
				t.Errorf("payment %+v", p)
			}
			if kept, n := c.gw.Kept(o.No); kept.Minor != 0 || n != 1 {
				t.Errorf("the gateway keeps %s of %d charges", kept, n)
			}
			if got := c.order(o.No); got.State != tc.state || got.Method == store.MethodCard {
				t.Errorf("the order is %s by %q, want %s", got.State, got.Method, tc.state)
			}
			if c.balance() != before {
				t.Errorf("the balance moved from %s to %s", before, c.balance())
			}
			for _, who := range []store.Actor{c.Owner, c.Finance} {
				if got := c.told(who); strings.Count(got, "goes back to the card, because "+tc.why) != 1 {
					t.Errorf("%s was told:\n%s", who.Role, got)
				}
			}
			events, err := c.Timeline(ctx, o.ConnectionID)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, ev := range events {
				if ev.Action == store.ActionCardRefund {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d events of the refund", n)
			}
			c.Sound(t)
		})
	}
}

func TestRefundThatFails(t *testing.T) {
	c := newTill(t)
	o := c.Order(t, c.Owner)
	e := c.pays(c.start(o.No))
	c.Do(t, o.ConnectionID, lifecycle.Cancel)
	c.gw.Slow(true)
	c.hear(e)
	c.Work(ctx)
	p := c.payment(o.No)
	if p.State != payment.Refunding || p.RefundID == "" {
		t.Fatalf("a refund that is under way: %+v", p)
	}
	failed := payment.Event{ID: "evt_failed", Type: "refund.failed", Notice: payment.RefundFailed, IntentID: p.IntentID, RefundID: p.RefundID, Amount: p.Amount}
	c.hear(failed, failed)
	if p = c.payment(o.No); p.State != payment.Refunding || !p.NextTry.IsZero() || p.Problem != "The refund failed: the card's bank did not take it" {
		t.Errorf("after the failure: %+v", p)
	}
	if !strings.Contains(c.told(c.Finance), "Card refund failed") {
		t.Errorf("finance was told:\n%s", c.told(c.Finance))
	}
	for _, by := range []store.Actor{c.Owner, c.Reviewer, c.Technician} {
		if err := c.RetryCardRefund(ctx, by, p.ID); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s tries again: %v", by.Role, err)
		}
	}
	c.gw.Slow(false)
	if err := c.RetryCardRefund(ctx, c.Finance, p.ID); err != nil {
		t.Fatal(err)
	}
	c.work()
	if p = c.payment(o.No); p.State != payment.Refunded {
		t.Errorf("after another try: %+v", p)
	}
	if err := c.RetryCardRefund(ctx, c.Finance, p.ID); store.KindOf(err) != store.Conflict {
		t.Errorf("trying again what is done: %v", err)
	}
	c.Sound(t)
	// A bank may send back what it had taken.
	c.hear(payment.Event{ID: "evt_back", Type: "refund.failed", Notice: payment.RefundFailed, IntentID: p.IntentID, Amount: p.Amount})
	if p = c.payment(o.No); p.State != payment.Refunding {
		t.Errorf("after it came back: %+v", p)
	}
	c.Sound(t)
}

// TestLostWebhook: the gateway is asked when it says nothing.
func TestLostWebhook(t *testing.T) {
	c := newTill(t)
	paid, left := c.Order(t, c.Owner), c.Order(t, c.Owner)
	e := c.pays(c.start(paid.No))
	page := c.start(left.No)
	c.work()
	if c.order(paid.No).State != store.OrderUnpaid {
		t.Fatal("asked at once")
	}
	c.Clock.Advance(3 * time.Minute)
	c.work()
	if c.order(paid.No).State != store.OrderPaid || c.payment(left.No).State != payment.Sent {
		t.Errorf("paid: %s, left: %s", c.order(paid.No).State, c.payment(left.No).State)
	}
	c.hear(e) // the webhook comes after all
	c.gw.Expire(page.Session.ID)
	c.Clock.Advance(time.Hour)
	c.work()
	if p := c.payment(left.No); p.State != payment.Failed || c.order(left.No).State != store.OrderUnpaid {
		t.Errorf("left: %+v", p)
	}
	if kept, _ := c.gw.Kept(paid.No); kept != paid.Amount {
		t.Errorf("kept %s", kept)
	}
	c.Sound(t)
}

func TestGatewayInTrouble(t *testing.T) {
	c := newTill(t)
	o := c.Order(t, c.Owner)
	c.gw.Down(true)
	err := c.Start(ctx, c.Owner, o.No)
	if store.KindOf(err) != store.Unavailable || !strings.Contains(store.MessageOf(err), "Nothing was charged") || !errors.Is(err, paytest.ErrDown) {
		t.Errorf("gateway down: %v", err)
	}
	c.gw.Down(false)
	if page := c.start(o.No); page.Key != o.No {
		t.Errorf("the attempt that failed is not tried again with its key: %s", page.Key)
	}

	other := c.Order(t, c.Owner)
	c.gw.Refuse(true)
	if err := c.Start(ctx, c.Owner, other.No); store.KindOf(err) != store.Unavailable || c.payment(other.No).State != payment.Failed {
		t.Errorf("gateway refuses: %v, %s", err, c.payment(other.No).State)
	}
	c.gw.Refuse(false)
	c.hear(c.pays(c.start(other.No)))
	if c.order(other.No).State != store.OrderPaid {
		t.Error("it cannot be paid afterwards")
	}

	// An attempt that nobody came back to ends by itself.
	third := c.Order(t, c.Owner)
	c.gw.Down(true)
	if err := c.Start(ctx, c.Owner, third.No); err == nil {
		t.Fatal("started without a gateway")
	}
	c.Clock.Advance(payment.SessionLife)
	c.work()
	if p := c.payment(third.No); p.State != payment.Failed {
		t.Errorf("an attempt without a page: %+v", p)
	}
	c.Sound(t)
}

func TestWhoMayStart(t *testing.T) {
	c := newTill(t)
	o := c.Order(t, c.Owner)
	for by, want := range map[store.Actor]store.Kind{c.OtherOwner: store.NotFound, c.Finance: store.Forbidden, c.Admin: store.Forbidden, c.As(lifecycle.System): store.Forbidden} {
		if err := c.Start(ctx, by, o.No); store.KindOf(err) != want {
			t.Errorf("%s: %v", by.Role, err)
		}
	}
	if err := c.Start(ctx, c.Owner, "209901010001"); store.KindOf(err) != store.NotFound {
		t.Errorf("no such order: %v", err)
	}
	if c.gw.Asked() != 0 {
		t.Error("the gateway was asked")
	}
	// What cannot be fulfilled is refused before anybody is sent away.
	dead := c.Order(t, c.Owner)
	c.Do(t, dead.ConnectionID, lifecycle.Cancel)
	if err := c.Start(ctx, c.Owner, dead.No); store.KindOf(err) != store.Conflict || c.gw.Asked() != 0 {
		t.Errorf("a canceled order: %v", err)
	}
}

func TestForeignAndForgedEvents(t *testing.T) {
	c := newTill(t)
	a, b := c.Order(t, c.Owner), c.Order(t, c.Owner)
	ea, pb := c.pays(c.start(a.No)), c.start(b.No)
	refused := func(what, reason string, e payment.Event, signature string) {
		t.Helper()
		var f *pay.Forged
		if err := c.Hear(ctx, paytest.Body(e), signature); !errors.As(err, &f) || f.Reason != reason {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("forged", pay.WrongKey, ea, "forged")
	mixed := ea
	mixed.OrderNo = b.No
	refused("order of another payment", pay.Contradicts, mixed, paytest.Signature)
	mixed = ea
	mixed.SessionID = pb.Session.ID
	refused("page of another payment", pay.Contradicts, mixed, paytest.Signature)
	// Other business of the same gateway account is not ours.
	c.hear(payment.Event{ID: "evt_other", Type: "checkout.session.completed", Notice: payment.Paid, PaymentID: "pay-elsewhere", SessionID: "cs_elsewhere", Amount: a.Amount},
		payment.Event{ID: "evt_nothing", Type: "customer.created"})
	for _, no := range []string{a.No, b.No} {
		if c.order(no).State != store.OrderUnpaid || c.payment(no).State != payment.Sent {
			t.Errorf("order %s is %s, its payment %s", no, c.order(no).State, c.payment(no).State)
		}
	}
	if _, err := c.Work(ctx); err != nil {
		t.Fatal(err)
	}
	counts, err := c.WebhookRefusals(ctx, 10)
	if err != nil || len(counts) != 2 || counts[0].N+counts[1].N != 3 {
		t.Errorf("refused webhooks are counted as %+v, %v", counts, err)
	}
	c.hear(ea)
	c.Sound(t)
}

func TestDisputesAndRefundsElsewhere(t *testing.T) {
	c := newTill(t)
	o := c.Order(t, c.Owner)
	e := c.pays(c.start(o.No))
	c.hear(e)
	c.hear(payment.Event{ID: "evt_dispute", Type: "charge.dispute.created", Notice: payment.Disputed, IntentID: e.IntentID, Amount: e.Amount},
		payment.Event{ID: "evt_refund", Type: "refund.updated", Notice: payment.RefundDone, IntentID: e.IntentID, RefundID: "re_hand", Amount: e.Amount})
	got := c.told(c.Finance)
	for _, want := range []string{"Card payment disputed", "Refund outside Demarc"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("finance was not told %q once:\n%s", want, got)
		}
	}
	if c.order(o.No).State != store.OrderPaid {
		t.Error("the order changed")
	}
	p, events, err := c.Payment(ctx, c.Finance, c.payment(o.No).ID)
	if err != nil || len(events) != 3 || p.State != payment.Succeeded {
		t.Errorf("payment %+v, %d events, %v", p, len(events), err)
	}
	c.Sound(t)
}

// TestFortyPaymentsOfOneOrder lets forty people pay one order at the same
// moment, from the balance and by card, the card's webhook delivered by many.
func TestFortyPaymentsOfOneOrder(t *testing.T) {
	c := newTill(t)
	for round := range 4 {
		before := c.balance()
		o := c.Order(t, c.Owner)
		page := c.start(o.No)
		e := c.pays(page)
		body := paytest.Body(e)
		var wg sync.WaitGroup
		begin := make(chan struct{})
		var mu sync.Mutex
		problems := map[string]int{}
		for i := range 40 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				<-begin
				var err error
				switch i % 4 {
				case 0:
					err = c.PayOrder(ctx, c.Owner, o.No, store.MethodBalance)
				case 1, 2:
					err = c.Hear(ctx, body, paytest.Signature)
				case 3:
					if err = c.Start(ctx, c.Owner, o.No); store.KindOf(err) == store.Conflict {
						err = nil
					}
				}
				if err != nil {
					mu.Lock()
					problems[err.Error()]++
					mu.Unlock()
				}
			}()
		}
		close(begin)
		wg.Wait()
		c.work()
		for p, n := range problems {
			t.Errorf("round %d: %d times %s", round, n, p)
		}
		kept, _ := c.gw.Kept(o.No)
		spent := before.Minor - c.balance().Minor
		if got := c.order(o.No); got.State != store.OrderPaid || kept.Minor+spent != o.Amount.Minor {
			t.Errorf("round %d: the order is %s by %s; %s kept by the gateway, %d spent from the balance", round, got.State, got.Method, kept, spent)
		}
		c.Sound(t)
	}
}

// TestRandomHistories lets orders, payments by both methods, cancellations,
// troubles of the gateway, lost, late and repeated webhooks and restarts come
// in any order. In the end, every order that is paid was paid once, no other
// order keeps a cent, and the books agree.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newTill(t)
			r := rand.New(rand.NewPCG(seed, 5))
			var orders []store.Order
			var late []payment.Event
			say := func(e payment.Event) {
				switch r.IntN(4) {
				case 0: // lost
				case 1:
					late = append(late, e)
				case 2:
					late = append(late, e)
					c.hear(e)
				default:
					c.hear(e)
				}
			}
			for range 200 {
				if len(orders) == 0 || r.IntN(6) == 0 {
					orders = append(orders, c.Order(t, c.Owner))
				}
				o := orders[r.IntN(len(orders))]
				switch r.IntN(12) {
				case 0:
					_ = c.PayOrder(ctx, c.Owner, o.No, store.MethodBalance) // refused, or not
				case 1:
					_ = c.Try(o.ConnectionID, lifecycle.Cancel, c.Owner)
				case 2, 3, 4:
					c.gw.Down(r.IntN(4) == 0)
					_ = c.Start(ctx, c.Owner, o.No)
					c.gw.Down(false)
				case 5, 6:
					for _, p := range c.gw.Pages(o.No) {
						if e, ok := c.gw.Pay(p.Session.ID); ok {
							say(e)
						}
					}
				case 7:
					for _, p := range c.gw.Pages(o.No) {
						if p.State == "open" { // no gateway ends a page that was paid
							say(c.gw.Expire(p.Session.ID))
						}
					}
				case 8:
					if len(late) > 0 {
						c.hear(late[r.IntN(len(late))])
					}
				case 9:
					c.Clock.Advance(time.Duration(r.IntN(90)) * time.Minute)
				case 10:
					c.gw.Down(r.IntN(3) == 0)
					if _, err := c.Work(ctx); err != nil {
						t.Fatal(err)
					}
					c.gw.Down(false)
				case 11:
					c.Reopen(t)
					c.Desk = pay.NewDesk(c.Env.Store, c.gw, "https://console.example", slog.New(slog.DiscardHandler))
				}
			}
			// Everything is said in the end, and everything is done.
			for _, i := range r.Perm(len(late)) {
				c.hear(late[i])
			}
			for range 40 {
				c.Clock.Advance(7 * time.Hour)
				c.work()
			}
			paid := 0
			for _, o := range orders {
				got := c.order(o.No)
				kept, _ := c.gw.Kept(o.No)
				want := int64(0)
				if got.Method == store.MethodCard {
					want = o.Amount.Minor
					paid++
				}
				if kept.Minor != want {
					t.Errorf("order %s is %s by %q and the gateway keeps %d", o.No, got.State, got.Method, kept.Minor)
				}
			}
			if paid == 0 {
				t.Error("nothing was paid by card: the history proves little")
			}
			c.Sound(t)
		})
	}
}
