package store_test

import (
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// TestAnotherRedundantConnection: a customer pairs interfaces after the order,
// takes them apart again from either side, and is refused where ports, letters
// or other pairs are in the way.
func TestAnotherRedundantConnection(t *testing.T) {
	e := storetest.New(t)
	if err := e.SetQuotas(ctx, e.Admin, e.Northwind, 9, 20, "A test needs more"); err != nil {
		t.Fatal(err)
	}
	alone := func(in *store.NewConnection) { in.Redundant = store.NotRedundant }
	a := e.At(t, lifecycle.InApplication)
	b := e.At(t, lifecycle.Enabled, alone)
	device := func(id string) string {
		p, err := e.PortOf(ctx, id)
		if err != nil || p == nil {
			t.Fatal(p, err)
		}
		return p.Device
	}
	pair := func(id string, rev int, with string) error {
		return e.EditConnectionAndPair(ctx, e.Owner, id, rev, "", "", with)
	}
	refused := func(what string, err error, words string) {
		t.Helper()
		if store.KindOf(err) != store.Invalid || !strings.Contains(store.FieldsOf(err)["redundant"], words) {
			t.Errorf("%s: %v %v", what, err, store.FieldsOf(err))
		}
	}
	// On one device they cannot back each other up; on two they can.
	if device(a.ID) != device(b.ID) {
		p, _ := e.PortOf(ctx, b.ID)
		ports, err := e.Ports(ctx, p.Device)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range ports {
			if q.State == store.PortFree && q.Type == p.Type {
				if err := e.MovePort(ctx, e.Reviewer, a.ID, 0, q.ID, "To the same device"); err != nil {
					t.Fatal(err, store.FieldsOf(err))
				}
				break
			}
		}
	}
	before := dump(t, e.Dir)
	refused("one device", pair(a.ID, 0, b.ID), "Both are on the access device")
	refused("itself", pair(a.ID, 0, a.ID), "Select another connection")
	refused("nobody's", pair(a.ID, 0, "pc-none"), "Select another connection")
	if dump(t, e.Dir) != before {
		t.Error("a refusal changed something")
	}
	other := e.At(t, lifecycle.InApplication, func(in *store.NewConnection) { in.Redundant = b.ID })
	refused("paired already", pair(a.ID, 0, b.ID), "is redundant with "+other.ID+" already")
	// The side that was named takes the pair apart as well as the one that names.
	b = e.Get(t, b.ID)
	if err := pair(b.ID, b.Version, store.NotRedundant); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if got := e.Get(t, other.ID); got.RedundantID != "" || got.Version != other.Version+1 {
		t.Errorf("the other one: %q, version %d of %d", got.RedundantID, got.Version, other.Version)
	}
	if events, err := e.Timeline(ctx, other.ID); err != nil || events[0].Action != store.ActionPartnerChanged || !strings.Contains(events[0].Detail, b.ID) {
		t.Errorf("history: %+v, %v", events[0], err)
	}
	if err := pair(a.ID, 0, other.ID); device(a.ID) != device(other.ID) && err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if got := e.Get(t, a.ID); got.RedundantID != other.ID {
		t.Errorf("redundant with %q", got.RedundantID)
	}
	if events, err := e.Timeline(ctx, a.ID); err != nil || events[0].Detail != "Redundant connection not set → "+other.ID {
		t.Errorf("history: %+v, %v", events[0], err)
	}
	// A letter says what to keep apart from: nothing changes while it is out.
	e.Do(t, a.ID, lifecycle.Approve)
	refused("a letter is out", pair(a.ID, 0, store.NotRedundant), "is out and says what it is kept apart from")
	refused("a letter of the other is out", pair(other.ID, 0, store.NotRedundant), "is out and says what it is kept apart from")
	if err := e.EditConnectionAndPair(ctx, e.Owner, a.ID, 0, "renamed", "", other.ID); err != nil {
		t.Errorf("a new name alone: %v %v", err, store.FieldsOf(err))
	}
	for _, by := range []store.Actor{e.OtherOwner, e.Reviewer} {
		if err := e.EditConnectionAndPair(ctx, by, b.ID, 0, "", "", store.NotRedundant); err == nil {
			t.Errorf("%s changed it", by.Role)
		}
	}
	e.Sound(t)

	// Forty at once: each interface ends with one partner at most.
	c := e.At(t, lifecycle.InApplication, func(in *store.NewConnection) { in.Redundant = b.ID })
	c = e.Get(t, c.ID)
	contest(t, e, 1, conflicts, func(i int) error { return pair(c.ID, c.Version, store.NotRedundant) })
	e.Sound(t)
}
