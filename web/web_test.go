package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	files "demarc/static"
	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/views"
	"demarc/web/paths"
	"demarc/web/pay"
	"demarc/web/pay/paytest"
	"demarc/web/reqctx"
)

// logged collects the log of a test.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// site is a console on a real listener.
type site struct {
	*httptest.Server
	env *storetest.Env
	web *Server
	log *logged
}

func newSite(t *testing.T, edit ...func(*Config)) *site {
	t.Helper()
	s := &site{env: storetest.New(t), log: &logged{}}
	cfg := Config{Operator: "Example Cloud", Now: s.env.Clock.Now, Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, f := range edit {
		f(&cfg)
	}
	var err error
	if s.web, err = New(t.Context(), cfg, s.env.Store); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(s.web)
	t.Cleanup(s.Server.Close)
	return s
}

// passwords gives these people storetest.Password. It is slow, on purpose of
// the product, so tests that are about something else do without.
func (s *site) passwords(t *testing.T, emails ...string) {
	t.Helper()
	for _, email := range emails {
		u, err := s.env.UserByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		_, link, err := s.env.NewLink(t.Context(), s.env.Admin, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.env.AcceptInvitation(t.Context(), link.Token, "TEST", u.Name, "", storetest.Password); err != nil {
			t.Fatal(err)
		}
	}
}

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	t    *testing.T
	site *site
	c    *http.Client
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

type answer struct {
	*http.Response
	body string
}

func (b *browser) do(method, path string, form url.Values, header ...string) answer {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.site.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.c.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res, string(text)}
}

func (b *browser) get(path string, header ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, header...)
}

// signIn is a session without the form.
func (b *browser) signIn(email string) *browser {
	b.t.Helper()
	u, err := b.site.env.UserByEmail(b.t.Context(), email)
	if err != nil {
		b.t.Fatal(err)
	}
	id, secret, err := b.site.env.StartSession(b.t.Context(), store.Actor{UserID: u.ID}, store.MethodPassword, "Test")
	if err != nil {
		b.t.Fatal(err)
	}
	s := b.site.web.sessions.empty()
	s.Start(id, secret)
	rec := httptest.NewRecorder()
	if err := s.save(httptest.NewRequest("GET", "/", nil), rec); err != nil {
		b.t.Fatal(err)
	}
	b.setCookies(rec.Result().Cookies())
	return b
}

func (b *browser) setCookies(c []*http.Cookie) {
	u, err := url.Parse(b.site.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	b.c.Jar.SetCookies(u, c)
}

// signInByForm signs in as a person does.
func (b *browser) signInByForm(email string) *browser {
	b.t.Helper()
	a := b.do("POST", paths.Login, url.Values{"email": {email}, "password": {storetest.Password}})
	if a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("sign-in of %s: %d\n%s", email, a.StatusCode, a.body)
	}
	return b
}

func (a answer) want(t *testing.T, status int, location string) {
	t.Helper()
	if a.StatusCode != status || a.Header.Get("Location") != location {
		t.Fatalf("%s %s: %d %q, want %d %q\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.Header.Get("Location"), status, location, a.body)
	}
}

func (a answer) text(t *testing.T, selector string) string {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(doc.Find(selector).Text()), " ")
}

func (a answer) sessionCookie() *http.Cookie {
	for _, c := range a.Cookies() {
		if strings.HasSuffix(c.Name, "demarc") {
			return c
		}
	}
	return nil
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	s := newSite(t)
	s.web.echo.GET("/test/panic", func(echo.Context) error { panic("boom") })
	anonymous, customer := s.browser(t), s.browser(t).signIn("owner@northwind.example")
	for name, a := range map[string]answer{
		"page":         anonymous.get(paths.Login),
		"redirect":     anonymous.get(paths.Messages),
		"not found":    anonymous.get("/nowhere"),
		"wrong method": anonymous.do("DELETE", paths.Login, nil),
		"trace":        anonymous.do("TRACE", paths.Login, nil, "X-Told", "back"),
		"other origin": customer.get(paths.Messages, "Origin", "https://evil.example"),
		"keys":         anonymous.get(paths.LetterKeys),
		"list as file": customer.get(paths.InterfacesCSV),
		"cross-origin": anonymous.do("POST", paths.Login, url.Values{}, "Sec-Fetch-Site", "cross-site"),
		"refused form": anonymous.do("POST", paths.Login, url.Values{}),
		"health":       anonymous.get(paths.Health),
		"static":       anonymous.get(files.URL(files.ConsoleCSS)),
		"panic":        anonymous.get("/test/panic"),
		"signed in":    customer.get(paths.Messages),
		"forbidden":    customer.get(paths.AdminPeople),
	} {
		for h, want := range map[string]string{
			"Content-Security-Policy":    "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Permissions-Policy":         "camera=(), geolocation=(), microphone=(), payment=()",
		} {
			if got := a.Header.Get(h); got != want {
				t.Errorf("%s: %s is %q", name, h, got)
			}
		}
		if kind := a.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/") && !strings.HasSuffix(strings.ToLower(kind), "; charset=utf-8") {
			t.Errorf("%s: the content type %q does not name the encoding", name, kind)
		}
		if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" && name != "keys" {
			t.Errorf("%s: may be read by %q", name, got)
		}
		if name == "trace" && (a.StatusCode != http.StatusMethodNotAllowed || strings.Contains(a.body, "X-Told")) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
		if a.Header.Get("Server") != "" || a.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: headers %v", name, a.Header)
		}
		if name == "static" || name == "keys" { // public, the same for everybody
			continue
		}
		if got := a.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", name, got)
		}
		if v := strings.Join(a.Header.Values("Vary"), ", "); name != "health" && !strings.Contains(v, "HX-Request, HX-Request-Type, Cookie") {
			t.Errorf("%s: Vary is %q", name, v)
		}
		if name != "redirect" && a.Header.Get("Content-Type") == "" {
			t.Errorf("%s: no content type", name)
		}
		if strings.Contains(a.body, "style=") || strings.Contains(a.body, "onclick") {
			t.Errorf("%s: inline style or handler, which the policy forbids", name)
		}
	}
}

