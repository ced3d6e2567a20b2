package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/ticket"
	"demarc/web/paths"
)

// TestTicketFromQuestionToAnswer walks a ticket as its customer and as staff,
// with plain forms.
func TestTicketFromQuestionToAnswer(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.WaitingForCabling)
	lin, technician := s.as(customerMail), s.as(techMail)

	// From the interface's page, with the interface and the topic filled in.
	href := lin.get(paths.Interface(c.ID)).want(http.StatusOK).doc().Find("a[href^='"+paths.NewTicket+"']").AttrOr("href", "")
	if href != paths.NewTicketAbout(ticket.Cabling, c.ID) {
		t.Fatalf("the interface's page leads to %q", href)
	}
	form := lin.get(href).want(http.StatusOK)
	if doc := form.doc(); doc.Find("[name=topic][checked]").AttrOr("value", "") != ticket.Cabling || form.field("interface") != c.ID {
		t.Errorf("the form is not filled in: %s", form.text())
	}
	in := url.Values{"key": {form.field("key")}, "topic": {ticket.Cabling}, "interface": {c.ID}, "title": {"Light level <b>at</b> the panel"}, "body": {"Which level?\r\nAnd which wavelength?"}}
	without := url.Values{"key": in["key"], "topic": in["topic"], "interface": {"pc-none"}, "title": in["title"], "body": {""}}
	a := lin.post(paths.Tickets, without).want(http.StatusUnprocessableEntity)
	if a.field("title") != "Light level <b>at</b> the panel" || a.field("interface") != "pc-none" || !strings.Contains(a.text(), "No interface of your account has this ID") && !strings.Contains(a.text(), "Write what it is about") {
		t.Errorf("what was typed is lost, or nothing is said: %s", a.text())
	}
	sent := lin.post(paths.Tickets, in).want(http.StatusSeeOther)
	href = sent.header.Get("Location")
	if again := lin.post(paths.Tickets, in).want(http.StatusSeeOther); again.header.Get("Location") != href {
		t.Errorf("sent twice it leads to %s and %s", href, again.header.Get("Location"))
	}
	id := strings.TrimPrefix(href, paths.Tickets+"/")

	// Staff find it on the first page, in the list and in the message.
	if page := technician.get(paths.Admin).want(http.StatusOK); page.doc().Find("a[href='"+paths.AdminTicket(id)+"']").Length() == 0 {
		t.Errorf("the work queue does not lead to it: %s", page.text())
	}
	if list := technician.get(paths.AdminTickets).want(http.StatusOK).text(); !strings.Contains(list, "Light level <b>at</b> the panel") || !strings.Contains(list, "Northwind Trading") {
		t.Errorf("the list does not say it: %s", list)
	}
	for _, path := range []string{paths.AdminInterface(c.ID), paths.AdminCablingJob(c.ID)} {
		if page := technician.get(path).want(http.StatusOK); page.doc().Find("main a[href='"+paths.AdminTicket(id)+"']").Length() != 1 {
			t.Errorf("%s does not lead to the open ticket: %s", path, page.text())
		}
	}
	if page := s.as(reviewerMail).get(paths.AdminLOA(c.ID)).want(http.StatusOK); page.doc().Find("main a[href='"+paths.AdminTicket(id)+"']").Length() != 1 {
		t.Error("the review does not lead to the open ticket")
	}
	page := technician.get(paths.AdminTicket(id)).want(http.StatusOK)
	if html, err := page.doc().Find(".rows li p").Html(); err != nil || html != " Which level?<br/> And which wavelength?" {
		t.Errorf("the lines are %q (%v)", html, err)
	}
	answer := url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "body": {""}}
	if a := technician.post(paths.AdminTicket(id), answer).want(http.StatusUnprocessableEntity); !strings.Contains(a.text(), "Write what it is about") {
		t.Errorf("an empty answer: %s", a.text())
	}
	answer.Set("body", "More than -8 dBm at 1310 nm.")
	technician.post(paths.AdminTicket(id), answer).want(http.StatusSeeOther)

	// A colleague who looked at the page before is told, and keeps the text.
	late := url.Values{"rev": {page.field("rev")}, "body": {"Mine came later."}}
	if a := s.as(reviewerMail).post(paths.AdminTicket(id), late).want(http.StatusConflict); !strings.Contains(a.text(), "Somebody wrote in this ticket meanwhile") || a.doc().Find("textarea[name=body]").Text() != "Mine came later." || a.field("rev") != "2" {
		t.Errorf("a late answer, rev %q: %s", a.field("rev"), a.text())
	}

	// The customer sees whose turn it is, and not who of the staff wrote.
	menu := lin.get(paths.Orders).want(http.StatusOK).doc().Find("nav a[href='" + paths.Tickets + "']").Text()
	if !strings.Contains(menu, "1") {
		t.Errorf("the menu says %q", menu)
	}
	list := lin.get(paths.Tickets).want(http.StatusOK)
	if !strings.Contains(list.text(), "Answered") {
		t.Errorf("the list does not say that it is answered: %s", list.text())
	}
	page = lin.get(href).want(http.StatusOK)
	if text := page.text(); !strings.Contains(text, "More than -8 dBm") || strings.Contains(text, s.Technician.Name) || !strings.Contains(text, "Example Cloud") {
		t.Errorf("the answer: %s", text)
	}
	if m := lin.get(paths.Messages).want(http.StatusOK); m.doc().Find("a[href='"+href+"']").Length() == 0 {
		t.Errorf("no message leads to the ticket: %s", m.text())
	}
	// Closed without a word, by a button of the same form.
	lin.post(href, url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "body": {""}, "then": {"close"}}).want(http.StatusSeeOther)
	if list := lin.get(paths.With(paths.Tickets, "view", "closed")).want(http.StatusOK).text(); !strings.Contains(list, "Light level") {
		t.Errorf("not among the closed ones: %s", list)
	}
	if list := lin.get(paths.Tickets).want(http.StatusOK).text(); strings.Contains(list, "Light level") {
		t.Errorf("still among the open ones: %s", list)
	}
	if page := lin.get(href).want(http.StatusOK); page.doc().Find("button[name=then]").Length() != 0 || !strings.Contains(page.text(), "Writing opens the ticket again") {
		t.Errorf("a closed ticket: %s", page.text())
	}

	// The owner's activity says it, without the words of the ticket.
	activity := lin.get(paths.With(paths.Activity, "object", id)).want(http.StatusOK).text()
	for _, want := range []string{"Ticket opened", "Message in a ticket", "Ticket closed", "Installation and cabling"} {
		if !strings.Contains(activity, want) {
			t.Errorf("the activity does not say %q: %s", want, activity)
		}
	}
	if strings.Contains(activity, "wavelength") {
		t.Error("the log holds what was written")
	}
}

