package handlers_test

import (
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
	"demarc/web/paths"
)

func TestStaffCablingList(t *testing.T) {
	s := newSite(t)
	tech := s.as(asTechnician)
	says(t, tech.get(paths.AdminCabling).want(200), "Nothing is waiting.")
	late := s.At(t, lifecycle.WaitingForCabling)
	s.Clock.Advance(5 * 24 * time.Hour)
	fresh := s.At(t, lifecycle.WaitingForCabling)
	s.At(t, lifecycle.WaitingForPayment)
	page := s.as(asTechnician).get(paths.AdminCabling).want(200)
	rows := page.doc().Find("tbody tr")
	if rows.Length() != 2 || rows.First().AttrOr("id", "") != "row-"+late.ID || rows.Last().AttrOr("id", "") != "row-"+fresh.ID {
		t.Fatalf("rows: %s", rows.Text())
	}
	report, _ := s.DeliveryReport(context.Background(), late.ID)
	port, _ := s.PortOf(context.Background(), late.ID)
	for _, want := range []string{"late", report.Labels[0], report.Labels[1], port.Name, port.Cabinet, "Hangzhou-Yuhang-A", "20 Nov 2026, 15:12 (UTC+08:00)"} {
		if !strings.Contains(rows.First().Text(), want) {
			t.Errorf("the row does not say %q: %s", want, rows.First().Text())
		}
	}
	if strings.Contains(rows.Last().Text(), "late") {
		t.Errorf("late although it is not: %s", rows.Last().Text())
	}
}

func TestStaffCabling(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.WaitingForCabling)
	tech := s.as(asTechnician)
	page := tech.get(paths.AdminCablingJob(c.ID)).want(200)
	report, _ := s.DeliveryReport(context.Background(), c.ID)
	port, _ := s.PortOf(context.Background(), c.ID)
	device, _ := s.Catalogue().Device(port.Device)
	says(t, page, port.Panel, port.Position, port.Cabinet, port.Connector, device.Name, port.Name, report.Labels[0], report.Labels[1], report.LineCode, "dBm", "Finish cabling", "Report a problem")
	action := paths.AdminCablingCompletion(c.ID)
	form := untouched(t, page, action)

	refusal := tech.post(action, setting(form, "label_found", "B-0000", "light", "bright", "found", "on")).want(422)
	says(t, refusal, "Tick that the cable is connected, or report a problem", "Tick that the link is up, or report a problem", "The report names "+report.Labels[0]+", "+report.Labels[1], "Enter the light level in dBm")
	var order []string
	for _, a := range refusal.doc().Find(".error-summary a").EachIter() {
		order = append(order, a.AttrOr("href", ""))
	}
	if got := strings.Join(order, " "); got != "#label_found #connected #light #link_up" {
		t.Errorf("the summary leads to %s", got)
	}
	kept := untouched(t, refusal, action)
	if kept.Get("label_found") != "B-0000" || kept.Get("light") != "bright" || kept.Get("found") != "on" || kept.Get("key") != form.Get("key") {
		t.Errorf("kept %v", kept)
	}
	if got := s.Get(t, c.ID); got.Stage != lifecycle.WaitingForCabling {
		t.Fatalf("%s after a refusal", got.Stage)
	}

	good := setting(kept, "label_found", strings.ToLower(report.Labels[1]), "light", "-7.2", "connected", "on", "link_up", "on")
	tech.post(action, good).want(303)
	tech.post(action, good).want(303) // the same form again does nothing
	if got := s.Get(t, c.ID); got.Stage != lifecycle.WaitingForPayment || got.Version != c.Version+1 {
		t.Errorf("%s, version %d", got.Stage, got.Version)
	}
	done := tech.get(paths.AdminCablingJob(c.ID)).want(200)
	says(t, done, "Cabling finished", "-7.2 dBm", "Tan Wei", strings.ToLower(report.Labels[1]))
	if done.doc().Find("form[action='"+action+"']").Length() != 0 {
		t.Error("finished work is offered again")
	}
	late := tech.post(action, setting(good, "key", "another")).want(409)
	says(t, late, "Nothing was changed.")
	tech.get(paths.AdminCablingJob(s.At(t, lifecycle.InApplication).ID)).want(404)
	s.Sound(t)
}

