package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"demarc/store/chart"
	"demarc/store/money"
)

// TrialLine is one line of a trial balance: what was debited and credited to a
// book, or to the books of all customers together, up to the end of a day, and
// the balance on the side where it stands.
type TrialLine struct {
	chart.Account
	Debits, Credits money.Amount // all of them
	Debit, Credit   money.Amount // the balance: one of the two is zero
}

// TrialTotal sums a currency's lines. Sound books have equal sides.
type TrialTotal struct {
	Currency      string
	Debit, Credit money.Amount
}

// TrialBalance is the trial balance at the end of a day (UTC), by currency and
// number. It reads one row a book and day, not the ledger.
func (s *Store) TrialBalance(ctx context.Context, day time.Time) (lines []TrialLine, totals []TrialTotal, err error) {
	lines, err = list(ctx, s, func(r scanner) (TrialLine, error) {
		var l TrialLine
		var group chart.Book
		var currency string
		var debits, credits int64
		if err := r.Scan(&group, &currency, &debits, &credits); err != nil {
			return l, err
		}
		l.Account = chart.OfGroup(group)
		l.Debits, l.Credits = money.Amount{Minor: debits, Currency: currency}, money.Amount{Minor: credits, Currency: currency}
		l.Debit, l.Credit = money.Amount{Currency: currency}, money.Amount{Currency: currency}
		if d := debits - credits; d > 0 {
			l.Debit.Minor = d
		} else {
			l.Credit.Minor = -d
		}
		return l, nil
	}, "SELECT book_group, currency, SUM(debit), SUM(credit) FROM ledger_days WHERE day <= ? GROUP BY book_group, currency", day.UTC().Format(time.DateOnly))
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(lines, func(x, y TrialLine) int {
		return cmp.Or(cmp.Compare(x.Debit.Currency, y.Debit.Currency), cmp.Compare(x.Number, y.Number), cmp.Compare(x.Book, y.Book))
	})
	for _, l := range lines {
		if len(totals) == 0 || totals[len(totals)-1].Currency != l.Debit.Currency {
			totals = append(totals, TrialTotal{Currency: l.Debit.Currency, Debit: money.Amount{Currency: l.Debit.Currency}, Credit: money.Amount{Currency: l.Debit.Currency}})
		}
		sum := &totals[len(totals)-1]
		if sum.Debit, err = sum.Debit.Add(l.Debit); err != nil {
			return nil, nil, err
		}
		if sum.Credit, err = sum.Credit.Add(l.Credit); err != nil {
			return nil, nil, err
		}
	}
	return lines, totals, nil
}

// LedgerEntry is one entry with its transaction, as the export writes it.
type LedgerEntry struct {
	LedgerTransaction
	Seq    int
	Book   chart.Account
	Amount money.Amount // debits are positive
}

// LedgerTransaction is the head of a ledger transaction.
type LedgerTransaction struct {
	ID, Kind, AccountID, AccountName, OrderNo, Reference string
	At                                                   time.Time
}

// ledgerPeriod pins the order of the join: transactions by time, then their
// entries. A planner that begins at the entries would sort the ledger.
const ledgerPeriod = `SELECT t.id, t.at, t.kind, t.account_id, a.name, t.order_no, t.reference, e.seq, e.book, e.amount, e.currency
	FROM ledger_transactions t CROSS JOIN ledger_entries e CROSS JOIN accounts a
	WHERE e.transaction_id = t.id AND a.id = t.account_id AND t.at >= ? AND t.at < ? ORDER BY t.at, t.id`

func scanLedgerEntry(r scanner) (LedgerEntry, error) {
	var e LedgerEntry
	var when instant
	var book chart.Book
	err := r.Scan(&e.ID, &when, &e.Kind, &e.AccountID, &e.AccountName, &e.OrderNo, &e.Reference, &e.Seq, &book, &e.Amount.Minor, &e.Amount.Currency)
	e.At = when.Time
	e.Book, _ = chart.Of(book)
	return e, err
}

// EachLedgerEntry calls f with every entry from one instant to before another,
// in the order of posting, and never holds more than one transaction of them. An
// error of f ends it.
func (s *Store) EachLedgerEntry(ctx context.Context, from, to time.Time, f func(LedgerEntry) error) error {
	st, err := s.prepared(ctx, ledgerPeriod)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, at(from).text(), at(to).text())
	if err != nil {
		return err
	}
	defer rows.Close()
	var held []LedgerEntry // of one transaction
	flush := func() error {
		slices.SortFunc(held, func(x, y LedgerEntry) int { return cmp.Compare(x.Seq, y.Seq) })
		for _, e := range held {
			if err := f(e); err != nil {
				return err
			}
		}
		held = held[:0]
		return nil
	}
	for rows.Next() {
		e, err := scanLedgerEntry(rows)
		if err != nil {
			return err
		}
		if len(held) > 0 && held[0].ID != e.ID {
			if err := flush(); err != nil {
				return err
			}
		}
		held = append(held, e)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return flush()
}

