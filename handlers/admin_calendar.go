package handlers

import (
	"errors"
	"net/http"
	"slices"
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
	"demarc/web/paths"
	"demarc/web/reqctx"
)

const calendarTitle = "Working days"

var calendarCrumbs = []views.Crumb{{Label: "Settings"}, {Label: calendarTitle, Href: paths.AdminCalendar}}

func mayKeepCalendars(c echo.Context) bool {
	return lifecycle.May(lifecycle.ManageCalendars, reqctx.Actor(c.Request().Context()).Role)
}

// ShowCalendar is the working days of each country, this year's and those to
// come, and what they make of a report that is sent now. It asks nothing of the
// database.
func (h *Handlers) ShowCalendar(c echo.Context) error {
	return h.calendarPage(c, http.StatusOK, views.RegionCalendarForm{})
}

// calendarPage shows the calendars; form is that of the region that was refused
// a calendar, if one was.
func (h *Handlers) calendarPage(c echo.Context, status int, form views.RegionCalendarForm) error {
	missing, keep := h.Store.MissingYears(), mayKeepCalendars(c)
	v := views.Calendar{Conflict: form.Conflict, Missing: h.missingYears(c)}
	if keep {
		v.New = paths.AdminNewCalendar
	}
	kept := map[string][]catalog.Region{} // by the calendar's ID
	for _, r := range h.Store.Catalogue().Regions() {
		if _, ok := h.Store.Calendar(r.Calendar); ok {
			kept[r.Calendar] = append(kept[r.Calendar], r)
			continue
		}
		without := views.RegionCalendarForm{ID: r.ID, Name: r.Name, Key: formKey(), Rev: store.RegionRev(r)}
		if form.ID == r.ID {
			without.Error, without.Calendar = form.Error, form.Calendar
		}
		if keep {
			without.Calendars = h.calendarOptions("Select a calendar")
		}
		v.Without = append(v.Without, without)
	}
	for _, cal := range h.Store.Calendars() {
		if len(kept[cal.ID()]) == 0 && !cal.Own {
			continue // a shipped one that no region keeps is offered by the forms of regions
		}
		country, err := h.country(cal, kept[cal.ID()], missing, keep)
		if err != nil {
			return err
		}
		v.Countries = append(v.Countries, country)
	}
	p := h.page(c, calendarTitle, views.Crumb{Label: "Settings"})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.CalendarPage(p, v))
}

// missingYears are the years that have to be entered now, with a link for those
// who may.
func (h *Handlers) missingYears(c echo.Context) []views.MissingYear {
	var out []views.MissingYear
	for _, m := range h.Store.MissingYears() {
		v := views.MissingYear{Calendar: m.Calendar.Name(), Year: m.Year, Begun: m.Begun}
		if mayKeepCalendars(c) {
			v.Href = paths.AdminCalendarYear(m.Calendar.ID(), strconv.Itoa(m.Year))
		}
		out = append(out, v)
	}
	return out
}

func (h *Handlers) country(cal store.Calendar, regions []catalog.Region, missing []store.MissingYear, keep bool) (views.Country, error) {
	c := views.Country{ID: cal.ID(), Name: cal.Name(), Own: cal.Own, Regions: codes(regions, func(r catalog.Region) string { return r.Name }), Weekend: weekendWords(cal.Weekend())}
	if keep && cal.Own {
		c.Edit, c.Delete = paths.AdminCalendarEdit(cal.ID()), paths.AdminCalendarDeletion(cal.ID())
	}
	now := h.Store.Now()
	year := now.Year()
	if len(regions) > 0 {
		year = now.In(h.Store.Catalogue().Zone(regions[0].ID)).Year()
	}
	_, last := h.Store.EnterableYears()
	for y := year; y <= last; y++ {
		// The present year, the next one, and those further ahead that have a table; the first that has none is offered.
		if _, ok := cal.Table(y); !ok && y > year+1 {
			if _, before := cal.Table(y - 1); before && keep {
				c.LaterYear, c.Later = y, paths.AdminCalendarYear(cal.ID(), strconv.Itoa(y))
			}
			break
		}
		v := calendarYear(cal, y)
		v.Needed = v.Missing && slices.ContainsFunc(missing, func(m store.MissingYear) bool { return m.Calendar.ID() == cal.ID() && m.Year == y })
		if keep {
			v.Enter = paths.AdminCalendarYear(cal.ID(), v.Path())
			if v.Entered {
				v.Remove = paths.AdminCalendarRemoval(cal.ID(), v.Path())
			}
		}
		c.Years = append(c.Years, v)
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
		var none workday.ErrNoTable
		var err error
		if e.Due, err = cal.In(e.Zone).Due(now, e.Days); errors.As(err, &none) {
			e.NoTable = none.Year
		} else if err != nil {
			return c, err
		}
		c.Effects = append(c.Effects, e)
	}
	return c, nil
}

