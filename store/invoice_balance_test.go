package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// TestPayAnInvoiceFromTheBalance walks through what may and what must not happen
// when a customer pays an invoice of $3,000.00 from a balance of $1,000,000.00.
func TestPayAnInvoiceFromTheBalance(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	e.Everybody(t)
	no := invoiced(t, e).No
	stands := func(what, open, owed, balance string, paid bool) {
		t.Helper()
		i, err := e.Invoice(ctx, e.Northwind, no)
		if err != nil {
			t.Fatal(err)
		}
		c, err := e.CreditOf(ctx, e.Northwind)
		if err != nil {
			t.Fatal(err)
		}
		if i.Open().String() != open || c.Owed.String() != owed || balanceOf(t, e, e.Northwind) != balance || i.PaidAt.IsZero() == paid {
			t.Errorf("%s: open %s, owed %s, balance %s, paid %v; want %s, %s, %s, %v", what, i.Open(), c.Owed, balanceOf(t, e, e.Northwind), !i.PaidAt.IsZero(), open, owed, balance, paid)
		}
		e.Sound(t)
	}
	const untouched = "$1,000,000.00"
	for _, refused := range []struct {
		what   string
		by     store.Actor
		no     string
		seen   int
		amount string
		kind   store.Kind
		words  string
	}{
		{"an engineer", e.Engineer, no, 0, "1.00", store.Forbidden, "Only an owner or finance"},
		{"a viewer", e.Viewer, no, 0, "1.00", store.Forbidden, "Only an owner or finance"},
		{"finance staff", e.Finance, no, 0, "1.00", store.Forbidden, "Only an owner or finance"},
		{"an administrator", e.Admin, no, 0, "1.00", store.Forbidden, "Only an owner or finance"},
		{"another account", e.OtherOwner, no, 0, "1.00", store.NotFound, ""},
		{"an invoice that is not there", e.Owner, "IN-2026-000099", 0, "1.00", store.NotFound, ""},
		{"another document", e.Owner, "RC-2026-000001", 0, "1.00", store.NotFound, ""},
		{"no amount", e.Owner, no, 0, "", store.Invalid, "Enter an amount"},
		{"words", e.Owner, no, 0, "all of it", store.Invalid, "Enter an amount"},
		{"nothing", e.Owner, no, 0, "0.00", store.Invalid, "Enter an amount"},
		{"less than nothing", e.Owner, no, 0, "-5.00", store.Invalid, "Enter an amount"},
		{"parts of a cent", e.Owner, no, 0, "1.005", store.Invalid, "Enter an amount"},
		{"another currency", e.Owner, no, 0, "EUR 5.00", store.Invalid, "Enter an amount"},
		{"more than any amount", e.Owner, no, 0, "99,999,999,999,999,999,999.00", store.Invalid, "Enter an amount"},
		{"a cent too much", e.Owner, no, 1, "3,000.01", store.Invalid, "Enter at most $3,000.00, which is what is open"},
		{"a page of another state", e.Owner, no, 120_051, "1.00", store.Conflict, "$3,000.00 is open now. Nothing was charged"},
	} {
		err := e.PayInvoice(ctx, refused.by, refused.no, refused.seen, refused.amount)
		words := store.MessageOf(err)
		if refused.kind == store.Invalid {
			words = store.FieldsOf(err)["amount"]
		}
		if store.KindOf(err) != refused.kind || !strings.Contains(words, refused.words) {
			t.Errorf("%s: %v %q, want %v %q", refused.what, err, words, refused.kind, refused.words)
		}
		stands(refused.what, "$3,000.00", "$3,000.00", untouched, false)
	}

	told := func() store.Message {
		all, err := e.Messages(ctx, e.Viewer.UserID, 0, 1)
		if err != nil || len(all) != 1 {
			t.Fatal(err)
		}
		return all[0]
	}
	by := e.CustomerFinance
	by.Key = "form-1"
	for range 2 { // a double click
		if err := e.PayInvoice(ctx, by, no, 1, "1,200.50"); err != nil {
			t.Fatal(err)
		}
	}
	stands("a part", "$1,799.50", "$1,799.50", "$998,799.50", false)
	if m := told(); m.Title != "Invoice partly paid" || m.Body != "$1,200.50 of invoice "+no+" is paid from the account balance. $1,799.50 is open, due on 31 Dec 2026." || m.Subject != store.InvoiceSubject(no) {
		t.Errorf("told %+v", m)
	}
	// The page of somebody who did not see that.
	if err := e.PayInvoice(ctx, e.Owner, no, 1, "1,799.50"); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), "$1,799.50 is open now") {
		t.Errorf("a page of before: %v", err)
	}
	if err := e.PayInvoice(ctx, e.Owner, no, 0, "3,000.00"); !strings.Contains(store.FieldsOf(err)["amount"], "at most $1,799.50") {
		t.Errorf("the whole again: %v", err)
	}
	// A part by transfer in between; the slip may be called like the ledger's number.
	i, err := e.Invoice(ctx, e.Northwind, no)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := e.InvoicePayments(ctx, []store.Invoice{i})
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	if err := e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, no, "99.50", parts[0].Reference); err != nil {
		t.Errorf("a slip called %s: %v", parts[0].Reference, err)
	}
	stands("another part", "$1,700.00", "$1,700.00", "$998,799.50", false)
	e.Clock.Set(time.Date(2027, 1, 2, 10, 0, 0, 0, time.UTC)) // overdue, and payable as before
	if i, _ = e.Invoice(ctx, e.Northwind, no); !i.Overdue(e.Now()) {
		t.Error("a part made it not overdue")
	}
	if err := e.PayInvoice(ctx, e.Owner, no, i.Version(), "$1,700"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	stands("the rest", "$0.00", "$0.00", "$997,099.50", true)
	if m := told(); m.Title != "Invoice paid" || m.Body != "The last $1,700.00 of invoice "+no+" is paid from the account balance." {
		t.Errorf("told %+v", m)
	}
	if err := e.PayInvoice(ctx, e.Owner, no, 0, "0.01"); store.KindOf(err) != store.Conflict || store.MessageOf(err) != "Invoice "+no+" is paid since 2 Jan 2027. Nothing was charged." {
		t.Errorf("paid already: %v", err)
	}
	if err := e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, no, "0.01", "slip 9"); store.KindOf(err) != store.Conflict {
		t.Errorf("a transfer for a paid invoice: %v", err)
	}
	stands("at last", "$0.00", "$0.00", "$997,099.50", true)
	if open, _, err := e.OpenInvoices(ctx, "", 10); err != nil || len(open) != 0 {
		t.Errorf("open invoices: %v, %v", open, err)
	}

	// What it was: in the statement, the list of payments, the log.
	lines, _, err := e.StatementPage(ctx, e.Finance, e.Northwind, "", 2)
	if err != nil || lines[0].Kind != "invoice_payment" || lines[0].Reference != no || lines[0].Amount.String() != "-$1,700.00" || lines[1].Amount.String() != "-$1,200.50" {
		t.Errorf("statement %+v, %v", lines, err)
	}
	i, _ = e.Invoice(ctx, e.Northwind, no)
	parts, err = e.InvoicePayments(ctx, []store.Invoice{i})
	if err != nil || len(parts) != 3 || parts[0].Method != store.PaidFromBalance || parts[1].Method != store.PaidByTransfer || parts[2].Method != store.PaidFromBalance || parts[2].Reference != lines[0].ID || i.Reference != lines[0].ID || parts[2].N != 3 {
		t.Errorf("payments %+v of %+v, %v", parts, i, err)
	}
	page, err := e.Activity(ctx, e.Owner, store.ActivityFilter{EventFilter: store.EventFilter{Actions: []string{store.ActionPayInvoice}}})
	if err != nil || len(page.Events) != 2 || page.Events[0].Detail != no+", $1,700.00 from the account balance" || page.Events[1].Detail != no+", $1,200.50 from the account balance, $1,799.50 open" || page.Events[1].ActorID != e.CustomerFinance.UserID {
		t.Errorf("activity %+v, %v", page.Events, err)
	}
}

