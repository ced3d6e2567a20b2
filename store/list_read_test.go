package store_test

import (
	compare "cmp"
	"fmt"
	"slices"
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
			p, err := e.ConnectionRows(ctx, e.Owner, store.ConnectionFilter{Limit: limit}, "")
			if err != nil || len(p.Items) != min(limit, 62) {
				t.Fatalf("page of %d: %d rows, %v", limit, len(p.Items), err)
			}
			if p.Items[0].Partner != first.ID && p.Items[1].Partner != first.ID {
				t.Fatalf("page of %d: the pair is not known", limit)
			}
			for _, c := range p.Items {
				if (c.Stage == lifecycle.PendingPayment) != (c.OrderNo != "") {
					t.Fatalf("page of %d: %s in %s has the order %q", limit, c.ID, c.Stage, c.OrderNo)
				}
			}
		})
	}
	page(10) // the counts of the account stay in memory
	small, large := page(10), page(100)
	if small != large {
		t.Errorf("10 rows cost %d statements, 62 rows %d", small, large)
	}
	if large > 1 {
		t.Errorf("a page costs %d statements, want one", large)
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

// A row says of an interface what the interface itself and its partner say.
func TestRowsSayWhatTheInterfacesSay(t *testing.T) {
	e := storetest.New(t)
	first := e.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) { in.Name = "hz.primary-1" })
	e.At(t, lifecycle.ToApplyForLOA, redundantWith(first.ID), func(in *store.NewConnection) { in.Name = "backup" })
	third := e.At(t, lifecycle.ToApplyForLOA)
	e.At(t, lifecycle.Canceled, redundantWith(third.ID))
	for _, stage := range lifecycle.Stages() {
		e.At(t, stage)
		e.Clock.Advance(time.Minute)
	}
	whole, err := e.Connections(ctx, e.Owner, store.ConnectionFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := e.ConnectionRows(ctx, e.Owner, store.ConnectionFilter{Limit: 100}, "")
	if err != nil {
		t.Fatal(err)
	}
	partners, err := e.Partners(ctx, whole.Items)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(whole.Paging, rows.Paging); d != "" || len(rows.Items) != len(whole.Items) {
		t.Fatalf("%d interfaces, %d rows: %s", len(whole.Items), len(rows.Items), d)
	}
	fees, err := e.ConnectionRows(ctx, e.Owner, store.ConnectionFilter{Limit: 100}, store.ColumnFee)
	if err != nil {
		t.Fatal(err)
	}
	pairs, unpaid := 0, 0
	for n, c := range whole.Items {
		r := rows.Items[n]
		want := store.ConnectionRow{Connection: store.Connection{ID: c.ID, Name: c.Name, Region: c.Region, AccessPointID: c.AccessPointID, SP: c.SP, PortType: c.PortType, RedundantID: c.RedundantID,
			Stage: c.Stage, StageSince: c.StageSince, DueAt: c.DueAt, Problem: c.Problem, LineCode: c.LineCode, LOANo: c.LOANo, PaidThrough: c.PaidThrough, CreatedAt: c.CreatedAt,
			AutoRenew: c.AutoRenew, RenewAt: c.RenewAt, RenewFailedAt: c.RenewFailedAt}}
		if p, ok := partners[c.ID]; ok {
			pairs++
			want.Partner = p.ID
			if p.Title != p.ID {
				want.PartnerName = p.Title
			}
		}
		if c.Stage == lifecycle.PendingPayment {
			unpaid++
			orders, err := e.OrdersOf(ctx, c.ID)
			if err != nil {
				t.Fatal(err)
			}
			want.OrderNo = orders[0].No
		}
		if d := cmp.Diff(want, r); d != "" {
			t.Errorf("%s: -want +got:\n%s", c.ID, d)
		}
		want.Monthly = c.Monthly
		if d := cmp.Diff(want, fees.Items[n]); d != "" || c.Monthly.IsZero() {
			t.Errorf("%s with its fee: -want +got:\n%s", c.ID, d)
		}
	}
	if pairs != 3 || unpaid != 1 {
		t.Errorf("%d of a pair, %d unpaid: not what was to be compared", pairs, unpaid)
	}
}