func TestCrossOriginWritesAreRefused(t *testing.T) {
	s := newSite(t, func(c *Config) { c.PublicURL = "https://console.example" })
	s.passwords(t, "owner@northwind.example")
	b := s.browser(t)
	good := url.Values{"email": {"owner@northwind.example"}, "password": {storetest.Password}}
	for name, h := range map[string][]string{
		"cross-site":       {"Sec-Fetch-Site", "cross-site"},
		"sibling site":     {"Sec-Fetch-Site", "same-site"},
		"old browser":      {"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
		"old, null origin": {"Sec-Fetch-Site", "", "Origin", "null"},
	} {
		a := b.do("POST", paths.Login, good, h...)
		if a.StatusCode != http.StatusForbidden || a.sessionCookie() != nil || !strings.Contains(a.body, "came from another site") {
			t.Errorf("%s: %d\n%s", name, a.StatusCode, a.body)
		}
	}
	for name, h := range map[string][]string{
		"own page":         {"Sec-Fetch-Site", "same-origin"},
		"typed":            {"Sec-Fetch-Site", "none"},
		"behind a proxy":   {"Sec-Fetch-Site", "", "Origin", "https://console.example"},
		"not a browser":    {"Sec-Fetch-Site", ""},
		"read from abroad": nil,
	} {
		a := b.get(paths.Login, "Sec-Fetch-Site", "cross-site")
		if h != nil {
			a = b.do("POST", paths.Login, good, h...)
		}
		if a.StatusCode >= 400 {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
}

func TestSignIn(t *testing.T) {
	s := newSite(t)
	s.passwords(t, "owner@northwind.example")
	b := s.browser(t)
	b.get(paths.Home).want(t, 303, "/login")
	b.get("/messages?before=3").want(t, 303, "/login?next=%2Fmessages%3Fbefore%3D3")
	page := b.get("/login?next=%2Fmessages")
	page.want(t, 200, "")
	if got := page.text(t, "label"); got != "Account namePassword" {
		t.Errorf("labels %q", got)
	}
	if strings.Contains(page.body, "northwind") || strings.Contains(page.body, storetest.Password) {
		t.Error("a page outside the demo names people or a password")
	}

	a := b.do("POST", paths.Login, url.Values{"email": {""}, "password": {""}, "next": {"/messages"}})
	a.want(t, 422, "")
	if got := a.text(t, ".error-summary li"); got != "Enter the account nameEnter the password" {
		t.Errorf("summary %q", got)
	}
	if !strings.HasPrefix(a.text(t, "title"), "Error: ") {
		t.Errorf("title %q", a.text(t, "title"))
	}

	var answers []string
	for _, c := range [][2]string{{"owner@northwind.example", "wrong wrong wrong"}, {"nobody@northwind.example", storetest.Password}} {
		a := b.do("POST", paths.Login, url.Values{"email": {c[0]}, "password": {c[1]}, "next": {"/messages"}})
		a.want(t, 422, "")
		if a.sessionCookie() != nil {
			t.Error("a refused sign-in sets a cookie")
		}
		if strings.Contains(a.body, c[1]) {
			t.Error("the password comes back in the page")
		}
		answers = append(answers, strings.ReplaceAll(a.body, c[0], "NAME"))
	}
	if answers[0] != answers[1] {
		t.Error("a wrong password and an unknown name answer differently")
	}
	if !strings.Contains(answers[0], "The account name or the password is not correct.") || !strings.Contains(answers[0], `value="NAME"`) {
		t.Error(answers[0])
	}

	// A query string cannot fill in the form.
	b.do("POST", "/login?email=owner@northwind.example&password="+storetest.Password, url.Values{"x": {"y"}}).want(t, 422, "")

	a = b.do("POST", paths.Login, url.Values{"email": {" Owner@Northwind.example "}, "password": {storetest.Password}, "next": {"/messages"}})
	a.want(t, 303, "/messages")
	c := a.sessionCookie()
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || c.Secure || c.Name != "demarc" {
		t.Fatalf("cookie %+v", c)
	}
	b.get("/messages").want(t, 200, "")
	b.get("/login?next=/messages").want(t, 303, "/messages")
}

func TestSecureCookie(t *testing.T) {
	s := newSite(t, func(c *Config) { c.PublicURL = "https://console.example/" })
	s.passwords(t, "owner@northwind.example")
	a := s.browser(t).do("POST", paths.Login, url.Values{"email": {"owner@northwind.example"}, "password": {storetest.Password}})
	a.want(t, 303, "/")
	if n := len(a.Cookies()); n != 2 {
		t.Errorf("%d cookies", n)
	}
	for _, c := range a.Cookies() {
		if c.Name != "__Host-demarc" && c.Name != "__Host-demarc-known" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %+v", c)
		}
		// Signed as "time|value|code", of which the value is encrypted.
		sealed, err := base64.URLEncoding.DecodeString(c.Value)
		parts := strings.Split(string(sealed), "|")
		if err != nil || len(parts) < 3 {
			t.Fatalf("%s: %q, %v", c.Name, sealed, err)
		}
		value, err := base64.URLEncoding.DecodeString(parts[1])
		if err != nil || len(value) < 40 || strings.Contains(string(value), "se-") || strings.Contains(string(value), person("owner@northwind.example")) {
			t.Errorf("%s can be read: %q, %v", c.Name, value, err)
		}
	}
	for _, a := range []answer{a, s.browser(t).get(paths.Home), s.browser(t).get("/nowhere"), s.browser(t).get(files.URL(files.ConsoleCSS))} {
		if got := a.Header.Get("Strict-Transport-Security"); got != "max-age=31536000; includeSubDomains" {
			t.Errorf("%s: HSTS over https is %q", a.Request.URL.Path, got)
		}
	}
	for _, bad := range []string{"console.example", "ftp://console.example", "https://", "https://console.example/below"} {
		if _, err := New(t.Context(), Config{PublicURL: bad}, s.env.Store); err == nil {
			t.Errorf("public URL %q was taken", bad)
		}
	}
}

func TestNextIsLocal(t *testing.T) {
	s := newSite(t)
	s.passwords(t, "owner@northwind.example")
	for _, next := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)", "/login", "evil"} {
		b := s.browser(t)
		page := b.get("/login?next=" + url.QueryEscape(next))
		if strings.Contains(page.body, "evil") || strings.Contains(page.body, "javascript:") {
			t.Errorf("next %q is in the page", next)
		}
		b.do("POST", paths.Login, url.Values{"email": {"owner@northwind.example"}, "password": {storetest.Password}, "next": {next}}).want(t, 303, "/")
	}
}

func TestSignOutEndsTheSessionOnTheServer(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).signIn("owner@northwind.example")
	u, _ := url.Parse(s.URL)
	old := b.c.Jar.Cookies(u)
	b.get(paths.Logout).want(t, 405, "") // never by a link
	b.get(paths.Messages).want(t, 200, "")
	b.do("POST", paths.Logout, url.Values{}).want(t, 303, "/login")
	a := b.get(paths.Login)
	if !strings.Contains(a.body, "You are signed out.") {
		t.Error("nothing says that one is signed out")
	}
	if a := b.get(paths.Login); strings.Contains(a.body, "You are signed out.") {
		t.Error("the sentence shows twice")
	}
	b.get(paths.Messages).want(t, 303, "/login?next=%2Fmessages")
	thief := s.browser(t)
	thief.c.Jar.SetCookies(u, old)
	thief.get(paths.Messages).want(t, 303, "/login?next=%2Fmessages")
}

// A session that somebody planted before the sign-in is not the session after.
func TestSessionIsRotatedAtSignIn(t *testing.T) {
	s := newSite(t)
	s.passwords(t, "owner@northwind.example")
	u, _ := url.Parse(s.URL)
	attacker := s.browser(t).signIn("owner@southwind.example")
	planted := attacker.c.Jar.Cookies(u)
	victim := s.browser(t)
	victim.c.Jar.SetCookies(u, planted)
	victim.signInByForm("owner@northwind.example")
	if after := victim.c.Jar.Cookies(u); after[0].Value == planted[0].Value {
		t.Fatal("the cookie did not change")
	}
	if a := victim.get(paths.Messages); !strings.Contains(a.body, "Northwind Trading") {
		t.Error("the victim is not signed in as themselves")
	}
	// The planted session ended with the sign-in over it.
	attacker.get(paths.Messages).want(t, 303, "/login?next=%2Fmessages")
}

