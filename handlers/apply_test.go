package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/store/storetest"
	"demarc/store/ticket"
	"demarc/web/paths"
)

const (
	owner = "owner@northwind.example"
	other = "owner@southwind.example"
)

// choices is a complete form: 10G at Hangzhou-Yuhang-A, China Telecom.
func (s *site) choices(edit ...string) url.Values {
	v := url.Values{"region": {"cn-hangzhou"}, "sp": {"CT"}, "ap": {s.APID(s.t, "Hangzhou-Yuhang-A")}, "spec": {"10G"}, "ptype": {"10GBase-LR"},
		"redundant": {store.NotRedundant}, "name": {"hz-dc1-primary"}, "description": {""}, "terms": {"on"}}
	for i := 0; i+1 < len(edit); i += 2 {
		v.Set(edit[i], edit[i+1])
	}
	return v
}

func (s *site) orders(account string) []store.Order {
	s.t.Helper()
	page, err := s.Orders(context.Background(), account, "", 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return page.Items
}

// A region with one SP and one site asks for neither; the interfaces that an order there backs up are offered at once.
func TestApplyWhereOneSiteIs(t *testing.T) {
	s := newSite(t)
	site := s.APID(t, "Qingdao-Laoshan-A")
	if _, err := s.AddPorts(context.Background(), s.Admin, site, store.NewPorts{Name: "CSW-01", Room: "R1", Cabinet: "C1", Pattern: "XGE1/0/1-4", Type: string(catalog.Type10GBaseLR), Panel: "ODF 1", First: "1", Pairs: true}); err != nil {
		t.Fatal(err)
	}
	first := s.At(t, lifecycle.ToApplyForLOA, func(n *store.NewConnection) {
		n.Region, n.SP, n.AccessPoint = "cn-qingdao", catalog.ChinaUnicom, site
	})
	for _, ask := range []func(string) *answer{s.as(owner).get, s.as(owner).fragment} {
		a := ask(paths.With(paths.NewInterface, "region", "cn-qingdao")).want(http.StatusOK)
		doc := a.doc()
		for name, want := range map[string]string{"sp": "CU", "ap": site, "spec": "", "redundant": ""} {
			if got := doc.Find("[name="+name+"][checked]").AttrOr("value", ""); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if doc.Find("[name=redundant][value="+first.ID+"]").Length() != 1 {
			t.Errorf("the interface at the site is not offered: %s", a.text())
		}
		if href := a.header.Get("HX-Replace-Url"); href != "" && !strings.Contains(href, "ap="+site) {
			t.Errorf("the address %q does not say what the form shows", href)
		}
	}
}

func TestApplyForNewInterface(t *testing.T) {
	s := newSite(t)
	lin := s.as(owner)

	t.Run("the query is the state of the form", func(t *testing.T) {
		a := lin.get(paths.NewInterface).want(http.StatusOK)
		if got := a.doc().Find("[name=region][checked]").AttrOr("value", ""); got != "cn-hangzhou" {
			t.Errorf("the form starts in %q, not in the home region", got)
		}
		doc := lin.get(paths.NewInterface + "?" + s.choices("name", "n-1", "description", "d 1").Encode()).want(http.StatusOK).doc()
		for name, want := range map[string]string{"region": "cn-hangzhou", "sp": "CT", "ap": s.APID(t, "Hangzhou-Yuhang-A"), "spec": "10G", "ptype": "10GBase-LR"} {
			if got := doc.Find("[name="+name+"][checked]").AttrOr("value", ""); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if doc.Find("#name").AttrOr("value", "") != "n-1" || doc.Find("#description").AttrOr("value", "") != "d 1" || doc.Find("#terms[checked]").Length() != 1 {
			t.Error("text and terms of the query are lost")
		}
		if doc.Find(".error-summary").Length() != 0 {
			t.Error("looking at the form is answered with errors")
		}
		form := doc.Find("form#buy")
		if form.AttrOr("method", "") != "post" || form.AttrOr("action", "") != paths.Interfaces || form.AttrOr("hx-get", "") != paths.NewInterface || !strings.HasPrefix(form.AttrOr("hx-trigger", ""), "change target:") {
			t.Error("the form is not a native POST with the cascade beside it")
		}
		if n := doc.Find("button[formmethod=get]").Length(); n != 5 {
			t.Errorf("%d buttons update the options without a script, want 5", n)
		}
	})
	t.Run("a site without ports cannot be selected", func(t *testing.T) {
		doc := lin.get(paths.With(paths.NewInterface, "region", "cn-hangzhou", "sp", "CT")).want(http.StatusOK).doc()
		in := doc.Find("[name=ap][value='" + s.APID(t, "Hangzhou-Linan-A") + "']")
		if _, disabled := in.Attr("disabled"); !disabled || !strings.Contains(in.Parent().Text(), "No free port for China Telecom") {
			t.Errorf("Hangzhou-Linan-A: %s", in.Parent().Text())
		}
	})
	t.Run("a change through htmx is the same page with its address", func(t *testing.T) {
		a := lin.fragment(paths.With(paths.NewInterface, "region", "cn-qingdao", "sp", "CT", "name", "kept")).want(http.StatusOK)
		if got := a.header.Get("HX-Replace-Url"); got != paths.With(paths.NewInterface, "region", "cn-qingdao", "name", "kept") {
			t.Errorf("address %q", got)
		}
		if doc := a.doc(); doc.Find("form#buy").Length() != 1 || !strings.Contains(a.text(), "China Telecom has no access point in China (Qingdao). Select another SP or region.") ||
			!strings.Contains(doc.Find("[data-announce]").AttrOr("data-announce", ""), "China Telecom") {
			t.Error("what was cleared is not said")
		}
	})
	t.Run("refused with everything kept", func(t *testing.T) {
		sent := s.choices("spec", "40G", "ptype", "40GBase-LR", "name", "1st line", "terms", "", "key", "k-1")
		a := lin.post(paths.Interfaces, sent).want(http.StatusUnprocessableEntity)
		doc := a.doc()
		for _, want := range []string{"Your account is not on the whitelist for 40G. Request it, or select another port specification.", "Start the name with a letter", "Agree to the Terms of Service"} {
			if n := strings.Count(a.text(), want); n != 2 {
				t.Errorf("%q stands %d times, want in the summary and at the field", want, n)
			}
		}
		if !strings.HasPrefix(doc.Find("title").Text(), "Error: ") || doc.Find(".error-summary[autofocus][tabindex='-1']").Length() != 1 {
			t.Error("no title or no focused summary")
		}
		if doc.Find("[name=spec][checked]").AttrOr("value", "") != "40G" || doc.Find("#name").AttrOr("value", "") != "1st line" || doc.Find("button[name=key]").AttrOr("value", "") != "k-1" {
			t.Error("what was sent is not kept")
		}
		if doc.Find("a#whitelist-ask").Length() != 1 {
			t.Error("no way to ask for the whitelist in place")
		}
		lin.submit(paths.Interfaces, sent).want(http.StatusUnprocessableEntity)
		lin.post(paths.Interfaces, s.choices("name", "a\x00b")).want(http.StatusUnprocessableEntity)
		lin.post(paths.Interfaces, url.Values{}).want(http.StatusUnprocessableEntity)
		if n := len(s.orders(s.Northwind)); n != 0 {
			t.Errorf("%d orders of refused forms", n)
		}
	})
	t.Run("a link orders nothing", func(t *testing.T) {
		lin.get(paths.NewInterface + "?" + s.choices("key", "k-2").Encode()).want(http.StatusOK)
		lin.post(paths.Interfaces+"?"+s.choices().Encode(), url.Values{}).want(http.StatusUnprocessableEntity)
		if n := len(s.orders(s.Northwind)); n != 0 {
			t.Errorf("%d orders by a link", n)
		}
	})
	t.Run("ordered once", func(t *testing.T) {
		a := lin.post(paths.Interfaces, s.choices("key", "k-1")).want(http.StatusSeeOther)
		again := lin.post(paths.Interfaces, s.choices("key", "k-1")).want(http.StatusSeeOther)
		if a.header.Get("Location") != again.header.Get("Location") {
			t.Errorf("the same form leads to %s and to %s", a.header.Get("Location"), again.header.Get("Location"))
		}
		list := s.orders(s.Northwind)
		if len(list) != 1 || a.header.Get("Location") != paths.Order(list[0].No) {
			t.Fatalf("%d orders, location %s", len(list), a.header.Get("Location"))
		}
		c := s.Get(t, list[0].ConnectionID)
		if c.Name != "hz-dc1-primary" || c.Spec != catalog.Spec10G || c.PortType != catalog.Type10GBaseLR || c.RedundantID != "" || c.Stage != lifecycle.PendingPayment {
			t.Errorf("ordered %+v", c)
		}
		a = lin.submit(paths.Interfaces, s.choices("key", "k-3")).want(http.StatusOK)
		if !strings.HasPrefix(a.header.Get("HX-Redirect"), paths.Orders+"/") || a.body != "" {
			t.Errorf("htmx is sent to %q with %d bytes", a.header.Get("HX-Redirect"), len(a.body))
		}
	})
	t.Run("staff and strangers", func(t *testing.T) {
		staff := s.as("reviewer@cloud.example")
		staff.get(paths.NewInterface).want(http.StatusForbidden)
		staff.post(paths.Interfaces, s.choices()).want(http.StatusForbidden)
		if a := s.anyone().get(paths.NewInterface).want(http.StatusSeeOther); !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
			t.Errorf("a stranger is sent to %s", a.header.Get("Location"))
		}
		if a := s.anyone().post(paths.Interfaces, s.choices()); a.status == http.StatusOK || len(s.orders(s.Northwind)) != 2 {
			t.Errorf("a stranger's order: %d", a.status)
		}
	})
	s.Sound(t)
}

func TestApplyRedundantChoice(t *testing.T) {
	s := newSite(t)
	lin := s.as(owner)
	first := s.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) { in.Name = "first" })
	foreign, err := s.PlaceOrder(context.Background(), s.OtherOwner, s.Choice(t))
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Store.Order(context.Background(), s.OtherOwner, foreign)
	if err != nil {
		t.Fatal(err)
	}

	doc := lin.get(paths.NewInterface + "?" + s.choices("redundant", "").Encode()).want(http.StatusOK).doc()
	if doc.Find("[name=redundant]").Length() != 2 || doc.Find("[name=redundant][checked]").Length() != 0 {
		t.Error("the choice at the same site is made in advance, or is not offered")
	}
	if !strings.Contains(doc.Find("[name=redundant][value="+first.ID+"]").Parent().Text(), "Same access point: a different access device will be allocated") {
		t.Error("the rule of the same site is not said")
	}
	if strings.Contains(doc.Text(), o.ConnectionID) {
		t.Error("another account's interface is offered")
	}
	a := lin.post(paths.Interfaces, s.choices("redundant", "")).want(http.StatusUnprocessableEntity)
	if !strings.Contains(a.doc().Find(".error-summary").Text(), "Select the one that this interface backs up, or Not redundant.") {
		t.Errorf("no choice: %s", a.doc().Find(".error-summary").Text())
	}
	lin.post(paths.Interfaces, s.choices("redundant", o.ConnectionID)).want(http.StatusUnprocessableEntity)
	a = lin.post(paths.Interfaces, s.choices("redundant", first.ID)).want(http.StatusSeeOther)
	second, err := s.Store.Order(context.Background(), s.Owner, strings.TrimPrefix(a.header.Get("Location"), paths.Orders+"/"))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Advance(t, second.ConnectionID, lifecycle.ToApplyForLOA); got.RedundantID != first.ID {
		t.Errorf("redundant with %q", got.RedundantID)
	}
	doc = lin.get(paths.NewInterface + "?" + s.choices("redundant", first.ID).Encode()).want(http.StatusOK).doc()
	if _, disabled := doc.Find("[name=redundant][value=" + first.ID + "]").Attr("disabled"); !disabled {
		t.Error("an interface that has its partner is offered again")
	}
	if doc = lin.get(paths.With(paths.NewInterface, "region", "cn-hangzhou", "sp", "CT", "ap", s.APID(t, "Hangzhou-Xiaoshan-B"), "spec", "10G")).doc(); !strings.Contains(doc.Text(), "redundant by nature") {
		t.Error("another site is not said to be redundant by nature")
	}
	s.Sound(t)
}

