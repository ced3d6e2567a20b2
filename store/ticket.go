package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/ticket"
)

// Ticket is a question of a customer, or to one, with what both sides wrote. All times are
// UTC.
type Ticket struct {
	AccountID, ID string
	Topic         string // the ID of a ticket.Topic
	Title         string
	ConnectionID  string // may be empty
	AccessPointID string // may be empty
	ByStaff       bool   // staff opened it
	State         ticket.State
	Since         time.Time // since when it is in this state; of one that waits, since the first message without an answer
	OpenedAt      time.Time
	LastAt        time.Time // of the last message
	Messages      int       // only ever grows: a form that writes carries it
}

// TicketMessage is what one person wrote in a ticket.
type TicketMessage struct {
	Seq    int
	At     time.Time
	Name   string // of the author; customers read the operator's name instead of a colleague's
	Staff  bool
	Closes bool // it closed the ticket
	Body   string
}

const ticketColumns = "account_id, id, topic, title, COALESCE(connection_id, ''), access_point_id, by_staff, state, since, opened_at, last_at, messages"

func scanTicket(r scanner) (Ticket, error) {
	var k Ticket
	var since, opened, last instant
	err := r.Scan(&k.AccountID, &k.ID, &k.Topic, &k.Title, &k.ConnectionID, &k.AccessPointID, &k.ByStaff, &k.State, &since, &opened, &last, &k.Messages)
	k.Since, k.OpenedAt, k.LastAt = since.Time, opened.Time, last.Time
	return k, err
}

// NewTicket is the form that opens a ticket, as sent.
type NewTicket struct {
	Topic         string // the ID of a ticket.Topic
	Title         string
	ConnectionID  string // an interface of the account, or ""
	AccessPointID string // or ""; not needed beside an interface
	Body          string
}

func ticketBodyProblem(s string) string {
	return reasonProblem(s, 2, ticket.BodyMost, "Write what it is about")
}

// OpenTicket asks the operator something, or the customer of an interface when
// staff open it, and returns the ticket's ID. Kinds: Invalid (fields topic,
// interface, access_point, title, body), Conflict when too many are open,
// Forbidden.
func (s *Store) OpenTicket(ctx context.Context, by Actor, in NewTicket) (string, error) {
	switch {
	case by.Staff() && !lifecycle.May(lifecycle.AskCustomers, by.Role):
		return "", forbidden("Your role reads tickets and does not open them.")
	case !by.Staff() && !lifecycle.May(lifecycle.AskTickets, by.Role):
		return "", forbidden("Your role does not open tickets. Ask a colleague who is an owner, an engineer or finance.")
	}
	in.Title, in.Body, in.ConnectionID = strings.TrimSpace(in.Title), strings.TrimSpace(in.Body), strings.TrimSpace(in.ConnectionID)
	bad := map[string]string{}
	topic, ok := ticket.TopicByID(in.Topic)
	if !ok {
		bad["topic"] = "Select a topic"
	}
	if msg := reasonProblem(in.Title, 3, ticket.TitleMost, "Enter a title of 3 to "+strconv.Itoa(ticket.TitleMost)+" characters"); msg != "" {
		bad["title"] = msg
	}
	if msg := ticketBodyProblem(in.Body); msg != "" {
		bad["body"] = msg
	}
	if by.Staff() && in.ConnectionID == "" {
		bad["interface"] = "Enter the ID of the interface that it is about"
	}
	if ap, ok := s.Catalogue().AccessPoint(in.AccessPointID); in.AccessPointID != "" && (!ok || ap.Status == catalog.StatusDisabled) {
		bad["access_point"] = "Select an access point, or none"
	}
	if err := invalidFields(bad); err != nil {
		return "", err
	}
	return s.once(ctx, by, func(t *tx) (string, error) {
		account := by.AccountID
		if in.ConnectionID != "" {
			c, err := t.connection(in.ConnectionID)
			switch {
			case KindOf(err) == NotFound && by.Staff():
				return "", invalid("interface", "No interface has this ID. Correct it.")
			case KindOf(err) == NotFound:
				return "", invalid("interface", "No interface of your account has this ID. Correct it, or leave it empty.")
			case err != nil:
				return "", err
			}
			if in.AccessPointID != "" && in.AccessPointID != c.AccessPointID {
				return "", invalid("access_point", "The interface is at another access point. Select none, or leave the interface empty.")
			}
			account, in.AccessPointID = c.AccountID, c.AccessPointID
		}
		k := Ticket{AccountID: account, ID: newID("tk-", 12), Title: in.Title, ByStaff: by.Staff(), State: ticket.After(by.Staff(), false)}
		if err := t.roomForTicket(k); err != nil {
			return "", err
		}
		now := at(t.now)
		if _, err := t.exec(`INSERT INTO tickets (account_id, id, topic, title, connection_id, access_point_id, by_staff, state, since, opened_at, last_at, messages)
			VALUES (?, ?, ?, ?, NULLIF(?, ''), ?, ?, ?, ?, ?, ?, 1)`, k.AccountID, k.ID, topic.ID, k.Title, in.ConnectionID, in.AccessPointID, k.ByStaff, k.State, now, now, now); err != nil {
			return "", err
		}
		if err := t.ticketMessage(k, 1, in.Body, false); err != nil {
			return "", err
		}
		t.after(func() { t.s.answered.forget(k.AccountID) })
		var err error
		if k.ByStaff {
			err = t.tellAccount(k.AccountID, ticketSubject(k.ID), "Ticket from "+s.operator, s.operator+" asks: "+k.Title)
		} else {
			err = t.tellRole(topic.Role, ticketSubject(k.ID), "Ticket to answer", "A customer asks: "+k.Title)
		}
		if err != nil {
			return "", err
		}
		return k.ID, t.event(ticketSubject(k.ID), k.AccountID, "open_ticket", "", "", "", topic.Label)
	})
}

