package store_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/panel"
	"demarc/store/storetest"
)

// freePort is a free port of the first device at Hangzhou-Yuhang-A.
func freePort(t *testing.T, e *storetest.Env) store.Port {
	t.Helper()
	d := e.Catalogue().Devices(e.APID(t, "Hangzhou-Yuhang-A"))[0]
	ports, err := e.Ports(ctx, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ports, func(p store.Port) bool { return p.State == store.PortFree && p.Type == catalog.Type10GBaseLR })
	if i < 0 {
		t.Fatal("no free port")
	}
	return ports[i]
}

func portOf(t *testing.T, e *storetest.Env, connection string) store.Port {
	t.Helper()
	p, err := e.PortOf(ctx, connection)
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	return *p
}

func history(t *testing.T, e *storetest.Env, port string) []store.Event {
	t.Helper()
	events, err := e.Timeline(ctx, store.PortSubject(port))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(events) // oldest first
	return events
}

func countOf(t *testing.T, e *storetest.Env, p store.Port, state store.PortState) int {
	t.Helper()
	d, _ := e.Catalogue().Device(p.Device)
	counts, err := e.PortCounts(ctx, d.AccessPoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		if c.Device == p.Device && c.Type == p.Type && c.State == state {
			return c.N
		}
	}
	return 0
}

// Whoever had a port, when and why it changed: every step is an event of the
// port in the transaction of the step.
func TestPortHistory(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.InApplication)
	first := portOf(t, e, c.ID)
	e.Do(t, c.ID, lifecycle.MovePort)
	second := portOf(t, e, c.ID)
	for _, a := range []lifecycle.Action{lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling, lifecycle.PayResourceFee, lifecycle.Terminate} {
		e.Do(t, c.ID, a)
	}
	now := e.Get(t, c.ID)
	if err := e.ConfirmRemoval(ctx, e.Technician, c.ID, now.Version, true, "Cable pulled and coiled"); err != nil {
		t.Fatal(err)
	}
	type step struct{ action, from, to, reason, who string }
	check := func(port string, want []step) {
		t.Helper()
		var got []step
		for _, ev := range history(t, e, port) {
			if ev.Detail != c.ID {
				t.Errorf("%s: %q, want the interface", ev.Action, ev.Detail)
			}
			got = append(got, step{ev.Action, string(ev.From), string(ev.To), ev.Reason, ev.ActorName})
		}
		if !slices.Equal(got, want) {
			t.Errorf("history of %s:\n%v\nwant\n%v", port, got, want)
		}
	}
	check(first.ID, []step{
		{store.PortWasAllocated, "free", "allocated", "", e.Owner.Name},
		{store.PortReleased, "allocated", "free", "The panel position is damaged", e.Reviewer.Name},
	})
	check(second.ID, []step{
		{store.PortWasAllocated, "free", "allocated", "The panel position is damaged", e.Reviewer.Name},
		{store.PortCabled, "allocated", "in_use", "", e.Technician.Name},
		{store.PortReleased, "in_use", "free", "Cable pulled and coiled", e.Technician.Name},
	})

	// Canceled with a cable that may be in.
	q := e.At(t, lifecycle.WaitingForCabling)
	quarantined := portOf(t, e, q.ID)
	e.Do(t, q.ID, lifecycle.Cancel)
	events := history(t, e, quarantined.ID)
	last := events[len(events)-1]
	if last.Action != store.PortWasQuarantined || last.To != "quarantined" || last.Detail != q.ID {
		t.Errorf("last step: %+v", last)
	}
	e.Sound(t)
}