func TestApplyQuota(t *testing.T) {
	s := newSite(t)
	ma := s.as(other)
	if a := ma.get(paths.NewInterface).want(http.StatusOK); !strings.Contains(a.text(), "Your account has 0 of 5 interfaces that are not Enabled yet. Your account may have 2 at each access point.") {
		t.Error("the quota is not explained before the form is filled in")
	}
	for range 2 {
		ma.post(paths.Interfaces, s.choices()).want(http.StatusSeeOther)
	}
	doc := ma.get(paths.With(paths.NewInterface, "region", "cn-hangzhou", "sp", "CT")).doc()
	in := doc.Find("[name=ap][value=" + s.APID(t, "Hangzhou-Yuhang-A") + "]")
	if _, disabled := in.Attr("disabled"); !disabled || !strings.Contains(in.Parent().Text(), "Your account has 2 of 2 interfaces here") {
		t.Errorf("a site at its quota: %s", in.Parent().Text())
	}
	a := ma.post(paths.Interfaces, s.choices()).want(http.StatusUnprocessableEntity)
	if !strings.Contains(a.text(), "Your account has 2 of 2 interfaces at Hangzhou-Yuhang-A.") {
		t.Errorf("over the quota: %s", a.doc().Find(".error-summary").Text())
	}
}

