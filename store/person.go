package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"demarc/store/chain"
	"demarc/store/lifecycle"
	"demarc/store/note"
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
	// Notes are the staff notes that they wrote, those that they took back too.
	Notes []HeldNote `json:"staff_notes,omitempty"`
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

// HeldNote is a staff note that they wrote, or that names them.
type HeldNote struct {
	ConnectionID string    `json:"interface"`
	N            int       `json:"number"`
	At           time.Time `json:"at"`
	Body         string    `json:"body"`
}

// PersonalData is what is kept about one person, for them.
type PersonalData struct {
	Users          []HeldUser     `json:"users"`
	FieldEngineers []HeldEngineer `json:"field_engineers"`
	// NamedIn are the staff notes that name the person.
	NamedIn []HeldNote `json:"named_in_staff_notes,omitempty"`
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
	var user *User
	u, err := s.UserByEmail(ctx, who)
	switch {
	case err == nil:
		user = &u
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
	if out.NamedIn, err = s.notesNaming(ctx, namesIn(who, user, out.FieldEngineers)); err != nil {
		return out, unavailable(err)
	}
	if len(out.Users) == 0 && len(out.FieldEngineers) == 0 && len(out.NamedIn) == 0 {
		return out, &Error{Kind: NotFound, Msg: "Nothing is kept about anybody with this e-mail address or name."}
	}
	return out, s.inTx(ctx, by, func(t *tx) error {
		for _, u := range out.Users {
			if err := t.event(userSubject(u.ID), u.AccountID, "export_person", "", "", reason, ""); err != nil {
				return err
			}
		}
		if err := t.engineerEvents(out.FieldEngineers, "export_engineer", reason); err != nil {
			return err
		}
		return t.noteEvents(out.NamedIn, "export_notes", reason)
	})
}

// namesIn are the names that notes are searched for when somebody is asked about:
// those that are known, and what was typed when it can be nothing but a name.
func namesIn(who string, user *User, engineers []HeldEngineer) []string {
	var names []string
	if user != nil {
		names = append(names, user.Email, user.Name)
	}
	if who != chain.Erased && (len(engineers) > 0 || note.WholeName(who)) {
		names = append(names, who)
	}
	return names
}

// notesNaming finds the staff notes that have one of the names in them, in
// whatever case: all notes are read, since a note may name anybody.
func (s *Store) notesNaming(ctx context.Context, names []string) (found []HeldNote, err error) {
	const page = 1000
	for id, n := "", 0; ; {
		notes, err := list(ctx, s, scanNote, "SELECT "+noteColumns+" FROM interface_notes WHERE (connection_id, n) > (?, ?) ORDER BY connection_id, n LIMIT ?", id, n, page)
		if err != nil {
			return nil, err
		}
		for _, k := range notes {
			if slices.ContainsFunc(names, func(name string) bool { return note.Names(k.Body, name) }) {
				found = append(found, HeldNote{k.ConnectionID, k.N, k.At, k.Body})
			}
			id, n = k.ConnectionID, k.N
		}
		if len(notes) < page {
			return found, nil
		}
	}
}

// noteEvents say for the audit log, at the notes of each interface, what was
// done with those that name a person.
func (t *tx) noteEvents(notes []HeldNote, action, reason string) error {
	for _, n := range notes {
		if err := t.event(noteSubject(n.ConnectionID), "", action, "", "", reason, fmt.Sprintf("Note %d", n.N)); err != nil {
			return err
		}
	}
	return nil
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
	if h.Notes, err = list(ctx, s, func(r scanner) (HeldNote, error) {
		n, err := scanNote(r)
		return HeldNote{n.ConnectionID, n.N, n.At, n.Body}, err
	}, "SELECT "+noteColumns+" FROM interface_notes WHERE user_id = ? ORDER BY at, connection_id, n", u.ID); err != nil {
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
// of who saw a letter or wrote in a ticket or a note: the name goes, the ID stays.
var userTablesKept = []string{"loa_accesses", "ticket_messages", "interface_notes"}

// nameColumns hold the name of who did something, beside the event that says
// so too.
var nameColumns = []struct{ table, column string }{
	{"loa_applications", "submitted_by"}, {"loa_applications", "decided_by"}, {"delivery_reports", "submitted_by"}, {"delivery_reports", "completed_by"}, {"whitelist_requests", "created_by"}, {"whitelist_requests", "decided_by"},
}

// Erasure is what was erased of a person.
type Erasure struct{ Users, Engineers, Notes int }

// ErasePerson erases what is kept about the user with this e-mail address, or
// the field engineers with this name. What was done stays in the audit log
// under the user's ID and without the name; staff notes that name the person no
// longer do; issued letters are legal records and stay as they are. Kinds:
// Forbidden unless by is an administrator, Invalid, NotFound, Conflict while
// somebody is needed: the last administrator or owner, an engineer named in an
// open application or a letter in force.
func (s *Store) ErasePerson(ctx context.Context, by Actor, who, reason string) (done Erasure, err error) {
	if !lifecycle.May(lifecycle.ManagePersonalData, by.Role) {
		return done, forbidden(msgAdminOnly)
	}
	if msg := reasonProblem(reason, 3, 500, "Say why the data is erased"); msg != "" {
		return done, invalid("reason", msg)
	}
	who = strings.TrimSpace(who)
	held, err := s.heldEngineers(ctx, who)
	if err != nil {
		return done, unavailable(err)
	}
	var user *User
	if u, err := s.UserByEmail(ctx, who); err == nil {
		user = &u
	} else if KindOf(err) != NotFound {
		return done, err
	}
	names := namesIn(who, user, held)
	noted, err := s.notesNaming(ctx, names)
	if err != nil {
		return done, unavailable(err)
	}
	err = s.inTx(ctx, by, func(t *tx) error {
		done = Erasure{Engineers: len(held), Notes: len(noted)}
		var id string
		err := t.row("SELECT id FROM users WHERE email = ?", normalEmail(who)).Scan(&id)
		if err == nil {
			done.Users, err = 1, t.eraseUser(id, reason)
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
		}
		for _, n := range noted {
			// As it stands now: another person's name may be erased from it meanwhile.
			var body string
			if err := t.row("SELECT body FROM interface_notes WHERE connection_id = ? AND n = ?", n.ConnectionID, n.N).Scan(&body); err != nil {
				return err
			}
			for _, name := range names {
				body = note.Without(body, name, chain.Erased)
			}
			if _, err := t.exec("UPDATE interface_notes SET body = ? WHERE connection_id = ? AND n = ?", body, n.ConnectionID, n.N); err != nil {
				return err
			}
		}
		if done == (Erasure{}) {
			return &Error{Kind: NotFound, Msg: "Nothing is kept about anybody with this e-mail address or name."}
		}
		if err := t.noteEvents(noted, "erase_in_note", reason); err != nil {
			return err
		}
		return t.engineerEvents(held, "erase_engineer", reason)
	})
	if err != nil {
		return Erasure{}, err
	}
	return done, s.scrub(ctx)
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
		if _, err := t.exec("DELETE FROM "+table+" WHERE user_id = ? AND user_id <> ''", id); err != nil { // as the index of the mails has it
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