func TestPortOutOfServiceAndBack(t *testing.T) {
	e := storetest.New(t)
	p := freePort(t, e)
	free, out := countOf(t, e, p, store.PortFree), countOf(t, e, p, store.PortOutOfService)
	if err := e.TakePortOutOfService(ctx, e.Admin, p.ID, p.Version, "  Optic is broken 光模块  "); err != nil {
		t.Fatal(err)
	}
	got, err := e.Store.Port(ctx, p.ID)
	if err != nil || got.State != store.PortOutOfService || got.Reason != "Optic is broken 光模块" || got.Version != p.Version+1 {
		t.Fatalf("%+v %v", got, err)
	}
	if countOf(t, e, p, store.PortFree) != free-1 || countOf(t, e, p, store.PortOutOfService) != out+1 {
		t.Error("the counters did not follow")
	}
	// Nobody gets it.
	for range 3 {
		if c := e.At(t, lifecycle.ToApplyForLOA); portOf(t, e, c.ID).ID == p.ID {
			t.Error("a port out of service was allocated")
		}
	}
	for what, err := range map[string]error{
		"again": e.TakePortOutOfService(ctx, e.Admin, p.ID, 0, "once more"),
		"stale": e.PutPortBack(ctx, e.Admin, p.ID, p.Version, "mended"),
	} {
		if store.KindOf(err) != store.Conflict {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := e.PutPortBack(ctx, e.Admin, p.ID, got.Version, "x"); store.FieldsOf(err)["reason"] == "" {
		t.Errorf("no reason: %v", err)
	}
	if err := e.PutPortBack(ctx, e.Admin, p.ID, got.Version, "Optic replaced"); err != nil {
		t.Fatal(err)
	}
	if err := e.PutPortBack(ctx, e.Admin, p.ID, 0, "Optic replaced"); store.KindOf(err) != store.Conflict {
		t.Errorf("twice: %v", err)
	}
	got, _ = e.Store.Port(ctx, p.ID)
	if got.State != store.PortFree || got.Reason != "" || countOf(t, e, p, store.PortFree)+3 < free {
		t.Errorf("%+v", got)
	}
	events := history(t, e, p.ID)
	if len(events) != 2 || events[0].Action != store.PortTakenOut || events[0].Reason != "Optic is broken 光模块" || events[1].Action != store.PortPutBack || events[1].Reason != "Optic replaced" {
		t.Errorf("history: %+v", events)
	}
	e.Sound(t)
}

// A port that somebody has is left alone by everything, in a sentence that
// names the interface and says what comes first.
func TestHeldPortsAreLeftAlone(t *testing.T) {
	e := storetest.New(t)
	for _, tc := range []struct {
		stage lifecycle.Stage
		then  []lifecycle.Action
		want  string
	}{
		{lifecycle.ToApplyForLOA, nil, "Move the interface to another port first"},
		{lifecycle.ApprovedLOA, nil, "Revoke the letter and move the interface"},
		{lifecycle.Enabled, nil, "Ask for the termination"},
		{lifecycle.Terminating, nil, "Ask for the termination"},
		{lifecycle.WaitingForCabling, []lifecycle.Action{lifecycle.Cancel}, "Confirm its removal first"},
	} {
		c := e.At(t, tc.stage)
		for _, a := range tc.then {
			e.Do(t, c.ID, a)
		}
		p := portOf(t, e, c.ID)
		before := history(t, e, p.ID)
		for what, err := range map[string]error{
			"out of service": e.TakePortOutOfService(ctx, e.Admin, p.ID, 0, "a good reason"),
			"delete":         e.DeletePort(ctx, e.Admin, p.ID, 0, p.Name, "a good reason"),
		} {
			if store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), c.ID) || !strings.Contains(store.MessageOf(err), tc.want) {
				t.Errorf("%s, %s: %v", tc.stage, what, err)
			}
		}
		d, _ := e.Catalogue().Device(p.Device)
		if err := e.DeleteDevice(ctx, e.Admin, d.ID, 0, d.Name, "a good reason"); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), "held") {
			t.Errorf("%s: %v", tc.stage, err)
		}
		if now := portOf(t, e, c.ID); now != p || len(history(t, e, p.ID)) != len(before) {
			t.Errorf("%s: changed to %+v", tc.stage, now)
		}
	}
	e.Sound(t)
}

