package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/web/paths"
)

// invoiced is a site on 1 December 2026, with an invoice of two installation fees
// for Northwind, $3,000.00.
func invoiced(t *testing.T) *site {
	t.Helper()
	s, ctx := newSite(t), context.Background()
	s.Everybody(t)
	if err := s.SetInvoiceLimit(ctx, s.Finance, s.Northwind, "4,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.PayOrder(ctx, s.Owner, s.Order(t, s.Owner).No, store.MethodInvoice); err != nil {
			t.Fatal(err)
		}
	}
	s.Clock.Set(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))
	if _, err := s.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

const firstInvoice = "IN-2026-000001"

// A customer pays an invoice from the balance: a part, then what is open; every
// refusal keeps what was typed and charges nothing.
func TestPayInvoiceFromTheBalance(t *testing.T) {
	s := invoiced(t)
	lin := s.as(owner)
	page, payment := paths.Invoice(firstInvoice), paths.InvoicePayment(firstInvoice)
	a := lin.get(page).want(http.StatusOK)
	if a.field("amount") != "3,000.00" || a.field("rev") != "1" || a.field("key") == "" || !strings.Contains(a.text(), "Account balance: $1,000,000.00") || a.doc().Find("a[href='"+paths.Document(firstInvoice)+"']").Length() != 1 {
		t.Errorf("the invoice: %s", a.text())
	}
	if n := a.doc().Find("table[aria-labelledby=lines-h] tbody tr, #lines-h").Length(); n == 0 || strings.Count(a.text(), "Initial installation fee") != 2 || a.doc().Find("a[href^='/orders/']").Length() != 2 {
		t.Errorf("its lines: %s", a.text())
	}
	if got := a.doc().Find("nav a[aria-current=page]").First().AttrOr("href", ""); got != paths.Billing {
		t.Errorf("the menu marks %q", got)
	}

	// Whoever may not pay reads the invoice and has no form; others do not know it.
	for _, who := range []string{"engineer@northwind.example", "viewer@northwind.example"} {
		c := s.as(who)
		if a := c.get(page).want(http.StatusOK); a.doc().Find("form[action='"+payment+"']").Length() != 0 || strings.Contains(a.text(), "Pay from the balance") || !strings.Contains(a.text(), "An owner or finance of your account pays it") {
			t.Errorf("%s: %s", who, a.text())
		}
		c.post(payment, url.Values{"amount": {"1.00"}}).want(http.StatusForbidden)
		if text := c.get(paths.Billing).doc().Find(".card:has(#invoices-h)").Text(); strings.Contains(text, "Pay for invoice") {
			t.Errorf("%s is offered to pay: %s", who, text)
		}
	}
	other := s.as("owner@southwind.example")
	other.get(page).want(http.StatusNotFound)
	other.post(payment, url.Values{"amount": {"1.00"}}).want(http.StatusNotFound)
	lin.get(paths.Invoice("IN-2026-000099")).want(http.StatusNotFound)
	lin.get(paths.Invoice("RC-2026-000001")).want(http.StatusNotFound)
	lin.post(paths.InvoicePayment("IN-2026-000099"), url.Values{"amount": {"1.00"}}).want(http.StatusNotFound)
	staff := s.as("finance@cloud.example")
	staff.get(page).want(http.StatusForbidden)
	staff.post(payment, url.Values{"amount": {"1.00"}}).want(http.StatusForbidden)
	if a := s.anyone().get(page); a.status != http.StatusSeeOther {
		t.Errorf("signed out: %d", a.status)
	}

	for _, htmx := range []bool{false, true} {
		for typed, want := range map[string]string{"": "Enter an amount such as", "all": "Enter an amount such as", "-1": "Enter an amount such as", "3,000.01": "Enter at most $3,000.00", "1\x00.00": "Remove the characters"} {
			a := lin.do(http.MethodPost, payment, url.Values{"key": {"k-0"}, "rev": {"1"}, "amount": {typed}}, htmx).want(http.StatusUnprocessableEntity)
			if !strings.Contains(a.doc().Find("#amount-err").Text(), want) || a.doc().Find(".error-summary a[href='#amount']").Length() != 1 || a.field("amount") != strings.ReplaceAll(typed, "\x00", "") || a.field("key") != "k-0" {
				t.Errorf("%q: %s", typed, a.text())
			}
		}
	}
	lin.post(payment+"?amount=1.00", url.Values{}).want(http.StatusUnprocessableEntity) // a link fills in no form
	if got := s.balance(s.Northwind); got != "$1,000,000.00" {
		t.Fatalf("balance %s", got)
	}

	for range 2 { // a double click
		lin.post(payment, url.Values{"key": {"k-1"}, "rev": {"1"}, "amount": {"1,200.50"}}).want(http.StatusSeeOther)
	}
	a = lin.get(page).want(http.StatusOK)
	for _, want := range []string{"The payment is received. $1,799.50 of invoice " + firstInvoice + " is still open.", "Partly paid", "From the balance", "$1,200.50"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("after a part, %q is missing: %s", want, a.text())
		}
	}
	if a.field("amount") != "1,799.50" {
		t.Errorf("the form offers %q", a.field("amount"))
	}
	if got := s.balance(s.Northwind); got != "$998,799.50" {
		t.Errorf("balance %s", got)
	}
	// A page of before says how it stands now, keeps what was typed, and pays when
	// it is sent again.
	a = lin.post(payment, url.Values{"key": {"k-2"}, "rev": {"1"}, "amount": {"1,000.00"}}).want(http.StatusConflict)
	if !strings.Contains(a.text(), "$1,799.50 is open now. Nothing was charged.") || a.field("amount") != "1,000.00" || a.field("rev") == "1" || a.field("key") != "k-2" {
		t.Errorf("a page of before: %s", a.text())
	}
	lin.post(payment, url.Values{"key": {a.field("key")}, "rev": {a.field("rev")}, "amount": {a.field("amount")}}).want(http.StatusSeeOther)
	// Finance pays the rest as htmx sends it, while the owner's page still offers it.
	old := lin.get(page)
	money := s.as("finance@northwind.example")
	if a := money.submit(payment, url.Values{"key": {"k-3"}, "rev": {old.field("rev")}, "amount": {old.field("amount")}}).want(http.StatusOK); a.header.Get("HX-Redirect") != page {
		t.Errorf("paid: %v", a.header)
	}
	a = lin.post(payment, url.Values{"key": {"k-4"}, "rev": {old.field("rev")}, "amount": {old.field("amount")}}).want(http.StatusConflict)
	if !strings.Contains(a.text(), "Invoice "+firstInvoice+" is paid since 1 Dec 2026. Nothing was charged.") || a.doc().Find("form[action='"+payment+"']").Length() != 0 || !strings.Contains(a.doc().Find("h1").Parent().Text(), "Paid") {
		t.Errorf("paid meanwhile: %s", a.text())
	}
	if got := s.balance(s.Northwind); got != "$997,000.00" {
		t.Errorf("balance %s", got)
	}
	s.Sound(t)

	// What it was, wherever somebody looks.
	if a = lin.get(paths.Billing).want(http.StatusOK); a.doc().Find("#statement-h, table").Find("a[href='"+page+"']").Length() == 0 || !strings.Contains(a.text(), "Payment of an invoice") || !strings.Contains(a.text(), "$1,200.50 on 1 Dec 2026, from the balance") {
		t.Errorf("billing: %s", a.text())
	}
	if file := lin.get(paths.StatementCSV).want(http.StatusOK).body; strings.Count(file, "Payment of an invoice,,"+firstInvoice+",-") != 3 {
		t.Errorf("the statement: %s", file)
	}
	if a = lin.get(paths.Activity).want(http.StatusOK); strings.Count(a.text(), "Invoice paid from the balance") < 3 || !strings.Contains(a.text(), firstInvoice+", $1,200.50 from the account balance, $1,799.50 open") {
		t.Errorf("activity: %s", a.text())
	}
	messages, err := s.Messages(context.Background(), s.Owner.UserID, 0, 1)
	if err != nil || len(messages) != 1 {
		t.Fatal(messages, err)
	}
	if a = lin.post(paths.Message(messages[0].Seq), url.Values{}).want(http.StatusSeeOther); a.header.Get("Location") != page {
		t.Errorf("the message leads to %s", a.header.Get("Location"))
	}
	staff = s.as("finance@cloud.example")
	if a = staff.get(paths.AdminAccount(s.Northwind)).want(http.StatusOK); !strings.Contains(a.text(), "$1,200.50 on 1 Dec 2026, from the balance") {
		t.Errorf("staff: %s", a.text())
	}
	if a = staff.get(paths.AdminJournal).want(http.StatusOK); !strings.Contains(a.text(), "Payment of an invoice") || !strings.Contains(a.text(), firstInvoice) {
		t.Errorf("the journal: %s", a.text())
	}
	if a = lin.get(paths.Orders).want(http.StatusOK); strings.Count(a.text(), "By monthly invoice") != 2 {
		t.Errorf("orders: %s", a.text())
	}
	orders, err := s.Orders(context.Background(), s.Northwind, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if a = lin.get(paths.Order(orders.Items[0].No)).want(http.StatusOK); a.doc().Find("a[href='"+page+"']").Length() != 1 {
		t.Errorf("the order does not lead to its invoice: %s", a.text())
	}
}

