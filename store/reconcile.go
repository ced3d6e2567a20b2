package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"demarc/store/chart"
	"demarc/store/lifecycle"
)

// LedgerProblem is a broken promise of the books, in words for people.
type LedgerProblem struct{ What string }

// ledgerChecks are statements that find nothing in sound books. Each reads one
// snapshot, so a payment that happens meanwhile is no problem. The schema
// refuses most of this; a check that only trusts what it checks is none.
var ledgerChecks = []struct{ what, query string }{
	{"all entries do not sum to zero, in", "SELECT currency FROM ledger_entries GROUP BY currency HAVING SUM(amount) <> 0"},
	{"transaction does not balance", "SELECT transaction_id FROM ledger_entries GROUP BY transaction_id HAVING SUM(amount) <> 0 OR COUNT(*) < 2 OR MIN(currency) <> MAX(currency)"},
	{"transaction differs from its entries", `SELECT t.id FROM ledger_transactions t WHERE t.entries <>
		(SELECT json_group_array(json_object('book', e.book, 'amount', e.amount)) FROM (SELECT book, amount FROM ledger_entries e WHERE e.transaction_id = t.id AND e.currency = t.currency ORDER BY seq) e)`},
	{"entries of no transaction", "SELECT DISTINCT e.transaction_id FROM ledger_entries e WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.id = e.transaction_id)"},
	{"daily sums differ from the entries, of book", `SELECT d.book_group FROM ledger_days d WHERE d.book_group NOT IN ('balance:', 'receivable:') GROUP BY d.book_group, d.currency
		HAVING SUM(d.debit) - SUM(d.credit) IS NOT (SELECT SUM(e.amount) FROM ledger_entries e WHERE e.book = d.book_group AND e.currency = d.currency)`},
	{"daily sums differ from the entries, of all customers'", `SELECT g.p FROM (SELECT 'balance:' AS p UNION ALL SELECT 'receivable:') g
		WHERE (SELECT COALESCE(SUM(d.debit) - SUM(d.credit), 0) FROM ledger_days d WHERE d.book_group = g.p) <> (SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.book >= g.p AND e.book < substr(g.p, 1, length(g.p) - 1) || ';')`},
	{"balance differs from its entries", `SELECT a.id FROM accounts a WHERE a.balance_minor < 0 OR a.balance_minor <> -(SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.book = 'balance:' || a.id)`},
	{"running total differs from the entries, of book", `SELECT DISTINCT book FROM (SELECT book, book_total, CASE WHEN substr(book, 1, 8) = 'balance:' OR substr(book, 1, 11) = 'receivable:' THEN SUM(amount) OVER (PARTITION BY book ORDER BY transaction_id) END AS total
		FROM ledger_entries) WHERE book_total IS NOT total`},
	{"balance in another currency than its account", `SELECT a.id FROM accounts a WHERE EXISTS (SELECT 1 FROM ledger_entries e WHERE e.book = 'balance:' || a.id AND e.currency <> a.currency)`},
	{"order differs from the sum of its lines", "SELECT o.no FROM orders o WHERE o.amount IS NOT (SELECT SUM(l.amount) FROM order_lines l WHERE l.order_no = o.no)"},
	{"paid order has no posting of its amount", `SELECT o.no FROM orders o WHERE o.state IN ('paid', 'refunded') AND EXISTS (SELECT 1 FROM order_lines l WHERE l.order_no = o.no AND l.amount <> 0)
		AND NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.idem_key = 'pay:' || o.no AND t.order_no = o.no AND t.account_id = o.account_id AND t.currency = o.currency
			AND (SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.transaction_id = t.id AND e.book NOT IN ('expense:credits', 'revenue:installation', 'revenue:resource')) = o.amount
			AND (SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.transaction_id = t.id AND e.book IN ('revenue:installation', 'revenue:resource')) = -(SELECT COALESCE(SUM(l.amount), 0) FROM order_lines l WHERE l.order_no = o.no AND l.amount > 0))`},
	{"posting without a paid order", `SELECT t.id FROM ledger_transactions t WHERE t.kind IN ('installation_fee', 'resource_fee', 'renewal') AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.no = t.order_no AND o.state IN ('paid', 'refunded') AND t.idem_key = 'pay:' || o.no)`},
	{"order differs from its refunds", `SELECT o.no FROM orders o WHERE o.refunded <> (SELECT COALESCE(SUM(e.amount), 0) FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id AND e.amount > 0 WHERE t.order_no = o.no AND t.order_no <> '' AND t.kind = 'refund')`},
	{"interface past payment without a paid order", `SELECT c.id FROM connections c WHERE c.stage NOT IN ('pending_payment', 'canceled') AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.connection_id = c.id AND o.kind = 'installation' AND o.state IN ('paid', 'refunded'))`},
	{"receivable differs from what is owed", `SELECT a.id FROM accounts a WHERE (SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.book = 'receivable:' || a.id) <>
			(SELECT COALESCE(SUM(o.amount - o.refunded), 0) FROM orders o WHERE o.account_id = a.id AND o.method = 'invoice' AND NOT EXISTS (SELECT 1 FROM invoice_orders i WHERE i.order_no = o.no))
			+ (SELECT COALESCE(SUM(i.amount - i.received), 0) FROM invoices i WHERE i.account_id = a.id)`},
	{"invoice differs from its payments", `SELECT i.no FROM invoices i WHERE i.received <> (SELECT COALESCE(SUM(p.amount), 0) FROM invoice_payments p WHERE p.invoice_no = i.no) OR (i.paid_at IS NULL) <> (i.received < i.amount)`},
	{"payment of an invoice differs from its posting", `SELECT p.transaction_id FROM invoice_payments p JOIN invoices i ON i.no = p.invoice_no WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.id = p.transaction_id AND t.kind = 'invoice_payment' AND t.account_id = i.account_id)
		OR p.amount <> -(SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.transaction_id = p.transaction_id AND e.book = 'receivable:' || i.account_id)
		OR CASE p.method WHEN 'balance' THEN p.amount ELSE -p.surplus END <> (SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.transaction_id = p.transaction_id AND e.book = 'balance:' || i.account_id)
		OR CASE p.method WHEN 'balance' THEN 0 ELSE p.amount + p.surplus END <> (SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.transaction_id = p.transaction_id AND e.book = 'cash')`},
	{"payment of an invoice is on none", "SELECT t.id FROM ledger_transactions t WHERE t.kind = 'invoice_payment' AND NOT EXISTS (SELECT 1 FROM invoice_payments p WHERE p.transaction_id = t.id)"},
	{"card payment that succeeded for an order not paid by card", `SELECT p.id FROM payments p JOIN orders o ON o.no = p.order_no WHERE p.state = 'succeeded' AND (o.method <> 'card' OR o.state NOT IN ('paid', 'refunded'))`},
	{"order paid by card without its card payment", `SELECT o.no FROM orders o WHERE o.method = 'card' AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_no = o.no AND p.state = 'succeeded')`},
	{"card money that is to be given back differs from its payments", `SELECT 'unapplied' WHERE (SELECT COALESCE(SUM(-amount), 0) FROM ledger_entries WHERE book = 'unapplied') <> (SELECT COALESCE(SUM(amount), 0) FROM payments WHERE held = 1 AND state = 'refunding')`},
	{"document numbers have a gap, in", "SELECT series || '-' || year FROM documents GROUP BY series, year HAVING MIN(n) <> 1 OR MAX(n) <> COUNT(*)"},
	{"paid order has no receipt", `SELECT o.no FROM orders o WHERE o.state IN ('paid', 'refunded') AND o.method <> 'invoice' AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.order_no = o.no AND d.order_no <> '' AND d.series = 'RC' AND d.amount = o.amount AND d.account_id = o.account_id)`},
	{"receipt of an order that is not paid", `SELECT d.no FROM documents d WHERE d.series = 'RC' AND d.order_no <> '' AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.no = d.order_no AND o.state IN ('paid', 'refunded'))`},
	{"refund or credit has no credit note", `SELECT t.id FROM ledger_transactions t WHERE t.kind IN ('refund', 'credit') AND t.at >= (SELECT COALESCE(MIN(d.issued_at), '9') FROM documents d) AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.series = 'CN' AND d.transaction_id = t.id
		AND d.amount = (SELECT SUM(e.amount) FROM ledger_entries e WHERE e.transaction_id = t.id AND e.amount > 0))`},
	{"document that is neither kept nor waiting to be made", `SELECT d.no FROM documents d WHERE (SELECT COUNT(*) FROM document_files f WHERE f.no = d.no) + (SELECT COUNT(*) FROM document_queue q WHERE q.no = d.no) <> 1`},
}

