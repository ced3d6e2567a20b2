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

func TestEndForNonPayment(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn := s.At(t, lifecycle.Enabled)
	path := paths.AdminFree(conn.ID)
	free := fees.FreeableAt(conn.PaidThrough, s.Catalogue().Zone(conn.Region))

	// Not before its day: neither offered nor done.
	s.Clock.Set(free.Add(-time.Minute))
	finance := s.as("finance@cloud.example")
	if a := finance.get(paths.AdminOverdue).want(http.StatusOK); !strings.Contains(a.text(), "FinancialLocked") || strings.Contains(a.body, path) {
		t.Error("the list offers to end it, or does not show it")
	}
	if a := finance.get(path).want(http.StatusConflict); a.doc().Find("main form[action='"+path+"']").Length() != 0 {
		t.Error("the form is there before its day")
	}
	finance.post(path, url.Values{"reason": {"Nobody answered"}, "confirm": {"on"}}).want(http.StatusConflict)

	s.Clock.Set(free)
	finance = s.as("finance@cloud.example")
	for _, page := range []string{paths.AdminOverdue, paths.AdminInterface(conn.ID)} {
		if a := finance.get(page).want(http.StatusOK); !strings.Contains(a.body, path) {
			t.Errorf("%s does not offer it", page)
		}
	}
	technician := s.as("technician@cloud.example")
	technician.get(path).want(http.StatusForbidden)
	technician.post(path, url.Values{"reason": {"Nobody answered"}, "confirm": {"on"}}).want(http.StatusForbidden)
	technician.get(paths.AdminOverdue).want(http.StatusForbidden)
	s.as("owner@northwind.example").post(path, url.Values{"reason": {"x"}}).want(http.StatusForbidden)

	page := finance.fragment(path).want(http.StatusOK)
	form := url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "reason": {"  "}}
	a := finance.submit(path, form).want(http.StatusUnprocessableEntity)
	if got := refusal(a); got != "Reason: Say why the interface is freed nowConfirm that you understand that this cannot be undone" {
		t.Errorf("refused with %q", got)
	}
	form.Set("reason", "Three letters were not answered")
	if a := finance.submit(path, form).want(http.StatusUnprocessableEntity); a.doc().Find("textarea").Text() != "Three letters were not answered" {
		t.Error("the reason is lost")
	}
	form.Set("confirm", "on")
	stale := url.Values{"reason": {"x y z"}, "confirm": {"on"}, "rev": {"99"}}
	finance.post(path, stale).want(http.StatusConflict)
	for range 2 {
		finance.post(path, form).want(http.StatusSeeOther)
	}
	got := s.Get(t, conn.ID)
	if got.Stage != lifecycle.Terminating || !got.RemovalDue || s.events(conn.ID, lifecycle.Free) != 1 {
		t.Errorf("%s, removal due %v", got.Stage, got.RemovalDue)
	}
	owner := s.as("owner@northwind.example")
	if text := owner.get(paths.Messages).text(); !strings.Contains(text, "Interface ended for non-payment") || !strings.Contains(text, "Three letters were not answered") {
		t.Error("the customer is not told why")
	}
	if text := owner.get(paths.Interface(conn.ID)).text(); !strings.Contains(text, "The interface was ended for non-payment") {
		t.Error("the page says that the customer asked for it")
	}
	if text := s.as("technician@cloud.example").get(paths.AdminRemoval(conn.ID)).text(); !strings.Contains(text, "Ended for non-payment") {
		t.Error("the technician is not told why")
	}
	s.Sound(t)
}