func TestBrokenCookieIsAnonymous(t *testing.T) {
	s := newSite(t)
	s.passwords(t, "owner@northwind.example")
	u, _ := url.Parse(s.URL)
	good := s.browser(t).signIn("owner@northwind.example").c.Jar.Cookies(u)[0].Value
	foreign, err := foreignCookie(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), false)
	if err != nil {
		t.Fatal(err)
	}
	var last *browser
	for _, v := range []string{"", "nonsense", good[:len(good)-4], "A" + good[1:], foreign, strings.Repeat("A", 3000)} {
		b := s.browser(t)
		b.c.Jar.SetCookies(u, []*http.Cookie{{Name: "demarc", Value: v}})
		b.get(paths.Messages).want(t, 303, "/login?next=%2Fmessages")
		b.get(paths.Login).want(t, 200, "")
		last = b
	}
	// And nothing is in the way of a sign-in.
	last.signInByForm("owner@northwind.example").get(paths.Messages).want(t, 200, "")
}

// What the program encrypted for one cookie is nothing in the other, although the
// keys are the same.
func TestACookieIsBoundToItsName(t *testing.T) {
	s := newSite(t)
	id, secret, err := s.env.StartSession(t.Context(), s.env.Owner, store.MethodPassword, "Test")
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(s.URL)
	for name, want := range map[string]int{"demarc": 200, "demarc-known": 303} {
		v, err := s.web.sessions.known.Encode(name, map[any]any{valueID: id, valueSecret: secret})
		if err != nil {
			t.Fatal(err)
		}
		b := s.browser(t)
		b.c.Jar.SetCookies(u, []*http.Cookie{{Name: "demarc", Value: v}})
		if a := b.get(paths.Messages); a.StatusCode != want {
			t.Errorf("a session in what was made for %s: %d, want %d", name, a.StatusCode, want)
		}
	}
}

// A screen that nobody sits at is signed out, however often its page asks by
// itself.
func TestAPageThatIsLeftOpenIsSignedOut(t *testing.T) {
	s := newSite(t)
	id := s.env.At(t, lifecycle.Enabled).ID
	for _, path := range []string{paths.InterfaceLive(id), paths.Session} {
		b := s.browser(t).signIn("owner@northwind.example")
		for range 29 {
			s.env.Clock.Advance(time.Minute)
			if a := b.get(path, "HX-Request", "true", "HX-Request-Type", "partial"); a.StatusCode >= 400 {
				t.Fatalf("%s, while the session lasts: %d", path, a.StatusCode)
			}
		}
		s.env.Clock.Advance(time.Minute)
		if a := b.get(path, "HX-Request", "true", "HX-Request-Type", "partial"); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s keeps the session alive: %d", path, a.StatusCode)
		}
	}
	polls := 0
	pages, err := filepath.Glob("../views/*.templ")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		polls += strings.Count(string(text), `hx-trigger="every `)
	}
	if polls != 3 {
		t.Errorf("%d pages ask by themselves, asksByItself knows 3", polls)
	}
	// What a person asks for does keep it.
	b := s.browser(t).signIn("owner@northwind.example")
	for range 4 {
		s.env.Clock.Advance(store.IdleLimit - time.Minute)
		b.get(paths.Interface(id)).want(t, 200, "")
	}
}

func TestIdleSessionSaysWhy(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).signIn("owner@northwind.example")
	s.env.Clock.Advance(store.IdleLimit)
	b.get("/messages").want(t, 303, "/login?next=%2Fmessages")
	if a := b.get("/login?next=%2Fmessages"); !strings.Contains(a.body, "You were signed out after 30 minutes without activity.") {
		t.Error(a.body)
	}
}

func TestHtmxWithoutSession(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	a := b.get("/messages", "HX-Request", "true", "HX-Request-Type", "partial", "HX-Current-URL", s.URL+"/interfaces/pc-1")
	a.want(t, 401, "")
	if got := a.Header.Get("HX-Redirect"); got != "/login?next=%2Finterfaces%2Fpc-1" {
		t.Errorf("HX-Redirect %q", got)
	}
	a = b.do("POST", paths.Preferences, url.Values{"theme": {"dark"}}, "HX-Request", "true", "HX-Current-URL", "https://evil.example/x")
	// What is sent, and a page that asks before it sends, stay where they are: a
	// dialog over the page, whatever part of it the answer was for.
	ask := s.browser(t).get(paths.Session, "HX-Request", "true")
	for _, a := range []answer{a, ask} {
		if a.StatusCode != 401 || a.Header.Get("HX-Redirect") != "" || a.Header.Get("HX-Retarget") != "#notice" || a.Header.Get("HX-Reswap") != "innerHTML" || a.Header.Get("HX-Reselect") != "dialog" {
			t.Errorf("%d %v", a.StatusCode, a.Header)
		}
		for _, words := range []string{"<dialog", "Sign in again to continue", `href="/login?next=%2Fsession" autofocus target="_blank"`} {
			if !strings.Contains(a.body, words) {
				t.Errorf("the dialog has no %q: %s", words, a.body)
			}
		}
	}
	if s.browser(t).get(paths.Session).want(t, 303, "/login?next=%2Fsession"); !strings.Contains(ask.body, "You are not signed in any more.") {
		t.Errorf("%s", ask.body)
	}
	// A form without a session leads back to the page that it stood on.
	b.do("POST", paths.Preferences, url.Values{}, "Referer", s.URL+"/interfaces/new?region=x").want(t, 303, "/login?next=%2Finterfaces%2Fnew%3Fregion%3Dx")

	c := s.browser(t).signIn("owner@northwind.example")
	c.get(paths.Session, "HX-Request", "true").want(t, 204, "")
	if a := c.get(paths.Session); a.StatusCode != 200 || !strings.Contains(a.body, "You are signed in") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a = c.do("POST", paths.Preferences, url.Values{"theme": {"dark"}, "next": {"/messages"}}, "HX-Request", "true")
	if a.StatusCode != 200 || a.Header.Get("HX-Redirect") != "/messages" || a.body != "" {
		t.Errorf("%d %q %q", a.StatusCode, a.Header.Get("HX-Redirect"), a.body)
	}
}

func TestAttemptsAreLimited(t *testing.T) {
	s := newSite(t)
	s.passwords(t, "owner@northwind.example", "admin@cloud.example")
	b := s.browser(t)
	wrong := url.Values{"email": {"owner@northwind.example"}, "password": {"wrong wrong wrong"}}
	right := url.Values{"email": {"owner@northwind.example"}, "password": {storetest.Password}}
	for range attemptsPerEmail - 1 {
		b.do("POST", paths.Login, wrong).want(t, 422, "")
	}
	b.do("POST", paths.Login, right).want(t, 303, "/") // and the count begins anew
	b = s.browser(t)
	for range attemptsPerEmail {
		b.do("POST", paths.Login, wrong).want(t, 422, "")
	}
	for _, form := range []url.Values{wrong, right} {
		a := b.do("POST", paths.Login, form)
		a.want(t, 429, "")
		if a.Header.Get("Retry-After") != "300" || !strings.Contains(a.body, "Too many attempts. Try again in 5 minutes.") {
			t.Errorf("Retry-After %q\n%s", a.Header.Get("Retry-After"), a.body)
		}
		if a.sessionCookie() != nil {
			t.Error("signed in all the same")
		}
	}
	// Upper case and a blank are the same name; another name is not blocked.
	b.do("POST", paths.Login, url.Values{"email": {" OWNER@northwind.example"}, "password": {"x"}}).want(t, 429, "")
	b.do("POST", paths.Login, url.Values{"email": {"admin@cloud.example"}, "password": {storetest.Password}}).want(t, 303, "/")
	s.env.Clock.Advance(attemptWait)
	s.browser(t).do("POST", paths.Login, right).want(t, 303, "/")
}

