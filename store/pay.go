package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"demarc/store/lifecycle"
	"demarc/store/pricing"
)

// How an order is paid, whatever it is for and whatever with. Everything ends
// in pay: from the balance and on the invoice at once, by card when the gateway
// says that the money came (card.go).

// PayOrder pays an order at once, by balance or on the monthly invoice, and
// does what the order is for, in one transaction. An order that is paid already
// is left as it is and is no error. A card is not paid here: see
// StartCardPayment. Kinds: NotFound, Invalid (field method: the balance is too
// low, no invoice is allowed), Conflict (closed order, no port free: nothing is
// charged), Forbidden.
func (s *Store) PayOrder(ctx context.Context, by Actor, no, method string) error {
	if !mayPay(by) && by.Role != lifecycle.System {
		return forbidden("Only an owner or finance of the account pays.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		o, err := t.order(no)
		if err != nil {
			return "", err
		}
		if o.State == OrderPaid {
			return no, nil
		}
		if method != MethodBalance && method != MethodInvoice {
			return "", invalid("method", "Select how you want to pay")
		}
		return no, t.pay(&o, method)
	})
	return err
}

// mayPay reports whether somebody pays for their account.
func mayPay(by Actor) bool { return lifecycle.MayDo(lifecycle.PayInstallationFee, by.Role) }

