package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"time"

	"demarc/store/lifecycle"
)

// A copy of a database knows what was true when it was made, and nothing of what
// was used up or taken back since: sessions that were ended, one-time links and
// recovery codes that were used, codes of authenticator apps. Put to work, it
// must not let any of them open a second time. So every copy says of itself that
// it is one, and the first start on it ends whatever might be over.

// copySetting is the setting that makes a database a copy: when it was made.
const copySetting = "copied_at"

// RecoveryCodesSubject is what messages about a person's recovery codes are about.
const RecoveryCodesSubject = "sign-in:recovery-codes"

// copyDSN opens a copy as one file, whatever journal it comes with.
func copyDSN(file string, readOnly bool, journal string) string {
	return strings.Replace(dsn(file, readOnly), url.QueryEscape("journal_mode(WAL)"), url.QueryEscape(journal), 1)
}

// MarkCopy notes in a copy of a database, on which nobody works, that it is one.
// Backup does it by itself.
func MarkCopy(ctx context.Context, file string, now time.Time) error {
	db, err := sql.Open("sqlite", copyDSN(file, false, "journal_mode(DELETE)"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", copySetting, at(now).text())
	return errors.Join(err, db.Close())
}

// EndWhatWasCopied ends what the copy of a database cannot know to be over, when
// the database is one that was put to work: every session and every sign-in under
// way, one-time links, recovery codes, and the codes that authenticator apps show
// now. It does nothing on a database that is no copy, or the second time. Open
// calls it; commands that write before the program starts call it too.
func (s *Store) EndWhatWasCopied(ctx context.Context) error {
	made, err := s.Setting(ctx, copySetting)
	if err != nil || made == "" {
		return err
	}
	return s.inTx(ctx, systemActor(), func(t *tx) error {
		var made instant
		err := t.row("DELETE FROM settings WHERE name = ? RETURNING value", copySetting).Scan(&made)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.tell("id IN (SELECT user_id FROM recovery_codes WHERE user_id <> ?)", "", RecoveryCodesSubject, "Make new recovery codes",
			"A backup was put in place, which cannot know which codes were used since. Your recovery codes no longer open; make new ones."); err != nil {
			return err
		}
		for _, q := range []struct {
			query string
			args  []any
		}{
			{"UPDATE sessions SET revoked_at = ? WHERE revoked_at IS NULL", []any{at(t.now)}},
			{"DELETE FROM sign_in_steps", nil},
			{"DELETE FROM invitations WHERE used_at IS NULL", nil},
			{"UPDATE mails SET state = 'failed', sealed = NULL, problem = 'Its link opens no more: a backup was put in place', done_at = ? WHERE state IN ('waiting', 'sending') AND kind IN (?, ?)", []any{at(t.now), MailInvitation, MailPassword}},
			{"DELETE FROM recovery_codes", nil},
			// The next step is the last whose code may have been used already.
			{"UPDATE second_factors SET last_step = ? WHERE kind = 'totp' AND last_step < ?", []any{t.now.Unix()/totpPeriod + 1, t.now.Unix()/totpPeriod + 1}},
		} {
			if _, err := t.exec(q.query, q.args...); err != nil {
				return err
			}
		}
		t.after(t.s.sessions.forgetAll)
		return t.event("database", "", "restore_backup", lifecycle.None, lifecycle.None, "", "As of "+made.UTC().Format(time.RFC3339)+"; everybody is signed out, one-time links and recovery codes open no more")
	})
}
