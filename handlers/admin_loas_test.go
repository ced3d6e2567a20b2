package handlers_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
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
	if a := s.as(asReviewer).get(paths.AdminLOADocument(c.ID)).want(200); !bytes.Equal([]byte(a.body), storetest.PDF) {
		t.Error("another document")
	}
	s.as(asReviewer).get(paths.AdminLOADocument(s.At(t, lifecycle.InApplication).ID)).want(404)
}
