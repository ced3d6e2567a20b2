package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"

	"github.com/google/go-cmp/cmp"
)

// redundantWith orders an interface that backs up another one.
func redundantWith(id string) func(*store.NewConnection) {
	return func(in *store.NewConnection) { in.Redundant = id }
}

func TestPartnersInBothDirections(t *testing.T) {
	e := storetest.New(t)
	first := e.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) { in.Name = "hz-primary" })
	second := e.At(t, lifecycle.ToApplyForLOA, redundantWith(first.ID))
	alone := e.At(t, lifecycle.ToApplyForLOA)
	third := e.At(t, lifecycle.ToApplyForLOA)
	closed := e.At(t, lifecycle.Canceled, redundantWith(third.ID))
	all := []store.Connection{first, second, alone, third, closed}

	got, err := e.Partners(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]store.PartnerRef{
		first.ID:  {ID: second.ID, Title: second.ID, AccessPointID: second.AccessPointID},
		second.ID: {ID: first.ID, Title: "hz-primary", AccessPointID: first.AccessPointID},
		// what a closed interface named is told; nobody is told of the closed one
		closed.ID: {ID: third.ID, Title: third.ID, AccessPointID: third.AccessPointID},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("partners, -want +got:\n", d)
	}
	for _, c := range all {
		one, err := e.Partner(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if (one == nil) != (got[c.ID].ID == "") || (one != nil && one.ID != got[c.ID].ID) {
			t.Errorf("%s: one by one %v, together %v", c.ID, one, got[c.ID])
		}
	}
	if none, err := e.Partners(ctx, nil); err != nil || len(none) != 0 {
		t.Errorf("of nothing: %v %v", none, err)
	}
}

// A page of the list asks a fixed number of questions, however long it is.
func TestListPageStatements(t *testing.T) {
	e := storetest.New(t)
	types := []func(*store.NewConnection){
		func(*store.NewConnection) {},
		func(in *store.NewConnection) { in.Spec, in.PortType = catalog.Spec1G, catalog.Type1000BaseLX },
	}
	for i := range 60 {
		e.Order(t, e.Owner, types[i%2], func(in *store.NewConnection) { in.Name = fmt.Sprintf("pair-%02d", i) })
	}
	e.Clock.Advance(time.Minute) // the pair is newest, on every first page
	first := e.At(t, lifecycle.ToApplyForLOA)
	e.At(t, lifecycle.ToApplyForLOA, redundantWith(first.ID))

	counter := store.CountReads(e.Store)
	page := func(limit int) int {
		return counter.Count(func() {
			p, err := e.Connections(ctx, e.Owner, store.ConnectionFilter{Limit: limit})
			if err != nil || len(p.Items) != min(limit, 62) {
				t.Fatalf("page of %d: %d rows, %v", limit, len(p.Items), err)
			}
			if _, err := e.Partners(ctx, p.Items); err != nil {
				t.Fatal(err)
			}
			unpaid, err := e.UnpaidOrders(ctx, p.Items)
			waiting := 0
			for _, c := range p.Items {
				if c.Stage == lifecycle.PendingPayment {
					waiting++
				}
			}
			if err != nil || len(unpaid) != waiting {
				t.Fatalf("page of %d: %d unpaid orders of %d, %v", limit, len(unpaid), waiting, err)
			}
		})
	}
	page(10) // the counts of the account stay in memory
	small, large := page(10), page(100)
	if small != large {
		t.Errorf("10 rows cost %d statements, 62 rows %d", small, large)
	}
	if large > 4 {
		t.Errorf("a page costs %d statements, want at most 4", large)
	}
	orders := counter.Count(func() {
		p, err := e.Orders(ctx, e.Northwind, "", 50)
		if err != nil || len(p.Items) != 50 {
			t.Fatal(len(p.Items), err)
		}
		var ids []string
		for _, o := range p.Items {
			ids = append(ids, o.ConnectionID)
		}
		refs, err := e.ConnectionRefs(ctx, e.Northwind, ids)
		if err != nil || len(refs) != 50 {
			t.Fatal(len(refs), err)
		}
	})
	if orders != 2 {
		t.Errorf("a page of orders costs %d statements, want 2", orders)
	}
}

func TestReferencesStayInTheAccount(t *testing.T) {
	e := storetest.New(t)
	o := e.Order(t, e.Owner)
	refs, err := e.ConnectionRefs(ctx, e.Southwind, []string{o.ConnectionID, "pc-nothing", "' OR 1=1 --"})
	if err != nil || len(refs) != 0 {
		t.Errorf("another account reads %v, %v", refs, err)
	}
}

func TestDueUntil(t *testing.T) {
	e := storetest.New(t)
	e.At(t, lifecycle.PendingPayment) // expires in seven days
	e.At(t, lifecycle.InApplication)  // review in two working days
	e.At(t, lifecycle.ToApplyForLOA)  // no deadline
	e.At(t, lifecycle.Canceled)
	for _, tc := range []struct {
		ahead time.Duration
		want  int
	}{{0, 0}, {6 * 24 * time.Hour, 1}, {8 * 24 * time.Hour, 2}} {
		if got, err := e.DueUntil(ctx, e.Northwind, e.Now().Add(tc.ahead)); err != nil || got != tc.want {
			t.Errorf("due in %s: %d, %v; want %d", tc.ahead, got, err, tc.want)
		}
	}
	if got, err := e.DueUntil(ctx, e.Southwind, e.Now().AddDate(1, 0, 0)); err != nil || got != 0 {
		t.Errorf("another account: %d, %v", got, err)
	}
}

// What the list pages ask is answered from an index, and in order.
func TestListPlans(t *testing.T) {
	e := storetest.New(t)
	first := e.At(t, lifecycle.ToApplyForLOA)
	second := e.At(t, lifecycle.PendingPayment, redundantWith(first.ID))
	items := []store.Connection{first, second}
	counter := store.CountReads(e.Store) // forgets what was prepared so far
	counter.Count(func() {
		if _, err := e.Partners(ctx, items); err != nil {
			t.Fatal(err)
		}
		if _, err := e.UnpaidOrders(ctx, items); err != nil {
			t.Fatal(err)
		}
		if _, err := e.ConnectionRefs(ctx, e.Northwind, []string{first.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.DueUntil(ctx, e.Northwind, e.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Orders(ctx, e.Northwind, "2026-11-20T07:12:00.000Z~x", 20); err != nil {
			t.Fatal(err)
		}
	})
	queries := store.Prepared(e.Store)
	if len(queries) < 6 {
		t.Fatalf("only %d statements were prepared: %q", len(queries), queries)
	}
	for _, q := range queries {
		plan, err := store.QueryPlan(e.Store, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range plan {
			if strings.HasPrefix(line, "SCAN connections") || strings.HasPrefix(line, "SCAN orders") || strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("%s\n  %s", q, strings.Join(plan, "\n  "))
			}
		}
	}
}
