package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// poor is a store in which Southwind has interfaces that renew themselves by a
// month, and nothing to pay for it: two interfaces, the first ends an hour
// before the second.
func poor(t *testing.T) (e *storetest.Env, first, second store.Connection) {
	t.Helper()
	e = storetest.New(t)
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "4,440.00", "opening balance"); err != nil {
		t.Fatal(err)
	}
	enable := func() store.Connection {
		c := e.AtOf(t, e.OtherOwner, lifecycle.Enabled)
		if err := e.SwitchAutoRenew(ctx, e.OtherOwner, c.ID, 0, 1); err != nil {
			t.Fatal(err)
		}
		return e.Get(t, c.ID)
	}
	first = enable()
	e.Clock.Advance(time.Hour)
	second = enable()
	if a, err := e.Account(ctx, e.Finance, e.Southwind); err != nil || !a.Balance.IsZero() {
		t.Fatalf("%s left, %v", a.Balance, err)
	}
	return e, first, second
}

// runDue does what time does until nothing is left.
func runDue(t *testing.T, e *storetest.Env) {
	t.Helper()
	for range 10 {
		n, err := e.RunDue(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	t.Fatal("time never comes to an end")
}

// toldAbout counts what a person was told about an interface, by title.
func toldAbout(t *testing.T, e *storetest.Env, by store.Actor, id string) map[string]int {
	t.Helper()
	all, err := e.Messages(ctx, by.UserID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, m := range all {
		if m.Subject == id {
			out[m.Title]++
		}
	}
	return out
}

// lastTold is what a person was told last about an interface under a title.
func lastTold(t *testing.T, e *storetest.Env, by store.Actor, id, title string) string {
	t.Helper()
	all, err := e.Messages(ctx, by.UserID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Subject == id && m.Title == title {
			return m.Body
		}
	}
	return ""
}

// happened counts the events of an interface, by action.
func happened(t *testing.T, e *storetest.Env, id string) map[string]int {
	t.Helper()
	all, err := e.Timeline(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, ev := range all {
		out[string(ev.Action)]++
	}
	return out
}

// TestAutoRenewTriesAgainWhenMoneyComes: a renewal that could not be paid is
// paid in the moment in which a transfer is recorded, what ends first first, once,
// and everybody can see it.
func TestAutoRenewTriesAgainWhenMoneyComes(t *testing.T) {
	e, first, second := poor(t)
	e.Clock.Set(fees.RenewAt(second.PaidThrough, 3))
	runDue(t, e)
	for _, c := range []store.Connection{first, second} {
		if now := e.Get(t, c.ID); now.RenewFailedAt.IsZero() || !now.RenewAt.Equal(e.Clock.Now().Add(24*time.Hour)) || !now.PaidThrough.Equal(c.PaidThrough) {
			t.Errorf("%s failed at %v, next at %v, paid until %v", c.ID, now.RenewFailedAt, now.RenewAt, now.PaidThrough)
		}
		if n := toldAbout(t, e, e.OtherOwner, c.ID)["Auto Renew could not pay"]; n != 1 {
			t.Errorf("told %d times that %s could not be paid", n, c.ID)
		}
		if n := happened(t, e, c.ID)[store.ActionAutoRenewFailed]; n != 1 {
			t.Errorf("the timeline of %s says %d times that it could not be paid", c.ID, n)
		}
	}
	e.Sound(t)
	// A day later it is tried again, and nobody is told again.
	e.Clock.Advance(24 * time.Hour)
	runDue(t, e)
	if n := toldAbout(t, e, e.OtherOwner, first.ID)["Auto Renew could not pay"]; n != 1 {
		t.Errorf("told %d times", n)
	}
	e.Clock.Advance(time.Hour)
	// Enough for one: that is the one that ends first. Nothing else has to run.
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "800.00", "slip 1"); err != nil {
		t.Fatal(err)
	}
	if c := e.Get(t, first.ID); c.PaidMonths != 2 || !c.RenewFailedAt.IsZero() || !c.PaidThrough.Equal(time.Date(2027, 1, 20, 7, 12, 0, 0, time.UTC)) {
		t.Errorf("%s is paid for %d months until %v", first.ID, c.PaidMonths, c.PaidThrough)
	}
	if c := e.Get(t, second.ID); c.PaidMonths != 1 || !c.RenewFailedAt.Equal(e.Clock.Now()) {
		t.Errorf("%s is paid for %d months, failed at %v", second.ID, c.PaidMonths, c.RenewFailedAt)
	}
	if n := toldAbout(t, e, e.OtherOwner, first.ID)["Resource fee renewed"]; n != 1 || happened(t, e, first.ID)[string(lifecycle.Renew)] != 1 {
		t.Errorf("told %d times that it is renewed, history %v", n, happened(t, e, first.ID))
	}
	// The other one is told what is still missing, once for this transfer.
	if n := toldAbout(t, e, e.OtherOwner, second.ID)["Auto Renew could not pay"]; n != 2 {
		t.Errorf("told %d times that %s could not be paid", n, second.ID)
	}
	for range 2 { // the same form again, and time
		if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "800.00", "slip 1"); store.KindOf(err) != store.Invalid {
			t.Fatal(err)
		}
		runDue(t, e)
	}
	if c := e.Get(t, first.ID); c.PaidMonths != 2 {
		t.Errorf("%s was renewed again: %d months", first.ID, c.PaidMonths)
	}
	e.Sound(t)
	// Twenty slips at once, and the clock beside them: one more renewal.
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "100.00", fmt.Sprintf("slip 2/%d", i)); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := e.RunDue(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c := e.Get(t, second.ID); c.PaidMonths != 2 {
		t.Errorf("%s is paid for %d months", second.ID, c.PaidMonths)
	}
	if a, err := e.Account(ctx, e.Finance, e.Southwind); err != nil || a.Balance.String() != "$1,360.00" {
		t.Errorf("%s left, %v", a.Balance, err)
	}
	e.Sound(t)
}

// TestAutoRenewOnTheInvoice: money that is there is spent first; then the monthly
// invoice takes the renewal, up to its limit; paying the invoice makes room for
// the next.
func TestAutoRenewOnTheInvoice(t *testing.T) {
	e, first, second := poor(t)
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Southwind, "1,000.00", "Framework contract"); err != nil {
		t.Fatal(err)
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "100.00", "slip 1"); err != nil {
		t.Fatal(err)
	}
	e.Clock.Set(fees.RenewAt(second.PaidThrough, 3))
	runDue(t, e)
	orders, err := e.OrdersOf(ctx, first.ID)
	if o := orders[len(orders)-1]; err != nil || o.Kind != store.KindRenewal || o.State != store.OrderPaid || o.Method != store.MethodInvoice {
		t.Fatalf("order %+v, %v", o, err)
	}
	if got := lastTold(t, e, e.OtherOwner, first.ID, "Resource fee renewed"); got != "Auto Renew put $720.00 for 1 month on the monthly invoice, because the account balance is lower. "+first.ID+" is paid until 20 Jan 2027." {
		t.Errorf("told %q", got)
	}
	if got := lastTold(t, e, e.OtherOwner, second.ID, "Auto Renew could not pay"); !strings.Contains(got, "The account balance is $100.00 and $720.00 is due.") || !strings.Contains(got, "Of the credit limit of $1,000.00, $280.00 is left and $720.00 is due.") {
		t.Errorf("told %q", got)
	}
	if c := e.Get(t, second.ID); c.PaidMonths != 1 || c.RenewFailedAt.IsZero() {
		t.Errorf("above the limit it was paid for %d months", c.PaidMonths)
	}
	e.Sound(t)
	// The invoice of December, paid on 4 January: room for the other one.
	e.Clock.Set(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	runDue(t, e)
	invoices, err := e.InvoicesOf(ctx, e.Southwind, 10)
	if err != nil || len(invoices) != 1 || invoices[0].Amount.String() != "$720.00" {
		t.Fatalf("%+v, %v", invoices, err)
	}
	e.Clock.Advance(80 * time.Hour)
	if err := e.RecordInvoicePayment(ctx, e.Finance, e.Southwind, invoices[0].No, "720.00", "slip 2"); err != nil {
		t.Fatal(err)
	}
	if c := e.Get(t, second.ID); c.PaidMonths != 2 || !c.RenewFailedAt.IsZero() {
		t.Errorf("after the payment: %d months, failed at %v", c.PaidMonths, c.RenewFailedAt)
	}
	if a, err := e.Account(ctx, e.Finance, e.Southwind); err != nil || a.Balance.String() != "$100.00" {
		t.Errorf("%s left, %v", a.Balance, err)
	}
	e.Sound(t)
	// More credit makes room as well.
	e.Clock.Set(fees.RenewAt(e.Get(t, first.ID).PaidThrough, 3))
	runDue(t, e)
	if c := e.Get(t, first.ID); c.PaidMonths != 2 || c.RenewFailedAt.IsZero() {
		t.Fatalf("without room it was paid for %d months", c.PaidMonths)
	}
	if err := e.SetInvoiceLimit(ctx, e.Finance, e.Southwind, "5,000.00", "They always paid"); err != nil {
		t.Fatal(err)
	}
	if c := e.Get(t, first.ID); c.PaidMonths != 3 {
		t.Errorf("with more credit: %d months", c.PaidMonths)
	}
	e.Sound(t)
}

// What every page says about fees is read once, and again as soon as something
// of the account was written or the moment up to which it looks is another.
func TestFeesNearAreReadWhenTheyMayDiffer(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.Enabled)
	soon := e.Now().AddDate(0, 2, 0)
	near := func(account string, until time.Time, statements int) []store.Connection {
		t.Helper()
		before := e.Reads()
		items, more, err := e.FeesNear(ctx, account, until)
		if n := e.Reads() - before; err != nil || more || n != statements {
			t.Fatalf("%d statements, want %d; more %t, %v", n, statements, more, err)
		}
		return items
	}
	if got := near(e.Northwind, soon, 1); len(got) != 1 || got[0].ID != c.ID {
		t.Fatalf("near are %+v, want %s", got, c.ID)
	}
	near(e.Northwind, soon, 0)
	if got := near(e.Southwind, soon, 1); len(got) != 0 {
		t.Errorf("another account reads %+v", got)
	}
	e.AtOf(t, e.OtherOwner, lifecycle.PendingPayment)
	near(e.Northwind, soon, 0) // nothing of it was written
	if got := near(e.Northwind, e.Now(), 1); len(got) != 0 {
		t.Errorf("up to now %+v are near", got)
	}
	near(e.Northwind, soon, 1)
	if err := e.SwitchAutoRenew(ctx, e.Owner, c.ID, 0, 1); err != nil {
		t.Fatal(err)
	}
	if got := near(e.Northwind, soon, 1); len(got) != 1 || got[0].AutoRenew != 1 {
		t.Errorf("after Auto Renew was switched on: %+v", got)
	}
}
