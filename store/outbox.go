package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"demarc/store/lifecycle"
)

// What a mail is about.
const (
	MailInvitation = "invitation" // the one-time link of a new person
	MailPassword   = "password"   // the one-time link of a forgotten password
	MailNotice     = "notice"     // there is a message in the console
	MailLetter     = "letter"     // with a letter attached
	MailTest       = "test"       // an administrator tries the settings
)

// The states of a mail of the outbox.
const (
	MailWaiting = "waiting"
	MailSending = "sending" // a worker has it; after a crash it waits again
	MailSent    = "sent"
	MailFailed  = "failed" // nobody tries again, unless an administrator says so
)

// mailRetries is how long after each failed try the next one comes, give or
// take a fifth. A mail that failed once more than there are entries has failed
// for good, after about two days.
var mailRetries = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// How long rows of the outbox are kept: what was sent as a record without its
// text, what failed so that it can be sent again.
const (
	mailKept       = 30 * 24 * time.Hour
	failedMailKept = 14 * 24 * time.Hour
)

// mailLimit is the size of a mail's attachments together, in bytes.
const mailLimit = 10 << 20

// NewMail is a mail to put into the outbox. It goes to the user UserID, or to
// Address when it is for somebody who is no user.
type NewMail struct {
	UserID        string
	Name, Address string
	Kind          string
	Subject, Text string // plain text; no personal data but the recipient's name
	Attachments   []MailAttachment
	ExpiresAt     time.Time // not sent after it; zero when it is always of use
}

// MailAttachment is a file that goes with a mail.
type MailAttachment struct {
	Name, Type string // "LOA-2026-000123-v1.pdf", "application/pdf"
	Content    []byte
}

// Mail is a mail to send.
type Mail struct {
	ID            string // unique for ever: the left part of the Message-ID
	Kind          string
	Name, Address string
	Subject, Text string
	Attachments   []MailAttachment
	Attempt       int // 1 the first time
	CreatedAt     time.Time
}

// sealedMail is what is encrypted of a mail.
type sealedMail struct {
	Name, Address, Subject, Text string
	Attachments                  []MailAttachment `json:",omitempty"`
}

// Mailing reports whether mails are sent at all. Without a mail server the
// outbox stays empty, and one-time links are passed on by hand.
func (s *Store) Mailing() bool { return s.mailing }

// MailReady gets a value when there may be a mail to send.
func (s *Store) MailReady() <-chan struct{} { return s.mailReady }

