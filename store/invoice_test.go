package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/document"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// TestMonthlyInvoice orders on the invoice up to the limit, cancels some of it,
// lets the month end, and pays.
func TestMonthlyInvoice(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	o := e.Order(t, e.Owner)
	pay := func(no string) error { return e.PayOrder(ctx, e.Owner, no, store.MethodInvoice) }
	if err := pay(o.No); !strings.Contains(store.FieldsOf(err)["method"], "does not pay by invoice") {
		t.Errorf("an account that is not allowed: %v", err)
	}
	for _, by := range []store.Actor{e.Owner, e.Reviewer, e.Technician} {
		if err := e.SetInvoiceLimit(ctx, by, e.Northwind, "1", "Because"); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s sets the limit: %v", by.Role, err)
		}
	}
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Northwind, "-1", ""); len(store.FieldsOf(err)) != 2 {
		t.Errorf("a limit below nothing without a reason: %v", err)
	}
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Northwind, "4,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	account, err := e.Account(ctx, e.Finance, e.Northwind)
	if err != nil {
		t.Fatal(err)
	}
	before := account.Balance
	second, third := e.Order(t, e.Owner), e.Order(t, e.Owner)
	for _, no := range []string{o.No, second.No} {
		if err := pay(no); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
	}
	if err := pay(third.No); !strings.Contains(store.FieldsOf(err)["method"], "Of the credit limit of $4,000.00, $1,000.00 is left and $1,500.00 is due.") {
		t.Errorf("above the limit: %v %v", err, store.FieldsOf(err))
	}
	if got := e.Get(t, third.ConnectionID).Stage; got != lifecycle.PendingPayment {
		t.Errorf("a refused order is %s", got)
	}
	c, err := e.CreditOf(ctx, e.Northwind)
	if err != nil || c.Owed.String() != "$3,000.00" || c.Left.String() != "$1,000.00" {
		t.Errorf("credit %+v, %v", c, err)
	}
	e.Sound(t)
	// What is canceled before the invoice is made is not owed, and is no money
	// to spend.
	e.Do(t, second.ConnectionID, lifecycle.Cancel)
	if err := pay(third.No); err != nil {
		t.Fatal(err)
	}
	if account, _ = e.Account(ctx, e.Finance, e.Northwind); account.Balance != before {
		t.Errorf("the balance moved from %s to %s", before, account.Balance)
	}
	e.Sound(t)

	due := func() {
		t.Helper()
		for range 3 { // a second and a third run make no second invoice
			if _, err := e.RunDue(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	invoices := func() []store.Invoice {
		t.Helper()
		all, err := e.InvoicesOf(ctx, e.Northwind, 10)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	e.Clock.Set(time.Date(2026, 11, 30, 23, 59, 59, 999e6, time.UTC))
	due()
	if n := len(invoices()); n != 0 {
		t.Fatalf("%d invoices before the month ended", n)
	}
	e.Clock.Set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	due()
	all := invoices()
	if len(all) != 1 || all[0].No != "IN-2026-000001" || all[0].Amount.String() != "$3,000.00" || all[0].Month != "2026-11" || !all[0].DueAt.Equal(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("invoices %+v", all)
	}
	d, f, err := e.Document(ctx, e.Owner, all[0].No)
	if err != nil || d.Series != document.Invoice || len(f.Lines) != 2 || f.Total != all[0].Amount || !f.DueAt.Equal(all[0].DueAt) || !strings.Contains(f.Lines[0].Note, o.No) {
		t.Errorf("document %+v, %v", f, err)
	}
	if all[0].Overdue(all[0].DueAt) || !all[0].Overdue(all[0].DueAt.Add(time.Second)) {
		t.Error("overdue at the wrong moment")
	}
	e.Sound(t)
	// What is canceled after the invoice was made goes to the balance: the
	// invoice stays as it is.
	e.Do(t, third.ConnectionID, lifecycle.Cancel)
	e.Sound(t)
	// The credit note names the invoice that it corrects, if there was one.
	for order, corrects := range map[string]string{second.No: "", third.No: all[0].No} {
		documents, err := e.DocumentsOf(ctx, order)
		if err != nil || len(documents) != 1 || documents[0].Series != document.CreditNote || documents[0].Corrects != corrects {
			t.Errorf("documents of order %s: %+v, %v; want a credit note for %q", order, documents, err, corrects)
		}
	}

	for _, by := range []store.Actor{e.Owner, e.Reviewer} {
		if err := e.RecordInvoicePayment(ctx, by, e.Northwind, all[0].No, "3,000.00", "slip 1"); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s records a payment: %v", by.Role, err)
		}
	}
	if err := e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, all[0].No, "-1", " "); len(store.FieldsOf(err)) != 2 {
		t.Errorf("no reference and less than nothing: %v", err)
	}
	for account, no := range map[string]string{e.Northwind: "IN-2026-000009", e.Southwind: all[0].No} {
		if err := e.RecordInvoicePayment(ctx, e.Finance, account, no, "1.00", "slip 1"); store.KindOf(err) != store.NotFound {
			t.Errorf("invoice %s of account %s: %v", no, account, err)
		}
	}
	if err := e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, all[0].No, "3,000.00", "slip 1"); err != nil {
		t.Fatal(err)
	}
	if err := e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, all[0].No, "3,000.00", "slip 2"); store.KindOf(err) != store.Conflict {
		t.Errorf("paid again: %v", err)
	}
	if c, err = e.CreditOf(ctx, e.Northwind); err != nil || !c.Owed.IsZero() || c.Left.String() != "$4,000.00" {
		t.Errorf("credit after the payment %+v, %v", c, err)
	}
	e.Sound(t)
}

