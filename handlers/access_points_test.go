package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// siteNamed is the row of an access point.
func siteNamed(a *answer, name string) *goquery.Selection {
	return a.doc().Find("#list tbody tr").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return folded(s.Find("th a")) == name
	})
}

func TestAccessPoints(t *testing.T) {
	s := newSite(t)
	me := s.as(northwind)

	shown := 0
	for _, ap := range s.Catalogue().AccessPoints() {
		if ap.Status != catalog.StatusDisabled {
			shown++
		}
	}
	a := me.get(paths.AccessPoints).want(200)
	if got := a.doc().Find("#list tbody tr").Length(); got != shown || shown < 50 {
		t.Errorf("%d rows for %d access points", got, shown)
	}
	for _, c := range []struct{ name, hint string }{{"Qingdao-Laoshan-A", "One access point: choose a redundant connection to get another device."}, {"Hangzhou-Yuhang-A", ""}} {
		if got := folded(siteNamed(a, c.name).Find("td[data-label=Region] .sub")); got != c.hint {
			t.Errorf("%s: hint %q, want %q", c.name, got, c.hint)
		}
	}
	// An access point without devices has nothing to order.
	bare := siteNamed(a, "Beijing-Daxing-A")
	if got := folded(bare.Find("td[data-label='Free ports']")); got != "None" {
		t.Errorf("without devices: %q", got)
	}
	if bare.Find("td.col-acts a").Length() != 0 || folded(bare.Find("td.col-acts")) != "No free port" {
		t.Errorf("without devices: %q", folded(bare.Find("td.col-acts")))
	}

	for _, c := range []struct {
		query, site string
		apply       url.Values
	}{
		{"", "Hangzhou-Yuhang-A", url.Values{"region": {"cn-hangzhou"}, "ap": {"ap-cn-hangzhou-yh-A"}}},
		{"?sp=CT&spec=10G", "Hangzhou-Yuhang-A", url.Values{"region": {"cn-hangzhou"}, "sp": {"CT"}, "ap": {"ap-cn-hangzhou-yh-A"}, "spec": {"10G"}}},
		{"?region=cn-hangzhou", "Hangzhou-Xiaoshan-B", url.Values{"region": {"cn-hangzhou"}, "sp": {"CT"}, "ap": {"ap-cn-hangzhou-xs-B"}}}, // takes one SP only
	} {
		href := siteNamed(me.get(paths.AccessPoints+c.query).want(200), c.site).Find("td.col-acts a").AttrOr("href", "")
		u, err := url.Parse(href)
		if err != nil || u.Path != paths.NewInterface {
			t.Errorf("%s: Apply here leads to %q", c.query, href)
			continue
		}
		if d := cmp.Diff(c.apply, u.Query()); d != "" {
			t.Errorf("%s: choices, -want +got:\n%s", c.query, d)
		}
	}

	for query, sites := range map[string]int{"?region=cn-qingdao": 1, "?region=us-west-1&sp=Equinix": 1, "?region=cn-qingdao&sp=Equinix": 0, "?region=mars": shown} {
		a := me.get(paths.AccessPoints + query).want(200)
		if got := a.doc().Find("#list tbody tr").Length(); got != sites {
			t.Errorf("%s: %d rows, want %d", query, got, sites)
		}
		if (sites == 0) != strings.Contains(a.text(), "No access point matches these filters") {
			t.Errorf("%s: %s", query, a.text())
		}
	}
	d := me.get(paths.AccessPoints + "?region=cn-hangzhou&sp=CT").doc()
	if d := cmp.Diff([]string{"Region: China (Hangzhou), remove", "SP: China Telecom, remove"}, labels(d.Find(".token"))); d != "" {
		t.Error(d)
	}
	if got := d.Find(".token").First().AttrOr("href", ""); got != "/access-points?sp=CT" {
		t.Errorf("without the region: %q", got)
	}
}

// The words follow what is free, and the link goes when nothing is.
func TestAccessPointRunsOut(t *testing.T) {
	s := newSite(t)
	me := s.as(northwind)
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	count := func() (n int) {
		counts, err := s.PortCounts(t.Context(), ap)
		if err != nil {
			t.Fatal(err)
		}
		return store.Free(counts, catalog.Type10GBaseT)
	}
	offer := func() (word string, apply string) {
		row := me.get(paths.AccessPoint(ap)).want(200).doc().Find("tbody tr").FilterFunction(func(_ int, s *goquery.Selection) bool {
			return folded(s.Find("th .id")) == "10GBase-T"
		})
		return folded(row.Find(".status")), row.Find("td.col-acts a").AttrOr("href", "")
	}
	if n := count(); n < 5 {
		t.Fatalf("the demo inventory has %d 10GBase-T ports here", n)
	}
	for count() > 0 {
		want := "Available"
		if count() <= 3 {
			want = "Few left"
		}
		if got, href := offer(); got != want || !strings.Contains(href, "ptype=10GBase-T") {
			t.Fatalf("%d free: %q, %q; want %q", count(), got, href, want)
		}
		s.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) {
			in.PortType = catalog.Type10GBaseT
		})
	}
	if got, href := offer(); got != "None" || href != "" {
		t.Errorf("none free: %q, %q", got, href)
	}
}

func TestAccessPoint(t *testing.T) {
	s := newSite(t)
	me := s.as(northwind)
	a := me.get(paths.AccessPoint(s.APID(t, "Singapore-A"))).want(200)
	d := a.doc()
	if got := folded(d.Find("h1")); got != "Singapore-A" {
		t.Errorf("h1 %q", got)
	}
	facts := map[string]string{}
	d.Find("dl > div").Each(func(_ int, s *goquery.Selection) { facts[folded(s.Find("dt"))] = folded(s.Find("dd")) })
	for term, want := range map[string]string{"Region": "Singapore", "Time zone": "UTC+08:00", "SP": "Equinix, Other", "LOA valid for": "90 days"} {
		if facts[term] != want {
			t.Errorf("%s: %q, want %q", term, facts[term], want)
		}
	}
	ap, _ := s.Catalogue().AccessPoint(s.APID(t, "Singapore-A"))
	if !ap.Visitor.IDNumber || !strings.Contains(facts["Visitors give"], "ID number") {
		t.Errorf("visitors: %q", facts["Visitors give"])
	}
	if ap.Address == "" || strings.Contains(a.body, ap.Address) {
		t.Error("the address stands where everybody can read it")
	}
	row := d.Find("tbody tr").FilterFunction(func(_ int, s *goquery.Selection) bool { return folded(s.Find("th .id")) == "10GBase-LR" })
	if got := texts(row.Find(".num")); !cmp.Equal(got, []string{"$1,500.00", "$1,600.00"}) {
		t.Errorf("fees %q", got)
	}
	for _, id := range []string{"ap-nothing", "%00", "..%2f..", strings.Repeat("x", 500)} {
		me.get(paths.AccessPoints + "/" + id).want(404)
	}
}
