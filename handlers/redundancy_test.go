package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// redundancyOf reads the card: the sentence, and the last column by the first.
func redundancyOf(a *answer) (verdict string, both map[string]string, text string) {
	card := a.doc().Find(".card:has(#redundancy-h)")
	both = map[string]string{}
	card.Find("tbody tr").Each(func(_ int, s *goquery.Selection) { both[folded(s.Find("th"))] = folded(s.Find("td").Last()) })
	return folded(card.Find(".message__title")), both, folded(card)
}

func TestRedundancyOnBothPages(t *testing.T) {
	s := newSite(t)
	owner, admin := s.as(northwind), s.as(asAdmin)
	first := s.At(t, lifecycle.Enabled, func(n *store.NewConnection) { n.Name = "hz-1" })
	second := s.Get(t, s.Order(t, s.Owner, redundantWith(first.ID)).ConnectionID)

	// Before the port: what will be promised.
	verdict, both, _ := redundancyOf(owner.get(paths.Interface(second.ID)).want(200))
	if verdict != "Two access devices are promised." || both["Access device"] != "Not known yet" || both["Access Point"] != "Shared" {
		t.Errorf("%q %v", verdict, both)
	}
	second = s.Advance(t, second.ID, lifecycle.InApplication)
	port, err := s.PortOf(context.Background(), second.ID)
	if err != nil {
		t.Fatal(err)
	}
	device, _ := s.Catalogue().Device(port.Device)
	// With the port: the proof, but not its name before the letter.
	verdict, both, text := redundancyOf(owner.get(paths.Interface(second.ID)).want(200))
	if verdict != "Survives the loss of a room; both are in one building and use one service provider." || both["Access device"] != "Apart" || both["SP"] != "Shared" || len(both) != 8 {
		t.Errorf("%q %v", verdict, both)
	}
	if strings.Contains(text, device.Name) {
		t.Error("the customer reads the device before the letter")
	}
	if _, _, text = redundancyOf(admin.get(paths.AdminInterface(second.ID)).want(200)); !strings.Contains(text, device.Name) {
		t.Errorf("staff do not read the device: %s", text)
	}
	s.Do(t, second.ID, lifecycle.Approve)
	for _, page := range []*answer{owner.get(paths.Interface(second.ID)), owner.get(paths.Interface(first.ID)), admin.get(paths.AdminInterface(first.ID))} {
		if v, _, text := redundancyOf(page.want(200)); v != verdict || !strings.Contains(text, device.Name) {
			t.Errorf("%q: %s", v, text)
		}
	}
	// Nobody else, and nobody who stands alone.
	s.as(southwind).get(paths.Interface(second.ID)).want(http.StatusNotFound)
	alone := s.At(t, lifecycle.ToApplyForLOA)
	if owner.get(paths.Interface(alone.ID)).doc().Find("#redundancy-h").Length() != 0 {
		t.Error("an interface that stands alone has a card")
	}
}

