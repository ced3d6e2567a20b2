package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"demarc/store/chart"
	"demarc/store/document"
	"demarc/store/money"
)

// byHand opens the file of a store the way a person with a shell does: foreign
// keys are off.
func byHand(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "demarc.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func openBooks(t *testing.T) (*Store, *sql.DB) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(context.Background(), Options{Dir: dir, Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, byHand(t, dir)
}

// refusedByTheSchema tells a rule of the schema from a slip in a test.
func refusedByTheSchema(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "constraint failed") || strings.Contains(err.Error(), "malformed JSON") || strings.Contains(err.Error(), "integer overflow"))
}

// TestHandMadeSQLCannotUnbalanceTheBooks tries to falsify the books with every
// statement that a person with the file could think of.
func TestHandMadeSQLCannotUnbalanceTheBooks(t *testing.T) {
	t.Parallel()
	s, db := openBooks(t)
	post := func(id, idem, currency, entries string) string {
		return fmt.Sprintf(`INSERT INTO ledger_transactions (id, at, kind, account_id, actor, idem_key, currency, entries) VALUES ('%s', '', 'transfer', 'a', '', '%s', '%s', '%s')`, id, idem, currency, entries)
	}
	const fair = `[{"book": "cash", "amount": 500}, {"book": "balance:a", "amount": -500}]`
	for _, stmt := range []string{
		"INSERT INTO accounts (id, name, created_at) VALUES ('a', 'A', ''), ('b', 'B', '')",
		post("lt-1", "k1", "USD", fair),
		post("lt-2", "k2", "USD", `[{"book": "balance:a", "amount": 300}, {"book": "expense:credits", "amount": 20}, {"book": "revenue:resource", "amount": -320}]`),
	} {
		if _, err := db.Exec(stmt); err != nil {
			t.Fatalf("%v: %s", err, stmt)
		}
	}
	books := func() string {
		rows, err := db.Query(`SELECT transaction_id || ' ' || seq || ' ' || book || ' ' || amount FROM ledger_entries UNION ALL SELECT id || ' ' || balance_minor || ' ' || balance_tx FROM accounts`)
		if err != nil {
			t.Fatal(err)
		}
		all, err := collect(rows, func(r scanner) (v string, err error) { return v, r.Scan(&v) })
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(all, "\n")
	}
	want := "lt-1 1 cash 500\nlt-1 2 balance:a -500\nlt-2 1 balance:a 300\nlt-2 2 expense:credits 20\nlt-2 3 revenue:resource -320\na 200 lt-2\nb 0 "
	if got := books(); got != want {
		t.Fatalf("the books say\n%s\nwant\n%s", got, want)
	}
	big := fmt.Sprint(uint64(math.MaxInt64))
	for what, stmt := range map[string]string{
		"unbalanced":                        post("lt-3", "k3", "USD", `[{"book": "cash", "amount": 1}, {"book": "balance:a", "amount": -2}]`),
		"one entry":                         post("lt-3", "k3", "USD", `[{"book": "cash", "amount": 1}]`),
		"no entries":                        post("lt-3", "k3", "USD", `[]`),
		"not a list":                        post("lt-3", "k3", "USD", `{}`),
		"no JSON":                           post("lt-3", "k3", "USD", `two`),
		"nothing moved":                     post("lt-3", "k3", "USD", `[{"book": "cash", "amount": 0}, {"book": "balance:a", "amount": 0}]`),
		"fractions":                         post("lt-3", "k3", "USD", `[{"book": "cash", "amount": 0.5}, {"book": "balance:a", "amount": -0.5}]`),
		"words":                             post("lt-3", "k3", "USD", `[{"book": "cash", "amount": "1"}, {"book": "balance:a", "amount": "-1"}]`),
		"truths":                            post("lt-3", "k3", "USD", `[{"book": "cash", "amount": true}, {"book": "balance:a", "amount": -1}]`),
		"no book":                           post("lt-3", "k3", "USD", `[{"book": "", "amount": 1}, {"book": "balance:a", "amount": -1}]`),
		"book twice":                        post("lt-3", "k3", "USD", `[{"book": "cash", "amount": 1}, {"book": "cash", "amount": -1}]`),
		"below zero":                        post("lt-3", "k3", "USD", `[{"book": "balance:a", "amount": 201}, {"book": "cash", "amount": -201}]`),
		"sum overflows":                     post("lt-3", "k3", "USD", `[{"book": "cash", "amount": `+big+`}, {"book": "card", "amount": `+big+`}, {"book": "balance:a", "amount": 2}]`),
		"balance overflows":                 post("lt-3", "k3", "USD", `[{"book": "cash", "amount": `+big+`}, {"book": "balance:a", "amount": -`+big+`}]`),
		"amount beyond 64 bits":             post("lt-3", "k3", "USD", `[{"book": "cash", "amount": 9223372036854775808}, {"book": "balance:a", "amount": -9223372036854775808}]`),
		"another currency":                  post("lt-3", "k3", "EUR", fair),
		"nobody's balance":                  post("lt-3", "k3", "USD", `[{"book": "cash", "amount": 5}, {"book": "balance:z", "amount": -5}]`),
		"same key":                          post("lt-3", "k1", "USD", fair),
		"same key, replacing":               strings.Replace(post("lt-3", "k1", "USD", fair), "INSERT", "INSERT OR REPLACE", 1),
		"same number, replacing":            strings.Replace(post("lt-2", "k9", "USD", fair), "INSERT", "INSERT OR REPLACE", 1),
		"a number of the past":              post("lt-0", "k0", "USD", fair),
		"an entry of its own":               `INSERT INTO ledger_entries (transaction_id, seq, book, amount, currency) VALUES ('lt-1', 3, 'cash', 1, 'USD')`,
		"an entry of nothing":               `INSERT INTO ledger_entries (transaction_id, seq, book, amount, currency) VALUES ('lt-9', 1, 'cash', 1, 'USD')`,
		"an entry again":                    `INSERT OR REPLACE INTO ledger_entries (transaction_id, seq, book, amount, currency) VALUES ('lt-1', 2, 'balance:a', -500, 'USD')`,
		"another amount":                    `INSERT OR REPLACE INTO ledger_entries (transaction_id, seq, book, amount, currency) VALUES ('lt-1', 1, 'cash', 501, 'USD')`,
		"upsert":                            `INSERT INTO ledger_entries (transaction_id, seq, book, amount, currency) VALUES ('lt-1', 1, 'cash', 500, 'USD') ON CONFLICT DO UPDATE SET amount = 1`,
		"changed":                           `UPDATE ledger_entries SET amount = 499 WHERE seq = 1`,
		"moved":                             `UPDATE OR REPLACE ledger_entries SET seq = 2`,
		"removed":                           `DELETE FROM ledger_entries`,
		"transaction changed":               `UPDATE ledger_transactions SET entries = '[]'`,
		"transaction removed":               `DELETE FROM ledger_transactions`,
		"a richer account":                  `UPDATE accounts SET balance_minor = 900 WHERE id = 'a'`,
		"a richer account, with a pretext":  `UPDATE accounts SET balance_minor = balance_minor + 500, balance_tx = 'lt-1' WHERE id = 'a'`,
		"the same movement twice":           `UPDATE accounts SET balance_minor = balance_minor - 300 WHERE id = 'a'`,
		"another's movement":                `UPDATE accounts SET balance_minor = 500, balance_tx = 'lt-1' WHERE id = 'b'`,
		"the movement forgotten":            `UPDATE accounts SET balance_tx = '' WHERE id = 'a'`,
		"another currency for the same sum": `UPDATE accounts SET currency = 'JPY' WHERE id = 'a'`,
		"an account that opens rich":        `INSERT INTO accounts (id, name, created_at, balance_minor) VALUES ('c', 'C', '', 5)`,
		"an account opened again":           `INSERT OR REPLACE INTO accounts (id, name, created_at) VALUES ('a', 'A', '')`,
	} {
		if _, err := db.Exec(stmt); !refusedByTheSchema(err) {
			t.Errorf("%s: %v: %s", what, err, stmt)
		}
		if got := books(); got != want {
			t.Fatalf("%s: the books say\n%s", what, got)
		}
	}
	// What was refused is not counted as tried: the next number is still free.
	if _, err := db.Exec(post("lt-3", "k3", "USD", fair)); err != nil {
		t.Error(err)
	}
	_ = s
}

