package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

var ctx = context.Background()

// state is what must not change when something is refused.
func state(tb testing.TB, e *storetest.Env, id string) string {
	tb.Helper()
	c := e.Get(tb, id)
	events, err := e.Timeline(ctx, id)
	if err != nil {
		tb.Fatal(err)
	}
	counts, err := e.PortCounts(ctx, c.AccessPointID)
	if err != nil {
		tb.Fatal(err)
	}
	a, err := e.Account(ctx, e.Admin, c.AccountID)
	if err != nil {
		tb.Fatal(err)
	}
	orders, err := e.OrdersOf(ctx, id)
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprint(c, len(events), counts, a.Balance, orders)
}

// TestEveryTripleInTheStore walks every stage, action and role over real rows:
// what the table allows changes one interface and adds one event, what it
// refuses changes nothing.
func TestEveryTripleInTheStore(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	var roles []lifecycle.Role
	for _, r := range lifecycle.Roles() {
		if r != lifecycle.System {
			roles = append(roles, r)
		}
	}
	for _, stage := range lifecycle.Stages() {
		refusedOn := e.At(t, stage).ID
		for _, action := range lifecycle.Actions() {
			if action == lifecycle.Order || action == lifecycle.ExpireLOA || action == lifecycle.CloseUnpaidOrder {
				continue // not asked for by a person about an interface that exists
			}
			if action == lifecycle.ConfirmRemoval && stage == lifecycle.Terminating {
				continue // one form confirms both removals; the stage says which it is
			}
			for _, role := range roles {
				want, err := lifecycle.Next(stage, action, role)
				if err != nil {
					before := state(t, e, refusedOn)
					got := e.Try(refusedOn, action, e.As(role))
					if got == nil && action == lifecycle.PayInstallationFee && lifecycle.MayDo(action, role) && stage != lifecycle.Canceled {
						// Paying a paid order again is answered like the first time.
					} else if k := store.KindOf(got); k != store.Conflict && k != store.Forbidden && k != store.NotFound {
						t.Errorf("%s %s %s: %v, want a refusal", stage, action, role, got)
					}
					if after := state(t, e, refusedOn); after != before {
						t.Errorf("%s %s %s was refused and changed something:\n%s\n%s", stage, action, role, before, after)
					}
					continue
				}
				if role == lifecycle.Administrator {
					continue // same rows as reviewer and technician, and each takes a new interface
				}
				var c store.Connection
				switch action {
				case lifecycle.ConfirmRemoval:
					c = canceledWithCable(t, e)
				case lifecycle.RenewLOA:
					c = withExpiredLetter(t, e)
				default:
					c = e.At(t, stage)
				}
				before, _ := e.Timeline(ctx, c.ID)
				if err := e.Try(c.ID, action, e.As(role)); err != nil {
					t.Errorf("%s %s %s: %v %v", stage, action, role, err, store.FieldsOf(err))
					continue
				}
				after, _ := e.Timeline(ctx, c.ID)
				got := e.Get(t, c.ID)
				if got.Stage != want || len(after) != len(before)+1 || got.Version != c.Version+1 {
					t.Errorf("%s %s %s: stage %s (want %s), %d new events, version %d → %d", stage, action, role, got.Stage, want, len(after)-len(before), c.Version, got.Version)
				}
				if ev := after[0]; ev.Action != string(action) || ev.From != stage || ev.To != want || ev.ActorRole != role || ev.RequestID == "" {
					t.Errorf("%s %s %s: event %+v", stage, action, role, ev)
				}
			}
		}
	}
	e.Sound(t)
}

func canceledWithCable(tb testing.TB, e *storetest.Env) store.Connection {
	c := e.At(tb, lifecycle.ApprovedLOA)
	e.Do(tb, c.ID, lifecycle.Cancel)
	return e.Get(tb, c.ID)
}

// withExpiredLetter is an interface whose letter expired before the installation.
func withExpiredLetter(tb testing.TB, e *storetest.Env) store.Connection {
	tb.Helper()
	c := e.At(tb, lifecycle.ApprovedLOA)
	e.Clock.Advance(100 * 24 * time.Hour)
	if _, err := e.RunDue(ctx); err != nil {
		tb.Fatal(err)
	}
	if c = e.Get(tb, c.ID); c.Stage != lifecycle.ToApplyForLOA {
		tb.Fatalf("%s is %s: its letter did not expire", c.ID, c.Stage)
	}
	return c
}

