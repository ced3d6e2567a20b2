package views

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"demarc/store/catalog"
	"demarc/store/pricing"
	"demarc/views/ui"
)

// applyCatalogue has what the rules of the form turn on: a neutral site, a
// carrier's site, a full one, one without ports and a region with one site.
func applyCatalogue(t *testing.T) *catalog.Catalogue {
	t.Helper()
	all := []catalog.PortType{catalog.Type1000BaseLX, catalog.Type10GBaseT, catalog.Type10GBaseLR, catalog.Type40GBaseLR}
	c, err := catalog.New(
		[]catalog.Region{
			{ID: "hz", Name: "China (Hangzhou)", Zone: "Asia/Shanghai", Mainland: true},
			{ID: "qd", Name: "China (Qingdao)", Zone: "Asia/Shanghai", Mainland: true, Order: 1},
			{ID: "no", Name: "Nowhere", Zone: "Asia/Tokyo", Order: 2},
		},
		[]catalog.AccessPoint{
			{ID: "yh", Region: "hz", Name: "Yuhang-A", RunBy: catalog.RunByProvider, Status: catalog.StatusRecommended, Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaTelecom: all, catalog.ChinaUnicom: all[:1]}},
			{ID: "xs", Region: "hz", Name: "Xiaoshan-B", RunBy: "China Telecom", Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaTelecom: all[:3]}},
			{ID: "fu", Region: "hz", Name: "Full-A", RunBy: "X", Status: catalog.StatusFull, Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaTelecom: all}},
			{ID: "em", Region: "hz", Name: "Empty-A", RunBy: "X", Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaTelecom: all}},
			{ID: "off", Region: "hz", Name: "Off-A", RunBy: "X", Status: catalog.StatusDisabled, Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaTelecom: all}},
			{ID: "ls", Region: "qd", Name: "Laoshan-A", RunBy: "China Unicom", Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaUnicom: all[:2]}},
		},
		[]catalog.Device{
			{ID: "yh-1", AccessPoint: "yh", Name: "CSW-1"}, {ID: "yh-2", AccessPoint: "yh", Name: "CSW-2"},
			{ID: "xs-1", AccessPoint: "xs", Name: "CSW-1"}, {ID: "fu-1", AccessPoint: "fu", Name: "CSW-1"}, {ID: "em-1", AccessPoint: "em", Name: "CSW-1"}, {ID: "ls-1", AccessPoint: "ls", Name: "CSW-1"},
		})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// whitelistedSite offers nothing but what needs the whitelist.