func TestStaffCablingOfCopperAsksForNoLight(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.WaitingForCabling, func(in *store.NewConnection) { in.Spec, in.PortType = catalog.Spec1G, catalog.Type1000BaseT })
	page := s.as(asTechnician).get(paths.AdminCablingJob(c.ID)).want(200)
	saysNot(t, page, "dBm", "Light level")
	if page.doc().Find("[name=light]").Length() != 0 {
		t.Error("light is asked for")
	}
}

func TestStaffReturnReport(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.WaitingForCabling)
	next := s.At(t, lifecycle.WaitingForCabling)
	tech := s.as(asTechnician)
	action := paths.AdminCablingReturn(c.ID)
	if d := tech.fragment(action).want(200).doc(); d.Find("dialog").Length() != 1 || d.Find("main").Length() != 0 {
		t.Error("htmx gets no dialog")
	}
	form := untouched(t, tech.get(action).want(200), action)
	says(t, tech.post(action, setting(form, "reason", "Nobody found <it>")).want(422), "Select what is wrong", "Nobody found <it>")
	says(t, tech.submit(action, setting(form, "kind", "label_not_found", "reason", "")).want(422), "Say what the customer has to correct")
	done := tech.submit(action, setting(form, "reason", "Label A-2291 is not on site")).want(200)
	if got := done.header.Get("HX-Redirect"); got != paths.AdminCablingJob(next.ID) {
		t.Errorf("goes to %q, want the next job", got)
	}
	if got := s.Get(t, c.ID); got.Stage != lifecycle.ApprovedLOA || got.Problem != "Label not found: Label A-2291 is not on site" {
		t.Errorf("%s %q", got.Stage, got.Problem)
	}
	late := tech.submit(action, setting(form, "key", "another")).want(409)
	says(t, late, "Nothing was changed.", "Show the present state")
}

// Two technicians finish the same job at once: one wins, the other reads a
// plain sentence and nothing is done twice.
func TestStaffTwoTechniciansAtOnce(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.WaitingForCabling)
	report, _ := s.DeliveryReport(context.Background(), c.ID)
	people := []*client{s.as(asTechnician), s.as(asAdmin)}
	forms := make([]url.Values, 2)
	for i, p := range people {
		forms[i] = setting(untouched(t, p.get(paths.AdminCablingJob(c.ID)), paths.AdminCablingCompletion(c.ID)),
			"label_found", report.Labels[0], "light", "-7.2", "found", "on", "connected", "on", "link_up", "on")
	}
	answers := make([]*answer, 2)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, p := range people {
		wg.Go(func() {
			<-start
			answers[i] = p.post(paths.AdminCablingCompletion(c.ID), forms[i])
		})
	}
	close(start)
	wg.Wait()
	won, lost := answers[0], answers[1]
	if won.status != 303 {
		won, lost = lost, won
	}
	won.want(303)
	says(t, lost.want(409), "Nothing was changed.")
	s.Sound(t)
}

// The message about a delivery report leads to the job for as long as it is kept,
// also when the interface has ended and its port is somebody else's.
func TestCablingOfWhatHasEnded(t *testing.T) {
	s := newSite(t)
	tech := s.as("technician@cloud.example")
	c := s.At(t, lifecycle.WaitingForCabling)
	for _, action := range []lifecycle.Action{lifecycle.Cancel, lifecycle.ConfirmRemoval} {
		s.Do(t, c.ID, action)
	}
	page := tech.get(paths.AdminCablingJob(c.ID)).want(http.StatusOK)
	says(t, page, "Nothing to connect now", "Canceled")
	if page.doc().Find("main form").Length() != 0 {
		t.Error("a form of a job that is over")
	}
	tech.get(paths.AdminCablingJob(s.At(t, lifecycle.ToApplyForLOA).ID)).want(http.StatusNotFound)
	tech.get(paths.AdminCablingJob("pc-00000000000000000")).want(http.StatusNotFound)
}