func TestDeletePortAndDevice(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, emptySite)
	device, err := e.AddPorts(ctx, e.Admin, ap, newDevice())
	if err != nil {
		t.Fatal(err)
	}
	ports, _ := e.Ports(ctx, device)
	p := ports[0]
	if err := e.DeletePort(ctx, e.Admin, p.ID, p.Version, "XGE1/0/2", ""); store.FieldsOf(err)["confirm"] == "" || store.FieldsOf(err)["reason"] == "" {
		t.Errorf("wrong name, no reason: %v", store.FieldsOf(err))
	}
	if err := e.DeletePort(ctx, e.Admin, p.ID, p.Version+1, p.Name, "panel gone"); store.KindOf(err) != store.Conflict {
		t.Errorf("stale: %v", err)
	}
	by := e.Admin
	by.Key = "delete-1"
	for range 2 { // a repeated submit is answered like the first one
		if err := e.DeletePort(ctx, by, p.ID, p.Version, p.Name, "panel gone"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Store.Port(ctx, p.ID); store.KindOf(err) != store.NotFound {
		t.Errorf("still there: %v", err)
	}
	if countOf(t, e, p, store.PortFree) != 23 {
		t.Errorf("%d free", countOf(t, e, p, store.PortFree))
	}
	// It comes back with its history.
	if _, err := e.AddPorts(ctx, e.Admin, ap, newDevice(func(in *store.NewPorts) {
		in.Device, in.Pattern, in.First = device, "XGE1/0/1", "1"
	})); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	events := history(t, e, p.ID)
	if len(events) != 2 || events[0].Action != store.PortDeleted || events[0].Reason != "panel gone" || !strings.Contains(events[0].Detail, "ODF 4, position 1/2") || events[1].Action != store.PortAdded {
		t.Errorf("history: %+v", events)
	}
	if err := e.TakePortOutOfService(ctx, e.Admin, ports[1].ID, 0, "dust"); err != nil {
		t.Fatal(err)
	}
	d, _ := e.Catalogue().Device(device)
	if err := e.DeleteDevice(ctx, e.Admin, device, store.DeviceRev(d), "csw-01", "replaced"); store.FieldsOf(err)["confirm"] == "" {
		t.Errorf("wrong name: %v", err)
	}
	if err := e.DeleteDevice(ctx, e.Admin, device, 77, d.Name, "replaced"); store.KindOf(err) != store.Conflict {
		t.Errorf("stale: %v", err)
	}
	if err := e.DeleteDevice(ctx, e.Admin, device, store.DeviceRev(d), d.Name, "replaced"); err != nil {
		t.Fatal(err)
	}
	if _, ok := e.Catalogue().Device(device); ok {
		t.Error("the device is still in the catalogue")
	}
	if left, err := e.Ports(ctx, device); err != nil || len(left) != 0 {
		t.Errorf("%d ports left, %v", len(left), err)
	}
	if counts, err := e.PortCounts(ctx, ap); err != nil || len(counts) != 0 {
		t.Errorf("counts left: %v %v", counts, err)
	}
	log, _ := e.Timeline(ctx, store.AccessPointSubject(ap))
	if log[0].Action != "delete_device" || log[0].Reason != "replaced" {
		t.Errorf("record: %+v", log[0])
	}
	e.Sound(t)
	e.Reopen(t)
	e.Sound(t)
}

// An order and the removal of the port that it would get: one of them wins,
// and the books agree with whichever it was.
func TestPortsLeaveWhileOrdersCome(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, emptySite)
	if _, err := e.AddPorts(ctx, e.Admin, ap, newDevice(func(in *store.NewPorts) { in.Pattern = "XGE1/0/1-8" })); err != nil {
		t.Fatal(err)
	}
	device := e.Catalogue().Devices(ap)[0].ID
	ports, _ := e.Ports(ctx, device)
	order := func(in *store.NewConnection) { in.Region, in.AccessPoint = "cn-shanghai", ap }
	var orders []store.Order
	for range 8 {
		orders = append(orders, e.Order(t, e.Owner, order))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	paid, gone := 0, 0
	for i := range 8 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			err := e.PayOrder(context.Background(), e.Owner, orders[i].No, store.MethodBalance)
			if err != nil && store.KindOf(err) != store.Conflict {
				t.Errorf("pay: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				paid++
			}
		}()
		go func() {
			defer wg.Done()
			var err error
			if i%2 == 0 {
				err = e.DeletePort(context.Background(), e.Admin, ports[i].ID, 0, ports[i].Name, "taken away")
			} else {
				err = e.TakePortOutOfService(context.Background(), e.Admin, ports[i].ID, 0, "taken away")
			}
			if err != nil && store.KindOf(err) != store.Conflict {
				t.Errorf("remove: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				gone++
			}
		}()
	}
	wg.Wait()
	now, err := e.Ports(ctx, device)
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, p := range now {
		if p.ConnectionID != "" {
			held++
		}
	}
	if held != paid || paid+gone > 8 {
		t.Errorf("%d paid, %d held, %d gone", paid, held, gone)
	}
	e.Sound(t)
}

func TestEditDemarcation(t *testing.T) {
	e := storetest.New(t)
	p := freePort(t, e)
	in := store.DemarcationOf(p)
	if in.Connector != "LC" || in.Polish != "UPC" || in.Fibers != "duplex" || in.Panel != p.Panel {
		t.Errorf("the form starts with %+v", in)
	}
	in.Reason = "nothing to see"
	if err := e.EditDemarcation(ctx, e.Admin, p.ID, p.Version, in); err != nil {
		t.Fatal(err)
	}
	if now, _ := e.Store.Port(ctx, p.ID); now != p || len(history(t, e, p.ID)) != 0 {
		t.Errorf("a form that changed nothing was recorded: %+v", now)
	}
	in.Panel, in.Position, in.Polish, in.Side, in.Reason = "ODF 99", "143/144", "APC", "rear", "Rewired"
	if err := e.EditDemarcation(ctx, e.Admin, p.ID, p.Version, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	now, _ := e.Store.Port(ctx, p.ID)
	if now.ConnectorWords() != "LC/APC duplex, rear" || now.Panel != "ODF 99" || now.Position != "143/144" || now.State != p.State {
		t.Errorf("%+v", now)
	}
	events := history(t, e, p.ID)
	if len(events) != 1 || events[0].Action != store.PortEdited || events[0].Reason != "Rewired" || events[0].Detail != "Panel "+p.Panel+" → ODF 99; Position "+p.Position+" → 143/144; Connector LC/UPC duplex → LC/APC duplex, rear" {
		t.Errorf("history: %+v", events)
	}
	if err := e.EditDemarcation(ctx, e.Admin, p.ID, p.Version, in); store.KindOf(err) != store.Conflict {
		t.Errorf("stale: %v", err)
	}

	// Two ports never share a place, whatever the case of the panel's name.
	other := freePort(t, e)
	if other.ID == p.ID {
		ports, _ := e.Ports(ctx, p.Device)
		other = ports[slices.IndexFunc(ports, func(x store.Port) bool { return x.ID != p.ID && x.State == store.PortFree })]
	}
	clash := store.DemarcationOf(other)
	clash.Panel, clash.Position, clash.Reason = "odf 99", "144", "Rewired"
	if err := e.EditDemarcation(ctx, e.Admin, other.ID, 0, clash); !strings.Contains(store.FieldsOf(err)["position"], "belongs to") {
		t.Errorf("a place taken twice: %v", err)
	}
	bad := store.DemarcationEdit{Polish: "shiny", Fibers: "three", Side: "top", Position: strings.Repeat("1", 33)}
	err := e.EditDemarcation(ctx, e.Admin, other.ID, 0, bad)
	for _, field := range []string{"room", "cabinet", "panel", "position", "connector", "polish", "fibers", "side", "reason"} {
		if store.FieldsOf(err)[field] == "" {
			t.Errorf("no message for %s: %v", field, store.FieldsOf(err))
		}
	}

	// A letter that is out names the place. Used, it does not stand in the way.
	c := e.At(t, lifecycle.ApprovedLOA)
	held := portOf(t, e, c.ID)
	change := store.DemarcationOf(held)
	change.Panel, change.Reason = "ODF 77", "Rewired"
	if err := e.EditDemarcation(ctx, e.Admin, held.ID, 0, change); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), c.LOANo) || !strings.Contains(store.MessageOf(err), "Revoke the letter first") {
		t.Errorf("with a letter out: %v", err)
	}
	e.Do(t, c.ID, lifecycle.RevokeLOA)
	if err := e.EditDemarcation(ctx, e.Admin, held.ID, 0, change); err != nil {
		t.Errorf("after the revocation: %v", err)
	}
	if held = portOf(t, e, c.ID); held.Panel != "ODF 77" || held.State != store.PortAllocated {
		t.Errorf("%+v", held)
	}
	e.Sound(t)
}

