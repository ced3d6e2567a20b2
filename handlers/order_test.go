package handlers_test

import (
	"context"
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
	"demarc/web/paths"
)

func (s *site) balance(account string) string {
	s.t.Helper()
	a, err := s.Account(context.Background(), s.Admin, account)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.Balance.String()
}

func TestPayInstallationFee(t *testing.T) {
	s := newSite(t)
	lin := s.as(owner)
	o := s.Order(t, s.Owner)

	a := lin.get(paths.Order(o.No)).want(http.StatusOK)
	if !strings.Contains(a.text(), "Confirm order") || !strings.Contains(a.text(), "$1,000,000.00") || strings.TrimSpace(a.doc().Find("main button.btn--buy").Text()) != "Pay $1,500.00" {
		t.Errorf("the page to confirm: %s", a.text())
	}
	if a = lin.get(paths.OrderDone(o.No)).want(http.StatusSeeOther); a.header.Get("Location") != paths.Order(o.No) {
		t.Errorf("an unpaid order has a result at %s", a.header.Get("Location"))
	}

	// Not theirs.
	lin.get(paths.Order("209901010001")).want(http.StatusNotFound)
	s.as(other).get(paths.Order(o.No)).want(http.StatusNotFound)
	s.as(other).post(paths.OrderPayment(o.No), url.Values{}).want(http.StatusNotFound)
	s.as(other).get(paths.OrderDone(o.No)).want(http.StatusNotFound)
	staff := s.as("finance@cloud.example")
	staff.get(paths.Order(o.No)).want(http.StatusForbidden)
	staff.post(paths.OrderPayment(o.No), url.Values{}).want(http.StatusForbidden)
	if a := lin.get(paths.OrderPayment(o.No)).want(http.StatusSeeOther); a.header.Get("Location") != paths.Order(o.No) {
		t.Errorf("the state of no payment leads to %s", a.header.Get("Location"))
	}
	if got := s.balance(s.Northwind); got != "$1,000,000.00" {
		t.Fatalf("balance %s before anybody paid", got)
	}

	// Twice, with one key and with another: one charge.
	for _, key := range []string{"p-1", "p-1", "p-2"} {
		a = lin.post(paths.OrderPayment(o.No), url.Values{"key": {key}, "method": {"balance"}}).want(http.StatusSeeOther)
		if a.header.Get("Location") != paths.OrderDone(o.No) {
			t.Errorf("key %s leads to %s", key, a.header.Get("Location"))
		}
	}
	if got := s.balance(s.Northwind); got != "$998,500.00" {
		t.Errorf("balance %s after one payment", got)
	}
	if a = lin.get(paths.OrderDone(o.No)).want(http.StatusOK); !strings.Contains(a.text(), "Payment received") || !strings.Contains(a.text(), "To Apply for LOA") || a.doc().Find("a[href='"+paths.NewLOAApplication(o.ConnectionID)+"']").Length() != 1 {
		t.Errorf("the result: %s", a.text())
	}
	if a = lin.get(paths.Order(o.No)).want(http.StatusOK); a.doc().Find("main form").Length() != 0 || !strings.Contains(a.text(), "Paid") || a.doc().Find("[data-print]").Length() != 1 {
		t.Errorf("the receipt: %s", a.text())
	}
	s.Sound(t)
}

