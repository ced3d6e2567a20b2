package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

var listNow = time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)

// listRow is an interface in a stage with text s wherever people type.
func listRow(stage lifecycle.Stage, id, s string) Interface {
	return Interface{ID: id, Name: s, Description: s, Stage: stage, StageSince: listNow, DueAt: listNow.Add(48 * time.Hour), Now: listNow, Zone: time.UTC, Problem: s,
		Region: "China (Hangzhou)", AccessPoint: "Hangzhou-Yuhang-A", SP: "China Telecom", Spec: "10G", PortType: "10GBase-LR", PortShort: "10GE single-mode",
		RedundantID: "pc-partner", RedundantName: s, LOANo: "LOA-2026-004817", LineCode: s, OrderNo: "202611200001", CreatedAt: listNow}
}

func everyStage(s string) []Interface {
	var out []Interface
	for _, stage := range lifecycle.Stages() {
		out = append(out, listRow(stage, "pc-"+strings.ReplaceAll(string(stage), "_", ""), s))
	}
	return out
}

func listOf(s string, rows []Interface) InterfaceList {
	return InterfaceList{
		Columns: ListColumns{SP: true, Region: true, Redundant: true, Fee: true, Created: true}, Choice: []ui.Control{{ID: "column-sp", Name: "column", Value: s, Label: s, Checked: true}},
		Rows: rows, Caption: "Interfaces in all regions, newest first", Count: "11 interfaces",
		Views:  []ui.ViewTab{{Label: "All", Href: "/interfaces", Count: 11, Current: true}, {Label: "Enabled", Href: "/interfaces?view=enabled", Count: 1}},
		Filter: ui.Control{Name: "by", Label: "Filter by", Options: []ui.Option{{Value: "id", Label: "Interface ID"}}},
		Query:  ui.Control{Name: "q", Type: "search", Value: s}, ByStatus: ui.Control{Name: "status", Label: "Status", Options: []ui.Option{{Label: "All statuses"}}},
		Kept:   []ui.Hidden{{Name: "view", Value: "enabled"}},
		Tokens: []ui.Token{{Text: "Search: " + s, Href: "/interfaces"}}, Clear: "/interfaces", Here: "/interfaces?q=x", CSV: "/interfaces.csv",
		Name: ui.Column{Label: "Interface ID / Name", Href: "/interfaces?sort=name"}, Status: ui.Column{Label: "Status", Href: "/interfaces?sort=status", Second: &ui.Column{Label: "Due date", Href: "/interfaces?sort=due"}},
		Sort: ui.Control{Name: "sort", Label: "Sort", Options: []ui.Option{{Label: "Newest first"}}}, Created: ui.Column{Label: "Created", Sort: "descending", Href: "/interfaces", Class: "col-extra"},
		Pages: ui.Pages{Summary: "1–11 of 11"},
		Note:  ui.Notice{Tone: ui.ToneInfo, DismissAction: "/preferences", DismissKey: "interfaces-note", Next: "/interfaces"},
	}
}

// listPages are all pages of this file in all their states.
func listPages(s string) map[string]func() *InterfaceList {
	nothing, failed, noMatch := listOf(s, nil), listOf(s, nil), listOf(s, nil)
	nothing.Nothing, failed.Failed = true, true
	full := listOf(s, everyStage(s))
	return map[string]func() *InterfaceList{
		"rows": func() *InterfaceList { return &full }, "empty": func() *InterfaceList { return &nothing },
		"failed": func() *InterfaceList { return &failed }, "no match": func() *InterfaceList { return &noMatch },
	}
}

