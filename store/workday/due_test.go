package workday_test

import (
	"errors"
	"testing"
	"time"

	"demarc/store/workday"
)

func TestDue(t *testing.T) {
	tests := []struct {
		name, region, start string
		days                int
		want                string
	}{
		{"within a week", "cn-hangzhou", "2026-11-16 09:00:00", 2, "2026-11-18 09:00:00"},
		{"across a weekend", "cn-hangzhou", "2026-11-20 15:12:00", 2, "2026-11-24 15:12:00"},
		{"to the day before the weekend", "cn-hangzhou", "2026-11-19 15:12:00", 1, "2026-11-20 15:12:00"},
		{"no days", "cn-hangzhou", "2026-11-20 15:12:00", 0, "2026-11-20 15:12:00"},
		{"the first second of a working day", "cn-hangzhou", "2026-11-23 00:00:00", 2, "2026-11-25 00:00:00"},
		{"the last second of a working day", "cn-hangzhou", "2026-11-20 23:59:59", 2, "2026-11-24 23:59:59"},

		{"on a Saturday", "cn-hangzhou", "2026-11-21 10:00:00", 2, "2026-11-24 23:59:59"},
		{"on a Sunday evening", "cn-hangzhou", "2026-11-22 23:59:59", 2, "2026-11-24 23:59:59"},
		{"on a Saturday, one day", "cn-hangzhou", "2026-11-21 00:00:00", 1, "2026-11-23 23:59:59"},
		{"on a Saturday, no days", "cn-hangzhou", "2026-11-21 10:00:00", 0, "2026-11-23 00:00:00"},
		{"on a Saturday, over the next weekend", "cn-hangzhou", "2026-11-21 10:00:00", 6, "2026-11-30 23:59:59"},

		{"a make-up Saturday is a day", "cn-hangzhou", "2026-05-08 15:00:00", 1, "2026-05-09 15:00:00"},
		{"from a make-up Saturday", "cn-hangzhou", "2026-05-09 15:00:00", 1, "2026-05-11 15:00:00"},
		{"a make-up Sunday is a day", "cn-hangzhou", "2026-09-18 15:00:00", 1, "2026-09-20 15:00:00"},
		{"over New Year to the make-up Sunday", "cn-hangzhou", "2026-01-01 08:00:00", 1, "2026-01-04 23:59:59"},
		{"over the Spring Festival", "cn-hangzhou", "2026-02-13 15:12:00", 2, "2026-02-24 15:12:00"},
		{"from inside the Spring Festival", "cn-hangzhou", "2026-02-17 15:12:00", 5, "2026-02-28 23:59:59"},
		{"over the National Day", "cn-hangzhou", "2026-09-30 15:12:00", 3, "2026-10-10 15:12:00"},
		{"the same in Hong Kong", "cn-hongkong", "2026-09-30 15:12:00", 3, "2026-10-06 15:12:00"},

		{"a holiday in the middle of a week", "us-east-1", "2026-11-25 16:30:00", 1, "2026-11-27 16:30:00"},
		{"on a holiday", "us-east-1", "2026-11-26 16:30:00", 1, "2026-11-27 23:59:59"},
		{"Easter", "eu-west-1", "2026-04-02 17:00:00", 1, "2026-04-07 17:00:00"},
		{"Golden Week", "ap-northeast-1", "2026-05-01 10:00:00", 1, "2026-05-07 10:00:00"},

		{"out of summer time, London", "eu-west-1", "2026-10-23 15:00:00", 1, "2026-10-26 15:00:00"},
		{"into summer time, London", "eu-west-1", "2026-03-27 15:00:00", 1, "2026-03-30 15:00:00"},
		{"out of summer time, New York", "us-east-1", "2026-10-30 15:00:00", 1, "2026-11-02 15:00:00"},
		{"into summer time, New York", "us-east-1", "2026-03-06 02:30:00", 1, "2026-03-09 02:30:00"},
		{"out of summer time, Sydney", "ap-southeast-2", "2026-04-02 15:00:00", 1, "2026-04-07 15:00:00"},
		{"into summer time, Sydney", "ap-southeast-2", "2026-10-02 15:00:00", 1, "2026-10-06 15:00:00"},

		{"over the year's end", "eu-west-1", "2026-12-31 12:00:00", 2, "2027-01-05 12:00:00"},
		{"over the year's end, Japan", "ap-northeast-1", "2026-12-31 12:00:00", 1, "2027-01-04 12:00:00"},
		{"the last days of a table", "cn-hangzhou", "2026-12-30 12:00:00", 1, "2026-12-31 12:00:00"},
	}
	for _, tt := range tests {
		c := calendar(t, tt.region)
		got, err := c.Due(at(t, c, tt.start).UTC(), tt.days)
		if err != nil || got.Format(layout) != tt.want || got.Location() != c.Zone() {
			t.Errorf("%s: %s + %d in %s = %v, %v, want %s", tt.name, tt.start, tt.days, tt.region, got, err, tt.want)
		}
	}
}