// TestPostingsAreCheckedBeforeTheDatabaseSeesThem: a bug in a caller is told
// apart by words and changes nothing.
func TestPostingsAreCheckedBeforeTheDatabaseSeesThem(t *testing.T) {
	t.Parallel()
	s, db := openBooks(t)
	if _, err := db.Exec("INSERT INTO accounts (id, name, created_at) VALUES ('a', 'A', '')"); err != nil {
		t.Fatal(err)
	}
	usd := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: "USD"} }
	eur := money.Amount{Minor: 5, Currency: "EUR"}
	most := usd(math.MaxInt64)
	bal := chart.Balance("a")
	for what, entries := range map[string][]entry{
		"nothing":       nil,
		"one":           {debit(chart.Bank, usd(1))},
		"unbalanced":    {debit(chart.Bank, usd(2)), credit(bal, usd(1))},
		"currencies":    {debit(chart.Bank, usd(5)), credit(bal, eur)},
		"no currency":   {debit(chart.Bank, money.Amount{Minor: 1}), credit(bal, money.Amount{Minor: 1})},
		"unknown book":  {debit("petty cash", usd(1)), credit(bal, usd(1))},
		"nobody's book": {debit(chart.Bank, usd(1)), credit(chart.Balance(""), usd(1))},
		"group":         {debit(chart.Bank, usd(1)), credit("balance:", usd(1))},
		"book twice":    {debit(chart.Bank, usd(2)), debit(chart.Bank, usd(1)), credit(bal, usd(3))},
		"overflow":      {debit(chart.Bank, most), debit(chart.Card, most), credit(bal, most), credit(chart.Resource, most)},
		"zero":          {debit(chart.Bank, usd(0)), credit(bal, usd(0))},
	} {
		err := s.inTx(context.Background(), systemActor(), func(t *tx) error {
			_, err := t.post(posting{kind: "transfer", account: "a", idem: what, entries: entries})
			return err
		})
		if err == nil || strings.Contains(err.Error(), "constraint") {
			t.Errorf("%s: %v", what, err)
		}
	}
	good := posting{kind: "transfer", account: "a", idem: "once", entries: move(usd(7), chart.Bank, bal)}
	for i, want := range []Kind{0, Conflict} {
		err := s.inTx(context.Background(), systemActor(), func(t *tx) error { _, err := t.post(good); return err })
		if KindOf(err) != want {
			t.Errorf("posted %d times before: %v", i, err)
		}
	}
	var n, balance int64
	if err := db.QueryRow("SELECT (SELECT COUNT(*) FROM ledger_entries), (SELECT balance_minor FROM accounts WHERE id = 'a')").Scan(&n, &balance); err != nil || n != 2 || balance != 7 {
		t.Errorf("%d entries, balance %d, %v", n, balance, err)
	}
}

