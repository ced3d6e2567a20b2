package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/redundancy"
	"demarc/store/storetest"
)

// pair is two redundant interfaces at one access point, each with a port.
type pair struct {
	*storetest.Env
	a, b         store.Connection
	aPort, bPort store.Port
}

func newPair(t *testing.T, stage lifecycle.Stage) *pair {
	t.Helper()
	e := storetest.New(t)
	p := &pair{Env: e}
	p.a = e.At(t, stage)
	p.b = e.At(t, stage, func(in *store.NewConnection) { in.Redundant = p.a.ID })
	p.ports(t)
	return p
}

func (p *pair) ports(t *testing.T) {
	t.Helper()
	for _, x := range []struct {
		c  store.Connection
		to *store.Port
	}{{p.a, &p.aPort}, {p.b, &p.bPort}} {
		port, err := p.PortOf(context.Background(), x.c.ID)
		if err != nil || port == nil {
			t.Fatalf("port of %s: %v, %v", x.c.ID, port, err)
		}
		*x.to = *port
	}
}

func (p *pair) report() redundancy.Report {
	return p.Redundancy(p.a, &p.aPort, p.b, &p.bPort)
}

// changes are the events that tell of a change of redundancy, newest first.
func (p *pair) changes(t *testing.T, id string) []store.Event {
	t.Helper()
	all, err := p.Timeline(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	var out []store.Event
	for _, e := range all {
		if e.Action == store.ActionRedundancyChanged {
			out = append(out, e)
		}
	}
	return out
}

// told counts the customer's messages about redundancy.
func (p *pair) told(t *testing.T) (n int, last store.Message) {
	t.Helper()
	all, err := p.Messages(context.Background(), p.Owner.UserID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Title == store.TitleRedundancyChanged {
			if n++; n == 1 {
				last = m
			}
		}
	}
	return n, last
}

// stand puts a device with all its demarcations into a cabinet of a room.
func stand(device, room, cabinet string) []string {
	return []string{
		fmt.Sprintf("UPDATE devices SET room = '%s', cabinet = '%s' WHERE id = '%s'", room, cabinet, device),
		fmt.Sprintf("UPDATE ports SET room = '%s', cabinet = '%s' WHERE device_id = '%s'", room, cabinet, device),
	}
}

func TestAPairIsNeverMovedOntoOneDevice(t *testing.T) {
	p := newPair(t, lifecycle.InApplication)
	ctx := context.Background()
	free := ""
	ports, err := p.Ports(ctx, p.aPort.Device)
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range ports {
		if port.State == store.PortFree && port.Type == p.b.PortType {
			free = port.ID
		}
	}
	err = p.MovePort(ctx, p.Reviewer, p.b.ID, p.b.Version, free, "Nearer to the door")
	if store.KindOf(err) != store.Invalid || !strings.Contains(store.FieldsOf(err)["port"], "different access devices") {
		t.Errorf("moved onto the partner's device: %v %v", err, store.FieldsOf(err))
	}
	if _, err = p.PrepareLOA(ctx, p.Reviewer, p.b.ID, p.b.Version, store.Approval{PortID: free}); store.KindOf(err) != store.Invalid {
		t.Errorf("approved onto the partner's device: %v", err)
	}
	// Whatever else a change does, a pair that ends on one device is refused.
	err = p.WatchRedundancy(ctx, p.Admin, "The device is broken", []string{p.bPort.Device},
		fmt.Sprintf("UPDATE ports SET connection_id = NULL, state = 'free' WHERE id = '%s'", p.bPort.ID),
		fmt.Sprintf("UPDATE ports SET connection_id = '%s', state = 'allocated' WHERE id = '%s'", p.b.ID, free))
	if store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), "would be on one access device") {
		t.Errorf("swapped onto the partner's device: %v", err)
	}
	was := p.bPort
	if p.ports(t); p.bPort.ID != was.ID || len(p.changes(t, p.a.ID))+len(p.changes(t, p.b.ID)) != 0 {
		t.Errorf("port %s, was %s, or an event was left behind", p.bPort.ID, was.ID)
	}
	p.Sound(t)
}