// A change of the clock makes the interval an hour longer or shorter, not the hour of the day another one.
func TestDueKeepsTheWallClock(t *testing.T) {
	tests := []struct {
		region, start string
		want          time.Duration
	}{
		{"eu-west-1", "2026-10-23 15:00:00", 73 * time.Hour},
		{"eu-west-1", "2026-03-27 15:00:00", 71 * time.Hour},
		{"us-east-1", "2026-10-30 15:00:00", 73 * time.Hour},
		{"us-west-1", "2026-03-06 15:00:00", 71 * time.Hour},
		{"cn-hangzhou", "2026-10-30 15:00:00", 72 * time.Hour},
	}
	for _, tt := range tests {
		c := calendar(t, tt.region)
		start := at(t, c, tt.start)
		due, err := c.Due(start, 1)
		if err != nil || due.Sub(start) != tt.want {
			t.Errorf("%s from %s: %v later, %v, want %v", tt.region, tt.start, due.Sub(start), err, tt.want)
		}
	}
}

func TestDueDropsFractionsOfASecond(t *testing.T) {
	c := calendar(t, "cn-hangzhou")
	start := at(t, c, "2026-11-20 15:12:07").Add(987654321)
	for days, want := range []string{"2026-11-20 15:12:07", "2026-11-23 15:12:07"} {
		if got, err := c.Due(start, days); err != nil || !got.Equal(at(t, c, want)) {
			t.Errorf("%d days: %v, %v, want %s", days, got, err, want)
		}
	}
}

// The day is the site's: Friday 23:30 in UTC is Saturday in Hangzhou, and still Friday in Virginia.
func TestDueCountsTheSitesDays(t *testing.T) {
	start := time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC)
	for region, want := range map[string]string{"cn-hangzhou": "2026-11-23 23:59:59", "us-east-1": "2026-11-23 18:30:00"} {
		if got, err := calendar(t, region).Due(start, 1); err != nil || got.Format(layout) != want {
			t.Errorf("%s: %v, %v, want %s", region, got, err, want)
		}
	}
}

func TestDueNeverGuesses(t *testing.T) {
	tests := []struct {
		name, region, start string
		days                int
		year                int // without a table
	}{
		{"over the end of the last table", "cn-hangzhou", "2026-12-31 12:00:00", 1, 2027},
		{"a count that ends beyond it", "cn-hangzhou", "2026-12-30 12:00:00", 2, 2027},
		{"a start beyond it", "cn-hangzhou", "2027-01-04 12:00:00", 0, 2027},
		{"a start before the first", "cn-hangzhou", "2025-12-31 12:00:00", 1, 2025},
		{"a long count", "eu-west-1", "2026-11-23 12:00:00", 1 << 40, 2028},
		{"the last day of a weekend at the end", "ap-southeast-2", "2027-12-31 12:00:00", 1, 2028},
	}
	for _, tt := range tests {
		c := calendar(t, tt.region)
		got, err := c.Due(at(t, c, tt.start), tt.days)
		var missing workday.ErrNoTable
		if !errors.As(err, &missing) || missing != (workday.ErrNoTable{Calendar: c.ID(), Year: tt.year}) || !got.IsZero() {
			t.Errorf("%s: %v, %v, want no table for %d", tt.name, got, err, tt.year)
		}
	}
	c := calendar(t, "cn-hangzhou")
	if got, err := c.Due(at(t, c, "2026-11-20 12:00:00"), -1); !errors.Is(err, workday.ErrNegativeDays) || !got.IsZero() {
		t.Errorf("minus one day: %v, %v", got, err)
	}
}

