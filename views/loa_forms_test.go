package views

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"demarc/store/letter"
	"demarc/store/lifecycle"
)

// loaHostile is what people might type into any field.
var loaHostile = []string{`"><script>alert(1)</script><b onclick=x>`, strings.Repeat("Wort", 50), "浙江华临布线有限公司", ""}

// loaPages is every page about letters and reports, with s in each text.
func loaPages(s string) map[string]templ.Component {
	now := time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)
	zone := time.FixedZone("Asia/Shanghai", 8*3600)
	at := func(stage lifecycle.Stage) Interface {
		return Interface{ID: "pc-1", Name: s, Description: s, Stage: stage, Now: now, Zone: zone, StageSince: now, DueAt: now, Problem: s, AccessPoint: s, SP: s, Spec: s, Rev: 3}
	}
	people := []Engineer{{Name: s, Gender: s, IDType: s, IDNumber: s, IDLast4: s, Contact: s}, {Name: "Zhou Ming", Gender: "male", IDType: "passport", Contact: "1"}}
	p := samplePage(AreaCustomer)
	p.Title = s
	form := LOAApplicationForm{Interface: at(lifecycle.LOARejected), Key: s, CompanyName: s, ConstructionCompany: s, ConstructionType: "Others", OtherType: s, ScheduledAt: s, Location: s, Bandwidth: s,
		Visit: VisitEngineers, Engineers: people, Types: []string{"MSTP", "Others"}, MaxEngineers: 16, Asks: Visitors{true, true, true}, Earliest: now, Latest: now, Again: true,
		Reasons: []Reason{{"location", s + "!", s}, {"engineers", s + "!", s}, {"other", s + "!", s}}, Errors: map[string]string{"company_name": s + "!", "engineer-0-name": s + "!", "engineers": s + "!", "visit": s + "!"}, Conflict: s, Focus: "engineer-1-name"}
	full := form
	full.MaxEngineers, full.Interface = 2, at(lifecycle.InApplication)
	report := DeliveryReportForm{Interface: at(lifecycle.ApprovedLOA), Operator: s, Key: s, Port: ReportedPort{s, s, s, s, s}, LineCode: s, Labels: []string{s, s}, Contact: s, MaxCables: 8,
		Returned: s, Errors: map[string]string{"line_code": s + "!", "label-1": s + "!", "labels": s + "!"}, Conflict: s, Focus: "labels"}
	fullReport := report
	fullReport.MaxCables, fullReport.Focus = 2, "label-1"
	drawer := report
	drawer.Partial = true
	return map[string]templ.Component{
		"form":      LOAApplicationFormPage(p, form),
		"full form": LOAApplicationFormPage(p, full),
		"view": LOAApplicationPage(p, LOAApplication{Interface: at(lifecycle.InApplication), Version: 2, CompanyName: s, ConstructionCompany: s, ConstructionType: s, Location: s, Bandwidth: s, ScheduledAt: now, Engineers: people,
			Versions: []LOAVersion{{2, now, s, "open", time.Time{}, nil}, {1, now, s, "rejected", now, []string{s, s}}}}),
		"withdrawal":  LOAWithdrawalPage(p, false, LOAWithdrawal{at(lifecycle.InApplication), s, s}),
		"not now":     NotNowPage(p, NotNow{at(lifecycle.ToApplyForLOA), s, s, "Apply for LOA", "/interfaces/pc-1"}),
		"letter":      LOAShow(p, LOAPage{Interface: at(lifecycle.ApprovedLOA), Letter: letter.Snapshot{Number: s, CompanyName: s, Engineers: []string{s}, Zone: "Asia/Shanghai"}, Stamp: "Expired", Note: s, NoteText: "Apply for LOA", NoteHref: "/x"}),
		"report":      DeliveryReportFormPage(p, report),
		"full report": DeliveryReportFormPage(p, fullReport),
		"drawer":      DeliveryReportFormPage(p, drawer),
		"sent report": DeliveryReportPage(p, DeliveryReport{Interface: at(lifecycle.WaitingForPayment), Port: ReportedPort{s, s, s, s, s}, Status: "completed", LineCode: s, Labels: []string{s}, Contact: s,
			SubmittedAt: now, SubmittedBy: s, CompletedAt: now, LabelFound: s, Light: "-7.2 dBm"}),
	}
}

func TestLOAPagesStandHostileText(t *testing.T) {
	for _, s := range loaHostile {
		for name, page := range loaPages(s) {
			var b strings.Builder
			if err := page.Render(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
			d, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
			if err != nil {
				t.Fatal(err)
			}
			for _, sel := range []string{"script:not([src])", "style", "[style]", "b[onclick]", "[onclick]", "[hx-on]"} {
				if n := d.Find(sel).Length(); n > 0 {
					t.Errorf("%s with %.20q: %d × %s", name, s, n, sel)
				}
			}
			ids := map[string]bool{}
			d.Find("[id]").Each(func(_ int, e *goquery.Selection) {
				if id := e.AttrOr("id", ""); ids[id] {
					t.Errorf("%s: id %q twice", name, id)
				} else {
					ids[id] = true
				}
			})
			d.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, e *goquery.Selection) {
				for _, id := range strings.Fields(e.AttrOr("aria-describedby", "") + " " + e.AttrOr("aria-labelledby", "")) {
					if !ids[id] {
						t.Errorf("%s: refers to %q, which is not there", name, id)
					}
				}
			})
			d.Find(".error-summary a, .message.tone-bad a").Each(func(_ int, e *goquery.Selection) {
				id := strings.TrimPrefix(e.AttrOr("href", ""), "#")
				if !ids[id] {
					t.Errorf("%s: a message leads to %q, which is not there", name, id)
				}
			})
			d.Find("main input:not([type=hidden]), main select, main textarea").Each(func(_ int, e *goquery.Selection) {
				if id := e.AttrOr("id", ""); d.Find("label[for='"+id+"']").Length() == 0 && e.Closest("label").Length() == 0 {
					t.Errorf("%s: %s has no label", name, id)
				}
			})
			if n := d.Find("[autofocus]:not(.error-summary)").Length(); n > 1 {
				t.Errorf("%s: focus is wanted in %d places", name, n)
			}
		}
	}
}

func TestVisitorsNote(t *testing.T) {
	for _, c := range []struct {
		v        Visitors
		has, not string
	}{
		{Visitors{}, "name and contact information only", "erased"},
		{Visitors{IDType: true, IDNumber: true}, "the ID type and ID number of each visitor", "gender"},
		{Visitors{true, true, true}, "the gender, ID type and ID number of each visitor", "only"},
		{Visitors{Gender: true}, "the gender of each visitor", "ID"},
	} {
		got := c.v.note("Site A")
		if !strings.Contains(got, c.has) || strings.Contains(got, c.not) {
			t.Errorf("%+v: %q", c.v, got)
		}
	}
}