func TestPayInstallationFeeRefused(t *testing.T) {
	t.Run("balance too low", func(t *testing.T) {
		s := newSite(t)
		ma := s.as(other)
		o := s.Order(t, s.OtherOwner)
		for _, htmx := range []bool{false, true} {
			a := ma.do(http.MethodPost, paths.OrderPayment(o.No), url.Values{"key": {"p-1"}, "method": {"balance"}}, htmx).want(http.StatusUnprocessableEntity)
			doc := a.doc()
			if doc.Find(".error-summary a[href='#method']").Length() != 1 || !strings.Contains(doc.Find("#method-err").Text(), "The account balance is $0.00 and $1,500.00 is due.") || doc.Find("main [name=key]").AttrOr("value", "") != "p-1" {
				t.Errorf("htmx %v: %s", htmx, a.text())
			}
		}
		if got := s.Get(t, o.ConnectionID).Stage; got != lifecycle.PendingPayment {
			t.Errorf("stage %s after a refused payment", got)
		}
		// The same form, after the money came.
		if err := s.RecordTransfer(context.Background(), s.Finance, s.Southwind, "1,500.00", "slip 1"); err != nil {
			t.Fatal(err)
		}
		ma.post(paths.OrderPayment(o.No), url.Values{"key": {"p-1"}}).want(http.StatusSeeOther)
		s.Sound(t)
	})
	t.Run("no port is free", func(t *testing.T) {
		s := newSite(t)
		lin := s.as(owner)
		scarce := func(in *store.NewConnection) {
			in.AccessPoint, in.Spec, in.PortType = s.APID(t, "Hangzhou-Xiaoshan-B"), catalog.Spec10G, catalog.Type10GBaseLR
		}
		late := s.Order(t, s.Owner, scarce)
		counts, err := s.PortCounts(context.Background(), s.APID(t, "Hangzhou-Xiaoshan-B"))
		if err != nil {
			t.Fatal(err)
		}
		for range store.Free(counts, catalog.Type10GBaseLR) {
			s.At(t, lifecycle.ToApplyForLOA, scarce)
		}
		before := s.balance(s.Northwind)
		a := lin.post(paths.OrderPayment(late.No), url.Values{"key": {"p-9"}}).want(http.StatusConflict)
		if got := strings.TrimSpace(a.doc().Find("main [role=alert]").Text()); !strings.Contains(got, "Nothing was charged and your order stays open.") {
			t.Errorf("says %q", got)
		}
		if a.doc().Find("form[action='"+paths.OrderPayment(late.No)+"']").Length() != 1 || s.balance(s.Northwind) != before {
			t.Error("the order does not stay open, or something was charged")
		}
		a = lin.post(paths.Interfaces, s.choices("ap", s.APID(t, "Hangzhou-Xiaoshan-B"))).want(http.StatusUnprocessableEntity)
		if !strings.Contains(a.text(), "No free 10GBase-LR port at Hangzhou-Xiaoshan-B.") {
			t.Errorf("ordering at a site without ports: %s", a.doc().Find(".error-summary").Text())
		}
		s.Sound(t)
	})
	t.Run("expired and canceled", func(t *testing.T) {
		s := newSite(t)
		o, dropped := s.Order(t, s.Owner), s.Order(t, s.Owner)
		s.Do(t, dropped.ConnectionID, lifecycle.Cancel)
		s.Clock.Advance(8 * 24 * time.Hour)
		lin := s.as(owner)
		if a := lin.get(paths.Order(o.No)).want(http.StatusOK); a.doc().Find("main form").Length() != 0 || !strings.Contains(a.text(), "This order expired on 27 Nov 2026, 15:12 (UTC+08:00).") {
			t.Errorf("an order past its time, before the system closed it: %s", a.text())
		}
		if _, err := s.RunDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		for no, says := range map[string]string{o.No: "This order expired on", dropped.No: "This order was closed because the interface was canceled."} {
			a := lin.get(paths.Order(no)).want(http.StatusOK)
			if !strings.Contains(a.text(), says) || a.doc().Find("main a[href^='/interfaces/new?region=cn-hangzhou']").Length() != 1 {
				t.Errorf("%s: %s", no, a.text())
			}
			a = lin.post(paths.OrderPayment(no), url.Values{"key": {"x-" + no}}).want(http.StatusConflict)
			if !strings.Contains(a.text(), "Nothing was charged.") {
				t.Errorf("paying %s: %s", no, a.text())
			}
		}
		if got := s.balance(s.Northwind); got != "$1,000,000.00" {
			t.Errorf("balance %s", got)
		}
	})
}

