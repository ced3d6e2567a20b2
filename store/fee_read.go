package store

import (
	"context"
	"time"
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

// EachStatementLine calls f for every movement of an account's balance, newest
// first, without holding them all: what an export streams. Kinds: NotFound.
func (s *Store) EachStatementLine(ctx context.Context, by Actor, account string, f func(StatementLine) error) error {
	after := ""
	for {
		lines, next, err := s.StatementPage(ctx, by, account, after, 200)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := f(l); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		after = next
	}
}
