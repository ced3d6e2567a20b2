package handlers_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

// atSingapore orders at a site that asks for IDs.
func atSingapore(t testing.TB, s *site) func(*store.NewConnection) {
	return func(n *store.NewConnection) {
		ap, _ := s.Catalogue().AccessPoint(s.APID(t, "Singapore-A"))
		n.Region, n.AccessPoint = ap.Region, ap.ID
		for sp, types := range ap.Offers {
			if slices.Contains(types, catalog.Type10GBaseLR) {
				n.SP = sp
			}
		}
	}
}

// loaForm is a complete form, as a browser sends it after GET.
func loaForm(page *answer, edit ...func(url.Values)) url.Values {
	v := url.Values{
		"key": {page.field("key")}, "rev": {page.field("rev")},
		"company_name": {"Northwind Trading"}, "construction_company": {"浙江华临布线有限公司"}, "construction_type": {"Others"}, "other_type": {"dark fibre"},
		"scheduled_at": {"2026-12-01T09:30"}, "location": {"Binjiang IDC 2"}, "bandwidth": {"1000"}, "visit": {"engineers"},
		"engineer-0-name": {"Zhou Ming"}, "engineer-0-contact": {"+86 137 0000 4410"},
		"engineer-1-name": {"陈宇"}, "engineer-1-contact": {"+86 138 0000 0092"},
	}
	for _, f := range edit {
		f(v)
	}
	return v
}

// sent is what the form on the page would send, button left out: what a person
// sees in it.
func sent(a *answer, form string) url.Values {
	v := url.Values{}
	a.doc().Find(form).Find("input, select, textarea").Each(func(_ int, s *goquery.Selection) {
		name := s.AttrOr("name", "")
		switch {
		case goquery.NodeName(s) == "select":
			v.Add(name, s.Find("option[selected]").AttrOr("value", ""))
		case s.AttrOr("type", "") == "radio":
			if _, on := s.Attr("checked"); on {
				v.Add(name, s.AttrOr("value", ""))
			}
		default:
			v.Add(name, s.AttrOr("value", ""))
		}
	})
	return v
}

func same(t *testing.T, got, want url.Values) {
	t.Helper()
	for name := range want {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("field %s is %q, want %q", name, got[name], want[name])
		}
	}
}

func links(a *answer, selector string) map[string]string {
	out := map[string]string{}
	a.doc().Find(selector).Each(func(_ int, s *goquery.Selection) {
		out[s.AttrOr("href", "")] = strings.TrimSpace(s.Text())
	})
	return out
}

