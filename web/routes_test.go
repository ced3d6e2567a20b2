package web

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/payment"
	"demarc/store/storetest"
	"demarc/web/paths"
)

var updateRoutes = flag.Bool("update-routes", false, "write testdata/routes.txt anew; read what changed before you commit it")

// columns are who asks, in the order of the table.
var columns = []struct{ name, email string }{
	{"nobody", ""},
	{"owner", "owner@northwind.example"}, {"engineer", "engineer@northwind.example"}, {"payer", "finance@northwind.example"}, {"viewer", "viewer@northwind.example"},
	{"reviewer", "reviewer@cloud.example"}, {"technician", "technician@cloud.example"}, {"finance", "finance@cloud.example"},
	{"admin", "admin@cloud.example"}, {"auditor", "auditor@cloud.example"},
}

// town is a database with something of everything, closed: each route is tried
// on a copy of its own, so that no answer depends on another route's.
type town struct {
	dir     string
	clock   *storetest.Clock
	cookies map[string]string // by e-mail
	// own and other are the objects of Northwind and Southwind by the name of
	// the parameter's place, such as "/interfaces/:id".
	own, other map[string]string
}

func newTown(t *testing.T) *town {
	t.Helper()
	ctx := t.Context()
	e := storetest.New(t, storetest.WithPasswords())
	e.Everybody(t)
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "100,000.00", "opening balance"); err != nil {
		t.Fatal(err)
	}
	if err := e.SetQuotas(ctx, e.Admin, e.Southwind, 100, 100, "Tests order a lot"); err != nil {
		t.Fatal(err)
	}
	w := &town{dir: e.Dir, clock: e.Clock, cookies: map[string]string{}, own: map[string]string{}, other: map[string]string{}}
	northwind := e.Owner
	// An invoice each, of a month that has ended.
	for account, owner := range map[string]store.Actor{e.Northwind: northwind, e.Southwind: e.OtherOwner} {
		if err := e.SetInvoiceLimit(ctx, e.Finance, account, "2,000.00", "Framework contract"); err != nil {
			t.Fatal(err)
		}
		if err := e.PayOrder(ctx, owner, e.Order(t, owner).No, store.MethodInvoice); err != nil {
			t.Fatal(err)
		}
	}
	e.Clock.Set(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC))
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	for _, side := range []struct {
		owner   store.Actor
		objects map[string]string
		account string
	}{{northwind, w.own, e.Northwind}, {e.OtherOwner, w.other, e.Southwind}} {
		e.Owner = side.owner
		invoices, err := e.InvoicesOf(ctx, side.account, 1)
		if err != nil || len(invoices) != 1 {
			t.Fatal(invoices, err)
		}
		in := e.At(t, lifecycle.InApplication)
		unpaid := e.Order(t, side.owner)
		if err := e.RequestWhitelist(ctx, side.owner, store.NewWhitelistRequest{Spec: catalog.Spec100G, Reason: "A second site needs it", Ports: 2}); err != nil {
			t.Fatalf("%v %v", err, store.FieldsOf(err))
		}
		requests, err := e.Whitelist(ctx, side.account)
		if err != nil || len(requests) != 1 {
			t.Fatal(requests, err)
		}
		device := e.Catalogue().Devices(in.AccessPointID)[0]
		ports, err := e.Ports(ctx, device.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, link, err := e.NewLink(ctx, e.Admin, side.owner.UserID)
		if err != nil {
			t.Fatal(err)
		}
		paid, err := e.StartCardPayment(ctx, side.owner, unpaid.No)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.CardPageReady(ctx, paid.ID, payment.Session{ID: "cs_" + paid.ID, URL: "https://pay.example/" + paid.ID}); err != nil {
			t.Fatal(err)
		}
		receipts, err := e.Documents(ctx, side.account, 1)
		if err != nil || len(receipts) != 1 {
			t.Fatal(receipts, err)
		}
		ticket, err := e.OpenTicket(ctx, side.owner, store.NewTicket{Topic: "other", Title: "Opening hours", Body: "May we come on a Sunday?"})
		if err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
		if err := e.WriteNote(ctx, e.Admin, in.ID, plantedNote); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
		for place, id := range map[string]string{
			"/admin/interfaces/" + in.ID + "/notes/:": "1",
			"/tickets/:": ticket, "/admin/tickets/:": ticket,
			"/documents/:": receipts[0].No, "/admin/documents/:": receipts[0].No, "/admin/prices/:": "2019-01",
			"/admin/payments/:": paid.ID, "/admin/accounts/" + side.account + "/invoices/:": invoices[0].No, "/billing/invoices/:": invoices[0].No, "/loa/check/:": "NONE",
			"/interfaces/:": in.ID, "/admin/interfaces/:": in.ID, "/admin/loas/:": in.ID, "/admin/cabling/:": in.ID, "/admin/removals/:": in.ID,
			"/orders/:": unpaid.No, "/access-points/:": in.AccessPointID, "/admin/access-points/:": in.AccessPointID, "/admin/regions/:": in.Region,
			"/admin/devices/:": device.ID, "/admin/ports/:": ports[0].ID, "/admin/accounts/:": side.account, "/admin/whitelist/:": requests[0].ID,
			"/setup/:": link.Token, "/people/:": side.owner.UserID, "/admin/people/:": side.owner.UserID, "/messages/:": "1", "/security/factors/:": "none", "/admin/mail/:": "none", "/admin/single-sign-on/:": "none",
		} {
			side.objects[place] = id
		}
	}
	e.Owner = northwind
	web, err := New(ctx, Config{Operator: "Example Cloud", Now: e.Clock.Now, Log: slog.New(slog.DiscardHandler)}, e.Store)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range columns[1:] {
		u, err := e.UserByEmail(ctx, c.email)
		if err != nil {
			t.Fatal(err)
		}
		id, secret, err := e.StartSession(ctx, store.Actor{UserID: u.ID}, store.MethodPassword, "Test")
		if err != nil {
			t.Fatal(err)
		}
		s := web.sessions.empty()
		s.Start(id, secret)
		rec := httptest.NewRecorder()
		if err := s.save(httptest.NewRequest("GET", "/", nil), rec); err != nil {
			t.Fatal(err)
		}
		cookie := rec.Result().Cookies()[0]
		w.cookies[c.email] = cookie.Name + "=" + cookie.Value
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

// copy is the edge over a copy of the town.
func (w *town) copy(t *testing.T) *Server {
	t.Helper()
	dir := t.TempDir()
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range entries {
		if f.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(w.dir, f.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.Name()), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	st, err := store.Open(context.Background(), store.Options{Dir: dir, Now: w.clock.Now, Operator: "Example Cloud", Issuer: storetest.Issuer, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	s, err := New(context.Background(), Config{Operator: "Example Cloud", Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)}, st)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill puts objects in the place of the parameters of a pattern.
func fill(t *testing.T, pattern string, objects map[string]string) string {
	t.Helper()
	parts := strings.Split(pattern, "/")
	for i, p := range parts {
		if !strings.HasPrefix(p, ":") {
			continue
		}
		place := strings.Join(parts[:i], "/") + "/:"
		id, ok := objects[place]
		if !ok && i > 0 && p == ":n" {
			id, ok = "1", true
		}
		if !ok {
			// The table can do without; the test of others' objects cannot.
			if !isPublic(pattern) && !strings.HasPrefix(pattern, paths.Admin+"/") {
				t.Errorf("%s: say in newTown which object stands at %s", pattern, place)
			}
			id = "none"
		}
		parts[i] = id
	}
	return strings.Join(parts, "/")
}

// ask sends a request as a person; a write sends an empty form.
func (w *town) ask(s *Server, method, target, email string) *http.Response {
	var body io.Reader
	if method != http.MethodGet {
		body = strings.NewReader(url.Values{}.Encode())
	}
	r := httptest.NewRequest(method, target, body)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if target == paths.AdminInventory {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		}
	}
	if email != "" {
		r.Header.Set("Cookie", w.cookies[email])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return rec.Result()
}

// word is an answer as the table says it: its status, or "login" when one is
// sent to sign in.
func word(r *http.Response) string {
	if l := r.Header.Get("Location"); r.StatusCode == http.StatusSeeOther && (l == paths.Login || strings.HasPrefix(l, paths.Login+"?")) {
		return "login"
	}
	return fmt.Sprint(r.StatusCode)
}

// routesOf lists "METHOD PATTERN" of every route, sorted by pattern.
func routesOf(s *Server) [][2]string {
	var out [][2]string
	for _, r := range s.echo.Routes() {
		if r.Method == http.MethodGet || r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodDelete || r.Method == http.MethodPatch {
			out = append(out, [2]string{r.Method, r.Path})
		}
	}
	slices.SortFunc(out, func(a, b [2]string) int { return strings.Compare(a[1]+" "+a[0], b[1]+" "+b[0]) })
	return out
}

// plantedNote is written in a staff note about an interface of each customer.
const plantedNote = "Zinnober calls before they come"

const routesFile = "testdata/routes.txt"

const routesHead = `# Every route of the console and what it answers to each role: the table of web/routes.go as people see it.
# A write is sent with an empty form: 403 is a refusal of the role, 422 and 409 are of somebody who may.
# "login" sends to sign in. A new route needs a line here: the test prints it; see that it is what you mean.
# Made by: go test ./web -run TestEveryRouteForEveryRole -update-routes
`

// checkContent looks at what an answer says of its body: no other site may read it
// unless it is published; a page says its encoding and has a way to sign out for who
// is signed in; what is no page says its type and, unless it is published or there for
// programs, is a file with a name. It reports whether it is one.
func checkContent(t *testing.T, what string, res *http.Response, body string, known bool) bool {
	t.Helper()
	if by := res.Header.Get("Access-Control-Allow-Origin"); by != "" && !strings.Contains(what, " /.well-known/") {
		t.Errorf("%s: pages of %s may read it", what, by)
	}
	if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Content-Security-Policy") != contentPolicy {
		t.Errorf("%s: headers %v", what, res.Header)
	}
	kind := res.Header.Get("Content-Type")
	switch name := res.Header.Get("Content-Disposition"); {
	case body == "":
		return false
	case kind == "" || strings.HasPrefix(kind, "text/") && !strings.HasSuffix(strings.ToLower(kind), "; charset=utf-8"):
		t.Errorf("%s: the content type is %q", what, kind)
	case name != "":
		if !regexp.MustCompile(`^attachment; filename="[A-Za-z0-9._-]+"$`).MatchString(name) {
			t.Errorf("%s: the file is named by %q", what, name)
		}
		return true
	case strings.HasPrefix(kind, "text/html"):
		if known && strings.Contains(body, "<html") && !strings.Contains(body, `action="`+paths.Logout+`"`) {
			t.Errorf("%s: a page without a way to sign out", what)
		}
	case !strings.HasPrefix(kind, "text/plain") && !strings.HasPrefix(kind, "application/json") && !strings.HasPrefix(kind, "application/schema+json") && !strings.HasPrefix(kind, "application/jwk-set+json"):
		t.Errorf("%s: %s without a name", what, kind)
	}
	return false
}

// TestEveryRouteForEveryRole asks for every route of the router as everybody
// and compares with the table; and whatever the table says, some things must
// hold for every route.
func TestEveryRouteForEveryRole(t *testing.T) {
	w := newTown(t)
	routes := routesOf(w.copy(t))
	if len(routes) < 100 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, r := range routes {
		fill(t, strings.TrimSuffix(r[1], "*"), w.own) // what is missing is said here, where a test may end
	}
	lines := make([]string, len(routes))
	answers := make([][]string, len(routes))
	var told, sent atomic.Int32 // how often staff read what is for staff only, and how many files came
	each(len(routes), func(i int) {
		method, pattern := routes[i][0], routes[i][1]
		target := fill(t, strings.TrimSuffix(pattern, "*"), w.own)
		s := w.copy(t)
		for _, c := range columns {
			res := w.ask(s, method, target, c.email)
			answers[i] = append(answers[i], word(res))
			body, err := io.ReadAll(res.Body)
			switch has := strings.Contains(string(body)+fmt.Sprint(res.Header), plantedNote); {
			case err != nil:
				t.Error(err)
			case has && strings.HasSuffix(c.email, "@cloud.example"):
				told.Add(1)
			case has:
				t.Errorf("%s %s shows a staff note to %s", method, target, c.name)
			}
			if checkContent(t, method+" "+target+" for "+c.name, res, string(body), c.email != "" && !isPublic(pattern) && pattern != paths.Session) {
				sent.Add(1)
			}
		}
		lines[i] = fmt.Sprintf("%-4s %-56s %s", method, pattern, row(answers[i]))
	})
	if told.Load() < 10 {
		t.Errorf("staff read the note %d times: the search for it is blind", told.Load())
	}
	if sent.Load() < 20 {
		t.Errorf("%d files came: the look at them is blind", sent.Load())
	}
	want := map[string]string{}
	if f, err := os.Open(routesFile); err == nil {
		scan := bufio.NewScanner(f)
		for scan.Scan() {
			if l := scan.Text(); l != "" && !strings.HasPrefix(l, "#") && !strings.HasPrefix(l, "METH") {
				fields := strings.Fields(l)
				want[fields[0]+" "+fields[1]] = l
			}
		}
		f.Close()
	}
	if *updateRoutes {
		var names []string
		for _, c := range columns {
			names = append(names, c.name)
		}
		text := routesHead + fmt.Sprintf("%-4s %-56s %s\n", "METH", "ROUTE", row(names)) + strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(routesFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		want = nil
	}
	for i, r := range routes {
		key := r[0] + " " + r[1]
		if l, ok := want[key]; want != nil && !ok {
			t.Errorf("%s is not in %s; its line would be\n%s", key, routesFile, lines[i])
		} else if want != nil && l != lines[i] {
			t.Errorf("%s says\n%s\nand the console answers\n%s", routesFile, l, lines[i])
		}
		delete(want, key)
		checkRow(t, r[0], r[1], answers[i])
	}
	for key := range want {
		t.Errorf("%s has a line for %s, which is no route", routesFile, key)
	}
}

func row(words []string) string {
	var b strings.Builder
	for i, w := range words {
		fmt.Fprintf(&b, "%-*s", len(columns[i].name)+1, w)
	}
	return strings.TrimRight(b.String(), " ")
}

// public are the routes that answer people who are not signed in.
var public = []string{paths.Forgotten, paths.CardWebhook, paths.LOAChecks, paths.Static, paths.Robots, paths.Health, paths.Ready, paths.Login, paths.Logout, "/setup/:token", "/.well-known/"}

func isPublic(pattern string) bool {
	return slices.ContainsFunc(public, func(p string) bool {
		return pattern == p || strings.HasPrefix(pattern, strings.TrimSuffix(p, ":token")) && p != "/"
	})
}

// ownThings are what everybody may write, whatever their role: about themselves.
var ownThings = []string{paths.Login, paths.Logout, paths.Messages, paths.MessagesRead, paths.Preferences, "/security", paths.AdminCustomerView(":id"), paths.CustomerViewEnd}

// checkRow holds for every route, whatever the table says.
func checkRow(t *testing.T, method, pattern string, got []string) {
	t.Helper()
	by := map[string]string{}
	for i, c := range columns {
		by[c.name] = got[i]
		if strings.HasPrefix(got[i], "5") {
			t.Errorf("%s %s as %s answers %s", method, pattern, c.name, got[i])
		}
	}
	if by["nobody"] != "login" && !isPublic(pattern) {
		t.Errorf("%s %s answers %s to people who are not signed in; a page for everybody is listed in public", method, pattern, by["nobody"])
	}
	staffPage := pattern == paths.Admin || strings.HasPrefix(pattern, paths.Admin+"/")
	for _, c := range columns[1:] {
		customer := strings.HasSuffix(c.email, "@northwind.example")
		if customer && staffPage && by[c.name] != "403" {
			t.Errorf("%s %s answers %s to a customer (%s)", method, pattern, by[c.name], c.name)
		}
	}
	if method == http.MethodGet || slices.ContainsFunc(ownThings, func(p string) bool { return strings.HasPrefix(pattern, p) }) || isPublic(pattern) {
		return
	}
	for _, reader := range []string{"viewer", "auditor"} {
		if by[reader] != "403" {
			t.Errorf("%s %s answers %s to a role that only reads (%s)", method, pattern, by[reader], reader)
		}
	}
}

// TestNobodyReachesWhatBelongsToOthers asks for every customer's route that
// names an object, with an object of another account: it does not exist.
func TestNobodyReachesWhatBelongsToOthers(t *testing.T) {
	w := newTown(t)
	var routes [][2]string
	for _, r := range routesOf(w.copy(t)) {
		// What everybody may know, what a one-time token opens, and staff, who
		// see all accounts.
		if strings.Contains(r[1], ":") && !isPublic(r[1]) && !strings.HasPrefix(r[1], paths.Admin+"/") && !strings.HasPrefix(r[1], "/access-points/") {
			routes = append(routes, r)
		}
	}
	if len(routes) < 20 {
		t.Fatalf("only %d routes", len(routes))
	}
	var mu sync.Mutex
	tried := 0
	each(len(routes), func(i int) {
		method, pattern := routes[i][0], routes[i][1]
		s := w.copy(t)
		for _, objects := range []map[string]string{w.other, nil} {
			target := "/"
			if objects != nil {
				target = fill(t, pattern, objects)
			} else {
				target = fill(t, pattern, invented(w.own))
			}
			if strings.HasPrefix(pattern, "/messages/") {
				continue // numbers of one's own list: nobody can name another's
			}
			for _, c := range columns[1:] {
				if !strings.HasSuffix(c.email, "@northwind.example") {
					continue
				}
				res := w.ask(s, method, target, c.email)
				mu.Lock()
				tried++
				mu.Unlock()
				if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s as %s of another account answers %d", method, target, c.name, res.StatusCode)
				}
				if res.StatusCode == http.StatusForbidden && method == http.MethodGet && c.name == "owner" {
					t.Errorf("%s %s: the owner of another account is told that it exists", method, target)
				}
			}
		}
	})
	t.Logf("%d requests for what belongs to others or to nobody", tried)
}

// invented are IDs of the right form that nobody has.
func invented(objects map[string]string) map[string]string {
	out := map[string]string{}
	for place, id := range objects {
		b := []byte(id)
		for i := max(0, len(b)-6); i < len(b); i++ {
			if b[i] >= '0' && b[i] <= '9' {
				b[i] = '0' + (b[i]-'0'+5)%10
			} else if b[i] >= 'a' && b[i] <= 'z' {
				b[i] = 'a' + (b[i]-'a'+7)%26
			}
		}
		out[place] = string(b)
	}
	return out
}

// each runs f for 0 to n-1, as many at a time as there are processors.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	// All of them wait before anybody starts: a worker that a failed check ends
	// leaves nobody sending for ever.
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				// A test that fails for good ends its goroutine: not the one that
				// takes the next.
				var one sync.WaitGroup
				one.Go(func() { f(i) })
				one.Wait()
			}
		})
	}
	wg.Wait()
}
