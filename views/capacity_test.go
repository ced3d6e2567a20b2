package views

import (
	"strings"
	"testing"
	"time"
)

func TestInAbout(t *testing.T) {
	for days, want := range map[int]string{0: "within a day", 1: "in about 1 day", 13: "in about 13 days", 14: "in about 2 weeks", 21: "in about 3 weeks", 24: "in about 3 weeks",
		25: "in about 4 weeks", 59: "in about 8 weeks", 60: "in about 2 months", 180: "in about 6 months"} {
		if got := InAbout(days); got != want {
			t.Errorf("%d days: %q, want %q", days, got, want)
		}
	}
}

func TestCapacityTrend(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	trend := CapacityTrend{Name: "10GBase-LR at Singapore-A", From: day(-90), Now: now, Points: []CapacityPoint{{day(-200), 20}, {day(-45), 10}, {day(0), 0}}}
	// Steps: from the left edge at the top, down in the middle, to zero today.
	if got, want := trend.path(), "M0 2H90V16H180V30H180"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	doc := renderPart(t, capacityTrend(trend))
	checkSafe(t, "trend", doc)
	svg := doc.Find("svg")
	if svg.AttrOr("role", "") != "img" || svg.AttrOr("aria-label", "") != "Free ports of 10GBase-LR at Singapore-A: 20 on 22 Aug 2026, 0 on 20 Nov 2026" {
		t.Errorf("%q", svg.AttrOr("aria-label", ""))
	}
	if got := strings.TrimSpace(doc.Find(".sub").Text()); got != "20 → 0" {
		t.Errorf("%q", got)
	}
	// A history that is shorter than the period begins where it begins.
	trend.Points = []CapacityPoint{{day(-45), 4}}
	if got := trend.path(); got != "M90 2H180" {
		t.Errorf("%q", got)
	}
	// No port at all: a line at the bottom, no division by nothing.
	trend.Points = []CapacityPoint{{day(-90), 0}}
	if got := trend.path(); got != "M0 30H180" {
		t.Errorf("%q", got)
	}
	trend.Points = nil
	if doc := renderPart(t, capacityTrend(trend)); doc.Find("svg").Length() != 0 || !strings.Contains(doc.Text(), "No history yet") {
		t.Errorf("%q", doc.Text())
	}
}

func TestRunsOut(t *testing.T) {
	if doc := renderPart(t, runsOutCard(nil)); doc.Find("section").Length() != 0 {
		t.Error("a card about nothing")
	}
	for _, s := range hostileTexts() {
		doc := renderPart(t, runsOutCard([]RunsOut{{AccessPoint: s, Href: "/admin/access-points/x", Type: s, Free: 1, When: "in about 3 weeks"}}))
		checkSafe(t, "runs out", doc)
		for _, want := range []string{s, "1 port free", "At this pace in about 3 weeks"} {
			if !strings.Contains(doc.Text(), want) {
				t.Errorf("no %q in %q", want, doc.Text())
			}
		}
	}
	tally := TypeTally{Trend: CapacityTrend{RunsOut: "in about 3 weeks"}}
	for free, want := range map[int]string{0: "No free port", 4: "In about 3 weeks"} {
		tally.Ports[PortFree] = free
		if got := strings.TrimSpace(renderPart(t, capacityEnds(tally)).Text()); got != want {
			t.Errorf("%d free: %q", free, got)
		}
	}
	tally.Trend.RunsOut, tally.Ports[PortFree] = "", 4 // the loop above ends with either number
	if got := strings.TrimSpace(renderPart(t, capacityEnds(tally)).Text()); got != "Not in sight" {
		t.Errorf("%q", got)
	}
}
