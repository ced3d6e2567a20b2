package store

import (
	"errors"
	"testing"

	"demarc/store/lifecycle"
)

func (s *Store) mustTell(t *testing.T, f func(*tx) error) {
	t.Helper()
	if err := s.inTx(t.Context(), systemActor(), f); err != nil {
		t.Fatal(err)
	}
}

// checkUnread compares the kept count with the messages themselves.
func checkUnread(t *testing.T, s *Store, u User, want int) {
	t.Helper()
	got, err := s.UserByEmail(t.Context(), u.Email)
	if err != nil {
		t.Fatal(err)
	}
	var counted int
	if err := s.read.QueryRow("SELECT COUNT(*) FROM messages WHERE user_id = ? AND read_at IS NULL", u.ID).Scan(&counted); err != nil {
		t.Fatal(err)
	}
	if got.Unread != want || counted != want {
		t.Errorf("%s: %d unread kept, %d counted, want %d", u.Email, got.Unread, counted, want)
	}
}

func TestMessagesGoToThoseMeant(t *testing.T) {
	s, _, account := people(t)
	second, err := s.CreateAccount(t.Context(), systemActor(), "Southwind Logistics", "")
	if err != nil {
		t.Fatal(err)
	}
	a := s.mustUser(t, "a@n.example", lifecycle.Owner, account, "")
	b := s.mustUser(t, "b@n.example", lifecycle.Owner, account, "")
	c := s.mustUser(t, "c@s.example", lifecycle.Owner, second, "")
	rev := s.mustUser(t, "r@cloud.example", lifecycle.Reviewer, "", "")
	admin := s.mustUser(t, "admin@cloud.example", lifecycle.Administrator, "", "")
	id, secret := startSession(t, s, a)
	if u, err := s.SessionUser(t.Context(), id, secret); err != nil || u.Unread != 0 {
		t.Fatal(u.Unread, err)
	}

	s.mustTell(t, func(t *tx) error { return t.tellAccount(account, "pc-1", "LOA approved", "The letter is issued.") })
	s.mustTell(t, func(t *tx) error { return t.tellRole(lifecycle.Reviewer, "pc-1", "LOA application to review", "x") })
	for u, n := range map[*User]int{&a: 1, &b: 1, &c: 0, &rev: 1, &admin: 0} {
		checkUnread(t, s, *u, n)
	}
	if u, err := s.SessionUser(t.Context(), id, secret); err != nil || u.Unread != 1 {
		t.Errorf("the session still says %d unread (%v)", u.Unread, err)
	}

	// A transaction that fails tells nobody.
	boom := errors.New("boom")
	err = s.inTx(t.Context(), systemActor(), func(t *tx) error {
		if err := t.tellAccount(account, "pc-1", "no", "no"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	checkUnread(t, s, a, 1)
}

func TestReadMessages(t *testing.T) {
	s, _, account := people(t)
	ctx := t.Context()
	a := s.mustUser(t, "a@n.example", lifecycle.Owner, account, "")
	b := s.mustUser(t, "b@n.example", lifecycle.Owner, account, "")
	for range 5 {
		s.mustTell(t, func(t *tx) error { return t.tellAccount(account, "pc-1", "Title", "Body") })
	}
	page, err := s.Messages(ctx, a.ID, 0, 2)
	if err != nil || len(page) != 2 || page[0].Seq != 5 || page[1].Seq != 4 || page[0].Read {
		t.Fatalf("%+v, %v", page, err)
	}
	page, err = s.Messages(ctx, a.ID, page[1].Seq, 10)
	if err != nil || len(page) != 3 || page[0].Seq != 3 {
		t.Fatalf("%+v, %v", page, err)
	}
	for range 2 { // the second time changes nothing
		m, err := s.ReadMessage(ctx, a.ID, 2)
		if err != nil || !m.Read || m.Subject != "pc-1" {
			t.Fatalf("%+v, %v", m, err)
		}
		checkUnread(t, s, a, 4)
	}
	_, err = s.ReadMessage(ctx, a.ID, 99)
	wantKind(t, err, NotFound)
	// Up to what the page showed, not what came since.
	if err := s.ReadMessages(ctx, a.ID, 4); err != nil {
		t.Fatal(err)
	}
	checkUnread(t, s, a, 1)
	checkUnread(t, s, b, 5)
	if err := s.ReadMessages(ctx, a.ID, 4); err != nil {
		t.Fatal(err)
	}
	checkUnread(t, s, a, 1)
}