func TestStaffRemovals(t *testing.T) {
	s := newSite(t)
	tech := s.as(asTechnician)
	says(t, tech.get(paths.AdminRemovals).want(200), "Nothing is waiting.")
	ending := s.At(t, lifecycle.Terminating)
	canceled := s.At(t, lifecycle.ApprovedLOA)
	s.Do(t, canceled.ID, lifecycle.Cancel)
	free := s.At(t, lifecycle.Canceled) // no letter was out: no cable
	port, _ := s.PortOf(context.Background(), ending.ID)
	list := tech.get(paths.AdminRemovals).want(200)
	says(t, list, ending.ID, canceled.ID, port.Name, port.Panel, "Waiting for less than 1 hour")
	saysNot(t, list, free.ID)
	says(t, tech.get(paths.AdminRemoval(free.ID)).want(200), "No cable to remove")
	tech.get(paths.AdminRemoval(s.At(t, lifecycle.Enabled).ID)).want(404)

	action := paths.AdminRemoval(ending.ID)
	page := tech.get(action).want(200)
	says(t, page, port.Panel, port.Position, port.Name, "Termination requested by the customer", "A-000")
	form := setting(untouched(t, page, action), "note", "Both ends")
	refusal := tech.post(action, form).want(422)
	says(t, refusal, "Tick this when the cable is out", "Both ends")
	done := tech.post(action, setting(form, "removed", "on")).want(303)
	if got := done.header.Get("Location"); got != paths.AdminRemoval(canceled.ID) {
		t.Errorf("goes to %s", got)
	}
	says(t, tech.get(paths.AdminRemoval(canceled.ID)), "The cable of "+ending.ID+" was removed. Its port is free.")
	if got := s.Get(t, ending.ID); got.Stage != lifecycle.Terminated || got.RemovalDue {
		t.Errorf("%s", got.Stage)
	}
	if held, _ := s.PortOf(context.Background(), ending.ID); held != nil {
		t.Errorf("it still holds %s", held.Name)
	}
	says(t, tech.post(action, setting(form, "key", "another")).want(409), "Nothing was changed.")

	action = paths.AdminRemoval(canceled.ID)
	page = tech.get(action).want(200)
	says(t, page, "No label was reported", "Canceled before it was enabled")
	done = tech.post(action, setting(untouched(t, page, action), "removed", "on")).want(303)
	if got := done.header.Get("Location"); got != paths.AdminRemovals {
		t.Errorf("goes to %s", got)
	}
	s.Sound(t)
}