// A balance that is lower than what is open is offered instead; an empty one says
// what to do.
func TestPayInvoiceWithALowBalance(t *testing.T) {
	s, ctx := newSite(t), context.Background()
	if err := s.SetInvoiceLimit(ctx, s.Finance, s.Southwind, "4,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	if err := s.PayOrder(ctx, s.OtherOwner, s.Order(t, s.OtherOwner).No, store.MethodInvoice); err != nil {
		t.Fatal(err)
	}
	s.Clock.Set(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))
	if _, err := s.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	ma := s.as("owner@southwind.example")
	page, payment := paths.Invoice(firstInvoice), paths.InvoicePayment(firstInvoice)
	a := ma.get(page).want(http.StatusOK)
	if a.doc().Find("form[action='"+payment+"']").Length() != 0 || a.doc().Find("button[aria-disabled=true]").Length() != 1 || !strings.Contains(a.text(), "The account balance is $0.00. Transfer money to Example Cloud first.") {
		t.Errorf("an empty balance: %s", a.text())
	}
	if a = ma.post(payment, url.Values{"amount": {"1.00"}}).want(http.StatusUnprocessableEntity); !strings.Contains(a.text(), "The account balance is $0.00. Transfer money to Example Cloud first; nothing was charged.") {
		t.Errorf("an empty balance pays: %s", a.text())
	}
	if err := s.RecordTransfer(ctx, s.Finance, s.Southwind, "1,200.00", "slip 1"); err != nil {
		t.Fatal(err)
	}
	if a = ma.get(page); a.field("amount") != "1,200.00" || !strings.Contains(a.text(), "It does not cover all of it: the rest stays open.") {
		t.Errorf("a low balance: %s", a.text())
	}
	if a = ma.post(payment, url.Values{"key": {"k"}, "rev": {"1"}, "amount": {"1,500.00"}}).want(http.StatusUnprocessableEntity); !strings.Contains(a.doc().Find("#amount-err").Text(), "The account balance is $1,200.00. Enter at most that") || a.field("amount") != "1,500.00" {
		t.Errorf("more than there is: %s", a.text())
	}
	ma.post(payment, url.Values{"key": {"k"}, "rev": {"1"}, "amount": {"1,200.00"}}).want(http.StatusSeeOther)
	s.Clock.Set(time.Date(2027, 1, 3, 9, 0, 0, 0, time.UTC))
	ma = s.as("owner@southwind.example")
	if a = ma.get(page); !strings.Contains(a.text(), "Overdue") || !strings.Contains(a.text(), "It was due on 31 Dec 2026. $300.00 is open.") {
		t.Errorf("overdue: %s", a.text())
	}
	s.Sound(t)
}

// An invoice with many payments and many lines shows the newest payments and the
// first lines, and asks the database no more for it.
func TestALongInvoice(t *testing.T) {
	s := invoiced(t)
	for i := range store.InvoicePaymentsShown + 5 {
		by := s.Owner
		by.RequestID = fmt.Sprint("r-", i)
		if err := s.PayInvoice(context.Background(), by, firstInvoice, 0, "1.00"); err != nil {
			t.Fatal(err)
		}
	}
	lin := s.as(owner)
	lin.get(paths.Invoice(firstInvoice))
	before := s.Reads()
	a := lin.get(paths.Invoice(firstInvoice)).want(http.StatusOK)
	cost := s.Reads() - before
	if !strings.Contains(a.text(), "5 payments before these") || strings.Count(a.text(), "From the balance") != store.InvoicePaymentsShown {
		t.Errorf("payments: %s", a.text())
	}
	if cost > 12 {
		t.Errorf("the page asks %d times", cost)
	}
	t.Logf("%d statements", cost)
}