func balanceOf(t *testing.T, e *storetest.Env, account string) string {
	t.Helper()
	a, err := e.Account(context.Background(), e.Finance, account)
	if err != nil {
		t.Fatal(err)
	}
	return a.Balance.String()
}

// TestABalanceThatIsTooLowPaysAPart: no more than is there can be paid, down to the
// last cent, and nothing when nothing is there.
func TestABalanceThatIsTooLowPaysAPart(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Southwind, "5,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	if err := e.PayOrder(ctx, e.OtherOwner, e.Order(t, e.OtherOwner).No, store.MethodInvoice); err != nil {
		t.Fatal(err)
	}
	e.Clock.Set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	all, err := e.InvoicesOf(ctx, e.Southwind, 1)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	no := all[0].No
	if err := e.PayInvoice(ctx, e.OtherOwner, no, 0, "1,500.00"); store.FieldsOf(err)["amount"] != "The account balance is $0.00. Transfer money to Example Cloud first; nothing was charged." {
		t.Errorf("with nothing: %v %v", err, store.FieldsOf(err))
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "700.10", "slip 1"); err != nil {
		t.Fatal(err)
	}
	if err := e.PayInvoice(ctx, e.OtherOwner, no, 0, "700.11"); store.FieldsOf(err)["amount"] != "The account balance is $700.10. Enter at most that, or transfer money to Example Cloud first; nothing was charged." {
		t.Errorf("a cent too much: %v %v", err, store.FieldsOf(err))
	}
	if err := e.PayInvoice(ctx, e.OtherOwner, no, 0, "700.10"); err != nil {
		t.Fatal(err)
	}
	i, err := e.Invoice(ctx, e.Southwind, no)
	if err != nil || i.Open().String() != "$799.90" || balanceOf(t, e, e.Southwind) != "$0.00" {
		t.Errorf("%s open, balance %s, %v", i.Open(), balanceOf(t, e, e.Southwind), err)
	}
	e.Sound(t)
}