// Who may what: colleagues read, those of another account and other sides find
// nothing, and nothing is offered that a role may not do.
func TestTicketsByRole(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	id, err := s.OpenTicket(t.Context(), s.Engineer, store.NewTicket{Topic: ticket.Fees, Title: "Two invoices", Body: "Which one counts?"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.OpenTicket(t.Context(), s.OtherOwner, store.NewTicket{Topic: ticket.Fees, Title: "Southwind asks", Body: "Which one counts?"})
	if err != nil {
		t.Fatal(err)
	}
	const body = "textarea[name=body]"
	for _, tt := range []struct {
		mail, path   string
		status, form int
	}{
		{customerMail, paths.Ticket(id), http.StatusOK, 1},
		{viewerMail, paths.Ticket(id), http.StatusOK, 0},
		{customerMail, paths.Ticket(other), http.StatusNotFound, 0},
		{customerMail, paths.Ticket("tk-none"), http.StatusNotFound, 0},
		{customerMail, paths.AdminTicket(id), http.StatusForbidden, 0},
		{reviewerMail, paths.Ticket(id), http.StatusForbidden, 0},
		{financeMail, paths.AdminTicket(id), http.StatusOK, 1},
		{auditorMail, paths.AdminTicket(other), http.StatusOK, 0},
	} {
		a := s.as(tt.mail).get(tt.path).want(tt.status)
		if n := a.doc().Find(body).Length(); n != tt.form {
			t.Errorf("%s at %s: %d forms, want %d", tt.mail, tt.path, n, tt.form)
		}
		if tt.status != http.StatusOK && (strings.Contains(a.text(), "Southwind asks") || strings.Contains(a.text(), "Two invoices")) {
			t.Errorf("%s at %s reads it", tt.mail, tt.path)
		}
	}
	s.as(customerMail).post(paths.Ticket(other), url.Values{"body": {"Hello"}}).want(http.StatusNotFound)
	s.as(viewerMail).post(paths.Ticket(id), url.Values{"body": {"Hello"}}).want(http.StatusForbidden)
	s.as(auditorMail).post(paths.AdminTicket(id), url.Values{"body": {"Hello"}}).want(http.StatusForbidden)
	if a := s.as(viewerMail).get(paths.Tickets).want(http.StatusOK); a.doc().Find("a[href='"+paths.NewTicket+"']").Length() != 0 {
		t.Error("a viewer is offered to open a ticket")
	}
	if a := s.as(customerMail).get(paths.Tickets).want(http.StatusOK); strings.Contains(a.text(), "Southwind asks") {
		t.Error("the list holds a ticket of another account")
	}
	// The form says what is open about an interface already, of the own account.
	c := s.At(t, lifecycle.ToApplyForLOA)
	if _, err := s.OpenTicket(t.Context(), s.Engineer, store.NewTicket{Topic: ticket.Letter, ConnectionID: c.ID, Title: "Which company", Body: "Which one counts?"}); err != nil {
		t.Fatal(err)
	}
	if a := s.as(customerMail).get(paths.NewTicketAbout(ticket.Letter, c.ID)).want(http.StatusOK); !strings.Contains(a.text(), "Which company") {
		t.Errorf("the form does not say what is open: %s", a.text())
	}
	if a := s.as("owner@southwind.example").get(paths.NewTicketAbout(ticket.Letter, c.ID)).want(http.StatusOK); strings.Contains(a.text(), "Which company") {
		t.Error("the form shows a ticket of another account")
	}
	// Cursors and views that nobody gave out show the first page.
	for _, path := range []string{paths.With(paths.Tickets, "after", "nonsense"), paths.With(paths.Tickets, "view", "nonsense")} {
		if a := s.as(customerMail).get(path).want(http.StatusOK); !strings.Contains(a.text(), "Two invoices") {
			t.Errorf("%s: %s", path, a.text())
		}
	}
	for _, path := range []string{paths.With(paths.AdminTickets, "after", "nonsense"), paths.With(paths.AdminTickets, "view", "nonsense", "topic", "wine"), paths.With(paths.AdminTickets, "topic", ticket.Fees)} {
		if a := s.as(reviewerMail).get(path).want(http.StatusOK); !strings.Contains(a.text(), "Two invoices") {
			t.Errorf("%s: %s", path, a.text())
		}
	}
	if a := s.as(reviewerMail).get(paths.With(paths.AdminTickets, "topic", ticket.Cabling)).want(http.StatusOK); strings.Contains(a.text(), "Two invoices") || !strings.Contains(a.text(), "No ticket matches this filter") {
		t.Errorf("the filter: %s", a.text())
	}
}

// TestTicketToACustomer walks a ticket that staff open, from the interface's page
// to the answer, with plain forms.
func TestTicketToACustomer(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.InApplication)
	reviewer, lin := s.as(reviewerMail), s.as(customerMail)
	href := paths.AdminNewTicketAbout(c.ID)
	if a := reviewer.get(paths.AdminInterface(c.ID)).want(http.StatusOK); a.doc().Find("a[href='"+href+"']").Length() != 1 {
		t.Errorf("the interface's page does not lead to the form: %s", a.text())
	}
	form := reviewer.get(href).want(http.StatusOK)
	if form.field("interface") != c.ID || !strings.Contains(form.text(), "To Northwind Trading, about ") || form.doc().Find("[name=access_point]").Length() != 0 {
		t.Errorf("the form: %s", form.text())
	}
	in := url.Values{"key": {form.field("key")}, "topic": {ticket.Letter}, "interface": {"pc-none"}, "title": {"Which <b>company</b>"}, "body": {"Two are named."}}
	if a := reviewer.post(paths.AdminTickets, in).want(http.StatusUnprocessableEntity); a.field("title") != "Which <b>company</b>" || a.field("interface") != "pc-none" || !strings.Contains(a.text(), "No interface has this ID") {
		t.Errorf("what was typed is lost, or nothing is said: %s", a.text())
	}
	in.Set("interface", c.ID)
	to := reviewer.post(paths.AdminTickets, in).want(http.StatusSeeOther).header.Get("Location")
	if again := reviewer.post(paths.AdminTickets, in).want(http.StatusSeeOther).header.Get("Location"); again != to {
		t.Errorf("sent twice it leads to %s and %s", to, again)
	}
	id := strings.TrimPrefix(to, paths.AdminTickets+"/")
	if a := reviewer.get(to).want(http.StatusOK); !strings.Contains(a.text(), "Customer's turn") || !strings.Contains(a.text(), s.Reviewer.Name) {
		t.Errorf("staff read: %s", a.text())
	}
	if a := reviewer.get(href).want(http.StatusOK); a.doc().Find("a[href='"+paths.AdminTicket(id)+"']").Length() != 1 {
		t.Errorf("the form does not say what is open: %s", a.text())
	}
	if a := reviewer.get(paths.With(paths.AdminTickets, "view", "answered")).want(http.StatusOK); !strings.Contains(a.text(), "Which <b>company</b>") {
		t.Errorf("not among those of the customer's turn: %s", a.text())
	}

	// The customer finds it in the menu, in the list and in a message, and not who wrote.
	if menu := lin.get(paths.Orders).want(http.StatusOK).doc().Find("nav a[href='" + paths.Tickets + "']").Text(); !strings.Contains(menu, "1") {
		t.Errorf("the menu says %q", menu)
	}
	if a := lin.get(paths.Messages).want(http.StatusOK); a.doc().Find("a[href='"+paths.Ticket(id)+"']").Length() == 0 || !strings.Contains(a.text(), "Ticket from Example Cloud") {
		t.Errorf("no message leads to it: %s", a.text())
	}
	page := lin.get(paths.Ticket(id)).want(http.StatusOK)
	if text := page.text(); !strings.Contains(text, "Your turn") || !strings.Contains(text, "Two are named.") || strings.Contains(text, s.Reviewer.Name) {
		t.Errorf("the customer reads: %s", text)
	}
	if text := lin.get(paths.Tickets).want(http.StatusOK).text(); !strings.Contains(text, "Your turn") {
		t.Errorf("the list: %s", text)
	}
	// A viewer writes in no ticket: it is not their turn, and the menu does not say so.
	viewer := s.as(viewerMail)
	for _, path := range []string{paths.Tickets, paths.Ticket(id)} {
		if text := viewer.get(path).want(http.StatusOK).text(); strings.Contains(text, "Your turn") || strings.Contains(text, "need your action") || !strings.Contains(text, "A colleague's turn for") || !strings.Contains(text, "Needs a colleague") {
			t.Errorf("a viewer reads on %s: %s", path, text)
		}
	}
	if text := lin.get(paths.With(paths.Activity, "object", id)).want(http.StatusOK).text(); !strings.Contains(text, "Ticket opened") || strings.Contains(text, s.Reviewer.Name) {
		t.Errorf("the activity: %s", text)
	}
	lin.post(paths.Ticket(id), url.Values{"rev": {page.field("rev")}, "body": {"Kestrel comes."}}).want(http.StatusSeeOther)
	if a := s.as(techMail).get(paths.AdminTickets).want(http.StatusOK); !strings.Contains(a.text(), "Which <b>company</b>") {
		t.Errorf("not among those to answer: %s", a.text())
	}

	for mail, status := range map[string]int{auditorMail: http.StatusForbidden, customerMail: http.StatusForbidden} {
		who := s.as(mail)
		who.get(href).want(status)
		who.post(paths.AdminTickets, in).want(status)
		if a := who.get(paths.AdminTickets); a.doc().Find("a[href='"+paths.AdminNewTicket+"']").Length() != 0 {
			t.Errorf("%s is offered the form", mail)
		}
	}
	if a := reviewer.get(paths.AdminNewTicketAbout("pc-none")).want(http.StatusOK); a.field("interface") != "pc-none" || strings.Contains(a.text(), "To ") && strings.Contains(a.text(), ", about ") {
		t.Errorf("about no interface: %s", a.text())
	}
}
