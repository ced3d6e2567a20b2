package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/web/paths"
)

// TestRegionsAndAccessPointsByForm is the operator's own catalogue, made on the
// pages alone.
func TestRegionsAndAccessPointsByForm(t *testing.T) {
	s := newSite(t)
	admin := s.as(adminMail)
	cat := s.Catalogue

	// A region.
	form := untouched(t, admin.get(paths.AdminNewRegion).want(200), paths.AdminNewRegion)
	form.Set("id", "eu north")
	form.Set("name", "Norway (Oslo)")
	form.Set("zone", "Europe/Osl0")
	bad := admin.post(paths.AdminNewRegion, form)
	summaryHas(t, bad, "id", "Use letters a to z")
	summaryHas(t, bad, "zone", "is unknown")
	if bad.field("name") != "Norway (Oslo)" || bad.field("zone") != "Europe/Osl0" || bad.field("key") != form.Get("key") {
		t.Error("what was typed is not kept")
	}
	form.Set("id", "eu-north-1")
	form.Set("zone", "Europe/Oslo")
	if to := admin.post(paths.AdminNewRegion, form).want(http.StatusSeeOther).header.Get("Location"); to != paths.AdminRegions {
		t.Errorf("goes to %s", to)
	}
	admin.post(paths.AdminNewRegion, form).want(http.StatusSeeOther) // a double click
	if events, _ := s.Timeline(context.Background(), store.RegionSubject("eu-north-1")); len(events) != 1 {
		t.Errorf("%d events of one region", len(events))
	}
	if text := admin.get(paths.AdminRegions).want(200).text(); !strings.Contains(text, "Norway (Oslo) was added.") || !strings.Contains(text, "Europe/Oslo (UTC+01:00)") {
		t.Errorf("regions: %s", text)
	}

	// An access point in it: the region is chosen already.
	form = untouched(t, admin.get(paths.With(paths.AdminNewSite, "region", "eu-north-1")).want(200), paths.AdminNewSite)
	if form.Get("region") != "eu-north-1" || form.Get("loa_days") != "90" || form.Get("status") != "open" {
		t.Errorf("an empty form: %v", form)
	}
	bad = admin.post(paths.AdminNewSite, form)
	summaryHas(t, bad, "id", "Enter the ID")
	summaryHas(t, bad, "name", "Enter the name")
	form.Set("id", "ap-eu-oslo-A")
	form.Set("name", "Oslo-A")
	form["offer"] = []string{views.OfferValue(catalog.OtherSP, catalog.Type10GBaseLR), views.OfferValue(catalog.OtherSP, catalog.Type1000BaseLX), "Other/155M", "XX/10GBase-LR"}
	form.Set("visitor_id_number", "on")
	bad = admin.post(paths.AdminNewSite, form)
	summaryHas(t, bad, "visitor_id_number", "of no use without the ID type")
	if got := untouched(t, bad, paths.AdminNewSite)["offer"]; len(got) != 2 {
		t.Errorf("boxes that stay ticked: %v", got)
	}
	form.Del("visitor_id_number")
	if to := admin.post(paths.AdminNewSite, form).want(http.StatusSeeOther).header.Get("Location"); to != paths.AdminAccessPoint("ap-eu-oslo-A") {
		t.Errorf("goes to %s", to)
	}
	ap, _ := cat().AccessPoint("ap-eu-oslo-A")
	if got := ap.Offers[catalog.OtherSP]; !slices.Contains(got, catalog.Type10GBaseLR) || len(got) != 2 || len(ap.Offers) != 1 {
		t.Errorf("offers %v", ap.Offers)
	}
	if text := admin.get(paths.AdminAccessPoint(ap.ID)).want(200).text(); !strings.Contains(text, "No LOA can be issued here") || !strings.Contains(text, "Oslo-A was added.") {
		t.Errorf("page: %s", text)
	}

	// Changed: what is not touched stays, what is unticked goes.
	edit := paths.AdminAccessPointEdit(ap.ID)
	form = untouched(t, admin.get(edit).want(200), edit)
	if len(form["offer"]) != 2 || form.Get("name") != "Oslo-A" || form.Get("run_by") != "" {
		t.Errorf("the form says %v", form)
	}
	form["offer"] = []string{views.OfferValue(catalog.EquinixSP, catalog.Type100GBaseLR)}
	admin.post(edit, form).want(http.StatusSeeOther)
	form.Set("key", "another")
	if stale := admin.post(edit, form).want(http.StatusConflict); !strings.Contains(stale.text(), "was changed a moment ago") {
		t.Error(stale.text())
	}
	if now, _ := cat().AccessPoint(ap.ID); now.Accepts(catalog.OtherSP) || !now.Accepts(catalog.EquinixSP) || now.RunBy != catalog.RunByProvider {
		t.Errorf("saved: %+v", now)
	}

	// The region changes and goes when its access point is gone.
	region := paths.AdminRegion("eu-north-1")
	form = untouched(t, admin.get(region).want(200), region)
	form.Set("name", "Norway")
	admin.post(region, form).want(http.StatusSeeOther)
	if text := admin.get(paths.AdminRegionDeletion("eu-north-1")).want(200).text(); !strings.Contains(text, "1 access point of this region is in the inventory. Delete the access points first.") {
		t.Errorf("in use: %s", text)
	}
	gone := paths.AdminAccessPointDeletion(ap.ID)
	form = untouched(t, admin.get(gone).want(200), gone)
	form.Set("reason", "Never built")
	form.Set("confirm", "Oslo")
	bad = admin.post(gone, form)
	summaryHas(t, bad, "confirm", "Type the name of the access point Oslo-A to confirm")
	form.Set("confirm", "Oslo-A")
	admin.post(gone, form).want(http.StatusSeeOther)
	admin.get(paths.AdminAccessPoint(ap.ID)).want(http.StatusNotFound)
	gone = paths.AdminRegionDeletion("eu-north-1")
	form = untouched(t, admin.get(gone).want(200), gone)
	form.Set("reason", "Never built")
	form.Set("confirm", "Norway")
	admin.post(gone, form).want(http.StatusSeeOther)
	admin.get(region).want(http.StatusNotFound)
	admin.post(region, form).want(http.StatusNotFound)

	// One in use keeps its page, its form says why, and a form from before is
	// refused.
	c := s.At(t, lifecycle.ToApplyForLOA)
	used := paths.AdminAccessPointDeletion(c.AccessPointID)
	if page := admin.get(used).want(200); page.doc().Find("form[action='"+used+"']").Length() != 0 || !strings.Contains(page.text(), "Set the status to disabled instead.") {
		t.Errorf("in use: %s", page.text())
	}
	name, _ := cat().AccessPoint(c.AccessPointID)
	admin.post(used, url.Values{"reason": {"No longer"}, "confirm": {name.Name}}).want(http.StatusConflict)
	s.Sound(t)
}

