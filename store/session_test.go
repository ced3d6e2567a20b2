package store

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"demarc/store/lifecycle"
)

func startSession(t *testing.T, s *Store, u User) (id, secret string) {
	t.Helper()
	id, secret, err := s.StartSession(t.Context(), Actor{UserID: u.ID, RequestID: "req"}, MethodPassword, "Test")
	if err != nil {
		t.Fatal(err)
	}
	return id, secret
}

func TestSession(t *testing.T) {
	s, _, account := people(t)
	ctx := t.Context()
	u := s.mustUser(t, "o@x.example", lifecycle.Owner, account, "")
	other := s.mustUser(t, "p@x.example", lifecycle.Owner, account, "")
	id, secret := startSession(t, s, u)
	got, err := s.SessionUser(ctx, id, secret)
	if err != nil || got.ID != u.ID || got.AccountName != "Northwind Trading" {
		t.Fatalf("%+v, %v", got, err)
	}
	var stored string
	if err := s.read.QueryRow("SELECT secret_hash FROM sessions WHERE id = ?", id).Scan(&stored); err != nil || stored == secret {
		t.Errorf("the secret itself is stored (%v)", err)
	}
	for _, c := range [][2]string{{id, ""}, {id, secret + "x"}, {id, stored}, {"", secret}, {"se-none", secret}, {strings.ToUpper(id), secret}} {
		_, err := s.SessionUser(ctx, c[0], c[1])
		wantKind(t, err, Unauthenticated)
	}

	// Each sign-in is a session of its own, and only its own person ends it.
	id2, secret2 := startSession(t, s, u)
	if id2 == id || secret2 == secret {
		t.Fatal("two sign-ins share a session")
	}
	if b, err := base64.RawURLEncoding.DecodeString(secret); err != nil || len(b) != 32 {
		t.Errorf("a secret of %d bytes, want 256 bits; %v", len(b), err)
	}
	if err := s.EndSession(ctx, actorOf(other), id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SessionUser(ctx, id, secret); err != nil {
		t.Errorf("somebody else ended the session: %v", err)
	}
	if err := s.EndSession(ctx, actorOf(u), id); err != nil {
		t.Fatal(err)
	}
	_, err = s.SessionUser(ctx, id, secret)
	wantKind(t, err, Unauthenticated)
	if _, err := s.SessionUser(ctx, id2, secret2); err != nil {
		t.Errorf("the other session ended too: %v", err)
	}
	if err := s.EndSession(ctx, actorOf(u), id); err != nil {
		t.Errorf("ending twice: %v", err)
	}
	for _, by := range []Actor{systemActor(), actorOf(u), {UserID: "us-o", Role: lifecycle.Owner, AccountID: u.AccountID}, {UserID: "us-r", Role: lifecycle.Reviewer}} {
		if _, err := s.EndAllSessions(ctx, by, u.ID); KindOf(err) != Forbidden {
			t.Errorf("a %s ends sessions of others: %v", by.Role, err)
		}
	}
	if _, err := s.EndAllSessions(ctx, Actor{UserID: "us-a", Role: lifecycle.Administrator}, u.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.SessionUser(ctx, id2, secret2)
	wantKind(t, err, Unauthenticated)
	if got := eventActions(t, s, "user:"+u.ID); got != "create_user sign_in sign_in sign_out end_sessions" {
		t.Errorf("events %q", got)
	}
	_, _, err = s.StartSession(ctx, Actor{UserID: "us-none"}, MethodPassword, "Test")
	wantKind(t, err, NotFound)
}

func TestSessionIdleLimit(t *testing.T) {
	for _, role := range []lifecycle.Role{lifecycle.Owner, lifecycle.Administrator} {
		s, clk, account := people(t)
		if role.IsStaff() {
			account = ""
		}
		u := s.mustUser(t, "o@x.example", role, account, "")
		id, secret := startSession(t, s, u)
		for range 4 {
			clk.move(IdleLimit - time.Second)
			if _, err := s.SessionUser(t.Context(), id, secret); err != nil {
				t.Fatalf("%s: a session in use ended: %v", role, err)
			}
		}
		clk.move(IdleLimit)
		_, err := s.SessionUser(t.Context(), id, secret)
		wantKind(t, err, Unauthenticated)
		if MessageOf(err) != "You were signed out after 30 minutes without activity." {
			t.Errorf("%s: %q", role, MessageOf(err))
		}
	}
}

func TestSessionAbsoluteLimit(t *testing.T) {
	s, clk, account := people(t)
	u := s.mustUser(t, "o@x.example", lifecycle.Owner, account, "")
	id, secret := startSession(t, s, u)
	for used := time.Duration(0); used < SessionLimit-20*time.Minute; used += 20 * time.Minute {
		clk.move(20 * time.Minute)
		if _, err := s.SessionUser(t.Context(), id, secret); err != nil {
			t.Fatalf("after %s: %v", used, err)
		}
	}
	clk.move(20 * time.Minute)
	_, err := s.SessionUser(t.Context(), id, secret)
	wantKind(t, err, Unauthenticated)
	if !strings.Contains(MessageOf(err), "12 hours") {
		t.Errorf("%q", MessageOf(err))
	}
}

// The limits hold across a restart: the time of the last use is in the row.
func TestSessionSurvivesTheCache(t *testing.T) {
	s, clk, account := people(t)
	u := s.mustUser(t, "o@x.example", lifecycle.Owner, account, "")
	id, secret := startSession(t, s, u)
	clk.move(20 * time.Minute)
	if _, err := s.SessionUser(t.Context(), id, secret); err != nil {
		t.Fatal(err)
	}
	s.sessions.writes.Wait()
	forget := func() { s.sessions.sessions, s.sessions.users = nil, nil }
	forget()
	clk.move(20 * time.Minute)
	if _, err := s.SessionUser(t.Context(), id, secret); err != nil {
		t.Errorf("the last use was not written: %v", err)
	}
	s.sessions.writes.Wait()
	forget()
	clk.move(IdleLimit)
	_, err := s.SessionUser(t.Context(), id, secret)
	wantKind(t, err, Unauthenticated)
}

// A request of a session in use reads nothing and writes at most once a minute.
func TestSessionIsCheap(t *testing.T) {
	s, clk, account := people(t)
	u := s.mustUser(t, "o@x.example", lifecycle.Owner, account, "")
	id, secret := startSession(t, s, u)
	ctx := t.Context()
	if _, err := s.SessionUser(ctx, id, secret); err != nil {
		t.Fatal(err)
	}
	var before int
	if err := s.write.QueryRow("SELECT total_changes()").Scan(&before); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		clk.move(time.Second)
		if _, err := s.SessionUser(ctx, id, secret); err != nil {
			t.Fatal(err)
		}
	}
	s.sessions.writes.Wait()
	var after int
	if err := s.write.QueryRow("SELECT total_changes()").Scan(&after); err != nil {
		t.Fatal(err)
	}
	if after != before {
		t.Errorf("%d writes within a minute", after-before)
	}
	if n := testing.AllocsPerRun(100, func() { s.SessionUser(ctx, id, secret) }); n > 4 {
		t.Errorf("%.0f allocations for a session in memory", n)
	}
}

// What was read before a sign-out must not be kept after it.
func TestCacheKeepsNothingReadBeforeAChange(t *testing.T) {
	var c sessionCache
	now := time.Now()
	_, _, _, epoch := c.lookup("a")
	c.forgetSessions("a")
	c.keep("a", &session{userID: "u", seen: now, expires: now.Add(time.Hour)}, User{ID: "u"}, epoch, now)
	if se, _, _, _ := c.lookup("a"); se != nil {
		t.Error("a revoked session came back into the cache")
	}
}

func TestCacheIsBounded(t *testing.T) {
	var c sessionCache
	now := time.Now()
	for i := range sessionsHeld + 10 {
		id := newID("se-", 12)
		seen := now
		if i%2 == 0 {
			seen = now.Add(-time.Hour)
		}
		c.keep(id, &session{userID: id, seen: seen, expires: now.Add(time.Hour)}, User{ID: id}, 0, now)
	}
	if len(c.sessions) > sessionsHeld || len(c.users) > sessionsHeld {
		t.Errorf("%d sessions and %d users held", len(c.sessions), len(c.users))
	}
	if len(c.sessions) < sessionsHeld/4 {
		t.Errorf("live sessions were thrown out with the old ones: %d left", len(c.sessions))
	}
}

func TestCookieKeys(t *testing.T) {
	s, _, _ := people(t)
	a, b, err := s.CookieKeys(t.Context())
	if err != nil || len(a) != 32 || len(b) != 32 || string(a) == string(b) {
		t.Fatal(len(a), len(b), err)
	}
	a2, b2, err := s.CookieKeys(t.Context())
	if err != nil || string(a) != string(a2) || string(b) != string(b2) {
		t.Error("the keys change: everybody would be signed out at a restart")
	}
}
