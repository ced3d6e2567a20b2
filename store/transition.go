package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"demarc/store/lifecycle"
)

// change is what one action does besides moving the stage.
type change struct {
	action lifecycle.Action
	id     string
	// rev is the row version that the person saw; 0 when the form carries none.
	rev    int
	reason string
	// detail is the line for the timeline; it never holds personal data.
	detail string
	// rows writes what belongs to the action, before the stage moves. It may
	// change fields of c; those of connections are written with the stage. Its
	// error rolls the whole transaction back.
	rows func(t *tx, c *Connection) error
}

// apply moves an interface through the lifecycle table: the only code that
// writes a stage. In one transaction it reads the row, asks the table, lets
// the caller write its own rows, compares and sets stage and version, and
// records the event, the counters and the messages to those whose turn it is.
func (t *tx) apply(ch change) (*Connection, error) {
	c, err := t.connection(ch.id)
	if err != nil {
		return nil, err
	}
	from := c.Stage
	to, err := lifecycle.Next(from, ch.action, t.by.Role)
	if errors.Is(err, lifecycle.ErrNotYours) || (err != nil && !lifecycle.MayDo(ch.action, t.by.Role)) {
		return nil, forbidden("Your role has no right to do this.")
	}
	if err != nil {
		return nil, conflictf("%s is in the %s state now, so this is no longer possible. Nothing was changed.", c.Title(), c.Stage.Label())
	}
	if ch.rev != 0 && ch.rev != c.Version {
		return nil, conflictf("%s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", c.Title())
	}
	switch ch.action {
	case lifecycle.Approve, lifecycle.Reject, lifecycle.ReissueLOA, lifecycle.RenewLOA:
		if err := t.notOwnRequest(c.ID, string(lifecycle.ApplyForLOA)); err != nil {
			return nil, err
		}
	}
	before := c.Version
	c.Version++
	c.UpdatedAt = t.now
	c.Stage = to
	if from != to {
		c.StageSince = t.now
		c.Problem = ""
		if c.DueAt, err = t.due(c); err != nil {
			return nil, err
		}
	}
	if ch.rows != nil {
		t.applying = c.ID
		err := ch.rows(t, c)
		t.applying = "" // the transaction may go on after a refusal
		if err != nil {
			return nil, err
		}
	}
	if c.Stage != lifecycle.Enabled {
		c.AutoRenew, c.RenewAt, c.RenewFailedAt, c.NoticeAt = 0, time.Time{}, time.Time{}, time.Time{}
	}
	res, err := t.exec(`UPDATE connections SET stage = ?, turn = ?, version = ?, stage_since = ?, due_at = ?, problem = ?,
		name = ?, name_key = ?, description = ?, redundant_id = ?, line_code = ?, loa_no = ?, scheduled_at = ?, removal_due = ?,
		paid_through = ?, updated_at = ?, paid_from = ?, paid_months = ?, auto_renew = ?, renew_at = ?, renew_failed_at = ?, notice_at = ?,
		late_credit = ?, late_reason = ?
		WHERE account_id = ? AND id = ? AND stage = ? AND version = ?`,
		c.Stage, c.Stage.Turn(), c.Version, at(c.StageSince), at(c.DueAt), c.Problem,
		c.Name, foldName(c.Name), c.Description, c.RedundantID, c.LineCode, c.LOANo, at(c.ScheduledAt), c.RemovalDue,
		at(c.PaidThrough), at(c.UpdatedAt), at(c.PaidFrom), c.PaidMonths, c.AutoRenew, at(c.RenewAt), at(c.RenewFailedAt), at(c.NoticeAt),
		c.LateCredit.Minor, c.LateReason,
		c.AccountID, c.ID, from, before)
	if err != nil {
		return nil, err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return nil, fmt.Errorf("compare and set of %s changed %d rows: %w", c.ID, n, errors.Join(err, sql.ErrNoRows))
	}
	if from != to {
		if err := t.count(c.AccountID, from, -1); err != nil {
			return nil, err
		}
		if err := t.count(c.AccountID, to, +1); err != nil {
			return nil, err
		}
	}
	if err := t.event(c.ID, c.AccountID, string(ch.action), from, to, ch.reason, ch.detail); err != nil {
		return nil, err
	}
	if to.Ended() && from.PastPayment() {
		if err := t.partnerEnded(c); err != nil {
			return nil, err
		}
	}
	if from != to || ch.action == lifecycle.MovePort || ch.action == lifecycle.ReissueLOA {
		if err := t.tellWhoseTurn(c, ch.action, ch.reason); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// create inserts a new interface in its first stage: the row of the table that
// starts from nothing.
func (t *tx) create(c *Connection) error {
	to, err := lifecycle.Next(lifecycle.None, lifecycle.Order, t.by.Role)
	if err != nil {
		return forbidden("Only an owner or an engineer of a customer can apply for an interface.")
	}
	c.Stage, c.Version, c.StageSince, c.CreatedAt, c.UpdatedAt, c.CreatedBy = to, 1, t.now, t.now, t.now, t.by.UserID
	if c.DueAt, err = t.due(c); err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO connections (account_id, id, name, name_key, description, region, access_point_id, sp, port_spec, port_type,
		redundant_id, stage, turn, version, stage_since, due_at, currency, installation_fee, monthly_fee, price_version, created_at, created_by, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.AccountID, c.ID, c.Name, foldName(c.Name), c.Description, c.Region, c.AccessPointID, c.SP, c.Spec, c.PortType,
		c.RedundantID, c.Stage, c.Stage.Turn(), c.Version, at(c.StageSince), at(c.DueAt), c.Installation.Currency, c.Installation.Minor, c.Monthly.Minor,
		c.PriceVersion, at(c.CreatedAt), c.CreatedBy, at(c.UpdatedAt)); err != nil {
		return err
	}
	if err := t.count(c.AccountID, to, +1); err != nil {
		return err
	}
	return t.event(c.ID, c.AccountID, string(lifecycle.Order), lifecycle.None, to, "", "")
}

// count keeps the number of interfaces per stage, for the account and for all;
// by is +1 or -1.
func (t *tx) count(account string, stage lifecycle.Stage, by int) error {
	t.after(func() { t.s.counts.forget(account, "") })
	for _, a := range []string{account, ""} {
		query := "UPDATE connection_counts SET n = n - 1 WHERE account_id = ? AND stage = ?"
		if by > 0 {
			query = `INSERT INTO connection_counts (account_id, stage, n) VALUES (?, ?, 1)
				ON CONFLICT (account_id, stage) DO UPDATE SET n = connection_counts.n + 1`
		}
		if _, err := t.exec(query, a, stage); err != nil {
			return err
		}
	}
	return nil
}

// due says when the side whose turn it is should be done. Staff have working
// days; an unpaid order has calendar days; nobody else has a deadline. A region
// without a calendar, and a year without a table of working days, give no time
// rather than a guessed one.
func (t *tx) due(c *Connection) (time.Time, error) {
	if c.Stage == lifecycle.PendingPayment {
		return c.CreatedAt.AddDate(0, 0, lifecycle.UnpaidOrderDays), nil
	}
	if c.Stage.Turn() != lifecycle.TurnStaff {
		return time.Time{}, nil
	}
	region, ok := t.s.Catalogue().Region(c.Region)
	if !ok {
		return time.Time{}, fmt.Errorf("interface %s: unknown region %q", c.ID, c.Region)
	}
	cal, _ := t.s.Workdays(c.Region)
	return dueIn(cal, t.now, lifecycle.ReviewDays(region.Mainland))
}
