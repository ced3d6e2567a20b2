package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"demarc/store/catalog"
	"demarc/store/inventory"
	"demarc/store/lifecycle"
	"demarc/store/workday"
)

// What a change of a calendar does to clocks that run already: a due time that
// was told to a customer is a promise and stays as it is, whatever the table
// says later; it gets neither later nor, behind the back of those who work by
// it, earlier. A due time that was not known, because the year had no table or
// the region no calendar, becomes known, counted from the moment at which the
// clock started, even if it has passed by then. Clocks that start from now on
// follow the new table.

// CalendarSubject is the subject of a calendar's events.
func CalendarSubject(id string) string { return "calendar:" + id }

// ActionSetDueTime is the action of an interface whose due time became known.
const ActionSetDueTime = "set_due_time"

// EnterableYears are the first and the last year whose table can be entered:
// last year's, since a clock may run from it, and a few ahead.
func (s *Store) EnterableYears() (first, last int) {
	year := s.Now().Year()
	return year - 1, year + 5
}

// YearRev names what a calendar says about a year now, for a form that changes
// it: two people who change it at once do not undo each other.
func (c Calendar) YearRev(year int) int {
	table, ok := c.Table(year)
	_, entered := c.Entered[year]
	return textRev(fmt.Sprint(c.Weekend(), year, ok, entered, table.Source(), "\n", table.Text()))
}

// Rev names what an operator's calendar is called and when its weekend is.
func (c Calendar) Rev() int { return textRev(fmt.Sprint(c.Name(), c.Weekend())) }

// calendar reads a calendar as it is in this transaction. Kinds: NotFound.
func (t *tx) calendar(id string) (Calendar, error) { return calendarAt(t.ctx, t.Tx, id) }

func calendarAt(ctx context.Context, from rowSource, id string) (Calendar, error) {
	all, _, err := readCalendars(ctx, from)
	if err != nil {
		return Calendar{}, err
	}
	c, ok := all[id]
	if !ok {
		return c, &Error{Kind: NotFound, Msg: "This calendar does not exist."}
	}
	return c, nil
}

// NewYear is a year's table as it was typed.
type NewYear struct {
	Source string // where it is published
	Days   string // lines as workday.ParseTable reads them
}

// YearPreview is what a year's table would change.
type YearPreview struct {
	Calendar Calendar // as it is
	Year     int
	Next     *workday.Calendar // with the new table
	Table    workday.Table     // the new one
	Faults   []workday.Fault   // what is wrong with its lines
	Changes  []workday.Change  // against the table in force
	Known    []ClockChange     // due times that become known, at most ClocksShown
	Kept     []ClockChange     // due times that stay, though the table counts another, at most ClocksShown
	// KnownCount and KeptCount are how many there are of each; More says that
	// there are more clocks than were looked at.
	KnownCount, KeptCount int
	More                  bool
}

// ClockChange is an interface that waits for staff, and the due time that a new
// table counts for it.
type ClockChange struct {
	Connection
	Would time.Time
}

// ClocksShown is how many clocks a preview names; clocksLooked is how many it
// looks at, in each stage.
const (
	ClocksShown  = 20
	clocksLooked = 500
)

// PreviewYear judges a year's table without keeping it. Kinds: Invalid (fields
// source, days; the lines are in Faults), NotFound, Forbidden.
func (s *Store) PreviewYear(ctx context.Context, by Actor, id string, year int, in NewYear) (YearPreview, error) {
	p := YearPreview{Year: year}
	if !lifecycle.May(lifecycle.ManageCalendars, by.Role) {
		return p, forbidden(msgAdminOnly)
	}
	err := s.snapshot(ctx, func(tx *sql.Tx) (err error) {
		if p.Calendar, err = calendarAt(ctx, tx, id); err != nil {
			return err
		}
		if err := p.judge(s, in); err != nil {
			return err
		}
		regions, err := regionsKeeping(ctx, tx, id)
		if err != nil {
			return err
		}
		return p.clocks(ctx, tx, regions)
	})
	return p, err
}

