// Package workday knows which days are worked at the sites of a region, and when something that takes working days is due.
//
// A [Calendar] says it for a country or state: the weekend, and a [Table] for each year with the public holidays and, for China, the weekend
// days that are worked instead. Those that are shipped are the text files below tables; an operator's years are laid over them with
// [Calendar.With], and an operator makes calendars with [New]. A year that has no table is an error, [ErrNoTable], and never a guess
// (domain §7). The zone is the region's own: [Calendar.In].
package workday

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a bare machine has no zone files
)

// The kinds of error of this package besides [ErrNoTable]; test with [errors.Is].
var (
	ErrWeekend      = errors.New("workday: a weekend has one to six days")
	ErrNegativeDays = errors.New("workday: a number of working days is not negative")
)

// ErrNoTable says that a year is needed of which a calendar's holidays are not known; test with [errors.As]. An administrator mends it by
// entering the year.
type ErrNoTable struct {
	Calendar string // ID
	Year     int
}

func (e ErrNoTable) Error() string {
	return fmt.Sprintf("workday: no table of working days for %s in %d", e.Calendar, e.Year)
}

// Calendar tells working days from the others, in UTC until In gives it the zone of a region. It is immutable and safe for concurrent use.
type Calendar struct {
	id      string
	name    string
	zone    *time.Location
	weekend [7]bool // by time.Weekday
	years   map[int]Table
}

// Table is what one year's announcement says. It is immutable.
type Table struct {
	year     int
	source   string
	holidays map[day]string
	makeUp   map[day]string // weekend days that are worked, and for which holiday
}

// day is a calendar day without a zone.
type day struct {
	year  int
	month time.Month
	day   int
}

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day{y, m, d}
}

// utc is the day's first instant in UTC, where each day has 24 hours.
func (d day) utc() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

// String is "10-01".
func (d day) String() string { return d.utc().Format("01-02") }

// Day is a day with a name. Date is its first instant in UTC: a holiday has no zone.
type Day struct {
	Date time.Time
	Name string
}

// New returns a calendar of an ID, a name such as "China (mainland)", the days of the week that are not worked, and tables. It fails with
// [ErrWeekend], and when a table's make-up day is no day of the weekend.
func New(id, name string, weekend []time.Weekday, tables ...Table) (*Calendar, error) {
	c := &Calendar{id: id, name: name, zone: time.UTC, years: map[int]Table{}}
	for _, d := range weekend {
		if d < time.Sunday || d > time.Saturday {
			return nil, ErrWeekend
		}
		c.weekend[d] = true
	}
	if n := len(c.Weekend()); n == 0 || n == 7 {
		return nil, ErrWeekend
	}
	return c.With(tables...)
}

// With returns the calendar with these tables in the place of its own of the same years. It fails when a make-up day is no day of the
// weekend.
func (c *Calendar) With(tables ...Table) (*Calendar, error) {
	out := *c
	out.years = maps.Clone(c.years)
	for _, t := range tables {
		for d := range t.makeUp {
			if weekday := d.utc().Weekday(); !c.weekend[weekday] {
				return nil, fmt.Errorf("workday: %s in %d: %s, a %s, is worked anyway", c.id, t.year, d, weekday)
			}
		}
		out.years[t.year] = t
	}
	return &out, nil
}

// In returns the calendar in the zone of a region.
func (c *Calendar) In(zone *time.Location) *Calendar {
	out := *c
	out.zone = zone
	return &out
}

// ID returns the calendar's ID, "china".
func (c *Calendar) ID() string { return c.id }

// Name returns whose holidays these are: "China (mainland)".
func (c *Calendar) Name() string { return c.name }

// Zone returns the time zone of the sites.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Weekend returns the days of the week that are not worked, from Sunday on.
func (c *Calendar) Weekend() []time.Weekday {
	var days []time.Weekday
	for d, off := range c.weekend {
		if off {
			days = append(days, time.Weekday(d))
		}
	}
	return days
}

// Years returns the years that have a table, ascending.
func (c *Calendar) Years() []int { return slices.Sorted(maps.Keys(c.years)) }

// Table returns the table of a year, and whether there is one.
func (c *Calendar) Table(year int) (Table, bool) {
	t, ok := c.years[year]
	return t, ok
}

// Workdays returns how many days of a year are worked. It fails with [ErrNoTable].
func (c *Calendar) Workdays(year int) (int, error) {
	n := 0
	for d := (day{year, time.January, 1}); d.year == year; d = d.next() {
		worked, err := c.worked(d)
		if err != nil {
			return 0, err
		}
		if worked {
			n++
		}
	}
	return n, nil
}

