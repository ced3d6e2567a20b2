package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"demarc/store/chain"
	"demarc/store/lifecycle"
)

// EngineerRef names a field engineer of an application, from 1.
type EngineerRef struct {
	ConnectionID string `json:"interface"`
	Version      int    `json:"version"`
	N            int    `json:"number"`
}

// String names the engineer where a form has to say which one: "pc-…/2/1".
func (e EngineerRef) String() string { return fmt.Sprintf("%s/%d/%d", e.ConnectionID, e.Version, e.N) }

// HeldEngineer is what is kept about a field engineer as applied. The ID number
// is not in it: who may read one gives a reason, and the customer sees that.
type HeldEngineer struct {
	EngineerRef
	Name     string    `json:"name"`
	Gender   string    `json:"gender,omitempty"`
	IDType   string    `json:"id_type,omitempty"`
	IDLast4  string    `json:"id_number_ends_with,omitempty"`
	IDErased time.Time `json:"id_number_erased_after,omitzero"`
	Contact  string    `json:"contact"`
	Letters  []string  `json:"named_in_letters,omitempty"` // issued letters are legal records and keep the name
}

// HeldUser is what is kept about somebody who signs in.
type HeldUser struct {
	ID        string        `json:"id"`
	Email     string        `json:"email"`
	Name      string        `json:"name"`
	Role      string        `json:"role"`
	AccountID string        `json:"account,omitempty"`
	CreatedAt time.Time     `json:"created_at"`
	Sessions  []HeldSession `json:"sessions"`
	Messages  []HeldMessage `json:"messages"`
	// Tickets are the messages that they wrote in tickets.
	Tickets []HeldTicketMessage `json:"ticket_messages"`
	// Events are what they did, as the audit log has it.
	Events []chain.Record `json:"events"`
}

// HeldSession is one sign-in.
type HeldSession struct {
	At     time.Time `json:"at"`
	Device string    `json:"device"`
}

// HeldMessage is one message in the console.
type HeldMessage struct {
	At    time.Time `json:"at"`
	Title string    `json:"title"`
	Body  string    `json:"body"`
}

// HeldTicketMessage is what they wrote in a ticket.
type HeldTicketMessage struct {
	Ticket string    `json:"ticket"`
	At     time.Time `json:"at"`
	Body   string    `json:"body"`
}

// PersonalData is what is kept about one person, for them.
type PersonalData struct {
	Users          []HeldUser     `json:"users"`
	FieldEngineers []HeldEngineer `json:"field_engineers"`
}

// PersonalData gathers what is kept about the user with this e-mail address or
// the field engineers with this name, and records that it was read. Kinds:
// Forbidden unless by is an administrator, Invalid, NotFound.
func (s *Store) PersonalData(ctx context.Context, by Actor, who, reason string) (PersonalData, error) {
	var out PersonalData
	if !lifecycle.May(lifecycle.ManagePersonalData, by.Role) {
		return out, forbidden(msgAdminOnly)
	}
	if msg := reasonProblem(reason, 3, 500, "Say why the data is exported"); msg != "" {
		return out, invalid("reason", msg)
	}
	who = strings.TrimSpace(who)
	u, err := s.UserByEmail(ctx, who)
	switch {
	case err == nil:
		held, err := s.heldUser(ctx, u)
		if err != nil {
			return out, unavailable(err)
		}
		out.Users = append(out.Users, held)
	case KindOf(err) != NotFound:
		return out, err
	}
	if out.FieldEngineers, err = s.heldEngineers(ctx, who); err != nil {
		return out, unavailable(err)
	}
	if len(out.Users) == 0 && len(out.FieldEngineers) == 0 {
		return out, &Error{Kind: NotFound, Msg: "Nothing is kept about anybody with this e-mail address or name."}
	}
	return out, s.inTx(ctx, by, func(t *tx) error {
		for _, u := range out.Users {
			if err := t.event(userSubject(u.ID), u.AccountID, "export_person", "", "", reason, ""); err != nil {
				return err
			}
		}
		return t.engineerEvents(out.FieldEngineers, "export_engineer", reason)
	})
}

