package handlers

import (
	"cmp"
	"context"
	"slices"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/views"
	"demarc/web/paths"
)

// runsOutShown is how many port types are named that run out.
const runsOutShown = 5

// runsOut are the port types that have no free port first at the pace of the
// last 90 days, the soonest first: one statement. only narrows them to access
// points; nil means all.
func (h *Handlers) runsOut(ctx context.Context, only map[string]bool) ([]views.RunsOut, error) {
	trends, err := h.Store.Trends(ctx)
	if err != nil {
		return nil, err
	}
	type soon struct {
		days int
		item views.RunsOut
	}
	var all []soon
	for _, n := range trends {
		days, ok := n.DaysLeft()
		if !ok || (only != nil && !only[n.AccessPoint]) {
			continue
		}
		ap, _ := h.Store.Catalogue().AccessPoint(n.AccessPoint)
		all = append(all, soon{days, views.RunsOut{AccessPoint: ap.Name, Href: paths.AdminAccessPoint(ap.ID), Type: string(n.Type), Free: n.FreeNow, When: views.InAbout(days)}})
	}
	slices.SortStableFunc(all, func(a, b soon) int {
		return cmp.Or(a.days-b.days, cmp.Compare(a.item.AccessPoint, b.item.AccessPoint), cmp.Compare(a.item.Type, b.item.Type))
	})
	out := make([]views.RunsOut, 0, runsOutShown)
	for _, s := range all[:min(len(all), runsOutShown)] {
		out = append(out, s.item)
	}
	return out, nil
}

// capacityTrend is the history of a port type at an access point as the page
// draws it.
func (h *Handlers) capacityTrend(ctx context.Context, ap catalog.AccessPoint, kind catalog.PortType) (views.CapacityTrend, error) {
	now := h.Store.Now()
	t := views.CapacityTrend{Name: string(kind) + " at " + ap.Name, Now: now, From: now.Truncate(24*time.Hour).AddDate(0, 0, -store.CapacityDays)}
	history, err := h.Store.CapacityHistory(ctx, ap.ID, kind)
	if err != nil {
		return t, err
	}
	for _, d := range history {
		t.Points = append(t.Points, views.CapacityPoint{Day: d.Day, Free: d.Free})
	}
	if trend, ok := store.TrendOf(history, now); ok {
		if days, ok := trend.DaysLeft(); ok {
			t.RunsOut = views.InAbout(days)
		}
	}
	return t, nil
}