func TestRedundancyNoticeUntilTheNextChange(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	owner, admin := s.as(northwind), s.as(asAdmin)
	first := s.At(t, lifecycle.Enabled)
	second := s.At(t, lifecycle.WaitingForPayment, redundantWith(first.ID))
	a, err := s.PortOf(ctx, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.PortOf(ctx, second.ID)
	if err != nil {
		t.Fatal(err)
	}
	near, _ := s.Catalogue().Device(a.Device)
	device, _ := s.Catalogue().Device(b.Device)
	const reason = "The other room is given up"
	if err := s.EditDevice(ctx, s.Admin, device.ID, store.DeviceRev(device), store.DeviceEdit{Name: device.Name, Room: near.Room, Cabinet: "Z-09", Reason: reason}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	says := func(a *answer) bool {
		return strings.Contains(folded(a.want(200).doc().Find(".message.tone-warn")), "Redundancy changed")
	}
	for _, id := range []string{first.ID, second.ID} {
		for _, page := range []*answer{owner.get(paths.Interface(id)), admin.get(paths.AdminInterface(id))} {
			if !says(page) || !strings.Contains(page.text(), "both enter one room") || !strings.Contains(page.text(), reason) {
				t.Errorf("%s has no notice", id)
			}
		}
	}
	if m := owner.get(paths.Messages).want(200).text(); !strings.Contains(m, store.TitleRedundancyChanged) || !strings.Contains(m, reason) {
		t.Error("the customer got no message")
	}
	if strings.Contains(owner.get(paths.Interface(first.ID)).text(), "Sun Jia") {
		t.Error("the customer reads who it was")
	}
	if log := admin.get(paths.With(paths.AdminAudit, "action", store.ActionRedundancyChanged)).want(200); log.doc().Find("tbody tr").Length() != 2 {
		t.Error("the record does not list both")
	}
	// The one that moves on is no longer told; the other still is.
	s.Clock.Advance(time.Minute)
	s.Do(t, second.ID, lifecycle.PayResourceFee)
	if says(owner.get(paths.Interface(second.ID))) || !says(owner.get(paths.Interface(first.ID))) {
		t.Error("the notice stays until the interface moves on")
	}
}

func TestEndingSaysWhatThePartnerLoses(t *testing.T) {
	s := newSite(t)
	owner := s.as(northwind)
	first := s.At(t, lifecycle.Enabled, func(n *store.NewConnection) { n.Name = "hz-1" })
	second := s.At(t, lifecycle.ToApplyForLOA, func(n *store.NewConnection) { n.Name, n.Redundant = "hz-2", first.ID })
	for path, want := range map[string]string{
		paths.Termination(first.ID):   "hz-2 (" + second.ID + ") loses its redundancy: together they survive the loss of a room; both are in one building and use one service provider.",
		paths.Cancellation(second.ID): "hz-1 (" + first.ID + ") loses its redundancy: together they survive the loss of a room; both are in one building and use one service provider.",
	} {
		if got := owner.get(path).want(200).text(); !strings.Contains(got, want) {
			t.Errorf("%s says %q", path, got)
		}
	}
	third := s.Order(t, s.Owner)
	fourth := s.Get(t, third.ConnectionID)
	if got := owner.get(paths.Cancellation(fourth.ID)).want(200).text(); strings.Contains(got, "loses its redundancy") {
		t.Errorf("%q", got)
	}
}

// TestCapacityTold walks a port type towards its end: the page of the access
// point draws it, and the list and the queue name it first.
func TestCapacityTold(t *testing.T) {
	s := newSite(t)
	admin := s.as(asAdmin)
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	for _, path := range []string{paths.Admin, paths.AdminAccessPoints} {
		if strings.Contains(admin.get(path).want(200).text(), "Runs out first") {
			t.Errorf("%s: nothing runs out on the first day", path)
		}
	}
	// 10GBase-T has 18 ports here: six are taken in 60 days, so twelve last for
	// 120 more.
	for range 6 {
		s.At(t, lifecycle.ToApplyForLOA, func(n *store.NewConnection) { n.PortType = catalog.Type10GBaseT })
		s.Clock.Advance(10 * 24 * time.Hour)
	}
	admin = s.as(asAdmin) // the session may have ended meanwhile
	row := admin.get(paths.AdminAccessPoint(ap)).want(200).doc().Find("[aria-labelledby=types-h] tbody tr").FilterFunction(func(_ int, n *goquery.Selection) bool {
		return folded(n.Find("th .id")) == "10GBase-T"
	})
	if got := row.Find("svg[role=img]").AttrOr("aria-label", ""); !strings.HasPrefix(got, "Free ports of 10GBase-T at Hangzhou-Yuhang-A: 17 on 20 Nov 2026, 12 on ") {
		t.Errorf("%q in %q", got, folded(row))
	}
	const when = "in about 5 months"
	if got := folded(row.Find("td").Last()); got != "I"+when[1:] {
		t.Errorf("%q", got)
	}
	for _, path := range []string{paths.Admin, paths.AdminAccessPoints} {
		text := admin.get(path).want(200).text()
		if !strings.Contains(text, "Runs out first") || !strings.Contains(text, "12 ports free") || !strings.Contains(text, "At this pace "+when) {
			t.Errorf("%s says %q", path, text)
		}
	}
	if strings.Contains(admin.get(paths.With(paths.AdminAccessPoints, "region", "ap-southeast-1")).want(200).text(), "Runs out first") {
		t.Error("a list of another region names it")
	}
	if strings.Contains(s.as(asFinance).get(paths.Admin).want(200).text(), "Runs out first") {
		t.Error("finance does not look after access points")
	}
}

// TestNothingIsOfferedThatCannotBeHad: a port type of which none is free is
// shown with the reason, cannot be chosen, and is refused when it is sent.
func TestNothingIsOfferedThatCannotBeHad(t *testing.T) {
	s := newSite(t)
	owner := s.as(northwind)
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	form := url.Values{"region": {"cn-hangzhou"}, "sp": {"CT"}, "ap": {ap}, "spec": {"10G"}, "ptype": {"10GBase-T"}, "redundant": {store.NotRedundant}, "terms": {"1"}}
	choice := func() (word string, disabled bool) {
		in := owner.get(paths.NewInterface + "?" + url.Values{"region": form["region"], "sp": form["sp"], "ap": form["ap"], "spec": form["spec"]}.Encode()).want(200).doc().Find("[name=ptype][value='10GBase-T']")
		_, disabled = in.Attr("disabled")
		return folded(in.Parent()), disabled
	}
	free := func() int {
		counts, err := s.PortCounts(t.Context(), ap)
		if err != nil {
			t.Fatal(err)
		}
		return store.Free(counts, catalog.Type10GBaseT)
	}
	for free() > 0 {
		word, disabled := choice()
		if disabled || (free() <= 3) != strings.Contains(word, "Few left") {
			t.Fatalf("%d free: %q, disabled %v", free(), word, disabled)
		}
		s.At(t, lifecycle.ToApplyForLOA, func(n *store.NewConnection) { n.PortType = catalog.Type10GBaseT })
	}
	if word, disabled := choice(); !disabled || !strings.Contains(word, "No free") {
		t.Errorf("none free: %q, disabled %v", word, disabled)
	}
	orders, err := s.Orders(t.Context(), s.Northwind, "", 20)
	if err != nil {
		t.Fatal(err)
	}
	form.Set("key", "none-free")
	if a := owner.post(paths.Interfaces, form).want(http.StatusUnprocessableEntity); !strings.Contains(a.text(), "No free 10GBase-T port at Hangzhou-Yuhang-A") {
		t.Errorf("%q", a.text())
	}
	if after, err := s.Orders(t.Context(), s.Northwind, "", 20); err != nil || len(after.Items) != len(orders.Items) || (len(after.Items) > 0 && after.Items[0].No != orders.Items[0].No) {
		t.Errorf("an order was placed: %v", err)
	}
}

// TestEditRedundantConnection: the form offers what can be paired, says why the
// rest cannot, and keeps what was typed when it is refused.
func TestEditRedundantConnection(t *testing.T) {
	s := newSite(t)
	one := s.At(t, lifecycle.InApplication)
	edit := paths.EditInterface(one.ID)
	owner := s.as(customerMail)
	if owner.get(edit).want(200).doc().Find("[name=redundant]").Length() != 0 {
		t.Error("nothing to select, and it is asked for")
	}
	two := s.At(t, lifecycle.InApplication, func(in *store.NewConnection) { in.Redundant = one.ID })
	page := owner.get(edit).want(200)
	form := untouched(t, page, edit)
	if form.Get("redundant") != two.ID {
		t.Errorf("selected: %q", form.Get("redundant"))
	}
	form.Set("name", "new-name")
	form.Set("redundant", "pc-none")
	bad := owner.post(edit, form)
	summaryHas(t, bad, "redundant", "Select another connection of the same region")
	if bad.field("name") != "new-name" {
		t.Error("what was typed is not kept")
	}
	form.Set("redundant", store.NotRedundant)
	owner.post(edit, form).want(303)
	says(t, owner.get(paths.Interface(one.ID)).want(200), "Name, description and redundant connection saved.", "Redundant connection "+two.ID+" → not set")
	if got := s.Get(t, two.ID); got.RedundantID != "" {
		t.Errorf("still %q", got.RedundantID)
	}
	form.Set("key", "another")
	owner.post(edit, form).want(409)
	s.as("owner@southwind.example").post(edit, form).want(404)
	s.Sound(t)
}