// TestAMonthWithoutItsInvoice: when nothing ran at the end of a month, each month
// still gets its own invoice, in order, and what came since waits for its month.
func TestAMonthWithoutItsInvoice(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Northwind, "10,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	for _, day := range []time.Time{time.Date(2026, 11, 30, 23, 59, 59, 999e6, time.UTC), time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)} {
		e.Clock.Set(day)
		if err := e.PayOrder(ctx, e.Owner, e.Order(t, e.Owner).No, store.MethodInvoice); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"2026-11": "IN-2027-000001", "2026-12": "IN-2027-000002"}
	for _, end := range []time.Time{time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC), time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)} {
		e.Clock.Set(end)
		for range 3 {
			if _, err := e.RunDue(ctx); err != nil {
				t.Fatal(err)
			}
		}
		all, err := e.InvoicesOf(ctx, e.Northwind, 10)
		if err != nil || len(all) != len(want) {
			t.Fatalf("at %s: %+v, %v", end, all, err)
		}
		for _, i := range all {
			if want[i.Month] != i.No || i.Amount.String() != "$1,500.00" {
				t.Errorf("at %s: invoice %+v, want %v", end, i, want)
			}
		}
		want["2027-01"] = "IN-2027-000003"
	}
	e.Sound(t)
}

// TestRefundsOfInvoicedOrdersSayWhereTheyGo: what is on no invoice yet comes off
// the next one, and only what is on one goes to the balance; the customer reads
// which, before and after.
func TestRefundsOfInvoicedOrdersSayWhereTheyGo(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Northwind, "100,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	told := func() string {
		all, err := e.Messages(ctx, e.Owner.UserID, 0, 1)
		if err != nil || len(all) != 1 {
			t.Fatal(err)
		}
		return all[0].Body
	}
	paid := func() store.Connection {
		o := e.Order(t, e.Owner)
		if err := e.PayOrder(ctx, e.Owner, o.No, store.MethodInvoice); err != nil {
			t.Fatal(err)
		}
		return e.Get(t, o.ConnectionID)
	}
	enabled := func() store.Connection {
		c := e.At(t, lifecycle.WaitingForPayment)
		if _, err := e.PayResourceFee(ctx, e.Owner, c.ID, c.Version, store.NewResourceFee{Months: 3, Confirmed: true, Method: store.MethodInvoice}); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
		return e.Get(t, c.ID)
	}
	now, later, ends, endsLater := paid(), paid(), enabled(), enabled()
	balance := func() int64 {
		a, err := e.Account(ctx, e.Owner, e.Northwind)
		if err != nil {
			t.Fatal(err)
		}
		return a.Balance.Minor
	}
	check := func(cancel, end store.Connection, off bool, fee, months string) {
		t.Helper()
		before := balance()
		would, err := e.CancelWould(ctx, cancel)
		if err != nil || !would.Refund || would.OffInvoice != off {
			t.Errorf("canceling would %+v, %v", would, err)
		}
		e.Do(t, cancel.ID, lifecycle.Cancel)
		if !strings.Contains(told(), fee) {
			t.Errorf("canceled: %s", told())
		}
		back, err := e.TerminationRefund(ctx, end)
		if err != nil || back.OffInvoice.IsZero() == off || back.ToBalance.IsZero() != off {
			t.Errorf("terminating gives back %+v, %v", back, err)
		}
		e.Do(t, end.ID, lifecycle.Terminate)
		if !strings.Contains(told(), months) {
			t.Errorf("terminated: %s", told())
		}
		if moved := balance() != before; moved == off {
			t.Errorf("the balance moved: %v", moved)
		}
		e.Sound(t)
	}
	check(now, ends, true, "$1,500.00 of "+now.Title()+" comes off the next invoice.", "For 2 unused months of "+ends.Title()+": $1,440.00 comes off the next invoice.")
	e.Clock.Set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	check(later, endsLater, false, "$1,500.00 of "+later.Title()+" went back to the account balance.", "For 2 unused months of "+endsLater.Title()+": $1,440.00 went back to the account balance.")
}