func TestFeeRules(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance := s.as("finance@cloud.example")
	page := finance.get(paths.AdminFeeRules).want(http.StatusOK)
	if !strings.Contains(page.text(), "Nobody has changed them") || page.field("auto_renew_days") != "3" || page.field("late_percent") != "0" {
		t.Error("the default is not shown")
	}
	form := url.Values{"key": {page.field("key")}, "version": {page.field("version")}, "installation": {"until_enabled"}, "late_percent": {"ten"}, "late_cap": {"50"}, "auto_renew_days": {"5"}}
	a := finance.post(paths.AdminFeeRules, form).want(http.StatusUnprocessableEntity)
	if refusal(a) != "For each working day late, or part of one: Enter a number from 0 to 100" || a.field("late_percent") != "ten" || a.field("auto_renew_days") != "5" {
		t.Errorf("refused with %q", refusal(a))
	}
	form.Set("late_percent", "10")
	for range 2 {
		finance.post(paths.AdminFeeRules, form).want(http.StatusSeeOther)
	}
	rules, err := s.FeeRules(context.Background())
	if err != nil || rules.Version != 1 || rules.Rules != (fees.Rules{Installation: fees.UntilEnabled, LateCreditPercent: 10, LateCreditCap: 50, AutoRenewDays: 5}) {
		t.Errorf("%+v %v", rules, err)
	}
	if text := finance.get(paths.AdminFeeRules).text(); !strings.Contains(text, "Installation fee refunded: Until the LOA is issued → Until the interface is enabled. Unused months refunded: yes → no. Credit for each working day late: 0% → 10%") {
		t.Errorf("the change is not on the page: %s", text)
	}
	form.Set("key", "stale")
	if a := finance.post(paths.AdminFeeRules, form).want(http.StatusConflict); !strings.Contains(a.text(), "changed a moment ago") || a.field("version") != "1" {
		t.Error(a.text())
	}
	s.as("reviewer@cloud.example").get(paths.AdminFeeRules).want(http.StatusForbidden)
	s.as("technician@cloud.example").post(paths.AdminFeeRules, form).want(http.StatusForbidden)
	if text := s.as("admin@cloud.example").get(paths.AdminAudit).text(); !strings.Contains(text, "Rules about fees changed") {
		t.Error("the audit log does not name the change")
	}
}

// TestCustomersAreToldTheRulesBeforeTheyPay: what the operator decides is on the
// pages that take money, and holds for orders made then and no others.
func TestCustomersAreToldTheRulesBeforeTheyPay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	owner := s.as("owner@northwind.example")
	before := s.At(t, lifecycle.ApprovedLOA)
	rules := fees.Default()
	rules.Installation, rules.UnusedMonths, rules.LateCreditPercent, rules.LateCreditCap = fees.UntilEnabled, false, 10, 50
	if err := s.SetFeeRules(ctx, s.Finance, 0, rules); err != nil {
		t.Fatal(err)
	}
	after := s.Order(t, s.Owner)
	if text := owner.get(paths.Order(after.No)).text(); !strings.Contains(text, "If you cancel the interface before it is enabled, the fee goes back") {
		t.Errorf("the order says %s", text)
	}
	s.Advance(t, after.ConnectionID, lifecycle.ApprovedLOA)
	// Before and after the change, both with a letter.
	for id, want := range map[string]string{before.ID: "is not refunded", after.ConnectionID: "goes back to your balance"} {
		page := owner.get(paths.Cancellation(id)).want(http.StatusOK)
		if !strings.Contains(page.text(), want) {
			t.Errorf("%s: the page does not say %q: %s", id, want, page.text())
		}
		was := s.balance(s.Northwind)
		owner.post(paths.Cancellation(id), url.Values{"confirm": {"on"}, "rev": {page.field("rev")}}).want(http.StatusSeeOther)
		if back := s.balance(s.Northwind) != was; back != strings.Contains(want, "goes back") {
			t.Errorf("%s: refunded %v", id, back)
		}
	}
	if text := owner.get(paths.Messages).text(); !strings.Contains(text, "Installation fee refunded") {
		t.Error("no message about the refund")
	}

	// Cabling three working days late: 30% of a month, on the page and the order.
	late := s.At(t, lifecycle.WaitingForCabling)
	s.Clock.Set(late.DueAt.AddDate(0, 0, 2).Add(time.Hour))
	s.Do(t, late.ID, lifecycle.CompleteCabling)
	owner = s.as("owner@northwind.example")
	page := owner.get(paths.With(paths.ResourceFee(late.ID), "months", "2")).want(http.StatusOK)
	for _, want := range []string{"$216.00 is credited on this fee, because cabling was finished 3 working days late.", "Total for 2 months", "$1,224.00", "Unused months are not refunded"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the page does not say %q: %s", want, page.text())
		}
	}
	was := s.balance(s.Northwind)
	owner.post(paths.ResourceFee(late.ID), url.Values{"months": {"2"}, "confirm": {"on"}, "auto_renew": {"on"}, "method": {"balance"}, "rev": {page.field("rev")}}).want(http.StatusSeeOther)
	if s.balance(s.Northwind) == was {
		t.Error("nothing was paid")
	}
	conn := s.Get(t, late.ID)
	orders, err := s.OrdersOf(ctx, late.ID)
	if err != nil {
		t.Fatal(err)
	}
	o := orders[len(orders)-1]
	lines, err := s.OrderLines(ctx, o)
	if err != nil || o.Amount.Minor != 1224_00 || len(lines) != 2 || lines[1].Amount.Minor != -216_00 || lines[1].Reason != "Cabling was finished 3 working days late" {
		t.Errorf("%s: %+v %v", o.Amount, lines, err)
	}
	if conn.AutoRenew != 2 || conn.RenewAt.IsZero() {
		t.Errorf("Auto Renew %d at %v", conn.AutoRenew, conn.RenewAt)
	}
	if text := owner.get(paths.Interface(late.ID)).text(); !strings.Contains(text, "$216.00 credited on the first resource fee") || !strings.Contains(text, "Auto Renew: every 2 months") {
		t.Errorf("the page says %s", text)
	}
	if text := owner.get(paths.Termination(late.ID)).text(); !strings.Contains(text, "Nothing of it is refunded, as the orders say that were paid.") {
		t.Errorf("the termination says %s", text)
	}
	s.Sound(t)
}