func TestApplyForLOA(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.ToApplyForLOA)
	post := paths.LOAApplication(conn.ID)

	page := owner.get(paths.NewLOAApplication(conn.ID)).want(http.StatusOK)
	if got := page.field("company_name"); got != "Northwind Trading" {
		t.Errorf("company name begins as %q", got)
	}
	for _, words := range []string{"Company Name", "Construction Company", "Construction Type", "MSTP", "MPLSVPN", "FIBRE", "Others", "SDH is not supported.",
		"Scheduled Construction Time", "Asia/Shanghai (UTC+08:00)", "Earliest: 23 Nov 2026, 15:12 (UTC+08:00)", "Location", "Bandwidth", "Add Field Engineer", "1 of 16",
		"Hangzhou-Yuhang-A asks for name and contact information only."} {
		if !strings.Contains(page.text(), words) {
			t.Errorf("the form does not say %q", words)
		}
	}
	for _, name := range []string{"engineer-0-gender", "engineer-0-id_type", "engineer-0-id_number", "engineer-1-name"} {
		if page.doc().Find("[name='"+name+"']").Length() != 0 {
			t.Errorf("the form asks for %s", name)
		}
	}
	if n := page.doc().Find("form.loaform [type=submit]").First(); n.AttrOr("name", "") != "" {
		t.Errorf("Enter presses %q", n.AttrOr("value", ""))
	}

	// Rows come and go, and nothing is lost: with and without the script.
	form := loaForm(page)
	for _, send := range []func(string, url.Values) *answer{owner.post, owner.submit} {
		do := maps.Clone(form)
		do.Set("do", "add")
		more := send(post, do).want(http.StatusOK)
		same(t, sent(more, "form.loaform"), form)
		if a := more.doc().Find("[name=engineer-2-name]"); a.Length() != 1 || a.AttrOr("value", "") != "" {
			t.Error("no third, empty engineer")
		}
		if id := more.doc().Find("[autofocus]").AttrOr("id", ""); id != "engineer-2-name" {
			t.Errorf("after add, focus is on %q", id)
		}
		if strings.HasPrefix(more.doc().Find("title").Text(), "Error") || more.doc().Find("#errors").Length() > 0 {
			t.Error("adding a row is shown as an error")
		}
		do.Set("do", "remove-0")
		less := send(post, do).want(http.StatusOK)
		if got := less.field("engineer-0-name"); got != "陈宇" || less.doc().Find("[name=engineer-1-name]").Length() != 0 {
			t.Errorf("after removing the first of two, the first is %q", got)
		}
		if id := less.doc().Find("[autofocus]").AttrOr("id", ""); id != "engineers" || !strings.Contains(less.doc().Find("#engineers").Text(), "Add Field Engineer") {
			t.Errorf("after remove, focus is on %q", id)
		}
	}
	if c := s.Get(t, conn.ID); c.Stage != lifecycle.ToApplyForLOA || c.Version != conn.Version {
		t.Fatalf("adding rows changed the interface: %s", c.Stage)
	}

	// Sixteen, and no more.
	full := loaForm(page)
	for n := range store.MaxEngineers {
		full.Set(store.EngineerField(n, "name"), "Engineer")
		full.Set(store.EngineerField(n, "contact"), "123456")
	}
	full.Set("do", "add")
	most := owner.post(post, full).want(http.StatusOK)
	if most.doc().Find("[name=engineer-16-name]").Length() != 0 || !strings.Contains(most.text(), "At most 16 field engineers") {
		t.Error("a seventeenth engineer was added")
	}
	full.Del("do")
	full.Set("engineer-16-name", "One more")
	if a := owner.post(post, full).want(http.StatusUnprocessableEntity); links(a, "#errors a")["#engineers"] != "Name at most 16 field engineers" {
		t.Errorf("17 engineers: %q", a.doc().Find("#errors").Text())
	}

	// Invalid: 422, values kept, summary first.
	wrong := loaForm(page, func(v url.Values) {
		v.Set("construction_company", "x")
		v.Set("other_type", "SDH line")
		v.Set("engineer-1-contact", "<script>alert(1)</script>")
		v.Set("bandwidth", "99999")
	})
	for _, send := range []func(string, url.Values) *answer{owner.post, owner.submit} {
		a := send(post, wrong).want(http.StatusUnprocessableEntity)
		same(t, sent(a, "form.loaform"), wrong)
		want := map[string]string{"#construction_company": "Construction Company: Use 2 to 128 characters", "#other_type": "Which type: SDH is not supported", "#bandwidth": "Bandwidth: Enter a number from 2 to 10000",
			"#engineer-1-contact": "Field engineer 2, Contact Information: Enter a phone number with 6 to 24 digits, for example +86 571 8502 2088"}
		got := links(a, "#errors a")
		if !maps.Equal(got, want) {
			t.Errorf("summary %v, want %v", got, want)
		}
		for id, line := range want {
			_, msg, _ := strings.Cut(line, ": ") // the summary alone names the field
			field := a.doc().Find(id)
			if field.Length() != 1 || field.AttrOr("aria-invalid", "") != "true" {
				t.Errorf("%s is not marked", id)
			}
			if beside := a.doc().Find(id + "-err").Text(); !strings.Contains(beside, msg) {
				t.Errorf("beside %s: %q", id, beside)
			}
		}
		if !strings.HasPrefix(a.doc().Find("title").Text(), "Error: ") || strings.Contains(a.body, "<script>alert") {
			t.Error("title or escaping")
		}
	}
	if a := owner.post(post, loaForm(page, func(v url.Values) { v.Set("location", "a\x07b") })).want(http.StatusUnprocessableEntity); !strings.Contains(a.text(), "cannot be printed") {
		t.Error("a control character was taken")
	}

	// Not yours, not your role.
	s.as("owner@southwind.example").post(post, form).want(http.StatusNotFound)
	s.as("owner@southwind.example").get(paths.NewLOAApplication(conn.ID)).want(http.StatusNotFound)
	s.as("reviewer@cloud.example").post(post, form).want(http.StatusForbidden)

	// Stale: 409, input kept, and sent again it goes through.
	if err := s.EditConnection(context.Background(), s.Owner, conn.ID, conn.Version, "renamed-elsewhere", ""); err != nil {
		t.Fatal(err)
	}
	stale := owner.post(post, form).want(http.StatusConflict)
	kept := maps.Clone(form)
	kept.Del("rev")
	same(t, sent(stale, "form.loaform"), kept)
	if !strings.Contains(stale.doc().Find("[role=alert]").Text(), "was changed a moment ago") {
		t.Errorf("stale: %q", stale.doc().Find("[role=alert]").Text())
	}
	again := sent(stale, "form.loaform")
	done := owner.post(post, again).want(http.StatusSeeOther)
	if got := done.header.Get("Location"); got != paths.Interface(conn.ID) {
		t.Errorf("went to %s", got)
	}
	if c := s.Get(t, conn.ID); c.Stage != lifecycle.InApplication {
		t.Fatalf("stage %s", c.Stage)
	}
	app, err := s.Store.Application(context.Background(), conn.ID)
	if err != nil || app.Version != 1 || app.TypeLabel() != "Others: dark fibre" || len(app.Engineers) != 2 || app.Engineers[1].Name != "陈宇" {
		t.Fatalf("application %+v %v", app, err)
	}

	// The same form again is answered as the first time and does nothing.
	owner.post(post, again).want(http.StatusSeeOther)
	if all, _ := s.Applications(context.Background(), conn.ID); len(all) != 1 {
		t.Errorf("%d applications", len(all))
	}
	flash := owner.get(paths.LOAApplication(conn.ID)).want(http.StatusOK)
	if !strings.Contains(flash.text(), "Your application was sent. The interface is in the In Application state.") {
		t.Error("no word about what was done")
	}
	// Another form now is refused, with its input.
	form.Set("key", "another")
	kept.Set("key", "another")
	late := owner.post(post, form).want(http.StatusConflict)
	same(t, sent(late, "form.loaform"), kept)
	if late.doc().Find("form.loaform .formend [aria-disabled=true]").Length() != 1 {
		t.Error("OK is offered although it is not possible")
	}
	owner.get(paths.NewLOAApplication(conn.ID)).want(http.StatusConflict)
}

