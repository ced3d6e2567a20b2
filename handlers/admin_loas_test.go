package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/views/ui"
	"demarc/web/paths"
)

const (
	asReviewer   = "reviewer@cloud.example"
	asTechnician = "technician@cloud.example"
	asFinance    = "finance@cloud.example"
	asAdmin      = "admin@cloud.example"
	asOwner      = "owner@northwind.example"
)

// untouched is the form of a page as a browser would send it untouched: hidden
// fields, texts, chosen radios and ticked boxes of the form that posts to
// action.
func untouched(t *testing.T, a *answer, action string) url.Values {
	t.Helper()
	form := a.doc().Find("form[action='" + action + "']")
	if form.Length() != 1 {
		t.Fatalf("%d forms post to %s\n%s", form.Length(), action, a.text())
	}
	v := url.Values{}
	for _, n := range form.Find("input[name], textarea[name], select[name]").EachIter() {
		name := n.AttrOr("name", "")
		switch n.AttrOr("type", "") {
		case "radio", "checkbox":
			if _, on := n.Attr("checked"); on {
				v.Add(name, n.AttrOr("value", "on"))
			}
		default:
			switch {
			case n.Is("textarea"):
				v.Set(name, n.Text())
			case n.Is("select"):
				v.Set(name, n.Find("option[selected]").AttrOr("value", ""))
			default:
				v.Set(name, n.AttrOr("value", ""))
			}
		}
	}
	return v
}

func setting(v url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		} else {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

// says fails unless the page has each of these words.
func says(t *testing.T, a *answer, words ...string) {
	t.Helper()
	text := a.text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("the page does not say %q\n%s", w, text)
		}
	}
}

func saysNot(t *testing.T, a *answer, words ...string) {
	t.Helper()
	text := a.text()
	for _, w := range words {
		if strings.Contains(text, w) {
			t.Errorf("the page says %q\n%s", w, text)
		}
	}
}

