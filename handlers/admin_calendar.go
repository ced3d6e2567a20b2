package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/workday"
	"demarc/views"
	"demarc/views/ui"
)

// ShowCalendar is the working days of each country, this year's and the next
// one's, and what they make of a report that is sent now. It asks nothing of
// the database.
func (h *Handlers) ShowCalendar(c echo.Context) error {
	now := h.Store.Now()
	var v views.Calendar
	kept := map[string][]catalog.Region{} // by the calendar's ID
	for _, r := range h.Store.Catalogue().Regions() {
		if _, ok := h.Store.Calendar(r.Calendar); !ok {
			v.Without = append(v.Without, r.Name)
			continue
		}
		kept[r.Calendar] = append(kept[r.Calendar], r)
	}
	for _, cal := range h.Store.Calendars() {
		if len(kept[cal.ID()]) == 0 {
			continue
		}
		country, err := h.country(cal, kept[cal.ID()], now)
		if err != nil {
			return err
		}
		for _, y := range country.Years {
			if y.Missing {
				v.Missing = append(v.Missing, cal.Name()+" "+strconv.Itoa(y.Year))
			}
		}
		v.Countries = append(v.Countries, country)
	}
	return h.render(c, http.StatusOK, views.CalendarPage(h.page(c, "Working days", views.Crumb{Label: "Settings"}), v))
}

func (h *Handlers) country(cal store.Calendar, regions []catalog.Region, now time.Time) (views.Country, error) {
	c := views.Country{ID: cal.ID(), Name: cal.Name(), Regions: codes(regions, func(r catalog.Region) string { return r.Name }), Weekend: weekendWords(cal.Weekend())}
	year := now.In(h.Store.Catalogue().Zone(regions[0].ID)).Year()
	for _, y := range []int{year, year + 1} {
		c.Years = append(c.Years, calendarYear(cal, y))
	}
	var zones []string
	byZone := map[string][]catalog.Region{}
	for _, r := range regions {
		if byZone[r.Zone] == nil {
			zones = append(zones, r.Zone)
		}
		byZone[r.Zone] = append(byZone[r.Zone], r)
	}
	for _, zone := range zones {
		in := byZone[zone]
		e := views.Effect{Days: lifecycle.CablingDays(in[0].Mainland), Zone: h.Store.Catalogue().Zone(in[0].ID)}
		if len(zones) > 1 {
			e.Where = codes(in, func(r catalog.Region) string { return r.Name })
		}
		var missing workday.ErrNoTable
		var err error
		if e.Due, err = cal.In(e.Zone).Due(now, e.Days); errors.As(err, &missing) {
			e.NoTable = missing.Year
		} else if err != nil {
			return c, err
		}
		c.Effects = append(c.Effects, e)
	}
	return c, nil
}

// calendarOptions are the calendars that a region can keep, and none.
func (h *Handlers) calendarOptions() []ui.Option {
	out := []ui.Option{{Label: "No calendar yet"}}
	for _, cal := range h.Store.Calendars() {
		out = append(out, ui.Option{Value: cal.ID(), Label: cal.Name()})
	}
	return out
}

// calendarName is the name of the calendar that a region keeps, "" when it
// keeps none.
func calendarName(s *store.Store, r catalog.Region) string {
	if cal, ok := s.Calendar(r.Calendar); ok {
		return cal.Name()
	}
	return ""
}

// weekendWords are the days of a weekend as people say them: "Saturday, Sunday".
func weekendWords(days []time.Weekday) string {
	if len(days) > 1 && days[0] == time.Sunday { // people say Saturday first
		days = append(days[1:], time.Sunday)
	}
	var words []string
	for _, d := range days {
		words = append(words, d.String())
	}
	return strings.Join(words, ", ")
}

// calendarYear is one year of a calendar, or the fact that it has no table.
func calendarYear(cal store.Calendar, year int) views.CalendarYear {
	out := views.CalendarYear{Year: year}
	table, ok := cal.Table(year)
	if !ok {
		out.Missing = true
		return out
	}
	out.Source, out.Days = table.Source(), dayRanges(table.Holidays())
	for _, d := range table.MakeUpDays() { // each stands for itself: they are picked one by one
		out.MakeUp = append(out.MakeUp, views.DayRange{First: d.Date, Last: d.Date, Name: "Instead of " + d.Name})
	}
	return out
}

// dayRanges puts days of one name that follow each other together.
func dayRanges(days []workday.Day) []views.DayRange {
	var out []views.DayRange
	for _, d := range days {
		if n := len(out); n > 0 && out[n-1].Name == d.Name && out[n-1].Last.AddDate(0, 0, 1).Equal(d.Date) {
			out[n-1].Last = d.Date
			continue
		}
		out = append(out, views.DayRange{First: d.Date, Last: d.Date, Name: d.Name})
	}
	return out
}