// calendarOptions are the calendars that a region can keep, below a first
// choice of none.
func (h *Handlers) calendarOptions(none string) []ui.Option {
	out := []ui.Option{{Label: none}}
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
	_, out.Entered = cal.Entered[year]
	out.Replaces = out.Entered && cal.Shipped(year)
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

// yearAt is the calendar and the year that the address names. Kinds: NotFound.
func (h *Handlers) yearAt(c echo.Context) (store.Calendar, int, error) {
	cal, err := h.calendarAt(c)
	if err != nil {
		return cal, 0, err
	}
	year, err := workday.ParseYear(c.Param("year"))
	if first, last := h.Store.EnterableYears(); err != nil || year < first || year > last {
		return cal, 0, &store.Error{Kind: store.NotFound, Msg: "Tables can be entered for the years from " + strconv.Itoa(first) + " to " + strconv.Itoa(last) + "."}
	}
	return cal, year, nil
}

// calendarAt is the calendar that the address names. Kinds: NotFound.
func (h *Handlers) calendarAt(c echo.Context) (store.Calendar, error) {
	cal, ok := h.Store.Calendar(c.Param("id"))
	if !ok {
		return cal, &store.Error{Kind: store.NotFound, Msg: "This calendar does not exist."}
	}
	return cal, nil
}

// EditYear is the form of a year's table with what the table says now. The query
// parameter copy begins it with the holidays of another year, each to be
// confirmed.
func (h *Handlers) EditYear(c echo.Context) error {
	cal, year, err := h.yearAt(c)
	if err != nil {
		return err
	}
	var form views.YearForm
	if table, ok := cal.Table(year); ok {
		form.Source, form.Days = table.Source(), table.Text()
	}
	if from, err := workday.ParseYear(c.QueryParam("copy")); err == nil {
		if table, ok := cal.Table(from); ok {
			form.Source, form.Days, form.Copied = "", table.Draft(), from
		}
	}
	return h.yearForm(c, http.StatusOK, cal, year, form)
}

// yearSent is the form of a year's table as it was sent.
func yearSent(c echo.Context) views.YearForm {
	form := views.YearForm{Source: value(c, "source")}
	if sent := posted(c)["days"]; len(sent) > 0 {
		// A table that is pasted has tabs between its columns.
		form.Days = clean(c, "days", strings.ReplaceAll(sent[0], "\t", " "), true)
	}
	return form
}

// PreviewYear says what a year's table would change; nothing is saved. With
// the step "change" it is the form again.
func (h *Handlers) PreviewYear(c echo.Context) error {
	cal, year, err := h.yearAt(c)
	if err != nil {
		return err
	}
	form := yearSent(c)
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.yearForm(c, http.StatusUnprocessableEntity, cal, year, form)
	}
	if value(c, "step") == "change" {
		return h.yearForm(c, http.StatusOK, cal, year, form)
	}
	return h.previewYear(c, http.StatusOK, cal, year, form)
}

