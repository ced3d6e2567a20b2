package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

func TestRenew(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.Enabled) // for a month
	path := paths.Renewal(conn.ID)

	// The choices are in the address, and the page says what they mean.
	page := owner.get(paths.With(path, "months", "3", "auto_renew", "on")).want(http.StatusOK)
	for _, want := range []string{"$720.00 a month", "Total for 3 months", "$2,160.00", "20 Mar 2027", "the whole months that have not begun go back"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the page does not say %q: %s", want, page.text())
		}
	}
	if page.doc().Find("input[name=auto_renew][checked]").Length() != 1 || page.doc().Find("#months-3[checked]").Length() != 1 {
		t.Error("the choices are lost")
	}
	if a := owner.fragment(paths.With(path, "months", "6")).want(http.StatusOK); a.header.Get("HX-Replace-Url") != paths.With(path, "months", "6") {
		t.Errorf("the address became %q", a.header.Get("HX-Replace-Url"))
	}

	// Invalid: nothing is ordered, what was chosen stays.
	form := url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "months": {"11"}, "auto_renew": {"on"}}
	a := owner.post(path, form).want(http.StatusUnprocessableEntity)
	if refusal(a) != "Select a duration" || a.field("key") != form.Get("key") || a.doc().Find("input[name=auto_renew][checked]").Length() != 1 {
		t.Errorf("refused with %q", refusal(a))
	}

	// One order, however often it is sent, on the page that takes the money.
	form.Set("months", "3")
	var to string
	for range 2 {
		if to = owner.post(path, form).want(http.StatusSeeOther).header.Get("Location"); !strings.HasPrefix(to, paths.Orders+"/") {
			t.Fatalf("goes to %q", to)
		}
	}
	if a := owner.submit(path, form).want(http.StatusOK); a.header.Get("HX-Redirect") != to {
		t.Errorf("htmx goes to %q", a.header.Get("HX-Redirect"))
	}
	order := owner.get(to).want(http.StatusOK)
	for _, want := range []string{"Renewal of the resource occupation fee", "20 Dec 2026 to 20 Mar 2027", "Every 3 months, switched on by the payment", "Pay $2,160.00"} {
		if !strings.Contains(order.text(), want) {
			t.Errorf("the order does not say %q: %s", want, order.text())
		}
	}
	if orders, _ := s.OrdersOf(context.Background(), conn.ID); len(orders) != 3 {
		t.Errorf("%d orders", len(orders))
	}
	if text := owner.get(path).text(); !strings.Contains(text, "is not paid. Pay that one, or make another one here") {
		t.Errorf("the open order is not named: %s", text)
	}
	before := s.balance(s.Northwind)
	pay := url.Values{"key": {order.field("key")}, "method": {"balance"}}
	for range 2 {
		if a := owner.post(to+"/payment", pay).want(http.StatusSeeOther); a.header.Get("Location") != paths.Interface(conn.ID) {
			t.Errorf("goes to %q", a.header.Get("Location"))
		}
	}
	after := s.Get(t, conn.ID)
	if s.balance(s.Northwind) == before || after.AutoRenew != 3 || after.PaidThrough.Sub(conn.PaidThrough) != 90*24*time.Hour {
		t.Errorf("paid until %v, auto renew %d", after.PaidThrough, after.AutoRenew)
	}
	if text := owner.get(paths.Interface(conn.ID)).text(); !strings.Contains(text, "The resource fee of "+conn.Title()+" is paid until 20 Mar 2027.") || !strings.Contains(text, "Resource fee renewed") {
		t.Errorf("the page says %s", text)
	}

	// Stale, another account's, not enabled.
	form.Set("key", "another")
	if a := owner.post(path, form).want(http.StatusConflict); !strings.Contains(a.text(), "was changed a moment ago") || a.doc().Find("#months-3[checked]").Length() != 1 {
		t.Error(a.text())
	}
	other := s.as("owner@southwind.example")
	other.get(path).want(http.StatusNotFound)
	other.post(path, url.Values{"months": {"3"}}).want(http.StatusNotFound)
	s.as("finance@cloud.example").get(path).want(http.StatusForbidden)
	waiting := s.At(t, lifecycle.WaitingForPayment)
	if a := owner.get(paths.Renewal(waiting.ID)).want(http.StatusSeeOther); a.header.Get("Location") != paths.Interface(waiting.ID) {
		t.Errorf("goes to %q", a.header.Get("Location"))
	}
	owner.post(paths.Renewal(waiting.ID), url.Values{"months": {"3"}}).want(http.StatusConflict)
	s.Sound(t)
}

// TestRenewalOvertaken: an order that another payment overtook is not paid.
func TestRenewalOvertaken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn := s.At(t, lifecycle.Enabled)
	ctx := context.Background()
	if err := s.SwitchAutoRenew(ctx, s.Owner, conn.ID, 0, 1); err != nil {
		t.Fatal(err)
	}
	no, err := s.OrderRenewal(ctx, s.Owner, conn.ID, 0, 2, false)
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Set(fees.RenewAt(conn.PaidThrough, 3).Add(time.Minute))
	if _, err := s.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if got := s.Get(t, conn.ID); got.PaidMonths != 2 {
		t.Fatalf("Auto Renew paid %d months in all", got.PaidMonths)
	}
	before := s.balance(s.Northwind)
	owner := s.as("owner@northwind.example") // the clock has ended the session
	if a := owner.post(paths.OrderPayment(no), url.Values{"method": {"balance"}}).want(http.StatusConflict); !strings.Contains(a.text(), "Nothing was charged") {
		t.Error(a.text())
	}
	if s.balance(s.Northwind) != before {
		t.Error("a period was paid twice")
	}
	s.Sound(t)
}

