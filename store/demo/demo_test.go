package demo_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/demo"
	"demarc/store/fees"
	"demarc/store/letter"
	"demarc/store/letter/signing"
	"demarc/store/lifecycle"
)

var issuer = letter.Issuer{LegalName: "Example Cloud", Address: "1 Example Way", NOC: "+65 6000 0000", Service: "Express Connect"}

// render stands for the printing of letters; the program's own is tested where
// the program is.
func render(s letter.Snapshot, keys signing.Keys) ([]byte, error) {
	return []byte(s.Title()), errors.Join(s.Validate(), keys.Check(s.IssuedAt))
}

// open makes a demo as of now in dir.
func open(t *testing.T, dir string, now time.Time, wanted bool) (*store.Store, error) {
	t.Helper()
	s, err := demo.Open(context.Background(), store.Options{Dir: dir, Now: func() time.Time { return now }, Operator: "Example Cloud", Issuer: issuer}, wanted, render)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func load(t *testing.T, now time.Time) *store.Store {
	t.Helper()
	s, err := open(t, t.TempDir(), now, true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDemoAndRealDataStayApart(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	s, err := open(t, dir, now, true)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := s.StageCounts(ctx, "")
	s.Close()
	if _, err := open(t, dir, now, false); !errors.Is(err, demo.ErrDemo) {
		t.Errorf("a demo opened as real data: %v", err)
	}
	s, err = open(t, dir, now.AddDate(0, 0, 1), true)
	if err != nil {
		t.Fatal(err)
	}
	if after, _ := s.StageCounts(ctx, ""); !maps.Equal(before, after) {
		t.Errorf("a second start changed the demo: %v, %v", before, after)
	}

	// Killed while loading: the next start begins again.
	if err := s.SetSetting(ctx, "demo", "loading"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s, err = open(t, dir, now, true); err != nil {
		t.Fatal(err)
	}
	if after, _ := s.StageCounts(ctx, ""); !maps.Equal(before, after) {
		t.Errorf("half a demo was not replaced: %v, %v", before, after)
	}

	real := t.TempDir()
	if s, err = open(t, real, now, false); err != nil {
		t.Fatal(err)
	}
	if people, err := s.Staff(ctx); err != nil || len(people) != 0 {
		t.Errorf("an installation without the demo has people: %v, %v", people, err)
	}
	if _, err := s.CreateUser(ctx, store.NewUser{Email: "a@b.example", Name: "Ann Bee", Role: lifecycle.Administrator}, ""); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := open(t, real, now, true); !errors.Is(err, demo.ErrReal) {
		t.Errorf("demo people were added to real data: %v", err)
	}
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
	// Resource fees in every standing, and one that renewed by itself.
	due, _, err := s.FeesDue(ctx, owner.AccountID, s.Now().AddDate(1, 0, 0), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	standings, renewed := map[fees.Standing]int{}, 0
	for _, c := range due {
		standings[s.Standing(&c)]++
		orders, err := s.OrdersOf(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			if o.Kind == store.KindRenewal && o.State == store.OrderPaid && o.CreatedBy == "system" && c.AutoRenew > 0 {
				renewed++
			}
		}
	}
	for _, want := range []fees.Standing{fees.Paid, fees.DueSoon, fees.Overdue, fees.Locked, fees.Freeable} {
		if standings[want] == 0 {
			t.Errorf("no interface whose fee stands at %d: %v", want, standings)
		}
	}
	if renewed == 0 {
		t.Error("nothing renewed by itself")
	}
	// Invoices that are paid, paid in part from the balance, and open.
	invoices, err := s.InvoicesOf(ctx, owner.AccountID, 10)
	if err != nil || len(invoices) != 3 {
		t.Fatalf("invoices %+v, %v", invoices, err)
	}
	if i := invoices; !i[0].Received.IsZero() || i[0].Overdue(s.Now()) || i[1].Received.String() != "$1,000.00" || !i[1].Overdue(s.Now()) || i[2].PaidAt.IsZero() {
		t.Errorf("invoices %+v", i)
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

// TestDemoLoadsAtAnyTime: weekends, holidays, the end of a month or a year, a
// leap day and a night in which clocks change must not stop somebody from looking
// at the product, or show them less of it. Starts some hours and 61 days apart come
// through the hours, the days of the week and the lengths of months.
func TestDemoLoadsAtAnyTime(t *testing.T) {
	moments := []string{"2026-11-28T23:59:59Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "2027-03-01T00:00:30Z", "2027-03-14T10:00:00Z", "2027-10-31T01:00:00Z", "2028-02-29T18:00:00Z"}
	for i := range 6 {
		moments = append(moments, time.Date(2026, 11, 30+61*i, 1+4*i, 11*i, 0, 0, time.UTC).Format(time.RFC3339))
	}
	ctx := context.Background()
	for _, moment := range moments {
		now, err := time.Parse(time.RFC3339, moment)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(moment, func(t *testing.T) {
			s := load(t, now)
			// What the program does at its start.
			if _, err := s.RunDue(ctx); err != nil {
				t.Fatal(err)
			}
			owner, err := s.UserByEmail(ctx, "owner@northwind.example")
			if err != nil {
				t.Fatal(err)
			}
			counts, err := s.StageCounts(ctx, owner.AccountID)
			if err != nil {
				t.Fatal(err)
			}
			for _, st := range lifecycle.Stages() {
				if counts[st] == 0 {
					t.Errorf("no interface is %s", st)
				}
			}
			a, err := s.Account(ctx, store.Actor{Role: lifecycle.Finance}, owner.AccountID)
			if err != nil || a.Balance.String() != "$20,000.00" {
				t.Errorf("balance %s, %v", a.Balance, err)
			}
			due, _, err := s.FeesDue(ctx, owner.AccountID, now.AddDate(1, 0, 0), "", 100)
			if err != nil {
				t.Fatal(err)
			}
			standings := map[fees.Standing]int{}
			for _, c := range due {
				standings[s.Standing(&c)]++
			}
			for _, want := range []fees.Standing{fees.Paid, fees.DueSoon, fees.Overdue, fees.Locked, fees.Freeable} {
				if standings[want] == 0 {
					t.Errorf("no interface whose fee stands at %d: %v", want, standings)
				}
			}
			// The newest is open, the one before it was paid in part, the oldest is paid.
			all, err := s.InvoicesOf(ctx, owner.AccountID, 10)
			if err != nil || len(all) < 3 {
				t.Fatalf("invoices %+v, %v", all, err)
			}
			if last := all[len(all)-1]; !all[0].Received.IsZero() || all[1].Received.String() != "$1,000.00" || all[1].Open().Minor <= 0 || last.PaidAt.IsZero() {
				t.Errorf("invoices %+v", all)
			}
			if wrong, err := s.CheckLedger(ctx); err != nil || len(wrong) > 0 {
				t.Errorf("ledger: %v, %v", wrong, err)
			}
			if wrong, err := s.CheckStages(ctx); err != nil || len(wrong) > 0 {
				t.Errorf("stages: %v, %v", wrong, err)
			}
		})
	}
}
