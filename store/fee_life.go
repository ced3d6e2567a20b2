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
func (s *Store) Standing(c *Connection) fees.Standing {
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

// SwitchAutoRenew lets Demarc pay the next periods of an interface, months at a
// time, from the balance or on the monthly invoice; 0 switches it off. Kinds: Invalid (field months),
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
	title, body := feeMessage(c, n, zone, t.now, t.s.operator)
	return t.tellAccount(c.AccountID, c.ID, title, body)
}

// feeMessage is what the customer reads about the fee of an interface. A reminder
// that comes late, after a standstill, says how many days are left.
func feeMessage(c *Connection, n fees.Notice, zone *time.Location, now time.Time, operator string) (title, body string) {
	day := func(at time.Time) string { return at.In(zone).Format("2 Jan 2006, 15:04 (UTC-07:00)") }
	name, until := c.Title(), day(c.PaidThrough)
	switch n.Kind {
	case fees.DueSoon:
		body = fmt.Sprintf("The resource fee of %s is paid until %s.", name, until)
		switch {
		case c.AutoRenew > 0 && !c.RenewFailedAt.IsZero():
			body += " Auto Renew could not pay so far. Transfer money, or renew it yourself."
		case c.AutoRenew > 0:
			body += " Auto Renew pays " + pricing.PeriodLabel(c.AutoRenew) + " on " + c.RenewAt.In(zone).Format("2 Jan 2006") + "."
		default:
			body += " Renew it to keep the connection."
		}
		const day = 24 * time.Hour
		return "Resource fee due in " + countWords(int((c.PaidThrough.Sub(now)+day-1)/day), "day"), body
	case fees.Overdue:
		return "Resource fee overdue", fmt.Sprintf("%s was paid until %s. Renew it before %s, when it is locked.", name, until, day(fees.LockedAt(c.PaidThrough)))
	case fees.Locked:
		return "Interface locked", fmt.Sprintf("%s is FinancialLocked, because its resource fee was paid until %s only. Renew it to restore it at once. From %s on %s may end it.", name, until, day(fees.FreeableAt(c.PaidThrough, zone)), operator)
	}
	return "Interface may be ended", fmt.Sprintf("%s was not renewed for a month after it was locked. %s may end it for non-payment at any time. Renew it to keep it.", name, operator)
}