// What many clients try for one name has a limit together, which does not hold for
// the browser that the name signed in with before.
func TestAttemptsForOneName(t *testing.T) {
	clock := &storetest.Clock{}
	clock.Set(storetest.Start)
	a := newAttempts(clock.Now)
	const name = "owner@x.example"
	client := 0
	try := func(name, familiar string) bool {
		client++
		_, ok := a.Take(name, fmt.Sprintf("10.0.%d.%d", client/200, client%200), familiar)
		return ok
	}
	for i := range attemptsAnywhere {
		if !try(name, "") {
			t.Fatalf("attempt %d refused", i)
		}
	}
	if try(name, "") {
		t.Error("many clients try one name without end")
	}
	if !try("other@x.example", "") {
		t.Error("another name is blocked")
	}
	for i := range 2 * attemptsPerEmail {
		if ok := try(name, "the browser"); ok != (i < attemptsPerEmail) {
			t.Errorf("attempt %d of the familiar browser: %t", i, ok)
		}
	}
	clock.Advance(attemptWait / 12)
	if !try(name, "") || try(name, "") {
		t.Error("the limit of one name is not refilled twelve times as fast")
	}
}

func TestAttemptsByClient(t *testing.T) {
	clock := &storetest.Clock{}
	clock.Set(storetest.Start)
	a := newAttempts(clock.Now)
	for i := range attemptsPerClient {
		if _, ok := a.Take(fmt.Sprintf("p%d@x.example", i), "192.0.2.1", ""); !ok {
			t.Fatalf("attempt %d refused", i)
		}
	}
	if _, ok := a.Take("new@x.example", "192.0.2.1", ""); ok {
		t.Error("one client tried every name")
	}
	if _, ok := a.Take("new@x.example", "192.0.2.2", ""); !ok {
		t.Error("another client is blocked")
	}
	for i := range attemptsPerClient {
		a.Take(fmt.Sprintf("q%d@x.example", i), fmt.Sprintf("2001:db8::%x", i), "")
	}
	for i := range 3 * attemptsPerClient { // all of them get in
		name := fmt.Sprintf("t%d@x.example", i)
		if _, ok := a.Take(name, "192.0.2.3", ""); !ok {
			t.Fatalf("person %d of a company is refused", i)
		}
		a.Forget(name, "192.0.2.3", "")
	}
	if _, ok := a.Take("r@x.example", "2001:db8::ffff", ""); ok {
		t.Error("one IPv6 network tried every name")
	}
	for i := range attemptsHeld + 100 {
		a.Take(fmt.Sprintf("s%d@x.example", i), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), "")
	}
	if len(a.counts) > attemptsHeld+1 {
		t.Errorf("%d counts held", len(a.counts))
	}
}

// Who is refused makes the program remember nothing, and a name takes the same
// room however long it is: a form holds a megabyte of it.
func TestAttemptsTakeLittleMemory(t *testing.T) {
	clock := &storetest.Clock{}
	clock.Set(storetest.Start)
	a := newAttempts(clock.Now)
	long := strings.Repeat("x", bodyLimit/2)
	for i := range 10 * attemptsPerClient {
		if _, ok := a.Take(fmt.Sprintf("%s%d@x.example", long, i), "192.0.2.1", ""); ok != (i < attemptsPerClient) {
			t.Fatalf("attempt %d: %v", i, ok)
		}
	}
	if want := 1 + 2*attemptsPerClient; len(a.counts) != want {
		t.Errorf("%d counts after %d attempts that were looked at, want %d", len(a.counts), attemptsPerClient, want)
	}
	for key := range a.counts {
		if len(key) > 100 {
			t.Errorf("a count is held under %d bytes", len(key))
		}
	}
	if _, ok := a.Take(long+"0@X.example ", "192.0.2.2", ""); !ok {
		t.Error("another client is blocked")
	}
	for range 2 * attemptsPerEmail { // the same name, whatever its case
		a.Take(strings.ToUpper(long)+"0@x.example", "192.0.2.2", "")
	}
	if _, ok := a.Take(long+"0@x.example", "192.0.2.2", ""); ok {
		t.Error("a long name is not counted")
	}
}

func TestRoles(t *testing.T) {
	s := newSite(t)
	who := map[lifecycle.Role]*browser{}
	for role, email := range map[lifecycle.Role]string{
		lifecycle.Owner: "owner@northwind.example", lifecycle.Reviewer: "reviewer@cloud.example", lifecycle.Technician: "technician@cloud.example",
		lifecycle.Finance: "finance@cloud.example", lifecycle.Administrator: "admin@cloud.example",
	} {
		who[role] = s.browser(t).signIn(email)
	}
	ok := func(c echo.Context) error { return c.String(200, "in") }
	staff := group{e: s.web.echo}.with(signedIn, staffOnly)
	staff.get("/test/staff", ok)
	staff.with(mayDo(lifecycle.Approve)).get("/test/review", ok)
	staff.with(mayDo(lifecycle.CompleteCabling)).get("/test/cabling", ok)
	staff.with(roles(lifecycle.Finance, lifecycle.Administrator)).get("/test/money", ok)
	group{e: s.web.echo}.with(signedIn, customersOnly).get("/test/customer", ok)
	for path, in := range map[string][]lifecycle.Role{
		"/test/customer":  {lifecycle.Owner},
		"/test/staff":     {lifecycle.Reviewer, lifecycle.Technician, lifecycle.Finance, lifecycle.Administrator},
		"/test/review":    {lifecycle.Reviewer, lifecycle.Administrator},
		"/test/cabling":   {lifecycle.Technician, lifecycle.Administrator},
		"/test/money":     {lifecycle.Finance, lifecycle.Administrator},
		paths.AdminPeople: {lifecycle.Administrator},
		paths.Messages:    {lifecycle.Owner, lifecycle.Reviewer, lifecycle.Technician, lifecycle.Finance, lifecycle.Administrator},
	} {
		s.browser(t).get(path).want(t, 303, paths.LoginNext(path))
		for role, b := range who {
			want := 403
			if slices.Contains(in, role) {
				want = 200
			}
			a := b.get(path)
			if a.StatusCode != want {
				t.Errorf("%s as %s: %d, want %d", path, role, a.StatusCode, want)
			}
			if want == 403 {
				way := paths.Interfaces
				if role.IsStaff() {
					way = paths.Admin
				}
				if !strings.Contains(a.body, `href="`+way+`"`) {
					t.Errorf("%s as %s: no way on", path, role)
				}
			}
		}
	}
	for _, path := range []string{paths.AdminPeople, paths.AdminNewLink} {
		for role, b := range who {
			if role != lifecycle.Administrator {
				b.do("POST", path, url.Values{"email": {"x@x.example"}, "name": {"X"}, "role": {"administrator"}}).want(t, 403, "")
			}
		}
	}
	if a := who[lifecycle.Owner].get(paths.AdminPeople); !strings.Contains(a.body, "Your account has no access to the staff pages.") {
		t.Error(a.body)
	}
}