func whitelistedSite(t *testing.T) *catalog.Catalogue {
	t.Helper()
	c, err := catalog.New([]catalog.Region{{ID: "hz", Name: "China (Hangzhou)", Zone: "Asia/Shanghai", Mainland: true}},
		[]catalog.AccessPoint{{ID: "wl", Region: "hz", Name: "Fast-A", RunBy: "X", Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaTelecom: {catalog.Type40GBaseLR}}}},
		[]catalog.Device{{ID: "yh-1", AccessPoint: "wl", Name: "CSW-1"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func applyFacts(t *testing.T) ApplyFacts {
	t.Helper()
	book := pricing.Default()
	return ApplyFacts{
		Catalogue: applyCatalogue(t), Operator: "Example Cloud", HomeRegion: "hz",
		Free: map[string]map[catalog.PortType]int{
			"yh-1": {catalog.Type1000BaseLX: 30, catalog.Type10GBaseLR: 2, catalog.Type40GBaseLR: 1},
			"yh-2": {catalog.Type1000BaseLX: 1, catalog.Type10GBaseLR: 1},
			"xs-1": {catalog.Type10GBaseLR: 9}, "fu-1": {catalog.Type10GBaseLR: 9}, "ls-1": {catalog.Type1000BaseLX: 4, catalog.Type10GBaseT: 4},
		},
		Quote: func(_ string, spec catalog.Spec) (pricing.Quote, bool) {
			q, err := book.Quote(pricing.Mainland, string(spec))
			return q, err == nil
		},
		Whitelist:  map[catalog.Spec]WhitelistWord{catalog.Spec40G: {Text: "Whitelist required"}, catalog.Spec100G: {Text: "Whitelist required"}},
		NotEnabled: 1, NotEnabledLimit: 5, PerAccessPointLimit: 2, At: map[string]int{},
	}
}

// offered is what a row offers: the values, those that cannot be selected in
// brackets.
func offered(r ApplyRow) string {
	if r.Wait != "" {
		return r.Wait
	}
	var out []string
	for _, o := range r.Options {
		v := o.Value
		if v == "" {
			v = "-"
		}
		if o.Disabled {
			v = "[" + v + "]"
		}
		out = append(out, v)
	}
	return strings.Join(out, " ")
}

func TestApplyNarrows(t *testing.T) {
	full := ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "10G", PortType: "10GBase-LR"}
	for _, c := range []struct {
		name  string
		form  ApplyForm
		facts func(*ApplyFacts)
		want  string // region | sp | ap | spec | ptype | redundant: offered=value
		notes string // what was cleared
	}{
		{"nothing chosen", ApplyForm{}, nil, "hz qd [no]= | Select a Region first= | Select a Region first= | Select a Region first= | Select a Region first= | Select a Region first=", ""},
		{"unknown region", ApplyForm{Region: "mars", SP: "CT"}, nil, "hz qd [no]= | Select a Region first= | Select a Region first= | Select a Region first= | Select a Region first= | Select a Region first=", "This region is not offered. Select a Region."},
		{"region without a site", ApplyForm{Region: "no"}, nil, "hz qd [no]= | Select a Region first= | Select a Region first= | Select a Region first= | Select a Region first= | Select a Region first=", "This region is not offered. Select a Region."},
		{"region", ApplyForm{Region: "hz"}, nil, "hz qd [no]=hz | CT CU= | Select an SP first= | Select an SP first= | Select an SP first= | Select an SP first=", ""},
		{"SP", ApplyForm{Region: "hz", SP: "CT"}, nil, "hz qd [no]=hz | CT CU=CT | yh xs [em] [fu]= | Select an Access Point first= | Select an Access Point first= | Select an Access Point first=", ""},
		{"everything", full, nil, "hz qd [no]=hz | CT CU=CT | yh xs [em] [fu]=yh | 1G 10G 40G=10G | [10GBase-T] 10GBase-LR=10GBase-LR | -=", ""},
		{"one port type left is selected", ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "40G", PortType: "10GBase-LR"}, nil,
			"hz qd [no]=hz | CT CU=CT | yh xs [em] [fu]=yh | 1G 10G 40G=40G | 40GBase-LR=40GBase-LR | -=", "10GBase-LR is not offered for 40G at Yuhang-A. 40GBase-LR is selected."},
		{"SP that has no site in the region", ApplyForm{Region: "qd", SP: "CT", AccessPoint: "yh", Spec: "10G"}, nil,
			"hz qd [no]=qd | CU= | Select an SP first= | Select an SP first= | Select an SP first= | Select an SP first=", "China Telecom has no access point in China (Qingdao). Select another SP or region."},
		{"site of another region", ApplyForm{Region: "qd", SP: "CU", AccessPoint: "yh", Spec: "1G"}, nil,
			"hz qd [no]=qd | CU=CU | ls= | Select an Access Point first= | Select an Access Point first= | Select an Access Point first=", "Yuhang-A is not in China (Qingdao). Select another Access Point."},
		{"specification that the site does not offer", ApplyForm{Region: "qd", SP: "CU", AccessPoint: "ls", Spec: "40G", PortType: "40GBase-LR"}, nil,
			"hz qd [no]=qd | CU=CU | ls=ls | 1G 10G= | Select a Port Specification first= | -=", "40G is not offered at Laoshan-A. Select a port specification."},
		{"site that does not take the SP", ApplyForm{Region: "hz", SP: "CU", AccessPoint: "xs"}, nil,
			"hz qd [no]=hz | CT CU=CU | yh= | Select an Access Point first= | Select an Access Point first= | Select an Access Point first=", "Xiaoshan-B is not offered by China Unicom. Select another Access Point."},
		{"full site", ApplyForm{Region: "hz", SP: "CT", AccessPoint: "fu", Spec: "10G"}, nil,
			"hz qd [no]=hz | CT CU=CT | yh xs [em] [fu]= | Select an Access Point first= | Select an Access Point first= | Select an Access Point first=", "Full-A cannot be selected now. Select another Access Point."},
		{"disabled site", ApplyForm{Region: "hz", SP: "CT", AccessPoint: "off"}, nil,
			"hz qd [no]=hz | CT CU=CT | yh xs [em] [fu]= | Select an Access Point first= | Select an Access Point first= | Select an Access Point first=", "Off-A cannot be selected now. Select another Access Point."},
		{"quota at the site", ApplyForm{Region: "hz", SP: "CT"}, func(f *ApplyFacts) { f.At["yh"] = 2 },
			"hz qd [no]=hz | CT CU=CT | xs [em] [fu] [yh]= | Select an Access Point first= | Select an Access Point first= | Select an Access Point first=", ""},
		{"no port of the specification is free", ApplyForm{Region: "hz", SP: "CT", AccessPoint: "xs", Spec: "1G"}, nil,
			"hz qd [no]=hz | CT CU=CT | yh xs [em] [fu]=xs | [1G] 10G= | Select a Port Specification first= | -=", "No 1G port is free at Xiaoshan-B. Select a port specification."},
		{"port type without a free port", ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "10G", PortType: "10GBase-T"}, nil,
			"hz qd [no]=hz | CT CU=CT | yh xs [em] [fu]=yh | 1G 10G 40G=10G | [10GBase-T] 10GBase-LR=10GBase-LR | -=", "10GBase-T is not offered for 10G at Yuhang-A. 10GBase-LR is selected."},
		{"one SP with one site", ApplyForm{Region: "qd"}, nil, "hz qd [no]=qd | CU=CU | ls=ls | 1G 10G= | Select a Port Specification first= | -=", ""},
		{"one answer after the other", ApplyForm{Region: "hz", SP: "CU"}, nil, "hz qd [no]=hz | CT CU=CU | yh=yh | 1G=1G | 1000Base-LX=1000Base-LX | -=", ""},
		{"the only site takes nobody", ApplyForm{Region: "qd", SP: "CU"}, func(f *ApplyFacts) { f.At["ls"] = 2 },
			"hz qd [no]=qd | CU=CU | [ls]= | Select an Access Point first= | Select an Access Point first= | Select an Access Point first=", ""},
		{"sent without it", ApplyForm{Region: "qd", Errors: map[string]string{"sp": "Select an SP"}}, nil,
			"hz qd [no]=qd | CU= | Select an SP first= | Select an SP first= | Select an SP first= | Select an SP first=", ""},
		{"only with the whitelist", ApplyForm{Region: "hz", SP: "CT"}, func(f *ApplyFacts) { f.Catalogue = whitelistedSite(t) },
			"hz=hz | CT=CT | wl=wl | 40G= | Select a Port Specification first= | -=", ""},
		{"junk", ApplyForm{Region: "hz", SP: "<b>", AccessPoint: "x", Spec: "7G", PortType: "V.35", Redundant: "pc-9"}, nil,
			"hz qd [no]=hz | CT CU= | Select an SP first= | Select an SP first= | Select an SP first= | Select an SP first=", ""},
	} {
		facts := applyFacts(t)
		if c.facts != nil {
			c.facts(&facts)
		}
		a := NewApply(c.form, facts)
		var got []string
		for _, r := range []ApplyRow{a.Region, a.SP, a.AccessPoint, a.Spec, a.PortType, a.Redundant} {
			got = append(got, offered(r)+"="+r.Value)
		}
		if d := cmp.Diff(c.want, strings.Join(got, " | ")); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if a.Said != c.notes {
			t.Errorf("%s: said %q, want %q", c.name, a.Said, c.notes)
		}
	}
}

