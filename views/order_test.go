package views

import (
	"strings"
	"testing"
	"time"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/payment"
)

var orderNow = time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)

func sampleOrder(kind, state string) Order {
	return Order{
		No: "202611200001", Kind: kind, State: state, Amount: "$1,500.00", Unit: "$720.00", Months: 12, CreatedAt: orderNow.Add(-time.Hour), ExpiresAt: orderNow.Add(time.Hour), PriceList: "2019-01",
		SP: "CT", Spec: "10G", AccountName: "Northwind Trading",
		Interface: Interface{ID: "pc-1", Name: "dc1", Stage: lifecycle.PendingPayment, Now: orderNow, Zone: time.FixedZone("", 8*3600), Region: "China (Hangzhou)", RegionID: "cn-hangzhou",
			AccessPoint: "Yuhang-A", AccessPointID: "ap-yh", SP: "China Telecom", Spec: "10G", PortType: "10GBase-LR", PortTypeLabel: "10GE single-mode optical port", RedundantID: "pc-2", Monthly: "$720.00", Rev: 7},
	}
}

func TestOrderPageByState(t *testing.T) {
	for _, c := range []struct {
		kind, state string
		late        bool
		pays        bool
		again       bool
		look, says  string
	}{
		{"installation", "unpaid", false, true, false, "Unpaid", "Quote valid until"},
		{"installation", "unpaid", true, false, true, "Expired", "This order expired on 20 Nov 2026, 14:12 (UTC+08:00). Nothing was charged."},
		{"installation", "expired", true, false, true, "Expired", "This order expired on 20 Nov 2026, 14:12 (UTC+08:00). Nothing was charged."},
		{"installation", "paid", false, false, false, "Paid", "Account balance"},
		{"installation", "canceled", false, false, true, "Canceled", "This order was closed because the interface was canceled. Nothing was charged."},
		{"installation", "refunded", false, false, false, "Refunded", "The interface was canceled before it was enabled: $1,500.00 went back to the account balance."},
		{"resource", "refunded", false, false, false, "Refunded", "The interface was terminated before this period began: $1,500.00 went back to the account balance."},
		{"resource", "paid", false, false, false, "Paid", "1 year"},
	} {
		o := sampleOrder(c.kind, c.state)
		if c.late {
			o.ExpiresAt = orderNow.Add(-time.Hour)
		}
		if c.state == "paid" {
			o.PaidAt, o.Method = orderNow, payment.Balance
		}
		name := c.kind + " " + c.state + " " + o.Look().Label
		doc := renderPage(t, OrderPage(samplePage(AreaCustomer), o, PayForm{Balance: "$20,000.00", Key: "k"}))
		checkSafe(t, name, doc)
		if got := doc.Find("form[action='/orders/202611200001/payment']").Length() == 1; got != c.pays {
			t.Errorf("%s: takes a payment: %v", name, got)
		}
		if got := doc.Find("main button.btn--buy").Text(); c.pays && strings.TrimSpace(got) != "Pay $1,500.00" {
			t.Errorf("%s: button %q", name, got)
		}
		if got := doc.Find("a[href^='/interfaces/new?']"); (got.Length() == 1) != c.again {
			t.Errorf("%s: %d links to apply again", name, got.Length())
		} else if c.again && !strings.Contains(got.AttrOr("href", ""), "ap=ap-yh&spec=10G&ptype=10GBase-LR&redundant=pc-2&name=dc1") {
			t.Errorf("%s: again with %s", name, got.AttrOr("href", ""))
		}
		if o.Look().Label != c.look || !strings.Contains(strings.Join(strings.Fields(doc.Text()), " "), c.says) {
			t.Errorf("%s: look %q, and it does not say %q", name, o.Look().Label, c.says)
		}
	}
}

func TestOrderPageRefusals(t *testing.T) {
	o := sampleOrder("installation", "unpaid")
	doc := renderPage(t, OrderPage(samplePage(AreaCustomer), o, PayForm{Balance: "$0.00", Short: true, Key: "kept", Errors: map[string]string{"method": "The account balance is $0.00"}}))
	if doc.Find(".error-summary a[href='#method']").Length() != 1 || doc.Find("#method[aria-invalid=true]").Length() != 1 || doc.Find("[name=key]").AttrOr("value", "") != "kept" {
		t.Error("a balance that is too low is not said at the method")
	}
	doc = renderPage(t, OrderPage(samplePage(AreaCustomer), o, PayForm{Conflict: "No port is free", Key: "k"}))
	if got := strings.TrimSpace(doc.Find("main [role=alert]").Text()); got != "No port is free" {
		t.Errorf("conflict: %q", got)
	}
}

