package store

import (
	"context"
	"fmt"

	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
)

// QuoteDays is for how many days the quote of an order holds.
const QuoteDays = lifecycle.UnpaidOrderDays

// RenewalQuote is what renewing an interface by so many months means now: the
// order as it would be made, without a number. Kinds: Invalid (field months).
func (s *Store) RenewalQuote(c Connection, months int) (Order, error) {
	if !pricing.ValidPeriod(months) {
		return Order{}, invalid("months", "Select a duration")
	}
	now, term := s.Now(), s.Term(c)
	offer := term.Offer(months, now)
	switch {
	case offer.TooShort:
		return Order{}, invalid("months", fmt.Sprintf("%s more would end on %s, which has passed. Select a longer duration.", pricing.PeriodLabel(months), offer.Until.In(term.Zone).Format("2 Jan 2006")))
	case offer.TooLong:
		return Order{}, invalid("months", fmt.Sprintf("An interface can be paid for at most %s ahead. Select a shorter duration.", pricing.PeriodLabel(fees.MaxAheadMonths)))
	}
	quote, err := s.Quote(c.Region, c.Spec)
	if err != nil {
		return Order{}, err
	}
	total, err := pricing.Total(quote.Monthly, months)
	if err != nil {
		return Order{}, fmt.Errorf("renewal of %s: %w", c.ID, err)
	}
	return Order{AccountID: c.AccountID, ConnectionID: c.ID, Kind: KindRenewal, State: OrderUnpaid, Amount: total, Unit: quote.Monthly, Months: months, PriceVersion: quote.Version,
		ExpiresAt: now.AddDate(0, 0, QuoteDays), PeriodFrom: c.PaidThrough, PeriodTo: offer.Until}, nil
}

// OrderRenewal makes the order for a renewal of an interface and returns its
// number; autoRenew switches Auto Renew on when it is paid. It takes the place of
// an order for the same that was not paid. rev is the version that the person
// saw. Kinds: Invalid (field months), NotFound, Conflict, Forbidden.
func (s *Store) OrderRenewal(ctx context.Context, by Actor, id string, rev, months int, autoRenew bool) (string, error) {
	return s.once(ctx, by, func(t *tx) (string, error) {
		c, err := t.connection(id)
		if err != nil {
			return "", err
		}
		if !lifecycle.MayDo(lifecycle.Renew, by.Role) {
			return "", forbidden("Only the customer renews an interface.")
		}
		if !lifecycle.Can(c.Stage, lifecycle.Renew, by.Role) {
			return "", conflictf("%s is in the %s state now, so it cannot be renewed. Nothing was charged.", c.Title(), c.Stage.Label())
		}
		if rev != 0 && rev != c.Version {
			return "", conflictf("%s was changed a moment ago. Check what it says now, then try again. Nothing was charged.", c.Title())
		}
		o, err := s.RenewalQuote(*c, months)
		if err != nil {
			return "", err
		}
		if autoRenew {
			o.AutoRenew = months
		}
		err = t.placeRenewal(&o)
		return o.No, err
	})
}

// placeRenewal inserts the order of a quote. An unpaid one for the same
// interface is closed: two that can both be paid would pay for one period.
func (t *tx) placeRenewal(o *Order) error {
	if _, err := t.exec("UPDATE orders SET state = 'canceled' WHERE connection_id = ? AND kind = 'renewal' AND state = 'unpaid'", o.ConnectionID); err != nil {
		return err
	}
	rules, err := t.feeRules()
	if err != nil {
		return err
	}
	o.RefundRule = rules.ResourceRule()
	return t.newOrder(o, OrderLine{Kind: KindResource, Quantity: o.Months, Unit: o.Unit})
}

// fulfilRenewal takes the money for a renewal and extends the paid time of its
// interface, in one transaction. An order is for the period that begins where the
// paid time ended when it was made: one that was overtaken by another payment
// is refused, so nobody pays a period twice and nobody pays for another one
// than was quoted. Kinds: Invalid (field method), Conflict.
func (t *tx) fulfilRenewal(o *Order, method string) error {
	_, err := t.apply(change{action: lifecycle.Renew, id: o.ConnectionID, detail: pricing.PeriodLabel(o.Months) + ", " + o.Amount.String() + ", order " + o.No, rows: func(t *tx, c *Connection) error {
		if err := t.stillRenews(*o, c); err != nil {
			return err
		}
		if err := t.affords(*o, method); err != nil {
			return err
		}
		if err := t.settle(o, method); err != nil {
			return err
		}
		if o.AutoRenew > 0 {
			c.AutoRenew = o.AutoRenew
		}
		return t.extend(c, o.Months)
	}})
	return err
}

// stillRenews refuses a renewal whose period somebody paid since, or that has
// passed.
func (t *tx) stillRenews(o Order, c *Connection) error {
	if !o.PeriodFrom.Equal(c.PaidThrough) {
		return conflictf("%s was renewed since order %s was made: it is paid until %s. Nothing was charged. Make a new order to pay for more.",
			c.Title(), o.No, c.PaidThrough.In(t.s.Catalogue().Zone(c.Region)).Format("2 Jan 2006"))
	}
	if !o.PeriodTo.After(t.now) {
		return conflictf("The period of order %s has passed. Nothing was charged. Renew for a longer duration.", o.No)
	}
	return nil
}
