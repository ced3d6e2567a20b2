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
	c, err := workday.For(region)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(t *testing.T, c *workday.Calendar, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation(layout, s, c.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every region of domain §8, with its zone.
var zones = map[string]string{
	"cn-qingdao": "Asia/Shanghai", "cn-beijing": "Asia/Shanghai", "cn-zhangjiakou": "Asia/Shanghai", "cn-huhehaote": "Asia/Shanghai",
	"cn-hangzhou": "Asia/Shanghai", "cn-shanghai": "Asia/Shanghai", "cn-shenzhen": "Asia/Shanghai", "cn-hongkong": "Asia/Hong_Kong",
	"ap-southeast-1": "Asia/Singapore", "ap-southeast-2": "Australia/Sydney", "ap-southeast-3": "Asia/Kuala_Lumpur",
	"ap-southeast-5": "Asia/Jakarta", "ap-northeast-1": "Asia/Tokyo", "us-west-1": "America/Los_Angeles", "us-east-1": "America/New_York",
	"eu-central-1": "Europe/Berlin", "eu-west-1": "Europe/London", "me-east-1": "Asia/Dubai", "ap-south-1": "Asia/Kolkata",
}

func TestEveryRegionHasACalendar(t *testing.T) {
	for region, zone := range zones {
		c := calendar(t, region)
		if c.Region() != region || c.Zone().String() != zone || c.Name() == "" {
			t.Errorf("%s: region %s, zone %s, name %q", region, c.Region(), c.Zone(), c.Name())
		}
		if want := []time.Weekday{time.Sunday, time.Saturday}; !slices.Equal(c.Weekend(), want) {
			t.Errorf("%s: weekend %v", region, c.Weekend())
		}
		if years := c.Years(); !slices.Contains(years, 2026) || !slices.IsSorted(years) {
			t.Errorf("%s: years %v", region, years)
		}
	}
	all, err := workday.Regions()
	if err != nil || len(all) != len(zones) || !slices.IsSorted(all) {
		t.Errorf("Regions() = %v, %v", all, err)
	}
	for _, unknown := range []string{"", "cn-chengdu", "CN-HANGZHOU", "cn-hangzhou ", "china"} {
		if c, err := workday.For(unknown); c != nil || !errors.Is(err, workday.ErrUnknownRegion) {
			t.Errorf("For(%q) = %v, %v", unknown, c, err)
		}
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
		if !errors.As(err, &missing) || missing != (workday.ErrNoTable{Region: "cn-beijing", Year: 2031}) {
			t.Errorf("%s: error %v, want no table for cn-beijing in 2031", name, err)
		}
	}
	_, err := c.IsWorkday(at(t, c, "2031-05-06 12:00:00"))
	check("IsWorkday", err)
	_, err = c.Due(at(t, c, "2031-05-06 12:00:00"), 0)
	check("Due", err)
	_, err = c.Holidays(2031)
	check("Holidays", err)
	_, err = c.MakeUpDays(2031)
	check("MakeUpDays", err)
	_, err = c.Source(2031)
	check("Source", err)
	if want := "workday: no table of working days for cn-beijing in 2031"; err.Error() != want {
		t.Errorf("message %q, want %q", err, want)
	}
}

func TestListsForTheAdminView(t *testing.T) {
	c := calendar(t, "cn-hangzhou")
	holidays, err := c.Holidays(2026)
	if err != nil || len(holidays) != 3+9+3+5+3+3+7 {
		t.Fatalf("%d holidays, %v", len(holidays), err)
	}
	if first := holidays[0]; first.Name != "New Year's Day" || first.Date.Format(layout+" -07:00") != "2026-01-01 00:00:00 +08:00" {
		t.Errorf("first holiday %v", first)
	}
	makeUp, err := c.MakeUpDays(2026)
	var dates []string
	for _, d := range makeUp {
		dates = append(dates, d.Date.Format(time.DateOnly))
	}
	want := []string{"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"}
	if err != nil || !slices.Equal(dates, want) {
		t.Errorf("make-up days %v, %v, want %v", dates, err, want)
	}
	if none, err := calendar(t, "us-west-1").MakeUpDays(2026); err != nil || len(none) != 0 {
		t.Errorf("make-up days of us-west-1: %v, %v", none, err)
	}
	// A caller may keep and change what it got.
	holidays[0].Name = "changed"
	if again, _ := c.Holidays(2026); again[0].Name != "New Year's Day" {
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
			holidays, err := c.Holidays(year)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range holidays {
				if h.Date.Weekday() == time.Sunday {
					expectHoliday(t, c, h.Date.AddDate(0, 0, 1))
				}
			}
		}
	}
}

func expectHoliday(t *testing.T, c *workday.Calendar, date time.Time) {
	t.Helper()
	holidays, err := c.Holidays(date.Year())
	if err != nil {
		t.Fatal(err)
	}
	want := date.Format(time.DateOnly)
	if !slices.ContainsFunc(holidays, func(d workday.Day) bool { return d.Date.Format(time.DateOnly) == want }) {
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
