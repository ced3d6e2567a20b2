package store_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// forge carries out statements as a person with the file and no scruples does:
// with every trigger and foreign key out of the way.
func forge(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "demarc.db")+"?_pragma=busy_timeout(5000)&_pragma=ignore_check_constraints(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	rows.Close()
	for _, name := range names {
		if _, err := db.Exec("DROP TRIGGER " + name); err != nil {
			t.Fatal(err)
		}
	}
	for _, stmt := range statements {
		res, err := db.Exec(stmt)
		if err != nil {
			t.Fatalf("%v: %s", err, stmt)
		}
		if n, _ := res.RowsAffected(); n == 0 {
			t.Fatalf("nothing was forged: %s", stmt)
		}
	}
}

// TestTheReconciliationFindsEveryForgery: each way in which the books can be
// off is found by the check that is meant for it, and sound books have none.
func TestTheReconciliationFindsEveryForgery(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		forge []string
		want  []string // beginnings of what is found
	}{
		"a cent more on an entry": {[]string{"UPDATE ledger_entries SET amount = amount + 1 WHERE book = 'cash' AND transaction_id = (SELECT MAX(transaction_id) FROM ledger_entries WHERE book = 'cash')"},
			[]string{"all entries do not sum to zero, in: USD", "transaction does not balance: lt-", "transaction differs from its entries: lt-", "daily sums differ from the entries, of book: cash"}},
		"another running total": {[]string{"UPDATE ledger_entries SET book_total = book_total - 1 WHERE book LIKE 'balance:%' AND transaction_id = (SELECT MIN(transaction_id) FROM ledger_entries)"},
			[]string{"running total differs from the entries, of book: balance:acc-"}},
		"a richer account":           {[]string{"UPDATE accounts SET balance_minor = balance_minor + 1"}, []string{"balance differs from its entries: acc-"}},
		"a day's sums":               {[]string{"UPDATE ledger_days SET debit = debit + 1, credit = credit + 2 WHERE book_group = 'cash'"}, []string{"daily sums differ from the entries, of book: cash"}},
		"an entry of nothing":        {[]string{"INSERT INTO ledger_entries (transaction_id, seq, book, amount, currency) VALUES ('lt-9', 1, 'card', 5, 'USD'), ('lt-9', 2, 'cash', -5, 'USD')"}, []string{"entries of no transaction: lt-9", "daily sums differ from the entries, of book: cash"}},
		"a lonely entry":             {[]string{"DELETE FROM ledger_entries WHERE book = 'revenue:installation' AND amount < 0"}, []string{"all entries", "transaction does not balance", "transaction differs", "paid order has no posting", "daily sums differ from the entries, of book: revenue:installation"}},
		"a strange book":             {[]string{"UPDATE ledger_entries SET book = 'petty cash' WHERE book = 'cash'"}, []string{"transaction differs", "book that is not in the chart of accounts: petty cash", "daily sums differ from the entries, of book: cash"}},
		"a cheaper order":            {[]string{"UPDATE orders SET amount = amount - 1 WHERE state = 'paid'"}, []string{"order differs from the sum of its lines", "paid order has no posting of its amount", "paid order has no receipt"}},
		"an order paid by nobody":    {[]string{"UPDATE orders SET state = 'paid', paid_at = created_at, method = 'balance' WHERE state = 'unpaid'"}, []string{"paid order has no posting", "paid order has no receipt"}},
		"a payment forgotten":        {[]string{"UPDATE orders SET state = 'unpaid', paid_at = NULL, method = '' WHERE state = 'paid' AND kind = 'installation'"}, []string{"posting without a paid order: lt-", "interface past payment without a paid order: pc-", "receipt of an order that is not paid: RC-"}},
		"a refund made up":           {[]string{"UPDATE orders SET refunded = 1 WHERE state = 'paid'"}, []string{"order differs from its refunds"}},
		"a receipt torn out":         {[]string{"DELETE FROM document_files WHERE no = 'RC-2026-000001'", "DELETE FROM documents WHERE no = 'RC-2026-000001'"}, []string{"document numbers have a gap, in: RC-2026", "paid order has no receipt"}},
		"the last receipt torn out":  {[]string{"DELETE FROM document_queue WHERE no = (SELECT MAX(no) FROM documents WHERE series = 'RC')", "DELETE FROM documents WHERE no = (SELECT MAX(no) FROM documents WHERE series = 'RC')"}, []string{"paid order has no receipt"}},
		"a credit note torn out":     {[]string{"DELETE FROM document_queue WHERE no LIKE 'CN-%'", "DELETE FROM documents WHERE series = 'CN'"}, []string{"refund or credit has no credit note: lt-"}},
		"a document never made":      {[]string{"DELETE FROM document_queue WHERE no = 'RC-2026-000002'"}, []string{"document that is neither kept nor waiting to be made: RC-2026-000002"}},
		"a receipt for less":         {[]string{"UPDATE documents SET amount = 1 WHERE series = 'RC'"}, []string{"paid order has no receipt"}},
		"a PDF painted over":         {[]string{"UPDATE document_files SET pdf = x'00'"}, []string{"document with other bytes than were kept: RC-2026-000001"}},
		"a whole transaction erased": {[]string{"DELETE FROM ledger_entries WHERE transaction_id IN (SELECT id FROM ledger_transactions WHERE kind = 'refund')", "DELETE FROM ledger_transactions WHERE kind = 'refund'"}, []string{"balance differs", "order differs from its refunds", "daily sums differ from the entries, of book: revenue:installation", "daily sums differ from the entries, of all customers': balance:"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := storetest.New(t)
			ctx := context.Background()
			e.At(t, lifecycle.Enabled)
			e.Do(t, e.At(t, lifecycle.ToApplyForLOA).ID, lifecycle.Cancel)
			e.At(t, lifecycle.PendingPayment)
			if _, err := e.KeepDocument(ctx, "RC-2026-000001", storetest.PDF); err != nil {
				t.Fatal(err)
			}
			if found, err := e.CheckLedger(ctx); err != nil || len(found) > 0 {
				t.Fatalf("before anything was forged: %v, %v", found, err)
			}
			forge(t, e.Dir, tt.forge...)
			found, err := e.CheckLedger(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !slices.ContainsFunc(found, func(p store.LedgerProblem) bool { return strings.HasPrefix(p.What, want) }) {
					t.Errorf("%q was not found", want)
				}
			}
			for _, p := range found {
				if !slices.ContainsFunc(tt.want, func(want string) bool { return strings.HasPrefix(p.What, want) }) {
					t.Errorf("found too: %s", p.What)
				}
			}
		})
	}
}