// applyWith sends an application for an interface that holds a port; edit may
// change what it says.
func (s *site) applyWith(t *testing.T, stageOf store.Connection, edit func(*store.NewLOAApplication)) store.Connection {
	t.Helper()
	in := s.Application(stageOf)
	if edit != nil {
		edit(&in)
	}
	if err := s.ApplyForLOA(context.Background(), s.Owner, stageOf.ID, stageOf.Version, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	return s.Get(t, stageOf.ID)
}

func TestStaffApprove(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	reviewer := s.as(asReviewer)
	page := reviewer.get(paths.AdminLOA(c.ID)).want(200)
	says(t, page, "Review LOA application", "In Application", c.ID, "Northwind Trading", "Installation fee paid", "Construction Type is MSTP, not SDH",
		"2 field engineers, each with a phone number", "Company name is the account name", "All passed", "Zhou Ming", "陈宇", "1000 Mbps")
	saysNot(t, page, "I looked at the warning", "ID number")
	form := untouched(t, page, paths.AdminApproval(c.ID))
	port, err := s.PortOf(context.Background(), c.ID)
	if err != nil || form.Get("port") != port.ID {
		t.Fatalf("preselected %q, want %q, %v", form.Get("port"), port.ID, err)
	}

	done := reviewer.post(paths.AdminApproval(c.ID), form).want(303)
	if got := done.header.Get("Location"); got != paths.AdminLOAs {
		t.Errorf("goes to %s: the queue is empty", got)
	}
	device, _ := s.Catalogue().Device(port.Device)
	says(t, reviewer.get(paths.AdminLOAs).want(200), "LOA-2026-000001 approved. Port "+port.Name+" of "+device.Name+" is reserved.", "Nothing is waiting.")
	if got := s.Get(t, c.ID); got.Stage != lifecycle.ApprovedLOA || got.LOANo != "LOA-2026-000001" {
		t.Fatalf("%s %s", got.Stage, got.LOANo)
	}

	// The same form again is answered as the first time and issues nothing.
	reviewer.post(paths.AdminApproval(c.ID), form).want(303)
	if events, _ := s.Timeline(context.Background(), c.ID); events[0].Action != string(lifecycle.Approve) || events[1].Action == string(lifecycle.Approve) {
		t.Errorf("approved twice: %v", events[:2])
	}

	letter := reviewer.get(paths.AdminLOA(c.ID)).want(200)
	says(t, letter, "LOA-2026-000001", "Valid", "Revoke LOA", "Download LOA", "by Rao Min")
	pdf := reviewer.get(paths.AdminLOADocument(c.ID)).want(200)
	if pdf.header.Get("Content-Type") != "application/pdf" || !strings.Contains(pdf.header.Get("Content-Disposition"), `filename="LOA-2026-000001.pdf"`) || !strings.HasPrefix(pdf.body, "%PDF-") {
		t.Errorf("the letter is %v", pdf.header)
	}
	if again := reviewer.get(paths.AdminLOADocument(c.ID)); again.body != pdf.body {
		t.Error("another letter at the second look")
	}
	s.Sound(t)
}

func TestStaffApproveGoesToTheNextApplication(t *testing.T) {
	s := newSite(t)
	var ids []string
	for range 3 {
		ids = append(ids, s.At(t, lifecycle.InApplication).ID)
		s.Clock.Advance(time.Hour)
	}
	reviewer := s.as(asReviewer)
	page := reviewer.get(paths.AdminLOA(ids[1])).want(200)
	links := page.doc().Find(".page-head a.btn")
	if links.Length() != 2 || links.First().AttrOr("href", "") != paths.AdminLOA(ids[0]) || links.Last().AttrOr("href", "") != paths.AdminLOA(ids[2]) {
		t.Errorf("Previous and Next are %d links: %s", links.Length(), links.Text())
	}
	for _, step := range []struct{ decide, next string }{{ids[1], ids[2]}, {ids[2], ids[0]}} {
		form := untouched(t, reviewer.get(paths.AdminLOA(step.decide)), paths.AdminApproval(step.decide))
		if got := reviewer.post(paths.AdminApproval(step.decide), form).want(303).header.Get("Location"); got != paths.AdminLOA(step.next) {
			t.Errorf("after %s comes %s, want %s", step.decide, got, step.next)
		}
	}
}

func TestStaffApproveAnotherPort(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	reviewer := s.as(asReviewer)
	form := untouched(t, reviewer.get(paths.AdminLOA(c.ID)), paths.AdminApproval(c.ID))
	was := form.Get("port")
	other := ""
	for _, d := range s.Catalogue().Devices(c.AccessPointID) {
		ports, err := s.Ports(context.Background(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ports {
			if p.Type == c.PortType && p.State == store.PortFree {
				other = p.ID
			}
		}
	}
	reviewer.post(paths.AdminApproval(c.ID), setting(form, "port", other, "note", "Use the north entrance.\nRing twice.")).want(303)
	port, _ := s.PortOf(context.Background(), c.ID)
	l, _ := s.LOA(context.Background(), c.ID)
	if port.ID != other || l.Snapshot.Port != port.Name || l.Snapshot.Note != "Use the north entrance.\nRing twice." {
		t.Errorf("on %s (was %s), the letter says %s, %q", port.ID, was, l.Snapshot.Port, l.Snapshot.Note)
	}
	s.Sound(t)
}

func TestStaffWarningsNeedALook(t *testing.T) {
	s := newSite(t)
	c := s.applyWith(t, s.At(t, lifecycle.ToApplyForLOA), func(in *store.NewLOAApplication) {
		in.CompanyName = "Northwind Trading (Hangzhou) Co., Ltd."
		in.ConstructionType, in.OtherType = "Others", "EoMPLS"
	})
	reviewer := s.as(asReviewer)
	page := reviewer.get(paths.AdminLOA(c.ID)).want(200)
	says(t, page, "Company name differs from the account name", "Application: Northwind Trading (Hangzhou) Co., Ltd. Account: Northwind Trading",
		"Construction Type is Others: EoMPLS", "2 to look at", "I looked at the 2 warnings")
	form := setting(untouched(t, page, paths.AdminApproval(c.ID)), "note", "Ring twice")
	refusal := reviewer.post(paths.AdminApproval(c.ID), form).want(422)
	says(t, refusal, "Correct 1 item to continue", "Tick that you looked at the warning", "Ring twice")
	if href := refusal.doc().Find(".error-summary a").AttrOr("href", ""); href != "#looked" {
		t.Errorf("the summary leads to %s", href)
	}
	if title := refusal.doc().Find("title").Text(); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("title %q", title)
	}
	if got := s.Get(t, c.ID); got.Stage != lifecycle.InApplication || got.Version != c.Version {
		t.Fatalf("%s after a refusal", got.Stage)
	}
	again := untouched(t, refusal, paths.AdminApproval(c.ID))
	if again.Get("key") != form.Get("key") || again.Get("note") != "Ring twice" || again.Get("port") != form.Get("port") {
		t.Errorf("kept %v of %v", again, form)
	}
	reviewer.post(paths.AdminApproval(c.ID), setting(again, "looked", "on")).want(303)
	if got := s.Get(t, c.ID); got.Stage != lifecycle.ApprovedLOA {
		t.Errorf("%s", got.Stage)
	}
}

func TestStaffChecks(t *testing.T) {
	s := newSite(t)
	reviewer := s.as(asReviewer)
	check := func(id string, tone, want string) {
		t.Helper()
		found := false
		for _, li := range reviewer.get(paths.AdminLOA(id)).want(200).doc().Find(".checks li").EachIter() {
			if strings.Contains(li.Text(), want) {
				found = true
				if !li.HasClass("tone-" + tone) {
					t.Errorf("%q is %s", want, li.AttrOr("class", ""))
				}
			}
		}
		if !found {
			t.Errorf("no check says %q", want)
		}
	}

	hands := s.applyWith(t, s.At(t, lifecycle.ToApplyForLOA), func(in *store.NewLOAApplication) { in.RemoteHands, in.Engineers = true, nil })
	check(hands.ID, "ok", "Nobody visits")

	early := s.applyWith(t, s.At(t, lifecycle.ToApplyForLOA), func(in *store.NewLOAApplication) {
		in.ScheduledAt = s.EarliestConstruction("cn-hangzhou").In(s.Catalogue().Zone("cn-hangzhou")).Add(time.Hour).Format(store.SiteTimeLayout)
	})
	check(early.ID, "warn", "Scheduled before the review is due")

	// A letter is usually valid for 90 days; an application may look 180 days
	// ahead, and its letter then lasts as long.
	far := s.applyWith(t, s.At(t, lifecycle.ToApplyForLOA), func(in *store.NewLOAApplication) {
		in.ScheduledAt = s.Clock.Now().AddDate(0, 0, 120).Format(store.SiteTimeLayout)
	})
	check(far.ID, "info", "The letter will be valid longer than usual")
	page := reviewer.get(paths.AdminLOA(far.ID))
	reviewer.post(paths.AdminApproval(far.ID), untouched(t, page, paths.AdminApproval(far.ID))).want(303)
	if got := s.Get(t, far.ID); got.Stage != lifecycle.ApprovedLOA {
		t.Errorf("%s", got.Stage)
	}

	// Singapore-A asks for IDs.
	sin := s.At(t, lifecycle.InApplication, func(in *store.NewConnection) {
		in.Region, in.SP, in.AccessPoint = "ap-southeast-1", catalog.EquinixSP, s.APID(t, "Singapore-A")
	})
	check(sin.ID, "ok", "an ID number and a phone number")
	check(sin.ID, "ok", "Facility and address are known")
	check(sin.ID, "info", "No redundant connection")

	s.Clock.Advance(30 * 24 * time.Hour)
	reviewer = s.as(asReviewer) // the session of before has ended
	check(hands.ID, "warn", "The scheduled construction time has passed")
}

func TestStaffRedundantPartnerKeepsItsDevice(t *testing.T) {
	s := newSite(t)
	first := s.At(t, lifecycle.Enabled)
	second := s.At(t, lifecycle.InApplication, func(in *store.NewConnection) { in.Redundant = first.ID })
	reviewer := s.as(asReviewer)
	page := reviewer.get(paths.AdminLOA(second.ID)).want(200)
	says(t, page, "Redundant connections are allocated to different access devices.", "on another access device")
	taken, _ := s.PortOf(context.Background(), first.ID)
	device, _ := s.Catalogue().Device(taken.Device)
	panel := page.doc().Find(".panel--off")
	if panel.Length() != 1 || !strings.Contains(panel.Text(), device.Name) {
		t.Fatalf("%d devices are closed: %s", panel.Length(), panel.Text())
	}
	if n := panel.Find("input:not([disabled])").Length(); n > 0 {
		t.Errorf("%d ports of the partner's device can be selected", n)
	}
	// A browser can send what the page does not offer.
	ports, _ := s.Ports(context.Background(), taken.Device)
	form := untouched(t, page, paths.AdminApproval(second.ID))
	for _, p := range ports {
		if p.Type == second.PortType && p.State == store.PortFree {
			says(t, reviewer.post(paths.AdminApproval(second.ID), setting(form, "port", p.ID)).want(422), "Select a port of another device.")
			break
		}
	}
	if got := s.Get(t, second.ID); got.Stage != lifecycle.InApplication {
		t.Errorf("%s", got.Stage)
	}
}

func TestStaffPortTakenMeanwhile(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	reviewer := s.as(asReviewer)
	form := untouched(t, reviewer.get(paths.AdminLOA(c.ID)), paths.AdminApproval(c.ID))
	rival := s.At(t, lifecycle.ToApplyForLOA)
	taken, _ := s.PortOf(context.Background(), rival.ID)
	answer := reviewer.post(paths.AdminApproval(c.ID), setting(form, "port", taken.ID, "note", "Ring twice")).want(409)
	device, _ := s.Catalogue().Device(taken.Device)
	says(t, answer, "Port "+taken.Name+" of "+device.Name+" was taken a moment ago by "+rival.ID+". Select another port.", "Ring twice")
	if answer.doc().Find("input[value='"+taken.ID+"']:not([disabled])").Length() > 0 {
		t.Error("the port that was taken can still be selected")
	}
	own, _ := s.PortOf(context.Background(), c.ID)
	if again := untouched(t, answer, paths.AdminApproval(c.ID)); again.Get("port") != own.ID {
		t.Errorf("selected now: %q, want its own", again.Get("port"))
	}
	reviewer.post(paths.AdminApproval(c.ID), untouched(t, answer, paths.AdminApproval(c.ID))).want(303)
}

// Two reviewers decide at once: one wins, the other reads a plain sentence.
func TestStaffTwoReviewersAtOnce(t *testing.T) {
	s := newSite(t)
	for _, second := range []string{"approve", "reject"} {
		c := s.At(t, lifecycle.InApplication)
		people := []*client{s.as(asReviewer), s.as(asAdmin)}
		var forms []url.Values
		for _, p := range people {
			forms = append(forms, untouched(t, p.get(paths.AdminLOA(c.ID)), paths.AdminApproval(c.ID)))
		}
		reject := untouched(t, people[1].get(paths.AdminRejection(c.ID)), paths.AdminRejection(c.ID))
		reject.Add("about", "location")
		reject.Set("reason-location", "Name the building")
		var wg sync.WaitGroup
		answers := make([]*answer, 2)
		start := make(chan struct{})
		for i, p := range people {
			wg.Go(func() {
				<-start
				if i == 1 && second == "reject" {
					answers[i] = p.post(paths.AdminRejection(c.ID), reject)
				} else {
					answers[i] = p.post(paths.AdminApproval(c.ID), forms[i])
				}
			})
		}
		close(start)
		wg.Wait()
		won, lost := answers[0], answers[1]
		if won.status != 303 {
			won, lost = lost, won
		}
		won.want(303)
		lost.want(409)
		says(t, lost, "Nothing was changed.")
		decisions := 0
		events, _ := s.Timeline(context.Background(), c.ID)
		for _, e := range events {
			if e.Action == string(lifecycle.Approve) || e.Action == string(lifecycle.Reject) {
				decisions++
			}
		}
		if decisions != 1 {
			t.Errorf("%d decisions", decisions)
		}
	}
	s.Sound(t)
}

func TestStaffStaleReview(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	reviewer := s.as(asReviewer)
	form := setting(untouched(t, reviewer.get(paths.AdminLOA(c.ID)), paths.AdminApproval(c.ID)), "note", "Ring twice")
	s.Do(t, c.ID, lifecycle.WithdrawApplication)
	s.Do(t, c.ID, lifecycle.ApplyForLOA)
	answer := reviewer.post(paths.AdminApproval(c.ID), form).want(409)
	says(t, answer, "was changed a moment ago", "Nothing was changed.", "Ring twice", "Version 1", "Withdrawn")
	if got := s.Get(t, c.ID); got.Stage != lifecycle.InApplication || got.LOANo != "" {
		t.Errorf("%s %s", got.Stage, got.LOANo)
	}
	reviewer.post(paths.AdminApproval(c.ID), untouched(t, answer, paths.AdminApproval(c.ID))).want(303)
}

func TestStaffLetterThatCannotBePrinted(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	reviewer := s.as(asReviewer)
	form := untouched(t, reviewer.get(paths.AdminLOA(c.ID)), paths.AdminApproval(c.ID))
	answer := reviewer.post(paths.AdminApproval(c.ID), setting(form, "note", "Ask for 🦊 at the door")).want(422)
	says(t, answer, "The letter cannot print 🦊. Write the note without it.")
	if href := answer.doc().Find(".error-summary a").AttrOr("href", ""); href != "#note" {
		t.Errorf("the summary leads to %s", href)
	}
	named := s.applyWith(t, s.At(t, lifecycle.ToApplyForLOA), func(in *store.NewLOAApplication) { in.Engineers[0].Name = "Zhou 🦊 Ming" })
	form = untouched(t, reviewer.get(paths.AdminLOA(named.ID)), paths.AdminApproval(named.ID))
	answer = reviewer.post(paths.AdminApproval(named.ID), form).want(422)
	says(t, answer, "The letter cannot print 🦊 in Zhou 🦊 Ming. Reject the application with this reason.")
	if href := answer.doc().Find(".error-summary a").AttrOr("href", ""); href != "#engineers" {
		t.Errorf("the summary leads to %s", href)
	}
	if got := s.Get(t, named.ID); got.Stage != lifecycle.InApplication {
		t.Errorf("%s", got.Stage)
	}
}

func TestStaffReject(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	reviewer := s.as(asReviewer)
	action := paths.AdminRejection(c.ID)

	dialog := reviewer.fragment(action).want(200)
	if d := dialog.doc(); d.Find("dialog").Length() != 1 || d.Find("main").Length() != 0 {
		t.Errorf("htmx gets %s", dialog.body)
	}
	page := reviewer.get(action).want(200)
	if d := page.doc(); d.Find("dialog").Length() != 0 || d.Find("h1").Length() != 1 {
		t.Error("without the script there is no page")
	}
	form := untouched(t, page, action)
	for _, tc := range []struct {
		edit func(url.Values)
		says string
		link string
	}{
		{func(v url.Values) {}, "Select at least one reason", "#reasons"},
		{func(v url.Values) { v.Add("about", "company_name") }, "Say what has to be corrected", "#reason-company_name"},
		{func(v url.Values) { v.Set("reason-engineers", "Two names are the same") }, "Tick Field engineers to send this reason, or clear the text", "#reason-engineers"},
	} {
		v := url.Values{}
		for k := range form {
			v[k] = append([]string(nil), form[k]...)
		}
		tc.edit(v)
		answer := reviewer.post(action, v).want(422)
		says(t, answer, tc.says)
		if href := answer.doc().Find(".error-summary a").AttrOr("href", ""); href != tc.link {
			t.Errorf("%s leads to %s", tc.says, href)
		}
	}
	form.Add("about", "company_name")
	form.Add("about", "engineers")
	form.Set("reason-company_name", "Enter the name on the business licence")
	form.Set("reason-engineers", "x")
	refusal := reviewer.submit(action, form).want(422)
	if d := refusal.doc(); d.Find("dialog .error-summary").Length() != 1 || d.Find("input[name=about][checked]").Length() != 2 {
		t.Errorf("the dialog lost what was sent: %s", refusal.body)
	}
	says(t, refusal, "Enter the name on the business licence")
	form.Set("reason-engineers", "Name the person who comes <b>twice</b>")
	done := reviewer.submit(action, form).want(200)
	if done.header.Get("HX-Redirect") != paths.AdminLOAs {
		t.Errorf("htmx goes to %q", done.header.Get("HX-Redirect"))
	}
	says(t, reviewer.get(paths.AdminLOAs), "was rejected. The customer reads the reasons.")
	got := s.Get(t, c.ID)
	app, _ := s.Store.Application(context.Background(), c.ID)
	if got.Stage != lifecycle.LOARejected || app.Reasons["company_name"] != "Enter the name on the business licence" || len(app.Reasons) != 2 {
		t.Errorf("%s %v", got.Stage, app.Reasons)
	}
	// The history of the next application has the reasons, as text.
	s.Do(t, c.ID, lifecycle.ApplyForLOA)
	says(t, reviewer.get(paths.AdminLOA(c.ID)), "Earlier applications", "Company Name: Enter the name on the business licence", "Name the person who comes <b>twice</b>")

	// Rejecting what was decided meanwhile says so and shows no form.
	form = untouched(t, reviewer.get(action), action)
	s.Do(t, c.ID, lifecycle.Approve)
	form.Add("about", "other")
	form.Set("reason-other", "Too late")
	late := reviewer.submit(action, form).want(409)
	says(t, late, "Approved LOA", "Nothing was changed.", "Show the present state")
	if late.doc().Find("form").Length() != 0 {
		t.Error("a decision that is not possible is offered")
	}
	if got := s.Get(t, c.ID); got.Stage != lifecycle.ApprovedLOA {
		t.Errorf("%s", got.Stage)
	}
}

func TestStaffRevoke(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	reviewer := s.as(asReviewer)
	action := paths.AdminRevocation(c.ID)
	form := setting(untouched(t, reviewer.get(action).want(200), action), "reason", "The panel is rebuilt")
	says(t, reviewer.post(action, form).want(422), "Type the interface ID "+c.ID+" to confirm", "The panel is rebuilt")
	says(t, reviewer.post(action, setting(form, "confirm", c.ID, "reason", "")).want(422), "Say why the letter is revoked")
	if got := s.Get(t, c.ID); got.Stage != lifecycle.ApprovedLOA {
		t.Fatalf("%s", got.Stage)
	}
	reviewer.post(action, setting(form, "confirm", c.ID, "reason", "The panel is rebuilt")).want(303)
	page := reviewer.get(paths.AdminLOA(c.ID)).want(200)
	says(t, page, c.LOANo+" is revoked.", "Revoked", "To Apply for LOA", "The panel is rebuilt")
	if page.doc().Find("a[href='"+action+"']").Length() != 0 {
		t.Error("a dead letter can be revoked")
	}
	says(t, reviewer.get(action).want(200), "there is no letter to revoke")
	stale := untouched(t, reviewer.get(paths.AdminLOA(c.ID)), paths.AdminPortMove(c.ID))
	if stale.Get("port") == "" {
		t.Error("an interface that may move has no port map")
	}
}

func TestStaffMovePort(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.LOARejected)
	reviewer := s.as(asReviewer)
	action := paths.AdminPortMove(c.ID)
	page := reviewer.get(paths.AdminLOA(c.ID)).want(200)
	form := untouched(t, page, action)
	free := page.doc().Find(".port input:not([disabled]):not([checked])").First().AttrOr("value", "")
	says(t, reviewer.post(action, setting(form, "port", free)).want(422), "Say why the interface moves to another port")
	reviewer.post(action, setting(form, "reason", "The panel position is damaged")).want(303)
	port, _ := s.PortOf(context.Background(), c.ID)
	if port.ID != free {
		t.Errorf("on %s, want %s", port.ID, free)
	}
	says(t, reviewer.get(paths.AdminLOA(c.ID)), "is on port "+port.Name)
	// The form of before is stale.
	says(t, reviewer.post(action, setting(form, "key", "another")).want(409), "Nothing was changed.")
}

func TestStaffIDNumbers(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication, func(in *store.NewConnection) {
		in.Region, in.SP, in.AccessPoint = "ap-southeast-1", catalog.EquinixSP, s.APID(t, "Singapore-A")
	})
	reviewer := s.as(asReviewer)
	page := reviewer.get(paths.AdminLOA(c.ID)).want(200)
	says(t, page, "••••5670", "••••5671", "Passport")
	saysNot(t, page, "E12345670", "E12345671")
	action := paths.AdminIDNumber(c.ID, "2")
	ask := reviewer.get(action).want(200)
	says(t, ask, "ID number of 陈宇")
	form := untouched(t, ask, action)
	says(t, reviewer.post(action, form).want(422), "Say why you need the ID number")
	shown := reviewer.submit(action, setting(form, "reason", "The guard at the door asks for it")).want(200)
	says(t, shown, "E12345671")
	saysNot(t, shown, "E12345670")
	if got := shown.header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
		t.Errorf("Cache-Control %q", got)
	}
	for _, path := range []string{paths.AdminLOA(c.ID), action, paths.AdminLOAs} {
		if strings.Contains(reviewer.get(path).body, "E12345671") {
			t.Errorf("%s shows the number again", path)
		}
	}
	says(t, reviewer.get(paths.AdminLOA(c.ID)), "ID number of a field engineer read", "The guard at the door asks for it")
	for _, n := range []string{"0", "3", "x", "-1"} {
		reviewer.get(paths.AdminIDNumber(c.ID, n)).want(404)
	}
	s.as(asTechnician).post(action, setting(form, "reason", "curious")).want(403)
}

