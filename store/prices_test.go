package store_test

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/pricing"
	"demarc/store/storetest"
)

// newPrices are those in force with some fields typed anew.
func newPrices(t *testing.T, e *storetest.Env, from string, typed map[string]string) store.NewPrices {
	t.Helper()
	now, err := e.PricesNow()
	if err != nil {
		t.Fatal(err)
	}
	in := store.TypedPrices(now)
	in.From = from
	maps.Copy(in.Prices, typed)
	return in
}

var tenG = pricing.Field(pricing.Monthly, pricing.Mainland, "10G")

func TestPricesAreScheduledAndOrdersKeepTheirs(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	ctx := context.Background()
	before := e.Order(t, e.Owner)
	in := newPrices(t, e, "2026-12-01", map[string]string{tenG: "800.00", pricing.Field(pricing.Installation, pricing.Mainland, "10G"): "1,600"})
	next, old, err := e.PreviewPrices(in)
	if err != nil || old.Version != "2019-01" || !next.From.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("preview: %+v after %s, %v", next, old.Version, err)
	}
	if n := len(e.PriceBooks()); n != 1 {
		t.Errorf("a preview was kept: %d lists", n)
	}
	in.Against = old.Version
	version, err := e.SchedulePrices(ctx, e.Finance, in)
	if err != nil || version != "2026-12-01" {
		t.Fatalf("%q, %v", version, err)
	}
	quote := func() string {
		t.Helper()
		q, err := e.Quote("cn-hangzhou", "10G")
		if err != nil {
			t.Fatal(err)
		}
		return q.Version + " " + q.Installation.String() + " " + q.Monthly.String()
	}
	if got := quote(); got != "2019-01 $1,500.00 $720.00" {
		t.Errorf("before its day: %s", got)
	}
	e.Reopen(t)
	e.Clock.Set(time.Date(2026, 11, 30, 23, 59, 59, 999e6, time.UTC))
	last := e.Order(t, e.Owner)
	e.Clock.Advance(time.Millisecond)
	if got := quote(); got != "2026-12-01 $1,600.00 $800.00" {
		t.Errorf("from its day on: %s", got)
	}
	after := e.Order(t, e.Owner)
	for name, o := range map[string]store.Order{"ordered long before": before, "ordered just before": last, "ordered after": after} {
		c := e.Get(t, o.ConnectionID)
		want := "2019-01 $1,500.00 $720.00"
		if name == "ordered after" {
			want = "2026-12-01 $1,600.00 $800.00"
		}
		if got := o.PriceVersion + " " + o.Amount.String() + " " + c.Monthly.String(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if !o.ExpiresAt.Equal(o.CreatedAt.AddDate(0, 0, pricing.QuoteDays)) {
			t.Errorf("%s: the quote holds from %s to %s", name, o.CreatedAt, o.ExpiresAt)
		}
	}
	// What was offered while prices changed is not charged at another price.
	choice := e.Choice(t)
	choice.PriceVersion = "2019-01"
	if _, err := e.PlaceOrder(ctx, e.Owner, choice); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), "$1,600.00") {
		t.Errorf("an order by yesterday's prices: %v", err)
	}
	choice.PriceVersion = "2026-12-01"
	if _, err := e.PlaceOrder(ctx, e.Owner, choice); err != nil {
		t.Errorf("an order by today's prices: %v", err)
	}
	if err := e.DeletePrices(ctx, e.Finance, version); store.KindOf(err) != store.Conflict {
		t.Errorf("prices in force were deleted: %v", err)
	}
	e.Sound(t)
}

