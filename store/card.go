package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"demarc/store/chart"
	"demarc/store/lifecycle"
	"demarc/store/money"
	"demarc/store/payment"
)

// A card is paid in steps that may each be the last before a crash: the attempt
// is written down here (created), the gateway makes a page for it (sent), the
// customer pays there, and the gateway says so, once or many times, soon or
// late (HearGateway). Whatever the program asks of the gateway carries a key
// that makes asking again the same as asking once, and whatever the gateway
// says is acted upon once, by its event's ID and by the payment's state. So
// each step can be repeated by whoever finds it undone.

// Payment is one attempt to pay an order by card.
type Payment struct {
	ID           string
	AccountID    string
	OrderNo      string
	ConnectionID string
	Attempt      int // of the order, from 1
	State        payment.State
	Amount       money.Amount
	SessionID    string    // the gateway's page
	URL          string    // its address; "" when nobody can pay there
	ExpiresAt    time.Time // when the page ends
	IntentID     string    // the gateway's charge
	RefundID     string
	Refunds      int    // times that giving back was begun anew
	Held         bool   // the money is in the books, to be given back
	Declines     int    // cards that were refused on the page
	Problem      string // why it was not paid, or is given back
	CreatedAt    time.Time
	CreatedBy    string         // who pays, …
	CreatedAs    lifecycle.Role // … and the role in which they did
	UpdatedAt    time.Time
	NextTry      time.Time // when the gateway is asked again; zero when there is nothing to ask
	Tries        int       // times in a row that the gateway did not answer
	// OrderState is the state of the order; only CardWork fills it in.
	OrderState string
}

// Key makes asking the gateway for the page of this payment twice the same as
// asking once: the order's number, with the attempt from the second on.
func (p Payment) Key() string {
	if p.Attempt == 1 {
		return p.OrderNo
	}
	return fmt.Sprintf("%s-%d", p.OrderNo, p.Attempt)
}

// RefundKey does the same for giving it back.
func (p Payment) RefundKey() string { return fmt.Sprintf("refund:%s:%d", p.ID, p.Refunds) }

const paymentColumns = "id, account_id, order_no, connection_id, attempt, state, currency, amount, session_id, url, expires_at, intent_id, refund_id, refunds, held, declines, problem, created_at, created_by, created_as, updated_at, next_try_at, tries"

func scanPayment(r scanner) (Payment, error) {
	var p Payment
	var expires, created, updated, next instant
	err := r.Scan(&p.ID, &p.AccountID, &p.OrderNo, &p.ConnectionID, &p.Attempt, &p.State, &p.Amount.Currency, &p.Amount.Minor, &p.SessionID, &p.URL, &expires, &p.IntentID, &p.RefundID, &p.Refunds,
		&p.Held, &p.Declines, &p.Problem, &created, &p.CreatedBy, &p.CreatedAs, &updated, &next, &p.Tries)
	p.ExpiresAt, p.CreatedAt, p.UpdatedAt, p.NextTry = expires.Time, created.Time, updated.Time, next.Time
	return p, err
}

// save writes what may change of a payment.
func (t *tx) savePayment(p *Payment) error {
	p.UpdatedAt = t.now
	_, err := t.exec(`UPDATE payments SET state = ?, session_id = ?, url = ?, expires_at = ?, intent_id = ?, refund_id = ?, refunds = ?, held = ?, declines = ?, problem = ?, updated_at = ?, next_try_at = ?, tries = ? WHERE id = ?`,
		p.State, p.SessionID, p.URL, at(p.ExpiresAt), p.IntentID, p.RefundID, p.Refunds, p.Held, p.Declines, p.Problem, at(t.now), at(p.NextTry), p.Tries, p.ID)
	return err
}

const (
	// reuseFor is how long an attempt that never got its page is tried again
	// with the same key. Afterwards its page would end too soon for the
	// gateway.
	reuseFor = 3 * time.Minute
	// leaveTime is what must be left of a page to send somebody there.
	leaveTime = time.Minute
	// firstLook is when the gateway is asked how a page stands of which it has
	// said nothing.
	firstLook = 3 * time.Minute
)