func TestStaffLOAList(t *testing.T) {
	s := newSite(t)
	late := s.At(t, lifecycle.InApplication)
	approved := s.At(t, lifecycle.ApprovedLOA)
	rejected := s.At(t, lifecycle.LOARejected)
	s.Clock.Advance(9 * 24 * time.Hour) // the scheduled time is ten days after the order
	fresh := s.At(t, lifecycle.InApplication)
	reviewer := s.as(asReviewer)
	page := reviewer.get(paths.AdminLOAs).want(200)
	says(t, page, late.ID, fresh.ID, "days late", "Tomorrow", "Northwind Trading", "Hangzhou-Yuhang-A", "10G")
	saysNot(t, page, approved.ID, rejected.ID)
	rows := page.doc().Find("tbody tr")
	if rows.Length() != 2 || rows.First().AttrOr("id", "") != "row-"+late.ID {
		t.Errorf("the late one is not first: %s", rows.Text())
	}
	if fresh := rows.Last().Text(); strings.Contains(fresh, "late") || strings.Contains(fresh, "Tomorrow") {
		t.Errorf("the fresh one is marked: %s", fresh)
	}
	says(t, reviewer.get(paths.AdminLOAs+"?view=approved").want(200), approved.ID)
	says(t, reviewer.get(paths.AdminLOAs+"?view=rejected").want(200), rejected.ID)
	if a := reviewer.get(paths.AdminLOAs + "?after=nonsense"); a.status >= 500 {
		t.Errorf("a broken cursor answers %d", a.status)
	}
}