// CheckLedger compares the books with themselves and with what they are about:
// every transaction sums to zero and so do all together, every balance is the
// sum of its entries, paid orders and postings belong together, documents are
// numbered without a gap and their bytes are those that were kept. It changes
// nothing and reads everything: for start-up, the night, tests and audits.
func (s *Store) CheckLedger(ctx context.Context) ([]LedgerProblem, error) {
	ctx = throughTables(ctx)
	var out []LedgerProblem
	text := func(r scanner) (v string, err error) { return v, r.Scan(&v) }
	for _, q := range ledgerChecks {
		ids, err := list(ctx, s, text, q.query)
		if err != nil {
			return out, fmt.Errorf("%s: %w", q.what, err)
		}
		for _, id := range ids {
			out = append(out, LedgerProblem{q.what + ": " + id})
		}
	}
	books, err := list(ctx, s, text, "SELECT DISTINCT book FROM ledger_entries")
	if err != nil {
		return out, err
	}
	for _, b := range books {
		if _, known := chart.Of(chart.Book(b)); !known {
			out = append(out, LedgerProblem{"book that is not in the chart of accounts: " + b})
		}
	}
	changed, err := s.changedDocuments(ctx)
	for _, no := range changed {
		out = append(out, LedgerProblem{"document with other bytes than were kept: " + no})
	}
	return out, err
}

