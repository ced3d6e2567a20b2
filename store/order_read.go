package store

import (
	"context"
	"strings"

	"demarc/store/lifecycle"
)

// InterfacesAt counts an account's interfaces at each of the access points,
// those that have ended aside: what the quota per access point counts.
func (s *Store) InterfacesAt(ctx context.Context, account string, accessPoints []string) (map[string]int, error) {
	out := make(map[string]int, len(accessPoints))
	for _, ap := range accessPoints {
		var n int
		if err := s.get(ctx, "SELECT COUNT(*) FROM connections WHERE account_id = ? AND access_point_id = ? AND turn <> 'closed'", []any{account, ap}, &n); err != nil {
			return nil, err
		}
		out[ap] = n
	}
	return out, nil
}

// OrderFilter narrows the orders of all accounts.
type OrderFilter struct {
	AccountID   string // one account, or "" for all
	State, Kind string // "" for all of them
	Number      string // what the number begins with
	After       string // the number after which the page begins
	Limit       int
}

// StaffOrder is an order as a list over all accounts shows it.
type StaffOrder struct {
	Order
	Account      string // its name
	Name, Region string // of the interface
}

const staffOrderColumns = orderColumns + `, (SELECT a.name FROM accounts a WHERE a.id = o.account_id),
	(SELECT c.name FROM connections c WHERE c.account_id = o.account_id AND c.id = o.connection_id), (SELECT c.region FROM connections c WHERE c.account_id = o.account_id AND c.id = o.connection_id)`

func scanStaffOrder(r scanner) (out StaffOrder, err error) {
	out.Order, err = scanOrder(withMore{r, []any{&out.Account, &out.Name, &out.Region}})
	return out, err
}

// OrderStates and OrderKinds are all there are, in the order of the lists that
// offer them.
func OrderStates() []string {
	return []string{OrderUnpaid, OrderPaid, OrderRefunded, OrderExpired, OrderCanceled}
}

// OrderKinds are the kinds of order.
func OrderKinds() []string { return []string{KindInstallation, KindResource, KindRenewal} }

// StaffOrders lists the orders of all accounts, the newest first: a number begins
// with the day. next is the After of the next page, "" on the last. One statement,
// which reads no more rows than it returns. Kinds: Forbidden.
func (s *Store) StaffOrders(ctx context.Context, by Actor, f OrderFilter) (items []StaffOrder, next string, err error) {
	if !lifecycle.May(lifecycle.SeeAccounts, by.Role) {
		return nil, "", forbidden("Your role does not see the orders of all accounts.")
	}
	conds, args := []string{"o.no > ''"}, []any(nil)
	where := func(cond string, values ...any) { conds, args = append(conds, cond), append(args, values...) }
	if f.AccountID != "" {
		where("o.account_id = ?", f.AccountID)
	}
	if f.Number != "" {
		where("o.no >= ? AND o.no < ?", f.Number, f.Number+"\U0010FFFF")
	}
	if f.After != "" {
		where("o.no < ?", f.After)
	}
	states, kinds := []string{f.State}, []string{f.Kind}
	narrow := "o.state = ? AND o.kind = ?"
	switch {
	case f.State == "" && f.Kind == "":
		narrow = ""
	case f.AccountID != "": // of one account, its own are walked through
		narrow = "(o.state || '' = ? OR ? = '') AND (o.kind || '' = ? OR ? = '')"
		args = append(args, f.State, f.State, f.Kind, f.Kind)
	case f.State == "":
		states = OrderStates()
	case f.Kind == "":
		kinds = OrderKinds()
	}
	if narrow != "" {
		conds = append(conds, narrow)
	}
	var parts []string
	var all []any
	for _, state := range states {
		for _, kind := range kinds {
			parts = append(parts, "SELECT "+staffOrderColumns+" FROM orders o WHERE "+strings.Join(conds, " AND "))
			all = append(all, args...)
			if narrow != "" && f.AccountID == "" {
				all = append(all, state, kind)
			}
		}
	}
	items, err = list(ctx, s, scanStaffOrder, strings.Join(parts, " UNION ALL ")+" ORDER BY no DESC LIMIT ?", append(all, f.Limit+1)...)
	if err == nil && len(items) > f.Limit {
		items = items[:f.Limit]
		next = items[f.Limit-1].No
	}
	return items, next, err
}

// EachStaffOrder calls f for every order of the filter, in its order, without
// holding them all. After and Limit are ignored. Kinds: Forbidden.
func (s *Store) EachStaffOrder(ctx context.Context, by Actor, filter OrderFilter, f func(StaffOrder) error) error {
	filter.After, filter.Limit = "", 100
	for {
		items, next, err := s.StaffOrders(ctx, by, filter)
		if err != nil {
			return err
		}
		for _, o := range items {
			if err := f(o); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		filter.After = next
	}
}