func TestErrorPages(t *testing.T) {
	s := newSite(t)
	e := s.web.echo
	secret := errors.New("the private cause")
	e.GET("/test/panic", func(echo.Context) error { panic("the private cause") })
	e.GET("/test/bug", func(echo.Context) error { return secret })
	e.GET("/test/late", func(c echo.Context) error { panic(c.String(200, "too late")) })
	e.GET("/test/busy", func(echo.Context) error {
		return &store.Error{Kind: store.Unavailable, Msg: "The database cannot answer right now.", Err: secret}
	})
	e.GET("/test/conflict", func(echo.Context) error {
		return fmt.Errorf("wrapped: %w", &store.Error{Kind: store.Conflict, Msg: "It moved on.", Err: secret})
	})
	e.GET("/test/invalid", func(echo.Context) error { return &store.Error{Kind: store.Invalid, Msg: "Not so.", Err: secret} })
	e.GET("/test/gone", func(echo.Context) error { return fmt.Errorf("wrapped: %w", echo.ErrNotFound) })
	b := s.browser(t)
	reference := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)
	for path, c := range map[string]struct {
		status int
		says   string
	}{
		"/nowhere":       {404, "This page does not exist, or it belongs to another account."},
		"/test/gone":     {404, "This page does not exist, or it belongs to another account."},
		"/static/x.css":  {404, "This page does not exist"},
		"/setup/none":    {404, "This link was used already or has expired."},
		"/logout":        {405, "does not accept"},
		"/test/panic":    {500, "The request failed on our side. Nothing was changed."},
		"/test/bug":      {500, "The request failed on our side. Nothing was changed."},
		"/test/busy":     {503, "The database cannot answer right now."},
		"/test/conflict": {409, "It moved on."},
		"/test/invalid":  {422, "Not so."},
	} {
		a := b.get(path)
		if a.StatusCode != c.status || !strings.Contains(a.body, c.says) {
			t.Errorf("%s: %d\n%s", path, a.StatusCode, a.body)
		}
		if strings.Contains(a.body, "private cause") || strings.Contains(a.body, "goroutine") {
			t.Errorf("%s: the cause is in the page", path)
		}
		if a.text(t, "h1") == "" || len(a.text(t, "title")) < 5 {
			t.Errorf("%s: not a page: %s", path, a.body)
		}
		id := a.Header.Get("X-Request-Id")
		if !reference.MatchString(id) {
			t.Errorf("%s: reference %q", path, id)
		}
		if c.status >= 500 {
			if !strings.Contains(a.body, id) {
				t.Errorf("%s: the page does not say %s", path, id)
			}
			if n := strings.Count(s.log.String(), id); n != 1 {
				t.Errorf("%s: logged %d times", path, n)
			}
		} else if strings.Contains(a.body, id) {
			t.Errorf("%s: a reference for something that is not our fault", path)
		}
		if c.status == 503 && a.Header.Get("Retry-After") != "5" {
			t.Errorf("%s: Retry-After %q", path, a.Header.Get("Retry-After"))
		}
	}
	if a := b.get("/logout"); !strings.Contains(a.Header.Get("Allow"), "POST") {
		t.Errorf("Allow is %q", a.Header.Get("Allow"))
	}
	if a := b.get("/test/late"); a.body != "too late" {
		t.Errorf("an answer that had begun was written over: %q", a.body)
	}
	if log := s.log.String(); !strings.Contains(log, "the private cause") || !strings.Contains(log, "web_test.go") {
		t.Error("the log does not tell the cause and where")
	}
}

// A form that the console could not take comes back to be sent again, all of it;
// what proves who somebody is does not.
func TestAFormThatFailedIsKept(t *testing.T) {
	s := newSite(t)
	fails := true
	var got url.Values
	s.web.echo.POST("/test/form", func(c echo.Context) error {
		got = c.Request().PostForm
		if fails {
			return &store.Error{Kind: store.Unavailable, Msg: "Busy."}
		}
		return c.NoContent(http.StatusNoContent)
	})
	b := s.browser(t)
	typed := url.Values{"key": {"k-1"}, "title": {`A "title" <b>`}, "body": {"one\ntwo"}, "name": {"Lin", "", "Wu"}}
	a := b.do("POST", "/test/form?from=list", typed)
	if a.StatusCode != 503 || !strings.Contains(a.body, "What you entered is kept on this page.") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	form := doc.Find("main form[action='/test/form?from=list'][method=post]")
	again := url.Values{}
	for _, i := range form.Find("input").EachIter() {
		again.Add(i.AttrOr("name", ""), i.AttrOr("value", ""))
	}
	if form.Length() != 1 || !maps.EqualFunc(again, typed, slices.Equal) {
		t.Errorf("the page keeps %v", again)
	}
	fails = false
	if a := b.do("POST", form.AttrOr("action", ""), again); a.StatusCode != http.StatusNoContent || !maps.EqualFunc(got, typed, slices.Equal) {
		t.Errorf("sent again: %d %v", a.StatusCode, got)
	}
	fails = true
	for name, form := range map[string]url.Values{"password": {"password": {"hush hush hush"}, "name": {"Lin"}}, "code": {"code": {"hush hush hush"}}, "nothing": nil} {
		if a := b.do("POST", "/test/form", form); a.StatusCode != 503 || strings.Contains(a.body, "hush") || strings.Contains(a.body, "is kept on this page") {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}

func TestErrorsForFragments(t *testing.T) {
	s := newSite(t)
	s.web.echo.Any("/test/conflict", func(echo.Context) error { return &store.Error{Kind: store.Conflict, Msg: "It <moved> on."} })
	b := s.browser(t)
	partial := []string{"HX-Request", "true", "HX-Request-Type", "partial"}
	a := b.get("/test/conflict", append(partial, "HX-Target", "div#layer")...)
	if a.StatusCode != 409 || !strings.HasPrefix(strings.TrimSpace(a.body), "<dialog") || !strings.Contains(a.body, "It &lt;moved&gt; on.") || strings.Contains(a.body, "<html") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a = b.do("POST", "/test/conflict", url.Values{}, append(partial, "HX-Target", "section#live")...)
	if a.Header.Get("HX-Retarget") != "#notice" || a.Header.Get("HX-Reselect") != "dialog" || a.StatusCode != 409 {
		t.Errorf("%v", a.Header)
	}
	a = b.get("/test/conflict", append(partial, "HX-Target", "section#live")...)
	if a.Header.Get("HX-Reswap") != "none" || a.body != "" {
		t.Errorf("a part that refreshes itself would be replaced: %v %q", a.Header, a.body)
	}
	if a = b.get("/test/conflict", "HX-Request", "true", "HX-Request-Type", "full"); !strings.Contains(a.body, "<html") {
		t.Error("htmx asked for the whole page")
	}
}

func TestBody(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	b.do("POST", paths.Login, url.Values{"email": {strings.Repeat("x", bodyLimit)}}).want(t, 413, "")
	b.do("POST", paths.Login, url.Values{"email": {"x"}}, "Content-Type", "multipart/form-data; boundary=x").want(t, 415, "")
	b.do("POST", paths.Login, url.Values{"email": {"x"}}, "Content-Type", "application/json").want(t, 415, "")
	req, err := http.NewRequest("POST", s.URL+paths.Login, strings.NewReader("email=%zz"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("a broken body: %d", res.StatusCode)
	}
}

func TestStaticFiles(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	for _, name := range []string{files.ConsoleCSS, files.AppJS, files.HtmxJS, files.FaviconSVG} {
		path := files.URL(name)
		want, _ := files.Lookup(path)
		a := b.get(path, "Accept-Encoding", "gzip, br")
		if a.StatusCode != 200 || a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || a.Header.Get("Content-Type") != want.ContentType {
			t.Errorf("%s: %d %v", path, a.StatusCode, a.Header)
		}
		if want.Gzip != nil {
			if a.Header.Get("Content-Encoding") != "gzip" || a.body != string(want.Gzip) || a.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: not the compressed file", path)
			}
		}
		b.get(path, "Accept-Encoding", "gzip", "If-None-Match", a.Header.Get("ETag")).want(t, 304, "")
		plain := b.get(path, "Accept-Encoding", "gzip;q=0")
		if plain.body != string(want.Content) || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: compressed for a client that refuses it", path)
		}
		if want.Gzip != nil && plain.Header.Get("ETag") == a.Header.Get("ETag") {
			t.Errorf("%s: two contents share an ETag", path)
		}
		if len(a.Cookies()) > 0 {
			t.Errorf("%s sets a cookie", path)
		}
	}
	old := regexp.MustCompile(`\.[0-9a-f]{8}\.`).ReplaceAllString(files.URL(files.ConsoleCSS), ".00000000.")
	if a := b.get(old); a.StatusCode != 404 || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the file of another release: %d, %q", a.StatusCode, a.Header.Get("Cache-Control"))
	}
	b.get(paths.Robots).want(t, 200, "")
	b.get("/static/../web.go").want(t, 404, "")
}

