package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"demarc/store/workday"
)

// Working days are kept as the shipped calendars with the operator's years laid
// over them, and the operator's own calendars, in one immutable snapshot that a
// write replaces, as the catalogue is.

// Calendar is a calendar with where its tables are from.
type Calendar struct {
	*workday.Calendar                   // in UTC
	Own               bool              // made by the operator, not shipped
	Entered           map[int]time.Time // when the operator entered a year, by year
	shipped           *workday.Calendar // without what the operator entered; nil for an own one
}

// Shipped reports whether a year has a table that is shipped, whatever stands in
// its place now.
func (c Calendar) Shipped(year int) bool {
	if c.shipped == nil {
		return false
	}
	_, ok := c.shipped.Table(year)
	return ok
}

// calendars is the snapshot, by ID.
type calendars map[string]Calendar

// Calendars returns every calendar by name. Nobody may change what it returns.
func (s *Store) Calendars() []Calendar {
	all := *s.calendars.Load()
	out := make([]Calendar, 0, len(all))
	for _, c := range all {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Calendar) int {
		if byName := strings.Compare(strings.ToLower(a.Name()), strings.ToLower(b.Name())); byName != 0 {
			return byName
		}
		return strings.Compare(a.ID(), b.ID())
	})
	return out
}

// Calendar returns the calendar with this ID.
func (s *Store) Calendar(id string) (Calendar, bool) {
	c, ok := (*s.calendars.Load())[id]
	return c, ok
}

// Workdays returns the working days of a region in its zone, and whether the
// region has a calendar at all.
func (s *Store) Workdays(region string) (*workday.Calendar, bool) {
	r, _ := s.Catalogue().Region(region)
	c, ok := s.Calendar(r.Calendar)
	if !ok {
		return nil, false
	}
	return c.In(s.Catalogue().Zone(region)), true
}

// calendarIDs are the IDs of the calendars that there are at a moment.
func calendarIDs(ctx context.Context, from rowSource) ([]string, error) {
	shipped, err := workday.Shipped()
	if err != nil {
		return nil, err
	}
	rows, err := from.QueryContext(ctx, "SELECT id FROM calendars ORDER BY id")
	if err != nil {
		return nil, err
	}
	ids, err := collect(rows, func(r scanner) (id string, err error) { return id, r.Scan(&id) })
	for _, c := range shipped {
		ids = append(ids, c.ID())
	}
	return ids, err
}

type calendarRow struct{ id, name, weekend string }

func scanCalendar(r scanner) (v calendarRow, err error) {
	return v, r.Scan(&v.id, &v.name, &v.weekend)
}

func (r calendarRow) calendar(tables ...workday.Table) (*workday.Calendar, error) {
	weekend, err := workday.ParseWeekend(r.weekend)
	if err != nil {
		return nil, err
	}
	return workday.New(r.id, r.name, weekend, tables...)
}

type yearRow struct {
	calendar     string
	year         int
	source, days string
	savedAt      instant
}

func scanYear(r scanner) (v yearRow, err error) {
	return v, r.Scan(&v.calendar, &v.year, &v.source, &v.days, &v.savedAt)
}

const (
	calendarColumns = "id, name, weekend"
	yearColumns     = "calendar, year, source, days, saved_at"
)

// loadCalendars reads the snapshot anew. A row that cannot be read is left out,
// so that the clocks of other regions go on, and is in the log; Check names it.
func (s *Store) loadCalendars(ctx context.Context) error {
	s.calendarsMu.Lock() // the later reader must not be overtaken by the earlier one
	defer s.calendarsMu.Unlock()
	all, problems, err := readCalendars(ctx, s.read)
	if err != nil {
		return err
	}
	for _, p := range problems {
		s.log.ErrorContext(ctx, "a calendar cannot be read", "problem", p)
	}
	s.calendars.Store(&all)
	s.revisions.raise(touched{everybody: true})
	return nil
}

