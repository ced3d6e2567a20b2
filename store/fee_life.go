package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/store/money"
	"demarc/store/pricing"
	"demarc/store/workday"
)

// Term is the time that an interface is paid for, in the zone of its site.
func (s *Store) Term(c Connection) fees.Term {
	return fees.Term{From: c.PaidFrom, Months: c.PaidMonths, Zone: s.Catalogue().Zone(c.Region)}
}

// Standing is where an interface is in the life of its resource fee. It is
// Unpaid for one that is not enabled.
func (s *Store) Standing(c Connection) fees.Standing {
	if c.Stage != lifecycle.Enabled {
		return fees.Unpaid
	}
	return fees.StandingAt(c.PaidThrough, s.Now(), s.Catalogue().Zone(c.Region))
}

// extend makes c paid for so many months more, and plans what time does next.
func (t *tx) extend(c *Connection, months int) error {
	if c.PaidFrom.IsZero() {
		c.PaidFrom = t.now
	}
	c.PaidMonths += months
	c.PaidThrough = t.s.Term(*c).End()
	c.NoticeAt = time.Time{}
	if n, ok := fees.NextNotice(c.PaidThrough, t.now, t.s.Catalogue().Zone(c.Region)); ok {
		c.NoticeAt = n.At
	}
	return t.planRenewal(c)
}

// planRenewal sets when Auto Renew pays next.
func (t *tx) planRenewal(c *Connection) error {
	c.RenewAt, c.RenewFailedAt = time.Time{}, time.Time{}
	if c.AutoRenew == 0 {
		return nil
	}
	rules, err := t.feeRules()
	if err != nil {
		return err
	}
	c.RenewAt = fees.RenewAt(c.PaidThrough, rules.AutoRenewDays)
	if c.RenewAt.Before(t.now) {
		c.RenewAt = t.now
	}
	return nil
}

// SwitchAutoRenew lets Demarc pay the next periods of an interface from the
// balance, months at a time; 0 switches it off. Kinds: Invalid (field months),
// NotFound, Conflict, Forbidden.
func (s *Store) SwitchAutoRenew(ctx context.Context, by Actor, id string, rev, months int) error {
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		detail := "Off"
		if months != 0 {
			detail = "Every " + pricing.PeriodLabel(months)
		}
		_, err := t.apply(change{action: lifecycle.SwitchAutoRenew, id: id, rev: rev, detail: detail, rows: func(t *tx, c *Connection) error {
			if months != 0 && !pricing.ValidPeriod(months) {
				return invalid("months", "Select a duration")
			}
			c.AutoRenew = months
			return t.planRenewal(c)
		}})
		return id, err
	})
	return err
}

// FreeUnpaid ends an interface that nobody renewed for a month after it was
// locked: for finance staff. The cable comes out as after any termination.
// Kinds: Invalid (fields reason, confirm), NotFound, Conflict, Forbidden.
func (s *Store) FreeUnpaid(ctx context.Context, by Actor, id string, rev int, reason string, confirmed bool) error {
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		_, err := t.apply(change{action: lifecycle.Free, id: id, rev: rev, reason: reason, rows: func(t *tx, c *Connection) error {
			zone := t.s.Catalogue().Zone(c.Region)
			if from := fees.FreeableAt(c.PaidThrough, zone); t.now.Before(from) {
				return conflictf("%s may be freed for non-payment from %s on, not before. Nothing was changed.", c.Title(), from.In(zone).Format("2 Jan 2006, 15:04 (UTC-07:00)"))
			}
			bad := map[string]string{}
			if msg := reasonProblem(reason, 3, 500, "Say why the interface is freed now"); msg != "" {
				bad["reason"] = msg
			}
			if !confirmed {
				bad["confirm"] = "Confirm that you understand that this cannot be undone"
			}
			if err := invalidFields(bad); err != nil {
				return err
			}
			c.RemovalDue = true
			return t.closeUnpaidOrders(c.ID)
		}})
		return id, err
	})
	return err
}

// closeUnpaidOrders takes back what an interface was asked to pay.
func (t *tx) closeUnpaidOrders(connection string) error {
	_, err := t.exec("UPDATE orders SET state = 'canceled' WHERE connection_id = ? AND state = 'unpaid'", connection)
	return err
}

const (
	noticesDueQuery = "SELECT id FROM connections WHERE notice_at IS NOT NULL AND notice_at <= ? ORDER BY notice_at, id LIMIT 500"
	// Orders for an installation fee end with their interface.
	ordersDueQuery   = "SELECT no FROM orders WHERE state = 'unpaid' AND expires_at <= ? AND kind <> 'installation' ORDER BY expires_at, no LIMIT 500"
	renewalsDueQuery = "SELECT id FROM connections WHERE renew_at IS NOT NULL AND renew_at <= ? ORDER BY renew_at, id LIMIT 500"
)

// tellFee tells the customer what their resource fee needs, once for each
// notice: the moment of the next one is written with the message.
func (t *tx) tellFee(id string) error {
	c, err := t.connection(id)
	if err != nil {
		return err
	}
	if c.Stage != lifecycle.Enabled || c.NoticeAt.IsZero() || c.NoticeAt.After(t.now) {
		return conflictf("Nothing is to be told about %s.", c.Title())
	}
	zone := t.s.Catalogue().Zone(c.Region)
	var next time.Time
	if n, ok := fees.NextNotice(c.PaidThrough, t.now, zone); ok {
		next = n.At
	}
	if _, err := t.exec("UPDATE connections SET notice_at = ? WHERE account_id = ? AND id = ?", at(next), c.AccountID, c.ID); err != nil {
		return err
	}
	n, ok := fees.NoticeAt(c.PaidThrough, t.now, zone)
	if !ok {
		return nil // an old database was asked too early
	}
	title, body := feeMessage(c, n, zone, t.s.operator)
	return t.tellAccount(c.AccountID, c.ID, title, body)
}