// People of earlier letters are added by a tick: their name and contact, where
// nothing was typed yet, never an ID number; with the script and without.
func TestApplyForLOAWithPeopleOfEarlierLetters(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	owner := s.as("owner@northwind.example")
	empty := owner.get(paths.NewLOAApplication(s.At(t, lifecycle.ToApplyForLOA).ID)).want(http.StatusOK)
	if empty.doc().Find("[name=known]").Length() != 0 || strings.Contains(empty.text(), "earlier letters") {
		t.Error("people are offered although nobody was ever named")
	}
	before := s.At(t, lifecycle.InApplication, atSingapore(t, s)) // Zhou Ming and 陈宇, with ID numbers
	conn := s.At(t, lifecycle.ToApplyForLOA, atSingapore(t, s))
	post := paths.LOAApplication(conn.ID)
	page := owner.get(paths.NewLOAApplication(conn.ID)).want(http.StatusOK)
	ref := func(n string) string { return before.ID + "/1/" + n }
	for _, words := range []string{"Use people from earlier letters", "Zhou Ming", "+86 137 0000 4410", "Add the ID type and ID number yourself."} {
		if !strings.Contains(page.text(), words) {
			t.Errorf("the form does not say %q", words)
		}
	}
	if strings.Contains(page.body, "E1234567") || strings.Contains(page.body, "5670") {
		t.Error("more than name and contact of an earlier engineer is on the page")
	}
	if _, open := page.doc().Find("details.fold").Attr("open"); open {
		t.Error("the people are unfolded before anybody asked")
	}
	form := loaForm(page, func(v url.Values) {
		for name := range v {
			if strings.HasPrefix(name, "engineer-") {
				v.Del(name)
			}
		}
		v.Set("engineer-0-name", "")
		v.Set("engineer-0-contact", "")
	})
	use := func(chosen ...string) url.Values {
		v := maps.Clone(form)
		v.Set("do", "use")
		v["known"] = chosen
		return v
	}
	for _, send := range []func(string, url.Values) *answer{owner.post, owner.submit} {
		a := send(post, use(ref("1"), ref("2"))).want(http.StatusOK)
		if got := []string{a.field("engineer-0-name"), a.field("engineer-0-contact"), a.field("engineer-1-name"), a.field("construction_company")}; !slices.Equal(got, []string{"Zhou Ming", "+86 137 0000 4410", "陈宇", form.Get("construction_company")}) {
			t.Errorf("the form has %q", got)
		}
		if a.field("engineer-0-id_number") != "" || a.doc().Find("[name=engineer-2-name]").Length() != 0 {
			t.Error("an ID number or an empty third engineer")
		}
		if a.doc().Find("[name=known]").Length() != 0 {
			t.Error("people who are in the form are offered again")
		}
		if id := a.doc().Find("[autofocus]").AttrOr("id", ""); id != "engineer-0-name" {
			t.Errorf("focus is on %q", id)
		}

		// Nobody ticked, and one of another account or made up: nothing is added.
		other := s.as("owner@southwind.example")
		for _, chosen := range [][]string{nil, {"pc-made-up/1/1"}} {
			no := send(post, use(chosen...)).want(http.StatusUnprocessableEntity)
			if got := links(no, "#errors a"); !maps.Equal(got, map[string]string{"#known": "Select the people to add"}) {
				t.Errorf("%q: summary %v", chosen, got)
			}
			if _, open := no.doc().Find("details.fold").Attr("open"); !open || no.field("engineer-0-name") != "" || no.doc().Find("[name=engineer-1-name]").Length() != 0 {
				t.Error("the people are folded away, or somebody was added")
			}
		}
		other.post(post, use(ref("1"))).want(http.StatusNotFound)

		// No more than fit; what was typed and ticked stays.
		full := use(ref("1"), ref("2"))
		for n := range store.MaxEngineers - 1 {
			full.Set(store.EngineerField(n, "name"), "Engineer")
			full.Set(store.EngineerField(n, "contact"), "123456")
		}
		no := send(post, full).want(http.StatusUnprocessableEntity)
		if got := links(no, "#errors a")["#known"]; got != "Select at most 1, for 16 field engineers in all" {
			t.Errorf("summary %q", got)
		}
		if no.doc().Find("[name=known][checked]").Length() != 2 || no.field("engineer-14-name") != "Engineer" || no.doc().Find("[name=engineer-15-name]").Length() != 0 {
			t.Error("ticks or rows were lost")
		}
	}
	if c := s.Get(t, conn.ID); c.Version != conn.Version {
		t.Error("taking people over changed the interface")
	}
	// Erased people are gone from the offer.
	s.Do(t, before.ID, lifecycle.WithdrawApplication)
	if _, err := s.ErasePerson(ctx, s.Admin, "Zhou Ming", "They asked for it"); err != nil {
		t.Fatal(err)
	}
	if left := owner.get(paths.NewLOAApplication(conn.ID)).want(http.StatusOK); left.doc().Find("[name=known]").Length() != 1 || strings.Contains(left.text(), "Zhou Ming") {
		t.Error("an erased engineer is offered")
	}
}