func TestAWeakerPairNeedsAReasonAndIsTold(t *testing.T) {
	p := newPair(t, lifecycle.Enabled)
	ctx := context.Background()
	alone := p.At(t, lifecycle.Enabled)
	before := p.report()
	if before.Promise() != redundancy.Kept || before.State(redundancy.Cabinet) != redundancy.Apart {
		t.Fatalf("%s", before.Verdict())
	}
	device, _ := p.Catalogue().Device(p.aPort.Device)
	together := stand(p.bPort.Device, device.Room, device.Cabinet)

	for _, reason := range []string{"", "  "} {
		err := p.WatchRedundancy(ctx, p.Admin, reason, []string{p.bPort.Device}, together...)
		if store.KindOf(err) != store.Invalid || !strings.HasPrefix(store.FieldsOf(err)["reason"], "Say why: ") {
			t.Fatalf("without a reason: %v %v", err, store.FieldsOf(err))
		}
	}
	if p.ports(t); p.report().Verdict() != before.Verdict() {
		t.Fatal("a refused change was kept")
	}
	n, _ := p.told(t)
	if n != 0 || len(p.changes(t, p.a.ID)) != 0 {
		t.Fatal("told of a refused change")
	}

	if err := p.WatchRedundancy(ctx, p.Admin, "Cabinet C-08 is closed.", []string{p.bPort.Device, p.aPort.Device}, together...); err != nil {
		t.Fatal(err)
	}
	p.ports(t)
	if got := p.report(); got.State(redundancy.Cabinet) != redundancy.Shared || got.Promise() != redundancy.Kept {
		t.Errorf("%s", got.Verdict())
	}
	for _, id := range []string{p.a.ID, p.b.ID} {
		events := p.changes(t, id)
		if len(events) != 1 {
			t.Fatalf("%d events of %s", len(events), id)
		}
		e := events[0]
		if e.Reason != "Cabinet C-08 is closed." || e.From != e.To || e.AccountID != p.Northwind ||
			!strings.Contains(e.Detail, "Before: survives the loss of a room; both are in one building") || !strings.Contains(e.Detail, "Now: survives the loss of a device; both stand in one cabinet") {
			t.Errorf("%+v", e)
		}
	}
	if got := p.changes(t, alone.ID); len(got) != 0 {
		t.Errorf("an interface that stands alone was told: %+v", got)
	}
	n, m := p.told(t)
	if n != 1 || !strings.Contains(m.Body, "both stand in one cabinet") || !strings.HasSuffix(m.Body, "Reason: Cabinet C-08 is closed.") {
		t.Errorf("%d messages, %q", n, m.Body)
	}
	if other, err := p.Messages(ctx, p.OtherOwner.UserID, 0, 100); err != nil || len(other) != 0 {
		t.Errorf("another account was told: %v %v", other, err)
	}

	// Apart again: recorded, but nothing to worry anybody about, and no reason
	// is asked for.
	if err := p.WatchRedundancy(ctx, p.Admin, "", []string{p.bPort.Device}, stand(p.bPort.Device, "9F-1", "Z-01")...); err != nil {
		t.Fatal(err)
	}
	if n, _ := p.told(t); n != 1 || len(p.changes(t, p.a.ID)) != 2 || len(p.changes(t, p.b.ID)) != 2 {
		t.Errorf("%d messages, %d events", n, len(p.changes(t, p.a.ID)))
	}
	// The same room by another name is no change of what is survived.
	if err := p.WatchRedundancy(ctx, p.Admin, "", []string{p.bPort.Device}, stand(p.bPort.Device, "9F-2", "Z-02")...); err != nil {
		t.Fatal(err)
	}
	if len(p.changes(t, p.a.ID)) != 2 {
		t.Error("told of nothing")
	}
	p.Sound(t)
}