func TestBilling(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	var conns []store.Connection
	for range 23 {
		conns = append(conns, s.At(t, lifecycle.Enabled))
	}
	if err := s.SwitchAutoRenew(ctx, s.Owner, conns[0].ID, 0, 3); err != nil {
		t.Fatal(err)
	}
	owner := s.as("owner@northwind.example")
	page := owner.get(paths.Billing).want(http.StatusOK)
	if n := page.doc().Find("table[aria-labelledby=due-h] tbody tr").Length(); n != 20 {
		t.Errorf("%d rows fall due on the first page", n)
	}
	words := page.doc().Find("svg.bars").AttrOr("aria-label", "")
	if !strings.Contains(words, "week of 18 Dec $18,000.00") { // 22 for a month and one for three
		t.Errorf("the chart says %q", words)
	}
	next := page.doc().Find(".card--table:has(#due-h) a[rel=next]").AttrOr("href", "")
	if second := owner.get(next).want(http.StatusOK); second.doc().Find("table[aria-labelledby=due-h] tbody tr").Length() != 3 || second.doc().Find("svg.bars").AttrOr("aria-label", "") != words {
		t.Errorf("the second page at %q is wrong", next)
	}
	older := page.doc().Find(".card--table:has(#statement-h) a[rel=next]").AttrOr("href", "")
	if a := owner.get(older).want(http.StatusOK); a.doc().Find("table[aria-labelledby=statement-h] tbody tr").Length() != 10 {
		t.Error("the statement does not go on")
	}
	for _, broken := range []string{"after", "due"} {
		owner.get(paths.With(paths.Billing, broken, "nonsense")).want(http.StatusOK)
	}

	// The file has every movement and ends in what the account began with.
	file := owner.get(paths.StatementCSV).want(http.StatusOK)
	rows := strings.Split(strings.TrimSpace(file.body), "\n")
	if len(rows) != 1+1+2*23 || !strings.HasPrefix(rows[0], "Time (UTC),Transaction,What") || !strings.Contains(rows[len(rows)-1], "opening balance,1000000.00,1000000.00,USD") {
		t.Errorf("%d rows, the last %q", len(rows), rows[len(rows)-1])
	}
	if !strings.Contains(file.header.Get("Content-Disposition"), "account-statement-2026-11-20.csv") {
		t.Errorf("the file is %q", file.header.Get("Content-Disposition"))
	}

	// The warning stands on every page but this one, and not for what Auto Renew
	// will pay.
	s.Clock.Set(conns[0].PaidThrough.Add(-10 * 24 * time.Hour))
	owner = s.as("owner@northwind.example")
	if text := owner.get(paths.Orders).text(); !strings.Contains(text, "is paid until 20 Dec 2026. More than 1") || !strings.Contains(text, "other interfaces need theirs too.") {
		t.Errorf("no warning: %s", text)
	}
	if text := owner.get(paths.Billing).text(); strings.Contains(text, "other interfaces need theirs too") {
		t.Error("the Billing page warns of itself")
	}
	other := s.as("owner@southwind.example")
	if text := other.get(paths.Billing).want(http.StatusOK).text(); !strings.Contains(text, "Nothing falls due") || strings.Contains(text, conns[0].ID) {
		t.Error("another account's fees are shown")
	}
	s.as("finance@cloud.example").get(paths.Billing).want(http.StatusForbidden)
}