// roomForTicket refuses one more open ticket of a side that has enough with an
// account: neither side takes the other's room.
func (t *tx) roomForTicket(k Ticket) error {
	var open int
	if err := t.row("SELECT COUNT(*) FROM (SELECT 1 FROM tickets WHERE account_id = ? AND state <> 'closed' AND by_staff = ? LIMIT ?) AS c", k.AccountID, k.ByStaff, ticket.OpenMost).Scan(&open); err != nil {
		return err
	}
	switch {
	case open < ticket.OpenMost:
		return nil
	case k.ByStaff:
		return conflictf("%d tickets of %s to this customer are open. Close those that are done, then open another one.", ticket.OpenMost, t.s.operator)
	}
	return conflictf("%d tickets of your account are open. Close those that are answered, then open another one.", ticket.OpenMost)
}

// ticketSubject is what events and messages about a ticket are about.
func ticketSubject(id string) string { return "ticket:" + id }

func (t *tx) ticketMessage(k Ticket, seq int, body string, closes bool) error {
	_, err := t.exec("INSERT INTO ticket_messages (ticket_id, seq, account_id, at, user_id, name, staff, closes, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		k.ID, seq, k.AccountID, at(t.now), t.by.UserID, t.by.Name, t.by.Staff(), closes, body)
	return err
}

// WriteTicket adds a message of the actor's side to a ticket, and closes it when
// that is asked for; writing in a closed one opens it again. seen is how many
// messages the person read, 0 for whatever there is. Only a customer closes
// without a word. Kinds: Invalid (field body), NotFound, Conflict when somebody
// wrote meanwhile, the ticket is full or the account has enough open ones,
// Forbidden.
func (s *Store) WriteTicket(ctx context.Context, by Actor, id string, seen int, body string, closes bool) error {
	right := lifecycle.AskTickets
	if by.Staff() {
		right = lifecycle.AnswerTickets
	}
	if !lifecycle.May(right, by.Role) {
		return forbidden("Your role reads tickets and does not write in them.")
	}
	body = strings.TrimSpace(body)
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		k, err := t.ticket(id)
		if err != nil {
			return "", err
		}
		if seen != 0 && seen != k.Messages {
			return "", conflictf("Somebody wrote in this ticket meanwhile. Read it, then send yours again.")
		}
		if closes && k.State == ticket.Closed {
			return "", conflictf("This ticket is closed already. Nothing was changed.")
		}
		if silent := closes && body == "" && !by.Staff(); !silent {
			if msg := ticketBodyProblem(body); msg != "" {
				return "", invalid("body", msg)
			}
		}
		if k.Messages >= ticket.MessagesMost && !closes {
			return "", conflictf("This ticket has %d messages and takes no more. Open another one, and name this one in it: %s.", k.Messages, k.ID)
		}
		if k.State == ticket.Closed && !by.Staff() && !k.ByStaff {
			if err := t.roomForTicket(k); err != nil {
				return "", err
			}
		}
		if err := t.ticketMessage(k, k.Messages+1, body, closes); err != nil {
			return "", err
		}
		state, since := ticket.After(by.Staff(), closes), t.now
		if state == k.State {
			since = k.Since // the other side has had it since then
		}
		if _, err := t.exec("UPDATE tickets SET state = ?, since = ?, last_at = ?, messages = messages + 1 WHERE account_id = ? AND id = ?",
			state, at(since), at(t.now), k.AccountID, k.ID); err != nil {
			return "", err
		}
		t.after(func() { t.s.answered.forget(k.AccountID) })
		if err := t.tellTicket(k, state); err != nil {
			return "", err
		}
		action := "write_ticket"
		if closes {
			action = "close_ticket"
		}
		return k.ID, t.event(ticketSubject(k.ID), k.AccountID, action, "", "", "", "")
	})
	return err
}

