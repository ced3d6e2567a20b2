package views

import (
	"strconv"
	"time"

	"demarc/views/ui"
)

// QueueTile is the card of one queue: how much waits, and how urgent it is.
type QueueTile struct {
	Label, Href string
	Count       int
	Line        string // "1 late, 1 due today", "oldest 3 days"
	Tone        string // of the number
}

// QueueItem is one piece of work that waits.
type QueueItem struct {
	Kind                 string // "LOA application", "Cabling"
	ID, Name, Href       string
	AccessPoint, Account string
	Waiting              Waiting
}

// Waiting says since when something waits and until when it should be done.
type Waiting struct {
	Since, Due, Now time.Time
	Zone            *time.Location
	// Clocked says that there should be a due time. One is missing only when
	// the year has no table of working days.
	Clocked bool
}

// CapacityItem is an access point that is nearly full.
type CapacityItem struct {
	Name, Href  string
	Used, Total int
	Full        string // port types of which none is free: "10GBase-LR"
}

// WorkQueue is the first page of the staff.
type WorkQueue struct {
	// MissingYears are years without a table of working days, for those who keep
	// the calendars; Without is how many regions have no calendar.
	MissingYears []MissingYear
	Without      int
	BooksOff     int // problems that the last reconciliation found, for those who may see the books
	Tiles        []QueueTile
	Items        []QueueItem
	More         bool // the queues hold more than is listed
	Capacity     []CapacityItem
	RunsOut      []RunsOut // the soonest first
	// WithCapacity is set for those who look after access points.
	WithCapacity bool
}

// Age is how long ago since is, in words: "2 days".
func Age(since, now time.Time) string {
	d := now.Sub(since)
	switch {
	case d < time.Hour:
		return "less than 1 hour"
	case d < 48*time.Hour:
		return countOf(int(d/time.Hour), "hour", "hours")
	}
	return countOf(int(d/(24*time.Hour)), "day", "days")
}

// age is how long it waits: "2 days".
func (w Waiting) age() string { return Age(w.Since, w.Now) }

// ageSentence is "Waiting for 2 days".
func (w Waiting) ageSentence() string { return "Waiting for " + w.age() }

// SoonText says in a word or two that a scheduled time is at most three days
// away or has passed; "" when it is later.
func SoonText(scheduled, now time.Time, zone *time.Location) string {
	if scheduled.IsZero() {
		return ""
	}
	if zone == nil {
		zone = time.UTC
	}
	if scheduled.Before(now) {
		return "Has passed"
	}
	if scheduled.Sub(now) > 3*24*time.Hour {
		return ""
	}
	a, b := now.In(zone), scheduled.In(zone)
	days := int(time.Date(b.Year(), b.Month(), b.Day(), 0, 0, 0, 0, time.UTC).Sub(time.Date(a.Year(), a.Month(), a.Day(), 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	switch days {
	case 0:
		return "Today"
	case 1:
		return "Tomorrow"
	}
	return "In " + countOf(days, "day", "days")
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func portsFree(n int) string { return strconv.Itoa(n) + " free" }

func (t QueueTile) class() string {
	switch t.Tone {
	case ui.ToneBad:
		return "tile tile--tone tone-bad"
	case ui.ToneWarn:
		return "tile tile--tone tone-warn"
	}
	return "tile"
}

func (q WorkQueue) columns() []ui.Column {
	return []ui.Column{{Label: "Due"}, {Label: "Work"}, {Label: "Interface ID / Name"}, {Label: "Access Point"}, {Label: "Account"}, {Label: "Actions", Class: "col-acts"}}
}