func TestHead(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).signIn("owner@northwind.example")
	for _, path := range []string{paths.Login, paths.Messages, files.URL(files.ConsoleCSS), paths.Health, "/nowhere"} {
		head, get := b.do("HEAD", path, nil, "Accept-Encoding", "identity"), b.get(path, "Accept-Encoding", "identity")
		if head.StatusCode != get.StatusCode || head.body != "" || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("%s: HEAD %d %v, GET %d", path, head.StatusCode, head.Header, get.StatusCode)
		}
		if path != paths.Login && head.ContentLength != int64(len(get.body)) {
			t.Errorf("%s: HEAD says %d bytes, GET has %d", path, head.ContentLength, len(get.body))
		}
	}
}

func TestPagesAreCompressed(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).signIn("owner@northwind.example")
	a := b.get(paths.Messages, "Accept-Encoding", "gzip")
	if a.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v", a.Header)
	}
	z, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(text)), "</html>") {
		t.Errorf("%v\n%s", err, text)
	}
	if a := b.get(paths.Messages, "Accept-Encoding", "identity"); a.ContentLength != int64(len(a.body)) {
		t.Errorf("no length: %d", a.ContentLength)
	}
}

func TestNothingPersonalIsLogged(t *testing.T) {
	s := newSite(t)
	s.passwords(t, "owner@northwind.example")
	b := s.browser(t)
	b.do("POST", paths.Login, url.Values{"email": {"owner@northwind.example"}, "password": {"wrong-password-9"}})
	b.signInByForm("owner@northwind.example")
	b.get("/messages?before=31337")
	b.get("/setup/token-token-token")
	b.get("/nowhere/person-name")
	b.do("PERSON-METHOD", "/messages", nil)
	log := s.log.String()
	for _, bad := range []string{"northwind", "wrong-password", storetest.Password, "127.0.0.1", "31337", "token-token", "person-name", "PERSON-METHOD", "Lin"} {
		if strings.Contains(log, bad) {
			t.Errorf("the log holds %q", bad)
		}
	}
	if !strings.Contains(log, `"route":"/setup/:token"`) || !strings.Contains(log, `"user":"`+s.env.Owner.UserID+`","role":"owner"`) {
		t.Error(log)
	}
}

// logLines are the lines of the access log that have this, each as its fields.
func (s *site) logLines(t *testing.T, key string, value any) (lines []map[string]any) {
	t.Helper()
	for line := range strings.Lines(s.log.String()) {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("a line of the log is not JSON: %v: %s", err, line)
		}
		if fields[key] == value {
			lines = append(lines, fields)
		}
	}
	return lines
}

// Whoever is turned away leaves a line: when, who, what, from where in the
// program, and why.
func TestRefusalsAreLogged(t *testing.T) {
	s := newSite(t)
	s.env.Everybody(t)
	owner, viewer := s.browser(t).signIn("owner@northwind.example"), s.browser(t).signIn("viewer@northwind.example")
	southwind := s.browser(t).signIn("owner@southwind.example")
	id := s.env.At(t, lifecycle.Enabled).ID
	for _, c := range []struct {
		what   string
		ask    func() answer
		user   any
		route  string
		status float64
		why    any
		level  string
	}{
		{"a customer at a staff page", func() answer { return owner.get(paths.AdminPeople) }, s.env.Owner.UserID, paths.AdminPeople, 403, "not_allowed", "WARN"},
		{"a role that may not", func() answer { return viewer.get(paths.People) }, s.env.Viewer.UserID, paths.People, 403, "not_allowed", "WARN"},
		{"a form of another site", func() answer {
			return owner.do("POST", paths.Preferences, url.Values{"theme": {"dark"}}, "Sec-Fetch-Site", "cross-site")
		}, s.env.Owner.UserID, paths.Preferences, 403, "cross_site", "WARN"},
		{"an object of another account", func() answer { return southwind.get(paths.Interface(id)) }, s.env.OtherOwner.UserID, paths.Interface(":id"), 404, nil, "INFO"},
		{"somebody who is not signed in", func() answer { return s.browser(t).get(paths.Billing) }, nil, paths.Billing, 303, nil, "INFO"},
		{"a form that is not valid", func() answer { return owner.do("POST", paths.People, url.Values{}) }, s.env.Owner.UserID, paths.People, 422, nil, "INFO"},
	} {
		a := c.ask()
		lines := s.logLines(t, "request_id", a.Header.Get("X-Request-Id"))
		if len(lines) != 1 {
			t.Errorf("%s: %d lines", c.what, len(lines))
			continue
		}
		l := lines[0]
		if l["user"] != c.user || l["route"] != c.route || l["status"] != c.status || l["turned_away"] != c.why || l["level"] != c.level || l["method"] != a.Request.Method {
			t.Errorf("%s: %v", c.what, l)
		}
		if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(l["time"])); err != nil || at.IsZero() {
			t.Errorf("%s: time %v", c.what, l["time"])
		}
	}
}

