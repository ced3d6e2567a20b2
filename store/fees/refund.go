package fees

import (
	"errors"
	"fmt"

	"demarc/store/money"
)

// Payment is a resource fee that was paid for a number of months at one price a month, less what went back already.
type Payment struct {
	OrderNo string
	Months  int
	Unit    money.Amount
	// Refundable says whether the rule that the customer was shown with the order gives unused months back.
	Refundable bool
}

// Part is what goes back of one payment.
type Part struct {
	OrderNo string
	Months  int
	Amount  money.Amount
}

// ErrTooManyMonths says that more months are to go back than were ever paid.
var ErrTooManyMonths = errors.New("fees: more months unused than paid")

// Refund is what goes back for a number of unused months: the months at the end of the term, so those of the newest payments, each at the
// price that was paid for it. Months of a payment whose rule gives nothing back are passed over. newestFirst is every payment of the term.
func Refund(unused int, newestFirst []Payment) ([]Part, error) {
	var out []Part
	for _, p := range newestFirst {
		if unused == 0 {
			break
		}
		months := min(unused, p.Months)
		unused -= months
		if months == 0 || !p.Refundable {
			continue
		}
		amount, err := p.Unit.Mul(int64(months))
		if err != nil {
			return nil, fmt.Errorf("refund of order %s: %w", p.OrderNo, err)
		}
		if amount.Minor > 0 {
			out = append(out, Part{p.OrderNo, months, amount})
		}
	}
	if unused > 0 {
		return nil, ErrTooManyMonths
	}
	return out, nil
}