// TestFortyClicksOnOneInvoice: whoever clicks at once, with forms and without,
// pays no more than the invoice, and the staff's slip among them is not lost.
func TestFortyClicksOnOneInvoice(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	no := invoiced(t, e).No
	results := make([]error, 40)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			if i == 20 {
				results[i] = e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, no, "3,000.00", "slip 1")
				return
			}
			by := e.Owner
			by.Key = fmt.Sprintf("form-%d", i/2) // each form twice
			results[i] = e.PayInvoice(ctx, by, no, i%4, "400.00")
		})
	}
	wg.Wait()
	for _, err := range results {
		if k := store.KindOf(err); err != nil && k != store.Invalid && k != store.Conflict {
			t.Error(err)
		}
	}
	i, err := e.Invoice(ctx, e.Northwind, no)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := e.InvoicePayments(ctx, []store.Invoice{i})
	if err != nil {
		t.Fatal(err)
	}
	sum, clicks, balance := int64(0), 0, int64(100_000_000)
	for _, p := range parts {
		sum += p.Amount.Minor
		if balance += p.Surplus.Minor; p.Method == store.PaidFromBalance {
			clicks++
			balance -= p.Amount.Minor
		}
	}
	a, err := e.Account(ctx, e.Finance, e.Northwind)
	if err != nil || sum != i.Received.Minor || sum > i.Amount.Minor || clicks > 7 || a.Balance.Minor != balance {
		t.Errorf("%d clicks and the slip paid %d, received are %s, the balance is %s and not %d; %v", clicks, sum, i.Received, a.Balance, balance, err)
	}
	if results[20] == nil && i.PaidAt.IsZero() {
		t.Errorf("a transfer of the whole left %s open", i.Open())
	}
	e.Sound(t)
}

