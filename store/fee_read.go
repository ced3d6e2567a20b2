package store

import (
	"context"
	"slices"
	"time"

	"demarc/store/chart"
	"demarc/store/money"
)

// FeesDue lists the enabled interfaces of an account, or of all for "", whose
// resource fee is paid until before a moment, the earliest first, from the
// cursor on; next continues after the last one. Kinds: Invalid for a broken
// cursor.
func (s *Store) FeesDue(ctx context.Context, account string, until time.Time, after string, limit int) (items []Connection, next string, err error) {
	query, args := "SELECT "+connectionColumns+" FROM connections WHERE stage = 'enabled' AND paid_through < ?", []any{at(until)}
	if account != "" {
		query, args = query+" AND account_id = ?", append(args, account)
	}
	if after != "" {
		when, id, err := timeCursor(after)
		if err != nil {
			return nil, "", err
		}
		query, args = query+" AND paid_through >= ? AND (paid_through > ? OR id > ?)", append(args, when, when, id)
	}
	items, err = list(ctx, s, scanConnection, query+" ORDER BY paid_through, id LIMIT ?", append(args, limit+1)...)
	if len(items) > limit {
		items = items[:limit]
		last := items[limit-1]
		next = at(last.PaidThrough).text() + "~" + last.ID
	}
	return items, next, err
}

// feesNear is the beginning of FeesDue for an account at a revision.
type feesNear struct {
	revision Revision
	until    time.Time
	items    []Connection
	more     bool
}

// feesNearLimit is how many interfaces FeesNear lists at most.
const feesNearLimit = 20

// FeesNear is the beginning of FeesDue for an account, as every page of its
// customers shows it, and whether there are more. It stays in memory until
// something of the account is written; callers leave the list as it is.
func (s *Store) FeesNear(ctx context.Context, account string, until time.Time) (items []Connection, more bool, err error) {
	revision := s.Revision(account) // before the rows: what is written meanwhile makes another
	near, ok, epoch := s.near.lookup(account)
	if ok && near.revision == revision && near.until.Equal(until) {
		return near.items, near.more, nil
	}
	items, next, err := s.FeesDue(ctx, account, until, "", feesNearLimit)
	if err == nil {
		s.near.keep(account, feesNear{revision, until, items, next != ""}, epoch)
	}
	return items, next != "", err
}

// statementBatch is how many lines of a statement an export holds.
const statementBatch = 200

// EachStatementLine calls f for every movement of an account's balance, newest
// first, without holding them all: what an export streams. The lines and their
// balances are those of the moment at which it begins, whatever is posted while
// they are read, and each is read once: what is above a line is carried and not
// added up again. Kinds: NotFound.
func (s *Store) EachStatementLine(ctx context.Context, by Actor, account string, f func(StatementLine) error) error {
	if _, err := s.Account(ctx, by, account); err != nil {
		return err
	}
	// Where the balance stood, and the posting that took it there: later ones are
	// no part of it.
	var balance money.Amount
	var newest string
	if err := s.get(ctx, "SELECT balance_minor, currency, balance_tx FROM accounts WHERE id = ?", []any{account}, &balance.Minor, &balance.Currency, &newest); err != nil {
		return err
	}
	const from = "SELECT " + statementColumns + statementFrom + " AND l.id <= ?"
	const order = " ORDER BY l.at DESC, l.id DESC LIMIT ?"
	query, place := from+order, []any{}
	for {
		lines, err := list(ctx, s, scanLedgerLine, query, slices.Concat([]any{chart.Balance(account), account, newest}, place, []any{statementBatch})...)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := f(StatementLine{l, balance}); err != nil {
				return err
			}
			balance.Minor -= l.Amount.Minor
		}
		if len(lines) < statementBatch {
			return nil
		}
		last := lines[len(lines)-1]
		query, place = from+" AND l.at <= ? AND (l.at < ? OR l.id < ?)"+order, []any{at(last.At), at(last.At), last.ID}
	}
}