func TestApplyForLOARemoteHandsAndHtmx(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.ToApplyForLOA)
	page := owner.get(paths.NewLOAApplication(conn.ID)).want(http.StatusOK)
	form := loaForm(page, func(v url.Values) {
		v.Set("visit", "remote_hands")
		v.Set("engineer-0-name", "")
		v.Del("engineer-1-name")
	})
	a := owner.submit(paths.LOAApplication(conn.ID), form).want(http.StatusOK)
	if got := a.header.Get("HX-Redirect"); got != paths.Interface(conn.ID) {
		t.Errorf("HX-Redirect %q", got)
	}
	view := owner.get(paths.LOAApplication(conn.ID)).want(http.StatusOK)
	if !strings.Contains(view.text(), "Nobody visits: the facility's own remote hands do the work") {
		t.Error("the application does not say who does the work")
	}
}

func TestApplyForLOAAgain(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.InApplication, atSingapore(t, s))
	if err := s.RejectLOA(context.Background(), s.Reviewer, conn.ID, 0, map[string]string{"construction_company": "Enter the full legal name", "engineers": "Name two people at most", "other": "Send it before Friday"}); err != nil {
		t.Fatal(err)
	}
	page := owner.get(paths.NewLOAApplication(conn.ID)).want(http.StatusOK)
	for _, words := range []string{"Correct 3 items", "Send it before Friday", "Type them again", "ends in 5670", "asks for the ID type and ID number of each visitor", "erased 30 days after construction"} {
		if !strings.Contains(strings.ReplaceAll(page.text(), "Ended in", "ends in"), words) {
			t.Errorf("the form does not say %q", words)
		}
	}
	top := links(page, ".message.tone-bad a")
	if !maps.Equal(top, map[string]string{"#construction_company": "Construction Company: Enter the full legal name", "#engineer-0-name": "Field engineers: Name two people at most"}) {
		t.Errorf("reasons on top: %v", top)
	}
	// Away from the form the reasons say which field each of them is about.
	const named = "Construction Company: Enter the full legal name; Field engineers: Name two people at most; Send it before Friday"
	for _, path := range []string{paths.Interfaces, paths.Messages, paths.Interface(conn.ID)} {
		if !strings.Contains(owner.get(path).want(http.StatusOK).text(), named) {
			t.Errorf("%s does not say which field each reason is about", path)
		}
	}
	if got := owner.get(paths.LOAApplication(conn.ID)).want(http.StatusOK).text(); !strings.Contains(got, "Construction Company: Enter the full legal name") {
		t.Error("the application does not say which field the reason is about")
	}
	if got := page.doc().Find("#construction_company-err").Text(); !strings.Contains(got, "Enter the full legal name") {
		t.Errorf("beside the field: %q", got)
	}
	for name, want := range map[string]string{"construction_company": "浙江华临布线有限公司", "engineer-0-name": "Zhou Ming", "engineer-1-name": "陈宇", "engineer-0-contact": "+86 137 0000 4410", "engineer-0-id_number": "", "engineer-1-id_number": "", "bandwidth": "1000"} {
		if got := page.field(name); got != want {
			t.Errorf("%s is filled in with %q, want %q", name, got, want)
		}
	}
	if got := page.doc().Find("[name=engineer-0-id_type] [selected]").AttrOr("value", ""); got != "passport" {
		t.Errorf("ID type %q", got)
	}
	if strings.Contains(page.body, "E1234567") {
		t.Error("an ID number was sent back to the browser")
	}

	// A field that was changed no longer shows why it came back, and what was
	// typed just now stays while rows come and go.
	form := sent(page, "form.loaform")
	form.Set("construction_company", "Zhejiang Hualin Cabling Co., Ltd.")
	form.Set("engineer-0-id_number", "E99990001")
	form.Set("do", "remove-1")
	less := owner.post(paths.LOAApplication(conn.ID), form).want(http.StatusOK)
	if less.field("engineer-0-id_number") != "E99990001" {
		t.Error("the ID number that was typed is lost")
	}
	if strings.Contains(less.text(), "Enter the full legal name") || strings.Contains(less.text(), "Name two people at most") || !strings.Contains(less.text(), "Send it before Friday") {
		t.Errorf("reasons after the change: %q", less.doc().Find(".message").Text())
	}
	form.Del("do")
	missing := owner.post(paths.LOAApplication(conn.ID), form).want(http.StatusUnprocessableEntity)
	if links(missing, "#errors a")["#engineer-1-id_number"] != "Enter the ID number of field engineer 2" {
		t.Errorf("summary: %q", missing.doc().Find("#errors").Text())
	}
	form.Set("engineer-1-id_number", "E9999 0002")
	owner.post(paths.LOAApplication(conn.ID), form).want(http.StatusSeeOther)

	view := owner.get(paths.LOAApplication(conn.ID)).want(http.StatusOK)
	if strings.Contains(view.body, "E9999") || !strings.Contains(view.text(), "0001") || !strings.Contains(view.text(), "0002") {
		t.Error("ID numbers are not masked to their last four characters")
	}
	for _, words := range []string{"Version 2", "Under review", "Version 1", "Rejected", "Enter the full legal name", "Passport", "Withdraw application"} {
		if !strings.Contains(view.text(), words) {
			t.Errorf("View Application does not say %q", words)
		}
	}
}

