package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// events counts the events of an interface with this action.
func (s *site) events(id string, action lifecycle.Action) int {
	s.t.Helper()
	all, err := s.Timeline(context.Background(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, e := range all {
		if e.Action == string(action) {
			n++
		}
	}
	return n
}

// refusal is what a refused form says: the lines of the summary.
func refusal(a *answer) string { return strings.TrimSpace(a.doc().Find(".error-summary li").Text()) }

func TestEditInterface(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.ToApplyForLOA)
	path := paths.EditInterface(conn.ID)
	page := owner.get(path).want(http.StatusOK)
	form := url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "name": {"杭州-dc1"}, "description": {"First line\r\nsecond <b>line</b>"}}

	// Invalid: nothing is kept but what was typed.
	bad := url.Values{"key": form["key"], "rev": form["rev"], "name": {"1-is no letter"}, "description": {"x"}}
	a := owner.post(path, bad).want(http.StatusUnprocessableEntity)
	if a.field("name") != "1-is no letter" || a.doc().Find("textarea").Text() != "x" || a.field("key") != bad.Get("key") {
		t.Error("the form came back empty")
	}
	if got := refusal(a); got != "Start the name with a letterDescription: Use 2 to 256 characters" {
		t.Errorf("summary %q", got)
	}
	if !strings.HasPrefix(a.doc().Find("title").Text(), "Error: ") || a.doc().Find("#name[aria-invalid=true]").Length() != 1 {
		t.Error("the refusal is not marked")
	}
	part := owner.submit(path, bad).want(http.StatusUnprocessableEntity)
	if part.doc().Find("dialog .error-summary").Length() != 1 || part.doc().Find("main").Length() != 0 {
		t.Error("the refusal does not stay in the dialog")
	}
	if a := owner.post(path, url.Values{"name": {"a\x01b"}}).want(http.StatusUnprocessableEntity); refusal(a) != "Name: Remove the characters that cannot be printed" {
		t.Errorf("summary %q", refusal(a))
	}

	// Done once, however often it is sent.
	for range 2 {
		if a := owner.post(path, form).want(http.StatusSeeOther); a.header.Get("Location") != paths.Interface(conn.ID) {
			t.Errorf("goes to %q", a.header.Get("Location"))
		}
	}
	if n := s.events(conn.ID, lifecycle.EditNameDescription); n != 1 {
		t.Errorf("%d events for one change", n)
	}
	if text := owner.get(paths.Interface(conn.ID)).text(); !strings.Contains(text, "Name and description saved.") || !strings.Contains(text, "杭州-dc1") || !strings.Contains(text, "second <b>line</b>") {
		t.Errorf("the page says %q", text)
	}

	// Stale: the words typed stay, the version is the present one.
	form.Set("key", "another")
	form.Set("name", "mine")
	a = owner.post(path, form).want(http.StatusConflict)
	if a.field("name") != "mine" || a.field("rev") == form.Get("rev") || a.doc().Find("[role=alert]").Length() != 1 {
		t.Errorf("stale form: %s", a.text())
	}
	a = owner.submit(path, url.Values{"name": {"mine"}, "rev": {a.field("rev")}}).want(http.StatusOK)
	if a.header.Get("HX-Redirect") != paths.Interface(conn.ID) || a.body != "" {
		t.Errorf("htmx is sent to %q", a.header.Get("HX-Redirect"))
	}
	if got := s.Get(t, conn.ID); got.Name != "mine" || got.Description != "" {
		t.Errorf("%+v", got)
	}

	// An interface that has ended keeps its name.
	s.Do(t, conn.ID, lifecycle.Cancel)
	if a := owner.get(path).want(http.StatusConflict); a.doc().Find("main form").Length() != 0 || !strings.Contains(a.text(), "is in the Canceled state") {
		t.Error(a.text())
	}
	owner.post(path, url.Values{"name": {"late"}}).want(http.StatusConflict)
	if got := s.Get(t, conn.ID).Name; got != "mine" {
		t.Errorf("renamed to %q after its end", got)
	}
}