// southwindMayOrder gives the second account money and quotas.
func (s *site) southwindMayOrder(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	if err := s.SetQuotas(ctx, s.Admin, s.Southwind, 1000, 1000, "Tests order a lot"); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordTransfer(ctx, s.Finance, s.Southwind, "1,000,000.00", "opening balance"); err != nil {
		t.Fatal(err)
	}
}

// inSingapore orders at an access point of another region.
func (s *site) inSingapore(t *testing.T) func(*store.NewConnection) {
	return func(n *store.NewConnection) {
		n.Region, n.AccessPoint, n.SP = "ap-southeast-1", s.APID(t, "Singapore-A"), catalog.EquinixSP
	}
}

// rowIDs are the interfaces of a list in its order.
func rowIDs(a *answer) []string {
	var out []string
	for _, tr := range a.doc().Find("tbody tr").EachIter() {
		out = append(out, strings.TrimPrefix(tr.AttrOr("id", ""), "row-"))
	}
	return out
}

// hrefOf is where the link with these words leads; name is its accessible name
// or its text.
func hrefOf(t *testing.T, a *answer, name string) string {
	t.Helper()
	for _, link := range a.doc().Find("main a").EachIter() {
		if link.AttrOr("aria-label", "") == name || strings.Join(strings.Fields(link.Text()), " ") == name {
			return link.AttrOr("href", "")
		}
	}
	t.Fatalf("no link %q\n%s", name, a.text())
	return ""
}