// tellTicket tells the other side that it is their turn: the customer at each
// answer, staff when a ticket begins to wait.
func (t *tx) tellTicket(k Ticket, state ticket.State) error {
	switch {
	case !t.by.Staff():
		topic, _ := ticket.TopicByID(k.Topic)
		if state != ticket.Waiting || k.State == ticket.Waiting {
			return nil
		}
		return t.tellRole(topic.Role, ticketSubject(k.ID), "Ticket to answer", "A customer writes again: "+k.Title)
	case state == ticket.Closed:
		return t.tellAuthors(k, "Ticket closed", t.s.operator+" answered and closed: "+k.Title)
	}
	return t.tellAuthors(k, "Ticket answered", t.s.operator+" answered: "+k.Title)
}

// tellAuthors writes a message to the people of the account who wrote in the
// ticket, or to all of it when none of them is there any more.
func (t *tx) tellAuthors(k Ticket, title, body string) error {
	const authors = "id IN (SELECT m.user_id FROM ticket_messages m WHERE m.staff = 0 AND m.ticket_id = ?)"
	var there bool
	if err := t.row("SELECT EXISTS (SELECT 1 FROM users WHERE "+authors+")", k.ID).Scan(&there); err != nil {
		return err
	}
	if !there {
		return t.tellAccount(k.AccountID, ticketSubject(k.ID), title, body)
	}
	return t.tell(authors, k.ID, ticketSubject(k.ID), title, body)
}