// invoiced makes an invoice of two installation fees for Northwind, on 1 December.
func invoiced(t *testing.T, e *storetest.Env) store.Invoice {
	t.Helper()
	ctx := context.Background()
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Northwind, "4,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.PayOrder(ctx, e.Owner, e.Order(t, e.Owner).No, store.MethodInvoice); err != nil {
			t.Fatal(err)
		}
	}
	e.Clock.Set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	all, err := e.InvoicesOf(ctx, e.Northwind, 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d invoices, %v", len(all), err)
	}
	return all[0]
}

// TestAnInvoicePaidInParts: what is open shrinks with each transfer, the
// invoice stays due and then overdue, what is too much is on the balance, and
// no slip of the bank counts twice.
func TestAnInvoicePaidInParts(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	no := invoiced(t, e).No
	pay := func(amount, reference string) error {
		return e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, no, amount, reference)
	}
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
		a, err := e.Account(ctx, e.Finance, e.Northwind)
		if err != nil {
			t.Fatal(err)
		}
		if i.Open().String() != open || c.Owed.String() != owed || a.Balance.String() != balance || i.PaidAt.IsZero() == paid {
			t.Errorf("%s: open %s, owed %s, balance %s, paid %v; want %s, %s, %s, %v", what, i.Open(), c.Owed, a.Balance, i.PaidAt, open, owed, balance, paid)
		}
		e.Sound(t)
	}
	stands("at first", "$3,000.00", "$3,000.00", "$1,000,000.00", false)
	if err := pay("1,200.50", "slip 1"); err != nil {
		t.Fatal(err)
	}
	stands("after a part", "$1,799.50", "$1,799.50", "$1,000,000.00", false)
	if i, _ := e.Invoice(ctx, e.Northwind, no); !i.Overdue(i.DueAt.Add(time.Second)) {
		t.Error("a part made it not overdue")
	}
	messages, err := e.Messages(ctx, e.Owner.UserID, 0, 1)
	if err != nil || messages[0].Title != "Invoice partly paid" || messages[0].Body != "$1,200.50 of invoice "+no+" is paid. $1,799.50 is open, due on 31 Dec 2026." {
		t.Errorf("told %+v, %v", messages, err)
	}
	if err := pay("1,200.50", "SLIP 1"); !strings.Contains(store.FieldsOf(err)["reference"], "is recorded already for invoice") {
		t.Errorf("the same slip again: %v %v", err, store.FieldsOf(err))
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Northwind, "1,200.50", "slip 1"); !strings.Contains(store.FieldsOf(err)["reference"], "is recorded already for an invoice") {
		t.Errorf("the same slip on the balance: %v %v", err, store.FieldsOf(err))
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Northwind, "10.00", "slip 2"); err != nil {
		t.Fatal(err)
	}
	if err := pay("10.00", "slip 2"); !strings.Contains(store.FieldsOf(err)["reference"], "is on the account balance already") {
		t.Errorf("the slip of a transfer: %v %v", err, store.FieldsOf(err))
	}
	stands("after slips that were there", "$1,799.50", "$1,799.50", "$1,000,010.00", false)
	// Another account's slip of the same name is another slip.
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "5.00", "slip 1"); err != nil {
		t.Errorf("another account: %v", err)
	}
	by := e.Finance
	by.Key = "form-1"
	for range 2 { // a double click
		if err := e.RecordInvoicePayment(ctx, by, e.Northwind, no, "2,000.00", "slip 3"); err != nil {
			t.Fatal(err)
		}
	}
	stands("after too much", "$0.00", "$0.00", "$1,000,210.50", true)
	if messages, err = e.Messages(ctx, e.Owner.UserID, 0, 1); err != nil || !strings.HasSuffix(messages[0].Body, "is paid. $200.50 more came and is on the account balance.") {
		t.Errorf("told %+v, %v", messages, err)
	}
	lines, _, err := e.StatementPage(ctx, e.Finance, e.Northwind, "", 1)
	if err != nil || len(lines) != 1 || lines[0].Kind != "invoice_payment" || lines[0].Amount.String() != "$200.50" {
		t.Errorf("statement %+v, %v", lines, err)
	}
	i, _ := e.Invoice(ctx, e.Northwind, no)
	paid, err := e.InvoicePayments(ctx, []store.Invoice{i})
	if err != nil || len(paid) != 2 || paid[0].Reference != "slip 1" || paid[1].Amount.String() != "$1,799.50" || paid[1].Surplus.String() != "$200.50" {
		t.Errorf("payments %+v, %v", paid, err)
	}
	if err := pay("1.00", "slip 4"); store.KindOf(err) != store.Conflict {
		t.Errorf("paid already: %v", err)
	}
}

