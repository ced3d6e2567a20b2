package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"demarc/store/lifecycle"
)

// TestStatementWhileMoneyComes lets a transfer arrive between the statements that
// a page of the statement of account runs: its balances are those of one moment.
func TestStatementWhileMoneyComes(t *testing.T) {
	ctx, finance := context.Background(), Actor{UserID: "u-finance", Role: lifecycle.Finance}
	var s *Store
	var account string
	n, armed := 0, false
	transfer := func() {
		t.Helper()
		n++
		if err := s.RecordTransfer(ctx, finance, account, "100.00", fmt.Sprintf("slip %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(ctx, Options{Dir: t.TempDir(), Trace: func(query string) {
		if armed && strings.Contains(query, "ledger_entries") {
			armed = false
			transfer()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if account, err = s.CreateAccount(ctx, systemActor(), "Northwind Trading", ""); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		transfer()
	}
	after := ""
	for page, first := range []int{4, 2} { // a transfer came before the first page's lines
		armed = true
		lines, next, err := s.StatementPage(ctx, finance, account, after, 2)
		if err != nil || len(lines) != 2 {
			t.Fatalf("page %d: %+v, %v", page+1, lines, err)
		}
		for i, l := range lines {
			if want := fmt.Sprintf("$%d00.00", first-i); l.Balance.String() != want {
				t.Errorf("page %d, %s: the balance is %s, want %s", page+1, l.Reference, l.Balance, want)
			}
		}
		after = next
	}
}
