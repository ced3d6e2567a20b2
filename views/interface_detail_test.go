package views

import (
	"context"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"demarc/store/lifecycle"
	"demarc/views/ui"
)

// fragmentOf parses a component that is not a whole page.
func fragmentOf(t *testing.T, c templ.Component) *goquery.Document {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	d, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// detailWith is a full page in which every text of people is s.
func detailWith(stage lifecycle.Stage, s string) InterfaceDetail {
	p := progressAt(stage)
	p.Name, p.Description, p.ConstructionCompany, p.Operator, p.NOC, p.Problem = s, s, s, s, s, s
	for i := range p.History {
		p.History[i].Who, p.History[i].Reason, p.History[i].Detail = s, s, s
	}
	link := PathLink{ID: "pc-1", Name: s, SP: s, ConstructionType: s, LineCode: s, Device: s, Room: s, Cabinet: s, PortName: s, CableLabel: s, AccessPoint: s, AccessPointID: s}
	return InterfaceDetail{Progress: p, RedundantWords: "Redundant by ECMP",
		Path:         PathDiagram{DataCenter: s, Region: s, Links: []PathLink{link}},
		Basic:        []ui.Pair{{Term: "Description", Value: s}, {Term: "Redundant Connection ID", Content: RedundantLink("pc-2", s, "/interfaces/pc-2", s)}},
		Installation: []ui.Pair{{Term: "Data center", Value: s}}, LOAHref: "/interfaces/pc-1/loa.pdf",
		Report: []ui.Pair{{Term: "Cable labels", Content: IDList([]string{s, s})}, {Term: "Submitted", Content: StampBy(stepNow, p.Zone, s)}},
		Fees:   []FeeLine{{Name: "Initial installation fee", Amount: s, Note: s, OrderNo: s, OrderHref: "/orders/1"}}, OrdersHref: "/orders"}
}

func interfacePages(stage lifecycle.Stage, s string) map[string]templ.Component {
	d := detailWith(stage, s)
	bad := map[string]string{"name": s, "description": s, "confirm": s}
	end := EndForm{Interface: d.Interface, Happens: []string{s, s}, Typed: s, Key: s, Errors: bad, Conflict: s}
	return map[string]templ.Component{
		"detail":    InterfacePage(samplePage(AreaCustomer), d),
		"edit":      EditInterface(samplePage(AreaCustomer), false, InterfaceForm{Interface: d.Interface, Name: s, Description: s, Key: s, Errors: bad, Conflict: s}),
		"cancel":    CancelInterface(samplePage(AreaCustomer), false, end),
		"terminate": TerminateInterface(samplePage(AreaCustomer), false, end),
	}
}

func TestInterfacePagesStandHostileText(t *testing.T) {
	for _, s := range hostileTexts() {
		for _, stage := range lifecycle.Stages() {
			for name, c := range interfacePages(stage, s) {
				doc := renderPage(t, c)
				checkSafe(t, string(stage)+" "+name, doc)
				if n := doc.Find("h1").Length(); n != 1 {
					t.Errorf("%s %s: %d h1", stage, name, n)
				}
				if name == "detail" && !strings.Contains(doc.Find("h1").Text(), s) {
					t.Errorf("%s: the name is not shown as it is", stage)
				}
			}
		}
	}
}

func TestDetailLeavesOutEmptyCards(t *testing.T) {
	heads := func(d InterfaceDetail) string {
		var out []string
		fragmentOf(t, InterfaceFacts(d)).Find("h2").Each(func(_ int, s *goquery.Selection) { out = append(out, s.Text()) })
		return strings.Join(out, ", ")
	}
	d := detailWith(lifecycle.WaitingForCabling, "x")
	if got, want := heads(d), "Basic information, Installation information, Delivery report, Fees, Activity"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	d.Installation, d.Report, d.Fees, d.LOAHref = nil, nil, nil, ""
	if got, want := heads(d), "Basic information, Activity"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDetailPollsWhileSomethingMayHappen(t *testing.T) {
	for _, stage := range lifecycle.Stages() {
		live := fragmentOf(t, InterfaceLive(detailWith(stage, "x"), "")).Find("#live")
		final := stage == lifecycle.Enabled || stage.Ended()
		if got := live.AttrOr("hx-trigger", ""); (got == "") != final {
			t.Errorf("%s: hx-trigger %q", stage, got)
		}
		if final {
			continue
		}
		if got := live.AttrOr("hx-get", ""); !strings.Contains(got, "was="+string(stage)) || !strings.Contains(got, "v=") {
			t.Errorf("%s asks %q", stage, got)
		}
		if live.Find("a:contains('Refresh')").Length() != 1 {
			t.Errorf("%s: no way to refresh without the script", stage)
		}
	}
	p := progressAt(lifecycle.WaitingForCabling)
	before := p.Seen()
	late(&p)
	if p.Seen() == before {
		t.Error("a deadline that passes would never be shown")
	}
}

func TestStatusChangeIsSaidOnce(t *testing.T) {
	d := detailWith(lifecycle.ApprovedLOA, "x")
	if got := fragmentOf(t, InterfaceLive(d, "Status changed to Approved LOA")).Find("[data-announce]").AttrOr("data-announce", ""); got != "Status changed to Approved LOA" {
		t.Errorf("%q", got)
	}
	if fragmentOf(t, InterfaceLive(d, "")).Find("[data-announce]").Length() != 0 {
		t.Error("an unchanged page speaks")
	}
}

func TestEndingAsksFirst(t *testing.T) {
	f := EndForm{Interface: progressAt(lifecycle.ToApplyForLOA).Interface, Happens: []string{"The port is released at once."}, Key: "k"}
	doc := fragmentOf(t, CancelInterface(Page{}, true, f))
	if doc.Find("dialog h2").Text() != "Cancel hz-dc1?" || doc.Find("dialog li").Text() != "The port is released at once." {
		t.Error(doc.Text())
	}
	if got := doc.Find("[autofocus]").Text(); strings.TrimSpace(got) != "Keep interface" {
		t.Errorf("the first focus goes to %q", got)
	}
	if doc.Find("input[name=confirm][checked]").Length() != 0 {
		t.Error("the box is ticked already")
	}
	form := doc.Find("form")
	if form.AttrOr("action", "") != "/interfaces/pc-1/cancellation" || form.AttrOr("hx-post", "") != "/interfaces/pc-1/cancellation" || form.AttrOr("hx-target", "") != "#layer" {
		t.Error("the form of the dialog does not answer in the dialog")
	}
	f.Errors = map[string]string{"confirm": "Confirm that you understand that this cannot be undone"}
	doc = fragmentOf(t, CancelInterface(Page{}, true, f))
	if got := doc.Find("[autofocus]"); got.Length() != 1 || !got.HasClass("error-summary") {
		t.Error("the summary does not take the focus")
	}
	f.Closed, f.Errors, f.Conflict = true, nil, "hz-dc1 is in the Canceled state now."
	doc = fragmentOf(t, CancelInterface(Page{}, true, f))
	if doc.Find("form").Length() != 0 || doc.Find("[role=alert]").Length() != 1 {
		t.Error("an interface that cannot be canceled still asks")
	}
	page := renderPage(t, TerminateInterface(samplePage(AreaCustomer), false, EndForm{Interface: f.Interface}))
	if page.Find("form[action$='/termination'][hx-post]").Length() != 0 || page.Find("dialog").Length() != 0 || page.Find("h1").Text() != "Terminate hz-dc1?" {
		t.Error("without the script the question is not a page of its own")
	}
}
