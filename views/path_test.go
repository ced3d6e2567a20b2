package views

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
)

// stagePieces is the table of the path's states, one row per lifecycle stage.
var stagePieces = map[string][4]PieceState{
	"pending_payment":     {},
	"to_apply_for_loa":    {},
	"in_application":      {},
	"loa_rejected":        {},
	"approved_loa":        {PieceWork, PieceDone, PiecePlanned, PiecePlanned},
	"waiting_for_cabling": {PieceDone, PieceDone, PieceWork, PiecePlanned},
	"waiting_for_payment": {PieceDone, PieceDone, PieceDone, PiecePlanned},
	"enabled":             {PieceDone, PieceDone, PieceDone, PieceDone},
	"terminating":         {PieceDone, PieceDone, PieceWork, PieceDone},
	"terminated":          {},
	"canceled":            {},
	// No stage at all: nothing may look arranged.
	"":         {},
	"Enabled":  {},
	"no stage": {},
}

func TestPathStates(t *testing.T) {
	for stage, want := range stagePieces {
		var got [4]PieceState
		got[0], got[1], got[2], got[3] = PathStates(stage)
		if got != want {
			t.Errorf("PathStates(%q) = %v, want %v", stage, got, want)
		}
	}
}

// pathLinkAt is a link with every text that may be known in a stage.
func pathLinkAt(stage, role string) PathLink {
	l := PathLink{
		Role: role, ID: "pc-bp1ca4wca27exn6h2", Name: "hz-dc1-primary",
		SP: "China Telecom", PortTypeShort: "10GE single-mode",
		AccessPoint: "Hangzhou-Yuhang-A", AccessPointID: "ap-cn-hangzhou-yh-A",
	}
	if role == "Redundant" {
		l.ID, l.Name, l.SP = "pc-bp1k9f02mzq7dw3tv", "hz-dc1-backup", "China Unicom"
	}
	l.LeasedLine, l.Port, l.Patch, l.ToRegion = PathStates(stage)
	if l.Port == PieceDone {
		l.ConstructionType, l.Device, l.Room, l.Cabinet, l.PortName = "MSTP", "CSW-YH-A-02", "3F-2", "C-07", "XGE1/0/17"
		if role == "Redundant" {
			l.ConstructionType, l.Device, l.Room, l.Cabinet, l.PortName = "FIBRE", "CSW-YH-A-05", "3F-4", "E-11", "XGE1/0/03"
		}
	}
	if l.LeasedLine == PieceDone {
		l.LineCode, l.CableLabel = "HZ-CTC-0098123", "A-2291"
	}
	return l
}

// pathVariants are the three drawings of a stage.
func pathVariants(stage string) map[string]PathDiagram {
	closed := stage == "canceled" || stage == "terminated"
	d := PathDiagram{DataCenter: "Binjiang IDC 2", Region: "China (Hangzhou)", Closed: closed}
	alone, same, apart := d, d, d
	alone.Links = []PathLink{pathLinkAt(stage, "")}
	same.Links = []PathLink{pathLinkAt(stage, "Primary"), pathLinkAt(stage, "Redundant")}
	same.SameAccessPoint, same.ApartWords = true, "Different access devices"
	apart.Links = []PathLink{pathLinkAt(stage, "Primary"), pathLinkAt(stage, "Redundant")}
	apart.Links[1].AccessPoint, apart.Links[1].AccessPointID = "Hangzhou-Xiaoshan-B", "ap-cn-hangzhou-xs-B"
	apart.ApartWords = "Different access points"
	return map[string]PathDiagram{"alone": alone, "same access point": same, "other access point": apart}
}

