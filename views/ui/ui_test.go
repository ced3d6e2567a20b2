package ui

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
)

// hostile is text as an attacker would type it; nothing of it may become markup.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2) style="color:red">'</title> & 专线 ` + "\u202e"

// hostileHref is an address that runs code where a link would let it.
const hostileHref = `javascript:alert(1)`

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parent renders c with children.
func parent(t *testing.T, c templ.Component, children ...templ.Component) string {
	t.Helper()
	var b strings.Builder
	ctx := templ.WithChildren(context.Background(), templ.Join(children...))
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parse(t *testing.T, html string) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// words is the text with runs of space made one.
func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

var noon = time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)

// everything renders each component with text s and address href in every place that takes one.
func everything(s, href string) map[string]templ.Component {
	button := Button{Label: s, Icon: "plus", IconEnd: "down", Href: href, ID: s, Name: s, Value: s, Form: s, Kind: KindDanger, Large: true}
	iconButton, refused := button, button
	iconButton.IconOnly, refused.Reason = true, s
	control := Control{ID: s, Name: s, Label: s, Hint: s, Error: s, Value: s, Optional: true, Placeholder: s, Suffix: s, InputMode: s, Autocomplete: s, Type: s, MaxLength: 10,
		Options: []Option{{Value: s, Label: s, Sub: s + "\n" + s, Group: s, Mono: true}, {Value: "b", Label: s, Disabled: true}}}
	menu := []MenuItem{{Label: s, Href: href, Current: true, Danger: true}, {Label: s, Post: href, Fields: []Hidden{{s, s}}, Current: true}, {Divider: true}, {Label: s, Reason: s}}
	return map[string]templ.Component{
		"Text": Text(s), "Sub": Sub(s), "Clip": Clip(s), "ID": ID(s), "Money": Money(s), "CopyID": CopyID(s), "IDLink": IDLink(s, href), "Int": Int(-3),
		"Icon": Icon(s, s), "Status": Status(s, s, s, true), "Ticks": Ticks(4, s), "Time": Time(noon, s), "Stamp": Stamp(noon, nil), "Day": Day(noon, nil),
		"SiteStamp": SiteStamp(noon, nil),
		"Btn":       Btn(button), "Btn icon": Btn(iconButton), "Btn refused": Btn(refused), "LinkBtn": LinkBtn(button), "LinkBtn icon": LinkBtn(iconButton), "LinkBtn refused": LinkBtn(refused),
		"Menu": Menu(s, s, s, menu), "MenuPanel": MenuPanel(s, menu), "RowActions": RowActions(Actions{For: s, MenuID: s, Links: []Action{{s, href, true, false}}, More: menu}),
		"Input": Input(control), "Textarea": Textarea(control), "Select": Select(control), "Checkbox": Checkbox(control), "Choices": Choices(control),
		"BuyRow": BuyRow(control), "BuyChoices": BuyChoices(control), "ErrorSummary": ErrorSummary([]FieldError{{s, s}, {"", s}}), "HiddenFields": HiddenFields([]Hidden{{s, s}}),
		"Message": Message(s, s), "NoticeBox": NoticeBox(Notice{Tone: s, Title: s, Alert: true, DismissAction: href, DismissKey: s, Next: s}), "FlashMessage": FlashMessage(s, s, s, href),
		"PageHead": PageHead(Head{Title: s, Status: Text(s), Sub: Text(s), DocText: s, DocRef: href}), "Card": Card(s, s, Link(s, href)), "TableCard": TableCard(s, s, Muted(s)), "Tag": Tag(s, s), "IDLine": IDLine(s),
		"Stepper": Stepper([]Step{{s, s, StepDone}, {s, s, StepNow}, {s, s, StepBad}, {s, s, s}}), "Flow": Flow([]string{s, s}, 1),
		"Next":     Next(NextStep{Tone: s, Icon: s, Title: s, Text: s, Foot: s, DueLabel: s, DueDay: s, DueTime: s}),
		"KV":       KV([]Pair{{Term: s, Value: s}, {Term: s, Value: s, Mono: true}, {Term: s, Value: s, Href: href}, {Term: s, Value: s, Href: href, Mono: true}, {Term: s}, {Term: s, Content: Text(s)}}),
		"Timeline": Timeline([]Event{{Text: s, Detail: s, Tone: s, When: s, Actor: s}, {}, {}, {}, {}, {Text: s, At: noon, When: s}}),
		"Empty":    Empty(s, s), "NoMatch": NoMatch(s, s),
		"Pager":  Pager(Pages{Summary: s, First: href, Prev: href, Next: href, Numbers: []PageLink{{Label: s, Href: href}, {Gap: true}, {Label: s, Href: href, Current: true}}, Sizes: []PageLink{{Label: s, Href: href}, {Label: s, Href: href}}}),
		"Views":  Views([]ViewTab{{Label: s, Href: href, CountText: s, Current: true}, {Label: s, Href: href, Count: -1}}),
		"Tokens": Tokens([]Token{{s, href}}, href), "Table": Table(TableFrame{ID: s, Caption: s, Columns: []Column{{Label: s, Href: href, Sort: "ascending"}, {Label: s, Hidden: true}, {Label: s, Class: s}}}),
		"Due": Due(noon, noon.Add(time.Hour), nil), "Meter": Meter(3, 4, s), "Bar": Bar(1, 2, s), "Checks": Checks([]Check{{ToneOK, s, s}, {ToneWarn, s, s}, {ToneBad, s, s}, {s, s, s}}),
		"BuyBar": BuyBar(), "Fee": Fee(s, s, s, false), "Fee later": Fee(s, s, s, true),
		"Dialog": Dialog(Frame{ID: s, Title: s, CloseHref: href, Drawer: true}), "Dialog page": Dialog(Frame{Page: true}), "CloseBtn": CloseBtn(s, href, true), "DialogEnd": DialogEnd(), "Announce": Announce(s),
	}
}

