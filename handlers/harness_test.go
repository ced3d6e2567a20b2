package handlers_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"demarc/store/storetest"
	"demarc/web"
	"demarc/web/paths"
	"demarc/web/pay"
	"demarc/web/pay/paytest"
)

// site is the whole program but main: the edge over a real store.
type site struct {
	*storetest.Env
	t    testing.TB
	base string
	// What a site with cards takes them with.
	desk    *pay.Desk
	gateway *paytest.Gateway
}

// newSite starts a site with the people of storetest.
func newSite(t testing.TB, options ...storetest.Option) *site {
	t.Helper()
	return siteWith(t, false, options...)
}

// newCardSite starts a site that takes cards.
func newCardSite(t testing.TB) *site {
	t.Helper()
	return siteWith(t, true)
}

func siteWith(t testing.TB, cards bool, options ...storetest.Option) *site {
	t.Helper()
	env := storetest.New(t, append(options, storetest.WithPasswords())...)
	s := &site{Env: env, t: t}
	if cards {
		s.gateway = paytest.New()
		s.desk = pay.NewDesk(env.Store, s.gateway, "https://console.example", slog.New(slog.DiscardHandler))
	}
	edge, err := web.New(context.Background(), web.Config{MailServer: "mx.example, port 587, STARTTLS", MailFrom: "console@cloud.example", Operator: "Example Cloud", TermsURL: "https://cloud.example/terms", NOC: storetest.Issuer.NOC, Address: storetest.Issuer.Address, Now: env.Clock.Now, Cards: s.desk,
		Log: slog.New(slog.DiscardHandler)}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(edge)
	t.Cleanup(server.Close)
	s.base = server.URL
	return s
}

// client is one person's browser without scripts.
type client struct {
	t    testing.TB
	base string
	http *http.Client
}

// anyone is a browser that nobody has signed in with.
func (s *site) anyone() *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &client{s.t, s.base, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as is a browser in which the person of storetest with this address is signed
// in.
func (s *site) as(email string) *client {
	s.t.Helper()
	c := s.anyone()
	if a := c.post(paths.Login, url.Values{"email": {email}, "password": {storetest.Password}}); a.status != http.StatusSeeOther {
		s.t.Fatalf("sign-in of %s: %d %s", email, a.status, a.text())
	}
	return c
}

// answer is what came back; redirects are not followed.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

func (c *client) get(path string) *answer { return c.do(http.MethodGet, path, nil, false) }

func (c *client) post(path string, form url.Values) *answer {
	return c.do(http.MethodPost, path, form, false)
}

// fragment asks as htmx does for a part of a page.
func (c *client) fragment(path string) *answer { return c.do(http.MethodGet, path, nil, true) }

// submit posts as htmx does from a dialog.
func (c *client) submit(path string, form url.Values) *answer {
	return c.do(http.MethodPost, path, form, true)
}

func (c *client) do(method, path string, form url.Values, htmx bool) *answer {
	c.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if htmx {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", "partial")
	}
	return c.answer(r)
}

// plain is the same browser as one that takes nothing compressed. No page that
// was kept is sent to it: each is drawn.
func (c *client) plain() *client {
	h := *c.http
	h.Transport = &http.Transport{DisableCompression: true}
	return &client{c.t, c.base, &h}
}

func (c *client) answer(r *http.Request) *answer {
	c.t.Helper()
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := &answer{c.t, res.StatusCode, res.Header, string(b)}
	a.checkSummary()
	return a
}

// want fails the test at once when the status is another.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d\n%s", a.status, status, a.text())
	}
	return a
}

// doc is the parsed body.
func (a *answer) doc() *goquery.Document {
	a.t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		a.t.Fatal(err)
	}
	return d
}

// text is the words of the body, spaces folded.
func (a *answer) text() string {
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		return a.body
	}
	d.Find("script, style").Remove()
	return strings.Join(strings.Fields(d.Text()), " ")
}

// field is the value that a form of the page would send.
func (a *answer) field(name string) string {
	return a.doc().Find("[name='"+name+"']").First().AttrOr("value", "")
}

// checkSummary holds every page that refused a form to this: each line of its error summary leads to something on the
// page, and when that is a refused field, says the field's label.
func (a *answer) checkSummary() {
	a.t.Helper()
	if !strings.Contains(a.body, "error-summary") {
		return
	}
	doc := a.doc()
	for _, line := range doc.Find(".error-summary a").EachIter() {
		id := strings.TrimPrefix(line.AttrOr("href", ""), "#")
		field := doc.Find("[id='" + id + "']")
		if field.Length() != 1 {
			a.t.Errorf("the summary's line %q leads to %d elements with the id %q", line.Text(), field.Length(), id)
			continue
		}
		_, refused := field.Attr("aria-invalid")
		if kind := field.AttrOr("type", ""); kind == "checkbox" || kind != "radio" && field.Is("input") && !refused {
			continue // a sentence of its own, or one about all of the form
		}
		label := doc.Find("label[for='" + id + "']").First()
		if group := field.Closest("[role=radiogroup]"); group.Length() == 1 {
			label = doc.Find("[id='" + group.AttrOr("aria-labelledby", "") + "']")
			if label.Is("h2, h2 *") {
				continue // the title of a section, which says what to do in it
			}
		} else if group := field.Closest("fieldset"); label.Length() == 0 && group.Length() == 1 {
			label = group.Find("legend").First()
		}
		name := strings.Join(strings.Fields(label.Text()), " ")
		name, _, _ = strings.Cut(name, " (") // the unit
		if said := strings.Join(strings.Fields(line.Text()), " "); !strings.Contains(strings.ToLower(said), strings.ToLower(name)) {
			a.t.Errorf("the summary says %q of the field %q (%s)", said, name, id)
		}
	}
}
