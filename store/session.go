package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"demarc/store/lifecycle"
)

// How long a session lasts.
const (
	// SessionLimit ends a session however busy it is.
	SessionLimit = 12 * time.Hour
	// IdleLimit ends a session that nobody used, for customers and staff alike.
	IdleLimit = 30 * time.Minute
	// FreshLimit is how long after they signed in people change how they sign in:
	// later they prove who they are once more, with all that a sign-in asks for.
	FreshLimit = 15 * time.Minute
	// seenEvery is how often a session in use writes when it was last seen.
	seenEvery = time.Minute
	// sessionsHeld bounds the memory of the cache.
	sessionsHeld = 10_000
)

// The sentences of a session that is no more.
const (
	msgSignedOutIdle = "You were signed out after 30 minutes without activity."
	msgSignedOutAge  = "You were signed out after 12 hours. Sign in again to continue."
	msgNotSignedIn   = "Sign in to continue."
)

// sessionCache answers the question of every request, who is this, without
// the database. What changes a session or a user forgets it here after the
// commit. The zero value is ready.
type sessionCache struct {
	mu       sync.RWMutex
	sessions map[string]*session
	users    map[string]User
	// epoch counts what was forgotten: what was read before is not kept after.
	epoch  uint64
	writes sync.WaitGroup // of last_seen_at, in the background
}

type session struct {
	secretHash string
	userID     string
	// viewing is the account whose console the session looks at, "" usually.
	viewing, viewingName string
	method               Method
	expires              time.Time

	mu      sync.Mutex
	seen    time.Time
	written time.Time
}

func (c *sessionCache) lookup(id string) (*session, User, bool, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	se := c.sessions[id]
	if se == nil {
		return nil, User{}, false, c.epoch
	}
	u, ok := c.users[se.userID]
	return se, u, ok, c.epoch
}

// keep stores what was read when the cache was at epoch, and returns the entry
// to use: the one that another request stored meanwhile, if there is one.
func (c *sessionCache) keep(id string, se *session, u User, epoch uint64, now time.Time) *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch {
		return se
	}
	if c.sessions == nil {
		c.sessions, c.users = map[string]*session{}, map[string]User{}
	}
	if have := c.sessions[id]; have != nil {
		se = have
	}
	if len(c.sessions) >= sessionsHeld {
		for k, old := range c.sessions {
			if old.over(now) != "" {
				delete(c.sessions, k)
			}
		}
		if len(c.sessions) >= sessionsHeld {
			clear(c.sessions)
		}
		clear(c.users)
	}
	c.sessions[id], c.users[u.ID] = se, u
	return se
}

func (c *sessionCache) forgetUsers(ids ...string) {
	if len(ids) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for _, id := range ids {
		delete(c.users, id)
	}
}

// forgetAll lets every session be looked up anew.
func (c *sessionCache) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	clear(c.sessions)
	clear(c.users)
}

func (c *sessionCache) forgetSessions(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for _, id := range ids {
		delete(c.sessions, id)
	}
}

// forgetUsers drops what the sessions know of these users once the
// transaction is durable: call it wherever a user's row changes.
func (t *tx) forgetUsers(ids ...string) {
	t.after(func() { t.s.sessions.forgetUsers(ids...) })
}

// over says why the session is no more at now, "" while it lasts.
func (se *session) over(now time.Time) string {
	se.mu.Lock()
	defer se.mu.Unlock()
	switch {
	case !now.Before(se.expires):
		return msgSignedOutAge
	case now.Sub(se.seen) >= IdleLimit:
		return msgSignedOutIdle
	}
	return ""
}

// touch records the use of the session; true when it is time to write it down.
func (se *session) touch(now time.Time) bool {
	se.mu.Lock()
	defer se.mu.Unlock()
	if now.After(se.seen) {
		se.seen = now
	}
	if now.Sub(se.written) < seenEvery {
		return false
	}
	se.written = now
	return true
}

// Method is how somebody proved who they are when a session began.
type Method string

// The methods.
const (
	MethodPassword Method = "password"
	MethodLink     Method = "link" // a one-time link
	MethodTOTP     Method = "totp"
	MethodPasskey  Method = "passkey"
	MethodRecovery Method = "recovery"
	MethodSSO      Method = "sso"
	MethodSSOMFA   Method = "sso_mfa" // the identity provider asked for a second factor
)

// Methods lists every method.
func Methods() []Method {
	return []Method{MethodPassword, MethodLink, MethodTOTP, MethodPasskey, MethodRecovery, MethodSSO, MethodSSOMFA}
}

// Strong says whether the method includes a second factor.
func (m Method) Strong() bool {
	return m == MethodTOTP || m == MethodPasskey || m == MethodRecovery || m == MethodSSOMFA
}

