package handlers_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

const (
	northwind = "owner@northwind.example"
	southwind = "owner@southwind.example"
)

func named(name string) func(*store.NewConnection) {
	return func(in *store.NewConnection) { in.Name = name }
}

// rowsOf are the IDs of the list, in order.
func rowsOf(a *answer) []string {
	var out []string
	a.doc().Find("#list tbody tr").Each(func(_ int, s *goquery.Selection) {
		out = append(out, s.Find("th a.id").Text())
	})
	return out
}

// rowOf is the row of an interface in the list.
func rowOf(d *goquery.Document, id string) *goquery.Selection {
	return d.Find("#list tr:has(th a[href='" + paths.Interface(id) + "'])")
}

func folded(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

func texts(s *goquery.Selection) []string {
	return s.Map(func(_ int, s *goquery.Selection) string { return folded(s) })
}

// labels are the names that elements give themselves.
func labels(s *goquery.Selection) []string {
	return s.Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("aria-label", "") })
}

func TestInterfacesList(t *testing.T) {
	s := newSite(t)
	step := func() { s.Clock.Advance(time.Minute) }
	pending := s.At(t, lifecycle.PendingPayment, named("sg-new"), func(in *store.NewConnection) {
		in.Region, in.SP, in.AccessPoint = "ap-southeast-1", catalog.EquinixSP, s.APID(t, "Singapore-A")
	})
	step()
	primary := s.At(t, lifecycle.InApplication, named("hz-primary"))
	step()
	backup := s.At(t, lifecycle.ToApplyForLOA, named("hz-backup"), func(in *store.NewConnection) { in.Redundant = primary.ID })
	step()
	enabled := s.At(t, lifecycle.Enabled, named("HZ-Archive"))
	step()
	canceled := s.At(t, lifecycle.Canceled)
	me, other := s.as(northwind), s.as(southwind)
	line := enabled.LineCode
	enabled = s.Get(t, enabled.ID)
	if line == "" {
		t.Fatal("an enabled interface has no line code")
	}

	for _, c := range []struct {
		query  string
		want   []store.Connection
		tokens []string
	}{
		{"", []store.Connection{canceled, enabled, backup, primary, pending}, nil},
		{"?sort=name", []store.Connection{canceled, enabled, backup, primary, pending}, nil},
		{"?sort=status", []store.Connection{pending, backup, primary, enabled, canceled}, nil},
		{"?sort=status&view=needs-action", []store.Connection{pending, backup}, nil},
		{"?sort=due", []store.Connection{primary, pending, canceled, enabled, backup}, nil},
		{"?sort=due&view=needs-action", []store.Connection{pending, backup}, nil},
		{"?view=needs-action", []store.Connection{backup, pending}, nil},
		{"?view=with-operator", []store.Connection{primary}, nil},
		{"?view=enabled", []store.Connection{enabled}, nil},
		{"?view=closed", []store.Connection{canceled}, nil},
		{"?status=in_application", []store.Connection{primary}, []string{"Status: In Application, remove"}},
		{"?region=ap-southeast-1", []store.Connection{pending}, []string{"Region: Singapore, remove"}},
		{"?q=hz", []store.Connection{enabled, backup, primary}, []string{"Search: hz, remove"}},
		{"?q=archive&by=name", []store.Connection{enabled}, []string{"Name: archive, remove"}},
		{"?q=archive&by=id", nil, []string{"Interface ID: archive, remove"}},
		{"?by=line&q=" + url.QueryEscape(line), []store.Connection{enabled}, []string{"Line code: " + line + ", remove"}},
		{"?q=" + primary.ID[:12], []store.Connection{primary}, []string{"Search: " + primary.ID[:12] + ", remove"}},
		{"?q=hz&status=enabled&region=cn-hangzhou", []store.Connection{enabled}, []string{"Search: hz, remove", "Status: Enabled, remove", "Region: China (Hangzhou), remove"}},
		{"?view=enabled&status=canceled", nil, []string{"Status: Canceled, remove"}},
		// nothing that the list does not know narrows it
		{"?status=nonsense&view=mine&region=mars&by=color&sort=price&size=7&page=-3", []store.Connection{canceled, enabled, backup, primary, pending}, nil},
		{"?page=9", []store.Connection{canceled, enabled, backup, primary, pending}, nil},
		{"?after=~", []store.Connection{canceled, enabled, backup, primary, pending}, nil},
		{"?after=nonsense", []store.Connection{canceled, enabled, backup, primary, pending}, nil},
	} {
		a := me.get("/interfaces" + c.query).want(200)
		var want []string
		for _, w := range c.want {
			want = append(want, w.ID)
		}
		if d := cmp.Diff(want, rowsOf(a)); d != "" {
			t.Errorf("%s: rows, -want +got:\n%s", c.query, d)
		}
		if d := cmp.Diff(c.tokens, labels(a.doc().Find(".tokens .token"))); d != "" && len(c.tokens)+a.doc().Find(".token").Length() > 0 {
			t.Errorf("%s: tokens, -want +got:\n%s", c.query, d)
		}
		words := fmt.Sprintf("%d interfaces", len(c.want))
		if len(c.want) == 1 {
			words = "1 interface"
		}
		if got := a.doc().Find("#list [data-announce]").AttrOr("data-announce", ""); got != words {
			t.Errorf("%s: says %q, want %q", c.query, got, words)
		}
		if len(c.want) == 0 && !strings.Contains(a.text(), "No interface matches these filters") {
			t.Errorf("%s: does not say that nothing matches", c.query)
		}
	}

	t.Run("row", func(t *testing.T) {
		d := me.get("/interfaces").doc()
		if d := cmp.Diff([]string{"All 5", "Needs your action 2", "With Example Cloud 1", "Enabled 1", "Closed 1"}, texts(d.Find("nav[aria-label=Views] a"))); d != "" {
			t.Error("views, -want +got:\n", d)
		}
		if got := rowOf(d, primary.ID).Find("td[data-label='Redundant to']"); folded(got) != backup.ID+"hz-backup" {
			t.Errorf("the first of a pair names %q", folded(got))
		}
		if got := rowOf(d, backup.ID).Find("td[data-label='Redundant to'] a"); got.AttrOr("href", "") != paths.Interface(primary.ID) {
			t.Errorf("the second of a pair links %q", got.AttrOr("href", ""))
		}
		orders, err := s.OrdersOf(context.Background(), pending.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := rowOf(d, pending.ID).Find(".acts a.lead"); got.AttrOr("href", "") != paths.Order(orders[0].No) {
			t.Errorf("Pay leads to %q", got.AttrOr("href", ""))
		}
		if got := folded(rowOf(d, pending.ID).Find("td[data-label=Status] .sub").First()); got != "Order expires 27 Nov, 15:12 (UTC+08:00)" {
			t.Errorf("second line %q", got) // in Singapore's zone
		}
	})
	t.Run("sort", func(t *testing.T) {
		for query, want := range map[string][4]string{
			"":             {"Created", "descending", "Created", "newest first"},
			"?sort=name":   {"Interface ID / Name", "ascending", "Interface ID / Name", "by name"},
			"?sort=status": {"Status / Due date", "ascending", "Status", "by status in the order of the procedure"},
			"?sort=due":    {"Status / Due date", "ascending", "Due date", "by due date, then those without one"},
			// no index has the interfaces of a region by status
			"?sort=status&region=cn-hangzhou": {"Created", "descending", "Created", "newest first"},
			"?sort=due&region=cn-hangzhou":    {"Status / Due date", "ascending", "Due date", "by due date, then those without one"},
		} {
			d := me.get("/interfaces" + query).doc()
			got, link := d.Find("th[aria-sort]"), d.Find("thead a[aria-current]")
			if folded(got) != want[0] || got.AttrOr("aria-sort", "") != want[1] || folded(link) != want[2] {
				t.Errorf("%q: sorted by %q %q, link %q", query, folded(got), got.AttrOr("aria-sort", ""), folded(link))
			}
			if got := folded(d.Find("#list-h")); !strings.HasSuffix(got, ", "+want[3]) {
				t.Errorf("%q: says %q", query, got)
			}
			if back := me.get(link.AttrOr("href", "")).want(200).doc().Find("thead a[aria-current]"); folded(back) != "Created" {
				t.Errorf("%q: the link of the order in force leads to the order by %q", query, folded(back))
			}
		}
		for query, want := range map[string][]string{
			"":                      {"=Newest first", "name=By name", "status=By status", "due=By due date"},
			"?region=cn-hangzhou":   {"=Newest first", "name=By name", "due=By due date"},
			"?q=hz&view=enabled":    {"=Newest first", "name=By name", "status=By status", "due=By due date"},
			"?sort=due&view=closed": {"=Newest first", "name=By name", "status=By status", "due=By due date"},
		} {
			options := me.get("/interfaces" + query).doc().Find("main select[name=sort] option").Map(func(_ int, o *goquery.Selection) string { return o.AttrOr("value", "") + "=" + folded(o) })
			if d := cmp.Diff(want, options); d != "" {
				t.Errorf("%q: the select of a phone, -want +got:\n%s", query, d)
			}
		}
		if n := me.get("/interfaces?region=cn-hangzhou").doc().Find("thead a[href*='sort=status']").Length(); n != 0 {
			t.Error("a region is offered by status")
		}
		if n := me.get("/interfaces?q=hz").doc().Find("th[aria-sort], thead a").Length(); n != 0 {
			t.Error("a search says that it can be sorted")
		}
	})
	t.Run("links keep the filters", func(t *testing.T) {
		d := me.get("/interfaces?view=needs-action&q=hz&by=name&status=to_apply_for_loa&region=cn-hangzhou&size=50").doc()
		if got := d.Find("a[aria-label='Export as CSV']").AttrOr("href", ""); got != "/interfaces.csv?view=needs-action&by=name&q=hz&status=to_apply_for_loa&region=cn-hangzhou&size=50" {
			t.Errorf("CSV: %q", got)
		}
		if got := d.Find(".tokens a.token").First().AttrOr("href", ""); got != "/interfaces?view=needs-action&status=to_apply_for_loa&region=cn-hangzhou&size=50" {
			t.Errorf("without the search: %q", got)
		}
		if got := d.Find(".tokens__clear").AttrOr("href", ""); got != "/interfaces?view=needs-action&size=50" {
			t.Errorf("clear all: %q", got)
		}
		form := url.Values{}
		d.Find("form[role=search] [name]").Each(func(_ int, f *goquery.Selection) {
			if f.ParentsFiltered("#list, header, nav").Length() > 0 {
				return
			}
			v := f.AttrOr("value", "")
			if f.Is("select") {
				v = f.Find("option[selected]").AttrOr("value", "")
			}
			form.Set(f.AttrOr("name", ""), v)
		})
		if got := rowsOf(me.get("/interfaces?" + form.Encode())); !slices.Equal(got, []string{backup.ID}) {
			t.Errorf("the form sent again (%v) shows %v", form, got)
		}
	})
	t.Run("another account", func(t *testing.T) {
		a := other.get("/interfaces").want(200)
		if len(rowsOf(a)) != 0 || !strings.Contains(a.text(), "No physical connection interfaces yet") || a.doc().Find("#q").Length() != 0 {
			t.Error("an account without interfaces does not get the empty page")
		}
		for _, path := range []string{"/interfaces?q=" + primary.ID, "/interfaces.csv?q=" + primary.ID, "/interfaces.csv", "/"} {
			if strings.Contains(other.get(path).want(200).body, backup.ID) {
				t.Errorf("%s shows another account's interface", path)
			}
		}
	})
	t.Run("who may", func(t *testing.T) {
		for _, path := range []string{paths.Interfaces, paths.InterfacesCSV, paths.AccessPoints, paths.Orders} {
			if a := s.anyone().get(path); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
				t.Errorf("%s for nobody: %d", path, a.status)
			}
			s.as("reviewer@cloud.example").get(path).want(403)
		}
		if a := s.as("technician@cloud.example").get("/").want(303); a.header.Get("Location") != paths.Admin {
			t.Errorf("staff's first page is %q", a.header.Get("Location"))
		}
	})
	t.Run("note", func(t *testing.T) {
		if n := me.get("/interfaces").doc().Find("main [role=note] form").Length(); n != 1 {
			t.Fatal("the note cannot be put away")
		}
		me.post(paths.Preferences, url.Values{"dismiss": {"interfaces-note"}, "next": {"/interfaces?size=50"}}).want(303)
		if n := me.get("/interfaces").doc().Find("main [role=note]").Length(); n != 0 {
			t.Error("a note that was put away is back")
		}
	})
	t.Run("htmx", func(t *testing.T) {
		d := me.get("/interfaces").doc()
		f := d.Find("main form[role=search]")
		for attr, want := range map[string]string{"action": "/interfaces", "hx-get": "/interfaces", "hx-target": "#list", "hx-select": "#list", "hx-push-url": "true"} {
			if got := f.AttrOr(attr, ""); got != want {
				t.Errorf("%s is %q, want %q", attr, got, want)
			}
		}
		if f.AttrOr("method", "get") != "get" {
			t.Error("the filter is not a GET form")
		}
	})
}

