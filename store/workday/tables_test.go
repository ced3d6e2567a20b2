package workday

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const good = `# A comment.
name Test
weekend Saturday Sunday

year 2026
source A notice
01-01..01-03 New Year's Day
work 01-04 New Year's Day
`

var weekend = []time.Weekday{time.Saturday, time.Sunday}

func TestParseFile(t *testing.T) {
	c, err := parseFile("test", good)
	if err != nil || c.ID() != "test" || c.Name() != "Test" {
		t.Fatalf("%v, %v", c, err)
	}
	if worked, err := c.IsWorkday(time.Date(2026, 1, 4, 12, 0, 0, 0, time.UTC)); err != nil || !worked {
		t.Errorf("the make-up Sunday is not worked, %v", err)
	}
}

// A mistake of the person who adds a year is named, never half understood.
func TestParseFileRefuses(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"a day that is none", "01-01..01-03", "02-30", `line 7: "02-30" is no day of 2026`},
		{"a year twice", "source A notice", "source A notice\nyear 2026", "stands twice"},
		{"a year that is none", "year 2026", "year 26", "is no year"},
		{"a year of a sign", "year 2026", "year +926", "is no year"},
		{"a holiday before any year", "year 2026\n", "", "before the first year"},
		{"no source", "source A notice\n", "", "no source"},
		{"a year without holidays", "year 2026", "year 2027\nsource x\nyear 2026", "2027 has no source or no holidays"},
		{"a weekday that is none", "Sunday", "Sonntag", "is no day of the week"},
		{"a weekday twice", "Saturday Sunday", "Sunday Sunday", "stands twice"},
		{"no weekend", "weekend Saturday Sunday\n", "", "which is worked anyway"},
		{"a weekend behind the years", "work 01-04", "weekend Friday\nwork 01-04", `"weekend" is no day`},
		{"no name", "name Test\n", "", "must all stand"},
		{"a word that is none", "name Test", "name Test\nholyday x", "before the first year"},
	}
	for _, tt := range tests {
		text := strings.Replace(good, tt.old, tt.new, 1)
		if text == good {
			t.Fatalf("%s: the text is unchanged", tt.name)
		}
		if _, err := parseFile("test", text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestParseAllNamesTheFile(t *testing.T) {
	fsys := fstest.MapFS{"tables/one.txt": {Data: []byte(good)}, "tables/two.txt": {Data: []byte("name x\nyear 1")}}
	if _, err := parseAll(fsys); err == nil || !strings.Contains(err.Error(), "two.txt: line 2") {
		t.Errorf("error %v", err)
	}
}

func TestParseTable(t *testing.T) {
	text := "\n# as announced\r\n10-01..10-03\tNational  Day\n2027-01-01 New Year's Day\n  work 10-09  National Day \n12-31 Éve 元旦"
	table, faults := ParseTable(2027, "A notice", text, weekend)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := "01-01 New Year's Day\n10-01..10-03 National Day\nwork 10-09 National Day\n12-31 Éve 元旦\n"
	if got := table.Text(); got != want || table.Source() != "A notice" || table.Year() != 2027 {
		t.Errorf("year %d by %q:\n%s", table.Year(), table.Source(), got)
	}
	if table, faults = ParseTable(2028, "x", "02-29 Leap Day", weekend); len(faults) > 0 || len(table.Holidays()) != 1 {
		t.Errorf("29 February: %v", faults)
	}
}

// Every line that is wrong is named with its number and with what to write; none hides another.
func TestParseTableRefuses(t *testing.T) {
	tests := []struct {
		name, text, want string
		line             int
	}{
		{"a day that is none", "01-01 A\n02-30 B", `"02-30" is no day of 2027. Write month and day`, 2},
		{"29 February of a common year", "02-29 A", `"02-29" is no day of 2027`, 1},
		{"a date in another order", "31.12. A", `"31.12." is no day`, 1},
		{"a date without zeros", "1-1 A", `"1-1" is no day`, 1},
		{"a date of another year", "2026-01-01 A", `"2026-01-01" is no day of 2027`, 1},
		{"words", "Christmas on the 25th", `"Christmas" is no day`, 1},
		{"a keyword of a file", "year 2027", `"year" is no day`, 1},
		{"a range that runs back", "01-03..01-01 A", "does not run forward", 1},
		{"a range of a day", "01-03..01-03 A", "does not run forward", 1},
		{"half a range", "01-01.. A", "is no day", 1},
		{"a range into the next year", "12-31..01-01 A", "does not run forward", 1},
		{"a holiday without a name", "01-01", "01-01 has no name", 1},
		{"a holiday twice", "01-01..01-03 A\n\n01-02 B", "01-02 is A already, by line 1", 3},
		{"a make-up day on a weekday", "01-01 A\nwork 01-04 A", "01-04 is a Monday, which is worked anyway", 2},
		{"a make-up day on a holiday", "01-02 A\nwork 01-02 A", "01-02 is A already, by line 1", 2},
		{"a holiday on a make-up day", "work 01-02 A\n01-02 A", "01-02 is worked already, by line 1", 2},
		{"a make-up day twice", "work 01-02 A\nwork 01-02 B", "01-02 is worked already, by line 1", 2},
		{"a make-up day without a name", "work 01-02", "Write for which holiday 01-02 is worked", 1},
		{"a make-up range", "work 01-02..01-03 A", "a line of its own", 1},
		{"work alone", "work", `"" is no day`, 1},
		{"a guess", "? 01-01 A", "not confirmed", 1},
		{"a guess without a space", "?01-01 A", "not confirmed", 1},
		{"a name that is too long", "01-01 " + strings.Repeat("ä", 101), "at most 100 characters", 1},
		{"a character that nobody sees", "01-01 A\u202eB", "nobody sees", 1},
		{"no text", "01-01 \xff", "nobody sees", 1},
		{"nothing", "\n# nothing\n", "There is no holiday", 0},
		{"make-up days alone", "work 01-02 A", "There is no holiday", 0},
		{"far too much", strings.Repeat("\n", 401), "more than 400 lines", 0},
	}
	for _, tt := range tests {
		_, faults := ParseTable(2027, "x", tt.text, weekend)
		if len(faults) != 1 || faults[0].Line != tt.line || !strings.Contains(faults[0].Msg, tt.want) {
			t.Errorf("%s: %v, want %q at line %d", tt.name, faults, tt.want, tt.line)
		}
	}
	_, faults := ParseTable(2027, "x", "13-01 A\n01-01 New Year's Day\n? 02-01 B\n01-01 C", weekend)
	if len(faults) != 3 || faults[0].Line != 1 || faults[1].Line != 3 || faults[2].Line != 4 || faults[1].Text != "? 02-01 B" {
		t.Errorf("faults %v", faults)
	}
	// A range that meets another day takes no part of itself.
	table, _ := ParseTable(2027, "x", "01-03 A\n01-01..01-05 B", weekend)
	if got := table.Text(); got != "01-03 A\n" {
		t.Errorf("half a range was taken: %q", got)
	}
}

// A copy of another year counts for nothing before each line was confirmed.
func TestDraft(t *testing.T) {
	table, faults := ParseTable(2026, "x", good[strings.Index(good, "01-01"):], weekend)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	draft := table.Draft()
	if draft != "? 01-01..01-03 New Year's Day\n" {
		t.Errorf("draft %q", draft)
	}
	if _, faults := ParseTable(2027, "x", draft, weekend); len(faults) == 0 || !strings.Contains(faults[0].Msg, "not confirmed") {
		t.Errorf("a draft was taken: %v", faults)
	}
	if _, faults := ParseTable(2027, "x", strings.ReplaceAll(draft, "? ", ""), weekend); len(faults) > 0 {
		t.Errorf("a confirmed draft was refused: %v", faults)
	}
}

func TestChanges(t *testing.T) {
	parse := func(text string) Table {
		t.Helper()
		table, faults := ParseTable(2027, "x", text, weekend)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		return table
	}
	old := parse("01-01 A\n10-01..10-03 B\nwork 10-09 B")
	next := parse("01-01 A\n10-02..10-03 B\n10-09 C\nwork 10-10 B\n01-04 D")
	var got []string
	for _, c := range next.Changes(old) {
		got = append(got, c.Date.Format("01-02")+" "+c.Was.Name+strconv.FormatBool(c.Was.Worked)+" "+c.Is.Name+strconv.FormatBool(c.Is.Worked))
	}
	want := []string{"01-04 false Dfalse", "10-01 Bfalse false", "10-09 Btrue Cfalse", "10-10 false Btrue"}
	if !slices.Equal(got, want) {
		t.Errorf("changes %v, want %v", got, want)
	}
	if all := next.Changes(Table{}); len(all) != 6 {
		t.Errorf("%d changes against nothing", len(all))
	}
	if none := next.Changes(next); len(none) != 0 {
		t.Errorf("changes against itself: %v", none)
	}
}

func TestNewAndWith(t *testing.T) {
	for name, days := range map[string][]time.Weekday{"no weekend": nil, "no work": {0, 1, 2, 3, 4, 5, 6}, "a day that is none": {7}} {
		if _, err := New("x", "X", days); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	table, faults := ParseTable(2027, "x", "01-01 A\nwork 01-02 A", weekend) // a Saturday
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	friday := []time.Weekday{time.Friday}
	if _, err := New("x", "X", friday, table); err == nil || !strings.Contains(err.Error(), "worked anyway") {
		t.Errorf("a make-up day of another weekend: %v", err)
	}
	shipped, err := parseFile("test", good)
	if err != nil {
		t.Fatal(err)
	}
	both, err := shipped.With(table)
	if err != nil || !slices.Equal(both.Years(), []int{2026, 2027}) || !slices.Equal(shipped.Years(), []int{2026}) {
		t.Errorf("years %v of the new one, %v of the old one, %v", both.Years(), shipped.Years(), err)
	}
	// 365 days, 104 of them of the weekend, a Friday off and a Saturday worked.
	if n, err := both.Workdays(2027); err != nil || n != 365-104-1+1 {
		t.Errorf("%d working days, %v", n, err)
	}
	other, faults := ParseTable(2026, "y", "05-01 Labour Day", weekend)
	if over, err := both.With(other); len(faults) > 0 || err != nil || over.years[2026].source != "y" || both.years[2026].source != "A notice" {
		t.Errorf("a table was not replaced, or in the wrong calendar: %v, %v", faults, err)
	}
}

// Whatever is typed is refused with a line that is there, or read as a table that reads the same from its own text.
func FuzzParseTable(f *testing.F) {
	f.Add(2026, "01-01..01-03 New Year's Day\nwork 01-04 New Year's Day\n# x\n")
	f.Add(2028, "02-29 Leap\r\n2028-10-01 A\n? 01-01 B\nwork 01-01 C")
	f.Add(2027, "work\nwork 10-10\n01-01..\n..\n\t\n\x00")
	f.Fuzz(func(t *testing.T, year int, text string) {
		if year < FirstYear || year > LastYear {
			t.Skip()
		}
		table, faults := ParseTable(year, "x", text, weekend)
		lines := slices.Collect(strings.Lines(text))
		for _, fault := range faults {
			if fault.Msg == "" || fault.Line < 0 || fault.Line > len(lines) {
				t.Fatalf("fault %+v of %d lines", fault, len(lines))
			}
		}
		if len(faults) > 0 {
			return
		}
		again, faults := ParseTable(year, "x", table.Text(), weekend)
		if len(faults) > 0 || len(again.Changes(table)) > 0 || again.Text() != table.Text() {
			t.Fatalf("%q reads as %q, with %v", text, table.Text(), faults)
		}
		c, err := New("x", "X", weekend, table)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := c.Workdays(year); err != nil || n < 0 || n > 366 {
			t.Fatalf("%d working days, %v", n, err)
		}
	})
}