// Label is the method in words.
func (m Method) Label() string {
	switch m {
	case MethodPassword:
		return "Password"
	case MethodLink:
		return "One-time link"
	case MethodTOTP:
		return "Authenticator app as second factor"
	case MethodPasskey:
		return "Passkey as second factor"
	case MethodRecovery:
		return "Recovery code as second factor"
	case MethodSSO, MethodSSOMFA:
		return "Single sign-on"
	}
	return string(m)
}

// StartSession begins a session of a person who has just proved who they are
// and returns its ID and its secret. Only the secret's hash is stored. by names
// the person and carries the request's reference; device is the browser in
// words ("Firefox on Linux"), for the person's own list. Kinds: NotFound.
func (s *Store) StartSession(ctx context.Context, by Actor, method Method, device string) (id, secret string, err error) {
	id, secret = newID("se-", 20), newSecret()
	err = s.inTx(ctx, by, func(t *tx) error {
		u, err := t.user(by.UserID)
		if err != nil {
			return err
		}
		t.actAs(u)
		if _, err := t.exec("DELETE FROM sessions WHERE user_id = ? AND expires_at < ?", u.ID, at(t.now.AddDate(0, 0, -30))); err != nil {
			return err
		}
		if _, err := t.exec("INSERT INTO sessions (id, secret_hash, user_id, created_at, last_seen_at, expires_at, method, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			id, hashSecret(secret), u.ID, at(t.now), at(t.now), at(t.now.Add(SessionLimit)), method, device); err != nil {
			return err
		}
		return t.event(userSubject(u.ID), u.AccountID, "sign_in", lifecycle.None, lifecycle.None, "", method.Label())
	})
	if err != nil {
		return "", "", err
	}
	return id, secret, nil
}

// SessionUser is the person of a session, which is in use by that. A request of a
// session in use asks the database nothing. Kinds: Unauthenticated, with the
// reason as Msg when the session was there but is over; Unavailable.
func (s *Store) SessionUser(ctx context.Context, id, secret string) (User, error) {
	return s.sessionUser(ctx, id, secret, true)
}

// SessionUserUnused is SessionUser for what a page asks by itself: nobody used
// the session by that, so that a page which is left open does not keep it alive.
func (s *Store) SessionUserUnused(ctx context.Context, id, secret string) (User, error) {
	return s.sessionUser(ctx, id, secret, false)
}

func (s *Store) sessionUser(ctx context.Context, id, secret string, used bool) (User, error) {
	now := s.Now()
	se, u, known, epoch := s.sessions.lookup(id)
	if se == nil {
		se = &session{}
		var seen, expires, revoked instant
		err := s.get(ctx, "SELECT s.secret_hash, s.user_id, s.method, s.last_seen_at, s.expires_at, s.revoked_at, s.viewing, COALESCE(a.name, '') FROM sessions s LEFT JOIN accounts a ON a.id = s.viewing WHERE s.id = ?", []any{id},
			&se.secretHash, &se.userID, &se.method, &seen, &expires, &revoked, &se.viewing, &se.viewingName)
		if errors.Is(err, sql.ErrNoRows) {
			return User{}, unauthenticated(msgNotSignedIn)
		}
		if err != nil {
			return User{}, unavailable(err)
		}
		if !revoked.IsZero() {
			return User{}, unauthenticated(msgNotSignedIn)
		}
		se.seen, se.written, se.expires = seen.Time, seen.Time, expires.Time
	}
	if subtle.ConstantTimeCompare([]byte(se.secretHash), []byte(hashSecret(secret))) != 1 {
		return User{}, unauthenticated(msgNotSignedIn)
	}
	if why := se.over(now); why != "" {
		return User{}, unauthenticated(why)
	}
	if !known {
		var err error
		if u, err = s.userWhere(ctx, "u.id = ?", se.userID); err != nil {
			return User{}, unavailable(err)
		}
		se = s.sessions.keep(id, se, u, epoch, now)
	}
	if used && se.touch(now) {
		s.sessions.writes.Go(func() { s.writeSeen(id, now) })
	}
	u.Strong, u.SignedInAt = se.method.Strong(), se.expires.Add(-SessionLimit)
	if se.viewing != "" {
		u.StaffRole, u.Role, u.AccountID, u.AccountName = u.Role, lifecycle.Viewer, se.viewing, se.viewingName
		if !lifecycle.May(lifecycle.ViewAsCustomer, u.StaffRole) {
			return User{}, unauthenticated(msgNotSignedIn)
		}
	}
	return u, nil
}

// writeSeen runs outside the request that it is about. A lost write only
// makes the session end a minute early after a restart.
func (s *Store) writeSeen(id string, now time.Time) {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		_, err := t.exec("UPDATE sessions SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?", at(now), id, at(now))
		return err
	})
	if err != nil {
		s.log.Debug("session use was not written", "error", err)
	}
}