func renderPath(t *testing.T, d PathDiagram) *goquery.Document {
	t.Helper()
	var b strings.Builder
	if err := ConnectionPath(d).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// pathClasses are those that the style sheet knows.
var pathClasses = strings.Fields(`path path--wide path--tall t2 t3 tb tm ta te site box box--1 box--2
	wire wire--1 wire--2 wire--plan wire--todo pill pill--ok pill--todo ok todo glyph glyph--1 glyph--2 dot
	legend fold textpath muted`)

// checkDrawing holds for every diagram: what the page's policy, the style sheet
// and assistive technology ask for.
func checkDrawing(t *testing.T, doc *goquery.Document) {
	t.Helper()
	ids := map[string]bool{}
	doc.Find("body *").Each(func(_ int, s *goquery.Selection) {
		for _, a := range s.Nodes[0].Attr {
			switch {
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("id %q twice", a.Val)
				}
				ids[a.Val] = true
			case a.Key == "class":
				for _, c := range strings.Fields(a.Val) {
					if !slices.Contains(pathClasses, c) {
						t.Errorf("class %q is not in the style sheet", c)
					}
				}
			case a.Key == "style", a.Key == "fill", a.Key == "stroke", strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s %s=%q>", s.Nodes[0].Data, a.Key, a.Val)
			}
		}
	})
	if n := doc.Find("script, style, a, foreignObject").Length(); n != 0 {
		t.Errorf("%d elements that a drawing must not hold", n)
	}
	if n := doc.Find("svg[role=img]").Length(); n != 2 {
		t.Fatalf("%d drawings, want 2", n)
	}
	doc.Find("svg[role=img]").Each(func(_ int, s *goquery.Selection) {
		by, _ := s.Attr("aria-labelledby")
		for _, id := range strings.Fields(by) {
			if strings.TrimSpace(s.Find("#"+id).Text()) == "" {
				t.Errorf("aria-labelledby names %q, which says nothing", id)
			}
		}
		desc := s.Find("desc").Text()
		if !strings.HasSuffix(desc, ".") || strings.Count(desc, ". ") != 0 {
			t.Errorf("the description is not one sentence: %q", desc)
		}
	})
	doc.Find("text").Each(func(_ int, s *goquery.Selection) {
		short, whole := drawn(s), s.Find("title").Text()
		if strings.HasSuffix(short, "…") != (whole != "") && s.Closest("g").Length() == 0 {
			t.Errorf("text %q has the title %q", short, whole)
		}
		if cells(short) > cellsPlaceTall {
			t.Errorf("text %q is %d cells wide", short, cells(short))
		}
	})
}

// drawn is the visible text of an SVG text element.
func drawn(s *goquery.Selection) string {
	c := s.Clone()
	c.Find("title").Remove()
	return strings.Join(strings.Fields(c.Text()), " ")
}

func drawnTexts(s *goquery.Selection) []string {
	return s.Find("text").Map(func(_ int, s *goquery.Selection) string { return drawn(s) })
}

func textVersion(doc *goquery.Document) string {
	return strings.Join(doc.Find(".textpath li, .textpath p").Map(func(_ int, s *goquery.Selection) string {
		return strings.Join(strings.Fields(s.Text()), " ")
	}), "\n")
}