// race runs n callers at once and counts those that succeed.
func race(n int, f func(i int) error) (won int, lost []error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			err := f(i)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else {
				lost = append(lost, err)
			}
		}()
	}
	close(start)
	wg.Wait()
	return won, lost
}

func TestFortyCallersOneWinner(t *testing.T) {
	e := storetest.New(t)
	for _, tc := range []struct {
		stage  lifecycle.Stage
		action lifecycle.Action
		by     store.Actor
	}{
		{lifecycle.ToApplyForLOA, lifecycle.ApplyForLOA, e.Owner},
		{lifecycle.InApplication, lifecycle.Approve, e.Reviewer},
		{lifecycle.InApplication, lifecycle.Reject, e.Reviewer},
		{lifecycle.ApprovedLOA, lifecycle.ReportDelivery, e.Owner},
		{lifecycle.WaitingForCabling, lifecycle.CompleteCabling, e.Technician},
		{lifecycle.WaitingForPayment, lifecycle.PayResourceFee, e.Owner},
		{lifecycle.InApplication, lifecycle.Cancel, e.Owner},
	} {
		c := e.At(t, tc.stage)
		before, _ := e.Timeline(ctx, c.ID)
		won, lost := race(40, func(int) error { return e.Try(c.ID, tc.action, tc.by) })
		after, _ := e.Timeline(ctx, c.ID)
		if won != 1 || len(after) != len(before)+1 {
			t.Errorf("%s: %d winners, %d events", tc.action, won, len(after)-len(before))
		}
		for _, err := range lost {
			if store.KindOf(err) != store.Conflict || store.MessageOf(err) == "" {
				t.Errorf("%s: a loser got %v", tc.action, err)
			}
		}
	}
	e.Sound(t)
}

func TestApproveAndRejectAndCancelRace(t *testing.T) {
	e := storetest.New(t)
	for range 8 {
		c := e.At(t, lifecycle.InApplication)
		actions := []lifecycle.Action{lifecycle.Approve, lifecycle.Reject, lifecycle.WithdrawApplication, lifecycle.Cancel}
		by := []store.Actor{e.Reviewer, e.Reviewer, e.Owner, e.Owner}
		won, _ := race(4, func(i int) error { return e.Try(c.ID, actions[i], by[i]) })
		// Cancel is possible after each of the others, so two can succeed in
		// that order; never two that contradict each other.
		got := e.Get(t, c.ID)
		if won < 1 || won > 3 || (won > 1 && got.Stage != lifecycle.Canceled && got.Stage != lifecycle.ToApplyForLOA) {
			t.Errorf("%d winners, stage %s", won, got.Stage)
		}
	}
	e.Sound(t)
}

func TestFortyPayersOneCharge(t *testing.T) {
	e := storetest.New(t)
	o := e.Order(t, e.Owner)
	before, _ := e.Account(ctx, e.Owner, e.Northwind)
	_, lost := race(40, func(i int) error {
		by := e.Owner
		if i%2 == 0 {
			by.Key = "one-form" // half of them are the same form sent again
		}
		return e.PayOrder(ctx, by, o.No, store.MethodBalance)
	})
	for _, err := range lost {
		t.Error(err)
	}
	after, _ := e.Account(ctx, e.Owner, e.Northwind)
	if paid := before.Balance.Minor - after.Balance.Minor; paid != o.Amount.Minor {
		t.Errorf("charged %d, want %d", paid, o.Amount.Minor)
	}
	events, _ := e.Timeline(ctx, o.ConnectionID)
	if len(events) != 2 {
		t.Errorf("%d events, want 2", len(events))
	}
	e.Sound(t)
}

