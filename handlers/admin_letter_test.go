package handlers_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// versionForm is a complete form for a new version of the letter of c.
func versionForm(c store.Connection, edit ...string) url.Values {
	form := url.Values{"rev": {strconv.Itoa(c.Version)}, "key": {"a-form-key-" + c.ID + strconv.Itoa(c.Version)}, "reason": {"The position is occupied"}}
	for i := 0; i+1 < len(edit); i += 2 {
		form.Set(edit[i], edit[i+1])
	}
	return form
}

func TestReissueByStaff(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	reviewer, owner, admin := s.as(asReviewer), s.as(asOwner), s.as(asAdmin)
	first := owner.get(paths.LOAPDF(c.ID)).want(http.StatusOK)
	admin.get(paths.AdminLOADocument(c.ID)).want(http.StatusOK)
	action := paths.AdminReissue(c.ID)

	// What is missing or wrong is said, and what was typed stays.
	bad := reviewer.post(action, versionForm(c, "reason", "", "note", "Ring twice", "valid_from", "2020-01-01")).want(http.StatusUnprocessableEntity)
	if !strings.Contains(bad.text(), "Say why there is a new version of the letter") || !strings.Contains(bad.text(), "Ring twice") {
		t.Error(bad.text())
	}
	bad = reviewer.post(action, versionForm(c, "valid_from", "2020-01-01")).want(http.StatusUnprocessableEntity)
	if !strings.Contains(bad.text(), "Enter today or a later day") || bad.field("reason") == "" && !strings.Contains(bad.text(), "The position is occupied") {
		t.Error(bad.text())
	}
	reviewer.post(action, versionForm(c, "note", "\u0007")).want(http.StatusUnprocessableEntity)
	// A sign that cannot be printed is named, at its field.
	for _, field := range []string{"note", "reason"} {
		summaryHas(t, reviewer.post(action, versionForm(c, field, "🚀 and more")), field, "The letter cannot print 🚀. Write the "+field+" without it.")
	}

	to := ""
	form := reviewer.get(action).want(http.StatusOK)
	form.doc().Find("input[name=port]:not([disabled]):not([checked])").First().Each(func(_ int, p *goquery.Selection) { to, _ = p.Attr("value") })
	if to == "" || !strings.Contains(form.text(), "replaces "+c.LOANo) {
		t.Fatal(form.text())
	}
	sent := versionForm(c, "port", to, "note", "Use the overhead route.")
	reviewer.post(action, sent).want(http.StatusSeeOther)
	reviewer.post(action, sent).want(http.StatusSeeOther) // twice is once
	reviewer.post(action, versionForm(c, "key", "another-form-of-the-old-page")).want(http.StatusConflict)

	l, err := s.LOA(t.Context(), c.ID)
	if err != nil || l.Version != 2 {
		t.Fatal(l, err)
	}
	// The page says what changed, to both sides; every version keeps its bytes.
	for who, page := range map[*client]string{owner: paths.LOA(c.ID), reviewer: paths.AdminLetter(c.ID)} {
		a := who.get(page).want(http.StatusOK)
		for _, want := range []string{"Version 2", "Version 1", "Superseded", "Valid", "The position is occupied", "Position ", " → " + l.Snapshot.Position, "Lin Wei", "Downloaded the PDF", "Ready to send", l.Snapshot.CheckURL} {
			if !strings.Contains(a.text(), want) {
				t.Errorf("no %q in %s", want, a.text())
			}
		}
	}
	old := owner.get(paths.LOAVersion(c.ID, 1)).want(http.StatusOK)
	if got := old.doc().Find(".sheet__stamp").Text(); !strings.HasSuffix(got, "Superseded") || !strings.Contains(old.text(), "Reason: The position is occupied.") {
		t.Errorf("stamp %q", got)
	}
	if again := owner.get(paths.LOAVersionPDF(c.ID, 1)).want(http.StatusOK); again.body != first.body || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Error("the first version has other bytes now")
	}
	if second := owner.get(paths.LOAPDF(c.ID)).want(http.StatusOK); second.body == first.body || !strings.Contains(second.header.Get("Content-Disposition"), "-v2.pdf") {
		t.Error("the newest version is not the second")
	}
	for _, wrong := range []string{"?version=3", "?version=0", "?version=x", "?version=-1"} {
		owner.get(paths.LOA(c.ID) + wrong).want(http.StatusNotFound)
		owner.get(paths.LOAPDF(c.ID) + wrong).want(http.StatusNotFound)
	}
	s.as("owner@southwind.example").get(paths.LOAVersionPDF(c.ID, 1)).want(http.StatusNotFound)
	for who, title := range map[*client]string{owner: "New version of the LOA", admin: "LOA replaced"} {
		if a := who.get(paths.Messages).want(http.StatusOK); !strings.Contains(a.text(), title) {
			t.Errorf("no %q in %s", title, a.text())
		}
	}
	// The customer and the technician have no such form.
	owner.get(action).want(http.StatusForbidden)
	s.as(asTechnician).get(action).want(http.StatusForbidden)
}

