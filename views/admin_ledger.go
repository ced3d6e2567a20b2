package views

import (
	"strconv"
	"time"

	"demarc/store/chart"
	"demarc/views/ui"
	"demarc/web/paths"
)

// TrialRow is one line of the trial balance; amounts that are nothing are "".
type TrialRow struct {
	Number, Name, Class string
	Debits, Credits     string // everything posted
	Debit, Credit       string // the balance
}

// TrialTable is the trial balance of one currency.
type TrialTable struct {
	Currency      string
	Rows          []TrialRow
	Debit, Credit string
	Equal         bool
}

// LedgerBooks is the page Ledger: how the books stand on a day, whether they are
// in order, and the export.
type LedgerBooks struct {
	On       string // the day, 2026-11-20
	Day      time.Time
	Tables   []TrialTable
	Checked  time.Time // the last reconciliation; zero when it did not run yet
	Problems []string
	Count    int // of problems, which may be more than are listed
	Now      time.Time
	// The export's period, as typed.
	From, To string
	Errors   map[string]string
}

func (b LedgerBooks) summary() []ui.FieldError { return ui.ErrorList(b.Errors, "on", "from", "to") }

func trialColumns() []ui.Column {
	return []ui.Column{{Label: "Account"}, {Label: "Class"}, {Label: "Debited", Class: "num"}, {Label: "Credited", Class: "num"}, {Label: "Debit balance", Class: "num"}, {Label: "Credit balance", Class: "num"}}
}

func (t TrialTable) headID() string { return "trial-" + t.Currency }

func (b LedgerBooks) more() string {
	if n := b.Count - len(b.Problems); n > 0 {
		return "And " + strconv.Itoa(n) + " more. Run demarc check for all of them."
	}
	return ""
}

// LedgerWords is what a kind of ledger transaction is called.
func LedgerWords(kind string) string {
	switch kind {
	case "transfer":
		return "Incoming transfer"
	case "installation_fee":
		return "Initial installation fee"
	case "resource_fee":
		return "Resource fee"
	case "renewal":
		return "Resource fee, renewal"
	case "refund":
		return "Refund"
	case "credit":
		return "Credit"
	case "card_payment":
		return "Card payment"
	case "card_refund":
		return "Refund to a card"
	case "invoice":
		return "Invoice"
	case "invoice_payment":
		return "Payment of an invoice"
	}
	return kind
}

// JournalRow is one ledger transaction with its entries.
type JournalRow struct {
	ID, What, AccountID, Account, OrderNo, Reference string
	At                                               time.Time
	Entries                                          []JournalEntry
}

// JournalEntry is one entry: an amount on one side.
type JournalEntry struct{ Book, Debit, Credit string }

// BookWords name a book with its number.
func BookWords(a chart.Account) string {
	if a.Number == "" {
		return a.Name
	}
	return a.Number + " " + a.Name
}

// JournalList is the page Journal.
type JournalList struct {
	Rows  []JournalRow
	Pages ui.Pages
}

func (r JournalRow) account() string { return paths.AdminAccount(r.AccountID) }
