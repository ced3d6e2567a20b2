package views

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

var staffNow = time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)

// staffInterface is an interface whose every text is s.
func staffInterface(s string, stage lifecycle.Stage) Interface {
	return Interface{ID: "pc-" + s, Name: s, Account: s, AccountID: s, Stage: stage, StageSince: staffNow, DueAt: staffNow.Add(-time.Hour), Now: staffNow, Zone: time.UTC, Problem: s, Rev: 3,
		Region: s, AccessPoint: s, SP: s, Spec: s, PortType: s, PortTypeLabel: s, PortShort: s, ScheduledAt: staffNow, LOANo: s}
}

// staffPages are the pages of this file's makers with s wherever people write.
func staffPages(s string) map[string]templ.Component {
	p := samplePage(AreaStaff)
	i := staffInterface(s, lifecycle.InApplication)
	w := Waiting{Since: staffNow.Add(-time.Hour), Due: staffNow.Add(-30 * time.Hour), Now: staffNow, Zone: time.UTC, Clocked: true}
	open := Waiting{Since: staffNow, Now: staffNow, Clocked: true}
	place := CablePlace{Room: s, Cabinet: s, Panel: s, Position: s, Connector: s, Device: s, DeviceWhere: s, Port: s, PortType: s, Optic: s}
	pages := ui.Pages{Summary: "1 of 1", Next: "/admin/loas?after=x"}
	events := []ui.Event{{Text: s, Detail: s, Actor: s, When: s, At: staffNow}}
	ports := PortMap{Name: "port", LabelID: "allocate", Error: s, Devices: []PortMapDevice{
		{Name: s, Where: s, Ports: []PortMapPort{{ID: "a", Number: 1, Place: s, State: "in use"}, {ID: "b", Number: 2, Place: s, State: "free", Free: true, Chosen: true}}},
		{Name: s + "2", Where: s, Off: s, Ports: []PortMapPort{{ID: "c", Number: 1, Place: s, State: "free", Free: true}}},
	}}
	review := Review{Interface: i, Sub: s, Open: true, Prev: s, Next: s, Checks: []ui.Check{{Tone: ui.ToneWarn, Text: s, Sub: s}, {Tone: ui.ToneOK, Text: s}},
		Application: &ReviewApplication{CompanyName: s, ConstructionCompany: s, ConstructionType: s, ScheduledAt: staffNow, Zone: time.UTC, Location: s, Bandwidth: s},
		Engineers:   []ReviewEngineer{{Name: s, Gender: s, IDType: s, Masked: s, Contact: s, Reveal: "/admin/x"}, {Name: s, Contact: s}},
		History:     []PastApplication{{Version: 1, State: s, Sent: s, Decided: s, Company: s, Reasons: []ui.Pair{{Term: s, Value: s}}}},
		Events:      events, Map: ports, MapHint: s, CanMove: true, Conflict: s,
		Letter: &ReviewLetter{Title: s, State: s, Issued: s, Expires: s, Port: s, Demarcation: s, Company: s, SHA256: s, PDF: "/x.pdf"}, CanRevoke: true,
		Form: ReviewForm{Note: s, Key: s, Errors: map[string]string{"note": s, "looked": s, "port": s, "checks": s}}}
	moving := review
	moving.Open, moving.Form = false, ReviewForm{Reason: s, Key: s, Errors: map[string]string{"reason": s}}
	loas := func(view string, problem *FilterProblem) LOAList {
		return LOAList{View: view, Tabs: []ui.ViewTab{{Label: "Open", Href: "/admin/loas", Count: 1, Current: true}}, Account: ui.Control{ID: "loa-account", Name: "account", Label: "Account", Value: s},
			Region: ui.Control{Name: "region", Label: "Region"}, Age: ui.Control{Name: "age", Label: "Age", Options: ReviewAges()}, Tokens: []ui.Token{{Text: s, Href: "/x"}}, Clear: "/x", Problem: problem,
			Rows: []LOARow{{Interface: i, Href: "/admin/loas/x", Soon: s, Waiting: w, Checks: review.Checks}}, Count: s, Pages: pages}
	}
	job := CablingJob{Interface: i, Place: place, Facility: s, LineCode: s, Labels: []string{s, s}, Contact: s, Waiting: w, Optical: true, Open: true, Conflict: s,
		Form: CablingForm{LabelFound: s, Light: s, Key: s, Errors: map[string]string{"label_found": s, "light": s, "found": s}},
		Done: &CablingRecord{At: staffNow, By: s, LabelFound: s, Light: s, Port: s}}
	return map[string]templ.Component{
		"queue": WorkQueuePage(p, WorkQueue{Tiles: []QueueTile{{Label: s, Href: "/admin/loas", Count: 3, Line: s, Tone: ui.ToneBad}},
			Items: []QueueItem{{Kind: s, ID: s, Name: s, Href: "/x", AccessPoint: s, Account: s, Waiting: w}, {Kind: s, ID: s, Href: "/x", Waiting: open}}, More: true,
			Capacity: []CapacityItem{{Name: s, Href: "/x", Used: 9, Total: 10, Full: s}}, WithCapacity: true}),
		"loas": LOAsPage(p, loas(LOAsOpen, nil)), "loas, approved": LOAsPage(p, loas(LOAsApproved, nil)),
		"loas, unclear": LOAsPage(p, loas(LOAsOpen, &FilterProblem{Text: s, Means: []ui.Action{{Label: s, Href: "/x"}}})),
		"loas, empty":   LOAsPage(p, LOAList{View: LOAsRejected, Account: ui.Control{ID: "loa-account", Name: "account", Label: "Account"}, Region: ui.Control{Name: "region", Label: "Region"}}), "review": ReviewPage(p, review), "review, moving": ReviewPage(p, moving),
		"rejection": RejectionPage(p, false, Rejection{Interface: i, Key: s, Conflict: s, Possible: true, Errors: map[string]string{"reasons": s, "reason-other": s},
			Reasons: []RejectReason{{Field: "company_name", Label: "Company Name", Applied: s, Ticked: true, Text: s}, {Field: "other", Label: "Other", Text: s}}}),
		"revocation": RevocationPage(p, false, Revocation{Interface: i, Letter: s, Reason: s, Confirm: s, Key: s, Possible: true, Errors: map[string]string{"confirm": s, "reason": s}}),
		"too late":   RevocationPage(p, false, Revocation{Interface: i, Conflict: s}),
		"id number":  IDNumberPage(p, false, IDNumber{InterfaceID: s, Engineer: s, N: "1", Reason: s, Errors: map[string]string{"reason": s}}),
		"id shown":   IDNumberPage(p, false, IDNumber{InterfaceID: s, Engineer: s, N: "1", Number: s}),
		"cabling":    CablingPage(p, CablingList{Rows: []CablingRow{{Interface: i, Place: place, Labels: []string{s, s}, Waiting: w}}, Pages: pages}),
		"job":        CablingJobPage(p, job),
		"problem": ReportProblemPage(p, false, ReportProblem{Interface: i, Kinds: []ui.Option{{Value: "a", Label: s}}, Kind: "a", Reason: s, Key: s, Possible: true,
			Errors: map[string]string{"kind": s, "reason": s}}),
		"removals": RemovalsPage(p, RemovalList{Rows: []RemovalRow{{Interface: i, Place: place, Waiting: open}}, Pages: pages}),
		"removal": RemovalPage(p, Removal{Interface: i, Place: place, HasPort: true, Facility: s, Labels: []string{s}, LineCode: s, Why: s, Waiting: w, Open: true, Note: s, Key: s,
			Errors: map[string]string{"removed": s, "note": s}, Conflict: s}),
	}
}