// What waits for the choice above comes back when that is made.
func TestApplyKeepsWhatWaits(t *testing.T) {
	a := NewApply(ApplyForm{Region: "qd", SP: "CT", AccessPoint: "yh", Spec: "10G", PortType: "10GBase-T"}, applyFacts(t))
	doc := renderPage(t, ApplyPage(samplePage(AreaCustomer), a))
	sent := url.Values{}
	doc.Find("#buy input[type=hidden]").Each(func(_ int, s *goquery.Selection) { sent.Add(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	if d := cmp.Diff(url.Values{"spec": {"10G"}, "ptype": {"10GBase-T"}}, sent); d != "" {
		t.Errorf("waiting choices: %s", d)
	}
	a = NewApply(ApplyForm{Region: "qd", SP: "CU", AccessPoint: "ls", Spec: sent.Get("spec"), PortType: sent.Get("ptype")}, applyFacts(t))
	if a.Spec.Value != "10G" || a.PortType.Value != "10GBase-T" {
		t.Errorf("spec %q, port type %q after the site was chosen", a.Spec.Value, a.PortType.Value)
	}
}

func TestApplyRedundant(t *testing.T) {
	base := ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "10G", PortType: "10GBase-LR"}
	same := ApplyCandidate{ID: "pc-same", Name: "dc1", AccessPointID: "yh", DeviceID: "yh-1"}
	other := ApplyCandidate{ID: "pc-other", AccessPointID: "xs"}
	taken := ApplyCandidate{ID: "pc-taken", AccessPointID: "yh", Reason: "Redundant with pc-x already"}
	for _, c := range []struct {
		name      string
		edit      func(*ApplyForm)
		have      []ApplyCandidate
		want      string
		value     string
		required  bool
		said, sub string
	}{
		{"none", nil, nil, "-", "", false, "", "Your account has no other connection in China (Hangzhou) whose installation fee is paid"},
		{"other site: no choice needed", nil, []ApplyCandidate{other}, "- pc-other", "", false, "", "Different access points: redundant by nature, nothing else to do"},
		{"same site: a choice is needed", nil, []ApplyCandidate{other, same}, "pc-same none pc-other", "", true, "", "Same access point: a different access device will be allocated"},
		{"same site, chosen", func(f *ApplyForm) { f.Redundant = "pc-same" }, []ApplyCandidate{same}, "pc-same none", "pc-same", true, "", ""},
		{"same site, declined", func(f *ApplyForm) { f.Redundant = NotRedundant }, []ApplyCandidate{same}, "pc-same none", NotRedundant, true, "", ""},
		{"declined where nothing has to be", func(f *ApplyForm) { f.Redundant = NotRedundant }, []ApplyCandidate{other}, "- pc-other", "", false, "", ""},
		{"paired already", func(f *ApplyForm) { f.Redundant = "pc-taken" }, []ApplyCandidate{taken}, "[pc-taken] none", "", true, "pc-taken cannot be selected here. Select another connection, or not redundant.", "Redundant with pc-x already"},
		{"no free port on another device", func(f *ApplyForm) { f.Spec, f.PortType = "40G", "40GBase-LR" }, []ApplyCandidate{same}, "[pc-same] none", "", true, "", "No free 40GBase-LR port on a different access device"},
		{"not in the region", func(f *ApplyForm) { f.Redundant = "pc-elsewhere" }, []ApplyCandidate{other}, "- pc-other", "", false, "pc-elsewhere cannot be selected here. Select another connection, or no redundant connection.", ""},
	} {
		form, facts := base, applyFacts(t)
		if c.edit != nil {
			c.edit(&form)
		}
		facts.Candidates = c.have
		a := NewApply(form, facts)
		if got := offered(a.Redundant); got != c.want {
			t.Errorf("%s: offers %q, want %q", c.name, got, c.want)
		}
		if a.Redundant.Value != c.value || a.Redundant.Optional == c.required || (a.Choose != "") != c.required || a.Said != c.said {
			t.Errorf("%s: value %q, optional %v, choose %q, said %q", c.name, a.Redundant.Value, a.Redundant.Optional, a.Choose, a.Said)
		}
		if !slices.ContainsFunc(a.Redundant.Options, func(o ui.Option) bool { return strings.Contains(o.Sub, c.sub) }) {
			t.Errorf("%s: no option says %q", c.name, c.sub)
		}
	}
}

func TestApplyManyCandidatesAreAList(t *testing.T) {
	facts := applyFacts(t)
	for i := range 9 {
		facts.Candidates = append(facts.Candidates, ApplyCandidate{ID: fmt.Sprintf("pc-%d", i), Name: "n", AccessPointID: []string{"yh", "xs"}[i%2]})
	}
	form := ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "10G", PortType: "10GBase-LR", Redundant: "pc-3", Errors: map[string]string{"redundant": "Select another connection"}}
	doc := renderPage(t, ApplyPage(samplePage(AreaCustomer), NewApply(form, facts)))
	sel := doc.Find("select[name=redundant]")
	if sel.Length() != 1 || sel.Find("option").Length() != 11 || sel.Find("option[selected]").AttrOr("value", "") != "pc-3" || sel.Find("optgroup").Length() != 2 {
		t.Errorf("list: %s", sel.Text())
	}
	id := sel.AttrOr("id", "")
	if doc.Find("label[for='"+id+"']").Length() != 1 || doc.Find(".error-summary a").AttrOr("href", "") != "#"+id {
		t.Errorf("the list %q has no label or the summary does not lead to it", id)
	}
}

func TestApplyFeesAndNotes(t *testing.T) {
	facts := applyFacts(t)
	a := NewApply(ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "10G", PortType: "10GBase-LR"}, facts)
	if a.Installation != "$1,500.00" || a.Monthly != "$720.00" || a.CrossRegion != "" || a.OnlyPoint != "" {
		t.Errorf("fees %q %q, notes %q %q", a.Installation, a.Monthly, a.CrossRegion, a.OnlyPoint)
	}
	doc := renderPage(t, ApplyPage(samplePage(AreaCustomer), a))
	for _, want := range []string{"155M CPOS, V.35 and G.703", "$720.00 a month", "Few left: 3", "Recommended", "No free port for China Telecom", "Full: takes no new interfaces", "Run by Example Cloud",
		"Due with this order", "The port is enabled with this payment", "Whitelist required"} {
		if !strings.Contains(doc.Text(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	a = NewApply(ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "1G"}, facts)
	if got := a.PortType.Options[0].Sub; !strings.HasSuffix(got, "\n31 free") {
		t.Errorf("many ports: %q", got)
	}
	a = NewApply(ApplyForm{Region: "qd"}, facts)
	if !strings.Contains(a.CrossRegion, "China (Hangzhou)") || !strings.HasPrefix(a.OnlyPoint, "One access point:") {
		t.Errorf("notes: %q, %q", a.CrossRegion, a.OnlyPoint)
	}
	facts.Quote = func(string, catalog.Spec) (pricing.Quote, bool) { return pricing.Quote{}, false }
	a = NewApply(ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "10G"}, facts)
	if !a.NoPrice || a.Installation != "" || !strings.Contains(renderPage(t, ApplyPage(samplePage(AreaCustomer), a)).Find(".buybar").Text(), "Price on request") {
		t.Error("a specification without a price is not said to be on request")
	}
	facts.NotEnabled = 5
	if a = NewApply(ApplyForm{}, facts); !a.QuotaFull || !strings.Contains(a.Quota, "5 of 5") {
		t.Errorf("quota: %q", a.Quota)
	}
}

// 40G stays selectable without a whitelist entry: a disabled option would hide
// the way out. The request brings the reader back to the same choices.
func TestApplyWhitelist(t *testing.T) {
	form := ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "40G", Name: "a b&c", Terms: true}
	facts := applyFacts(t)
	a := NewApply(form, facts)
	if a.Spec.Options[2].Disabled || a.WhitelistAsk != "Request the whitelist for 40G" {
		t.Fatalf("40G: %+v, %q", a.Spec.Options[2], a.WhitelistAsk)
	}
	u, err := url.Parse(a.WhitelistHref)
	if err != nil {
		t.Fatal(err)
	}
	if q := u.Query(); u.Path != "/whitelist" || q.Get("spec") != "40G" || q.Get("region") != "hz" {
		t.Errorf("request at %s", a.WhitelistHref)
	}
	back, err := url.Parse(u.Query().Get("next"))
	if err != nil {
		t.Fatal(err)
	}
	if q := back.Query(); back.Path != "/interfaces/new" || q.Get("ap") != "yh" || q.Get("spec") != "40G" || q.Get("name") != "a b&c" || q.Get("terms") != "on" {
		t.Errorf("back to %s", back)
	}
	for _, word := range []WhitelistWord{{Text: "Whitelist requested 20 Nov", Asked: true}, {Text: "Whitelist granted", Granted: true}} {
		facts.Whitelist[catalog.Spec40G] = word
		if a := NewApply(form, facts); a.WhitelistAsk != "" || !strings.HasSuffix(a.Spec.Options[2].Sub, word.Text) {
			t.Errorf("%s: asks %q, option says %q", word.Text, a.WhitelistAsk, a.Spec.Options[2].Sub)
		}
	}
}