// TestTheReconciliationShouts: once after start and once a day; finance and
// administrators are told, and told when it is over; nobody else is.
func TestTheReconciliationShouts(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	ctx := context.Background()
	e.At(t, lifecycle.ToApplyForLOA)
	told := func(by store.Actor) (out []string) {
		t.Helper()
		all, err := e.Messages(ctx, by.UserID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.Subject == store.BooksSubject {
				out = append(out, m.Title)
			}
		}
		return out
	}
	run := func() {
		t.Helper()
		if _, err := e.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := e.BooksCheck(); ok {
		t.Error("checked before anything ran")
	}
	run()
	if c, ok := e.BooksCheck(); !ok || c.Count != 0 || !c.At.Equal(storetest.Start) || len(told(e.Finance)) != 0 {
		t.Errorf("sound books: %+v, %v, told %v", c, ok, told(e.Finance))
	}
	forge(t, e.Dir, "UPDATE accounts SET balance_minor = balance_minor + 1 WHERE id = '"+e.Northwind+"'")
	run()
	if c, _ := e.BooksCheck(); c.Count != 0 {
		t.Error("checked twice on one day")
	}
	e.Reopen(t)
	run()
	if c, ok := e.BooksCheck(); !ok || c.Count != 1 || !strings.HasPrefix(c.Problems[0], "balance differs from its entries: "+e.Northwind) {
		t.Errorf("after a restart: %+v, %v", c, ok)
	}
	e.Reopen(t)
	run() // the same problem on the same day: told once
	for name, got := range map[string][]string{"finance": told(e.Finance), "administrator": told(e.Admin)} {
		if !slices.Equal(got, []string{"The books are off"}) {
			t.Errorf("%s was told %v", name, got)
		}
	}
	e.Clock.Advance(24 * time.Hour)
	run()
	if got := told(e.Finance); len(got) != 2 {
		t.Errorf("the next day finance was told %v", got)
	}
	forge(t, e.Dir, "UPDATE accounts SET balance_minor = balance_minor - 1 WHERE id = '"+e.Northwind+"'")
	if c, err := e.Reconcile(ctx); err != nil || c.Count != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if got := told(e.Admin); len(got) != 3 || got[0] != "The books are in order again" {
		t.Errorf("the administrator was told %v", got)
	}
	for _, by := range []store.Actor{e.Owner, e.Reviewer, e.Technician} {
		if got := told(by); len(got) != 0 {
			t.Errorf("%s was told %v", by.Role, got)
		}
	}
}
