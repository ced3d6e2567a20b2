package store

import (
	"context"
	"time"

	"demarc/store/lifecycle"
)

// UnpaidOrders are the numbers of the orders that still have to be paid, by
// interface, for those of items that wait for their payment. One statement,
// none when no interface waits.
func (s *Store) UnpaidOrders(ctx context.Context, items []Connection) (map[string]string, error) {
	out := map[string]string{}
	var args []any
	for _, c := range items {
		if c.Stage == lifecycle.PendingPayment {
			args = append(args, c.ID)
		}
	}
	if len(args) == 0 {
		return out, nil
	}
	marks, args := inList(args)
	_, err := list(ctx, s, func(r scanner) (v struct{}, err error) {
		var id, no string
		err = r.Scan(&id, &no)
		out[id] = no
		return v, err
	}, "SELECT connection_id, no FROM orders WHERE connection_id IN ("+marks+") AND state = 'unpaid'", args...)
	return out, err
}

// ConnectionRef names an interface on a page about something else.
type ConnectionRef struct {
	ID, Name, Region string
	Stage            lifecycle.Stage
}

// ConnectionRefs name interfaces of an account, by ID; IDs that do not exist
// are left out. One statement, whatever their number.
func (s *Store) ConnectionRefs(ctx context.Context, account string, ids []string) (map[string]ConnectionRef, error) {
	out := make(map[string]ConnectionRef, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := make([]any, 0, len(ids))
	for _, id := range ids {
		args = append(args, id)
	}
	marks, args := inList(args)
	_, err := list(ctx, s, func(r scanner) (v struct{}, err error) {
		var c ConnectionRef
		err = r.Scan(&c.ID, &c.Name, &c.Region, &c.Stage)
		out[c.ID] = c
		return v, err
	}, "SELECT id, name, region, stage FROM connections WHERE id IN ("+marks+") AND account_id = ?", append(args, account)...)
	return out, err
}

// DueUntil is how many open interfaces of an account have a deadline at or
// before t, whichever side it binds; at most 1,000 are counted.
func (s *Store) DueUntil(ctx context.Context, account string, t time.Time) (int, error) {
	var n int
	err := s.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM connections WHERE account_id = ? AND turn IN ('customer', 'staff') AND due_at <= ? LIMIT ?) AS c",
		[]any{account, at(t), countLimit}, &n)
	return n, err
}