func TestWhitelistWords(t *testing.T) {
	now := time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 8*3600)
	late := time.Date(2026, 11, 19, 20, 0, 0, 0, time.UTC) // the 20th in the zone
	for _, c := range []struct {
		status string
		until  time.Time
		want   WhitelistWord
	}{
		{"", time.Time{}, WhitelistWord{Text: "Whitelist required"}},
		{"requested", time.Time{}, WhitelistWord{Text: "Whitelist requested 20 Nov", Asked: true}},
		{"granted", time.Time{}, WhitelistWord{Text: "Whitelist granted", Granted: true}},
		{"granted", now.AddDate(0, 1, 0), WhitelistWord{Text: "Whitelist granted until 20 Dec 2026", Granted: true}},
		{"granted", now, WhitelistWord{Text: "Whitelist required: the grant ended 20 Nov 2026"}},
		{"declined", time.Time{}, WhitelistWord{Text: "Whitelist required: the request was declined"}},
		{"revoked", now.AddDate(0, 1, 0), WhitelistWord{Text: "Whitelist required: the grant was revoked"}},
	} {
		if got := WhitelistWords(c.status, late, c.until, now, zone); got != c.want {
			t.Errorf("%s until %v: %+v, want %+v", c.status, c.until, got, c.want)
		}
	}
}