func (h *Handlers) previewYear(c echo.Context, status int, cal store.Calendar, year int, form views.YearForm) error {
	ctx := c.Request().Context()
	p, err := h.Store.PreviewYear(ctx, h.actor(c), cal.ID(), year, store.NewYear{Source: form.Source, Days: form.Days})
	if wrong, fields, _, ok := refused(err); ok {
		form.Errors = fields
		for _, f := range p.Faults {
			form.Faults = append(form.Faults, views.LineFault{Line: f.Line, Text: f.Text, Msg: f.Msg})
		}
		return h.yearForm(c, wrong, cal, year, form)
	}
	if err != nil {
		return err
	}
	v := views.YearPreview{Holidays: len(p.Table.Holidays()), MakeUp: len(p.Table.MakeUpDays()), KnownCount: p.KnownCount, KeptCount: p.KeptCount, More: p.More, Now: h.Store.Now()}
	if v.Workdays, err = p.Next.Workdays(year); err != nil {
		return err
	}
	if _, v.Had = p.Calendar.Table(year); v.Had {
		if v.WorkdaysWere, err = p.Calendar.Workdays(year); err != nil {
			return err
		}
	}
	for _, ch := range p.Changes {
		was, is := markView(ch.Was), markView(ch.Is)
		if n := len(v.Changes); n > 0 && v.Changes[n-1].Was == was && v.Changes[n-1].Is == is && v.Changes[n-1].Last.AddDate(0, 0, 1).Equal(ch.Date) {
			v.Changes[n-1].Last = ch.Date
			continue
		}
		v.Changes = append(v.Changes, views.DayChange{DayRange: views.DayRange{First: ch.Date, Last: ch.Date}, Was: was, Is: is})
	}
	for _, list := range []struct {
		clocks []store.ClockChange
		out    *[]views.ClockRow
	}{{p.Known, &v.Known}, {p.Kept, &v.Kept}} {
		for _, k := range list.clocks {
			*list.out = append(*list.out, views.ClockRow{ID: k.ID, Name: k.Name, Href: paths.AdminInterface(k.ID), Since: k.StageSince, Due: k.DueAt, Would: k.Would, Zone: h.Store.Catalogue().Zone(k.Region)})
		}
	}
	form.Preview = &v
	return h.yearForm(c, status, cal, year, form)
}

func markView(m workday.Mark) views.DayMark { return views.DayMark{Name: m.Name, Worked: m.Worked} }

func (h *Handlers) yearForm(c echo.Context, status int, cal store.Calendar, year int, form views.YearForm) error {
	form.Calendar, form.Year, form.Key, form.Weekend = cal.Name(), year, keptKey(c), weekendWords(cal.Weekend())
	path := strconv.Itoa(year)
	form.Save, form.PreviewAt = paths.AdminCalendarYear(cal.ID(), path), paths.AdminCalendarPreview(cal.ID(), path)
	// The table that the form began with has to be in force still when it is
	// saved; after a conflict the reader has seen the present one.
	if form.Rev = rev(c); form.Rev == 0 || status == http.StatusConflict {
		form.Rev = cal.YearRev(year)
	}
	_, form.Had = cal.Table(year)
	_, form.Replaces = cal.Entered[year]
	if form.Days == "" { // a copy never takes the place of what was typed
		for _, y := range slices.Backward(cal.Years()) {
			if y < year {
				form.CopyFrom, form.CopyAt = y, paths.With(form.Save, "copy", strconv.Itoa(y))
				break
			}
		}
	}
	title := cal.Name() + " " + path
	if form.Preview != nil {
		title = "Preview of " + title
	}
	p := h.page(c, title, calendarCrumbs...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.YearPage(p, form))
}

// SaveYear keeps a year's table.
func (h *Handlers) SaveYear(c echo.Context) error {
	cal, year, err := h.yearAt(c)
	if err != nil {
		return err
	}
	form := yearSent(c)
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.yearForm(c, http.StatusUnprocessableEntity, cal, year, form)
	}
	set, err := h.Store.SaveYear(c.Request().Context(), h.actor(c), cal.ID(), year, rev(c), store.NewYear{Source: form.Source, Days: form.Days})
	status, _, msg, ok := refused(err)
	switch {
	case ok:
		// The preview says what is wrong, or compares with what is in force now.
		if now, there := h.Store.Calendar(cal.ID()); there {
			cal = now
		}
		form.Conflict = conflictOnly(status, msg)
		return h.previewYear(c, status, cal, year, form)
	case err != nil:
		return err
	}
	return h.done(c, paths.AdminCalendar, views.Flash{Tone: ui.ToneOK, Text: cal.Name() + " " + strconv.Itoa(year) + " was saved. " + views.DueTimesSet(set)})
}

// AskYearRemoval asks before a year is removed that was entered here.
func (h *Handlers) AskYearRemoval(c echo.Context) error {
	return h.yearRemoval(c, http.StatusOK, views.StepForm{})
}

