package e2e

import (
	"context"
	"net/http"
	"testing"

	"demarc/store"
	"demarc/web/paths"
)

// demoInvoices are the numbers of Northwind's invoices: the newest, of which
// nothing is paid; the one before, paid in part and overdue as a rule; and the
// oldest, which is paid.
func demoInvoices(t *testing.T, p *Program) (open, part, paid store.Invoice) {
	t.Helper()
	p.quietly(func() {
		db := openData(t, p)
		defer db.Close()
		all := must1(db.InvoicesOf(context.Background(), ownerOf(t, db, northwind).AccountID, 12))(t)
		if len(all) < 3 {
			t.Fatalf("the demo has %d invoices", len(all))
		}
		open, part, paid = all[0], all[1], all[len(all)-1]
	})
	return open, part, paid
}

func init() {
	moreVisits = append(moreVisits, func(s *site) map[string][]visit {
		open, part, paid := demoInvoices(s.t.(*testing.T), s.Program)
		page := paths.Invoice(part.No)
		return map[string][]visit{
			`paths.Invoice(":no")`: {{who: northwind, path: paths.Invoice(open.No), state: "open"}, {who: northwind, path: page, state: "paid in part"}, {who: northwind, path: paths.Invoice(paid.No), state: "paid"},
				{who: "viewer@northwind.example", path: page, state: "to look at"}, {who: southwind, path: page, state: "of another account", status: http.StatusNotFound}},
		}
	})
}

// A customer pays a part of an invoice and then, with a double click, all that is
// open; a page of before is refused with how it stands now. With scripts and
// without.
func TestPayAnInvoiceInTheBrowser(t *testing.T) {
	t.Parallel()
	p := startDemo(t)
	open, part, _ := demoInvoices(t, p)
	for name, c := range map[string]struct {
		prepare func(*Page)
		invoice store.Invoice
	}{"script": {func(*Page) {}, open}, "no script": {(*Page).NoScript, part}} {
		t.Run(name, func(t *testing.T) {
			no, left := c.invoice.No, c.invoice.Open()
			left.Minor -= 100_50
			tab, old := signIn(t, p, northwind), signIn(t, p, "finance@northwind.example")
			c.prepare(tab)
			c.prepare(old)
			tab.Goto(paths.Billing)
			tab.ClickIn(no, "Pay for invoice "+no)
			tab.SeeHeading("Invoice " + no)
			old.Goto(paths.Invoice(no))
			tab.Fill("Amount", "lots")
			tab.Click("Pay from the balance")
			tab.See("Enter an amount such as 20,000.00")
			if got := tab.Value("Amount"); got != "lots" {
				t.Errorf("the amount is %q", got)
			}
			tab.refusals()
			tab.AccessibleInBothThemes("invoice, refused")
			tab.Fill("Amount", "100.50")
			tab.DoubleClick("Pay from the balance")
			tab.See("The payment is received. " + left.String() + " of invoice " + no + " is still open.")
			tab.AccessibleInBothThemes("invoice, paid in part")

			old.Click("Pay from the balance")
			old.See(left.String() + " is open now. Nothing was charged.")
			old.refusals()
			old.AccessibleInBothThemes("invoice, changed meanwhile")
			old.Fill("Amount", left.Decimal())
			old.DoubleClick("Pay from the balance")
			old.See("Invoice " + no + " is paid.")
			old.SeeURL("^" + paths.Invoice(no) + "$")

			tab.Click("Pay from the balance")
			tab.See("Invoice " + no + " is paid since")
			tab.NotSee("Pay from the balance")
			tab.refusals()
			tab.Goto(paths.Billing)
			tab.SeeIn(no, "Paid")
			for _, page := range []*Page{tab, old} {
				if got := page.ConsoleErrors(); len(got) > 0 {
					t.Errorf("console: %q", got)
				}
			}
			p.quietly(func() {
				db := openData(t, p)
				defer db.Close()
				ctx := context.Background()
				i := must1(db.Invoice(ctx, c.invoice.AccountID, no))(t)
				payments := must1(db.InvoicePayments(ctx, []store.Invoice{i}))(t)
				earlier := 0 // the demo's own part
				if !c.invoice.Received.IsZero() {
					earlier = 1
				}
				if n := len(payments) - earlier; i.PaidAt.IsZero() || n != 2 || payments[earlier].Amount.Minor != 100_50 || payments[earlier+1].Amount != left {
					t.Errorf("two double clicks on %+v: %+v", i, payments)
				}
				if problems, err := db.CheckLedger(ctx); err != nil || len(problems) > 0 {
					t.Errorf("ledger: %v, %v", problems, err)
				}
			})
		})
	}
}