// TestFortyPaymentsOfOneInvoice: slips that arrive at once are each booked once,
// and together pay no more than the invoice.
func TestFortyPaymentsOfOneInvoice(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	no := invoiced(t, e).No
	results := make([]error, 40)
	var wg sync.WaitGroup
	for i := range results {
		slip := "slip " + string(rune('a'+i/2)) // each twice
		wg.Go(func() { results[i] = e.RecordInvoicePayment(ctx, e.Finance, e.Northwind, no, "400.00", slip) })
	}
	wg.Wait()
	booked := 0
	for _, err := range results {
		switch store.KindOf(err) {
		case 0:
			if err != nil {
				t.Error(err)
			}
			booked++
		case store.Invalid, store.Conflict:
		default:
			t.Error(err)
		}
	}
	a, err := e.Account(ctx, e.Finance, e.Northwind)
	if booked != 8 || err != nil || a.Balance.String() != "$1,000,200.00" {
		t.Errorf("%d were booked, balance %s, %v; 7½ fit", booked, a.Balance, err)
	}
	e.Sound(t)
}

// TestInvoiceLimitInARace lets forty orders of $1,500 ask for a credit that
// covers seven at the same moment.
func TestInvoiceLimitInARace(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Northwind, "10,500.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	var nos []string
	for range 40 {
		nos = append(nos, e.Order(t, e.Owner).No)
	}
	var wg sync.WaitGroup
	results := make([]error, len(nos))
	for i, no := range nos {
		wg.Go(func() { results[i] = e.PayOrder(ctx, e.Owner, no, store.MethodInvoice) })
	}
	wg.Wait()
	paid := 0
	for _, err := range results {
		if err == nil {
			paid++
		} else if store.KindOf(err) != store.Invalid {
			t.Error(err)
		}
	}
	if paid != 7 {
		t.Errorf("%d orders were paid with a credit that covers 7", paid)
	}
	e.Sound(t)
}

// An invoice that is not paid stays in the list, however old it is; what is paid
// makes room for what is newer.
func TestOldInvoicesStayListedUntilTheyArePaid(t *testing.T) {
	e, ctx := storetest.New(t), context.Background()
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Northwind, "50,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	for m := range 4 {
		if err := e.PayOrder(ctx, e.Owner, e.Order(t, e.Owner).No, store.MethodInvoice); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
		e.Clock.Set(time.Date(2026, time.December+time.Month(m), 1, 0, 0, 0, 0, time.UTC))
		if _, err := e.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
	}
	months := func(newest int) string {
		t.Helper()
		list, err := e.InvoicesOf(ctx, e.Northwind, newest)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, i := range list {
			out = append(out, i.Month)
		}
		return strings.Join(out, " ")
	}
	if got := months(1); got != "2027-02 2027-01 2026-12 2026-11" {
		t.Errorf("all are open, listed are %s", got)
	}
	all, err := e.InvoicesOf(ctx, e.Northwind, 10)
	if err != nil || len(all) != 4 {
		t.Fatal(len(all), err)
	}
	for _, i := range []store.Invoice{all[0], all[1]} { // and a part of the oldest
		if err := e.PayInvoice(ctx, e.Owner, i.No, 0, i.Open().Decimal()); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
	}
	if err := e.PayInvoice(ctx, e.Owner, all[3].No, 0, "1.00"); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	for newest, want := range map[int]string{1: "2027-02 2026-12 2026-11", 2: "2027-02 2027-01 2026-12 2026-11"} {
		if got := months(newest); got != want {
			t.Errorf("the newest %d and what is open: %s, want %s", newest, got, want)
		}
	}
}
