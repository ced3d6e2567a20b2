package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/money"
	"demarc/store/sheet"
	"demarc/views"
	"demarc/web/paths"
)

const (
	ledgerTitle  = "Ledger"
	journalTitle = "Journal"
	journalShown = 30
)

// ShowTrialBalance is how the books stand at the end of a day.
func (h *Handlers) ShowTrialBalance(c echo.Context) error {
	on := shortened(clean(c, "on", strings.TrimSpace(c.QueryParam("on")), false), queryLimit)
	return h.ledgerPage(c, http.StatusOK, views.LedgerBooks{On: on, Errors: map[string]string{}})
}

func (h *Handlers) ledgerPage(c echo.Context, status int, b views.LedgerBooks) error {
	ctx := c.Request().Context()
	b.Now = h.Store.Now()
	today := b.Now.Truncate(24 * time.Hour)
	b.Day = today
	if b.On == "" {
		b.On = today.Format(time.DateOnly)
	} else if day, err := time.Parse(time.DateOnly, b.On); err == nil {
		b.Day = day
	} else {
		b.Errors["on"], status = "Enter a day", http.StatusUnprocessableEntity
	}
	if b.From == "" && b.To == "" {
		// Last month is what an accountant asks for first.
		first := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, time.UTC)
		b.From, b.To = first.AddDate(0, -1, 0).Format(time.DateOnly), first.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	if check, ok := h.Store.BooksCheck(); ok {
		b.Checked, b.Problems, b.Count = check.At, check.Problems, check.Count
	}
	lines, totals, err := h.Store.TrialBalance(ctx, b.Day)
	if err != nil {
		return err
	}
	for _, total := range totals {
		t := views.TrialTable{Currency: total.Currency, Debit: total.Debit.String(), Credit: total.Credit.String(), Equal: total.Debit == total.Credit}
		for _, l := range lines {
			if l.Debit.Currency == total.Currency {
				t.Rows = append(t.Rows, views.TrialRow{Number: l.Number, Name: l.Name, Class: string(l.Class), Debits: unlessZero(l.Debits), Credits: unlessZero(l.Credits), Debit: unlessZero(l.Debit), Credit: unlessZero(l.Credit)})
			}
		}
		b.Tables = append(b.Tables, t)
	}
	p := h.page(c, ledgerTitle, moneyCrumb)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.LedgerPage(p, b))
}

func unlessZero(a money.Amount) string {
	if a.IsZero() {
		return ""
	}
	return a.String()
}

// ListJournal lists ledger transactions, newest first.
func (h *Handlers) ListJournal(c echo.Context) error {
	ctx := c.Request().Context()
	after := shortened(clean(c, "after", c.QueryParam("after"), false), 2*queryLimit)
	page, err := h.Store.Journal(ctx, after, journalShown)
	if after != "" && (store.KindOf(err) == store.Invalid || (err == nil && len(page.Items) == 0)) {
		after = "" // a cursor nobody gave out shows the first page
		page, err = h.Store.Journal(ctx, after, journalShown)
	}
	if err != nil {
		return err
	}
	var l views.JournalList
	for _, t := range page.Items {
		row := views.JournalRow{ID: t.ID, What: views.LedgerWords(t.Kind), AccountID: t.AccountID, Account: t.AccountName, OrderNo: t.OrderNo, Reference: t.Reference, At: t.At}
		for _, e := range t.Entries {
			entry := views.JournalEntry{Book: views.BookWords(e.Book)}
			if e.Amount.IsNegative() {
				entry.Credit = e.Amount.Neg().String()
			} else {
				entry.Debit = e.Amount.String()
			}
			row.Entries = append(row.Entries, entry)
		}
		l.Rows = append(l.Rows, row)
	}
	if after != "" {
		l.Pages.First = paths.AdminJournal
	}
	if page.Next != "" {
		l.Pages.Next = paths.With(paths.AdminJournal, "after", page.Next)
	}
	if n := len(l.Rows); n == 1 {
		l.Pages.Summary = "1 transaction"
	} else {
		l.Pages.Summary = thousands(n) + " transactions"
	}
	return h.render(c, http.StatusOK, views.JournalPage(h.page(c, journalTitle, moneyCrumb, views.Crumb{Label: ledgerTitle, Href: paths.AdminLedger}), l))
}

// ledgerHead is the first line of the export. Columns are only ever added at
// the end: somebody's accounting imports them by position.
var ledgerHead = []string{"date", "time_utc", "transaction", "kind", "book_number", "book_name", "customer_id", "customer", "debit", "credit", "currency", "order", "reference", "book"}

// ExportLedger streams every entry of a period as CSV, without holding more
// than a few of them.
func (h *Handlers) ExportLedger(c echo.Context) error {
	ctx := c.Request().Context()
	b := views.LedgerBooks{From: c.QueryParam("from"), To: c.QueryParam("to"), Errors: map[string]string{}}
	from, err := time.Parse(time.DateOnly, b.From)
	if err != nil {
		b.Errors["from"] = "Enter the first day"
	}
	to, err := time.Parse(time.DateOnly, b.To)
	if err != nil {
		b.Errors["to"] = "Enter the last day"
	} else if len(b.Errors) == 0 && to.Before(from) {
		b.Errors["to"] = "Enter a day that is not before the first day"
	}
	if len(b.Errors) > 0 {
		return h.ledgerPage(c, http.StatusUnprocessableEntity, b)
	}
	return h.sendRows(c, "ledger-"+b.From+"-to-"+b.To, ledgerHead, func(row func(...string) error) error {
		return h.Store.EachLedgerEntry(ctx, from, to.AddDate(0, 0, 1), func(e store.LedgerEntry) error {
			debit, credit := "", ""
			if e.Amount.IsNegative() {
				credit = e.Amount.Neg().Decimal()
			} else {
				debit = e.Amount.Decimal()
			}
			return row(e.At.UTC().Format(time.DateOnly), e.At.UTC().Format("15:04:05"), e.ID, e.Kind, e.Book.Number, e.Book.Name, e.AccountID, sheet.Text(e.AccountName),
				debit, credit, e.Amount.Currency, e.OrderNo, sheet.Text(e.Reference), string(e.Book.Book))
		})
	})
}
