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

// walk reads a list page by page and returns the IDs in order.
func walk[T any](t *testing.T, read func(after string) ([]T, string, error), id func(T) string) []string {
	t.Helper()
	var out []string
	after := ""
	for range 100 {
		items, next, err := read(after)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			out = append(out, id(it))
		}
		if next == "" {
			return out
		}
		after = next
	}
	t.Fatal("the list does not end")
	return nil
}

func TestAccountPage(t *testing.T) {
	e := storetest.New(t)
	var all []string
	for i := range 7 {
		e.Clock.Advance(time.Second)
		id, err := e.CreateAccount(ctx, e.Admin, fmt.Sprintf("Fabrikam %d", i), "")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	// Two of one name, one of another case, one that is not ASCII.
	for _, name := range []string{"FABRIKAM 3", "fabrikam 3", "École Fabrikam", "北风贸易"} {
		if _, err := e.CreateAccount(ctx, e.Admin, name, ""); err != nil {
			t.Fatal(err)
		}
	}
	names := func(query string, limit int) []string {
		return walk(t, func(after string) ([]store.Account, string, error) { return e.AccountPage(ctx, query, after, limit) }, func(a store.Account) string { return a.Name })
	}
	if got := names("", 3); len(got) != 13 {
		t.Errorf("all: %q", got)
	}
	for _, limit := range []int{1, 2, 4, 50} {
		got := names("fabriKAM", limit)
		if len(got) != 9 || got[0] != "Fabrikam 0" || got[8] != "Fabrikam 6" {
			t.Errorf("by name, %d a page: %q", limit, got)
		}
	}
	if got := names("École", 5); len(got) != 1 {
		t.Errorf("École: %q", got)
	}
	if got := names("北风", 5); len(got) != 1 {
		t.Errorf("北风: %q", got)
	}
	if got := names("%", 5); len(got) != 0 {
		t.Errorf("a wildcard: %q", got)
	}
	if got := names(strings.ToUpper(all[2]), 5); len(got) != 1 || got[0] != "Fabrikam 2" {
		t.Errorf("by ID: %q", got)
	}
	if _, _, err := e.AccountPage(ctx, "fabrikam", "nonsense", 5); store.KindOf(err) != store.Invalid {
		t.Errorf("a broken cursor: %v", err)
	}
}

func TestStatementPage(t *testing.T) {
	e := storetest.New(t)
	for i := range 6 {
		if i%2 == 0 { // two movements at the same moment
			e.Clock.Advance(time.Hour)
		}
		if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, fmt.Sprintf("%d00.00", i+1), fmt.Sprintf("NW-%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	type line struct{ Reference, Amount, Balance string }
	var whole []line
	for _, limit := range []int{50, 1, 2, 4} {
		var got []line
		walk(t, func(after string) ([]store.LedgerLine, string, error) {
			return e.StatementPage(ctx, e.Finance, e.Southwind, after, limit)
		}, func(l store.LedgerLine) string {
			got = append(got, line{l.Reference, l.Amount.String(), l.Balance.String()})
			return l.ID
		})
		if limit == 50 {
			whole = got
			if len(got) != 6 || got[0].Balance != "$2,100.00" || got[5].Balance != got[5].Amount {
				t.Errorf("statement: %+v", got)
			}
		} else if d := cmp.Diff(whole, got); d != "" {
			t.Errorf("%d a page differs:\n%s", limit, d)
		}
	}
	// What was spent is a movement too, and the balances agree.
	e.At(t, lifecycle.Enabled)
	lines, _, err := e.StatementPage(ctx, e.Finance, e.Northwind, "", 50)
	if err != nil || len(lines) != 3 || lines[2].Balance.String() != "$1,000,000.00" || lines[0].OrderNo == "" {
		t.Errorf("Northwind: %+v %v", lines, err)
	}
	a, _ := e.Account(ctx, e.Finance, e.Northwind)
	if lines[0].Balance != a.Balance {
		t.Errorf("the newest line ends at %s, the account has %s", lines[0].Balance, a.Balance)
	}
	if _, _, err := e.StatementPage(ctx, e.OtherOwner, e.Northwind, "", 50); store.KindOf(err) != store.NotFound {
		t.Errorf("another account: %v", err)
	}
	for _, cursor := range []string{"x~y", "lt-1 ", "2026-11-20T07:12:00.000Z~lt-000000000007"} {
		if _, _, err := e.StatementPage(ctx, e.Finance, e.Northwind, cursor, 50); store.KindOf(err) != store.Invalid {
			t.Errorf("a broken cursor %q: %v", cursor, err)
		}
	}
}

func TestWhitelistPage(t *testing.T) {
	e := storetest.New(t)
	var want []string
	for i, region := range []string{"cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-shenzhen", ""} {
		if i%2 == 1 {
			e.Clock.Advance(time.Minute)
		}
		if err := e.RequestWhitelist(ctx, e.Owner, store.NewWhitelistRequest{Region: region, Spec: catalog.Spec40G, Reason: "A backbone between two data centers", Ports: 2}); err != nil {
			t.Fatal(err)
		}
	}
	queue, err := e.WhitelistQueue(ctx, "requested", 10)
	if err != nil || len(queue) != 5 {
		t.Fatal(len(queue), err)
	}
	for _, w := range queue {
		want = append(want, w.ID)
	}
	id := func(w store.WhitelistRequest) string { return w.ID }
	for _, limit := range []int{1, 2, 3, 10} {
		got := walk(t, func(after string) ([]store.WhitelistRequest, string, error) {
			return e.WhitelistPage(ctx, "requested", after, limit)
		}, id)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d a page:\n%s", limit, d)
		}
	}
	if got, _, err := e.WhitelistPage(ctx, "granted", "", 10); err != nil || len(got) != 0 {
		t.Errorf("granted: %v %v", got, err)
	}
	if _, _, err := e.WhitelistPage(ctx, "requested", "yesterday~wl-1", 10); store.KindOf(err) != store.Invalid {
		t.Errorf("a broken cursor: %v", err)
	}
	w, err := e.WhitelistRequest(ctx, want[0])
	if err != nil || w.ID != want[0] || w.AccountID != e.Northwind {
		t.Errorf("one request: %+v %v", w, err)
	}
	if _, err := e.WhitelistRequest(ctx, "wl-none"); store.KindOf(err) != store.NotFound {
		t.Errorf("no such request: %v", err)
	}
}

func TestStageCountsOf(t *testing.T) {
	e := storetest.New(t)
	e.At(t, lifecycle.Enabled)
	e.At(t, lifecycle.PendingPayment)
	e.At(t, lifecycle.PendingPayment)
	got, err := e.StageCountsOf(ctx, []string{e.Northwind, e.Southwind})
	if err != nil {
		t.Fatal(err)
	}
	one, err := e.StageCounts(ctx, e.Northwind)
	if err != nil || got[e.Northwind].Of(store.ViewAll) != 3 || got[e.Northwind][lifecycle.PendingPayment] != 2 || one.Of(store.ViewEnabled) != 1 {
		t.Errorf("counts: %v, alone %v, %v", got, one, err)
	}
	if n := got[e.Southwind].Of(store.ViewAll); n != 0 {
		t.Errorf("Southwind has %d", n)
	}
	if none, err := e.StageCountsOf(ctx, nil); err != nil || len(none) != 0 {
		t.Errorf("of nothing: %v %v", none, err)
	}
}

// Staff find an interface of any account by its name or its line code.
func TestStaffSearchAllAccounts(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.WaitingForCabling, func(in *store.NewConnection) { in.Name = "hz-primary" })
	for _, f := range []store.ConnectionFilter{
		{Query: "HZ-pri"}, {Query: "hz-pri", By: "name"}, {Query: c.LineCode}, {Query: c.LineCode, By: "line"}, {Query: c.ID}, {Query: c.ID[:6], By: "id"},
		{View: store.ViewWithOperator}, {Status: store.StatusWaiting}, {AccountID: e.Northwind, Query: "primary"},
	} {
		p, err := e.Connections(ctx, e.Technician, f)
		if err != nil || len(p.Items) != 1 || p.Items[0].ID != c.ID {
			t.Errorf("%+v: %d rows, %v", f, len(p.Items), err)
		}
	}
	for _, f := range []store.ConnectionFilter{{Query: "primary"}, {Query: "hz-pri", AccountID: e.Southwind}, {View: store.ViewClosed}} {
		if p, err := e.Connections(ctx, e.Technician, f); err != nil || len(p.Items) != 0 {
			t.Errorf("%+v: %d rows, %v", f, len(p.Items), err)
		}
	}
}

// What staff pages ask is answered from an index, and in order.
func TestStaffPlans(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.WaitingForCabling)
	counter := store.CountReads(e.Store) // forgets what was prepared so far
	counter.Count(func() {
		when := "2026-11-20T07:12:00.000Z"
		for _, f := range []store.ConnectionFilter{
			{}, {View: store.ViewWithOperator}, {View: store.ViewClosed, After: when + "~x"}, {Status: store.StatusWaiting}, {View: store.ViewWithOperator, Status: store.StatusWaiting},
			{Query: "hz"}, {Query: "hz", By: "name", After: "hz~x"}, {Query: "HZ", By: "line"}, {Query: c.ID}, {AccountID: e.Northwind, View: store.ViewEnabled},
		} {
			if _, err := e.Connections(ctx, e.Admin, f); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range []string{"", "acc-", "north"} {
			if _, _, err := e.AccountPage(ctx, q, "", 20); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.StageCountsOf(ctx, []string{e.Northwind}); err != nil {
			t.Fatal(err)
		}
		for _, after := range []string{"", when + "~x"} {
			if _, _, err := e.WhitelistPage(ctx, "granted", after, 20); err != nil {
				t.Fatal(err)
			}
		}
		for _, after := range []string{"", "lt-000000000007"} {
			if _, _, err := e.StatementPage(ctx, e.Admin, e.Northwind, after, 20); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.Whitelist(ctx, e.Northwind); err != nil {
			t.Fatal(err)
		}
	})
	queries := store.Prepared(e.Store)
	if len(queries) < 20 {
		t.Fatalf("only %d statements were prepared", len(queries))
	}
	for _, q := range queries {
		plan, err := store.QueryPlan(e.Store, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range plan {
			// Newest first over all accounts runs along its index, page by page.
			along := strings.Contains(line, "USING INDEX") && strings.Contains(q, "LIMIT")
			if strings.HasPrefix(line, "SCAN") && !along && !strings.Contains(line, "CONSTANT ROW") && !strings.Contains(line, "VALUES CLAUSE") && !strings.HasPrefix(line, "SCAN c") || strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("%s\n  %s", q, strings.Join(plan, "\n  "))
			}
		}
	}
}