func hostilePages(t *testing.T, s string) map[string]*goquery.Document {
	p := samplePage(AreaCustomer)
	out := map[string]*goquery.Document{}
	for name, l := range listPages(s) {
		out["interfaces, "+name] = renderPage(t, InterfacesPage(p, *l()))
	}
	needs := []Interface{listRow(lifecycle.LOARejected, "pc-one", s), listRow(lifecycle.ApprovedLOA, "pc-two", s)}
	glance := []ui.Pair{{Term: "Enabled", Value: "6", Href: "/interfaces?view=enabled"}, {Term: "With " + s, Value: "1"}}
	steps := lifecycle.StepNames()
	for name, o := range map[string]Overview{
		"needs": {NeedsTitle: "Needs your action", Needs: needs, NeedsCount: 2, Glance: glance, Steps: steps[:], All: "/interfaces?view=needs-action", Here: "/"},
		"calm":  {Elsewhere: s, Glance: glance, Steps: steps[:], All: "/interfaces", Here: "/"},
		"empty": {Nothing: true, Steps: steps[:], Here: "/"}, "failed": {NeedsFailed: true, GlanceFailed: true, Steps: steps[:], Here: "/"},
	} {
		out["overview, "+name] = renderPage(t, OverviewPage(p, o))
	}
	offers := []PortOffer{{Spec: "10G", Types: s, Free: PortsFewLeft, Label: s, Medium: s, SPs: s, Installation: "$1,500.00", Monthly: "$720.00", Apply: "/interfaces/new?ap=x"}, {Spec: "40G", Types: s, Free: PortsNone}}
	row := AccessPointRow{ID: s, Name: s, Region: s, Href: "/access-points/x", Hint: s, Tag: "Hot", SPs: []string{s}, Offers: offers, Apply: "/interfaces/new?ap=x"}
	full := row
	full.Apply, full.Reason = "", s
	sel := func(name string) ui.Control {
		return ui.Control{Name: name, Label: name, Options: []ui.Option{{Value: s, Label: s}}}
	}
	out["access points"] = renderPage(t, AccessPointsPage(p, AccessPointList{Rows: []AccessPointRow{row, full}, Region: sel("region"), SP: sel("sp"), Spec: sel("spec"), Tokens: []ui.Token{{Text: s, Href: "/access-points"}}, Clear: "/access-points", Count: "2 access points"}))
	out["access points, no match"] = renderPage(t, AccessPointsPage(p, AccessPointList{Region: sel("region"), SP: sel("sp"), Spec: sel("spec"), Clear: "/access-points"}))
	out["access point"] = renderPage(t, AccessPointPage(p, AccessPointShow{Name: s, Tag: s, Facts: []ui.Pair{{Term: "Run by", Value: s}}, Offers: offers, Apply: "/interfaces/new?ap=x", Reason: s, Hint: s}))
	orders := []OrderRow{}
	for i, state := range []string{"unpaid", "paid", "expired", "canceled", "refunded", s} {
		orders = append(orders, OrderRow{No: "20261120000" + string(rune('1'+i)), Href: "/orders/1", Kind: "Resource fee", Period: s, InterfaceID: "pc-one", Name: s, Amount: "$1,500.00", State: state, CreatedAt: listNow, Zone: time.UTC})
	}
	out["orders"] = renderPage(t, OrdersPage(p, OrderList{Rows: orders, Pages: ui.Pages{Summary: "6 orders", Next: "/orders?after=x"}}))
	activity := []ActivityRow{{At: listNow, Who: s, Role: s, Action: s, Kind: s, About: s, Href: "/x", From: lifecycle.InApplication, To: lifecycle.ApprovedLOA, Detail: s, Reason: s},
		{At: listNow, Who: s, Action: "sign_in", About: s, Named: true, Href: "/x"}, {At: listNow, Who: s, Action: "sign_in", About: s, Named: true}, {At: listNow, Who: s, Action: "sign_in", About: s}}
	out["activity"] = renderPage(t, ActivityPage(p, Activity{EventList: eventList(s), Operator: s, Rows: activity}))
	out["activity, not clear"] = renderPage(t, ActivityPage(p, Activity{EventList: unclear(s), Operator: s, Wrong: true}))
	out["activity, no match"] = renderPage(t, ActivityPage(p, Activity{EventList: EventList{Tokens: []ui.Token{{Text: s, Href: "/x"}}, Clear: "/x"}, Operator: s}))
	out["activity, empty"] = renderPage(t, ActivityPage(p, Activity{Operator: s}))
	out["orders, empty"] = renderPage(t, OrdersPage(p, OrderList{}))
	return out
}

func TestListPagesStandHostileText(t *testing.T) {
	for _, s := range hostileTexts() {
		for name, doc := range hostilePages(t, s) {
			checkSafe(t, name, doc)
			if n := doc.Find("h1").Length(); n != 1 {
				t.Errorf("%s: %d h1", name, n)
			}
			doc.Find("table").Each(func(_ int, table *goquery.Selection) {
				heads := table.Find("thead th").Length()
				table.Find("tbody tr").Each(func(_ int, r *goquery.Selection) {
					if n := r.Children().Length(); n != heads {
						t.Errorf("%s: a row of %d cells under %d heads", name, n, heads)
					}
				})
				if id := table.AttrOr("aria-labelledby", ""); doc.Find("#"+id).Length() != 1 {
					t.Errorf("%s: the table's name %q is not on the page", name, id)
				}
			})
		}
	}
}

