package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"demarc/store/lifecycle"
	"demarc/store/note"
	"demarc/web/paths"
)

// TestStaffNotes walks a note from the form to where it is decided, and back,
// with plain forms.
func TestStaffNotes(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.InApplication)
	reviewer, technician := s.as(reviewerMail), s.as(techMail)
	page := reviewer.get(paths.AdminInterface(c.ID)).want(http.StatusOK)
	if !strings.Contains(page.text(), "No notes yet") || page.doc().Find("textarea#note").Length() != 1 {
		t.Errorf("without notes: %s", page.text())
	}
	if a := reviewer.get(paths.AdminLOA(c.ID)).want(http.StatusOK); strings.Contains(a.text(), "staff note") {
		t.Errorf("the review speaks of no notes: %s", a.text())
	}

	// Refused: everything typed comes back, and the summary leads to the field.
	long := strings.Repeat("w", note.TextMost+1)
	for _, body := range []string{"", long} {
		a := reviewer.post(paths.AdminNotes(c.ID), url.Values{"key": {page.field("key")}, "note": {body}}).want(http.StatusUnprocessableEntity)
		if a.doc().Find("textarea#note").Text() != body || a.doc().Find(".error-summary a[href='#note']").Length() != 1 {
			t.Errorf("%d characters: what was typed is lost, or nothing leads to it: %s", len(body), a.text())
		}
	}
	in := url.Values{"key": {page.field("key")}, "note": {"They <b>call</b> first.\r\nMind the second door."}}
	for range 2 { // a double click
		if to := reviewer.post(paths.AdminNotes(c.ID), in).want(http.StatusSeeOther).header.Get("Location"); to != paths.AdminNotesRead(c.ID, 0) {
			t.Errorf("it goes on to %s", to)
		}
	}
	page = reviewer.get(paths.AdminInterface(c.ID)).want(http.StatusOK)
	if html, err := page.doc().Find("[aria-labelledby=notes] li p").Html(); err != nil || html != " They &lt;b&gt;call&lt;/b&gt; first.<br/> Mind the second door." {
		t.Errorf("the note is %q (%v)", html, err)
	}
	if n := page.doc().Find("[aria-labelledby=notes] li").Length(); n != 1 {
		t.Errorf("sent twice it is there %d times", n)
	}

	// It is said where it is decided, with the way to it.
	for _, at := range []string{paths.AdminLOA(c.ID), paths.AdminInterface(c.ID)} {
		a := reviewer.get(at).want(http.StatusOK)
		if link := a.doc().Find("[role=note] a[href='" + paths.AdminNotesRead(c.ID, 0) + "']"); link.Text() != "1 staff note" || !strings.Contains(a.text(), "They <b>call</b> first. Mind the second door.") {
			t.Errorf("%s: %q, %s", at, link.Text(), a.text())
		}
	}
	cabling := s.At(t, lifecycle.WaitingForCabling)
	technician.post(paths.AdminNotes(cabling.ID), url.Values{"note": {"The tray is full."}}).want(http.StatusSeeOther)
	removal := s.At(t, lifecycle.Terminating)
	technician.post(paths.AdminNotes(removal.ID), url.Values{"note": {"Take the ladder."}}).want(http.StatusSeeOther)
	for at, want := range map[string]string{paths.AdminCablingJob(cabling.ID): "The tray is full.", paths.AdminRemoval(removal.ID): "Take the ladder."} {
		if a := technician.get(at).want(http.StatusOK); !strings.Contains(a.text(), want) {
			t.Errorf("%s does not say %q: %s", at, want, a.text())
		}
	}

	// A colleague reads it and cannot take it back; its author can, once.
	back := paths.AdminNoteWithdrawal(c.ID, "1")
	if a := technician.get(paths.AdminInterface(c.ID)).want(http.StatusOK); a.doc().Find("form[action='"+back+"']").Length() != 0 || !strings.Contains(a.text(), "Mind the second door.") {
		t.Errorf("a colleague: %s", a.text())
	}
	technician.post(back, url.Values{}).want(http.StatusForbidden)
	key := page.doc().Find("form[action='"+back+"'] input[name=key]").AttrOr("value", "")
	if key == "" || key == page.doc().Find("form[action='"+paths.AdminNotes(c.ID)+"'] input[name=key]").AttrOr("value", "") {
		t.Errorf("the key of the form is %q", key)
	}
	for range 2 {
		reviewer.post(back, url.Values{"key": {key}}).want(http.StatusSeeOther)
	}
	if a := reviewer.post(back, url.Values{"key": {"of an older page"}}).want(http.StatusConflict); !strings.Contains(a.text(), "taken back already") {
		t.Errorf("taken back again: %s", a.text())
	}
	for mail, reads := range map[string]bool{reviewerMail: false, techMail: false, financeMail: false, adminMail: true, auditorMail: true} {
		a := s.as(mail).get(paths.AdminInterface(c.ID)).want(http.StatusOK)
		if strings.Contains(a.text(), "Mind the second door.") != reads || !strings.Contains(a.text(), "Taken back ") {
			t.Errorf("%s reads it: %t, want %t", mail, !reads, reads)
		}
	}
	if a := reviewer.get(paths.AdminLOA(c.ID)).want(http.StatusOK); strings.Contains(a.text(), "staff note") {
		t.Errorf("the review still points to it: %s", a.text())
	}
	log := reviewer.get(paths.With(paths.AdminAudit, "object", "note:"+c.ID)).want(http.StatusOK)
	for _, want := range []string{"Staff note written", "Staff note taken back", "Note 1"} {
		if !strings.Contains(log.text(), want) {
			t.Errorf("the audit log does not say %q: %s", want, log.text())
		}
	}
	if log.doc().Find("a[href='"+paths.AdminNotesRead(c.ID, 0)+"']").Length() == 0 || strings.Contains(log.text(), "second door") {
		t.Errorf("the audit log leads nowhere, or holds the text: %s", log.text())
	}

	// Older ones are a page away, and what no page gave out shows the newest.
	for i := range 23 {
		if err := s.WriteNote(t.Context(), s.Reviewer, cabling.ID, fmt.Sprintf("Remark %d.", i+2)); err != nil {
			t.Fatal(err)
		}
	}
	var read []string
	for href := paths.AdminInterface(cabling.ID); href != ""; {
		a := reviewer.get(strings.TrimSuffix(href, "#notes")).want(http.StatusOK)
		for _, li := range a.doc().Find("[aria-labelledby=notes] li p").EachIter() {
			read = append(read, strings.TrimSpace(li.Text()))
		}
		href = a.doc().Find("[aria-labelledby=notes] a:contains('Older notes')").AttrOr("href", "")
	}
	if len(read) != 24 || read[0] != "Remark 24." || read[23] != "The tray is full." {
		t.Errorf("%d notes: %q", len(read), read)
	}
	for _, before := range []string{"-3", "0", "nonsense"} {
		if a := reviewer.get(paths.With(paths.AdminInterface(cabling.ID), "before", before)).want(http.StatusOK); !strings.Contains(a.text(), "Remark 24.") {
			t.Errorf("before %s: %s", before, a.text())
		}
	}
}

