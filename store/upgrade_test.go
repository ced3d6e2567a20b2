package store

import (
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"demarc/store/lifecycle"
)

// An installation of schema 15, filled by the demo of its day: interfaces in every
// state, letters with their files, two accounts with movements, two months of
// events, all sealed with the keys beside it.
const (
	olderFolder = "testdata/schema-15"
	olderSchema = 15
)

var olderDay = time.Date(2026, 11, 28, 10, 45, 0, 0, time.UTC)

// older unpacks the installation.
func older(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"audit.key", "personal.key", "letter-keys.json"} {
		text, err := os.ReadFile(filepath.Join(olderFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packed, err := os.Open(filepath.Join(olderFolder, "demarc.db.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	from, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	to, err := os.OpenFile(filepath.Join(dir, "demarc.db"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	return dir
}

// facts are what no upgrade may change, one a line, whatever columns come and go.
func facts(t *testing.T, db *sql.DB) string {
	t.Helper()
	var out []string
	for _, query := range []string{
		"SELECT 'account ' || id || ' ' || name || ' ' || balance_minor || ' ' || currency FROM accounts",
		"SELECT 'user ' || id || ' ' || email || ' ' || role || ' ' || COALESCE(account_id, '') FROM users",
		"SELECT 'interface ' || id || ' ' || name || ' ' || stage || ' ' || turn || ' ' || version || ' ' || loa_no || ' ' || COALESCE(paid_through, '') FROM connections",
		"SELECT 'order ' || no || ' ' || kind || ' ' || state || ' ' || amount FROM orders",
		"SELECT 'posting ' || id || ' ' || at || ' ' || kind || ' ' || account_id || ' ' || entries FROM ledger_transactions",
		"SELECT 'entry ' || transaction_id || ' ' || book || ' ' || amount FROM ledger_entries",
		"SELECT 'document ' || no || ' ' || amount FROM documents",
		"SELECT 'letter ' || no || ' ' || connection_id || ' ' || version || ' ' || status || ' ' || pdf_sha256 FROM loas",
		"SELECT 'port ' || id || ' ' || device_id || ' ' || name || ' ' || state || ' ' || COALESCE(connection_id, '') FROM ports",
		"SELECT 'event ' || subject || ' ' || seq || ' ' || at || ' ' || action || ' ' || hex(hash) FROM events",
	} {
		rows, err := db.Query(query + " ORDER BY 1")
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		n := 0
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			out = append(out, line)
			n++
		}
		if err := rows.Close(); err != nil || n == 0 {
			t.Fatalf("%s: %d rows, %v", query, n, err)
		}
	}
	return strings.Join(out, "\n")
}

func openOlder(dir string, now time.Time) (*Store, error) {
	return Open(context.Background(), Options{Dir: dir, Operator: "Example Cloud", Now: func() time.Time { return now }})
}

// TestAnOlderInstallationIsUpgraded: a newer program opens what an older one left,
// changes no fact, finds nothing wrong with it, and goes on with it.
func TestAnOlderInstallationIsUpgraded(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := older(t)
	db := byHand(t, dir)
	want := facts(t, db)
	s, err := openOlder(dir, olderDay)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	if d := cmp.Diff(want, facts(t, db)); d != "" {
		t.Errorf("the upgrade changed facts (-before +after):\n%s", d)
	}
	sound := func(when string) {
		t.Helper()
		findings, err := s.Check(ctx)
		if err != nil || len(findings) == 0 {
			t.Fatalf("%s: %v, %v", when, findings, err)
		}
		for _, f := range findings {
			if len(f.Problems) > 0 {
				t.Errorf("%s: %+v", when, f)
			}
		}
	}
	sound("after the upgrade")

	// Every balance is what its movements make of it, from nothing on.
	finance := Actor{UserID: "u-finance", Role: lifecycle.Finance}
	accounts, _, err := s.AccountPage(ctx, "", "", 10)
	if err != nil || len(accounts) != 2 {
		t.Fatalf("%v, %v", accounts, err)
	}
	statement := func(a Account) (lines []LedgerLine) {
		t.Helper()
		if err := s.EachStatementLine(ctx, finance, a.ID, func(l LedgerLine) error {
			lines = append(lines, l)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var sum int64
		for i := len(lines) - 1; i >= 0; i-- {
			if sum += lines[i].Amount.Minor; lines[i].Balance.Minor != sum {
				t.Errorf("%s %s: the balance is %s, the movements until then make %d", a.Name, lines[i].ID, lines[i].Balance, sum)
			}
		}
		if len(lines) > 0 && sum != a.Balance.Minor {
			t.Errorf("%s has %s, its movements make %d", a.Name, a.Balance, sum)
		}
		return lines
	}
	moved := 0
	for _, a := range accounts {
		moved += len(statement(a))
	}
	if moved < 30 {
		t.Errorf("only %d movements: the installation proves little", moved)
	}
	// Life goes on: money comes in and is the newest line.
	if err := s.RecordTransfer(ctx, finance, accounts[0].ID, "12.34", "after the upgrade"); err != nil {
		t.Fatal(err)
	}
	a, err := s.Account(ctx, finance, accounts[0].ID)
	if err != nil || a.Balance.Minor != accounts[0].Balance.Minor+1234 {
		t.Errorf("%s, %v; before %s", a.Balance, err, accounts[0].Balance)
	}
	if l := statement(a); len(l) == 0 || l[0].Reference != "after the upgrade" {
		t.Errorf("%+v", l)
	}
	sound("after a transfer")

	// The next start has nothing to upgrade.
	s.Close()
	if s, err = openOlder(dir, olderDay.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	sound("at the next start")
}

// TestAnUpgradeThatFailsChangesNothing: what a later schema does not take is named
// at the start, at whatever step; the older program can go on with the database.
func TestAnUpgradeThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ meddle, want string }{
		"at the first step": {"INSERT INTO messages (user_id, seq, at, subject, title, body) VALUES ('u-gone', 1, '', '', '', '')", "the upgrade stopped at 0016_prices.sql and changed nothing; the older Demarc can go on with this database: 1 rows point at nothing"},
		"at a later step":   {"CREATE TABLE tickets (id TEXT)", "the upgrade stopped at 0027_tickets.sql and changed nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := older(t)
			db := byHand(t, dir)
			if _, err := db.Exec(tt.meddle); err != nil {
				t.Fatal(err)
			}
			schema := func() string {
				var text string
				if err := db.QueryRow("SELECT (SELECT user_version FROM pragma_user_version) || ' ' || group_concat(sql, x'0a' ORDER BY name) FROM sqlite_schema").Scan(&text); err != nil {
					t.Fatal(err)
				}
				return text
			}
			rows, layout := facts(t, db), schema()
			s, err := openOlder(dir, olderDay)
			if err == nil {
				s.Close()
				t.Fatal("it was upgraded")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("refused with %v, want %s", err, tt.want)
			}
			if d := cmp.Diff(layout, schema()); d != "" {
				t.Errorf("a failed upgrade changed the schema:\n%s", d)
			}
			if d := cmp.Diff(rows, facts(t, db)); d != "" {
				t.Errorf("a failed upgrade changed facts:\n%s", d)
			}
			if !strings.HasPrefix(layout, fmt.Sprint(olderSchema, " ")) {
				t.Errorf("the installation has schema %.3s", layout)
			}
		})
	}
}