// TestSixtyOrdersForFewerPorts: as many interfaces get a port as there are
// ports, the others are refused in words and not charged.
func TestSixtyOrdersForFewerPorts(t *testing.T) {
	e := storetest.New(t)
	const orders, ports = 60, 48
	ap := e.APID(t, "US-Ashburn-A")
	onASite := func(in *store.NewConnection) {
		in.Region, in.AccessPoint, in.SP = "us-east-1", ap, catalog.EquinixSP
	}
	counts, _ := e.PortCounts(ctx, ap)
	have := store.Free(counts, catalog.Type10GBaseLR)
	var devices []catalog.Device
	var more []catalog.Port
	if have < ports {
		devices = append(devices, catalog.Device{ID: "csw-extra", AccessPoint: ap, Name: "CSW-EXTRA", Room: "R1", Cabinet: "X-01"})
		for i := range ports - have {
			more = append(more, catalog.Port{ID: fmt.Sprintf("csw-extra-%d", i+1), Device: "csw-extra", Name: fmt.Sprintf("XGE9/0/%d", i+1), Number: i + 1, Type: catalog.Type10GBaseLR,
				Room: "R1", Cabinet: "X-01", Panel: "ODF 9", Position: fmt.Sprint(i + 1), Connector: "LC"})
		}
	}
	if err := e.LoadInventory(ctx, e.Admin, nil, devices, more); err != nil {
		t.Fatal(err)
	}
	for have > ports { // take the rest away
		e.Do(t, e.Order(t, e.Owner, onASite).ConnectionID, lifecycle.PayInstallationFee)
		have--
	}
	nos := make([]string, orders)
	for i := range nos {
		nos[i] = e.Order(t, e.Owner, onASite).No
	}
	before, _ := e.Account(ctx, e.Owner, e.Northwind)
	won, lost := race(orders, func(i int) error { return e.PayOrder(ctx, e.Owner, nos[i], store.MethodBalance) })
	after, _ := e.Account(ctx, e.Owner, e.Northwind)
	if won != ports || len(lost) != orders-ports {
		t.Errorf("%d allocated, %d refused; want %d and %d", won, len(lost), ports, orders-ports)
	}
	for _, err := range lost {
		if store.KindOf(err) != store.Conflict {
			t.Errorf("refused with %v", err)
		}
	}
	if paid := before.Balance.Minor - after.Balance.Minor; paid != int64(ports)*1500_00 {
		t.Errorf("charged %d", paid)
	}
	for _, no := range nos {
		o, _ := e.Store.Order(ctx, e.Owner, no)
		c := e.Get(t, o.ConnectionID)
		port, _ := e.PortOf(ctx, c.ID)
		if (o.State == "paid") != (port != nil) || (port == nil) != (c.Stage == lifecycle.PendingPayment) {
			t.Errorf("order %s is %s, stage %s, port %v", no, o.State, c.Stage, port)
		}
	}
	e.Sound(t)
}

// The end of a whitelist entry, in time or by a reviewer, stops new orders only:
// what was ordered before is paid, built, enabled and renewed.
func TestTheWhitelistEndsForNewOrdersOnly(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, e *storetest.Env, id string){
		"its day is over": func(t *testing.T, e *storetest.Env, id string) { e.Clock.Advance(72 * time.Hour) },
		"it is revoked": func(t *testing.T, e *storetest.Env, id string) {
			if err := e.DecideWhitelist(ctx, e.Reviewer, id, "revoked", time.Time{}, "The contract ended"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := storetest.New(t)
			fast := func(in *store.NewConnection) { in.Spec, in.PortType = catalog.Spec100G, catalog.Type100GBaseLR }
			if _, err := e.PlaceOrder(ctx, e.Owner, e.Choice(t, fast)); store.FieldsOf(err)["spec"] == "" {
				t.Fatalf("without an entry: %v", err)
			}
			if err := e.RequestWhitelist(ctx, e.Owner, store.NewWhitelistRequest{Region: "cn-hangzhou", Spec: catalog.Spec100G, Reason: "Backups between data centers", Ports: 2}); err != nil {
				t.Fatal(err)
			}
			w, err := e.Whitelist(ctx, e.Northwind)
			if err != nil || len(w) != 1 {
				t.Fatal(w, err)
			}
			if err := e.DecideWhitelist(ctx, e.Reviewer, w[0].ID, "granted", e.Clock.Now().Add(48*time.Hour), ""); err != nil {
				t.Fatal(err)
			}
			// For another region, and for another account, it is no entry.
			other := e.Choice(t, fast)
			if _, err := e.PlaceOrder(ctx, e.OtherOwner, other); store.FieldsOf(err)["spec"] == "" {
				t.Errorf("another account: %v", err)
			}
			unpaid := e.At(t, lifecycle.PendingPayment, fast)
			paid := e.At(t, lifecycle.ToApplyForLOA, fast, func(in *store.NewConnection) { in.Redundant = store.NotRedundant })
			end(t, e, w[0].ID)
			if _, err := e.PlaceOrder(ctx, e.Owner, e.Choice(t, fast, func(in *store.NewConnection) { in.Redundant = store.NotRedundant })); store.FieldsOf(err)["spec"] == "" {
				t.Errorf("a new order after the end: %v", err)
			}
			for _, id := range []string{unpaid.ID, paid.ID} {
				for _, a := range []lifecycle.Action{lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling, lifecycle.PayResourceFee} {
					if a == lifecycle.PayInstallationFee && id == paid.ID {
						continue
					}
					e.Do(t, id, a)
				}
				if c := e.Get(t, id); c.Stage != lifecycle.Enabled || c.Spec != catalog.Spec100G {
					t.Errorf("%s is %s", id, c.Stage)
				}
			}
			e.Sound(t)
		})
	}
}

