package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"demarc/store/lifecycle"
)

// clock is a store's time, moved by hand.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(0, c.ns.Load()) }

func (c *clock) move(d time.Duration) { c.ns.Add(int64(d)) }

const testPassword = "a long enough password"

// people opens an empty store with an account and a clock.
func people(t *testing.T) (*Store, *clock, string) {
	t.Helper()
	c := &clock{}
	c.ns.Store(time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC).UnixNano())
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Now: c.now, Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.sessions.writes.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	account, err := s.CreateAccount(t.Context(), systemActor(), "Northwind Trading", "")
	if err != nil {
		t.Fatal(err)
	}
	return s, c, account
}

func (s *Store) mustUser(t *testing.T, email string, role lifecycle.Role, account, password string) User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), NewUser{Email: email, Name: "Lin Wei", Role: role, AccountID: account}, password)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func actorOf(u User) Actor {
	return Actor{UserID: u.ID, Name: u.Name, Email: u.Email, Role: u.Role, AccountID: u.AccountID, RequestID: "req"}
}

func wantKind(t *testing.T, err error, kind Kind) {
	t.Helper()
	if KindOf(err) != kind {
		t.Fatalf("error %v has kind %d, want %d", err, KindOf(err), kind)
	}
}

func eventActions(t *testing.T, s *Store, subject string) string {
	t.Helper()
	events, err := s.Timeline(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := len(events) - 1; i >= 0; i-- {
		out = append(out, events[i].Action)
	}
	return strings.Join(out, " ")
}

func TestAuthenticate(t *testing.T) {
	s, _, account := people(t)
	u := s.mustUser(t, " Owner@Northwind.example ", lifecycle.Owner, account, testPassword)
	if u.Email != "owner@northwind.example" || u.AccountName != "Northwind Trading" || !u.HasPassword {
		t.Errorf("created %+v", u)
	}
	s.mustUser(t, "invited@northwind.example", lifecycle.Owner, account, "")
	got, err := s.Authenticate(t.Context(), "OWNER@northwind.example", testPassword)
	if err != nil || got.ID != u.ID {
		t.Fatalf("right password: %+v, %v", got, err)
	}
	var msgs []string
	for _, c := range []struct{ email, password string }{
		{"owner@northwind.example", testPassword + "x"},
		{"owner@northwind.example", ""},
		{"nobody@northwind.example", testPassword},
		{"invited@northwind.example", ""},
		{"invited@northwind.example", testPassword},
		{"", ""},
		{"' OR 1=1 --", "x"},
	} {
		_, err := s.Authenticate(t.Context(), c.email, c.password)
		wantKind(t, err, Unauthenticated)
		msgs = append(msgs, err.Error())
	}
	for _, m := range msgs {
		if m != "The account name or the password is not correct." {
			t.Errorf("answer %q tells more than the others", m)
		}
	}
}

func TestUnknownNameCostsTheSameHash(t *testing.T) {
	p, _, _, err := argon2id.DecodeHash(nobodyHash)
	if err != nil || *p != *passwordCost {
		t.Errorf("the hash for nobody costs %+v (%v), a real one %+v", p, err, passwordCost)
	}
	// What web/SECURITY.md says that they cost.
	if passwordCost.Memory < 64*1024 || passwordCost.Iterations < 1 || passwordCost.SaltLength < 16 || passwordCost.KeyLength < 32 || recoveryNow.memory < 12*1024 || recoveryNow.passes < 3 {
		t.Errorf("a password costs %+v, a recovery code %+v", passwordCost, recoveryNow)
	}
}

func TestHashesAreBounded(t *testing.T) {
	var g passwordGate
	var leave []func()
	for range 2 {
		l, err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.enter(ctx); KindOf(err) != Unavailable {
		t.Errorf("a third hash was let in: %v", err)
	}
	leave[0]()
	if _, err := g.enter(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCreateUserRules(t *testing.T) {
	s, _, account := people(t)
	s.mustUser(t, "a@x.example", lifecycle.Reviewer, "", "")
	for name, c := range map[string]struct {
		n        NewUser
		password string
		field    string
	}{
		"no address":            {NewUser{Name: "A", Role: lifecycle.Reviewer}, "", "email"},
		"broken address":        {NewUser{Email: "a b@x", Name: "A", Role: lifecycle.Reviewer}, "", "email"},
		"address with a name":   {NewUser{Email: "A <a@y.example>", Name: "A", Role: lifecycle.Reviewer}, "", "email"},
		"taken, in other case":  {NewUser{Email: "A@X.example", Name: "A", Role: lifecycle.Reviewer}, "", "email"},
		"no name":               {NewUser{Email: "b@x.example", Role: lifecycle.Reviewer}, "", "name"},
		"long name":             {NewUser{Email: "b@x.example", Name: strings.Repeat("王", 65), Role: lifecycle.Reviewer}, "", "name"},
		"no role":               {NewUser{Email: "b@x.example", Name: "B"}, "", "role"},
		"the system":            {NewUser{Email: "b@x.example", Name: "B", Role: lifecycle.System}, "", "role"},
		"customer of nobody":    {NewUser{Email: "b@x.example", Name: "B", Role: lifecycle.Owner}, "", "account"},
		"customer of no such":   {NewUser{Email: "b@x.example", Name: "B", Role: lifecycle.Owner, AccountID: "acc-none"}, "", "account"},
		"staff with an account": {NewUser{Email: "b@x.example", Name: "B", Role: lifecycle.Finance, AccountID: account}, "", "account"},
		"short password":        {NewUser{Email: "b@x.example", Name: "B", Role: lifecycle.Finance}, "123456789", "password"},
		"long password":         {NewUser{Email: "b@x.example", Name: "B", Role: lifecycle.Finance}, strings.Repeat("ab", 65), "password"},
		"common password":       {NewUser{Email: "b@x.example", Name: "B", Role: lifecycle.Finance}, "Password123", "password"},
		"one letter":            {NewUser{Email: "b@x.example", Name: "B", Role: lifecycle.Finance}, "zzzzzzzzzzzz", "password"},
	} {
		_, err := s.CreateUser(t.Context(), c.n, c.password)
		if KindOf(err) != Invalid || FieldsOf(err)[c.field] == "" {
			t.Errorf("%s: %v %v, want a message at %s", name, err, FieldsOf(err), c.field)
		}
	}
	staff, err := s.Staff(t.Context())
	if err != nil || len(staff) != 1 {
		t.Errorf("refused people were added: %v %v", staff, err)
	}
}

// Whoever chooses a password, by a link or in place of another one, cannot take
// what others would try first for them.
func TestGuessablePasswordsAreRefused(t *testing.T) {
	s, _, account := people(t)
	ctx := t.Context()
	admin := actorOf(s.mustUser(t, "admin@x.example", lifecycle.Administrator, "", testPassword))
	link, err := s.Invite(ctx, admin, NewUser{Email: "lin@fjordlines.example", Name: "Lin Xiaomei", Role: lifecycle.Owner, AccountID: account})
	if err != nil {
		t.Fatal(err)
	}
	changed := s.mustUser(t, "lin@x.example", lifecycle.Reviewer, "", testPassword)
	company, err := s.User(ctx, s.mustUser(t, "other@x.example", lifecycle.Viewer, account, "").ID)
	if err != nil || company.AccountName == "" {
		t.Fatal(company, err)
	}
	for _, word := range []string{"manchester", "Password123", "demarc-2026", "Fjordlines99", "Xiaomei-2026", company.AccountName + "-1", "lin@fjordlines.example"} {
		if _, err := s.AcceptInvitation(ctx, link.Token, "req", "Lin Xiaomei", "", word); FieldsOf(err)["password"] == "" {
			t.Errorf("%q was chosen by a link: %v", word, err)
		}
	}
	for _, word := range []string{"manchester", "Password123", "demarc-2026", changed.Name + "--------", "lin@x.example"} {
		if err := s.ChangePassword(ctx, actorOf(changed), "", word); FieldsOf(err)["password"] == "" {
			t.Errorf("%q replaced another: %v", word, err)
		}
	}
	if _, err := s.Authenticate(ctx, changed.Email, testPassword); err != nil {
		t.Errorf("the old one: %v", err)
	}
	// Many characters, of any kind, exactly as typed.
	long := "  Ünï 四 " + strings.Repeat("aB3 ", 30)
	if err := s.ChangePassword(ctx, actorOf(changed), "", long); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{strings.ToLower(long), strings.TrimSpace(long), long[:72], long + " "} {
		if _, err := s.Authenticate(ctx, changed.Email, other); KindOf(err) != Unauthenticated {
			t.Errorf("%q opens too: %v", other, err)
		}
	}
	if _, err := s.Authenticate(ctx, changed.Email, long); err != nil {
		t.Error(err)
	}
}

// A password that nobody changed opens after years too.
func TestPasswordsDoNotExpire(t *testing.T) {
	s, clock, _ := people(t)
	u := s.mustUser(t, "u@x.example", lifecycle.Reviewer, "", testPassword)
	clock.move(10 * 365 * 24 * time.Hour)
	if _, err := s.Authenticate(t.Context(), u.Email, testPassword); err != nil {
		t.Error(err)
	}
}

func TestInvitation(t *testing.T) {
	s, clk, account := people(t)
	ctx := t.Context()
	admin := s.mustUser(t, "admin@cloud.example", lifecycle.Administrator, "", testPassword)
	for _, r := range []lifecycle.Role{lifecycle.Owner, lifecycle.Reviewer, lifecycle.Technician, lifecycle.Finance, lifecycle.System} {
		_, err := s.Invite(ctx, Actor{UserID: "x", Role: r}, NewUser{Email: "n@x.example", Name: "N", Role: lifecycle.Reviewer})
		wantKind(t, err, Forbidden)
		_, _, err = s.NewLink(ctx, Actor{UserID: "x", Role: r}, admin.ID)
		if r.IsCustomer() { // to them there is nobody with the ID of staff
			wantKind(t, err, NotFound)
		} else {
			wantKind(t, err, Forbidden)
		}
	}
	invited, err := s.Invite(ctx, actorOf(admin), NewUser{Email: "n@x.example", Name: "N", Role: lifecycle.Owner, AccountID: account})
	if err != nil {
		t.Fatal(err)
	}
	token := invited.Token
	var stored string
	if err := s.read.QueryRow("SELECT token_hash FROM invitations").Scan(&stored); err != nil || stored == token || strings.Contains(stored, token) {
		t.Errorf("the token itself is stored: %q, %v", stored, err)
	}
	if b, err := base64.RawURLEncoding.DecodeString(token); err != nil || len(b) != 32 {
		t.Errorf("a token of %d bytes, want 256 bits; %v", len(b), err)
	}
	inv, err := s.Invitation(ctx, token)
	if err != nil || inv.Email != "n@x.example" || inv.Role != lifecycle.Owner {
		t.Fatalf("%+v, %v", inv, err)
	}
	for _, bad := range []string{"", "nonsense", stored, token + "x"} {
		_, err := s.Invitation(ctx, bad)
		wantKind(t, err, NotFound)
	}
	_, err = s.AcceptInvitation(ctx, token, "req", "", "", "short")
	if f := FieldsOf(err); f["name"] == "" || f["password"] == "" || f["email"] != "" {
		t.Errorf("messages %v", f)
	}
	// The invited person cannot take another address.
	u, err := s.AcceptInvitation(ctx, token, "req", "Ning", "admin@cloud.example", testPassword)
	if err != nil || u.Email != "n@x.example" || u.Name != "Ning" || !u.HasPassword {
		t.Fatalf("%+v, %v", u, err)
	}
	if _, err := s.Authenticate(ctx, "n@x.example", testPassword); err != nil {
		t.Error(err)
	}
	_, err = s.AcceptInvitation(ctx, token, "req", "Ning", "", "another long password")
	wantKind(t, err, NotFound)
	if got := eventActions(t, s, "user:"+u.ID); got != "invite set_password" {
		t.Errorf("events %q", got)
	}

	// A new link for somebody with a password: it resets, and ends sessions.
	id, secret, err := s.StartSession(ctx, actorOf(u), MethodPassword, "Test")
	if err != nil {
		t.Fatal(err)
	}
	_, firstLink, err := s.NewLink(ctx, actorOf(admin), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, secondLink, err := s.NewLink(ctx, actorOf(admin), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	first, second := firstLink.Token, secondLink.Token
	_, err = s.Invitation(ctx, first)
	wantKind(t, err, NotFound)
	if _, err := s.SessionUser(ctx, id, secret); err != nil {
		t.Errorf("an unused link ended the session: %v", err)
	}
	if _, err := s.AcceptInvitation(ctx, second, "req", "Ning", "", "another long password"); err != nil {
		t.Fatal(err)
	}
	_, err = s.SessionUser(ctx, id, secret)
	wantKind(t, err, Unauthenticated)
	_, err = s.Authenticate(ctx, "n@x.example", testPassword)
	wantKind(t, err, Unauthenticated)

	// It opens for an hour.
	_, thirdLink, err := s.NewLink(ctx, actorOf(admin), u.ID)
	if err != nil || !thirdLink.Reset || thirdLink.Mailed {
		t.Fatal(thirdLink, err)
	}
	third := thirdLink.Token
	clk.move(ResetLimit - time.Second)
	if _, err := s.Invitation(ctx, third); err != nil {
		t.Error(err)
	}
	clk.move(time.Second)
	_, err = s.AcceptInvitation(ctx, third, "req", "Ning", "", testPassword)
	wantKind(t, err, NotFound)
}

func TestInvitationHasOneWinner(t *testing.T) {
	s, _, _ := people(t)
	token, ok, err := s.FirstAdministratorLink(t.Context())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			_, err := s.AcceptInvitation(t.Context(), token, "req", "Ada", "ada@cloud.example", testPassword)
			switch KindOf(err) {
			case NotFound:
				lost.Add(1)
			case 0:
				won.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 5 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
}

func TestFirstAdministrator(t *testing.T) {
	s, _, _ := people(t)
	ctx := t.Context()
	first, ok, err := s.FirstAdministratorLink(ctx)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	second, ok, err := s.FirstAdministratorLink(ctx)
	if err != nil || !ok || first == second {
		t.Fatal(ok, err)
	}
	_, err = s.Invitation(ctx, first)
	wantKind(t, err, NotFound)
	inv, err := s.Invitation(ctx, second)
	if err != nil || inv.UserID != "" || inv.Role != lifecycle.Administrator {
		t.Fatalf("%+v, %v", inv, err)
	}
	_, err = s.AcceptInvitation(ctx, second, "req", "Ada", "", testPassword)
	if FieldsOf(err)["email"] == "" {
		t.Errorf("no message at email: %v", err)
	}
	u, err := s.AcceptInvitation(ctx, second, "req", "Ada", "ada@cloud.example", testPassword)
	if err != nil || u.Role != lifecycle.Administrator {
		t.Fatal(u, err)
	}
	if token, ok, err := s.FirstAdministratorLink(ctx); ok || token != "" || err != nil {
		t.Errorf("there is another first administrator: %v %v", ok, err)
	}
	// The people of an account are listed without those of another.
	if users, err := s.AccountUsers(ctx, "acc-none"); err != nil || len(users) != 0 {
		t.Error(users, err)
	}
}

func TestThemeReachesTheSession(t *testing.T) {
	s, _, account := people(t)
	ctx := t.Context()
	u := s.mustUser(t, "o@x.example", lifecycle.Owner, account, "")
	id, secret, err := s.StartSession(ctx, actorOf(u), MethodPassword, "Test")
	if err != nil {
		t.Fatal(err)
	}
	for _, theme := range []string{"dark", "light", ""} {
		if err := s.SetTheme(ctx, actorOf(u), theme); err != nil {
			t.Fatal(err)
		}
		if got, err := s.SessionUser(ctx, id, secret); err != nil || got.Theme != theme {
			t.Errorf("theme %q, want %q (%v)", got.Theme, theme, err)
		}
	}
	wantKind(t, s.SetTheme(ctx, actorOf(u), "pink"), Invalid)
}

func TestUserByEmail(t *testing.T) {
	s, _, _ := people(t)
	u := s.mustUser(t, "o@x.example", lifecycle.Finance, "", "")
	if got, err := s.UserByEmail(t.Context(), "O@X.example"); err != nil || got.ID != u.ID {
		t.Error(got, err)
	}
	_, err := s.UserByEmail(t.Context(), "p@x.example")
	wantKind(t, err, NotFound)
	if errors.Is(err, sql.ErrNoRows) {
		t.Error("the database's own error leaks")
	}
}
