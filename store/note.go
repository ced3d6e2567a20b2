package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"demarc/store/lifecycle"
	"demarc/store/note"
)

// Note is what somebody of the staff wrote about an interface, for staff. All
// times are UTC.
type Note struct {
	ConnectionID string
	N            int // 1, 2, 3 … of the interface
	At           time.Time
	UserID, Name string // of the author
	Role         lifecycle.Role
	Body         string    // empty when it was taken back and the reader may not read it any more
	TakenBackAt  time.Time // zero while it stands
}

const noteColumns = "connection_id, n, at, user_id, name, role, body, taken_back_at"

func scanNote(r scanner) (Note, error) {
	var n Note
	var when, back instant
	err := r.Scan(&n.ConnectionID, &n.N, &when, &n.UserID, &n.Name, &n.Role, &n.Body, &back)
	n.At, n.TakenBackAt = when.Time, back.Time
	return n, err
}

// noteSubject is what events about the notes of an interface are about. They are
// not of the interface itself, and of no account: both have histories that the
// customer reads.
func noteSubject(connection string) string { return "note:" + connection }

// WriteNote adds a note about an interface. Nobody is told, and nothing of it is
// in what the customer reads. Kinds: Invalid (field note), NotFound, Conflict
// when too many stand, Forbidden.
func (s *Store) WriteNote(ctx context.Context, by Actor, connection, body string) error {
	if !lifecycle.May(lifecycle.WriteNotes, by.Role) {
		return forbidden("Your role does not write staff notes.")
	}
	body = strings.TrimSpace(body)
	if msg := reasonProblem(body, 2, note.TextMost, "Write the note"); msg != "" {
		return invalid("note", msg)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		if _, err := t.connection(connection); err != nil {
			return "", err
		}
		var last, standing int
		if err := t.row("SELECT COALESCE(MAX(n), 0) FROM interface_notes WHERE connection_id = ?", connection).Scan(&last); err != nil {
			return "", err
		}
		if err := t.row("SELECT COUNT(*) FROM (SELECT 1 FROM interface_notes WHERE connection_id = ? AND taken_back_at IS NULL LIMIT ?) AS c", connection, note.StandingMost).Scan(&standing); err != nil {
			return "", err
		}
		if standing >= note.StandingMost {
			return "", conflictf("This interface has %d staff notes and takes no more. Take back one of yours that is no longer needed, then add this one.", note.StandingMost)
		}
		if _, err := t.exec("INSERT INTO interface_notes (connection_id, n, at, user_id, name, role, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
			connection, last+1, at(t.now), by.UserID, by.Name, by.Role, body); err != nil {
			return "", err
		}
		return connection, t.event(noteSubject(connection), "", "write_note", "", "", "", fmt.Sprintf("Note %d", last+1))
	})
	return err
}

// TakeBackNote takes back what the actor wrote about an interface. It stays for
// whoever may see notes that were taken back. Kinds: NotFound, Conflict when it
// was taken back before, Forbidden.
func (s *Store) TakeBackNote(ctx context.Context, by Actor, connection string, n int) error {
	if !lifecycle.May(lifecycle.WriteNotes, by.Role) {
		return forbidden("Your role does not write staff notes.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		found, err := scanNote(t.row("SELECT "+noteColumns+" FROM interface_notes WHERE connection_id = ? AND n = ?", connection, n))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return "", notFound("This note")
		case err != nil:
			return "", err
		case !note.MayTakeBack(found.UserID, by.UserID):
			return "", forbidden("Only its author takes a note back. Add a note that says what is right.")
		case !found.TakenBackAt.IsZero():
			return "", conflictf("This note was taken back already. Nothing was changed.")
		}
		if _, err := t.exec("UPDATE interface_notes SET taken_back_at = ? WHERE connection_id = ? AND n = ?", at(t.now), connection, n); err != nil {
			return "", err
		}
		return connection, t.event(noteSubject(connection), "", "take_back_note", "", "", "", fmt.Sprintf("Note %d", n))
	})
	return err
}