func TestStaffLOAFilters(t *testing.T) {
	s := newSite(t)
	s.southwindMayOrder(t)
	ids := map[string]string{}
	add := func(name string, owner store.Actor, stage lifecycle.Stage, edit ...func(*store.NewConnection)) {
		ids[name] = s.AtOf(t, owner, stage, edit...).ID
		s.Clock.Advance(time.Minute)
	}
	add("late", s.Owner, lifecycle.InApplication)
	add("late south", s.OtherOwner, lifecycle.InApplication)
	add("approved", s.Owner, lifecycle.ApprovedLOA)
	add("approved south", s.OtherOwner, lifecycle.ApprovedLOA)
	add("approved far", s.Owner, lifecycle.ApprovedLOA, s.inSingapore(t))
	add("rejected south", s.OtherOwner, lifecycle.LOARejected)
	s.Clock.Advance(4 * 24 * time.Hour) // Tuesday: over the weekend
	add("fresh", s.Owner, lifecycle.InApplication)
	add("fresh far", s.OtherOwner, lifecycle.InApplication, s.inSingapore(t))
	s.Clock.Set(s.Get(t, ids["fresh"]).DueAt.Add(-20 * time.Hour))
	reviewer := s.as(asReviewer)
	for _, tc := range []struct {
		query  string
		want   []string
		tokens []string
		says   string
	}{
		{"", []string{"late", "late south", "fresh", "fresh far"}, nil, "4 applications"},
		{"?account=" + s.Southwind, []string{"late south", "fresh far"}, []string{"Account: Southwind Logistics"}, "2 applications"},
		{"?account=south", []string{"late south", "fresh far"}, []string{"Account: Southwind Logistics"}, "2 applications"},
		{"?region=ap-southeast-1", []string{"fresh far"}, []string{"Region: Singapore"}, "1 application"},
		{"?age=late", []string{"late", "late south"}, []string{"Age: Late"}, "2 applications"},
		{"?age=soon", []string{"fresh"}, []string{"Age: Due within 24 hours"}, "1 application"},
		{"?age=later", []string{"fresh far"}, []string{"Age: Due later"}, "1 application"},
		{"?age=undated", nil, []string{"Age: No due time"}, "No application matches these filters"},
		{"?account=North&region=cn-hangzhou&age=late", []string{"late"}, []string{"Account: Northwind Trading", "Region: China (Hangzhou)", "Age: Late"}, "1 application"},
		{"?account=North&region=ap-southeast-1", nil, []string{"Account: Northwind Trading", "Region: Singapore"}, "No application matches these filters"},
		{"?account=nobody", nil, []string{"Account: nobody"}, "No account is called “nobody”. Enter the beginning of its name, or its ID."},
		// What the list does not know counts as not asked.
		{"?region=atlantis&age=yesterday&view=lost", []string{"late", "late south", "fresh", "fresh far"}, nil, "4 applications"},
		{"?after=nonsense", []string{"late", "late south", "fresh", "fresh far"}, nil, "4 applications"},
		{"?view=approved", []string{"approved far", "approved south", "approved"}, nil, "3 applications"},
		{"?view=approved&account=South", []string{"approved south"}, []string{"Account: Southwind Logistics"}, "1 application"},
		{"?view=approved&region=ap-southeast-1", []string{"approved far"}, []string{"Region: Singapore"}, "1 application"},
		{"?view=approved&region=cn-hangzhou&account=North", []string{"approved"}, []string{"Account: Northwind Trading", "Region: China (Hangzhou)"}, "1 application"},
		{"?view=rejected&age=late", []string{"rejected south"}, nil, "1 application"}, // the due time was that of the review
		{"?view=rejected&account=North", nil, []string{"Account: Northwind Trading"}, "No application matches these filters"},
	} {
		t.Run(tc.query, func(t *testing.T) {
			page := reviewer.get(paths.AdminLOAs + tc.query).want(200)
			var want, tokens []string
			for _, name := range tc.want {
				want = append(want, ids[name])
			}
			if got := rowIDs(page); !slices.Equal(got, want) {
				t.Errorf("lists %v, want %v", got, want)
			}
			for _, token := range page.doc().Find(".token").EachIter() {
				tokens = append(tokens, strings.TrimSpace(token.Text()))
				// Taking a token out leaves the others and the view.
				href := token.AttrOr("href", "")
				rest := reviewer.get(href).want(200)
				if n := rest.doc().Find(".token").Length(); n != len(tc.tokens)-1 {
					t.Errorf("%s has %d filters", href, n)
				}
				if strings.Contains(tc.query, "view=approved") != strings.Contains(href, "view=approved") {
					t.Errorf("%s is another view", href)
				}
			}
			if !slices.Equal(tokens, tc.tokens) {
				t.Errorf("filters %q, want %q", tokens, tc.tokens)
			}
			says(t, page, tc.says)
			decided := strings.Contains(tc.query, "view=approved") || strings.Contains(tc.query, "view=rejected")
			if byAge := page.doc().Find("form[role=search] select[name=age]").Length() == 1; byAge == decided {
				t.Errorf("filter by age: %v", byAge)
			}
		})
	}
	// The form keeps what was sent, and the views what is kept from one to the next.
	page := reviewer.get(paths.AdminLOAs + "?account=South&region=cn-hangzhou&age=late").want(200)
	form := untouched(t, page, paths.AdminLOAs)
	if form.Get("account") != "South" || form.Get("region") != "cn-hangzhou" || form.Get("age") != "late" {
		t.Errorf("the form says %v", form)
	}
	if got, want := hrefOf(t, page, "Approved"), paths.With(paths.AdminLOAs, "view", "approved", "account", "South", "region", "cn-hangzhou"); got != want {
		t.Errorf("Approved leads to %s, want %s", got, want)
	}
	// Nobody's name is guessed.
	if _, err := s.CreateAccount(context.Background(), s.Admin, "Southwest Power", ""); err != nil {
		t.Fatal(err)
	}
	page = reviewer.get(paths.AdminLOAs + "?account=South&age=late").want(200)
	says(t, page, "More than one account begins with “South”. Which one is meant?", "Southwind Logistics, "+s.Southwind, "Southwest Power, ")
	if got := rowIDs(page); len(got) != 0 {
		t.Errorf("lists %v", got)
	}
	if got := rowIDs(reviewer.get(hrefOf(t, page, "Southwind Logistics, "+s.Southwind)).want(200)); !slices.Equal(got, []string{ids["late south"]}) {
		t.Errorf("the one that is meant lists %v", got)
	}
}