func TestOrderDone(t *testing.T) {
	o := sampleOrder("installation", "paid")
	o.Interface.Stage = lifecycle.ToApplyForLOA
	doc := renderPage(t, OrderDonePage(samplePage(AreaCustomer), o))
	if !strings.Contains(doc.Text(), "To Apply for LOA") || doc.Find("a[href='/interfaces/pc-1/loa-application/new']").Length() != 1 {
		t.Error("the result does not lead on to the LOA")
	}
	o.Interface.Stage = lifecycle.InApplication
	if doc = renderPage(t, OrderDonePage(samplePage(AreaCustomer), o)); doc.Find("a[href$='/new']").Length() != 0 || !strings.Contains(doc.Text(), "In Application") {
		t.Error("the result offers what is not possible any more")
	}
}

func sampleInvoice() Invoice {
	return Invoice{InvoiceRow: InvoiceRow{No: "IN-2026-000001", Amount: "$3,000.00", Href: "/documents/IN-2026-000001/pdf", Open: "$3,000.00", DueAt: orderNow.AddDate(0, 0, 30)},
		Month: "October 2026", Received: "$0.00", IssuedAt: orderNow, Now: orderNow, Balance: "$20,000.00", Currency: "USD", Offer: "3,000.00", Rev: 1,
		Lines: []InvoiceLine{{"Initial installation fee", "202611200001", "pc-1", "dc1", "$1,500.00"}}}
}

// An invoice says how it stands, and takes a payment as long as something is open,
// from those who may pay.
func TestInvoicePageByState(t *testing.T) {
	part := []InvoicePayment{{At: orderNow, Amount: "$1.00", Reference: "lt-1", FromBalance: true}, {At: orderNow, Amount: "$2.00", Surplus: "$3.00", Reference: "slip 7"}}
	for name, c := range map[string]struct {
		change     func(i *Invoice, p *Page)
		look, says string
		pays       bool
	}{
		"open":             {func(*Invoice, *Page) {}, "Open", "Account balance: $20,000.00. Enter less to pay a part.", true},
		"paid in part":     {func(i *Invoice, _ *Page) { i.Payments, i.Open = part, "$2,997.00" }, "Partly paid", "Transfer, slip 7; $3.00 more went to the balance", true},
		"from the balance": {func(i *Invoice, _ *Page) { i.Payments = part }, "Partly paid", "From the balance", true},
		"many payments":    {func(i *Invoice, _ *Page) { i.Payments, i.Earlier = part, 1 }, "Partly paid", "1 payment before these", true},
		"many lines":       {func(i *Invoice, _ *Page) { i.More = 3 }, "Open", "3 more lines are in the PDF.", true},
		"overdue":          {func(i *Invoice, _ *Page) { i.Overdue = true }, "Overdue", "It was due on 20 Dec 2026. $3,000.00 is open.", true},
		"a low balance":    {func(i *Invoice, _ *Page) { i.Short, i.Balance, i.Offer = true, "$9.00", "9.00" }, "Open", "Account balance: $9.00. It does not cover all of it: the rest stays open.", true},
		"an empty balance": {func(i *Invoice, _ *Page) { i.Empty, i.Balance = true, "$0.00" }, "Open", "The account balance is $0.00. Transfer money to Example Cloud first.", false},
		"other currency":   {func(i *Invoice, _ *Page) { i.Foreign = "EUR" }, "Open", "The account is kept in EUR and the invoice is in USD.", false},
		"a viewer":         {func(_ *Invoice, p *Page) { p.Role = lifecycle.Viewer }, "Open", "An owner or finance of your account pays it from the balance.", false},
		"paid":             {func(i *Invoice, _ *Page) { i.PaidAt, i.Payments = orderNow, part }, "Paid", "20 Nov 2026", false},
	} {
		i, p := sampleInvoice(), samplePage(AreaCustomer)
		p.Operator = "Example Cloud"
		c.change(&i, &p)
		doc := renderPage(t, InvoicePage(p, i, PayInvoiceForm{Key: "k"}))
		checkSafe(t, name, doc)
		if got := doc.Find("form[action='/billing/invoices/IN-2026-000001/payment']").Length() == 1; got != c.pays {
			t.Errorf("%s: takes a payment: %v", name, got)
		}
		if c.pays && (doc.Find("[name=amount]").AttrOr("value", "") != i.Offer || doc.Find("[name=rev]").AttrOr("value", "") != "1" || doc.Find("[name=key]").AttrOr("value", "") != "k") {
			t.Errorf("%s: the form is not what it should be", name)
		}
		if text := strings.Join(strings.Fields(doc.Find("main").Text()), " "); i.look().Label != c.look || !strings.Contains(text, c.says) || !strings.Contains(text, c.look) {
			t.Errorf("%s: look %q, and it does not say %q: %s", name, i.look().Label, c.says, text)
		}
	}
}

