package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"demarc/store/lifecycle"
)

// code is what an authenticator app shows at a moment.
func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCodeCustom(secret, at, totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withApp is a person with a confirmed authenticator app, whose first code was
// used at the clock's time.
func withApp(t *testing.T, s *Store, u User) (secret string) {
	t.Helper()
	id, secret, err := s.DraftTOTP(t.Context(), actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ConfirmTOTP(t.Context(), actorOf(u), id, "Phone", code(t, secret, s.Now())); err != nil {
		t.Fatal(err)
	}
	return secret
}

func step(t *testing.T, s *Store, u User) (id, secret string) {
	t.Helper()
	id, secret, err := s.StartStep(t.Context(), actorOf(u), Step{Kind: StepSecondFactor, UserID: u.ID, Next: "/x"})
	if err != nil {
		t.Fatal(err)
	}
	return id, secret
}

func TestAuthenticatorApp(t *testing.T) {
	s, clock, _ := people(t)
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	ctx := t.Context()

	id, secret, err := s.DraftTOTP(ctx, actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := s.User(ctx, u.ID); got.SecondFactor {
		t.Error("a draft counts as a second factor")
	}
	sid, skey := step(t, s, u)
	if _, _, err := s.PassWithCode(ctx, sid, skey, code(t, secret, s.Now()), "TEST"); KindOf(err) != Invalid {
		t.Errorf("a code of a draft: %v, want Invalid", err)
	}
	if err := s.ConfirmTOTP(ctx, actorOf(u), id, "", "000000"); KindOf(err) != Invalid {
		t.Errorf("a wrong code confirms: %v", err)
	}
	if err := s.ConfirmTOTP(ctx, actorOf(u), id, strings.Repeat("x", 41), code(t, secret, s.Now())); FieldsOf(err)["name"] == "" {
		t.Errorf("a long name: %v", err)
	}
	for when, says := range map[time.Duration]string{-time.Minute: "is behind", 30 * time.Second: "is ahead", time.Hour: "does not match"} {
		if err := s.ConfirmTOTP(ctx, actorOf(u), id, "", code(t, secret, s.Now().Add(when))); !strings.Contains(FieldsOf(err)["code"], says) {
			t.Errorf("the code of %s from now confirms: %v %v", when, err, FieldsOf(err))
		}
	}
	first := code(t, secret, s.Now())
	if err := s.ConfirmTOTP(ctx, actorOf(u), id, "", first); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.User(ctx, u.ID); !got.SecondFactor {
		t.Error("a confirmed app does not count")
	}
	if _, err := s.OpenTOTP(ctx, actorOf(u), id); KindOf(err) != NotFound {
		t.Errorf("the secret can be read after it is confirmed: %v", err)
	}

	for _, c := range []struct {
		name  string
		code  func() string
		opens bool
	}{
		{"the code that confirmed it, again", func() string { return first }, false},
		{"next period", func() string { clock.move(30 * time.Second); return code(t, secret, s.Now()) }, true},
		{"the same code, replayed", func() string { return code(t, secret, s.Now()) }, false},
		{"a period behind", func() string { clock.move(time.Minute); return code(t, secret, s.Now().Add(-30*time.Second)) }, false},
		{"a period ahead", func() string { return code(t, secret, s.Now().Add(30*time.Second)) }, false},
		{"the last moment of its 30 seconds", func() string {
			clock.move(30*time.Second - s.Now().Sub(s.Now().Truncate(30*time.Second)))
			c := code(t, secret, s.Now())
			clock.move(30*time.Second - time.Millisecond)
			return c
		}, true},
		{"the first moment after its 30 seconds", func() string {
			clock.move(time.Millisecond)
			c := code(t, secret, s.Now())
			clock.move(30 * time.Second)
			return c
		}, false},
		{"spaces", func() string { c := code(t, secret, s.Now()); return c[:3] + " " + c[3:] }, true},
		{"empty", func() string { clock.move(time.Minute); return "" }, false},
		{"letters", func() string { return "abcdef" }, false},
		{"longer", func() string { return code(t, secret, s.Now()) + "0" }, false},
	} {
		sid, skey := step(t, s, u)
		st, method, err := s.PassWithCode(ctx, sid, skey, c.code(), "TEST")
		if (err == nil) != c.opens {
			t.Errorf("%s: %v, opens should be %v", c.name, err, c.opens)
		}
		if err == nil && (st.UserID != u.ID || st.Next != "/x" || method != MethodTOTP) {
			t.Errorf("%s: %+v %s", c.name, st, method)
		}
		if err == nil {
			if _, err := s.Step(ctx, StepSecondFactor, sid, skey); KindOf(err) != Unauthenticated {
				t.Errorf("%s: the step is still open: %v", c.name, err)
			}
		}
	}
}

// A person has ten second factors at most, of whatever kind and however many are
// added at once.
func TestSecondFactorsAreFew(t *testing.T) {
	s, _, _ := people(t)
	ctx := t.Context()
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	id, secret, err := s.DraftTOTP(ctx, actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	var added atomic.Int32
	var wg sync.WaitGroup
	for i := range 2 * factorsHeld {
		wg.Go(func() {
			switch err := s.AddPasskey(ctx, actorOf(u), "Key", fmt.Sprint("credential-", i), "{}"); KindOf(err) {
			case 0:
				added.Add(1)
			case Conflict:
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if added.Load() != factorsHeld {
		t.Errorf("%d passkeys were added, want %d", added.Load(), factorsHeld)
	}
	if err := s.ConfirmTOTP(ctx, actorOf(u), id, "", code(t, secret, s.Now())); KindOf(err) != Conflict {
		t.Errorf("an app beside them: %v", err)
	}
	if _, _, err := s.DraftTOTP(ctx, actorOf(u)); KindOf(err) != Conflict {
		t.Errorf("another app begun: %v", err)
	}
	other := s.mustUser(t, "other@cloud.example", lifecycle.Reviewer, "", "")
	if err := s.AddPasskey(ctx, actorOf(other), "Key", "credential-other", "{}"); err != nil {
		t.Errorf("another person: %v", err)
	}
}

// One code opens one session, however many ask at once.
func TestOneCodeOpensOnce(t *testing.T) {
	s, clock, _ := people(t)
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	secret := withApp(t, s, u)
	clock.move(time.Minute)
	recovery, err := s.NewRecoveryCodes(t.Context(), actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{code(t, secret, s.Now()), recovery[0]} {
		var opened atomic.Int32
		var wg sync.WaitGroup
		for range 12 {
			id, key := step(t, s, u)
			wg.Go(func() {
				if _, _, err := s.PassWithCode(t.Context(), id, key, c, "TEST"); err == nil {
					opened.Add(1)
				}
			})
		}
		wg.Wait()
		if opened.Load() != 1 {
			t.Errorf("the code %s opened %d sessions", c, opened.Load())
		}
	}
}

func TestStepsEnd(t *testing.T) {
	s, clock, _ := people(t)
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	secret := withApp(t, s, u)
	ctx := t.Context()
	clock.move(time.Minute)

	id, key := step(t, s, u)
	for range stepTries {
		if _, _, err := s.PassWithCode(ctx, id, key, "000000", "TEST"); KindOf(err) != Invalid {
			t.Fatalf("a wrong code: %v", err)
		}
	}
	if _, _, err := s.PassWithCode(ctx, id, key, code(t, secret, s.Now()), "TEST"); KindOf(err) != Unauthenticated {
		t.Errorf("the right code after %d wrong ones: %v, want Unauthenticated", stepTries, err)
	}

	id, key = step(t, s, u)
	if _, _, err := s.PassWithCode(ctx, id, "another", code(t, secret, s.Now()), "TEST"); KindOf(err) != Unauthenticated {
		t.Errorf("another browser's step: %v", err)
	}
	if _, err := s.Step(ctx, StepSSO, id, key); KindOf(err) != Unauthenticated {
		t.Errorf("a step of another kind: %v", err)
	}
	clock.move(StepLimit)
	if _, _, err := s.PassWithCode(ctx, id, key, code(t, secret, s.Now()), "TEST"); KindOf(err) != Unauthenticated {
		t.Errorf("a step of %v ago: %v", StepLimit, err)
	}
	if _, err := s.Step(ctx, StepSecondFactor, "", ""); KindOf(err) != Unauthenticated {
		t.Errorf("no step: %v", err)
	}
}

func TestRecoveryCodes(t *testing.T) {
	s, _, _ := people(t)
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	ctx := t.Context()
	if _, err := s.NewRecoveryCodes(ctx, actorOf(u)); KindOf(err) != Conflict {
		t.Fatalf("codes without a second factor: %v", err)
	}
	withApp(t, s, u)
	old, err := s.NewRecoveryCodes(ctx, actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	codes, err := s.NewRecoveryCodes(ctx, actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	if slices.Sort(codes); len(slices.Compact(slices.Clone(codes))) != recoveryCodes {
		t.Fatalf("codes repeat: %v", codes)
	}
	for _, c := range codes { // ten of 32 letters: 50 bits
		if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$`).MatchString(c) {
			t.Errorf("the code %q", c)
		}
	}
	pass := func(c string) (Method, error) {
		id, key := step(t, s, u)
		_, m, err := s.PassWithCode(ctx, id, key, c, "TEST")
		return m, err
	}
	if _, err := pass(old[0]); KindOf(err) != Invalid {
		t.Errorf("a code that was replaced: %v", err)
	}
	sloppy := " " + strings.ToLower(strings.ReplaceAll(codes[0], "-", " ")) + " "
	sloppy = strings.ReplaceAll(strings.ReplaceAll(sloppy, "0", "o"), "1", "l")
	if m, err := pass(sloppy); err != nil || m != MethodRecovery {
		t.Errorf("a code typed carelessly: %s %v", m, err)
	}
	if _, err := pass(codes[0]); KindOf(err) != Invalid {
		t.Errorf("a code used twice: %v", err)
	}
	factors, left, err := s.Factors(ctx, u.ID)
	if err != nil || left != recoveryCodes-1 || len(factors) != 1 {
		t.Errorf("left %d of %d factors, %v", left, len(factors), err)
	}
	if err := s.RemoveFactor(ctx, actorOf(u), factors[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, left, _ := s.Factors(ctx, u.ID); left != 0 {
		t.Errorf("%d recovery codes outlive the last second factor", left)
	}
}

// Whoever has the database cannot try all codes: each costs what a password
// costs, nearly. Codes that were kept under a quick hash go on opening, once.
func TestRecoveryCodesAreKeptUnderASlowHash(t *testing.T) {
	s, _, _ := people(t)
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	ctx := t.Context()
	withApp(t, s, u)
	codes, err := s.NewRecoveryCodes(ctx, actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	hashes, err := list(ctx, s, func(r scanner) (h string, err error) { return h, r.Scan(&h) }, "SELECT code_hash FROM recovery_codes WHERE user_id = ?", u.ID)
	if err != nil || len(hashes) != recoveryCodes {
		t.Fatal(hashes, err)
	}
	for _, c := range codes {
		if slices.Contains(hashes, quickRecoveryHash(u.ID, recoveryCode(c))) {
			t.Error("a code is kept under a quick hash")
		}
	}
	for _, h := range hashes {
		if !strings.HasPrefix(h, "argon2id:") {
			t.Errorf("kept as %s", h)
		}
	}
	// The salt is the person's, and the cost what OWASP asks for.
	const old = "7KQ4M-2XDPW"
	hash := func(user string, cost recoveryCost) string {
		t.Helper()
		h, err := s.hashRecoveryCode(ctx, user, recoveryCode(old), cost)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if hash(u.ID, recoveryNow) == hash("us-another", recoveryNow) {
		t.Error("one code of two people is kept under one hash")
	}
	if made, err := s.hashRecoveryCode(ctx, u.ID, recoveryCode(codes[0]), recoveryNow); err != nil || !slices.Contains(hashes, made) {
		t.Errorf("a code that was made is not kept at this cost: %v", err)
	}
	for what, before := range map[string]string{"quick": quickRecoveryHash(u.ID, recoveryCode(old)), "cheaper": hash(u.ID, recoveryBefore)} {
		if err := s.inTx(ctx, systemActor(), func(t *tx) error {
			_, err := t.exec("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)", u.ID, before)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []Kind{0, Invalid} {
			id, key := step(t, s, u)
			if _, _, err := s.PassWithCode(ctx, id, key, old, "TEST"); KindOf(err) != want {
				t.Errorf("a code from before, %s: %v, want kind %v", what, err, want)
			}
		}
	}
}

func TestFactorsOfOthers(t *testing.T) {
	s, _, _ := people(t)
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	other, err := s.CreateUser(t.Context(), NewUser{Email: "admin2@cloud.example", Name: "Other", Role: "administrator"}, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	withApp(t, s, u)
	factors, _, _ := s.Factors(ctx, u.ID)
	if err := s.RemoveFactor(ctx, actorOf(other), factors[0].ID); KindOf(err) != NotFound {
		t.Errorf("somebody else's factor removed: %v", err)
	}
	for _, c := range []struct {
		name   string
		by     Actor
		user   string
		reason string
		kind   Kind
	}{
		{"no administrator", actorOf(u), other.ID, "lost the phone", Forbidden},
		{"oneself", actorOf(other), other.ID, "lost the phone", Conflict},
		{"no reason", actorOf(other), u.ID, " ", Invalid},
		{"nobody", actorOf(other), "us-none", "lost the phone", NotFound},
	} {
		if err := s.ResetFactors(ctx, c.by, c.user, c.reason); KindOf(err) != c.kind {
			t.Errorf("%s: %v, want %v", c.name, err, c.kind)
		}
	}
	id, key, err := s.StartSession(ctx, actorOf(u), MethodTOTP, "Test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ResetFactors(ctx, actorOf(other), u.ID, "lost the phone, called back on the number we know"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SessionUser(ctx, id, key); KindOf(err) != Unauthenticated {
		t.Errorf("a session outlives the reset: %v", err)
	}
	if got, _ := s.User(ctx, u.ID); got.SecondFactor {
		t.Error("factors are still there")
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	s, clock, _ := people(t)
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	ctx := t.Context()
	start := func(m Method) (string, string) {
		t.Helper()
		id, key, err := s.StartSession(ctx, actorOf(u), m, "Firefox on Linux")
		if err != nil {
			t.Fatal(err)
		}
		return id, key
	}
	a, akey := start(MethodPassword)
	b, bkey := start(MethodPasskey)
	if got, err := s.SessionUser(ctx, a, akey); err != nil || got.Strong {
		t.Errorf("password alone is strong: %v %v", got.Strong, err)
	}
	if got, err := s.SessionUser(ctx, b, bkey); err != nil || !got.Strong {
		t.Errorf("a passkey is not strong: %v %v", got.Strong, err)
	}
	all, err := s.Sessions(ctx, u.ID)
	if err != nil || len(all) != 2 || all[0].Device != "Firefox on Linux" {
		t.Fatalf("%+v %v", all, err)
	}
	if err := s.EndOtherSessions(ctx, actorOf(u), b); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SessionUser(ctx, a, akey); KindOf(err) != Unauthenticated {
		t.Errorf("a session lives on: %v", err)
	}
	if _, err := s.SessionUser(ctx, b, bkey); err != nil {
		t.Errorf("the session kept has ended: %v", err)
	}
	if err := s.ChangePassword(ctx, actorOf(u), "se-none", "a quite new password"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SessionUser(ctx, b, bkey); KindOf(err) != Unauthenticated {
		t.Errorf("a session outlives the password: %v", err)
	}
	c, _ := start(MethodSSO)
	clock.move(IdleLimit + time.Hour)
	if all, _ := s.Sessions(ctx, u.ID); len(all) != 0 {
		t.Errorf("an idle session is listed: %v of %s", all, c)
	}
}

func TestMethodsAreThoseOfTheTable(t *testing.T) {
	s, _, _ := people(t)
	u := s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "")
	for _, m := range Methods() {
		if _, _, err := s.StartSession(t.Context(), actorOf(u), m, ""); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		if m.Label() == string(m) {
			t.Errorf("%s has no label", m)
		}
	}
	if _, _, err := s.StartSession(t.Context(), actorOf(u), "magic", ""); err == nil {
		t.Error("an unknown method is kept")
	}
}

func TestSSOUser(t *testing.T) {
	s, _, _ := people(t)
	ctx := t.Context()
	admin, err := s.CreateUser(ctx, NewUser{Email: "boss@cloud.example", Name: "Boss", Role: "administrator"}, "")
	if err != nil {
		t.Fatal(err)
	}
	north, err := s.CreateAccount(ctx, actorOf(admin), "North", "")
	if err != nil {
		t.Fatal(err)
	}
	add := func(account, domain string) string {
		t.Helper()
		err := s.AddIdentityProvider(ctx, actorOf(admin), NewIdentityProvider{ID: NewProviderID(), AccountID: account, Name: "IdP " + domain, Issuer: "https://login." + domain, ClientID: "c", ClientSecret: "very secret", Domain: domain})
		if err != nil {
			t.Fatal(err)
		}
		p, secret, err := s.ProviderForAddress(ctx, "anybody@"+strings.ToUpper(domain))
		if err != nil || secret != "very secret" {
			t.Fatalf("%+v %v", p, err)
		}
		return p.ID
	}
	of, staff := add(north, "north.example"), add("", "cloud.example")
	files, err := filepath.Glob(filepath.Join(s.dir, Database+"*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if b, err := os.ReadFile(name); err != nil || strings.Contains(string(b), "very secret") {
			t.Errorf("%s holds the secret of a provider, %v", filepath.Base(name), err)
		}
	}
	lin, err := s.CreateUser(ctx, NewUser{Email: "lin@north.example", Name: "Lin", Role: lifecycle.Owner, AccountID: north}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, provider, subject, email string
		verified                       bool
		want                           string
	}{
		{"address not verified", of, "s1", "lin@north.example", false, ""},
		{"no subject", of, "", "lin@north.example", true, ""},
		{"another provider vouches for the address", staff, "s1", "lin@north.example", true, ""},
		{"a customer's provider vouches for staff", of, "s9", "boss@cloud.example", true, ""},
		{"nobody has the address", of, "s2", "new@north.example", true, ""},
		{"no such provider", "ip-none", "s1", "lin@north.example", true, ""},
		{"the first time", of, "s1", "Lin@North.example", true, lin.ID},
		{"known by subject although the address changed", of, "s1", "lin.wei@elsewhere.example", false, lin.ID},
		{"staff", staff, "s1", "boss@cloud.example", true, admin.ID},
	} {
		u, err := s.SSOUser(ctx, "req", c.provider, c.subject, c.email, c.verified)
		if c.want == "" {
			if KindOf(err) != Unauthenticated {
				t.Errorf("%s: %v %v, want Unauthenticated", c.name, u.Email, err)
			}
		} else if err != nil || u.ID != c.want {
			t.Errorf("%s: %v %v", c.name, u.Email, err)
		}
	}
	err = s.AddIdentityProvider(ctx, actorOf(admin), NewIdentityProvider{ID: NewProviderID(), AccountID: north, Name: "Two", Issuer: "https://x.example", ClientID: "c", ClientSecret: "s", Domain: "north.example"})
	if FieldsOf(err)["domain"] == "" {
		t.Errorf("a domain with two providers: %v", err)
	}
	err = s.AddIdentityProvider(ctx, actorOf(admin), NewIdentityProvider{ID: NewProviderID(), AccountID: "ac-none", Issuer: "http://login.example", Domain: "nodots"})
	for _, f := range []string{"name", "issuer", "client_id", "client_secret", "domain"} {
		if FieldsOf(err)[f] == "" {
			t.Errorf("field %s is not refused: %v", f, FieldsOf(err))
		}
	}
	for _, id := range []string{"", of, "ip-", "ip-short", "ip-" + strings.Repeat("A", 14), "ip-" + strings.Repeat("a", 13) + "/"} {
		err := s.AddIdentityProvider(ctx, actorOf(admin), NewIdentityProvider{ID: id, AccountID: north, Name: "Two", Issuer: "https://x.example", ClientID: "c", ClientSecret: "s", Domain: "two.example"})
		if FieldsOf(err)["return"] == "" {
			t.Errorf("the ID %q: %v", id, err)
		}
	}
	if err := s.AddIdentityProvider(ctx, actorOf(lin), NewIdentityProvider{}); KindOf(err) != Forbidden {
		t.Errorf("a customer adds a provider: %v", err)
	}
	if err := s.RemoveIdentityProvider(ctx, actorOf(admin), of); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SSOUser(ctx, "req", of, "s1", "lin@north.example", true); KindOf(err) != Unauthenticated {
		t.Errorf("a removed provider vouches: %v", err)
	}
	if err := s.RemoveIdentityProvider(ctx, actorOf(admin), of); !errors.As(err, new(*Error)) || KindOf(err) != NotFound {
		t.Errorf("removed twice: %v", err)
	}
	// The only administrator has no password: no link for a first one is made, and
	// the provider stays until there is another way in.
	if _, needed, err := s.FirstAdministratorLink(ctx); err != nil || needed {
		t.Errorf("a link for a first administrator although there is one: %v, %v", needed, err)
	}
	if err := s.RemoveIdentityProvider(ctx, actorOf(admin), staff); KindOf(err) != Conflict {
		t.Errorf("the last administrator is locked out: %v", err)
	}
	if u, err := s.SSOUser(ctx, "req", staff, "s1", "boss@cloud.example", true); err != nil || u.ID != admin.ID {
		t.Errorf("a refused removal takes something away: %v", err)
	}
	_, link, err := s.NewLink(ctx, actorOf(admin), admin.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AcceptInvitation(ctx, link.Token, "req", "Boss", "", "a long enough one"); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveIdentityProvider(ctx, actorOf(admin), staff); err != nil {
		t.Errorf("with a password: %v", err)
	}
}

// TestChangesOfTheSignInAreInTheAuditLog: each way in which somebody's sign-in
// changes, or was refused, is one line of the log, with who did it; what changed
// nothing is none.
func TestChangesOfTheSignInAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	s, clock, account := people(t)
	ctx := t.Context()
	u := s.mustUser(t, "u@northwind.example", lifecycle.Owner, account, "a long enough password")
	admin := s.mustUser(t, "admin@cloud.example", lifecycle.Administrator, "", "")
	seen := 0
	logged := func(what string, want ...string) {
		t.Helper()
		events, err := s.Timeline(ctx, userSubject(u.ID))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range events {
			if e.Seq > seen {
				seen = max(seen, e.Seq)
				got = append(got, strings.Join([]string{e.Action, e.Detail, e.Reason, e.ActorID}, "|"))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the log says %q, want %q", what, got, want)
		}
	}
	events, err := s.Timeline(ctx, userSubject(u.ID))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		seen = max(seen, e.Seq)
	}

	if err := s.ChangePassword(ctx, actorOf(u), "", "short"); KindOf(err) != Invalid {
		t.Fatal(err)
	}
	logged("a password that is refused")
	if err := s.ChangePassword(ctx, actorOf(u), "", "another long password"); err != nil {
		t.Fatal(err)
	}
	logged("a new password", "set_password|||"+u.ID)
	id, secret, err := s.DraftTOTP(ctx, actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ConfirmTOTP(ctx, actorOf(u), id, "Phone", "000000"); KindOf(err) != Invalid {
		t.Fatal(err)
	}
	logged("an app that is not confirmed")
	if err := s.ConfirmTOTP(ctx, actorOf(u), id, "Phone", code(t, secret, s.Now())); err != nil {
		t.Fatal(err)
	}
	logged("an app", "add_second_factor|"+FactorTOTP.Label()+"||"+u.ID)
	if err := s.AddPasskey(ctx, actorOf(u), "Key", "credential-1", "{}"); err != nil {
		t.Fatal(err)
	}
	logged("a passkey", "add_second_factor|"+FactorPasskey.Label()+"||"+u.ID)
	if err := s.AddPasskey(ctx, actorOf(u), "Key", "credential-1", "{}"); KindOf(err) != Conflict {
		t.Fatal(err)
	}
	logged("the same passkey again")
	codes, err := s.NewRecoveryCodes(ctx, actorOf(u))
	if err != nil {
		t.Fatal(err)
	}
	logged("recovery codes", "new_recovery_codes|"+fmt.Sprint(len(codes))+" codes||"+u.ID)
	clock.move(time.Hour)
	sid, skey := step(t, s, u)
	if _, _, err := s.PassWithCode(ctx, sid, skey, "000000", "TEST"); KindOf(err) != Invalid {
		t.Fatal(err)
	}
	logged("a wrong code at the sign-in", "second_factor_refused|Code||"+u.ID)
	if err := s.RemoveFactor(ctx, actorOf(u), "sf-none"); KindOf(err) != NotFound {
		t.Fatal(err)
	}
	logged("a factor that is not there")
	if err := s.RemoveFactor(ctx, actorOf(u), id); err != nil {
		t.Fatal(err)
	}
	logged("the app removed", "remove_second_factor|"+FactorTOTP.Label()+"||"+u.ID)
	if err := s.ResetFactors(ctx, actorOf(u), u.ID, "because"); KindOf(err) != Forbidden {
		t.Fatal(err)
	}
	logged("a reset by a customer")
	if err := s.ResetFactors(ctx, actorOf(admin), u.ID, " Called back at the office "); err != nil {
		t.Fatal(err)
	}
	logged("a reset", "reset_second_factors||Called back at the office|"+admin.ID)
}