// Decided applications are listed by the decision and not by the order of the
// interfaces, with who decided; what came back into its state says so.
func TestDecidedApplicationsTheLastFirst(t *testing.T) {
	s := newSite(t)
	first, second, third := s.At(t, lifecycle.InApplication), s.At(t, lifecycle.InApplication), s.At(t, lifecycle.InApplication)
	for _, id := range []string{third.ID, first.ID, second.ID} {
		s.Clock.Advance(time.Hour)
		s.Do(t, id, lifecycle.Approve)
	}
	list := func() *answer { return s.as(asReviewer).get(paths.AdminLOAs + "?view=approved").want(200) }
	if got := rowIDs(list()); !slices.Equal(got, []string{second.ID, first.ID, third.ID}) {
		t.Errorf("%v, the decisions were of %s, %s, %s", got, third.ID, first.ID, second.ID)
	}
	s.Clock.Advance(time.Hour)
	s.Do(t, third.ID, lifecycle.ReportDelivery)
	s.Clock.Advance(48 * time.Hour)
	s.Do(t, third.ID, lifecycle.ReturnReport)
	page := list()
	if got := rowIDs(page); !slices.Equal(got, []string{third.ID, second.ID, first.ID}) {
		t.Errorf("after a report was returned: %v", got)
	}
	row := page.doc().Find("#row-" + third.ID).Text()
	if when := ui.FormatDay(s.Get(t, third.ID).StageSince, s.Catalogue().Zone(third.Region)); !strings.Contains(row, "By "+s.Reviewer.Name) || !strings.Contains(row, "Approved LOA again since "+when) {
		t.Errorf("the row says %q", row)
	}
	if other := page.doc().Find("#row-" + first.ID).Text(); strings.Contains(other, "again since") {
		t.Errorf("another row says %q", other)
	}
	for _, after := range []string{"nonsense", "2026-11-20T07:12:00.000Z"} {
		if got := rowIDs(s.as(asReviewer).get(paths.With(paths.AdminLOAs, "view", "approved", "after", after)).want(200)); len(got) != 3 {
			t.Errorf("from a place that nobody gave out: %v", got)
		}
	}
}

