package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/inventory"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// invented is a table of China for 2027 that nobody announced: New Year is off
// until the Monday, and the Saturday after it is worked.
const invented = "01-01..01-04 Invented New Year\nwork 01-09 Invented New Year\n"

func year2027() store.NewYear { return store.NewYear{Source: "Invented for a test", Days: invented} }

func yearRev(t *testing.T, e *storetest.Env, id string, year int) int {
	t.Helper()
	c, ok := e.Calendar(id)
	if !ok {
		t.Fatalf("no calendar %s", id)
	}
	return c.YearRev(year)
}

// hangzhou is a wall-clock time in Hangzhou.
func hangzhou(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, time.FixedZone("", 8*3600))
	if err != nil {
		panic(err)
	}
	return at
}

func lastEvent(t *testing.T, e *storetest.Env, subject string) store.Event {
	t.Helper()
	all, err := e.Timeline(context.Background(), subject)
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: no event, %v", subject, err)
	}
	return all[0]
}

// A clock that reaches into a year without a table has no due time; the table
// that an administrator enters tells it, from the moment the clock started.
func TestAYearThatIsEnteredMakesDueTimesKnown(t *testing.T) {
	e := storetest.New(t)
	e.Clock.Set(hangzhou("2026-12-30 12:00"))
	c := e.At(t, lifecycle.InApplication)
	if !c.DueAt.IsZero() {
		t.Fatalf("due %v though nobody knows 2027", c.DueAt)
	}
	p, err := e.PreviewYear(ctx, e.Admin, "china", 2027, year2027())
	want := hangzhou("2027-01-05 12:00")
	if err != nil || p.KnownCount != 1 || len(p.Known) != 1 || p.Known[0].ID != c.ID || !p.Known[0].Would.Equal(want) || p.KeptCount != 0 || p.More || len(p.Changes) != 5 {
		t.Fatalf("preview: %d known %+v, %d kept, %d changes, %v", p.KnownCount, p.Known, p.KeptCount, len(p.Changes), err)
	}
	if e.Get(t, c.ID).DueAt != c.DueAt {
		t.Error("a preview wrote something")
	}
	e.Clock.Set(hangzhou("2027-01-07 09:00")) // so late that the time has passed
	n, err := e.SaveYear(ctx, e.Admin, "china", 2027, yearRev(t, e, "china", 2027), year2027())
	if err != nil || n != 1 {
		t.Fatalf("%d due times set, %v %v", n, err, store.FieldsOf(err))
	}
	now := e.Get(t, c.ID)
	if !now.DueAt.Equal(want) || now.Version != c.Version || now.Stage != c.Stage || !now.StageSince.Equal(c.StageSince) {
		t.Errorf("due %v, version %d, stage %s", now.DueAt, now.Version, now.Stage)
	}
	if ev := lastEvent(t, e, c.ID); ev.Action != store.ActionSetDueTime || ev.AccountID != e.Northwind || ev.ActorName != e.Admin.Name ||
		ev.Detail != "Due Tue 5 Jan 2027, 12:00 (UTC+08:00), counted from Wed 30 Dec 2026, 12:00" {
		t.Errorf("event of the interface: %+v", ev)
	}
	if ev := lastEvent(t, e, store.CalendarSubject("china")); ev.Action != "save_calendar_year" ||
		ev.Detail != "China (mainland) 2027: no table → 4 holidays, 1 make-up day, 260 working days; source: Invented for a test; 1 due time set" {
		t.Errorf("event of the calendar: %s %q", ev.Action, ev.Detail)
	}
	// It is late: it sorts by its due time.
	if items, err := e.Queue(ctx, lifecycle.InApplication, 10); err != nil || len(items) != 1 || !items[0].Due.Before(e.Clock.Now()) {
		t.Errorf("queue: %+v, %v", items, err)
	}
	// The form still counts its working days, and a new clock has a due time at once.
	e.Clock.Set(hangzhou("2027-01-08 12:00"))
	if next := e.At(t, lifecycle.InApplication); !next.DueAt.Equal(hangzhou("2027-01-11 12:00")) {
		t.Errorf("a new clock is due %v: the Saturday is worked", next.DueAt)
	}
	// It outlives the process, and does nothing a second time.
	e.Reopen(t)
	if n, err := e.RunDue(ctx); n != 0 || err != nil {
		t.Errorf("after a restart %d, %v", n, err)
	}
	if table, ok := mustCalendar(t, e, "china").Table(2027); !ok || table.Source() != "Invented for a test" {
		t.Error("the table is gone")
	}
	e.Sound(t)
}