func TestConnectionPathEveryStage(t *testing.T) {
	for stage := range stagePieces {
		for name, d := range pathVariants(stage) {
			t.Run(stage+"/"+name, func(t *testing.T) {
				doc := renderPath(t, d)
				checkDrawing(t, doc)
				text := textVersion(doc)
				want := []string{"Your data center: Binjiang IDC 2", "Region: China (Hangzhou)"}
				if !d.Closed && d.ApartWords != "" {
					want = append(want, d.ApartWords)
				}
				for _, l := range d.Links {
					want = append(want, l.ID, l.Name, l.SP, l.ConstructionType, l.LineCode, l.Device, l.Room, l.Cabinet,
						l.PortName, l.CableLabel, l.PortTypeShort, l.AccessPoint, l.AccessPointID)
				}
				for _, w := range want {
					if !strings.Contains(text, w) {
						t.Errorf("the text version lacks %q:\n%s", w, text)
					}
				}
				if got, want := doc.Find(".textpath ol").Length(), len(d.Links); got != want {
					t.Errorf("%d lists, want %d", got, want)
				}
				for _, which := range []string{".path--wide", ".path--tall"} {
					svg := doc.Find(which)
					todo := svg.Find(".wire--todo").Length()
					solid := svg.Find(".wire--1:not(.wire--todo), .wire--2:not(.wire--todo)").Length()
					var wantTodo, wantSolid int
					for range d.Links {
						for _, i := range []int{0, 2, 3} { // the port is a box
							switch stagePieces[stage][i] {
							case PieceWork:
								wantTodo++
							case PieceDone:
								wantSolid++
							}
						}
					}
					if todo != wantTodo || solid != wantSolid {
						t.Errorf("%s: %d lines in work and %d solid, want %d and %d", which, todo, solid, wantTodo, wantSolid)
					}
					boxes := svg.Find("rect[stroke-dasharray]").Length()
					wantBoxes := 2 * len(d.Links)
					if stagePieces[stage][1] == PieceDone {
						wantBoxes = 0
					}
					if boxes != wantBoxes {
						t.Errorf("%s: %d dotted boxes, want %d", which, boxes, wantBoxes)
					}
				}
			})
		}
	}
}

func TestConnectionPathGeometry(t *testing.T) {
	count := func(doc *goquery.Document, selector string, want int) {
		t.Helper()
		if got := doc.Find(selector).Length(); got != want {
			t.Errorf("%s: %d, want %d", selector, got, want)
		}
	}
	same := renderPath(t, pathVariants("waiting_for_cabling")["same access point"])
	for selector, want := range map[string]int{
		`.path--wide rect.box[x="1"][y="46"][width="195"][height="252"]`:    1,
		`.path--wide rect.site[x="452"][y="20"][width="516"][height="290"]`: 1,
		`.path--wide rect.site`:                                                               1,
		`.path--wide path.wire--1[d="M196 110H470"]`:                                          1,
		`.path--wide path.wire--2[d="M196 232H470"]`:                                          1,
		`.path--wide rect.pill[x="231"][y="79"][width="204"]`:                                 1,
		`.path--wide rect.box--1[x="470"][y="73"][width="216"][height="74"]`:                  1,
		`.path--wide rect.box--2[x="470"][y="195"][width="216"][height="74"]`:                 1,
		`.path--wide path.wire--todo[d="M686 110H780"]`:                                       1,
		`.path--wide rect.pill--todo[x="697"][y="79"][width="72"][height="20"]`:               1,
		`.path--wide rect.box--2[x="780"][y="195"][width="172"]`:                              1,
		`.path--wide path.wire--plan[d="M952 110H1000"]`:                                      1,
		`.path--wide rect.pill--ok[x="490"][y="160"][width="176"][height="22"]`:               1,
		`.path--wide rect.box[x="1000"][y="46"][width="119"][height="252"]`:                   1,
		`.path--tall rect.site[y="176"][height="292"]`:                                        1,
		`.path--tall rect.box--1[x="12"][y="226"][width="160"][height="84"]`:                  1,
		`.path--tall rect.box--2[x="188"][y="384"][width="160"][height="70"]`:                 1,
		`.path--tall rect.box[y="508"][height="62"]`:                                          1,
		`.path--tall path.wire--plan[d="M92 454V508"], .path--tall path[d="M268 454V508"]`:    2,
		`.path--tall path.wire--todo[d="M92 310V384"], .path--tall .wire--2[d="M268 74V226"]`: 2,
	} {
		count(same, selector, want)
	}
	apart := renderPath(t, pathVariants("enabled")["other access point"])
	count(apart, `.path--wide rect.site[y="20"][height="140"]`, 1)
	count(apart, `.path--wide rect.site[y="172"][height="138"]`, 1)
	count(apart, `.path--tall rect.site`, 2)
	if got := drawnTexts(apart.Find(".path--wide")); !slices.Contains(got, "Access point Hangzhou-Xiaoshan-B") || !slices.Contains(got, "Different access points") {
		t.Errorf("two access points: %q", got)
	}
	alone := renderPath(t, pathVariants("enabled")["alone"])
	count(alone, `.path--wide path.wire[d="M196 110H470"]`, 1)
	count(alone, `.wire--2, .box--2`, 0)
	// The parser keeps viewBox in its own case, which selectors do not match.
	for doc, want := range map[*goquery.Document]string{same: "0 0 1120 318", apart: "0 0 1120 318", alone: "0 0 1120 200"} {
		if got, _ := doc.Find(".path--wide").Attr("viewBox"); got != want {
			t.Errorf("wide drawing: viewBox %q, want %q", got, want)
		}
		if got, _ := doc.Find(".path--tall").Attr("viewBox"); got != "0 0 360 572" {
			t.Errorf("tall drawing: viewBox %q", got)
		}
	}
	count(alone, `rect.pill--ok[x="490"]`, 0)
}

