package views

import (
	"strings"

	"demarc/store/payment"
	"demarc/views/ui"
)

// CardGo is a payment by card that the customer is on the way to or from.
type CardGo struct {
	OrderNo string
	Amount  string
	Href    string // of the gateway's page; "" when there is none to go to
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// CardNotice is how the newest payment of an order by card stands.
type CardNotice struct {
	OrderNo     string
	State       payment.State
	Amount      string
	Problem     string
	Declined    bool // a card was refused on the page
	Back        bool // the customer came back from the page without paying
	CanPay      bool // the page is still open
	OrderUnpaid bool
}

// goOn reports whether the page is worth going back to.
func (n *CardNotice) goOn() bool { return n.OrderUnpaid && n.State == payment.Sent && n.CanPay }

// words say how the payment stands, as far as it matters to the order now.
func (n *CardNotice) words() (tone, text string) {
	switch n.State {
	case payment.Created, payment.Sent:
		switch {
		case !n.OrderUnpaid:
			return "", ""
		case n.Back && n.Declined:
			return ui.ToneWarn, "The card was declined. Nothing was charged. Try again with another card, or pay another way."
		case n.Back:
			return ui.ToneInfo, "You left the card page before the payment was finished. Nothing was charged. Try again, or pay another way."
		case n.Declined:
			return ui.ToneWarn, "The last card was declined. Nothing was charged. Go on with another card, or pay another way."
		case !n.CanPay:
			return "", ""
		}
		return ui.ToneInfo, "A card payment of " + n.Amount + " was begun and is not finished."
	case payment.Failed:
		if !n.OrderUnpaid {
			return "", ""
		}
		return ui.ToneWarn, "The last card payment was not finished: " + lowerFirst(n.Problem) + ". Nothing was charged. Try again, or pay another way."
	case payment.Refunding:
		return ui.ToneWarn, "Your card payment of " + n.Amount + " goes back to the card: " + lowerFirst(n.Problem) + ". It takes the card's bank a few days."
	case payment.Refunded:
		return ui.ToneInfo, "Your card payment of " + n.Amount + " was given back to the card: " + lowerFirst(n.Problem) + ". It takes the card's bank a few days to show it."
	}
	return "", ""
}