// judge reads the table. Kinds: Invalid, NotFound.
func (p *YearPreview) judge(s *Store, in NewYear) error {
	if first, last := s.EnterableYears(); p.Year < first || p.Year > last {
		return &Error{Kind: NotFound, Msg: fmt.Sprintf("Tables can be entered for the years from %d to %d.", first, last)}
	}
	bad := map[string]string{}
	source := strings.TrimSpace(in.Source)
	if msg := between(source, 300, "Say where the table is published"); msg != "" {
		bad["source"] = msg
	}
	p.Table, p.Faults = workday.ParseTable(p.Year, source, in.Days, p.Calendar.Weekend())
	if n := len(p.Faults); n > 1 {
		bad["days"] = fmt.Sprintf("%d lines need a correction", n)
	} else if n == 1 {
		bad["days"] = "One line needs a correction"
		if p.Faults[0].Line == 0 {
			bad["days"] = p.Faults[0].Msg
		}
	}
	if len(bad) > 0 {
		return invalidFields(bad)
	}
	old, had := p.Calendar.Table(p.Year)
	p.Changes = p.Table.Changes(old)
	if had && len(p.Changes) == 0 && old.Source() == source {
		return invalidFields(map[string]string{"days": "This is the table that is in force already. Change a line or the source."})
	}
	next, err := p.Calendar.With(p.Table)
	p.Next = next
	return err
}

// regionsKeeping are the regions that keep a calendar.
func regionsKeeping(ctx context.Context, from rowSource, id string) ([]catalog.Region, error) {
	rows, err := from.QueryContext(ctx, "SELECT "+regionColumns+" FROM regions WHERE calendar = ? ORDER BY id", id)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanRegion)
}

// clockStages are the stages in which staff have a number of working days.
func clockStages() []lifecycle.Stage {
	return slices.DeleteFunc(lifecycle.Stages(), func(s lifecycle.Stage) bool { return s.Turn() != lifecycle.TurnStaff })
}

// clocks finds what the new table does to clocks that run.
func (p *YearPreview) clocks(ctx context.Context, from rowSource, regions []catalog.Region) error {
	begins := time.Date(p.Year, time.January, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -1) // west of Greenwich a day is the next one in UTC
	for _, stage := range clockStages() {
		unknown, err := openClocks(ctx, from, stage, "due_at IS NULL", nil, regions, clocksLooked+1)
		if err != nil {
			return err
		}
		known, err := openClocks(ctx, from, stage, "due_at >= ?", []any{at(begins)}, regions, clocksLooked+1)
		if err != nil {
			return err
		}
		p.More = p.More || len(unknown) > clocksLooked || len(known) > clocksLooked
		for _, c := range slices.Concat(unknown, known) {
			would, err := clockEnd(p.Next, regions, c)
			switch {
			case err != nil:
				return err
			case would.IsZero() || would.Equal(c.DueAt):
			case c.DueAt.IsZero():
				p.Known, p.KnownCount = append(p.Known, ClockChange{c, would}), p.KnownCount+1
			default:
				p.Kept, p.KeptCount = append(p.Kept, ClockChange{c, would}), p.KeptCount+1
			}
		}
	}
	for _, list := range []*[]ClockChange{&p.Known, &p.Kept} {
		slices.SortFunc(*list, func(a, b ClockChange) int { return a.Would.Compare(b.Would) })
		*list = (*list)[:min(len(*list), ClocksShown)]
	}
	return nil
}

// openClocksQuery reads the queue of a stage in its order; regions is the inside
// of "IN (…)".
func openClocksQuery(where, regions string) string {
	return "SELECT " + connectionColumns + " FROM connections WHERE stage = ? AND " + where + " AND region IN (" + regions + ") ORDER BY due_at, id LIMIT ?"
}

// openClocks lists interfaces of the regions in a stage of staff, narrowed by a
// condition on due_at; limit -1 lists all.
func openClocks(ctx context.Context, from rowSource, stage lifecycle.Stage, where string, args []any, regions []catalog.Region, limit int) ([]Connection, error) {
	if len(regions) == 0 {
		return nil, nil
	}
	ids := make([]any, len(regions))
	for i, r := range regions {
		ids[i] = r.ID
	}
	in, ids := inList(ids)
	args = slices.Concat([]any{stage}, args, ids)
	rows, err := from.QueryContext(ctx, openClocksQuery(where, in), append(args, limit)...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanConnection)
}

// clockEnd is when the clock of c ends by a calendar, zero when it does not say.
func clockEnd(cal *workday.Calendar, regions []catalog.Region, c Connection) (time.Time, error) {
	i := slices.IndexFunc(regions, func(r catalog.Region) bool { return r.ID == c.Region })
	if cal == nil || i < 0 {
		return time.Time{}, nil
	}
	zone, err := time.LoadLocation(regions[i].Zone)
	if err != nil {
		return time.Time{}, err
	}
	return dueIn(cal.In(zone), c.StageSince, lifecycle.ReviewDays(regions[i].Mainland))
}