func TestPayResourceFee(t *testing.T) {
	s := newSite(t)
	lin := s.as(owner)
	c := s.At(t, lifecycle.WaitingForPayment, func(in *store.NewConnection) { in.Name = "hz-dc1-primary" })
	href := paths.ResourceFee(c.ID)

	a := lin.get(href).want(http.StatusOK)
	for _, want := range []string{c.LineCode, "Cabling finished", "-7.2 dBm", "1 month$720.00", "5 years$43,200.00", "I confirm that the physical connection interface is deployed"} {
		if !strings.Contains(strings.ReplaceAll(a.text(), " $", "$"), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := a.doc().Find("[name=months]").Length(); n != 14 {
		t.Errorf("%d durations, want 1 to 9 months and 1 to 5 years", n)
	}
	a = lin.fragment(href + "?months=12&confirm=on&rev=1&key=x").want(http.StatusOK)
	if a.header.Get("HX-Replace-Url") != href+"?months=12&confirm=on" || !strings.Contains(a.doc().Find(".buybar").Text(), "$8,640.00") {
		t.Errorf("a year: %s at %s", a.doc().Find(".buybar").Text(), a.header.Get("HX-Replace-Url"))
	}

	form := func(edit ...string) url.Values {
		v := url.Values{"key": {"r-1"}, "rev": {lin.get(href).field("rev")}, "months": {"12"}, "confirm": {"on"}, "method": {"balance"}}
		for i := 0; i+1 < len(edit); i += 2 {
			v.Set(edit[i], edit[i+1])
		}
		return v
	}
	for _, htmx := range []bool{false, true} {
		a = lin.do(http.MethodPost, href, form("confirm", "", "months", "11"), htmx).want(http.StatusUnprocessableEntity)
		if got := a.doc().Find(".error-summary").Text(); !strings.Contains(got, "Confirm that the interface is deployed") || !strings.Contains(got, "Select a duration") {
			t.Errorf("refused, htmx %v: %s", htmx, got)
		}
	}

	// Another tab renamed it: what this one sees is old.
	old := form()
	s.Do(t, c.ID, lifecycle.EditNameDescription)
	a = lin.post(href, old).want(http.StatusConflict)
	if !strings.Contains(a.doc().Find("main [role=alert]").Text(), "was changed a moment ago") || a.doc().Find("#months-12[checked]").Length() != 1 || a.doc().Find("#confirm[checked]").Length() != 1 || a.field("rev") == old.Get("rev") {
		t.Errorf("stale: %s", a.text())
	}

	s.as(other).get(href).want(http.StatusNotFound)
	s.as(other).post(href, form()).want(http.StatusNotFound)
	staff := s.as("technician@cloud.example")
	staff.get(href).want(http.StatusForbidden)
	staff.post(href, form()).want(http.StatusForbidden)
	if got := s.Get(t, c.ID).Stage; got != lifecycle.WaitingForPayment {
		t.Fatalf("stage %s before anybody paid", got)
	}

	before := s.balance(s.Northwind)
	good := form()
	for range 2 {
		if a = lin.post(href, good).want(http.StatusSeeOther); a.header.Get("Location") != paths.Interface(c.ID) {
			t.Errorf("leads to %s", a.header.Get("Location"))
		}
	}
	got := s.Get(t, c.ID)
	if got.Stage != lifecycle.Enabled || !got.PaidThrough.Equal(time.Date(2027, 11, 20, 7, 12, 0, 0, time.UTC)) {
		t.Errorf("after the payment: %+v", got)
	}
	if after := s.balance(s.Northwind); before != "$998,500.00" || after != "$989,860.00" {
		t.Errorf("balance %s, then %s", before, after)
	}
	if a = lin.get(paths.Messages); !strings.Contains(a.text(), "renamed is enabled.") {
		t.Errorf("no word of the payment on the next page: %s", a.text())
	}

	// The page is gone with the fee.
	if a = lin.get(href).want(http.StatusSeeOther); a.header.Get("Location") != paths.Interface(c.ID) {
		t.Errorf("the page of an enabled interface leads to %s", a.header.Get("Location"))
	}
	good.Set("key", "r-2")
	if a = lin.post(href, good).want(http.StatusConflict); !strings.Contains(a.text(), "is in the Enabled state") || a.doc().Find("button.btn--buy").Length() != 0 {
		t.Errorf("paying again: %s", a.text())
	}
	list := s.orders(s.Northwind)
	if len(list) != 2 {
		t.Fatalf("%d orders", len(list))
	}
	for _, o := range list {
		if a = lin.get(paths.Order(o.No)).want(http.StatusOK); o.Kind == "resource" && (!strings.Contains(a.text(), "1 year") || !strings.Contains(a.text(), "$8,640.00")) {
			t.Errorf("the receipt of the resource fee: %s", a.text())
		}
	}
	s.Sound(t)
}

func TestPayResourceFeeBalanceTooLow(t *testing.T) {
	s := newSite(t)
	if err := s.RecordTransfer(context.Background(), s.Finance, s.Southwind, "1,600.00", "slip 1"); err != nil {
		t.Fatal(err)
	}
	o := s.Order(t, s.OtherOwner)
	for _, step := range []lifecycle.Action{lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling} {
		by := s.OtherOwner
		if !lifecycle.MayDo(step, lifecycle.Owner) {
			by = s.Admin
		}
		if err := s.Try(o.ConnectionID, step, by); err != nil {
			t.Fatal(step, err, store.FieldsOf(err))
		}
	}
	ma := s.as(other)
	href := paths.ResourceFee(o.ConnectionID)
	a := ma.post(href, url.Values{"key": {"r"}, "rev": {ma.get(href).field("rev")}, "months": {"1"}, "confirm": {"on"}}).want(http.StatusUnprocessableEntity)
	if !strings.Contains(a.doc().Find("#method-err").Text(), "The account balance is $100.00 and $720.00 is due.") || a.doc().Find("#confirm[checked]").Length() != 1 {
		t.Errorf("refused: %s", a.text())
	}
	if got := s.Get(t, o.ConnectionID).Stage; got != lifecycle.WaitingForPayment || s.balance(s.Southwind) != "$100.00" {
		t.Errorf("stage %s, balance %s after a refused payment", got, s.balance(s.Southwind))
	}
	if n := len(s.orders(s.Southwind)); n != 1 {
		t.Errorf("%d orders after a refused payment", n)
	}
	s.Sound(t)
}

// documentsOn are the addresses of the PDF files that a page links to.
func documentsOn(a *answer) []string {
	var out []string
	a.doc().Find("main a[href^='/documents/']").Each(func(_ int, l *goquery.Selection) { out = append(out, l.AttrOr("href", "")) })
	return out
}

func TestOrderShowsLinesRefundsAndDocuments(t *testing.T) {
	s := newSite(t)
	lin, stranger := s.as(owner), s.as(other)

	unpaid := s.Order(t, s.Owner)
	a := lin.get(paths.Order(unpaid.No)).want(http.StatusOK)
	if !strings.Contains(a.text(), "Quote valid until27 Nov 2026, 15:12 (UTC+08:00)") || len(documentsOn(a)) != 0 || a.doc().Find("#documents-h").Length() != 0 {
		t.Errorf("unpaid: %v in %s", documentsOn(a), a.text())
	}
	list := lin.get(paths.Orders).want(http.StatusOK)
	if !strings.Contains(list.text(), "Quote valid until 27 Nov 2026") || len(documentsOn(list)) != 0 {
		t.Errorf("the list with an unpaid order: %v in %s", documentsOn(list), list.text())
	}

	s.Do(t, unpaid.ConnectionID, lifecycle.PayInstallationFee)
	a = lin.get(paths.Order(unpaid.No)).want(http.StatusOK)
	receipt := documentsOn(a)
	if len(receipt) != 1 || !strings.HasPrefix(receipt[0], "/documents/RC-2026-") {
		t.Fatalf("a paid order leads to %v", receipt)
	}
	for _, want := range []string{"Initial installation fee$1,500.00Total$1,500.00", "Receipt RC-2026-000001 (PDF)"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the paid order does not say %q: %s", want, a.text())
		}
	}
	if strings.Contains(a.text(), "Quote valid until") || strings.Contains(a.text(), "Refunded") {
		t.Errorf("paid: %s", a.text())
	}
	if got := documentsOn(lin.get(paths.Orders)); !slices.Equal(got, receipt) {
		t.Errorf("the list leads to %v", got)
	}

	// What went back has a document of its own.
	s.Do(t, unpaid.ConnectionID, lifecycle.Cancel)
	a = lin.get(paths.Order(unpaid.No)).want(http.StatusOK)
	both := documentsOn(a)
	if len(both) != 2 || both[0] != receipt[0] || !strings.Contains(a.text(), "Credit note CN-2026-000001 (PDF)") || !strings.Contains(a.text(), "Refunded to the account balance$1,500.00") {
		t.Errorf("refunded: %v in %s", both, a.text())
	}
	list = lin.get(paths.Orders)
	if list.doc().Find("tbody a[href='"+paths.Order(unpaid.No)+"#documents-h']").Length() != 1 || !strings.Contains(list.text(), "Refunded $1,500.00") {
		t.Errorf("the list with a refunded order: %s", list.text())
	}
	for _, href := range both {
		if a := lin.get(href).want(http.StatusOK); a.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(a.body, "%PDF-") {
			t.Errorf("%s is %s", href, a.header.Get("Content-Type"))
		}
		stranger.get(href).want(http.StatusNotFound)
		if a := s.anyone().get(href).want(http.StatusSeeOther); !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
			t.Errorf("%s sends a stranger to %s", href, a.header.Get("Location"))
		}
	}
	stranger.get(paths.Order(unpaid.No)).want(http.StatusNotFound)
	if got := documentsOn(stranger.get(paths.Orders)); len(got) != 0 {
		t.Errorf("another account is led to %v", got)
	}
	s.Sound(t)
}