func TestConnectionPathWords(t *testing.T) {
	words := func(stage, variant, selector string) string {
		return strings.Join(drawnTexts(renderPath(t, pathVariants(stage)[variant]).Find(selector)), "|")
	}
	for _, c := range []struct {
		stage, variant string
		want, not      []string
	}{
		{"pending_payment", "alone", []string{"Allocated with the LOA", "Access point Hangzhou-Yuhang-A", "China Telecom"}, []string{"Cabling", "Cabled", "Installing", "Primary", "Line code", "Cable "}},
		{"approved_loa", "alone", []string{"Installing", "China Telecom · MSTP", "CSW-YH-A-02", "XGE1/0/17", "3F-2, cabinet C-07"}, []string{"Allocated with the LOA", "Cabling", "Cabled"}},
		{"waiting_for_cabling", "same access point", []string{"Cabling", "Primary", "Redundant", "Line code HZ-CTC-0098123", "Cable A-2291", "Different access devices"}, []string{"Cabled", "Removing", "Installing"}},
		{"waiting_for_payment", "alone", []string{"Cabled"}, []string{"Cabling"}},
		{"enabled", "other access point", []string{"Cabled", "Different access points"}, []string{"Cabling", "Removing"}},
		{"terminating", "alone", []string{"Removing"}, []string{"Cabling", "Cabled"}},
		{"canceled", "same access point", []string{"Not allocated"}, []string{"Allocated with the LOA", "Different", "Cabling", "Cabled"}},
	} {
		got := words(c.stage, c.variant, ".path--wide")
		for _, w := range c.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s, %s: no %q in %s", c.stage, c.variant, w, got)
			}
		}
		for _, w := range c.not {
			if strings.Contains(got, w) {
				t.Errorf("%s, %s: %q in %s", c.stage, c.variant, w, got)
			}
		}
	}
	// Closed wins over whatever the states say.
	d := pathVariants("enabled")["same access point"]
	d.Closed = true
	doc := renderPath(t, d)
	if n := doc.Find(".wire--1, .wire--2, .wire--todo, .box--1, .box--2, .pill--ok, .pill--todo").Length(); n != 0 {
		t.Errorf("a closed path has %d live pieces", n)
	}
	if text := textVersion(doc); strings.Contains(text, ", cabled") || !strings.Contains(text, "not connected") {
		t.Errorf("a closed path reads\n%s", text)
	}
	if got := strings.TrimSpace(doc.Find(".legend").Text()); got != "Not connected" {
		t.Errorf("legend of a closed path: %q", got)
	}
}