// setDueTimes gives a due time to the clocks in these regions that have none
// and get one by the calendar, and returns how many. It looks at all of them at
// once: they are work that waits, and few.
func (t *tx) setDueTimes(cal *workday.Calendar, regions []catalog.Region) (int, error) {
	n := 0
	for _, stage := range clockStages() {
		clocks, err := openClocks(t.ctx, t.Tx, stage, "due_at IS NULL", nil, regions, -1)
		if err != nil {
			return n, err
		}
		for _, c := range clocks {
			due, err := clockEnd(cal, regions, c)
			if err != nil {
				return n, err
			}
			if due.IsZero() {
				continue
			}
			if _, err := t.exec("UPDATE connections SET due_at = ? WHERE account_id = ? AND id = ? AND stage = ? AND due_at IS NULL", at(due), c.AccountID, c.ID, stage); err != nil {
				return n, err
			}
			detail := "Due " + due.Format("Mon 2 Jan 2006, 15:04 (UTC-07:00)") + ", counted from " + c.StageSince.In(due.Location()).Format("Mon 2 Jan 2006, 15:04")
			if err := t.event(c.ID, c.AccountID, ActionSetDueTime, c.Stage, c.Stage, "", detail); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// setOwedDueTimes gives due times to clocks that have none though the calendars
// know one: a year came with a new release or an import brought a calendar, or
// a clock was started in the moment in which a table was saved.
func (s *Store) setOwedDueTimes(ctx context.Context) (int, error) {
	if !s.dueTimesOwed.Swap(false) {
		return 0, nil
	}
	n := 0
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		all, _, err := readCalendars(t.ctx, t.Tx)
		if err != nil {
			return err
		}
		for id, c := range all {
			regions, err := regionsKeeping(t.ctx, t.Tx, id)
			if err != nil {
				return err
			}
			set, err := t.setDueTimes(c.Calendar, regions)
			if n += set; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.dueTimesOwed.Store(true)
		return 0, err
	}
	return n, nil
}

// SaveYear enters a year's table, or replaces the one that is in force; due
// times that were not known become known. rev is YearRev of what the person
// saw, 0 when the form carries none. It returns how many due times were set.
// Kinds: Invalid (fields source, days), NotFound, Conflict, Forbidden.
func (s *Store) SaveYear(ctx context.Context, by Actor, id string, year, rev int, in NewYear) (int, error) {
	if !lifecycle.May(lifecycle.ManageCalendars, by.Role) {
		return 0, forbidden(msgAdminOnly)
	}
	result, err := s.once(ctx, by, func(t *tx) (string, error) {
		p := YearPreview{Year: year}
		var err error
		if p.Calendar, err = t.yearToChange(id, year, rev); err != nil {
			return "", err
		}
		if err := p.judge(s, in); err != nil {
			return "", err
		}
		if _, err := t.exec(`INSERT INTO calendar_years (calendar, year, source, days, saved_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (calendar, year) DO UPDATE SET source = excluded.source, days = excluded.days, saved_at = excluded.saved_at`,
			id, year, p.Table.Source(), p.Table.Text(), at(t.now)); err != nil {
			return "", err
		}
		regions, err := regionsKeeping(t.ctx, t.Tx, id)
		if err != nil {
			return "", err
		}
		n, err := t.setDueTimes(p.Next, regions)
		if err != nil {
			return "", err
		}
		t.after(t.replaceCalendars)
		detail := fmt.Sprintf("%s %d: %s → %s; source: %s", p.Calendar.Name(), year, yearWords(p.Calendar.Calendar, year), yearWords(p.Next, year), p.Table.Source())
		if n > 0 {
			detail += "; " + countWords(n, "due time") + " set"
		}
		return strconv.Itoa(n), t.event(CalendarSubject(id), "", "save_calendar_year", "", "", "", detail)
	})
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(result)
}

func (t *tx) yearToChange(id string, year, rev int) (Calendar, error) {
	c, err := t.calendar(id)
	if err == nil && rev != 0 && rev != c.YearRev(year) {
		err = conflictf("The year %d of %s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", year, c.Name())
	}
	return c, err
}

// yearWords count what a table says, for the audit log.
func yearWords(c *workday.Calendar, year int) string {
	table, ok := c.Table(year)
	if !ok {
		return "no table"
	}
	worked, err := c.Workdays(year)
	if err != nil {
		return "no table"
	}
	words := countWords(len(table.Holidays()), "holiday")
	if n := len(table.MakeUpDays()); n > 0 {
		words += ", " + countWords(n, "make-up day")
	}
	return words + ", " + countWords(worked, "working day")
}

// RemoveYear takes a table away that the operator entered: the shipped one of
// that year comes back, or the year has none. Due times that were set stay. rev
// is YearRev of what the person saw. Kinds: Invalid (field reason), NotFound,
// Conflict, Forbidden.
func (s *Store) RemoveYear(ctx context.Context, by Actor, id string, year, rev int, reason string) error {
	if !lifecycle.May(lifecycle.ManageCalendars, by.Role) {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		c, err := t.yearToChange(id, year, rev)
		if err != nil {
			return "", err
		}
		if _, entered := c.Entered[year]; !entered {
			return "", conflictf("The year %d of %s is not one that was entered here, or it was removed a moment ago. Nothing was changed.", year, c.Name())
		}
		if msg := reasonProblem(reason, 3, 500, "Say why the table is removed"); msg != "" {
			return "", invalidFields(map[string]string{"reason": msg})
		}
		was := yearWords(c.Calendar, year)
		if _, err := t.exec("DELETE FROM calendar_years WHERE calendar = ? AND year = ?", id, year); err != nil {
			return "", err
		}
		if c, err = t.calendar(id); err != nil {
			return "", err
		}
		t.after(t.replaceCalendars)
		return id, t.event(CalendarSubject(id), "", "remove_calendar_year", "", "", strings.TrimSpace(reason), fmt.Sprintf("%s %d: %s → %s", c.Name(), year, was, yearWords(c.Calendar, year)))
	})
	return err
}

// CalendarEdit is the form of an operator's calendar, as sent.
type CalendarEdit struct {
	Name    string
	Weekend []string // days of the week by their English names
}

func (in CalendarEdit) row(id string, all calendars) (row calendarRow, fields map[string]string) {
	row, fields = calendarRow{id: id, name: strings.TrimSpace(in.Name)}, map[string]string{}
	if msg := between(row.name, 64, "Enter a name, for example Norway"); msg != "" {
		fields["name"] = msg
	}
	for other, c := range all {
		if other != id && strings.EqualFold(c.Name(), row.name) {
			fields["name"] = "There is already a calendar " + c.Name()
		}
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if slices.Contains(in.Weekend, d.String()) {
			row.weekend = strings.TrimSpace(row.weekend + " " + d.String())
		}
	}
	if _, err := row.calendar(); err != nil {
		fields["weekend"] = "Tick the days of the weekend, one at least and six at most"
	}
	return row, fields
}

// AddCalendar makes a calendar, without a year, and returns its ID. Kinds:
// Invalid (fields id, name, weekend), Forbidden.
func (s *Store) AddCalendar(ctx context.Context, by Actor, id string, in CalendarEdit) (string, error) {
	if !lifecycle.May(lifecycle.ManageCalendars, by.Role) {
		return "", forbidden(msgAdminOnly)
	}
	return s.once(ctx, by, func(t *tx) (string, error) {
		all, _, err := readCalendars(t.ctx, t.Tx)
		if err != nil {
			return "", err
		}
		row, fields := in.row(id, all)
		// What an ID may hold is the inventory's rule: its file names it.
		if msg := inventory.Check(inventory.OfRegion(catalog.Region{ID: id, Name: "x", Zone: "UTC"}))["id"]; msg != "" {
			fields["id"] = msg
		} else if _, taken := all[id]; taken || id == "new" {
			fields["id"] = "There is a calendar with this ID already"
		}
		if err := invalidFields(fields); err != nil {
			return "", err
		}
		if _, err := t.exec("INSERT INTO calendars (id, name, weekend, created_at) VALUES (?, ?, ?, ?)", row.id, row.name, row.weekend, at(t.now)); err != nil {
			return "", err
		}
		t.after(t.replaceCalendars)
		return id, t.event(CalendarSubject(id), "", "add_calendar", "", "", "", row.words())
	})
}

func (r calendarRow) words() string { return r.name + ", weekend " + r.weekend }

// ownCalendar is a calendar of the operator. Kinds: NotFound, Conflict when it
// is shipped.
func (t *tx) ownCalendar(id string, rev int) (Calendar, error) {
	c, err := t.calendar(id)
	switch {
	case err != nil:
	case !c.Own:
		err = conflictf("%s is shipped with Demarc. Enter a year of your own, or make another calendar. Nothing was changed.", c.Name())
	case rev != 0 && rev != c.Rev():
		err = conflictf("%s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", c.Name())
	}
	return c, err
}

func (c Calendar) row() calendarRow {
	var words []string
	for _, d := range c.Weekend() {
		words = append(words, d.String())
	}
	return calendarRow{c.ID(), c.Name(), strings.Join(words, " ")}
}

// UpdateCalendar changes the name and the weekend of an operator's calendar.
// Due times that were set stay. rev is Rev of what the person saw. Kinds:
// Invalid (fields name, weekend), NotFound, Conflict, Forbidden.
func (s *Store) UpdateCalendar(ctx context.Context, by Actor, id string, rev int, in CalendarEdit) error {
	if !lifecycle.May(lifecycle.ManageCalendars, by.Role) {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		was, err := t.ownCalendar(id, rev)
		if err != nil {
			return "", err
		}
		all, _, err := readCalendars(t.ctx, t.Tx)
		if err != nil {
			return "", err
		}
		is, fields := in.row(id, all)
		if fields["weekend"] == "" {
			next, err := is.calendar()
			if err != nil {
				return "", err
			}
			for _, year := range was.Years() {
				table, _ := was.Table(year)
				if _, err := next.With(table); err != nil {
					fields["weekend"] = fmt.Sprintf("The table of %d names a day that is worked instead, and it would be no day of the weekend. Change that year first.", year)
					break
				}
			}
		}
		if err := invalidFields(fields); err != nil {
			return "", err
		}
		if is == was.row() {
			return id, nil
		}
		if _, err := t.exec("UPDATE calendars SET name = ?, weekend = ? WHERE id = ?", is.name, is.weekend, id); err != nil {
			return "", err
		}
		t.after(t.replaceCalendars)
		return id, t.event(CalendarSubject(id), "", "update_calendar", "", "", "", was.row().words()+" → "+is.words())
	})
	return err
}

// CalendarUse says why an operator's calendar cannot be deleted; "" when no
// region keeps it.
func (s *Store) CalendarUse(id string) string {
	return calendarUse(slices.DeleteFunc(slices.Clone(s.Catalogue().Regions()), func(r catalog.Region) bool { return r.Calendar != id }))
}

func calendarUse(kept []catalog.Region) string {
	switch len(kept) {
	case 0:
		return ""
	case 1:
		return kept[0].Name + " keeps this calendar. Give it another one first."
	}
	return kept[0].Name + " and " + countWords(len(kept)-1, "other region") + " keep this calendar. Give them another one first."
}

// DeleteCalendar removes an operator's calendar with its years; typed must be
// its name. Kinds: Invalid (fields confirm, reason), NotFound, Conflict when a
// region keeps it, Forbidden.
func (s *Store) DeleteCalendar(ctx context.Context, by Actor, id string, rev int, typed, reason string) error {
	if !lifecycle.May(lifecycle.ManageCalendars, by.Role) {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		c, err := t.ownCalendar(id, rev)
		if err != nil {
			return "", err
		}
		kept, err := regionsKeeping(t.ctx, t.Tx, id)
		if err != nil {
			return "", err
		}
		if used := calendarUse(kept); used != "" {
			return "", conflictf("%s Nothing was changed.", used)
		}
		bad := map[string]string{}
		if msg := reasonProblem(reason, 3, 500, "Say why the calendar is deleted"); msg != "" {
			bad["reason"] = msg
		}
		if typed != c.Name() {
			bad["confirm"] = "Type the name of the calendar " + c.Name() + " to confirm"
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		for _, query := range []string{"DELETE FROM calendar_years WHERE calendar = ?", "DELETE FROM calendars WHERE id = ?"} {
			if _, err := t.exec(query, id); err != nil {
				return "", err
			}
		}
		t.after(t.replaceCalendars)
		return id, t.event(CalendarSubject(id), "", "delete_calendar", "", "", strings.TrimSpace(reason), fmt.Sprintf("%s, %s", c.row().words(), countWords(len(c.Entered), "year")))
	})
	return err
}

// checkCalendars reads every calendar and every year anew.
func (s *Store) checkCalendars(ctx context.Context) (Finding, error) {
	f := Finding{Area: "Calendars"}
	all, problems, err := readCalendars(ctx, s.read)
	if err != nil {
		return f, err
	}
	years := 0
	for _, c := range all {
		years += len(c.Entered)
	}
	f.Looked, f.Problems = countWords(len(all), "calendar")+", "+countWords(years, "entered year"), problems
	regions, err := list(ctx, s, scanRegion, "SELECT "+regionColumns+" FROM regions ORDER BY id")
	if err != nil {
		return f, err
	}
	for _, r := range regions {
		if _, ok := all[r.Calendar]; !ok && r.Calendar != "" {
			f.Problems = append(f.Problems, fmt.Sprintf("region %s keeps a calendar %s that is not there", r.ID, r.Calendar))
		}
	}
	return f, nil
}