// Whatever stands in the address, the pages answer with a page.
func TestListsStandHostileAddresses(t *testing.T) {
	s := newSite(t)
	s.At(t, lifecycle.ToApplyForLOA)
	me := s.as(northwind)
	long := strings.Repeat("x", 5000)
	for _, query := range []string{
		"q=%00", "q=%ff%fe", "q=%25%25%25_", "q='%20OR%201=1--", "q=" + long, "q=<script>alert(1)</script>", "q=%E2%80%AEabc", "q=%F4%8F%BF%BF",
		"page=99999999999999999999", "page=1e9", "page=-1", "page=50", "size=0", "size=-20", "size=1000000",
		"after=%00~%00", "after=" + long, "after=2026-11-20T07:12:00.000Z~pc-x", "after=~~~~", "after=%27~%27", "sort=name&after=zzz~zzz", "sort=status&after=zzz~zzz", "sort=status&after=999999999999999999999%201~x", "sort=due&after=-~", "sort=due&after=zzz~zzz", "q=a&after=b~c", "by=line&q=%5C",
		"region=%3Cscript%3E", "status=%00", "view=%2e%2e", "sort=;drop", "q=a&q=b&q=c", "%zz", "a=%", ";", "sp=%00&spec=%00&region=%00", "sp=CT&spec=10G&region=cn-hangzhou",
	} {
		for _, path := range []string{"/", "/interfaces", "/interfaces.csv", "/access-points", "/orders"} {
			a := me.get(path + "?" + query)
			if a.status != 200 {
				t.Errorf("%s?%.60s: %d", path, query, a.status)
				continue
			}
			if path != "/interfaces.csv" && a.doc().Find("main script, main [onclick], main [style]").Length() != 0 {
				t.Errorf("%s?%.60s: code from the address", path, query)
			}
		}
	}
}

