package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"demarc/store/chart"
	"demarc/store/lifecycle"
	"demarc/store/money"
)

// bankDay is when the movements of longStatement begin.
var bankDay = time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)

// longStatement is a store with an account of n movements, each of whole dollars
// and three of them at any one moment. clock is the store's.
func longStatement(tb testing.TB, clock *time.Time, n int) (s *Store, account string) {
	tb.Helper()
	ctx := context.Background()
	*clock = bankDay
	s, err := Open(ctx, Options{Dir: tb.TempDir(), Now: func() time.Time { return *clock }, Operator: "Example Cloud"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	if account, err = s.CreateAccount(ctx, systemActor(), "Northwind Trading", ""); err != nil {
		tb.Fatal(err)
	}
	err = s.inTx(ctx, systemActor(), func(t *tx) error {
		for i := range n {
			t.now = bankDay.Add(time.Duration(i/3) * time.Minute)
			sum := money.Amount{Minor: int64(100 + 100*(i%7)), Currency: "USD"}
			from, to := chart.Bank, chart.Balance(account)
			if i%5 == 4 {
				sum.Minor, from, to = 100, to, from
			}
			slip := fmt.Sprintf("slip %d", i)
			if _, err := t.post(posting{kind: "transfer", account: account, reference: slip, idem: transferKey(account, slip), entries: move(sum, from, to)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	*clock = bankDay.Add(time.Duration(n) * time.Minute)
	return s, account
}

// TestAStatementIsExportedInOnePass: a long statement has the lines and balances
// of its pages, and costs statements and rows in proportion to its length: no
// line is read twice, and nothing is added up in the database.
func TestAStatementIsExportedInOnePass(t *testing.T) {
	t.Parallel()
	ctx, finance := context.Background(), Actor{UserID: "u-finance", Role: lifecycle.Finance}
	for _, n := range []int{0, 1, statementBatch - 1, statementBatch, statementBatch + 1, 10*statementBatch + 77} {
		var clock time.Time
		s, account := longStatement(t, &clock, n)
		var want []LedgerLine
		for after := ""; ; {
			lines, next, err := s.StatementPage(ctx, finance, account, after, 90)
			if err != nil {
				t.Fatal(err)
			}
			if want = append(want, lines...); next == "" {
				break
			}
			after = next
		}
		var got []LedgerLine
		counter := CountReads(s)
		rows := 0
		asked := counter.Count(func() {
			rows = counter.Rows(func() {
				if err := s.EachStatementLine(ctx, finance, account, func(l LedgerLine) error {
					got = append(got, l)
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			})
		})
		if len(got) != n || !slices.Equal(want, got) {
			t.Errorf("%d movements: %d were exported, %d are on the pages, or they differ", n, len(got), len(want))
		}
		if n > 0 && got[n-1].Balance != got[n-1].Amount {
			t.Errorf("%d movements: the first left %s, and moved %s", n, got[n-1].Balance, got[n-1].Amount)
		}
		// Whose it is, and the batches.
		if most := 2 + n/statementBatch; asked > most || rows > n+1 {
			t.Errorf("%d movements cost %d statements and %d rows, want at most %d and %d", n, asked, rows, most, n+1)
		}
		for _, query := range Prepared(s) {
			if strings.Contains(query, "SUM(") {
				t.Errorf("a statement adds up: %s", query)
			}
			if !strings.Contains(query, "ledger") {
				continue
			}
			plan, err := QueryPlan(s, query)
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(plan, "; "); strings.Contains(text, "TEMP B-TREE") || strings.Contains(text, "SCAN") || strings.Contains(query, "FROM ledger_entries") && !strings.Contains(text, "USING INDEX ledger_entries_by_book (book=? AND transaction_id<?)") {
				t.Errorf("%s\n%s", text, query)
			}
		}
	}
}

// TestAStatementIsExportedAsOfOneMoment: what is posted while lines are read is in
// none of them and moves no balance, not even when the clock was set back.
func TestAStatementIsExportedAsOfOneMoment(t *testing.T) {
	t.Parallel()
	ctx, finance := context.Background(), Actor{UserID: "u-finance", Role: lifecycle.Finance}
	var clock time.Time
	s, account := longStatement(t, &clock, 3*statementBatch)
	read := func(between func(n int)) (out []LedgerLine) {
		if err := s.EachStatementLine(ctx, finance, account, func(l LedgerLine) error {
			out = append(out, l)
			between(len(out))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := read(func(int) {})
	got := read(func(n int) {
		if n%150 > 0 {
			return
		}
		if clock = bankDay.Add(time.Minute); n%300 > 0 {
			clock = clock.Add(1000 * time.Hour)
		}
		if err := s.RecordTransfer(ctx, finance, account, "5.00", fmt.Sprintf("late slip %d", n)); err != nil {
			t.Fatal(err)
		}
	})
	if !slices.Equal(want, got) {
		t.Error("an export mixes moments")
	}
	if n := len(read(func(int) {})); n != len(want)+4 {
		t.Errorf("%d lines afterwards, want %d", n, len(want)+4)
	}
	// Whoever stops in between stops the reading.
	stop := errors.New("the reader left")
	n := 0
	if err := s.EachStatementLine(ctx, finance, account, func(LedgerLine) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("after %d lines: %v", n, err)
	}
	if err := s.EachStatementLine(ctx, Actor{Role: lifecycle.Owner, AccountID: "acc-other"}, account, func(LedgerLine) error { return stop }); KindOf(err) != NotFound {
		t.Errorf("another account: %v", err)
	}
}

// TestTheLedgerIsExportedInOnePass: the export of the ledger is one statement,
// whatever its length, and reads each entry once.
func TestTheLedgerIsExportedInOnePass(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 10, 1000} {
		var clock time.Time
		s, _ := longStatement(t, &clock, n)
		counter := CountReads(s)
		rows, got := 0, 0
		asked := counter.Count(func() {
			rows = counter.Rows(func() {
				if err := s.EachLedgerEntry(context.Background(), bankDay, clock.Add(time.Hour), func(LedgerEntry) error { got++; return nil }); err != nil {
					t.Fatal(err)
				}
			})
		})
		if asked != 1 || rows != 2*n || got != 2*n {
			t.Errorf("%d transactions cost %d statements and %d rows, and %d entries came", n, asked, rows, got)
		}
	}
}

// BenchmarkExports compares the cost of exporting a statement and a ledger of
// 3,000 movements with that of ten times as many: "×10" is the ratio, in turns
// within one run.
func BenchmarkExports(b *testing.B) {
	ctx, finance := context.Background(), Actor{UserID: "u-finance", Role: lifecycle.Finance}
	const few = 3_000
	var clock time.Time
	small, one := longStatement(b, &clock, few)
	large, ten := longStatement(b, &clock, 10*few)
	took := func(f func() error) float64 {
		begin := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		return float64(time.Since(begin))
	}
	for name, export := range map[string]func(s *Store, account string) func() error{
		"statement": func(s *Store, account string) func() error {
			return func() error {
				return s.EachStatementLine(ctx, finance, account, func(LedgerLine) error { return nil })
			}
		},
		"ledger": func(s *Store, _ string) func() error {
			return func() error {
				return s.EachLedgerEntry(ctx, bankDay, clock.AddDate(1, 0, 0), func(LedgerEntry) error { return nil })
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			var ratios []float64
			var last float64
			for b.Loop() {
				short := took(export(small, one))
				last = took(export(large, ten))
				ratios = append(ratios, last/short)
			}
			slices.Sort(ratios)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ratios[len(ratios)/2], "×10")
			b.ReportMetric(last/(10*few)/1e3, "µs/line")
		})
	}
}
