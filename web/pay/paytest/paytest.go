// Package paytest is a card gateway in memory. Only tests use it.
package paytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"demarc/store/money"
	"demarc/store/payment"
	"demarc/web/pay"
)

// Signature is on every webhook that the gateway writes.
const Signature = "signed by the gateway"

// ErrDown is what a gateway answers that is Down.
var ErrDown = errors.New("the gateway is down")

// Gateway is a gateway in memory. It keeps the promises of a real one: a key is
// acted upon once, a page is paid once and a charge refunded once.
type Gateway struct {
	mu       sync.Mutex
	n        int
	pages    map[string]*Page
	byKey    map[string]*Page
	refunds  map[string]payment.Event
	down     bool
	refuses  bool
	pending  bool
	attempts int
}

var _ pay.Gateway = (*Gateway)(nil)

// Page is one checkout.
type Page struct {
	payment.Checkout
	Session  payment.Session
	State    string // open, paid, closed
	IntentID string
	Refunds  int // how often money went back: never more than once
}

// New is a gateway that works.
func New() *Gateway {
	return &Gateway{pages: map[string]*Page{}, byKey: map[string]*Page{}, refunds: map[string]payment.Event{}}
}

// Down makes the gateway answer nothing, or answer again.
func (g *Gateway) Down(down bool) { g.mu.Lock(); defer g.mu.Unlock(); g.down = down }

// Refuse makes it refuse whatever it is asked.
func (g *Gateway) Refuse(refuse bool) { g.mu.Lock(); defer g.mu.Unlock(); g.refuses = refuse }

// Slow makes refunds wait until Settle.
func (g *Gateway) Slow(slow bool) { g.mu.Lock(); defer g.mu.Unlock(); g.pending = slow }

// Name implements pay.Gateway.
func (g *Gateway) Name() string { return "Fake" }

// Takes implements pay.Gateway.
func (g *Gateway) Takes(currency string) bool { return currency == "USD" }

func (g *Gateway) trouble() error {
	g.attempts++
	switch {
	case g.down:
		return ErrDown
	case g.refuses:
		return fmt.Errorf("fake: %w", pay.ErrRefused)
	}
	return nil
}

// Asked is how often the gateway was asked for something.
func (g *Gateway) Asked() int { g.mu.Lock(); defer g.mu.Unlock(); return g.attempts }

// Checkout implements pay.Gateway.
func (g *Gateway) Checkout(_ context.Context, c payment.Checkout) (payment.Session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.trouble(); err != nil {
		return payment.Session{}, err
	}
	if p := g.byKey[c.Key]; p != nil {
		if p.Checkout != c {
			return payment.Session{}, fmt.Errorf("key %s with another request: %w", c.Key, pay.ErrRefused)
		}
		return p.Session, nil
	}
	g.n++
	p := &Page{Checkout: c, State: "open", Session: payment.Session{ID: fmt.Sprintf("cs_%d", g.n), URL: fmt.Sprintf("https://pay.example/cs_%d", g.n), ExpiresAt: c.ExpiresAt}}
	g.pages[p.Session.ID], g.byKey[c.Key] = p, p
	return p.Session, nil
}

// Close implements pay.Gateway.
func (g *Gateway) Close(_ context.Context, id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.trouble(); err != nil {
		return err
	}
	if p := g.pages[id]; p != nil && p.State == "open" {
		p.State = "closed"
	}
	return nil
}

// Look implements pay.Gateway.
func (g *Gateway) Look(_ context.Context, id string) (payment.Event, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.trouble(); err != nil {
		return payment.Event{}, err
	}
	p := g.pages[id]
	if p == nil {
		return payment.Event{}, fmt.Errorf("no page %s: %w", id, pay.ErrRefused)
	}
	switch p.State {
	case "paid":
		return p.event("look:"+id+":paid", payment.Paid), nil
	case "closed":
		return p.event("look:"+id+":closed", payment.Closed), nil
	}
	return p.event("look:"+id, ""), nil
}

// Refund implements pay.Gateway.
func (g *Gateway) Refund(_ context.Context, r payment.Refund) (payment.Event, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.trouble(); err != nil {
		return payment.Event{}, err
	}
	for _, p := range g.pages {
		if p.IntentID != r.IntentID || p.IntentID == "" {
			continue
		}
		e := p.event("refund:"+r.Key, payment.RefundDone)
		e.RefundID = "re_" + p.IntentID
		if g.pending {
			e.Notice, e.ID = "", "refund-pending:"+r.Key
			return e, nil
		}
		if _, again := g.refunds[p.IntentID]; !again {
			p.Refunds++
			g.refunds[p.IntentID] = e
		}
		return e, nil
	}
	return payment.Event{}, fmt.Errorf("no charge %s: %w", r.IntentID, pay.ErrRefused)
}

// ParseEvent implements pay.Gateway.
func (g *Gateway) ParseEvent(body []byte, signature string, _ time.Time) (payment.Event, error) {
	if signature != Signature {
		return payment.Event{}, &pay.Forged{Reason: pay.WrongKey}
	}
	var e payment.Event
	if err := json.Unmarshal(body, &e); err != nil {
		return e, &pay.Forged{Reason: pay.Unreadable}
	}
	return e, nil
}

// event is what the gateway says of a page.
func (p *Page) event(id string, n payment.Notice) payment.Event {
	return payment.Event{ID: id, Type: "fake", Notice: n, OrderNo: p.OrderNo, PaymentID: p.PaymentID, SessionID: p.Session.ID, IntentID: p.IntentID, Amount: p.Amount}
}

// Body is an event as it is sent.
func Body(e payment.Event) []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return b
}

// Pages are the checkouts of an order, oldest first.
func (g *Gateway) Pages(orderNo string) []Page {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Page
	for _, p := range g.pages {
		if p.OrderNo == orderNo {
			out = append(out, *p)
		}
	}
	slices.SortFunc(out, func(a, b Page) int {
		return len(a.Session.ID)*1000 - len(b.Session.ID)*1000 + compare(a.Session.ID, b.Session.ID)
	})
	return out
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// Pay is the customer paying on a page; false when it is not open. The event
// says so.
func (g *Gateway) Pay(session string) (payment.Event, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pages[session]
	if p == nil || p.State != "open" {
		return payment.Event{}, false
	}
	p.State, p.IntentID = "paid", "pi_"+session
	return p.event("evt_paid_"+session, payment.Paid), true
}

// Decline is a card that is refused on a page.
func (g *Gateway) Decline(session string) payment.Event {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n++
	return g.pages[session].event(fmt.Sprintf("evt_declined_%d", g.n), payment.Declined)
}

// Expire is a page whose time is over.
func (g *Gateway) Expire(session string) payment.Event {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pages[session]
	if p.State == "open" {
		p.State = "closed"
	}
	return p.event("evt_expired_"+session, payment.Closed)
}

// Kept is the money that the gateway took for an order and did not give back,
// and Taken how many charges there were.
func (g *Gateway) Kept(orderNo string) (kept money.Amount, taken int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.pages {
		if p.OrderNo != orderNo || p.State != "paid" {
			continue
		}
		taken++
		if p.Refunds == 0 {
			kept.Currency = p.Amount.Currency
			kept.Minor += p.Amount.Minor
		}
	}
	return kept, taken
}
