package store_test

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// A queue is walked in one order, page by page and neighbour by neighbour,
// those without a deadline first.
func TestQueueOrder(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	var dated, undated []string
	for range 3 {
		dated = append(dated, e.At(t, lifecycle.InApplication).ID)
		e.Clock.Advance(2 * time.Hour)
	}
	e.Clock.Set(time.Date(2031, 3, 3, 3, 0, 0, 0, time.UTC)) // a year without a table of working days
	for range 3 {
		c := e.At(t, lifecycle.InApplication)
		if !c.DueAt.IsZero() {
			t.Fatalf("due %s although nobody knows the working days", c.DueAt)
		}
		undated = append(undated, c.ID)
	}
	slices.Sort(undated)
	want := append(undated, dated...)

	for _, limit := range []int{1, 2, 3, 4, 6, 50} {
		var got []string
		after := ""
		for {
			items, next, err := e.QueuePage(ctx, lifecycle.InApplication, store.QueueFilter{}, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range items {
				got = append(got, c.ID)
			}
			if after = next; after == "" || len(got) > 20 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", limit, got, want)
		}
	}
	for i, id := range want {
		before, after, err := e.QueueNeighbors(ctx, lifecycle.InApplication, store.QueueFilter{}, e.Get(t, id))
		if err != nil {
			t.Fatal(err)
		}
		wantBefore, wantAfter, wantNext := "", "", want[0]
		if i > 0 {
			wantBefore = want[i-1]
		}
		if i+1 < len(want) {
			wantAfter, wantNext = want[i+1], want[i+1]
		}
		if before != wantBefore || after != wantAfter {
			t.Errorf("%d lies between %q and %q, want %q and %q", i, before, after, wantBefore, wantAfter)
		}
		// The next one is the same when it has been decided.
		c := e.Get(t, id)
		if next, err := e.NextInQueue(ctx, lifecycle.InApplication, store.QueueFilter{}, c); err != nil || next != wantNext {
			t.Errorf("after %d comes %q, %v; want %q", i, next, err, wantNext)
		}
	}
	alone := e.At(t, lifecycle.WaitingForCabling)
	if next, err := e.NextInQueue(ctx, lifecycle.WaitingForCabling, store.QueueFilter{}, alone); err != nil || next != "" {
		t.Errorf("after the only one comes %q, %v", next, err)
	}
	for _, broken := range []string{"x", "x~y", "~", "2026~pc-1"} {
		items, _, err := e.QueuePage(ctx, lifecycle.InApplication, store.QueueFilter{}, broken, 10)
		if broken == "~" {
			continue // the first place of all
		}
		if store.KindOf(err) != store.Invalid {
			t.Errorf("cursor %q: %d rows, %v", broken, len(items), err)
		}
	}
}

// A queue that is narrowed keeps its order, page by page and neighbour by
// neighbour, and counts what it lists.
func TestQueueFilter(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	rich(t, e)
	singapore := func(n *store.NewConnection) {
		n.Region, n.AccessPoint, n.SP = "ap-southeast-1", e.APID(t, "Singapore-A"), catalog.EquinixSP
	}
	var all []store.Connection
	add := func(owner store.Actor, edit ...func(*store.NewConnection)) {
		all = append(all, e.AtOf(t, owner, lifecycle.InApplication, edit...))
		e.Clock.Advance(2 * time.Hour)
	}
	add(e.Owner)
	add(e.OtherOwner)
	add(e.Owner, singapore)
	add(e.OtherOwner, singapore)
	add(e.Owner)
	dated := slices.SortedFunc(slices.Values(all), func(a, b store.Connection) int { return a.DueAt.Compare(b.DueAt) }) // a site far away has a day more
	second, middle, fourth := dated[1].DueAt, dated[2].DueAt, dated[3].DueAt
	e.At(t, lifecycle.ApprovedLOA)
	e.At(t, lifecycle.WaitingForCabling)
	e.Clock.Set(time.Date(2031, 3, 3, 3, 0, 0, 0, time.UTC)) // a year without a table of working days
	add(e.Owner)
	add(e.OtherOwner)
	order := []int{0, 1, 2, 3, 4, 5, 6}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(all[i].DueAt.Compare(all[j].DueAt), cmp.Compare(all[i].ID, all[j].ID))
	})
	due := func(i int) time.Time { return all[i].DueAt }
	for name, tc := range map[string]struct {
		f    store.QueueFilter
		keep func(i int) bool
	}{
		"all":                 {store.QueueFilter{}, func(int) bool { return true }},
		"account":             {store.QueueFilter{AccountID: e.Southwind}, func(i int) bool { return i == 1 || i == 3 || i == 6 }},
		"region":              {store.QueueFilter{Region: "ap-southeast-1"}, func(i int) bool { return i == 2 || i == 3 }},
		"account and region":  {store.QueueFilter{AccountID: e.Southwind, Region: "cn-hangzhou"}, func(i int) bool { return i == 1 || i == 6 }},
		"nobody":              {store.QueueFilter{AccountID: "acc-none"}, func(int) bool { return false }},
		"due before":          {store.QueueFilter{DueBefore: middle}, func(i int) bool { return !due(i).IsZero() && due(i).Before(middle) }},
		"due from":            {store.QueueFilter{DueFrom: middle}, func(i int) bool { return !due(i).Before(middle) }},
		"due between":         {store.QueueFilter{DueFrom: second, DueBefore: fourth}, func(i int) bool { return !due(i).Before(second) && due(i).Before(fourth) }},
		"due at one instant":  {store.QueueFilter{DueFrom: middle, DueBefore: middle.Add(time.Millisecond)}, func(i int) bool { return due(i).Equal(middle) }},
		"due in a region":     {store.QueueFilter{Region: "cn-hangzhou", DueFrom: second}, func(i int) bool { return i != 2 && i != 3 && !due(i).Before(second) }},
		"without a due time":  {store.QueueFilter{Undated: true}, func(i int) bool { return i > 4 }},
		"undated, an account": {store.QueueFilter{Undated: true, AccountID: e.Northwind}, func(i int) bool { return i == 5 }},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for _, i := range order {
				if tc.keep(i) {
					want = append(want, all[i].ID)
				}
			}
			for _, limit := range []int{1, 2, 50} {
				var got []string
				for after := ""; ; {
					items, next, err := e.QueuePage(ctx, lifecycle.InApplication, tc.f, after, limit)
					if err != nil {
						t.Fatal(err)
					}
					for _, c := range items {
						got = append(got, c.ID)
					}
					if after = next; after == "" || len(got) > 20 {
						break
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("in pages of %d: %v, want %v", limit, got, want)
				}
			}
			if n, more, err := e.QueueCount(ctx, lifecycle.InApplication, tc.f); n != len(want) || more || err != nil {
				t.Errorf("counts %d, %v, %v; want %d", n, more, err, len(want))
			}
			// From every place of the whole queue, also one that the filter leaves out.
			for at, i := range order {
				before, after, first := "", "", ""
				for other, j := range order {
					switch {
					case !tc.keep(j):
					case other < at:
						before = all[j].ID
					case other > at && after == "":
						after = all[j].ID
					}
					if first == "" && tc.keep(j) && j != i {
						first = all[j].ID
					}
				}
				gotBefore, gotAfter, err := e.QueueNeighbors(ctx, lifecycle.InApplication, tc.f, all[i])
				if err != nil || gotBefore != before || gotAfter != after {
					t.Errorf("%d lies between %q and %q, %v; want %q and %q", at, gotBefore, gotAfter, err, before, after)
				}
				want := after
				if want == "" {
					want = first
				}
				if next, err := e.NextInQueue(ctx, lifecycle.InApplication, tc.f, all[i]); err != nil || next != want && !(want == "" && next == all[i].ID) {
					// The first of the queue may be the place itself.
					t.Errorf("after %d comes %q, %v; want %q", at, next, err, want)
				}
			}
		})
	}
}