func TestRedundancyIsOnAnotherDevice(t *testing.T) {
	e := storetest.New(t)
	first := e.At(t, lifecycle.ToApplyForLOA)
	second := e.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) { in.Redundant = first.ID })
	p, _ := e.PortOf(ctx, first.ID)
	q, _ := e.PortOf(ctx, second.ID)
	if p.Device == q.Device {
		t.Errorf("both are on %s", p.Device)
	}

	// 100G exists on one device at this site: a pair is impossible, and the
	// order says so before anything is paid.
	if err := e.RequestWhitelist(ctx, e.Owner, store.NewWhitelistRequest{Spec: catalog.Spec100G, Reason: "Backups between data centers", Ports: 2}); err != nil {
		t.Fatal(err)
	}
	w, _ := e.Whitelist(ctx, e.Northwind)
	if err := e.DecideWhitelist(ctx, e.Reviewer, w[0].ID, "granted", e.Clock.Now().AddDate(0, 1, 0), ""); err != nil {
		t.Fatal(err)
	}
	fast := func(in *store.NewConnection) { in.Spec, in.PortType = catalog.Spec100G, catalog.Type100GBaseLR }
	only := e.At(t, lifecycle.ToApplyForLOA, fast)
	before, _ := e.Account(ctx, e.Owner, e.Northwind)
	_, err := e.PlaceOrder(ctx, e.Owner, e.Choice(t, fast, func(in *store.NewConnection) { in.Redundant = only.ID }))
	if store.KindOf(err) != store.Invalid || store.FieldsOf(err)["redundant"] == "" {
		t.Errorf("a third that cannot be apart was answered %v", err)
	}
	after, _ := e.Account(ctx, e.Owner, e.Northwind)
	if before != after {
		t.Error("the refused order was charged")
	}

	// A pair is two: a third may not name one of them.
	if _, err := e.PlaceOrder(ctx, e.Owner, e.Choice(t, func(in *store.NewConnection) { in.Redundant = first.ID })); store.FieldsOf(err)["redundant"] == "" {
		t.Errorf("a third of a pair: %v", err)
	}
	// Without an answer the question is asked.
	if _, err := e.PlaceOrder(ctx, e.Owner, e.Choice(t, func(in *store.NewConnection) { in.Redundant = "" })); store.FieldsOf(err)["redundant"] == "" {
		t.Errorf("no answer: %v", err)
	}
	// Another account's interface does not exist for this one.
	if _, err := e.PlaceOrder(ctx, e.OtherOwner, e.Choice(t, func(in *store.NewConnection) { in.Redundant = first.ID })); store.FieldsOf(err)["redundant"] != "Select a connection of the same region" {
		t.Errorf("another account's interface: %v %v", err, store.FieldsOf(err))
	}
	// A reviewer cannot move one of a pair to the other's device.
	e.Do(t, second.ID, lifecycle.ApplyForLOA)
	ports, _ := e.Ports(ctx, p.Device)
	i := slices.IndexFunc(ports, func(x store.Port) bool { return x.State == store.PortFree && x.Type == q.Type })
	if err := e.MovePort(ctx, e.Reviewer, second.ID, 0, ports[i].ID, "closer to the panel"); store.FieldsOf(err)["port"] == "" {
		t.Errorf("moving onto the partner's device: %v", err)
	}
	e.Sound(t)
}