// Who was not believed, or came too often, leaves a line that says which it was.
func TestDoubtsAreLogged(t *testing.T) {
	s := newSite(t)
	s.web.cfg.Cards = pay.NewDesk(s.env.Store, paytest.New(), "https://console.example", slog.New(slog.DiscardHandler))
	s.passwords(t, "owner@northwind.example")
	provider := store.NewProviderID()
	if err := s.env.AddIdentityProvider(t.Context(), s.env.Admin, store.NewIdentityProvider{ID: provider, AccountID: s.env.Southwind, Name: "Away", Issuer: "https://127.0.0.1:1", ClientID: "c", ClientSecret: "s", Domain: "southwind.example"}); err != nil {
		t.Fatal(err)
	}
	anybody, owner := s.browser(t), s.browser(t).signIn("owner@northwind.example")
	signIn := func(email string) func() answer {
		return func() answer {
			return anybody.do("POST", paths.Login, url.Values{"email": {email}, "password": {"not the password"}})
		}
	}
	often := func(n int, ask func() answer) func() answer {
		return func() answer {
			for range n {
				ask()
			}
			return ask()
		}
	}
	for _, c := range []struct {
		what   string
		ask    func() answer
		status int
		msg    string
		level  string
		why    any // of the request's own line
	}{
		{"a wrong password", signIn("owner@northwind.example"), 422, "sign-in refused", "INFO", nil},
		{"a name that nobody has", signIn("nobody@northwind.example"), 422, "sign-in refused", "INFO", nil},
		{"many wrong passwords", often(attemptsPerEmail, signIn("owner@northwind.example")), 429, "sign-in attempts limited", "WARN", nil},
		{"an answer that nobody asked for", func() answer { return anybody.get(paths.SSOReturn(provider) + "?state=x&code=y") }, 303, "a sign-in was over", "INFO", nil},
		{"somebody whom a provider refused", func() answer {
			id, secret, err := s.env.StartStep(t.Context(), store.Actor{RequestID: "TEST"}, store.Step{Kind: store.StepSSO, Data: provider + "\nstate"})
			if err != nil {
				t.Fatal(err)
			}
			b, sess, rec := s.browser(t), s.web.sessions.empty(), httptest.NewRecorder()
			sess.StartStep(id, secret)
			if err := sess.save(httptest.NewRequest("GET", "/", nil), rec); err != nil {
				t.Fatal(err)
			}
			b.setCookies(rec.Result().Cookies())
			return b.get(paths.SSOReturn(provider) + "?error=access_denied&error_description=whatever")
		}, 303, "an identity provider did not sign somebody in", "INFO", nil},
		{"a provider that is away", func() answer { return anybody.do("POST", paths.SSO, url.Values{"email": {"owner@southwind.example"}}) }, 422, "identity provider does not answer", "WARN", nil},
		{"an event that nobody signed", func() answer { return anybody.do("POST", paths.CardWebhook, url.Values{}) }, 400, "a webhook was not believed", "WARN", nil},
		{"a form too many", often(writesPerPerson, func() answer { return owner.do("POST", paths.Tickets, url.Values{"key": {"k"}}) }), 429, "request", "WARN", "too_many"},
	} {
		a := c.ask()
		var told, asked map[string]any
		for _, l := range s.logLines(t, "request_id", a.Header.Get("X-Request-Id")) {
			if l["msg"] == "request" {
				asked = l
			}
			if l["msg"] == c.msg {
				told = l
			}
		}
		if a.StatusCode != c.status || told["level"] != c.level || asked["status"] != float64(c.status) || asked["turned_away"] != c.why {
			t.Errorf("%s: %d, the log says %v and %v", c.what, a.StatusCode, told, asked)
		}
	}
}

// What the network says of a connection names the client's address. The log does
// not, at no level.
func TestNoAddressIsLogged(t *testing.T) {
	for in, want := range map[string]string{
		"write tcp 192.0.2.1:8080->203.0.113.9:5555: write: broken pipe":                  "write tcp (address)->(address): write: broken pipe",
		"http: TLS handshake error from 203.0.113.9:5555: EOF":                            "http: TLS handshake error from (address): EOF",
		"http: TLS handshake error from [2001:db8::7]:5555: tls: no application protocol": "http: TLS handshake error from (address): tls: no application protocol",
		"read tcp [::1]:80->[2001:db8::7%eth0]:5555: i/o timeout":                         "read tcp (address)->(address): i/o timeout",
		"dial 203.0.113.9, then 10:30 at 12:00:00":                                        "dial (address), then 10:30 at 12:00:00",
		"": "",
	} {
		if got := withoutAddresses(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	certFile, keyFile := writeCertificate(t, t.TempDir(), 1)
	s := newSite(t, func(c *Config) { c.TLSCert, c.TLSKey = certFile, keyFile })
	addr := s.listen(t)
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "this is no handshake, and more of it than a handshake's header\r\n\r\n")
	io.Copy(io.Discard, c)
	c.Close()
	if log := s.log.String(); !strings.Contains(log, "TLS handshake error") || strings.Contains(log, "127.0.0.1") {
		t.Error(log)
	}
}

func TestForwardedAddressIsNotBelieved(t *testing.T) {
	s := newSite(t)
	s.web.echo.GET("/test/ip", func(c echo.Context) error { return c.String(200, c.RealIP()) })
	if a := s.browser(t).get("/test/ip", "X-Forwarded-For", "203.0.113.9", "X-Real-Ip", "203.0.113.9"); a.body != "127.0.0.1" {
		t.Errorf("the client said it is %s", a.body)
	}
}

func TestPreferences(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).signIn("owner@northwind.example")
	b.do("POST", paths.Preferences, url.Values{"theme": {"dark"}, "next": {"/messages?before=5"}}).want(t, 303, "/messages?before=5")
	if a := b.get(paths.Messages); !strings.Contains(a.body, `data-theme="dark"`) {
		t.Error("the theme is not on the page")
	}
	b.do("POST", paths.Preferences, url.Values{"theme": {"system"}, "next": {"//evil.example"}}).want(t, 303, "/")
	if a := b.get(paths.Messages); strings.Contains(a.body, "data-theme") {
		t.Error("the theme does not follow the system again")
	}
	b.do("POST", paths.Preferences, url.Values{"theme": {"pink"}}).want(t, 422, "")
	b.do("POST", paths.Preferences+"?theme=dark", url.Values{"next": {"/messages"}}).want(t, 303, "/messages")
	if a := b.get(paths.Messages); strings.Contains(a.body, "data-theme") {
		t.Error("a query string changed the theme")
	}
	b.do("POST", paths.Preferences, url.Values{"dismiss": {"need-interface"}, "next": {"/messages"}}).want(t, 303, "/messages")
	s.web.echo.GET("/test/note", func(c echo.Context) error {
		ses := reqctx.Of(c.Request().Context()).Session
		return c.String(200, fmt.Sprint(ses.Dismissed("need-interface"), ses.Dismissed("other")))
	})
	if a := b.get("/test/note"); a.body != "true false" {
		t.Error(a.body)
	}
}

func TestMessagesPage(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	b := s.browser(t).signIn("owner@northwind.example")
	if a := b.get(paths.Messages); !strings.Contains(a.body, "No messages yet") || strings.Contains(a.body, "Mark all as read") {
		t.Error("the empty list")
	}
	id := s.env.At(t, lifecycle.ApprovedLOA).ID
	a := b.get(paths.Messages)
	if !strings.Contains(a.body, "LOA approved") || !strings.Contains(a.text(t, ".rows li"), "Unread:") || !strings.Contains(a.body, `href="`+paths.Interface(id)+`"`) {
		t.Fatal(a.body)
	}
	if got := a.text(t, ".topbar__link .count"); got != "1" {
		t.Errorf("the bell says %q", got)
	}
	if a = b.get(paths.Messages); a.text(t, ".topbar__link .count") != "1" {
		t.Error("looking marked it as read")
	}
	// Another person's message with the same number is not ours to read.
	other := s.browser(t).signIn("owner@southwind.example")
	other.do("POST", paths.Message(1), url.Values{}).want(t, 404, "")
	b.do("POST", paths.Message(1), url.Values{"next": {"/messages"}}).want(t, 303, "/messages")
	b.do("POST", paths.Message(1), url.Values{}).want(t, 303, paths.Interface(id))
	b.do("POST", "/messages/x", url.Values{}).want(t, 404, "")
	if a = b.get(paths.Messages); a.text(t, ".topbar__link .count") != "" || strings.Contains(a.body, "Unread") {
		t.Error("still unread")
	}
	reviewer := s.browser(t).signIn("reviewer@cloud.example")
	if a := reviewer.get(paths.Messages); !strings.Contains(a.body, `href="`+paths.AdminLOA(id)+`"`) {
		t.Error(a.body)
	}
	reviewer.do("POST", paths.MessagesRead, url.Values{"up_to": {"99"}, "next": {"//evil.example"}}).want(t, 303, paths.Messages)
	if u, err := s.env.UserByEmail(ctx, "reviewer@cloud.example"); err != nil || u.Unread != 0 {
		t.Error(u.Unread, err)
	}
}

