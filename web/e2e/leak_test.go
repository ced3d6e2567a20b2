package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	netmail "net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/pquerna/otp/totp"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
	"demarc/web/pay/stripe/stripetest"
)

// What is planted. Kinds of secrets that the program makes itself are added as
// they are seen.
const (
	idLetters  = "QX7734LMP0921"       // typed in lower case and with spaces
	idDigits   = "310104198807154428"  // of the second field engineer
	idReplaced = "RJ5520KWZ8813"       // of an application that was rejected
	idRefused  = "ZZ-88/41*QPT66"      // of a form that was not taken: no ID number has these characters
	idAstray   = "AW4471PUX9036"       // typed where no ID number belongs
	phone      = "+65 8155 0473 192"   // of a field engineer
	newSecret  = "Maple-Tundra-51-vq9" // the passwords that people choose
	mistyped   = "Mapel-Tundra-51-vq9"
	smtpSecret = "smtp-Harbor-77-kk2"
	company    = "Kestrel Cabling Works"
	lineName   = "leak-test-line"
	staffNote  = "Umbra reports trouble at the gate" // in staff notes about the interface
	whyRead    = "Check at the door of the building"
	engineer   = "Amara Oduya"
	invitee    = "ines.costa@northwind.example"
)

// found is something that was written somewhere while the program worked.
type found struct {
	medium string // page, header, mail, log, …
	name   string // which one
	data   []byte
}

// dossier collects all that leaves the program, and the secrets to look for.
type dossier struct {
	mu      sync.Mutex
	found   []found
	secrets []secret
}

func (d *dossier) keep(medium, name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.found = append(d.found, found{medium, name, bytes.Clone(data)})
}

func (d *dossier) secret(kind, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := (secret{kind, value}); len(value) >= 8 && !slices.Contains(d.secrets, s) {
		d.secrets = append(d.secrets, s)
	}
}

// RoundTrip keeps every answer as it came, its head apart from its body.
func (d *dossier) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	what := fmt.Sprintf("%s %s %d", r.Method, r.URL.Path, resp.StatusCode)
	head := resp.Header.Clone()
	for _, c := range resp.Cookies() {
		d.secret("cookie", c.Value)
	}
	head.Del("Set-Cookie")
	var text bytes.Buffer
	_ = head.Write(&text)
	d.keep("header", what, text.Bytes())
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch kind {
	case "application/pdf":
		d.keep("pdf", what, body)
	case "text/html":
		d.keep("page", what, body)
		if doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body)); err == nil {
			d.keep("page", what, []byte(doc.Text()))
		}
	default:
		d.keep("file", what, body)
	}
	return resp, nil
}

// postOffice is a real mail server that keeps what it takes in the dossier.
type postOffice struct {
	d     *dossier
	mu    sync.Mutex
	mails []string
}

type postSession struct {
	o    *postOffice
	from string
	to   []string
}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &postSession{o: o}, nil }
func (*postSession) Reset()                                       {}
func (*postSession) Logout() error                                { return nil }
func (*postSession) AuthMechanisms() []string                     { return []string{sasl.Plain} }
func (*postSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if password != smtpSecret {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}
func (s *postSession) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *postSession) Rcpt(to string, _ *smtp.RcptOptions) error   { s.to = append(s.to, to); return nil }

func (s *postSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	name := "to " + strings.Join(s.to, ", ")
	s.o.d.keep("mail", name, b)
	text := string(b)
	msg, err := netmail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return err
	}
	for part, data := range mailParts(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body) {
		if bytes.HasPrefix(data, []byte("%PDF-")) {
			s.o.d.keep("pdf", "mailed "+name, data)
			continue
		}
		s.o.d.keep("mail", name+", part "+part, data)
		text += "\n" + string(data)
	}
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	s.o.mails = append(s.o.mails, name+"\n"+text)
	return nil
}