func TestHostileTextStaysText(t *testing.T) {
	for name, c := range everything(hostile, hostileHref) {
		html := parent(t, c, Text(hostile))
		d := parse(t, html)
		if n := d.Find("script, img, title, style, iframe").Length(); n > 0 {
			t.Errorf("%s: %d elements came out of text:\n%s", name, n, html)
		}
		d.Find("*").Each(func(_ int, s *goquery.Selection) {
			for _, a := range s.Get(0).Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
					t.Errorf("%s: <%s> has the attribute %s", name, s.Get(0).Data, a.Key)
				}
				switch a.Key {
				case "href", "action", "formaction", "src":
					if strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
						t.Errorf("%s: %s=%q would run code", name, a.Key, a.Val)
					}
				}
			}
		})
	}
}

// Ordinary text must come through unchanged: escaping twice is as wrong as not at all.
func TestTextIsEscapedOnce(t *testing.T) {
	const text = `AT&T <Fibre> "A" 'B'`
	for _, name := range []string{"Text", "Sub", "Clip", "ID", "Money", "Status", "Time", "Tag", "Empty", "Btn", "LinkBtn", "Message", "FlashMessage", "Card", "PageHead"} {
		d := parse(t, parent(t, everything(text, "/x")[name]))
		if got := words(d.Find("body")); !strings.Contains(got, text) {
			t.Errorf("%s shows %q, want %q in it", name, got, text)
		}
	}
}

// The content security policy allows nothing inline, and templ's script and css blocks would write it.
func TestTemplatesAreFreeOfInlineCode(t *testing.T) {
	forbidden := regexp.MustCompile(`(?m)(\sstyle=|\son[a-z]+=|hx-on|\bjs:|^script |^css |<script>|<style|@templ\.Raw|hx-boost|hx-vals='?js)`)
	for _, f := range templates(t) {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if m := forbidden.Find(source); m != nil {
			t.Errorf("%s contains %q", f, m)
		}
	}
}

// templates lists the templates and the Go files of all views.
func templates(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"../*.templ", "*.templ"} {
		m, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m...)
	}
	if len(out) < 5 {
		t.Fatalf("only %d templates found", len(out))
	}
	return out
}