// order is the order with this number, for whom the transaction is for. Kinds:
// NotFound.
func (t *tx) order(no string) (Order, error) {
	query, args := "SELECT "+orderColumns+" FROM orders WHERE no = ?", []any{no}
	if account, all := t.by.scope(); !all {
		query, args = "SELECT "+orderColumns+" FROM orders WHERE account_id = ? AND no = ?", []any{account, no}
	}
	o, err := scanOrder(t.row(query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return o, notFound("This order")
	}
	return o, err
}

// pay takes the money for an unpaid order by a method and does what the order
// is for: it reserves the port, enables it, or extends the time that is paid
// for. It is the one way in which an order of any kind is paid; a card's money
// is on the balance by then, in the same transaction. Kinds: Invalid (field
// method), Conflict, Forbidden.
func (t *tx) pay(o *Order, method string) error {
	if err := t.payable(*o); err != nil {
		return err
	}
	switch o.Kind {
	case KindInstallation:
		_, err := t.apply(change{action: lifecycle.PayInstallationFee, id: o.ConnectionID, detail: o.Amount.String() + ", order " + o.No, rows: func(t *tx, c *Connection) error {
			if err := t.affords(*o, method); err != nil {
				return err
			}
			if _, err := t.allocate(c); err != nil {
				return err
			}
			return t.settle(o, method)
		}})
		return err
	case KindResource:
		_, err := t.apply(change{action: lifecycle.PayResourceFee, id: o.ConnectionID, detail: pricing.PeriodLabel(o.Months), rows: func(t *tx, c *Connection) error {
			return t.payResource(o, c, method)
		}})
		return err
	case KindRenewal:
		return t.fulfilRenewal(o, method)
	}
	return fmt.Errorf("order %s is for %q, which nothing pays", o.No, o.Kind)
}

// payResource takes the money for the first resource fee, which pays for the
// time from now on.
func (t *tx) payResource(o *Order, c *Connection, method string) error {
	if err := t.affords(*o, method); err != nil {
		return err
	}
	o.PeriodFrom, o.PeriodTo = t.now, pricing.PaidThrough(t.now, o.Months, t.s.Catalogue().Zone(c.Region))
	if _, err := t.exec("UPDATE orders SET period_from = ?, period_to = ? WHERE account_id = ? AND no = ?", at(o.PeriodFrom), at(o.PeriodTo), o.AccountID, o.No); err != nil {
		return err
	}
	if err := t.settle(o, method); err != nil {
		return err
	}
	return t.startTerm(c, *o)
}

// affords refuses, for the form's field method, when the account cannot pay the
// order that way.
func (t *tx) affords(o Order, method string) error {
	if method == MethodInvoice {
		return t.mayOwe(o.AccountID, o.Amount)
	}
	return t.covers(o.AccountID, o.Amount)
}

// payable refuses, in words, an order that cannot be paid any more. An order
// that is paid already is refused too: callers answer that first.
func (t *tx) payable(o Order) error {
	instead := "Apply for a new interface instead."
	if o.Kind != KindInstallation {
		instead = "Open the interface to pay again."
	}
	if o.State != OrderUnpaid {
		return conflictf("Order %s is %s. %s Nothing was charged.", o.No, o.State, instead)
	}
	if !o.ExpiresAt.IsZero() && !o.ExpiresAt.After(t.now) {
		return conflictf("Order %s expired. %s Nothing was charged.", o.No, instead)
	}
	return nil
}

// NewResourceFee is the form Pay Resource Fee as sent.
type NewResourceFee struct {
	Months    int
	AutoRenew bool // Auto Renew pays the same period again, from the balance
	Confirmed bool // the deployment is confirmed
	Method    string
}

func (in NewResourceFee) problems() map[string]string {
	bad := map[string]string{}
	if !in.Confirmed {
		bad["confirm"] = "Confirm that the interface is deployed"
	}
	if !pricing.ValidPeriod(in.Months) {
		bad["months"] = "Select a duration"
	}
	return bad
}

// PayResourceFee confirms the deployment, pays the resource fee for a period by
// balance or invoice, and enables the port. It returns the number of the order.
// Kinds: NotFound, Invalid (fields confirm, months, method), Conflict,
// Forbidden.
func (s *Store) PayResourceFee(ctx context.Context, by Actor, id string, rev int, in NewResourceFee) (string, error) {
	return s.once(ctx, by, func(t *tx) (string, error) {
		var no string
		_, err := t.apply(change{action: lifecycle.PayResourceFee, id: id, rev: rev, detail: pricing.PeriodLabel(in.Months), rows: func(t *tx, c *Connection) error {
			bad := in.problems()
			if in.Method != MethodBalance && in.Method != MethodInvoice {
				bad["method"] = "Select how you want to pay"
			}
			if err := invalidFields(bad); err != nil {
				return err
			}
			o, err := t.resourceOrder(c, in)
			if err != nil {
				return err
			}
			no = o.No
			return t.payResource(&o, c, in.Method)
		}})
		return no, err
	})
}

// OrderResourceFee confirms the deployment and orders the resource fee for a
// period without paying it: the first step of paying by card. The order keeps
// its price for seven days; one for the same period that is still unpaid is
// taken again. It returns the order's number. Kinds: NotFound, Invalid (fields
// confirm, months), Conflict, Forbidden.
func (s *Store) OrderResourceFee(ctx context.Context, by Actor, id string, rev int, in NewResourceFee) (string, error) {
	var no string
	// The form's key is not used up: nothing is paid yet, and the same form may
	// still be sent with another period or another way to pay. Ordering the same
	// twice is one order without it.
	err := s.inTx(ctx, by, func(t *tx) error {
		c, err := t.connection(id)
		if err != nil {
			return err
		}
		if _, err := lifecycle.Next(c.Stage, lifecycle.PayResourceFee, by.Role); err != nil {
			if !lifecycle.MayDo(lifecycle.PayResourceFee, by.Role) {
				return forbidden("Your role has no right to do this.")
			}
			return conflictf("%s is in the %s state now, so this is no longer possible. Nothing was changed.", c.Title(), c.Stage.Label())
		}
		if rev != 0 && rev != c.Version {
			return conflictf("%s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", c.Title())
		}
		if err := invalidFields(in.problems()); err != nil {
			return err
		}
		o, err := t.resourceOrder(c, in)
		no = o.No
		return err
	})
	return no, err
}

// resourceOrder is the unpaid order for the resource fee of a period, with what
// is credited because the cabling was late: the one that is there, or a new
// one. An interface has one unpaid order; another choice takes the place of an
// earlier one.
func (t *tx) resourceOrder(c *Connection, in NewResourceFee) (Order, error) {
	autoRenew := 0
	if in.AutoRenew {
		autoRenew = in.Months
	}
	o, err := scanOrder(t.row("SELECT "+orderColumns+" FROM orders WHERE connection_id = ? AND kind = 'resource' AND state = 'unpaid' ORDER BY created_at DESC LIMIT 1", c.ID))
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return o, err
	case o.Months == in.Months && o.AutoRenew == autoRenew && o.ExpiresAt.After(t.now):
		return o, nil
	default:
		if _, err := t.exec("UPDATE orders SET state = 'canceled' WHERE account_id = ? AND no = ? AND state = 'unpaid'", o.AccountID, o.No); err != nil {
			return o, err
		}
	}
	rules, err := t.feeRules()
	if err != nil {
		return o, err
	}
	o = Order{AccountID: c.AccountID, ConnectionID: c.ID, Kind: KindResource, PriceVersion: c.PriceVersion, Months: in.Months, AutoRenew: autoRenew, RefundRule: rules.ResourceRule(),
		ExpiresAt: t.now.AddDate(0, 0, QuoteDays), PeriodFrom: t.now, PeriodTo: pricing.PaidThrough(t.now, in.Months, t.s.Catalogue().Zone(c.Region))}
	return o, t.newOrder(&o, ResourceFeeLines(*c, in.Months)...)
}

// try runs f and undoes what it wrote when it fails, without the rest of the
// transaction.
func (t *tx) try(f func() error) error {
	done, by, log := len(t.done), t.by, *t.audit
	if _, err := t.exec("SAVEPOINT part"); err != nil {
		return err
	}
	err := f()
	t.by = by
	if err != nil {
		if _, rerr := t.exec("ROLLBACK TO part"); rerr != nil {
			return errors.Join(err, rerr)
		}
		t.done, *t.audit = t.done[:done], log
	}
	if _, rerr := t.exec("RELEASE part"); rerr != nil {
		return errors.Join(err, rerr)
	}
	return err
}
