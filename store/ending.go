package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/store/money"
)

// Cancellation says what canceling an interface will do, before it is done.
type Cancellation struct {
	// Rule is the one about the installation fee that the order was made with.
	Rule        fees.InstallationRefund
	Refund      bool // the installation fee goes back
	OffInvoice  bool // … not to the balance: it comes off the invoice that is not made yet
	VoidsLetter bool
	PortAtOnce  bool // the port is released at once; else after a technician removed the cable
}

// CancelWould says what canceling an interface would do now. The caller has
// checked that the actor may see c.
func (s *Store) CancelWould(ctx context.Context, c Connection) (Cancellation, error) {
	orders, err := s.OrdersOf(ctx, c.ID)
	if err != nil {
		return Cancellation{}, err
	}
	would := cancelWould(c, orders)
	for _, o := range orders {
		if would.Refund && o.Kind == KindInstallation {
			if would.OffInvoice, err = s.offInvoice(ctx, o); err != nil {
				return would, err
			}
		}
	}
	return would, nil
}

// offInvoice reports whether what goes back of an order comes off the invoice
// that is not made yet: see tx.refundTo.
func (s *Store) offInvoice(ctx context.Context, o Order) (bool, error) {
	if o.Method != MethodInvoice {
		return false, nil
	}
	var invoiced bool
	err := s.get(ctx, "SELECT EXISTS (SELECT 1 FROM invoice_orders WHERE order_no = ?)", []any{o.No}, &invoiced)
	return !invoiced, err
}

func cancelWould(c Connection, orders []Order) Cancellation {
	var rule fees.InstallationRefund
	for _, o := range orders {
		if o.Kind == KindInstallation {
			rule = fees.InstallationRefund(o.RefundRule)
		}
	}
	return Cancellation{
		Rule:        rule,
		Refund:      c.Stage.PastPayment() && rule.Gives(c.LOANo != ""),
		VoidsLetter: c.Stage == lifecycle.ApprovedLOA || c.Stage == lifecycle.WaitingForCabling,
		PortAtOnce:  c.Stage.PastPayment() && !cableMayBeIn(c),
	}
}

// cableMayBeIn reports whether an installer may have brought a cable to the
// demarcation: a letter is out, or one was out before it ended.
func cableMayBeIn(c Connection) bool { return c.Stage.CableMayBeIn() || c.LOANo != "" }

// Cancel ends an interface before it is enabled. The installation fee goes back
// as CancelWould says. The port is free at once, or after a technician confirmed
// that the cable is out. Kinds: Invalid
// (field confirm), NotFound, Conflict, Forbidden.
func (s *Store) Cancel(ctx context.Context, by Actor, id string, rev int, confirmed bool) error {
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		before, err := t.connection(id)
		if err != nil {
			return "", err
		}
		orders, err := t.ordersOf(id)
		if err != nil {
			return "", err
		}
		would := cancelWould(*before, orders)
		detail := ""
		if would.Refund {
			for _, o := range orders {
				if o.Kind == KindInstallation {
					if would.OffInvoice, err = t.offInvoice(o); err != nil {
						return "", err
					}
				}
			}
			detail = "The initial installation fee goes back to the balance"
			if would.OffInvoice {
				detail = "The initial installation fee comes off the next invoice"
			}
		}
		_, err = t.apply(change{action: lifecycle.Cancel, id: id, rev: rev, detail: detail, rows: func(t *tx, c *Connection) error {
			if !confirmed {
				return invalid("confirm", "Confirm that you understand that this cannot be undone")
			}
			return t.endEarly(before, c, would)
		}})
		return id, err
	})
	return err
}

// endEarly undoes what an interface that is canceled had going.
func (t *tx) endEarly(before, c *Connection, would Cancellation) error {
	if err := t.closeUnpaidOrders(c.ID); err != nil {
		return err
	}
	if would.Refund {
		reason := "Canceled before a letter of authorization was issued"
		if before.LOANo != "" {
			reason = "Canceled before the interface was enabled"
		}
		back, err := t.refundInstallation(c, reason)
		if err != nil {
			return err
		}
		if back.Minor > 0 {
			where := "went back to the account balance"
			if would.OffInvoice {
				where = "comes off the next invoice"
			}
			if err := t.tellAccount(c.AccountID, c.ID, "Installation fee refunded", fmt.Sprintf("%s of %s %s.", back, c.Title(), where)); err != nil {
				return err
			}
		}
	}
	if err := t.decideApplication(c.ID, "canceled", nil); err != nil {
		return err
	}
	if err := t.endLetter(c.ID, "revoked", "The interface was canceled."); err != nil {
		return err
	}
	if _, err := t.exec("UPDATE delivery_reports SET status = 'canceled' WHERE connection_id = ? AND status = 'open'", c.ID); err != nil {
		return err
	}
	port, err := t.portOf(c.ID)
	if err != nil || port == nil {
		return err
	}
	if cableMayBeIn(*before) {
		c.RemovalDue = true
		return t.setPort(*port, PortQuarantined, c.ID, "")
	}
	return t.setPort(*port, PortFree, "", "")
}