func TestEveryIconNameExists(t *testing.T) {
	used := regexp.MustCompile(`(?:\bIcon\("|\b(?:Icon|IconEnd):\s*")([^"]*)"`)
	files := templates(t)
	for _, pattern := range []string{"../*.go", "*.go"} {
		m, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, m...)
	}
	found := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || strings.HasSuffix(f, "_templ.go") {
			continue
		}
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllSubmatch(source, -1) {
			found++
			if !HasIcon(string(m[1])) {
				t.Errorf("%s draws the icon %q, which does not exist", f, m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d uses found; the pattern no longer fits", found)
	}
	for _, tone := range []string{ToneOK, ToneInfo, ToneWarn, ToneBad, ToneAction, ToneIdle} {
		if !HasIcon(toneIcon(tone)) || !HasIcon(Check{Tone: tone}.icon()) {
			t.Errorf("tone %s has no icon", tone)
		}
	}
}

func TestIconsAreWellFormed(t *testing.T) {
	for name := range icons {
		d := parse(t, render(t, Icon(name, "")))
		svg := d.Find("svg.icon")
		if svg.Length() != 1 || svg.AttrOr("aria-hidden", "") != "true" || svg.Find("path").Length() == 0 {
			t.Errorf("icon %s: %s", name, render(t, Icon(name, "")))
		}
	}
}

func TestFieldDescribesErrorThenHint(t *testing.T) {
	for _, c := range []struct {
		name             string
		in               Control
		described, valid string
	}{
		{"plain", Control{Name: "a"}, "", ""},
		{"hint", Control{Name: "a", Hint: "h"}, "a-h", ""},
		{"error", Control{Name: "a", Error: "e"}, "a-err", "true"},
		{"both", Control{Name: "a", ID: "b", Error: "e", Hint: "h"}, "b-err b-h", "true"},
	} {
		for kind, component := range map[string]templ.Component{"input": Input(c.in), "textarea": Textarea(c.in), "select": Select(c.in), "input[type=checkbox]": Checkbox(c.in)} {
			d := parse(t, render(t, component))
			field := d.Find(kind)
			if got := field.AttrOr("aria-describedby", ""); got != c.described {
				t.Errorf("%s %s: aria-describedby %q, want %q", c.name, kind, got, c.described)
			}
			if got := field.AttrOr("aria-invalid", ""); got != c.valid {
				t.Errorf("%s %s: aria-invalid %q, want %q", c.name, kind, got, c.valid)
			}
			for _, id := range strings.Fields(c.described) {
				if d.Find("#"+id).Length() != 1 {
					t.Errorf("%s %s: nothing has the id %s", c.name, kind, id)
				}
			}
			id := field.AttrOr("id", "")
			if kind != "input[type=checkbox]" && d.Find(`label[for="`+id+`"]`).Length() != 1 {
				t.Errorf("%s %s: no label for %q", c.name, kind, id)
			}
		}
	}
}

func TestMaxLengthLeavesRoomForTheServerToTell(t *testing.T) {
	for limit, want := range map[int]string{128: "154", 1: "2", 64: "77", 20: "24"} {
		d := parse(t, render(t, Input(Control{Name: "a", MaxLength: limit})))
		if got := d.Find("input").AttrOr("maxlength", ""); got != want {
			t.Errorf("limit %d: maxlength %s, want %s", limit, got, want)
		}
	}
}

func TestChoices(t *testing.T) {
	c := Control{Name: "spec", Label: "Port Specification", Value: "40G", Error: "Select a port specification",
		Options: []Option{{Value: "1G", Label: "1G", Disabled: true}, {Value: "10G", Label: "10G"}, {Value: "40G", Label: "40G", Group: "Fast"}}}
	d := parse(t, render(t, Choices(c)))
	if d.Find(`[role=radiogroup][aria-labelledby="spec-l"]`).Length() != 1 {
		t.Error("the group has no name")
	}
	if got := d.Find(`input[checked]`); got.Length() != 1 || got.AttrOr("value", "") != "40G" {
		t.Errorf("checked: %d, %q", got.Length(), got.AttrOr("value", ""))
	}
	if got := d.Find(`#spec`).AttrOr("value", ""); got != "10G" {
		t.Errorf("the summary's link lands on %q, want the first option that can be chosen", got)
	}
	c.Value = "1G"
	if parse(t, render(t, Choices(c))).Find("input[checked]").Length() != 0 {
		t.Error("an option that is not offered is chosen")
	}
	ids := map[string]bool{}
	d.Find("input").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if id == "" || ids[id] {
			t.Errorf("id %q is empty or used twice", id)
		}
		ids[id] = true
	})
}

