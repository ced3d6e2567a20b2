package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

// oneLink is the one-time link on a page, as a path.
func (a *answer) oneLink(s *site) string {
	a.t.Helper()
	href := ""
	for _, n := range a.doc().Find("a").EachIter() {
		if h, _ := n.Attr("href"); strings.Contains(h, store.SetupPath) {
			href = strings.TrimPrefix(h, s.base)
		}
	}
	if href == "" {
		a.t.Fatalf("no one-time link: %s", a.text())
	}
	return href
}

// An owner invites, changes and removes the people of the own account.
func TestOwnersPeople(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	lin := s.as(customerMail)
	page := lin.get(paths.People).want(http.StatusOK)
	for _, want := range []string{"Lin Wei", "(you)", "Gu Bo", "engineer@northwind.example", "Nobody of Example Cloud has looked at your console"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("no %q on the page", want)
		}
	}
	if strings.Contains(page.text(), "Southwind") || strings.Contains(page.text(), "cloud.example") {
		t.Error("people of others are on the page")
	}

	// Invalid: values stay, each field says what is wrong, nobody is added.
	bad := lin.post(paths.People, url.Values{"name": {"Wu Fang"}, "email": {"wu"}, "role": {"administrator"}}).want(http.StatusUnprocessableEntity)
	doc := bad.doc()
	if v, _ := doc.Find("#name").Attr("value"); v != "Wu Fang" || !strings.HasPrefix(doc.Find("title").Text(), "Error: ") || !strings.Contains(doc.Find("#role-err").Text(), "Select a role") {
		t.Errorf("refused: name %q, %s", v, bad.text())
	}
	if bad = lin.post(paths.People, url.Values{"name": {"Wu Fang"}, "email": {"wu"}, "role": {"viewer"}}).want(http.StatusUnprocessableEntity); !strings.Contains(bad.doc().Find("#email-err").Text(), "name@example.com") {
		t.Errorf("a bad address: %s", bad.text())
	}
	// A field of another account changes nothing about where the person goes.
	form := url.Values{"name": {"Wu Fang"}, "email": {"wu@northwind.example"}, "role": {"viewer"}, "account": {s.Southwind}}
	lin.post(paths.People, form).want(http.StatusSeeOther)
	invited := lin.get(paths.People).want(http.StatusOK)
	link := invited.oneLink(s)
	if !strings.Contains(invited.text(), "72 hours") || strings.Contains(lin.get(paths.People).body, link) {
		t.Error("the link is not shown once, with its time")
	}
	u, err := s.UserByEmail(context.Background(), "wu@northwind.example")
	if err != nil || u.AccountID != s.Northwind || u.Role != lifecycle.Viewer || u.HasPassword {
		t.Fatalf("%+v, %v", u, err)
	}
	if again := lin.post(paths.People, form).want(http.StatusUnprocessableEntity); !strings.Contains(again.text(), "already a person") {
		t.Errorf("a double click: %s", again.text())
	}
	wu := s.anyone()
	wu.get(link).want(http.StatusOK)
	wu.post(link, url.Values{"name": {"Wu Fang"}, "password": {"a long pass phrase"}, "again": {"a long pass phrase"}}).want(http.StatusSeeOther)
	wu.get(paths.Interfaces).want(http.StatusOK)
	wu.get(paths.People).want(http.StatusForbidden)

	// Another role: they are out at once, and back with the new rights.
	role := paths.PersonRole(u.ID)
	if n := lin.fragment(role).want(http.StatusOK).doc().Find("input[name=role]").Length(); n != 4 {
		t.Errorf("%d roles to choose from", n)
	}
	lin.post(role, url.Values{"role": {"finance"}}).want(http.StatusUnprocessableEntity)
	lin.submit(role, url.Values{"role": {"engineer"}}).want(http.StatusOK)
	wu.get(paths.Interfaces).want(http.StatusSeeOther)
	wu.post(paths.Login, url.Values{"email": {"wu@northwind.example"}, "password": {"a long pass phrase"}}).want(http.StatusSeeOther)
	wu.get(paths.NewInterface).want(http.StatusOK)

	// Removed: out at once.
	removal := paths.PersonRemoval(u.ID)
	if text := lin.get(removal).want(http.StatusOK).text(); !strings.Contains(text, "Wu Fang, wu@northwind.example, is signed out everywhere") {
		t.Errorf("the question: %s", text)
	}
	lin.post(removal, url.Values{}).want(http.StatusSeeOther)
	wu.get(paths.Interfaces).want(http.StatusSeeOther)
	for _, path := range []string{role, removal} {
		lin.get(path).want(http.StatusNotFound)
		lin.post(path, url.Values{"role": {"viewer"}}).want(http.StatusNotFound)
	}

	// The last owner stays, and is told why, in the dialog.
	own := paths.PersonRole(s.Owner.UserID)
	if a := lin.submit(own, url.Values{"role": {"viewer"}}).want(http.StatusConflict); !strings.Contains(a.text(), "the only owner of the account who can sign in") {
		t.Errorf("the last owner: %s", a.text())
	}
	if a := lin.post(paths.PersonRemoval(s.Owner.UserID), url.Values{}).want(http.StatusConflict); !strings.Contains(a.text(), "Make somebody else an owner first") {
		t.Errorf("the last owner: %s", a.text())
	}
	// With a second one, an owner may step down: signed out, and back with less.
	lin.post(paths.PersonRole(s.Engineer.UserID), url.Values{"role": {"owner"}}).want(http.StatusSeeOther)
	if a := lin.post(own, url.Values{"role": {"viewer"}}).want(http.StatusSeeOther); a.header.Get("Location") != paths.Login {
		t.Errorf("after stepping down: %s", a.header.Get("Location"))
	}
	lin.get(paths.People).want(http.StatusSeeOther)
}