// rich lets Southwind order as much as Northwind.
func rich(t *testing.T, e *storetest.Env) {
	t.Helper()
	ctx := context.Background()
	if err := e.SetQuotas(ctx, e.Admin, e.Southwind, 1000, 1000, "Tests order a lot"); err != nil {
		t.Fatal(err)
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "1,000,000.00", "opening balance"); err != nil {
		t.Fatal(err)
	}
}

// What a review looks at is the same for many applications as for one.
func TestManyReviewsReadWhatOneReads(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	rich(t, e)
	a, b := e.At(t, lifecycle.InApplication), e.AtOf(t, e.OtherOwner, lifecycle.InApplication)
	e.Do(t, b.ID, lifecycle.Reject)
	in := e.Application(b)
	in.CompanyName, in.Engineers = "Southwind Logistics", in.Engineers[:1]
	if err := e.ApplyForLOA(ctx, e.OtherOwner, b.ID, e.Get(t, b.ID).Version, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	without := e.At(t, lifecycle.PendingPayment)
	for _, account := range []struct {
		by store.Actor
		id string
	}{{e.Owner, e.Northwind}, {e.OtherOwner, e.Southwind}} {
		for _, spec := range []catalog.Spec{catalog.Spec40G, catalog.Spec100G} {
			if err := e.RequestWhitelist(ctx, account.by, store.NewWhitelistRequest{Spec: spec, Ports: 2, Reason: "A new data center needs them"}); err != nil {
				t.Fatal(err, store.FieldsOf(err))
			}
			e.Clock.Advance(time.Minute)
		}
	}
	items := []store.Connection{a, b, without}
	applications, err := e.NewestApplications(ctx, items)
	if err != nil {
		t.Fatal(err)
	}
	orders, err := e.InstallationOrders(ctx, items)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range items {
		one, err := e.Store.Application(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if many, ok := applications[c.ID]; ok != (one != nil) || ok && !reflect.DeepEqual(many, *one) {
			t.Errorf("application of %s: %+v, want %+v", c.ID, many, one)
		}
		all, err := e.OrdersOf(ctx, c.ID)
		if err != nil || !reflect.DeepEqual(orders[c.ID], all[0]) {
			t.Errorf("order of %s: %+v, want %+v, %v", c.ID, orders[c.ID], all, err)
		}
	}
	if app := applications[b.ID]; app.Version != 2 || len(app.Engineers) != 1 {
		t.Errorf("not the newest application with its own engineers: %+v", app)
	}
	lists, err := e.Whitelists(ctx, []string{e.Northwind, e.Southwind, e.Northwind, "acc-none"})
	if err != nil {
		t.Fatal(err)
	}
	names, err := e.AccountNames(ctx, []string{e.Northwind, "", e.Southwind, e.Northwind, "acc-none"})
	if err != nil || names[e.Northwind] != "Northwind Trading" || names[e.Southwind] != "Southwind Logistics" || names["acc-none"] != "" || names[""] != "" {
		t.Errorf("names %v, %v", names, err)
	}
	for _, id := range []string{e.Northwind, e.Southwind, "acc-none"} {
		one, err := e.Whitelist(ctx, id)
		if err != nil || !reflect.DeepEqual(lists[id], one) {
			t.Errorf("requests of %s: %v, want %v, %v", id, lists[id], one, err)
		}
	}
	for what, n := range map[string]int{
		"applications": store.CountReads(e.Store).Count(func() { _, err = e.NewestApplications(ctx, nil) }),
		"orders":       store.CountReads(e.Store).Count(func() { _, err = e.InstallationOrders(ctx, nil) }),
		"requests":     store.CountReads(e.Store).Count(func() { _, err = e.Whitelists(ctx, nil) }),
		"names":        store.CountReads(e.Store).Count(func() { _, err = e.AccountNames(ctx, nil) }),
	} {
		if n != 0 || err != nil {
			t.Errorf("%s of nobody: %d statements, %v", what, n, err)
		}
	}
}

func TestRemovalsPage(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	var want []string
	for range 5 {
		want = append(want, e.At(t, lifecycle.Terminating).ID)
		e.Clock.Advance(time.Minute)
	}
	e.At(t, lifecycle.Terminated)
	e.At(t, lifecycle.Canceled)
	var got []string
	after := ""
	for {
		items, next, err := e.RemovalsPage(ctx, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range items {
			got = append(got, c.ID)
		}
		if after = next; after == "" || len(got) > 20 {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, _, err := e.RemovalsPage(ctx, "nonsense", 2); store.KindOf(err) != store.Invalid {
		t.Errorf("a broken cursor: %v", err)
	}
}

// A list of jobs knows ports and labels with one question each.
func TestPortsAndLabelsOfManyJobs(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	a, b := e.At(t, lifecycle.WaitingForCabling), e.At(t, lifecycle.WaitingForCabling)
	without := e.At(t, lifecycle.PendingPayment)
	items := []store.Connection{a, b, without}
	ports, err := e.PortsHeld(ctx, items)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := e.LiveLabels(ctx, items)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range items[:2] {
		port, _ := e.PortOf(ctx, c.ID)
		report, _ := e.DeliveryReport(ctx, c.ID)
		if ports[c.ID] != *port || !slices.Equal(labels[c.ID], report.Labels) {
			t.Errorf("%s: %v %v", c.ID, ports[c.ID], labels[c.ID])
		}
	}
	if len(ports) != 2 || len(labels) != 2 {
		t.Errorf("%d ports, %d reports", len(ports), len(labels))
	}
	// What came back is not shown as what to look for.
	e.Do(t, a.ID, lifecycle.ReturnReport)
	if labels, _ = e.LiveLabels(ctx, items); len(labels) != 1 {
		t.Errorf("labels %v", labels)
	}
	if none, err := e.PortsHeld(ctx, nil); err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
}

func TestQueuePlans(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	c := e.At(t, lifecycle.InApplication)
	counter := store.CountReads(e.Store)
	for _, due := range []time.Time{{}, c.DueAt} {
		c.DueAt = due
		n := counter.Count(func() {
			if _, _, err := e.QueueNeighbors(ctx, lifecycle.InApplication, store.QueueFilter{}, c); err != nil {
				t.Fatal(err)
			}
			if _, err := e.NextInQueue(ctx, lifecycle.InApplication, store.QueueFilter{}, c); err != nil {
				t.Fatal(err)
			}
			if _, _, err := e.RemovalsPage(ctx, "2026-11-20T07:12:00.000Z~x", 50); err != nil {
				t.Fatal(err)
			}
		})
		if n > 9 {
			t.Errorf("%d statements", n)
		}
	}
	queries := store.Prepared(e.Store)
	if len(queries) < 6 {
		t.Fatalf("only %d statements were prepared", len(queries))
	}
	for _, q := range queries {
		plan, err := store.QueryPlan(e.Store, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range plan {
			if strings.HasPrefix(line, "SCAN connections") && !strings.Contains(line, "USING INDEX") || strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("%s\n  %s", q, strings.Join(plan, "\n  "))
			}
		}
	}
}
