package workday

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

//go:embed tables/*.txt
var files embed.FS

// load reads every shipped calendar once. An error is a mistake in an embedded file, which the tests of this package find before anybody else.
var load = sync.OnceValues(func() ([]*Calendar, error) { return parseAll(files) })

// Shipped returns the calendars that come with Demarc, by ID; they are not to be changed.
func Shipped() ([]*Calendar, error) { return load() }

func parseAll(fsys fs.FS) ([]*Calendar, error) {
	names, err := fs.Glob(fsys, "tables/*.txt")
	if err != nil {
		return nil, err
	}
	var all []*Calendar
	for _, name := range names { // sorted
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("workday: %w", err)
		}
		c, err := parseFile(strings.TrimSuffix(path.Base(name), ".txt"), string(text))
		if err != nil {
			return nil, fmt.Errorf("workday: %s: %w", path.Base(name), err)
		}
		all = append(all, c)
	}
	return all, nil
}

// parseFile reads a shipped calendar: lines of a keyword and its values, with # comments.
//
//	name China (mainland)               whose holidays these are
//	weekend Saturday Sunday             the days of the week that are not worked
//
//	year 2026                           what follows is of this year
//	source Notice of 4 November 2025    where it is from, shown to administrators
//	10-01..10-07 National Day           the lines of ParseTable
//	work 10-10 National Day
func parseFile(id, text string) (*Calendar, error) {
	var name string
	var weekend []time.Weekday
	var tables []Table
	var in *reader // of the current year, nil before the first
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		keyword, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		var err error
		switch {
		case keyword == "name":
			name = rest
		case keyword == "weekend" && in == nil:
			weekend, err = ParseWeekend(rest)
		case keyword == "year":
			var year int
			if year, err = ParseYear(rest); err == nil && slices.ContainsFunc(tables, func(t Table) bool { return t.year == year }) {
				err = fmt.Errorf("year %d stands twice", year)
			}
			in = newReader(year, weekend)
			tables = append(tables, in.table)
		case in == nil:
			err = fmt.Errorf("%q stands before the first year", keyword)
		case keyword == "source":
			tables[len(tables)-1].source = rest
		default:
			if problem := in.line(n, line); problem != "" {
				err = fmt.Errorf("%s", problem)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if name == "" || len(tables) == 0 {
		return nil, fmt.Errorf("name, weekend and year must all stand in the file")
	}
	for _, t := range tables {
		if t.source == "" || len(t.holidays) == 0 {
			return nil, fmt.Errorf("year %d has no source or no holidays", t.year)
		}
	}
	return New(id, name, weekend, tables...)
}

// The years that a table can be of.
const (
	FirstYear = 2000
	LastYear  = 2999
)

// ParseYear reads a year of four digits, from FirstYear to LastYear.
func ParseYear(s string) (int, error) {
	year, err := strconv.Atoi(s)
	if err != nil || len(s) != 4 || year < FirstYear || year > LastYear {
		return 0, fmt.Errorf("%q is no year from %d to %d", s, FirstYear, LastYear)
	}
	return year, nil
}

// ParseWeekend reads the days of a weekend, "Saturday Sunday", in any order.
func ParseWeekend(s string) ([]time.Weekday, error) {
	var out []time.Weekday
	for _, name := range strings.Fields(s) {
		found := false
		for d := time.Sunday; d <= time.Saturday; d++ {
			if d.String() == name && !slices.Contains(out, d) {
				out, found = append(out, d), true
			}
		}
		if !found {
			return nil, fmt.Errorf("%q is no day of the week, or stands twice", name)
		}
	}
	return out, nil
}

// What the lines of a table may hold at most.
const (
	maxLines = 400 // a day of the year each, and some comments
	maxName  = 100 // characters of the name of a day
)

// Fault is what is wrong with a line of a table, and what to write instead.
type Fault struct {
	Line int    // from 1; 0 for the table as a whole
	Text string // of the line
	Msg  string // one or two sentences for the person who wrote it
}

// ParseTable reads the days of a year in which work differs from an ordinary week, one line each:
//
//	10-01..10-07 National Day           a holiday: month-day, or the first and the last, and its name
//	work 10-10 National Day             a weekend day that is worked, and for which holiday
//	# whatever                          a comment, as are empty lines
//
// A year before the month, as in 2026-10-01, is taken when it is the table's. A line that begins with ? is somebody's guess and is refused
// until the ? is gone: so a table can begin as a copy of another year's and nothing of it counts before it was confirmed. With any fault
// the table is of no use.
func ParseTable(year int, source, text string, weekend []time.Weekday) (Table, []Fault) {
	r := newReader(year, weekend)
	r.table.source = source
	var faults []Fault
	n := 0
	for line := range strings.Lines(text) {
		n++
		if n > maxLines {
			faults = append(faults, Fault{Msg: fmt.Sprintf("There are more than %d lines. Write the days of one year only.", maxLines)})
			break
		}
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if problem := r.line(n, line); problem != "" {
			faults = append(faults, Fault{Line: n, Text: line, Msg: problem})
		}
	}
	if len(faults) == 0 && len(r.table.holidays) == 0 {
		faults = append(faults, Fault{Msg: "There is no holiday. Write each on a line, for example 01-01 New Year's Day."})
	}
	return r.table, faults
}

// reader makes a table of lines.
type reader struct {
	table   Table
	weekend []time.Weekday
	lines   map[day]int // where a day was named, to tell
}

func newReader(year int, weekend []time.Weekday) *reader {
	return &reader{Table{year: year, holidays: make(map[day]string), makeUp: make(map[day]string)}, weekend, make(map[day]int)}
}

// line takes one line of the table over, or says what is wrong with it and what to write.
func (r *reader) line(n int, line string) string {
	if !utf8.ValidString(line) || strings.ContainsFunc(line, hidden) {
		return "The line holds characters that nobody sees. Type it again."
	}
	if strings.HasPrefix(line, "?") {
		return "The line is not confirmed. Compare it with the announcement, correct the date and take the ? away, or delete the line."
	}
	dates, name, _ := strings.Cut(strings.Join(strings.Fields(line), " "), " ")
	work := dates == "work"
	if work {
		dates, name, _ = strings.Cut(name, " ")
	}
	from, to, isRange := strings.Cut(dates, "..")
	if !isRange {
		to = from
	}
	first, problem := r.date(from)
	if problem != "" {
		return problem
	}
	last, problem := r.date(to)
	switch {
	case problem != "":
		return problem
	case isRange && !last.After(first):
		return dates + " does not run forward. Write the first day before the last, for example 10-01..10-07."
	case work && isRange:
		return "Write a line of its own for each day that is worked instead."
	case name == "" && work:
		return "Write for which holiday " + dates + " is worked, for example work 10-10 National Day."
	case name == "":
		return dates + " has no name. Write what is celebrated behind it, for example 01-01 New Year's Day."
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Sprintf("Use at most %d characters for the name of a day.", maxName)
	}
	if work {
		d := dayOf(first)
		if problem := r.twice(d); problem != "" {
			return problem
		}
		if weekday := first.Weekday(); !slices.Contains(r.weekend, weekday) {
			return fmt.Sprintf("%s is a %s, which is worked anyway. Correct the date, or delete the line: only a day of the weekend can be worked instead.", d, weekday)
		}
		r.table.makeUp[d], r.lines[d] = name, n
		return ""
	}
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		if problem := r.twice(dayOf(d)); problem != "" {
			return problem
		}
	}
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		r.table.holidays[dayOf(d)], r.lines[dayOf(d)] = name, n
	}
	return ""
}

// twice says that an earlier line names the day already.
func (r *reader) twice(d day) string {
	mark, there := r.table.mark(d)
	switch {
	case !there:
		return ""
	case mark.Worked:
		return fmt.Sprintf("%s is worked already, by line %d. Delete one of the two.", d, r.lines[d])
	}
	return fmt.Sprintf("%s is %s already, by line %d. Delete one of the two.", d, mark.Name, r.lines[d])
}

// date reads a month and a day of the table's year; 02-29 is refused in a common year.
func (r *reader) date(s string) (time.Time, string) {
	year := fmt.Sprintf("%04d-", r.table.year)
	d, err := time.Parse(time.DateOnly, year+strings.TrimPrefix(s, year))
	if err != nil {
		return d, fmt.Sprintf("%q is no day of %d. Write month and day with two digits each, for example 01-31, and behind it the name.", shorten(s), r.table.year)
	}
	return d, ""
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) > 40 {
		return string([]rune(s)[:40]) + "…"
	}
	return s
}

// hidden reports characters that people do not see, and those that turn the direction of text around. A tab is seen as a space.
func hidden(r rune) bool {
	return unicode.IsControl(r) && r != '\t' || r == unicode.ReplacementChar || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufeff'
}