// headerProblem says what would break out of a line of a mail's head.
func headerProblem(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

// mail puts a mail into the outbox, in the transaction of what it is about. It
// does nothing when no mails are sent. What could add a line to the mail's head
// is an error: the texts are the program's own, and a name is checked when it
// is entered.
func (t *tx) mail(m NewMail) error {
	if !t.s.mailing {
		return nil
	}
	to := sealedMail{Name: m.Name, Address: m.Address, Subject: m.Subject, Text: m.Text, Attachments: m.Attachments}
	if m.UserID != "" {
		if err := t.row("SELECT name, email FROM users WHERE id = ?", m.UserID).Scan(&to.Name, &to.Address); err != nil {
			return fmt.Errorf("recipient of a mail: %w", err)
		}
		if headerProblem(to.Name) { // entered before names were checked
			to.Name = ""
		}
	}
	if a, err := mail.ParseAddress(to.Address); err != nil || a.Address != to.Address || headerProblem(to.Address) {
		return fmt.Errorf("mail of kind %s: its address is not one", m.Kind)
	}
	if headerProblem(to.Subject) || headerProblem(to.Name) || to.Subject == "" {
		return fmt.Errorf("mail of kind %s: its subject or the name of its recipient would break the head of the mail", m.Kind)
	}
	size := 0
	for _, a := range m.Attachments {
		if headerProblem(a.Name) || headerProblem(a.Type) || strings.ContainsAny(a.Name, `"/\`) {
			return fmt.Errorf("mail of kind %s: the name of an attachment would break its head", m.Kind)
		}
		size += len(a.Content)
	}
	if size > mailLimit {
		return fmt.Errorf("mail of kind %s: attachments of %d bytes, more than %d", m.Kind, size, mailLimit)
	}
	text, err := json.Marshal(to)
	if err != nil {
		return err
	}
	id := newID("ml-", 20)
	if _, err := t.exec("INSERT INTO mails (id, user_id, kind, state, sealed, created_at, next_at, expires_at) VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)",
		id, m.UserID, m.Kind, t.s.seal.seal(string(text), "mail "+id), at(t.now), at(t.now), at(m.ExpiresAt)); err != nil {
		return err
	}
	t.mailWaits()
	return nil
}

// mailWaits wakes the worker once the transaction is durable.
func (t *tx) mailWaits() {
	t.after(func() {
		select {
		case t.s.mailReady <- struct{}{}:
		default:
		}
	})
}

func (s *Store) openMail(m *Mail, sealed []byte) error {
	text, err := s.seal.open(sealed, "mail "+m.ID)
	if err != nil {
		return err
	}
	var to sealedMail
	if err := json.Unmarshal([]byte(text), &to); err != nil {
		return err
	}
	m.Name, m.Address, m.Subject, m.Text, m.Attachments = to.Name, to.Address, to.Subject, to.Text, to.Attachments
	return nil
}

// RecoverMail lets the mails wait again that a worker had when the program
// ended, and returns how many there were. Only one process has the data folder:
// call it before the worker begins.
func (s *Store) RecoverMail(ctx context.Context) (int, error) {
	var n int64
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		res, err := t.exec("UPDATE mails SET state = 'waiting', next_at = ?, problem = 'The program ended while the mail was being sent' WHERE state = 'sending'", at(t.now))
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return int(n), err
}

// ClaimMail takes the mail that has waited longest for its turn, nil when none
// waits. What nobody needs any more, or cannot be read any more, fails on the
// way. After it one of MailDone and MailProblem is called.
func (s *Store) ClaimMail(ctx context.Context) (*Mail, error) {
	var claimed *Mail
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		for {
			var m Mail
			var sealed []byte
			var created, expires instant
			err := t.row("SELECT id, kind, sealed, attempts + 1, created_at, expires_at FROM mails WHERE state = 'waiting' AND next_at <= ? ORDER BY next_at, id LIMIT 1", at(t.now)).
				Scan(&m.ID, &m.Kind, &sealed, &m.Attempt, &created, &expires)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			m.CreatedAt = created.Time
			problem := ""
			if !expires.IsZero() && !t.now.Before(expires.Time) {
				problem = "What it says is no longer true: its link has expired"
			} else if err := s.openMail(&m, sealed); err != nil {
				problem = "Its text cannot be read: the key is another one"
			}
			if problem != "" {
				if _, err := t.exec("UPDATE mails SET state = 'failed', sealed = NULL, problem = ?, done_at = ? WHERE id = ?", problem, at(t.now), m.ID); err != nil {
					return err
				}
				continue
			}
			if _, err := t.exec("UPDATE mails SET state = 'sending', attempts = attempts + 1 WHERE id = ?", m.ID); err != nil {
				return err
			}
			claimed = &m
			return nil
		}
	})
	return claimed, err
}

// MailDone records that the server took the mail, and erases its text.
func (s *Store) MailDone(ctx context.Context, id string) error {
	return s.inTx(ctx, systemActor(), func(t *tx) error {
		_, err := t.exec("UPDATE mails SET state = 'sent', sealed = NULL, problem = '', done_at = ? WHERE id = ? AND state = 'sending'", at(t.now), id)
		return err
	})
}

// MailProblem records that a try failed: for good, or until the next one. text
// says why; it must not name the recipient.
func (s *Store) MailProblem(ctx context.Context, id, text string, permanent bool) error {
	return s.inTx(ctx, systemActor(), func(t *tx) error {
		var attempts int
		err := t.row("SELECT attempts FROM mails WHERE id = ? AND state = 'sending'", id).Scan(&attempts)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // the recipient was removed meanwhile
		}
		if err != nil {
			return err
		}
		if permanent || attempts > len(mailRetries) {
			_, err = t.exec("UPDATE mails SET state = 'failed', problem = ?, done_at = ? WHERE id = ?", text, at(t.now), id)
			return err
		}
		_, err = t.exec("UPDATE mails SET state = 'waiting', problem = ?, next_at = ? WHERE id = ?", text, at(t.now.Add(jitter(mailRetries[attempts-1]))), id)
		return err
	})
}

// jitter is d give or take a fifth, so that mails that failed together are not
// all tried again in the same moment.
func jitter(d time.Duration) time.Duration {
	var b [8]byte
	rand.Read(b[:])
	fifth := d / 5
	return d - fifth + time.Duration(binary.BigEndian.Uint64(b[:])%uint64(2*fifth+1))
}

// MailStatus is how the outbox stands.
type MailStatus struct {
	Waiting, Retrying, Failed int // Retrying of the waiting ones failed before
	SentLately                int // in the last 24 hours
	LastSent                  time.Time
}

// OutboxEntry is one mail that was not sent, as administrators see it.
type OutboxEntry struct {
	ID, Kind, State string
	To              string // name and address; "" when the text is gone
	Attempts        int
	Problem         string
	CreatedAt       time.Time
	NextAt          time.Time // of one that waits
	DoneAt          time.Time // of one that failed
	Resendable      bool
}

// MailStatus counts the outbox. Kinds: Forbidden.
func (s *Store) MailStatus(ctx context.Context, by Actor) (MailStatus, error) {
	if !lifecycle.May(lifecycle.SeeMail, by.Role) {
		return MailStatus{}, forbidden(msgAdminOnly)
	}
	var st MailStatus
	var last instant
	err := s.get(ctx, `SELECT
		(SELECT COUNT(*) FROM mails WHERE state IN ('waiting', 'sending')),
		(SELECT COUNT(*) FROM mails WHERE state = 'waiting' AND attempts > 0),
		(SELECT COUNT(*) FROM mails WHERE state = 'failed'),
		(SELECT COUNT(*) FROM mails WHERE state = 'sent' AND done_at >= ?),
		(SELECT MAX(done_at) FROM mails WHERE state = 'sent')`, []any{at(s.Now().Add(-24 * time.Hour))}, &st.Waiting, &st.Retrying, &st.Failed, &st.SentLately, &last)
	st.LastSent = last.Time
	return st, err
}

// Outbox lists the mails that failed, newest first, and after them those that
// failed at least once and are tried again: limit of each at most. Kinds:
// Forbidden.
func (s *Store) Outbox(ctx context.Context, by Actor, limit int) ([]OutboxEntry, error) {
	if !lifecycle.May(lifecycle.SeeMail, by.Role) {
		return nil, forbidden(msgAdminOnly)
	}
	scan := func(r scanner) (OutboxEntry, error) {
		var e OutboxEntry
		var sealed []byte
		var created, next, done instant
		err := r.Scan(&e.ID, &e.Kind, &e.State, &sealed, &e.Attempts, &e.Problem, &created, &next, &done)
		e.CreatedAt, e.NextAt, e.DoneAt = created.Time, next.Time, done.Time
		if m := (Mail{ID: e.ID}); sealed != nil && s.openMail(&m, sealed) == nil {
			e.To, e.Resendable = m.Name+", "+m.Address, true
			if m.Name == "" {
				e.To = m.Address
			}
		}
		return e, err
	}
	const columns = "SELECT id, kind, state, sealed, attempts, problem, created_at, next_at, done_at FROM mails WHERE "
	failed, err := list(ctx, s, scan, columns+"state = 'failed' ORDER BY done_at DESC, id LIMIT ?", limit)
	if err != nil {
		return nil, err
	}
	retried, err := list(ctx, s, scan, columns+"state = 'waiting' AND attempts > 0 ORDER BY next_at, id LIMIT ?", limit)
	return append(failed, retried...), err
}

// ResendMail lets a mail that failed, or that waits for its next try, be tried
// at once. Kinds: NotFound, Conflict when it was sent or its text is gone,
// Forbidden.
func (s *Store) ResendMail(ctx context.Context, by Actor, id string) error {
	if !lifecycle.May(lifecycle.ManageMail, by.Role) {
		return forbidden(msgAdminOnly)
	}
	return s.inTx(ctx, by, func(t *tx) error {
		var state string
		var readable bool
		var expires instant
		err := t.row("SELECT state, sealed IS NOT NULL, expires_at FROM mails WHERE id = ?", id).Scan(&state, &readable, &expires)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return &Error{Kind: NotFound, Msg: "This mail does not exist any more."}
		case err != nil:
			return err
		case state == MailSent:
			return conflictf("This mail was sent meanwhile.")
		case state == MailSending:
			return conflictf("This mail is being sent just now.")
		case !readable, !expires.IsZero() && !t.now.Before(expires.Time):
			return conflictf("The text of this mail is gone, since its link has expired. Make a new link instead.")
		}
		if _, err := t.exec("UPDATE mails SET state = 'waiting', attempts = 0, next_at = ?, done_at = NULL WHERE id = ?", at(t.now), id); err != nil {
			return err
		}
		t.mailWaits()
		return t.event("mail:"+id, "", "resend_mail", lifecycle.None, lifecycle.None, "", "")
	})
}

// SendTestMail puts a mail to the actor themselves into the outbox. Kinds:
// Conflict when no mail server is configured, Forbidden.
func (s *Store) SendTestMail(ctx context.Context, by Actor) error {
	if !lifecycle.May(lifecycle.ManageMail, by.Role) {
		return forbidden(msgAdminOnly)
	}
	if !s.mailing {
		return conflictf("No mail server is configured. Nothing was sent.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		return "", t.mail(NewMail{UserID: by.UserID, Kind: MailTest, Subject: "Test mail of " + s.mailSender(), Text: "Mails from the console arrive.\n"})
	})
	return err
}

// mailSender is who a mail comes from, in words on one line.
func (s *Store) mailSender() string {
	if s.operator == "" || headerProblem(s.operator) {
		return "Demarc"
	}
	return s.operator
}

// forgetMail erases what was kept of old mails; it returns nothing of interest.
func (t *tx) forgetMail() error {
	if _, err := t.exec("DELETE FROM mails WHERE done_at < ?", at(t.now.Add(-mailKept))); err != nil {
		return err
	}
	_, err := t.exec("UPDATE mails SET sealed = NULL WHERE state = 'failed' AND sealed IS NOT NULL AND done_at < ?", at(t.now.Add(-failedMailKept)))
	return err
}

// notice is the mail that says that there is a message in the console. It says
// what kind of message and about which interface, and nothing that people
// wrote: that is read after signing in.
func (t *tx) notice(userID, name, subject, title string) error {
	m := NewMail{UserID: userID, Kind: MailNotice, Subject: title}
	about := ""
	if strings.HasPrefix(subject, "pc-") {
		m.Subject += " (" + subject + ")"
		about = "Interface " + subject + "\n"
	}
	m.Text = "Hello " + name + ",\n\nthere is a message for you in the console of " + t.s.mailSender() + ":\n\n" + title + "\n" + about +
		"\nSign in to read it: " + t.s.publicURL + MessagesPath + "\n\nWhether messages are also mailed is set on the same page.\n"
	return t.mail(m)
}

// MessagesPath is the address of a person's messages, below the public URL.
const MessagesPath = "/messages"
