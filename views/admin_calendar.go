package views

import (
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"demarc/views/ui"
)

// Calendar is the page Working days.
type Calendar struct {
	Countries []Country
	Missing   []MissingYear
	// Without are regions that no calendar covers.
	Without  []RegionCalendarForm
	New      string // where a calendar is made, "" for those who may not
	Conflict string
}

// MissingYear is a year that has no table and needs one now.
type MissingYear struct {
	Calendar string
	Year     int
	Begun    bool
	Href     string // where it is entered, "" for those who may not
}

func (m MissingYear) label() string { return "Enter " + m.Calendar + " " + strconv.Itoa(m.Year) }

// gap is a year with the calendars that lack it.
type gap struct{ Missing []MissingYear }

// gaps puts together what lacks of one year, the earlier year first.
func gaps(missing []MissingYear) []gap {
	var out []gap
	for _, m := range missing {
		i := slices.IndexFunc(out, func(g gap) bool { return g.Missing[0].Year == m.Year })
		if i < 0 {
			i, out = len(out), append(out, gap{})
		}
		out[i].Missing = append(out[i].Missing, m)
	}
	slices.SortFunc(out, func(a, b gap) int { return a.Missing[0].Year - b.Missing[0].Year })
	return out
}

// begun reports whether the year has begun without a table somewhere.
func (g gap) begun() bool {
	return slices.ContainsFunc(g.Missing, func(m MissingYear) bool { return m.Begun })
}

func (g gap) tone() string {
	if g.begun() {
		return ui.ToneBad
	}
	return ui.ToneWarn
}

func (g gap) title() string {
	return countOf(len(g.Missing), "calendar has", "calendars have") + " no table for " + strconv.Itoa(g.Missing[0].Year)
}

func (g gap) effect() string {
	if g.begun() {
		return "Reviews and cabling have no due time there until an administrator enters the year."
	}
	return "Due times that reach into the year are not known there until an administrator enters it."
}

// RegionCalendarForm gives a region a calendar that has none.
type RegionCalendarForm struct {
	ID, Name  string
	Calendar  string      // ID that was selected
	Calendars []ui.Option // nil for those who may not
	Key       string
	Rev       int
	Error     string
	Conflict  string
}

func (f RegionCalendarForm) words() string {
	return f.Name + " has no calendar: nothing there has a due time."
}

// summary is what the forms of regions were refused for.
func (c Calendar) summary() []ui.FieldError {
	var out []ui.FieldError
	for _, f := range c.Without {
		if f.Error != "" {
			out = append(out, ui.FieldError{ID: f.fieldID(), Text: f.Error})
		}
	}
	return out
}

func (f RegionCalendarForm) fieldID() string { return "calendar-" + f.ID }

// Country is a calendar with the regions that keep it.
type Country struct {
	ID      string // of the calendar
	Name    string // "China (mainland)"
	Own     bool   // made by the operator
	Regions string // "" when no region keeps it
	Weekend string // "Saturday, Sunday"
	Effects []Effect
	Years   []CalendarYear
	// Edit and Delete are where the operator's calendar is changed, Later is where
	// a year further ahead is entered; "" for those who may not.
	Edit, Delete, Later string
	LaterYear           int
}

func (c Country) regions() string {
	if c.Regions == "" {
		return "No region keeps this calendar."
	}
	return c.Regions
}