// Every order of the list is the same list whether its pages have numbers or
// follow one after the other, whatever narrows it.
func TestOrdersOfTheList(t *testing.T) {
	e := storetest.New(t)
	stages := lifecycle.Stages()
	for i := range 3 * len(stages) {
		stage := stages[i*7%len(stages)]
		e.At(t, stage, func(in *store.NewConnection) {
			if in.Name = fmt.Sprintf("line-%02d", i*11%len(stages)); i%4 == 0 {
				in.Region, in.SP, in.AccessPoint = "ap-southeast-1", catalog.EquinixSP, e.APID(t, "Singapore-A")
			}
		})
		if i%5 > 0 { // some were made in the same moment
			e.Clock.Advance(19 * time.Minute)
		}
	}
	for _, c := range all(t, e, e.Owner, store.ConnectionFilter{}) {
		if (c.DueAt.IsZero()) != (c.Stage != lifecycle.PendingPayment && c.Stage.Turn() != lifecycle.TurnStaff) {
			t.Fatalf("%s in %s is due %s: the index of deadlines is no longer small", c.ID, c.Stage, c.DueAt)
		}
	}
	rank := map[lifecycle.Stage]int{}
	for n, stage := range stages {
		rank[stage] = n
	}
	rank[lifecycle.WaitingForPayment] = rank[lifecycle.WaitingForCabling] // one status
	newest := func(a, b store.Connection) int {
		return compare.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(a.ID, b.ID))
	}
	orders := map[store.Sort]func(a, b store.Connection) int{
		store.SortNewest: newest,
		store.SortName: func(a, b store.Connection) int {
			return compare.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
		},
		store.SortStatus: func(a, b store.Connection) int { return compare.Or(rank[a.Stage]-rank[b.Stage], newest(a, b)) },
		store.SortDue: func(a, b store.Connection) int {
			switch {
			case a.DueAt.IsZero() && b.DueAt.IsZero():
				return newest(a, b)
			case a.DueAt.IsZero():
				return 1
			case b.DueAt.IsZero():
				return -1
			}
			return compare.Or(a.DueAt.Compare(b.DueAt), strings.Compare(a.ID, b.ID))
		},
	}
	for _, view := range []store.View{store.ViewAll, store.ViewNeedsAction, store.ViewWithOperator, store.ViewEnabled, store.ViewClosed} {
		for _, status := range []string{"", store.StatusWaiting, "enabled"} {
			for _, region := range []string{"", "ap-southeast-1"} {
				f := store.ConnectionFilter{View: view, Status: status, Region: region, Limit: 10}
				want := all(t, e, e.Owner, f)
				for sort, order := range orders {
					f.Sort = sort
					if !f.Sortable(sort) {
						order = newest
					}
					slices.SortFunc(want, order)
					var numbered []store.Connection
					for f.Page = 1; ; f.Page++ {
						page, err := e.Connections(ctx, e.Owner, f)
						if err != nil || page.Total != len(want) {
							t.Fatalf("%+v: %d of %d, %v", f, page.Total, len(want), err)
						}
						if numbered = append(numbered, page.Items...); page.Next == "" {
							break
						}
					}
					if d := cmp.Diff(named(want), named(numbered)); d != "" {
						t.Errorf("%+v by number: -want +got:\n%s", f, d)
					}
					f.Page = 0
					if d := cmp.Diff(named(want), named(all(t, e, e.Owner, f))); d != "" {
						t.Errorf("%+v by cursor: -want +got:\n%s", f, d)
					}
				}
			}
		}
	}
	for sort, cursors := range map[store.Sort][]string{
		store.SortStatus: {"nonsense", "x~pc-1", "~", " ~pc-1", "2026-11-20T07:12:00.000Z~pc-1"}, store.SortDue: {"nonsense"}, store.SortName: {"nonsense"}, store.SortNewest: {"nonsense"},
	} {
		for _, after := range cursors {
			if _, err := e.Connections(ctx, e.Owner, store.ConnectionFilter{Sort: sort, After: after}); store.KindOf(err) != store.Invalid {
				t.Errorf("sorted by %q after %q: %v", sort, after, err)
			}
		}
		if others, err := e.Connections(ctx, e.OtherOwner, store.ConnectionFilter{Sort: sort}); err != nil || len(others.Items) != 0 {
			t.Errorf("another account sees %d interfaces, %v", len(others.Items), err)
		}
	}
}

// all is a list from its first page to its last, page after page.
func all(t *testing.T, e *storetest.Env, by store.Actor, f store.ConnectionFilter) []store.Connection {
	t.Helper()
	var out []store.Connection
	f.Limit = 10
	for {
		page, err := e.Connections(ctx, by, f)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		out = append(out, page.Items...)
		if f.After = page.Next; f.After == "" {
			return out
		}
	}
}

func named(items []store.Connection) []string {
	var out []string
	for _, c := range items {
		out = append(out, c.ID+" "+c.Name+" "+string(c.Stage)+" "+c.DueAt.String())
	}
	return out
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
		if _, err := e.ConnectionRows(ctx, e.Owner, store.ConnectionFilter{}, ""); err != nil {
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

// What waits for a customer is split between what the reader does next and what
// colleagues do; the views of a role together are all of the account, once.
func TestViewsOfARole(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	stages := map[string]lifecycle.Stage{}
	for _, s := range lifecycle.Stages() {
		c := e.At(t, s)
		stages[c.ID] = s
	}
	for _, role := range lifecycle.CustomerRoles() {
		by := e.As(role)
		counts, err := e.StageCounts(ctx, by.AccountID)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]store.View{}
		for _, view := range []store.View{store.ViewNeedsAction, store.ViewOfColleagues, store.ViewWithOperator, store.ViewEnabled, store.ViewClosed} {
			for _, sort := range []store.Sort{store.SortNewest, store.SortName, store.SortStatus, store.SortDue} {
				page, err := e.ConnectionRows(ctx, by, store.ConnectionFilter{View: view, Sort: sort, Limit: 20}, "")
				if err != nil {
					t.Fatal(err)
				}
				if n := counts.For(role, view); page.Total != n || len(page.Items) != n {
					t.Errorf("%s, %s by %q: %d of %d, counted %d", role, view, sort, len(page.Items), page.Total, n)
				}
				for _, c := range page.Items {
					if stages[c.ID].Awaits(role) != (view == store.ViewNeedsAction) {
						t.Errorf("%s: %s is in %s", role, stages[c.ID], view)
					}
					if in, twice := seen[c.ID]; twice && in != view {
						t.Errorf("%s: %s is in %s and in %s", role, stages[c.ID], in, view)
					}
					seen[c.ID] = view
				}
			}
			if view.Offered(role) != (counts.For(role, view) > 0) {
				t.Errorf("%s is offered %s: %t", role, view, view.Offered(role))
			}
		}
		if len(seen) != len(stages) {
			t.Errorf("%s sees %d of %d", role, len(seen), len(stages))
		}
	}
	if n := (store.StageCounts{lifecycle.PendingPayment: 2, lifecycle.ToApplyForLOA: 1}); n.Of(store.ViewNeedsAction) != 3 || n.Of(store.ViewOfColleagues) != 0 {
		t.Error("staff see one customer, not its people")
	}
}
