package handlers

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/fees"
	"demarc/store/money"
	"demarc/store/pricing"
	"demarc/store/sheet"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// What the Billing page shows at once.
const (
	billingDueRows    = 20
	billingLines      = 10
	billingOrderRows  = 5
	billingPapers     = 5
	billingChartLimit = 2000 // interfaces that the chart counts
	billingWeeks      = (fees.HorizonDays + 6) / 7
)

// ShowBilling is the customer's Billing page. The query parameter due turns the
// list of what falls due, after turns the statement.
func (h *Handlers) ShowBilling(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	account, err := h.Store.Account(ctx, by, by.AccountID)
	if err != nil {
		return err
	}
	b := views.Billing{Balance: account.Balance.String(), Now: h.Store.Now()}
	horizon := b.Now.AddDate(0, 0, fees.HorizonDays)

	dueAfter := shortened(c.QueryParam("due"), 2*queryLimit)
	due, next, err := h.Store.FeesDue(ctx, account.ID, horizon, dueAfter, billingDueRows)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		dueAfter = ""
		due, next, err = h.Store.FeesDue(ctx, account.ID, horizon, "", billingDueRows)
	}
	if err != nil {
		return err
	}
	all := due
	if dueAfter != "" || next != "" {
		if all, _, err = h.Store.FeesDue(ctx, account.ID, horizon, "", billingChartLimit); err != nil {
			return err
		}
	}
	if b.Chart, err = h.dueChart(all, account.Balance.Currency, b.Now); err != nil {
		return err
	}
	for _, conn := range due {
		months, amount, err := h.nextFee(conn)
		if err != nil {
			return err
		}
		row := views.FeeDue{Interface: h.readBy(c, conn), Amount: amount.String(), Period: pricing.PeriodLabel(months)}
		b.Due = append(b.Due, row)
	}
	if dueAfter != "" {
		b.DuePages.First = paths.Billing
	}
	if next != "" {
		b.DuePages.Next = paths.With(paths.Billing, "due", next)
	}

	after := shortened(c.QueryParam("after"), 2*queryLimit)
	lines, more, err := h.Store.StatementPage(ctx, by, account.ID, after, billingLines)
	if store.KindOf(err) == store.Invalid {
		after = ""
		lines, more, err = h.Store.StatementPage(ctx, by, account.ID, "", billingLines)
	}
	if err != nil {
		return err
	}
	b.Statement, b.Pages = statementView(lines, paths.Order, paths.Invoice), keysetPages(paths.Billing, after, more)
	if n := len(lines); n == 1 {
		b.Pages.Summary = "1 movement"
	} else {
		b.Pages.Summary = thousands(n) + " movements"
	}

	if b.Invoices, _, err = h.invoicesOf(ctx, account.ID, paths.Invoice); err != nil {
		return err
	}
	if !b.Invoices.Allowed && len(b.Invoices.Rows) == 0 {
		b.Invoices = nil
	}

	page, err := h.Store.Orders(ctx, account.ID, "", billingOrderRows)
	if err != nil {
		return err
	}
	if b.Orders, err = h.orderRows(c, account.ID, page.Items); err != nil {
		return err
	}
	papers, err := h.Store.Documents(ctx, account.ID, billingPapers)
	if err != nil {
		return err
	}
	for _, d := range papers {
		b.Documents = append(b.Documents, views.DocumentRow{No: d.No, Kind: d.Series.Title(), Amount: d.Amount.String(), OrderNo: d.OrderNo, IssuedAt: d.IssuedAt, Href: paths.Document(d.No)})
	}
	return h.render(c, http.StatusOK, views.BillingPage(h.page(c, "Billing", views.Crumb{Label: "Expenses"}), b))
}

// nextFee is what the next period of an interface costs by the price list in
// force: the period of Auto Renew, or the shortest one.
func (h *Handlers) nextFee(c store.Connection) (months int, amount money.Amount, err error) {
	months = max(c.AutoRenew, pricing.Periods()[0])
	quote, err := h.Store.Quote(c.Region, c.Spec)
	if err != nil {
		return months, amount, err
	}
	amount, err = pricing.Total(quote.Monthly, months)
	return months, amount, err
}

