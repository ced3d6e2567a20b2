package handlers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store/lifecycle"
	"demarc/web/paths"
)

func TestOrdersList(t *testing.T) {
	s := newSite(t)
	if a := s.as(southwind).get(paths.Orders).want(200); !strings.Contains(a.text(), "No orders yet") {
		t.Errorf("without orders: %s", a.text())
	}
	enabled := s.At(t, lifecycle.Enabled, named("hz-primary"))
	s.Clock.Advance(time.Minute)
	s.At(t, lifecycle.Canceled)
	s.Clock.Advance(time.Minute)
	expired := s.At(t, lifecycle.PendingPayment)
	s.Clock.Advance(8 * 24 * time.Hour)
	unpaid := s.At(t, lifecycle.PendingPayment)
	me, other := s.as(northwind), s.as(southwind) // the sessions are over by now

	var got []string
	me.get(paths.Orders).want(200).doc().Find("tbody tr").Each(func(_ int, r *goquery.Selection) {
		got = append(got, strings.Join([]string{folded(r.Find("td[data-label=Type]")), folded(r.Find("td[data-label=Interface] .id")), folded(r.Find("td.num")), folded(r.Find(".status")), strings.Fields(folded(r.Find("td.col-acts")))[0]}, " | "))
	})
	want := []string{
		"Installation | " + unpaid.ID + " | $1,500.00 | Unpaid | Pay",
		// its time is over, even before the system has closed it
		"Installation | " + expired.ID + " | $1,500.00 | Expired | View",
	}
	if len(got) != 5 || !slices.Equal(got[:2], want) {
		t.Fatalf("orders:\n%s", strings.Join(got, "\n"))
	}
	for _, line := range []string{"Installation | " + enabled.ID + " | $1,500.00 | Paid | View", "Resource fee1 month | " + enabled.ID + " | $720.00 | Paid | View"} {
		if !slices.Contains(got, line) {
			t.Errorf("%q is missing in\n%s", line, strings.Join(got, "\n"))
		}
	}
	if !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, "Refunded") }) {
		t.Errorf("no refunded order in\n%s", strings.Join(got, "\n"))
	}
	if strings.Contains(other.get(paths.Orders).text(), enabled.ID) {
		t.Error("another account reads the orders")
	}
}

func TestOrdersPages(t *testing.T) {
	s := newSite(t)
	fill(t, s, 45)
	me := s.as(northwind)
	seen := map[string]bool{}
	path, pages := paths.Orders, 0
	for path != "" && pages < 9 {
		d := me.get(path).want(200).doc()
		d.Find("tbody th a").Each(func(_ int, a *goquery.Selection) {
			if seen[folded(a)] {
				t.Errorf("order %s twice", folded(a))
			}
			seen[folded(a)] = true
		})
		if first := d.Find("nav[aria-label=Pages] a:contains(First)"); (pages > 0) != (first.Length() == 1) {
			t.Errorf("page %d: %d links to the first", pages+1, first.Length())
		}
		path = d.Find("a[rel=next]").AttrOr("href", "")
		pages++
	}
	if len(seen) != 45 || pages != 3 {
		t.Errorf("%d orders on %d pages, want 45 on 3", len(seen), pages)
	}
}
