package handlers_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/chain"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

// eventually waits for what is written down in the background, after the answer.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestActivityShowsWhatHappened lets much happen in two accounts and reads both
// activities as their owners.
func TestActivityShowsWhatHappened(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	ctx := context.Background()
	c := s.At(t, lifecycle.ApprovedLOA)
	lin, other, admin, reviewer := s.as(customerMail), s.as("owner@southwind.example"), s.as(adminMail), s.as(reviewerMail)

	// A wrong password, twice within a quarter of an hour: told once. A wrong
	// address is nobody's business.
	for _, email := range []string{customerMail, customerMail, "nobody@northwind.example"} {
		s.anyone().post(paths.Login, url.Values{"email": {email}, "password": {"not the password"}}).want(http.StatusUnprocessableEntity)
	}
	lin.get(paths.LOAPDF(c.ID)).want(http.StatusOK)
	lin.get(paths.LOAPDF(c.ID)).want(http.StatusOK)
	reviewer.get(paths.AdminLOADocument(c.ID)).want(http.StatusOK)
	if err := s.RecordTransfer(ctx, s.Finance, s.Northwind, "12,000.00", "BANK-77"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetInvoiceLimit(ctx, s.Finance, s.Northwind, "5,000.00", "They pay late, keep it low"); err != nil {
		t.Fatal(err)
	}
	lin.post(paths.People, url.Values{"name": {"Zoë New"}, "email": {"zoe@northwind.example"}, "role": {"viewer"}}).want(http.StatusSeeOther)
	engineer, err := s.UserByEmail(ctx, engineerMail)
	if err != nil {
		t.Fatal(err)
	}
	s.as(engineerMail)
	lin.post(paths.PersonRole(engineer.ID), url.Values{"role": {"viewer"}}).want(http.StatusSeeOther)
	// Staff look, take the letter, and sign in again over it: still staff to the
	// customer.
	reviewer.post(paths.AdminCustomerView(s.Northwind), url.Values{}).want(http.StatusSeeOther)
	reviewer.get(paths.LOAPDF(c.ID)).want(http.StatusOK)
	reviewer.get(paths.Activity).want(http.StatusForbidden)
	reviewer.post(paths.Login, url.Values{"email": {reviewerMail}, "password": {storetest.Password}}).want(http.StatusSeeOther)
	if err := s.SetQuotas(ctx, s.Admin, s.Southwind, 7, 7, "Southwind's own secret"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the wrong password is recorded", func() bool { return strings.Contains(lin.get(paths.Activity).text(), "Sign-in refused") })

	a := lin.get(paths.Activity).want(http.StatusOK)
	says(t, a, "Signed in", "Sign-in refused", "Somebody who was not signed in", "Wrong password", "Person added, one-time link made", "Zoë New", "Role changed", "Engineer → Viewer", "Sessions ended",
		"LOA downloaded", "Version 1", "LOA approved", "In Application → Approved LOA", "Example Cloud, reviewer", "Transfer recorded", "BANK-77", "Credit limit changed", "Customer's console looked at",
		"Initial installation fee paid, port reserved", "Times in UTC")
	for _, never := range []string{"Rao Min", "They pay late", "Tests order a lot", "Southwind", "nobody@northwind.example"} {
		if strings.Contains(a.body, never) {
			t.Errorf("the activity says %q", never)
		}
	}
	if n := strings.Count(a.body, "Sign-in refused"); n != 1 {
		t.Errorf("%d refused sign-ins are told, want 1", n)
	}
	// Each of the two took the letter on this day: the owner once, staff once.
	if n := strings.Count(lin.get(paths.With(paths.Activity, "kind", "all-letters")).body, "LOA downloaded"); n != 2 {
		t.Errorf("%d downloads are told, want 2", n)
	}
	if a.doc().Find("tbody a[href='"+paths.Interface(c.ID)+"']").Length() == 0 || a.doc().Find("tbody a[href='"+paths.Billing+"']").Length() == 0 {
		t.Error("no way to the interface, or to the money")
	}
	if text := other.get(paths.Activity).want(http.StatusOK).text(); strings.Contains(text, "Northwind") || strings.Contains(text, c.ID) || !strings.Contains(text, "Quotas changed") || strings.Contains(text, "own secret") {
		t.Errorf("the other owner reads: %s", text)
	}
	// Staff see the same with the names, of one account.
	staff := admin.get(paths.With(paths.AdminAudit, "account", "northwind tr")).want(http.StatusOK)
	says(t, staff, "Rao Min", "They pay late", "Account: Northwind Trading", "LOA downloaded")
	if strings.Contains(staff.text(), "Southwind's own secret") {
		t.Error("the filter by account lets another through")
	}
	// The letter's page does not say who of the operator took it either.
	if text := lin.get(paths.LOA(c.ID)).want(http.StatusOK).text(); strings.Contains(text, "Rao Min, reviewer") || !strings.Contains(text, "Example Cloud, reviewer") {
		t.Errorf("the page of the letter: %s", text)
	}
}

// TestActivityByRole opens the page as everybody, and looks for it in the menu.
func TestActivityByRole(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	for _, email := range []string{customerMail, engineerMail, payerMail, viewerMail, reviewerMail, techMail, financeMail, adminMail, auditorMail} {
		browser := s.as(email)
		want := http.StatusForbidden
		if email == customerMail {
			want = http.StatusOK
		}
		for _, path := range []string{paths.Activity, paths.ActivityCSV} {
			browser.get(path).want(want)
		}
		home := paths.Home
		if strings.HasSuffix(email, "@cloud.example") {
			home = paths.Admin
		}
		if n := browser.get(home).want(http.StatusOK).doc().Find("nav a[href='" + paths.Activity + "']").Length(); (n > 0) != (want == http.StatusOK) {
			t.Errorf("%s: %d entries in the menu", email, n)
		}
	}
	for _, path := range []string{paths.Activity, paths.ActivityCSV, paths.AdminAudit, paths.AdminAuditJSONL} {
		if a := s.anyone().get(path); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
			t.Errorf("%s without signing in: %d", path, a.status)
		}
	}
	s.as(customerMail).get(paths.AdminAudit).want(http.StatusForbidden)
}

func eventRows(a *answer) *goquery.Selection { return a.doc().Find("tbody tr") }

func TestActivityFilter(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	theirs := s.Order(t, s.OtherOwner)
	lin := s.as(customerMail)
	all := eventRows(lin.get(paths.Activity)).Length()
	letter, err := s.LOA(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	day := s.Clock.Now().UTC().Format(time.DateOnly)
	for query, want := range map[string]func(n int) bool{
		"":                                func(n int) bool { return n > 5 && n == all },
		"?kind=all-letters":               func(n int) bool { return n == 2 },
		"?kind=nonsense":                  func(n int) bool { return n == all },
		"?who=" + s.Owner.UserID:          func(n int) bool { return n > 2 && n < all },
		"?who=operator":                   func(n int) bool { return n >= 1 && n < all },
		"?who=" + s.Reviewer.UserID:       func(n int) bool { return n == 0 },
		"?who=" + s.OtherOwner.UserID:     func(n int) bool { return n == 0 },
		"?object=" + c.ID:                 func(n int) bool { return n == 4 },
		"?object=" + letter.No:            func(n int) bool { return n == 4 },
		"?object=" + viewerMail:           func(n int) bool { return n == 1 },
		"?object=" + theirs.ConnectionID:  func(n int) bool { return n == 0 },
		"?object=" + theirs.No:            func(n int) bool { return n == 0 },
		"?object=owner@southwind.example": func(n int) bool { return n == 0 },
		"?from=" + day + "&to=" + day:     func(n int) bool { return n >= 4 },
		"?to=2020-01-01":                  func(n int) bool { return n == 0 },
		"?from=2200-01-01":                func(n int) bool { return n == 0 },
		"?after=nonsense":                 func(n int) bool { return n == all },
		"?object=" + url.QueryEscape(`"><script>alert(1)</script>`): func(n int) bool { return n == 0 },
	} {
		a := lin.get(paths.Activity + query).want(http.StatusOK)
		if n := eventRows(a).Length(); !want(n) {
			t.Errorf("%s: %d of %d rows\n%s", query, n, all, a.text())
		}
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.text(), "Southwind") {
			t.Errorf("%s: %s", query, a.text())
		}
	}
	// What is another's and what is nothing's gets the same answer.
	words := func(object string) string {
		return strings.ReplaceAll(lin.get(paths.With(paths.Activity, "object", object)).doc().Find("#list").Text(), object, "…")
	}
	if theirs, nothing := words(theirs.ConnectionID), words("pc-00000000000000000"); theirs != nothing || !strings.Contains(nothing, "Nothing is called “…”") {
		t.Errorf("another's: %s\nnothing's: %s", theirs, nothing)
	}
	// Days that are none, or the wrong way round: nothing is listed, and nothing
	// typed is lost.
	for query, want := range map[string]string{
		"?from=tomorrow&object=" + c.ID:    "From (UTC): enter a day.",
		"?from=2026-11-20&to=2026-11-19":   "The last day is before the first day.",
		"?to=2026-02-30&kind=all-payments": "To (UTC): enter a day.",
	} {
		a := lin.get(paths.Activity + query).want(http.StatusUnprocessableEntity)
		says(t, a, want)
		if eventRows(a).Length() != 0 || !strings.HasPrefix(a.doc().Find("title").Text(), "Error: ") {
			t.Errorf("%s: %s", query, a.text())
		}
		q, _ := url.ParseQuery(query[1:])
		for name := range q {
			if name != "kind" && a.field(name) != q.Get(name) {
				t.Errorf("%s: %s became %q", query, name, a.field(name))
			}
		}
		lin.get(paths.ActivityCSV + query).want(http.StatusUnprocessableEntity)
	}
	// Filters are tokens in the address: each can be taken out alone.
	path := paths.With(paths.Activity, "kind", "all-letters", "who", s.Owner.UserID, "object", c.ID, "from", day)
	a := lin.get(path).want(http.StatusOK)
	tokens := a.doc().Find(".token")
	if tokens.Length() != 4 {
		t.Fatalf("%d tokens: %s", tokens.Length(), a.text())
	}
	tokens.Each(func(_ int, one *goquery.Selection) {
		href := one.AttrOr("href", "")
		if left := lin.get(href).want(http.StatusOK).doc().Find(".token").Length(); left != 3 || !strings.HasPrefix(href, paths.Activity+"?") {
			t.Errorf("%s leaves %d tokens", href, left)
		}
	})
	if href := a.doc().Find("a[href^='"+paths.ActivityCSV+"']").AttrOr("href", ""); href != strings.Replace(path, paths.Activity, paths.ActivityCSV, 1) {
		t.Errorf("the export has another filter: %s", href)
	}
	if eventRows(lin.get(paths.With(paths.Activity, "to", "2020-01-01"))).Length() != 0 || !strings.Contains(lin.get(paths.With(paths.Activity, "to", "2020-01-01")).text(), "No event matches this filter") {
		t.Error("an empty page says nothing")
	}
}

func TestActivityFile(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.InApplication)
	if err := s.RejectLOA(context.Background(), s.Reviewer, c.ID, c.Version, map[string]string{"company_name": "=HYPERLINK(\"http://x\") is no company"}); err != nil {
		t.Fatal(err)
	}
	s.Order(t, s.OtherOwner)
	lin := s.as(customerMail)
	read := func(query string) [][]string {
		a := lin.get(paths.ActivityCSV + query).want(http.StatusOK)
		if a.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(a.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%v", a.header)
		}
		rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.HasPrefix(cell, "=") || strings.Contains(cell, "Rao Min") || strings.Contains(cell, "Southwind") {
					t.Errorf("a cell says %q", cell)
				}
			}
		}
		return rows
	}
	all, some := read(""), read("?object="+c.ID+"&kind=all-letters")
	if len(all) != eventRows(lin.get(paths.Activity)).Length()+1 {
		t.Errorf("%d lines, and another number on the page", len(all))
	}
	if len(some) != 3 || some[1][3] != "LOA application rejected" || some[1][1] != "Example Cloud, reviewer" || some[1][6] != "In Application" || some[1][7] != "LOA Rejected" {
		t.Errorf("the letter's lines: %q", some)
	}
	if rows := read("?to=2020-01-01"); len(rows) != 1 {
		t.Errorf("nothing has %d lines", len(rows))
	}
}

