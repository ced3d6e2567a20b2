package letter_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"demarc/store/letter"
)

func site(t *testing.T, zone, at string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	out, err := time.ParseInLocation("2006-01-02 15:04:05.000", at, loc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The edges of a letter are midnights of the wall clock at the site, whatever
// that clock does in between.
func TestStatusAtItsEdges(t *testing.T) {
	for _, tc := range []struct {
		zone, from, last string // the first moment and the last second
		now              string
		ended            letter.Status
		want             letter.Status
	}{
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2026-11-09 23:59:59.999", "", letter.NotYetValid},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2026-11-10 00:00:00.000", "", letter.Valid},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2027-02-07 23:59:59.000", "", letter.Valid},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2027-02-07 23:59:59.999", "", letter.Valid},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2027-02-08 00:00:00.000", "", letter.Expired},
		// Half an hour off, and the other side of the date line of UTC.
		{"Asia/Kolkata", "2026-11-10", "2027-02-07", "2027-02-07 23:59:59.999", "", letter.Valid},
		{"Asia/Kolkata", "2026-11-10", "2027-02-07", "2027-02-08 00:00:00.000", "", letter.Expired},
		{"America/Los_Angeles", "2026-10-30", "2026-11-01", "2026-10-29 23:59:59.999", "", letter.NotYetValid},
		{"America/Los_Angeles", "2026-10-30", "2026-11-01", "2026-10-30 00:00:00.000", "", letter.Valid},
		// The day on which the clock goes back has 25 hours, and forward 23.
		{"America/Los_Angeles", "2026-10-30", "2026-11-01", "2026-11-01 23:59:59.999", "", letter.Valid},
		{"America/Los_Angeles", "2026-10-30", "2026-11-01", "2026-11-02 00:00:00.000", "", letter.Expired},
		{"Europe/Berlin", "2027-03-01", "2027-03-28", "2027-03-28 23:59:59.999", "", letter.Valid},
		{"Europe/Berlin", "2027-03-01", "2027-03-28", "2027-03-29 00:00:00.000", "", letter.Expired},
		{"Australia/Sydney", "2026-10-04", "2026-12-01", "2026-10-03 23:59:59.999", "", letter.NotYetValid},
		{"Australia/Sydney", "2026-10-04", "2026-12-01", "2026-10-04 00:00:00.000", "", letter.Valid},
		// How it ended wins over every date.
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2026-11-01 00:00:00.000", letter.Revoked, letter.Revoked},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2026-12-01 00:00:00.000", letter.Revoked, letter.Revoked},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2027-12-01 00:00:00.000", letter.Revoked, letter.Revoked},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2026-12-01 00:00:00.000", letter.Used, letter.Used},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2027-12-01 00:00:00.000", letter.Used, letter.Used},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2027-12-01 00:00:00.000", letter.Superseded, letter.Superseded},
		{"Asia/Shanghai", "2026-11-10", "2027-02-07", "2026-12-01 00:00:00.000", letter.Expired, letter.Expired},
	} {
		s := letter.Snapshot{Zone: tc.zone, IssuedAt: site(t, tc.zone, "2026-01-01 12:00:00.000"),
			ValidFrom: site(t, tc.zone, tc.from+" 00:00:00.000"), ExpiresAt: site(t, tc.zone, tc.last+" 23:59:59.000")}
		if got := s.StatusAt(tc.ended, site(t, tc.zone, tc.now)); got != tc.want {
			t.Errorf("%s, good %s to %s, ended %q, at %s: %s, want %s", tc.zone, tc.from, tc.last, tc.ended, tc.now, got, tc.want)
		}
	}
	// A letter of the first schema is good from its issue.
	old := letter.Snapshot{Zone: "UTC", IssuedAt: site(t, "UTC", "2026-11-09 07:10:22.000"), ExpiresAt: site(t, "UTC", "2027-02-07 23:59:59.000")}
	if old.StatusAt("", old.IssuedAt) != letter.Valid || old.StatusAt("", old.IssuedAt.Add(-time.Millisecond)) != letter.NotYetValid {
		t.Error("a letter without a first day is not good from its issue")
	}
}