// Unused is what terminating an interface gives back: the unused whole months at
// the price that was paid for them, as far as the rules that the orders were made
// with say so.
type Unused struct {
	Parts      []fees.Part  // by order
	Months     int          // of all parts
	ToBalance  money.Amount // what goes to the account's balance; zero for nothing
	OffInvoice money.Amount // what comes off the invoice that is not made yet
}

// TerminationRefund is what terminating an interface now gives back. The caller
// has checked that the actor may see c.
func (s *Store) TerminationRefund(ctx context.Context, c Connection) (Unused, error) {
	orders, err := s.OrdersOf(ctx, c.ID)
	if err != nil {
		return Unused{}, err
	}
	return unused(s.Term(c), s.Now(), orders, func(o Order) (bool, error) { return s.offInvoice(ctx, o) })
}

// unused sums what goes back of an interface's orders by where it goes.
func unused(term fees.Term, now time.Time, orders []Order, offInvoice func(Order) (bool, error)) (Unused, error) {
	parts, err := unusedParts(term, now, orders)
	if err != nil {
		return Unused{}, err
	}
	u := Unused{Parts: parts}
	for _, p := range parts {
		off, err := offInvoice(orders[orderOf(orders, p)])
		if err != nil {
			return u, err
		}
		sum := &u.ToBalance
		if off {
			sum = &u.OffInvoice
		}
		if sum.IsZero() {
			*sum = p.Amount
		} else if *sum, err = sum.Add(p.Amount); err != nil {
			return u, err
		}
		u.Months += p.Months
	}
	return u, nil
}

func orderOf(orders []Order, p fees.Part) int {
	return slices.IndexFunc(orders, func(o Order) bool { return o.No == p.OrderNo })
}

// Words say what goes back and where, as the end of a sentence; toBalance is how
// it goes there: "$170.00 went back to the account balance".
func (u Unused) Words(toBalance string) string {
	var out []string
	if !u.ToBalance.IsZero() {
		out = append(out, u.ToBalance.String()+" "+toBalance)
	}
	if !u.OffInvoice.IsZero() {
		out = append(out, u.OffInvoice.String()+" comes off the next invoice")
	}
	return strings.Join(out, " and ")
}

// unusedParts is what goes back of an interface's orders, which come oldest
// first. No order gives back more than was paid for it.
func unusedParts(term fees.Term, now time.Time, orders []Order) ([]fees.Part, error) {
	var paid []fees.Payment
	left := map[string]money.Amount{}
	for _, o := range slices.Backward(orders) {
		if o.State != OrderPaid || o.Kind == KindInstallation {
			continue
		}
		var err error
		if left[o.No], err = o.Amount.Sub(o.Refunded); err != nil {
			return nil, err
		}
		paid = append(paid, fees.Payment{OrderNo: o.No, Months: o.Months, Unit: o.Unit, Refundable: o.RefundRule == fees.UnusedBack})
	}
	parts, err := fees.Refund(term.Unused(now), paid)
	if err != nil {
		return nil, err
	}
	out := parts[:0]
	for _, p := range parts {
		p.Amount.Minor = min(p.Amount.Minor, left[p.OrderNo].Minor) // a credit made the first months cheaper
		if p.Amount.Minor > 0 {
			out = append(out, p)
		}
	}
	return out, nil
}

// Terminate asks for the end of an enabled interface; typed must be its ID.
// Unused months go back as TerminationRefund says. Kinds: Invalid (field
// confirm), NotFound, Conflict, Forbidden.
func (s *Store) Terminate(ctx context.Context, by Actor, id string, rev int, typed string) error {
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		before, err := t.connection(id)
		if err != nil {
			return "", err
		}
		orders, err := t.ordersOf(id)
		if err != nil {
			return "", err
		}
		var back Unused
		if before.Stage == lifecycle.Enabled {
			if back, err = unused(s.Term(*before), t.now, orders, t.offInvoice); err != nil {
				return "", err
			}
		}
		months := countWords(back.Months, "unused month")
		detail := ""
		if back.Months > 0 {
			detail = "For " + months + ": " + back.Words("goes back to the balance")
		}
		_, err = t.apply(change{action: lifecycle.Terminate, id: id, rev: rev, detail: detail, rows: func(t *tx, c *Connection) error {
			if typed != c.ID {
				return invalid("confirm", "Type the interface ID "+c.ID+" to confirm")
			}
			c.RemovalDue = true
			if err := t.closeUnpaidOrders(c.ID); err != nil {
				return err
			}
			for _, p := range back.Parts {
				if _, err := t.refund(&orders[orderOf(orders, p)], p.Amount, "Terminated: "+countWords(p.Months, "month")+" not used"); err != nil {
					return err
				}
			}
			if back.Months == 0 {
				return nil
			}
			return t.tellAccount(c.AccountID, c.ID, "Resource fee refunded", fmt.Sprintf("For %s of %s: %s.", months, c.Title(), back.Words("went back to the account balance")))
		}})
		return id, err
	})
	return err
}

