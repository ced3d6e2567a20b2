package e2e

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"demarc/store"
	"demarc/store/storetest"
	"demarc/web"
	"demarc/web/paths"
	"demarc/web/sso/ssotest"
)

// securedSite is the edge under the name under which browsers make passkeys,
// with staff who need a second factor.
func securedSite(t *testing.T) (*storetest.Env, string) {
	env := storetest.New(t, storetest.WithPasswords())
	server := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	base := "http://localhost:" + port
	edge, err := web.New(context.Background(), web.Config{Operator: "Example Cloud", PublicURL: base, RequireSecondFactor: true, Now: env.Clock.Now}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = edge
	server.Start()
	t.Cleanup(server.Close)
	return env, base
}

func init() {
	moreVisits = append(moreVisits, func(s *site) map[string][]visit {
		refused := func(who, path, press string) visit {
			return visit{who: who, path: path, press: press, status: http.StatusUnprocessableEntity, state: "refused"}
		}
		return map[string][]visit{
			"paths.SSO":                          {{path: paths.SSO}, refused("", paths.SSO, "Continue")},
			"paths.Security":                     {{who: northwind, path: paths.Security}, {who: admin, path: paths.Security}, refused(northwind, paths.Security, "Change password")},
			"paths.SecurityAuthenticator":        {{who: northwind, path: paths.SecurityAuthenticator}, refused(southwind, paths.SecurityAuthenticator, "Set up")},
			"paths.SecurityPasskey":              {{who: northwind, path: paths.SecurityPasskey, state: "not without https"}},
			"paths.SecurityRecovery":             {{who: northwind, path: paths.SecurityRecovery}, refused(northwind, paths.SecurityRecovery, "Make recovery codes")},
			`paths.SecurityFactorRemoval(":id")`: {{who: northwind, path: paths.SecurityFactorRemoval("sf-none"), status: http.StatusNotFound, state: "removed already"}},
			"paths.AdminSSO":                     {{who: admin, path: paths.AdminSSO}, refused(admin, paths.AdminSSO, "Add identity provider")},
			`paths.AdminSSORemoval(":id")`:       {{who: admin, path: paths.AdminSSORemoval(s.provider)}},
			`paths.AdminSessionsEnd(":id")`:      {{who: admin, path: paths.AdminSessionsEnd(s.owner)}, {who: admin, path: paths.AdminSessionsEnd(s.careful), state: "not signed in"}},
			`paths.AdminFactorReset(":id")`:      {{who: admin, path: paths.AdminFactorReset(s.careful)}, refused(admin, paths.AdminFactorReset(s.careful), "Reset"), {who: admin, path: paths.AdminFactorReset(s.owner), state: "nothing to reset"}},
		}
	})
}

// A reviewer's first day: a passkey, recovery codes, and the way back in on
// another day, with the passkey, with an authenticator app, and with a
// recovery code where no script runs.
func TestSignInWithASecondFactor(t *testing.T) {
	t.Parallel()
	env, base := securedSite(t)
	enter := func(p *Page) {
		t.Helper()
		p.Goto(paths.Login)
		p.Fill("Account name", reviewer)
		p.Fill("Password", storetest.Password)
		p.Click("Sign in")
	}
	p := newPerson(t, "reviewer", base)
	p.Authenticator()
	enter(p)
	p.See("Set up a second factor to go on")
	p.Goto(paths.AdminLOAs)
	p.SeeURL("^" + paths.Security + "$")
	p.AccessibleInBothThemes("security without a second factor")
	p.Screenshot("sign-in-01-required")
	p.Click("Add a passkey")
	p.AccessibleInBothThemes("add a passkey")
	p.Fill("Name", "Laptop")
	p.Fill("Your password", storetest.Password)
	p.Screenshot("sign-in-02-passkey")
	p.Click("Make a passkey")
	p.See("The passkey was added. Make recovery codes now")
	p.AccessibleInBothThemes("recovery codes")
	p.Fill("Your password", storetest.Password)
	p.Click("Make recovery codes")
	p.See("They are shown once")
	p.AccessibleInBothThemes("recovery codes, new")
	p.Screenshot("sign-in-03-codes")
	texts := strings.Join(mustTexts(p), " ")
	codes := regexp.MustCompile(`\b[0-9A-Z]{5}-[0-9A-Z]{5}\b`).FindAllString(texts, -1)
	if len(codes) < 10 {
		t.Fatalf("recovery codes on the page: %v", codes)
	}
	p.Click("I have kept them")

	p.Click("Add an authenticator app")
	p.AccessibleInBothThemes("authenticator app")
	p.Screenshot("sign-in-04-app")
	key := strings.ReplaceAll(regexp.MustCompile(`(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}`).FindString(strings.Join(mustTexts(p), " ")), " ", "")
	code := func() string {
		t.Helper()
		c, err := totp.GenerateCode(key, env.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	p.Fill("Code", code())
	p.Fill("Name", "Phone")
	p.Fill("Your password", storetest.Password)
	p.Click("Set up")
	p.See("The authenticator app is set up")
	p.See("10 recovery codes are left")
	p.AccessibleInBothThemes("security with two factors")
	p.Screenshot("sign-in-05-factors")
	p.Viewport(390, 844)
	if over := p.SidewaysScroll(); over > 0 {
		t.Errorf("%d pixels lie beyond the right edge", over)
	}
	p.Screenshot("sign-in-06-phone")
	p.Click("Remove Phone")
	p.AccessibleInBothThemes("remove a factor")
	p.Screenshot("sign-in-07-remove")
	p.Viewport(1440, 900)
	p.Goto(paths.AdminLOAs)
	p.SeeURL("^" + paths.AdminLOAs + "$")

	p.Click("Account of Rao Min, staff")
	p.Click("Sign out")
	enter(p)
	p.SeeURL("^" + paths.SecondFactor + "$")
	p.AccessibleInBothThemes("second factor")
	p.Screenshot("sign-in-08-second-factor")
	p.Click("Use a passkey")
	p.SeeURL("^/admin$")

	app := newPerson(t, "reviewer with the app", base)
	enter(app)
	app.Fill("Code", "123")
	app.Click("Continue")
	app.See("The code is not correct")
	app.AccessibleInBothThemes("second factor refused")
	app.Screenshot("sign-in-09-refused")
	env.Clock.Advance(time.Minute)
	app.Fill("Code", code())
	app.Click("Continue")
	app.SeeURL("^/admin$")

	// A while later they sign in again before they change any of it.
	env.Clock.Advance(store.FreshLimit)
	app.Goto(paths.Security)
	app.See("You signed in more than 15 minutes ago")
	app.NotSee("Remove Phone")
	app.AccessibleInBothThemes("security a while later")
	app.Screenshot("sign-in-11-a-while-later")
	app.Viewport(390, 844)
	if over := app.SidewaysScroll(); over > 0 {
		t.Errorf("%d pixels lie beyond the right edge", over)
	}
	app.Screenshot("sign-in-12-a-while-later-phone")
	app.Viewport(1440, 900)
	app.Click("Sign in again")
	app.See("Sign in again to go on")
	app.Fill("Account name", "reviewer@cloud.example")
	app.Fill("Password", storetest.Password)
	app.Click("Sign in")
	app.Fill("Code", code())
	app.Click("Continue")
	app.SeeURL("^" + paths.Security + "$")
	app.See("Remove Phone")

	plain := newPerson(t, "reviewer without scripts", base)
	plain.NoScript()
	enter(plain)
	plain.NotSee("Use a passkey")
	plain.Screenshot("sign-in-10-no-script")
	plain.Fill("Code", strings.ToLower(codes[0]))
	plain.Click("Continue")
	plain.See("9 recovery codes are left")
	clean(t, p, app, plain)
}

// Somebody signs in at their company's identity provider, and meets each of the
// ways in which that fails: every time the page says why and what to do next.
func TestSingleSignOnInTheBrowser(t *testing.T) {
	env, base := securedSite(t)
	north, broken := store.NewProviderID(), store.NewProviderID()
	p := ssotest.New(t, []ssotest.Person{{Name: "lin", Email: northwind, Verified: true}, {Name: "new", Email: "new@northwind.example", Verified: true}}, base+paths.SSOReturn(north))
	add := func(n store.NewIdentityProvider) {
		t.Helper()
		if err := env.AddIdentityProvider(t.Context(), env.Admin, n); err != nil {
			t.Fatal(err)
		}
	}
	add(store.NewIdentityProvider{ID: north, Name: "Northwind login", Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: ssotest.Secret, Domain: "northwind.example", AccountID: env.Northwind})
	add(store.NewIdentityProvider{ID: broken, Name: "Broken login", Issuer: "http://localhost:1/", ClientID: "c", ClientSecret: "s", Domain: "broken.example"})
	tab := newPerson(t, "somebody", base)
	begin := func(email string) {
		t.Helper()
		tab.Goto(paths.Login)
		tab.Click("Sign in with your company's single sign-on")
		tab.Fill("E-mail address", email)
		tab.Click("Continue")
	}
	look := func(state, says string) {
		t.Helper()
		tab.See(says)
		tab.AccessibleInBothThemes("single sign-on, " + state)
		tab.Viewport(390, 844)
		if over := tab.SidewaysScroll(); over > 0 {
			t.Errorf("%s: %d pixels lie beyond the right edge", state, over)
		}
		tab.AccessibleInBothThemes("single sign-on, " + state + ", 390 wide")
		tab.Screenshot("sso-" + state)
		tab.Viewport(1440, 900)
	}
	begin("x@elsewhere.example")
	look("no provider", "No identity provider answers for this address. Sign in with the password instead.")
	begin("x@broken.example")
	look("provider is away", "Broken login does not answer. Try again later, or sign in with the password.")
	tab.refusals()
	begin(northwind)
	look("on the way", "Northwind login signs you in and sends you back here.")
	tab.Goto(paths.SSOReturn(north) + "?error=access_denied")
	look("refused there", "Northwind login did not sign you in. Try again, or sign in with the password.")
	begin(northwind)
	tab.Goto(paths.SSOReturn(broken) + "?code=c&state=s")
	look("address of another", "return address of another identity provider")
	begin(northwind)
	tab.Goto(paths.SSOReturn(north) + "?code=c&state=s")
	look("not accepted", "What Northwind login answered was not accepted. Sign in again.")
	there := func(name string) {
		t.Helper()
		tab.Click("Continue to Northwind login")
		tab.Fill("Username:", name)
		tab.Fill("Password:", ssotest.Password)
		tab.Click("Login")
	}
	begin("new@northwind.example")
	there("new")
	look("unknown person", "Your identity provider knows you, but this console does not.")
	begin(northwind)
	there("lin")
	tab.SeeURL("^/$")
	for _, e := range tab.ConsoleErrors() {
		if !strings.Contains(e, p.Issuer) { // whose page has no icon
			t.Errorf("console: %s", e)
		}
	}
}