func TestWhitelistRequest(t *testing.T) {
	s := newSite(t)
	lin := s.as(owner)
	back := paths.With(paths.NewInterface, "region", "cn-hangzhou", "spec", "40G")
	ask := url.Values{"spec": {"40G"}, "region": {"cn-hangzhou"}, "reason": {"Replication of two data warehouses"}, "ports": {"2"}, "next": {back}, "key": {"w-1"}}
	edit := func(name, v string) url.Values {
		out := url.Values{}
		for k, x := range ask {
			out[k] = x
		}
		out.Set(name, v)
		return out
	}
	requests := func() []store.WhitelistRequest {
		list, err := s.Whitelist(context.Background(), s.Northwind)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}

	doc := lin.get(paths.With(paths.Whitelist, "spec", "40G", "region", "cn-hangzhou", "next", back)).want(http.StatusOK).doc()
	if doc.Find("[name=spec][checked]").AttrOr("value", "") != "40G" || doc.Find("[name=region] option[selected]").AttrOr("value", "") != "cn-hangzhou" || doc.Find("form[action='/whitelist'] [name=next]").AttrOr("value", "") != back {
		t.Error("the form is not filled in from the link")
	}
	if got := lin.get(paths.With(paths.Whitelist, "next", "https://evil.example/")).doc().Find("form[action='/whitelist'] [name=next]").AttrOr("value", ""); got != "" {
		t.Errorf("the form leads to %q", got)
	}
	if doc = lin.fragment(paths.With(paths.Whitelist, "spec", "40G")).want(http.StatusOK).doc(); doc.Find("dialog form[hx-post='/whitelist']").Length() != 1 || doc.Find("html nav").Length() != 0 {
		t.Error("over another page it is not a dialog alone")
	}

	for field, v := range map[string]string{"spec": "10G", "region": "mars", "reason": "short", "ports": "none"} {
		for _, htmx := range []bool{false, true} {
			a := lin.do(http.MethodPost, paths.Whitelist, edit(field, v), htmx).want(http.StatusUnprocessableEntity)
			if d := a.doc(); d.Find(".error-summary a").Length() != 1 || d.Find("dialog").Length() == 1 != htmx || d.Find("form[action='/whitelist'] [name=next]").AttrOr("value", "") != back {
				t.Errorf("%s %q, htmx %v: %s", field, v, htmx, d.Find(".error-summary").Text())
			}
		}
	}
	if n := len(requests()); n != 0 {
		t.Fatalf("%d requests of refused forms", n)
	}

	a := lin.post(paths.Whitelist, ask).want(http.StatusSeeOther)
	if got := a.header.Get("Location"); got != back {
		t.Errorf("goes to %q, not back to the form", got)
	}
	if a = lin.get(back); !strings.Contains(a.text(), "The whitelist for 40G is requested. You get a message when Example Cloud answers.") {
		t.Error("the form does not say that the request was sent")
	}
	lin.post(paths.Whitelist, ask).want(http.StatusSeeOther)
	if n := len(requests()); n != 1 {
		t.Errorf("%d requests of one form", n)
	}
	a = lin.post(paths.Whitelist, edit("key", "w-2")).want(http.StatusUnprocessableEntity)
	if !strings.Contains(a.text(), "A request for 40G is open already. Wait for the answer.") {
		t.Error("a second request is not refused in words")
	}
	form := s.choices("spec", "40G", "ptype", "40GBase-LR")
	if a = lin.get(paths.NewInterface + "?" + form.Encode()); !strings.Contains(a.text(), "Whitelist requested 20 Nov") {
		t.Error("the form does not say that the whitelist is requested")
	}
	if err := s.DecideWhitelist(context.Background(), s.Reviewer, requests()[0].ID, "granted", storetest.Start.AddDate(0, 6, 0), ""); err != nil {
		t.Fatal(err)
	}
	if a = lin.get(paths.NewInterface + "?" + form.Encode()); !strings.Contains(a.text(), "Whitelist granted until 20 May 2027") {
		t.Error("the form does not say that the whitelist is granted")
	}
	if a = lin.get(paths.Whitelist); !strings.Contains(a.text(), "Approved until 20 May 2027") {
		t.Error("the page does not say that the whitelist is granted")
	}
	lin.post(paths.Interfaces, form).want(http.StatusSeeOther)
	if a = s.as(other).get(paths.Whitelist); strings.Contains(a.text(), "Replication of two") {
		t.Error("another account's request is shown")
	}
	staff := s.as("reviewer@cloud.example")
	staff.get(paths.Whitelist).want(http.StatusForbidden)
	staff.post(paths.Whitelist, edit("key", "w-3")).want(http.StatusForbidden)
}

