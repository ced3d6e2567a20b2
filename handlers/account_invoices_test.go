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
	if a = money.post(payment, url.Values{"reference": {""}}).want(http.StatusUnprocessableEntity); a.doc().Find(".error-summary a[href='#reference-IN-2026-000001']").Length() != 1 {
		t.Errorf("no reference: %s", a.doc().Find(".error-summary").Text())
	}
	for range 2 {
		money.post(payment, url.Values{"key": {"p-1"}, "reference": {"slip 9"}}).want(http.StatusSeeOther)
	}
	if a = money.post(payment, url.Values{"key": {"p-2"}, "reference": {"slip 10"}}).want(http.StatusConflict); !strings.Contains(a.text(), "was paid already, reference slip 9") {
		t.Errorf("again: %s", a.text())
	}
	if got, err := s.CreditOf(context.Background(), s.Northwind); err != nil || !got.Owed.IsZero() {
		t.Errorf("owed %s, %v", got.Owed, err)
	}
	s.Sound(t)
}
