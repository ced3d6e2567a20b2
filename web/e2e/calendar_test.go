package e2e

import (
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// An administrator is told that China 2027 is missing, enters an invented table,
// and the due time of what waits appears; then an own region gets an own
// calendar and a due time. With scripts, and without them.
func TestWorkingDaysInTheBrowser(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			env, base := loaSite(t)
			env.Clock.Set(time.Date(2026, 12, 30, 4, 0, 0, 0, time.UTC)) // noon in Hangzhou
			waiting := env.At(t, lifecycle.InApplication)
			p := signInAsAdmin(t, base)
			if !scripts {
				p.NoScript()
			}
			look := func(name string) {
				t.Helper()
				if !scripts {
					return // axe is a script
				}
				p.AccessibleInBothThemes(name)
				for _, width := range []int{1440, 390} {
					p.Viewport(width, 900)
					if n := p.SidewaysScroll(); n != 0 {
						t.Errorf("%s at %d: %d pixels too wide", name, width, n)
					}
					for _, theme := range []string{"light", "dark"} {
						p.Theme(theme)
						p.Screenshot("calendar " + name + " " + theme + map[int]string{1440: " wide", 390: " narrow"}[width])
					}
				}
				p.Accessible(name + ", narrow")
				p.Viewport(1440, 900)
				p.Theme("light")
			}

			p.Goto(paths.AdminInterface(waiting.ID))
			p.NotSee("5 Jan")
			p.Goto(paths.Admin)
			p.See("6 calendars have no table for 2027")
			look("work queue")
			p.Click("Enter China (mainland) 2027")
			p.SeeHeading("China (mainland) 2027")
			p.Click("Begin with the holidays of 2026")
			p.See("Nothing of it counts yet")
			p.Fill("Source", "Invented for a test")
			p.Click("Preview the changes")
			p.See("7 lines need a correction")
			look("unconfirmed")
			p.Fill("Holidays and make-up days", "01-01..01-04 Invented New Year\nwork 01-09 Invented New Year")
			p.Click("Preview the changes")
			p.SeeHeading("Preview of China (mainland) 2027")
			p.See("1 due time becomes known")
			p.See("Tue 5 Jan 2027")
			look("preview")
			p.Click("Change")
			p.SeeHeading("China (mainland) 2027")
			if got := strings.ReplaceAll(p.Value("Holidays and make-up days"), "\r", ""); got != "01-01..01-04 Invented New Year\nwork 01-09 Invented New Year" {
				t.Errorf("typed lines became %q", got)
			}
			p.Click("Preview the changes")
			p.SeeHeading("Preview of China (mainland) 2027")
			p.DoubleClick("Save the table")
			p.See("China (mainland) 2027 was saved. 1 due time is known now.")
			look("saved")
			p.Goto(paths.AdminInterface(waiting.ID))
			p.See("Due time became known")
			p.See("5 Jan")

			// A region of the operator's own.
			if _, err := env.AddRegion(t.Context(), env.Admin, "eu-north-1", store.RegionEdit{Name: "Norway (Oslo)", Zone: "Europe/Oslo", Order: "1"}); err != nil {
				t.Fatal(err)
			}
			p.Goto(paths.AdminCalendar)
			p.See("Norway (Oslo) has no calendar: nothing there has a due time.")
			look("without a calendar")
			p.Click("New calendar")
			p.Fill("ID", "norway")
			p.Fill("Name", "Norway")
			look("new calendar")
			p.Click("Add calendar")
			p.SeeHeading("Norway 2026")
			p.Fill("Source", "Invented for a test")
			p.Fill("Holidays and make-up days", "12-25..12-26 Invented Christmas")
			p.Click("Preview the changes")
			p.Click("Save the table")
			p.See("Norway 2026 was saved.")
			p.Select("Calendar of Norway (Oslo)", "Norway")
			p.Click("Give it this calendar")
			p.See("Norway (Oslo) keeps the calendar Norway now.")
			p.Click("Enter Norway 2027")
			p.Fill("Source", "Invented for a test")
			p.Fill("Holidays and make-up days", "01-01 Invented New Year")
			p.Click("Preview the changes")
			p.Click("Save the table")
			p.See("A report sent now is due Tue 5 Jan 2027, 05:00 (UTC+01:00), after 3 working days.")
			if got := p.ConsoleErrors(); len(got) > 0 {
				t.Errorf("console: %q", got)
			}
		})
	}
}
