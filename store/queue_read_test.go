package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"demarc/store"
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
			items, next, err := e.QueuePage(ctx, lifecycle.InApplication, after, limit)
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
		before, after, err := e.QueueNeighbors(ctx, lifecycle.InApplication, e.Get(t, id))
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
		if next, err := e.NextInQueue(ctx, lifecycle.InApplication, c); err != nil || next != wantNext {
			t.Errorf("after %d comes %q, %v; want %q", i, next, err, wantNext)
		}
	}
	alone := e.At(t, lifecycle.WaitingForCabling)
	if next, err := e.NextInQueue(ctx, lifecycle.WaitingForCabling, alone); err != nil || next != "" {
		t.Errorf("after the only one comes %q, %v", next, err)
	}
	for _, broken := range []string{"x", "x~y", "~", "2026~pc-1"} {
		items, _, err := e.QueuePage(ctx, lifecycle.InApplication, broken, 10)
		if broken == "~" {
			continue // the first place of all
		}
		if store.KindOf(err) != store.Invalid {
			t.Errorf("cursor %q: %d rows, %v", broken, len(items), err)
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
			if _, _, err := e.QueueNeighbors(ctx, lifecycle.InApplication, c); err != nil {
				t.Fatal(err)
			}
			if _, err := e.NextInQueue(ctx, lifecycle.InApplication, c); err != nil {
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