// Year returns the table's year.
func (t Table) Year() int { return t.year }

// Source says where the table comes from, in words for an administrator who compares it.
func (t Table) Source() string { return t.source }

// Holidays returns the public holidays in order, also those that fall on a weekend.
func (t Table) Holidays() []Day { return days(t.holidays) }

// MakeUpDays returns the worked weekend days in order; most tables have none.
func (t Table) MakeUpDays() []Day { return days(t.makeUp) }

// Text returns the table as [ParseTable] reads it, in the order of the year: the same table always as the same text.
func (t Table) Text() string {
	type line struct {
		first, last time.Time
		name        string
		worked      bool
	}
	var lines []line
	for _, d := range t.Holidays() {
		if n := len(lines); n > 0 && lines[n-1].name == d.Name && lines[n-1].last.AddDate(0, 0, 1).Equal(d.Date) {
			lines[n-1].last = d.Date
			continue
		}
		lines = append(lines, line{d.Date, d.Date, d.Name, false})
	}
	for _, d := range t.MakeUpDays() {
		lines = append(lines, line{d.Date, d.Date, d.Name, true})
	}
	slices.SortFunc(lines, func(a, b line) int { return a.first.Compare(b.first) })
	var out strings.Builder
	for _, l := range lines {
		if l.worked {
			out.WriteString("work ")
		}
		out.WriteString(l.first.Format("01-02"))
		if l.last.After(l.first) {
			out.WriteString(".." + l.last.Format("01-02"))
		}
		out.WriteString(" " + l.name + "\n")
	}
	return out.String()
}

// Draft returns the holidays as lines for another year, each with the ? that [ParseTable] refuses: dates are the old ones, and most holidays
// move. Days that were worked instead are left out.
func (t Table) Draft() string {
	var out strings.Builder
	for line := range strings.Lines(t.Text()) {
		if !strings.HasPrefix(line, "work ") {
			out.WriteString("? " + line)
		}
	}
	return out.String()
}

// Mark is how a day differs from an ordinary week; the zero value is that it does not.
type Mark struct {
	Name   string // of the holiday
	Worked bool   // a weekend day that is worked for it
}

func (t Table) mark(d day) (Mark, bool) {
	if name, ok := t.makeUp[d]; ok {
		return Mark{name, true}, true
	}
	name, ok := t.holidays[d]
	return Mark{name, false}, ok
}

// Change is a day that one table marks otherwise than another.
type Change struct {
	Date    time.Time // first instant in UTC
	Was, Is Mark
}

// Changes returns the days that t marks otherwise than old, in order. An old table of no days makes every day of t one.
func (t Table) Changes(old Table) []Change {
	all := map[day]bool{}
	for _, m := range []map[day]string{t.holidays, t.makeUp, old.holidays, old.makeUp} {
		for d := range m {
			all[d] = true
		}
	}
	var out []Change
	for d := range all {
		was, _ := old.mark(d)
		if is, _ := t.mark(d); is != was {
			out = append(out, Change{d.utc(), was, is})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return a.Date.Compare(b.Date) })
	return out
}

// IsWorkday reports whether the day on which an instant falls in the calendar's zone is worked. It fails with [ErrNoTable].
func (c *Calendar) IsWorkday(date time.Time) (bool, error) {
	return c.worked(dayOf(date.In(c.zone)))
}

func (c *Calendar) worked(d day) (bool, error) {
	t, ok := c.years[d.year]
	if !ok {
		return false, ErrNoTable{Calendar: c.id, Year: d.year}
	}
	if mark, marked := t.mark(d); marked {
		return mark.Worked, nil
	}
	return !c.weekend[d.utc().Weekday()], nil
}

func (d day) next() day { return dayOf(time.Date(d.year, d.month, d.day+1, 0, 0, 0, 0, time.UTC)) }

func days(named map[day]string) []Day {
	out := make([]Day, 0, len(named))
	for d, name := range named {
		out = append(out, Day{d.utc(), name})
	}
	slices.SortFunc(out, func(a, b Day) int { return a.Date.Compare(b.Date) })
	return out
}

// at is a wall-clock time of a day in the calendar's zone.
func (c *Calendar) at(d day, hour, minute, second int) time.Time {
	return time.Date(d.year, d.month, d.day, hour, minute, second, 0, c.zone)
}