func TestApplyErrorsLeadToTheirFields(t *testing.T) {
	errs := map[string]string{}
	for _, f := range []string{"region", "sp", "ap", "spec", "ptype", "redundant", "name", "description", "terms"} {
		errs[f] = "Correct " + f
	}
	for _, form := range []ApplyForm{{}, {Region: "hz"}, {Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "10G", PortType: "10GBase-LR", Name: "1st", Description: "x"}} {
		form.Errors = errs
		doc := renderPage(t, ApplyPage(samplePage(AreaCustomer), NewApply(form, applyFacts(t))))
		links := doc.Find(".error-summary a")
		if links.Length() != len(errs) {
			t.Errorf("%d links", links.Length())
		}
		links.Each(func(_ int, s *goquery.Selection) {
			href := s.AttrOr("href", "")
			if n := doc.Find("[id='" + strings.TrimPrefix(href, "#") + "']").Length(); n != 1 {
				t.Errorf("%+v: %s is there %d times", form, href, n)
			}
			if got := strings.Count(doc.Text(), strings.TrimSpace(s.Text())); got < 2 {
				t.Errorf("%q stands only in the summary", strings.TrimSpace(s.Text()))
			}
		})
		if got := doc.Find("#name").AttrOr("value", ""); got != form.Name {
			t.Errorf("name %q", got)
		}
	}
}