func TestPeople(t *testing.T) {
	s := newSite(t, func(c *Config) { c.PublicURL = "http://console.example" })
	b := s.browser(t).signIn("admin@cloud.example")
	page := b.get(paths.AdminPeople)
	if !strings.Contains(page.body, "reviewer@cloud.example") || strings.Contains(page.body, "owner@northwind.example") {
		t.Error("the staff are not listed, or others are")
	}
	a := b.do("POST", paths.AdminPeople, url.Values{"name": {"<b>Ning</b>\x00"}, "email": {"not an address"}, "role": {"reviewer"}})
	a.want(t, 422, "")
	if !strings.Contains(a.body, `value="not an address"`) || !strings.Contains(a.body, "&lt;b&gt;Ning") || !strings.Contains(a.body, "Remove the characters that cannot be printed") {
		t.Error(a.body)
	}
	b.do("POST", paths.AdminPeople, url.Values{"name": {"Ning"}, "email": {"ning@cloud.example"}, "role": {"reviewer"}}).want(t, 303, paths.AdminPeople)
	a = b.get(paths.AdminPeople)
	link := regexp.MustCompile(`http://console\.example(/setup/[A-Za-z0-9_-]{43})`).FindStringSubmatch(a.body)
	if link == nil || !strings.Contains(a.body, "Invited") {
		t.Fatal(a.body)
	}
	if again := b.get(paths.AdminPeople); strings.Contains(again.body, "/setup/") {
		t.Error("the link shows twice")
	}
	if strings.Contains(s.log.String(), strings.TrimPrefix(link[1], "/setup/")) {
		t.Error("the link is in the log")
	}

	n := s.browser(t)
	a = n.get(link[1])
	if !strings.Contains(a.body, "ning@cloud.example") || strings.Contains(a.text(t, "label"), "E-mail") {
		t.Error(a.body)
	}
	a = n.do("POST", link[1], url.Values{"name": {"Ning"}, "password": {"one long password"}, "again": {"another password"}})
	a.want(t, 422, "")
	if !strings.Contains(a.body, "Enter the same password twice") || strings.Contains(a.body, "one long password") {
		t.Error(a.body)
	}
	n.do("POST", link[1], url.Values{"name": {"Ning"}, "password": {"short"}, "again": {"short"}}).want(t, 422, "")
	n.do("POST", link[1], url.Values{"name": {"Ning"}, "password": {"one long password"}, "again": {"one long password"}}).want(t, 303, "/")
	n.get(paths.Messages).want(t, 200, "")
	n.get(link[1]).want(t, 404, "")
	n.do("POST", link[1], url.Values{"name": {"Eve"}, "password": {"one long password"}, "again": {"one long password"}}).want(t, 404, "")
}

func TestDemoPeople(t *testing.T) {
	people := []views.DemoPerson{{Email: "owner@northwind.example", Words: "Customer"}}
	s := newSite(t, func(c *Config) { c.Demo, c.DemoPeople, c.DemoPassword = true, people, storetest.Password })
	a := s.browser(t).get(paths.Login)
	if !strings.Contains(a.body, storetest.Password) || !strings.Contains(a.body, "owner@northwind.example") {
		t.Error(a.body)
	}
	quiet := newSite(t, func(c *Config) { c.DemoPeople, c.DemoPassword = people, storetest.Password })
	if a := quiet.browser(t).get(paths.Login); strings.Contains(a.body, storetest.Password) || strings.Contains(a.body, "northwind") {
		t.Error("a password is shown outside the demo")
	}
}

func TestProbesAndShutdown(t *testing.T) {
	env := storetest.New(t)
	srv, err := New(t.Context(), Config{Operator: "Example Cloud", Log: slog.New(slog.DiscardHandler)}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan struct{}), make(chan struct{})
	srv.echo.GET("/test/slow", func(c echo.Context) error {
		close(entered)
		<-release
		return c.String(200, "finished")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, l) }()
	base := "http://" + l.Addr().String()
	for _, path := range []string{paths.Health, paths.Ready} {
		res, err := http.Get(base + path)
		if err != nil || res.StatusCode != 200 {
			t.Fatal(path, res, err)
		}
		res.Body.Close()
	}
	got := make(chan string, 1)
	go func() {
		res, err := http.Get(base + "/test/slow")
		if err != nil {
			got <- err.Error()
			return
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		got <- string(text)
	}()
	<-entered
	cancel()
	for !srv.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	rec := httptest.NewRecorder()
	srv.ServeHTTP(rec, httptest.NewRequest("GET", paths.Ready, nil))
	if rec.Code != 503 {
		t.Errorf("ready while shutting down: %d", rec.Code)
	}
	close(release)
	if text := <-got; text != "finished" {
		t.Errorf("a request under way got %q", text)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCookieValues(t *testing.T) {
	in := map[any]any{"i": "se-1", "s": strings.Repeat("x", 300), "f": `[{"m":"王"}]`, "": ""}
	b, err := textValues{}.Serialize(in)
	if err != nil {
		t.Fatal(err)
	}
	out := map[any]any{}
	if err := (textValues{}).Deserialize(b, &out); err != nil || fmt.Sprint(in) != fmt.Sprint(out) {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := (textValues{}).Serialize(map[any]any{"n": 1}); err == nil {
		t.Error("a number was written as text")
	}
	for i := range len(b) {
		_ = textValues{}.Deserialize(b[:i], &out) // must not panic
	}
	if err := (textValues{}).Deserialize([]byte{1, 'a', 200, 1, 'b'}, &out); err == nil {
		t.Error("damaged values were read")
	}
}

func FuzzCookieValues(f *testing.F) {
	f.Add([]byte{1, 'a', 1, 'b'})
	f.Fuzz(func(_ *testing.T, b []byte) {
		out := map[any]any{}
		_ = textValues{}.Deserialize(b, &out)
	})
}

// A cookie has 4 KB: sentences that do not fit are left out, the sign-in stays.
func TestLongSentencesDoNotSignOut(t *testing.T) {
	s := newSite(t)
	s.web.echo.GET("/test/flash", func(c echo.Context) error {
		reqctx.Of(c.Request().Context()).Session.Flash(views.Flash{Text: strings.Repeat("long ", 2000)})
		return c.NoContent(200)
	})
	b := s.browser(t).signIn("owner@northwind.example")
	b.get("/test/flash").want(t, 200, "")
	b.get(paths.Messages).want(t, 200, "")
}

// foreignCookie is what another installation, with other keys, would send.
func foreignCookie(sign, encrypt []byte, secure bool) (string, error) {
	a := newSessions(sign, encrypt, secure)
	rec := httptest.NewRecorder()
	s := a.empty()
	s.Start("se-x", "y")
	err := s.save(httptest.NewRequest("GET", "/", nil), rec)
	return rec.Result().Cookies()[0].Value, err
}