// JournalPage is one page of the journal.
type JournalPage struct {
	Items []JournalItem
	Next  string // cursor of the next page, "" on the last
}

// JournalItem is a ledger transaction with its entries.
type JournalItem struct {
	LedgerTransaction
	Entries []LedgerEntry
}

// Journal lists ledger transactions with their entries, newest first, from the
// cursor on. Kinds: Invalid for a broken cursor.
func (s *Store) Journal(ctx context.Context, after string, limit int) (JournalPage, error) {
	cond, args := "", []any{}
	if after != "" {
		when, id, err := timeCursor(after)
		if err != nil {
			return JournalPage{}, err
		}
		cond, args = " WHERE at <= ? AND (at < ? OR id < ?)", []any{when, when, id}
	}
	// The heads first, so that the limit counts transactions and not entries.
	rows, err := list(ctx, s, scanLedgerEntry, `SELECT chosen.id, chosen.at, chosen.kind, chosen.account_id, a.name, chosen.order_no, chosen.reference, e.seq, e.book, e.amount, e.currency
		FROM (SELECT id, at, kind, account_id, order_no, reference FROM ledger_transactions`+cond+` ORDER BY at DESC, id DESC LIMIT ?) chosen
		CROSS JOIN ledger_entries e CROSS JOIN accounts a WHERE e.transaction_id = chosen.id AND a.id = chosen.account_id`, append(args, limit+1)...)
	if err != nil {
		return JournalPage{}, err
	}
	slices.SortFunc(rows, func(x, y LedgerEntry) int {
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(y.ID, x.ID), cmp.Compare(x.Seq, y.Seq))
	})
	var page JournalPage
	for _, e := range rows {
		if n := len(page.Items); n == 0 || page.Items[n-1].ID != e.ID {
			page.Items = append(page.Items, JournalItem{LedgerTransaction: e.LedgerTransaction})
		}
		last := &page.Items[len(page.Items)-1]
		last.Entries = append(last.Entries, e)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		last := page.Items[limit-1]
		page.Next = at(last.At).text() + "~" + last.ID
	}
	return page, nil
}

// The movements of an account's balance, in the order of posting: CROSS JOIN keeps
// a planner from starting at the transactions, which would sort them.
const statementQuery = `SELECT l.id, l.at, l.kind, l.order_no, l.reference, -e.amount, -e.book_total, e.currency
	FROM ledger_entries e CROSS JOIN ledger_transactions l WHERE l.id = e.transaction_id AND e.book = ? AND e.transaction_id < ? ORDER BY e.transaction_id DESC LIMIT ?`

func scanLedgerLine(r scanner) (v LedgerLine, err error) {
	var when instant
	err = r.Scan(&v.ID, &when, &v.Kind, &v.OrderNo, &v.Reference, &v.Amount.Minor, &v.Balance.Minor, &v.Amount.Currency)
	v.At, v.Balance.Currency = when.Time, v.Amount.Currency
	return v, err
}

// statement lists at most limit movements of an account's balance, the newest
// first, of those that were posted before a transaction; "" for all.
func (s *Store) statement(ctx context.Context, account, before string, limit int) ([]LedgerLine, error) {
	if before == "" {
		before = ledgerPrefix + "~" // behind every number
	}
	return list(ctx, s, scanLedgerLine, statementQuery, chart.Balance(account), before, limit)
}

// StatementPage lists the movements of an account's balance, newest first, from
// the cursor on; next continues after the last one. Kinds: NotFound, Invalid
// for a broken cursor.
func (s *Store) StatementPage(ctx context.Context, by Actor, account, after string, limit int) (items []LedgerLine, next string, err error) {
	if _, err := s.Account(ctx, by, account); err != nil {
		return nil, "", err
	}
	if n, ok := strings.CutPrefix(after, ledgerPrefix); after != "" && (!ok || strings.Trim(n, "0123456789") != "") {
		return nil, "", invalid("after", brokenCursor)
	}
	items, err = s.statement(ctx, account, after, limit+1)
	if err == nil && len(items) > limit {
		items, next = items[:limit], items[limit-1].ID
	}
	return items, next, err
}

// statementBatch is how many lines of a statement an export holds.
const statementBatch = 200

// EachStatementLine calls f for every movement of an account's balance, newest
// first, without holding them all: what an export streams. What is posted while
// they are read is above the first line, and no part of it. Kinds: NotFound.
func (s *Store) EachStatementLine(ctx context.Context, by Actor, account string, f func(LedgerLine) error) error {
	if _, err := s.Account(ctx, by, account); err != nil {
		return err
	}
	for before := ""; ; {
		lines, err := s.statement(ctx, account, before, statementBatch)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := f(l); err != nil {
				return err
			}
		}
		if len(lines) < statementBatch {
			return nil
		}
		before = lines[len(lines)-1].ID
	}
}