// RemoveYear takes a year away that was entered here.
func (h *Handlers) RemoveYear(c echo.Context) error {
	cal, year, err := h.yearAt(c)
	if err != nil {
		return err
	}
	form := views.StepForm{Reason: multiline(c, "reason")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.yearRemoval(c, http.StatusUnprocessableEntity, form)
	}
	err = h.Store.RemoveYear(c.Request().Context(), h.actor(c), cal.ID(), year, rev(c), form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.yearRemoval(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminCalendar, views.Flash{Tone: ui.ToneOK, Text: "The table of " + cal.Name() + " " + strconv.Itoa(year) + " that was entered here was removed."})
}

func (h *Handlers) yearRemoval(c echo.Context, status int, form views.StepForm) error {
	cal, year, err := h.yearAt(c)
	if err != nil {
		return err
	}
	path := strconv.Itoa(year)
	form.Key, form.Rev, form.Action, form.Back = keptKey(c), seenRev(c, status, cal.YearRev(year)), paths.AdminCalendarRemoval(cal.ID(), path), paths.AdminCalendar
	form.Label, form.BackLabel, form.Danger, form.Hint = "Remove the table", "Keep it", true, "It stays in the record."
	form.About = []ui.Pair{{Term: "Calendar", Value: cal.Name()}, {Term: "Year", Value: path}}
	if table, ok := cal.Table(year); ok {
		form.About = append(form.About, ui.Pair{Term: "Source", Value: table.Source()})
	}
	form.Text = "The year then has no table: due times that reach into it are not known."
	if cal.Shipped(year) {
		form.Text = "The shipped table of " + path + " comes back."
	}
	form.Text += " Due times that were told to customers stay."
	if _, entered := cal.Entered[year]; !entered {
		form.Blocked = "The table of this year was not entered here, or it was removed already."
	}
	p := h.page(c, "Remove "+cal.Name()+" "+path, calendarCrumbs...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.StepPage(p, form))
}

// SetRegionCalendar gives a region a calendar.
func (h *Handlers) SetRegionCalendar(c echo.Context) error {
	r, err := h.regionAt(c)
	if err != nil {
		return err
	}
	form := views.RegionCalendarForm{ID: r.ID, Calendar: value(c, "calendar")}
	cal, ok := h.Store.Calendar(form.Calendar)
	if !ok {
		form.Error = "Select a calendar"
		return h.calendarPage(c, http.StatusUnprocessableEntity, form)
	}
	in := store.RegionEditOf(r)
	in.Calendar = cal.ID()
	err = h.Store.UpdateRegion(c.Request().Context(), h.actor(c), r.ID, rev(c), in)
	if status, fields, msg, ok := refused(err); ok {
		form.Error, form.Conflict = fields["calendar"], conflictOnly(status, msg)
		return h.calendarPage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminCalendar, views.Flash{Tone: ui.ToneOK, Text: r.Name + " keeps the calendar " + cal.Name() + " now."})
}

func calendarSent(c echo.Context) store.CalendarEdit {
	return store.CalendarEdit{Name: value(c, "name"), Weekend: values(c, "weekend")}
}

func calendarForm(in store.CalendarEdit) views.CalendarForm {
	return views.CalendarForm{Name: in.Name, Weekend: in.Weekend}
}

// NewCalendar is the form that makes a calendar.
func (h *Handlers) NewCalendar(c echo.Context) error {
	return h.calendarForm(c, http.StatusOK, nil, views.CalendarForm{Weekend: []string{time.Saturday.String(), time.Sunday.String()}})
}

// AddCalendar makes a calendar.
func (h *Handlers) AddCalendar(c echo.Context) error {
	in := calendarSent(c)
	form := calendarForm(in)
	form.NewID = value(c, "id")
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.calendarForm(c, http.StatusUnprocessableEntity, nil, form)
	}
	id, err := h.Store.AddCalendar(c.Request().Context(), h.actor(c), form.NewID, in)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.calendarForm(c, status, nil, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminCalendarYear(id, strconv.Itoa(h.Store.Now().Year())), views.Flash{Tone: ui.ToneOK, Text: in.Name + " was added. Enter its holidays next."})
}

