package views

import (
	"slices"
	"strconv"
	"time"

	"demarc/views/ui"
)

// Calendar is the page Working days.
type Calendar struct {
	Countries []Country
	// Missing are the tables that lack: "China (mainland) 2027".
	Missing []string
	// Without are regions that no calendar covers.
	Without []string
}

// Country is a calendar with the regions that keep it.
type Country struct {
	ID      string // for links within the page
	Name    string // "China (mainland)"
	Regions string
	Weekend string // "Saturday, Sunday"
	Effects []Effect
	Years   []CalendarYear
}

// Effect is when a delivery report that is sent now is due, at the sites of one
// zone.
type Effect struct {
	Where string // the regions, when a country has several zones
	Days  int    // working days
	Due   time.Time
	Zone  *time.Location
	// NoTable is the year without a table that the count reaches; 0 when Due is set.
	NoTable int
}

// CalendarYear is one year of a calendar.
type CalendarYear struct {
	Year    int
	Missing bool // there is no table
	Source  string
	Days    []DayRange
	MakeUp  []DayRange
}

// DayRange is a run of days with one name.
type DayRange struct {
	First, Last time.Time
	Name        string
}

// words are "1 Oct – 7 Oct", or one day with its weekday.
func (r DayRange) words() string {
	if r.First.Equal(r.Last) {
		return r.First.Format("Mon 2 Jan")
	}
	return r.First.Format("Mon 2 Jan") + " – " + r.Last.Format("Mon 2 Jan")
}

func (y CalendarYear) year() string { return strconv.Itoa(y.Year) }

// title is the year with how many days differ from an ordinary week.
func (y CalendarYear) title() string {
	if y.Missing {
		return y.year()
	}
	return y.year() + ": " + countOf(y.off(), "holiday", "holidays") + y.extra()
}

func (c Country) headID() string { return "c-" + c.ID }

// sentence says what the calendar makes of a report that is sent now.
func (e Effect) sentence() string {
	days := countOf(e.Days, "working day", "working days")
	if e.NoTable != 0 {
		return "A report sent now has no due time: " + days + " reach into " + strconv.Itoa(e.NoTable) + ", which has no table."
	}
	return "A report sent now is due " + e.Due.In(orUTC(e.Zone)).Format("Mon 2 Jan 2006, 15:04 (UTC-07:00)") + ", after " + days + "."
}

func (e Effect) class() string {
	if e.NoTable != 0 {
		return "tone-" + ui.ToneWarn
	}
	return "tone-" + ui.ToneInfo
}

// off is how many days are holidays.
func (y CalendarYear) off() int {
	n := 0
	for _, d := range y.Days {
		n += d.length()
	}
	return n
}

func (d DayRange) length() int { return int(d.Last.Sub(d.First)/(24*time.Hour) + 1) }

// extra tells of the weekend days that are worked.
func (y CalendarYear) extra() string {
	if len(y.MakeUp) == 0 {
		return ""
	}
	return ", " + countOf(len(y.MakeUp), "make-up day", "make-up days")
}

type namedDays struct {
	DayRange
	worked bool
}

// all is holidays and make-up days in the order of the year.
func (y CalendarYear) all() []namedDays {
	var out []namedDays
	for _, d := range y.Days {
		out = append(out, namedDays{d, false})
	}
	for _, d := range y.MakeUp {
		out = append(out, namedDays{d, true})
	}
	slices.SortStableFunc(out, func(a, b namedDays) int { return a.First.Compare(b.First) })
	return out
}
