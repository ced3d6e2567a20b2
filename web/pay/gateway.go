// Package pay takes cards through a gateway: somebody else's page takes the
// card, and what that somebody says afterwards is checked and acted upon. No
// card number ever reaches this program.
package pay

import (
	"context"
	"errors"
	"time"

	"demarc/store/payment"
)

// Gateway is whoever takes cards. Every method that writes at the gateway may
// be repeated: the same key, or the same session, is acted upon once.
type Gateway interface {
	// Name is the gateway in words, "Stripe".
	Name() string
	// Takes reports whether the gateway takes amounts in the currency.
	Takes(currency string) bool
	// Checkout makes the page on which an order is paid.
	Checkout(ctx context.Context, c payment.Checkout) (payment.Session, error)
	// Close ends a page, so that nobody can pay on it any more. A page that is
	// ended already, with or without a payment, is no error.
	Close(ctx context.Context, sessionID string) error
	// Look says how a page stands, as an event would: Notice is Paid, Closed,
	// or "" while it is open. It is for events that never came; its event has
	// an ID that is the same each time.
	Look(ctx context.Context, sessionID string) (payment.Event, error)
	// Refund gives all of a payment back, or says how the refund stands that was
	// asked for before. The event's Notice is RefundDone, RefundFailed, or ""
	// while it is under way.
	Refund(ctx context.Context, r payment.Refund) (payment.Event, error)
	// ParseEvent checks who wrote a webhook and reads it. Its error is a
	// *Forged for whatever the gateway did not write in the last minutes.
	ParseEvent(body []byte, signature string, now time.Time) (payment.Event, error)
}

// ErrRefused is in the chain of errors of a gateway that will say the same
// again however often it is asked: a wrong key, a request it does not
// understand. Everything else is worth another try.
var ErrRefused = errors.New("the gateway refused")

// Forged is a webhook that is not to be believed.
type Forged struct {
	// Reason is what is wrong with it, in a few words for staff.
	Reason string
}

func (f *Forged) Error() string { return "webhook: " + f.Reason }

// Reasons why a webhook is not believed.
const (
	Unsigned   = "no signature"
	WrongKey   = "wrong signature"
	WrongTime  = "signed too long ago, or in the future"
	Unreadable = "not an event"
	// Contradicts is for one that names two payments.
	Contradicts = "it contradicts what we know"
)