// EditCalendar is the form of an operator's calendar.
func (h *Handlers) EditCalendar(c echo.Context) error {
	cal, err := h.ownCalendarAt(c)
	if err != nil {
		return err
	}
	var weekend []string
	for _, d := range cal.Weekend() {
		weekend = append(weekend, d.String())
	}
	return h.calendarForm(c, http.StatusOK, &cal, views.CalendarForm{Name: cal.Name(), Weekend: weekend})
}

// ownCalendarAt is the operator's calendar that the address names. Kinds:
// NotFound, for a shipped one too.
func (h *Handlers) ownCalendarAt(c echo.Context) (store.Calendar, error) {
	cal, err := h.calendarAt(c)
	if err == nil && !cal.Own {
		err = &store.Error{Kind: store.NotFound, Msg: "This calendar is shipped with Demarc and does not change. Enter a year of your own, or make another calendar."}
	}
	return cal, err
}

// SaveCalendar changes an operator's calendar.
func (h *Handlers) SaveCalendar(c echo.Context) error {
	cal, err := h.ownCalendarAt(c)
	if err != nil {
		return err
	}
	in := calendarSent(c)
	form := calendarForm(in)
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.calendarForm(c, http.StatusUnprocessableEntity, &cal, form)
	}
	err = h.Store.UpdateCalendar(c.Request().Context(), h.actor(c), cal.ID(), rev(c), in)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.calendarForm(c, status, &cal, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminCalendar, views.Flash{Tone: ui.ToneOK, Text: in.Name + " was saved."})
}

func (h *Handlers) calendarForm(c echo.Context, status int, cal *store.Calendar, form views.CalendarForm) error {
	form.Key, form.Action = keptKey(c), paths.AdminNewCalendar
	title := "New calendar"
	if cal != nil {
		// A refusal is shown over what the calendar says now.
		if now, ok := h.Store.Calendar(cal.ID()); ok {
			cal = &now
		}
		form.ID, form.Action, title = cal.ID(), paths.AdminCalendarEdit(cal.ID()), "Edit "+cal.Name()
		form.Rev = seenRev(c, status, cal.Rev())
		var err error
		if form.LastChange, err = h.lastChange(c.Request().Context(), store.CalendarSubject(cal.ID()), time.UTC); err != nil {
			return err
		}
	}
	p := h.page(c, title, calendarCrumbs...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.CalendarFormPage(p, form))
}

// AskCalendarDeletion is the form that deletes an operator's calendar.
func (h *Handlers) AskCalendarDeletion(c echo.Context) error {
	cal, err := h.ownCalendarAt(c)
	if err != nil {
		return err
	}
	return h.calendarDeletion(c, http.StatusOK, cal, views.StepForm{})
}

// DeleteCalendar removes an operator's calendar that no region keeps.
func (h *Handlers) DeleteCalendar(c echo.Context) error {
	cal, err := h.ownCalendarAt(c)
	if err != nil {
		return err
	}
	form := views.StepForm{Reason: multiline(c, "reason"), Typed: value(c, "confirm")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.calendarDeletion(c, http.StatusUnprocessableEntity, cal, form)
	}
	err = h.Store.DeleteCalendar(c.Request().Context(), h.actor(c), cal.ID(), rev(c), form.Typed, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.calendarDeletion(c, status, cal, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminCalendar, views.Flash{Tone: ui.ToneOK, Text: cal.Name() + " was deleted."})
}

func (h *Handlers) calendarDeletion(c echo.Context, status int, cal store.Calendar, form views.StepForm) error {
	if now, ok := h.Store.Calendar(cal.ID()); ok {
		cal = now
	}
	form.About = []ui.Pair{{Term: "Calendar", Value: cal.Name()}, {Term: "ID", Value: cal.ID(), Mono: true}}
	form.Text = "The calendar is deleted with the years that were entered. This cannot be undone."
	form.Action, form.Back, form.Label, form.Danger = paths.AdminCalendarDeletion(cal.ID()), paths.AdminCalendar, "Delete calendar", true
	form.Expect, form.What, form.BackLabel, form.Hint = cal.Name(), "Calendar name", "Keep calendar", "It stays in the record."
	form.Key, form.Rev, form.Blocked = keptKey(c), seenRev(c, status, cal.Rev()), h.Store.CalendarUse(cal.ID())
	p := h.page(c, "Delete "+cal.Name(), calendarCrumbs...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.StepPage(p, form))
}