// The list says of the checks what the page of the application says.
func TestStaffLOAListChecks(t *testing.T) {
	s := newSite(t)
	s.southwindMayOrder(t)
	good := s.At(t, lifecycle.InApplication)
	first := s.At(t, lifecycle.ToApplyForLOA)
	odd := s.applyWith(t, first, func(in *store.NewLOAApplication) {
		in.CompanyName, in.ConstructionType, in.OtherType = "Another Ltd", "Others", "Dark fiber"
	})
	pair := s.At(t, lifecycle.InApplication, func(n *store.NewConnection) { n.Redundant = good.ID })
	soon := s.At(t, lifecycle.InApplication, s.inSingapore(t))
	foreign := s.AtOf(t, s.OtherOwner, lifecycle.InApplication) // applied for as Northwind Trading
	s.Clock.Advance(8 * 24 * time.Hour)
	reviewer := s.as(asReviewer)
	list := reviewer.get(paths.AdminLOAs).want(200)
	for _, tc := range []struct {
		c    store.Connection
		warn int
	}{{good, 1}, {odd, 3}, {pair, 1}, {soon, 1}, {foreign, 2}} {
		page := reviewer.get(paths.AdminLOA(tc.c.ID)).want(200)
		all, warned := page.doc().Find("ul.checks li"), 0
		for _, li := range all.EachIter() {
			if li.HasClass("tone-warn") || li.HasClass("tone-bad") {
				warned++
			}
		}
		if warned != tc.warn {
			t.Errorf("%s: %d to look at, want %d: %s", tc.c.ID, warned, tc.warn, all.Text())
		}
		cell := list.doc().Find("#row-" + tc.c.ID + " td[data-label=Checks]")
		want := fmt.Sprintf("%d/%d", all.Length()-warned, all.Length())
		if got := cell.Text(); !strings.Contains(got, want) || !strings.Contains(got, fmt.Sprintf("%d of %d checks passed", all.Length()-warned, all.Length())) ||
			strings.Contains(got, "to look at") != (warned > 0) || warned > 0 && !strings.Contains(got, fmt.Sprintf("%d to look at", warned)) {
			t.Errorf("the list says %q of %s, want %s", got, tc.c.ID, want)
		}
	}
	// What is decided has no checks, and only what is approved has a number.
	s.Do(t, good.ID, lifecycle.Approve)
	s.Do(t, odd.ID, lifecycle.Reject)
	approved, rejected := reviewer.get(paths.AdminLOAs+"?view=approved").want(200), reviewer.get(paths.AdminLOAs+"?view=rejected").want(200)
	says(t, approved, "LOA number", "LOA-2026-000001")
	saysNot(t, approved, "Checks", "checks passed")
	saysNot(t, rejected, "Checks", "checks passed", "LOA number")
	saysNot(t, list, "LOA number")
}

// A page of the list costs the same, however many rows and accounts it has.
func TestStaffLOAListStatements(t *testing.T) {
	s := newSite(t)
	s.southwindMayOrder(t)
	s.At(t, lifecycle.InApplication)
	reviewer := s.as(asReviewer)
	cost := func(query string) int {
		s.Clock.Advance(time.Minute)
		before := s.Reads()
		reviewer.get(paths.AdminLOAs + query).want(200)
		return s.Reads() - before
	}
	cost("") // what is read once
	few := cost("")
	for i := range 12 {
		owner := s.Owner
		if i%2 == 0 {
			owner = s.OtherOwner
		}
		first := s.AtOf(t, owner, lifecycle.InApplication)
		if i%4 == 0 {
			s.AtOf(t, owner, lifecycle.InApplication, func(n *store.NewConnection) { n.Redundant = first.ID })
		}
	}
	cost("")
	if many := cost(""); many > few+1 { // partners are named by the interfaces that chose them
		t.Errorf("%d statements for one row, %d for 16", few, many)
	}
	if few > 14 {
		t.Errorf("a page takes %d statements", few)
	}
	if n := cost("?account=South&region=cn-hangzhou&age=later"); n > few+4 {
		t.Errorf("a page with every filter takes %d statements, one without %d", n, few)
	}
}

// Whoever goes through a part of the queue stays in it: by Previous and Next,
// and after each decision, until nothing is left in it.
func TestStaffReviewStaysInTheFilteredQueue(t *testing.T) {
	s := newSite(t)
	s.southwindMayOrder(t)
	var north, south []string
	for range 3 {
		north = append(north, s.At(t, lifecycle.InApplication).ID)
		s.Clock.Advance(time.Hour)
		south = append(south, s.AtOf(t, s.OtherOwner, lifecycle.InApplication).ID)
		s.Clock.Advance(time.Hour)
	}
	reviewer := s.as(asReviewer)
	const filter = "?account=South&region=cn-hangzhou&age=later"
	list := reviewer.get(paths.AdminLOAs + filter).want(200)
	if got := rowIDs(list); !slices.Equal(got, south) {
		t.Fatalf("lists %v", got)
	}
	open := list.doc().Find("#row-"+south[0]+" .acts a").AttrOr("href", "")
	if open != paths.AdminLOA(south[0])+filter {
		t.Fatalf("Review leads to %s", open)
	}
	first := reviewer.get(open).want(200)
	saysNot(t, first, "Previous")
	if got := hrefOf(t, first, "Next"); got != paths.AdminLOA(south[1])+filter {
		t.Errorf("Next leads to %s", got)
	}
	if got := hrefOf(t, first, "LOA applications"); got != paths.AdminLOAs+filter {
		t.Errorf("the list above is %s", got)
	}
	middle := reviewer.get(hrefOf(t, first, "Next")).want(200)
	if got := hrefOf(t, middle, "Previous"); got != open {
		t.Errorf("Previous leads to %s", got)
	}
	// Without the filter the same application has other neighbours, in the order of the list.
	plain := reviewer.get(paths.AdminLOA(south[1])).want(200)
	if prev, next := hrefOf(t, plain, "Previous"), hrefOf(t, plain, "Next"); prev != paths.AdminLOA(north[1]) || next != paths.AdminLOA(north[2]) {
		t.Errorf("%s lies between %s and %s", south[1], prev, next)
	}
	if want := []string{north[0], south[0], north[1], south[1], north[2], south[2]}; !slices.Equal(rowIDs(reviewer.get(paths.AdminLOAs)), want) {
		t.Error("the list has another order")
	}

	// Approving goes on within the filter; a mistake does not leave it.
	action := paths.AdminApproval(south[0]) + filter
	form := untouched(t, first, action)
	again := reviewer.post(action, form).want(422) // "I looked at the warning" is not ticked
	if got := hrefOf(t, again, "Next"); got != paths.AdminLOA(south[1])+filter {
		t.Errorf("after a mistake Next leads to %s", got)
	}
	form.Set("looked", "on")
	if got := reviewer.post(action, form).want(303).header.Get("Location"); got != paths.AdminLOA(south[1])+filter {
		t.Errorf("goes on to %s", got)
	}
	// So does rejecting.
	reject := hrefOf(t, reviewer.get(paths.AdminLOA(south[1])+filter), "Reject")
	if reject != paths.AdminRejection(south[1])+filter {
		t.Fatalf("Reject leads to %s", reject)
	}
	form = setting(untouched(t, reviewer.get(reject).want(200), reject), "about", "company_name", "reason-company_name", "Write the name as in the contract.")
	if got := reviewer.post(reject, form).want(303).header.Get("Location"); got != paths.AdminLOA(south[2])+filter {
		t.Errorf("goes on to %s", got)
	}
	action = paths.AdminApproval(south[2]) + filter
	form = setting(untouched(t, reviewer.get(paths.AdminLOA(south[2])+filter).want(200), action), "looked", "on")
	if got := reviewer.post(action, form).want(303).header.Get("Location"); got != paths.AdminLOAs+filter {
		t.Errorf("goes on to %s although the others are not in the filter", got)
	}
	says(t, reviewer.get(paths.AdminLOAs+filter).want(200), "approved.", "No application matches these filters")
	for _, id := range north {
		if got := s.Get(t, id); got.Stage != lifecycle.InApplication {
			t.Errorf("%s is %s", id, got.Stage)
		}
	}
	// An address that asks for an account nobody knows still shows its page.
	if got := hrefOf(t, reviewer.get(paths.AdminLOA(north[0])+"?account=nobody").want(200), "Next"); got != paths.AdminLOA(north[1])+"?account=nobody" {
		t.Errorf("Next leads to %s", got)
	}
}