// ConfirmRemoval records that the cable of a canceled or terminating interface
// is out. The port is free from then on. Kinds: Invalid (field removed),
// NotFound, Conflict, Forbidden.
func (s *Store) ConfirmRemoval(ctx context.Context, by Actor, id string, rev int, removed bool, note string) error {
	if runes(note) > 500 {
		return invalid("note", "Use at most 500 characters")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		c, err := t.connection(id)
		if err != nil {
			return "", err
		}
		action := lifecycle.ConfirmRemoval
		if c.Stage == lifecycle.Terminating {
			action = lifecycle.CompleteTermination
		}
		_, err = t.apply(change{action: action, id: id, rev: rev, reason: note, rows: func(t *tx, c *Connection) error {
			if !c.RemovalDue {
				return conflictf("The cable of %s is removed already. Nothing was changed.", c.Title())
			}
			if !removed {
				return invalid("removed", "Tick this when the cable is out")
			}
			c.RemovalDue = false
			if _, err := t.exec("UPDATE cable_labels SET live = 0 WHERE connection_id = ? AND live = 1", c.ID); err != nil {
				return err
			}
			port, err := t.portOf(c.ID)
			if err != nil || port == nil {
				return err
			}
			return t.setPort(*port, PortFree, "", note)
		}})
		return id, err
	})
	return err
}

// partner is the interface that c is redundant with, in either direction; nil
// when there is none that still lives.
func (t *tx) partner(c *Connection) (*Connection, error) {
	p, err := scanConnection(t.row(partnerQuery, c.AccountID, c.RedundantID, c.AccountID, c.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &p, err
}

const partnerQuery = "SELECT " + connectionColumns + " FROM connections WHERE account_id = ? AND id = ? AND turn <> 'closed' UNION ALL SELECT " +
	connectionColumns + " FROM connections WHERE account_id = ? AND redundant_id = ? AND redundant_id <> '' AND turn <> 'closed' LIMIT 1"

// Partner is the interface that c is redundant with, in either direction; nil
// when there is none that still lives.
func (s *Store) Partner(ctx context.Context, c Connection) (*Connection, error) {
	all, err := list(ctx, s, scanConnection, partnerQuery, c.AccountID, c.RedundantID, c.AccountID, c.ID)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// PartnerRef names the redundant partner of an interface.
type PartnerRef struct{ ID, Title, AccessPointID string }

// Partners are the living redundant partners of interfaces, by the interface's
// ID: two statements, whatever the number of interfaces.
func (s *Store) Partners(ctx context.Context, items []Connection) (map[string]PartnerRef, error) {
	out := map[string]PartnerRef{}
	named := map[string][]string{} // partner -> the interfaces that name it
	var chosen, all []any
	for _, c := range items {
		all = append(all, c.ID)
		if c.RedundantID != "" {
			chosen = append(chosen, c.RedundantID)
			named[c.RedundantID] = append(named[c.RedundantID], c.ID)
		}
	}
	scan := func(r scanner) (v struct{}, err error) {
		var p PartnerRef
		var of, name string
		if err = r.Scan(&of, &p.ID, &name, &p.AccessPointID); err != nil {
			return v, err
		}
		p.Title = Connection{ID: p.ID, Name: name}.Title()
		holders := []string{of}
		if of == "" {
			holders = named[p.ID]
		}
		for _, id := range holders {
			if _, known := out[id]; !known {
				out[id] = p
			}
		}
		return v, nil
	}
	for _, half := range []struct {
		query string
		args  []any
	}{
		{"SELECT '', id, name, access_point_id FROM connections WHERE id IN (%s) AND turn <> 'closed'", chosen},
		{"SELECT redundant_id, id, name, access_point_id FROM connections WHERE redundant_id IN (%s) AND redundant_id <> '' AND turn <> 'closed'", all},
	} {
		if len(half.args) == 0 {
			continue
		}
		marks, args := inList(half.args)
		if _, err := list(ctx, s, scan, fmt.Sprintf(half.query, marks), args...); err != nil {
			return out, err
		}
	}
	return out, nil
}

// inList is the inside of "IN (…)" for args. The list is filled up to a few
// fixed lengths with its last value, so that few different statements are ever
// prepared.
func inList(args []any) (string, []any) {
	size := 10
	for size < len(args) {
		size *= 2
	}
	for len(args) < size {
		args = append(args, args[len(args)-1])
	}
	return "?" + strings.Repeat(", ?", size-1), args
}
