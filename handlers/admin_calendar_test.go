package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// inventedYear is a table of China for 2027 that nobody announced.
const inventedYear = "01-01..01-04 Invented New Year\nwork 01-09 Invented New Year"

// TestAYearByForm enters China 2027: refused, previewed, saved, seen by the
// customer, changed and removed again, without a script.
func TestAYearByForm(t *testing.T) {
	s := newSite(t)
	s.Clock.Set(time.Date(2026, 12, 30, 4, 0, 0, 0, time.UTC)) // noon in Hangzhou
	waiting := s.At(t, lifecycle.InApplication)
	admin, customer := s.as(adminMail), s.as(customerMail)
	at, preview := paths.AdminCalendarYear("china", "2027"), paths.AdminCalendarPreview("china", "2027")

	// Whoever keeps the calendars is told, with the way there.
	for _, page := range []string{paths.Admin, paths.AdminCalendar} {
		if admin.get(page).want(200).doc().Find("main a[href='"+at+"']").Length() == 0 {
			t.Errorf("%s: no way to China 2027", page)
		}
	}
	if text := admin.get(paths.Admin).text(); !strings.Contains(text, "6 calendars have no table for 2027") {
		t.Errorf("work queue: %s", text)
	}
	if text := s.as(techMail).get(paths.Admin).text(); strings.Contains(text, "no table for 2027") {
		t.Error("a technician is told to enter a year")
	}

	// A copy of the last year is a draft that is refused as it is.
	draft := admin.get(paths.With(at, "copy", "2026")).want(200)
	if got := draft.doc().Find("[name=days]").Text(); !strings.Contains(got, "? 10-01..10-07 National Day") || strings.Contains(got, "work") || draft.field("source") != "" {
		t.Errorf("draft: %q", got)
	}
	form := untouched(t, draft, preview)
	form.Set("source", "Invented for a test")
	if text := admin.post(preview, form).want(http.StatusUnprocessableEntity).text(); !strings.Contains(text, "7 lines need a correction") || !strings.Contains(text, "The line is not confirmed.") {
		t.Errorf("a draft was taken: %s", text)
	}

	// Every wrong line by its number, and nothing typed is lost.
	form = untouched(t, admin.get(at).want(200), preview)
	form.Set("days", "13-01 A\n01-01 New Year\nwork 01-05 B\n")
	bad := admin.post(preview, form).want(http.StatusUnprocessableEntity)
	summaryHas(t, bad, "source", "Say where the table is published")
	summaryHas(t, bad, "days", "2 lines need a correction")
	for _, want := range []string{"Line 1: 13-01 A", `"13-01" is no day of 2027.`, "Line 3: work 01-05 B", "01-05 is a Tuesday, which is worked anyway."} {
		if !strings.Contains(bad.text(), want) {
			t.Errorf("no %q", want)
		}
	}
	if got := bad.doc().Find("[name=days]").Text(); got != "13-01 A\n01-01 New Year\nwork 01-05 B" {
		t.Errorf("typed lines became %q", got)
	}
	form.Set("days", "01-01 A\u202eB")
	summaryHas(t, admin.post(preview, form), "days", "Remove the characters")

	// The preview counts, and saves nothing.
	form.Set("source", "Invented for a test")
	form.Set("days", strings.ReplaceAll(inventedYear, " Invented", "\tInvented"))
	seen := admin.post(preview, form).want(200)
	for _, want := range []string{"Nothing is saved yet", "Working days260", "There was no table. 5 days will differ from an ordinary week", "Fri 1 Jan – Mon 4 Jan", "Not worked: Invented New Year", "Worked instead of Invented New Year", "1 due time becomes known", waiting.ID, "Tue 5 Jan 2027"} {
		if !strings.Contains(seen.text(), want) {
			t.Errorf("preview: no %q", want)
		}
	}
	if c, _ := s.Calendar("china"); len(c.Entered) != 0 {
		t.Fatal("a preview was saved")
	}
	save := untouched(t, seen, at)
	// Back to the form with what was typed.
	back := url.Values{"step": {"change"}}
	for k, v := range save {
		back[k] = v
	}
	if got := admin.post(preview, back).want(200); got.doc().Find("[name=days]").Text() != inventedYear || got.field("source") != "Invented for a test" {
		t.Errorf("Change lost %q", got.doc().Find("[name=days]").Text())
	}

	// Somebody else is quicker: 409 with what is in force now, then it can be saved over it.
	if _, err := s.SaveYear(context.Background(), s.Admin, "china", 2027, 0, store.NewYear{Source: "Another one", Days: "02-01 Other"}); err != nil {
		t.Fatal(err)
	}
	stale := admin.post(at, save).want(http.StatusConflict)
	if text := stale.text(); !strings.Contains(text, "The year 2027 of China (mainland) was changed a moment ago.") || !strings.Contains(text, "Not worked: Other") {
		t.Errorf("stale: %s", text)
	}
	save = untouched(t, stale, at)
	if to := admin.post(at, save).want(http.StatusSeeOther).header.Get("Location"); to != paths.AdminCalendar {
		t.Errorf("goes to %s", to)
	}
	admin.post(at, save).want(http.StatusSeeOther) // a double click
	page := admin.get(paths.AdminCalendar).want(200)
	if text := page.text(); !strings.Contains(text, "China (mainland) 2027 was saved.") || !strings.Contains(text, "Entered here. Nothing is shipped for this year.") || !strings.Contains(text, "5 calendars have no table for 2027") {
		t.Errorf("saved: %s", text)
	}

	// The customer reads when the answer comes, and that it became known. The other table came first: its time was
	// told and stays.
	if got := s.Get(t, waiting.ID).DueAt; !got.Equal(time.Date(2027, 1, 1, 4, 0, 0, 0, time.UTC)) {
		t.Fatalf("due %v", got)
	}
	if text := customer.get(paths.Interface(waiting.ID)).want(200).text(); !strings.Contains(text, "Fri 1 Jan") || !strings.Contains(text, "Due time became known") {
		t.Errorf("the customer reads %s", text)
	}
	if text := admin.get(paths.AdminAudit + "?action=save_calendar_year").want(200).text(); !strings.Contains(text, "Year of a calendar saved") || !strings.Contains(text, "1 holiday") || !strings.Contains(text, "source: Invented for a test") {
		t.Errorf("audit log: %s", text)
	}
	if text := admin.post(preview, url.Values{"source": {"Invented for a test"}, "days": {inventedYear}}).want(http.StatusUnprocessableEntity).text(); !strings.Contains(text, "This is the table that is in force already.") {
		t.Errorf("the same again: %s", text)
	}

	// Removed again.
	removal := paths.AdminCalendarRemoval("china", "2027")
	ask := admin.get(removal).want(200)
	if !strings.Contains(ask.text(), "The year then has no table") || !strings.Contains(ask.text(), "Due times that were told to customers stay.") {
		t.Errorf("asks: %s", ask.text())
	}
	form = untouched(t, ask, removal)
	summaryHas(t, admin.post(removal, form).want(http.StatusUnprocessableEntity), "reason", "Say why the table is removed")
	form.Set("reason", "It was invented")
	admin.post(removal, form).want(http.StatusSeeOther)
	form.Set("key", "another")
	if text := admin.post(removal, form).want(http.StatusConflict).text(); !strings.Contains(text, "changed a moment ago") {
		t.Errorf("removed twice: %s", text)
	}
	if got := s.Get(t, waiting.ID).DueAt; got.IsZero() {
		t.Error("a promise is gone")
	}
	s.Sound(t)
}