func TestScheduledPricesCanBeDeletedOthersNever(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	ctx := context.Background()
	for _, day := range []string{"2027-01-01", "2027-07-01"} {
		if _, err := e.SchedulePrices(ctx, e.Admin, newPrices(t, e, day, map[string]string{tenG: "7" + day[5:7] + ".00"})); err != nil {
			t.Fatal(err)
		}
	}
	in := newPrices(t, e, "2027-03-01", map[string]string{tenG: "999"})
	in.Against = "2019-01" // what the preview compared with before the first of the two came
	if _, err := e.SchedulePrices(ctx, e.Finance, in); store.KindOf(err) != store.Conflict {
		t.Errorf("against a list that is no longer the one before: %v", err)
	}
	for _, by := range []store.Actor{e.Owner, e.Reviewer, e.Technician, e.Auditor} {
		if _, err := e.SchedulePrices(ctx, by, newPrices(t, e, "2027-09-01", map[string]string{tenG: "1"})); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s scheduled prices: %v", by.Role, err)
		}
		if err := e.DeletePrices(ctx, by, "2027-01-01"); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s deleted prices: %v", by.Role, err)
		}
	}
	if err := e.DeletePrices(ctx, e.Finance, "2027-01-01"); err != nil {
		t.Error(err)
	}
	if err := e.DeletePrices(ctx, e.Finance, "2027-01-01"); store.KindOf(err) != store.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
	if err := e.DeletePrices(ctx, e.Finance, "2019-01"); store.KindOf(err) != store.Conflict {
		t.Errorf("the list in force was deleted: %v", err)
	}
	var got []string
	for _, b := range e.PriceBooks() {
		got = append(got, b.Version)
	}
	if strings.Join(got, " ") != "2027-07-01 2019-01" {
		t.Errorf("left are %v", got)
	}
	// The same form twice is one list; two people for one day are one list.
	by := e.Finance
	by.Key = "one form"
	for range 2 {
		if v, err := e.SchedulePrices(ctx, by, newPrices(t, e, "2027-01-01", map[string]string{tenG: "5"})); err != nil || v != "2027-01-01" {
			t.Errorf("%q, %v", v, err)
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = e.SchedulePrices(ctx, e.Finance, newPrices(t, e, "2028-01-01", map[string]string{tenG: "6"}))
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if store.FieldsOf(err)["from"] == "" {
			t.Errorf("the others are told: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d lists for one day", won)
	}
}

func TestPricesAreJudgedFieldByField(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	for name, tt := range map[string]struct {
		from  string
		typed map[string]string
		cur   string
		field string // "" when all is well
	}{
		"tomorrow":         {"2026-11-21", map[string]string{tenG: "1"}, "USD", ""},
		"nothing is free?": {"2026-11-21", map[string]string{tenG: "0"}, "usd", ""},
		"today":            {"2026-11-20", map[string]string{tenG: "1"}, "USD", "from"},
		"the past":         {"2019-01-01", map[string]string{tenG: "1"}, "USD", "from"},
		"far ahead":        {"2031-11-22", map[string]string{tenG: "1"}, "USD", "from"},
		"no day":           {"", map[string]string{tenG: "1"}, "USD", "from"},
		"30 February":      {"2027-02-30", map[string]string{tenG: "1"}, "USD", "from"},
		"no currency":      {"2026-12-01", map[string]string{tenG: "1"}, "", "currency"},
		"made-up currency": {"2026-12-01", map[string]string{tenG: "1"}, "XXX", "currency"},
		"no price":         {"2026-12-01", map[string]string{tenG: ""}, "USD", tenG},
		"a word":           {"2026-12-01", map[string]string{tenG: "free"}, "USD", tenG},
		"below zero":       {"2026-12-01", map[string]string{tenG: "-1"}, "USD", tenG},
		"a tenth of cent":  {"2026-12-01", map[string]string{tenG: "1.001"}, "USD", tenG},
		"very much":        {"2026-12-01", map[string]string{tenG: "92,000,000,000.00"}, "USD", ""},
		"far too much":     {"2026-12-01", map[string]string{tenG: "92,233,720,368,547.76"}, "USD", tenG},
		"beyond 64 bits":   {"2026-12-01", map[string]string{tenG: "99999999999999999999"}, "USD", tenG},
		"nothing changes":  {"2026-12-01", nil, "USD", "prices"},
		"cents in yen":     {"2026-12-01", nil, "JPY", tenG},
	} {
		in := newPrices(t, e, tt.from, tt.typed)
		in.Currency = tt.cur
		_, _, err := e.PreviewPrices(in)
		if tt.field == "" && err != nil {
			t.Errorf("%s: %v %v", name, err, store.FieldsOf(err))
		}
		if tt.field != "" && store.FieldsOf(err)[tt.field] == "" {
			t.Errorf("%s: %v %v, want a word about %s", name, err, store.FieldsOf(err), tt.field)
		}
	}
}