// Other accounts' people, and the operator's, do not exist for an owner; other
// roles have no such page.
func TestPeopleOfOthers(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	ma := s.as("owner@southwind.example")
	for _, id := range []string{s.Owner.UserID, s.Engineer.UserID, "us-none"} {
		ma.get(paths.PersonRole(id)).want(http.StatusNotFound)
		ma.post(paths.PersonRole(id), url.Values{"role": {"viewer"}}).want(http.StatusNotFound)
		ma.get(paths.PersonRemoval(id)).want(http.StatusNotFound)
		ma.post(paths.PersonRemoval(id), url.Values{}).want(http.StatusNotFound)
		ma.post(paths.PeopleLinks, url.Values{"user": {id}}).want(http.StatusNotFound)
	}
	if a := ma.post(paths.PersonRole(s.Admin.UserID), url.Values{"role": {"viewer"}}); a.status != http.StatusForbidden && a.status != http.StatusNotFound {
		t.Errorf("an owner changes an administrator: %d", a.status)
	}
	for _, mail := range []string{engineerMail, payerMail, viewerMail} {
		browser := s.as(mail)
		browser.get(paths.People).want(http.StatusForbidden)
		for _, path := range []string{paths.People, paths.PeopleLinks, paths.PersonRole(s.Viewer.UserID), paths.PersonRemoval(s.Viewer.UserID)} {
			browser.post(path, url.Values{"role": {"owner"}, "user": {s.Viewer.UserID}}).want(http.StatusForbidden)
		}
	}
	for _, mail := range []string{reviewerMail, financeMail, techMail, auditorMail} {
		browser := s.as(mail)
		for _, path := range []string{paths.AdminPeople, paths.AdminNewLink, paths.AdminPersonRole(s.Viewer.UserID), paths.AdminPersonRemoval(s.Viewer.UserID)} {
			browser.post(path, url.Values{"role": {"owner"}, "user": {s.Viewer.UserID}}).want(http.StatusForbidden)
		}
	}
	admin := s.as(adminMail)
	if page := admin.get(paths.AdminAccount(s.Northwind)).want(http.StatusOK); page.doc().Find(`a[href="`+paths.AdminPersonRole(s.Engineer.UserID)+`"]`).Length() != 1 {
		t.Error("an administrator finds no way to a customer's person")
	}
	if a := admin.post(paths.AdminPersonRole(s.Engineer.UserID), url.Values{"role": {"viewer"}}).want(http.StatusSeeOther); a.header.Get("Location") != paths.AdminAccount(s.Northwind) {
		t.Errorf("back to %s", a.header.Get("Location"))
	}
	if a := admin.post(paths.AdminPersonRemoval(s.Admin.UserID), url.Values{}).want(http.StatusConflict); !strings.Contains(a.text(), "the only administrator who can sign in") {
		t.Errorf("the last administrator: %s", a.text())
	}
}

