package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// What is ahead of an interface can be put into a calendar, stage by stage, and
// what the installer has to know can be copied.
func TestDatesAndFactsForOthers(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	unfolded := func(a *answer) string { return strings.ReplaceAll(a.body, "\r\n ", "") }
	for stage, want := range map[lifecycle.Stage][]string{
		lifecycle.PendingPayment:    {"Pay the initial installation fee by"},
		lifecycle.ToApplyForLOA:     nil,
		lifecycle.InApplication:     {"Review of the LOA application due", "Scheduled Construction Time"},
		lifecycle.ApprovedLOA:       {"Scheduled Construction Time", "LOA valid until"},
		lifecycle.WaitingForCabling: {"Cabling due"},
		lifecycle.WaitingForPayment: nil,
		lifecycle.Enabled:           {"Resource fee paid until"},
		lifecycle.Terminating:       {"Removal of the cable due"},
		lifecycle.Canceled:          nil,
	} {
		t.Run(string(stage), func(t *testing.T) {
			conn := s.At(t, stage)
			page := owner.get(paths.Interface(conn.ID)).want(http.StatusOK)
			if offered := page.doc().Find(`a[href="` + paths.InterfaceDates(conn.ID) + `"]`).Length(); (offered > 0) != (len(want) > 0) {
				t.Errorf("the page links to the dates %d times", offered)
			}
			if len(want) == 0 {
				if a := owner.get(paths.InterfaceDates(conn.ID)).want(http.StatusNotFound); !strings.Contains(a.text(), "Nothing of this interface is due or planned now.") {
					t.Errorf("%s", a.text())
				}
				return
			}
			a := owner.get(paths.InterfaceDates(conn.ID)).want(http.StatusOK)
			if a.header.Get("Content-Type") != "text/calendar; charset=utf-8" || a.header.Get("Content-Disposition") != `attachment; filename="`+conn.ID+`.ics"` || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", a.header)
			}
			text := unfolded(a)
			if n := strings.Count(text, "BEGIN:VEVENT"); n != len(want) {
				t.Errorf("%d events, want %d:\n%s", n, len(want), text)
			}
			for _, w := range want {
				if !strings.Contains(text, "SUMMARY:"+w+": "+conn.Title()) {
					t.Errorf("no %q in\n%s", w, text)
				}
			}
			if !strings.Contains(text, paths.Interface(conn.ID)) || !strings.Contains(text, "(UTC+08:00)") {
				t.Errorf("no way back, or no zone:\n%s", text)
			}
			if stage == lifecycle.ApprovedLOA {
				for _, want := range []string{"DTSTART:" + conn.ScheduledAt.UTC().Format("20060102T150405Z"), "UID:construction." + conn.ID + "@", "LOCATION:Hangzhou"} {
					if !strings.Contains(text, want) {
						t.Errorf("no %q in\n%s", want, text)
					}
				}
				block := page.doc().Find("[data-copy][data-said]").AttrOr("data-copy", "")
				for _, want := range []string{"Letter of authorization: LOA-2026-", "Connector: LC", "Position: ", "Scheduled construction time: ", "(UTC+08:00)", "/loa/check/"} {
					if !strings.Contains(block, want) {
						t.Errorf("the text for the installer has no %q:\n%s", want, block)
					}
				}
				if strings.Contains(block, "Zhou Ming") {
					t.Error("the text for the installer names people")
				}
				// What has passed is no longer ahead.
				s.Clock.Set(conn.ScheduledAt.Add(time.Minute))
				owner = s.as("owner@northwind.example")
				if text := unfolded(owner.get(paths.InterfaceDates(conn.ID)).want(http.StatusOK)); strings.Contains(text, "Scheduled Construction Time") || !strings.Contains(text, "LOA valid until") {
					t.Errorf("after the visit:\n%s", text)
				}
			} else if stage != lifecycle.WaitingForCabling && page.doc().Find("[data-copy][data-said]").Length() > 0 {
				t.Error("facts for the installer are offered without a letter in force")
			}
			s.as("owner@southwind.example").get(paths.InterfaceDates(conn.ID)).want(http.StatusNotFound)
		})
	}
}
