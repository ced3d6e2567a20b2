package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"demarc/web/paths"
)

// Finance allows an account to pay by invoice, the customer does, the month
// ends, the invoice is overdue, and finance records its payment.
func TestPayByInvoice(t *testing.T) {
	s := newSite(t)
	lin, money := s.as(owner), s.as("finance@cloud.example")
	o := s.Order(t, s.Owner)
	pay := url.Values{"key": {"i-1"}, "method": {"invoice"}}
	if a := lin.get(paths.Order(o.No)); a.doc().Find("[name=method][value=invoice]").Length() != 0 {
		t.Error("an invoice is offered to an account that is not allowed")
	}
	if a := lin.post(paths.OrderPayment(o.No), pay).want(http.StatusUnprocessableEntity); !strings.Contains(a.doc().Find("#method-err").Text(), "does not pay by invoice") {
		t.Errorf("not allowed: %s", a.text())
	}
	limit := paths.AdminInvoiceLimit(s.Northwind)
	lin.post(limit, url.Values{}).want(http.StatusForbidden)
	s.as("reviewer@cloud.example").post(limit, url.Values{}).want(http.StatusForbidden)
	for _, htmx := range []bool{false, true} {
		a := money.do(http.MethodPost, limit, url.Values{"limit": {"a lot"}, "reason": {""}}, htmx).want(http.StatusUnprocessableEntity)
		if a.doc().Find("#limit").AttrOr("value", "") != "a lot" || a.doc().Find(".error-summary a[href='#limit-reason']").Length() != 1 {
			t.Errorf("refused: %s", a.doc().Find(".error-summary").Text())
		}
	}
	money.post(paths.AdminInvoiceLimit("acc-none"), url.Values{"limit": {"1.00"}, "reason": {"Because"}}).want(http.StatusNotFound)
	for range 2 {
		money.post(limit, url.Values{"key": {"l-1"}, "limit": {"2,000.00"}, "reason": {"Framework contract"}}).want(http.StatusSeeOther)
	}
	a := lin.get(paths.Order(o.No)).want(http.StatusOK)
	if !strings.Contains(a.text(), "$2,000.00 of credit left") {
		t.Errorf("the methods: %s", a.text())
	}
	for range 2 {
		lin.post(paths.OrderPayment(o.No), pay).want(http.StatusSeeOther)
	}
	second := s.Order(t, s.Owner)
	if a = lin.post(paths.OrderPayment(second.No), url.Values{"key": {"i-2"}, "method": {"invoice"}}).want(http.StatusUnprocessableEntity); !strings.Contains(a.text(), "Of the credit limit of $2,000.00, $500.00 is left") || a.doc().Find("[value=invoice][checked]").Length() != 1 {
		t.Errorf("above the limit: %s", a.text())
	}
	if got := s.balance(s.Northwind); got != "$1,000,000.00" {
		t.Errorf("balance %s", got)
	}
	s.Clock.Set(time.Date(2026, 12, 1, 0, 1, 0, 0, time.UTC))
	if _, err := s.RunDue(context.Background()); err != nil {
		t.Fatal(err)
	}
	money = s.as("finance@cloud.example")
	if a = money.get(paths.AdminAccount(s.Northwind)); !strings.Contains(a.text(), "IN-2026-000001") || !strings.Contains(a.doc().Find("section:has(#invoices-h), .card:has(#invoices-h)").Text(), "Open") {
		t.Errorf("the account: %s", a.text())
	}
	s.Clock.Set(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	money = s.as("finance@cloud.example")
	if a = money.get(paths.AdminAccount(s.Northwind)); !strings.Contains(a.doc().Find(".card:has(#invoices-h)").Text(), "Overdue") {
		t.Errorf("overdue: %s", a.text())
	}
	payment := paths.AdminInvoicePayment(s.Northwind, "IN-2026-000001")
	s.as("reviewer@cloud.example").post(payment, url.Values{}).want(http.StatusForbidden)
	if a = money.post(payment, url.Values{"amount": {"some"}, "reference": {""}}).want(http.StatusUnprocessableEntity); a.doc().Find(".error-summary a[href='#reference-IN-2026-000001']").Length() != 1 ||
		a.doc().Find(".error-summary a[href='#amount-IN-2026-000001']").Length() != 1 || a.doc().Find("#amount-IN-2026-000001").AttrOr("value", "") != "some" {
		t.Errorf("no reference: %s", a.doc().Find(".error-summary").Text())
	}
	money.post(paths.AdminInvoicePayment(s.Southwind, "IN-2026-000001"), url.Values{"amount": {"1.00"}, "reference": {"slip 8"}}).want(http.StatusNotFound)
	card := func() string {
		return money.get(paths.AdminAccount(s.Northwind)).doc().Find(".card:has(#invoices-h)").Text()
	}
	for range 2 { // a part, sent twice
		money.post(payment, url.Values{"key": {"p-0"}, "amount": {"500.00"}, "reference": {"slip 8"}}).want(http.StatusSeeOther)
	}
	if text := money.get(paths.AdminOverdue).doc().Find(".card:has(#invoices-h)").Text(); !strings.Contains(text, "IN-2026-000001") || !strings.Contains(text, "Northwind") || !strings.Contains(text, "$1,000.00") || !strings.Contains(text, "Overdue") {
		t.Errorf("the open invoices of all accounts: %s", text)
	}
	if text := s.as(owner).get(paths.Billing).doc().Find(".card:has(#invoices-h)").Text(); !strings.Contains(text, "$1,500.00, $1,000.00 open, due 31 Dec 2026") || !strings.Contains(text, "$500.00 on 1 Jan 2027, slip 8") {
		t.Errorf("the customer's own: %s", text)
	}
	if n := s.as("owner@southwind.example").get(paths.Billing).doc().Find("#invoices-h").Length(); n != 0 {
		t.Error("an account without invoices reads of them")
	}
	if text := card(); !strings.Contains(text, "$1,000.00 open") || !strings.Contains(text, "Overdue") || !strings.Contains(text, "$500.00 on 1 Jan 2027, slip 8") {
		t.Errorf("partly paid: %s", text)
	}
	if got := money.get(paths.AdminAccount(s.Northwind)).doc().Find("#amount-IN-2026-000001").AttrOr("value", ""); got != "1,000.00" {
		t.Errorf("the form offers %q", got)
	}
	for range 2 {
		money.post(payment, url.Values{"key": {"p-1"}, "amount": {"1,200.00"}, "reference": {"slip 9"}}).want(http.StatusSeeOther)
	}
	if text := card(); !strings.Contains(text, "$200.00 more went to the balance") || !strings.Contains(text, "Paid") {
		t.Errorf("paid: %s", text)
	}
	if text := money.get(paths.AdminOverdue).doc().Find(".card:has(#invoices-h)").Text(); !strings.Contains(text, "No invoice is open") {
		t.Errorf("open invoices: %s", text)
	}
	if got := s.balance(s.Northwind); got != "$1,000,200.00" {
		t.Errorf("balance %s", got)
	}
	if a = money.post(payment, url.Values{"key": {"p-2"}, "amount": {"1.00"}, "reference": {"slip 10"}}).want(http.StatusConflict); !strings.Contains(a.text(), "was paid already, reference slip 9") {
		t.Errorf("again: %s", a.text())
	}
	if got, err := s.CreditOf(context.Background(), s.Northwind); err != nil || !got.Owed.IsZero() {
		t.Errorf("owed %s, %v", got.Owed, err)
	}
	s.Sound(t)
}