// TestAnOwnCalendarByForm is a region of the operator's that gets a calendar on
// the page Working days.
func TestAnOwnCalendarByForm(t *testing.T) {
	s := newSite(t)
	admin := s.as(adminMail)
	r, _ := s.Catalogue().Region("cn-hangzhou")
	in := store.RegionEditOf(r)
	in.Calendar = ""
	if err := s.UpdateRegion(context.Background(), s.Admin, r.ID, 0, in); err != nil {
		t.Fatal(err)
	}
	waiting := s.At(t, lifecycle.InApplication)
	if text := admin.get(paths.Admin).text(); !strings.Contains(text, "A region has no calendar: nothing there has a due time.") || !strings.Contains(text, "Working days are not known.") {
		t.Errorf("work queue: %s", text)
	}

	form := untouched(t, admin.get(paths.AdminNewCalendar).want(200), paths.AdminNewCalendar)
	if got := form["weekend"]; len(got) != 2 || form.Get("rev") == "" {
		t.Errorf("an empty form: %v", form)
	}
	form["weekend"] = nil
	form.Set("name", "Singapore")
	bad := admin.post(paths.AdminNewCalendar, form).want(http.StatusUnprocessableEntity)
	summaryHas(t, bad, "id", "Enter the ID")
	summaryHas(t, bad, "name", "There is already a calendar Singapore")
	summaryHas(t, bad, "weekend", "Tick the days")
	form["weekend"] = []string{"Friday", "Saturday"}
	form.Set("id", "halls")
	form.Set("name", "Our halls")
	if to := admin.post(paths.AdminNewCalendar, form).want(http.StatusSeeOther).header.Get("Location"); to != paths.AdminCalendarYear("halls", "2026") {
		t.Errorf("goes to %s", to)
	}
	admin.get(paths.AdminCalendarYear("halls", "2026")).want(200)
	if text := admin.get(paths.AdminCalendar).text(); !strings.Contains(text, "No region keeps this calendar.") {
		t.Error("an own calendar is not listed")
	}
	if _, err := s.SaveYear(context.Background(), s.Admin, "halls", 2026, 0, store.NewYear{Source: "House rules", Days: "12-25 Christmas"}); err != nil {
		t.Fatal(err)
	}

	give := paths.AdminRegionCalendar(r.ID)
	form = untouched(t, admin.get(paths.AdminCalendar).want(200), give)
	bad = admin.post(give, form).want(http.StatusUnprocessableEntity)
	summaryHas(t, bad, "calendar-"+r.ID, "Select a calendar")
	form.Set("calendar", "halls")
	if err := s.UpdateRegion(context.Background(), s.Admin, r.ID, 0, store.RegionEdit{Name: "China (Hangzhou)", Zone: "Asia/Shanghai", Mainland: true, Order: "99"}); err != nil {
		t.Fatal(err)
	}
	if text := admin.post(give, form).want(http.StatusConflict).text(); !strings.Contains(text, "was changed a moment ago") {
		t.Errorf("stale: %s", text)
	}
	form = untouched(t, admin.get(paths.AdminCalendar).want(200), give)
	form.Set("calendar", "halls")
	admin.post(give, form).want(http.StatusSeeOther)
	if s.Get(t, waiting.ID).DueAt.IsZero() {
		t.Error("no due time")
	}
	if text := admin.get(paths.AdminRegions).text(); !strings.Contains(text, "Our halls") {
		t.Error("the list of regions does not name the calendar")
	}

	edit := paths.AdminCalendarEdit("halls")
	form = untouched(t, admin.get(edit).want(200), edit)
	form.Set("name", "Our sites")
	admin.post(edit, form).want(http.StatusSeeOther)
	form.Set("key", "another")
	admin.post(edit, form).want(http.StatusConflict)
	deletion := paths.AdminCalendarDeletion("halls")
	if text := admin.get(deletion).want(200).text(); !strings.Contains(text, "China (Hangzhou) keeps this calendar. Give it another one first.") {
		t.Errorf("deletion in use: %s", text)
	}
	for _, gone := range []string{paths.AdminCalendarEdit("china"), paths.AdminCalendarDeletion("china"), paths.AdminCalendarEdit("none"), paths.AdminCalendarYear("none", "2027"), paths.AdminCalendarYear("china", "2024"),
		paths.AdminCalendarYear("china", "9999"), paths.AdminCalendarYear("china", "27"), paths.AdminCalendarYear("china", "+2027")} {
		admin.get(gone).want(http.StatusNotFound)
	}
	in.Calendar = "china"
	if err := s.UpdateRegion(context.Background(), s.Admin, r.ID, 0, in); err != nil {
		t.Fatal(err)
	}
	form = untouched(t, admin.get(deletion).want(200), deletion)
	form.Set("reason", "Given up")
	form.Set("confirm", "Our halls")
	summaryHas(t, admin.post(deletion, form).want(http.StatusUnprocessableEntity), "confirm", "Type the name of the calendar Our sites")
	form.Set("confirm", "Our sites")
	admin.post(deletion, form).want(http.StatusSeeOther)
	admin.get(edit).want(http.StatusNotFound)
}