func TestListKeepsTextAsText(t *testing.T) {
	for _, s := range hostileTexts() {
		doc := renderPage(t, InterfacesPage(samplePage(AreaCustomer), listOf(s, everyStage(s))))
		row := shownRow(doc, "pc-enabled")
		if got := row.Find("th .clip").Text(); got != s {
			t.Errorf("name %q became %q", s, got)
		}
		if got := row.Find("th .clip").AttrOr("title", ""); got != s && (got != "" || len(s) > 20) {
			t.Errorf("the whole name %q is not in the title: %q", s, got)
		}
		if got := doc.Find("#q").AttrOr("value", ""); got != s {
			t.Errorf("search %q became %q", s, got)
		}
	}
}

// shownRow is the row of an interface in the customer's list.
func shownRow(doc *goquery.Document, id string) *goquery.Selection {
	return doc.Find("tr:has(th a[href='" + paths.Interface(id) + "'])")
}

func TestListRows(t *testing.T) {
	doc := renderPage(t, InterfacesPage(samplePage(AreaCustomer), listOf("x", everyStage("hz-primary"))))
	for _, c := range []struct{ id, status, first, href, line string }{
		{"pc-pendingpayment", "Pending Payment", "Pay", "/orders/202611200001", "Order expires"},
		{"pc-toapplyforloa", "To Apply for LOA", "Apply for LOA", "/interfaces/pc-toapplyforloa/loa-application/new", "hz-primary"},
		{"pc-inapplication", "In Application", "View Application", "/interfaces/pc-inapplication/loa-application", "Sent 20 Nov"},
		{"pc-loarejected", "LOA Rejected", "Apply for LOA", "/interfaces/pc-loarejected/loa-application/new", "hz-primary"},
		{"pc-approvedloa", "Approved LOA", "Correct Delivery Report", "/interfaces/pc-approvedloa/delivery-report", "hz-primary"},
		{"pc-waitingforcabling", "Waiting", "View LOA", "/interfaces/pc-waitingforcabling/loa", "Cabling due"},
		{"pc-waitingforpayment", "Waiting", "Pay Resource Fee", "/interfaces/pc-waitingforpayment/resource-fee", "Cabling done"},
		{"pc-enabled", "Enabled", "View LOA", "/interfaces/pc-enabled/loa", "Since 20 Nov 2026"},
	} {
		row := shownRow(doc, c.id)
		if got := row.Find(".status").Text(); got != c.status {
			t.Errorf("%s: status %q, want %q", c.id, got, c.status)
		}
		if got := row.Find("td[data-label=Status] .sub").First().Text(); !strings.HasPrefix(got, c.line) {
			t.Errorf("%s: second line %q, want %q…", c.id, got, c.line)
		}
		link := row.Find(".acts > a").First()
		if got := strings.Join(strings.Fields(link.Text()), " "); got != c.first+" for "+c.id || link.AttrOr("href", "") != c.href {
			t.Errorf("%s: first action %q to %q", c.id, got, link.AttrOr("href", ""))
		}
		if n := row.Find(".acts > a").Length(); n > 2 {
			t.Errorf("%s: %d links, want at most two", c.id, n)
		}
		if row.Find(`[popovertarget="m-`+c.id+`"]`).AttrOr("aria-label", "") != "More actions for "+c.id {
			t.Errorf("%s: More has no name", c.id)
		}
	}
	for _, id := range []string{"pc-canceled", "pc-terminated"} {
		if shownRow(doc, id).Find(".ticks").Length() != 0 {
			t.Errorf("%s: an ended interface shows a step", id)
		}
		if shownRow(doc, id).Find("a.danger").Length() != 0 {
			t.Errorf("%s: an ended interface offers an end", id)
		}
		if got := shownRow(doc, id).Find(".acts > a"); got.Length() != 1 || got.AttrOr("href", "") != "/interfaces/"+id {
			t.Errorf("%s: an ended interface cannot be looked at", id)
		}
	}
	if got := doc.Find("th[aria-sort]"); got.Length() != 1 || got.AttrOr("aria-sort", "") != "descending" || !strings.HasPrefix(got.Text(), "Created") {
		t.Errorf("sorted by %q", got.Text())
	}
}