func TestStaffPagesStandHostileText(t *testing.T) {
	for _, s := range hostileTexts() {
		for name, page := range staffPages(s) {
			doc := renderPage(t, page)
			checkSafe(t, name, doc)
			if name != "loas, empty" && !strings.Contains(doc.Find("main").Text(), s) {
				t.Errorf("%s: %q is not on the page as it was written", name, s)
			}
			if n := doc.Find("h1").Length(); n != 1 {
				t.Errorf("%s: %d headings of the first level", name, n)
			}
			doc.Find(".error-summary a[href^='#']").Each(func(_ int, a *goquery.Selection) {
				id := strings.TrimPrefix(a.AttrOr("href", ""), "#")
				if doc.Find("[id='"+id+"']").Length() != 1 {
					t.Errorf("%s: the summary leads to %q, which is not on the page", name, id)
				}
			})
			doc.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, n *goquery.Selection) {
				for _, id := range strings.Fields(n.AttrOr("aria-describedby", "") + " " + n.AttrOr("aria-labelledby", "")) {
					if doc.Find("[id='"+id+"']").Length() == 0 {
						t.Errorf("%s: %q is named and not on the page", name, id)
					}
				}
			})
		}
	}
}

func TestPortMap(t *testing.T) {
	m := PortMap{Name: "port", LabelID: "h", Devices: []PortMapDevice{
		{Name: "CSW-01", Where: "2F-1, cabinet B-03", Ports: []PortMapPort{
			{ID: "p1", Number: 1, State: "in use"}, {ID: "p2", Number: 2, State: "reserved for this interface", Free: true, Chosen: true}, {ID: "p3", Number: 3, State: "free", Free: true}}},
		{Name: "CSW-02", Off: "Redundant connections are allocated to different access devices.", Ports: []PortMapPort{{ID: "p4", Number: 1, State: "free", Free: true, Chosen: true}}},
	}}
	var b strings.Builder
	if err := PortPanels(m, "Only ports that match are shown.").Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if n := doc.Find("[role=radiogroup] input[type=radio][name=port]").Length(); n != 4 {
		t.Errorf("%d ports", n)
	}
	for id, want := range map[string]struct {
		label             string
		disabled, checked bool
	}{
		"p1": {"CSW-01, port 1, in use", true, false},
		"p2": {"CSW-01, port 2, reserved for this interface", false, true},
		"p3": {"CSW-01, port 3, free", false, false},
		"p4": {"CSW-02, port 1, free", true, false}, // free, and still not for this interface
	} {
		in := doc.Find("input[value='" + id + "']")
		_, disabled := in.Attr("disabled")
		_, checked := in.Attr("checked")
		if got := in.AttrOr("aria-label", ""); got != want.label || disabled != want.disabled || checked != want.checked {
			t.Errorf("%s: %q disabled %v checked %v", id, got, disabled, checked)
		}
	}
	if got := doc.Find("#port").AttrOr("value", ""); got != "p2" {
		t.Errorf("the field's own id is on %q", got)
	}
	text := strings.Join(strings.Fields(doc.Text()), " ")
	for _, want := range []string{"2 free", "Redundant connections are allocated to different access devices.", "Only ports that match are shown."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
}

func TestSoonText(t *testing.T) {
	shanghai := time.FixedZone("UTC+8", 8*3600)
	now := time.Date(2026, 11, 20, 15, 30, 0, 0, time.UTC) // 23:30 at the site
	for _, tc := range []struct {
		ahead time.Duration
		want  string
	}{
		{-time.Minute, "Has passed"}, {10 * time.Minute, "Today"}, {time.Hour, "Tomorrow"}, {24 * time.Hour, "Tomorrow"}, {25 * time.Hour, "In 2 days"},
		{72 * time.Hour, "In 3 days"}, {73 * time.Hour, ""}, {30 * 24 * time.Hour, ""},
	} {
		if got := SoonText(now.Add(tc.ahead), now, shanghai); got != tc.want {
			t.Errorf("%s ahead: %q, want %q", tc.ahead, got, tc.want)
		}
	}
	if got := SoonText(time.Time{}, now, nil); got != "" {
		t.Errorf("no time: %q", got)
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "less than 1 hour", time.Hour: "1 hour", 47 * time.Hour: "47 hours", 48 * time.Hour: "2 days", 100 * time.Hour: "4 days"} {
		if got := Age(staffNow.Add(-d), staffNow); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

// Late is said in words, and a missing due time is not taken for one.
func TestDueCell(t *testing.T) {
	for _, tc := range []struct {
		w        Waiting
		has, not string
	}{
		{Waiting{Due: staffNow.Add(-30 * time.Hour), Now: staffNow}, "1 day late", "Due today"},
		{Waiting{Due: staffNow.Add(time.Hour), Now: staffNow}, "Due today", "late"},
		{Waiting{Due: staffNow.Add(72 * time.Hour), Now: staffNow}, "Mon 23 Nov 2026", "late"},
		{Waiting{Since: staffNow.Add(-3 * time.Hour), Now: staffNow}, "Waiting for 3 hours", "No due time"},
		{Waiting{Since: staffNow.Add(-3 * time.Hour), Now: staffNow, Clocked: true}, "No due time", "late"},
	} {
		var b strings.Builder
		if err := DueCell(tc.w).Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, tc.has) || strings.Contains(got, tc.not) {
			t.Errorf("%+v: %s", tc.w, got)
		}
	}
}

func TestWorkQueueSaysWhenTheBooksAreOff(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "The reconciliation found 1 problem.", 12: "The reconciliation found 12 problems."} {
		doc := renderPage(t, WorkQueuePage(samplePage(AreaStaff), WorkQueue{BooksOff: n}))
		links := doc.Find("main a[href='" + paths.AdminLedger + "']").Length()
		if text := doc.Find("main").Text(); (links == 1) != (n > 0) || strings.Contains(text, "The books are off") != (n > 0) || !strings.Contains(text, want) {
			t.Errorf("%d problems: %d links in %s", n, links, text)
		}
	}
}