func (c Country) actions() []ui.Button {
	type action struct{ label, href string }
	var all []action
	for _, y := range c.Years {
		if y.Missing {
			all = append(all, action{"Enter " + y.Path(), y.Enter})
		}
	}
	all = append(all, action{"Enter " + strconv.Itoa(c.LaterYear), c.Later}, action{"Edit calendar", c.Edit}, action{"Delete calendar", c.Delete})
	var out []ui.Button
	for _, a := range all {
		if a.href != "" {
			out = append(out, ui.Button{Label: a.label, Href: a.href, Attrs: templ.Attributes{"aria-label": a.label + ": " + c.Name}})
		}
	}
	return out
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
	Year     int
	Missing  bool // there is no table
	Needed   bool // and it has to be entered now
	Entered  bool // by the operator
	Replaces bool // and a shipped one is below it
	Source   string
	Days     []DayRange
	MakeUp   []DayRange
	// Enter and Remove are where it is changed and removed, "" for those who may not.
	Enter, Remove string
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

// Path is the year as addresses have it.
func (y CalendarYear) Path() string { return strconv.Itoa(y.Year) }

// title is the year with how many days differ from an ordinary week.
func (y CalendarYear) title() string {
	if y.Missing {
		return y.Path()
	}
	return y.Path() + ": " + countOf(y.off(), "holiday", "holidays") + y.extra()
}

// origin says where the table stands in relation to the shipped one.
func (y CalendarYear) origin() string {
	switch {
	case y.Replaces:
		return "Entered here, in the place of the shipped table. Remove it, and the shipped one comes back."
	case y.Entered:
		return "Entered here. Nothing is shipped for this year."
	}
	return "Shipped with Demarc."
}

func (y CalendarYear) gapTone() string {
	if y.Needed {
		return ui.ToneWarn
	}
	return ui.ToneIdle
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

func (r DayRange) length() int { return int(r.Last.Sub(r.First)/(24*time.Hour) + 1) }

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

// YearForm enters a year's table: what was typed, and what it would change once
// that was asked for.
type YearForm struct {
	Calendar        string
	Year            int
	Weekend         string
	Source, Days    string
	Had             bool // the year has a table
	Replaces        bool // which the operator entered
	Save, PreviewAt string
	CopyFrom        int    // a year that the form can begin with; 0 when there is none
	CopyAt          string // and where
	Copied          int    // the year that it began with
	Faults          []LineFault
	Preview         *YearPreview
	Key             string
	Rev             int
	Errors          map[string]string
	Conflict        string
}

// LineFault is what is wrong with a line.
type LineFault struct {
	Line int // 0 for the table as a whole
	Text string
	Msg  string
}

func (f LineFault) where() string { return "Line " + strconv.Itoa(f.Line) + ": " + f.Text }

// faultsShown is how many wrong lines are named at once.
const faultsShown = 20

// faults are the lines to correct, the first of them.
func (f YearForm) faults() []LineFault {
	var out []LineFault
	for _, fault := range f.Faults {
		if fault.Line > 0 && len(out) < faultsShown {
			out = append(out, fault)
		}
	}
	return out
}

func (f YearForm) moreFaults() string {
	if n := len(f.Faults) - faultsShown; n > 0 {
		return "And " + countOf(n, "more line", "more lines") + "."
	}
	return ""
}

func (f YearForm) summary() []ui.FieldError { return ui.ErrorList(f.Errors, "source", "days") }

func (f YearForm) rows() int {
	n := 1
	for _, r := range f.Days {
		if r == '\n' {
			n++
		}
	}
	return min(max(n+2, 14), 40)
}

func (f YearForm) hidden() []ui.Hidden {
	return append(formFields(f.Key, f.Rev), ui.Hidden{Name: "source", Value: f.Source}, ui.Hidden{Name: "days", Value: f.Days})
}

func (f YearForm) copyLabel() string {
	return "Begin with the holidays of " + strconv.Itoa(f.CopyFrom)
}

func (f YearForm) copiedWords() string {
	return "These are the holidays of " + strconv.Itoa(f.Copied) + " with the dates of that year, each with a ? before it. Nothing of it counts yet: compare each line with the announcement for " + strconv.Itoa(f.Year) +
		", correct its date and take the ? away, or delete the line. Days that were worked instead are left out."
}

// YearPreview is what a year's table would change.
type YearPreview struct {
	Holidays, MakeUp       int
	Had                    bool // there was a table
	Workdays, WorkdaysWere int
	Changes                []DayChange
	Known, Kept            []ClockRow
	KnownCount, KeptCount  int
	More                   bool
	Now                    time.Time
}

// DayMark is how a day differs from an ordinary week.
type DayMark struct {
	Name   string
	Worked bool
}

func (m DayMark) words() string {
	switch {
	case m.Name == "":
		return "As in any week"
	case m.Worked:
		return "Worked instead of " + m.Name
	}
	return "Not worked: " + m.Name
}

// DayChange is a run of days that the table marks otherwise than before.
type DayChange struct {
	DayRange
	Was, Is DayMark
}

// ClockRow is an interface that waits for staff, with the due time that a table
// counts.
type ClockRow struct {
	ID, Name, Href    string
	Since, Due, Would time.Time
	Zone              *time.Location
}

func (r ClockRow) would() string {
	return r.Would.In(orUTC(r.Zone)).Format("Mon 2 Jan 2006, 15:04 (UTC-07:00)")
}

func (v YearPreview) facts() []ui.Pair {
	worked := strconv.Itoa(v.Workdays)
	if v.Had {
		worked += ", until now " + strconv.Itoa(v.WorkdaysWere)
	}
	return []ui.Pair{{Term: "Holidays", Value: strconv.Itoa(v.Holidays)}, {Term: "Make-up days", Value: strconv.Itoa(v.MakeUp)}, {Term: "Working days", Value: worked}}
}

func (v YearPreview) changeWords() string {
	n := 0
	for _, c := range v.Changes {
		n += c.length()
	}
	if !v.Had {
		return "There was no table. " + countOf(n, "day", "days") + " will differ from an ordinary week"
	}
	return countOf(n, "day differs", "days differ") + " from the table in force"
}

func (v YearPreview) knownWords() string {
	return countOf(v.KnownCount, "due time becomes", "due times become") + " known" + v.first(v.KnownCount)
}

func (v YearPreview) keptWords() string {
	return countOf(v.KeptCount, "due time stays", "due times stay") + " as told" + v.first(v.KeptCount)
}

// first says that a list is not the whole one.
func (v YearPreview) first(n int) string {
	if n > len(v.Known) && n > len(v.Kept) {
		return ". The first are shown"
	}
	return ""
}

// DueTimesSet says how many due times became known with a table.
func DueTimesSet(n int) string {
	if n == 0 {
		return "No due time was waiting for it."
	}
	return countOf(n, "due time is", "due times are") + " known now."
}

// CalendarForm makes a calendar of the operator, or changes one.
type CalendarForm struct {
	ID, NewID   string // ID of an existing one, NewID of a new one
	LastChange  LastChange
	Name        string
	Weekend     []string // days of the week by their English names
	Action, Key string
	Rev         int
	Errors      map[string]string
	Conflict    string
}

func (f CalendarForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "id", "name", "weekend")
}

// weekdays are the days of the week as people say them.
func weekdays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

func (q WorkQueue) withoutWords() string {
	if q.Without == 1 {
		return "A region has no calendar: nothing there has a due time."
	}
	return strconv.Itoa(q.Without) + " regions have no calendar: nothing there has a due time."
}