func TestApplyByThePricesThatWereSeen(t *testing.T) {
	s := newSite(t)
	book, err := s.PricesNow()
	if err != nil {
		t.Fatal(err)
	}
	in := store.TypedPrices(book)
	in.From = "2026-11-21" // a quarter of a day from now
	in.Prices[pricing.Field(pricing.Installation, pricing.Mainland, "10G")] = "1,600.00"
	if _, err := s.SchedulePrices(context.Background(), s.Finance, in); err != nil {
		t.Fatal(err)
	}
	lin := s.as(owner)
	a := lin.get(paths.NewInterface + "?" + s.choices().Encode()).want(http.StatusOK)
	seen := a.field("prices")
	if seen != "2019-01" || a.doc().Find("form#buy [name=prices][type=hidden]").Length() != 1 || !strings.Contains(a.text(), "Prices are valid for 7 days from the order") {
		t.Fatalf("the form is of the prices %q: %s", seen, a.text())
	}
	if got := lin.get(paths.NewInterface).field("prices"); got != "" {
		t.Errorf("a form without a price is of the prices %q", got)
	}
	s.Clock.Set(time.Date(2026, 11, 21, 0, 0, 1, 0, time.UTC))
	lin = s.as(owner)
	stale := s.choices("prices", seen, "description", "kept words", "key", "k-1")
	for _, htmx := range []bool{false, true} {
		a = lin.do(http.MethodPost, paths.Interfaces, stale, htmx).want(http.StatusConflict)
		doc := a.doc()
		if got := doc.Find(".error-summary").Text(); !strings.Contains(got, "The prices changed while you were choosing: the initial installation fee is $1,600.00") || doc.Find(".error-summary a[href='#buy']").Length() != 1 {
			t.Errorf("htmx %v: %s", htmx, got)
		}
		if a.field("prices") != "2026-11-21" || doc.Find("#description").AttrOr("value", doc.Find("#description").Text()) != "kept words" || doc.Find("[name=spec][checked]").AttrOr("value", "") != "10G" ||
			doc.Find("#terms[checked]").Length() != 1 || doc.Find("button[name=key]").AttrOr("value", "") != "k-1" {
			t.Errorf("htmx %v: what was sent is not kept, or the form still has the old prices %q", htmx, a.field("prices"))
		}
	}
	lin.post(paths.Interfaces, s.choices("prices", "made up", "key", "k-2")).want(http.StatusConflict)
	if n := len(s.orders(s.Northwind)); n != 0 {
		t.Fatalf("%d orders by prices that nobody saw", n)
	}
	stale.Set("prices", a.field("prices"))
	lin.post(paths.Interfaces, stale).want(http.StatusSeeOther)
	if list := s.orders(s.Northwind); len(list) != 1 || list[0].Amount.String() != "$1,600.00" || list[0].PriceVersion != "2026-11-21" {
		t.Errorf("ordered %+v", list)
	}
	s.Sound(t)
}