func sampleResourceFee() ResourceFee {
	i := sampleOrder("resource", "paid").Interface
	i.Stage, i.LineCode = lifecycle.WaitingForPayment, "HZ-CTC-1"
	return ResourceFee{Interface: i, Port: "XGE1/0/1 of CSW-1", Labels: []string{"A-1", "A-2"}, LabelFound: "A-1", Light: "-7.2 dBm", FinishedAt: orderNow, Operator: "Example Cloud", NOC: "+65 1",
		Form: ResourceFeeForm{Months: 12, Key: "k"}, Pay: PayForm{Balance: "$1.00"}, PaidThrough: orderNow.AddDate(1, 0, 0),
		Totals: []ResourceFeeTotal{{1, "$720.00"}, {12, "$8,640.00"}}}
}

func TestResourceFeePage(t *testing.T) {
	r := sampleResourceFee()
	doc := renderPage(t, ResourceFeePage(samplePage(AreaCustomer), r))
	checkSafe(t, "resource fee", doc)
	text := strings.Join(strings.Fields(doc.Text()), " ")
	for _, want := range []string{"HZ-CTC-1", "A-1, A-2", "XGE1/0/1 of CSW-1", "20 Nov 2026, 15:12 (UTC+08:00)", "-7.2 dBm", "1 month $720.00", "1 year $8,640.00", "20 Nov 2027", "Total for 1 year$8,640.00",
		"I confirm that the physical connection interface is deployed"} {
		if !strings.Contains(strings.ReplaceAll(text, " $", "$"), strings.ReplaceAll(want, " $", "$")) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if doc.Find("#months-12[checked]").Length() != 1 || doc.Find("#months-1[checked]").Length() != 0 || doc.Find("#confirm[checked]").Length() != 0 {
		t.Error("the chosen duration is not the one that is marked, or the confirmation is given already")
	}
	if doc.Find("[name=rev]").AttrOr("value", "") != "7" || doc.Find("button[name=key]").AttrOr("value", "") != "k" {
		t.Error("the form carries no version or no key")
	}

	r.Form = ResourceFeeForm{Months: 7, Confirmed: true, Errors: map[string]string{"months": "Select a duration", "confirm": "Confirm", "method": "Too low"}, Conflict: "Changed a moment ago"}
	doc = renderPage(t, ResourceFeePage(samplePage(AreaCustomer), r))
	var links []string
	for _, a := range doc.Find(".error-summary a").Nodes {
		for _, at := range a.Attr {
			if at.Key == "href" {
				links = append(links, at.Val)
				if doc.Find(at.Val).Length() != 1 {
					t.Errorf("%s leads nowhere", at.Val)
				}
			}
		}
	}
	if strings.Join(links, " ") != "#confirm #months-1 #method" {
		t.Errorf("summary: %v", links)
	}
	if doc.Find("#confirm[checked]").Length() != 1 || !strings.Contains(doc.Text(), "Changed a moment ago") {
		t.Error("what was sent is not kept")
	}
}

func TestResourceFeePageAtAnotherStage(t *testing.T) {
	for _, s := range lifecycle.Stages() {
		r := sampleResourceFee()
		r.Interface.Stage = s
		doc := renderPage(t, ResourceFeePage(samplePage(AreaCustomer), r))
		if got := doc.Find("button.btn--buy").Length() == 1; got != (s == lifecycle.WaitingForPayment) {
			t.Errorf("%s: takes a payment: %v", s, got)
		}
	}
}

func TestWhitelistPage(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	e := func(status string, until time.Time) WhitelistEntry {
		return WhitelistEntry{Spec: "40G", Region: "Singapore", Ports: 2, Status: status, Reason: "Because", Answer: "Answer", CreatedAt: orderNow, Until: until, Now: orderNow, Zone: zone}
	}
	for _, c := range []struct {
		entries    []WhitelistEntry
		state, ask string
	}{
		{nil, "Not requested", "Request"},
		{[]WhitelistEntry{e("requested", time.Time{})}, "Requested 20 Nov", ""},
		{[]WhitelistEntry{e("granted", orderNow.AddDate(0, 1, 0))}, "Approved until 20 Dec 2026", ""},
		{[]WhitelistEntry{e("granted", time.Time{})}, "Approved", ""},
		{[]WhitelistEntry{e("granted", orderNow)}, "Ended 20 Nov 2026", "Request again"},
		{[]WhitelistEntry{e("declined", time.Time{})}, "Declined", "Request again"},
		{[]WhitelistEntry{e("revoked", time.Time{}), e("granted", time.Time{})}, "Revoked", "Request again"},
	} {
		w := Whitelist{Specs: []WhitelistSpec{{"40G", c.entries}}, Regions: []catalog.Region{{ID: "r", Name: "Singapore"}}, Form: WhitelistForm{Spec: "40G", Next: "/interfaces/new?spec=40G"}}
		doc := renderPage(t, WhitelistPage(samplePage(AreaCustomer), w))
		checkSafe(t, c.state, doc)
		row := doc.Find("main tbody tr").First()
		if got := strings.TrimSpace(row.Find(".status").Text()); got != c.state {
			t.Errorf("state %q, want %q", got, c.state)
		}
		if got := strings.Join(strings.Fields(row.Find(".acts a").Text()), " "); (c.ask == "" && got != "") || !strings.HasPrefix(got, c.ask) {
			t.Errorf("%s: action %q, want %q", c.state, got, c.ask)
		}
		if doc.Find("form[action='/whitelist'] [name=next]").AttrOr("value", "") != "/interfaces/new?spec=40G" {
			t.Error("the way back is lost")
		}
	}
}

func TestPurchasePagesHostile(t *testing.T) {
	for _, h := range hostileTexts() {
		o := sampleOrder("installation", "unpaid")
		o.No, o.AccountName, o.Amount, o.PriceList = h, h, h, h
		o.Interface.ID, o.Interface.Name, o.Interface.RedundantID, o.Interface.AccessPoint = h, h, h, h
		doc := renderPage(t, OrderPage(samplePage(AreaCustomer), o, PayForm{Balance: h, Key: h, Conflict: h, Errors: map[string]string{"method": h}}))
		checkSafe(t, "order", doc)
		if !strings.Contains(doc.Find("main").Text(), h) {
			t.Errorf("%q is not on the order as it is", h)
		}
		o.State = "expired"
		checkSafe(t, "expired order", renderPage(t, OrderPage(samplePage(AreaCustomer), o, PayForm{})))
		checkSafe(t, "result", renderPage(t, OrderDonePage(samplePage(AreaCustomer), o)))

		i := sampleInvoice()
		i.No, i.Month, i.Amount, i.Open, i.Balance, i.Lines[0] = h, h, h, h, h, InvoiceLine{h, h, h, h, h}
		i.Payments = []InvoicePayment{{At: orderNow, Amount: h, Surplus: h, Reference: h}}
		doc = renderPage(t, InvoicePage(samplePage(AreaCustomer), i, PayInvoiceForm{Amount: &h, Key: h, Conflict: h, Errors: map[string]string{"amount": h}}))
		checkSafe(t, "invoice", doc)
		if got := doc.Find("[name=amount]").AttrOr("value", ""); got != h {
			t.Errorf("the amount came back as %q", got)
		}

		r := sampleResourceFee()
		r.Interface, r.Port, r.Labels, r.LabelFound, r.Operator, r.NOC = o.Interface, h, []string{h, h}, h, h, h
		r.Interface.Stage, r.Interface.LineCode = lifecycle.WaitingForPayment, h
		r.Form.Conflict, r.Form.Errors = h, map[string]string{"confirm": h}
		checkSafe(t, "resource fee", renderPage(t, ResourceFeePage(samplePage(AreaCustomer), r)))
		r.Interface.Stage = lifecycle.Enabled
		checkSafe(t, "no resource fee", renderPage(t, ResourceFeePage(samplePage(AreaCustomer), r)))

		w := Whitelist{Specs: []WhitelistSpec{{"40G", []WhitelistEntry{{Status: "declined", Reason: h, Answer: h, Region: h}}}}, Regions: []catalog.Region{{ID: h, Name: h}},
			Form: WhitelistForm{Spec: h, Region: h, Reason: h, Ports: h, Next: h, Key: h, Problem: h, Errors: map[string]string{"reason": h}}}
		doc = renderPage(t, WhitelistPage(samplePage(AreaCustomer), w))
		checkSafe(t, "whitelist", doc)
		if got := doc.Find("textarea").Text(); got != h {
			t.Errorf("reason came back as %q", got)
		}
	}
}
