package workday_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"demarc/store/workday"
)

const layout = "2006-01-02 15:04:05"

func calendar(t *testing.T, region string) *workday.Calendar {
	t.Helper()
	all, err := workday.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	place := places[region]
	zone, err := time.LoadLocation(place.zone)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.ID() == place.calendar {
			return c.In(zone)
		}
	}
	t.Fatalf("no calendar %q", place.calendar)
	return nil
}

func at(t *testing.T, c *workday.Calendar, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation(layout, s, c.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every region of domain §8: whose calendar it keeps, and its zone.
var places = map[string]struct{ calendar, zone string }{
	"cn-qingdao":     {"china", "Asia/Shanghai"},
	"cn-beijing":     {"china", "Asia/Shanghai"},
	"cn-zhangjiakou": {"china", "Asia/Shanghai"},
	"cn-huhehaote":   {"china", "Asia/Shanghai"},
	"cn-hangzhou":    {"china", "Asia/Shanghai"},
	"cn-shanghai":    {"china", "Asia/Shanghai"},
	"cn-shenzhen":    {"china", "Asia/Shanghai"},
	"cn-hongkong":    {"hong-kong", "Asia/Hong_Kong"},
	"ap-southeast-1": {"singapore", "Asia/Singapore"},
	"ap-southeast-2": {"australia-nsw", "Australia/Sydney"},
	"ap-southeast-3": {"malaysia-kuala-lumpur", "Asia/Kuala_Lumpur"},
	"ap-southeast-5": {"indonesia", "Asia/Jakarta"},
	"ap-northeast-1": {"japan", "Asia/Tokyo"},
	"us-west-1":      {"united-states", "America/Los_Angeles"},
	"us-east-1":      {"united-states", "America/New_York"},
	"eu-central-1":   {"germany-hesse", "Europe/Berlin"},
	"eu-west-1":      {"united-kingdom-england", "Europe/London"},
	"me-east-1":      {"united-arab-emirates", "Asia/Dubai"},
	"ap-south-1":     {"india-maharashtra", "Asia/Kolkata"},
}

func TestEveryShippedCalendar(t *testing.T) {
	all, err := workday.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID())
		if c.Name() == "" || c.Zone() != time.UTC {
			t.Errorf("%s: name %q, zone %s", c.ID(), c.Name(), c.Zone())
		}
		if want := []time.Weekday{time.Sunday, time.Saturday}; !slices.Equal(c.Weekend(), want) {
			t.Errorf("%s: weekend %v", c.ID(), c.Weekend())
		}
		if years := c.Years(); !slices.Contains(years, 2026) || !slices.IsSorted(years) {
			t.Errorf("%s: years %v", c.ID(), years)
		}
		for _, year := range c.Years() {
			table, ok := c.Table(year)
			if !ok || table.Year() != year || table.Source() == "" {
				t.Errorf("%s %d: year %d, source %q", c.ID(), year, table.Year(), table.Source())
			}
			// What is shown can be typed again.
			again, faults := workday.ParseTable(year, table.Source(), table.Text(), c.Weekend())
			if len(faults) > 0 || again.Text() != table.Text() || len(again.Changes(table)) > 0 {
				t.Errorf("%s %d: read again with %v as\n%s", c.ID(), year, faults, again.Text())
			}
		}
	}
	if len(ids) != 12 || !slices.IsSorted(ids) {
		t.Errorf("calendars %v", ids)
	}
}