// TestPaymentKeepsApartWhatTheOrderPromised: the free port on the other device
// is gone between order and payment.
func TestPaymentKeepsApartWhatTheOrderPromised(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, "Hangzhou-Xiaoshan-B")
	here := func(in *store.NewConnection) { in.AccessPoint = ap }
	first := e.At(t, lifecycle.ToApplyForLOA, here)
	p, _ := e.PortOf(ctx, first.ID)
	pair := e.Order(t, e.Owner, here, func(in *store.NewConnection) { in.Redundant = first.ID })
	for {
		counts, _ := e.PortCounts(ctx, ap)
		elsewhere := 0
		for _, c := range counts {
			if c.Device != p.Device && c.Type == catalog.Type10GBaseLR && c.State == store.PortFree {
				elsewhere += c.N
			}
		}
		if elsewhere == 0 {
			break
		}
		e.Do(t, e.Order(t, e.Owner, here).ConnectionID, lifecycle.PayInstallationFee)
	}
	before := state(t, e, pair.ConnectionID)
	counts, _ := e.PortCounts(ctx, ap)
	if store.Free(counts, catalog.Type10GBaseLR) == 0 {
		t.Skip("the site has no free port left on the first device either")
	}
	if err := e.PayOrder(ctx, e.Owner, pair.No, store.MethodBalance); store.KindOf(err) != store.Conflict {
		t.Errorf("paid for a pair on one device: %v", err)
	}
	if after := state(t, e, pair.ConnectionID); after != before {
		t.Errorf("the refused payment changed something:\n%s\n%s", before, after)
	}
	e.Sound(t)
}

func TestBalanceTooLow(t *testing.T) {
	e := storetest.New(t)
	o := e.Order(t, e.OtherOwner)
	before := state(t, e, o.ConnectionID)
	err := e.PayOrder(ctx, e.OtherOwner, o.No, store.MethodBalance)
	if store.FieldsOf(err)["method"] == "" {
		t.Errorf("paid with an empty balance: %v", err)
	}
	if after := state(t, e, o.ConnectionID); after != before {
		t.Error("the refused payment changed something")
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "1500", "slip 1"); err != nil {
		t.Fatal(err)
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "1500", "SLIP 1"); store.FieldsOf(err)["reference"] == "" {
		t.Errorf("the same slip twice: %v", err)
	}
	if err := e.RecordTransfer(ctx, e.Reviewer, e.Southwind, "1500", "slip 2"); store.KindOf(err) != store.Forbidden {
		t.Errorf("a reviewer recorded a transfer: %v", err)
	}
	if err := e.PayOrder(ctx, e.OtherOwner, o.No, store.MethodBalance); err != nil {
		t.Fatal(err)
	}
	e.Sound(t)
}

func TestOtherAccountsSeeNothing(t *testing.T) {
	e := storetest.New(t)
	for _, stage := range lifecycle.Stages() {
		c := e.At(t, stage)
		before := state(t, e, c.ID)
		if _, err := e.Connection(ctx, e.OtherOwner, c.ID); store.KindOf(err) != store.NotFound {
			t.Errorf("%s: read: %v", stage, err)
		}
		for _, action := range lifecycle.Actions() {
			if !lifecycle.MayDo(action, lifecycle.Owner) || action == lifecycle.Order {
				continue
			}
			if err := e.Try(c.ID, action, e.OtherOwner); store.KindOf(err) != store.NotFound {
				t.Errorf("%s %s: %v, want not found", stage, action, err)
			}
		}
		if after := state(t, e, c.ID); after != before {
			t.Errorf("%s: another account changed something", stage)
		}
	}
}