func TestRenewInOneStep(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	s.Clock.Advance(100 * 24 * time.Hour)
	if _, err := s.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	c = s.Get(t, c.ID)
	reviewer := s.as(asReviewer)
	if a := reviewer.get(paths.AdminLetter(c.ID)).want(http.StatusOK); a.doc().Find("a[href='"+paths.AdminReissue(c.ID)+"']").Text() != "Renew LOA" {
		t.Errorf("no way to renew in %s", a.text())
	}
	zone := s.Catalogue().Zone(c.Region)
	when := s.Now().In(zone).AddDate(0, 0, 4).Format(store.SiteTimeLayout)
	reviewer.post(paths.AdminReissue(c.ID), versionForm(c, "scheduled_at", when)).want(http.StatusSeeOther)
	if c = s.Get(t, c.ID); c.Stage != lifecycle.ApprovedLOA || c.ScheduledAt.In(zone).Format(store.SiteTimeLayout) != when {
		t.Errorf("%s, %s", c.Stage, c.ScheduledAt)
	}
	// A revoked letter is not renewed: the page says what to do instead.
	s.Do(t, c.ID, lifecycle.RevokeLOA)
	if a := reviewer.get(paths.AdminReissue(c.ID)).want(http.StatusConflict); !strings.Contains(a.text(), "Ask the customer to apply for the LOA again") || a.doc().Find("main form[method=post]").Length() > 0 {
		t.Error(a.text())
	}
}

func TestPlaybook(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	reviewer, owner := s.as(asReviewer), s.as(asOwner)
	page := paths.AdminPlaybook(c.AccessPointID)
	form := func(edit ...string) url.Values {
		v := url.Values{"rev": {"0"}, "portal": {"https://portal.example/letters"}, "email": {"letters@facility.example"}, "phone": {"+86 571 5550 0140"}, "lead_time": {"2 working days"}, "hours": {"9 to 17"}, "words": {"Ref 浙江 <b>\nhall D"}}
		for i := 0; i+1 < len(edit); i += 2 {
			v.Set(edit[i], edit[i+1])
		}
		return v
	}
	for _, tc := range []struct{ field, value, says string }{
		{"portal", "javascript:alert(1)", "Enter the whole address of the page"}, {"portal", "portal.example", "Enter the whole address of the page"},
		{"email", "Ann <ann@x.example>", "Enter one e-mail address"}, {"email", "a@b, c@d", "Enter one e-mail address"}, {"phone", strings.Repeat("1", 65), "at most 64"}, {"words", strings.Repeat("x", 501), "at most 500"},
	} {
		a := reviewer.post(page, form(tc.field, tc.value)).want(http.StatusUnprocessableEntity)
		if !strings.Contains(a.text(), tc.says) || !strings.Contains(a.body, "+86 571 5550 0140") && tc.field != "phone" {
			t.Errorf("%s=%q: %s", tc.field, tc.value, a.text())
		}
	}
	reviewer.post(page, form()).want(http.StatusSeeOther)
	reviewer.post(page, form("phone", "1")).want(http.StatusConflict) // from the page of before
	a := owner.get(paths.LOA(c.ID)).want(http.StatusOK)
	for _, want := range []string{"https://portal.example/letters", "letters@facility.example", "2 working days", "9 to 17"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("no %q for the customer", want)
		}
	}
	if text := a.doc().Find("textarea#message").Text(); !strings.HasPrefix(text, "Ref 浙江 <b>\nhall D\n") || !strings.Contains(text, "/loa/check/") || strings.Contains(text, "Zhou Ming") {
		t.Errorf("ready to send: %q", text)
	}
	if href, _ := a.doc().Find("a[href^='mailto:']").Attr("href"); !strings.HasPrefix(href, "mailto:letters@facility.example?subject=Letter%20of") {
		t.Errorf("mailto %q", href)
	}
	if a.doc().Find("a[href='"+page+"']").Length() > 0 {
		t.Error("the customer is offered the form")
	}
	owner.get(page).want(http.StatusForbidden)
	owner.post(page, form("rev", "1")).want(http.StatusForbidden)
	reviewer.get(paths.AdminPlaybook("ap-none")).want(http.StatusNotFound)
	reviewer.post(page, form("rev", "1", "portal", "", "email", "", "phone", "", "lead_time", "", "hours", "", "words", "")).want(http.StatusSeeOther)
	if a := owner.get(paths.LOA(c.ID)); !strings.Contains(a.text(), "Nothing is known of how this data center wants to receive letters") {
		t.Error(a.text())
	}
}

func TestSubDelegationIsAppliedForAndPrinted(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ToApplyForLOA)
	in := s.Application(c)
	in.MaySubDelegate = true
	if err := s.ApplyForLOA(t.Context(), s.Owner, c.ID, c.Version, in); err != nil {
		t.Fatal(err)
	}
	owner := s.as(asOwner)
	if a := owner.get(paths.LOAApplication(c.ID)).want(http.StatusOK); !strings.Contains(a.text(), "may sub-delegate to one subcontractor") {
		t.Error(a.text())
	}
	s.Do(t, c.ID, lifecycle.Approve)
	if a := owner.get(paths.LOA(c.ID)).want(http.StatusOK); !strings.Contains(a.text(), "may sub-delegate to one subcontractor") || strings.Contains(a.text(), "passes to nobody else") {
		t.Error(a.text())
	}
	// The form says no unless somebody ticks it, and keeps the tick.
	other := s.At(t, lifecycle.ToApplyForLOA)
	if a := owner.get(paths.NewLOAApplication(other.ID)).want(http.StatusOK); a.doc().Find("input[name=may_sub_delegate][checked]").Length() != 0 || a.doc().Find("input[name=may_sub_delegate]").Length() != 1 {
		t.Error("the form allows sub-delegation by itself")
	}
	if a := owner.post(paths.LOAApplication(other.ID), url.Values{"rev": {strconv.Itoa(other.Version)}, "may_sub_delegate": {"on"}}).want(http.StatusUnprocessableEntity); a.doc().Find("input[name=may_sub_delegate][checked]").Length() != 1 {
		t.Error("the tick is lost")
	}
}