// Notes lists the staff notes about an interface, the newest first: those before
// the note with the number before, or all for 0, limit of them at most. more says
// that there are older ones. Of what was taken back only who wrote it when is
// left, but for those who may read it. Kinds: Forbidden.
func (s *Store) Notes(ctx context.Context, by Actor, connection string, before, limit int) (notes []Note, more bool, err error) {
	if !lifecycle.May(lifecycle.SeeNotes, by.Role) {
		return nil, false, forbidden("Your role does not see staff notes.")
	}
	query, args := "SELECT "+noteColumns+" FROM interface_notes WHERE connection_id = ?", []any{connection}
	if before > 0 {
		query, args = query+" AND n < ?", append(args, before)
	}
	notes, err = list(ctx, s, scanNote, query+" ORDER BY connection_id DESC, n DESC LIMIT ?", append(args, limit+1)...)
	if len(notes) > limit {
		notes, more = notes[:limit], true
	}
	for i := range notes {
		if !notes[i].TakenBackAt.IsZero() && !lifecycle.May(lifecycle.SeeNotesTakenBack, by.Role) {
			notes[i].Body = ""
		}
	}
	return notes, more, err
}

// StandingNotes is how many staff notes about an interface stand, and the newest
// of them; the zero note when there is none. Kinds: Forbidden.
func (s *Store) StandingNotes(ctx context.Context, by Actor, connection string) (count int, newest Note, err error) {
	if !lifecycle.May(lifecycle.SeeNotes, by.Role) {
		return 0, newest, forbidden("Your role does not see staff notes.")
	}
	err = s.get(ctx, "SELECT COUNT(*) FROM interface_notes WHERE connection_id = ? AND taken_back_at IS NULL", []any{connection}, &count)
	if err != nil || count == 0 {
		return 0, newest, err
	}
	all, err := list(ctx, s, scanNote, "SELECT "+noteColumns+" FROM interface_notes WHERE connection_id = ? AND taken_back_at IS NULL ORDER BY connection_id DESC, n DESC LIMIT 1", connection)
	if len(all) > 0 {
		newest = all[0]
	}
	return count, newest, err
}

// checkNotes looks whether the notes of each interface are numbered without a
// gap and the audit log knows each, and each that was taken back.
func (s *Store) checkNotes(ctx context.Context) (Finding, error) {
	f := Finding{Area: "Staff notes"}
	type counted struct {
		id                           string
		notes, last, back            int
		eventsWritten, eventsOfBacks int
	}
	rows, err := list(ctx, s, func(r scanner) (c counted, err error) {
		return c, r.Scan(&c.id, &c.notes, &c.last, &c.back, &c.eventsWritten, &c.eventsOfBacks)
	}, `SELECT connection_id, COUNT(*), MAX(n), COUNT(taken_back_at),
		(SELECT COUNT(*) FROM events WHERE subject = 'note:' || connection_id AND action = 'write_note'),
		(SELECT COUNT(*) FROM events WHERE subject = 'note:' || connection_id AND action = 'take_back_note')
		FROM interface_notes GROUP BY connection_id ORDER BY connection_id`)
	if err != nil {
		return f, err
	}
	total := 0
	for _, c := range rows {
		total += c.notes
		if c.last != c.notes {
			f.Problems = append(f.Problems, fmt.Sprintf("interface %s has %s, the last is number %d", c.id, countWords(c.notes, "staff note"), c.last))
		}
		if c.eventsWritten != c.notes || c.eventsOfBacks != c.back {
			f.Problems = append(f.Problems, fmt.Sprintf("interface %s has %s, %d taken back; the audit log says %d written, %d taken back", c.id, countWords(c.notes, "staff note"), c.back, c.eventsWritten, c.eventsOfBacks))
		}
	}
	lost, err := list(ctx, s, func(r scanner) (subject string, err error) { return subject, r.Scan(&subject) },
		"SELECT DISTINCT subject FROM events WHERE action = 'write_note' AND subject NOT IN (SELECT 'note:' || connection_id FROM interface_notes) ORDER BY subject LIMIT 20")
	for _, subject := range lost {
		f.Problems = append(f.Problems, "the audit log knows notes of interface "+strings.TrimPrefix(subject, noteSubject(""))+", there is none")
	}
	f.Looked = countWords(total, "note")
	return f, err
}