func mustCalendar(t *testing.T, e *storetest.Env, id string) store.Calendar {
	t.Helper()
	c, ok := e.Calendar(id)
	if !ok {
		t.Fatalf("no calendar %s", id)
	}
	return c
}

// A due time that was told is a promise: no table makes it later, or earlier.
// What starts afterwards follows the new table.
func TestPromisedDueTimesStay(t *testing.T) {
	e := storetest.New(t)
	promised := e.At(t, lifecycle.InApplication) // Friday 20 Nov 2026, 15:12
	if !promised.DueAt.Equal(hangzhou("2026-11-24 15:12")) {
		t.Fatalf("due %v", promised.DueAt)
	}
	for name, tt := range map[string]struct{ days, next string }{
		"later":   {"11-23 Invented\n", "2026-11-25 15:12"},
		"earlier": {"work 11-21 Invented\n", "2026-11-23 15:12"},
	} {
		t.Run(name, func(t *testing.T) {
			in := store.NewYear{Source: "Invented " + name, Days: tt.days}
			if name == "earlier" {
				in.Days += "12-31 Invented\n"
			}
			p, err := e.PreviewYear(ctx, e.Admin, "china", 2026, in)
			if err != nil || p.KnownCount != 0 || p.KeptCount == 0 || p.Kept[0].ID != promised.ID || !p.Kept[0].DueAt.Equal(promised.DueAt) || !p.Kept[0].Would.Equal(hangzhou(tt.next)) {
				t.Fatalf("preview: %d known, kept %+v, %v", p.KnownCount, p.Kept, err)
			}
			if n, err := e.SaveYear(ctx, e.Admin, "china", 2026, 0, in); err != nil || n != 0 {
				t.Fatalf("%d set, %v", n, err)
			}
			if n, err := e.RunDue(ctx); err != nil || n != 0 {
				t.Errorf("time did %d, %v", n, err)
			}
			if got := e.Get(t, promised.ID); !got.DueAt.Equal(promised.DueAt) {
				t.Errorf("the promise moved to %v", got.DueAt)
			}
			if ev := lastEvent(t, e, promised.ID); ev.Action == store.ActionSetDueTime {
				t.Error("the history says that it moved")
			}
			next := e.At(t, lifecycle.InApplication)
			if !next.DueAt.Equal(hangzhou(tt.next)) {
				t.Errorf("a clock that starts now is due %v, want %s", next.DueAt, tt.next)
			}
			// Done in time by the promise is in time.
			e.Do(t, next.ID, lifecycle.WithdrawApplication)
		})
	}
	// The shipped table comes back when the operator's goes.
	rev := yearRev(t, e, "china", 2026)
	if err := e.RemoveYear(ctx, e.Admin, "china", 2026, rev, "Typed by mistake"); err != nil {
		t.Fatal(err)
	}
	if c := mustCalendar(t, e, "china"); len(c.Entered) != 0 || !c.Shipped(2026) {
		t.Errorf("entered %v", c.Entered)
	}
	if got := e.Get(t, promised.ID); !got.DueAt.Equal(promised.DueAt) {
		t.Errorf("the promise moved to %v", got.DueAt)
	}
	// Which table was the last to stand there is by chance.
	if ev := lastEvent(t, e, store.CalendarSubject("china")); ev.Action != "remove_calendar_year" || ev.Reason != "Typed by mistake" ||
		!strings.HasPrefix(ev.Detail, "China (mainland) 2026: 1 holiday, ") || !strings.HasSuffix(ev.Detail, " working days → 33 holidays, 6 make-up days, 248 working days") {
		t.Errorf("%s %q %q", ev.Action, ev.Reason, ev.Detail)
	}
	e.Sound(t)
}