// Before a customer agrees and pays, the terms can be read and the place can be
// asked about, with the access point filled in already.
func TestApplyLeadsToTermsAndTickets(t *testing.T) {
	s := newSite(t)
	c := s.as(northwind)
	d := c.get(paths.NewInterface).want(200).doc()
	if got := d.Find("a:contains('Read the Terms of Service')").AttrOr("href", ""); got != "https://cloud.example/terms" {
		t.Errorf("the terms are at %q", got)
	}
	if got := d.Find("a:contains('open a ticket')").AttrOr("href", ""); got != paths.NewTicketAt(ticket.Location, "") {
		t.Errorf("before an access point is selected, %q asks about it", got)
	}
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	d = c.get(paths.With(paths.NewInterface, "region", "cn-hangzhou", "sp", "CT", "ap", ap)).want(200).doc()
	link := d.Find("a:contains('open a ticket')").AttrOr("href", "")
	form := c.get(link).want(200).doc()
	if got := form.Find("select[name=access_point] option[selected]").AttrOr("value", ""); got != ap {
		t.Errorf("%q asks about %q, not about %s", link, got, ap)
	}
	if got := form.Find("input[name=topic][checked]").AttrOr("value", ""); got != ticket.Location {
		t.Errorf("%q asks about the topic %q", link, got)
	}
}
