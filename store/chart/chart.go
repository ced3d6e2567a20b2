// Package chart is the chart of accounts: the books that the ledger posts to,
// with the numbers, names and classes that an accountant expects.
//
// A book that exists once per customer is the base name, a colon and the
// account's ID. Debits are positive everywhere: an asset or an expense that
// grows is debited, a liability or revenue that grows is credited.
package chart

import "strings"

// Book is the name of a book in the ledger.
type Book string

// The books that exist once.
const (
	// Bank is the operator's bank account: what transfers arrive on.
	Bank Book = "cash"
	// Card is what the card gateway has taken and not paid out yet.
	Card Book = "card"
	// Unapplied is what cards paid for orders that could not take it: it goes
	// back to the cards.
	Unapplied Book = "unapplied"
	// Installation is revenue from initial installation fees.
	Installation Book = "revenue:installation"
	// Resource is revenue from resource fees, first ones and renewals.
	Resource Book = "revenue:resource"
	// Credits is what was given away: goodwill, and credits for late work.
	Credits Book = "expense:credits"
)

const (
	balance    = "balance:"
	receivable = "receivable:"
)

// Balance is what the operator owes to an account: prepaid money.
func Balance(account string) Book { return Book(balance + account) }

// Receivable is what an account owes on invoices.
func Receivable(account string) Book { return Book(receivable + account) }

// Class is the kind of a book in the balance sheet or the income statement.
type Class string

// The classes.
const (
	Asset     Class = "Asset"
	Liability Class = "Liability"
	Revenue   Class = "Revenue"
	Expense   Class = "Expense"
)

// DebitIsNatural reports whether a book of this class is expected to hold
// debits.
func (c Class) DebitIsNatural() bool { return c == Asset || c == Expense }

// Account describes one book.
type Account struct {
	Book     Book
	Number   string // "2000": the number of the group for a book per customer
	Name     string
	Class    Class
	Customer string // the account's ID, for a book that exists once per customer
}

// all lists the books, and the groups of books per customer by their prefix,
// by number.
var all = []Account{
	{Bank, "1000", "Bank", Asset, ""},
	{Card, "1050", "Card payments in clearing", Asset, ""},
	{receivable, "1100", "Accounts receivable", Asset, ""},
	{balance, "2000", "Customer balances", Liability, ""},
	{Unapplied, "2100", "Card payments to give back", Liability, ""},
	{Installation, "4000", "Installation fees", Revenue, ""},
	{Resource, "4100", "Resource fees", Revenue, ""},
	{Credits, "5000", "Credits to customers", Expense, ""},
}

// Of describes a book; ok is false for a name that is not in the chart.
func Of(b Book) (a Account, ok bool) {
	for _, a := range all {
		if a.Book == b && !strings.HasSuffix(string(a.Book), ":") {
			return a, true
		}
		if prefix := string(a.Book); strings.HasSuffix(prefix, ":") && len(b) > len(prefix) && strings.HasPrefix(string(b), prefix) {
			a.Book, a.Customer = b, string(b)[len(prefix):]
			return a, true
		}
	}
	return Account{Book: b}, false
}

// OfGroup describes a book, or the books of all customers together by the
// prefix that they share ("balance:").
func OfGroup(b Book) Account {
	for _, a := range all {
		if a.Book == b {
			return a
		}
	}
	return Account{Book: b, Name: string(b)}
}

// Groups lists the chart by number, books per customer as one line each.
func Groups() []Account { return append([]Account(nil), all...) }