func TestIsWorkday(t *testing.T) {
	tests := []struct {
		region, date string
		want         bool
	}{
		{"cn-hangzhou", "2026-11-20 15:12:00", true},
		{"cn-hangzhou", "2026-11-21 00:00:00", false},
		{"cn-hangzhou", "2026-11-22 23:59:59", false},
		{"cn-hangzhou", "2026-01-02 12:00:00", false},
		{"cn-hangzhou", "2026-01-04 12:00:00", true},  // a Sunday, worked
		{"cn-hangzhou", "2026-01-03 12:00:00", false}, // the Saturday before it is not
		{"cn-hangzhou", "2026-02-14 12:00:00", true},
		{"cn-hangzhou", "2026-02-16 12:00:00", false},
		{"cn-hangzhou", "2026-02-23 12:00:00", false},
		{"cn-hangzhou", "2026-02-24 12:00:00", true},
		{"cn-hangzhou", "2026-02-28 12:00:00", true},
		{"cn-hangzhou", "2026-05-09 12:00:00", true},
		{"cn-hangzhou", "2026-09-20 12:00:00", true},
		{"cn-hangzhou", "2026-10-08 12:00:00", true},
		{"cn-hangzhou", "2026-10-10 12:00:00", true},
		{"cn-hangzhou", "2026-12-25 12:00:00", true},
		{"cn-hongkong", "2026-10-10 12:00:00", false}, // the mainland's make-up day is not Hong Kong's
		{"cn-hongkong", "2026-10-02 12:00:00", true},
		{"cn-hongkong", "2026-04-07 12:00:00", false},
		{"cn-hongkong", "2026-12-25 12:00:00", false},
		{"ap-southeast-1", "2026-11-09 12:00:00", false},
		{"ap-southeast-2", "2026-04-27 12:00:00", false},
		{"ap-southeast-2", "2026-12-28 12:00:00", false},
		{"ap-southeast-3", "2026-06-02 12:00:00", false},
		{"ap-southeast-5", "2026-12-24 12:00:00", false},
		{"ap-northeast-1", "2026-09-22 12:00:00", false},
		{"ap-northeast-1", "2026-11-23 12:00:00", false},
		{"us-west-1", "2026-07-03 12:00:00", false},
		{"us-east-1", "2027-12-31 12:00:00", false},
		{"us-east-1", "2026-11-27 12:00:00", true}, // the day after Thanksgiving is no federal holiday
		{"eu-central-1", "2026-06-04 12:00:00", false},
		{"eu-west-1", "2026-06-04 12:00:00", true},
		{"eu-west-1", "2026-12-28 12:00:00", false},
		{"me-east-1", "2026-11-27 12:00:00", true}, // Friday has been worked since 2022
		{"me-east-1", "2026-12-02 12:00:00", false},
		{"ap-south-1", "2026-11-24 12:00:00", false},
	}
	for _, tt := range tests {
		c := calendar(t, tt.region)
		// The instant counts, not the location it is written in.
		got, err := c.IsWorkday(at(t, c, tt.date).UTC())
		if err != nil || got != tt.want {
			t.Errorf("%s on %s: worked = %v, %v, want %v", tt.region, tt.date, got, err, tt.want)
		}
	}
}

func TestAYearWithoutATableIsAnError(t *testing.T) {
	c := calendar(t, "cn-beijing")
	check := func(name string, err error) {
		t.Helper()
		var missing workday.ErrNoTable
		if !errors.As(err, &missing) || missing != (workday.ErrNoTable{Calendar: "china", Year: 2031}) {
			t.Errorf("%s: error %v, want no table for china in 2031", name, err)
		}
	}
	_, err := c.IsWorkday(at(t, c, "2031-05-06 12:00:00"))
	check("IsWorkday", err)
	_, err = c.Due(at(t, c, "2031-05-06 12:00:00"), 0)
	check("Due", err)
	_, err = c.Workdays(2031)
	check("Workdays", err)
	if table, ok := c.Table(2031); ok || table.Text() != "" {
		t.Errorf("a table of 2031: %q", table.Text())
	}
	if want := "workday: no table of working days for china in 2031"; err.Error() != want {
		t.Errorf("message %q, want %q", err, want)
	}
}

func table(t *testing.T, region string, year int) workday.Table {
	t.Helper()
	table, ok := calendar(t, region).Table(year)
	if !ok {
		t.Fatalf("%s has no table of %d", region, year)
	}
	return table
}