// A forgotten password: the same answer for everybody, one link by mail, which
// opens once, ends the sessions and leaves the name alone.
func TestForgottenPassword(t *testing.T) {
	s := newSite(t, storetest.WithMail())
	s.Everybody(t)
	gu := s.as(engineerMail)
	anyone := s.anyone()
	if !strings.Contains(anyone.get(paths.Login).want(http.StatusOK).body, `href="`+paths.Forgotten+`"`) {
		t.Error("the sign-in page does not lead there")
	}
	anyone.get(paths.Forgotten).want(http.StatusOK)
	anyone.post(paths.Forgotten, url.Values{"email": {""}}).want(http.StatusUnprocessableEntity)
	var bodies []string
	for _, email := range []string{engineerMail, "nobody@example.com", "not an address"} {
		a := anyone.post(paths.Forgotten, url.Values{"email": {email}}).want(http.StatusSeeOther)
		bodies = append(bodies, a.header.Get("Location")+a.body)
	}
	if bodies[0] != bodies[1] || bodies[1] != bodies[2] {
		t.Errorf("the answers differ: %q", bodies)
	}
	if text := anyone.get(paths.With(paths.Forgotten, "sent", "1")).want(http.StatusOK).text(); !strings.Contains(text, "If somebody signs in with this address") {
		t.Errorf("after it: %s", text)
	}
	m := s.mail()
	_, token, _ := strings.Cut(m.Text, store.SetupPath)
	token, _, _ = strings.Cut(token, "\n")
	if m.Address != engineerMail || m.Kind != store.MailPassword {
		t.Fatalf("mail %+v", m)
	}
	link := paths.Setup(token)
	page := anyone.get(link).want(http.StatusOK)
	if page.doc().Find("#name").Length() != 0 {
		t.Error("a reset asks for the name")
	}
	if strings.Contains(page.header.Get("Referrer-Policy"), "unsafe") || page.header.Get("Cache-Control") != "no-store" {
		t.Error("the link may leak")
	}
	gu.get(paths.Interfaces).want(http.StatusOK)
	anyone.post(link, url.Values{"password": {"another pass phrase"}, "again": {"another pass phrase"}}).want(http.StatusSeeOther)
	gu.get(paths.Interfaces).want(http.StatusSeeOther) // its session ended
	anyone.get(paths.Interfaces).want(http.StatusOK)
	s.anyone().get(link).want(http.StatusNotFound)
	if u, err := s.UserByEmail(context.Background(), engineerMail); err != nil || u.Name != "Gu Bo" {
		t.Errorf("%+v, %v", u, err)
	}

	// Too many: the same for an address that nobody has.
	for _, email := range []string{viewerMail, "nobody-else@example.com"} {
		limited := 0
		for range 8 {
			if s.anyone().post(paths.Forgotten, url.Values{"email": {email}}).status == http.StatusTooManyRequests {
				limited++
			}
		}
		if limited != 3 {
			t.Errorf("%s: %d of 8 were limited", email, limited)
		}
	}
	// And nobody is kept from signing in by it.
	s.as(viewerMail)
}

// mail waits for the next mail of the outbox that is not a notice.
func (s *site) mail() store.Mail {
	s.t.Helper()
	for {
		m, err := s.ClaimMail(context.Background())
		if err != nil {
			s.t.Fatal(err)
		}
		if m == nil {
			select {
			case <-s.MailReady():
				continue
			case <-s.t.Context().Done():
				s.t.Fatal("no mail came")
			}
		}
		if m.Kind != store.MailNotice {
			return *m
		}
	}
}

// Without a mail server the page says whom to ask.
func TestForgottenWithoutMail(t *testing.T) {
	s := newSite(t)
	if text := s.anyone().get(paths.Forgotten).want(http.StatusOK).text(); !strings.Contains(text, "Ask an owner of your account, or an administrator") {
		t.Errorf("the page: %s", text)
	}
	s.anyone().post(paths.Forgotten, url.Values{"email": {customerMail}}).want(http.StatusConflict)
}

// An owner resets the password of a colleague without seeing the link, where
// mails are sent.
func TestOwnerDoesNotSeeAResetLink(t *testing.T) {
	s := newSite(t, storetest.WithMail())
	s.Everybody(t)
	lin := s.as(customerMail)
	lin.post(paths.PeopleLinks, url.Values{"user": {s.Engineer.UserID}}).want(http.StatusSeeOther)
	if page := lin.get(paths.People).want(http.StatusOK); strings.Contains(page.body, store.SetupPath) || !strings.Contains(page.text(), "on its way to engineer@northwind.example") {
		t.Errorf("after the reset: %s", page.text())
	}
	if m := s.mail(); m.Address != engineerMail {
		t.Errorf("mail to %s", m.Address)
	}
	admin := s.as(adminMail)
	admin.post(paths.AdminNewLink, url.Values{"user": {s.Reviewer.UserID}}).want(http.StatusSeeOther)
	if page := admin.get(paths.AdminPeople).want(http.StatusOK); !strings.Contains(page.body, store.SetupPath) || !strings.Contains(page.text(), "1 hour") {
		t.Errorf("an administrator does not see the link: %s", page.text())
	}
}