// StartCardPayment writes down that an order is about to be paid by card, after
// the same checks as a payment at once, and returns the attempt: a page that is
// still open, or a new attempt for which the gateway has to be asked. Kinds:
// NotFound, Conflict (paid or closed order, no port free), Forbidden.
func (s *Store) StartCardPayment(ctx context.Context, by Actor, no string) (Payment, error) {
	var p Payment
	if !mayPay(by) {
		return p, forbidden("Only an owner or finance of the account pays.")
	}
	err := s.inTx(ctx, by, func(t *tx) error {
		o, err := t.order(no)
		if err != nil {
			return err
		}
		if o.State == OrderPaid {
			return conflictf("Order %s is paid already. Nothing was charged again.", no)
		}
		if err := t.payable(o); err != nil {
			return err
		}
		if o.Amount.Minor <= 0 {
			return invalid("method", "There is nothing to pay by card: "+o.Amount.String()+" is due. Pay from the account balance.")
		}
		if err := t.fulfillable(o); err != nil {
			return err
		}
		p, err = scanPayment(t.row("SELECT "+paymentColumns+" FROM payments WHERE order_no = ? AND state IN ('created', 'sent')", no))
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		case p.State == payment.Sent && p.ExpiresAt.After(t.now.Add(leaveTime)), p.State == payment.Created && p.CreatedAt.After(t.now.Add(-reuseFor)):
			return nil
		default:
			// Its page has ended or never was, as far as we know: the gateway is
			// asked to close it, and if it was paid, that money goes back.
			p.State, p.Problem, p.URL, p.NextTry = payment.Failed, "The card page ended before it was used", "", time.Time{}
			if p.SessionID != "" {
				p.NextTry = t.now
			}
			if err := t.savePayment(&p); err != nil {
				return err
			}
		}
		var attempt int
		if err := t.row("SELECT COALESCE(MAX(attempt), 0) + 1 FROM payments WHERE order_no = ?", no).Scan(&attempt); err != nil {
			return err
		}
		p = Payment{ID: newID("pay-", 17), AccountID: o.AccountID, OrderNo: no, ConnectionID: o.ConnectionID, Attempt: attempt, State: payment.Created, Amount: o.Amount,
			ExpiresAt: t.now.Add(payment.SessionLife).Truncate(time.Second), CreatedAt: t.now, CreatedBy: by.UserID, CreatedAs: by.Role, UpdatedAt: t.now, NextTry: t.now.Add(payment.SessionLife)}
		_, err = t.exec(`INSERT INTO payments (id, account_id, order_no, connection_id, attempt, state, currency, amount, expires_at, created_at, created_by, created_as, updated_at, next_try_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.ID, p.AccountID, p.OrderNo, p.ConnectionID, p.Attempt, p.State, p.Amount.Currency, p.Amount.Minor, at(p.ExpiresAt), at(t.now), by.UserID, by.Role, at(t.now), at(p.NextTry))
		return err
	})
	return p, err
}

// fulfillable refuses before anybody is sent to the gateway what could not be
// done afterwards. It can still change before the money comes.
func (t *tx) fulfillable(o Order) error {
	c, err := t.connection(o.ConnectionID)
	if err != nil {
		return err
	}
	need := map[string]lifecycle.Stage{KindInstallation: lifecycle.PendingPayment, KindResource: lifecycle.WaitingForPayment, KindRenewal: lifecycle.Enabled}[o.Kind]
	if c.Stage != need {
		return conflictf("%s is in the %s state now, so order %s can no longer be paid. Nothing was charged.", c.Title(), c.Stage.Label(), o.No)
	}
	switch o.Kind {
	case KindInstallation:
		ap, _ := t.s.Catalogue().AccessPoint(c.AccessPointID)
		free, usable, err := t.freeFor(c)
		switch {
		case err != nil:
			return err
		case free == 0:
			return conflictf("No %s port is free at %s right now. Nothing was charged and your order stays open.", c.PortType, ap.Name)
		case usable == 0:
			return noOtherDevice(ap.Name, c.PortType)
		}
	case KindRenewal:
		return t.stillRenews(o, c)
	}
	return nil
}

// CardPageReady keeps the page that the gateway made for a payment. What has
// gone on meanwhile is left as it is. Kinds: NotFound.
func (s *Store) CardPageReady(ctx context.Context, id string, page payment.Session) (Payment, error) {
	return s.changePayment(ctx, id, func(t *tx, p *Payment) error {
		if p.State != payment.Created {
			return nil
		}
		p.State, p.SessionID, p.URL, p.NextTry, p.Tries = payment.Sent, page.ID, page.URL, t.now.Add(firstLook), 0
		if !page.ExpiresAt.IsZero() {
			p.ExpiresAt = page.ExpiresAt
		}
		return t.savePayment(p)
	})
}

// FailCardPayment ends an attempt for which there is no page: the gateway
// refused to make one, or it was never asked for again. An attempt that went on
// is left as it is. Kinds: NotFound.
func (s *Store) FailCardPayment(ctx context.Context, id, problem string) error {
	_, err := s.changePayment(ctx, id, func(t *tx, p *Payment) error {
		if p.State != payment.Created {
			return nil
		}
		p.State, p.Problem, p.URL, p.NextTry, p.Tries = payment.Failed, problem, "", time.Time{}, 0
		return t.savePayment(p)
	})
	return err
}

// PostponeCardPayment notes that the gateway did not answer, or had nothing new
// to say (answered), and when it is asked again. Kinds: NotFound.
func (s *Store) PostponeCardPayment(ctx context.Context, id string, answered bool) error {
	_, err := s.changePayment(ctx, id, func(t *tx, p *Payment) error {
		if p.NextTry.IsZero() {
			return nil // something came meanwhile
		}
		if p.Tries++; p.State == payment.Sent && answered {
			p.Tries = min(p.Tries, 4) // an open page is looked at every few minutes
		}
		p.NextTry = t.now.Add(payment.RetryAfter(p.Tries))
		return t.savePayment(p)
	})
	return err
}

// NoteRefund keeps the gateway's number of a refund that is under way. Kinds:
// NotFound.
func (s *Store) NoteRefund(ctx context.Context, id, refundID string) error {
	_, err := s.changePayment(ctx, id, func(t *tx, p *Payment) error {
		if p.State != payment.Refunding || refundID == "" || p.RefundID == refundID {
			return nil
		}
		p.RefundID = refundID
		return t.savePayment(p)
	})
	return err
}

func (s *Store) changePayment(ctx context.Context, id string, f func(t *tx, p *Payment) error) (Payment, error) {
	var p Payment
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		var err error
		if p, err = scanPayment(t.row("SELECT "+paymentColumns+" FROM payments WHERE id = ?", id)); errors.Is(err, sql.ErrNoRows) {
			return notFound("This payment")
		} else if err != nil {
			return err
		}
		return f(t, &p)
	})
	return p, err
}

// What hearing the gateway may come to, for people.
const (
	heardPaid      = "The order is paid"
	heardRefund    = "The money goes back"
	heardDeclined  = "A card was declined"
	heardClosed    = "The card page ended without a payment"
	heardRefunded  = "The money is back"
	heardNoRefund  = "The refund failed"
	heardDispute   = "The charge is disputed"
	heardElsewhere = "Given back at the gateway, outside Demarc"
	heardNothing   = "Nothing: it was known, or came late"
)

// HearGateway acts on what the gateway said, once: an event that was heard
// before, or that is about nothing of ours, changes nothing. Money that came
// pays its order, in the same transaction with all that the order is for; when
// the order cannot be paid with it any more, the money is booked as owed, the
// refund is put on the list of work, and the customer and finance are told. The
// outcome is in words for the log, "" when it is about nothing of ours.
// Whatever is an error was not heard, and the gateway should say it again.
// Kinds: Invalid for an event that contradicts itself.
func (s *Store) HearGateway(ctx context.Context, e payment.Event) (outcome string, err error) {
	if e.Notice == "" || e.ID == "" {
		return "", nil
	}
	err = s.inTx(ctx, systemActor(), func(t *tx) error {
		outcome = ""
		p, err := t.paymentOf(e)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		var heard int
		if err := t.row("SELECT COUNT(*) FROM payment_events WHERE id = ?", e.ID).Scan(&heard); err != nil || heard > 0 {
			outcome = heardNothing
			return err
		}
		if outcome, err = t.hear(&p, e); err != nil {
			return err
		}
		_, err = t.exec("INSERT INTO payment_events (payment_id, id, at, said_at, type, outcome) VALUES (?, ?, ?, ?, ?, ?)", p.ID, e.ID, at(t.now), at(e.At), e.Type, outcome)
		return err
	})
	if err != nil {
		outcome = ""
	}
	return outcome, err
}

// paymentOf finds the payment that an event is about: by our ID, which the
// gateway was given, or by its own of the page or of the charge. An event that
// names two different things of ours is about neither.
func (t *tx) paymentOf(e payment.Event) (Payment, error) {
	p, err := Payment{}, sql.ErrNoRows
	for _, by := range []struct{ column, value string }{{"id", e.PaymentID}, {"session_id", e.SessionID}, {"intent_id", e.IntentID}} {
		if by.value == "" {
			continue
		}
		if p, err = scanPayment(t.row("SELECT "+paymentColumns+" FROM payments WHERE "+by.column+" = ? AND "+by.column+" <> ''", by.value)); !errors.Is(err, sql.ErrNoRows) {
			break
		}
	}
	if err == nil && (differs(e.OrderNo, p.OrderNo) || differs(e.SessionID, p.SessionID)) {
		return p, &Error{Kind: Invalid, Msg: "The event is about two payments.", Err: fmt.Errorf("event %s names order %q and page %q, payment %s has %q and %q", e.ID, e.OrderNo, e.SessionID, p.ID, p.OrderNo, p.SessionID)}
	}
	return p, err
}

func differs(said, ours string) bool { return said != "" && ours != "" && said != ours }

// hear changes a payment as an event says.
func (t *tx) hear(p *Payment, e payment.Event) (string, error) {
	next, ok := payment.After(p.State, e.Notice)
	if !ok {
		return heardNothing, nil
	}
	was := p.State
	p.State = next
	if p.IntentID == "" {
		p.IntentID = e.IntentID
	}
	if p.SessionID == "" {
		p.SessionID = e.SessionID
	}
	switch e.Notice {
	case payment.Paid:
		p.URL, p.NextTry, p.Tries, p.Problem = "", time.Time{}, 0, ""
		return t.cardPaid(p, e)
	case payment.Declined:
		p.Declines++
		return heardDeclined, t.savePayment(p)
	case payment.Closed:
		p.URL, p.NextTry, p.Tries, p.Problem = "", time.Time{}, 0, "The card page was closed or ran out of time"
		if p.Declines > 0 {
			p.Problem = "The card was declined"
		}
		return heardClosed, t.savePayment(p)
	case payment.RefundDone:
		if was == payment.Succeeded {
			p.Problem = "Given back at the gateway, outside Demarc"
			if err := t.tellRole(lifecycle.Finance, paymentSubject(p.ID), "Refund outside Demarc", fmt.Sprintf("A card payment of %s for order %s was given back at the gateway itself. The books do not know of it.", p.Amount, p.OrderNo)); err != nil {
				return "", err
			}
			return heardElsewhere, t.savePayment(p)
		}
		return heardRefunded, t.cardRefunded(p, e)
	case payment.RefundFailed:
		return heardNoRefund, t.cardRefundFailed(p, was, e)
	case payment.Disputed:
		p.Problem = "The holder of the card disputes the charge"
		if err := t.tellRole(lifecycle.Finance, paymentSubject(p.ID), "Card payment disputed", fmt.Sprintf("The holder of the card disputes the payment of %s for order %s. Answer at the gateway.", p.Amount, p.OrderNo)); err != nil {
			return "", err
		}
		return heardDispute, t.savePayment(p)
	}
	return "", fmt.Errorf("notice %q of event %s", e.Notice, e.ID)
}

func paymentSubject(id string) string { return "payment:" + id }

func orderSubject(no string) string { return "order:" + no }

// cardPaid pays the order with money that came, or begins to give it back.
func (t *tx) cardPaid(p *Payment, e payment.Event) (string, error) {
	payer, err := t.payer(*p)
	if err != nil {
		return "", err
	}
	o, err := scanOrder(t.row("SELECT "+orderColumns+" FROM orders WHERE no = ?", p.OrderNo))
	if err != nil {
		return "", err
	}
	why := ""
	// The amount is the order's. What the gateway took is compared with it and
	// never used.
	if e.Amount != p.Amount || o.Amount != p.Amount {
		why = "the gateway reports " + e.Amount.String() + " and not " + p.Amount.String()
	} else {
		err := t.try(func() error {
			t.by = payer
			if _, err := t.post(posting{kind: "card_payment", account: p.AccountID, orderNo: p.OrderNo, reference: p.ID, idem: "card:" + p.ID, entries: move(p.Amount, chart.Card, chart.Balance(p.AccountID))}); err != nil {
				return err
			}
			return t.pay(&o, MethodCard)
		})
		switch KindOf(err) {
		case 0:
			if err != nil {
				return "", err
			}
			if err := t.tellAccount(p.AccountID, orderSubject(p.OrderNo), "Card payment received", fmt.Sprintf("%s was paid by card. Order %s is paid.", p.Amount, p.OrderNo)); err != nil {
				return "", err
			}
			return heardPaid, t.savePayment(p)
		case Conflict, Invalid, Forbidden, NotFound:
			if why, err = t.whyNot(*p); err != nil {
				return "", err
			}
		default:
			return "", err
		}
		if _, err := t.post(posting{kind: "card_payment", account: p.AccountID, orderNo: p.OrderNo, reference: p.ID, idem: "card:" + p.ID, entries: move(p.Amount, chart.Card, chart.Unapplied)}); err != nil {
			return "", err
		}
		p.Held = true
	}
	p.State, p.Problem, p.NextTry = payment.Refunding, upperFirst(why), t.now
	if err := t.savePayment(p); err != nil {
		return "", err
	}
	body := fmt.Sprintf("The card payment for order %s goes back to the card, because %s.", p.OrderNo, why)
	if err := t.tellAccount(p.AccountID, orderSubject(p.OrderNo), "Card payment refunded", body+" It takes the card's bank a few days."); err != nil {
		return "", err
	}
	if err := t.tellRole(lifecycle.Finance, paymentSubject(p.ID), "Card payment is refunded", body); err != nil {
		return "", err
	}
	return heardRefund, t.cardEvent(*p, ActionCardRefund, why)
}

// ActionCardRefund is the event that a card payment could not be used and goes
// back.
const ActionCardRefund = "card_refund"

// cardEvent records something about a payment in the history of its interface.
func (t *tx) cardEvent(p Payment, action, reason string) error {
	var stage lifecycle.Stage
	if err := t.row("SELECT stage FROM connections WHERE account_id = ? AND id = ?", p.AccountID, p.ConnectionID).Scan(&stage); err != nil {
		return err
	}
	return t.event(p.ConnectionID, p.AccountID, action, stage, stage, upperFirst(reason), p.Amount.String()+", order "+p.OrderNo)
}

// payer is the person who started the payment: what is done with the money is
// done for them.
func (t *tx) payer(p Payment) (Actor, error) {
	a := Actor{UserID: p.CreatedBy, Role: p.CreatedAs, AccountID: p.AccountID, RequestID: t.by.RequestID}
	err := t.row("SELECT name FROM users WHERE id = ?", p.CreatedBy).Scan(&a.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return a, nil
	}
	return a, err
}

// whyNot says why money that came cannot pay its order, as the end of a
// sentence.
func (t *tx) whyNot(p Payment) (string, error) {
	o, err := scanOrder(t.row("SELECT "+orderColumns+" FROM orders WHERE no = ?", p.OrderNo))
	if err != nil {
		return "", err
	}
	switch {
	case o.State == OrderPaid:
		return "the order was paid already", nil
	case o.State == OrderRefunded:
		return "the order was refunded", nil
	case o.State == OrderCanceled:
		return "the order was canceled", nil
	case o.State == OrderExpired, !o.ExpiresAt.IsZero() && !o.ExpiresAt.After(t.now):
		return "the order had expired", nil
	case o.Kind == KindInstallation:
		return "no port is free any more", nil
	case o.Kind == KindRenewal && !o.PeriodTo.After(t.now):
		return "the period of the order has passed", nil
	}
	return "the interface can no longer be paid for", nil
}

// cardRefunded records that a payment is back on the card.
func (t *tx) cardRefunded(p *Payment, e payment.Event) error {
	if e.RefundID != "" {
		p.RefundID = e.RefundID
	}
	p.NextTry, p.Tries = time.Time{}, 0
	if err := t.savePayment(p); err != nil {
		return err
	}
	if !p.Held {
		return nil
	}
	_, err := t.post(posting{kind: "card_refund", account: p.AccountID, orderNo: p.OrderNo, reference: p.ID, idem: fmt.Sprintf("card-refund:%s:%d", p.ID, p.Refunds), entries: move(p.Amount, chart.Unapplied, chart.Card)})
	return err
}

// cardRefundFailed records that the card's bank did not take a payment back:
// people have to settle it.
func (t *tx) cardRefundFailed(p *Payment, was payment.State, e payment.Event) error {
	if e.RefundID != "" && p.RefundID != "" && e.RefundID != p.RefundID {
		return nil // of an earlier try
	}
	p.NextTry, p.Tries = time.Time{}, 0
	p.Problem = "The refund failed: the card's bank did not take it"
	if was == payment.Refunded && p.Held {
		if _, err := t.post(posting{kind: "card_refund", account: p.AccountID, orderNo: p.OrderNo, reference: p.ID, idem: fmt.Sprintf("card-refund-failed:%s:%d", p.ID, p.Refunds), entries: move(p.Amount, chart.Card, chart.Unapplied)}); err != nil {
			return err
		}
	}
	if err := t.savePayment(p); err != nil {
		return err
	}
	return t.tellRole(lifecycle.Finance, paymentSubject(p.ID), "Card refund failed", fmt.Sprintf("The refund of %s for order %s failed. Try again, or pay it back another way.", p.Amount, p.OrderNo))
}

// RetryCardRefund puts a refund that failed on the list of work again: for
// finance staff. Kinds: NotFound, Conflict, Forbidden.
func (s *Store) RetryCardRefund(ctx context.Context, by Actor, id string) error {
	if !mayHandleMoney(by) {
		return forbidden("Only finance staff handle refunds.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		p, err := scanPayment(t.row("SELECT "+paymentColumns+" FROM payments WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return "", notFound("This payment")
		}
		if err != nil {
			return "", err
		}
		if p.State != payment.Refunding {
			return "", conflictf("There is no refund under way for this payment: it is %s. Nothing was changed.", lowerFirst(p.State.Label()))
		}
		// A refund that failed needs a new one at the gateway; one that only
		// waits for an answer is asked for again as it is.
		if p.NextTry.IsZero() {
			p.Refunds++
			p.RefundID = ""
		}
		p.NextTry, p.Tries = t.now, 0
		if err := t.savePayment(&p); err != nil {
			return "", err
		}
		return id, t.cardEvent(p, "retry_card_refund", "")
	})
	return err
}

// CardWork is what the gateway should be asked now, oldest first: pages to look
// at or to close, refunds to ask for.
func (s *Store) CardWork(ctx context.Context, limit int) ([]Payment, error) {
	return list(ctx, s, func(r scanner) (Payment, error) {
		var state string
		p, err := scanPayment(lead{r, []any{&state}})
		p.OrderState = state
		return p, err
	}, "SELECT (SELECT o.state FROM orders o WHERE o.no = order_no), "+paymentColumns+" FROM payments WHERE next_try_at <= ? ORDER BY next_try_at, id LIMIT ?", at(s.Now()), limit)
}

// LastPayment is the newest attempt to pay an order by card; nil when there was
// none. The caller has checked that the actor may see the order.
func (s *Store) LastPayment(ctx context.Context, orderNo string) (*Payment, error) {
	all, err := list(ctx, s, scanPayment, "SELECT "+paymentColumns+" FROM payments WHERE order_no = ? ORDER BY attempt DESC LIMIT 1", orderNo)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// PaymentFilter narrows the list of card payments.
type PaymentFilter struct {
	State  payment.State // "" for all
	Cursor string        // of a page before, "" for the newest
	Limit  int
}

// PaymentPage is one page of card payments, newest first.
type PaymentPage struct {
	Items []Payment
	Next  string // cursor of the next page, "" on the last
}

// Payments lists card payments, newest first, for staff who see all accounts.
// Kinds: Invalid for a broken cursor, Forbidden.
func (s *Store) Payments(ctx context.Context, by Actor, f PaymentFilter) (PaymentPage, error) {
	if !lifecycle.May(lifecycle.SeeAccounts, by.Role) {
		return PaymentPage{}, forbidden("Only finance staff see payments.")
	}
	var where []string
	var args []any
	if f.State != "" {
		where, args = append(where, "state = ?"), append(args, f.State)
	}
	if f.Cursor != "" {
		when, id, ok := cutLast(f.Cursor, "~")
		if _, err := time.Parse(instantLayout, when); !ok || err != nil {
			return PaymentPage{}, invalid("after", "This page of the list does not exist. Start at the first page.")
		}
		where, args = append(where, "created_at <= ? AND (created_at < ? OR id > ?)"), append(args, when, when, id)
	}
	query := "SELECT " + paymentColumns + " FROM payments"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	items, err := list(ctx, s, scanPayment, query+" ORDER BY created_at DESC, id LIMIT ?", append(args, f.Limit+1)...)
	page := PaymentPage{Items: items}
	if len(items) > f.Limit {
		page.Items = items[:f.Limit]
		last := page.Items[f.Limit-1]
		page.Next = at(last.CreatedAt).text() + "~" + last.ID
	}
	return page, err
}

// PaymentEvent is what the gateway said once, and what it changed.
type PaymentEvent struct {
	ID      string
	At      time.Time // when it was heard
	SaidAt  time.Time
	Type    string // the gateway's word
	Outcome string
}

// Payment is one card payment with what the gateway said of it, in the order in
// which it was heard, for staff who see all accounts. Kinds: NotFound,
// Forbidden.
func (s *Store) Payment(ctx context.Context, by Actor, id string) (Payment, []PaymentEvent, error) {
	if !lifecycle.May(lifecycle.SeeAccounts, by.Role) {
		return Payment{}, nil, forbidden("Only finance staff see payments.")
	}
	p, err := one(ctx, s, scanPayment, "SELECT "+paymentColumns+" FROM payments WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil, notFound("This payment")
	}
	if err != nil {
		return p, nil, err
	}
	events, err := s.paymentEvents(ctx, id)
	return p, events, err
}

func (s *Store) paymentEvents(ctx context.Context, id string) ([]PaymentEvent, error) {
	events, err := list(ctx, s, func(r scanner) (PaymentEvent, error) {
		var e PaymentEvent
		var heard, said instant
		err := r.Scan(&e.ID, &heard, &said, &e.Type, &e.Outcome)
		e.At, e.SaidAt = heard.Time, said.Time
		return e, err
	}, "SELECT id, at, said_at, type, outcome FROM payment_events WHERE payment_id = ?", id)
	slices.SortStableFunc(events, func(a, b PaymentEvent) int { return a.At.Compare(b.At) })
	return events, err
}

// WebhookRefusal counts the webhooks of a day that were not believed, for one
// reason.
type WebhookRefusal struct {
	Day    string // 2026-11-20, UTC
	Reason string
	N      int
	LastAt time.Time
}

// CountWebhookRefusals adds to the counts of webhooks that were not believed.
func (s *Store) CountWebhookRefusals(ctx context.Context, byReason map[string]int) error {
	return s.inTx(ctx, systemActor(), func(t *tx) error {
		for reason, n := range byReason {
			if _, err := t.exec(`INSERT INTO webhook_refusals (day, reason, n, last_at) VALUES (?, ?, ?, ?)
				ON CONFLICT (day, reason) DO UPDATE SET n = webhook_refusals.n + excluded.n, last_at = excluded.last_at`, t.now.Format(time.DateOnly), reason, n, at(t.now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// WebhookRefusals are the counts of the last 30 days, newest first.
func (s *Store) WebhookRefusals(ctx context.Context, limit int) ([]WebhookRefusal, error) {
	return list(ctx, s, func(r scanner) (WebhookRefusal, error) {
		var w WebhookRefusal
		var last instant
		err := r.Scan(&w.Day, &w.Reason, &w.N, &last)
		w.LastAt = last.Time
		return w, err
	}, "SELECT day, reason, n, last_at FROM webhook_refusals WHERE day >= ? ORDER BY day DESC, reason DESC LIMIT ?", s.Now().AddDate(0, 0, -30).Format(time.DateOnly), limit)
}
