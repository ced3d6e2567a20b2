package pricing_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"demarc/store/pricing"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestPaidThrough(t *testing.T) {
	const layout = "2006-01-02 15:04:05"
	tests := []struct {
		name, zone, from string
		months           int
		want             string // in the zone
	}{
		{"a plain month", "Asia/Shanghai", "2026-11-24 15:12:09", 1, "2026-12-24 15:12:09"},
		{"over the year's end", "Asia/Shanghai", "2026-11-24 15:12:09", 2, "2027-01-24 15:12:09"},
		{"five years", "Asia/Shanghai", "2026-11-24 15:12:09", 60, "2031-11-24 15:12:09"},
		{"31 January", "Asia/Shanghai", "2026-01-31 10:00:00", 1, "2026-02-28 10:00:00"},
		{"31 January of a leap year", "Asia/Shanghai", "2028-01-31 10:00:00", 1, "2028-02-29 10:00:00"},
		{"30 January", "Asia/Shanghai", "2026-01-30 10:00:00", 1, "2026-02-28 10:00:00"},
		{"28 February stays 28", "Asia/Shanghai", "2026-02-28 10:00:00", 1, "2026-03-28 10:00:00"},
		{"29 February plus a year", "Asia/Shanghai", "2028-02-29 10:00:00", 12, "2029-02-28 10:00:00"},
		{"29 February plus four years", "Asia/Shanghai", "2028-02-29 10:00:00", 48, "2032-02-29 10:00:00"},
		{"31 August plus one", "Asia/Shanghai", "2026-08-31 00:00:00", 1, "2026-09-30 00:00:00"},
		{"31 December plus two", "Asia/Shanghai", "2026-12-31 23:59:59", 2, "2027-02-28 23:59:59"},
		{"31 March plus six", "Asia/Shanghai", "2026-03-31 12:00:00", 6, "2026-09-30 12:00:00"},
		{"31 July plus one keeps 31", "Asia/Shanghai", "2026-07-31 12:00:00", 1, "2026-08-31 12:00:00"},
		{"into winter time, London", "Europe/London", "2026-10-20 09:00:00", 1, "2026-11-20 09:00:00"},
		{"into summer time, New York", "America/New_York", "2026-02-20 09:00:00", 1, "2026-03-20 09:00:00"},
		{"into summer time, Sydney", "Australia/Sydney", "2026-09-20 09:00:00", 1, "2026-10-20 09:00:00"},
	}
	for _, tt := range tests {
		z := zone(t, tt.zone)
		from, err := time.ParseInLocation(layout, tt.from, z)
		if err != nil {
			t.Fatal(err)
		}
		got := pricing.PaidThrough(from.UTC(), tt.months, z)
		if got.Location() != time.UTC {
			t.Errorf("%s: the result is in %v, want UTC", tt.name, got.Location())
		}
		if local := got.In(z).Format(layout); local != tt.want {
			t.Errorf("%s: %s + %d = %s, want %s", tt.name, tt.from, tt.months, local, tt.want)
		}
	}
}

// The day is the site's, not that of UTC: 31 January 01:00 in Shanghai is still 30 January in UTC.
func TestPaidThroughCountsTheSitesDays(t *testing.T) {
	from := time.Date(2026, 2, 28, 17, 0, 0, 0, time.UTC) // 1 March 01:00 in Shanghai
	got := pricing.PaidThrough(from, 1, zone(t, "Asia/Shanghai"))
	if want := time.Date(2026, 3, 31, 17, 0, 0, 0, time.UTC); !got.Equal(want) { // 1 April 01:00
		t.Errorf("paid through %v, want %v", got, want)
	}
}

func TestPaidThroughMovesATimeThatTheClockSkips(t *testing.T) {
	z := zone(t, "America/New_York")
	from := time.Date(2026, 2, 8, 2, 30, 0, 0, z)
	got := pricing.PaidThrough(from, 1, z).In(z) // 8 March 2026 has no 02:30
	if got.Day() != 8 || got.Month() != time.March || got.Minute() != 30 || (got.Hour() != 1 && got.Hour() != 3) {
		t.Errorf("paid through %v", got)
	}
}

// Whatever the start: a longer period never ends earlier, and no period skips a month.
func TestPaidThroughIsMonotonic(t *testing.T) {
	for _, name := range []string{"Asia/Shanghai", "Europe/London", "Australia/Sydney", "America/Los_Angeles"} {
		z := zone(t, name)
		for day := range 800 {
			from := time.Date(2026, 1, 1+day, 23, 59, 59, 999, z)
			last := from
			for _, months := range pricing.Periods() {
				through := pricing.PaidThrough(from, months, z)
				if !through.After(last) {
					t.Fatalf("%s: %d months from %v end %v, not after %v", name, months, from, through, last)
				}
				local := through.In(z)
				if passed := 12*(local.Year()-from.Year()) + int(local.Month()-from.Month()); passed != months || local.Day() > from.Day() {
					t.Fatalf("%s: %d months from %v end %v", name, months, from, local)
				}
				last = through
			}
		}
	}
}
