package receiptpdf

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"demarc/store/document"
	"demarc/store/money"
	"demarc/views/paper/papertest"
)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// receipt is an ordinary one.
func receipt() document.Facts {
	return document.Facts{
		Schema: document.Schema, Series: document.Receipt, Number: "RC-2026-000042", IssuedAt: time.Date(2026, 11, 20, 7, 12, 30, 0, time.UTC), Zone: "Asia/Shanghai",
		Issuer: "Example Cloud Pte. Ltd.", Address: "1 Example Way, Singapore 018956", Contact: "+65 6100 0199, noc@cloud.example", Service: "Express Connect",
		Customer: "Northwind Trading", AccountID: "acc-7f3k2m9q4x1z", OrderNo: "202611200007", InterfaceID: "pc-bp1ca4wca27exn6h2", Interface: "hz-dc1-primary",
		AccessPoint: "Hangzhou-Yuhang-A, China (Hangzhou)", PortType: "10GE single-mode optical port (10GBase-LR)", PaidAt: time.Date(2026, 11, 20, 7, 12, 30, 0, time.UTC), Method: "Account balance",
		Lines: []document.Line{
			{Words: "Resource fee for 6 months", Note: "20 Nov 2026, 15:12 (UTC+08:00) to 20 May 2027, 15:12 (UTC+08:00)", Quantity: 6, Unit: usd(720_00), Amount: usd(4_320_00)},
			{Words: "Credit", Note: "The cabling was completed 3 working days after its target", Quantity: 1, Unit: usd(-72_00), Amount: usd(-72_00)},
		},
		Total: usd(4_248_00), Demo: true,
	}
}

func creditNote() document.Facts {
	f := receipt()
	f.Series, f.Number, f.Corrects, f.Demo = document.CreditNote, "CN-2026-000003", "RC-2026-000042", false
	f.Reason = "Canceled before a letter of authorization was issued"
	f.Lines = []document.Line{{Words: "Refund of order 202611200007", Note: f.Reason, Quantity: 1, Unit: usd(1_500_00), Amount: usd(1_500_00)}}
	f.Total = usd(1_500_00)
	return f
}

// invoice fills several pages, in Chinese and with the longest amounts.
func invoice() document.Facts {
	f := receipt()
	f.Series, f.Number, f.Customer = document.Invoice, "IN-2027-999999", "北风国际贸易（浙江自由贸易试验区）股份有限公司 "+strings.Repeat("及其附属公司", 12)
	f.OrderNo, f.InterfaceID, f.Interface, f.AccessPoint, f.PortType, f.Method, f.PaidAt = "", "", "", "", "", "", time.Time{}
	f.DueAt, f.Zone = time.Date(2027, 1, 30, 0, 0, 0, 0, time.UTC), "UTC"
	f.Lines = nil
	var sum int64
	for i := range 60 {
		n := int64(99_999_999_999_00 + i)
		f.Lines = append(f.Lines, document.Line{Words: fmt.Sprintf("Resource fee for 1 month, renewal, order 2026%08d", i), Note: "pc-bp1ca4wca27exn6h2, 杭州余杭数据中心A座", Quantity: 1, Unit: usd(n), Amount: usd(n)})
		sum += n
	}
	f.Total = usd(sum)
	return f
}

func strange() document.Facts {
	f := receipt()
	f.Customer, f.Interface = "Smile 😀 & Co. \u200b <b>", "naïve-Łódź"
	return f
}

var samples = map[string]struct {
	facts func() document.Facts
	pages int
}{"receipt": {receipt, 1}, "credit-note": {creditNote, 1}, "invoice": {invoice, 3}, "strange": {strange, 1}}

func render(t *testing.T, f document.Facts) []byte {
	t.Helper()
	pdf, err := Render(f)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

func TestTheSameFactsGiveTheSameBytes(t *testing.T) {
	for name, s := range samples {
		first := render(t, s.facts())
		if !bytes.Equal(first, render(t, s.facts())) {
			t.Errorf("%s: two runs differ", name)
		}
		stored, err := s.facts().Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := document.Unmarshal(stored)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, render(t, again)) {
			t.Errorf("%s: the document changed in storage", name)
		}
	}
}