func TestConnectionPathText(t *testing.T) {
	got := textVersion(renderPath(t, pathVariants("waiting_for_cabling")["alone"]))
	want := strings.Join([]string{
		"Interface: hz-dc1-primary, pc-bp1ca4wca27exn6h2",
		"Your data center: Binjiang IDC 2",
		"Leased line: China Telecom, MSTP, line code HZ-CTC-0098123, installed",
		"Access point: Hangzhou-Yuhang-A, ap-cn-hangzhou-yh-A",
		"Access device: CSW-YH-A-02, room 3F-2, cabinet C-07",
		"Port: XGE1/0/17, 10GE single-mode, cable A-2291, cabling in progress",
		"Region: China (Hangzhou), connected after payment",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	desc := renderPath(t, pathVariants("waiting_for_cabling")["same access point"]).Find("#path-wide-desc").Text()
	wantDesc := "From your data center Binjiang IDC 2 to China (Hangzhou): " +
		"primary over China Telecom, access point Hangzhou-Yuhang-A, access device CSW-YH-A-02, port XGE1/0/17, cabling in progress; " +
		"redundant over China Unicom, access point Hangzhou-Yuhang-A, access device CSW-YH-A-05, port XGE1/0/03, cabling in progress; " +
		"different access devices."
	if diff := cmp.Diff(wantDesc, desc); diff != "" {
		t.Error(diff)
	}
}

func TestConnectionPathLegend(t *testing.T) {
	for _, c := range []struct {
		stage, variant string
		want           []string
	}{
		{"to_apply_for_loa", "same access point", []string{"Not in place yet"}},
		{"approved_loa", "alone", []string{"This interface", "Work in progress", "Not in place yet"}},
		{"waiting_for_cabling", "same access point", []string{"This interface", "Redundant interface", "Work in progress", "After payment"}},
		{"waiting_for_payment", "alone", []string{"This interface", "After payment"}},
		{"enabled", "other access point", []string{"This interface", "Redundant interface"}},
	} {
		got := renderPath(t, pathVariants(c.stage)[c.variant]).Find(".legend li").Map(func(_ int, s *goquery.Selection) string {
			return strings.TrimSpace(s.Text())
		})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s, %s: %s", c.stage, c.variant, diff)
		}
	}
	// On the page of the redundant interface the other one is the primary.
	d := pathVariants("enabled")["same access point"]
	slices.Reverse(d.Links)
	if got := renderPath(t, d).Find(".legend").Text(); !strings.Contains(got, "Primary interface") || strings.Contains(got, "Redundant interface") {
		t.Errorf("legend %q", got)
	}
}

func TestConnectionPathHostile(t *testing.T) {
	for _, s := range []string{
		`<script>alert("x")</script>`,
		`</title></svg><img src=x onerror=alert(1)>`,
		`"><style>*{display:none}</style>`,
		strings.Repeat("W", 200),
		strings.Repeat("杭州余杭数据中心", 25),
		strings.Repeat("a b, ", 40),
	} {
		for _, same := range []bool{true, false} {
			l := PathLink{Role: "Primary", ID: s, Name: s, SP: s, ConstructionType: s, LineCode: s, LeasedLine: PieceDone, Port: PieceDone,
				Patch: PieceWork, Device: s, Room: s, Cabinet: s, PortName: s, CableLabel: s, PortTypeShort: s, AccessPoint: s, AccessPointID: s}
			m := l
			m.Role = "Redundant"
			d := PathDiagram{DataCenter: s, Region: s, Links: []PathLink{l, m}, SameAccessPoint: same, ApartWords: s}
			doc := renderPath(t, d)
			if n := doc.Find("img").Length(); n != 0 {
				t.Errorf("%q made an element", s)
			}
			checkHostile(t, doc, s)
		}
	}
}

func checkHostile(t *testing.T, doc *goquery.Document, s string) {
	t.Helper()
	if n := doc.Find("script, style, [onerror]").Length(); n != 0 {
		t.Errorf("%q made %d elements", s, n)
	}
	if n := doc.Find("svg[role=img]").Length(); n != 2 {
		t.Errorf("%q: %d drawings", s, n)
	}
	if !strings.Contains(textVersion(doc), strings.Join(strings.Fields(s), " ")) {
		t.Errorf("%q is not whole in the text version", s)
	}
	doc.Find("text").Each(func(_ int, e *goquery.Selection) {
		if w := cells(drawn(e)); w > cellsPlaceTall {
			t.Errorf("a text of %d cells: %q", w, drawn(e))
		}
		if title := e.Find("title"); title.Length() > 0 && !strings.Contains(title.Text(), s) {
			t.Errorf("title %q is not the whole text", title.Text())
		}
	})
	if doc.Find("text > title").Length() == 0 {
		t.Errorf("%q: nothing was cut", s)
	}
}

func TestConnectionPathSparse(t *testing.T) {
	if html := renderPath(t, PathDiagram{Region: "China (Hangzhou)"}).Find("body").Children().Length(); html != 0 {
		t.Error("a path without a link draws something")
	}
	doc := renderPath(t, PathDiagram{Links: make([]PathLink, 3)})
	checkDrawing(t, doc)
	if got := drawnTexts(doc.Find(".path--wide")); !slices.Contains(got, "Leased line") || !slices.Contains(got, "Your data center") {
		t.Errorf("empty path: %q", got)
	}
	if got := doc.Find(".textpath ol").Length(); got != 2 {
		t.Errorf("%d lists of three links, want 2", got)
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 5, ""},
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"abcd", 1, "…"},
		{"éàü", 3, "éàü"},
		{"杭州", 4, "杭州"},
		{"杭州", 3, "杭…"},
		{"杭州", 2, "…"},
		{"a杭州", 4, "a杭…"},
		{"Binjiang IDC 2", 10, "Binjiang…"},
		{"room 2, cabinet 7", 8, "room 2…"},
		{"🚀🚀🚀", 5, "🚀🚀…"},
	} {
		if got := fit(c.s, c.n); got != c.want {
			t.Errorf("fit(%q, %d) = %q, want %q", c.s, c.n, got, c.want)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add("Hangzhou-Yuhang-A", 10)
	f.Add("杭州余杭 Data Center", 7)
	f.Add("\xff\xfe", 1)
	f.Fuzz(func(t *testing.T, s string, n int) {
		got := fit(s, n)
		if n >= 1 && cells(got) > n || n < 1 && got != "" {
			t.Errorf("fit(%q, %d) = %q: %d cells", s, n, got, cells(got))
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("fit(%q, %d) = %q cuts a character", s, n, got)
		}
		if got != s && n >= 1 && (!strings.HasSuffix(got, "…") || !strings.HasPrefix(s, strings.TrimSuffix(got, "…"))) {
			t.Errorf("fit(%q, %d) = %q is not a beginning of it", s, n, got)
		}
		if fit(got, n) != got {
			t.Errorf("fit(%q, %d) is not stable", s, n)
		}
	})
}

func TestWrapRegion(t *testing.T) {
	for s, want := range map[string][]string{
		"":                                       nil,
		"China (Hangzhou)":                       {"China", "(Hangzhou)"},
		"US (Silicon Valley)":                    {"US", "(Silicon Valley)"},
		"Singapore":                              {"Singapore"},
		"Saudi Arabia (Riyadh - Partner Region)": {"Saudi Arabia", "(Riyadh -", "Partner Region)"},
		"one-very-long-word-without-a-break":     {"one-very-long-w…"},
		"A (b) cccccccccccc dddddddddddd eeeeeeeeeeee": {"A", "(b) cccccccccccc", "dddddddddddd ee…"},
	} {
		got := wrapRegion(s)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
	}
}

func ExamplePathStates() {
	leasedLine, _, patch, toRegion := PathStates("waiting_for_cabling")
	fmt.Println(leasedLine == PieceDone, patch == PieceWork, toRegion == PiecePlanned)
	// Output: true true true
}