// readCalendars makes the snapshot of the rows; problems are those that cannot
// be read.
func readCalendars(ctx context.Context, from rowSource) (all calendars, problems []string, err error) {
	shipped, err := workday.Shipped()
	if err != nil {
		return nil, nil, err
	}
	all = calendars{}
	for _, c := range shipped {
		all[c.ID()] = Calendar{Calendar: c, Entered: map[int]time.Time{}, shipped: c}
	}
	rows, err := from.QueryContext(ctx, "SELECT "+calendarColumns+" FROM calendars ORDER BY id")
	if err != nil {
		return nil, nil, err
	}
	own, err := collect(rows, scanCalendar)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range own {
		c, err := row.calendar()
		if err != nil {
			problems = append(problems, fmt.Sprintf("calendar %s: %v", row.id, err))
			continue
		}
		// One that is shipped later under the same ID changes nothing here.
		all[row.id] = Calendar{Calendar: c, Own: true, Entered: map[int]time.Time{}}
	}
	if rows, err = from.QueryContext(ctx, "SELECT "+yearColumns+" FROM calendar_years ORDER BY calendar, year"); err != nil {
		return nil, nil, err
	}
	years, err := collect(rows, scanYear)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range years {
		c, ok := all[row.calendar]
		if !ok {
			problems = append(problems, fmt.Sprintf("year %d belongs to a calendar %s that is not there", row.year, row.calendar))
			continue
		}
		table, faults := workday.ParseTable(row.year, row.source, row.days, c.Weekend())
		if len(faults) > 0 {
			problems = append(problems, fmt.Sprintf("calendar %s, %d: line %d: %s", row.calendar, row.year, faults[0].Line, faults[0].Msg))
			continue
		}
		with, err := c.With(table)
		if err != nil {
			problems = append(problems, fmt.Sprintf("calendar %s, %d: %v", row.calendar, row.year, err))
			continue
		}
		c.Calendar, c.Entered[row.year] = with, row.savedAt.Time
		all[row.calendar] = c
	}
	return all, problems, nil
}

// replaceCalendars reads the snapshot anew after a write that is durable. A
// failure leaves the old one, which the next write or start replaces. A clock
// that was started meanwhile by the old one is for RunDue to look at.
func (t *tx) replaceCalendars() {
	t.s.dueTimesOwed.Store(true)
	if err := t.s.loadCalendars(t.ctx); err != nil {
		t.s.log.ErrorContext(t.ctx, "calendars could not be read again", "request_id", t.by.RequestID, "error", err)
	}
}

// dueIn is start plus working days of a calendar, zero when there is none or
// the year has no table.
func dueIn(cal *workday.Calendar, start time.Time, days int) (time.Time, error) {
	if cal == nil {
		return time.Time{}, nil
	}
	due, err := cal.Due(start, days)
	var none workday.ErrNoTable
	if errors.As(err, &none) {
		return time.Time{}, nil
	}
	return due, err
}

// yearAhead is how many days before a year begins it is missed when it has no
// table: the announcements are out by then, and clocks reach into it soon.
const yearAhead = 60

// MissingYear is a year of which a calendar has no table though a region keeps
// it, and clocks run in the year or are about to reach it.
type MissingYear struct {
	Calendar Calendar
	Year     int
	Begun    bool // the year has begun at one of the sites
}

// MissingYears lists the years that administrators have to enter now: the
// present one and, from 60 days before it begins, the next.
func (s *Store) MissingYears() []MissingYear {
	cat := s.Catalogue()
	latest := map[string]time.Time{} // of the sites that keep a calendar, the day that is furthest ahead
	for _, r := range cat.Regions() {
		local := s.Now().In(cat.Zone(r.ID))
		day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
		if was, ok := latest[r.Calendar]; !ok || day.After(was) {
			latest[r.Calendar] = day
		}
	}
	var out []MissingYear
	for _, c := range s.Calendars() {
		today, kept := latest[c.ID()]
		if !kept {
			continue
		}
		for _, year := range slices.Compact([]int{today.Year(), today.AddDate(0, 0, yearAhead).Year()}) {
			if _, ok := c.Table(year); !ok {
				out = append(out, MissingYear{c, year, year == today.Year()})
			}
		}
	}
	return out
}