// changedDocuments are the documents whose bytes do not have the fingerprint
// that was kept with them. It holds one of them in memory at a time.
func (s *Store) changedDocuments(ctx context.Context) ([]string, error) {
	st, err := s.prepared(ctx, "SELECT no, pdf, pdf_sha256 FROM document_files ORDER BY no")
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var no, want string
		var pdf []byte
		if err := rows.Scan(&no, &pdf, &want); err != nil {
			return out, err
		}
		if sum := sha256.Sum256(pdf); hex.EncodeToString(sum[:]) != want {
			out = append(out, no)
		}
	}
	return out, rows.Err()
}

// BooksCheck is what the last reconciliation found.
type BooksCheck struct {
	At       time.Time `json:"at"`
	Problems []string  `json:"problems"` // the first hundred
	Count    int       `json:"count"`
}

// mostProblems is how many problems a check keeps in words.
const mostProblems = 100

const booksCheckSetting = "books_check"

// BooksCheck is the result of the last reconciliation; ok is false when there
// was none since the store was opened.
func (s *Store) BooksCheck() (check BooksCheck, ok bool) {
	if c := s.booksCheck.Load(); c != nil {
		return *c, true
	}
	return BooksCheck{}, false
}

// Reconcile runs CheckLedger, remembers what it found and, when the books are
// off, says so in the log and to everybody in finance and to administrators;
// the same problems again are told once a day. It is run at start and every
// night by RunDue.
func (s *Store) Reconcile(ctx context.Context) (BooksCheck, error) {
	found, err := s.CheckLedger(ctx)
	if err != nil {
		return BooksCheck{}, err
	}
	check := BooksCheck{At: s.Now(), Count: len(found)}
	for _, p := range found[:min(len(found), mostProblems)] {
		check.Problems = append(check.Problems, p.What)
	}
	value, err := json.Marshal(check)
	if err != nil {
		return check, err
	}
	err = s.inTx(ctx, systemActor(), func(t *tx) error {
		var before BooksCheck
		var text string
		if err := t.row("SELECT value FROM settings WHERE name = ?", booksCheckSetting).Scan(&text); err == nil {
			if err := json.Unmarshal([]byte(text), &before); err != nil {
				return err
			}
		}
		if _, err := t.exec("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", booksCheckSetting, string(value)); err != nil {
			return err
		}
		told := check.Count == before.Count && slices.Equal(check.Problems, before.Problems) && sameDayUTC(check.At, before.At)
		title, body := "The books are off", "The reconciliation found "+countWords(check.Count, "problem")+". Open Ledger to see them. No entry was changed."
		switch {
		case check.Count == 0 && before.Count == 0, told:
			return nil
		case check.Count == 0:
			title, body = "The books are in order again", "The reconciliation found no problem."
		}
		for _, role := range []lifecycle.Role{lifecycle.Finance, lifecycle.Administrator} {
			if err := t.tellRole(role, BooksSubject, title, body); err != nil {
				return err
			}
		}
		return t.event(BooksSubject, "", "reconcile", "", "", "", countWords(check.Count, "problem"))
	})
	if err != nil {
		return check, err
	}
	for _, p := range check.Problems {
		s.log.Error("the books are off", "problem", p)
	}
	s.booksCheck.Store(&check)
	return check, nil
}