func TestYearsAreRefused(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	save := func(id string, year, rev int, in store.NewYear) error {
		_, err := e.SaveYear(ctx, e.Admin, id, year, rev, in)
		_, perr := e.PreviewYear(ctx, e.Admin, id, year, in)
		if rev == 0 && store.KindOf(err) != store.KindOf(perr) {
			t.Errorf("saved: %v, previewed: %v", err, perr)
		}
		return err
	}
	stale := yearRev(t, e, "china", 2027) + 2
	for name, tt := range map[string]struct {
		err   error
		kind  store.Kind
		field string
	}{
		"no source":         {save("china", 2027, 0, store.NewYear{Days: invented}), store.Invalid, "source"},
		"a long source":     {save("china", 2027, 0, store.NewYear{Days: invented, Source: strings.Repeat("x", 301)}), store.Invalid, "source"},
		"no lines":          {save("china", 2027, 0, store.NewYear{Source: "x1"}), store.Invalid, "days"},
		"a wrong line":      {save("china", 2027, 0, store.NewYear{Source: "x1", Days: "13-01 A"}), store.Invalid, "days"},
		"a guess":           {save("china", 2027, 0, store.NewYear{Source: "x1", Days: "? 01-01 A"}), store.Invalid, "days"},
		"a worked weekday":  {save("china", 2027, 0, store.NewYear{Source: "x1", Days: "01-01 A\nwork 01-05 A"}), store.Invalid, "days"},
		"a calendar":        {save("atlantis", 2027, 0, year2027()), store.NotFound, ""},
		"long ago":          {save("china", 2024, 0, year2027()), store.NotFound, ""},
		"far ahead":         {save("china", 2032, 0, year2027()), store.NotFound, ""},
		"a stale form":      {save("china", 2027, stale, year2027()), store.Conflict, ""},
		"nothing to remove": {e.RemoveYear(ctx, e.Admin, "china", 2026, 0, "Wrong"), store.Conflict, ""},
		"a stale removal":   {e.RemoveYear(ctx, e.Admin, "china", 2026, 7, "Wrong"), store.Conflict, ""},
	} {
		if store.KindOf(tt.err) != tt.kind || tt.field != "" && store.FieldsOf(tt.err)[tt.field] == "" || store.MessageOf(tt.err) == "" {
			t.Errorf("%s: %v %v", name, tt.err, store.FieldsOf(tt.err))
		}
	}
	for _, role := range lifecycle.Roles() {
		if role == lifecycle.Administrator || role == lifecycle.System {
			continue
		}
		by := e.As(role)
		_, err := e.SaveYear(ctx, by, "china", 2027, 0, year2027())
		_, perr := e.PreviewYear(ctx, by, "china", 2027, year2027())
		_, aerr := e.AddCalendar(ctx, by, "norway", store.CalendarEdit{Name: "Norway", Weekend: []string{"Sunday"}})
		for _, err := range []error{err, perr, aerr, e.RemoveYear(ctx, by, "china", 2026, 0, "Wrong"), e.UpdateCalendar(ctx, by, "china", 0, store.CalendarEdit{}), e.DeleteCalendar(ctx, by, "china", 0, "", "")} {
			if store.KindOf(err) != store.Forbidden {
				t.Errorf("%s: %v", role, err)
			}
		}
	}
	if c := mustCalendar(t, e, "china"); len(c.Entered) != 0 {
		t.Errorf("something was kept: %v", c.Entered)
	}
	if err := e.BreakTable("events"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.SaveYear(ctx, e.Admin, "china", 2027, 0, year2027()); err == nil {
		t.Error("saved without an event")
	}
	e.Reopen(t)
	if c := mustCalendar(t, e, "china"); len(c.Entered) != 0 {
		t.Errorf("kept without an event: %v", c.Entered)
	}
}

// Forty administrators at once: one saves, the others are told; forty sends of
// one form save once.
func TestCalendarFormsRace(t *testing.T) {
	e := storetest.New(t)
	conflicts := []store.Kind{store.Conflict}
	rev := yearRev(t, e, "china", 2029)
	t.Run("one year", func(t *testing.T) {
		contest(t, e, 1, conflicts, func(i int) error {
			_, err := e.SaveYear(ctx, e.Admin, "china", 2029, rev, store.NewYear{Source: "Notice " + strconv.Itoa(i), Days: "01-01 A"})
			return err
		})
	})
	t.Run("one form sent forty times", func(t *testing.T) {
		by, rev := e.Admin, yearRev(t, e, "china", 2030)
		by.Key = "year-form"
		contest(t, e, callers, nil, func(int) error {
			_, err := e.SaveYear(ctx, by, "china", 2030, rev, store.NewYear{Source: "A notice", Days: "01-01 A"})
			return err
		})
	})
	t.Run("one removal", func(t *testing.T) {
		rev := yearRev(t, e, "china", 2029)
		contest(t, e, 1, conflicts, func(int) error { return e.RemoveYear(ctx, e.Admin, "china", 2029, rev, "Wrong") })
	})
	t.Run("one calendar", func(t *testing.T) {
		contest(t, e, 1, []store.Kind{store.Invalid}, func(i int) error {
			_, err := e.AddCalendar(ctx, e.Admin, "norway", store.CalendarEdit{Name: "Norway " + strconv.Itoa(i), Weekend: []string{"Sunday"}})
			return err
		})
	})
	t.Run("one name", func(t *testing.T) {
		contest(t, e, 1, []store.Kind{store.Invalid}, func(i int) error {
			_, err := e.AddCalendar(ctx, e.Admin, "sweden-"+strconv.Itoa(i), store.CalendarEdit{Name: []string{"Sweden", "SWEDEN"}[i%2], Weekend: []string{"Sunday"}})
			return err
		})
	})
	t.Run("deleted while a region takes it", func(t *testing.T) {
		r, _ := e.Catalogue().Region("eu-west-1")
		in := store.RegionEditOf(r)
		in.Calendar = "norway"
		name := mustCalendar(t, e, "norway").Name()
		var regionErr, calendarErr error
		race(2, func(i int) error {
			if i == 0 {
				regionErr = e.UpdateRegion(ctx, e.Admin, r.ID, 0, in)
				return regionErr
			}
			calendarErr = e.DeleteCalendar(ctx, e.Admin, "norway", 0, name, "Given up")
			return calendarErr
		})
		_, there := e.Calendar("norway")
		now, _ := e.Catalogue().Region("eu-west-1")
		if (regionErr == nil) == (calendarErr == nil) || there != (regionErr == nil) || (now.Calendar == "norway") != there {
			t.Errorf("region: %v, calendar: %v, there %v, kept %s", regionErr, calendarErr, there, now.Calendar)
		}
	})
	e.Sound(t)
}

// An operator's own region with an own calendar has due times.
func TestAnOwnCalendar(t *testing.T) {
	e := storetest.New(t)
	e.Clock.Set(hangzhou("2026-11-20 15:12"))
	waits := e.At(t, lifecycle.WaitingForCabling) // due by the shipped calendar
	r, _ := e.Catalogue().Region("cn-hangzhou")
	in := store.RegionEditOf(r)
	in.Calendar = ""
	if err := e.UpdateRegion(ctx, e.Admin, r.ID, 0, in); err != nil {
		t.Fatal(err)
	}
	if _, ok := e.Workdays(r.ID); ok {
		t.Fatal("the region still has a calendar")
	}
	unknown := e.At(t, lifecycle.InApplication)
	if !unknown.DueAt.IsZero() || e.Get(t, waits.ID).DueAt != waits.DueAt {
		t.Fatalf("due %v without a calendar, and %v", unknown.DueAt, e.Get(t, waits.ID).DueAt)
	}

	bad := func(id string, in store.CalendarEdit, field string) {
		t.Helper()
		if _, err := e.AddCalendar(ctx, e.Admin, id, in); store.KindOf(err) != store.Invalid || store.FieldsOf(err)[field] == "" {
			t.Errorf("%s %+v: %v %v", id, in, err, store.FieldsOf(err))
		}
	}
	friday := []string{"Friday", "Saturday"}
	bad("", store.CalendarEdit{Name: "Own", Weekend: friday}, "id")
	bad("../x", store.CalendarEdit{Name: "Own", Weekend: friday}, "id")
	bad("new", store.CalendarEdit{Name: "Own", Weekend: friday}, "id") // the address of the form
	bad("china", store.CalendarEdit{Name: "Own", Weekend: friday}, "id")
	bad("own", store.CalendarEdit{Weekend: friday}, "name")
	bad("own", store.CalendarEdit{Name: "singapore", Weekend: friday}, "name")
	bad("own", store.CalendarEdit{Name: "Own"}, "weekend")
	bad("own", store.CalendarEdit{Name: "Own", Weekend: []string{"Freitag"}}, "weekend")
	bad("own", store.CalendarEdit{Name: "Own", Weekend: []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}}, "weekend")
	id, err := e.AddCalendar(ctx, e.Admin, "own", store.CalendarEdit{Name: "Our halls", Weekend: friday})
	if err != nil || id != "own" {
		t.Fatal(id, err, store.FieldsOf(err))
	}

	// The region gets it before its year is there: nothing is known yet.
	in.Calendar = "own"
	if err := e.UpdateRegion(ctx, e.Admin, r.ID, 0, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if got := e.Get(t, unknown.ID); !got.DueAt.IsZero() {
		t.Errorf("due %v by a calendar without a year", got.DueAt)
	}
	if n, err := e.SaveYear(ctx, e.Admin, "own", 2026, yearRev(t, e, "own", 2026), store.NewYear{Source: "House rules", Days: "12-25 Christmas"}); err != nil || n != 1 {
		t.Fatalf("%d set, %v", n, err)
	}
	// Friday 20 Nov is no working day here: Sunday is the first, Monday the second.
	if got := e.Get(t, unknown.ID); !got.DueAt.Equal(hangzhou("2026-11-23 23:59").Add(59 * time.Second)) {
		t.Errorf("due %v", got.DueAt)
	}
	if got := e.Get(t, waits.ID); !got.DueAt.Equal(waits.DueAt) {
		t.Errorf("the promise moved to %v", got.DueAt)
	}

	// It changes, but not under a table that it contradicts.
	if _, err := e.SaveYear(ctx, e.Admin, "own", 2027, 0, store.NewYear{Source: "House rules", Days: "01-01 New Year\nwork 01-02 New Year"}); err != nil {
		t.Fatal(err)
	}
	rev := mustCalendar(t, e, "own").Rev()
	if err := e.UpdateCalendar(ctx, e.Admin, "own", rev, store.CalendarEdit{Name: "Our halls", Weekend: []string{"Sunday"}}); store.KindOf(err) != store.Invalid || !strings.Contains(store.FieldsOf(err)["weekend"], "2027") {
		t.Errorf("a weekend that a table contradicts: %v %v", err, store.FieldsOf(err))
	}
	if err := e.UpdateCalendar(ctx, e.Admin, "own", rev, store.CalendarEdit{Name: "Our sites", Weekend: []string{"Saturday"}}); err != nil {
		t.Fatal(err)
	}
	if err := e.UpdateCalendar(ctx, e.Admin, "own", rev, store.CalendarEdit{Name: "Late", Weekend: friday}); store.KindOf(err) != store.Conflict {
		t.Errorf("a stale form: %v", err)
	}
	if c := mustCalendar(t, e, "own"); c.Name() != "Our sites" || !slices.Equal(c.Weekend(), []time.Weekday{time.Saturday}) || !slices.Equal(c.Years(), []int{2026, 2027}) {
		t.Errorf("%s, weekend %v, years %v", c.Name(), c.Weekend(), c.Years())
	}
	for _, id := range []string{"china", "none"} {
		uerr, derr := e.UpdateCalendar(ctx, e.Admin, id, 0, store.CalendarEdit{Name: "X1", Weekend: friday}), e.DeleteCalendar(ctx, e.Admin, id, 0, "China (mainland)", "Given up")
		if want := map[string]store.Kind{"china": store.Conflict, "none": store.NotFound}[id]; store.KindOf(uerr) != want || store.KindOf(derr) != want {
			t.Errorf("%s: changed %v, deleted %v", id, uerr, derr)
		}
	}

	// In use it stays; then it goes with its years.
	if err := e.DeleteCalendar(ctx, e.Admin, "own", 0, "Our sites", "Given up"); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), "China (Hangzhou) keeps this calendar") {
		t.Errorf("deleted in use: %v", err)
	}
	in.Calendar = "china"
	if err := e.UpdateRegion(ctx, e.Admin, r.ID, 0, in); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteCalendar(ctx, e.Admin, "own", 0, "Our halls", "Given up"); store.FieldsOf(err)["confirm"] == "" {
		t.Errorf("another name typed: %v", err)
	}
	if err := e.DeleteCalendar(ctx, e.Admin, "own", 0, "Our sites", "Given up"); err != nil {
		t.Fatal(err)
	}
	if _, ok := e.Calendar("own"); ok {
		t.Error("it is still there")
	}
	if _, err := e.AddCalendar(ctx, e.Admin, "own", store.CalendarEdit{Name: "Again", Weekend: friday}); err != nil || len(mustCalendar(t, e, "own").Years()) != 0 {
		t.Errorf("the years of the old one came back: %v", err)
	}
	in.Calendar = "atlantis"
	if err := e.UpdateRegion(ctx, e.Admin, r.ID, 0, in); store.FieldsOf(err)["calendar"] == "" {
		t.Errorf("a calendar that is not there: %v", err)
	}
	e.Sound(t)
}

