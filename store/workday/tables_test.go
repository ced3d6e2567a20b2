package workday

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const good = `# A comment.
name Test
weekend Saturday Sunday
region a Asia/Shanghai
region b Europe/London

year 2026
source A notice
01-01..01-03 New Year's Day
work 01-04 New Year's Day
`

func TestParse(t *testing.T) {
	calendars, err := parse(good)
	if err != nil || len(calendars) != 2 {
		t.Fatalf("%d calendars, %v", len(calendars), err)
	}
	for _, c := range calendars {
		if worked, err := c.IsWorkday(time.Date(2026, 1, 4, 12, 0, 0, 0, c.Zone())); err != nil || !worked {
			t.Errorf("%s: the make-up Sunday is not worked, %v", c.Region(), err)
		}
	}
}

// A mistake of the person who adds a year is named, never half understood.
func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"a day that is none", "01-01..01-03", "02-30", `"02-30" is no day of 2026`},
		{"29 February of a common year", "01-01..01-03", "02-29", `"02-29" is no day of 2026`},
		{"a date in another order", "01-01..01-03", "31.12.", `"31.12." is no day`},
		{"a range that runs back", "01-01..01-03", "01-03..01-01", "does not run forward"},
		{"half a range", "01-01..01-03", "01-01..", "is no day"},
		{"a holiday without a name", "01-01..01-03 New Year's Day", "01-01", "says nothing"},
		{"a holiday twice", "work 01-04", "01-02 Again\nwork 01-04", "is New Year's Day already"},
		{"a make-up day on a weekday", "work 01-04", "work 01-05", "would be no make-up"},
		{"a make-up day on a holiday", "work 01-04", "work 01-03", "would be no make-up"},
		{"a make-up day twice", "work 01-04", "work 01-04 x\nwork 01-04", "stands twice"},
		{"a make-up day without a name", "work 01-04 New Year's Day", "work 01-04", "for which holiday"},
		{"a year twice", "source A notice", "source A notice\nyear 2026", "stands twice"},
		{"a year that is none", "year 2026", "year 26", "is no year"},
		{"a holiday before any year", "year 2026\n", "", "before the first year"},
		{"no source", "source A notice\n", "", "no source"},
		{"a year without holidays", "year 2026", "year 2027\nsource x\nyear 2026", "2027 has no source or no holidays"},
		{"a weekday that is none", "Sunday", "Sonntag", "is no day of the week"},
		{"no weekend", "weekend Saturday Sunday\n", "", "must all stand"},
		{"no name", "name Test\n", "", "must all stand"},
		{"a zone that is none", "Asia/Shanghai", "Asia/Nowhere", "region a"},
		{"no zone", "region a Asia/Shanghai", "region a", "has no zone"},
		{"a region twice", "region b", "region a", "stands twice"},
		{"a word that is none", "name Test", "name Test\nholyday x", "before the first year"},
	}
	for _, tt := range tests {
		text := strings.Replace(good, tt.old, tt.new, 1)
		if text == good {
			t.Fatalf("%s: the text is unchanged", tt.name)
		}
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestTwoFilesCannotHoldOneRegion(t *testing.T) {
	fsys := fstest.MapFS{"tables/one.txt": {Data: []byte(good)}, "tables/two.txt": {Data: []byte(good)}}
	if _, err := parseAll(fsys); err == nil || !strings.Contains(err.Error(), `two.txt: region a is in "Test" as well`) {
		t.Errorf("error %v", err)
	}
	fsys["tables/two.txt"].Data = []byte("name")
	if _, err := parseAll(fsys); err == nil || !strings.Contains(err.Error(), "two.txt: line 1") {
		t.Errorf("error %v", err)
	}
}