// Time goes by between an application and the next one: a form that is filled in
// with a construction time that is too early by now says so before it is sent.
func TestApplyForLOAAgainAfterItsTime(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.InApplication)
	path := paths.NewLOAApplication(conn.ID)
	if err := s.RejectLOA(t.Context(), s.Reviewer, conn.ID, 0, map[string]string{"construction_company": "Enter the full legal name"}); err != nil {
		t.Fatal(err)
	}
	if got := links(owner.get(path).want(http.StatusOK), ".message.tone-bad a"); len(got) != 1 {
		t.Errorf("in time: %v", got)
	}
	app, err := s.Store.Application(t.Context(), conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Set(app.ScheduledAt.Add(-time.Hour))
	owner = s.as("owner@northwind.example")
	page := owner.get(path).want(http.StatusOK)
	top := links(page, ".message.tone-bad a")
	if len(top) != 2 || !strings.HasPrefix(top["#scheduled_at"], "Scheduled Construction Time: Enter a time after ") {
		t.Errorf("an hour before: %v", top)
	}
	if got := page.doc().Find("#scheduled_at-err").Text(); !strings.Contains(got, "Enter a time after ") || page.field("scheduled_at") == "" {
		t.Errorf("beside the field %q, in it %q", got, page.field("scheduled_at"))
	}
	form := sent(page, "form.loaform")
	form.Set("do", "add")
	if got := links(owner.post(paths.LOAApplication(conn.ID), form).want(http.StatusOK), ".message.tone-bad a"); len(got) != 2 {
		t.Errorf("with one more field engineer: %v", got)
	}
	form.Del("do")
	refused := owner.post(paths.LOAApplication(conn.ID), form).want(http.StatusUnprocessableEntity)
	if got := links(refused, "#errors a")["#scheduled_at"]; !strings.HasPrefix(got, "Enter a time after ") && !strings.Contains(got, ": Enter a time after ") {
		t.Errorf("sent with it: %q", got)
	}
	form.Set("scheduled_at", app.ScheduledAt.AddDate(0, 0, 14).In(s.Catalogue().Zone(conn.Region)).Format(store.SiteTimeLayout))
	form.Set("construction_company", "Zhejiang Hualin Cabling Co., Ltd.")
	owner.post(paths.LOAApplication(conn.ID), form).want(http.StatusSeeOther)
}