// BooksSubject is what messages and events about the books as a whole are about.
const BooksSubject = "books"

func sameDayUTC(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// reconcileWhenDue reconciles once after the store was opened and then once a
// day (UTC).
func (s *Store) reconcileWhenDue(ctx context.Context) error {
	if last := s.booksCheck.Load(); last != nil && sameDayUTC(last.At, s.Now()) {
		return nil
	}
	_, err := s.Reconcile(ctx)
	return err
}

// receiptsSetting says that every order of before there were receipts has one.
const receiptsSetting = "receipts_for_old_orders"

// issueMissingReceipts gives a receipt to every order that was paid before
// there were receipts: once in the life of a database.
func (s *Store) issueMissingReceipts(ctx context.Context) error {
	return s.inTx(ctx, systemActor(), func(t *tx) error {
		var done string
		if err := t.row("SELECT COALESCE(MIN(value), '') FROM settings WHERE name = ?", receiptsSetting).Scan(&done); err != nil || done != "" {
			return err
		}
		rows, err := t.query("SELECT " + orderColumns + " FROM orders o WHERE o.state IN ('paid', 'refunded') AND o.method <> 'invoice' AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.order_no = o.no AND d.order_no <> '' AND d.series = 'RC') ORDER BY o.paid_at, o.no")
		if err != nil {
			return err
		}
		orders, err := collect(rows, scanOrder)
		if err != nil {
			return err
		}
		for _, o := range orders {
			lines, err := t.orderLines(o.No, o.Amount.Currency)
			if err != nil {
				return err
			}
			var id string
			if err := t.row("SELECT COALESCE(MIN(id), '') FROM ledger_transactions WHERE idem_key = ?", "pay:"+o.No).Scan(&id); err != nil {
				return err
			}
			if _, err := t.receipt(o, lines, id); err != nil {
				return fmt.Errorf("receipt of order %s: %w", o.No, err)
			}
		}
		_, err = t.exec("INSERT INTO settings (name, value) VALUES (?, ?)", receiptsSetting, at(t.now).text())
		return err
	})
}