func TestStatusWords(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range letter.Statuses() {
		if s.Label() == string(s) || seen[s.Label()] {
			t.Errorf("%s is called %q", s, s.Label())
		}
		seen[s.Label()] = true
		if s.Admits() != (s == letter.Valid) {
			t.Errorf("%s admits: %v", s, s.Admits())
		}
	}
}

func TestWarnings(t *testing.T) {
	const zone = "Asia/Shanghai"
	s := letter.Snapshot{Zone: zone, ExpiresAt: site(t, zone, "2027-02-07 23:59:59.000")}
	at := func(day string) time.Time { return site(t, zone, day+" 09:00:00.000") }
	due := site(t, zone, "2026-11-09 10:00:00.000")
	for _, want := range []struct {
		day  string
		days int
	}{{"2027-01-08", 30}, {"2027-01-24", 14}, {"2027-01-31", 7}, {"2027-02-06", 1}} {
		next := s.NextWarning(due)
		if !next.Equal(at(want.day)) {
			t.Fatalf("the next warning is due at %s, want %s", next, at(want.day))
		}
		if got := s.Warn(next, next.Add(-time.Millisecond)); got != 0 {
			t.Errorf("%s: warned of %d days too early", want.day, got)
		}
		if got := s.Warn(next, next); got != want.days {
			t.Errorf("%s: warned of %d days, want %d", want.day, got, want.days)
		}
		due = next
	}
	if next := s.NextWarning(due); !next.IsZero() {
		t.Errorf("a fifth warning at %s", next)
	}
	// A program that was down for a month says the last thing only.
	if got := s.Warn(at("2027-01-08"), site(t, zone, "2027-02-01 00:00:00.000")); got != 7 {
		t.Errorf("after a long pause: %d", got)
	}
	// What was due before the letter was out is not said.
	if got := s.Warn(site(t, zone, "2027-01-25 00:00:00.000"), site(t, zone, "2027-01-26 00:00:00.000")); got != 0 {
		t.Errorf("a letter of two weeks: warned of %d days", got)
	}
}

func TestDiff(t *testing.T) {
	before, after := sample(), sample()
	after.Version, after.IssuedAt, after.IssuedBy, after.Reason = 3, after.IssuedAt.Add(time.Hour), "Somebody else", "Another reason"
	if d := letter.Diff(before, after); len(d) != 0 {
		t.Errorf("the same letter differs: %v", d)
	}
	after.Position, after.Port, after.Note, after.Engineers = "19-20", "XGE1/0/19", "", []string{"Wu Tao"}
	d := letter.Diff(before, after)
	if got, want := letter.Words(letter.PublicChanges(d)), "Position 17-18 → 19-20; Device and port CSW-YH-A-02, XGE1/0/17 → CSW-YH-A-02, XGE1/0/19"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := letter.Words(d); !slices.Contains([]string{"Position 17-18 → 19-20; Device and port CSW-YH-A-02, XGE1/0/17 → CSW-YH-A-02, XGE1/0/19; Note on the LOA Use the overhead route. → nothing; Field engineers Zhou Ming, 陈喆 → Wu Tao"}, got) {
		t.Error(got)
	} // From when on it is good: at once, or from a day on.
	before, after = sample(), sample()
	after.ValidFrom = time.Time{}
	for _, tt := range []struct {
		before, after letter.Snapshot
		want          string
	}{
		{before, after, "17 Nov 2026, 00:00 (UTC+08:00) → issue"},
		{after, before, "issue → 17 Nov 2026, 00:00 (UTC+08:00)"},
	} {
		if got := letter.Words(letter.Diff(tt.before, tt.after)); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s, want …%s", got, tt.want)
		}
	}
}
