package demo_test

import (
	"context"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/demo"
	"demarc/store/letter"
	"demarc/store/lifecycle"
)

// load fills a store as of now and reopens it with a clock that stands there.
func load(t *testing.T, now time.Time) *store.Store {
	t.Helper()
	dir := t.TempDir()
	ctx := context.Background()
	clock := &demo.Clock{}
	s, err := store.Open(ctx, store.Options{Dir: dir, Now: clock.Now, Operator: "Example Cloud", Issuer: letter.Issuer{LegalName: "Example Cloud", Address: "1 Example Way", NOC: "+65 6000 0000", Service: "Express Connect"}})
	if err != nil {
		t.Fatal(err)
	}
	render := func(s letter.Snapshot) ([]byte, error) { return []byte(s.Title()), s.Validate() }
	if loaded, err := demo.Load(ctx, s, clock, now, render); err != nil || !loaded {
		t.Fatalf("loaded %v: %v", loaded, err)
	}
	if loaded, err := demo.Load(ctx, s, clock, now, render); err != nil || loaded {
		t.Fatalf("a second load: %v, %v", loaded, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestDemoHasEveryStageByRealTransitions(t *testing.T) {
	ctx := context.Background()
	s := load(t, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	owner, err := s.UserByEmail(ctx, "owner@northwind.example")
	if err != nil {
		t.Fatal(err)
	}
	counts, err := s.StageCounts(ctx, owner.AccountID)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, st := range lifecycle.Stages() {
		total += counts[st]
		if counts[st] == 0 {
			t.Errorf("no interface is %s", st)
		}
	}
	if total < 20 {
		t.Errorf("%d interfaces, want some twenty", total)
	}
	a, err := s.Account(ctx, store.Actor{Role: lifecycle.Finance}, owner.AccountID)
	if err != nil || a.Balance.String() != "$20,000.00" {
		t.Errorf("balance %s, %v", a.Balance, err)
	}
	other, _ := s.UserByEmail(ctx, "owner@southwind.example")
	if n, _ := s.StageCounts(ctx, other.AccountID); len(n) != 0 {
		t.Errorf("Southwind has interfaces: %v", n)
	}
	ledger, err := s.CheckLedger(ctx)
	if err != nil || len(ledger) > 0 {
		t.Errorf("ledger: %v, %v", ledger, err)
	}
	if stages, err := s.CheckStages(ctx); err != nil || len(stages) > 0 {
		t.Errorf("stages: %v, %v", stages, err)
	}
}

// TestDemoLoadsOnAnyDay: weekends, holidays, the end of a year and a leap day
// must not stop somebody from looking at the product.
func TestDemoLoadsOnAnyDay(t *testing.T) {
	for _, day := range []string{"2026-11-23T00:05:00Z", "2026-11-28T23:55:00Z", "2026-12-31T12:00:00Z", "2027-02-10T06:00:00Z", "2028-02-29T18:00:00Z"} {
		now, err := time.Parse(time.RFC3339, day)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(day[:10], func(t *testing.T) { load(t, now) })
	}
}