func TestWithdrawApplication(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.InApplication)
	ask := owner.get(paths.Withdrawal(conn.ID)).want(http.StatusOK)
	if d := owner.fragment(paths.Withdrawal(conn.ID)).want(http.StatusOK); d.doc().Find("dialog form[hx-post]").Length() != 1 || d.doc().Find("main").Length() != 0 {
		t.Error("htmx does not get a dialog")
	}
	form := url.Values{"key": {ask.field("key")}, "rev": {"1"}}
	s.as("owner@southwind.example").post(paths.Withdrawal(conn.ID), form).want(http.StatusNotFound)
	s.as("technician@cloud.example").post(paths.Withdrawal(conn.ID), form).want(http.StatusForbidden)
	if stale := owner.post(paths.Withdrawal(conn.ID), form).want(http.StatusConflict); !strings.Contains(stale.text(), "was changed a moment ago") {
		t.Error("no word about the conflict")
	}
	form.Set("rev", ask.field("rev"))
	for range 2 { // the second is the same form again
		if got := owner.post(paths.Withdrawal(conn.ID), form).want(http.StatusSeeOther).header.Get("Location"); got != paths.Interface(conn.ID) {
			t.Errorf("went to %s", got)
		}
	}
	if c := s.Get(t, conn.ID); c.Stage != lifecycle.ToApplyForLOA {
		t.Fatalf("stage %s", c.Stage)
	}
	page := owner.get(paths.NewLOAApplication(conn.ID)).want(http.StatusOK)
	if page.field("engineer-1-name") != "陈宇" || strings.Contains(page.text(), "Correct 1 item") {
		t.Error("the form is not filled in after a withdrawal")
	}
	gone := owner.get(paths.Withdrawal(conn.ID)).want(http.StatusConflict)
	if gone.doc().Find("main form button[type=submit]").Length() != 0 {
		t.Error("a withdrawal is offered with nothing to withdraw")
	}
	if v := owner.get(paths.LOAApplication(conn.ID)).want(http.StatusOK); !strings.Contains(v.text(), "Withdrawn") || strings.Contains(v.text(), "Withdraw application") {
		t.Error("View Application after the withdrawal")
	}
	owner.get(paths.LOAApplication(s.At(t, lifecycle.ToApplyForLOA).ID)).want(http.StatusNotFound)
}

func TestViewLOA(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	for stage, words := range map[lifecycle.Stage]string{
		lifecycle.PendingPayment: "Pay the initial installation fee first", lifecycle.ToApplyForLOA: "Apply for LOA",
		lifecycle.InApplication: "Example Cloud is reviewing your application", lifecycle.LOARejected: "Correct your application",
	} {
		conn := s.At(t, stage)
		for _, path := range []string{paths.LOA(conn.ID), paths.LOAPDF(conn.ID)} {
			a := owner.get(path).want(http.StatusNotFound)
			for _, w := range []string{"The LOA is not issued yet", stage.Label(), words} {
				if !strings.Contains(a.text(), w) {
					t.Errorf("%s in %s does not say %q", path, stage, w)
				}
			}
		}
	}

	conn := s.At(t, lifecycle.ApprovedLOA)
	a := owner.get(paths.LOA(conn.ID)).want(http.StatusOK)
	if n := a.doc().Find("h1").Length(); n != 1 {
		t.Errorf("%d h1", n)
	}
	for _, words := range []string{"Letter of Authorization", conn.LOANo, "Approved 20 Nov 2026, valid until 18 Feb 2027", "Download LOA", "陈宇"} {
		if !strings.Contains(a.text(), words) {
			t.Errorf("the letter does not say %q", words)
		}
	}
	if a.doc().Find(".sheet__stamp").Length() != 0 {
		t.Error("a letter in force is stamped")
	}
	if a.doc().Find("button.needs-script[data-print]").Length() != 1 {
		t.Error("no Print that needs the script")
	}

	first := owner.get(paths.LOAPDF(conn.ID)).want(http.StatusOK)
	for name, want := range map[string]string{"Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="` + conn.LOANo + `.pdf"`, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := first.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	letter, err := s.LOA(context.Background(), conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := first.header.Get("ETag"); got != `"`+letter.SHA256+`"` {
		t.Errorf("ETag %s, want the hash %s", got, letter.SHA256)
	}
	if first.body != string(storetest.PDF) {
		t.Errorf("%d bytes, want the %d that were stored", len(first.body), len(storetest.PDF))
	}
}