// A region that gets a calendar which knows the year gets its due times at once.
func TestARegionThatGetsACalendar(t *testing.T) {
	e := storetest.New(t)
	r, _ := e.Catalogue().Region("cn-hangzhou")
	in := store.RegionEditOf(r)
	in.Calendar = ""
	if err := e.UpdateRegion(ctx, e.Admin, r.ID, 0, in); err != nil {
		t.Fatal(err)
	}
	c := e.At(t, lifecycle.InApplication)
	in.Calendar = "hong-kong"
	if err := e.UpdateRegion(ctx, e.Admin, r.ID, 0, in); err != nil {
		t.Fatal(err)
	}
	if got := e.Get(t, c.ID); !got.DueAt.Equal(hangzhou("2026-11-24 15:12")) {
		t.Errorf("due %v", got.DueAt)
	}
	if ev := lastEvent(t, e, store.RegionSubject(r.ID)); !strings.HasSuffix(ev.Detail, "calendar hong-kong; 1 due time set") {
		t.Errorf("event %q", ev.Detail)
	}
}

// A year that comes with a new release, or a calendar that an import gives, is
// found by the work of time.
func TestTimeSetsTheDueTimesThatAreOwed(t *testing.T) {
	e := storetest.New(t)
	e.Clock.Set(hangzhou("2026-12-30 12:00"))
	c := e.At(t, lifecycle.InApplication)
	if n, err := e.RunDue(ctx); n != 0 || err != nil {
		t.Fatalf("nothing is owed: %d, %v", n, err)
	}
	past(t, e, "INSERT INTO calendar_years (calendar, year, source, days, saved_at) VALUES ('china', 2027, 'A release', '"+invented+"', '2026-12-30T00:00:00.000Z')")
	e.Reopen(t)
	if n, err := e.RunDue(ctx); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if got := e.Get(t, c.ID); !got.DueAt.Equal(hangzhou("2027-01-05 12:00")) {
		t.Errorf("due %v", got.DueAt)
	}
	if ev := lastEvent(t, e, c.ID); ev.Action != store.ActionSetDueTime || ev.ActorRole != lifecycle.System {
		t.Errorf("event %+v", ev)
	}

	// An import takes the calendar away and gives it back.
	file := func() string {
		var b bytes.Buffer
		if err := e.ExportInventory(ctx, e.Admin, &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	apply := func(file string) *inventory.Plan {
		t.Helper()
		plan, err := e.PlanInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file), nil)
		if err != nil {
			t.Fatal(err)
		}
		if plan.Total.Refused == 0 {
			if _, err := e.ApplyInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file), plan.Hash, nil); err != nil {
				t.Fatal(err)
			}
		}
		return plan
	}
	whole := file()
	if plan := apply(whole); plan.Total.Changed+plan.Total.Added+plan.Total.Refused != 0 {
		t.Errorf("a round trip changes %+v", plan.Total)
	}
	apply("kind,id,calendar\nregion,cn-hangzhou,\n")
	later := e.At(t, lifecycle.InApplication)
	if !later.DueAt.IsZero() {
		t.Fatalf("due %v without a calendar", later.DueAt)
	}
	if plan := apply("kind,id,calendar\nregion,cn-hangzhou,atlantis\n"); plan.Total.Refused != 1 || !strings.Contains(plan.Lines[0].Reason, "“atlantis” is unknown") {
		t.Errorf("a calendar that is not there: %+v", plan.Lines)
	}
	apply("kind,id,mainland\nregion,cn-hangzhou,yes\n") // says nothing of calendars, changes none
	if r, _ := e.Catalogue().Region("cn-hangzhou"); r.Calendar != "" {
		t.Errorf("the calendar is %s", r.Calendar)
	}
	apply(whole)
	if n, err := e.RunDue(ctx); n != 1 || err != nil || e.Get(t, later.ID).DueAt.IsZero() {
		t.Errorf("after the import %d, %v, due %v", n, err, e.Get(t, later.ID).DueAt)
	}
	e.Sound(t)
}

