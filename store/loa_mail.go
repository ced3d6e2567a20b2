package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"demarc/store/letter"
	"demarc/store/lifecycle"
)

// actionSendLetter is the event of a letter that was mailed to the data center.
const actionSendLetter = "send_letter"

// sendLetterWait is how long an interface waits before its letter is mailed
// again: the mailbox is somebody else's.
const sendLetterWait = time.Hour

// MaySendLOA reports whether a role mails letters to data centers: who decides
// about them, and who applies for them.
func MaySendLOA(r lifecycle.Role) bool {
	return lifecycle.MayDo(lifecycle.Approve, r) || lifecycle.MayDo(lifecycle.ApplyForLOA, r)
}

// SendLOA mails the letter of an interface, which has to be good now, to the
// address that the playbook of its access point names. Kinds: NotFound,
// Conflict (no mail server, no address, the letter is not good, mailed a moment
// ago), Forbidden.
func (s *Store) SendLOA(ctx context.Context, by Actor, id string) error {
	if !MaySendLOA(by.Role) {
		return forbidden("Your role has no right to send letters.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		c, err := t.connection(id)
		if err != nil {
			return "", err
		}
		l, err := t.newestLetter(id)
		if err != nil {
			return "", err
		}
		if l == nil {
			return "", &Error{Kind: NotFound, Msg: "The LOA is not issued yet."}
		}
		if status := l.StatusAt(t.now); status != letter.Valid && status != letter.NotYetValid {
			return "", conflictf("%s is %s now, so it is not sent. Nothing was changed.", l.Snapshot.Title(), strings.ToLower(status.Label()))
		}
		book, err := scanPlaybook(t.row("SELECT "+playbookColumns+" FROM playbooks WHERE access_point_id = ?", c.AccessPointID))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", err
		}
		if book.Email == "" || !t.s.mailing {
			return "", conflictf("There is no address to send letters to, or no mail server. Download the letter and send it yourself.")
		}
		var recent int
		if err := t.row("SELECT COUNT(*) FROM events WHERE subject = ? AND action = ? AND at > ?", id, actionSendLetter, at(t.now.Add(-sendLetterWait))).Scan(&recent); err != nil {
			return "", err
		}
		if recent > 0 {
			return "", conflictf("The letter of %s was mailed less than an hour ago. Nothing was sent.", c.Title())
		}
		var pdf []byte
		if err := t.row("SELECT pdf FROM loas WHERE connection_id = ? AND version = ?", id, l.Version).Scan(&pdf); err != nil {
			return "", err
		}
		subject, text := l.Snapshot.Message(book.Words)
		if err := t.mail(NewMail{Address: book.Email, Kind: MailLetter, Subject: strings.Join(strings.Fields(subject), " "), Text: text, ExpiresAt: letter.Over(l.ExpiresAt),
			Attachments: []MailAttachment{{Name: l.Snapshot.Filename(), Type: "application/pdf", Content: pdf}}}); err != nil {
			return "", err
		}
		return id, t.event(id, c.AccountID, actionSendLetter, c.Stage, c.Stage, "", l.Snapshot.Title()+" to the data center")
	})
	return err
}