func TestViewLOAStamps(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	used, revoked, expired := s.At(t, lifecycle.Enabled), s.At(t, lifecycle.ApprovedLOA), s.At(t, lifecycle.ApprovedLOA)
	s.Do(t, revoked.ID, lifecycle.RevokeLOA)
	stamp := func(id string) (string, *answer) {
		a := owner.get(paths.LOA(id)).want(http.StatusOK)
		d := a.doc().Find(".sheet__stamp")
		d.Find(".vh").Remove()
		return d.Text(), a
	}
	if got, a := stamp(used.ID); got != "Used" || !strings.Contains(a.text(), "initial installation only") {
		t.Errorf("used letter: %q", got)
	}
	if got, a := stamp(revoked.ID); got != "Revoked" || links(a, ".message a")[paths.NewLOAApplication(revoked.ID)] != "Apply for LOA" {
		t.Errorf("revoked letter: %q", got)
	}
	before := owner.get(paths.LOAPDF(expired.ID)).want(http.StatusOK)
	s.Clock.Advance(91 * 24 * 3600e9)
	owner = s.as("owner@northwind.example")
	if got, a := stamp(expired.ID); got != "Expired" || !strings.Contains(a.text(), "This letter was good until 18 Feb 2027, 23:59") {
		t.Errorf("expired letter: %q", got)
	}
	if _, err := s.RunDue(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, _ := stamp(expired.ID); got != "Expired" {
		t.Errorf("expired letter, interface moved on: %q", got)
	}
	if after := owner.get(paths.LOAPDF(expired.ID)).want(http.StatusOK); after.body != before.body || after.header.Get("ETag") != before.header.Get("ETag") {
		t.Error("the document changed")
	}
	if form := owner.get(paths.NewLOAApplication(expired.ID)).want(http.StatusOK); !strings.Contains(form.text(), "The letter expired before the installation") {
		t.Error("the new application does not say why it is needed")
	}
	for _, path := range []string{paths.LOA(used.ID), paths.LOAPDF(used.ID), paths.LOAApplication(used.ID), paths.DeliveryReport(used.ID)} {
		s.as("owner@southwind.example").get(path).want(http.StatusNotFound)
		s.anyone().get(path).want(http.StatusSeeOther)
	}
}

func TestDeliveryReport(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	ctx := context.Background()

	early := owner.get(paths.DeliveryReport(s.At(t, lifecycle.InApplication).ID)).want(http.StatusConflict)
	if !strings.Contains(early.text(), "In Application") || early.doc().Find("[name=line_code]").Length() != 0 {
		t.Error("a report is offered before the letter")
	}

	conn := s.At(t, lifecycle.ApprovedLOA)
	post := paths.DeliveryReport(conn.ID)
	page := owner.get(post).want(http.StatusOK)
	letter, _ := s.LOA(ctx, conn.ID)
	for _, words := range []string{"Leased line code", "Label numbers of the cables", "Cable 1", "Add cable", "SP contact for the line", letter.Snapshot.Device + ", " + letter.Snapshot.Port, letter.Snapshot.Cabinet} {
		if !strings.Contains(page.text(), words) {
			t.Errorf("the form does not say %q", words)
		}
	}
	if d := owner.fragment(post).want(http.StatusOK); d.doc().Find("dialog form[hx-post]").Length() != 1 || d.doc().Find("main").Length() != 0 {
		t.Error("htmx does not get a drawer")
	}
	form := url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "line_code": {"HZ-CTC-2291"}, "label-0": {"A-2291"}, "label-1": {"标签-2"}, "contact": {"Mr <b>Wu"}}
	for _, send := range []func(string, url.Values) *answer{owner.post, owner.submit} {
		do := maps.Clone(form)
		do.Set("do", "add")
		more := send(post, do).want(http.StatusOK)
		same(t, sent(more, "form[action$='delivery-report']"), form)
		if id := more.doc().Find("[autofocus]:not(.error-summary)").AttrOr("id", ""); id != "label-2" {
			t.Errorf("after add, focus is on %q", id)
		}
		do.Set("do", "remove-0")
		less := send(post, do).want(http.StatusOK)
		if less.field("label-0") != "标签-2" || less.doc().Find("[name=label-1]").Length() != 0 || less.doc().Find("[autofocus]").AttrOr("id", "") != "labels" {
			t.Error("remove")
		}
		bad := maps.Clone(form)
		bad.Set("line_code", "")
		bad.Set("label-1", "A-2291")
		a := send(post, bad).want(http.StatusUnprocessableEntity)
		same(t, sent(a, "form[action$='delivery-report']"), bad)
		if got := links(a, "#errors a"); !maps.Equal(got, map[string]string{"#line_code": "Enter the leased line code", "#label-1": "Cable 2 has the same label as cable 1"}) {
			t.Errorf("summary %v", got)
		}
	}
	nine := maps.Clone(form)
	for n := range 9 {
		nine.Set(store.LabelField(n), "L"+string(rune('a'+n)))
	}
	if a := owner.post(post, nine).want(http.StatusUnprocessableEntity); links(a, "#errors a")["#labels"] != "Name at most 8 cables" {
		t.Error("nine cables")
	}

	s.as("owner@southwind.example").post(post, form).want(http.StatusNotFound)
	s.as("technician@cloud.example").post(post, form).want(http.StatusForbidden)

	if err := s.EditConnection(ctx, s.Owner, conn.ID, conn.Version, "renamed-elsewhere", ""); err != nil {
		t.Fatal(err)
	}
	stale := owner.post(post, form).want(http.StatusConflict)
	kept := maps.Clone(form)
	kept.Del("rev")
	same(t, sent(stale, "form[action$='delivery-report']"), kept)
	again := sent(stale, "form[action$='delivery-report']")
	for range 2 {
		owner.post(post, again).want(http.StatusSeeOther)
	}
	view := owner.get(post).want(http.StatusOK)
	for _, words := range []string{"Delivery report sent. Example Cloud connects the cables within two working days, by 24 Nov 2026, 15:12 (UTC+08:00).", "HZ-CTC-2291", "标签-2", "Mr <b>Wu", "Cables being connected"} {
		if !strings.Contains(view.text(), words) {
			t.Errorf("the report does not say %q", words)
		}
	}
	if view.doc().Find("main form").Length() != 0 {
		t.Error("a report under way can be edited")
	}
	if r, _ := s.DeliveryReport(ctx, conn.ID); r.Version != 1 {
		t.Errorf("version %d", r.Version)
	}

	// Another interface of the account with the same label is named.
	twin := s.At(t, lifecycle.ApprovedLOA)
	twinPage := owner.get(paths.DeliveryReport(twin.ID)).want(http.StatusOK)
	dup := url.Values{"key": {twinPage.field("key")}, "rev": {twinPage.field("rev")}, "line_code": {"HZ-1"}, "label-0": {"A-2291"}}
	if a := owner.post(paths.DeliveryReport(twin.ID), dup).want(http.StatusUnprocessableEntity); links(a, "#errors a")["#label-0"] != "Cable 1: Label A-2291 is already in the report of "+conn.ID {
		t.Errorf("summary %q", a.doc().Find("#errors").Text())
	}

	// It comes back: filled in, the reason on top.
	s.Do(t, conn.ID, lifecycle.ReturnReport)
	back := owner.get(post).want(http.StatusOK)
	if top := back.doc().Find(".message.tone-bad").Text(); !strings.Contains(top, "Label not found: Label A-2291 is not on site") {
		t.Errorf("on top: %q", top)
	}
	if back.field("line_code") != "HZ-CTC-2291" || back.field("label-1") != "标签-2" || back.field("contact") != "Mr <b>Wu" {
		t.Error("the corrected report is not filled in")
	}
	corrected := sent(back, "form[action$='delivery-report']")
	corrected.Set("label-0", "A-2292")
	if got := owner.submit(post, corrected).want(http.StatusOK).header.Get("HX-Redirect"); got != paths.Interface(conn.ID) {
		t.Errorf("HX-Redirect %q", got)
	}
	s.Do(t, conn.ID, lifecycle.CompleteCabling)
	if v := owner.get(post).want(http.StatusOK); !strings.Contains(v.text(), "Cables connected") || !strings.Contains(v.text(), "-7.2 dBm") {
		t.Error("the completed report does not say so")
	}
	s.Sound(t)
}