func TestStaffPagesAreForTheirRoles(t *testing.T) {
	s := newSite(t)
	applied, cabling := s.At(t, lifecycle.InApplication), s.At(t, lifecycle.WaitingForCabling)
	ending := s.At(t, lifecycle.Terminating)
	people := map[string]*client{}
	for _, who := range []string{asReviewer, asTechnician, asFinance, asAdmin, asOwner} {
		people[who] = s.as(who)
	}
	reviewers, technicians := []string{asReviewer, asAdmin}, []string{asTechnician, asAdmin}
	for _, tc := range []struct {
		method, path string
		open         []string
	}{
		{"GET", paths.Admin, []string{asReviewer, asTechnician, asFinance, asAdmin}},
		{"GET", paths.AdminLOAs, reviewers},
		{"GET", paths.AdminLOA(applied.ID), reviewers},
		{"GET", paths.AdminRejection(applied.ID), reviewers},
		{"GET", paths.AdminRevocation(applied.ID), reviewers},
		{"GET", paths.AdminLOADocument(cabling.ID), reviewers},
		{"GET", paths.AdminLetter(cabling.ID), reviewers},
		{"GET", paths.AdminPlaybook(applied.AccessPointID), reviewers},
		{"GET", paths.AdminCabling, technicians},
		{"GET", paths.AdminCablingJob(cabling.ID), technicians},
		{"GET", paths.AdminCablingReturn(cabling.ID), technicians},
		{"GET", paths.AdminRemovals, technicians},
		{"GET", paths.AdminRemoval(ending.ID), technicians},
		{"POST", paths.AdminApproval(applied.ID), nil},
		{"POST", paths.AdminRejection(applied.ID), nil},
		{"POST", paths.AdminRevocation(applied.ID), nil},
		{"POST", paths.AdminPortMove(applied.ID), nil},
		{"POST", paths.AdminReissue(applied.ID), nil},
		{"POST", paths.AdminCablingCompletion(cabling.ID), nil},
		{"POST", paths.AdminCablingReturn(cabling.ID), nil},
		{"POST", paths.AdminRemoval(ending.ID), nil},
	} {
		for who, p := range people {
			open := false
			for _, o := range tc.open {
				open = open || o == who
			}
			if tc.method == "POST" {
				reviewing := strings.HasPrefix(tc.path, paths.AdminLOAs)
				if who == asAdmin || reviewing && who == asReviewer || !reviewing && who == asTechnician {
					continue // they may; other tests do
				}
				if a := p.post(tc.path, url.Values{"removed": {"on"}, "looked": {"on"}}); a.status != http.StatusForbidden {
					t.Errorf("POST %s by %s: %d", tc.path, who, a.status)
				}
				continue
			}
			a := p.get(tc.path)
			if open && a.status != 200 || !open && a.status != 403 {
				t.Errorf("GET %s by %s: %d", tc.path, who, a.status)
			}
			if who != asOwner && tc.path == paths.Admin {
				for path, allowed := range map[string][]string{paths.AdminLOAs: reviewers, paths.AdminCabling: technicians, paths.AdminRemovals: technicians} {
					has := a.doc().Find("nav a[href='"+path+"']").Length() > 0
					if may := strings.Contains(strings.Join(allowed, " "), who); has != may {
						t.Errorf("%s in the menu of %s: %v", path, who, has)
					}
				}
			}
		}
	}
	for _, id := range []string{applied.ID, cabling.ID, ending.ID} {
		before := map[string]lifecycle.Stage{applied.ID: lifecycle.InApplication, cabling.ID: lifecycle.WaitingForCabling, ending.ID: lifecycle.Terminating}
		if got := s.Get(t, id); got.Stage != before[id] {
			t.Errorf("%s is %s", id, got.Stage)
		}
	}
	for _, path := range []string{paths.AdminLOA("pc-none"), paths.AdminCablingJob("pc-none"), paths.AdminRemoval("pc-none"), paths.AdminRejection("pc-none"), paths.AdminCablingReturn("pc-none")} {
		people[asAdmin].get(path).want(404)
	}
}

// The stored letter is what the store's own method gives.
func TestStaffDocumentIsTheStoredOne(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	a := s.as(asReviewer).get(paths.AdminLOADocument(c.ID)).want(200)
	if !bytes.Equal([]byte(a.body), storetest.PDF) {
		t.Error("another document")
	}
	if got := a.header.Get("Content-Disposition"); got != `attachment; filename="`+c.LOANo+`.pdf"` {
		t.Errorf("named %s", got)
	}
	s.as(asReviewer).get(paths.AdminLOADocument(s.At(t, lifecycle.InApplication).ID)).want(404)
}
