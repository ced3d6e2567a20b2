package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"demarc/store"
	"demarc/store/note"
	"demarc/store/ticket"
)

// What people write to each other: tickets between both sides, and notes that
// stay with staff.

// staffOf is somebody of the staff who writes.
func (w *world) staffOf(n int) store.Actor {
	return []store.Actor{w.e.Reviewer, w.e.Technician, w.e.Finance, w.e.Admin}[n%4]
}

// openTickets counts the open tickets of an account that one side opened.
func openTickets(d rows, account string, byStaff bool) (n int) {
	for k := range d.of("tickets") {
		if k.str("account_id") == account && k.yes("by_staff") == byStaff && k.str("state") != string(ticket.Closed) {
			n++
		}
	}
	return n
}

func (w *world) ask(before rows, d *did) {
	c, about := w.pick(before, d, func(record) bool { return true })
	d.nothing = false // a customer may ask about no interface
	usual := w.staffOf(d.b)
	switch {
	case d.c%3 > 0 && about:
		usual = w.ownerOf(c.str("account_id"))
	case !about:
		usual = w.e.Owner
	}
	by := w.act(before, d, usual)
	in := store.NewTicket{Topic: ticket.Topics()[d.b%len(ticket.Topics())].ID, Title: fmt.Sprintf("Question %d about %d", d.b, d.a), Body: "What is it?"}
	account := by.AccountID
	d.want = +1
	if about && (by.Staff() || d.c%5 > 0) {
		in.ConnectionID = c.str("id")
	}
	switch {
	case in.ConnectionID == "" && by.Staff(), in.ConnectionID != "" && !by.Staff() && c.str("account_id") != by.AccountID:
		d.want = -1
	case by.Staff():
		account = c.str("account_id")
	}
	if d.want > 0 && openTickets(before, account, by.Staff()) >= ticket.OpenMost {
		d.want = -1
	}
	if d.bad(9) {
		in.Body = " \n "
	}
	d.value, d.err = w.e.OpenTicket(ctx, by, in)
	d.check = func(after rows) error {
		k, ok := after.where("tickets", func(r record) bool { return r.str("id") == d.value })
		if !ok || k.str("account_id") != account || k.str("connection_id") != in.ConnectionID || k.yes("by_staff") != by.Staff() || k.int("messages") != 1 || k.str("state") != string(ticket.After(by.Staff(), false)) {
			return fmt.Errorf("ticket %q of %s is %v", d.value, account, k.vals)
		}
		return nil
	}
}

func (w *world) writeTicket(before rows, d *did) {
	var all []record
	for k := range before.of("tickets") {
		if !d.aim || k.str("state") != string(ticket.Closed) {
			all = append(all, k)
		}
	}
	if len(all) == 0 {
		d.nothing = true
		return
	}
	// By the time of asking and the title: IDs are random.
	slices.SortStableFunc(all, func(a, b record) int {
		return cmp.Or(strings.Compare(a.str("opened_at"), b.str("opened_at")), strings.Compare(a.str("title"), b.str("title")), strings.Compare(a.str("account_id"), b.str("account_id")))
	})
	k := all[d.a%len(all)]
	usual := w.staffOf(d.b)
	if d.b%2 == 0 {
		usual = w.ownerOf(k.str("account_id"))
	}
	by := w.act(before, d, usual)
	seen := []int{int(k.int("messages")), 0, int(k.int("messages")) + 7}[d.rev]
	closes, body := d.c%4 == 0, fmt.Sprintf("Message %d", d.b)
	if d.c%5 == 0 {
		body = ""
	}
	closed, account := k.str("state") == string(ticket.Closed), k.str("account_id")
	d.want = +1
	if d.rev == 2 || closes && closed || body == "" && (by.Staff() || !closes) || !closes && k.int("messages") >= ticket.MessagesMost || !by.Staff() && by.AccountID != account ||
		closed && !by.Staff() && !k.yes("by_staff") && openTickets(before, account, false) >= ticket.OpenMost {
		d.want = -1
	}
	d.err = w.e.WriteTicket(ctx, by, k.str("id"), seen, body, closes)
	d.check = func(after rows) error {
		is, _ := after.where("tickets", func(r record) bool { return r.str("id") == k.str("id") })
		if is.str("state") != string(ticket.After(by.Staff(), closes)) || is.int("messages") != k.int("messages")+1 {
			return fmt.Errorf("ticket %v became %v", k.vals, is.vals)
		}
		return nil
	}
}

func (w *world) writeNote(before rows, d *did) {
	c, ok := w.pick(before, d, func(record) bool { return true })
	if !ok {
		return
	}
	by := w.act(before, d, w.staffOf(d.b))
	standing, all := 0, int64(0)
	for n := range before.of("interface_notes") {
		if n.str("connection_id") == c.str("id") {
			if all++; n.str("taken_back_at") == "" {
				standing++
			}
		}
	}
	d.want = -1
	if by.Staff() && standing < note.StandingMost {
		d.want = +1
	}
	body := fmt.Sprintf("Remark %d", d.b)
	if d.bad(9) {
		body = ""
	}
	d.err = w.e.WriteNote(ctx, by, c.str("id"), body)
	d.check = func(after rows) error {
		n, ok := after.where("interface_notes", func(r record) bool { return r.str("connection_id") == c.str("id") && r.int("n") == all+1 })
		if !ok || n.str("body") != body || n.str("user_id") != by.UserID {
			return fmt.Errorf("note %d about %s is %v", all+1, c.str("id"), n.vals)
		}
		return nil
	}
}

func (w *world) takeBackNote(before rows, d *did) {
	var all []record
	for n := range before.of("interface_notes") {
		if !d.aim || n.str("taken_back_at") == "" {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		d.nothing = true
		return
	}
	// By the place of their interface in the sequence: IDs are random.
	place := func(n record) int { return slices.Index(w.ids, n.str("connection_id")) }
	slices.SortStableFunc(all, func(a, b record) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.int("n"), b.int("n")))
	})
	n := all[d.a%len(all)]
	usual := w.e.Reviewer
	for i := range 4 {
		if by := w.staffOf(i); by.UserID == n.str("user_id") {
			usual = by
		}
	}
	by := w.act(before, d, usual)
	d.want = -1
	if by.UserID == n.str("user_id") && n.str("taken_back_at") == "" {
		d.want = +1
	}
	d.err = w.e.TakeBackNote(ctx, by, n.str("connection_id"), int(n.int("n")))
}