// ticket is the ticket with this ID that the actor may see.
func (t *tx) ticket(id string) (Ticket, error) {
	query, args := ticketQuery(t.by, id)
	k, err := scanTicket(t.row(query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return k, notFound("This ticket")
	}
	return k, err
}

func ticketQuery(by Actor, id string) (string, []any) {
	const from = "SELECT " + ticketColumns + " FROM tickets WHERE "
	if account, all := by.scope(); !all {
		return from + "account_id = ? AND id = ?", []any{account, id}
	}
	return from + "id = ?", []any{id}
}

// Ticket is a ticket with its messages, oldest first: one of the actor's
// account, or any for staff. A customer reads the operator's name where staff
// wrote. Kinds: NotFound.
func (s *Store) Ticket(ctx context.Context, by Actor, id string) (Ticket, []TicketMessage, error) {
	query, args := ticketQuery(by, id)
	k, err := one(ctx, s, scanTicket, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return k, nil, notFound("This ticket")
	}
	if err != nil {
		return k, nil, err
	}
	_, staff := by.scope()
	messages, err := list(ctx, s, scanTicketMessage, ticketThread, k.ID)
	for i := range messages {
		if messages[i].Staff && !staff {
			messages[i].Name = s.operator
		}
	}
	return k, messages, err
}

const ticketThread = "SELECT seq, at, name, staff, closes, body FROM ticket_messages WHERE ticket_id = ? ORDER BY ticket_id, seq"

func scanTicketMessage(r scanner) (TicketMessage, error) {
	var m TicketMessage
	var when instant
	err := r.Scan(&m.Seq, &when, &m.Name, &m.Staff, &m.Closes, &m.Body)
	m.At = when.Time
	return m, err
}

// OwnTickets lists an account's tickets from the cursor on, those that were
// written in last first: the closed ones, or the others. next continues after
// the last one. Kinds: Invalid for a broken cursor.
func (s *Store) OwnTickets(ctx context.Context, account string, closed bool, after string, limit int) (items []Ticket, next string, err error) {
	const from = "SELECT " + ticketColumns + " FROM tickets WHERE account_id = ? AND "
	query := from + "state <> 'closed'"
	if closed {
		query = from + "state = 'closed'"
	}
	items, err = s.ticketPage(ctx, query, "last_at", true, []any{account}, after, limit)
	if err != nil || len(items) <= limit {
		return items, "", err
	}
	last := items[limit-1]
	return items[:limit], at(last.LastAt).text() + "~" + last.ID, nil
}

// TicketPage lists the tickets of all accounts in a state from the cursor on, of
// one topic or of all ("") : those whose turn has lasted longest first, of the
// closed ones the newest. next continues after the last one. Kinds: Invalid for
// a broken cursor.
func (s *Store) TicketPage(ctx context.Context, state ticket.State, topic, after string, limit int) (items []Ticket, next string, err error) {
	query, args := "SELECT "+ticketColumns+" FROM tickets WHERE state = ?", []any{state}
	if topic != "" {
		query, args = query+" AND topic = ?", append(args, topic)
	}
	items, err = s.ticketPage(ctx, query, "since", state == ticket.Closed, args, after, limit)
	if err != nil || len(items) <= limit {
		return items, "", err
	}
	last := items[limit-1]
	return items[:limit], at(last.Since).text() + "~" + last.ID, nil
}

// ticketPage goes on with query after the cursor, by a time and the ID.
func (s *Store) ticketPage(ctx context.Context, query, column string, newest bool, args []any, after string, limit int) ([]Ticket, error) {
	beyond, order := ">", ""
	if newest {
		beyond, order = "<", " DESC"
	}
	if after != "" {
		when, id, err := timeCursor(after)
		if err != nil {
			return nil, err
		}
		query += " AND " + column + " " + beyond + "= ? AND (" + column + " " + beyond + " ? OR id " + beyond + " ?)"
		args = append(args, when, when, id)
	}
	return list(ctx, s, scanTicket, query+" ORDER BY "+column+order+", id"+order+" LIMIT ?", append(args, limit+1)...)
}

// TicketsAbout lists the open tickets about an interface, the newest first. The
// caller has checked that the actor may see the interface.
func (s *Store) TicketsAbout(ctx context.Context, connection string) ([]Ticket, error) {
	return list(ctx, s, scanTicket, "SELECT "+ticketColumns+" FROM tickets WHERE connection_id = ? AND state <> 'closed' ORDER BY last_at DESC, id DESC LIMIT ?", connection, ticket.OpenMost)
}

// AnsweredTickets is how many tickets of an account wait for the customer. It
// stays in memory until one of them changes.
func (s *Store) AnsweredTickets(ctx context.Context, account string) (int, error) {
	n, ok, epoch := s.answered.lookup(account)
	if ok {
		return n, nil
	}
	if err := s.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM tickets WHERE account_id = ? AND state = 'answered' LIMIT ?) AS c", []any{account, countLimit}, &n); err != nil {
		return 0, err
	}
	s.answered.keep(account, n, epoch)
	return n, nil
}
