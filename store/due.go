package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"demarc/store/lifecycle"
)

// dueStep is something that time does to rows, each in a transaction of its own.
type dueStep struct {
	query string // the keys of what is due at a moment
	do    func(t *tx, key string) error
}

// Letters that expired, and those that somebody is to be told about. What is
// compared as an expression is no reason to take an index: few letters are due
// at a time, and the way by stage would be the way through all that are out.
const (
	lettersExpiredQuery = "SELECT l.connection_id FROM loas l JOIN connections c ON c.id = l.connection_id WHERE l.status = 'issued' AND l.expires_at <= ? AND c.stage || '' = 'approved_loa' ORDER BY l.expires_at LIMIT 500"
	lettersToWarnQuery  = "SELECT l.connection_id FROM loas l JOIN connections c ON c.id = l.connection_id WHERE l.status = 'issued' AND l.next_warning_at <= ? AND c.stage || '' = 'approved_loa' ORDER BY l.next_warning_at LIMIT 500"
)

// RunDue does what time itself does: it closes orders that were not paid in
// time, ends letters that expired, renews interfaces whose customer switched
// that on, reminds of resource fees, makes the invoices of a month that ended,
// sets due times that a table of working days now tells, erases ID numbers whose
// time is over and forgets old submissions and uploads that nobody confirmed. Once after start and then once a day it reconciles the
// books. It may run as often as one likes; each step is a transaction of its
// own. It returns how many things it did.
func (s *Store) RunDue(ctx context.Context) (int, error) {
	done, err := s.setOwedDueTimes(ctx)
	errs := []error{err}
	steps := []dueStep{
		{"SELECT id FROM connections WHERE stage = 'pending_payment' AND due_at <= ? ORDER BY stage, due_at, id LIMIT 500", func(t *tx, id string) error {
			_, err := t.apply(change{action: lifecycle.CloseUnpaidOrder, id: id, rows: func(t *tx, c *Connection) error {
				_, err := t.exec("UPDATE orders SET state = 'expired' WHERE connection_id = ? AND state = 'unpaid'", c.ID)
				return err
			}})
			return err
		}},
		{lettersExpiredQuery, func(t *tx, id string) error {
			// A letter is good for the whole of its last second.
			// Between the list and this transaction the line may have been
			// reported: the letter then served its purpose and is used or ended by
			// what follows. Or another letter may be in force by now.
			var no string
			err := t.row("SELECT l.no FROM loas l JOIN connections c ON c.id = l.connection_id WHERE l.connection_id = ? AND l.status = 'issued' AND l.expires_at <= ? AND c.stage = 'approved_loa'", id, at(t.now.Add(-time.Second))).Scan(&no)
			if errors.Is(err, sql.ErrNoRows) {
				return conflictf("No letter of %s has expired.", id)
			}
			if err != nil {
				return err
			}
			_, err = t.apply(change{action: lifecycle.ExpireLOA, id: id, rows: func(t *tx, c *Connection) error {
				c.Problem = "The letter expired before the installation"
				return t.endLetter(c.ID, "expired", "")
			}})
			return err
		}},
		{lettersToWarnQuery, (*tx).warnOfExpiry},
	}
	steps = append(steps, feeSteps()...)
	steps = append(steps, dueStep{toInvoiceQuery, (*tx).invoice})
	for _, step := range steps {
		ids, err := list(ctx, s, func(r scanner) (id string, err error) { return id, r.Scan(&id) }, step.query, at(s.Now()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, id := range ids {
			err := s.inTx(ctx, systemActor(), func(t *tx) error { return step.do(t, id) })
			if KindOf(err) == Conflict {
				continue // somebody was quicker: paid, canceled or reported
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			done++
		}
	}
	erased := false
	err = s.inTx(ctx, systemActor(), func(t *tx) error {
		res, err := t.exec("UPDATE field_engineers SET id_sealed = NULL, id_last4 = '' WHERE id_sealed IS NOT NULL AND erase_after <= ?", at(t.now))
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n > 0 {
			done += int(n)
			erased = true
			if err := t.event("personal-data", "", "erase_id_numbers", "", "", "30 days after construction", countWords(int(n), "ID number")); err != nil {
				return err
			}
		}
		if err := t.forgetMail(); err != nil {
			return err
		}
		_, err = t.exec("DELETE FROM submissions WHERE at < ?", at(t.now.AddDate(0, 0, -30)))
		return err
	})
	if erased && err == nil {
		err = s.scrub(ctx)
	}
	swept, serr := s.imports.sweep(s.Now())
	return done + swept, errors.Join(append(errs, err, serr, s.reconcileWhenDue(ctx))...)
}

// warnOfExpiry tells the customer that a letter which nobody used yet is about
// to expire: 30, 14, 7 and 1 days before, each once. What was missed while the
// program was down is not said late.
func (t *tx) warnOfExpiry(id string) error {
	c, err := t.connection(id)
	if err != nil {
		return err
	}
	l, err := t.newestLetter(id)
	if err != nil {
		return err
	}
	var due instant
	err = t.row("SELECT next_warning_at FROM loas WHERE connection_id = ? AND status = 'issued' AND next_warning_at <= ?", id, at(t.now)).Scan(&due)
	if errors.Is(err, sql.ErrNoRows) || l == nil || c.Stage != lifecycle.ApprovedLOA {
		return conflictf("No letter of %s is about to expire.", id)
	}
	if err != nil {
		return err
	}
	if _, err := t.exec("UPDATE loas SET next_warning_at = ? WHERE connection_id = ? AND status = 'issued'", at(l.Snapshot.NextWarning(t.now)), id); err != nil {
		return err
	}
	days := l.Snapshot.Warn(due.Time, t.now)
	if days == 0 {
		return nil
	}
	return t.tellAccount(c.AccountID, c.ID, "LOA expires in "+countWords(days, "day"),
		fmt.Sprintf("The letter for %s is good until %s. Have the line installed and send the delivery report before that, or ask %s for a new version.", c.Title(), l.Snapshot.FormatTime(l.ExpiresAt), t.s.operator))
}