// Staff look at a customer's console as a viewer does, with a bar that says so;
// everything that writes is refused, and the customer sees that they looked.
func TestViewAsCustomer(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	reviewer := s.as(reviewerMail)
	view := paths.AdminCustomerView(s.Northwind)
	for _, mail := range []string{techMail, customerMail, engineerMail} {
		s.as(mail).post(view, url.Values{}).want(http.StatusForbidden)
	}
	reviewer.post(paths.AdminCustomerView("acc-none"), url.Values{}).want(http.StatusNotFound)
	if page := reviewer.get(paths.AdminAccount(s.Northwind)).want(http.StatusOK); page.doc().Find(`form[action="`+view+`"]`).Length() != 1 {
		t.Error("the page of the account has no such button")
	}
	reviewer.post(view, url.Values{}).want(http.StatusSeeOther)
	for _, path := range []string{paths.Home, paths.Interfaces, paths.Interface(c.ID), paths.LOA(c.ID), paths.Orders, paths.AccessPoints, paths.Whitelist} {
		page := reviewer.get(path).want(http.StatusOK)
		doc := page.doc()
		if !strings.Contains(page.text(), "You look at the console of Northwind Trading") || doc.Find(`form[action="`+paths.CustomerViewEnd+`"]`).Length() != 1 {
			t.Errorf("%s has no bar", path)
		}
		if n := doc.Find("main form[method=post]").Length(); n != 0 {
			t.Errorf("%s offers %d writes", path, n)
		}
		if doc.Find(`#nav a[href="`+paths.Messages+`"], #nav a[href="`+paths.People+`"], a[href="`+paths.Security+`"]`).Length() != 0 {
			t.Errorf("%s leads to the person's own pages", path)
		}
	}
	for _, path := range []string{paths.Messages, paths.Security, paths.People, paths.NewInterface, paths.Admin, paths.AdminInterfaces, paths.AdminAccount(s.Northwind)} {
		reviewer.get(path).want(http.StatusForbidden)
	}
	other := s.Order(t, s.Owner)
	for _, path := range []string{paths.Interfaces, paths.OrderPayment(other.No), paths.EditInterface(c.ID), paths.Cancellation(c.ID), paths.DeliveryReport(c.ID), paths.Whitelist, paths.People, paths.Preferences, paths.MessagesRead,
		paths.AdminApproval(c.ID), paths.AdminRevocation(c.ID), view} {
		reviewer.post(path, url.Values{"key": {"k"}}).want(http.StatusForbidden)
	}
	if got := s.Get(t, c.ID); got.Version != c.Version {
		t.Error("something was changed")
	}
	// The owner sees it: a message, and the list on the page of people.
	lin := s.as(customerMail)
	if text := lin.get(paths.Messages).text(); !strings.Contains(text, "Your console was looked at") {
		t.Errorf("no message: %s", text)
	}
	if text := lin.get(paths.People).text(); !strings.Contains(text, "Example Cloud, Reviewer") || strings.Contains(text, "Rao Min") {
		t.Errorf("the list: %s", text)
	}
	if a := reviewer.post(paths.CustomerViewEnd, url.Values{}).want(http.StatusSeeOther); a.header.Get("Location") != paths.AdminAccount(s.Northwind) {
		t.Errorf("leaves to %s", a.header.Get("Location"))
	}
	reviewer.post(paths.CustomerViewEnd, url.Values{}).want(http.StatusSeeOther) // a second click
	reviewer.get(paths.Admin).want(http.StatusOK)
	reviewer.get(paths.Interfaces).want(http.StatusForbidden)
	if text := s.as(adminMail).get(paths.AdminAudit).want(http.StatusOK).text(); !strings.Contains(text, "Customer's console looked at") {
		t.Error("the audit log does not say it")
	}
	// Signing out while looking ends the session.
	reviewer.post(view, url.Values{}).want(http.StatusSeeOther)
	reviewer.post(paths.Logout, url.Values{}).want(http.StatusSeeOther)
	reviewer.get(paths.Interfaces).want(http.StatusSeeOther)
}