func TestAutoRenewSwitch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.Enabled)
	path := paths.AutoRenew(conn.ID)
	page := owner.fragment(path).want(http.StatusOK)
	if page.doc().Find("dialog").Length() != 1 || !strings.Contains(page.text(), "3 days before the paid time ends") || !strings.Contains(page.text(), "tried again every day") {
		t.Error(page.text())
	}
	form := url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "months": {"13"}}
	if a := owner.submit(path, form).want(http.StatusUnprocessableEntity); refusal(a) != "Auto Renew: Select a duration" {
		t.Error(a.text())
	}
	form.Set("months", "12")
	owner.submit(path, form).want(http.StatusOK)
	if got := s.Get(t, conn.ID); got.AutoRenew != 12 || !got.RenewAt.Equal(fees.RenewAt(conn.PaidThrough, 3)) || s.events(conn.ID, lifecycle.SwitchAutoRenew) != 1 {
		t.Errorf("%d months at %v", got.AutoRenew, got.RenewAt)
	}
	if text := owner.get(paths.Interface(conn.ID)).text(); !strings.Contains(text, "it pays 1 year at a time, next on 17 Dec 2026.") {
		t.Error(text)
	}
	form = url.Values{"key": {"stale"}, "rev": {page.field("rev")}, "months": {"0"}}
	if a := owner.post(path, form).want(http.StatusConflict); !strings.Contains(a.text(), "was changed a moment ago") {
		t.Error(a.text())
	}
	form.Set("rev", "")
	form.Set("next", "//elsewhere.example")
	if a := owner.post(path, form).want(http.StatusSeeOther); a.header.Get("Location") != paths.Interface(conn.ID) {
		t.Errorf("goes to %q", a.header.Get("Location"))
	}
	if got := s.Get(t, conn.ID); got.AutoRenew != 0 || !got.RenewAt.IsZero() {
		t.Errorf("still on: %d, %v", got.AutoRenew, got.RenewAt)
	}
	s.as("owner@southwind.example").post(path, form).want(http.StatusNotFound)
	s.as("technician@cloud.example").post(path, form).want(http.StatusForbidden)
	owner.get(paths.AutoRenew(s.At(t, lifecycle.Terminating).ID)).want(http.StatusConflict)
}

// TestInterfaceSaysHowItsFeeStands walks one interface through time.
func TestInterfaceSaysHowItsFeeStands(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn := s.At(t, lifecycle.Enabled)
	zone := s.Catalogue().Zone(conn.Region)
	for _, c := range []struct {
		at                 time.Time
		title, list, label string
	}{
		{conn.PaidThrough.Add(-16 * 24 * time.Hour), "The leased line connection is completed", "Since 20 Nov 2026", "Enabled"},
		{conn.PaidThrough.Add(-15 * 24 * time.Hour), "Renew the resource fee", "Paid until 20 Dec 2026", "Enabled"},
		{conn.PaidThrough, "The resource fee is overdue", "Resource fee overdue since 20 Dec 2026", "Enabled"},
		{fees.LockedAt(conn.PaidThrough), "This interface is FinancialLocked", "Paid until 20 Dec 2026: renew to restore it", "FinancialLocked"},
		{fees.FreeableAt(conn.PaidThrough, zone), "This interface is FinancialLocked and may be ended", "Paid until 20 Dec 2026: renew to restore it", "FinancialLocked"},
	} {
		s.Clock.Set(c.at)
		owner := s.as("owner@northwind.example")
		page := owner.get(paths.Interface(conn.ID)).want(http.StatusOK)
		if got := page.doc().Find("#next-h").Text(); got != c.title {
			t.Errorf("at %v the banner says %q, want %q", c.at, got, c.title)
		}
		if !strings.Contains(page.doc().Find("h1").Parent().Text(), c.label) {
			t.Errorf("at %v the head says %q", c.at, page.doc().Find("h1").Parent().Text())
		}
		if renew := page.doc().Find(".next a[href='" + paths.Renewal(conn.ID) + "']").Length(); (renew == 1) != (c.title != "The leased line connection is completed") {
			t.Errorf("at %v there are %d buttons to renew", c.at, renew)
		}
		if text := owner.get(paths.Interfaces).text(); !strings.Contains(text, c.list) {
			t.Errorf("at %v the list does not say %q", c.at, c.list)
		}
	}
	// A locked interface takes no partner; renewing restores it at once.
	_, err := s.PlaceOrder(context.Background(), s.Owner, s.Choice(t, func(in *store.NewConnection) { in.Redundant = conn.ID }))
	if !strings.Contains(store.FieldsOf(err)["redundant"], "FinancialLocked") {
		t.Errorf("a locked interface became a partner: %v", err)
	}
	owner := s.as("owner@northwind.example")
	page := owner.get(paths.Renewal(conn.ID)).want(http.StatusOK)
	if page.doc().Find("#months-1[disabled]").Length() != 1 || !strings.Contains(page.text(), "Ends before today") {
		t.Error("a month that ends in the past is on offer")
	}
	a := owner.post(paths.Renewal(conn.ID), url.Values{"key": {"k"}, "months": {"3"}}).want(http.StatusSeeOther)
	owner.post(a.header.Get("Location")+"/payment", url.Values{"key": {"p"}, "method": {"balance"}}).want(http.StatusSeeOther)
	if text := owner.get(paths.Interface(conn.ID)).text(); strings.Contains(text, "FinancialLocked") {
		t.Errorf("still locked: %s", text)
	}
	s.Sound(t)
}
