package store

import (
	"context"
	"database/sql"
	"errors"

	"demarc/store/lifecycle"
)

// TitleCableToRemove is the title of the message that an ended interface's
// cable is still in. Its page is another one than that of a cable to connect.
const TitleCableToRemove = "Cable to remove"

// TitlePortToCheck is the title of the message that a port which a letter named
// brings to the technicians when its interface moved.
const TitlePortToCheck = "Port to look at"

// TitleConsoleLookedAt is the title of the message that somebody of the operator
// looked at the console of an account. Its owners read more under Activity.
const TitleConsoleLookedAt = "Your console was looked at"

// tellAccount writes a message to every user of the account, in the
// transaction of what it is about.
func (t *tx) tellAccount(accountID, subject, title, body string) error {
	return t.tell("account_id = ?", accountID, subject, title, body)
}

// tellRole writes a message to every user with exactly that role.
// Administrators stand in for others but are not told about each piece of work.
func (t *tx) tellRole(role lifecycle.Role, subject, title, body string) error {
	return t.tell("role = ?", string(role), subject, title, body)
}

// tell costs the same two statements for one person and for a hundred. who is
// a condition on users with one parameter, from this file only.
func (t *tx) tell(who, arg, subject, title, body string) error {
	if _, err := t.exec(`INSERT INTO messages (user_id, seq, at, subject, title, body)
		SELECT u.id, COALESCE((SELECT MAX(m.seq) FROM messages m WHERE m.user_id = u.id), 0) + 1, ?, ?, ?, ?
		FROM users u WHERE u.`+who, at(t.now), subject, title, body, arg); err != nil {
		return err
	}
	rows, err := t.query("UPDATE users SET unread = unread + 1 WHERE "+who+" RETURNING id, name, mail_notices = 1 AND password_hash <> ''", arg)
	if err != nil {
		return err
	}
	type person struct {
		id, name string
		byMail   bool
	}
	told, err := collect(rows, func(r scanner) (p person, err error) { return p, r.Scan(&p.id, &p.name, &p.byMail) })
	if err != nil {
		return err
	}
	for _, p := range told {
		t.forgetUsers(p.id)
		if p.byMail && t.s.mailing {
			if err := t.notice(p.id, p.name, subject, title); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanMessage(r scanner) (Message, error) {
	var m Message
	var when, read instant
	err := r.Scan(&m.Seq, &when, &m.Subject, &m.Title, &m.Body, &read)
	m.At, m.Read = when.Time, !read.IsZero()
	return m, err
}

// Messages lists a person's messages, newest first: those with a number below
// before, or the newest when before is 0. limit is 1 to 100; 50 otherwise.
func (s *Store) Messages(ctx context.Context, userID string, before, limit int) ([]Message, error) {
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	if before <= 0 {
		before = int(^uint(0) >> 1)
	}
	return list(ctx, s, scanMessage, `SELECT seq, at, subject, title, body, read_at FROM messages
		WHERE user_id = ? AND seq < ? ORDER BY user_id DESC, seq DESC LIMIT ?`, userID, before, limit)
}

// ReadMessages marks the person's messages up to and including the number
// upTo as read: those that the page showed, not those that came since.
func (s *Store) ReadMessages(ctx context.Context, userID string, upTo int) error {
	return s.inTx(ctx, Actor{UserID: userID}, func(t *tx) error {
		return t.markRead("user_id = ? AND seq <= ? AND read_at IS NULL", userID, upTo)
	})
}

// ReadMessage marks one message as read and returns it. Reading it again
// changes nothing. Kinds: NotFound.
func (s *Store) ReadMessage(ctx context.Context, userID string, seq int) (Message, error) {
	var m Message
	err := s.inTx(ctx, Actor{UserID: userID}, func(t *tx) error {
		var err error
		m, err = scanMessage(t.row("SELECT seq, at, subject, title, body, read_at FROM messages WHERE user_id = ? AND seq = ?", userID, seq))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("This message")
		}
		if err != nil || m.Read {
			return err
		}
		m.Read = true
		return t.markRead("user_id = ? AND seq = ? AND read_at IS NULL", userID, seq)
	})
	return m, err
}

// markRead keeps the count of unread messages with the messages.
func (t *tx) markRead(where, userID string, seq int) error {
	res, err := t.exec("UPDATE messages SET read_at = ? WHERE "+where, at(t.now), userID, seq)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return err
	}
	if _, err := t.exec("UPDATE users SET unread = unread - ? WHERE id = ?", n, userID); err != nil {
		return err
	}
	t.forgetUsers(userID)
	return nil
}