// TestDocumentsCannotBeForged tries to skip, reuse, change and remove numbers.
func TestDocumentsCannotBeForged(t *testing.T) {
	t.Parallel()
	_, db := openBooks(t)
	doc := func(series string, year, n int, no, order string) string {
		return fmt.Sprintf("INSERT INTO documents (series, year, n, no, account_id, order_no, issued_at, currency, amount, facts) VALUES ('%s', %d, %d, '%s', 'a', '%s', '', 'USD', 1, '{}')", series, year, n, no, order)
	}
	for _, stmt := range []string{
		"INSERT INTO accounts (id, name, created_at) VALUES ('a', 'A', '')",
		doc("RC", 2026, 1, document.Number(document.Receipt, 2026, 1), "1"),
		doc("RC", 2026, 2, "RC-2026-000002", "2"),
		doc("CN", 2026, 1, document.Number(document.CreditNote, 2026, 1), "1"),
		doc("RC", 2027, 1, "RC-2027-000001", "3"),
		"INSERT INTO document_files (no, pdf, pdf_sha256, made_at) VALUES ('RC-2026-000001', x'00', '', '')",
	} {
		if _, err := db.Exec(stmt); err != nil {
			t.Fatalf("%v: %s", err, stmt)
		}
	}
	for what, stmt := range map[string]string{
		"skipped":          doc("RC", 2026, 4, "RC-2026-000004", "4"),
		"reused":           doc("RC", 2026, 2, "RC-2026-000002", "4"),
		"reused, replaced": strings.Replace(doc("RC", 2026, 2, "RC-2026-000002", "4"), "INSERT", "INSERT OR REPLACE", 1),
		"misnumbered":      doc("RC", 2026, 3, "RC-2026-000009", "4"),
		"another's name":   doc("RC", 2026, 3, "RC-2026-000001", "4"),
		"second receipt":   doc("RC", 2026, 3, "RC-2026-000003", "1"),
		"and replacing":    strings.Replace(doc("RC", 2026, 3, "RC-2026-000003", "1"), "INSERT", "INSERT OR REPLACE", 1),
		"changed":          "UPDATE documents SET amount = 2",
		"removed":          "DELETE FROM documents",
		"repainted":        "UPDATE document_files SET pdf = x'01'",
		"repainted anew":   "INSERT OR REPLACE INTO document_files (no, pdf, pdf_sha256, made_at) VALUES ('RC-2026-000001', x'01', '', '')",
		"torn up":          "DELETE FROM document_files",
	} {
		if _, err := db.Exec(stmt); !refusedByTheSchema(err) {
			t.Errorf("%s: %v: %s", what, err, stmt)
		}
	}
	var queued string
	if err := db.QueryRow("SELECT group_concat(no) FROM document_queue").Scan(&queued); err != nil || queued != "CN-2026-000001,RC-2026-000002,RC-2027-000001" {
		t.Errorf("without a PDF: %s, %v", queued, err)
	}
}

