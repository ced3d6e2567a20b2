package store_test

import (
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/inventory"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// leftPort is a port that an interface left after its letter was revoked, and
// that interface.
func leftPort(t *testing.T, e *storetest.Env) (store.Port, store.Connection) {
	t.Helper()
	c := e.At(t, lifecycle.ApprovedLOA)
	was, err := e.PortOf(ctx, c.ID)
	if err != nil || was == nil {
		t.Fatal(was, err)
	}
	if was.Letter != c.LOANo {
		t.Fatalf("the port says letter %q, the interface %q", was.Letter, c.LOANo)
	}
	e.Do(t, c.ID, lifecycle.RevokeLOA)
	c = e.Get(t, c.ID)
	if err := e.MovePort(ctx, e.Reviewer, c.ID, c.Version, freeLike(t, e, *was).ID, "The panel is being rebuilt"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	left, err := e.Port(ctx, was.ID)
	if err != nil {
		t.Fatal(err)
	}
	return left, e.Get(t, c.ID)
}

// freeLike is a free port of the same type at the same access point.
func freeLike(t *testing.T, e *storetest.Env, p store.Port) store.Port {
	t.Helper()
	d, _ := e.Catalogue().Device(p.Device)
	for _, other := range e.Catalogue().Devices(d.AccessPoint) {
		ports, err := e.Ports(ctx, other.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range ports {
			if q.State == store.PortFree && q.Type == p.Type && q.ID != p.ID {
				return q
			}
		}
	}
	t.Fatal("no free port")
	return store.Port{}
}

// TestAPortThatALetterNamedIsLookedAt: somebody may have come with the letter,
// so nobody else gets the port before a technician has looked.
func TestAPortThatALetterNamedIsLookedAt(t *testing.T) {
	e := storetest.New(t)
	left, c := leftPort(t, e)
	if left.State != store.PortQuarantined || left.LeftBy != c.ID || left.ConnectionID != "" || left.Letter != c.LOANo || !left.LeftAt.Equal(e.Now().Truncate(0)) && left.LeftAt.IsZero() {
		t.Fatalf("left: %+v", left)
	}
	now, err := e.PortOf(ctx, c.ID)
	if err != nil || now.Letter != "" {
		t.Fatalf("the new port: %+v, %v", now, err)
	}
	// The queue of the technicians has it, and they were told.
	queue, err := e.PortsToCheck(ctx, 10)
	if err != nil || len(queue) != 1 || queue[0].ID != left.ID {
		t.Errorf("queue: %+v, %v", queue, err)
	}
	if counts, err := e.QueueCounts(ctx); err != nil || counts.PortChecks != 1 || counts.Removals != 0 {
		t.Errorf("counts: %+v, %v", counts, err)
	}
	if all, err := e.Messages(ctx, e.Technician.UserID, 0, 10); err != nil || all[0].Title != store.TitlePortToCheck || all[0].Subject != store.PortSubject(left.ID) {
		t.Errorf("messages: %+v, %v", all, err)
	}

	// Until then it goes nowhere: not to an order, not to another interface, not
	// out of the inventory, by page or by file.
	before := dump(t, e.Dir)
	device, _ := e.Catalogue().Device(left.Device)
	for name, err := range map[string]error{
		"a move back":        e.MovePort(ctx, e.Reviewer, c.ID, c.Version, left.ID, "Back again"),
		"out of service":     e.TakePortOutOfService(ctx, e.Admin, left.ID, 0, "Broken"),
		"deletion":           e.DeletePort(ctx, e.Admin, left.ID, 0, left.Name, "Broken"),
		"device deletion":    e.DeleteDevice(ctx, e.Admin, device.ID, 0, device.Name, "Broken"),
		"back in service":    e.PutPortBack(ctx, e.Admin, left.ID, 0, "Mended"),
		"an old page":        e.ConfirmPortEmpty(ctx, e.Technician, left.ID, left.Version-1, true, ""),
		"a port of somebody": e.ConfirmPortEmpty(ctx, e.Technician, now.ID, 0, true, ""),
	} {
		if store.KindOf(err) != store.Conflict || store.MessageOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, by := range []store.Actor{e.Reviewer, e.Finance, e.Owner} {
		if err := e.ConfirmPortEmpty(ctx, by, left.ID, 0, true, ""); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s: %v", by.Role, err)
		}
	}
	if err := e.ConfirmPortEmpty(ctx, e.Technician, left.ID, 0, false, strings.Repeat("x", 501)); store.FieldsOf(err)["empty"] == "" || store.FieldsOf(err)["note"] == "" {
		t.Errorf("nothing ticked: %v %v", err, store.FieldsOf(err))
	}
	if err := e.ConfirmPortEmpty(ctx, e.Technician, "none", 0, true, ""); store.KindOf(err) != store.NotFound {
		t.Errorf("no such port: %v", err)
	}
	for _, file := range []string{"kind,id,out_of_service\nport," + left.ID + ",Broken\n", "kind,id,cabinet\nport," + left.ID + ",Z-9\n"} {
		if p := dryRun(t, e, inventory.AddAndChange, file); p.Total.Refused != 1 || !strings.Contains(p.Lines[0].Reason, "A cable may be in this port") {
			t.Errorf("%q: %+v", file, p.Lines)
		}
	}
	if dump(t, e.Dir) != before {
		t.Error("a refusal changed something")
	}
	e.Reopen(t)
	e.Sound(t)

	// One technician of forty confirms it.
	contest(t, e, 1, conflicts, func(int) error {
		return e.ConfirmPortEmpty(ctx, e.Technician, left.ID, left.Version, true, "Nothing in it")
	})
	free, err := e.Port(ctx, left.ID)
	if err != nil || free.State != store.PortFree || free.LeftBy != "" || free.Letter != "" || !free.LeftAt.IsZero() {
		t.Errorf("looked at: %+v, %v", free, err)
	}
	events, err := e.Timeline(ctx, store.PortSubject(left.ID))
	if err != nil || events[0].Action != store.PortReleased || events[0].Detail != c.ID || events[0].Reason != "Nothing in it" || events[1].Action != store.PortWasQuarantined || events[1].Detail != c.ID {
		t.Errorf("history: %+v, %v", events, err)
	}
	e.Sound(t)
}

// TestAnExpiredLetterCountsLikeARevokedOne, and a port that no letter named is
// free at once.
func TestAnExpiredLetterCountsLikeARevokedOne(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	first, _ := e.PortOf(ctx, c.ID)
	e.Clock.Advance(200 * 24 * 3600 * 1e9)
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	c = e.Get(t, c.ID)
	if c.Stage != lifecycle.ToApplyForLOA {
		t.Fatal(c.Stage)
	}
	second := freeLike(t, e, *first)
	if err := e.MovePort(ctx, e.Reviewer, c.ID, c.Version, second.ID, "The first panel is full of dust"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	third := freeLike(t, e, second)
	if err := e.MovePort(ctx, e.Reviewer, c.ID, 0, third.ID, "Nearer to the door"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	for id, want := range map[string]store.PortState{first.ID: store.PortQuarantined, second.ID: store.PortFree, third.ID: store.PortAllocated} {
		if p, err := e.Port(ctx, id); err != nil || p.State != want {
			t.Errorf("%s is %s, want %s (%v)", id, p.State, want, err)
		}
	}
	e.Sound(t)
}