// past changes the file past the store.
func past(t *testing.T, e *storetest.Env, statement string) {
	t.Helper()
	if _, err := rawFile(t, e).Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// rawFile is the database of e past the store.
func rawFile(t *testing.T, e *storetest.Env) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(e.Dir, store.Database)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestMissingYears(t *testing.T) {
	e := storetest.New(t)
	missing := func() string {
		var out []string
		for _, m := range e.MissingYears() {
			begun := ""
			if m.Begun {
				begun = " begun"
			}
			out = append(out, m.Calendar.ID()+" "+strconv.Itoa(m.Year)+begun)
		}
		return strings.Join(out, ", ")
	}
	const six = "china 2027, india-maharashtra 2027, indonesia 2027, malaysia-kuala-lumpur 2027, singapore 2027, united-arab-emirates 2027"
	for _, tt := range []struct{ now, want string }{
		{"2026-11-01 12:00", ""},
		{"2026-11-02 12:00", six},
		{"2026-12-31 12:00", six},
		{"2027-01-01 00:30", "china 2027 begun, malaysia-kuala-lumpur 2027 begun, singapore 2027 begun"}, // in the east alone
	} {
		e.Clock.Set(hangzhou(tt.now))
		got := missing()
		if strings.HasPrefix(tt.now, "2027") {
			got = strings.Join(slices.DeleteFunc(strings.Split(got, ", "), func(s string) bool { return !strings.HasSuffix(s, "begun") }), ", ")
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.now, got, tt.want)
		}
	}
	// A calendar that no region keeps is missed by nobody, and an entered year is there.
	e.Clock.Set(hangzhou("2026-12-01 12:00"))
	if _, err := e.SaveYear(ctx, e.Admin, "china", 2027, 0, year2027()); err != nil {
		t.Fatal(err)
	}
	r, _ := e.Catalogue().Region("ap-southeast-1")
	in := store.RegionEditOf(r)
	in.Calendar = ""
	if err := e.UpdateRegion(ctx, e.Admin, r.ID, 0, in); err != nil {
		t.Fatal(err)
	}
	if got := missing(); strings.Contains(got, "china") || strings.Contains(got, "singapore") || !strings.Contains(got, "indonesia 2027") {
		t.Error(got)
	}
}