// autoRenew pays the next period of an interface: from the balance or, when
// that is too low, on the monthly invoice of an account that has one, within
// its credit limit. What can be paid neither way is told to the customer, once
// until money comes, and is tried again a day later. One period is paid once,
// whatever runs twice: an order is for the period that begins where the paid
// time ends, and of those one is paid.
func (t *tx) autoRenew(id string) error {
	c, err := t.connection(id)
	if err != nil {
		return err
	}
	if c.Stage != lifecycle.Enabled || c.AutoRenew == 0 || c.RenewAt.IsZero() || c.RenewAt.After(t.now) {
		return conflictf("%s is not to be renewed now.", c.Title())
	}
	method := MethodBalance
	o, err := t.s.RenewalQuote(*c, c.AutoRenew)
	if err == nil {
		method, err = t.renewalMethod(c.AccountID, o.Amount)
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
	if err := t.pay(&o, method); err != nil {
		return err
	}
	paid := fmt.Sprintf("Auto Renew paid %s for %s from the account balance.", o.Amount, pricing.PeriodLabel(o.Months))
	if method == MethodInvoice {
		paid = fmt.Sprintf("Auto Renew put %s for %s on the monthly invoice, because the account balance is lower.", o.Amount, pricing.PeriodLabel(o.Months))
	}
	return t.tellAccount(c.AccountID, c.ID, "Resource fee renewed", fmt.Sprintf("%s %s is paid until %s.", paid, c.Title(), o.PeriodTo.In(t.s.Catalogue().Zone(c.Region)).Format("2 Jan 2006")))
}

// renewalMethod is how Auto Renew pays an amount. Money that is there is spent
// before any is owed. Kinds: Invalid (field method) when neither way covers it.
func (t *tx) renewalMethod(account string, amount money.Amount) (string, error) {
	short := t.covers(account, amount)
	if KindOf(short) != Invalid {
		return MethodBalance, short
	}
	var limit int64
	if err := t.row("SELECT invoice_limit FROM accounts WHERE id = ?", account).Scan(&limit); err != nil {
		return "", err
	}
	if limit == 0 {
		return "", short
	}
	over := t.mayOwe(account, amount)
	if KindOf(over) != Invalid {
		return MethodInvoice, over
	}
	return "", invalid("method", FieldsOf(short)["method"]+" "+FieldsOf(over)["method"])
}

// ActionAutoRenewFailed is the event that Auto Renew could not pay.
const ActionAutoRenewFailed = "auto_renew_failed"

// renewalFailed plans the next try of Auto Renew. When this is the first that
// failed for the period, or the first since money came, the customer is told
// and the timeline says so.
func (t *tx) renewalFailed(c *Connection, why string) error {
	first, since := c.RenewFailedAt.IsZero(), c.RenewFailedAt
	if first {
		since = t.now
	}
	if _, err := t.exec("UPDATE connections SET renew_at = ?, renew_failed_at = ? WHERE account_id = ? AND id = ?", at(fees.RetryAt(t.now)), at(since), c.AccountID, c.ID); err != nil || !first {
		return err
	}
	if err := t.event(c.ID, c.AccountID, ActionAutoRenewFailed, c.Stage, c.Stage, "", why); err != nil {
		return err
	}
	return t.tellAccount(c.AccountID, c.ID, "Auto Renew could not pay", c.Title()+" was not renewed. "+why+" It is tried again every day, and when money comes.")
}

// triedAgainQuery finds what could not be paid in the index of that. Whatever is
// renewed was paid until some moment; without saying so, all interfaces of the
// account would be looked at.
const triedAgainQuery = "UPDATE connections SET renew_at = ?, renew_failed_at = NULL WHERE account_id = ? AND renew_failed_at IS NOT NULL AND paid_through > ''"

// renewWithNewMoney lets Auto Renew try at once what it could not pay so far,
// because money or credit came to the account. The plan is part of this
// transaction, the tries follow it, each in one of its own: should the program
// end in between, the next run of RunDue finds them.
func (t *tx) renewWithNewMoney(account string) error {
	res, err := t.exec(triedAgainQuery, at(t.now), account)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	t.after(func() { t.s.renewNow(account) })
	return nil
}

const renewalsOfQuery = "SELECT id FROM connections WHERE account_id = ? AND stage = 'enabled' AND renew_at <= ? ORDER BY paid_through, id LIMIT 500"

// renewNow does the renewals of an account that are due, what ends first
// first. What fails is logged and left to RunDue.
func (s *Store) renewNow(account string) {
	ctx := context.Background()
	ids, err := list(ctx, s, func(r scanner) (id string, err error) { return id, r.Scan(&id) }, renewalsOfQuery, account, at(s.Now()))
	for _, id := range ids {
		if err := s.inTx(ctx, systemActor(), func(t *tx) error { return t.autoRenew(id) }); err != nil && KindOf(err) != Conflict {
			s.log.Error("a renewal could not be tried again", "interface", id, "error", err)
		}
	}
	if err != nil {
		s.log.Error("renewals could not be tried again", "error", err)
	}
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
// finished now, and why; nothing when it is in time or the rules credit nothing.
// Where nobody knows the working days of a year that the count reaches, the days
// before it count.
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
	words := countWords(days, "working day")
	if unknown := (workday.ErrNoTable{}); errors.As(err, &unknown) {
		words = "at least " + words // what is certain is credited
	} else if err != nil {
		return none, "", err
	}
	amount, err := rules.LateCredit(c.Monthly, days)
	if err != nil || amount.IsZero() {
		return none, "", err
	}
	return amount, "cabling was finished " + words + " late", nil
}
