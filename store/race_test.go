package store_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// Races: forty people do at once what only one, or only so many, can have.

const callers = 40

// contest lets forty callers run and expects so many winners; the others are
// told a sentence, by one of the kinds. Afterwards every row must be sound.
func contest(t *testing.T, e *storetest.Env, winners int, kinds []store.Kind, f func(i int) error) {
	t.Helper()
	won, lost := race(callers, f)
	if won != winners {
		t.Errorf("%d of %d won, want %d; the first loser: %v", won, callers, winners, first(lost))
	}
	for _, err := range lost {
		fits := false
		for _, k := range kinds {
			fits = fits || store.KindOf(err) == k
		}
		if !fits || store.MessageOf(err) == "" {
			t.Errorf("a loser got %v %v", err, store.FieldsOf(err))
			break
		}
	}
	soundRows(t, e)
}

func first(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return errs[0]
}

// readRows reads the whole database past the store.
func readRows(t *testing.T, e *storetest.Env) rows {
	t.Helper()
	w, err := watch(e.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.db.Close()
	d, err := w.read()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// soundRows fails the test when the rows contradict themselves.
func soundRows(t *testing.T, e *storetest.Env) {
	t.Helper()
	for _, bad := range unsound(readRows(t, e)) {
		t.Error(bad)
	}
	e.Sound(t)
}

var (
	conflicts = []store.Kind{store.Conflict}
	invalids  = []store.Kind{store.Invalid}
)

// oneFree leaves one free 1000Base-T port at Hangzhou-Linan-A and returns it,
// and n unpaid orders for it.
func oneFree(t *testing.T, e *storetest.Env, n int) (port string, nos []string) {
	t.Helper()
	ap, _ := e.Catalogue().AccessPoint(e.APID(t, "Hangzhou-Linan-A"))
	d := catalog.Device{ID: "linan-1", AccessPoint: ap.ID, Name: "LINAN-1", Room: "R1", Cabinet: "C-01"}
	p := catalog.Port{Device: d.ID, Number: 1, ID: "linan-1-1", Name: "GE1/0/1", Type: catalog.Type1000BaseT, Room: "R1", Cabinet: "C-01", Panel: "Patch panel 1", Position: "1", Connector: "RJ45"}
	if err := e.LoadInventory(ctx, e.Admin, []catalog.AccessPoint{catalog.DemoAddress(ap)}, []catalog.Device{d}, []catalog.Port{p}); err != nil {
		t.Fatal(err)
	}
	for range n {
		nos = append(nos, e.Order(t, e.Owner, func(in *store.NewConnection) {
			in.AccessPoint, in.Spec, in.PortType = ap.ID, catalog.Spec1G, catalog.Type1000BaseT
		}).No)
	}
	return p.ID, nos
}

func freePortOf(t *testing.T, e *storetest.Env, c store.Connection) string {
	t.Helper()
	for _, d := range e.Catalogue().Devices(c.AccessPointID) {
		ports, err := e.Ports(ctx, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ports {
			if p.State == store.PortFree && p.Type == c.PortType {
				return p.ID
			}
		}
	}
	t.Fatal("no free port")
	return ""
}

func TestFortyInterfacesMoveToOnePort(t *testing.T) {
	e := storetest.New(t)
	all := make([]store.Connection, callers)
	for i := range all {
		all[i] = e.At(t, lifecycle.ToApplyForLOA)
	}
	port := freePortOf(t, e, all[0])
	contest(t, e, 1, conflicts, func(i int) error {
		return e.MovePort(ctx, e.Reviewer, all[i].ID, all[i].Version, port, "closer to the panel")
	})
}

// TestMoveAndApproveForOnePort: letters that were drafted for a free port, and
// interfaces that move to it.
func TestMoveAndApproveForOnePort(t *testing.T) {
	e := storetest.New(t)
	all := make([]store.Connection, callers)
	for i := range all {
		all[i] = e.At(t, lifecycle.InApplication)
	}
	port := freePortOf(t, e, all[0])
	drafts := make([]store.Draft, callers)
	for i := range drafts {
		var err error
		if drafts[i], err = e.PrepareLOA(ctx, e.Reviewer, all[i].ID, all[i].Version, store.Approval{PortID: port}); err != nil {
			t.Fatal(err)
		}
	}
	contest(t, e, 1, conflicts, func(i int) error {
		if i%2 == 0 {
			return e.MovePort(ctx, e.Reviewer, all[i].ID, all[i].Version, port, "closer to the panel")
		}
		_, err := e.IssueLOA(ctx, e.Reviewer, drafts[i], storetest.PDF)
		return err
	})
}

func TestFortyPayForTheLastPort(t *testing.T) {
	e := storetest.New(t)
	_, nos := oneFree(t, e, callers)
	before, _ := e.Account(ctx, e.Owner, e.Northwind)
	contest(t, e, 1, conflicts, func(i int) error { return e.PayOrder(ctx, e.Owner, nos[i], store.MethodBalance) })
	after, _ := e.Account(ctx, e.Owner, e.Northwind)
	if paid := before.Balance.Minor - after.Balance.Minor; paid != 1500_00 {
		t.Errorf("charged %d", paid)
	}
}

// TestAPortGoesToOneOfMany: the last port is paid for, taken out of service
// and deleted, and its device is deleted, all at once.
func TestAPortGoesToOneOfMany(t *testing.T) {
	for round := range 4 {
		e := storetest.New(t)
		port, nos := oneFree(t, e, callers)
		contest(t, e, 1, []store.Kind{store.Conflict, store.NotFound}, func(i int) error {
			switch (i + round) % 4 {
			case 0:
				return e.TakePortOutOfService(ctx, e.Admin, port, 0, "The laser is dead")
			case 1:
				return e.DeletePort(ctx, e.Admin, port, 1, "GE1/0/1", "The card is taken out")
			case 2:
				// Not of a device that has lost its port: that is a second thing to win.
				return e.TakePortOutOfService(ctx, e.Admin, port, 1, "The laser is dead")
			}
			return e.PayOrder(ctx, e.Owner, nos[i], store.MethodBalance)
		})
	}
	e := storetest.New(t)
	_, nos := oneFree(t, e, callers)
	contest(t, e, 1, []store.Kind{store.Conflict, store.NotFound}, func(i int) error {
		if i%2 == 0 {
			return e.DeleteDevice(ctx, e.Admin, "linan-1", 0, "LINAN-1", "The rack is given up")
		}
		return e.PayOrder(ctx, e.Owner, nos[i], store.MethodBalance)
	})
}

// TestAPortIsPutBackOnceAndThenSold: a port out of service is put back by
// forty; then it can be had.
func TestAPortIsPutBackOnceAndThenSold(t *testing.T) {
	e := storetest.New(t)
	port, nos := oneFree(t, e, 1)
	contest(t, e, 1, conflicts, func(int) error { return e.TakePortOutOfService(ctx, e.Admin, port, 0, "The laser is dead") })
	if err := e.PayOrder(ctx, e.Owner, nos[0], store.MethodBalance); store.KindOf(err) != store.Conflict {
		t.Errorf("a port out of service was sold: %v", err)
	}
	contest(t, e, 1, conflicts, func(int) error { return e.PutPortBack(ctx, e.Admin, port, 0, "The module was replaced") })
	if err := e.PayOrder(ctx, e.Owner, nos[0], store.MethodBalance); err != nil {
		t.Error(err)
	}
	soundRows(t, e)
}

func TestWhitelistIsAskedAndDecidedOnce(t *testing.T) {
	e := storetest.New(t)
	contest(t, e, 1, invalids, func(int) error {
		return e.RequestWhitelist(ctx, e.Owner, store.NewWhitelistRequest{Spec: catalog.Spec40G, Reason: "Backups between data centers", Ports: 2})
	})
	w, err := e.Whitelist(ctx, e.Northwind)
	if err != nil || len(w) != 1 {
		t.Fatal(len(w), err)
	}
	contest(t, e, 1, conflicts, func(i int) error {
		return e.DecideWhitelist(ctx, e.Reviewer, w[0].ID, []string{"granted", "declined"}[i%2], e.Clock.Now().AddDate(0, 1, 0), "Capacity is planned")
	})
	w, _ = e.Whitelist(ctx, e.Northwind)
	if w[0].Status == "granted" {
		contest(t, e, 1, conflicts, func(int) error {
			return e.DecideWhitelist(ctx, e.Reviewer, w[0].ID, "revoked", w[0].Until, "Not used")
		})
	}
}

// TestOrdersStopExactlyAtTheQuota, also while the quota changes.
func TestOrdersStopExactlyAtTheQuota(t *testing.T) {
	for _, tc := range []struct {
		name               string
		perPoint, notReady int
		want               int
	}{{"per access point", 7, 1000, 7}, {"not enabled", 1000, 5, 5}} {
		t.Run(tc.name, func(t *testing.T) {
			e := storetest.New(t)
			if err := e.SetQuotas(ctx, e.Reviewer, e.Northwind, tc.perPoint, tc.notReady, "To be met exactly"); err != nil {
				t.Fatal(err)
			}
			in := e.Choice(t)
			contest(t, e, tc.want, invalids, func(int) error { _, err := e.PlaceOrder(ctx, e.Owner, in); return err })
		})
	}
	t.Run("while it changes", func(t *testing.T) {
		e := storetest.New(t)
		if err := e.SetQuotas(ctx, e.Reviewer, e.Northwind, 3, 1000, "To be met exactly"); err != nil {
			t.Fatal(err)
		}
		in := e.Choice(t)
		order := func(int) error { _, err := e.PlaceOrder(ctx, e.Owner, in); return err }
		won, _ := race(callers, func(i int) error {
			if i == callers/2 {
				return e.SetQuotas(ctx, e.Reviewer, e.Northwind, 9, 1000, "Grew")
			}
			return order(i)
		})
		if won--; won < 3 || won > 9 { // one is the change itself
			t.Errorf("%d orders while the quota went from 3 to 9", won)
		}
		contest(t, e, 9-won, invalids, order)
		// Lowered below what is there: nothing ends, and nothing is added.
		if err := e.SetQuotas(ctx, e.Reviewer, e.Northwind, 2, 1000, "Shrank"); err != nil {
			t.Fatal(err)
		}
		contest(t, e, 0, invalids, order)
	})
}

func TestRemovalIsConfirmedOnce(t *testing.T) {
	e := storetest.New(t)
	for _, c := range []store.Connection{canceledWithCable(t, e), e.At(t, lifecycle.Terminating)} {
		contest(t, e, 1, conflicts, func(i int) error {
			return e.ConfirmRemoval(ctx, e.Technician, c.ID, []int{0, c.Version}[i%2], true, "")
		})
	}
}

func TestOneTransferAReference(t *testing.T) {
	e := storetest.New(t)
	before, _ := e.Account(ctx, e.Owner, e.Northwind)
	contest(t, e, 1, invalids, func(i int) error {
		return e.RecordTransfer(ctx, e.Finance, e.Northwind, "1,000.00", []string{"TT-77", "tt-77 "}[i%2])
	})
	after, _ := e.Account(ctx, e.Owner, e.Northwind)
	if got := after.Balance.Minor - before.Balance.Minor; got != 1000_00 {
		t.Errorf("%d arrived", got)
	}
}

// TestMoneyForTenPaysTen: forty fees, and money for ten.
func TestMoneyForTenPaysTen(t *testing.T) {
	e := storetest.New(t)
	if err := e.SetQuotas(ctx, e.Reviewer, e.Southwind, 100, 100, "Tests order a lot"); err != nil {
		t.Fatal(err)
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "15,999.99", "for ten"); err != nil {
		t.Fatal(err)
	}
	nos := make([]string, callers)
	for i := range nos {
		nos[i] = e.Order(t, e.OtherOwner).No
	}
	contest(t, e, 10, invalids, func(i int) error { return e.PayOrder(ctx, e.OtherOwner, nos[i], store.MethodBalance) })
	if a, _ := e.Account(ctx, e.OtherOwner, e.Southwind); a.Balance.Minor != 999_99 {
		t.Errorf("%d is left", a.Balance.Minor)
	}
}

// TestMoneyForSevenPaysSeven: forty orders of one balance that covers seven.
// Each that was paid has one posting and one receipt, the others have none, and
// the books add up.
func TestMoneyForSevenPaysSeven(t *testing.T) {
	e := storetest.New(t)
	if err := e.SetQuotas(ctx, e.Reviewer, e.Southwind, 100, 100, "Tests order a lot"); err != nil {
		t.Fatal(err)
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "10,500.00", "for seven"); err != nil {
		t.Fatal(err)
	}
	nos := make([]string, callers)
	for i := range nos {
		nos[i] = e.Order(t, e.OtherOwner).No
	}
	contest(t, e, 7, invalids, func(i int) error { return e.PayOrder(ctx, e.OtherOwner, nos[i], store.MethodBalance) })
	if a, _ := e.Account(ctx, e.OtherOwner, e.Southwind); !a.Balance.IsZero() {
		t.Errorf("%s is left", a.Balance)
	}
	paid := map[string]bool{}
	for _, no := range nos {
		o, err := e.Store.Order(ctx, e.OtherOwner, no)
		if err != nil {
			t.Fatal(err)
		}
		if o.State == store.OrderPaid {
			paid[no] = true
		} else if o.State != store.OrderUnpaid {
			t.Errorf("order %s is %s", no, o.State)
		}
	}
	docs, err := e.DocumentsOf(ctx, nos...)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if !paid[d.OrderNo] {
			t.Errorf("%s for order %s, which is not paid", d.No, d.OrderNo)
		}
	}
	journal, err := e.Journal(ctx, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	posted := 0
	for _, it := range journal.Items {
		if it.Kind == "installation_fee" {
			posted++
		}
	}
	if len(paid) != 7 || len(docs) != 7 || posted != 7 {
		t.Errorf("%d orders are paid, with %d receipts and %d postings", len(paid), len(docs), posted)
	}
	if check, err := e.Reconcile(ctx); err != nil || check.Count != 0 {
		t.Errorf("the reconciliation: %+v, %v", check, err)
	}
}

// TestAPairIsTwo: forty orders name the same interface.
func TestAPairIsTwo(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ToApplyForLOA)
	in := e.Choice(t, func(in *store.NewConnection) { in.Redundant = c.ID })
	contest(t, e, 1, invalids, func(int) error { _, err := e.PlaceOrder(ctx, e.Owner, in); return err })
}

// TestPairsStayApartWhileEverybodyMoves: the two halves of pairs are paid for
// and moved about at once, to ports of all devices.
func TestPairsStayApartWhileEverybodyMoves(t *testing.T) {
	e := storetest.New(t)
	var ids, nos []string
	for range 6 {
		c := e.At(t, lifecycle.ToApplyForLOA)
		o := e.Order(t, e.Owner, func(in *store.NewConnection) { in.Redundant = c.ID })
		ids, nos = append(ids, c.ID, o.ConnectionID), append(nos, o.No)
	}
	var free []string
	for _, d := range e.Catalogue().Devices(e.APID(t, "Hangzhou-Yuhang-A")) {
		ports, _ := e.Ports(ctx, d.ID)
		for _, p := range ports {
			if p.State == store.PortFree && p.Type == catalog.Type10GBaseLR {
				free = append(free, p.ID)
			}
		}
	}
	race(callers*4, func(i int) error {
		if i%7 == 0 {
			return e.PayOrder(ctx, e.Owner, nos[i/7%len(nos)], store.MethodBalance)
		}
		return e.MovePort(ctx, e.Reviewer, ids[i%len(ids)], 0, free[(i*17)%len(free)], "closer to the panel")
	})
	soundRows(t, e)
}

// TestOneCableALabel: forty reports name the same label.
func TestOneCableALabel(t *testing.T) {
	e := storetest.New(t)
	all := make([]store.Connection, callers)
	for i := range all {
		all[i] = e.At(t, lifecycle.ApprovedLOA)
	}
	contest(t, e, 1, invalids, func(i int) error {
		return e.ReportDelivery(ctx, e.Owner, all[i].ID, all[i].Version, store.NewDeliveryReport{LineCode: "HZ-CTC-" + strconv.Itoa(i), Labels: []string{"A-" + strconv.Itoa(100+i), "A-77"}})
	})
}

// TestFortyCallersOneStep is TestFortyCallersOneWinner for the other steps.
func TestFortyCallersOneStep(t *testing.T) {
	e := storetest.New(t)
	for _, tc := range []struct {
		stage  lifecycle.Stage
		action lifecycle.Action
		by     store.Actor
	}{
		{lifecycle.InApplication, lifecycle.WithdrawApplication, e.Owner},
		{lifecycle.ApprovedLOA, lifecycle.RevokeLOA, e.Reviewer},
		{lifecycle.WaitingForCabling, lifecycle.ReturnReport, e.Technician},
		{lifecycle.WaitingForPayment, lifecycle.Cancel, e.Owner},
		{lifecycle.Enabled, lifecycle.Terminate, e.Owner},
		{lifecycle.Terminating, lifecycle.CompleteTermination, e.Technician},
	} {
		c := e.At(t, tc.stage)
		t.Run(string(tc.action), func(t *testing.T) {
			contest(t, e, 1, conflicts, func(int) error { return e.Try(c.ID, tc.action, tc.by) })
		})
	}
	// What leaves the stage as it is can be done forty times in turn, but from
	// one revision only once.
	c := e.At(t, lifecycle.ToApplyForLOA)
	contest(t, e, 1, conflicts, func(i int) error {
		return e.EditConnection(ctx, e.Owner, c.ID, c.Version, fmt.Sprintf("line-%d", i), "")
	})
}

// TestTimeAndThePayerRace: an order ends while it is paid, a letter while its
// delivery is reported and while it is revoked.
func TestTimeAndThePayerRace(t *testing.T) {
	e := storetest.New(t)
	o := e.Order(t, e.Owner)
	e.Clock.Set(o.ExpiresAt)
	race(callers, func(i int) error {
		if i%2 == 0 {
			return e.PayOrder(ctx, e.Owner, o.No, store.MethodBalance)
		}
		_, err := e.RunDue(ctx)
		return err
	})
	if c := e.Get(t, o.ConnectionID); c.Stage != lifecycle.Canceled {
		t.Errorf("paid at the end of its time, or not closed: %s", c.Stage)
	}
	c := e.At(t, lifecycle.ApprovedLOA)
	l, _ := e.LOA(ctx, c.ID)
	e.Clock.Set(letter.Over(l.ExpiresAt))
	_, lost := race(callers, func(i int) error {
		switch i % 3 {
		case 0:
			return e.ReportDelivery(ctx, e.Owner, c.ID, c.Version, e.Report())
		case 1:
			return e.RevokeLOA(ctx, e.Reviewer, c.ID, c.Version, "The panel is being rebuilt")
		}
		_, err := e.RunDue(ctx)
		return err
	})
	for _, err := range lost {
		if store.KindOf(err) != store.Conflict {
			t.Errorf("a loser got %v", err)
		}
	}
	if events, _ := e.Timeline(ctx, c.ID); len(events) != 5 {
		t.Errorf("%d events, want one more than the four before", len(events))
	}
	soundRows(t, e)
}

// TestInventoryFormsRace: forms of administrators about the same thing.
func TestInventoryFormsRace(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, "Hangzhou-Yuhang-A")
	device := e.Catalogue().Devices(ap)[0]
	ports, _ := e.Ports(ctx, device.ID)
	t.Run("ports of one name", func(t *testing.T) {
		contest(t, e, 1, invalids, func(i int) error {
			_, err := e.AddPorts(ctx, e.Admin, ap, store.NewPorts{Device: device.ID, Pattern: "XGE9/0/1-4", Type: string(catalog.Type10GBaseLR), Panel: "ODF " + strconv.Itoa(100+i), First: "1", Pairs: true})
			return err
		})
	})
	t.Run("a device of one name", func(t *testing.T) {
		contest(t, e, 1, invalids, func(i int) error {
			_, err := e.AddPorts(ctx, e.Admin, ap, store.NewPorts{Name: "CSW-NEW", Room: "R9", Cabinet: "Z-0" + strconv.Itoa(i%9), Pattern: "XGE1/0/1", Type: string(catalog.Type10GBaseLR), Panel: "ODF 1", First: "1"})
			return err
		})
	})
	t.Run("one position", func(t *testing.T) {
		contest(t, e, 1, invalids, func(i int) error {
			in := store.DemarcationOf(ports[i])
			in.Panel, in.Position, in.Reason = "ODF 77", "1/2", "All to one panel"
			return e.EditDemarcation(ctx, e.Admin, ports[i].ID, ports[i].Version, in)
		})
	})
	t.Run("one port", func(t *testing.T) {
		p, _ := e.Port(ctx, ports[41].ID)
		contest(t, e, 1, conflicts, func(i int) error {
			in := store.DemarcationOf(p)
			in.Panel, in.Position, in.Reason = "ODF 78", strconv.Itoa(i+1), "All from one form"
			return e.EditDemarcation(ctx, e.Admin, p.ID, p.Version, in)
		})
	})
	t.Run("one device", func(t *testing.T) {
		contest(t, e, 1, conflicts, func(i int) error {
			return e.EditDevice(ctx, e.Admin, device.ID, store.DeviceRev(device), store.DeviceEdit{Name: "CSW-R" + strconv.Itoa(i), Room: device.Room, Cabinet: device.Cabinet, Reason: "Renamed"})
		})
	})
	t.Run("one access point", func(t *testing.T) {
		now, _ := e.Catalogue().AccessPoint(ap)
		contest(t, e, 1, conflicts, func(i int) error {
			in := store.AccessPointEditOf(now)
			in.FacilityName = "Facility " + strings.Repeat("I", i+1)
			return e.UpdateAccessPoint(ctx, e.Admin, ap, store.AccessPointRev(now), in)
		})
	})
	t.Run("one panel", func(t *testing.T) {
		p, _ := e.Port(ctx, ports[42].ID)
		contest(t, e, 1, conflicts, func(i int) error {
			return e.SetPanelRule(ctx, e.Admin, e.PanelPlaceOf(p), store.PanelRev(e.PanelRule(e.PanelPlaceOf(p))), "F"+strconv.Itoa(i)+"-N")
		})
	})
}

// TestRegionAndAccessPointFormsRace: forty administrators add, change and delete
// the same region or access point; one does it, the others are told.
func TestRegionAndAccessPointFormsRace(t *testing.T) {
	e := storetest.New(t)
	region := func(i int) store.RegionEdit {
		return store.RegionEdit{Name: "Oslo " + strconv.Itoa(i), Zone: "Europe/Oslo", Order: strconv.Itoa(i)}
	}
	site := func(i int) store.AccessPointEdit {
		return store.AccessPointEdit{Name: "Oslo-" + strconv.Itoa(i), FacilityName: "Hall " + strconv.Itoa(i), Address: "Gate " + strconv.Itoa(i), Status: "open", LOADays: "60",
			Offers: map[catalog.SP][]catalog.PortType{catalog.OtherSP: {catalog.Type10GBaseLR}}}
	}
	events := func(subject, action string, want int) {
		t.Helper()
		all, err := e.Timeline(ctx, subject)
		n := 0
		for _, ev := range all {
			if ev.Action == action {
				n++
			}
		}
		if err != nil || n != want {
			t.Errorf("%s: %d events %s, want %d (%v)", subject, n, action, want, err)
		}
	}
	t.Run("a region of one ID", func(t *testing.T) {
		contest(t, e, 1, invalids, func(i int) error {
			_, err := e.AddRegion(ctx, e.Admin, "eu-north-1", region(i))
			return err
		})
		events(store.RegionSubject("eu-north-1"), "add_region", 1)
	})
	t.Run("a region of one name", func(t *testing.T) {
		contest(t, e, 1, invalids, func(i int) error {
			in := region(i)
			in.Name = []string{"Norway", "norway", "NORWAY"}[i%3]
			_, err := e.AddRegion(ctx, e.Admin, "eu-north-2-"+strconv.Itoa(i), in)
			return err
		})
	})
	t.Run("one form sent forty times", func(t *testing.T) {
		by := e.Admin
		by.Key = "region-form"
		contest(t, e, callers, nil, func(int) error {
			_, err := e.AddRegion(ctx, by, "eu-west-9", region(99))
			return err
		})
		events(store.RegionSubject("eu-west-9"), "add_region", 1)
	})
	t.Run("one region", func(t *testing.T) {
		now, _ := e.Catalogue().Region("eu-north-1")
		contest(t, e, 1, conflicts, func(i int) error {
			return e.UpdateRegion(ctx, e.Admin, now.ID, store.RegionRev(now), region(100+i))
		})
		events(store.RegionSubject(now.ID), "update_region", 1)
	})
	t.Run("an access point of one ID", func(t *testing.T) {
		contest(t, e, 1, invalids, func(i int) error {
			_, err := e.AddAccessPoint(ctx, e.Admin, "ap-oslo-A", "eu-north-1", site(i))
			return err
		})
		events(store.AccessPointSubject("ap-oslo-A"), "add_access_point", 1)
	})
	t.Run("an access point of one name", func(t *testing.T) {
		contest(t, e, 1, invalids, func(i int) error {
			in := site(i)
			in.Name = []string{"Oslo-Z", "oslo-z"}[i%2]
			_, err := e.AddAccessPoint(ctx, e.Admin, "ap-oslo-z-"+strconv.Itoa(i), "eu-north-1", in)
			return err
		})
	})
	t.Run("one access point", func(t *testing.T) {
		now, _ := e.Catalogue().AccessPoint("ap-oslo-A")
		contest(t, e, 1, conflicts, func(i int) error {
			return e.UpdateAccessPoint(ctx, e.Admin, now.ID, store.AccessPointRev(now), site(100+i))
		})
		events(store.AccessPointSubject(now.ID), "update_access_point", 1)
	})
	t.Run("the last of a region goes while others come", func(t *testing.T) {
		if _, err := e.AddRegion(ctx, e.Admin, "eu-south-9", region(200)); err != nil {
			t.Fatal(err)
		}
		r, _ := e.Catalogue().Region("eu-south-9")
		// Either the region went first, and nobody could add to it, or somebody
		// added first, and it stays.
		race(callers, func(i int) error {
			if i%2 == 0 {
				return e.DeleteRegion(ctx, e.Admin, r.ID, 0, r.Name, "Given up")
			}
			_, err := e.AddAccessPoint(ctx, e.Admin, "ap-south-"+strconv.Itoa(i), r.ID, site(200+i))
			return err
		})
		_, kept := e.Catalogue().Region(r.ID)
		n := 0
		for _, ap := range e.Catalogue().AccessPoints() {
			if ap.Region == r.ID {
				n++
			}
		}
		if kept != (n > 0) || (kept && n != callers/2) {
			t.Errorf("the region is there: %v, with %d access points", kept, n)
		}
		soundRows(t, e)
	})
	t.Run("one access point is deleted", func(t *testing.T) {
		ap := "ap-oslo-A"
		now, _ := e.Catalogue().AccessPoint(ap)
		if _, err := e.AddPorts(ctx, e.Admin, ap, store.NewPorts{Name: "CSW-01", Room: "R1", Cabinet: "C-01", Pattern: "XGE1/0/1-4", Type: string(catalog.Type10GBaseLR), Panel: "ODF 1", First: "1"}); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
		// A device is there: nobody deletes it.
		contest(t, e, 0, conflicts, func(int) error {
			return e.DeleteAccessPoint(ctx, e.Admin, ap, 0, now.Name, "Given up")
		})
		device := e.Catalogue().Devices(ap)[0]
		if err := e.DeleteDevice(ctx, e.Admin, device.ID, 0, device.Name, "Given up"); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
		contest(t, e, 1, []store.Kind{store.NotFound}, func(int) error {
			return e.DeleteAccessPoint(ctx, e.Admin, ap, store.AccessPointRev(now), now.Name, "Given up")
		})
		events(store.AccessPointSubject(ap), "delete_access_point", 1)
	})
	t.Run("one region is deleted", func(t *testing.T) {
		r, _ := e.Catalogue().Region("eu-west-9")
		contest(t, e, 1, []store.Kind{store.NotFound}, func(int) error {
			return e.DeleteRegion(ctx, e.Admin, r.ID, store.RegionRev(r), r.Name, "Given up")
		})
		events(store.RegionSubject(r.ID), "delete_region", 1)
	})
}

// TestAMoveToTheSamePortIsNone: nobody is told of a move that did not happen.
func TestAMoveToTheSamePortIsNone(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.InApplication)
	port, _ := e.PortOf(ctx, c.ID)
	before := readRows(t, e)
	if err := e.MovePort(ctx, e.Reviewer, c.ID, c.Version, port.ID, "closer to the panel"); store.FieldsOf(err)["port"] == "" {
		t.Errorf("moved to where it is: %v", err)
	}
	if diff := difference(before, readRows(t, e)); diff != "" {
		t.Error(diff)
	}
}

