package storetest

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"demarc/store/lifecycle"
)

// CrowdID is the ID of an interface of Crowd, and CrowdCursor the cursor of the
// page that begins after it. They count from 0, the oldest.
func CrowdID(i int) string { return fmt.Sprintf("pc-%017d", i) }

// CrowdCursor is described with CrowdID.
func CrowdCursor(i int) string { return crowdTime(i) + "~" + CrowdID(i) }

func crowdTime(i int) string {
	return time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC).Format("2006-01-02T15:04:05.000Z")
}

// Crowd writes n interfaces of an account that has none straight into the file,
// for benchmarks of reads: only their number and shape matter. They are numbered
// from first on.
func (e *Env) Crowd(tb testing.TB, account string, first, n int) {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(e.Dir, "demarc.db")+"?_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)")
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		tb.Fatal(err)
	}
	defer tx.Rollback()
	conn, err := tx.Prepare(`INSERT INTO connections (account_id, id, name, name_key, region, access_point_id, sp, port_spec, port_type, stage, turn, stage_since, due_at, currency, installation_fee, monthly_fee, price_version, line_code, created_at, created_by, updated_at)
		VALUES (?, ?, ?, ?, 'cn-hangzhou', ?, 'CT', '10G', '10GBase-LR', ?, ?, ?, ?, 'USD', 150000, 72000, 'v', ?, ?, 'u', ?)`)
	if err != nil {
		tb.Fatal(err)
	}
	ap, stages, counts := e.APID(tb, "Hangzhou-Yuhang-A"), lifecycle.Stages(), map[lifecycle.Stage]int{}
	for i := first; i < first+n; i++ {
		stage := stages[i%len(stages)]
		counts[stage]++
		id, when := CrowdID(i), crowdTime(i)
		var due any
		if stage == lifecycle.PendingPayment || stage.Turn() == lifecycle.TurnStaff {
			due = when
		}
		if _, err := conn.Exec(account, id, fmt.Sprintf("Line-%d", i), fmt.Sprintf("line-%d", i), ap, stage, stage.Turn(), when, due, fmt.Sprintf("LINE-%d", i), when, when); err != nil {
			tb.Fatal(err)
		}
	}
	for stage, k := range counts {
		if _, err := tx.Exec("INSERT INTO connection_counts (account_id, stage, n) VALUES (?, ?, ?)", account, stage, k); err != nil {
			tb.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		tb.Fatal(err)
	}
}