func TestErrorSummary(t *testing.T) {
	if got := render(t, ErrorSummary(nil)); got != "" {
		t.Errorf("without errors it writes %q", got)
	}
	d := parse(t, render(t, ErrorSummary([]FieldError{{"line-code", "Enter the leased line code"}})))
	box := d.Find(`div.error-summary[role=alert][tabindex="-1"][autofocus]`)
	if got := words(box.Find("h2")); got != "Correct 1 item to continue" {
		t.Errorf("heading %q", got)
	}
	if got := box.Find("a").AttrOr("href", ""); got != "#line-code" {
		t.Errorf("link to %q", got)
	}
	d = parse(t, render(t, ErrorSummary([]FieldError{{"a", "A"}, {"", "B"}})))
	if got := words(d.Find("h2")); got != "Correct 2 items to continue" {
		t.Errorf("heading %q", got)
	}
	if d.Find("a").Length() != 1 {
		t.Error("a message without a field must not be a link")
	}
}

func TestErrorListKeepsPageOrderAndLosesNothing(t *testing.T) {
	got := ErrorList(map[string]string{"z": "Z", "b": "B", "a": "A", "empty": "", "y": "Y"}, "b", "a", "b", "missing")
	want := []FieldError{{"b", "B"}, {"a", "A"}, {"y", "Y"}, {"z", "Z"}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestButtonWithReasonDoesNothingAndSaysWhy(t *testing.T) {
	for name, c := range map[string]templ.Component{
		"Btn":     Btn(Button{Label: "Delivery Report", Reason: "Only after the LOA is approved", Name: "do", Value: "x"}),
		"LinkBtn": LinkBtn(Button{Label: "Delivery Report", Reason: "Only after the LOA is approved", Href: "/x", Dialog: true}),
	} {
		d := parse(t, render(t, c))
		b := d.Find(".btn")
		if b.AttrOr("aria-disabled", "") != "true" {
			t.Errorf("%s is not marked as unavailable", name)
		}
		if got := words(d.Find("#" + b.AttrOr("aria-describedby", "none"))); got != "Only after the LOA is approved" {
			t.Errorf("%s: the reason is %q", name, got)
		}
		for _, a := range []string{"href", "name", "hx-get"} {
			if _, ok := b.Attr(a); ok {
				t.Errorf("%s still has %s", name, a)
			}
		}
		if b.AttrOr("type", "button") != "button" {
			t.Errorf("%s still submits", name)
		}
	}
}

func TestDialogLinksAreRealLinks(t *testing.T) {
	d := parse(t, render(t, LinkBtn(Button{Label: "Edit", Href: "/interfaces/pc-1/edit", Dialog: true})))
	a := d.Find("a")
	for attr, want := range map[string]string{"href": "/interfaces/pc-1/edit", "hx-get": "/interfaces/pc-1/edit", "hx-target": "#layer", "hx-swap": "innerHTML"} {
		if got := a.AttrOr(attr, ""); got != want {
			t.Errorf("%s is %q, want %q", attr, got, want)
		}
	}
	plain := parse(t, render(t, LinkBtn(Button{Label: "Edit", Href: "/x"})))
	if _, ok := plain.Find("a").Attr("hx-get"); ok {
		t.Error("an ordinary link asks for a part of a page")
	}
}

func TestMenusOpenWithoutScript(t *testing.T) {
	d := parse(t, render(t, RowActions(Actions{For: "pc-1", MenuID: "m0", Links: []Action{{Label: "View LOA", Href: "/l"}}, More: []MenuItem{{Label: "Edit name", Href: "/e"}}})))
	button := d.Find("button[popovertarget]")
	if d.Find("#"+button.AttrOr("popovertarget", "none")+"[popover]").Length() != 1 {
		t.Error("the button opens nothing")
	}
	if got := button.AttrOr("aria-label", ""); got != "More actions for pc-1" {
		t.Errorf("button is called %q", got)
	}
	if got := words(d.Find(".acts > a")); got != "View LOA for pc-1" {
		t.Errorf("link reads %q", got)
	}
	if none := parse(t, render(t, RowActions(Actions{For: "pc-1"}))); none.Find("button").Length() != 0 {
		t.Error("a More button without items")
	}
}

func TestStatusSaysMoreThanColour(t *testing.T) {
	for _, c := range []struct{ tone, shape, class string }{
		{ToneInfo, ShapeHalf, "status tone-info status--half"}, {ToneAction, ShapeRing, "status tone-action status--ring"},
		{ToneOK, ShapeDot, "status tone-ok"}, {ToneIdle, ShapeDash, "status tone-idle status--dash"}, {"evil\"", "evil", "status tone-idle"},
	} {
		d := parse(t, render(t, Status("Waiting", c.tone, c.shape, false)))
		if got := d.Find("span").AttrOr("class", ""); got != c.class {
			t.Errorf("class %q, want %q", got, c.class)
		}
		if words(d.Find("span")) != "Waiting" {
			t.Error("the words are missing")
		}
	}
}

func TestTicksAreClamped(t *testing.T) {
	for n, want := range map[int]string{-1: "Step 0 of 9", 0: "Step 0 of 9", 7: "Step 7 of 9", 9: "Step 9 of 9", 12: "Step 9 of 9"} {
		if got := words(parse(t, render(t, Ticks(n, ToneOK))).Find(".ticks")); got != want {
			t.Errorf("Ticks(%d) says %q, want %q", n, got, want)
		}
	}
}

func TestStepperSaysEachState(t *testing.T) {
	d := parse(t, render(t, Stepper([]Step{{Name: "Apply", State: StepDone}, {Name: "Pay", State: StepBad}, {Name: "Wait", State: StepNow}, {Name: "Enabled"}})))
	var got []string
	d.Find(".step__name").Each(func(_ int, s *goquery.Selection) { got = append(got, words(s)) })
	want := "Apply: completed|Pay: failed|Wait: current step|Enabled: not started"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
	if n := d.Find(`[aria-current="step"]`).Length(); n != 1 {
		t.Errorf("%d current steps", n)
	}
}

func TestFlashRoles(t *testing.T) {
	for tone, want := range map[string]string{ToneOK: "status", ToneInfo: "status", ToneWarn: "alert", ToneBad: "alert"} {
		if got := parse(t, render(t, FlashMessage(tone, "x", "", ""))).Find(".message").AttrOr("role", ""); got != want {
			t.Errorf("%s: role %q, want %q", tone, got, want)
		}
	}
	if d := parse(t, render(t, FlashMessage(ToneOK, "x", "go", ""))); d.Find("a").Length() != 0 {
		t.Error("a link to nowhere")
	}
}

func TestKVSaysNotSet(t *testing.T) {
	d := parse(t, render(t, KV([]Pair{{Term: "Description"}, {Term: "SP", Value: "China Telecom"}})))
	if got := words(d.Find("dl")); got != "Description Not set SP China Telecom" && got != "DescriptionNot setSPChina Telecom" {
		t.Errorf("got %q", got)
	}
	if d.Find("dl > div > dt").Length() != 2 {
		t.Error("pairs are not grouped")
	}
}

func TestTimelineFoldsAfterFive(t *testing.T) {
	for n, open := range map[int]int{0: 0, 5: 5, 6: 5, 20: 5} {
		d := parse(t, render(t, Timeline(make([]Event, n))))
		if got := d.Find("body > ol > li").Length(); got != open {
			t.Errorf("%d events: %d open, want %d", n, got, open)
		}
		if got := d.Find("li").Length(); got != n {
			t.Errorf("%d events: %d on the page", n, got)
		}
	}
}

func TestPagerHidesItself(t *testing.T) {
	if got := render(t, Pager(Pages{})); got != "" {
		t.Errorf("an empty pager writes %q", got)
	}
	d := parse(t, render(t, Pager(Pages{Summary: "1-2 of 2", Numbers: []PageLink{{Label: "1", Current: true}}})))
	if d.Find("nav").Length() != 0 {
		t.Error("one page has navigation")
	}
	d = parse(t, render(t, Pager(Pages{Summary: "x", Next: "/n"})))
	if d.Find(`nav[aria-label="Pages"] a[rel=next]`).Length() != 1 || d.Find("a[rel=prev]").Length() != 0 {
		t.Error("the first page by key must offer next only")
	}
}

func TestTableKeepsItsMeaningAsCards(t *testing.T) {
	row := templ.Raw(`<tr role="row"><td role="cell">x</td></tr>`)
	d := parse(t, parent(t, Table(TableFrame{ID: "c", Caption: "Interfaces", Columns: []Column{{Label: "Created", Href: "/s", Sort: "descending"}}}), row))
	for _, sel := range []string{`.tablewrap[role=region][tabindex="0"][aria-labelledby=c]`, "table[role=table]", "thead[role=rowgroup] tr[role=row]", `th[scope=col][role=columnheader][aria-sort=descending] a`, "tbody[role=rowgroup] td", "h2#c"} {
		if d.Find(sel).Length() != 1 {
			t.Errorf("%s: %d", sel, d.Find(sel).Length())
		}
	}
}

func TestDialogOrPage(t *testing.T) {
	d := parse(t, parent(t, Dialog(Frame{Title: "Cancel?", CloseHref: "/interfaces/pc-1"}), Text("body")))
	if d.Find(`dialog[aria-labelledby="dialog-h"] h2#dialog-h`).Length() != 1 {
		t.Error("the dialog has no name")
	}
	if d.Find(`a[data-close][href="/interfaces/pc-1"]`).Length() != 1 {
		t.Error("the cross is not a link")
	}
	d = parse(t, parent(t, Dialog(Frame{Title: "Cancel?", Page: true}), Text("body")))
	if d.Find("dialog").Length() != 0 || words(d.Find(".card")) != "body" {
		t.Error("the page form is a dialog or lost its content")
	}
}

func TestTimes(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	if got, want := FormatStamp(noon, zone), "20 Nov 2026, 15:12 (UTC+08:00)"; got != want {
		t.Errorf("FormatStamp = %q, want %q", got, want)
	}
	if got, want := FormatStamp(noon, nil), "20 Nov 2026, 07:12 (UTC+00:00)"; got != want {
		t.Errorf("without a zone %q, want %q", got, want)
	}
	if got, want := FormatDay(noon.Add(17*time.Hour), zone), "21 Nov 2026"; got != want {
		t.Errorf("FormatDay = %q, want the day in the zone, %q", got, want)
	}
	if got, want := render(t, SiteStamp(noon, zone)), `<time datetime="2026-11-20T07:12:00Z">20 Nov, 15:12 (UTC+08:00)</time>`; got != want {
		t.Errorf("SiteStamp = %s, want %s", got, want)
	}
	if got, want := FormatSiteStamp(noon, zone), "20 Nov, 15:12 (UTC+08:00)"; got != want {
		t.Errorf("FormatSiteStamp = %q, want %q", got, want)
	}
	if got, want := render(t, Day(noon.Add(17*time.Hour), zone)), `<time datetime="2026-11-21">21 Nov 2026</time>`; got != want {
		t.Errorf("Day = %s, want the day in the zone, %s", got, want)
	}
	if got := render(t, Day(time.Time{}, zone)); got != `<span class="muted">Not set</span>` {
		t.Errorf("the zero day shows %s", got)
	}
	if got := render(t, Stamp(time.Time{}, zone)); !strings.Contains(got, "Not set") || strings.Contains(got, "<time") {
		t.Errorf("the zero time shows %s", got)
	}
}

func TestLateText(t *testing.T) {
	for late, want := range map[time.Duration]string{
		-time.Hour: "", 0: "", time.Minute: "Late", 61 * time.Minute: "1 hour late", 23 * time.Hour: "23 hours late", 24 * time.Hour: "1 day late", 72 * time.Hour: "3 days late",
	} {
		if got := LateText(noon, noon.Add(late)); got != want {
			t.Errorf("%v after: %q, want %q", late, got, want)
		}
	}
}

func TestMeterSurvivesZero(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {5, 0}, {60, 48}} {
		d := parse(t, render(t, Meter(c[0], c[1], "Ports")))
		if d.Find(`meter[aria-label="Ports"]`).AttrOr("max", "0") == "0" {
			t.Errorf("Meter(%d, %d) has no range", c[0], c[1])
		}
		if p := percent(c[0], c[1]); p < 0 || p > 100 {
			t.Errorf("percent(%d, %d) = %d", c[0], c[1], p)
		}
	}
}

// Cells are written thousands of times a second: the cheap components must not allocate for plain text beyond their
// interface header.
func TestCellsAreCheap(t *testing.T) {
	var b strings.Builder
	b.Grow(1 << 20)
	ctx := context.Background()
	for name, f := range map[string]func() error{
		"Text":   func() error { return Text("Hangzhou-Yuhang-A").Render(ctx, &b) },
		"Sub":    func() error { return Sub("China Telecom").Render(ctx, &b) },
		"Status": func() error { return status{"Waiting", ToneInfo, ShapeHalf, false}.Render(ctx, &b) },
		"Ticks":  func() error { return ticks{7, ToneInfo}.Render(ctx, &b) },
	} {
		if n := testing.AllocsPerRun(100, func() {
			b.Reset()
			b.Grow(1 << 10)
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); n > 3 {
			t.Errorf("%s allocates %.0f times", name, n)
		}
	}
}

// What is written without a template is escaped as a template escapes it.
func TestEscapeIsThatOfTemplates(t *testing.T) {
	for _, s := range []string{"", "pc-bp1ca4wca27exn6h2", "a & b", "<b>", `"quoted"`, "it's", "杭州 – ümlaut", "&", "end>", "'", "\x00", "a\xffb<"} {
		if got, want := escape(s), templ.EscapeString(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}

func TestErrorSummarySaysTheLabel(t *testing.T) {
	const s = "Use at most 128 characters"
	field := func(c Control) templ.Component { return Input(c) }
	for name, tc := range map[string]struct {
		c     Control
		build func(Control) templ.Component
		want  string
	}{
		"a field":                      {Control{Name: "x", Label: "Contact", Error: s}, field, "Contact: " + s},
		"choices":                      {Control{Name: "x", Label: "Role", Error: "Choose one", Options: []Option{{Value: "a", ID: "x-a"}}}, Choices, "Role: Choose one"},
		"a row of the order":           {Control{Name: "x", Label: "Region", Error: "Choose one"}, BuyRow, "Region: Choose one"},
		"the sentence says it":         {Control{Name: "x", Label: "Line code", Error: "Enter the line code"}, field, "Enter the line code"},
		"said without its unit":        {Control{Name: "x", Label: "First day (UTC)", Error: "Enter the first day"}, field, "Enter the first day"},
		"only a part of a word":        {Control{Name: "x", Label: "ID", Error: "This did not work"}, field, "ID: This did not work"},
		"first a part, then the word":  {Control{Name: "x", Label: "ID", Error: "It did not find the ID"}, field, "It did not find the ID"},
		"one of several":               {Control{Name: "x", Label: "Name", Group: "Field engineer 2", Error: s}, field, "Field engineer 2, Name: " + s},
		"one of several, half said":    {Control{Name: "x", Label: "Name", Group: "Field engineer 2", Error: "Enter the name"}, field, "Field engineer 2, Name: Enter the name"},
		"one of several, said":         {Control{Name: "x", Label: "Name", Group: "Field engineer 2", Error: "Enter the name of field engineer 2"}, field, "Enter the name of field engineer 2"},
		"a box, whose label is a text": {Control{Name: "x", Label: "I agree", Error: "Tick the box"}, Checkbox, "Tick the box"},
		"nothing to say":               {Control{Name: "x", Label: "Contact"}, field, s},
	} {
		text := tc.c.Error
		if text == "" {
			text = s
		}
		id := tc.c.FirstOption()
		page := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			if err := ErrorSummary([]FieldError{{id, text}}).Render(ctx, w); err != nil {
				return err
			}
			return tc.build(tc.c).Render(ctx, w)
		})
		var b bytes.Buffer
		if err := RenderRefused(context.Background(), &b, page); err != nil {
			t.Fatal(err)
		}
		d := parse(t, b.String())
		if got := words(d.Find(".error-summary a")); got != tc.want || d.Find(".error-summary").Length() != 1 {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
		if d.Find(".field__error").Length() == 1 && words(d.Find(".field__error")) != tc.c.Error {
			t.Errorf("%s: beside the field stands %q", name, words(d.Find(".field__error")))
		}
	}
}