// TestAuditFilter looks for the same events in the ways in which staff do.
func TestAuditFilter(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	port, err := s.PortOf(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	letter, err := s.LOA(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	admin := s.as(adminMail)
	list := func(pairs ...string) *answer {
		return admin.get(paths.With(paths.AdminAudit, pairs...)).want(http.StatusOK)
	}
	for _, f := range []struct {
		name, value string
		want        string // stands on the page
		min         int
	}{
		{"action", "approve", "LOA approved", 1},
		{"action", "all-letters", "Action: Letters", 2},
		{"account", s.Northwind, "Account: Northwind Trading", 4},
		{"account", "NORTHWIND", "Account: Northwind Trading", 4},
		{"who", reviewerMail, "Person: Rao Min", 1},
		{"who", "rao", "Person: Rao Min", 1},
		{"who", s.Reviewer.UserID, "Person: Rao Min", 1},
		{"who", "us-00000000000000", "No event matches this filter", 0},
		{"who", "system", "Person: Demarc", 1},
		{"object", c.ID, "Interface applied for", 4},
		{"object", letter.No, "LOA approved", 4},
		{"object", strings.ToLower(letter.No), "LOA approved", 4},
		{"object", port.ID, "Port allocated", 1},
		{"object", viewerMail, "Person added", 1},
		{"object", "catalogue:", "No event matches this filter", 0},
		{"request", "TEST-reviewer", "Request: TEST-reviewer", 1},
		{"request", "7KQ4-M2XD", "No event matches this filter", 0},
		{"account", "Nobody Ltd", "No account is called “Nobody Ltd”", 0},
		{"who", "Nobody", "Nobody is called “Nobody”", 0},
		{"object", "nothing", "Nothing is called “nothing”", 0},
	} {
		a := list(f.name, f.value)
		if n := eventRows(a).Length(); n < f.min || (f.min == 0 && n > 0) {
			t.Errorf("%s %q: %d rows\n%s", f.name, f.value, n, a.text())
		}
		says(t, a, f.want)
	}
	// More than one of a name: the page asks which.
	says(t, list("account", "south"), "Account: Southwind")
	if _, err := s.CreateUser(context.Background(), store.NewUser{Email: "rao.two@cloud.example", Name: "Rao Twin", Role: lifecycle.Reviewer}, ""); err != nil {
		t.Fatal(err)
	}
	a := list("who", "rao", "action", "approve")
	says(t, a, "More than one person is called “rao”", "Rao Min, "+reviewerMail, "Rao Twin")
	href := a.doc().Find("#list a:contains('"+reviewerMail+"')").AttrOr("href", "")
	if eventRows(admin.get(href).want(http.StatusOK)).Length() != 1 || !strings.Contains(href, "action=approve") {
		t.Errorf("the choice leads to %s", href)
	}
	// Every link says where it leads: what has no request, or nobody, has none.
	list().doc().Find("#list a").Each(func(_ int, link *goquery.Selection) {
		if strings.TrimSpace(link.Text()) == "" {
			t.Errorf("a link without a word: %s", link.AttrOr("href", ""))
		}
	})
	// Who and request of a row lead to what else they did.
	row := eventRows(list("action", "approve")).First()
	for _, want := range []string{"who=" + s.Reviewer.UserID, "request=TEST-reviewer"} {
		if row.Find("a[href*='"+want+"']").Length() != 1 {
			h, _ := row.Html()
			t.Errorf("no link with %s: %s", want, h)
		}
	}
	// From the pages of an interface, an account and a person.
	for path, want := range map[string]string{
		paths.AdminInterface(c.ID):            paths.With(paths.AdminAudit, "object", c.ID),
		paths.AdminAccount(s.Northwind):       paths.With(paths.AdminAudit, "account", s.Northwind),
		paths.AdminPeople:                     paths.With(paths.AdminAudit, "who", s.Reviewer.UserID),
		paths.AdminPort(port.ID):              paths.With(paths.AdminAudit, "object", port.ID),
		paths.AdminAccount(s.Northwind) + "?": paths.With(paths.AdminAudit, "who", s.Owner.UserID),
	} {
		if n := admin.get(path).want(http.StatusOK).doc().Find("a[href='" + want + "']").Length(); n != 1 {
			t.Errorf("%s: %d links to %s", path, n, want)
		}
		if a := admin.get(want).want(http.StatusOK); eventRows(a).Length() == 0 {
			t.Errorf("%s is empty", want)
		}
	}
	// The file has what the page has.
	read := func(query string) (out []chain.Record) {
		for line := range strings.Lines(admin.get(paths.AdminAuditJSONL + query).want(http.StatusOK).body) {
			var r chain.Record
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			out = append(out, r)
		}
		return out
	}
	if all, some := read(""), read("?action=all-letters&object="+c.ID); len(some) != 2 || len(all) < 10 || some[0].Action != "approve" || some[1].Action != "apply_for_loa" {
		t.Errorf("%d of %d records", len(some), len(all))
	}
	for _, query := range []string{"?who=Nobody", "?account=Nobody", "?object=nothing", "?from=x", "?from=2026-11-20&to=2026-11-19"} {
		if a := admin.get(paths.AdminAuditJSONL + query); a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, `"hash"`) {
			t.Errorf("%s exports: %d", query, a.status)
		}
	}
	s.as(financeMail).get(paths.AdminAuditJSONL + "?action=approve").want(http.StatusForbidden)
	// And so has the file for a spreadsheet, in which no cell is a formula.
	table := func(query string) [][]string {
		rows, err := csv.NewReader(strings.NewReader(admin.get(paths.AdminAuditCSV + query).want(http.StatusOK).body)).ReadAll()
		if err != nil || len(rows) == 0 || rows[0][0] != "Time (UTC)" || rows[0][12] != "Place in the log" {
			t.Fatalf("%v, %v", rows, err)
		}
		return rows[1:]
	}
	if all, some := table(""), table("?action=all-letters&object="+c.ID); len(some) != 2 || len(all) < len(read(""))-5 || some[0][3] != "LOA approved" || some[0][5] != c.ID || some[0][6] != s.Northwind || some[0][7] != "in_application" || some[0][8] != "approved_loa" {
		t.Errorf("%d of %d rows: %q", len(some), len(all), some)
	}
	if err := s.SetQuotas(t.Context(), s.Reviewer, s.Northwind, 9, 9, "=HYPERLINK(1)"); err != nil {
		t.Fatal(err)
	}
	quotas := table("?action=set_quotas")
	if !slices.ContainsFunc(quotas, func(r []string) bool { return strings.Contains(r[10], "HYPERLINK") && !strings.HasPrefix(r[10], "=") }) {
		t.Errorf("a reason is a formula, or is not there: %q", quotas)
	}
	s.as(financeMail).get(paths.AdminAuditCSV).want(http.StatusForbidden)
	admin.get(paths.AdminAuditCSV + "?who=Nobody").want(http.StatusUnprocessableEntity)
	if a := admin.get(paths.AdminAudit + "?from=2026-11-20&to=2026-11-19").want(http.StatusUnprocessableEntity); a.field("from") != "2026-11-20" || eventRows(a).Length() != 0 {
		t.Error("days the wrong way round")
	}
	// What somebody types stays text.
	for _, name := range []string{"account", "who", "object", "request", "action", "from"} {
		if a := admin.get(paths.With(paths.AdminAudit, name, `"><script>alert(1)</script>`)); strings.Contains(a.body, "<script>alert") {
			t.Errorf("%s is markup", name)
		}
	}
	if !slices.Contains([]int{http.StatusOK}, admin.get(paths.With(paths.AdminAudit, "after", "2026-11-20T07:12:00.000Z~x~1", "object", c.ID)).status) {
		t.Error("a cursor of another page")
	}
}