func TestCancelSaysWhatHappens(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	const at, kept, back = "The port is released when Example Cloud has removed the cable.", "The initial installation fee of $1,500.00 is not refunded, because an LOA was issued.", "The initial installation fee of $1,500.00 goes back to your balance."
	revoked := s.At(t, lifecycle.ApprovedLOA)
	s.Do(t, revoked.ID, lifecycle.RevokeLOA)
	for _, c := range []struct {
		conn store.Connection
		want []string
	}{
		{s.At(t, lifecycle.PendingPayment), []string{"The unpaid order is closed. Nothing is charged."}},
		{s.At(t, lifecycle.ToApplyForLOA), []string{"The port is released at once.", back}},
		{s.At(t, lifecycle.InApplication), []string{"Your LOA application is closed without a decision.", "The port is released at once.", back}},
		{s.At(t, lifecycle.LOARejected), []string{"The port is released at once.", back}},
		{s.At(t, lifecycle.ApprovedLOA), []string{"LOA becomes void. Nobody may enter the data center with it.", at, kept}},
		{s.At(t, lifecycle.WaitingForCabling), []string{"LOA becomes void. Nobody may enter the data center with it.", at, kept}},
		{s.At(t, lifecycle.WaitingForPayment), []string{at, kept}},
		{revoked, []string{at, kept}},
	} {
		var got []string
		page := owner.get(paths.Cancellation(c.conn.ID)).want(http.StatusOK)
		for _, n := range page.doc().Find("main .card li").EachIter() {
			got = append(got, n.Text())
		}
		want := strings.ReplaceAll(strings.Join(c.want, "\n"), "LOA becomes", s.Get(t, c.conn.ID).LOANo+" becomes")
		if strings.Join(got, "\n") != want {
			t.Errorf("%s: %q, want %q", c.conn.Stage, strings.Join(got, "\n"), want)
		}
		// And it does: nothing is promised that is not so.
		before := s.balance(s.Northwind)
		owner.post(paths.Cancellation(c.conn.ID), url.Values{"confirm": {"on"}, "rev": {page.field("rev")}, "key": {page.field("key")}}).want(http.StatusSeeOther)
		after := s.Get(t, c.conn.ID)
		if after.Stage != lifecycle.Canceled || after.RemovalDue != strings.Contains(want, at) {
			t.Errorf("%s: %s, removal due %v", c.conn.Stage, after.Stage, after.RemovalDue)
		}
		if refunded := s.balance(s.Northwind) != before; refunded != strings.Contains(want, back) {
			t.Errorf("%s: refunded %v", c.conn.Stage, refunded)
		}
		if text := owner.get(paths.Interface(c.conn.ID)).text(); !strings.Contains(text, c.conn.Title()+" is canceled.") || !strings.Contains(text, "This interface was canceled") {
			t.Errorf("%s: the page after it says %q", c.conn.Stage, text)
		}
	}
	for _, stage := range []lifecycle.Stage{lifecycle.Enabled, lifecycle.Terminating, lifecycle.Terminated, lifecycle.Canceled} {
		conn := s.At(t, stage)
		a := owner.fragment(paths.Cancellation(conn.ID)).want(http.StatusConflict)
		if a.doc().Find("dialog").Length() != 1 || a.doc().Find("form").Length() != 0 || !strings.Contains(a.text(), "so it cannot be canceled") {
			t.Errorf("%s: %s", stage, a.text())
		}
		owner.post(paths.Cancellation(conn.ID), url.Values{"confirm": {"on"}}).want(http.StatusConflict)
		if got := s.Get(t, conn.ID); got.Version != conn.Version {
			t.Errorf("%s: something was done", stage)
		}
	}
	s.Sound(t)
}

