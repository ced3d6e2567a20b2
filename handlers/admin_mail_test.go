package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"demarc/store/storetest"
	"demarc/web/paths"
)

func TestMailPage(t *testing.T) {
	s := newSite(t, storetest.WithMail())
	s.Everybody(t)
	ctx := context.Background()
	admin, auditor := s.as(adminMail), s.as(auditorMail)
	if page := admin.get(paths.AdminMail).want(http.StatusOK); !strings.Contains(page.text(), "Nothing went wrong") || !strings.Contains(page.text(), "mx.example, port 587, STARTTLS") {
		t.Errorf("the page of a quiet outbox: %s", page.text())
	}
	for _, browser := range []*client{s.as(customerMail), s.as(reviewerMail), s.as(financeMail)} {
		browser.get(paths.AdminMail).want(http.StatusForbidden)
	}
	form := url.Values{"key": {"k"}}
	auditor.post(paths.AdminMailTest, form).want(http.StatusForbidden)
	for range 2 { // a double click mails once
		admin.post(paths.AdminMailTest, form).want(http.StatusSeeOther)
	}
	m, err := s.ClaimMail(ctx)
	if err != nil || m == nil || m.Address != "admin@cloud.example" {
		t.Fatalf("%+v, %v", m, err)
	}
	if again, _ := s.ClaimMail(ctx); again != nil {
		t.Fatal("two test mails")
	}
	if err := s.MailProblem(ctx, m.ID, "The mail server answered 550: <b>no</b>", true); err != nil {
		t.Fatal(err)
	}
	page := admin.get(paths.AdminMail).want(http.StatusOK)
	if text := page.text(); !strings.Contains(text, "The mail server answered 550: <b>no</b>") || !strings.Contains(text, "Sun Jia, admin@cloud.example") || !strings.Contains(text, "Failed") {
		t.Errorf("the refused mail: %s", text)
	}
	if auditor.get(paths.AdminMail).want(http.StatusOK).doc().Find("main form").Length() != 0 {
		t.Error("an auditor may send mails again")
	}
	auditor.post(paths.AdminMailDelivery(m.ID), url.Values{}).want(http.StatusForbidden)
	admin.post(paths.AdminMailDelivery("ml-none"), url.Values{}).want(http.StatusNotFound)
	admin.post(paths.AdminMailDelivery(m.ID), url.Values{}).want(http.StatusSeeOther)
	if again, err := s.ClaimMail(ctx); err != nil || again == nil || again.ID != m.ID {
		t.Fatalf("%+v, %v", again, err)
	}
	if err := s.MailDone(ctx, m.ID); err != nil {
		t.Fatal(err)
	}
	if a := admin.post(paths.AdminMailDelivery(m.ID), url.Values{}).want(http.StatusConflict); !strings.Contains(a.text(), "This mail was sent meanwhile.") {
		t.Errorf("sent again after it was sent: %s", a.text())
	}
}

// Without a mail server the page says so, and no other page speaks of mails.
func TestNoMailServer(t *testing.T) {
	s := newSite(t)
	admin := s.as(adminMail)
	if page := admin.get(paths.AdminMail).want(http.StatusOK); !strings.Contains(page.text(), "No mail server is configured") || page.doc().Find("main form").Length() != 0 {
		t.Errorf("the page: %s", page.text())
	}
	admin.post(paths.AdminMailTest, url.Values{"key": {"k"}}).want(http.StatusConflict)
	if text := admin.get(paths.Messages).text(); strings.Contains(text, "mailed") {
		t.Errorf("the messages: %s", text)
	}
}

func TestMailPreference(t *testing.T) {
	s := newSite(t, storetest.WithMail())
	lin := s.as(customerMail)
	if text := lin.get(paths.Messages).text(); !strings.Contains(text, "A mail to owner@northwind.example says when there is a message.") {
		t.Errorf("at first: %s", text)
	}
	lin.post(paths.Preferences, url.Values{"mail": {"off"}, "next": {paths.Messages}}).want(http.StatusSeeOther)
	if text := lin.get(paths.Messages).text(); !strings.Contains(text, "Messages are not mailed to you.") {
		t.Errorf("off: %s", text)
	}
	lin.post(paths.Preferences, url.Values{"mail": {"on"}, "next": {"https://evil.example"}}).want(http.StatusSeeOther)
	if text := lin.get(paths.Messages).text(); !strings.Contains(text, "A mail to owner@northwind.example") {
		t.Errorf("on again: %s", text)
	}
	if text := s.as(reviewerMail).get(paths.Messages).text(); !strings.Contains(text, "A mail to reviewer@cloud.example") {
		t.Errorf("another person's choice changed: %s", text)
	}
}