func TestEditDevice(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, "Hangzhou-Yuhang-A")
	devices := e.Catalogue().Devices(ap)
	d, other := devices[0], devices[1]
	ports, _ := e.Ports(ctx, d.ID)
	place := store.PanelPlace{AccessPoint: ap, Room: d.Room, Cabinet: d.Cabinet, Panel: ports[0].Panel}
	if err := e.SetPanelRule(ctx, e.Admin, place, 0, ruleFor(ports[0])); err != nil {
		t.Fatal(err)
	}
	away := store.DemarcationOf(ports[1])
	away.Room, away.Reason = "MMR-1", "Handed over in the meet-me room"
	if err := e.EditDemarcation(ctx, e.Admin, ports[1].ID, 0, away); err != nil {
		t.Fatal(err)
	}
	for what, tc := range map[string]struct {
		in    store.DeviceEdit
		field string
	}{
		"name":    {store.DeviceEdit{Name: "x y", Room: "r", Cabinet: "c", Reason: "moved"}, "name"},
		"taken":   {store.DeviceEdit{Name: strings.ToLower(other.Name), Room: "r", Cabinet: "c", Reason: "moved"}, "name"},
		"room":    {store.DeviceEdit{Name: "CSW-X", Cabinet: "c", Reason: "moved"}, "room"},
		"cabinet": {store.DeviceEdit{Name: "CSW-X", Room: "r", Reason: "moved"}, "cabinet"},
		"reason":  {store.DeviceEdit{Name: "CSW-X", Room: "r", Cabinet: "c"}, "reason"},
	} {
		if err := e.EditDevice(ctx, e.Admin, d.ID, 0, tc.in); store.FieldsOf(err)[tc.field] == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	rev := store.DeviceRev(d)
	if err := e.EditDevice(ctx, e.Admin, d.ID, rev, store.DeviceEdit{Name: "CSW-NEW", Room: d.Room, Cabinet: "Z-01", Reason: "New rack"}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if err := e.EditDevice(ctx, e.Admin, d.ID, rev, store.DeviceEdit{Name: "CSW-OLD", Room: d.Room, Cabinet: "Z-01", Reason: "New rack"}); store.KindOf(err) != store.Conflict {
		t.Errorf("stale: %v", err)
	}
	now, _ := e.Catalogue().Device(d.ID)
	if now.Name != "CSW-NEW" || now.Cabinet != "Z-01" {
		t.Errorf("%+v", now)
	}
	moved, _ := e.Ports(ctx, d.ID)
	if moved[0].Cabinet != "Z-01" || moved[1].Cabinet != d.Cabinet || moved[1].Room != "MMR-1" {
		t.Errorf("ports: %+v %+v", moved[0], moved[1])
	}
	if events := history(t, e, moved[0].ID); len(events) != 1 || events[0].Reason != "New rack" || events[0].Detail != "Cabinet "+d.Cabinet+" → Z-01" {
		t.Errorf("history: %+v", events)
	}
	place.Cabinet = "Z-01"
	if e.PanelRule(place).IsZero() {
		t.Error("the naming rule stayed behind")
	}
	// Letters that are out name the device.
	c := e.At(t, lifecycle.ApprovedLOA)
	p := portOf(t, e, c.ID)
	holder, _ := e.Catalogue().Device(p.Device)
	if err := e.EditDevice(ctx, e.Admin, holder.ID, 0, store.DeviceEdit{Name: holder.Name, Room: holder.Room, Cabinet: "Q-1", Reason: "New rack"}); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), c.LOANo) {
		t.Errorf("with a letter out: %v", err)
	}
	e.Sound(t)
}