// TestOneBuildingAsksForAReason: the form says what would be shared, beside the
// field that takes the reason.
func TestOneBuildingAsksForAReason(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	other := s.APID(t, "Hangzhou-Jianggan-B")
	site, _ := s.Catalogue().AccessPoint(other)
	in := store.AccessPointEditOf(site)
	in.FacilityName, in.Address = "Another Hall", "9 Another Road, Hangzhou"
	if err := s.UpdateAccessPoint(ctx, s.Admin, other, 0, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if _, err := s.AddPorts(ctx, s.Admin, other, store.NewPorts{Name: "CSW-01", Room: "R1", Cabinet: "C1", Pattern: "XGE1/0/1-4", Type: "10GBase-LR", Panel: "ODF 1", First: "1", Pairs: true}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	a := s.At(t, lifecycle.Enabled)
	b := s.At(t, lifecycle.Enabled, func(in *store.NewConnection) { in.AccessPoint, in.Redundant = other, a.ID })
	one, _ := s.Catalogue().AccessPoint(a.AccessPointID)
	admin := s.as(adminMail)
	edit := paths.AdminAccessPointEdit(other)
	form := untouched(t, admin.get(edit).want(200), edit)
	form.Set("facility_name", one.FacilityName)
	bad := admin.post(edit, form)
	summaryHas(t, bad, "reason", "Then: survives the loss of an access point; both are in one building")
	form.Set("reason", "It is one house")
	admin.post(edit, form).want(http.StatusSeeOther)
	if text := s.as(customerMail).get(paths.Interface(b.ID)).want(200).text(); !strings.Contains(text, "It is one house") || !strings.Contains(text, "both are in one building") {
		t.Errorf("the customer reads: %s", text)
	}
}