// hostile are texts that must come out as they went in.
func hostileTexts() []string {
	return []string{`"><script>alert(1)</script>`, strings.Repeat("w", 200), "杭州主线 · 第一条", "&lt;b&gt;", "javascript:alert(1)"}
}

// checkSafe fails when text of people became code or markup.
func checkSafe(t *testing.T, name string, doc *goquery.Document) {
	t.Helper()
	if n := doc.Find("script:not([src]), style, img, [style], [onclick], [onerror], [onload]").Length(); n != 0 {
		t.Errorf("%s: %d pieces of inline code", name, n)
	}
	doc.Find("[href], [action], [hx-get], [hx-post]").Each(func(_ int, s *goquery.Selection) {
		for _, a := range []string{"href", "action", "hx-get", "hx-post"} {
			if strings.HasPrefix(s.AttrOr(a, ""), "javascript:") {
				t.Errorf("%s: %s runs code", name, a)
			}
		}
	})
	seen := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if seen[id] {
			t.Errorf("%s: id %q twice", name, id)
		}
		seen[id] = true
	})
	doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, s *goquery.Selection) {
		if s.ParentsFiltered("label").Length() == 0 && doc.Find("label[for='"+s.AttrOr("id", "")+"']").Length() == 0 {
			t.Errorf("%s: %s has no label", name, s.AttrOr("name", ""))
		}
	})
}

func TestApplyHostile(t *testing.T) {
	for _, h := range hostileTexts() {
		facts := applyFacts(t)
		facts.Operator = h
		facts.Candidates = []ApplyCandidate{{ID: "pc-1", Name: h, AccessPointID: "yh"}, {ID: "pc-2", Name: h, AccessPointID: "xs", Reason: h}}
		facts.Whitelist[catalog.Spec40G] = WhitelistWord{Text: h}
		form := ApplyForm{Region: "hz", SP: "CT", AccessPoint: "yh", Spec: "10G", Redundant: h, Name: h, Description: h, Key: h, Errors: map[string]string{"name": h}}
		doc := renderPage(t, ApplyPage(samplePage(AreaCustomer), NewApply(form, facts)))
		checkSafe(t, "apply", doc)
		if got := doc.Find("#name").AttrOr("value", ""); got != h {
			t.Errorf("name came back as %q", got)
		}
		junk := NewApply(ApplyForm{Region: h, SP: h, AccessPoint: h, Spec: h, PortType: h, Redundant: h}, facts)
		checkSafe(t, "junk", renderPage(t, ApplyPage(samplePage(AreaCustomer), junk)))
	}
}
