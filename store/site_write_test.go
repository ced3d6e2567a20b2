package store_test

import (
	"context"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/inventory"
	"demarc/store/lifecycle"
	"demarc/store/redundancy"
	"demarc/store/storetest"
)

func newSiteForm(name string) store.AccessPointEdit {
	return store.AccessPointEdit{Name: name, Status: "open", LOADays: "45", FacilityName: "Data Port One", Address: "1 Cable Street, Oslo",
		Offers: map[catalog.SP][]catalog.PortType{catalog.EquinixSP: {catalog.Type10GBaseLR}, catalog.OtherSP: {}}}
}

// TestAnOperatorsOwnRegion is the life of a region and of an access point that
// an administrator adds without a file.
func TestAnOperatorsOwnRegion(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	if _, err := e.AddRegion(ctx, e.Admin, "eu-north-1", store.RegionEdit{Name: "Norway (Oslo)", Zone: "Europe/Oslo", Order: "7"}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	const id = "ap-eu-oslo-A"
	if _, err := e.AddAccessPoint(ctx, e.Admin, id, "eu-north-1", newSiteForm("Oslo-A")); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	ap, ok := e.Catalogue().AccessPoint(id)
	if !ok || ap.Region != "eu-north-1" || ap.LOADays != 45 || ap.Demo || ap.RunBy != catalog.RunByProvider || !ap.Accepts(catalog.EquinixSP) || ap.Accepts(catalog.OtherSP) {
		t.Fatalf("added: %+v", ap)
	}
	// The matrix is the form's: a customer finds what is ticked and nothing else.
	in := store.AccessPointEditOf(ap)
	in.Name, in.RunBy = "Oslo-1", "Nordic Halls"
	in.Offers = map[catalog.SP][]catalog.PortType{catalog.OtherSP: {catalog.Type1000BaseLX, catalog.Type10GBaseLR}}
	if err := e.UpdateAccessPoint(ctx, e.Admin, id, store.AccessPointRev(ap), in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if sps := e.Catalogue().SPsIn("eu-north-1"); len(sps) != 1 || sps[0] != catalog.OtherSP {
		t.Errorf("SPs of the region: %v", sps)
	}
	_, err := e.AddPorts(ctx, e.Admin, id, store.NewPorts{Name: "CSW-01", Room: "R1", Cabinet: "C1", Pattern: "XGE1/0/1-4", Type: "10GBase-LR", Panel: "ODF 1", First: "1", Pairs: true})
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	no, err := e.PlaceOrder(ctx, e.Owner, store.NewConnection{Region: "eu-north-1", SP: catalog.OtherSP, AccessPoint: id, Spec: catalog.Spec10G, PortType: catalog.Type10GBaseLR, Terms: true})
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if err := e.PayOrder(ctx, e.Owner, no, store.MethodBalance); err != nil {
		t.Fatal(err)
	}
	// Offers that are taken away stop orders alone.
	in.Offers = nil
	if err := e.UpdateAccessPoint(ctx, e.Admin, id, 0, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if _, err := e.PlaceOrder(ctx, e.Owner, store.NewConnection{Region: "eu-north-1", SP: catalog.OtherSP, AccessPoint: id, Spec: catalog.Spec10G, PortType: catalog.Type10GBaseLR, Redundant: store.NotRedundant, Terms: true}); store.KindOf(err) != store.Invalid {
		t.Errorf("ordered what is not offered: %v", err)
	}

	// In use: neither can be deleted, and each says what to do.
	refused := func(err error, words string) {
		t.Helper()
		if store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), words) || !strings.Contains(store.MessageOf(err), "Nothing was changed.") {
			t.Errorf("want a refusal with %q, got %v", words, err)
		}
	}
	refused(e.DeleteAccessPoint(ctx, e.Admin, id, 0, "Oslo-1", "Given up"), "An interface of the present or the past is here. Set the status to disabled instead.")
	refused(e.DeleteRegion(ctx, e.Admin, "eu-north-1", 0, "Norway (Oslo)", "Given up"), "1 access point of this region is in the inventory. Delete the access points first.")
	if used, err := e.AccessPointUse(ctx, id); err != nil || !strings.Contains(used, "disabled") {
		t.Error(used, err)
	}

	// One that nothing ever used goes, and so does its region.
	if _, err := e.AddRegion(ctx, e.Admin, "eu-north-2", store.RegionEdit{Name: "Sweden (Luleå)", Zone: "Europe/Stockholm"}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if _, err := e.AddAccessPoint(ctx, e.Admin, "ap-lulea", "eu-north-2", newSiteForm("Luleå-A")); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	device, err := e.AddPorts(ctx, e.Admin, "ap-lulea", store.NewPorts{Name: "CSW-01", Room: "R1", Cabinet: "C1", Pattern: "XGE1/0/1-4", Type: "10GBase-LR", Panel: "ODF 1", First: "1", Pairs: true})
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	refused(e.DeleteAccessPoint(ctx, e.Admin, "ap-lulea", 0, "Luleå-A", "Never built"), "1 device of this access point is in the inventory. Delete the devices first.")
	if err := e.SetPanelRule(ctx, e.Admin, store.PanelPlace{AccessPoint: "ap-lulea", Room: "R1", Cabinet: "C1", Panel: "ODF 1"}, 0, "P-N"); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteDevice(ctx, e.Admin, device, 0, "CSW-01", "Never built"); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteAccessPoint(ctx, e.Admin, "ap-lulea", 0, "Luleå-A", "Never built"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if err := e.DeleteRegion(ctx, e.Admin, "eu-north-2", 0, "Sweden (Luleå)", "Never built"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	e.Reopen(t)
	if _, ok := e.Catalogue().Region("eu-north-2"); ok {
		t.Error("the region is still there")
	}
	if _, ok := e.Catalogue().AccessPoint("ap-lulea"); ok {
		t.Error("the access point is still there")
	}
	for subject, want := range map[string]string{store.RegionSubject("eu-north-2"): "delete_region", store.AccessPointSubject("ap-lulea"): "delete_access_point"} {
		if events, err := e.Timeline(ctx, subject); err != nil || len(events) == 0 || events[0].Action != want || events[0].Reason != "Never built" {
			t.Errorf("%s: %+v, %v", subject, events, err)
		}
	}
	e.Sound(t)
}

func TestRegionsAndAccessPointsAreRefused(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	region, _ := e.Catalogue().Region("cn-hangzhou")
	before := dump(t, e.Dir)
	type fields = map[string]string
	for name, tc := range map[string]struct {
		do    func() error
		kind  store.Kind
		field string
	}{
		"a reviewer adds a region": {func() error {
			_, err := e.AddRegion(ctx, e.Reviewer, "x", store.RegionEdit{Name: "X", Zone: "UTC"})
			return err
		}, store.Forbidden, ""},
		"a region of the same ID": {func() error {
			_, err := e.AddRegion(ctx, e.Admin, "cn-hangzhou", store.RegionEdit{Name: "X", Zone: "UTC"})
			return err
		}, store.Invalid, "id"},
		"a region of the same name": {func() error {
			_, err := e.AddRegion(ctx, e.Admin, "x", store.RegionEdit{Name: "china (hangzhou)", Zone: "UTC"})
			return err
		}, store.Invalid, "name"},
		"a region of no zone": {func() error { _, err := e.AddRegion(ctx, e.Admin, "x", store.RegionEdit{Name: "X"}); return err }, store.Invalid, "zone"},
		"a region of this machine": {func() error {
			_, err := e.AddRegion(ctx, e.Admin, "x", store.RegionEdit{Name: "X", Zone: "Local"})
			return err
		}, store.Invalid, "zone"},
		"a region without an ID": {func() error {
			_, err := e.AddRegion(ctx, e.Admin, "", store.RegionEdit{Name: "X", Zone: "UTC"})
			return err
		}, store.Invalid, "id"},
		"a region with a bad ID": {func() error {
			_, err := e.AddRegion(ctx, e.Admin, "../x", store.RegionEdit{Name: "X", Zone: "UTC"})
			return err
		}, store.Invalid, "id"},
		"no place in lists": {func() error {
			_, err := e.AddRegion(ctx, e.Admin, "x", store.RegionEdit{Name: "X", Zone: "UTC", Order: "first"})
			return err
		}, store.Invalid, "order"},
		"an old page of a region": {func() error {
			return e.UpdateRegion(ctx, e.Admin, region.ID, store.RegionRev(region)+2, store.RegionEditOf(region))
		}, store.Conflict, ""},
		"a region that is not there": {func() error { return e.UpdateRegion(ctx, e.Admin, "none", 0, store.RegionEditOf(region)) }, store.NotFound, ""},
		"a region in use":            {func() error { return e.DeleteRegion(ctx, e.Admin, region.ID, 0, region.Name, "No longer") }, store.Conflict, ""},
		"an access point nowhere":    {func() error { _, err := e.AddAccessPoint(ctx, e.Admin, "ap-x", "none", newSiteForm("X")); return err }, store.Invalid, "region"},
		"an access point of the same ID": {func() error {
			_, err := e.AddAccessPoint(ctx, e.Admin, e.APID(t, "Singapore-A"), "cn-hangzhou", newSiteForm("X"))
			return err
		}, store.Invalid, "id"},
		"an access point of the same name": {func() error {
			_, err := e.AddAccessPoint(ctx, e.Admin, "ap-x", "ap-southeast-1", newSiteForm("SINGAPORE-a"))
			return err
		}, store.Invalid, "name"},
		"an SP that does not exist": {func() error {
			in := newSiteForm("X")
			in.Offers = map[catalog.SP][]catalog.PortType{"XX": {catalog.Type10GBaseLR}, "CT": {"155M CPOS"}}
			_, err := e.AddAccessPoint(ctx, e.Admin, "ap-x", "cn-hangzhou", in)
			return err
		}, store.Invalid, "offers"},
		"a name that turns around": {func() error {
			_, err := e.AddAccessPoint(ctx, e.Admin, "ap-x", "cn-hangzhou", newSiteForm("X\u202eY"))
			return err
		}, store.Invalid, "name"},
		"a technician deletes": {func() error {
			return e.DeleteAccessPoint(ctx, e.Technician, e.APID(t, emptySite), 0, emptySite, "No longer")
		}, store.Forbidden, ""},
		"the wrong name is typed": {func() error { return e.DeleteAccessPoint(ctx, e.Admin, e.APID(t, emptySite), 0, "yes", "No longer") }, store.Invalid, "confirm"},
		"no reason is given":      {func() error { return e.DeleteAccessPoint(ctx, e.Admin, e.APID(t, emptySite), 0, emptySite, " ") }, store.Invalid, "reason"},
	} {
		err := tc.do()
		if store.KindOf(err) != tc.kind || (tc.field != "" && store.FieldsOf(err)[tc.field] == "") {
			t.Errorf("%s: %v %v", name, err, fields(store.FieldsOf(err)))
		}
	}
	if after := dump(t, e.Dir); after != before {
		t.Error("a refusal changed something")
	}
}

// equip gives an access point an address and a device with 10G ports.
func equip(t *testing.T, e *storetest.Env, name string) {
	t.Helper()
	ap, _ := e.Catalogue().AccessPoint(e.APID(t, name))
	in := store.AccessPointEditOf(ap)
	in.FacilityName, in.Address = "Hall of "+name, "1 "+name+" Road, Hangzhou"
	if err := e.UpdateAccessPoint(ctx, e.Admin, ap.ID, 0, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if _, err := e.AddPorts(ctx, e.Admin, ap.ID, store.NewPorts{Name: "CSW-01", Room: "R1", Cabinet: "C1", Pattern: "XGE1/0/1-4", Type: "10GBase-LR", Panel: "ODF 1", First: "1", Pairs: true}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
}

// TestOneBuildingNeedsAReason: two access points that get one name or one
// address are one building, and pairs that rely on them are told.
func TestOneBuildingNeedsAReason(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	const partner = "Hangzhou-Jianggan-B"
	equip(t, e, partner)
	a := e.At(t, lifecycle.Enabled)
	b := e.At(t, lifecycle.Enabled, func(in *store.NewConnection) { in.AccessPoint, in.Redundant = e.APID(t, partner), a.ID })
	strength := func() int {
		ap, err := e.PortOf(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		bp, err := e.PortOf(ctx, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		return e.Redundancy(a, ap, b, bp).Strength()
	}
	notices := func(id string) (n int, last store.Event) {
		events, err := e.Timeline(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range events {
			if ev.Action == store.ActionRedundancyChanged {
				if n++; n == 1 {
					last = ev
				}
			}
		}
		return n, last
	}
	if strength() != 5 {
		t.Fatalf("two buildings: %d", strength())
	}
	one, _ := e.Catalogue().AccessPoint(a.AccessPointID)
	two, _ := e.Catalogue().AccessPoint(b.AccessPointID)

	// By a file: refused line by line, whichever of the two changes.
	before := dump(t, e.Dir)
	for _, file := range []string{
		"kind,id,facility_name\naccess_point," + two.ID + ",\"" + strings.ToUpper(one.FacilityName) + "\"\n",
		"kind,id,address\naccess_point," + one.ID + ",\"" + two.Address + "\"\n",
		"kind,id,facility_name\naccess_point," + one.ID + ",New Halls\naccess_point," + two.ID + ",new halls.\n",
	} {
		p := dryRun(t, e, inventory.AddAndChange, file)
		if p.Total.Refused == 0 || !strings.Contains(p.Select(inventory.Refused, 1)[0].Reason, "both would be in one building") {
			t.Errorf("%q: %+v %v", file, p.Total, p.Lines)
		}
		if _, err := e.ApplyInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file), p.Hash, nil); store.KindOf(err) != store.Invalid {
			t.Errorf("%q: %v", file, err)
		}
	}
	// By the form: no reason, no change.
	in := store.AccessPointEditOf(two)
	in.FacilityName = "  " + strings.ToLower(one.FacilityName)
	err := e.UpdateAccessPoint(ctx, e.Admin, two.ID, 0, in)
	if msg := store.FieldsOf(err)["reason"]; store.KindOf(err) != store.Invalid || !strings.Contains(msg, "would share more than now") || !strings.Contains(msg, "both are in one building") {
		t.Errorf("without a reason: %v %v", err, store.FieldsOf(err))
	}
	if dump(t, e.Dir) != before {
		t.Error("a refusal changed something")
	}
	// With one, both are told and both pages are old.
	in.Reason = "The operator found out that it is one house"
	if err := e.UpdateAccessPoint(ctx, e.Admin, two.ID, 0, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if strength() != 4 {
		t.Errorf("one building: %d", strength())
	}
	for _, c := range []store.Connection{a, b} {
		n, last := notices(c.ID)
		if n != 1 || last.Reason != in.Reason || !strings.Contains(last.Detail, "one building") {
			t.Errorf("%s: %d notices, %+v", c.ID, n, last)
		}
		if now, err := e.Connection(ctx, e.Owner, c.ID); err != nil || now.Version != c.Version+1 {
			t.Errorf("%s: version %d, was %d (%v)", c.ID, now.Version, c.Version, err)
		}
	}
	// Apart again, by a file: told in the history, and nobody is asked why.
	file := "kind,id,facility_name\naccess_point," + two.ID + ",Another House\n"
	p := dryRun(t, e, inventory.AddAndChange, file)
	if _, err := e.ApplyInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file), p.Hash, nil); err != nil {
		t.Fatal(err, p.Lines)
	}
	if n, last := notices(a.ID); n != 2 || !strings.Contains(last.Detail, "Before: survives the loss of an access point; both are in one building") {
		t.Errorf("%d notices, %+v", n, last)
	}
	e.Sound(t)
}

// TestTheInventedSitesAreApart: no two demo sites of a region are one building
// by a whim of the dice.
func TestTheInventedSitesAreApart(t *testing.T) {
	_, aps := catalog.Shipped()
	for i := range aps {
		for j := range i {
			a, b := catalog.DemoAddress(aps[i]), catalog.DemoAddress(aps[j])
			if a.Region == b.Region && redundancy.OneBuilding(a.FacilityName, a.Address, b.FacilityName, b.Address) {
				t.Errorf("%s and %s are in one building: %s, %s / %s, %s", a.Name, b.Name, a.FacilityName, a.Address, b.FacilityName, b.Address)
			}
		}
	}
}

// TestWhoIsLeftAloneIsTold: the end of one of a pair is in the history of the
// other, its owner is told, and an old page of it is known to be old.
func TestWhoIsLeftAloneIsTold(t *testing.T) {
	for _, end := range []lifecycle.Action{lifecycle.Cancel, lifecycle.Terminate} {
		t.Run(string(end), func(t *testing.T) {
			t.Parallel()
			stage := lifecycle.InApplication
			if end == lifecycle.Terminate {
				stage = lifecycle.Enabled
			}
			p := newPair(t, stage)
			ctx := context.Background()
			before := p.a.Version
			p.Do(t, p.b.ID, end)
			if end == lifecycle.Terminate {
				if now, _ := p.Connection(ctx, p.Owner, p.a.ID); now.Version != before {
					t.Error("told before the cable is out")
				}
				p.Do(t, p.b.ID, lifecycle.CompleteTermination)
			}
			now, err := p.Connection(ctx, p.Owner, p.a.ID)
			if err != nil || now.Version != before+1 {
				t.Errorf("version %d, was %d (%v)", now.Version, before, err)
			}
			events, err := p.Timeline(ctx, p.a.ID)
			if err != nil || events[0].Action != store.ActionRedundancyLost || !strings.Contains(events[0].Detail, p.b.Title()) {
				t.Errorf("history: %+v, %v", events[0], err)
			}
			all, err := p.Messages(ctx, p.Owner.UserID, 0, 100)
			if err != nil || all[0].Title != store.TitleRedundancyLost && all[1].Title != store.TitleRedundancyLost {
				t.Errorf("messages: %+v, %v", all[:2], err)
			}
			p.Sound(t)
		})
	}
	t.Run("an order that is not paid had none", func(t *testing.T) {
		e := storetest.New(t)
		a := e.At(t, lifecycle.InApplication)
		b := e.At(t, lifecycle.PendingPayment, func(in *store.NewConnection) { in.Redundant = a.ID })
		e.Do(t, b.ID, lifecycle.Cancel)
		if now, err := e.Connection(ctx, e.Owner, a.ID); err != nil || now.Version != a.Version {
			t.Errorf("version %d, was %d (%v)", now.Version, a.Version, err)
		}
	})
}