func TestEveryFactIsPrinted(t *testing.T) {
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	for name, s := range samples {
		t.Run(name, func(t *testing.T) {
			f := s.facts()
			pdf := render(t, f)
			papertest.Tool(t, pdf, "qpdf", "--check", "FILE")
			if got := regexp.MustCompile(`Pages:\s+(\d+)`).FindStringSubmatch(papertest.Tool(t, pdf, "pdfinfo", "FILE")); got == nil || got[1] != fmt.Sprint(s.pages) {
				t.Errorf("pages %v, want %d", got, s.pages)
			}
			text := squeeze(papertest.Tool(t, pdf, "pdftotext", "FILE", "-"))
			want := []string{f.Number, f.Series.Title(), f.Total.String(), f.TotalWords(), f.Issuer, f.Corrects, f.Reason}
			for _, p := range append(f.Parties(), f.About()...) {
				want = append(want, p.Label)
				if name != "strange" { // its characters are another test's
					want = append(want, strings.Split(p.Value, "\n")...)
				}
			}
			for _, l := range f.Lines {
				want = append(want, l.Words, l.Unit.String(), l.Amount.String())
				if name != "invoice" {
					want = append(want, l.Note)
				}
			}
			if f.Demo {
				want = append(want, document.DemoNotice)
			}
			for _, w := range want {
				if !strings.Contains(text, squeeze(w)) && len(squeeze(w)) < 60 {
					t.Errorf("%q is not on the paper", w)
				}
			}
			if !f.Demo && strings.Contains(text, squeeze(document.DemoNotice)) {
				t.Error("says that it is a demo")
			}
		})
	}
}

func TestACharacterWithoutAGlyphIsNamed(t *testing.T) {
	text := papertest.Tool(t, render(t, strange()), "pdftotext", "-layout", "FILE", "-")
	for _, want := range []string{"Smile [U+1F600] & Co. [U+200B] <b>", "naïve-Łódź"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the paper:\n%s", want, text)
		}
	}
}

// Whoever keeps books has to be able to read them in ten years: see
// papertest.Archive for the rules.
func TestDocumentsAreForTheArchive(t *testing.T) {
	for name, s := range samples {
		t.Run(name, func(t *testing.T) { papertest.Archive(t, render(t, s.facts()), false, 0) })
	}
}

// Whoever has it read aloud hears each text once, in order, and what is a heading
// and the head of a row or a column.
func TestStructure(t *testing.T) {
	rest := papertest.Tool(t, render(t, receipt()), "pdfinfo", "-struct-text", "FILE")
	for _, want := range []string{`"No. RC-2026-000042"`, "H1 (block)\n    \"Receipt\"", "H2 (block)\n    \"Parties\"", "Table (block)", "/Scope /Row\n        \"Issued by\"", "H2 (block)\n    \"Charges\"",
		"/Scope /Column\n        \"Unit price\"", "TD\n        \"Resource fee for 6 months\"", "/Scope /Row\n         /ColSpan 3\n        \"Total paid\"", "TD\n        \"$4,248.00\""} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("no %q in\n%s", want, rest)
		}
		rest = after
	}
	for name, s := range samples {
		if got := bytes.Count(render(t, s.facts()), []byte("/Scope /Column")); got != 4 {
			t.Errorf("%s: the charges have %d heads of columns", name, got)
		}
	}
}

func TestFactsThatDoNotAddUpAreRefused(t *testing.T) {
	for name, change := range map[string]func(*document.Facts){
		"total":    func(f *document.Facts) { f.Total.Minor++ },
		"line":     func(f *document.Facts) { f.Lines[0].Amount.Minor++ },
		"currency": func(f *document.Facts) { f.Lines[1].Unit.Currency, f.Lines[1].Amount.Currency = "EUR", "EUR" },
		"no lines": func(f *document.Facts) { f.Lines, f.Total = nil, usd(0) },
		"schema":   func(f *document.Facts) { f.Schema = 99 },
		"overflow": func(f *document.Facts) { f.Lines[0].Unit.Minor = math.MaxInt64 },
	} {
		f := receipt()
		change(&f)
		if pdf, err := Render(f); err == nil {
			t.Errorf("%s: printed %d bytes", name, len(pdf))
		}
	}
}

// TestKeepSamples writes the samples where a person can look at them.
func TestKeepSamples(t *testing.T) {
	dir := os.Getenv("DEMARC_PDF_SAMPLES")
	if dir == "" {
		t.Skip("DEMARC_PDF_SAMPLES names no folder")
	}
	for name, s := range samples {
		if err := os.WriteFile(filepath.Join(dir, name+".pdf"), render(t, s.facts()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