// TestWhoKeepsCalendars: staff read, administrators write, and nobody else finds
// the way.
func TestWhoKeepsCalendars(t *testing.T) {
	s := newSite(t)
	year := paths.AdminCalendarYear("china", "2027")
	writes := []string{paths.AdminNewCalendar, paths.AdminCalendarEdit("china"), paths.AdminCalendarDeletion("china"), year, paths.AdminCalendarPreview("china", "2027"), paths.AdminCalendarRemoval("china", "2027"), paths.AdminRegionCalendar("cn-hangzhou")}
	s.Everybody(t)
	for mail, sees := range map[string]int{auditorMail: http.StatusOK, customerMail: http.StatusForbidden, techMail: http.StatusOK, reviewerMail: http.StatusOK, financeMail: http.StatusOK} {
		c := s.as(mail)
		page := c.get(paths.AdminCalendar).want(sees)
		if sees == http.StatusOK && page.doc().Find("main form, main .btn").Length() != 0 {
			t.Errorf("%s sees something to change", mail)
		}
		for _, path := range writes {
			c.post(path, url.Values{"source": {"Invented"}, "days": {inventedYear}}).want(http.StatusForbidden)
		}
	}
	if c, _ := s.Calendar("china"); len(c.Entered) != 0 {
		t.Error("something was saved")
	}
	// With htmx the same form is answered with where to go.
	admin := s.as(adminMail)
	a := admin.submit(year, url.Values{"source": {"Invented for a test"}, "days": {inventedYear}, "key": {"k"}}).want(http.StatusOK)
	if a.header.Get("HX-Redirect") != paths.AdminCalendar {
		t.Errorf("htmx: %v", a.header)
	}
}
