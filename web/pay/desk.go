package pay

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"demarc/store"
	"demarc/store/payment"
	"demarc/web/paths"
)

// Desk takes card payments: it asks the gateway for pages, hears what it says,
// and does what is left undone. What it asks is never part of a transaction;
// the store holds the list of work, and every step may be repeated.
type Desk struct {
	store   *store.Store
	gateway Gateway
	url     string // of the console, without a final slash
	log     *slog.Logger
	kick    chan struct{}

	mu      sync.Mutex
	refused map[string]int // webhooks not believed, since they were last written down
}

// NewDesk returns a desk over a store and a gateway. publicURL is where people
// reach the console. log may be nil.
func NewDesk(s *store.Store, g Gateway, publicURL string, log *slog.Logger) *Desk {
	if log == nil {
		log = slog.Default()
	}
	return &Desk{store: s, gateway: g, url: strings.TrimRight(publicURL, "/"), log: log, kick: make(chan struct{}, 1), refused: map[string]int{}}
}

// Gateway is the gateway's name for people.
func (d *Desk) Gateway() string { return d.gateway.Name() }

// Takes reports whether cards are taken in the currency.
func (d *Desk) Takes(currency string) bool { return d.gateway.Takes(currency) }

// Start begins a payment of an order by card, or goes on with the one that is
// open: afterwards there is a page to send the customer to. Kinds: those of
// store.StartCardPayment, and Unavailable with a sentence when the gateway does
// not make a page; nothing is charged then.
func (d *Desk) Start(ctx context.Context, by store.Actor, orderNo string) error {
	p, err := d.store.StartCardPayment(ctx, by, orderNo)
	if err != nil || p.State == payment.Sent {
		return err
	}
	o, err := d.store.Order(ctx, by, orderNo)
	if err != nil {
		return err
	}
	page, err := d.gateway.Checkout(ctx, payment.Checkout{Key: p.Key(), PaymentID: p.ID, OrderNo: p.OrderNo, What: what(o.Kind) + ", order " + p.OrderNo, Amount: p.Amount,
		ExpiresAt: p.ExpiresAt, ReturnURL: d.url + paths.OrderPayment(orderNo), BackURL: d.url + paths.With(paths.Order(orderNo), "card", "back")})
	if errors.Is(err, ErrRefused) {
		err = errors.Join(err, d.store.FailCardPayment(ctx, p.ID, d.gateway.Name()+" refused to open a card page"))
		return &store.Error{Kind: store.Unavailable, Msg: "Cards cannot be taken right now. Nothing was charged. Pay another way, or tell the operator.", Err: err}
	}
	if err != nil {
		return &store.Error{Kind: store.Unavailable, Msg: d.gateway.Name() + " does not answer. Nothing was charged. Try again in a moment, or pay another way.", Err: err}
	}
	_, err = d.store.CardPageReady(ctx, p.ID, page)
	return err
}

// what is the line on the gateway's page.
func what(kind string) string {
	switch kind {
	case store.KindInstallation:
		return "Initial installation fee"
	case store.KindRenewal:
		return "Resource fee, renewal"
	}
	return "Resource fee"
}

// Hear takes a webhook. An error that is a *Forged is not to be believed, and
// sending it again does not help; any other error asks the gateway to say it
// again.
func (d *Desk) Hear(ctx context.Context, body []byte, signature string) error {
	e, err := d.gateway.ParseEvent(body, signature, d.store.Now())
	if err == nil {
		err = d.hear(ctx, e)
		if store.KindOf(err) == store.Invalid {
			err = &Forged{Reason: Contradicts}
		}
	}
	var f *Forged
	if errors.As(err, &f) {
		d.mu.Lock()
		d.refused[f.Reason]++
		d.mu.Unlock()
	}
	return err
}

func (d *Desk) hear(ctx context.Context, e payment.Event) error {
	outcome, err := d.store.HearGateway(ctx, e)
	if err != nil {
		return err
	}
	if outcome != "" {
		d.log.InfoContext(ctx, "the card gateway said something", "event", e.ID, "type", e.Type, "payment", e.PaymentID, "outcome", outcome)
		select {
		case d.kick <- struct{}{}: // there may be a refund to ask for
		default:
		}
	}
	return nil
}

// Run does what is due, whenever something was heard and every few seconds,
// until ctx ends.
func (d *Desk) Run(ctx context.Context, ran func(error)) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		_, err := d.Work(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.ErrorContext(ctx, "card payments could not be worked on", "error", err)
		}
		if ctx.Err() == nil {
			ran(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-d.kick:
		}
	}
}

// workAtOnce is how many payments one round works on.
const workAtOnce = 50

// Work does what is due now: it asks for refunds, closes pages of orders that
// can no longer be paid, and looks at pages of which the gateway has said
// nothing. It returns how many payments it worked on.
func (d *Desk) Work(ctx context.Context) (int, error) {
	d.mu.Lock()
	refused := d.refused
	d.refused = map[string]int{}
	d.mu.Unlock()
	if len(refused) > 0 {
		if err := d.store.CountWebhookRefusals(ctx, refused); err != nil {
			return 0, err
		}
	}
	due, err := d.store.CardWork(ctx, workAtOnce)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, p := range due {
		if ctx.Err() != nil {
			break
		}
		if err := d.work(ctx, p); err != nil {
			errs = append(errs, err)
		}
	}
	return len(due), errors.Join(errs...)
}

// work asks the gateway about one payment. Whatever fails is tried again
// later; only errors of the store are returned.
func (d *Desk) work(ctx context.Context, p store.Payment) error {
	said, err := d.ask(ctx, p)
	if err != nil {
		d.log.WarnContext(ctx, "the card gateway did not do what it was asked", "payment", p.ID, "state", string(p.State), "tries", p.Tries+1, "error", err)
		return d.store.PostponeCardPayment(ctx, p.ID, false)
	}
	if said == nil {
		return nil
	}
	if said.Notice == "" {
		if err := d.store.NoteRefund(ctx, p.ID, said.RefundID); err != nil {
			return err
		}
		return d.store.PostponeCardPayment(ctx, p.ID, true)
	}
	return d.hear(ctx, *said)
}

// ask asks what the state of a payment calls for; nil when nobody was asked.
func (d *Desk) ask(ctx context.Context, p store.Payment) (*payment.Event, error) {
	switch {
	case p.State == payment.Refunding:
		e, err := d.gateway.Refund(ctx, payment.Refund{Key: p.RefundKey(), PaymentID: p.ID, OrderNo: p.OrderNo, IntentID: p.IntentID, RefundID: p.RefundID, Amount: p.Amount})
		return &e, err
	case p.State == payment.Created:
		// Nobody ever saw a page for it.
		return nil, d.store.FailCardPayment(ctx, p.ID, "No card page was opened")
	case p.SessionID != "":
		if p.State == payment.Failed || p.OrderState != store.OrderUnpaid {
			if err := d.gateway.Close(ctx, p.SessionID); err != nil {
				return nil, err
			}
		}
		e, err := d.gateway.Look(ctx, p.SessionID)
		// An older answer must not turn up as the payment's ID.
		e.PaymentID = p.ID
		return &e, err
	}
	return nil, nil
}