// TestAutoRenewAfterAnInvoiceIsPaid: paying an invoice makes credit free, with
// which Auto Renew pays at once what it could not pay, and once; what the invoice
// took it does not spend again.
func TestAutoRenewAfterAnInvoiceIsPaid(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Southwind, "2,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "2,220.00", "slip 1"); err != nil {
		t.Fatal(err)
	}
	// One interface is paid from the balance, with Auto Renew at $720 a month;
	// another one's installation fee is on the invoice.
	c := e.AtOf(t, e.OtherOwner, lifecycle.WaitingForPayment)
	if _, err := e.PayResourceFee(ctx, e.OtherOwner, c.ID, c.Version, store.NewResourceFee{Months: 1, AutoRenew: true, Confirmed: true, Method: store.MethodBalance}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if err := e.PayOrder(ctx, e.OtherOwner, e.Order(t, e.OtherOwner).No, store.MethodInvoice); err != nil {
		t.Fatal(err)
	}
	if got := balanceOf(t, e, e.Southwind); got != "$0.00" {
		t.Fatal(got)
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "719.00", "slip 2"); err != nil {
		t.Fatal(err)
	}
	e.Clock.Set(e.Get(t, c.ID).RenewAt)
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	before := e.Get(t, c.ID)
	if before.RenewFailedAt.IsZero() {
		t.Fatal("Auto Renew was meant to fail")
	}
	all, err := e.InvoicesOf(ctx, e.Southwind, 1)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := e.PayInvoice(ctx, e.OtherOwner, all[0].No, 0, "500.00"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	after := e.Get(t, c.ID)
	if after.PaidMonths != before.PaidMonths+1 || !after.RenewFailedAt.IsZero() {
		t.Errorf("not renewed: %d months, failed %v", after.PaidMonths, after.RenewFailedAt)
	}
	credit, err := e.CreditOf(ctx, e.Southwind)
	if err != nil || credit.Owed.String() != "$1,720.00" || balanceOf(t, e, e.Southwind) != "$219.00" {
		t.Errorf("owed %s, balance %s, %v", credit.Owed, balanceOf(t, e, e.Southwind), err)
	}
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if again := e.Get(t, c.ID); again.PaidMonths != after.PaidMonths {
		t.Error("renewed twice")
	}
	e.Sound(t)
}

// TestAnInvoiceInAnotherCurrency: the balance does not pay it, and says why.
func TestAnInvoiceInAnotherCurrency(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	no := invoiced(t, e).No
	for _, q := range []string{
		"INSERT INTO documents (series, year, n, no, account_id, issued_at, currency, amount, facts) SELECT series, year, n + 1, 'IN-' || year || '-000002', account_id, issued_at, 'EUR', 5000, facts FROM documents WHERE series = 'IN'",
		"INSERT INTO invoices (no, account_id, month, currency, amount, issued_at, due_at) SELECT 'IN-2026-000002', account_id, '2026-10', 'EUR', 5000, issued_at, due_at FROM invoices",
	} {
		past(t, e, q)
	}
	if err := e.PayInvoice(ctx, e.Owner, "IN-2026-000002", 0, "50.00"); store.FieldsOf(err)["amount"] != "The account is kept in USD and the invoice is in EUR, so it cannot be paid from the balance. Transfer the money to Example Cloud and name the invoice." {
		t.Errorf("%v %v", err, store.FieldsOf(err))
	}
	if got := balanceOf(t, e, e.Northwind); got != "$1,000,000.00" {
		t.Errorf("balance %s", got)
	}
	if err := e.PayInvoice(ctx, e.Owner, no, 0, "3,000.00"); err != nil {
		t.Error(err)
	}
}

// TestBooksFindAPaymentThatDiffers: what is not as it was posted is found, and
// what cannot be is refused by the database.
func TestBooksFindAPaymentThatDiffers(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	no := invoiced(t, e).No
	if err := e.PayInvoice(ctx, e.Owner, no, 0, "1,000.00"); err != nil {
		t.Fatal(err)
	}
	if err := e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, no, "500.00", "slip 1"); err != nil {
		t.Fatal(err)
	}
	e.Sound(t)
	db := rawFile(t, e)
	for _, q := range []string{
		"UPDATE invoice_payments SET method = 'transfer'",
		"DELETE FROM invoice_payments",
		"INSERT INTO invoice_payments (invoice_no, n, transaction_id, at, method, amount, surplus, reference, recorded_by) SELECT invoice_no, 3, 'lt-000000000001', at, 'balance', 1, 1, 'lt-000000000001', recorded_by FROM invoice_payments WHERE n = 1",
		"INSERT INTO invoice_payments (invoice_no, n, transaction_id, at, method, amount, reference, recorded_by) SELECT invoice_no, 3, 'lt-000000000001', at, 'balance', 1, 'slip', recorded_by FROM invoice_payments WHERE n = 1",
		"INSERT INTO invoice_payments (invoice_no, n, transaction_id, at, method, amount, reference, recorded_by) SELECT invoice_no, 3, 'lt-000000000001', at, 'cash', 1, 'slip', recorded_by FROM invoice_payments WHERE n = 1",
	} {
		if _, err := db.Exec(q); err == nil {
			t.Errorf("the database takes: %s", q)
		}
	}
	past(t, e, "DROP TRIGGER invoice_payments_fixed")
	for _, change := range []string{
		"UPDATE invoice_payments SET method = 'transfer' WHERE n = 1",
		"UPDATE invoice_payments SET method = 'balance' WHERE n = 2",
	} {
		past(t, e, change)
		problems, err := e.CheckLedger(ctx)
		if err != nil || len(problems) != 1 || !strings.HasPrefix(problems[0].What, "payment of an invoice differs from its posting") {
			t.Errorf("%s: %v, %v", change, problems, err)
		}
		past(t, e, "UPDATE invoice_payments SET method = CASE n WHEN 1 THEN 'balance' ELSE 'transfer' END")
	}
	e.Sound(t)
}
