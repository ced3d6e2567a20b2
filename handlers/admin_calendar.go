package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/workday"
	"demarc/views"
)

// ShowCalendar is the working days of each country, this year's and the next
// one's, and what they make of a report that is sent now. It asks nothing of
// the database.
func (h *Handlers) ShowCalendar(c echo.Context) error {
	now := h.Store.Now()
	var v views.Calendar
	var names []string
	kept := map[string][]catalog.Region{} // by the calendar's name
	calendars := map[string]*workday.Calendar{}
	for _, r := range h.Store.Catalogue().Regions() {
		cal, err := workday.For(r.ID)
		if errors.Is(err, workday.ErrUnknownRegion) {
			v.Without = append(v.Without, r.Name)
			continue
		}
		if err != nil {
			return err
		}
		if kept[cal.Name()] == nil {
			names = append(names, cal.Name())
			calendars[cal.Name()] = cal
		}
		kept[cal.Name()] = append(kept[cal.Name()], r)
	}
	for i, name := range names {
		country, err := h.country(calendars[name], kept[name], now)
		if err != nil {
			return err
		}
		country.ID = strconv.Itoa(i + 1)
		for _, y := range country.Years {
			if y.Missing {
				v.Missing = append(v.Missing, name+" "+strconv.Itoa(y.Year))
			}
		}
		v.Countries = append(v.Countries, country)
	}
	return h.render(c, http.StatusOK, views.CalendarPage(h.page(c, "Working days", views.Crumb{Label: "Settings"}), v))
}

func (h *Handlers) country(cal *workday.Calendar, regions []catalog.Region, now time.Time) (views.Country, error) {
	c := views.Country{Name: cal.Name(), Regions: codes(regions, func(r catalog.Region) string { return r.Name })}
	var weekend []string
	days := cal.Weekend()
	if len(days) > 1 && days[0] == time.Sunday { // people say Saturday first
		days = append(days[1:], time.Sunday)
	}
	for _, d := range days {
		weekend = append(weekend, d.String())
	}
	c.Weekend = strings.Join(weekend, ", ")
	year := now.In(cal.Zone()).Year()
	for _, y := range []int{year, year + 1} {
		out, err := calendarYear(cal, y)
		if err != nil {
			return c, err
		}
		c.Years = append(c.Years, out)
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
		local, err := workday.For(in[0].ID)
		if err != nil {
			return c, err
		}
		var missing workday.ErrNoTable
		if e.Due, err = local.Due(now, e.Days); errors.As(err, &missing) {
			e.NoTable = missing.Year
		} else if err != nil {
			return c, err
		}
		c.Effects = append(c.Effects, e)
	}
	return c, nil
}

// calendarYear is one year of a calendar, or the fact that it has no table.
func calendarYear(cal *workday.Calendar, year int) (views.CalendarYear, error) {
	out := views.CalendarYear{Year: year}
	if !slices.Contains(cal.Years(), year) {
		out.Missing = true
		return out, nil
	}
	var err error
	if out.Source, err = cal.Source(year); err != nil {
		return out, err
	}
	holidays, err := cal.Holidays(year)
	if err != nil {
		return out, err
	}
	out.Days = dayRanges(holidays)
	makeUp, err := cal.MakeUpDays(year)
	if err != nil {
		return out, err
	}
	for _, d := range makeUp { // each stands for itself: they are picked one by one
		out.MakeUp = append(out.MakeUp, views.DayRange{First: plainDay(d.Date), Last: plainDay(d.Date), Name: "Instead of " + d.Name})
	}
	return out, nil
}

// plainDay is the calendar day without its zone: a holiday has none.
func plainDay(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// dayRanges puts days of one name that follow each other together.
func dayRanges(days []workday.Day) []views.DayRange {
	var out []views.DayRange
	for _, d := range days {
		day := plainDay(d.Date)
		if n := len(out); n > 0 && out[n-1].Name == d.Name && out[n-1].Last.AddDate(0, 0, 1).Equal(day) {
			out[n-1].Last = day
			continue
		}
		out = append(out, views.DayRange{First: day, Last: day, Name: d.Name})
	}
	return out
}