// ruleFor is a rule that fits the ports of p's panel and changes their words.
func ruleFor(p store.Port) string {
	if strings.Contains(p.Position, "/") {
		return "N+N (P)"
	}
	return "Port NN"
}

func TestOnlyAdministratorsChangeInventory(t *testing.T) {
	e := storetest.New(t)
	p := freePort(t, e)
	for _, by := range []store.Actor{e.Owner, e.Reviewer, e.Technician, e.Finance} {
		for what, err := range map[string]error{
			"out":         e.TakePortOutOfService(ctx, by, p.ID, 0, "a good reason"),
			"back":        e.PutPortBack(ctx, by, p.ID, 0, "a good reason"),
			"delete":      e.DeletePort(ctx, by, p.ID, 0, p.Name, "a good reason"),
			"demarcation": e.EditDemarcation(ctx, by, p.ID, 0, store.DemarcationEdit{}),
			"device":      e.EditDevice(ctx, by, p.Device, 0, store.DeviceEdit{}),
			"no device":   e.DeleteDevice(ctx, by, p.Device, 0, "", ""),
			"rule":        e.SetPanelRule(ctx, by, e.PanelPlaceOf(p), 0, "N+N"),
		} {
			if store.KindOf(err) != store.Forbidden {
				t.Errorf("%s by %s: %v", what, by.Role, err)
			}
		}
	}
	for what, err := range map[string]error{
		"out":         e.TakePortOutOfService(ctx, e.Admin, "none", 0, "a good reason"),
		"back":        e.PutPortBack(ctx, e.Admin, "none", 0, "a good reason"),
		"delete":      e.DeletePort(ctx, e.Admin, "none", 0, "none", "a good reason"),
		"demarcation": e.EditDemarcation(ctx, e.Admin, "none", 0, store.DemarcationEdit{Room: "r", Cabinet: "c", Panel: "p", Position: "1", Connector: "LC", Reason: "because"}),
		"device":      e.EditDevice(ctx, e.Admin, "none", 0, store.DeviceEdit{Name: "CSW-1", Room: "r", Cabinet: "c", Reason: "because"}),
		"no device":   e.DeleteDevice(ctx, e.Admin, "none", 0, "none", "because"),
		"rule":        e.SetPanelRule(ctx, e.Admin, store.PanelPlace{AccessPoint: e.APID(t, emptySite), Room: "r", Cabinet: "c", Panel: "p"}, 0, "N"),
		"no site":     e.SetPanelRule(ctx, e.Admin, store.PanelPlace{AccessPoint: "none"}, 0, "N"),
	} {
		if store.KindOf(err) != store.NotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What the site calls a position is in the letter and where the technician
// looks, with ours in brackets; letters that are issued keep their words.
func TestPanelRuleInLetters(t *testing.T) {
	e := storetest.New(t)
	old := e.At(t, lifecycle.ApprovedLOA)
	before, err := e.LOA(ctx, old.ID)
	if err != nil || before == nil {
		t.Fatal(before, err)
	}
	p := portOf(t, e, old.ID)
	place := e.PanelPlaceOf(p)
	if before.Snapshot.Position != p.Position {
		t.Errorf("without a rule the letter says %q", before.Snapshot.Position)
	}
	none := store.PanelRev(panel.Rule{})
	if err := e.SetPanelRule(ctx, e.Admin, place, none, " N+N (P) "); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if err := e.SetPanelRule(ctx, e.Admin, place, none, "N-N"); store.KindOf(err) != store.Conflict {
		t.Errorf("stale: %v", err)
	}
	// The next port may be on another device: every panel with pairs is named alike.
	panels, err := e.Panels(ctx, place.AccessPoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range panels {
		if strings.Contains(at.Ports[0].Position, "/") {
			if err := e.SetPanelRule(ctx, e.Admin, at.PanelPlace, 0, "N+N (P)"); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := e.At(t, lifecycle.ApprovedLOA)
	q := portOf(t, e, next.ID)
	l, err := e.LOA(ctx, next.ID)
	if err != nil || l.Snapshot.Position != e.PositionWords(q) || !strings.HasSuffix(l.Snapshot.Position, ") ["+q.Position+"]") || !strings.Contains(l.Snapshot.Position, "+") {
		t.Errorf("the letter says %q, %v", l.Snapshot.Position, err)
	}
	if after, _ := e.LOA(ctx, old.ID); after.Snapshot.Position != before.Snapshot.Position {
		t.Error("an issued letter changed")
	}
	for source, want := range map[string]string{
		"N/N/N":    "at most twice",
		"{first":   "close the brace",
		"Port":     "where the number goes",
		"Port N":   "fits no position",
		"{pair:9}": "1 to 6 digits",
	} {
		if err := e.SetPanelRule(ctx, e.Admin, place, 0, source); !strings.Contains(store.FieldsOf(err)["rule"], want) {
			t.Errorf("%s: %v", source, err)
		}
	}
	if e.PanelRule(place).String() != "N+N (P)" {
		t.Errorf("a refused rule was kept: %q", e.PanelRule(place))
	}
	e.Reopen(t)
	if e.PanelRule(place).String() != "N+N (P)" {
		t.Errorf("after a restart: %q", e.PanelRule(place))
	}
	if err := e.SetPanelRule(ctx, e.Admin, place, 0, ""); err != nil || !e.PanelRule(place).IsZero() || e.PositionWords(p) != p.Position {
		t.Errorf("no rule: %v %q", err, e.PanelRule(place))
	}
	log, _ := e.Timeline(ctx, store.AccessPointSubject(place.AccessPoint))
	if log[0].Action != "name_positions" || !strings.Contains(log[0].Detail, "N+N (P) → not set") {
		t.Errorf("record: %+v", log[0])
	}
	e.Sound(t)
}

func TestRuleProblem(t *testing.T) {
	ports := func(positions ...string) (out []store.PanelPort) {
		for _, p := range positions {
			out = append(out, store.PanelPort{Position: p})
		}
		return out
	}
	for _, tc := range []struct {
		rule  string
		ports []store.PanelPort
		want  string
	}{
		{"", ports("A", "B"), ""},
		{"N/N", ports("1/2", "3/4"), ""},
		{"N/N", ports("1/2", "5"), ""}, // 5 keeps our own form
		{"N", ports("1/2", "5"), ""},
		{"P", ports("1/2", "1/2"), ""}, // the same place in two rows is one place
		{"N", ports("1/2", "3/4"), "fits no position"},
		{"N", nil, "fits no position"},
		{"{first}{second}", ports("1/12", "11/2"), "would both be called 112"},
		{"P", ports("5", "6"), "fits no position"},
	} {
		rule, err := panel.Parse(tc.rule)
		if err != nil {
			t.Fatal(err)
		}
		if got := store.RuleProblem(rule, tc.ports); (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s of %v: %q, want %q", tc.rule, tc.ports, got, tc.want)
		}
	}
}

// A letter is not issued for a place that was renamed after it was drafted.
func TestLetterIsIssuedForThePlaceThatWasDrafted(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.InApplication)
	p := portOf(t, e, c.ID)
	draft, err := e.PrepareLOA(ctx, e.Reviewer, c.ID, c.Version, store.Approval{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.SetPanelRule(ctx, e.Admin, e.PanelPlaceOf(p), 0, "N+N"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.IssueLOA(ctx, e.Reviewer, draft, storetest.PDF); store.KindOf(err) != store.Conflict {
		t.Errorf("issued: %v", err)
	}
	if now := e.Get(t, c.ID); now.Stage != lifecycle.InApplication {
		t.Errorf("stage %s", now.Stage)
	}
	if _, err := e.PrepareLOA(ctx, e.Reviewer, c.ID, 0, store.Approval{}); err != nil {
		t.Fatal(err)
	}
	e.Sound(t)
}
