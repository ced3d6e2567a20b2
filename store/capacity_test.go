package store_test

import (
	"context"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

func TestDaysLeft(t *testing.T) {
	for _, c := range []struct {
		name  string
		trend store.Trend
		days  int
		told  bool
	}{
		{"one a day", store.Trend{Days: 90, TakenThen: 10, TakenNow: 100, FreeNow: 30}, 30, true},
		{"one in three days, rounded down", store.Trend{Days: 90, TakenThen: 0, TakenNow: 30, FreeNow: 7}, 21, true},
		{"less than a day", store.Trend{Days: 90, TakenThen: 0, TakenNow: 900, FreeNow: 5}, 0, true},
		{"the shortest history", store.Trend{Days: 14, TakenThen: 0, TakenNow: 2, FreeNow: 4}, 28, true},
		{"too short a history", store.Trend{Days: 13, TakenThen: 0, TakenNow: 13, FreeNow: 4}, 0, false},
		{"the first day", store.Trend{Days: 0, TakenThen: 0, TakenNow: 13, FreeNow: 4}, 0, false},
		{"flat", store.Trend{Days: 90, TakenThen: 8, TakenNow: 8, FreeNow: 1}, 0, false},
		{"falling", store.Trend{Days: 90, TakenThen: 8, TakenNow: 2, FreeNow: 20}, 0, false},
		{"none left already", store.Trend{Days: 90, TakenThen: 0, TakenNow: 24, FreeNow: 0}, 0, false},
		{"the last day told", store.Trend{Days: 90, TakenThen: 0, TakenNow: 1, FreeNow: 2}, 180, true},
		{"too far away", store.Trend{Days: 90, TakenThen: 0, TakenNow: 1, FreeNow: 3}, 270, false},
		{"nothing", store.Trend{}, 0, false},
	} {
		if days, told := c.trend.DaysLeft(); days != c.days || told != c.told {
			t.Errorf("%s: %d, %v; want %d, %v", c.name, days, told, c.days, c.told)
		}
	}
}

func TestTrendOf(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }
	now := day(0).Add(7 * time.Hour)
	if _, ok := store.TrendOf(nil, now); ok {
		t.Error("a trend of nothing")
	}
	// The entry before the period counts from the beginning of the period; what
	// was out of service is no demand.
	n, ok := store.TrendOf([]store.CapacityDay{
		{Day: day(-200), PortTally: store.PortTally{Free: 20, Allocated: 1, InUse: 2, Quarantined: 1}},
		{Day: day(-3), PortTally: store.PortTally{Free: 10, InUse: 8, OutOfService: 6}},
	}, now)
	if want := (store.Trend{From: day(-90), Days: 90, TakenThen: 4, TakenNow: 8, FreeNow: 10}); !ok || n != want {
		t.Errorf("%+v", n)
	}
	if n, _ = store.TrendOf([]store.CapacityDay{{Day: day(-5), PortTally: store.PortTally{Free: 3}}}, now); n.Days != 5 || !n.From.Equal(day(-5)) {
		t.Errorf("%+v", n)
	}
}

