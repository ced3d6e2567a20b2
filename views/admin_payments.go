package views

import (
	"time"

	"demarc/store/payment"
	"demarc/views/ui"
)

// PaymentRow is one card payment for staff.
type PaymentRow struct {
	ID, OrderNo, InterfaceID, AccountID, Account string
	Attempt                                      int
	Amount                                       string
	State                                        payment.State
	Problem                                      string
	CreatedAt                                    time.Time
	Stuck                                        bool // a refund that failed: somebody has to act
}

// PaymentList is the page Card payments.
type PaymentList struct {
	Rows     []PaymentRow
	State    ui.Control
	Tokens   []ui.Token
	Pages    ui.Pages
	Refusals []WebhookRefusal
}

// WebhookRefusal counts the webhooks of a day that were not believed.
type WebhookRefusal struct {
	LastAt time.Time
	Reason string
	N      int
}

// PaymentShow is one card payment with what the gateway said of it.
type PaymentShow struct {
	PaymentRow
	Facts    []ui.Pair
	Events   []PaymentEvent
	MayRetry bool
	Key      string
	Conflict string
}

// PaymentEvent is what the gateway said once.
type PaymentEvent struct {
	At                time.Time
	Type, ID, Outcome string
}

// PaymentLook is how the state of a card payment is drawn.
func PaymentLook(s payment.State) Look {
	switch s {
	case payment.Created, payment.Sent:
		return Look{s.Label(), ui.ToneInfo, ui.ShapeHalf}
	case payment.Succeeded:
		return Look{s.Label(), ui.ToneOK, ui.ShapeDot}
	case payment.Refunding:
		return Look{s.Label(), ui.ToneWarn, ui.ShapeHalf}
	case payment.Refunded:
		return Look{s.Label(), ui.ToneInfo, ui.ShapeDot}
	}
	return Look{s.Label(), ui.ToneIdle, ui.ShapeDash}
}

// look marks a refund that somebody has to settle.
func (r PaymentRow) look() Look {
	if r.Stuck {
		return Look{"Refund failed", ui.ToneBad, ui.ShapeRing}
	}
	return PaymentLook(r.State)
}

// retryLabel is what the button of the refund does.
func (v PaymentShow) retryLabel() string {
	if v.Stuck {
		return "Refund " + v.Amount + " again"
	}
	return "Ask for the refund now"
}
