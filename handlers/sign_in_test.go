package handlers_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web"
	"demarc/web/paths"
	"demarc/web/sso/ssotest"
)

// newSecureSite is a site that asks staff for a second factor, reached under
// the name under which browsers make passkeys.
func newSecureSite(t testing.TB) *site {
	t.Helper()
	env := storetest.New(t, storetest.WithPasswords())
	server := httptest.NewUnstartedServer(nil)
	base := "http://localhost:" + port(t, server.Listener)
	edge, err := web.New(context.Background(), web.Config{Operator: "Example Cloud", PublicURL: base, RequireSecondFactor: true, Now: env.Clock.Now,
		Log: slog.New(slog.DiscardHandler)}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = edge
	server.Start()
	t.Cleanup(server.Close)
	return &site{Env: env, t: t, base: base}
}

func port(t testing.TB, l net.Listener) string {
	t.Helper()
	_, p, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// addApp sets an authenticator app up for who is signed in, and returns its key.
func (c *client) addApp(clock *storetest.Clock) (key string) {
	c.t.Helper()
	page := c.get(paths.SecurityAuthenticator).want(http.StatusOK)
	key = strings.ReplaceAll(regexp.MustCompile(`>((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})<`).FindStringSubmatch(page.body)[1], " ", "")
	c.post(paths.SecurityAuthenticator, url.Values{"draft": {page.field("draft")}, "code": {appCode(c.t, key, clock)}, "current": {storetest.Password}}).want(http.StatusSeeOther)
	return key
}

func appCode(t testing.TB, key string, clock *storetest.Clock) string {
	t.Helper()
	code, err := totp.GenerateCode(key, clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (c *client) password(email string) *answer {
	return c.post(paths.Login, url.Values{"email": {email}, "password": {storetest.Password}, "next": {"/messages"}})
}

func TestSignInWithAnAuthenticatorApp(t *testing.T) {
	s := newSecureSite(t)
	const email = "owner@northwind.example"
	c := s.as(email)
	key := c.addApp(s.Clock)
	if page := c.get(paths.Security).want(http.StatusOK).text(); !strings.Contains(page, "Authenticator app") || strings.Contains(page, key) {
		t.Errorf("the page of the person's factors: %s", page)
	}
	if a := c.get(paths.SecurityRecovery).want(http.StatusOK); !strings.Contains(a.text(), "Ten codes") {
		t.Error("no way to recovery codes")
	}
	codes := c.post(paths.SecurityRecovery, url.Values{"current": {storetest.Password}}).want(http.StatusOK)
	found := regexp.MustCompile(`[0-9A-Z]{5}-[0-9A-Z]{5}`).FindAllString(codes.body, -1)
	if len(found) < 10 {
		t.Fatalf("recovery codes shown: %v", found)
	}
	// On paper the title of the page is gone: the codes still say whose they are.
	if paper := codes.doc().Find(".card__body"); !strings.Contains(paper.Text(), "Recovery codes of "+email+" at Example Cloud, made on ") || paper.Find(".noprint [data-print]").Length() != 1 {
		t.Errorf("the codes on paper: %s", codes.text())
	}

	// The password alone opens nothing any more.
	other := s.anyone()
	if a := other.password(email).want(http.StatusSeeOther); a.header.Get("Location") != paths.SecondFactor {
		t.Fatalf("after the password: %s", a.header.Get("Location"))
	}
	if a := other.get(paths.Interfaces); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
		t.Errorf("half signed in, a page answers %d", a.status)
	}
	other.get(paths.SecondFactor).want(http.StatusOK)
	for _, wrong := range []string{"", "000000", key, strings.Repeat("9", 60)} {
		if a := other.post(paths.SecondFactor, url.Values{"code": {wrong}}).want(http.StatusUnprocessableEntity); !strings.Contains(a.body, "error-summary") || strings.Contains(a.body, "000000") {
			t.Errorf("code %q: %s", wrong, a.text())
		}
	}
	s.Clock.Advance(time.Minute)
	if a := other.post(paths.SecondFactor, url.Values{"code": {appCode(t, key, s.Clock)}}).want(http.StatusSeeOther); a.header.Get("Location") != "/messages" {
		t.Errorf("next is %s", a.header.Get("Location"))
	}
	other.get(paths.Interfaces).want(http.StatusOK)
	if a := other.post(paths.SecondFactor, url.Values{"code": {appCode(t, key, s.Clock)}}); a.header.Get("Location") != paths.Login {
		t.Errorf("a step used twice answers %d %s", a.status, a.header.Get("Location"))
	}

	// A recovery code stands in once, typed as people type.
	third := s.anyone()
	third.password(email).want(http.StatusSeeOther)
	third.post(paths.SecondFactor, url.Values{"code": {strings.ToLower(found[0])}}).want(http.StatusSeeOther)
	if text := third.get(paths.Messages).want(http.StatusOK).text(); !strings.Contains(text, "9 recovery codes are left") {
		t.Errorf("after a recovery code: %s", text)
	}

	// Sessions are listed, and end one by one or together.
	list := c.get(paths.Security).want(http.StatusOK)
	if n := list.doc().Find("form[action='" + paths.SecuritySession + "']").Length(); n != 3 {
		t.Errorf("%d sessions are listed, want 3", n)
	}
	if n := list.doc().Find("form[action='" + paths.SecuritySessions + "'] button").Length(); n != 1 {
		t.Errorf("%d ways to end the others at once", n)
	}
	c.post(paths.SecuritySessions, url.Values{}).want(http.StatusSeeOther)
	for i, gone := range []*client{other, third} {
		if a := gone.get(paths.Interfaces); a.status != http.StatusSeeOther {
			t.Errorf("session %d lives on: %d", i, a.status)
		}
	}

	// Taking the factor away needs the password.
	href := c.get(paths.Security).doc().Find("a[href$='/removal']").AttrOr("href", "")
	c.get(href).want(http.StatusOK)
	c.post(href, url.Values{"current": {"wrong password"}}).want(http.StatusUnprocessableEntity)
	s.as("owner@southwind.example").get(href).want(http.StatusNotFound)
	s.as("owner@southwind.example").post(href, url.Values{"current": {storetest.Password}}).want(http.StatusNotFound)
	if a := c.post(href, url.Values{"current": {storetest.Password}}).want(http.StatusSeeOther); a.header.Get("Location") != paths.Security {
		t.Errorf("after the removal, not the page of sessions but %s", a.header.Get("Location"))
	}
	if a := s.anyone().password(email); a.header.Get("Location") != "/messages" {
		t.Errorf("without a factor, the password leads to %s", a.header.Get("Location"))
	}
}

// Staff see nothing but their own sign-in page before they have a second factor.
func TestStaffNeedASecondFactor(t *testing.T) {
	s := newSecureSite(t)
	c := s.as("reviewer@cloud.example")
	for _, path := range []string{paths.Admin, paths.AdminLOAs, paths.AdminInterfaces, paths.Messages, paths.AdminAccessPoints} {
		if a := c.get(path).want(http.StatusSeeOther); a.header.Get("Location") != paths.Security {
			t.Errorf("%s leads to %s", path, a.header.Get("Location"))
		}
	}
	c.post(paths.MessagesRead, url.Values{}).want(http.StatusForbidden)
	if a := c.get(paths.Security).want(http.StatusOK); !strings.Contains(a.text(), "Set up a second factor to go on") {
		t.Error("the page does not say why")
	}
	key := c.addApp(s.Clock)
	c.get(paths.AdminLOAs).want(http.StatusOK)
	s.as("owner@northwind.example").get(paths.Interfaces).want(http.StatusOK) // a customer may do without

	// An administrator takes it away when it is lost; the person starts anew.
	admin := s.as("admin@cloud.example")
	admin.addApp(s.Clock)
	reset := paths.AdminFactorReset(s.Reviewer.UserID)
	admin.get(reset).want(http.StatusOK)
	admin.post(reset, url.Values{"reason": {""}}).want(http.StatusUnprocessableEntity)
	c.get(reset).want(http.StatusForbidden)
	c.post(reset, url.Values{"reason": {"lost the phone"}}).want(http.StatusForbidden)
	admin.post(reset, url.Values{"reason": {"lost the phone, seen in person"}}).want(http.StatusSeeOther)
	if a := c.get(paths.AdminLOAs); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
		t.Errorf("the session outlives the reset: %d %s", a.status, a.header.Get("Location"))
	}
	s.Clock.Advance(time.Minute)
	c = s.as("reviewer@cloud.example")
	if a := c.post(paths.SecondFactor, url.Values{"code": {appCode(t, key, s.Clock)}}); a.header.Get("Location") != paths.Login {
		t.Errorf("a factor that was taken away answers %d %s", a.status, a.header.Get("Location"))
	}
}

func TestPasskeys(t *testing.T) {
	s := newSecureSite(t)
	const email = "reviewer@cloud.example"
	c := s.as(email)
	rp := virtualwebauthn.RelyingParty{Name: "Example Cloud", ID: "localhost", Origin: s.base}
	device, cred := virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	options := func(a *answer) string {
		t.Helper()
		o, ok := a.want(http.StatusOK).doc().Find("form[data-passkey]").Attr("data-options")
		if !ok {
			t.Fatalf("the page asks for no passkey: %s", a.text())
		}
		return o
	}
	made := func(rp virtualwebauthn.RelyingParty, o string) string {
		t.Helper()
		parsed, err := virtualwebauthn.ParseAttestationOptions(o)
		if err != nil {
			t.Fatal(err)
		}
		return virtualwebauthn.CreateAttestationResponse(rp, device, cred, *parsed)
	}
	form := func(answer string) url.Values {
		return url.Values{"credential": {answer}, "name": {"Laptop"}, "current": {storetest.Password}}
	}
	elsewhere := rp
	elsewhere.Origin = "https://evil.example"
	for name, answer := range map[string]func(string) string{
		"nothing":      func(string) string { return "" },
		"not JSON":     func(string) string { return "{" },
		"another site": func(o string) string { return made(elsewhere, o) },
	} {
		o := options(c.get(paths.SecurityPasskey))
		if a := c.post(paths.SecurityPasskey, form(answer(o))).want(http.StatusUnprocessableEntity); !strings.Contains(a.body, "did not make a passkey") {
			t.Errorf("%s: %s", name, a.text())
		}
	}
	o := options(c.get(paths.SecurityPasskey))
	answer := made(rp, o)
	c.post(paths.SecurityPasskey, url.Values{"credential": {answer}, "current": {"wrong"}}).want(http.StatusUnprocessableEntity)
	answer = made(rp, options(c.get(paths.SecurityPasskey)))
	c.post(paths.SecurityPasskey, form(answer)).want(http.StatusSeeOther)
	c.post(paths.SecurityPasskey, form(answer)).want(http.StatusUnprocessableEntity) // replayed
	device.AddCredential(cred)
	c.get(paths.AdminLOAs).want(http.StatusOK) // strong from now on

	prove := func(rp virtualwebauthn.RelyingParty, o string) string {
		t.Helper()
		parsed, err := virtualwebauthn.ParseAssertionOptions(o)
		if err != nil {
			t.Fatal(err)
		}
		return virtualwebauthn.CreateAssertionResponse(rp, device, cred, *parsed)
	}
	other := s.anyone()
	other.password(email).want(http.StatusSeeOther)
	old := options(other.get(paths.SecondFactor))
	o = options(other.get(paths.SecondFactor))
	for name, answer := range map[string]string{"nothing": "", "an older question": prove(rp, old), "another site": prove(elsewhere, o)} {
		if a := other.post(paths.SecondFactorPasskey, url.Values{"credential": {answer}}).want(http.StatusUnprocessableEntity); !strings.Contains(a.body, "not accepted") {
			t.Errorf("%s: %s", name, a.text())
		}
	}
	o = options(other.get(paths.SecondFactor))
	stranger := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	stranger.ID = cred.ID
	parsed, _ := virtualwebauthn.ParseAssertionOptions(o)
	other.post(paths.SecondFactorPasskey, url.Values{"credential": {virtualwebauthn.CreateAssertionResponse(rp, device, stranger, *parsed)}}).want(http.StatusUnprocessableEntity)
	o = options(other.get(paths.SecondFactor))
	proof := prove(rp, o)
	other.post(paths.SecondFactorPasskey, url.Values{"credential": {proof}}).want(http.StatusSeeOther)
	other.get(paths.AdminLOAs).want(http.StatusOK)
	if a := other.post(paths.SecondFactorPasskey, url.Values{"credential": {proof}}); a.header.Get("Location") != paths.Login {
		t.Errorf("a proof used twice answers %d", a.status)
	}
}

// What others try with somebody's account name locks nobody out of the browser
// they use, and bothers only the one who tries.
func TestNobodyLocksOthersOut(t *testing.T) {
	s := newSite(t)
	const email = "owner@northwind.example"
	mine := s.as(email)
	mine.post(paths.Logout, url.Values{}).want(http.StatusSeeOther)
	attacker := s.anyone()
	limited := false
	for range 80 {
		if a := attacker.post(paths.Login, url.Values{"email": {email}, "password": {"guess"}}); a.status == http.StatusTooManyRequests {
			limited = true
			if a.header.Get("Retry-After") == "" {
				t.Error("a limit without Retry-After")
			}
			break
		}
	}
	if !limited {
		t.Fatal("guessing is not limited")
	}
	mine.password(email).want(http.StatusSeeOther)
	mine.get(paths.Interfaces).want(http.StatusOK)
	// The familiar browser has a limit too.
	mine.post(paths.Logout, url.Values{})
	for range 5 {
		mine.post(paths.Login, url.Values{"email": {email}, "password": {"guess"}}).want(http.StatusUnprocessableEntity)
	}
	mine.post(paths.Login, url.Values{"email": {email}, "password": {"guess"}}).want(http.StatusTooManyRequests)
}

func TestChangePassword(t *testing.T) {
	s := newSite(t)
	const email = "owner@northwind.example"
	c, other := s.as(email), s.as(email)
	for _, f := range []url.Values{
		{"current": {""}, "password": {"a quite new one"}, "again": {"a quite new one"}},
		{"current": {"wrong"}, "password": {"a quite new one"}, "again": {"a quite new one"}},
		{"current": {storetest.Password}, "password": {"a quite new one"}, "again": {"another one"}},
		{"current": {storetest.Password}, "password": {"short"}, "again": {"short"}},
	} {
		if a := c.post(paths.SecurityPassword, f).want(http.StatusUnprocessableEntity); strings.Contains(a.body, "a quite new one") {
			t.Error("a password comes back in the page")
		}
	}
	// The wrong one is told, once, and as what it was.
	eventually(t, "the wrong password is recorded", func() bool {
		return strings.Contains(c.get(paths.Activity).text(), "Wrong password for a change of the sign-in")
	})
	if n := strings.Count(c.get(paths.Activity).body, "Sign-in refused"); n != 1 {
		t.Errorf("%d refusals are told, want 1", n)
	}
	c.post(paths.SecurityPassword, url.Values{"current": {storetest.Password}, "password": {"a quite new one"}, "again": {"a quite new one"}}).want(http.StatusSeeOther)
	c.get(paths.Interfaces).want(http.StatusOK)
	other.get(paths.Interfaces).want(http.StatusSeeOther)
	s.anyone().password(email).want(http.StatusUnprocessableEntity)
	// Blanks count; of two ways to type one letter it does not matter which.
	c.post(paths.SecurityPassword, url.Values{"current": {"a quite new one"}, "password": {"  Cafe\u0301 au lait"}, "again": {"  Cafe\u0301 au lait"}}).want(http.StatusSeeOther)
	for typed, want := range map[string]int{"  Caf\u00e9 au lait": http.StatusSeeOther, "  Cafe\u0301 au lait": http.StatusSeeOther, "Caf\u00e9 au lait": http.StatusUnprocessableEntity} {
		s.anyone().post(paths.Login, url.Values{"email": {email}, "password": {typed}}).want(want)
	}
}

// newProvider starts an identity provider that sends people back to the addresses
// of these IDs.
func (s *site) newProvider(t *testing.T, people []ssotest.Person, ids ...string) *ssotest.Provider {
	t.Helper()
	var returns []string
	for _, id := range ids {
		returns = append(returns, s.base+paths.SSOReturn(id))
	}
	return ssotest.New(t, people, returns...)
}

// trust adds an identity provider under this ID.
func (s *site) trust(t *testing.T, p *ssotest.Provider, id, domain, account string, mfa bool) {
	t.Helper()
	if err := s.AddIdentityProvider(t.Context(), s.Admin, store.NewIdentityProvider{ID: id, Name: "Login of " + domain, Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: ssotest.Secret, Domain: domain, AccountID: account, MFA: mfa}); err != nil {
		t.Fatal(err)
	}
}

// beginSSO is the address of the provider that answers for an e-mail address.
func (c *client) beginSSO(email string) string {
	c.t.Helper()
	return c.post(paths.SSO, url.Values{"email": {email}, "next": {"/messages"}}).want(http.StatusOK).doc().Find("a.btn--primary").AttrOr("href", "")
}

// atProvider signs in at the identity provider as a browser does, and returns
// where it sends the browser then.
func atProvider(t *testing.T, address, username string) string {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	var back string
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, paths.SSOReturn("")) {
			back = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	id := res.Request.URL.Query().Get("authRequestID")
	if id == "" {
		return back
	}
	res, err = browser.PostForm(res.Request.URL.Scheme+"://"+res.Request.URL.Host+res.Request.URL.Path, url.Values{"id": {id}, "username": {username}, "password": {ssotest.Password}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return back
}

func TestSingleSignOn(t *testing.T) {
	s := newSecureSite(t)
	north, staff := store.NewProviderID(), store.NewProviderID()
	p := s.newProvider(t, []ssotest.Person{{Name: "lin", Email: "owner@northwind.example", Verified: true}, {Name: "liar", Email: "owner@northwind.example", Verified: false},
		{Name: "ma", Email: "owner@southwind.example", Verified: true}, {Name: "rao", Email: "reviewer@cloud.example", Verified: true}}, north, staff)
	s.trust(t, p, north, "northwind.example", s.Northwind, false)
	s.trust(t, p, staff, "cloud.example", "", true)

	if a := s.anyone().get(paths.Login); !strings.Contains(a.body, paths.SSO) {
		t.Error("the sign-in page does not offer single sign-on")
	}
	// Whether anybody has the address makes no difference.
	known, unknown := s.anyone().post(paths.SSO, url.Values{"email": {"owner@northwind.example"}}), s.anyone().post(paths.SSO, url.Values{"email": {"nobody@northwind.example"}})
	if known.status != unknown.status {
		t.Errorf("a known address answers %d, an unknown one %d", known.status, unknown.status)
	}
	if a := s.anyone().post(paths.SSO, url.Values{"email": {"x@elsewhere.example"}}).want(http.StatusUnprocessableEntity); a.field("email") != "x@elsewhere.example" {
		t.Error("what was typed is lost")
	}

	failed := paths.LoginNext(paths.Messages) // where the person wanted to go is not forgotten
	for _, c := range []struct{ name, email, username, want string }{
		{"the account's own person", "owner@northwind.example", "lin", "/messages"},
		{"again, now known by subject", "owner@northwind.example", "lin", "/messages"},
		{"address not verified", "owner@northwind.example", "liar", failed},
		{"a person of another account", "owner@northwind.example", "ma", failed},
		{"staff at a customer's provider", "owner@northwind.example", "rao", failed},
		{"staff", "reviewer@cloud.example", "rao", "/messages"},
		{"staff with a password alone", "reviewer@cloud.example", "rao", paths.Messages},
	} {
		p.Methods = []string{"pwd", "otp"}
		if strings.Contains(c.name, "alone") {
			p.Methods = nil
		}
		browser := s.anyone()
		back := atProvider(t, browser.beginSSO(c.email), c.username)
		a := browser.get(back).want(http.StatusSeeOther)
		if a.header.Get("Location") != c.want {
			t.Errorf("%s: leads to %s, want %s", c.name, a.header.Get("Location"), c.want)
		}
		if b := browser.get(paths.Messages); (b.status == http.StatusOK) != (c.want == "/messages" && p.Methods != nil) || p.Methods == nil && b.header.Get("Location") != paths.Security {
			t.Errorf("%s: the console answers %d", c.name, b.status)
		}
		if b := browser.get(back); b.header.Get("Location") != paths.Login {
			t.Errorf("%s: the answer counts twice: %d %s", c.name, b.status, b.header.Get("Location"))
		}
	}

	// An answer belongs to the browser that asked, and to its question.
	a, b := s.anyone(), s.anyone()
	back := atProvider(t, a.beginSSO("owner@northwind.example"), "lin")
	b.beginSSO("owner@northwind.example")
	for name, c := range map[string]struct {
		by   *client
		path string
	}{
		"another browser":       {b, back},
		"a browser without any": {s.anyone(), back},
		"no code":               {a, paths.SSOReturn(north)},
	} {
		c.by.get(c.path).want(http.StatusSeeOther)
		if x := c.by.get(paths.Messages); x.status == http.StatusOK {
			t.Errorf("%s: signed in", name)
		}
	}
	// Whoever begins and never comes back makes us ask the provider, and keeps
	// rows of ours: that has a limit.
	if x := s.anyone().post(paths.SSO, url.Values{"email": {"owner@northwind.example"}}).want(http.StatusTooManyRequests); x.header.Get("Retry-After") == "" || !strings.Contains(x.text(), "Too many attempts") {
		t.Errorf("after many tries: %v\n%s", x.header, x.text())
	}
	s.Clock.Advance(time.Hour)
	denied := s.anyone()
	denied.beginSSO("owner@northwind.example")
	denied.get(paths.SSOReturn(north) + "?error=access_denied").want(http.StatusSeeOther)
	if text := denied.get(paths.Login).text(); !strings.Contains(text, "did not sign you in") {
		t.Errorf("a refusal of the provider: %s", text)
	}
}

// Who signs in at their identity provider alone has no password to change: at an
// open browser of theirs nobody chooses one, and neither do they, past their
// provider. Before they change anything else they sign in there anew.
func TestWhoHasNoPasswordChoosesNone(t *testing.T) {
	s := newSecureSite(t)
	const email = "sam@northwind.example"
	if _, err := s.CreateUser(t.Context(), store.NewUser{Email: email, Name: "Sam Low", Role: lifecycle.Viewer, AccountID: s.Northwind}, ""); err != nil {
		t.Fatal(err)
	}
	north := store.NewProviderID()
	p := s.newProvider(t, []ssotest.Person{{Name: "sam", Email: email, Verified: true}}, north)
	s.trust(t, p, north, "northwind.example", s.Northwind, false)
	for next, want := range map[string]string{paths.Messages: "43200", paths.Security: "0"} {
		link := s.anyone().post(paths.SSO, url.Values{"email": {email}, "next": {next}}).want(http.StatusOK).doc().Find("a.btn--primary").AttrOr("href", "")
		if u, err := url.Parse(link); err != nil || u.Query().Get("max_age") != want {
			t.Errorf("on the way to %s: %s, want max_age=%s", next, link, want)
		}
	}
	c := s.anyone()
	c.get(atProvider(t, c.beginSSO(email), "sam")).want(http.StatusSeeOther)
	if n := c.get(paths.Security).want(http.StatusOK).doc().Find(`form[action="` + paths.SecurityPassword + `"]`).Length(); n != 0 {
		t.Error("a password is offered")
	}
	const word = "a quite new one"
	for _, current := range []string{"", word} {
		c.post(paths.SecurityPassword, url.Values{"current": {current}, "password": {word}, "again": {word}}).want(http.StatusSeeOther)
	}
	if text := c.get(paths.Security).want(http.StatusOK).text(); !strings.Contains(text, "have no password here. Nothing was changed.") {
		t.Errorf("nothing says why: %s", text)
	}
	s.anyone().post(paths.Login, url.Values{"email": {email}, "password": {word}}).want(http.StatusUnprocessableEntity)
}

// A provider that is a customer's own mixes itself up with the one of staff: it
// sends who begins to sign in with it on to that one, to be told what that one
// answers (RFC 9700, 4.4). Neither of them names itself in its answers.
func TestProvidersAreNotMixedUp(t *testing.T) {
	s := newSecureSite(t)
	evil, honest := store.NewProviderID(), store.NewProviderID()
	attacker := s.newProvider(t, []ssotest.Person{{Name: "ma", Email: "owner@southwind.example", Verified: true}}, evil)
	victim := s.newProvider(t, []ssotest.Person{{Name: "rao", Email: "reviewer@cloud.example", Verified: true}}, honest)
	s.trust(t, attacker, evil, "southwind.example", s.Southwind, false)
	s.trust(t, victim, honest, "cloud.example", "", true)

	// onward is what the provider of an account makes of the question that the
	// browser brought to it.
	onward := func(question, back string) string {
		u, err := url.Parse(question)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("client_id", victim.ClientID)
		if back != "" {
			q.Set("redirect_uri", s.base+paths.SSOReturn(back))
		}
		return strings.TrimSuffix(victim.Issuer, "/") + u.Path + "?" + q.Encode()
	}
	for name, back := range map[string]string{"to the attacker": evil, "as asked": "", "to nobody": "ip-none"} {
		if at := atProvider(t, onward(s.anyone().beginSSO("owner@southwind.example"), back), "rao"); at != "" {
			t.Errorf("%s: the provider of staff sends people to %s", name, at)
		}
	}
	browser := s.anyone()
	back := atProvider(t, onward(browser.beginSSO("owner@southwind.example"), honest), "rao")
	if !strings.HasPrefix(back, paths.SSOReturn(honest)+"?") {
		t.Fatalf("the provider of staff sends people to %q", back)
	}
	if a := browser.get(back).want(http.StatusSeeOther); a.header.Get("Location") != paths.LoginNext(paths.Messages) {
		t.Errorf("what came to another address leads to %s", a.header.Get("Location"))
	}
	if text := browser.get(paths.Login).text(); !strings.Contains(text, "return address of another identity provider and was not accepted. Sign in again.") {
		t.Errorf("nobody says why: %s", text)
	}
	browser.get(paths.AdminLOAs).want(http.StatusSeeOther)
	if n := attacker.Asked.Load() + victim.Asked.Load(); n != 0 {
		t.Errorf("providers were told a code %d times", n)
	}
	// The same answer at the address where it was asked for is for the wrong question.
	browser = s.anyone()
	browser.beginSSO("reviewer@cloud.example")
	if a := browser.get(back).want(http.StatusSeeOther); a.header.Get("Location") != paths.LoginNext(paths.Messages) || victim.Asked.Load() != 0 {
		t.Errorf("an answer to another question leads to %s, and was told on %d times", a.header.Get("Location"), victim.Asked.Load())
	}
	// Who is not misled signs in as ever, each at their own.
	if a := browser.get(atProvider(t, browser.beginSSO("reviewer@cloud.example"), "rao")).want(http.StatusSeeOther); a.header.Get("Location") != "/messages" {
		t.Errorf("staff are led to %s", a.header.Get("Location"))
	}
	other := s.anyone()
	if a := other.get(atProvider(t, other.beginSSO("owner@southwind.example"), "ma")).want(http.StatusSeeOther); a.header.Get("Location") != "/messages" {
		t.Errorf("the account's person is led to %s", a.header.Get("Location"))
	}
}

func TestIdentityProvidersPage(t *testing.T) {
	s := newSite(t)
	admin := s.as("admin@cloud.example")
	page := admin.get(paths.AdminSSO).want(http.StatusOK)
	form := url.Values{"key": {page.field("key")}, "id": {page.field("id")}, "name": {"Northwind login"}, "account": {s.Northwind}, "domain": {"@Northwind.example"}, "issuer": {"ftp://x"}, "client_id": {"c"}, "client_secret": {"s3cret-of-the-client"}}
	a := admin.post(paths.AdminSSO, form).want(http.StatusUnprocessableEntity)
	if a.field("name") != "Northwind login" || strings.Contains(a.body, "s3cret-of-the-client") {
		t.Error("values are lost, or the secret comes back")
	}
	// The address that was registered at the provider stays the same.
	address := paths.SSOReturn(page.field("id"))
	for name, b := range map[string]*answer{"the first form": page, "the refused form": a} {
		if got := b.doc().Find("#return .id").Text(); got != address {
			t.Errorf("%s shows the return address %s, want %s", name, got, address)
		}
	}
	form.Set("issuer", "https://login.northwind.example")
	admin.post(paths.AdminSSO, form).want(http.StatusSeeOther)
	admin.post(paths.AdminSSO, form).want(http.StatusSeeOther) // the same form again
	list := admin.get(paths.AdminSSO).want(http.StatusOK)
	if got := list.doc().Find("td[data-label='Return address'] .id").Text(); got != address {
		t.Errorf("the list shows the return address %s, want %s", got, address)
	}
	// The next one has another address, also when a form is made up.
	for _, id := range []string{"", page.field("id"), "../../people"} {
		form := url.Values{"key": {"k" + id}, "id": {id}, "name": {"Two"}, "domain": {"two.example"}, "issuer": {"https://login.two.example"}, "client_id": {"c"}, "client_secret": {"s"}}
		a := admin.post(paths.AdminSSO, form).want(http.StatusUnprocessableEntity)
		if got := a.field("id"); got == id || got == page.field("id") || !strings.HasSuffix(a.doc().Find("#return .id").Text(), paths.SSOReturn(got)) || !strings.Contains(a.text(), "cannot be used") {
			t.Errorf("the ID %q: %s", id, a.text())
		}
	}
	href, ok := list.doc().Find("a[href$='/removal']").Attr("href")
	if !ok || list.doc().Find("a[href$='/removal']").Length() != 1 || !strings.Contains(list.text(), "northwind.example") {
		t.Fatalf("the list: %s", list.text())
	}
	for _, email := range []string{"owner@northwind.example", "reviewer@cloud.example", "finance@cloud.example"} {
		c := s.as(email)
		c.get(paths.AdminSSO).want(http.StatusForbidden)
		c.post(paths.AdminSSO, form).want(http.StatusForbidden)
		c.post(href, url.Values{}).want(http.StatusForbidden)
	}
	admin.get(href).want(http.StatusOK)
	admin.post(href, url.Values{}).want(http.StatusSeeOther)
	admin.post(href, url.Values{}).want(http.StatusNotFound)
}

// Who finds an open browser changes nothing about how its person signs in, with
// whatever form, and ends no session of theirs.
func TestASignInOfAWhileAgoChangesNoFactor(t *testing.T) {
	s := newSecureSite(t)
	const email = "owner@northwind.example"
	c, other := s.as(email), s.as(email)
	c.addApp(s.Clock)
	removal := regexp.MustCompile(`/security/factors/[^/]+/removal`).FindString(c.get(paths.Security).body)
	session := c.get(paths.Security).field("session")
	draft := c.get(paths.SecurityAuthenticator).field("draft")
	s.Clock.Advance(store.FreshLimit - time.Second)
	c.get(paths.SecurityAuthenticator).want(http.StatusOK)
	s.Clock.Advance(time.Second)
	for _, path := range []string{paths.SecurityAuthenticator, paths.SecurityPasskey, paths.SecurityRecovery, removal} {
		if a := c.get(path).want(http.StatusSeeOther); a.header.Get("Location") != paths.Security {
			t.Errorf("%s leads to %s", path, a.header.Get("Location"))
		}
	}
	for path, form := range map[string]url.Values{
		paths.SecurityAuthenticator: {"draft": {draft}, "code": {"123456"}}, paths.SecurityPasskey: {"credential": {"{}"}}, paths.SecurityRecovery: nil, removal: nil,
		paths.SecuritySession: {"session": {session}}, paths.SecuritySessions: nil,
	} {
		values := url.Values{"current": {storetest.Password}}
		for k, v := range form {
			values[k] = v
		}
		if a := c.post(path, values).want(http.StatusSeeOther); a.header.Get("Location") != paths.Security {
			t.Errorf("%s leads to %s", path, a.header.Get("Location"))
		}
	}
	page := c.get(paths.Security).want(http.StatusOK)
	if text := page.text(); !strings.Contains(text, "Sign in again first. Nothing was changed.") || !strings.Contains(text, "more than 15 minutes ago") || strings.Contains(page.body, removal) ||
		strings.Contains(text, "Sign out everywhere else") || strings.Contains(text, "Add an authenticator app") {
		t.Errorf("the page of who signed in a while ago: %s", text)
	}
	other.get(paths.Messages).want(http.StatusOK)
	// The button ends this session, and comes back here.
	if a := c.post(paths.Logout, url.Values{"next": {paths.Security}}).want(http.StatusSeeOther); a.header.Get("Location") != paths.LoginNext(paths.Security) {
		t.Errorf("to sign in again leads to %s", a.header.Get("Location"))
	}
	c.get(paths.Messages).want(http.StatusSeeOther)
	if a := c.post(paths.Logout, url.Values{"next": {"https://elsewhere.example"}}).want(http.StatusSeeOther); a.header.Get("Location") != paths.Login {
		t.Errorf("signing out leads to %s", a.header.Get("Location"))
	}
}

func TestAdministratorsEndSessions(t *testing.T) {
	s := newSite(t)
	owner, admin := s.as("owner@northwind.example"), s.as("admin@cloud.example")
	half, _, err := s.StartStep(t.Context(), store.Actor{}, store.Step{Kind: store.StepSecondFactor, UserID: s.Owner.UserID})
	if err != nil || half == "" {
		t.Fatal(err)
	}
	page := paths.AdminSessionsEnd(s.Owner.UserID)
	if a := admin.get(paths.AdminAccount(s.Northwind)).want(http.StatusOK); !strings.Contains(a.body, page) {
		t.Error("the page of the account does not lead there")
	}
	if text := admin.get(page).want(http.StatusOK).text(); !strings.Contains(text, "is signed in here") {
		t.Errorf("the question: %s", text)
	}
	for _, who := range []string{"reviewer@cloud.example", "finance@cloud.example", "owner@southwind.example"} {
		s.as(who).post(page, nil).want(http.StatusForbidden)
	}
	owner.get(paths.Messages).want(http.StatusOK)
	admin.post(page, nil).want(http.StatusSeeOther)
	owner.get(paths.Messages).want(http.StatusSeeOther)
	if text := admin.get(page).want(http.StatusOK).text(); !strings.Contains(text, "is not signed in anywhere") {
		t.Errorf("the question afterwards: %s", text)
	}
	admin.post(paths.AdminSessionsEnd("us-none"), nil).want(http.StatusNotFound)
	// An administrator ends their own too, this one among them.
	admin.post(paths.AdminSessionsEnd(s.Admin.UserID), nil).want(http.StatusSeeOther)
	admin.get(paths.Messages).want(http.StatusSeeOther)
}

// Where everybody needs a second factor, a customer without one gets to setting
// one up and no further, and a provider that proves none is no way around it.
func TestCustomersNeedASecondFactor(t *testing.T) {
	for everybody, opens := range map[bool]int{false: http.StatusOK, true: http.StatusSeeOther} {
		env := storetest.New(t, storetest.WithPasswords())
		server := httptest.NewUnstartedServer(nil)
		base := "http://localhost:" + port(t, server.Listener)
		edge, err := web.New(t.Context(), web.Config{Operator: "Example Cloud", PublicURL: base, RequireSecondFactor: true, RequireOfCustomers: everybody, Now: env.Clock.Now,
			Log: slog.New(slog.DiscardHandler)}, env.Store)
		if err != nil {
			t.Fatal(err)
		}
		server.Config.Handler = edge
		server.Start()
		t.Cleanup(server.Close)
		s := &site{Env: env, t: t, base: base}
		c := s.anyone()
		c.password("owner@northwind.example").want(http.StatusSeeOther)
		c.get(paths.Interfaces).want(opens)
		if a := c.get(paths.Security).want(http.StatusOK); strings.Contains(a.text(), "Set up a second factor to go on") != everybody {
			t.Errorf("asked of everybody %v: %s", everybody, a.text())
		}
		north := store.NewProviderID()
		p := s.newProvider(t, []ssotest.Person{{Name: "lin", Email: "owner@northwind.example", Verified: true}}, north)
		s.trust(t, p, north, "northwind.example", s.Northwind, true)
		for _, methods := range [][]string{nil, {"pwd", "otp"}} {
			p.Methods = methods
			browser := s.anyone()
			browser.get(atProvider(t, browser.beginSSO("owner@northwind.example"), "lin")).want(http.StatusSeeOther)
			want := opens
			if methods != nil {
				want = http.StatusOK
			}
			browser.get(paths.Interfaces).want(want)
		}
		c.addApp(s.Clock)
		c.get(paths.Interfaces).want(http.StatusOK)
		// With a factor of their own they are asked for it.
		p.Methods = nil
		browser := s.anyone()
		a := browser.get(atProvider(t, browser.beginSSO("owner@northwind.example"), "lin")).want(http.StatusSeeOther)
		if (a.header.Get("Location") == paths.SecondFactor) != everybody {
			t.Errorf("asked of everybody %v, a provider that proves none leads to %s", everybody, a.header.Get("Location"))
		}
	}
}