// A row that cannot be read stops no clock but its own, and the check names it.
func TestTheCheckReadsTheCalendars(t *testing.T) {
	e := storetest.New(t)
	if _, err := e.SaveYear(ctx, e.Admin, "china", 2027, 0, year2027()); err != nil {
		t.Fatal(err)
	}
	find := func() store.Finding {
		t.Helper()
		all, err := e.Check(ctx)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(all, func(f store.Finding) bool { return f.Area == "Calendars" })
		if i < 0 {
			t.Fatal("the calendars are not looked at")
		}
		return all[i]
	}
	if f := find(); len(f.Problems) != 0 || f.Looked != "12 calendars, 1 entered year" {
		t.Errorf("%+v", f)
	}
	past(t, e, "UPDATE calendar_years SET days = '02-30 A' WHERE year = 2027; INSERT INTO calendar_years (calendar, year, source, days, saved_at) VALUES ('gone', 2027, 'x', '01-01 A', '2026-12-30T00:00:00.000Z'), ('singapore', 2027, 'x', '01-01 A', '2026-12-30T00:00:00.000Z'); "+
		"INSERT INTO calendars (id, name, weekend, created_at) VALUES ('odd', 'Odd', 'Caturday', 'x'); UPDATE regions SET calendar = 'gone' WHERE id = 'eu-west-1'")
	f := find()
	text := strings.Join(f.Problems, "\n")
	for _, want := range []string{`calendar china, 2027: line 1: "02-30" is no day`, "year 2027 belongs to a calendar gone", "calendar odd:", "region eu-west-1 keeps a calendar gone"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if len(f.Problems) != 4 {
		t.Errorf("%d problems:\n%s", len(f.Problems), text)
	}
	e.Reopen(t)
	if _, ok := mustCalendar(t, e, "china").Table(2027); ok {
		t.Error("a table that cannot be read is in force")
	}
	if _, ok := mustCalendar(t, e, "china").Table(2026); !ok {
		t.Error("the shipped table is gone with it")
	}
	if _, ok := mustCalendar(t, e, "singapore").Table(2027); !ok {
		t.Error("another calendar's table is gone with it")
	}
	if _, ok := e.Workdays("eu-west-1"); ok {
		t.Error("a calendar that is not there")
	}
}