func TestListStates(t *testing.T) {
	p := samplePage(AreaCustomer)
	for name, c := range map[string]struct{ has, hasNot string }{
		"rows":     {"#list table", ".empty"},
		"no match": {"form[role=search] #q", "table"},
		"failed":   {"form[role=search] #q", "table"},
		"empty":    {".empty__art", "#q"},
	} {
		doc := renderPage(t, InterfacesPage(p, *listPages("x")[name]()))
		if doc.Find(c.has).Length() == 0 {
			t.Errorf("%s: %s is missing", name, c.has)
		}
		if doc.Find(c.hasNot).Length() != 0 {
			t.Errorf("%s: %s is there", name, c.hasNot)
		}
	}
	noNote := listOf("x", nil)
	noNote.Note = ui.Notice{}
	if renderPage(t, InterfacesPage(p, noNote)).Find("[role=note]").Length() != 0 {
		t.Error("a note that was put away is shown")
	}
}

func TestFreeMarks(t *testing.T) {
	same := AccessPointRow{Offers: []PortOffer{{Spec: "1G and below", Free: PortsAvailable}, {Spec: "10G", Free: PortsAvailable}}}
	if got := same.free(); len(got) != 1 || got[0].Label != PortsAvailable || got[0].Of != "" {
		t.Errorf("all the same: %v", got)
	}
	mixed := AccessPointRow{Offers: []PortOffer{{Spec: "1G and below", Free: PortsAvailable}, {Spec: "40G", Free: PortsNone}}}
	if got := mixed.free(); len(got) != 2 || got[1].Label != PortsNone || got[1].Of != "40G" {
		t.Errorf("mixed: %v", got)
	}
	if got := (AccessPointRow{}).free(); len(got) != 0 {
		t.Errorf("nothing offered: %v", got)
	}
}

// A report that came back is corrected and an application that was refused has
// reasons to read, for whoever may do something about it and for whoever may not.
func TestRowsOfWhatCameBack(t *testing.T) {
	words := func(i Interface) (links, more []string) {
		l, m := i.CustomerActions()
		for _, a := range l {
			links = append(links, a.Label)
		}
		for _, a := range m {
			more = append(more, a.Label)
		}
		return links, more
	}
	report := listRow(lifecycle.ApprovedLOA, "pc-one", "")
	report.Problem = ""
	if links, _ := words(report); !slices.Contains(links, "Delivery Report") {
		t.Errorf("a first report: %q", links)
	}
	report.Problem = "Label not found"
	if links, _ := words(report); !slices.Contains(links, "Correct Delivery Report") || slices.Contains(links, "Delivery Report") {
		t.Errorf("a report that came back: %q", links)
	}
	for _, reader := range lifecycle.CustomerRoles() {
		var acts ui.Actions
		for _, i := range []Interface{report, listRow(lifecycle.WaitingForPayment, "pc-four", "")} {
			i.Reader = reader
			rowActions(&acts, &i)
			letter := paths.LOA(i.ID)
			inMore := slices.ContainsFunc(acts.More, func(m ui.MenuItem) bool { return m.Href == letter })
			switch does := i.Stage.Awaits(reader); {
			case does && (len(acts.Links) != 1 || !acts.Links[0].Lead || !inMore):
				t.Errorf("%s, %s: %+v, letter under More: %t", reader, i.Stage, acts.Links, inMore)
			case !does && (len(acts.Links) != 1 || acts.Links[0].Href != letter || inMore):
				t.Errorf("%s, %s, who takes no step: %+v", reader, i.Stage, acts.Links)
			}
		}
		rejected := listRow(lifecycle.LOARejected, "pc-two", "")
		rejected.Reader = reader
		if _, more := words(rejected); !slices.Contains(more, "View reasons") {
			t.Errorf("%s: a rejected application: %q", reader, more)
		}
		fresh := listRow(lifecycle.ToApplyForLOA, "pc-three", "")
		fresh.Reader, fresh.ScheduledAt = reader, time.Time{}
		if _, more := words(fresh); slices.Contains(more, "View Application") {
			t.Errorf("%s: no application was sent yet: %q", reader, more)
		}
		fresh.ScheduledAt = fresh.Now
		if _, more := words(fresh); !slices.Contains(more, "View Application") {
			t.Errorf("%s: an application that was taken back: %q", reader, more)
		}
	}
}
