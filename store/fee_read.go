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