func TestAMoveThatWeakensThePairSaysWhy(t *testing.T) {
	p := newPair(t, lifecycle.InApplication)
	ctx := context.Background()
	third := ""
	for _, d := range p.Catalogue().Devices(p.a.AccessPointID) {
		if d.ID != p.aPort.Device && d.ID != p.bPort.Device {
			third = d.ID
		}
	}
	device, _ := p.Catalogue().Device(p.aPort.Device)
	if err := p.WatchRedundancy(ctx, p.Admin, "", []string{third}, stand(third, device.Room, device.Cabinet)...); err != nil {
		t.Fatal(err)
	}
	ports, err := p.Ports(ctx, third)
	if err != nil {
		t.Fatal(err)
	}
	free := ""
	for _, port := range ports {
		if port.State == store.PortFree && port.Type == p.b.PortType {
			free = port.ID
		}
	}
	// An approval has no reason to give.
	d, err := p.PrepareLOA(ctx, p.Reviewer, p.b.ID, p.b.Version, store.Approval{PortID: free})
	if err == nil {
		_, err = p.IssueLOA(ctx, p.Reviewer, d, storetest.PDF)
	}
	if store.KindOf(err) != store.Invalid || !strings.Contains(store.FieldsOf(err)["port"], "Move the interface to this port first and say why") {
		t.Fatalf("approved: %v %v", err, store.FieldsOf(err))
	}
	if p.Get(t, p.b.ID).Stage != lifecycle.InApplication || len(p.changes(t, p.b.ID)) != 0 {
		t.Fatal("a refused approval left something behind")
	}
	if err := p.MovePort(ctx, p.Reviewer, p.b.ID, p.b.Version, free, "The other device is full"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{p.a.ID, p.b.ID} {
		if got := p.changes(t, id); len(got) != 1 || got[0].Reason != "The other device is full" {
			t.Errorf("%s: %+v", id, got)
		}
	}
	if n, _ := p.told(t); n != 1 {
		t.Errorf("%d messages", n)
	}
	// On that port the letter can be issued as it is.
	p.Do(t, p.b.ID, lifecycle.Approve)
	p.Sound(t)
}

// TestEndedPartnersAreNotWatched: an interface whose partner has ended stands
// alone; its device may go anywhere.
func TestEndedPartnersAreNotWatched(t *testing.T) {
	p := newPair(t, lifecycle.ApprovedLOA)
	p.Do(t, p.b.ID, lifecycle.Cancel) // the port stays quarantined
	device, _ := p.Catalogue().Device(p.aPort.Device)
	if err := p.WatchRedundancy(context.Background(), p.Admin, "", []string{p.aPort.Device, p.bPort.Device}, stand(p.bPort.Device, device.Room, device.Cabinet)...); err != nil {
		t.Fatal(err)
	}
	if len(p.changes(t, p.a.ID))+len(p.changes(t, p.b.ID)) != 0 {
		t.Error("told of a pair that is none")
	}
}

func TestRedundancyBeforeThereArePorts(t *testing.T) {
	e := storetest.New(t)
	a := e.At(t, lifecycle.ToApplyForLOA)
	b := e.Get(t, e.Order(t, e.Owner, func(in *store.NewConnection) { in.Redundant = a.ID }).ConnectionID)
	port, err := e.PortOf(context.Background(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r := e.Redundancy(a, port, b, nil); r.Promise() != redundancy.Open || r.State(redundancy.Building) != redundancy.Shared {
		t.Errorf("%s", r.Verdict())
	}
	e.Do(t, b.ID, lifecycle.PayInstallationFee)
	events, err := e.Timeline(context.Background(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		if ev.Action == store.ActionRedundancyChanged {
			t.Error("a promise that is kept for the first time is no change")
		}
	}
}

// TestEditingAPlaceIsWatched: the forms of devices and demarcations go through
// the watch.
func TestEditingAPlaceIsWatched(t *testing.T) {
	ctx := context.Background()
	p := newPair(t, lifecycle.Enabled)
	a, _ := p.Catalogue().Device(p.aPort.Device)
	b, _ := p.Catalogue().Device(p.bPort.Device)
	if err := p.EditDevice(ctx, p.Admin, b.ID, store.DeviceRev(b), store.DeviceEdit{Name: b.Name, Room: a.Room, Cabinet: "Z-99", Reason: "The room is given up"}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	for _, id := range []string{p.a.ID, p.b.ID} {
		if got := p.changes(t, id); len(got) != 1 || got[0].Reason != "The room is given up" || !strings.Contains(got[0].Detail, "Now: survives the loss of a cabinet; both enter one room") {
			t.Errorf("%s: %+v", id, got)
		}
	}
	p.ports(t)
	// The demarcation alone is brought into the partner's cabinet.
	err := p.EditDemarcation(ctx, p.Admin, p.bPort.ID, p.bPort.Version, store.DemarcationEdit{Room: a.Room, Cabinet: a.Cabinet, Panel: "ODF 99", Position: "1/2", Connector: "LC", Reason: "Only this cabinet has room"})
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	p.ports(t)
	if got := p.changes(t, p.b.ID); len(got) != 2 || got[0].Reason != "Only this cabinet has room" || p.report().State(redundancy.Cabinet) != redundancy.Shared {
		t.Errorf("%s: %+v", p.report().Verdict(), got)
	}
	if n, _ := p.told(t); n != 2 {
		t.Errorf("%d messages", n)
	}
}
