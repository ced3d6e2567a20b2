package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// The papers of a pair are those that each of the two has, of each kind the
// newest, whatever the other has.
func TestPapersOfAPair(t *testing.T) {
	e := storetest.New(t)
	var all []store.Connection
	for _, stage := range lifecycle.Stages() {
		all = append(all, e.At(t, stage))
	}
	again := e.At(t, lifecycle.LOARejected)
	e.Do(t, again.ID, lifecycle.ApplyForLOA)
	reported := e.At(t, lifecycle.WaitingForCabling)
	e.Do(t, reported.ID, lifecycle.ReturnReport)
	e.Do(t, reported.ID, lifecycle.ReportDelivery)
	all = append(all, e.Get(t, again.ID), e.Get(t, reported.ID))

	alone := func(c store.Connection) (p store.Papers) {
		t.Helper()
		var err error
		if !c.ScheduledAt.IsZero() {
			if p.Application, err = e.Store.Application(ctx, c.ID); err == nil {
				p.Application.Engineers = nil
			}
		}
		if c.LOANo != "" && err == nil {
			if p.Letter, err = e.LOA(ctx, c.ID); err == nil {
				p.Letter.SHA256 = ""
			}
		}
		if c.LineCode != "" && err == nil {
			p.Report, err = e.DeliveryReport(ctx, c.ID)
		}
		if c.Stage.PastPayment() && err == nil {
			p.Port, err = e.PortOf(ctx, c.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	kinds := map[string]bool{}
	for i, c := range all {
		other := all[(i+1)%len(all)]
		before := e.Reads()
		got, err := e.Papers(ctx, c, other)
		if n := e.Reads() - before; err != nil || n > 4 {
			t.Fatalf("%d statements, want one for each kind of paper; %v", n, err)
		}
		if diff := cmp.Diff([]store.Papers{alone(c), alone(other)}, got); diff != "" {
			t.Errorf("%s with %s:\n%s", c.Stage, other.Stage, diff)
		}
		p := got[0]
		kinds["application"], kinds["letter"], kinds["port"] = kinds["application"] || p.Application != nil, kinds["letter"] || p.Letter != nil, kinds["port"] || p.Port != nil
		kinds["second application"] = kinds["second application"] || p.Application != nil && p.Application.Version == 2
		kinds["second report with its cables"] = kinds["second report with its cables"] || p.Report != nil && p.Report.Version == 2 && len(p.Report.Labels) > 1
	}
	for kind, seen := range kinds {
		if !seen {
			t.Errorf("no interface had a %s: nothing was compared", kind)
		}
	}
}
