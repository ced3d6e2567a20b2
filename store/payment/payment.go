// Package payment holds the rules of paying: the methods, the life of a card
// payment, and what each word of the gateway means in each state of it. It
// knows no gateway and no database.
package payment

import (
	"time"

	"demarc/store/money"
)

// Method is how an order is paid.
type Method string

// The methods of payment.
const (
	Balance Method = "balance" // from the account's balance, at once
	Invoice Method = "invoice" // on the monthly invoice, for accounts that staff allow
	Card    Method = "card"    // on the gateway's page; paid when the gateway says so
)

// Label is the method in words, "" for none.
func (m Method) Label() string {
	switch m {
	case Balance:
		return "Account balance"
	case Invoice:
		return "Monthly invoice"
	case Card:
		return "Card"
	}
	return ""
}

// State is where one attempt to pay by card stands.
type State string

// The states of a card payment.
const (
	Created   State = "created"   // asked for; the gateway may not know yet
	Sent      State = "sent"      // the gateway has a page for it
	Succeeded State = "succeeded" // the money came and the order is paid with it
	Failed    State = "failed"    // ended without money: declined for good, left or expired
	Refunding State = "refunding" // the money came for an order that it could not pay; it goes back
	Refunded  State = "refunded"  // it is back
)

// States are all states, in the order of a payment's life.
func States() []State { return []State{Created, Sent, Succeeded, Failed, Refunding, Refunded} }

// Open reports whether the customer may still pay on the gateway's page.
func (s State) Open() bool { return s == Created || s == Sent }

// Label is the state in words for finance staff.
func (s State) Label() string {
	switch s {
	case Created:
		return "Started"
	case Sent:
		return "Waiting for the card"
	case Succeeded:
		return "Succeeded"
	case Failed:
		return "Not paid"
	case Refunding:
		return "Refund under way"
	case Refunded:
		return "Refunded"
	}
	return string(s)
}

// Notice is what a gateway says about a payment.
type Notice string

// The notices that mean something here. Whatever else a gateway says is kept
// and changes nothing.
const (
	Paid         Notice = "paid"
	Declined     Notice = "declined"      // one card was refused; the page stays open for another
	Closed       Notice = "closed"        // the page ended without a payment
	RefundDone   Notice = "refund_done"   // a refund arrived
	RefundFailed Notice = "refund_failed" // a refund came back: the bank would not take it
	Disputed     Notice = "disputed"      // the card's holder disputes the charge
)

// Notices are all notices that mean something.
func Notices() []Notice {
	return []Notice{Paid, Declined, Closed, RefundDone, RefundFailed, Disputed}
}

// After is the state of a payment after a notice. ok is false when the notice
// changes nothing, because it came twice, late or out of order: gateways
// deliver at least once and in no order. Money that came is never overlooked:
// Paid counts after Closed too.
func After(s State, n Notice) (next State, ok bool) {
	switch n {
	case Paid:
		if s.Open() || s == Failed {
			return Succeeded, true
		}
	case Declined:
		if s.Open() {
			return s, true
		}
	case Closed:
		if s.Open() || s == Failed { // now nobody can pay there any more
			return Failed, true
		}
	case RefundDone:
		if s == Refunding {
			return Refunded, true
		}
		if s == Succeeded { // given back in the gateway's own console: staff must hear of it
			return s, true
		}
	case RefundFailed:
		if s == Refunding || s == Refunded {
			return Refunding, true
		}
	case Disputed:
		if s == Succeeded {
			return s, true
		}
	}
	return s, false
}

// SessionLife is how long a page of the gateway takes a card. An order may be
// kept longer: a new page is made then.
const SessionLife = 35 * time.Minute

// RetryAfter is how long to wait before asking the gateway again, after tries
// that failed: a minute, doubling up to six hours.
func RetryAfter(tries int) time.Duration {
	const first, longest = time.Minute, 6 * time.Hour
	wait := first
	for range tries - 1 {
		if wait *= 2; wait >= longest {
			return longest
		}
	}
	return wait
}

// Checkout asks a gateway for a page on which an order is paid.
type Checkout struct {
	// Key makes asking twice the same as asking once: the order's number, and
	// from the second attempt on the attempt's.
	Key       string
	PaymentID string
	OrderNo   string
	What      string // the line on the page: no personal data
	Amount    money.Amount
	ExpiresAt time.Time
	// ReturnURL is where the gateway sends people who paid, BackURL those who
	// did not.
	ReturnURL, BackURL string
}

// Session is the gateway's page for one payment.
type Session struct {
	ID        string
	URL       string
	ExpiresAt time.Time
}

// Refund asks a gateway to give all of a payment back.
type Refund struct {
	Key       string
	PaymentID string
	OrderNo   string
	IntentID  string // the charge, in the gateway's words
	RefundID  string // the refund that is under way; "" when none was asked for
	Amount    money.Amount
}

// Event is what a gateway says, checked to come from it. Its amounts are to be
// compared, never to be used.
type Event struct {
	ID      string // the gateway's; the same for each delivery
	Type    string // the gateway's word
	Notice  Notice // "" when it means nothing here
	At      time.Time
	OrderNo string
	// PaymentID is ours, as given at the checkout.
	PaymentID string
	SessionID string
	IntentID  string
	RefundID  string
	Amount    money.Amount
	Reason    string // the gateway's code of why, such as card_declined
}