// In every region, from every few hours of the year: the result is on a working day and not before start, and neither a later start nor
// another day makes it earlier.
func TestDueIsOnAWorkingDayAndMonotonic(t *testing.T) {
	const maxDays = 6
	for region := range places {
		c := calendar(t, region)
		var last [maxDays + 1]time.Time
		step := 5*time.Hour + 37*time.Minute + 1300*time.Millisecond
		for start := at(t, c, "2026-01-01 00:00:00"); start.Before(at(t, c, "2026-12-16 00:00:00")); start = start.Add(step) {
			for days := range maxDays + 1 {
				due, err := c.Due(start, days)
				if err != nil {
					t.Fatalf("%s: %v + %d: %v", region, start, days, err)
				}
				if worked, err := c.IsWorkday(due); err != nil || !worked {
					t.Fatalf("%s: %v + %d is due on %v, no working day (%v)", region, start, days, due, err)
				}
				if due.Before(start.Truncate(time.Second)) {
					t.Fatalf("%s: %v + %d is due before, %v", region, start, days, due)
				}
				if due.Before(last[days]) {
					t.Fatalf("%s: %v + %d is due %v, an earlier start %v", region, start, days, due, last[days])
				}
				if last[days] = due; days > 0 && !due.After(last[days-1]) {
					t.Fatalf("%s: %v + %d is due %v, a day less %v", region, start, days, due, last[days-1])
				}
			}
		}
	}
}

// The edges between working and other days, to the second and below it.
func TestDueIsMonotonicAroundMidnight(t *testing.T) {
	for region := range places {
		c := calendar(t, region)
		for d := range 340 {
			midnight := time.Date(2026, 1, 2+d, 0, 0, 0, 0, c.Zone())
			for days := range 4 {
				var last time.Time
				for _, offset := range []time.Duration{-time.Second, -time.Nanosecond, 0, time.Nanosecond, time.Second} {
					due, err := c.Due(midnight.Add(offset), days)
					if err != nil || due.Before(last) {
						t.Fatalf("%s: %v%+v + %d is due %v (%v), before it %v", region, midnight, offset, days, due, err, last)
					}
					last = due
				}
			}
		}
	}
}

func TestDaysLate(t *testing.T) {
	const region = "cn-hangzhou" // its tables end with 2026
	for _, tt := range []struct {
		name, due, done string
		want            int
		unknown         bool
	}{
		{"in time", "2026-11-24 15:12:00", "2026-11-24 15:12:00", 0, false},
		{"a second", "2026-11-24 15:12:00", "2026-11-24 15:12:01", 1, false},
		{"a day", "2026-11-24 15:12:00", "2026-11-25 15:12:00", 1, false},
		{"a day and a second", "2026-11-24 15:12:00", "2026-11-25 15:12:01", 2, false},
		{"over a weekend", "2026-11-27 15:12:00", "2026-11-30 15:12:00", 1, false},
		{"over the National Day", "2026-09-30 15:12:00", "2026-10-08 15:12:00", 1, false},
		{"before the last day of the tables ends", "2026-12-30 15:12:00", "2026-12-31 15:12:00", 1, false},
		{"after it: two are certain", "2026-12-30 15:12:00", "2026-12-31 15:12:01", 2, true},
		{"due on the last day", "2026-12-31 15:12:00", "2026-12-31 15:12:01", 1, true},
		{"long after it", "2026-12-30 15:12:00", "2027-03-01 09:00:00", 2, true},
		{"in a year that nobody knows", "2027-01-04 15:12:00", "2027-01-06 15:12:00", 0, true},
	} {
		c := calendar(t, region)
		got, err := c.DaysLate(at(t, c, tt.due), at(t, c, tt.done))
		if unknown := errors.As(err, new(workday.ErrNoTable)); got != tt.want || unknown != tt.unknown || (err != nil && !unknown) {
			t.Errorf("%s: %d days late, %v, want %d, unknown %v", tt.name, got, err, tt.want, tt.unknown)
		}
	}
}
