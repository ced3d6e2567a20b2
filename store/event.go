package store

import (
	"context"
	"fmt"
	"strings"

	"demarc/store/chain"
	"demarc/store/lifecycle"
)

// event records one line of history of subject. Events are append-only: the
// database refuses to change or remove one, and each covers the one before.
func (t *tx) event(subject, accountID, action string, from, to lifecycle.Stage, reason, detail string) error {
	args, err := t.newEvent(subject, accountID, action, string(from), string(to), reason, detail)
	if err != nil {
		return err
	}
	_, err = t.exec(insertEvent, args...)
	return err
}

// newEvent is what insertEvent takes: the event with its place in the chain.
// The place is given away: the event has to be inserted, or the job to fail.
func (t *tx) newEvent(subject, accountID, action, from, to, reason, detail string) ([]any, error) {
	r := chain.Record{Subject: subject, At: at(t.now).text(), AccountID: accountID, ActorID: t.by.UserID, ActorName: t.by.Name, ActorRole: string(t.by.Role),
		ActorAccount: t.by.AccountID, Action: action, From: from, To: to, RequestID: t.by.RequestID, Reason: reason, Detail: detail}
	if err := t.chained(&r); err != nil {
		return nil, err
	}
	return []any{subject, r.At, accountID, r.ActorID, r.ActorName, r.ActorRole, r.ActorAccount, action, from, to, r.RequestID, reason, detail, r.N, []byte(r.Hash), []byte(r.Who), subject}, nil
}

const insertEvent = `INSERT INTO events (subject, seq, at, account_id, actor_id, actor_name, actor_role, actor_account, action, from_stage, to_stage, request_id, reason, detail, n, hash, who)
	SELECT ?, COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM events WHERE subject = ?`

// tellWhoseTurn writes the messages of a step: to the people of the role whose
// turn it becomes and, when staff or the system did it, to the customer.
func (t *tx) tellWhoseTurn(c *Connection, action lifecycle.Action, reason string) error {
	if title, body := customerMessage(c, action, reason, t.s.operator); title != "" && !t.by.Role.IsCustomer() {
		if err := t.tellAccount(c.AccountID, c.ID, title, body); err != nil {
			return err
		}
	}
	switch {
	case c.Stage == lifecycle.InApplication && action == lifecycle.ApplyForLOA:
		return t.tellRole(lifecycle.Reviewer, c.ID, "LOA application to review", c.Title()+" applied for a letter of authorization.")
	case c.Stage == lifecycle.WaitingForCabling:
		return t.tellRole(lifecycle.Technician, c.ID, "Cables to connect", "A delivery report arrived for "+c.Title()+".")
	case c.Stage == lifecycle.Terminating, c.Stage == lifecycle.Canceled && c.RemovalDue:
		return t.tellRole(lifecycle.Technician, c.ID, TitleCableToRemove, c.Title()+" has ended. Remove the cable and release the port.")
	}
	return nil
}

// customerMessage is what the customer reads when somebody else moved their
// interface; empty when there is nothing to say.
func customerMessage(c *Connection, action lifecycle.Action, reason, operator string) (title, body string) {
	name := c.Title()
	because := ""
	if reason != "" {
		because = " Reason: " + strings.TrimRight(reason, ".") + "."
	}
	switch action {
	case lifecycle.Approve:
		return "LOA approved", "The letter for " + name + " is issued. Download it and start the installation."
	case lifecycle.Reject:
		return "LOA application rejected", "The application for " + name + " needs a correction." + because
	case lifecycle.MovePort:
		return "Port changed", name + " was moved to another port before its letter was issued." + because
	case lifecycle.ReturnReport:
		return "Delivery report returned", operator + " could not connect the cables of " + name + "." + because
	case lifecycle.CompleteCabling:
		return "Cabling finished", "The cables of " + name + " are connected. Check the line and pay the resource fee."
	case lifecycle.ExpireLOA:
		return "LOA expired", "The letter for " + name + " expired before the installation. Apply for a new one, or ask " + operator + " to renew it."
	case lifecycle.RevokeLOA:
		return "LOA revoked", "The letter for " + name + " is no longer valid." + because
	case lifecycle.ReissueLOA:
		return "New version of the LOA", "The letter for " + name + " has a new version. Use the new one only: whoever comes with the old one is not admitted." + because
	case lifecycle.RenewLOA:
		return "LOA renewed", "The letter for " + name + " is valid again as a new version. Download it and start the installation." + because
	case lifecycle.CloseUnpaidOrder:
		return "Unpaid order closed", fmt.Sprintf("The order for %s was not paid within %d days and is closed.", name, lifecycle.UnpaidOrderDays)
	case lifecycle.Free:
		return "Interface ended for non-payment", operator + " ended " + name + ", because its resource fee was not paid. The cable is being removed." + because
	case lifecycle.CompleteTermination:
		return "Interface terminated", "The cable of " + name + " is removed. The interface is terminated."
	case lifecycle.ConfirmRemoval:
		return "Cable removed", "The cable of " + name + " is removed and its port is released."
	}
	return "", ""
}

const eventColumns = `subject, seq, at, account_id, actor_id, actor_name, actor_role, actor_account, action, from_stage, to_stage, request_id, reason, detail`

func scanEvent(r scanner) (Event, error) {
	var e Event
	err := r.Scan(&e.Subject, &e.Seq, intoTime{&e.At}, &e.AccountID, &e.ActorID, &e.ActorName, &e.ActorRole, &e.ActorAccount, &e.Action, &e.From, &e.To, &e.RequestID, &e.Reason, &e.Detail)
	return e, err
}

// LastChange is the newest event of a subject that is more than a look at it, or
// the zero event. The caller has checked that the actor may see the subject.
func (s *Store) LastChange(ctx context.Context, subject string) (Event, error) {
	events, err := list(ctx, s, scanEvent, "SELECT "+eventColumns+" FROM events WHERE subject = ? AND action NOT IN ('view_as_customer', 'leave_customer') ORDER BY subject DESC, seq DESC LIMIT 1", subject)
	if err != nil || len(events) == 0 {
		return Event{}, err
	}
	return events[0], nil
}

// Timeline lists the events of a subject, newest first. The caller has checked
// that the actor may see the subject.
func (s *Store) Timeline(ctx context.Context, subject string) ([]Event, error) {
	return list(ctx, s, scanEvent, "SELECT "+eventColumns+" FROM events WHERE subject = ? ORDER BY subject DESC, seq DESC", subject)
}
