package handlers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"demarc/store/lifecycle"
	"demarc/web/paths"
)

func TestOverview(t *testing.T) {
	s := newSite(t)
	me, other := s.as(northwind), s.as(southwind)
	if got := other.get("/").want(200).text(); !strings.Contains(got, "No physical connection interfaces yet") || strings.Contains(got, "At a glance") {
		t.Error("an account that has nothing does not see how to begin")
	}

	waiting := s.At(t, lifecycle.InApplication, named("in-review"))
	a := me.get("/").want(200)
	if !strings.Contains(a.text(), "Nothing needs your action. 1 interface is with Example Cloud.") {
		t.Errorf("a calm overview: %s", a.text())
	}
	// The list leads to the card that explains the procedure.
	guide := me.get(paths.Interfaces).want(200).doc().Find("a.doclink")
	if href, ok := strings.CutPrefix(guide.AttrOr("href", ""), "/#"); !ok || a.doc().Find("section[aria-labelledby="+href+"] ol li").Length() != lifecycle.Steps || a.doc().Find("#"+href).Text() != folded(guide) {
		t.Errorf("%q leads to %q", folded(guide), guide.AttrOr("href", ""))
	}
	if strings.Contains(a.doc().Find("main").Text(), waiting.ID) {
		t.Error("what waits for staff is shown as waiting for the customer")
	}

	s.Clock.Advance(time.Minute)
	unpaid := s.At(t, lifecycle.PendingPayment, named("tokyo"))
	for range 5 {
		s.Clock.Advance(time.Minute)
		s.At(t, lifecycle.ToApplyForLOA)
	}
	s.Clock.Advance(time.Minute)
	rejected := s.At(t, lifecycle.LOARejected, named("qingdao"))
	d := me.get("/").want(200).doc()
	card := d.Find("section[aria-labelledby=needs-h]")
	if got := folded(card.Find("h2")); got != "Needs your action (7)" {
		t.Errorf("head %q", got)
	}
	// What has a deadline comes first, however old it is, then the newest.
	rows := card.Find("li")
	if rows.Length() != 5 || !strings.HasPrefix(folded(rows.First()), "tokyo "+unpaid.ID+" Pending PaymentOrder expires ") {
		t.Errorf("%d rows, the first: %q", rows.Length(), folded(rows.First()))
	}
	second := rows.Eq(1)
	if !strings.HasPrefix(folded(second), "qingdao "+rejected.ID+" LOA RejectedConstruction Company: ") {
		t.Errorf("the second: %q", folded(second))
	}
	if got := second.Find(".acts a"); got.Length() != 1 || got.AttrOr("href", "") != "/interfaces/"+rejected.ID+"/loa-application/new" {
		t.Errorf("the next thing to do leads to %q", got.AttrOr("href", ""))
	}
	if got := card.Find("a:contains('View all')").AttrOr("href", ""); got != "/interfaces?view=needs-action&sort=due" {
		t.Errorf("view all: %q", got)
	}
	var glance []string
	d.Find("section[aria-labelledby=glance-h] dl > div").Each(func(_ int, s *goquery.Selection) {
		glance = append(glance, folded(s.Find("dt"))+": "+folded(s.Find("dd")))
	})
	// The review falls due this week; the unpaid order has a minute more than that.
	if d := cmp.Diff([]string{"Enabled: 0", "With Example Cloud: 1", "Needs your action: 7", "Due this week: 2"}, glance); d != "" {
		t.Error("at a glance, -want +got:\n", d)
	}
	if unpaid.DueAt.IsZero() {
		t.Error("an unpaid order has no end")
	}
	if d := cmp.Diff(9, d.Find("section[aria-labelledby=guide-h] li").Length()); d != "" {
		t.Error("steps", d)
	}
	if got := folded(d.Find("h1")); got != "Express Connect" {
		t.Errorf("h1 %q", got)
	}
}

// Whom an interface waits for depends on the role: an engineer pays nothing,
// finance applies for no letter, a viewer takes no step at all. The navigation,
// the overview and the views of the list say the same.
func TestWhoseActionIsNeeded(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	s.At(t, lifecycle.PendingPayment, named("to-pay"))
	s.Clock.Advance(time.Minute)
	s.At(t, lifecycle.ToApplyForLOA, named("to-apply"))
	s.Clock.Advance(time.Minute)
	s.At(t, lifecycle.ApprovedLOA, named("to-install"))
	for mail, want := range map[string]struct{ nav, title, first, glance, tabs string }{
		customerMail: {"3 need your action", "Needs your action (3)", "to-pay", "Needs your action: 3", "All 3|Needs your action 3|With Example Cloud 0|Enabled 0|Closed 0"},
		engineerMail: {"2 need your action", "Needs your action (2)", "to-install", "Needs your action: 2|Needs a colleague: 1", "All 3|Needs your action 2|Needs a colleague 1|With Example Cloud 0|Enabled 0|Closed 0"},
		payerMail:    {"1 need your action", "Needs your action (1)", "to-pay", "Needs your action: 1|Needs a colleague: 2", "All 3|Needs your action 1|Needs a colleague 2|With Example Cloud 0|Enabled 0|Closed 0"},
		viewerMail:   {"", "Needs a colleague (3)", "to-pay", "Needs a colleague: 3", "All 3|Needs a colleague 3|With Example Cloud 0|Enabled 0|Closed 0"},
	} {
		reader := s.as(mail)
		d := reader.get("/").want(200).doc()
		if got := folded(d.Find("nav#nav a[href='/interfaces']")); strings.TrimSpace(strings.TrimPrefix(got, "Physical Connection Interfaces")) != want.nav {
			t.Errorf("%s: navigation %q", mail, got)
		}
		card := d.Find("section[aria-labelledby=needs-h]")
		if got := folded(card.Find("h2")); got != want.title {
			t.Errorf("%s: %q", mail, got)
		}
		if got := folded(card.Find("li a").First()); got != want.first {
			t.Errorf("%s: the first is %q", mail, got)
		}
		var glance []string
		d.Find("section[aria-labelledby=glance-h] dl > div").Each(func(_ int, s *goquery.Selection) {
			if dt := folded(s.Find("dt")); strings.HasPrefix(dt, "Needs ") {
				glance = append(glance, dt+": "+folded(s.Find("dd")))
			}
		})
		if got := strings.Join(glance, "|"); got != want.glance {
			t.Errorf("%s: at a glance %q", mail, got)
		}
		all, _ := card.Find("a:contains('View all')").Attr("href")
		list := reader.get(all).want(200).doc()
		if got := strings.Join(texts(list.Find("nav[aria-label=Views] a")), "|"); got != want.tabs {
			t.Errorf("%s: views %q", mail, got)
		}
		if got := folded(list.Find("nav[aria-label=Views] a[aria-current]")); got != strings.NewReplacer("(", "", ")", "").Replace(want.title) {
			t.Errorf("%s: %q is open, not %q", mail, got, want.title)
		}
	}
	if got := s.as(viewerMail).get("/interfaces?view=needs-action").want(200).doc().Find("tbody tr").Length(); got != 3 {
		t.Errorf("a viewer who follows a colleague's link to what needs an action sees %d interfaces", got)
	}
}
