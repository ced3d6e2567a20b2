package workday

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed tables/*.txt
var files embed.FS

// load reads every table once. An error is a mistake in an embedded file, which the tests of this package find before anybody else.
var load = sync.OnceValues(func() (map[string]*Calendar, error) { return parseAll(files) })

func parseAll(fsys fs.FS) (map[string]*Calendar, error) {
	names, err := fs.Glob(fsys, "tables/*.txt")
	if err != nil {
		return nil, err
	}
	all := make(map[string]*Calendar)
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("workday: %w", err)
		}
		calendars, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("workday: %s: %w", path.Base(name), err)
		}
		for _, c := range calendars {
			if other, twice := all[c.region]; twice {
				return nil, fmt.Errorf("workday: %s: region %s is in %q as well", path.Base(name), c.region, other.name)
			}
			all[c.region] = c
		}
	}
	return all, nil
}

// parser reads one file: lines of a keyword and its values, with # comments.
//
//	name China (mainland)               whose holidays these are
//	weekend Saturday Sunday             the days of the week that are not worked
//	region cn-hangzhou Asia/Shanghai    a region that keeps them, and its IANA zone; one line for each
//
//	year 2026                           what follows is of this year
//	source Notice of 4 November 2025    where it is from, shown to administrators
//	10-01..10-07 National Day           a holiday: month-day, or the first and the last
//	work 10-10 National Day             a weekend day that is worked, and for which holiday
type parser struct {
	name    string
	weekend [7]bool
	regions []*Calendar
	years   map[int]*table
	year    int // the current one, 0 before the first
}

func parse(text string) ([]*Calendar, error) {
	p := parser{years: make(map[int]*table)}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		keyword, rest, _ := strings.Cut(line, " ")
		if err := p.line(keyword, strings.TrimSpace(rest)); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return p.finish()
}

func (p *parser) line(keyword, rest string) error {
	if rest == "" {
		return fmt.Errorf("%q says nothing", keyword)
	}
	switch keyword {
	case "name":
		p.name = rest
		return nil
	case "weekend":
		return p.setWeekend(strings.Fields(rest))
	case "region":
		return p.addRegion(rest)
	case "year":
		return p.startYear(rest)
	}
	if p.year == 0 {
		return fmt.Errorf("%q stands before the first year", keyword)
	}
	t := p.years[p.year]
	switch keyword {
	case "source":
		t.source = rest
		return nil
	case "work":
		date, name, _ := strings.Cut(rest, " ")
		return p.addMakeUp(t, date, strings.TrimSpace(name))
	}
	return p.addHoliday(t, keyword, rest)
}

func (p *parser) setWeekend(names []string) error {
	for _, name := range names {
		found := false
		for d := time.Sunday; d <= time.Saturday; d++ {
			if d.String() == name {
				p.weekend[d], found = true, true
			}
		}
		if !found {
			return fmt.Errorf("%q is no day of the week", name)
		}
	}
	return nil
}

func (p *parser) addRegion(rest string) error {
	id, zoneName, _ := strings.Cut(rest, " ")
	if zoneName == "" {
		return fmt.Errorf("region %s has no zone", id)
	}
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		return fmt.Errorf("region %s: %w", id, err)
	}
	for _, c := range p.regions {
		if c.region == id {
			return fmt.Errorf("region %s stands twice", id)
		}
	}
	p.regions = append(p.regions, &Calendar{region: id, zone: zone})
	return nil
}

func (p *parser) startYear(rest string) error {
	year, err := strconv.Atoi(rest)
	if err != nil || year < 2000 || year > 2999 {
		return fmt.Errorf("%q is no year", rest)
	}
	if p.years[year] != nil {
		return fmt.Errorf("year %d stands twice", year)
	}
	p.year = year
	p.years[year] = &table{holidays: make(map[day]string), makeUp: make(map[day]string)}
	return nil
}

func (p *parser) addHoliday(t *table, dates, name string) error {
	from, to, isRange := strings.Cut(dates, "..")
	first, err := p.date(from)
	if err != nil {
		return err
	}
	last := first
	if isRange {
		if last, err = p.date(to); err != nil {
			return err
		}
		if !last.After(first) {
			return fmt.Errorf("%s does not run forward", dates)
		}
	}
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		if other, twice := t.holidays[dayOf(d)]; twice {
			return fmt.Errorf("%s is %s already", d.Format("01-02"), other)
		}
		t.holidays[dayOf(d)] = name
	}
	return nil
}

func (p *parser) addMakeUp(t *table, date, name string) error {
	d, err := p.date(date)
	if err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf("work %s does not say for which holiday", date)
	}
	if _, twice := t.makeUp[dayOf(d)]; twice {
		return fmt.Errorf("work %s stands twice", date)
	}
	t.makeUp[dayOf(d)] = name
	return nil
}

// date reads a month and a day of the current year; 02-29 is refused in a common year.
func (p *parser) date(s string) (time.Time, error) {
	d, err := time.Parse(time.DateOnly, fmt.Sprintf("%04d-%s", p.year, s))
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no day of %d", s, p.year)
	}
	return d, nil
}

// finish checks what only the whole file can show.
func (p *parser) finish() ([]*Calendar, error) {
	if p.name == "" || p.weekend == [7]bool{} || len(p.regions) == 0 || len(p.years) == 0 {
		return nil, fmt.Errorf("name, weekend, region and year must all stand in the file")
	}
	for year, t := range p.years {
		if t.source == "" || len(t.holidays) == 0 {
			return nil, fmt.Errorf("year %d has no source or no holidays", year)
		}
		for d := range t.makeUp {
			weekday := time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).Weekday()
			if _, off := t.holidays[d]; off || !p.weekend[weekday] {
				return nil, fmt.Errorf("work %02d-%02d of %d, a %s, would be no make-up for a weekend", d.month, d.day, year, weekday)
			}
		}
	}
	for _, c := range p.regions {
		c.name, c.weekend, c.years = p.name, p.weekend, p.years
	}
	return p.regions, nil
}
