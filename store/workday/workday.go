// Package workday knows which days are worked at the sites of each region, and when something that takes working days is due.
//
// What it knows is in the text files below tables, one per country or state: zone, weekend, public holidays and, for China, the weekend
// days that are worked instead. A year is added, or a holiday changed, there and nowhere else; the format is described at the parser. A year
// that has no table is an error, [ErrNoTable], and never a guess (domain §7).
package workday

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // a bare machine has no zone files
)

// The kinds of error of this package besides [ErrNoTable]; test with [errors.Is].
var (
	ErrUnknownRegion = errors.New("workday: unknown region")
	ErrNegativeDays  = errors.New("workday: a number of working days is not negative")
)

// ErrNoTable says that a year is needed of which a region's holidays are not known; test with [errors.As]. An administrator mends it by
// adding the year to the region's table.
type ErrNoTable struct {
	Region string // region ID
	Year   int
}

func (e ErrNoTable) Error() string {
	return fmt.Sprintf("workday: no table of working days for %s in %d", e.Region, e.Year)
}

// Calendar tells the working days of one region from the others. It is immutable and safe for concurrent use.
type Calendar struct {
	region  string
	name    string
	zone    *time.Location
	weekend [7]bool // by time.Weekday
	years   map[int]*table
}

// table is what one year's announcement says.
type table struct {
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

// Day is a day with a name, for the admin view. Date is its first instant in the region's zone.
type Day struct {
	Date time.Time
	Name string
}

// For returns the calendar of a region, by its ID such as "cn-hangzhou". It fails with [ErrUnknownRegion].
func For(region string) (*Calendar, error) {
	all, err := load()
	if err != nil {
		return nil, err
	}
	c, ok := all[region]
	if !ok {
		return nil, fmt.Errorf("%w %q", ErrUnknownRegion, region)
	}
	return c, nil
}

// Regions returns the IDs of all regions that have a calendar, sorted.
func Regions() ([]string, error) {
	all, err := load()
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// Region returns the region's ID.
func (c *Calendar) Region() string { return c.region }

// Name returns whose holidays these are: "China (mainland)". Regions may share a name.
func (c *Calendar) Name() string { return c.name }

// Zone returns the time zone of the region's sites.
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

// Source says where a year's table comes from, in words for an administrator who compares it. It fails with [ErrNoTable].
func (c *Calendar) Source(year int) (string, error) {
	t, err := c.table(year)
	if err != nil {
		return "", err
	}
	return t.source, nil
}

// Holidays returns a year's public holidays in order, also those that fall on a weekend. It fails with [ErrNoTable].
func (c *Calendar) Holidays(year int) ([]Day, error) {
	t, err := c.table(year)
	if err != nil {
		return nil, err
	}
	return c.days(t.holidays), nil
}

// MakeUpDays returns a year's worked weekend days in order; most calendars have none. It fails with [ErrNoTable].
func (c *Calendar) MakeUpDays(year int) ([]Day, error) {
	t, err := c.table(year)
	if err != nil {
		return nil, err
	}
	return c.days(t.makeUp), nil
}

// IsWorkday reports whether the day on which an instant falls in the region's zone is worked. It fails with [ErrNoTable].
func (c *Calendar) IsWorkday(date time.Time) (bool, error) {
	return c.worked(dayOf(date.In(c.zone)))
}

func (c *Calendar) worked(d day) (bool, error) {
	t, err := c.table(d.year)
	if err != nil {
		return false, err
	}
	if _, off := t.holidays[d]; off {
		return false, nil
	}
	if _, on := t.makeUp[d]; on {
		return true, nil
	}
	return !c.weekend[c.at(d, 0, 0, 0).Weekday()], nil
}

func (c *Calendar) table(year int) (*table, error) {
	t, ok := c.years[year]
	if !ok {
		return nil, ErrNoTable{Region: c.region, Year: year}
	}
	return t, nil
}

func (c *Calendar) days(named map[day]string) []Day {
	days := make([]Day, 0, len(named))
	for d, name := range named {
		days = append(days, Day{Date: c.at(d, 0, 0, 0), Name: name})
	}
	slices.SortFunc(days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	return days
}

// at is a wall-clock time of a day in the region's zone.
func (c *Calendar) at(d day, hour, minute, second int) time.Time {
	return time.Date(d.year, d.month, d.day, hour, minute, second, 0, c.zone)
}