// TestCancelSaysWhyNothingGoesBack: an order that never gives its fee back does
// not blame a letter that nobody issued.
func TestCancelSaysWhyNothingGoesBack(t *testing.T) {
	s := newSite(t)
	rules, err := s.FeeRules(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	rules.Installation = fees.NeverBack
	if err := s.SetFeeRules(context.Background(), s.Finance, rules.Version, rules.Rules); err != nil {
		t.Fatal(err)
	}
	owner, conn := s.as("owner@northwind.example"), s.At(t, lifecycle.InApplication)
	page := owner.get(paths.Cancellation(conn.ID)).want(http.StatusOK)
	if !strings.Contains(page.text(), "is not refunded, as the order says that was paid.") || strings.Contains(page.text(), "because an LOA") {
		t.Errorf("the form says %s", page.text())
	}
	owner.post(paths.Cancellation(conn.ID), url.Values{"confirm": {"on"}, "rev": {page.field("rev")}, "key": {page.field("key")}}).want(http.StatusSeeOther)
	if text := owner.get(paths.Interface(conn.ID)).text(); !strings.Contains(text, "was not refunded, as the order said.") || strings.Contains(text, "an LOA had been issued") {
		t.Errorf("the page says %s", text)
	}
}

func TestCancelRefusals(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	first := s.At(t, lifecycle.Enabled, func(n *store.NewConnection) { n.Name = "hz-dc1" })
	conn := s.At(t, lifecycle.ApprovedLOA, redundantWith(first.ID))
	path := paths.Cancellation(conn.ID)
	dialog := owner.fragment(path).want(http.StatusOK)
	if dialog.doc().Find("dialog").Length() != 1 || !strings.Contains(dialog.text(), "hz-dc1 ("+first.ID+") loses its redundancy: together they survive the loss of ") {
		t.Errorf("the dialog says %q", dialog.text())
	}
	form := url.Values{"rev": {dialog.field("rev")}, "key": {dialog.field("key")}}
	for _, a := range []*answer{owner.post(path, form), owner.submit(path, form)} {
		a.want(http.StatusUnprocessableEntity)
		if refusal(a) != "Confirm that you understand that this cannot be undone" || a.doc().Find("#confirm[aria-invalid=true]").Length() != 1 {
			t.Errorf("without the tick: %s", a.text())
		}
	}
	form.Set("confirm", "on")
	s.Do(t, conn.ID, lifecycle.ReportDelivery) // somebody else was quicker
	for _, a := range []*answer{owner.post(path, form), owner.submit(path, form)} {
		a.want(http.StatusConflict)
		if a.doc().Find("[role=alert]").Length() != 1 || a.doc().Find("#confirm[checked]").Length() != 1 || a.field("rev") == form.Get("rev") {
			t.Errorf("stale: %s", a.text())
		}
	}
	if got := s.Get(t, conn.ID).Stage; got != lifecycle.WaitingForCabling {
		t.Fatalf("a stale form moved it to %s", got)
	}
	form.Set("rev", owner.get(path).field("rev"))
	for range 2 { // a double click
		if a := owner.submit(path, form).want(http.StatusOK); a.header.Get("HX-Redirect") != paths.Interface(conn.ID) {
			t.Errorf("goes to %q", a.header.Get("HX-Redirect"))
		}
	}
	if n := s.events(conn.ID, lifecycle.Cancel); n != 1 {
		t.Errorf("%d cancellations", n)
	}
	s.Sound(t)
}

func TestTerminate(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.Enabled)
	path := paths.Termination(conn.ID)
	page := owner.get(path).want(http.StatusOK)
	if text := page.text(); !strings.Contains(text, "The resource fee is paid until 20 Dec 2026. No whole month of it is left, so nothing is refunded.") || !strings.Contains(text, "Type "+conn.ID+" to confirm.") {
		t.Errorf("the page says %q", text)
	}
	form := url.Values{"rev": {page.field("rev")}, "key": {page.field("key")}, "confirm": {"pc-something"}}
	for _, a := range []*answer{owner.post(path, form), owner.submit(path, form)} {
		a.want(http.StatusUnprocessableEntity)
		if refusal(a) != "Type the interface ID "+conn.ID+" to confirm" || a.field("confirm") != "pc-something" {
			t.Errorf("another ID: %s", a.text())
		}
	}
	s.Do(t, conn.ID, lifecycle.EditNameDescription)
	form.Set("confirm", conn.ID)
	if a := owner.post(path, form).want(http.StatusConflict); a.field("confirm") != conn.ID || a.doc().Find("[role=alert]").Length() != 1 {
		t.Errorf("stale: %s", a.text())
	}
	form.Set("rev", owner.get(path).field("rev"))
	for range 2 {
		owner.post(path, form).want(http.StatusSeeOther)
	}
	if n := s.events(conn.ID, lifecycle.Terminate); n != 1 {
		t.Errorf("%d terminations", n)
	}
	if text := owner.get(paths.Interface(conn.ID)).text(); !strings.Contains(text, "renamed is being terminated. Example Cloud removes the cable.") || !strings.Contains(text, "Example Cloud is removing the cable") {
		t.Errorf("the page after it says %q", text)
	}
	for _, stage := range []lifecycle.Stage{lifecycle.ApprovedLOA, lifecycle.Terminating, lifecycle.Canceled} {
		conn := s.At(t, stage)
		if a := owner.get(paths.Termination(conn.ID)).want(http.StatusConflict); !strings.Contains(a.text(), "so it cannot be terminated") {
			t.Errorf("%s: %s", stage, a.text())
		}
		owner.post(paths.Termination(conn.ID), url.Values{"confirm": {conn.ID}}).want(http.StatusConflict)
	}
}