// TestCapacityIsKeptByTheDay walks an interface through its life over some
// weeks: each day with a change has one entry with that evening's numbers.
func TestCapacityIsKeptByTheDay(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	ap := e.APID(t, "Hangzhou-Yuhang-A")
	history := func() []store.CapacityDay {
		t.Helper()
		days, err := e.CapacityHistory(ctx, ap, catalog.Type10GBaseLR)
		if err != nil {
			t.Fatal(err)
		}
		return days
	}
	check := func(entries int, now store.PortTally) {
		t.Helper()
		days := history()
		if len(days) != entries || days[len(days)-1].PortTally != now {
			t.Fatalf("%d entries, the last %+v; want %d and %+v", len(days), days[len(days)-1], entries, now)
		}
		var sum store.PortTally
		counts, err := e.PortCounts(ctx, ap)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			if c.Type == catalog.Type10GBaseLR {
				*map[store.PortState]*int{store.PortFree: &sum.Free, store.PortAllocated: &sum.Allocated, store.PortInUse: &sum.InUse, store.PortQuarantined: &sum.Quarantined, store.PortOutOfService: &sum.OutOfService}[c.State] += c.N
			}
		}
		if sum != now {
			t.Fatalf("the counters say %+v, the history %+v", sum, now)
		}
	}
	all := history()[0].Free
	check(1, store.PortTally{Free: all})
	a := e.At(t, lifecycle.ToApplyForLOA)
	check(1, store.PortTally{Free: all - 1, Allocated: 1})
	e.Clock.Advance(24 * time.Hour)
	e.Do(t, a.ID, lifecycle.ApplyForLOA) // no port changes: no entry
	check(1, store.PortTally{Free: all - 1, Allocated: 1})
	e.Do(t, a.ID, lifecycle.Approve)
	e.Do(t, a.ID, lifecycle.ReportDelivery)
	e.Do(t, a.ID, lifecycle.CompleteCabling)
	check(2, store.PortTally{Free: all - 1, InUse: 1})
	e.Clock.Advance(20 * 24 * time.Hour)
	b := e.At(t, lifecycle.ApprovedLOA)
	check(3, store.PortTally{Free: all - 2, Allocated: 1, InUse: 1})
	e.Do(t, b.ID, lifecycle.Cancel)
	check(3, store.PortTally{Free: all - 2, InUse: 1, Quarantined: 1})
	if got := history()[2].Day; !got.Equal(storetest.Start.Truncate(24*time.Hour).AddDate(0, 0, 21)) {
		t.Errorf("the third entry is of %s", got)
	}
	other, err := e.CapacityHistory(ctx, e.APID(t, "Singapore-A"), catalog.Type10GBaseLR)
	if err != nil || len(other) != 1 || other[0].Taken() != 0 {
		t.Errorf("another access point: %+v %v", other, err)
	}

	// Much later the period begins with what was in force then.
	e.Clock.Advance(100 * 24 * time.Hour)
	check(1, store.PortTally{Free: all - 2, InUse: 1, Quarantined: 1})
	e.Reopen(t)
	e.Do(t, b.ID, lifecycle.ConfirmRemoval)
	check(2, store.PortTally{Free: all - 1, InUse: 1})
	e.Sound(t)
}

// TestTrendsAgreeWithTheHistories compares the one statement behind the lists
// with the histories behind the pages.
func TestTrendsAgreeWithTheHistories(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	for i := range 12 {
		if i%3 == 0 {
			e.At(t, lifecycle.ToApplyForLOA)
		}
		e.Clock.Advance(11 * 24 * time.Hour)
	}
	before := e.Reads()
	trends, err := e.Trends(ctx)
	if err != nil || len(trends) == 0 {
		t.Fatal(len(trends), err)
	}
	if n := e.Reads() - before; n > 1 {
		t.Errorf("%d statements", n)
	}
	seen := map[string]bool{}
	told := 0
	for _, n := range trends {
		key := n.AccessPoint + " " + string(n.Type)
		if seen[key] {
			t.Errorf("%s twice", key)
		}
		seen[key] = true
		history, err := e.CapacityHistory(ctx, n.AccessPoint, n.Type)
		if err != nil {
			t.Fatal(err)
		}
		want, ok := store.TrendOf(history, e.Clock.Now())
		want.AccessPoint, want.Type = n.AccessPoint, n.Type
		if !ok || n != want {
			t.Errorf("%s: %+v, want %+v", key, n, want)
		}
		if n.TakenNow > n.TakenThen {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d trends rise, want one", told)
	}
	for _, name := range storetest.AccessPoints() {
		ap, _ := e.Catalogue().AccessPoint(e.APID(t, name))
		for _, info := range e.Catalogue().PortTypesAt(ap.ID, "", "") {
			if !seen[ap.ID+" "+string(info.Type)] {
				t.Errorf("no trend of %s at %s", info.Type, name)
			}
		}
	}
}

// TestCapacityIsPartOfTheTransaction: when the history cannot be written,
// nothing is.
func TestCapacityIsPartOfTheTransaction(t *testing.T) {
	e := storetest.New(t)
	o := e.Order(t, e.Owner)
	if err := e.BreakTable("capacity_days"); err != nil {
		t.Fatal(err)
	}
	if err := e.PayOrder(context.Background(), e.Owner, o.No, store.MethodBalance); err == nil {
		t.Fatal("paid without an entry")
	}
	if c := e.Get(t, o.ConnectionID); c.Stage != lifecycle.PendingPayment {
		t.Errorf("stage %s", c.Stage)
	}
	if p, err := e.PortOf(context.Background(), o.ConnectionID); err != nil || p != nil {
		t.Errorf("port %v %v", p, err)
	}
	e.Sound(t)
}