func TestListsForTheAdminView(t *testing.T) {
	holidays := table(t, "cn-hangzhou", 2026).Holidays()
	if len(holidays) != 3+9+3+5+3+3+7 {
		t.Fatalf("%d holidays", len(holidays))
	}
	if first := holidays[0]; first.Name != "New Year's Day" || first.Date.Format(layout+" -07:00") != "2026-01-01 00:00:00 +00:00" {
		t.Errorf("first holiday %v", first)
	}
	var dates []string
	for _, d := range table(t, "cn-hangzhou", 2026).MakeUpDays() {
		dates = append(dates, d.Date.Format(time.DateOnly))
	}
	if want := []string{"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"}; !slices.Equal(dates, want) {
		t.Errorf("make-up days %v, want %v", dates, want)
	}
	if none := table(t, "us-west-1", 2026).MakeUpDays(); len(none) != 0 {
		t.Errorf("make-up days of us-west-1: %v", none)
	}
	// A caller may keep and change what it got.
	holidays[0].Name = "changed"
	if again := table(t, "cn-hangzhou", 2026).Holidays(); again[0].Name != "New Year's Day" {
		t.Error("a caller changed the calendar")
	}
}

// The holidays that follow from a rule, worked out anew: a slip of the pen in a table shows here.
func TestTablesAgreeWithTheirRules(t *testing.T) {
	easter := map[int]time.Time{
		2026: time.Date(2026, time.April, 5, 0, 0, 0, 0, time.UTC),
		2027: time.Date(2027, time.March, 28, 0, 0, 0, 0, time.UTC),
	}
	fromEaster := map[string][]int{
		"eu-central-1": {-2, 1, 39, 50, 60}, "eu-west-1": {-2, 1}, "ap-southeast-2": {-2, -1, 0, 1}, "cn-hongkong": {-2, -1, 1},
		"ap-southeast-1": {-2}, "ap-south-1": {-2}, "ap-southeast-5": {-2, 0, 39},
	}
	for region, offsets := range fromEaster {
		c := calendar(t, region)
		for _, year := range c.Years() {
			for _, n := range offsets {
				expectHoliday(t, c, easter[year].AddDate(0, 0, n))
			}
		}
	}
	type rule struct {
		month time.Month
		day   time.Weekday
		nth   int // -1 is the last
	}
	weekdays := map[string][]rule{
		"us-east-1": {{time.January, time.Monday, 3}, {time.February, time.Monday, 3}, {time.May, time.Monday, -1},
			{time.September, time.Monday, 1}, {time.October, time.Monday, 2}, {time.November, time.Thursday, 4}},
		"eu-west-1":      {{time.May, time.Monday, 1}, {time.May, time.Monday, -1}, {time.August, time.Monday, -1}},
		"ap-southeast-2": {{time.June, time.Monday, 2}, {time.October, time.Monday, 1}},
		"ap-northeast-1": {{time.January, time.Monday, 2}, {time.July, time.Monday, 3}, {time.September, time.Monday, 3}, {time.October, time.Monday, 2}},
		"ap-southeast-3": {{time.June, time.Monday, 1}},
	}
	for region, rules := range weekdays {
		c := calendar(t, region)
		for _, year := range c.Years() {
			for _, r := range rules {
				expectHoliday(t, c, nthWeekday(year, r.month, r.day, r.nth))
			}
		}
	}
	// Where a holiday on a Sunday moves, the next day is off as well.
	for _, region := range []string{"ap-southeast-1", "ap-southeast-3", "ap-northeast-1", "us-west-1"} {
		c := calendar(t, region)
		for _, year := range c.Years() {
			for _, h := range table(t, region, year).Holidays() {
				if h.Date.Weekday() == time.Sunday {
					expectHoliday(t, c, h.Date.AddDate(0, 0, 1))
				}
			}
		}
	}
}

func expectHoliday(t *testing.T, c *workday.Calendar, date time.Time) {
	t.Helper()
	table, _ := c.Table(date.Year())
	want := date.Format(time.DateOnly)
	if !slices.ContainsFunc(table.Holidays(), func(d workday.Day) bool { return d.Date.Format(time.DateOnly) == want }) {
		t.Errorf("%s: %s is no holiday", c.Name(), want)
	}
}

func nthWeekday(year int, month time.Month, weekday time.Weekday, nth int) time.Time {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	d := first.AddDate(0, 0, (int(weekday)-int(first.Weekday())+7)%7)
	if nth > 0 {
		return d.AddDate(0, 0, 7*(nth-1))
	}
	for d.AddDate(0, 0, 7).Month() == month {
		d = d.AddDate(0, 0, 7)
	}
	return d
}