// TestTimeEndsOnlyLettersThatWait: a letter past its day whose line is reported
// is not ended, and not counted as if it were.
func TestTimeEndsOnlyLettersThatWait(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.WaitingForCabling)
	l, _ := e.LOA(ctx, c.ID)
	e.Clock.Set(letter.Over(l.ExpiresAt))
	if n, err := e.RunDue(ctx); n != 0 || err != nil {
		t.Errorf("did %d, %v", n, err)
	}
	e.Do(t, c.ID, lifecycle.ReturnReport)
	if n, err := e.RunDue(ctx); n != 1 || err != nil {
		t.Errorf("once the report came back: did %d, %v", n, err)
	}
	soundRows(t, e)
}

// TestALetterNamesThePlacesOfNow: what a draft says about the device or about
// the partner changed before the letter was issued.
func TestALetterNamesThePlacesOfNow(t *testing.T) {
	e := storetest.New(t)
	first := e.At(t, lifecycle.ToApplyForLOA)
	c := e.At(t, lifecycle.InApplication, func(in *store.NewConnection) { in.Redundant = first.ID })
	prepare := func() store.Draft {
		t.Helper()
		now, err := e.Connection(ctx, e.Reviewer, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		d, err := e.PrepareLOA(ctx, e.Reviewer, c.ID, now.Version, store.Approval{})
		if err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
		return d
	}
	refused := func(what string, d store.Draft) {
		t.Helper()
		before := readRows(t, e)
		if _, err := e.IssueLOA(ctx, e.Reviewer, d, storetest.PDF); store.KindOf(err) != store.Conflict {
			t.Errorf("%s: %v", what, err)
		}
		if diff := difference(before, readRows(t, e)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	port, _ := e.PortOf(ctx, c.ID)
	device, _ := e.Catalogue().Device(port.Device)
	d := prepare()
	if err := e.EditDevice(ctx, e.Admin, device.ID, 0, store.DeviceEdit{Name: "CSW-RENAMED", Room: device.Room, Cabinet: device.Cabinet, Reason: "New labels"}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	refused("the device has another name", d)

	d = prepare()
	if want := "CSW-RENAMED"; d.Snapshot.Device != want {
		t.Errorf("the next draft says %s", d.Snapshot.Device)
	}
	theirs, _ := e.PortOf(ctx, first.ID)
	other, _ := e.Catalogue().Device(theirs.Device)
	if err := e.EditDevice(ctx, e.Admin, other.ID, 0, store.DeviceEdit{Name: "CSW-PARTNER", Room: other.Room, Cabinet: other.Cabinet, Reason: "New labels"}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	refused("the partner's device has another name", d)

	d = prepare()
	e.Do(t, first.ID, lifecycle.Cancel)
	refused("the partner has ended", d)
	if _, err := e.IssueLOA(ctx, e.Reviewer, prepare(), storetest.PDF); err != nil {
		t.Error(err)
	}
	soundRows(t, e)
}
