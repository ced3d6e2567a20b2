package handlers_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// What a person chose is what they see, at every address of the list, and what
// nobody else sees.
func TestColumnsOfTheList(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	first := s.At(t, lifecycle.ToApplyForLOA, named("hz-primary"))
	s.At(t, lifecycle.PendingPayment, named("hz-backup"), func(in *store.NewConnection) { in.Redundant = first.ID })
	me, other := s.as(northwind), s.as(southwind)
	heads := func(who *client, query string) []string {
		t.Helper()
		return texts(who.get("/interfaces" + query).want(200).doc().Find("#list thead th"))
	}
	choose := func(names ...string) *answer {
		return me.post(paths.Preferences, url.Values{"columns": {"interfaces"}, "column": names, "next": {"/interfaces?sort=due"}})
	}
	usual := []string{"Interface ID / Name", "Status / Due date", "Access Point / SP", "Port", "Redundant Connection ID", "Created", "Actions"}
	if d := cmp.Diff(usual, heads(me, "")); d != "" {
		t.Error("the usual columns, -want +got:\n", d)
	}
	for _, c := range []struct {
		chosen, heads []string
	}{
		{[]string{"fee", "region"}, []string{"Interface ID / Name", "Status / Due date", "Access Point", "Region", "Port", "Fee", "Actions"}},
		{[]string{"sp", "region", "redundant", "fee", "created"}, []string{"Interface ID / Name", "Status / Due date", "Access Point / SP", "Region", "Port", "Redundant Connection ID", "Fee", "Created", "Actions"}},
		{nil, []string{"Interface ID / Name", "Status / Due date", "Access Point", "Port", "Actions"}},
		{[]string{"created", "created", "sp"}, []string{"Interface ID / Name", "Status / Due date", "Access Point / SP", "Port", "Created", "Actions"}},
	} {
		if a := choose(c.chosen...).want(303); a.header.Get("Location") != "/interfaces?sort=due" {
			t.Errorf("%q: leads to %q", c.chosen, a.header.Get("Location"))
		}
		for _, query := range []string{"", "?sort=status", "?view=needs-action&size=50"} {
			if d := cmp.Diff(c.heads, heads(me, query)); d != "" {
				t.Errorf("%q at %q, -want +got:\n%s", c.chosen, query, d)
			}
		}
		d := me.get("/interfaces").doc()
		d.Find("#list tbody tr").Each(func(_ int, row *goquery.Selection) {
			if n := row.Children().Length(); n != len(c.heads) {
				t.Errorf("%q: %d cells below %d heads", c.chosen, n, len(c.heads))
			}
		})
		row := rowOf(d, first.ID)
		for label, want := range map[string]string{"Region": "China (Hangzhou)", "Fee": "$720.00a month", "Created": "20 Nov 2026"} {
			if got := folded(row.Find("td[data-label='" + label + "']")); (got != "") != slices.Contains(c.chosen, strings.ToLower(label)) || (got != "" && got != want) {
				t.Errorf("%q: %s is %q", c.chosen, label, got)
			}
		}
		if got := strings.Contains(row.Find("td[data-label='Access Point']").Text(), "China Telecom"); got != slices.Contains(c.chosen, "sp") {
			t.Errorf("%q: the SP is shown: %v", c.chosen, got)
		}
		ticked := d.Find("#columns input[type=checkbox][checked]").Map(func(_ int, i *goquery.Selection) string { return i.AttrOr("value", "") })
		want := slices.Compact(slices.Sorted(slices.Values(c.chosen)))
		slices.Sort(ticked)
		if d := cmp.Diff(want, ticked); d != "" && len(want)+len(ticked) > 0 {
			t.Errorf("%q: ticked, -want +got:\n%s", c.chosen, d)
		}
		if d := cmp.Diff(usual, heads(s.as("viewer@northwind.example"), "")); d != "" {
			t.Errorf("%q: a colleague sees, -want +got:\n%s", c.chosen, d)
		}
	}
	// The form of the page itself, as a browser without the script sends it.
	form := me.get("/interfaces?sort=due").doc().Find("form#columns")
	if form.AttrOr("action", "") != paths.Preferences || form.AttrOr("method", "") != "post" || form.Find("input[name=next]").AttrOr("value", "") != "/interfaces?sort=due" {
		t.Error("the form does not return to the list that it is on")
	}
	// What there is not is refused, and nothing changes.
	choose("sp").want(303)
	for _, names := range [][]string{{"price"}, {"sp", ""}, {"sp", "fee created"}} {
		choose(names...).want(422)
	}
	if d := cmp.Diff([]string{"Interface ID / Name", "Status / Due date", "Access Point / SP", "Port", "Actions"}, heads(me, "")); d != "" {
		t.Error("after refused choices, -want +got:\n", d)
	}
	if a := s.anyone().post(paths.Preferences, url.Values{"columns": {"interfaces"}, "column": {"fee"}}); a.status == 200 || a.header.Get("Location") == paths.Home {
		t.Errorf("nobody's columns were kept: %d", a.status)
	}
	// Other preferences leave the columns alone, and the usual ones are no choice.
	me.post(paths.Preferences, url.Values{"theme": {"dark"}}).want(303)
	if d := cmp.Diff([]string{"Interface ID / Name", "Status / Due date", "Access Point / SP", "Port", "Actions"}, heads(me, "")); d != "" {
		t.Error("after another theme, -want +got:\n", d)
	}
	choose("created", "redundant", "sp").want(303)
	if d := cmp.Diff(usual, heads(me, "")); d != "" {
		t.Error("the usual columns again, -want +got:\n", d)
	}
	if other.get("/interfaces").want(200).doc().Find("#columns").Length() != 0 {
		t.Error("an empty list has columns to choose")
	}
}
