package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// The people of storetest by what they do.
const (
	adminMail    = "admin@cloud.example"
	reviewerMail = "reviewer@cloud.example"
	techMail     = "technician@cloud.example"
	financeMail  = "finance@cloud.example"
	customerMail = "owner@northwind.example"
)

// summaryHas fails unless the answer refuses a form: 422, the summary first and
// focused, leading to the field.
func summaryHas(t *testing.T, a *answer, field, text string) {
	t.Helper()
	doc := a.want(http.StatusUnprocessableEntity).doc()
	link := doc.Find(".error-summary[autofocus] a[href='#" + field + "']")
	if link.Length() != 1 || !strings.Contains(link.Text(), text) {
		t.Errorf("summary for %s: %q, want %q", field, doc.Find(".error-summary").Text(), text)
	}
	if doc.Find("#"+field).Length() != 1 {
		t.Errorf("no field %s", field)
	}
	if doc.Find("html").Length() == 1 && doc.Find("head title").Length() == 1 && !strings.HasPrefix(doc.Find("title").First().Text(), "Error: ") {
		t.Errorf("title %q", doc.Find("title").First().Text())
	}
}

// who may open what; everybody else gets 403 and does not find it in their menu.
func TestOfficeRoles(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.InApplication)
	mails := map[lifecycle.Role]string{lifecycle.Administrator: adminMail, lifecycle.Reviewer: reviewerMail, lifecycle.Technician: techMail, lifecycle.Finance: financeMail, lifecycle.Owner: customerMail, lifecycle.Viewer: "viewer@northwind.example", lifecycle.Auditor: auditorMail}
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	pages := map[string][]lifecycle.Role{
		paths.AdminInterfaces:                    lifecycle.StaffRoles(),
		paths.AdminInterface(c.ID):               lifecycle.StaffRoles(),
		paths.AdminAudit:                         lifecycle.StaffRoles(),
		paths.AdminCalendar:                      lifecycle.StaffRoles(),
		paths.AdminNewCalendar:                   {lifecycle.Administrator},
		paths.AdminCalendarYear("china", "2027"): {lifecycle.Administrator},
		paths.AdminWhitelist:                     {lifecycle.Reviewer, lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminAccounts:                      {lifecycle.Finance, lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminAccount(s.Northwind):          {lifecycle.Reviewer, lifecycle.Finance, lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminAccessPoints:                  {lifecycle.Reviewer, lifecycle.Technician, lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminAccessPoint(ap):               {lifecycle.Reviewer, lifecycle.Technician, lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminInventory:                     {lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminPeople:                        {lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminLetterKeys:                    {lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminLOAs:                          {lifecycle.Reviewer, lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminLOA(c.ID):                     {lifecycle.Reviewer, lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminCabling:                       {lifecycle.Technician, lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminAccessPointEdit(ap):           {lifecycle.Administrator},
		paths.AdminPorts(ap):                     {lifecycle.Administrator},
		paths.AdminNewCustomer:                   {lifecycle.Administrator},
		paths.AdminNewSite:                       {lifecycle.Administrator},
		paths.AdminRegions:                       {lifecycle.Administrator, lifecycle.Auditor},
		paths.AdminNewRegion:                     {lifecycle.Administrator},
		paths.AdminRegion("cn-hangzhou"):         {lifecycle.Administrator},
		paths.AdminRegionDeletion("cn-hangzhou"): {lifecycle.Administrator},
		paths.AdminAccessPointDeletion(ap):       {lifecycle.Administrator},
	}
	menu := []string{paths.AdminInterfaces, paths.AdminAudit, paths.AdminCalendar, paths.AdminWhitelist, paths.AdminAccounts, paths.AdminAccessPoints, paths.AdminLetterKeys}
	posts := map[string][]lifecycle.Role{
		paths.AdminTransfers(s.Northwind):        {lifecycle.Finance, lifecycle.Administrator},
		paths.AdminQuotas(s.Northwind):           {lifecycle.Reviewer, lifecycle.Administrator},
		paths.AdminAccountPeople(s.Northwind):    {lifecycle.Administrator},
		paths.AdminNewCustomer:                   {lifecycle.Administrator},
		paths.AdminAccessPointEdit(ap):           {lifecycle.Administrator},
		paths.AdminNewSite:                       {lifecycle.Administrator},
		paths.AdminNewRegion:                     {lifecycle.Administrator},
		paths.AdminRegion("cn-hangzhou"):         {lifecycle.Administrator},
		paths.AdminRegionDeletion("cn-hangzhou"): {lifecycle.Administrator},
		paths.AdminAccessPointDeletion(ap):       {lifecycle.Administrator},
		paths.AdminPorts(ap):                     {lifecycle.Administrator},
		paths.AdminLetterKeys:                    {lifecycle.Administrator},
	}
	for role, mail := range mails {
		browser := s.as(mail)
		may := func(roles []lifecycle.Role) bool {
			for _, r := range roles {
				if r == role {
					return true
				}
			}
			return false
		}
		for path, roles := range pages {
			want := http.StatusForbidden
			if may(roles) {
				want = http.StatusOK
			}
			a := browser.get(path)
			if a.status != want {
				t.Errorf("%s at %s: %d, want %d", role, path, a.status, want)
			}
			if a.status == http.StatusOK {
				if n := a.doc().Find("main h1").Length(); n != 1 {
					t.Errorf("%s: %d headings", path, n)
				}
			}
		}
		for path, roles := range posts {
			if a := browser.post(path, url.Values{}); (a.status == http.StatusForbidden) == may(roles) {
				t.Errorf("%s posts to %s: %d", role, path, a.status)
			}
		}
		if role.IsCustomer() {
			continue
		}
		doc := browser.get(paths.Admin).want(http.StatusOK).doc()
		for _, path := range menu {
			if shown := doc.Find("#nav a[href='"+path+"']").Length() > 0; shown != may(pages[path]) {
				t.Errorf("%s sees %s in the menu: %v", role, path, shown)
			}
		}
	}
	for _, path := range []string{paths.AdminInterface("pc-none"), paths.AdminAccount("acc-none"), paths.AdminAccessPoint("ap-none"), paths.AdminPorts("ap-none"), paths.AdminWhitelistGrant("wl-none"), paths.With(paths.AdminPorts(ap), "device", "csw-none")} {
		s.as(adminMail).get(path).want(http.StatusNotFound)
	}
	if a := s.anyone().get(paths.AdminAudit); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
		t.Errorf("signed out: %d %s", a.status, a.header.Get("Location"))
	}
}

func TestWhitelistDecisions(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	ask := func(spec catalog.Spec, region string) string {
		t.Helper()
		if err := s.RequestWhitelist(ctx, s.Owner, store.NewWhitelistRequest{Region: region, Spec: spec, Reason: "Backbone <b>between</b> two data centers 双活", Ports: 2}); err != nil {
			t.Fatal(err)
		}
		items, err := s.WhitelistQueue(ctx, "requested", 10)
		if err != nil {
			t.Fatal(err)
		}
		return items[len(items)-1].ID
	}
	id := ask(catalog.Spec40G, "cn-hangzhou")
	reviewer := s.as(reviewerMail)
	list := reviewer.get(paths.AdminWhitelist).want(200)
	if text := list.text(); !strings.Contains(text, "Northwind Trading") || !strings.Contains(text, "Backbone <b>between</b> two data centers 双活") || !strings.Contains(text, "China (Hangzhou), 2 ports") {
		t.Errorf("list: %s", text)
	}
	if list.doc().Find("#row-"+id+" a[href='"+paths.AdminWhitelistGrant(id)+"']").Length() != 1 {
		t.Error("no link to grant")
	}

	// What is wrong stays in the form; the dialog gets a fragment.
	grant := paths.AdminWhitelistGrant(id)
	bad := reviewer.post(grant, url.Values{"until": {"2026-11-19"}, "key": {"k1"}})
	summaryHas(t, bad, "until", "Enter a date after today")
	if got := bad.field("until"); got != "2026-11-19" {
		t.Errorf("until was not kept: %q", got)
	}
	if got := bad.field("key"); got != "k1" {
		t.Errorf("the key was not kept: %q", got)
	}
	summaryHas(t, reviewer.post(grant, url.Values{"until": {"soon"}}), "until", "Enter a date")
	if a := reviewer.fragment(grant).want(200); a.doc().Find("dialog").Length() != 1 || strings.Contains(a.body, "<html") {
		t.Error("the dialog is not a fragment")
	}
	if a := reviewer.submit(grant, url.Values{"until": {"x"}}).want(http.StatusUnprocessableEntity); a.doc().Find("dialog .error-summary").Length() != 1 {
		t.Error("the dialog does not show the summary")
	}

	// The last day counts in full, at the site.
	a := reviewer.submit(grant, url.Values{"until": {"2026-11-20"}, "key": {"k1"}}).want(200)
	if got := a.header.Get("HX-Redirect"); got != paths.AdminWhitelist {
		t.Errorf("redirect %q", got)
	}
	w, err := s.WhitelistRequest(ctx, id)
	if err != nil || w.Status != "granted" || !w.Until.Equal(time.Date(2026, 11, 20, 15, 59, 59, 0, time.UTC)) {
		t.Errorf("granted: %+v %v", w, err)
	}
	if text := reviewer.get(paths.AdminWhitelist).text(); !strings.Contains(text, "Northwind Trading can order 40G ports until 20 Nov 2026.") || !strings.Contains(text, "No request is waiting") {
		t.Errorf("after the grant: %s", text)
	}
	// Sent again it is answered like the first time; another form is too late.
	reviewer.post(grant, url.Values{"until": {"2026-11-20"}, "key": {"k1"}}).want(http.StatusSeeOther)
	late := reviewer.post(grant, url.Values{"until": {"2027-01-01"}, "key": {"k2"}}).want(http.StatusConflict)
	if !strings.Contains(late.text(), "This request is granted already. Nothing was changed.") {
		t.Errorf("too late: %s", late.text())
	}
	if events, err := s.Timeline(ctx, "whitelist:"+id); err != nil || len(events) != 2 {
		t.Errorf("%d events, %v", len(events), err)
	}

	// Revoking takes the account's ID and a reason.
	revoke := paths.AdminWhitelistRevoke(id)
	granted := reviewer.get(paths.With(paths.AdminWhitelist, "view", "granted")).want(200)
	if granted.doc().Find("#row-"+id+" a[href='"+revoke+"']").Length() != 1 {
		t.Error("no link to revoke")
	}
	summaryHas(t, reviewer.post(revoke, url.Values{"reason": {"The contract ended"}, "confirm": {"Northwind"}}), "confirm", "Type the account ID "+s.Northwind)
	nothing := reviewer.post(revoke, url.Values{})
	summaryHas(t, nothing, "confirm", "Type the account ID "+s.Northwind)
	summaryHas(t, nothing, "reason", "Say why, for the customer")
	noReason := reviewer.post(revoke, url.Values{"confirm": {s.Northwind}})
	summaryHas(t, noReason, "reason", "Say why")
	if got := noReason.field("confirm"); got != s.Northwind {
		t.Errorf("confirm was not kept: %q", got)
	}
	reviewer.post(revoke, url.Values{"reason": {"The contract ended"}, "confirm": {s.Northwind}}).want(http.StatusSeeOther)
	if w, err := s.WhitelistRequest(ctx, id); err != nil || w.Status != "revoked" || w.Answer != "The contract ended" {
		t.Errorf("revoked: %+v %v", w, err)
	}

	// Declining takes a reason that the customer reads.
	other := ask(catalog.Spec100G, "")
	summaryHas(t, reviewer.post(paths.AdminWhitelistDecline(other), url.Values{"reason": {" "}}), "reason", "Say why")
	reviewer.post(paths.AdminWhitelistDecline(other), url.Values{"reason": {"No 100G devices this year"}}).want(http.StatusSeeOther)
	messages, err := s.Messages(ctx, s.Owner.UserID, 0, 10)
	if err != nil || len(messages) == 0 || !strings.Contains(messages[0].Body, "No 100G devices this year") {
		t.Errorf("messages: %+v %v", messages, err)
	}
	s.as(financeMail).post(paths.AdminWhitelistDecline(other), url.Values{"reason": {"No reason"}}).want(http.StatusForbidden)
	s.as(customerMail).post(revoke, url.Values{}).want(http.StatusForbidden)
}

func TestStaffInterfaces(t *testing.T) {
	s := newSite(t)
	review := s.At(t, lifecycle.InApplication, func(in *store.NewConnection) { in.Name = "hz-primary" })
	cabling := s.At(t, lifecycle.WaitingForCabling, func(in *store.NewConnection) { in.Name = "杭州-备用" })
	s.At(t, lifecycle.PendingPayment)
	s.At(t, lifecycle.Canceled)
	reviewer, technician := s.as(reviewerMail), s.as(techMail)
	rows := func(a *answer) []string {
		t.Helper()
		var out []string
		a.want(200).doc().Find("tr[id^='row-']").Each(func(_ int, r *goquery.Selection) { out = append(out, strings.TrimPrefix(r.AttrOr("id", ""), "row-")) })
		return out
	}
	if got := rows(reviewer.get(paths.AdminInterfaces)); len(got) != 4 {
		t.Errorf("all: %v", got)
	}
	for query, want := range map[string]string{
		"by=name&q=HZ-": review.ID, "by=line&q=" + cabling.LineCode: cabling.ID, "q=" + cabling.ID: cabling.ID, "q=" + url.QueryEscape("杭州"): cabling.ID,
		"status=in_application": review.ID, "view=with-operator&status=waiting": cabling.ID, "by=account&q=" + s.Northwind + "&status=waiting": cabling.ID,
	} {
		if got := rows(reviewer.get(paths.AdminInterfaces + "?" + query)); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	none := reviewer.get(paths.AdminInterfaces + "?account=" + s.Southwind)
	if len(rows(none)) != 0 || !strings.Contains(none.text(), "No interface matches these filters") || !strings.Contains(none.text(), "Account: Southwind Logistics") {
		t.Errorf("another account: %s", none.text())
	}
	// Whatever an address asks for, it shows a list.
	for _, query := range []string{"view=x&status=y&by=z&size=7&after=nonsense", "after=2026-11-20T07:12:00.000Z~x", "q=" + strings.Repeat("x", 4000), "q=%00%1b", "account=nobody"} {
		reviewer.get(paths.AdminInterfaces + "?" + query).want(200)
	}
	// Each sees the link to their own work.
	doc := reviewer.get(paths.AdminInterfaces).doc()
	if doc.Find("#row-"+review.ID+" a[href='"+paths.AdminLOA(review.ID)+"']").Length() != 1 || doc.Find("#row-"+cabling.ID+" a[href='"+paths.AdminCablingJob(cabling.ID)+"']").Length() != 0 {
		t.Error("a reviewer's links")
	}
	doc = technician.get(paths.AdminInterfaces).doc()
	if doc.Find("#row-"+review.ID+" a[href='"+paths.AdminLOA(review.ID)+"']").Length() != 0 || doc.Find("#row-"+cabling.ID+" a[href='"+paths.AdminCablingJob(cabling.ID)+"']").Length() != 1 {
		t.Error("a technician's links")
	}
	if doc.Find("a[href='"+paths.AdminAccount(s.Northwind)+"']").Length() != 0 {
		t.Error("a technician is sent to an account")
	}

	// The page of one: no form can set a state.
	page := technician.get(paths.AdminInterface(cabling.ID)).want(200)
	text := page.text()
	for _, want := range []string{"Connect the cables to the CSW port", "Northwind Trading", "Allocated", "Completing", "Delivery report submitted", "Approved LOA → Waiting (cabling)", "TEST-owner", cabling.LineCode} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q on the page", want)
		}
	}
	page.doc().Find("main form").Each(func(_ int, f *goquery.Selection) {
		if to := f.AttrOr("action", ""); to != paths.AdminNotes(cabling.ID) {
			t.Errorf("a form that posts to %s", to)
		}
	})
	if page.doc().Find("main a[href='"+paths.AdminCablingJob(cabling.ID)+"']").Length() != 1 || page.doc().Find("main a[href='"+paths.AdminLOADocument(cabling.ID)+"']").Length() != 0 {
		t.Error("a technician's links on the page")
	}
	if reviewer.get(paths.AdminInterface(cabling.ID)).doc().Find("main a[href='"+paths.AdminLOADocument(cabling.ID)+"']").Length() == 0 {
		t.Error("a reviewer cannot open the letter")
	}
}

// Pages of a long list follow each other without gaps.
func TestStaffInterfacesPages(t *testing.T) {
	s := newSite(t)
	for i := range 23 {
		if i%4 == 0 {
			s.Clock.Advance(time.Minute)
		}
		s.Order(t, s.Owner)
	}
	browser := s.as(financeMail)
	seen := map[string]bool{}
	path := paths.AdminInterfaces + "?size=10"
	for range 5 {
		doc := browser.get(path).want(200).doc()
		doc.Find("tr[id^='row-']").Each(func(_ int, r *goquery.Selection) {
			id := r.AttrOr("id", "")
			if seen[id] {
				t.Errorf("%s twice", id)
			}
			seen[id] = true
		})
		next, ok := doc.Find("a[rel=next]").Attr("href")
		if !ok {
			break
		}
		path = next
	}
	if len(seen) != 23 {
		t.Errorf("%d interfaces", len(seen))
	}
}

func TestAccounts(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	s.At(t, lifecycle.Enabled)
	finance, admin, reviewer := s.as(financeMail), s.as(adminMail), s.as(reviewerMail)
	list := finance.get(paths.AdminAccounts).want(200)
	if text := list.text(); !strings.Contains(text, "Northwind Trading") || !strings.Contains(text, "Southwind Logistics") || strings.Contains(text, "New account") {
		t.Errorf("list: %s", text)
	}
	if text := finance.get(paths.AdminAccounts + "?q=southW").text(); strings.Contains(text, "Northwind Trading") || !strings.Contains(text, "Southwind Logistics") {
		t.Errorf("search: %s", text)
	}

	// Money is for finance, quotas are for reviewers.
	page := finance.get(paths.AdminAccount(s.Southwind)).want(200).doc()
	if page.Find("form[action='"+paths.AdminTransfers(s.Southwind)+"']").Length() != 1 || page.Find("form[action='"+paths.AdminQuotas(s.Southwind)+"']").Length() != 0 {
		t.Error("finance's forms")
	}
	seen := reviewer.get(paths.AdminAccount(s.Northwind)).want(200)
	if page = seen.doc(); page.Find("form[action='"+paths.AdminTransfers(s.Northwind)+"']").Length() != 0 || page.Find("form[action='"+paths.AdminQuotas(s.Northwind)+"']").Length() != 1 || strings.Contains(seen.text(), "Statement") {
		t.Error("a reviewer's forms")
	}

	// A transfer: refused with its values, recorded once, in the statement.
	transfers := paths.AdminTransfers(s.Southwind)
	bad := finance.post(transfers, url.Values{"amount": {"1.234,5"}, "reference": {"NW-1"}, "key": {"t1"}})
	summaryHas(t, bad, "amount", "Enter an amount")
	if bad.field("amount") != "1.234,5" || bad.field("reference") != "NW-1" || bad.field("key") != "t1" {
		t.Error("what was sent was not kept")
	}
	summaryHas(t, finance.post(transfers, url.Values{"amount": {"5"}}), "reference", "Enter the reference of the transfer")
	for range 2 { // the second is a double click
		if a := finance.post(transfers, url.Values{"amount": {"2,500.00"}, "reference": {"NW-1"}, "key": {"t1"}}).want(http.StatusSeeOther); a.header.Get("Location") != paths.AdminAccount(s.Southwind) {
			t.Errorf("goes to %s", a.header.Get("Location"))
		}
	}
	summaryHas(t, finance.post(transfers, url.Values{"amount": {"2,500.00"}, "reference": {"nw-1"}, "key": {"t2"}}), "reference", "is recorded already")
	if a := finance.submit(transfers, url.Values{"amount": {"1"}, "reference": {"NW-2"}}).want(200); a.header.Get("HX-Redirect") != paths.AdminAccount(s.Southwind) {
		t.Error("htmx is not sent on")
	}
	if text := finance.get(paths.AdminAccount(s.Southwind)).text(); !strings.Contains(text, "The balance of Southwind Logistics is $2,501.00.") || !strings.Contains(text, "NW-1+$2,500.00$2,500.00") || !strings.Contains(text, "NW-2+$1.00$2,501.00") {
		t.Errorf("statement: %s", text)
	}
	reviewer.post(transfers, url.Values{"amount": {"1"}, "reference": {"NW-3"}}).want(http.StatusForbidden)
	finance.post(paths.AdminTransfers("acc-none"), url.Values{"amount": {"1"}, "reference": {"NW-3"}}).want(http.StatusNotFound)

	// Quotas.
	quotas := paths.AdminQuotas(s.Southwind)
	bad = reviewer.post(quotas, url.Values{"per_access_point": {"many"}, "not_enabled": {"9"}, "reason": {""}})
	summaryHas(t, bad, "per_access_point", "Enter a number from 0 to 1000")
	summaryHas(t, bad, "reason", "Say why the quota changes")
	if bad.field("per_access_point") != "many" || bad.field("not_enabled") != "9" {
		t.Error("what was sent was not kept")
	}
	reviewer.post(quotas, url.Values{"per_access_point": {"4"}, "not_enabled": {"9"}, "reason": {"A framework contract"}}).want(http.StatusSeeOther)
	if a, err := s.Account(ctx, s.Admin, s.Southwind); err != nil || a.QuotaPerAccessPoint != 4 || a.QuotaNotEnabled != 9 {
		t.Errorf("quotas: %+v %v", a, err)
	}
	finance.post(quotas, url.Values{"per_access_point": {"9"}, "not_enabled": {"9"}, "reason": {"More"}}).want(http.StatusForbidden)

	// A person: the link is shown once.
	people := paths.AdminAccountPeople(s.Southwind)
	summaryHas(t, admin.post(people, url.Values{"name": {"Gu Xin"}, "role": {"viewer"}, "email": {customerMail}}), "email", "There is already a person")
	admin.post(people, url.Values{"name": {"Gu Xin"}, "role": {"viewer"}, "email": {"gu@southwind.example"}}).want(http.StatusSeeOther)
	first := admin.get(paths.AdminAccount(s.Southwind))
	if n := first.doc().Find("a[href^='/setup/'], a[href*='/setup/']").Length(); n != 1 {
		t.Errorf("%d one-time links: %s", n, first.text())
	}
	if again := admin.get(paths.AdminAccount(s.Southwind)); strings.Contains(again.body, "/setup/") || !strings.Contains(again.text(), "gu@southwind.exampleViewerInvited") {
		t.Errorf("the second time: %s", again.text())
	}
	finance.post(people, url.Values{"name": {"Gu Xin"}, "email": {"g2@southwind.example"}}).want(http.StatusForbidden)
	s.Sound(t)
}

// An installation without demo data gets its first customer, and its first
// port, from its administrator.
func TestFromNothingToTheFirstOrder(t *testing.T) {
	s := newSite(t)
	admin := s.as(adminMail)
	form := url.Values{"company": {"Adatum 有限公司"}, "region": {"cn-shanghai"}, "name": {"Gu Xin"}, "email": {"owner.adatum.example"}, "key": {"k1"}}
	bad := admin.post(paths.AdminNewCustomer, form)
	summaryHas(t, bad, "email", "Enter an e-mail address")
	if bad.field("company") != "Adatum 有限公司" || bad.doc().Find("#region option[selected]").AttrOr("value", "") != "cn-shanghai" {
		t.Error("what was sent was not kept")
	}
	form.Set("email", "owner@adatum.example")
	a := admin.post(paths.AdminNewCustomer, form).want(http.StatusSeeOther)
	account := a.header.Get("Location")
	page := admin.get(account).want(200)
	link, ok := page.doc().Find("a[href*='/setup/']").Attr("href")
	if !ok {
		t.Fatalf("no one-time link: %s", page.text())
	}
	// The same form again opens nothing and shows no link.
	if again := admin.post(paths.AdminNewCustomer, form).want(http.StatusSeeOther); again.header.Get("Location") != account {
		t.Errorf("a second account %s", again.header.Get("Location"))
	}
	if again := admin.get(account); strings.Contains(again.body, "/setup/") || !strings.Contains(again.text(), "has an account already") {
		t.Errorf("the form again: %s", again.text())
	}
	customer := s.anyone()
	customer.post(link[strings.Index(link, "/setup/"):], url.Values{"name": {"Gu Xin"}, "password": {"a-long-passphrase"}, "again": {"a-long-passphrase"}}).want(http.StatusSeeOther)

	// A site without devices takes no order; the page says so.
	ap := s.APID(t, "Shanghai-Baoshan-C")
	site := admin.get(paths.AdminAccessPoint(ap)).want(200)
	if text := site.text(); !strings.Contains(text, "No access devices yet") || !strings.Contains(text, "No LOA can be issued here") {
		t.Errorf("an empty site: %s", text)
	}
	device := url.Values{"name": {"CSW 01"}, "room": {"2F-1"}, "cabinet": {"B-03"}, "pattern": {"XGE1/0/1-48"}, "port_type": {"10GBase-LR"}, "panel": {"ODF 4"}, "first": {"1"}, "layout": {"pairs"}, "key": {"d1"}}
	bad = admin.post(paths.AdminPorts(ap), device)
	summaryHas(t, bad, "name", "Enter a name of 2 to 40")
	if bad.field("name") != "CSW 01" || bad.field("pattern") != "XGE1/0/1-48" || bad.doc().Find("input[name=layout][checked]").AttrOr("value", "") != "pairs" {
		t.Error("what was sent was not kept")
	}
	device.Set("name", "CSW-01")
	noLayout := url.Values{}
	for k, v := range device {
		noLayout[k] = v
	}
	noLayout.Del("layout")
	summaryHas(t, admin.post(paths.AdminPorts(ap), noLayout), "layout", "Select how many positions")
	// Nothing is written before it was shown.
	shownPorts := admin.post(paths.AdminPorts(ap), device).want(http.StatusOK)
	if rows := shownPorts.doc().Find("#preview tbody tr"); rows.Length() != 48 || strings.Join(cells(rows.Eq(8)), ", ") != "9, XGE1/0/9, ODF 4, 17/18, LC/UPC duplex" {
		t.Errorf("preview: %d rows, %q", rows.Length(), cells(rows.Eq(8)))
	}
	if len(s.Catalogue().Devices(ap)) != 0 || shownPorts.doc().Find("button[name=step][value=add]").Text() != "Add 48 ports" {
		t.Error("a preview wrote, or offers nothing")
	}
	// What is sent with other values than were shown is shown again.
	device.Set("seen", shownPorts.field("seen"))
	device.Set("step", "add")
	device.Set("first", "3")
	if again := admin.post(paths.AdminPorts(ap), device).want(http.StatusConflict); !strings.Contains(again.text(), "would be others than those that you saw") || again.field("seen") == device.Get("seen") {
		t.Errorf("others: %s", again.text())
	}
	device.Set("first", "1")
	for range 2 {
		admin.post(paths.AdminPorts(ap), device).want(http.StatusSeeOther)
	}
	devices := s.Catalogue().Devices(ap)
	if len(devices) != 1 {
		t.Fatalf("%d devices", len(devices))
	}
	more := url.Values{"device": {devices[0].ID}, "pattern": {"XGE1/0/48-50"}, "port_type": {"1000Base-T"}, "panel": {"Patch panel 5"}, "first": {"1"}, "layout": {"single"}}
	summaryHas(t, admin.post(paths.AdminPorts(ap), more), "pattern", "has a port XGE1/0/48 already")
	more.Set("pattern", "GE2/0/1-8")
	more.Set("side", "below")
	summaryHas(t, admin.post(paths.AdminPorts(ap), more), "side", "Select front or rear")
	more.Set("side", "rear")
	more.Set("seen", admin.post(paths.AdminPorts(ap), more).want(http.StatusOK).field("seen"))
	more.Set("step", "add")
	if to := admin.post(paths.AdminPorts(ap), more).want(http.StatusSeeOther).header.Get("Location"); to != paths.AdminDevice(devices[0].ID) {
		t.Errorf("goes to %s", to)
	}
	if text := admin.get(paths.With(paths.AdminPorts(ap), "device", devices[0].ID)).want(200).text(); !strings.Contains(text, "CSW-01, 2F-1, cabinet B-03") {
		t.Errorf("the form for a device that is there: %s", text)
	}

	edit := paths.AdminAccessPointEdit(ap)
	shown := admin.get(edit).want(200)
	save := url.Values{"name": {"Shanghai-Baoshan-C"}, "run_by": {"21vianet"}, "offer": {"CT/10GBase-LR", "CT/1000Base-T", "CU/10GBase-LR"}, "facility_name": {"宝山数据中心 C"}, "address": {"1 Example Road, Shanghai"}, "status": {"open"}, "loa_days": {"none"}, "rev": {shown.field("rev")}, "key": {"e1"}}
	bad = admin.post(edit, save)
	summaryHas(t, bad, "loa_days", "Enter a number from 1 to 366")
	if bad.field("facility_name") != "宝山数据中心 C" || bad.field("rev") != shown.field("rev") {
		t.Error("what was sent was not kept")
	}
	save.Set("loa_days", "60")
	admin.post(edit, save).want(http.StatusSeeOther)
	save.Set("address", "2 Example Road, Shanghai")
	save.Set("key", "e2")
	stale := admin.post(edit, save).want(http.StatusConflict) // the same old page
	if !strings.Contains(stale.text(), "was changed a moment ago") || stale.field("address") != "2 Example Road, Shanghai" || stale.field("rev") == save.Get("rev") {
		t.Errorf("an old page: %s", stale.text())
	}
	if kept, _ := s.Catalogue().AccessPoint(ap); kept.Address != "1 Example Road, Shanghai" || kept.LOADays != 60 {
		t.Errorf("saved: %+v", kept)
	}

	// Now the customer finds a port there.
	if text := customer.get(paths.AccessPoint(ap)).want(200).text(); !strings.Contains(text, "Available") {
		t.Errorf("the customer sees: %s", text)
	}
	s.Sound(t)
}

// cells are the texts of a table's row.
func cells(row *goquery.Selection) []string {
	return row.Find("th, td").Map(func(_ int, n *goquery.Selection) string { return strings.Join(strings.Fields(n.Text()), " ") })
}

func TestAccessPointPages(t *testing.T) {
	s := newSite(t)
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	c := s.At(t, lifecycle.Enabled)
	held := s.At(t, lifecycle.ToApplyForLOA)
	technician := s.as(techMail)
	page := technician.get(paths.AdminAccessPoint(ap)).want(200)
	doc := page.doc()
	for id, letter := range map[string]string{c.ID: "U", held.ID: "A"} {
		p, err := s.PortOf(context.Background(), id)
		if err != nil || p == nil {
			t.Fatal(p, err)
		}
		port := doc.Find("ul.portmap a[href='" + paths.AdminPort(p.ID) + "']")
		if port.Length() != 1 || port.Find("b").Text() != letter {
			t.Errorf("port of %s: %d, %q", id, port.Length(), port.Find("b").Text())
		}
	}
	total, free := 0, 0
	for _, d := range s.Catalogue().Devices(ap) {
		ports, err := s.Ports(context.Background(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		total += len(ports)
		for _, p := range ports {
			if p.State == store.PortFree {
				free++
			}
		}
	}
	if n := doc.Find("ul.portmap > li").Length(); n != total {
		t.Errorf("%d ports drawn of %d", n, total)
	}
	if !strings.Contains(page.text(), fmt.Sprintf("%d of %d used", total-free, total)) || !strings.Contains(page.text(), "Demo data") {
		t.Errorf("page: %s", page.text())
	}
	if doc.Find("main a[href='"+paths.AdminPorts(ap)+"']").Length() != 0 {
		t.Error("a technician is offered to add devices")
	}
	list := technician.get(paths.AdminAccessPoints + "?region=cn-hangzhou&status=recommended").want(200)
	if rows := list.doc().Find("tbody tr").Length(); rows != 1 {
		t.Errorf("%d rows", rows)
	}
	technician.get(paths.AdminAccessPoints + "?region=x&status=y").want(200)
	// Who stands before a device finds its page by the label.
	device := s.Catalogue().Devices(ap)[0]
	for typed, names := range map[string]string{strings.ToLower(device.Name): "Hangzhou-Yuhang-A", "HANGZHOU-YUHANG": "Hangzhou-Yuhang-A", "No. 122 Yunlan": "Hangzhou-Yuhang-A", "kwaichung": "HK-KwaiChung-A", "<script>": ""} {
		found := technician.get(paths.With(paths.AdminAccessPoints, "q", typed)).want(200)
		got := strings.Join(found.doc().Find("#list tbody th a").Map(func(_ int, n *goquery.Selection) string { return n.Text() }), ", ")
		if got != names || found.doc().Find("#site-q").AttrOr("value", "") != typed || (names == "") != strings.Contains(found.text(), "No access point matches these filters") {
			t.Errorf("%q finds %q", typed, got)
		}
	}
	narrowed := technician.get(paths.With(paths.AdminAccessPoints, "q", "hangzhou", "region", "cn-hangzhou")).want(200)
	if href := narrowed.doc().Find(".token").First().AttrOr("href", ""); href != "/admin/access-points?region=cn-hangzhou" {
		t.Errorf("without the search: %q", href)
	}
}

func TestAuditPage(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	finance, admin := s.as(financeMail), s.as(adminMail)
	all := finance.get(paths.AdminAudit).want(200)
	for _, want := range []string{"LOA approved", "In Application → Approved LOA", "Rao MinReviewer", "TEST-reviewer", "Northwind Trading", "Inventory loaded"} {
		if !strings.Contains(all.text(), want) {
			t.Errorf("no %q", want)
		}
	}
	row := func(a *answer) *goquery.Selection {
		return a.want(200).doc().Find("tbody tr")
	}
	one := finance.get(paths.With(paths.AdminAudit, "action", "approve"))
	if rows := row(one); rows.Length() != 1 || rows.Find("a[href='"+paths.AdminInterface(c.ID)+"']").Length() != 1 {
		t.Errorf("one action: %s", one.text())
	}
	if rows := row(finance.get(paths.With(paths.AdminAudit, "action", "load_inventory"))); rows.Length() != 1 || rows.Find("a:not([href^='"+paths.AdminAudit+"'])").Length() != 0 {
		t.Error("finance is sent to a page that it may not open")
	}
	if rows := row(admin.get(paths.With(paths.AdminAudit, "action", "load_inventory"))); rows.Find("a[href='"+paths.AdminAccessPoints+"']").Length() != 1 {
		t.Error("an administrator finds no way to the access points")
	}
	for _, query := range []string{"?action=nothing", "?after=nonsense", "?after=2026-11-20T07:12:00.000Z~x"} {
		if a := finance.get(paths.AdminAudit + query).want(200); row(a).Length() == 0 {
			t.Errorf("%s: nothing", query)
		}
	}
	// Older events are a page away, none twice.
	for range 40 {
		s.Order(t, s.Owner)
	}
	first := finance.get(paths.AdminAudit).want(200).doc()
	next, ok := first.Find("a[rel=next]").Attr("href")
	if !ok || first.Find("tbody tr").Length() != 50 {
		t.Fatalf("first page: %d rows", first.Find("tbody tr").Length())
	}
	if rows := row(finance.get(next)).Length(); rows == 0 {
		t.Error("the second page is empty")
	}
}

func TestCalendarPage(t *testing.T) {
	s := newSite(t)
	text := s.as(techMail).get(paths.AdminCalendar).want(200).text()
	for _, want := range []string{
		"6 calendars have no table for 2027", "Due times that reach into the year are not known there until an administrator enters it.", "China (mainland), India (Maharashtra), Indonesia", "Shipped with Demarc.",
		"A report sent now is due Tue 24 Nov 2026, 15:12 (UTC+08:00), after 2 working days.",
		"Weekend: Saturday, Sunday", "2026: 33 holidays, 6 make-up days", "Thu 1 Oct – Wed 7 Oct", "Instead of National Day", "Source: General Office of the State Council, notice of 4 November 2025",
		"US (Silicon Valley)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(text, "Indonesia, Hong Kong") || strings.Contains(text, "New calendar") || strings.Contains(text, "Enter 2027") {
		t.Errorf("a table that is there is said to be missing, or a technician may change something: %s", text)
	}
	// At the end of the year the count leaves the table.
	s.Clock.Set(time.Date(2026, 12, 31, 4, 0, 0, 0, time.UTC))
	if text := s.as(techMail).get(paths.AdminCalendar).text(); !strings.Contains(text, "A report sent now has no due time: 2 working days reach into 2027, which has no table.") {
		t.Errorf("at the end of the year: %s", text)
	}
}