// TestMoneyListsEqualTheConstants compares the CHECK lists of the newest
// schema with the code.
func TestMoneyListsEqualTheConstants(t *testing.T) {
	t.Parallel()
	_, db := openBooks(t)
	var series []string
	for _, s := range document.AllSeries() {
		series = append(series, string(s))
	}
	for _, c := range []struct {
		table, column string
		values        []string
	}{
		{"orders", "kind", []string{KindInstallation, KindResource, KindRenewal}},
		{"orders", "state", []string{OrderUnpaid, OrderPaid, OrderExpired, OrderCanceled, OrderRefunded}},
		{"orders", "method", []string{"", MethodBalance, MethodInvoice, MethodCard}},
		{"order_lines", "kind", []string{KindInstallation, KindResource, LineCredit}},
		{"ledger_transactions", "kind", LedgerKinds()},
		{"documents", "series", series},
		{"invoice_payments", "method", []string{PaidByTransfer, PaidFromBalance}},
	} {
		var text string
		if err := db.QueryRow("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", c.table).Scan(&text); err != nil {
			t.Fatal(err)
		}
		if want := "CHECK (" + c.column + " IN ('" + strings.Join(c.values, "', '") + "'))"; !strings.Contains(text, want) {
			t.Errorf("%s lacks %s", c.table, want)
		}
	}
	for _, k := range []string{KindInstallation, KindResource, KindRenewal} {
		if !slices.Contains(LedgerKinds(), ledgerKind(k)) {
			t.Errorf("the payment of %s is %s in the ledger", k, ledgerKind(k))
		}
	}
}
