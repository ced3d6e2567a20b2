package views

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"demarc/store/letter"
)

// letterOf is a letter with every text made by text from the name of its field.
func letterOf(text func(field string) string) letter.Snapshot {
	s := letter.Snapshot{
		Schema: letter.Schema, Version: 2, Zone: "Asia/Shanghai",
		IssuedAt:    time.Date(2026, 11, 9, 7, 10, 0, 0, time.UTC),
		ExpiresAt:   time.Date(2027, 2, 7, 7, 10, 0, 0, time.UTC),
		ValidFrom:   time.Date(2026, 11, 10, 16, 0, 0, 0, time.UTC),
		ScheduledAt: time.Date(2026, 11, 18, 1, 30, 0, 0, time.UTC),
		Changes:     []letter.Change{{Label: text("Position"), From: text("from"), To: text("to")}},
		Engineers:   []string{text("Engineer 1"), text("Engineer 2")},
	}
	for _, v := range []reflect.Value{reflect.ValueOf(&s).Elem(), reflect.ValueOf(&s.Issuer).Elem()} {
		for field, value := range v.Fields() {
			if field.Type.Kind() == reflect.String && field.Name != "Zone" {
				value.SetString(text(field.Name))
			}
		}
	}
	return s
}

func sheet(t *testing.T, s letter.Snapshot, stamp string) (*goquery.Document, string) {
	t.Helper()
	var b strings.Builder
	if err := LOASheet(s, stamp).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc, b.String()
}

func TestLOASheetKeepsHostileTextAsText(t *testing.T) {
	for name, text := range map[string]func(string) string{
		"script":  func(f string) string { return f + `<script>alert(1)</script>"><img src=x onerror=alert(1)>` },
		"long":    func(f string) string { return f + strings.Repeat("W", 200) },
		"Chinese": func(f string) string { return f + "浙江华临布线有限公司&amp;<b>" },
	} {
		t.Run(name, func(t *testing.T) {
			s := letterOf(text)
			doc, _ := sheet(t, s, text("stamp"))
			if n := doc.Find("script, img, [onerror], [style]").Length(); n > 0 {
				t.Errorf("%d elements came out of text", n)
			}
			if n := doc.Find("b").Length(); n != 1 {
				t.Errorf("%d b elements, want the issuer's", n)
			}
			shown := doc.Find("article").Text()
			for _, v := range []reflect.Value{reflect.ValueOf(s), reflect.ValueOf(s.Issuer)} {
				for field, value := range v.Fields() {
					// The port type is within its label, the version within the title.
					if field.Type.Kind() != reflect.String || field.Name == "Zone" || field.Name == "PortType" {
						continue
					}
					if !strings.Contains(shown, value.String()) {
						t.Errorf("%s is not shown", field.Name)
					}
				}
			}
			for _, engineer := range s.Engineers {
				if !strings.Contains(shown, engineer) {
					t.Errorf("%s is not shown", engineer)
				}
			}
			if got := doc.Find(".sheet__stamp").Text(); !strings.Contains(got, text("stamp")) {
				t.Errorf("stamp %q", got)
			}
		})
	}
}

// The page and the PDF say the same in the same order.
func TestLOASheetOrder(t *testing.T) {
	s := letterOf(func(f string) string { return f })
	doc, _ := sheet(t, s, "")

	var heads []string
	doc.Find("h1, h2").Each(func(_ int, h *goquery.Selection) { heads = append(heads, h.Text()) })
	want := []string{"Letter of Authorization", "Parties", "Installation information", "Field engineers", "Conditions"}
	if diff := cmp.Diff(want, heads); diff != "" {
		t.Error(diff)
	}

	var got, wantFacts []letter.Fact
	doc.Find("tr:has(th.rowh), .sheet__where > div").Each(func(_ int, row *goquery.Selection) {
		got = append(got, letter.Fact{
			Label: row.Find("th, dt").Text(),
			Value: strings.TrimSpace(row.Find("td, dd").Text()),
		})
	})
	wantFacts = slices.Concat(s.Parties(), s.Demarcation(), s.Installation())
	if diff := cmp.Diff(wantFacts, got); diff != "" {
		t.Error(diff)
	}

	var conditions []string
	doc.Find("ol.terms > li").Each(func(_ int, li *goquery.Selection) { conditions = append(conditions, li.Text()) })
	if diff := cmp.Diff(s.Conditions(), conditions); diff != "" {
		t.Error(diff)
	}
	if n := doc.Find(".sign > div").Length(); n != 2 {
		t.Errorf("%d signature lines", n)
	}
	for _, text := range []string{"Issued 9 Nov 2026, 15:10 (UTC+08:00)", "Valid from 11 Nov 2026, 00:00 (UTC+08:00)", "Check code CheckCode", "Expires 7 Feb 2027, 15:10 (UTC+08:00)", "No. Number version 2", "Supersedes Supersedes"} {
		if !strings.Contains(doc.Find(".sheet__no").Text(), text) {
			t.Errorf("no %q in the head", text)
		}
	}
	if !strings.Contains(doc.Text(), "18 Nov 2026, 09:30 (UTC+08:00)") {
		t.Error("the scheduled time is not in the facility's zone")
	}
}

func TestLOASheetVariants(t *testing.T) {
	plain := letterOf(func(f string) string { return f })

	doc, _ := sheet(t, plain, "")
	if doc.Find(".sheet__stamp, .sheet__demo").Length() > 0 || strings.Contains(doc.Text(), letter.DemoNotice) {
		t.Error("a good letter of a real facility carries a stamp or the demo notice")
	}
	for _, stamp := range []string{"Expired", "Revoked", "Used"} {
		doc, _ := sheet(t, plain, stamp)
		if got := doc.Find(".sheet__stamp").Text(); got != "State of this letter: "+stamp {
			t.Errorf("stamp %q", got)
		}
	}

	demo := plain
	demo.Demo = true
	doc, _ = sheet(t, demo, "")
	if got := doc.Find(".sheet__demo").Text(); got != letter.DemoNotice {
		t.Errorf("demo notice %q", got)
	}

	remote := plain
	remote.Engineers, remote.RemoteHands = nil, true
	doc, _ = sheet(t, remote, "")
	if !strings.Contains(doc.Text(), remote.RemoteHandsNotice()) || doc.Find("thead").Length() > 0 {
		t.Error("nobody visits, but the sheet has a table of engineers or does not say so")
	}

	lines := plain
	lines.InstallerNotes = "North gate.\nBring an ID."
	_, markup := sheet(t, lines, "")
	if !regexp.MustCompile(`North gate\.\s*<br>\s*Bring an ID\.`).MatchString(markup) {
		t.Error("the line break of a note is lost")
	}
}

func TestLOASheetIsAccessible(t *testing.T) {
	doc, markup := sheet(t, letterOf(func(f string) string { return f }), "Expired")
	if label, _ := doc.Find("article").Attr("aria-labelledby"); doc.Find("#"+label).Length() != 1 {
		t.Errorf("the sheet is labelled by %q", label)
	}
	doc.Find("table").Each(func(_ int, table *goquery.Selection) {
		if table.Find("caption").Text() == "" || table.Find("th:not([scope])").Length() > 0 {
			t.Error("a table without a caption or a header without a scope")
		}
	})
	for _, not := range []string{"style=", "<script", "onclick", "Alibaba", "verify"} {
		if strings.Contains(markup, not) {
			t.Errorf("%q in the markup", not)
		}
	}
}