// engineerEvents tell the customer, on the timeline of each interface.
func (t *tx) engineerEvents(list []HeldEngineer, action, reason string) error {
	for _, e := range list {
		c, err := t.connection(e.ConnectionID)
		if err != nil {
			return err
		}
		if err := t.event(c.ID, c.AccountID, action, c.Stage, c.Stage, reason, fmt.Sprintf("Field engineer %d of application %d", e.N, e.Version)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) heldUser(ctx context.Context, u User) (HeldUser, error) {
	h := HeldUser{ID: u.ID, Email: u.Email, Name: u.Name, Role: string(u.Role), AccountID: u.AccountID, CreatedAt: u.CreatedAt}
	var err error
	if h.Sessions, err = list(ctx, s, func(r scanner) (HeldSession, error) {
		var v HeldSession
		var when instant
		err := r.Scan(&when, &v.Device)
		v.At = when.Time
		return v, err
	}, "SELECT created_at, device FROM sessions WHERE user_id = ? ORDER BY created_at", u.ID); err != nil {
		return h, err
	}
	if h.Messages, err = list(ctx, s, func(r scanner) (HeldMessage, error) {
		var v HeldMessage
		var when instant
		err := r.Scan(&when, &v.Title, &v.Body)
		v.At = when.Time
		return v, err
	}, "SELECT at, title, body FROM messages WHERE user_id = ? ORDER BY user_id, seq", u.ID); err != nil {
		return h, err
	}
	if h.Tickets, err = list(ctx, s, func(r scanner) (HeldTicketMessage, error) {
		var v HeldTicketMessage
		var when instant
		err := r.Scan(&v.Ticket, &when, &v.Body)
		v.At = when.Time
		return v, err
	}, "SELECT ticket_id, at, body FROM ticket_messages WHERE user_id = ? ORDER BY at, ticket_id, seq", u.ID); err != nil {
		return h, err
	}
	h.Events, err = list(ctx, s, scanRecord, "SELECT "+recordColumns+" FROM events WHERE actor_id = ? ORDER BY n", u.ID)
	return h, err
}

func (s *Store) heldEngineers(ctx context.Context, name string) ([]HeldEngineer, error) {
	out, err := list(ctx, s, func(r scanner) (HeldEngineer, error) {
		var e HeldEngineer
		var erase instant
		err := r.Scan(&e.ConnectionID, &e.Version, &e.N, &e.Name, &e.Gender, &e.IDType, &e.IDLast4, &erase, &e.Contact)
		e.IDErased = erase.Time
		return e, err
	}, `SELECT connection_id, version, n, name, gender, id_type, id_last4, erase_after, contact FROM field_engineers
		WHERE lower(name) = lower(?) AND name <> ? ORDER BY connection_id, version, n`, name, chain.Erased)
	for i := range out {
		if err != nil {
			break
		}
		out[i].Letters, err = list(ctx, s, func(r scanner) (no string, err error) { return no, r.Scan(&no) },
			"SELECT no FROM loas WHERE connection_id = ? AND application_version = ? ORDER BY no", out[i].ConnectionID, out[i].Version)
	}
	return out, err
}

// userTables are the tables whose rows go with their user. A test compares them
// with the schema: a new table that names a user belongs here or among
// userTablesKept.
var userTables = []string{"sessions", "invitations", "messages", "second_factors", "recovery_codes", "sign_in_steps", "user_identities", "submissions", "mails"}

// userTablesKept hold the ID of a user, and their name at the time, as a record
// of who saw a letter or wrote in a ticket: the name goes, the ID stays.
var userTablesKept = []string{"loa_accesses", "ticket_messages"}

// nameColumns hold the name of who did something, beside the event that says
// so too.
var nameColumns = []struct{ table, column string }{
	{"loa_applications", "submitted_by"}, {"loa_applications", "decided_by"}, {"delivery_reports", "submitted_by"}, {"delivery_reports", "completed_by"}, {"whitelist_requests", "created_by"}, {"whitelist_requests", "decided_by"},
}

// ErasePerson erases what is kept about the user with this e-mail address, or
// the field engineers with this name. What was done stays in the audit log
// under the user's ID and without the name; issued letters are legal records
// and stay as they are. It returns how many were erased. Kinds: Forbidden unless
// by is an administrator, Invalid, NotFound, Conflict while somebody is needed:
// the last administrator or owner, an engineer named in an open application or
// a letter in force.
func (s *Store) ErasePerson(ctx context.Context, by Actor, who, reason string) (users, engineers int, err error) {
	if !lifecycle.May(lifecycle.ManagePersonalData, by.Role) {
		return 0, 0, forbidden(msgAdminOnly)
	}
	if msg := reasonProblem(reason, 3, 500, "Say why the data is erased"); msg != "" {
		return 0, 0, invalid("reason", msg)
	}
	who = strings.TrimSpace(who)
	held, err := s.heldEngineers(ctx, who)
	if err != nil {
		return 0, 0, unavailable(err)
	}
	err = s.inTx(ctx, by, func(t *tx) error {
		users, engineers = 0, 0
		var id string
		err := t.row("SELECT id FROM users WHERE email = ?", normalEmail(who)).Scan(&id)
		if err == nil {
			users, err = 1, t.eraseUser(id, reason)
		} else if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		if err != nil {
			return err
		}
		for _, e := range held {
			if err := t.eraseEngineer(e.EngineerRef); err != nil {
				return err
			}
			engineers++
		}
		if users+engineers == 0 {
			return &Error{Kind: NotFound, Msg: "Nothing is kept about anybody with this e-mail address or name."}
		}
		return t.engineerEvents(held, "erase_engineer", reason)
	})
	if err != nil {
		return 0, 0, err
	}
	return users, engineers, s.scrub(ctx)
}

func (t *tx) eraseUser(id, reason string) error {
	u, err := t.user(id)
	if err != nil {
		return err
	}
	if u.ID == t.by.UserID {
		return conflictf("You cannot erase yourself. Ask another administrator.")
	}
	words := map[lifecycle.Role]string{lifecycle.Administrator: "the last administrator", lifecycle.Owner: "the last owner of their account"}[u.Role]
	if words != "" {
		if others, err := t.othersCanSignIn(u); err != nil {
			return err
		} else if !others {
			return conflictf("%s is %s who can sign in. Add another one first.", u.Email, words)
		}
	}
	for _, table := range userTables {
		if _, err := t.exec("DELETE FROM "+table+" WHERE user_id = ?", id); err != nil {
			return err
		}
	}
	for _, table := range userTablesKept {
		if _, err := t.exec("UPDATE "+table+" SET name = ? WHERE user_id = ?", chain.Erased, id); err != nil {
			return err
		}
	}
	for _, c := range nameColumns {
		if _, err := t.exec("UPDATE "+c.table+" SET "+c.column+" = ? WHERE "+c.column+" = ?", chain.Erased, u.Name); err != nil {
			return err
		}
	}
	if _, err := t.exec("UPDATE users SET name = ?, email = ?, password_hash = '', theme = '', list_columns = '', unread = 0 WHERE id = ?", chain.Erased, id+"@erased.invalid", id); err != nil {
		return err
	}
	t.forgetUsers(id)
	t.after(func() { t.s.sessions.forgetAll() })
	rows, err := t.query("SELECT "+recordColumns+" FROM events WHERE actor_id = ? AND length(who) = 16", id)
	if err != nil {
		return err
	}
	records, err := collect(rows, scanRecord)
	if err != nil {
		return err
	}
	for i := range records {
		digest, err := records[i].NameDigest()
		if err != nil {
			return err
		}
		if _, err := t.exec("UPDATE events SET actor_name = ?, who = ? WHERE n = ?", chain.Erased, []byte(digest), records[i].N); err != nil {
			return err
		}
	}
	return t.event(userSubject(id), u.AccountID, chain.EraseAction, "", "", reason, countWords(len(records), "event")+" without the name")
}

func (t *tx) eraseEngineer(e EngineerRef) error {
	var needed bool
	if err := t.row(`SELECT EXISTS (SELECT 1 FROM loa_applications WHERE connection_id = ? AND version = ? AND status = 'open')
		OR EXISTS (SELECT 1 FROM loas WHERE connection_id = ? AND application_version = ? AND status = 'issued')`, e.ConnectionID, e.Version, e.ConnectionID, e.Version).Scan(&needed); err != nil {
		return err
	}
	if needed {
		return conflictf("The field engineer is named in an application or a letter of %s that is in force: the site expects them. Withdraw or revoke it first. Nothing was erased.", e.ConnectionID)
	}
	_, err := t.exec("UPDATE field_engineers SET name = ?, gender = '', id_type = '', id_sealed = NULL, id_last4 = '', contact = '', erase_after = NULL WHERE connection_id = ? AND version = ? AND n = ?",
		chain.Erased, e.ConnectionID, e.Version, e.N)
	return err
}

// scrub takes what was erased out of the files as well: deleted content is
// overwritten (secure_delete), and the log that may still hold pages of before
// is emptied.
func (s *Store) scrub(ctx context.Context) error {
	var busy, log, moved int
	if err := s.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return unavailable(err)
	}
	if busy != 0 {
		s.log.Warn("erased data is in the log of the database until its next checkpoint")
	}
	return nil
}