// Nothing about notes is offered or answered to those whom it is not for.
func TestStaffNotesByRole(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	c := s.At(t, lifecycle.Enabled)
	if err := s.WriteNote(t.Context(), s.Technician, c.ID, "Mind the second door."); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mail        string
		write, back int
	}{
		{reviewerMail, http.StatusSeeOther, http.StatusForbidden}, {financeMail, http.StatusSeeOther, http.StatusForbidden}, {adminMail, http.StatusSeeOther, http.StatusForbidden},
		{auditorMail, http.StatusForbidden, http.StatusForbidden},
		{customerMail, http.StatusForbidden, http.StatusForbidden}, {viewerMail, http.StatusForbidden, http.StatusForbidden},
		{techMail, http.StatusSeeOther, http.StatusSeeOther},
	} {
		who := s.as(tt.mail)
		who.post(paths.AdminNotes(c.ID), url.Values{"note": {"One more."}}).want(tt.write)
		who.post(paths.AdminNoteWithdrawal(c.ID, "1"), url.Values{}).want(tt.back)
		if a := who.get(paths.AdminInterface(c.ID)); a.doc().Find("textarea#note").Length() != map[bool]int{true: 1}[tt.write == http.StatusSeeOther] {
			t.Errorf("%s is offered the form, or not: %s", tt.mail, a.text())
		}
	}
	s.as(techMail).post(paths.AdminNotes("pc-none"), url.Values{"note": {"One more."}}).want(http.StatusNotFound)
	for _, n := range []string{"99", "0", "-1", "one"} {
		s.as(techMail).post(paths.AdminNoteWithdrawal(c.ID, n), url.Values{}).want(http.StatusNotFound)
	}
	if a := s.as(customerMail).get(paths.Interface(c.ID)).want(http.StatusOK); strings.Contains(a.text(), "note") && strings.Contains(a.text(), "second door") {
		t.Errorf("the customer reads it: %s", a.text())
	}
}