func TestRepeatedSubmitDoesNothingTwice(t *testing.T) {
	e := storetest.New(t)
	by := e.Owner
	by.Key = "form-1"
	first, err := e.PlaceOrder(ctx, by, e.Choice(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.PlaceOrder(ctx, by, e.Choice(t))
	if err != nil || again != first {
		t.Errorf("the same form again: %s, %v; want %s", again, err, first)
	}
	other := e.OtherOwner
	other.Key = "form-1" // the key is one person's
	if third, err := e.PlaceOrder(ctx, other, e.Choice(t)); err != nil || third == first {
		t.Errorf("somebody else's form: %s, %v", third, err)
	}

	c := e.At(t, lifecycle.InApplication)
	by = e.Reviewer
	by.Key = "form-2"
	issue := func() (string, error) {
		d, err := e.PrepareLOA(ctx, by, c.ID, c.Version, store.Approval{})
		if err != nil {
			return "", err
		}
		return e.IssueLOA(ctx, by, d, storetest.PDF)
	}
	no, err := issue()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := issue(); err != nil || again != no {
		t.Errorf("approving twice: %s, %v; want %s", again, err, no)
	}

	c = e.At(t, lifecycle.WaitingForPayment)
	by = e.Owner
	by.Key = "form-3"
	won, lost := race(20, func(int) error {
		_, err := e.PayResourceFee(ctx, by, c.ID, c.Version, store.NewResourceFee{Months: 3, Confirmed: true, Method: store.MethodBalance})
		return err
	})
	if won != 20 {
		t.Errorf("%d of 20 repeats were answered like the first: %v", won, lost)
	}
	orders, _ := e.OrdersOf(ctx, c.ID)
	if len(orders) != 2 {
		t.Errorf("%d orders, want 2", len(orders))
	}
	e.Sound(t)
}

func TestStaleRevisionIsRefused(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ToApplyForLOA)
	if err := e.EditConnection(ctx, e.Owner, c.ID, c.Version, "hz-dc1", ""); err != nil {
		t.Fatal(err)
	}
	before := state(t, e, c.ID)
	if err := e.EditConnection(ctx, e.Owner, c.ID, c.Version, "hz-dc2", ""); store.KindOf(err) != store.Conflict {
		t.Errorf("stale edit: %v", err)
	}
	if err := e.Cancel(ctx, e.Owner, c.ID, c.Version, true); store.KindOf(err) != store.Conflict {
		t.Errorf("stale cancel: %v", err)
	}
	if after := state(t, e, c.ID); after != before {
		t.Error("a stale form changed something")
	}
}

// TestAFailingSideWriteRollsAllBack lets the last write of each kind of step
// fail in the database: stage, event, ledger and ports stay as they were.
func TestAFailingSideWriteRollsAllBack(t *testing.T) {
	for _, table := range []string{"events", "messages", "ledger_entries", "ports", "port_counts", "connection_counts", "loas", "delivery_reports", "cable_labels", "orders", "submissions"} {
		t.Run(table, func(t *testing.T) {
			e := storetest.New(t)
			ids := map[lifecycle.Stage]string{}
			for _, stage := range []lifecycle.Stage{lifecycle.PendingPayment, lifecycle.InApplication, lifecycle.ApprovedLOA, lifecycle.WaitingForCabling, lifecycle.WaitingForPayment} {
				ids[stage] = e.At(t, stage).ID
			}
			steps := map[lifecycle.Stage]lifecycle.Action{lifecycle.PendingPayment: lifecycle.PayInstallationFee, lifecycle.InApplication: lifecycle.Approve,
				lifecycle.ApprovedLOA: lifecycle.ReportDelivery, lifecycle.WaitingForCabling: lifecycle.CompleteCabling, lifecycle.WaitingForPayment: lifecycle.PayResourceFee}
			if err := e.BreakTable(table); err != nil {
				t.Fatal(err)
			}
			failed := 0
			for _, stage := range slices.Sorted(maps.Keys(steps)) {
				before := state(t, e, ids[stage])
				by := e.As(lifecycle.Owner)
				if steps[stage] == lifecycle.Approve {
					by = e.Reviewer
				} else if steps[stage] == lifecycle.CompleteCabling {
					by = e.Technician
				}
				by.Key = "key-" + string(stage)
				if err := e.Try(ids[stage], steps[stage], by); err != nil {
					failed++
					if store.KindOf(err) != 0 && !errors.Is(err, context.Canceled) {
						t.Errorf("%s: a broken table is told as %v", stage, err)
					}
					if after := state(t, e, ids[stage]); after != before {
						t.Errorf("%s: half written:\n%s\n%s", stage, before, after)
					}
				}
			}
			if failed == 0 {
				t.Errorf("no step writes %s: the test proves nothing", table)
			}
			e.Sound(t)
		})
	}
}

// The history of an interface says what an edit changed, and no more than that.
func TestEditSaysWhatChanged(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) { in.Name, in.Description = "hz-dc1", "" })
	for _, edit := range []struct{ name, description, want string }{
		{"hz-dc2", "", "Name hz-dc1 → hz-dc2"},
		{"hz-dc2", "first line", "Description changed"},
		{"", "second line", "Name hz-dc2 → not set; Description changed"},
		{"hz-dc3", "second line", "Name not set → hz-dc3"},
		{"hz-dc3", "second line", ""},
	} {
		if err := e.EditConnection(ctx, e.Owner, c.ID, e.Get(t, c.ID).Version, edit.name, edit.description); err != nil {
			t.Fatal(err)
		}
		events, err := e.Timeline(ctx, c.ID)
		if err != nil || events[0].Action != string(lifecycle.EditNameDescription) || events[0].Detail != edit.want {
			t.Errorf("%+v: %+v %v", edit, events[0], err)
		}
	}
	if err := e.EditConnection(ctx, e.As(lifecycle.Owner), "pc-none", 0, "hz-dc1", ""); store.KindOf(err) != store.NotFound {
		t.Errorf("an interface that does not exist: %v", err)
	}
}