// feeMessage is what the customer reads about the fee of an interface.
func feeMessage(c *Connection, n fees.Notice, zone *time.Location, operator string) (title, body string) {
	day := func(at time.Time) string { return at.In(zone).Format("2 Jan 2006, 15:04 (UTC-07:00)") }
	name, until := c.Title(), day(c.PaidThrough)
	switch n.Kind {
	case fees.DueSoon:
		body = fmt.Sprintf("The resource fee of %s is paid until %s.", name, until)
		switch {
		case c.AutoRenew > 0 && !c.RenewFailedAt.IsZero():
			body += " Auto Renew could not pay so far: the account balance is too low. Transfer money, or renew it yourself."
		case c.AutoRenew > 0:
			body += " Auto Renew pays " + pricing.PeriodLabel(c.AutoRenew) + " from the account balance on " + c.RenewAt.In(zone).Format("2 Jan 2006") + "."
		default:
			body += " Renew it to keep the connection."
		}
		return "Resource fee due in " + countWords(n.Days, "day"), body
	case fees.Overdue:
		return "Resource fee overdue", fmt.Sprintf("%s was paid until %s. Renew it before %s, when it is locked.", name, until, day(fees.LockedAt(c.PaidThrough)))
	case fees.Locked:
		return "Interface locked", fmt.Sprintf("%s is FinancialLocked, because its resource fee was paid until %s only. Renew it to restore it at once. From %s on %s may end it.", name, until, day(fees.FreeableAt(c.PaidThrough, zone)), operator)
	}
	return "Interface may be ended", fmt.Sprintf("%s was not renewed for a month after it was locked. %s may end it for non-payment at any time. Renew it to keep it.", name, operator)
}

// autoRenew pays the next period of an interface from the balance. A balance
// that is too low tells the customer, once for each period, and is tried again
// a day later. One period is paid once, whatever runs twice: an order is for
// the period that begins where the paid time ends, and of those one is paid.
func (t *tx) autoRenew(id string) error {
	c, err := t.connection(id)
	if err != nil {
		return err
	}
	if c.Stage != lifecycle.Enabled || c.AutoRenew == 0 || c.RenewAt.IsZero() || c.RenewAt.After(t.now) {
		return conflictf("%s is not to be renewed now.", c.Title())
	}
	o, err := t.s.RenewalQuote(*c, c.AutoRenew)
	if err == nil {
		err = t.covers(c.AccountID, o.Amount)
	}
	if KindOf(err) == Invalid {
		why := MessageOf(err)
		for _, msg := range FieldsOf(err) {
			why = msg
		}
		return t.renewalFailed(c, why)
	}
	if err != nil {
		return err
	}
	if err := t.placeRenewal(&o); err != nil {
		return err
	}
	if err := t.pay(&o, MethodBalance); err != nil {
		return err
	}
	return t.tellAccount(c.AccountID, c.ID, "Resource fee renewed", fmt.Sprintf("Auto Renew paid %s for %s from the account balance. %s is paid until %s.",
		o.Amount, pricing.PeriodLabel(o.Months), c.Title(), o.PeriodTo.In(t.s.Catalogue().Zone(c.Region)).Format("2 Jan 2006")))
}

// renewalFailed plans the next try of Auto Renew, and tells the customer when
// this is the first that failed for the period.
func (t *tx) renewalFailed(c *Connection, why string) error {
	first, since := c.RenewFailedAt.IsZero(), c.RenewFailedAt
	if first {
		since = t.now
	}
	if _, err := t.exec("UPDATE connections SET renew_at = ?, renew_failed_at = ? WHERE account_id = ? AND id = ?", at(fees.RetryAt(t.now)), at(since), c.AccountID, c.ID); err != nil || !first {
		return err
	}
	return t.tellAccount(c.AccountID, c.ID, "Auto Renew could not pay", c.Title()+" was not renewed. "+why+" It is tried again every day.")
}

// feeSteps are what time does to resource fees: first the payments, so that
// nobody is reminded of what was paid in the same minute.
func feeSteps() []dueStep {
	return []dueStep{
		{ordersDueQuery, func(t *tx, no string) error {
			_, err := t.exec("UPDATE orders SET state = 'expired' WHERE no = ? AND state = 'unpaid' AND expires_at <= ?", no, at(t.now))
			return err
		}},
		{renewalsDueQuery, (*tx).autoRenew},
		{noticesDueQuery, (*tx).tellFee},
	}
}

// lateCredit is what the operator's rules credit when the cabling of c is
// finished now, and why; nothing when it is in time, when the rules credit
// nothing, or when nobody knows the working days of the year.
func (t *tx) lateCredit(c Connection) (money.Amount, string, error) {
	none := money.Amount{Currency: c.Monthly.Currency}
	if c.Stage != lifecycle.WaitingForCabling || c.DueAt.IsZero() || !t.now.After(c.DueAt) {
		return none, "", nil
	}
	rules, err := t.feeRules()
	if err != nil || rules.LateCreditPercent == 0 {
		return none, "", err
	}
	cal, ok := t.s.Workdays(c.Region)
	if !ok {
		return none, "", nil
	}
	days, err := cal.DaysLate(c.DueAt, t.now)
	var unknown workday.ErrNoTable
	if errors.As(err, &unknown) {
		return none, "", nil
	}
	if err != nil {
		return none, "", err
	}
	amount, err := rules.LateCredit(c.Monthly, days)
	if err != nil || amount.IsZero() {
		return none, "", err
	}
	return amount, "cabling was finished " + countWords(days, "working day") + " late", nil
}