// EndSession ends one session of the actor: its cookie opens nothing any more,
// on any machine. A session that is over already stays so.
func (s *Store) EndSession(ctx context.Context, by Actor, id string) error {
	return s.inTx(ctx, by, func(t *tx) error {
		t.after(func() { t.s.sessions.forgetSessions(id) })
		res, err := t.exec("UPDATE sessions SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at IS NULL", at(t.now), id, by.UserID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return t.event(userSubject(by.UserID), by.AccountID, "sign_out", lifecycle.None, lifecycle.None, "", "")
	})
}

// EndAllSessions ends every session of somebody, whose device was lost, for
// example: for administrators. Kinds: Forbidden, NotFound.
func (s *Store) EndAllSessions(ctx context.Context, by Actor, userID string) (u User, err error) {
	if !lifecycle.May(lifecycle.ManageSignIn, by.Role) {
		return User{}, forbidden(msgAdminOnly)
	}
	err = s.inTx(ctx, by, func(t *tx) error {
		if u, err = t.user(userID); err != nil {
			return err
		}
		return t.endAllSessions(userID)
	})
	return u, err
}

func (t *tx) endAllSessions(userID string) error { return t.endOtherSessions(userID, "") }

// endOtherSessions ends the person's sessions but the one with the ID kept, and
// every sign-in that waits for their second factor.
func (t *tx) endOtherSessions(userID, kept string) error {
	if _, err := t.exec("DELETE FROM sign_in_steps WHERE user_id = ? AND kind = ?", userID, StepSecondFactor); err != nil {
		return err
	}
	rows, err := t.query("UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND id <> ? AND revoked_at IS NULL RETURNING id", at(t.now), userID, kept)
	if err != nil {
		return err
	}
	ids, err := collect(rows, func(r scanner) (string, error) {
		var id string
		err := r.Scan(&id)
		return id, err
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	t.after(func() { t.s.sessions.forgetSessions(ids...) })
	u, err := t.user(userID)
	if err != nil {
		return err
	}
	return t.event(userSubject(userID), u.AccountID, "end_sessions", lifecycle.None, lifecycle.None, "", countWords(len(ids), "session"))
}

// SignedIn is one session that still lasts, as its person sees it.
type SignedIn struct {
	ID         string
	Method     Method
	Device     string
	CreatedAt  time.Time
	LastSeenAt time.Time
}

// Sessions lists the sessions of a person that still last, newest use first.
// Kinds: Unavailable.
func (s *Store) Sessions(ctx context.Context, userID string) ([]SignedIn, error) {
	now := s.Now()
	all, err := list(ctx, s, func(r scanner) (v SignedIn, err error) {
		var created, seen instant
		err = r.Scan(&v.ID, &v.Method, &v.Device, &created, &seen)
		v.CreatedAt, v.LastSeenAt = created.Time, seen.Time
		return v, err
	}, "SELECT id, method, device, created_at, last_seen_at FROM sessions WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ? AND last_seen_at > ? ORDER BY user_id, id",
		userID, at(now), at(now.Add(-IdleLimit-seenEvery)))
	if err != nil {
		return nil, unavailable(err)
	}
	slices.SortStableFunc(all, func(a, b SignedIn) int { return b.LastSeenAt.Compare(a.LastSeenAt) })
	return all, nil
}

// EndOtherSessions ends every session of the actor but the one named.
func (s *Store) EndOtherSessions(ctx context.Context, by Actor, kept string) error {
	return s.inTx(ctx, by, func(t *tx) error { return t.endOtherSessions(by.UserID, kept) })
}

// CookieKeys are the keys that sign and encrypt the browser's cookie, made at
// the first call. Who reads them can still not enter: a session's secret is not
// in the database.
func (s *Store) CookieKeys(ctx context.Context) (sign, encrypt []byte, err error) {
	err = s.inTx(ctx, systemActor(), func(t *tx) error {
		for name, key := range map[string]*[]byte{"cookie_sign_key": &sign, "cookie_encrypt_key": &encrypt} {
			fresh := make([]byte, 32)
			rand.Read(fresh)
			if _, err := t.exec("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, base64.StdEncoding.EncodeToString(fresh)); err != nil {
				return err
			}
			var text string
			if err := t.row("SELECT value FROM settings WHERE name = ?", name).Scan(&text); err != nil {
				return err
			}
			var err error
			if *key, err = base64.StdEncoding.DecodeString(text); err != nil || len(*key) != 32 {
				return fmt.Errorf("setting %s is damaged: %w", name, errors.Join(err, errors.New("32 bytes expected")))
			}
		}
		return nil
	})
	return sign, encrypt, err
}

func unauthenticated(msg string) error { return &Error{Kind: Unauthenticated, Msg: msg} }