// mailParts are the contents of a mail, decoded.
func mailParts(contentType, encoding string, body io.Reader) map[string][]byte {
	kind, params, err := mime.ParseMediaType(contentType)
	out := map[string][]byte{}
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for i := 1; ; i++ {
			p, err := parts.NextRawPart()
			if err != nil {
				return out
			}
			for name, b := range mailParts(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p) {
				out[fmt.Sprintf("%d %s", i, name)] = b
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, _ := io.ReadAll(body)
	out[kind] = b
	return out
}

// wait is the first mail to somebody that has the words.
func (o *postOffice) wait(t *testing.T, to, words string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		o.mu.Lock()
		for _, m := range o.mails {
			if strings.Contains(m, to) && strings.Contains(m, words) {
				o.mu.Unlock()
				return m
			}
		}
		o.mu.Unlock()
	}
	t.Fatalf("no mail to %s with %q", to, words)
	return ""
}

// person is somebody who uses the program without a browser; all that they get
// is kept.
type person struct {
	t    *testing.T
	d    *dossier
	p    *Program
	c    *http.Client
	last *sheet
}

// sheet is an answer.
type sheet struct {
	*http.Response
	body []byte
	doc  *goquery.Document
}

func (d *dossier) person(t *testing.T, p *Program) *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, d: d, p: p, c: &http.Client{Jar: jar, Transport: d, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (v *person) do(r *http.Request, status int) *sheet {
	v.t.Helper()
	resp, err := v.c.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	s := &sheet{Response: resp, body: body}
	if s.doc, err = goquery.NewDocumentFromReader(bytes.NewReader(body)); err != nil {
		v.t.Fatal(err)
	}
	if resp.StatusCode != status {
		v.t.Fatalf("%s %s: %d, want %d\n%s", r.Method, r.URL, resp.StatusCode, status, squeeze(s.doc.Find("main").Text()))
	}
	v.last = s
	return s
}

func (v *person) request(method, path string, form url.Values) *http.Request {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, v.p.URL+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// get opens a page.
func (v *person) get(path string) *sheet {
	v.t.Helper()
	return v.do(v.request(http.MethodGet, path, nil), http.StatusOK)
}

// send fills in the form of the last page that goes to action and sends it.
func (v *person) send(action string, status int, set url.Values) *sheet {
	v.t.Helper()
	form := v.last.doc.Find("form").FilterFunction(func(_ int, f *goquery.Selection) bool { return f.AttrOr("action", "") == action })
	if form.Length() == 0 {
		v.t.Fatalf("%s has no form for %s", v.last.Request.URL, action)
	}
	values := url.Values{}
	form.First().Find("input, textarea, select").Each(func(_ int, in *goquery.Selection) {
		name := in.AttrOr("name", "")
		_, disabled := in.Attr("disabled")
		if name == "" || disabled {
			return
		}
		switch {
		case goquery.NodeName(in) == "textarea":
			values.Add(name, in.Text())
		case goquery.NodeName(in) == "select":
			values.Add(name, in.Find("option[selected]").AttrOr("value", ""))
		case in.AttrOr("type", "") == "checkbox" || in.AttrOr("type", "") == "radio":
			if _, on := in.Attr("checked"); on {
				values.Add(name, in.AttrOr("value", "on"))
			}
		case in.AttrOr("type", "") != "submit":
			values.Add(name, in.AttrOr("value", ""))
		}
	})
	for name, v := range set {
		values[name] = v
	}
	return v.do(v.request(http.MethodPost, action, values), status)
}

func (v *person) post(path string, status int, form url.Values) *sheet {
	v.t.Helper()
	return v.do(v.request(http.MethodPost, path, form), status)
}

func (v *person) signIn(email, password string) *person {
	v.t.Helper()
	v.get(paths.Login)
	v.post(paths.Login, http.StatusSeeOther, url.Values{"email": {email}, "password": {password}})
	return v
}

var (
	oneTimeLink  = regexp.MustCompile(`/setup/([A-Za-z0-9_-]{16,})`)
	recoveryCode = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}`)
)

// Nothing that was entrusted to the program is where it does not belong: the
// whole program lives through everything that touches a secret, and all that it
// wrote meanwhile is searched.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	d := &dossier{}
	for kind, values := range map[string][]string{
		"ID number":            {idLetters, idDigits, idReplaced, idRefused},
		"ID number astray":     {idAstray},
		"phone":                {phone},
		"name":                 {engineer},
		"e-mail address":       {invitee},
		"staff note":           {staffNote},
		"password":             {newSecret, mistyped},
		"password of the mail": {smtpSecret},
		"key of the gateway":   {stripetest.Key, stripetest.Secret},
	} {
		for _, v := range values {
			d.secret(kind, v)
		}
	}
	office := &postOffice{d: d}
	mx := smtp.NewServer(office)
	mx.Domain, mx.AllowInsecureAuth, mx.MaxMessageBytes = "mx.example", true, 20<<20
	mx.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go mx.Serve(l)
	t.Cleanup(func() { mx.Close() })
	// What goes to the card gateway is seen on its way.
	gateway := stripetest.New()
	t.Cleanup(gateway.Close)
	onTheWay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Authorization") // that is where the key belongs
		dump, _ := httputil.DumpRequest(r, true)
		d.keep("gateway", r.Method+" "+r.URL.Path, dump)
		r.Header.Set("Authorization", "Bearer "+stripetest.Key)
		gateway.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(onTheWay.Close)

	temp := t.TempDir()
	p := startDemo(t)
	p.Stop()
	d.keep("log", "first start", []byte(p.Output()))
	host, port, _ := net.SplitHostPort(l.Addr().String())
	p.args = append(p.args, "-smtp-host", host, "-smtp-port", port, "-smtp-tls", "none", "-smtp-user", "console", "-smtp-from", "Example Cloud <console@cloud.example>",
		"-metrics", "127.0.0.1:0", "-log-format", "json", "-log-level", "debug")
	p.env = append(p.env, "DEMARC_SMTP_PASSWORD="+smtpSecret, "DEMARC_STRIPE_KEY="+stripetest.Key, "DEMARC_STRIPE_WEBHOOK_SECRET="+stripetest.Secret, "DEMARC_STRIPE_URL="+onTheWay.URL, "TMPDIR="+temp)
	p.Restart()
	gateway.SendTo(p.URL)

	people := signInEverybody(t, d, p, office)
	id, check := letterLife(t, d, p, people, office, gateway)
	lookEverywhere(t, d, p, people, id, check)
	m := people[admin].metrics()
	for _, want := range []string{`\ndemarc_commits_total [1-9]`, `\ndemarc_mails\{state="failed"\} 0\n`, `\ndemarc_disk_free_bytes [1-9]`, `\ndemarc_job_last_success_timestamp_seconds\{job="(due|documents|mail|cards)"\} [1-9]`} {
		if n := len(regexp.MustCompile(want).FindAll(m, -1)); n != 1 && n != 4 {
			t.Errorf("%q is %d times in the metrics:\n%s", want, n, m)
		}
	}
	keepFolder(t, d, "while it runs", p.Data)
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command(p.path, append(args, "-data", p.Data)...)
		cmd.Env = append(os.Environ(), "TMPDIR="+temp)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%q: %v\n%s%s", args, err, out.String(), errs.String())
		}
		d.keep("log", "errors of "+args[0], errs.Bytes())
		return out.Bytes()
	}
	backups := t.TempDir()
	d.keep("command", "backup", run("backup", filepath.Join(backups, "backup.db")))
	d.keep("command", "check", run("check"))
	d.keep("command", "audit export", run("audit", "export"))
	d.keep("command", "audit verify", run("audit", "verify"))
	d.keep("export of a person", "command", run("person", "export", engineer, "They asked what is kept"))
	keepFolder(t, d, "backup", backups)
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	d.keep("log", "of the program", []byte(p.Output()))
	keepFolder(t, d, "after its end", p.Data)
	keepFolder(t, d, "temporary", temp)
	for _, key := range append(store.Keys(), store.SigningKeys) {
		b, err := os.ReadFile(filepath.Join(p.Data, key))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range privateParts(b) {
			d.secret("key", v)
		}
	}
	for _, f := range slices.Clone(d.found) {
		if f.medium == "pdf" {
			d.openPDF(t, f)
		}
	}
	d.search(t)
	eraseAfterThirtyDays(t, d, p, id)
}

// privateParts are the secret texts of a file of keys.
func privateParts(b []byte) []string {
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if json.Unmarshal(b, &set) != nil {
		return []string{strings.TrimSpace(string(b))}
	}
	var out []string
	for _, k := range set.Keys {
		for name, v := range k {
			if text, ok := v.(string); ok && (name == "d" || name == "private" || strings.Contains(name, "secret")) {
				out = append(out, text)
			}
		}
	}
	return out
}

// signInEverybody lets people choose passwords by mailed links, set up second
// factors and mistype things.
func signInEverybody(t *testing.T, d *dossier, p *Program, office *postOffice) map[string]*person {
	people := map[string]*person{}
	for _, email := range []string{northwind, reviewer, technician, admin, auditor} {
		people[email] = d.person(t, p).signIn(email, password)
	}
	// A forgotten password, by a mailed link.
	owner := d.person(t, p)
	owner.get(paths.Forgotten)
	owner.send(paths.Forgotten, http.StatusSeeOther, url.Values{"email": {northwind}})
	link := oneTimeLink.FindStringSubmatch(office.wait(t, northwind, "/setup/"))[1]
	d.secret("one-time link", link)
	owner.get(paths.Setup(link))
	owner.send(paths.Setup(link), http.StatusUnprocessableEntity, url.Values{"password": {newSecret}, "again": {mistyped}})
	owner.send(paths.Setup(link), http.StatusSeeOther, url.Values{"password": {newSecret}, "again": {newSecret}})
	people[northwind] = owner
	// Somebody new is invited.
	owner.get(paths.People)
	owner.send(paths.People, http.StatusSeeOther, url.Values{"name": {"Ines Costa"}, "email": {invitee}, "role": {string(lifecycle.Engineer)}})
	owner.get(paths.People) // shows the link, once
	invited := oneTimeLink.FindStringSubmatch(office.wait(t, invitee, "/setup/"))[1]
	d.secret("one-time link", invited)
	ines := d.person(t, p)
	ines.get(paths.Setup(invited))
	ines.send(paths.Setup(invited), http.StatusSeeOther, url.Values{"password": {newSecret + "-ines"}, "again": {newSecret + "-ines"}})
	d.secret("password", newSecret+"-ines")
	// Wrong passwords, one of them in the wrong field, one of them an ID number.
	lost := d.person(t, p)
	lost.get(paths.Login)
	lost.post(paths.Login, http.StatusUnprocessableEntity, url.Values{"email": {northwind}, "password": {mistyped}})
	lost.post(paths.Login, http.StatusUnprocessableEntity, url.Values{"email": {"nobody@northwind.example"}, "password": {idAstray}})
	// A second factor and recovery codes.
	who := people[reviewer]
	who.get(paths.Security)
	who.send(paths.SecurityPassword, http.StatusSeeOther, url.Values{"current": {password}, "password": {newSecret}, "again": {newSecret}})
	who.get(paths.SecurityAuthenticator)
	key := strings.ReplaceAll(regexp.MustCompile(`[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}`).FindString(who.last.doc.Text()), " ", "")
	d.secret("key of an authenticator", key)
	who.send(paths.SecurityAuthenticator, http.StatusUnprocessableEntity, url.Values{"code": {"000000"}, "name": {"Phone"}, "current": {newSecret}})
	// A code counts while it is shown: one that ended on the way is typed again.
	for try := 1; ; try++ {
		code, err := totp.GenerateCode(key, time.Now())
		if err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		form := url.Values{"draft": {who.last.doc.Find("input[name=draft]").AttrOr("value", "")}, "code": {code}, "name": {"Phone"}, "current": {newSecret}}
		r := who.request(http.MethodPost, paths.SecurityAuthenticator, form)
		resp, err := who.c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusSeeOther {
			break
		}
		if try == 4 {
			t.Fatalf("the app cannot be set up: %d", resp.StatusCode)
		}
	}
	who.get(paths.SecurityRecovery)
	who.send(paths.SecurityRecovery, http.StatusOK, url.Values{"current": {newSecret}})
	codes := recoveryCode.FindAllString(who.last.doc.Find("main").Text(), -1)
	if len(codes) < 8 {
		t.Fatalf("recovery codes %q in\n%s", codes, squeeze(who.last.doc.Find("main").Text()))
	}
	for _, c := range codes {
		d.secret("recovery code", c)
	}
	again := d.person(t, p)
	again.signIn(reviewer, newSecret)
	again.get(paths.SecondFactor)
	again.send(paths.SecondFactor, http.StatusSeeOther, url.Values{"code": {codes[0]}})
	people[reviewer] = again
	return people
}

// letterLife is an interface from the order to Enabled, with ID numbers in
// forms that are refused, rejected, taken, read and exported.
func letterLife(t *testing.T, d *dossier, p *Program, people map[string]*person, office *postOffice, gateway *stripetest.Server) (id, check string) {
	owner, review, office2 := people[northwind], people[reviewer], people[admin]
	owner.get(paths.NewInterface + "?region=ap-southeast-1&sp=Equinix&ap=ap-sg-singpore-A&spec=1G&ptype=1000Base-LX")
	owner.send(paths.Interfaces, http.StatusSeeOther, url.Values{"region": {"ap-southeast-1"}, "sp": {"Equinix"}, "ap": {"ap-sg-singpore-A"}, "spec": {"1G"}, "ptype": {"1000Base-LX"}, "redundant": {store.NotRedundant}, "name": {lineName}, "terms": {"yes"}})
	order := strings.Split(owner.last.Header.Get("Location"), "/")[2]
	// Paid by card: what the gateway is told is kept, and so is what it says.
	owner.get(paths.Order(order))
	owner.send(paths.OrderPayment(order), http.StatusSeeOther, url.Values{"method": {"card"}})
	for _, page := range gateway.Open(order) {
		gateway.Pay(page)
	}
	for _, l := range owner.get(paths.InterfacesCSV).lines() {
		if strings.Contains(l, lineName) {
			id = regexp.MustCompile(`pc-[a-z0-9]+`).FindString(l)
		}
	}
	apply := func(status int, first, second string) {
		owner.get(paths.NewLOAApplication(id))
		owner.send(paths.LOAApplication(id), status, url.Values{
			"company_name": {"Northwind Trading"}, "construction_company": {company}, "construction_type": {"FIBRE"},
			"scheduled_at": {time.Now().AddDate(0, 0, 12).Format("2006-01-02") + "T09:30"}, "visit": {"engineers"},
			"engineer-0-name": {engineer}, "engineer-0-id_type": {"passport"}, "engineer-0-id_number": {first}, "engineer-0-contact": {phone},
			"engineer-1-name": {"Ravi Menon"}, "engineer-1-id_type": {"id_card"}, "engineer-1-id_number": {second}, "engineer-1-contact": {phone},
		})
	}
	apply(http.StatusUnprocessableEntity, idRefused, idDigits)
	apply(http.StatusUnprocessableEntity, idReplaced, "")
	apply(http.StatusSeeOther, idReplaced, idDigits)
	review.get(paths.AdminLOA(id))
	review.get(paths.AdminRejection(id))
	review.send(paths.AdminRejection(id), http.StatusSeeOther, url.Values{"about": {"engineers"}, "reason-engineers": {"The first number is not of that passport"}})
	apply(http.StatusSeeOther, "qx77 34lm p0921", idDigits)
	// An old page sends the form again: refused, and nothing said.
	owner.post(paths.LOAApplication(id), http.StatusConflict, url.Values{"company_name": {"Northwind Trading"}, "engineer-0-name": {engineer}, "engineer-0-id_number": {idLetters}, "rev": {"1"}})
	for _, text := range []string{staffNote + ": ask for " + engineer, staffNote + ", and is right."} {
		review.get(paths.AdminInterface(id))
		review.send(paths.AdminNotes(id), http.StatusSeeOther, url.Values{"note": {text}})
	}
	review.get(paths.AdminInterface(id))
	review.send(paths.AdminNotes(id), http.StatusUnprocessableEntity, url.Values{"note": {strings.Repeat(staffNote, 40)}, "key": {""}})
	review.get(paths.AdminIDNumber(id, "1"))
	review.send(paths.AdminIDNumber(id, "1"), http.StatusUnprocessableEntity, url.Values{"reason": {""}})
	review.send(paths.AdminIDNumber(id, "1"), http.StatusOK, url.Values{"reason": {whyRead}})
	if got := squeeze(review.last.doc.Find("main").Text()); !strings.Contains(got, idLetters) {
		t.Fatalf("the reviewer does not see the number:\n%s", got)
	}
	review.get(paths.AdminLOA(id))
	review.send(paths.AdminApproval(id), http.StatusSeeOther, url.Values{"looked": {"yes"}})
	office2.get(paths.AdminPlaybook("ap-sg-singpore-A"))
	office2.send(paths.AdminPlaybook("ap-sg-singpore-A"), http.StatusSeeOther, url.Values{"email": {"letters@facility.example"}})
	owner.get(paths.LOA(id))
	owner.send(paths.LOAMail(id), http.StatusSeeOther, nil)
	office.wait(t, "letters@facility.example", "")
	owner.get(paths.LOAPDF(id))
	check = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b`).FindString(owner.get(paths.LOA(id)).doc.Text())
	d.secret("check code", check)
	review.get(paths.AdminReissue(id))
	review.send(paths.AdminReissue(id), http.StatusSeeOther, url.Values{"reason": {"The time on site changed"}})
	owner.get(paths.LOAPDF(id))
	check2 := regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b`).FindString(owner.get(paths.LOA(id)).doc.Text())
	d.secret("check code", check2)
	owner.get(paths.DeliveryReport(id))
	owner.send(paths.DeliveryReport(id), http.StatusSeeOther, url.Values{"line_code": {"SG-EQX-0904"}, "label-0": {"K-0904"}})
	tech := people[technician]
	tech.get(paths.AdminCablingJob(id))
	tech.send(paths.AdminCablingCompletion(id), http.StatusSeeOther, url.Values{"found": {"yes"}, "label_found": {"K-0904"}, "connected": {"yes"}, "light": {"-7.2"}, "link_up": {"yes"}})
	owner.get(paths.ResourceFee(id))
	owner.send(paths.ResourceFee(id), http.StatusSeeOther, url.Values{"months": {"1"}, "confirm": {"yes"}, "method": {"balance"}})
	return id, check2
}

func (s *sheet) lines() []string { return strings.Split(string(s.body), "\n") }

// lookEverywhere opens what shows, exports or refuses something.
func lookEverywhere(t *testing.T, d *dossier, p *Program, people map[string]*person, id, check string) {
	owner, review, boss := people[northwind], people[reviewer], people[admin]
	for _, path := range []string{paths.Home, paths.Interface(id), paths.LOAApplication(id), paths.LOA(id), paths.Messages, paths.Orders, paths.Billing, paths.StatementCSV, paths.InterfacesCSV, paths.People, paths.Security} {
		owner.get(path)
	}
	for _, path := range []string{paths.AdminLOA(id), paths.AdminLetter(id), paths.AdminInterface(id), paths.AdminLOAs, paths.AdminInterfacesCSV, paths.AdminAudit, paths.Admin} {
		review.get(path)
	}
	for _, path := range []string{paths.AdminAudit, paths.AdminAuditJSONL, paths.AdminAuditCSV, paths.AdminInventoryCSV, paths.AdminPeople, paths.AdminMail, paths.AdminPayments, paths.AdminLedger,
		paths.AdminLedgerCSV + "?from=2026-01-01&to=" + time.Now().Format("2006-01-02"), paths.AdminPersonalData, paths.AdminLetterKeys} {
		boss.get(path)
	}
	boss.get(paths.AdminPersonalData)
	boss.send(paths.AdminPersonalData, http.StatusOK, url.Values{"who": {engineer}, "reason": {"They asked what is kept"}, "do": {"export"}})
	people[auditor].get(paths.AdminAuditJSONL)
	nobody := d.person(t, p)
	for _, path := range []string{paths.LOACheck(check), paths.LOACheck(check) + ".json", paths.Health, paths.Ready, paths.LetterKeys, paths.LetterSchema, paths.Robots} {
		nobody.get(path)
	}
	// An ID number where none belongs: in an address, a query, a head, a body
	// that nobody reads, a method.
	q := url.QueryEscape(idAstray)
	for _, r := range []struct {
		method, path string
		form         url.Values
		status       int
	}{
		{"GET", "/" + q, nil, 404}, {"GET", "/interfaces/" + q, nil, 404}, {"GET", "/interfaces?q=" + q, nil, 200}, {"GET", "/login?next=/x" + q, nil, 303}, {"GET", "/setup/" + q, nil, 404},
		{"GET", "/loa/check/" + q, nil, 404}, {"POST", "/orders/" + q + "/payment", url.Values{"x": {idAstray}}, 404}, {"DELETE", "/interfaces/" + q, nil, 405}, {idAstray, "/interfaces", nil, 405},
		{"POST", "/messages/" + q, url.Values{"x": {idAstray}}, 404},
	} {
		req := owner.request(r.method, r.path, r.form)
		req.Header.Set("X-Request-Id", idAstray)
		req.Header.Set("User-Agent", "Mozilla/5.0 "+idAstray)
		req.Header.Set("Referer", "https://example.net/"+idAstray)
		owner.do(req, r.status)
	}
	foreign := owner.request(http.MethodPost, paths.LOAApplication(id), url.Values{"engineer-0-id_number": {idLetters}})
	foreign.Header.Set("Origin", "https://evil.example")
	owner.do(foreign, http.StatusForbidden)
	odd := owner.request(http.MethodPost, paths.LOAApplication(id), url.Values{"engineer-0-id_number": {idLetters}})
	odd.Header.Set("Content-Type", "application/json")
	owner.do(odd, http.StatusUnsupportedMediaType)
	broken := owner.request(http.MethodPost, paths.LOAApplication(id), nil)
	broken.Body, broken.ContentLength = io.NopCloser(strings.NewReader("engineer-0-id_number="+idLetters+"&%zz="+idDigits)), -1
	broken.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	owner.do(broken, http.StatusBadRequest)
}

var metricsLine = regexp.MustCompile(`Metrics on (http://\S+)`)

// metrics is what Prometheus would read.
func (v *person) metrics() []byte {
	v.t.Helper()
	m := metricsLine.FindStringSubmatch(v.p.Output())
	if m == nil {
		v.t.Fatal("the program serves no metrics")
	}
	resp, err := http.Get(m[1])
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.d.keep("metrics", m[1], b)
	return b
}

// keepFolder keeps every file of a folder, as its own medium: the database, its
// log, the keys.
func keepFolder(t *testing.T, d *dossier, when, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		d.keep("disk", when+": "+filepath.Base(path), b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// openPDF takes a letter or a receipt apart: its text, its streams, its files.
func (d *dossier) openPDF(t *testing.T, f found) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(file, f.data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"qpdf", "--qdf", "--object-streams=disable", "--stream-data=uncompress", file, filepath.Join(dir, "streams")},
		{"pdftotext", file, filepath.Join(dir, "text")},
		{"pdfdetach", "-saveall", "-o", dir, file},
	} {
		// qpdf answers 3 when it has something to warn of.
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil && args[0] != "pdfdetach" && !strings.Contains(string(out), "succeeded") {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, e := range files {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		d.keep("pdf", f.name+": "+e.Name(), b)
	}
}

// allowed is where a secret belongs. Every line has its reason; what is on none
// of them is a leak.
var allowed = []struct{ kind, medium, name, why string }{
	{"ID number", "page", `^POST /interfaces/[^/]+/loa-application (422|409)$`, "the form comes back to whoever typed it"},
	{"ID number", "page", `^POST /admin/loas/[^/]+/engineers/1/id-number 200$`, "it was asked for, with a reason"},
	{"ID number astray", "page", ``, "the answer to whoever sent it"},
	{"ID number astray", "header", `^GET /login 303$`, "where whoever sent it wanted to go"},
	{"name", "page", `^(GET|POST) /interfaces/[^/]+(/loa(-application(/new)?)?)? `, "the customer's own application and letter"},
	{"name", "page", `^(GET|POST) /admin/(loas|interfaces)/[^/]+(/[a-z-]+)*(/1/id-number)? `, "the reviewer decides about it"},
	{"name", "pdf", `(: (letter\.json|streams|text)|)$`, "the letter says who may come in"},
	{"name", "file", `^POST /admin/personal-data 200$`, "the person's own data"},
	{"name", "export of a person", ``, "the person's own data"},
	{"name", "disk", `: (demarc|backup)\.db(-wal)?$`, "kept with the application"},
	{"e-mail address", "page", `^GET /(people|admin/audit|setup/[^/]+) 200$`, "for the account's owner, and whoever chooses a password"},
	{"e-mail address", "mail", `^to ines\.costa@`, "the recipient"},
	{"e-mail address", "disk", `: (demarc|backup)\.db(-wal)?$`, "to sign in with"},
	{"staff note", "page", `^(GET|POST) /admin/interfaces/[^/]+(/notes)? `, "colleagues read it"},
	{"staff note", "page", `^GET /admin/loas/[^/]+ 200$`, "whoever decides reads it"},
	{"staff note", "page", `^GET /admin/cabling/[^/]+ 200$`, "whoever connects the cables reads it"},
	{"staff note", "file", `^POST /admin/personal-data 200$`, "it names the person"},
	{"staff note", "export of a person", ``, "it names the person"},
	{"staff note", "disk", `: (demarc|backup)\.db(-wal)?$`, "kept with the interface"},
	{"phone", "page", `^(GET|POST) /interfaces/[^/]+/loa-application(/new)? `, "the customer's own application"},
	{"phone", "page", `^GET /admin/loas/[^/]+ 200$`, "the reviewer calls the engineer"},
	{"phone", "export of a person", ``, "the person's own data"},
	{"phone", "file", `^POST /admin/personal-data 200$`, "the person's own data"},
	{"phone", "disk", `: (demarc|backup)\.db(-wal)?$`, "kept as it is, for the reviewer"},
	{"one-time link", "mail", `^to (owner|ines\.costa)@northwind\.example`, "that is what the mail is for"},
	{"one-time link", "page", `^(GET|POST) /setup/`, "the page of the link itself"},
	{"one-time link", "page", `^GET /people 200$`, "shown to the inviter, to pass on"},
	{"key of an authenticator", "page", `^(GET|POST) /security/authenticator `, "to type it into the app"},
	{"recovery code", "page", `^POST /security/recovery-codes 200$`, "shown once"},
	{"check code", "page", `^GET /(interfaces/[^/]+/loa|admin/loas/[^/]+(/letter)?|loa/check/[^/]+) 200$`, "it is on the letter"},
	{"check code", "pdf", ``, "it is printed"},
	{"check code", "mail", `^to letters@facility\.example`, "it is on the letter"},
	{"check code", "disk", `: (demarc|backup)\.db(-wal)?$`, "the letter is kept as it was issued"},
	{"key", "disk", `: (personal\.key|audit\.key|letter-keys\.json)$`, "that is where it is kept"},
}

// search looks for every secret in everything.
func (d *dossier) search(t *testing.T) {
	t.Helper()
	tr := newTracer(d.secrets...)
	used := make([]bool, len(allowed))
	media := map[string]int{}
	told := map[string]bool{}
	for _, f := range d.found {
		media[f.medium] += len(f.data)
		for _, x := range tr.find(f.name, f.data) {
			ok := false
			for i, a := range allowed {
				if a.kind == x.kind && a.medium == f.medium && regexp.MustCompile(a.name).MatchString(f.name) {
					ok, used[i] = true, true
				}
			}
			if key := x.kind + f.medium + f.name; !ok && !told[key] {
				told[key] = true
				t.Errorf("%s in %s %q, %s", x.kind, f.medium, f.name, x.form)
			}
		}
	}
	for i, a := range allowed {
		if !used[i] {
			t.Errorf("%s is never found in %s %s, although it belongs there (%s): the search is blind, or the line is old", a.kind, a.medium, a.name, a.why)
		}
	}
	kinds := map[string]int{}
	for _, s := range d.secrets {
		kinds[s.kind]++
	}
	for _, kind := range []string{"ID number", "ID number astray", "phone", "name", "e-mail address", "staff note", "password", "password of the mail", "key of the gateway", "one-time link", "key of an authenticator", "recovery code", "check code", "cookie", "key"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s was planted", kind)
		}
	}
	// What is surely there is found: the search reaches each medium.
	for _, c := range []struct{ medium, name, text string }{
		{"page", "GET /interfaces/", company}, {"header", "GET /interfaces", "frame-ancestors"}, {"file", "/interfaces.csv", lineName}, {"file", "events.jsonl", whyRead}, {"file", "/inventory.csv", "ap-sg-singpore-A"},
		{"mail", "part text/plain", "There is a message for you"}, {"mail", "to letters@facility.example", "console@cloud.example"}, {"pdf", "/loa.pdf", company}, {"pdf", "mailed to letters@facility.example", company}, {"pdf", "letter.json", engineer},
		{"log", "of the program", `"level":"DEBUG"`}, {"log", "of the program", `/interfaces/:id/loa-application`}, {"metrics", "", `route="/interfaces/:id/loa-application"`}, {"gateway", "POST /v1/checkout/sessions", "metadata"},
		{"disk", "while it runs: demarc.db-wal", whyRead}, {"disk", "after its end: demarc.db", whyRead}, {"disk", "backup: backup.db", whyRead}, {"disk", "while it runs: demarc.db-shm", "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"command", "audit export", whyRead}, {"command", "audit verify", "nothing was changed"}, {"export of a person", "command", engineer},
	} {
		if !slices.ContainsFunc(d.found, func(f found) bool {
			return f.medium == c.medium && strings.Contains(f.name, c.name) && bytes.Contains(bytes.ToLower(f.data), bytes.ToLower([]byte(c.text)))
		}) {
			t.Errorf("%q is not in %s %q: the test does not see what is written there", c.text, c.medium, c.name)
		}
	}
	t.Logf("%d secrets looked for in %d texts: %v bytes by medium", len(d.secrets), len(d.found), media)
}

// eraseAfterThirtyDays lets time pass over the data of the stopped program and
// looks again: not even the last four are left.
func eraseAfterThirtyDays(t *testing.T, d *dossier, p *Program, id string) {
	t.Helper()
	ctx := context.Background()
	last := []string{idLetters[len(idLetters)-4:], idDigits[len(idDigits)-4:]}
	s := openData(t, p)
	app, err := s.Application(ctx, id)
	if err != nil || app.Engineers[0].IDLast4 != last[0] || app.Engineers[1].IDLast4 != last[1] {
		t.Fatalf("before: %+v, %v", app, err)
	}
	s.Close()
	later, err := store.Open(ctx, store.Options{Dir: p.Data, Operator: "Example Cloud", Now: func() time.Time { return time.Now().AddDate(0, 0, 50) }})
	if err != nil {
		t.Fatal(err)
	}
	defer later.Close()
	if _, err := later.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if app, err = later.Application(ctx, id); err != nil || app.Engineers[0].IDLast4 != "" || app.Engineers[1].IDLast4 != "" {
		t.Errorf("after 30 days: %+v, %v", app, err)
	}
	proof, err := later.Timeline(ctx, "personal-data")
	if err != nil || !slices.ContainsFunc(proof, func(e store.Event) bool { return e.Action == "erase_id_numbers" }) {
		t.Errorf("no line of proof: %+v, %v", proof, err)
	}
	fresh := &dossier{}
	keepFolder(t, fresh, "after 30 days", p.Data)
	tr := newTracer(d.secrets...)
	for _, f := range fresh.found {
		for _, x := range tr.find(f.name, f.data) {
			if x.kind == "ID number" {
				t.Errorf("%s in %s", x.kind, f.name)
			}
		}
	}
}