// TestStaffLookAtAPort: a port that a letter named waits for a technician after
// its interface moved.
func TestStaffLookAtAPort(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	ctx := context.Background()
	c := s.At(t, lifecycle.ApprovedLOA)
	was, _ := s.PortOf(ctx, c.ID)
	s.Do(t, c.ID, lifecycle.RevokeLOA)
	ports, err := s.Ports(ctx, was.Device)
	if err != nil {
		t.Fatal(err)
	}
	var to store.Port
	for _, p := range ports {
		if p.State == store.PortFree && p.Type == was.Type {
			to = p
		}
	}
	if err := s.MovePort(ctx, s.Reviewer, c.ID, 0, to.ID, "The panel is being rebuilt"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	tech, admin := s.as(asTechnician), s.as(adminMail)
	action := paths.AdminPortCheck(was.ID)
	list := tech.get(paths.AdminRemovals).want(200)
	says(t, list, "Ports to look at", was.Name, c.ID, "No cable is waiting.")
	if list.doc().Find("main a[href='"+action+"']").Length() == 0 || list.doc().Find("#nav a[href='"+paths.AdminRemovals+"']").Text() == "Removals" {
		t.Error("the list or the menu says nothing")
	}
	says(t, tech.get(paths.Admin).want(200), "Port to look at", "Removals 1")
	says(t, tech.get(paths.AdminPort(was.ID)).want(200), "Somebody has to look at this port", "Quarantined")
	says(t, admin.get(paths.AdminPortDeletion(was.ID)).want(200), "Confirm that nothing is in it first.")
	auditor := s.as(auditorMail)
	if page := auditor.get(action).want(200); page.doc().Find("form[action='"+action+"']").Length() != 0 {
		t.Error("an auditor finds the form")
	}
	auditor.post(action, url.Values{"empty": {"on"}}).want(http.StatusForbidden)
	s.as(asReviewer).get(action).want(http.StatusForbidden)
	s.as(customerMail).get(action).want(http.StatusForbidden)
	tech.get(paths.AdminPortCheck("none")).want(http.StatusNotFound)

	page := tech.get(action).want(200)
	says(t, page, c.LOANo, was.Panel, was.Position)
	form := setting(untouched(t, page, action), "note", "A fiber of nobody was taken out")
	summaryHas(t, tech.post(action, form), "empty", "Tick this when you have looked")
	says(t, tech.post(action, form), "A fiber of nobody was taken out")
	form = setting(form, "empty", "on")
	if to := tech.post(action, form).want(http.StatusSeeOther).header.Get("Location"); to != paths.AdminRemovals {
		t.Errorf("goes to %s", to)
	}
	tech.post(action, form).want(http.StatusSeeOther) // a double click
	says(t, tech.get(paths.AdminRemovals), "is free again.", "Nothing is waiting.")
	says(t, tech.post(action, setting(form, "key", "another")).want(http.StatusConflict), "Nothing was changed.", "Nothing to look at")
	says(t, tech.get(paths.AdminPort(was.ID)).want(200), "A fiber of nobody was taken out", c.ID)
	s.Sound(t)
}

func TestStaffWorkQueue(t *testing.T) {
	s := newSite(t)
	for _, who := range []string{asReviewer, asTechnician, asFinance} {
		says(t, s.as(who).get(paths.Admin).want(200), "Work queue", "Nothing is waiting.")
	}
	applied := s.At(t, lifecycle.InApplication)
	s.Clock.Advance(5 * 24 * time.Hour) // Wednesday; the review was due on Tuesday
	cabling := s.At(t, lifecycle.WaitingForCabling)
	canceled := s.At(t, lifecycle.ApprovedLOA)
	s.Do(t, canceled.ID, lifecycle.Cancel)
	if err := s.RequestWhitelist(context.Background(), s.Owner, store.NewWhitelistRequest{Spec: catalog.Spec40G, Reason: "Backup of two data centers", Ports: 2}); err != nil {
		t.Fatal(err)
	}
	order := func(a *answer) (ids []string) {
		for _, th := range a.doc().Find("tbody th .id").EachIter() {
			ids = append(ids, th.Text())
		}
		return ids
	}
	all := s.as(asAdmin).get(paths.Admin).want(200)
	says(t, all, "LOA applications 1 1 late", "Cabling 1", "Removals 1", "Whitelist requests 1", "day late", "Northwind Trading", "40G")
	if got := order(all); len(got) != 4 || got[0] != applied.ID || got[1] != cabling.ID {
		t.Errorf("%v: want the late review, then the cabling", got)
	}
	tech := s.as(asTechnician).get(paths.Admin).want(200)
	if got := order(tech); len(got) != 2 || got[0] != cabling.ID || got[1] != canceled.ID {
		t.Errorf("a technician sees %v", got)
	}
	saysNot(t, tech, "Whitelist requests")
	reviewer := s.as(asReviewer).get(paths.Admin).want(200)
	if got := order(reviewer); len(got) != 2 || got[0] != applied.ID {
		t.Errorf("a reviewer sees %v", got)
	}
	saysNot(t, s.as(asFinance).get(paths.Admin), applied.ID, cabling.ID, "Capacity")

	s.Clock.Advance(48 * time.Hour) // Friday, the day on which the cabling is due
	says(t, s.as(asTechnician).get(paths.Admin), "due today", "Due today")
}

func TestStaffCapacity(t *testing.T) {
	s := newSite(t)
	admin := s.as(asAdmin)
	says(t, admin.get(paths.Admin).want(200), "No access point is above 80 %.")
	ctx := context.Background()
	ap := s.APID(t, "Hangzhou-Xiaoshan-B")
	counts, err := s.PortCounts(ctx, ap)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range counts {
		for range n.N {
			in := func(c *store.NewConnection) {
				c.AccessPoint, c.PortType, c.Spec = ap, n.Type, n.Type.Info().Spec
			}
			if n.Type.Info().Spec.NeedsWhitelist() {
				continue
			}
			s.At(t, lifecycle.ToApplyForLOA, in)
		}
		total += n.N
	}
	page := admin.get(paths.Admin).want(200)
	meter := page.doc().Find("meter")
	if meter.Length() != 1 || meter.AttrOr("aria-label", "") != "Ports used at Hangzhou-Xiaoshan-B" || meter.AttrOr("max", "") == "" {
		t.Fatalf("%d meters of %d ports: %s", meter.Length(), total, page.text())
	}
	says(t, page, "Hangzhou-Xiaoshan-B", "No free ")
}
