package store

import (
	"context"
	"fmt"
	"time"

	"demarc/store/lifecycle"
)

// AccessKind is what somebody did with a letter.
type AccessKind string

// The kinds of access.
const (
	AccessDownload AccessKind = "download" // took the document
	AccessCheck    AccessKind = "check"    // asked for its state by its code
	AccessCompare  AccessKind = "compare"  // asked whether a file is the document
)

// LOAAccess is who did something with a version of a letter, on one day.
type LOAAccess struct {
	Version int
	Kind    AccessKind
	Name    string         // of the user; "" for the public
	Role    lifecycle.Role // of the user; "" for the public
	N       int            // how often on that day (UTC)
	LastAt  time.Time
}

// Public reports whether nobody known did it.
func (a LOAAccess) Public() bool { return a.Role == "" }

// ActionDownloadLetter is the event of somebody's first download of a letter on a
// day.
const ActionDownloadLetter = "download_letter"

// NoteLOAAccess keeps that somebody downloaded or checked a version of a letter.
// Of somebody who is not signed in, or is a customer of another account, nothing
// is kept but that it happened: the letter's account reads these names. The
// first download of a person on a day (UTC) is also an event: who opens the same
// file again and again fills no log.
func (s *Store) NoteLOAAccess(ctx context.Context, by Actor, connection string, version int, kind AccessKind) error {
	return s.inTx(ctx, by, func(t *tx) error {
		if by.UserID != "" {
			if _, err := t.connection(connection); KindOf(err) == NotFound {
				by = Actor{}
			} else if err != nil {
				return err
			}
		}
		var n int
		err := t.row(`INSERT INTO loa_accesses (connection_id, version, kind, user_id, day, name, role, n, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)
			ON CONFLICT (connection_id, version, kind, user_id, day) DO UPDATE SET n = loa_accesses.n + 1, last_at = excluded.last_at RETURNING n`,
			connection, version, kind, by.UserID, t.now.UTC().Format(dayLayout), by.Name, by.Role, at(t.now)).Scan(&n)
		if err != nil || n > 1 || kind != AccessDownload || by.UserID == "" {
			return err
		}
		c, err := t.connection(connection)
		if err != nil {
			return err
		}
		return t.event(c.ID, c.AccountID, ActionDownloadLetter, c.Stage, c.Stage, "", fmt.Sprintf("Version %d", version))
	})
}

// accessesShown is how many days of accesses a page lists.
const accessesShown = 50

// LOAAccesses lists who downloaded and checked the letters of an interface, the
// latest first, at most 50. The caller has checked that the actor may see the
// interface.
func (s *Store) LOAAccesses(ctx context.Context, connection string) ([]LOAAccess, error) {
	return list(ctx, s, func(r scanner) (LOAAccess, error) {
		var a LOAAccess
		var last instant
		err := r.Scan(&a.Version, &a.Kind, &a.Name, &a.Role, &a.N, &last)
		a.LastAt = last.Time
		return a, err
	}, "SELECT version, kind, name, role, n, last_at FROM loa_accesses WHERE connection_id = ? ORDER BY last_at DESC LIMIT ?", connection, accessesShown)
}

// tellHolders tells the people who downloaded a version of a letter below before
// that it is no longer good: those of the operator, since every user of the
// account is told anyway.
func (t *tx) tellHolders(c *Connection, before int, title, body string) error {
	rows, err := t.query(`SELECT DISTINCT a.user_id FROM loa_accesses a JOIN users u ON u.id = a.user_id
		WHERE a.connection_id = ? AND a.kind = 'download' AND a.version < ? AND u.account_id IS NULL AND a.user_id <> ?`, c.ID, before, t.by.UserID)
	if err != nil {
		return err
	}
	holders, err := collect(rows, func(r scanner) (id string, err error) { return id, r.Scan(&id) })
	if err != nil {
		return err
	}
	for _, id := range holders {
		if err := t.tell("id = ?", id, c.ID, title, body); err != nil {
			return err
		}
	}
	return nil
}