// dueChart sums what falls due by week from today's midnight UTC; the first bar
// is what is overdue.
func (h *Handlers) dueChart(items []store.Connection, currency string, now time.Time) (views.DueChart, error) {
	today := now.UTC().Truncate(24 * time.Hour)
	sums := make([]money.Amount, 1+billingWeeks)
	for i := range sums {
		sums[i].Currency = currency
	}
	for _, c := range items {
		_, amount, err := h.nextFee(c)
		if err != nil {
			return views.DueChart{}, err
		}
		i := 0
		if c.PaidThrough.After(now) {
			i = min(1+int(max(c.PaidThrough.Sub(today), 0)/(7*24*time.Hour)), billingWeeks)
		}
		if sums[i], err = sums[i].Add(amount); err != nil {
			return views.DueChart{}, err
		}
	}
	var chart views.DueChart
	for i, sum := range sums {
		bar := views.DueBar{Minor: sum.Minor, Amount: sum.String(), Overdue: i == 0}
		if i > 0 {
			bar.From = today.AddDate(0, 0, 7*(i-1))
		}
		chart.Bars = append(chart.Bars, bar)
	}
	return chart, nil
}

// statementView is the lines of a statement in words. order and invoice build the
// links to an order and to an invoice; nil leaves them out.
func statementView(lines []store.LedgerLine, order, invoice func(string) string) []views.StatementRow {
	var out []views.StatementRow
	for _, l := range lines {
		row := views.StatementRow{At: l.At, What: views.LedgerWords(l.Kind), Reference: l.Reference, Amount: l.Amount.String(), Balance: l.Balance.String()}
		if l.OrderNo != "" {
			row.Reference, row.Reason = l.OrderNo, l.Reference
			if order != nil {
				row.Href = order(l.OrderNo)
			}
		} else if l.Kind == "credit" {
			row.Reference, row.Reason = "", l.Reference
		} else if no := l.InvoiceNo(); no != "" && invoice != nil {
			row.Href = invoice(no)
		} else if no == "" && l.Kind == "invoice_payment" {
			row.Reason = "What came above the invoice"
		}
		if l.Amount.Minor > 0 {
			row.Amount = "+" + row.Amount
		}
		out = append(out, row)
	}
	return out
}

// statementHead names the columns of the statement as a file.
var statementHead = []string{"Time (UTC)", "Transaction", "What", "Order", "Reference", "Amount", "Balance", "Currency"}

// ExportStatement sends the statement as CSV, newest first, row by row.
func (h *Handlers) ExportStatement(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	return h.sendRows(c, "account-statement-"+h.today(), statementHead, func(row func(...string) error) error {
		return h.Store.EachStatementLine(ctx, by, by.AccountID, func(l store.LedgerLine) error {
			return row(stampUTC(l.At), l.ID, views.LedgerWords(l.Kind), l.OrderNo, sheet.Text(l.Reference), l.Amount.Decimal(), l.Balance.Decimal(), l.Amount.Currency)
		})
	})
}

// feeAlert is the sentence about the account's resource fees that stands on
// every page; nil when nothing needs anybody. What Auto Renew will pay needs
// nobody.
func (h *Handlers) feeAlert(ctx context.Context, c echo.Context, account string) (*views.FeeAlert, error) {
	if path := c.Request().URL.Path; path == paths.Billing || reqctx.IsPartial(c.Request()) {
		return nil, nil
	}
	now := h.Store.Now()
	items, further, err := h.Store.FeesNear(ctx, account, now.Truncate(reqctx.Quarter).AddDate(0, 0, fees.ReminderDays()[0]))
	if err != nil {
		return nil, err
	}
	for i := range items {
		h.clocks(ctx, &items[i])
	}
	var first *store.Connection
	n := 0
	for i, item := range items {
		if h.Store.Standing(&items[i]) < fees.DueSoon || (item.AutoRenew > 0 && item.RenewFailedAt.IsZero() && item.PaidThrough.After(now)) {
			continue
		}
		if n++; first == nil {
			first = &items[i]
		}
	}
	if first == nil {
		return nil, nil
	}
	if n == 1 && strings.HasPrefix(c.Request().URL.Path, paths.Interface(first.ID)) {
		return nil, nil // the page itself says so
	}
	day := ui.FormatDay(first.PaidThrough, h.Store.Catalogue().Zone(first.Region))
	a := &views.FeeAlert{Tone: ui.ToneWarn, LinkText: "Renew", Href: paths.Renewal(first.ID)}
	name := first.Title()
	switch s := h.Store.Standing(first); {
	case s.IsLocked():
		a.Tone, a.Text = ui.ToneBad, name+" is FinancialLocked: its resource fee was paid until "+day+"."
	case s.Late():
		a.Tone, a.Text = ui.ToneBad, "The resource fee of "+name+" is overdue since "+day+"."
	default:
		a.Text = "The resource fee of " + name + " is paid until " + day + "."
	}
	if n > 1 {
		more := thousands(n - 1)
		if further {
			more = "More than " + more
		}
		if n == 2 && !further {
			a.Text += " 1 other interface needs its fee too."
		} else {
			a.Text += " " + more + " other interfaces need theirs too."
		}
		a.LinkText, a.Href = "Billing", paths.Billing
	}
	return a, nil
}