// fill orders n interfaces with names.
func fill(t testing.TB, s *site, n int) {
	t.Helper()
	for i := range n {
		s.Order(t, s.Owner, named(fmt.Sprintf("row-%03d-杭州", i)))
		s.Clock.Advance(time.Second)
	}
}

func TestListPagesAndExport(t *testing.T) {
	s := newSite(t)
	fill(t, s, 125)
	danger := s.Order(t, s.Owner, func(in *store.NewConnection) { in.Description = `=HYPERLINK("http://evil.example","x")` })
	me := s.as(northwind)

	t.Run("numbers", func(t *testing.T) {
		var seen []string
		for page := 1; ; page++ {
			a := me.get(fmt.Sprintf("/interfaces?size=50&page=%d", page)).want(200)
			seen = append(seen, rowsOf(a)...)
			d := a.doc()
			if got := folded(d.Find("nav[aria-label=Pages] [aria-current=page]")); got != fmt.Sprint(page) {
				t.Errorf("page %d says it is %q", page, got)
			}
			if d.Find("a[rel=next]").Length() == 0 {
				if got := folded(d.Find(".pager > span").First()); got != "101–126 of 126" {
					t.Errorf("last page: %q", got)
				}
				break
			}
		}
		slices.Sort(seen)
		if n := len(slices.Compact(seen)); len(seen) != 126 || n != 126 {
			t.Errorf("%d rows, %d different ones, want 126", len(seen), n)
		}
		a := me.get("/interfaces?size=50&page=40").want(200)
		if len(rowsOf(a)) != 26 {
			t.Errorf("a page behind the last one has %d rows, want those of the last", len(rowsOf(a)))
		}
	})
	t.Run("cursor", func(t *testing.T) {
		first, err := s.Connections(context.Background(), s.Owner, store.ConnectionFilter{Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		a := me.get(paths.With("/interfaces", "after", first.Next)).want(200)
		second := rowsOf(me.get("/interfaces?page=2"))
		if d := cmp.Diff(second, rowsOf(a)); d != "" {
			t.Error("by cursor, -by number +by cursor:\n", d)
		}
		d := a.doc()
		if d.Find("nav[aria-label=Pages] [aria-current]").Length() != 0 || folded(d.Find("nav[aria-label=Pages] li").First()) != "First" {
			t.Error("a page by cursor pretends to have a number")
		}
	})
	t.Run("sizes", func(t *testing.T) {
		d := me.get("/interfaces?status=pending_payment&size=10").doc()
		if d := cmp.Diff([]string{"10", "20", "50", "100"}, texts(d.Find("nav[aria-label='Items per page'] a"))); d != "" {
			t.Error(d)
		}
		if got := d.Find("nav[aria-label='Items per page'] a").Last().AttrOr("href", ""); got != "/interfaces?status=pending_payment&size=100" {
			t.Errorf("a hundred rows: %q", got)
		}
		if n := len(rowsOf(me.get("/interfaces?size=100"))); n != 100 {
			t.Errorf("%d rows of 100", n)
		}
	})
	t.Run("csv", func(t *testing.T) {
		a := me.get("/interfaces.csv?size=10&page=3").want(200)
		if got := a.header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
			t.Errorf("type %q", got)
		}
		if got := a.header.Get("Content-Disposition"); got != `attachment; filename="physical-connection-interfaces-2026-11-20.csv"` {
			t.Errorf("disposition %q", got)
		}
		rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
		if err != nil || len(rows) != 127 {
			t.Fatalf("%d rows, %v; want a head and 126", len(rows), err)
		}
		if rows[0][0] != "Interface ID" || rows[0][3] != "Status" {
			t.Errorf("head %q", rows[0])
		}
		if rows[1][0] != danger.ConnectionID || rows[1][2] != `'=HYPERLINK("http://evil.example","x")` {
			t.Errorf("a formula went out as %q", rows[1][2])
		}
		if rows[2][1] != "row-124-杭州" || rows[2][13] != "1500.00" || rows[2][16] == "" {
			t.Errorf("row %q", rows[2])
		}
		for _, r := range rows {
			for _, cell := range r {
				if strings.IndexAny(cell, "=+-@\t") == 0 {
					t.Errorf("cell %q begins like a formula", cell)
				}
			}
		}
		rows, err = csv.NewReader(strings.NewReader(me.get("/interfaces.csv?q=row-00&by=name").want(200).body)).ReadAll()
		if err != nil || len(rows) != 11 {
			t.Errorf("filtered: %d rows, %v; want a head and 10", len(rows), err)
		}
		rows, err = csv.NewReader(strings.NewReader(me.get("/interfaces.csv?q=nothing-like-it").want(200).body)).ReadAll()
		if err != nil || len(rows) != 1 {
			t.Errorf("without a match: %d rows, %v; want the head", len(rows), err)
		}
	})
	t.Run("cost of a row", func(t *testing.T) {
		me := me.plain()
		cost := func(size int) float64 {
			path := fmt.Sprintf("/interfaces?size=%d", size)
			me.get(path).want(200)
			return testing.AllocsPerRun(10, func() { me.get(path) })
		}
		small, large := cost(10), cost(100)
		row := (large - small) / 90
		t.Logf("allocations: %.0f for 10 rows, %.0f for 100, %.1f a row", small, large, row)
		if row > rowAllocations {
			t.Errorf("a row costs %.1f allocations, want at most %d: one more question to the database costs more than that", row, rowAllocations)
		}
	})
}

// rowAllocations bounds what a row of the list may cost on its whole way, the
// test's own client included.
const rowAllocations = 50

// Twenty rows as people have them, in every stage and half of them in pairs.
func TestListWeight(t *testing.T) {
	s := newSite(t)
	for i, stage := range lifecycle.Stages()[:10] {
		first := s.At(t, stage, named(fmt.Sprintf("hz-dc%d-primary-line", i)))
		s.Clock.Advance(17 * time.Minute)
		s.At(t, lifecycle.ApprovedLOA, named(fmt.Sprintf("shanghai-finance-%d", i)), func(in *store.NewConnection) {
			if first.Stage.PastPayment() && first.Stage != lifecycle.Terminating {
				in.Redundant = first.ID
			}
		})
		s.Clock.Advance(31 * time.Hour)
	}
	page := s.as(northwind).get("/interfaces?size=20").want(200)
	if n := len(rowsOf(page)); n != 20 {
		t.Fatalf("%d rows", n)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(page.body)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Logf("20 rows: %d bytes, %d compressed", len(page.body), b.Len())
	if b.Len() > 8<<10 {
		t.Errorf("20 rows weigh %d bytes compressed, want at most 8 KB", b.Len())
	}
}

func TestListWithoutDatabase(t *testing.T) {
	s := newSite(t)
	s.At(t, lifecycle.ToApplyForLOA)
	me := s.as(northwind)
	me.get("/interfaces").want(200)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	a := me.get("/interfaces?status=enabled").want(503)
	d := a.doc()
	if !strings.Contains(a.text(), "The list could not be loaded") || d.Find("#q").Length() != 1 || folded(d.Find("#list a.btn")) != "Try again" {
		t.Errorf("the page of a list that cannot be read: %s", a.text())
	}
	if got := d.Find("#list a.btn").AttrOr("href", ""); got != "/interfaces?status=enabled" {
		t.Errorf("try again leads to %q", got)
	}
	if a := me.get("/").want(503); !strings.Contains(a.text(), "Could not be loaded. Try again") {
		t.Errorf("the overview without a database: %s", a.text())
	}
	if a := me.get("/interfaces.csv"); a.status != 500 || a.header.Get("Content-Disposition") != "" {
		t.Errorf("an export that cannot begin: %d %v", a.status, a.header)
	}
}

// What a list reads does not grow with its rows: one statement, as the README
// says, once the person, the counts and the fees of the account are known.
func TestAListTakesOneStatement(t *testing.T) {
	s := newSite(t)
	s.At(t, lifecycle.InApplication)
	lin := s.as(customerMail)
	lin.get(paths.Interfaces).want(http.StatusOK)
	for _, size := range []string{"50", "100"} { // addresses that nobody asked for before
		before := s.Reads()
		lin.get(paths.With(paths.Interfaces, "size", size)).want(http.StatusOK)
		if n := s.Reads() - before; n != 1 {
			t.Errorf("%s rows at the most: %d statements, want 1", size, n)
		}
		for range 5 {
			s.Order(t, s.Owner)
		}
		lin.get(paths.Interfaces).want(http.StatusOK) // reads the counts and fees again
	}
}
