package views

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"demarc/store/redundancy"
)

func renderPart(t *testing.T, c templ.Component) *goquery.Document {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

var (
	oneEnd   = redundancy.Place{Region: "Singapore", AccessPoint: "Singapore-A", Building: "SG1", Room: "3F-2", Cabinet: "C-07", Panel: "ODF 12", Device: "CSW-01", SP: "Equinix"}
	otherEnd = redundancy.Place{Region: "Singapore", AccessPoint: "Singapore-A", Building: "SG1", Room: "3F-2", Cabinet: "C-08", Panel: "ODF 1", Device: "CSW-02", SP: "Other"}
)

func TestRedundancyCard(t *testing.T) {
	pair := func(a, b redundancy.Place) *Redundancy {
		return &Redundancy{ID: "pc-1", Title: "sg-core", PartnerID: "pc-2", PartnerTitle: "sg-core-b", PartnerHref: "/interfaces/pc-2", Report: redundancy.Compare(a, b),
			SameAccessPoint: a.AccessPoint == b.AccessPoint, OwnPlace: true, PartnerSeen: true}
	}
	unpaid := redundancy.Place{Region: "Singapore", AccessPoint: "Singapore-A", Building: "SG1", SP: "Other"}
	elsewhere := otherEnd
	elsewhere.AccessPoint, elsewhere.Building = "Singapore-B", "SG2"
	onOne := oneEnd
	onOne.SP = "Other"
	for _, c := range []struct {
		name             string
		r                *Redundancy
		tone, tag, title string
		device, region   string // the last column
		has, hasNot      []string
	}{
		{name: "kept", r: pair(oneEnd, otherEnd), tone: "tone-ok", tag: "Promise kept", title: "Survives the loss of a cabinet; both enter one room.", device: "Apart", region: "Shared",
			has: []string{"CSW-01", "CSW-02", "The promise is kept"}, hasNot: []string{"redundant by nature"}},
		{name: "two access points", r: pair(oneEnd, elsewhere), tone: "tone-ok", tag: "Promise kept", title: "Survives the loss of an access point.", device: "Apart", region: "Shared",
			has: []string{"Different access points: redundant by nature"}},
		{name: "before the ports", r: pair(oneEnd, unpaid), tone: "tone-info", tag: "Promised", title: "Two access devices are promised.", device: "Not known yet", region: "Shared",
			has: []string{"Not allocated yet", "nothing is charged"}, hasNot: []string{"Survives"}},
		{name: "broken", r: pair(oneEnd, onOne), tone: "tone-bad", tag: "Promise broken", title: "Does not survive the loss of the device.", device: "Shared", region: "Shared"},
	} {
		doc := renderPart(t, redundancyCard(c.r))
		checkSafe(t, c.name, doc)
		if m := doc.Find(".message"); !m.HasClass(c.tone) || m.Find(".message__title").Text() != c.title || m.Find("svg").Length() != 1 {
			t.Errorf("%s: %q", c.name, m.Text())
		}
		if got := strings.TrimSpace(doc.Find(".card__head .tag").Text()); got != c.tag {
			t.Errorf("%s: tag %q", c.name, got)
		}
		if n := doc.Find("tbody tr").Length(); n != 8 {
			t.Errorf("%s: %d rows", c.name, n)
		}
		state := func(what string) string {
			row := doc.Find("tbody tr").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.TrimSpace(s.Find("th").Text()) == what })
			return strings.TrimSpace(row.Find("td").Last().Text())
		}
		if state("Access device") != c.device || state("Region") != c.region {
			t.Errorf("%s: device %q, region %q", c.name, state("Access device"), state("Region"))
		}
		doc.Find("tbody td").Each(func(_ int, s *goquery.Selection) {
			if s.AttrOr("data-label", "") == "" {
				t.Errorf("%s: a cell says nothing on a phone: %q", c.name, s.Text())
			}
		})
		text := doc.Text()
		for _, want := range c.has {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %q", c.name, want, text)
			}
		}
		for _, want := range c.hasNot {
			if strings.Contains(text, want) {
				t.Errorf("%s: %q in %q", c.name, want, text)
			}
		}
	}
	if doc := renderPart(t, redundancyCard(nil)); strings.TrimSpace(doc.Find("body").Text()) != "" {
		t.Error("an interface that stands alone has a card")
	}
}

// What a customer may not read yet is named nowhere, while what is shared is
// said.
func TestRedundancyBeforeTheLetter(t *testing.T) {
	r := &Redundancy{Title: "a", PartnerTitle: "b", PartnerHref: "/x", Report: redundancy.Compare(oneEnd, otherEnd), SameAccessPoint: true, PartnerSeen: true}
	text := renderPart(t, redundancyCard(r)).Text()
	for _, secret := range []string{"CSW-01", "C-07", "ODF 12"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is named", secret)
		}
	}
	for _, want := range []string{"CSW-02", "C-08", "Named in the LOA", "Survives the loss of a cabinet", "SG1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestRedundancyNotice(t *testing.T) {
	r := &Redundancy{Title: "a", PartnerTitle: "sg-core-b", PartnerHref: "/interfaces/pc-2", Report: redundancy.Compare(oneEnd, otherEnd)}
	if doc := renderPart(t, redundancyNotice(r)); doc.Find(".message").Length() != 0 {
		t.Error("a notice of nothing")
	}
	r.Change = &RedundancyChange{Detail: "Before: x. Now: y", Reason: "Cabinet C-08 is closed", Who: "Example Cloud, administrator", At: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), Zone: time.UTC}
	doc := renderPart(t, redundancyNotice(r))
	for _, want := range []string{"Redundancy changed", "Before: x. Now: y. Reason: Cabinet C-08 is closed.", "by Example Cloud, administrator", "sg-core-b"} {
		if !strings.Contains(doc.Text(), want) {
			t.Errorf("no %q in %q", want, doc.Text())
		}
	}
	if !doc.Find(".message").HasClass("tone-warn") {
		t.Error("tone")
	}
}

func TestRedundancyStandsHostileText(t *testing.T) {
	for _, s := range hostileTexts() {
		p := redundancy.Place{Region: s, AccessPoint: s, Building: s, Room: s, Cabinet: s, Panel: s, Device: s, SP: s}
		r := &Redundancy{Title: s, PartnerTitle: s, PartnerHref: "/interfaces/pc-2", Report: redundancy.Compare(p, p), OwnPlace: true, PartnerSeen: true,
			Change: &RedundancyChange{Detail: s, Reason: s, Who: s, At: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), Zone: time.UTC}}
		for name, c := range map[string]templ.Component{"card": redundancyCard(r), "notice": redundancyNotice(r)} {
			doc := renderPart(t, c)
			checkSafe(t, name, doc)
			if !strings.Contains(doc.Text(), s) {
				t.Errorf("%s: %q is not written as it is", name, s)
			}
		}
	}
}
