package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store/chain"
	"demarc/store/lifecycle"
)

// writeEvents writes n events of some subjects, each as a job of its own.
func writeEvents(tb testing.TB, s *Store, n int) {
	tb.Helper()
	for i := range n {
		by := Actor{UserID: fmt.Sprint("us-", i%3), Name: fmt.Sprint("Person ", i%3), Role: lifecycle.Reviewer, RequestID: "TEST"}
		err := s.inTx(context.Background(), by, func(t *tx) error {
			return t.event(fmt.Sprint("pc-", i%4), "acc", "approve", lifecycle.InApplication, lifecycle.ApprovedLOA, "because", fmt.Sprint("detail ", i))
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// meddle changes the file of a store behind its back.
func meddle(tb testing.TB, dir string, statements ...string) {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, Database)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	for _, q := range append([]string{"DROP TRIGGER IF EXISTS events_fixed", "DROP TRIGGER IF EXISTS events_kept"}, statements...) {
		if _, err := db.Exec(q); err != nil {
			tb.Fatalf("%s: %v", q, err)
		}
	}
}

func openAt(tb testing.TB, dir string) *Store {
	tb.Helper()
	s, err := Open(context.Background(), Options{Dir: dir, Operator: "Example Cloud"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func problemsOf(tb testing.TB, s *Store, noted ...chain.Head) []string {
	tb.Helper()
	_, problems, err := s.VerifyAudit(context.Background(), noted...)
	if err != nil {
		tb.Fatal(err)
	}
	return problems
}

func TestTheAuditLogShowsEveryChange(t *testing.T) {
	const events = 40
	for name, c := range map[string]struct {
		sql   string
		want  string
		every bool // every event is covered: tried on the first, a middle and the last
	}{
		"nothing":               {"SELECT 1", "", false},
		"time":                  {"UPDATE events SET at = '2020-01-01T00:00:00.000Z' WHERE n = N", "event N ", true},
		"actor":                 {"UPDATE events SET actor_id = 'us-x' WHERE n = N", "event N ", true},
		"name":                  {"UPDATE events SET actor_name = 'Somebody Else' WHERE n = N", "event N ", true},
		"role":                  {"UPDATE events SET actor_role = 'administrator' WHERE n = N", "event N ", true},
		"action":                {"UPDATE events SET action = 'reject' WHERE n = N", "event N ", true},
		"stage":                 {"UPDATE events SET to_stage = 'enabled' WHERE n = N", "event N ", true},
		"reason":                {"UPDATE events SET reason = '' WHERE n = N", "event N ", true},
		"detail":                {"UPDATE events SET detail = detail || ' ' WHERE n = N", "event N ", true},
		"account":               {"UPDATE events SET account_id = 'other' WHERE n = N", "event N ", true},
		"request":               {"UPDATE events SET request_id = 'x' WHERE n = N", "event N ", true},
		"subject":               {"UPDATE events SET subject = 'pc-9' WHERE n = N", "event N ", true},
		"salt":                  {"UPDATE events SET who = x'00112233445566778899aabbccddeeff' WHERE n = N", "event N ", true},
		"text moved over":       {"UPDATE events SET reason = 'becaus', detail = 'e' || detail WHERE n = N", "event N ", true},
		"one taken out":         {"DELETE FROM events WHERE n = 20", "event 20 of the chain is missing", false},
		"some taken out":        {"DELETE FROM events WHERE n BETWEEN 20 AND 23", "events 20 to 23 of the chain are missing", false},
		"first taken out":       {"DELETE FROM events WHERE n = 1", "event 1 of the chain is missing", false},
		"tail cut off":          {"DELETE FROM events WHERE n > 30", "its end was cut off", false},
		"all taken out":         {"DELETE FROM events", "its end was cut off", false},
		"two change places":     {"UPDATE events SET n = CASE n WHEN 10 THEN -11 ELSE -10 END WHERE n IN (10, 11); UPDATE events SET n = -n WHERE n < 0", "event 10 ", false},
		"numbers of a subject":  {"UPDATE events SET seq = -seq WHERE subject = 'pc-1'; UPDATE events SET seq = CASE seq WHEN -1 THEN 2 WHEN -2 THEN 1 ELSE -seq END WHERE subject = 'pc-1'", "of pc-1, and number", false},
		"one slipped in":        {"INSERT INTO events (subject, seq, at, actor_id, actor_name, actor_role, action, request_id) VALUES ('pc-1', 11, '', 'u', 'U', 'reviewer', 'approve', 'r')", "event 11 of pc-1 has no place in the chain", false},
		"one forged at the end": {"INSERT INTO events (subject, seq, at, actor_id, actor_name, actor_role, action, request_id, n, hash, who) VALUES ('pc-1', 11, '', 'u', 'U', 'reviewer', 'approve', 'r', 41, zeroblob(32), zeroblob(16))", "event 41 ", false},
		"name erased by hand":   {"UPDATE events SET actor_name = 'Erased person', who = zeroblob(32) WHERE n = N", "event N ", true},
		"head moved back":       {"DELETE FROM events WHERE n > 30; UPDATE audit_head SET n = 30, hash = (SELECT hash FROM events WHERE n = 30)", "not sealed", false},
		"head taken out":        {"DELETE FROM audit_head", "head of the chain", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := []int{20}
			if c.every {
				at = []int{1, 20, events}
			}
			for _, n := range at {
				dir := t.TempDir()
				s := openAt(t, dir)
				writeEvents(t, s, events)
				if p := problemsOf(t, s); len(p) > 0 {
					t.Fatalf("a sound log: %q", p)
				}
				place := func(q string) string {
					return strings.ReplaceAll(strings.ReplaceAll(q, "event N", fmt.Sprint("event ", n)), "n = N", fmt.Sprint("n = ", n))
				}
				meddle(t, dir, place(c.sql))
				got := strings.Join(problemsOf(t, s), "\n")
				if c.want == "" {
					if got != "" {
						t.Errorf("found %q", got)
					}
				} else if !strings.Contains(got, place(c.want)) {
					t.Errorf("found %q, want %q", got, place(c.want))
				}
				// Work goes on, and what was found does not heal.
				writeEvents(t, s, 3)
				if after := problemsOf(t, s); (c.want == "") != (len(after) == 0) {
					t.Errorf("after more events: %q", after)
				}
			}
		})
	}
}

// Whoever has the database and the key can write the past anew: only a head
// that was noted elsewhere shows it.
func TestAHeadNotedElsewhereShowsWhatTheKeyCannot(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	writeEvents(t, s, 20)
	noted, err := s.AuditHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	back, err := chain.ParseHead(noted.String())
	if err != nil || back.N != 20 || back.String() != noted.String() {
		t.Fatalf("%v %v", back, err)
	}
	writeEvents(t, s, 5)
	if p := problemsOf(t, s, noted); len(p) > 0 {
		t.Fatalf("an older head of the same log: %q", p)
	}
	// The past anew: everything unchained and chained again, as at a first start.
	meddle(t, dir, "UPDATE events SET reason = 'forged' WHERE n = 7", "DELETE FROM events WHERE n = 25", "UPDATE events SET n = NULL, hash = NULL, who = NULL", "DELETE FROM audit_head")
	s.Close()
	s = openAt(t, dir)
	if p := problemsOf(t, s); len(p) > 0 {
		t.Fatalf("the forgery is not complete: %q", p)
	}
	if p := problemsOf(t, s, noted); len(p) != 1 || !strings.Contains(p[0], "another hash than the one that was noted") {
		t.Errorf("found %q", p)
	}
	if p := problemsOf(t, s, chain.Head{N: 4000, Hash: noted.Hash}); len(p) != 1 || !strings.Contains(p[0], "event 4000, whose hash was noted, is not there") {
		t.Errorf("found %q", p)
	}
	for _, bad := range []string{"", "1", "1:", "x:" + noted.String(), "1:abcd", "-1" + noted.String()[2:]} {
		if _, err := chain.ParseHead(bad); err == nil {
			t.Errorf("%q was taken for a head", bad)
		}
	}
}

// Events from before the chain get their places at the next start, once.
func TestOldEventsAreChainedAtTheFirstStart(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	writeEvents(t, s, 12)
	s.Close()
	meddle(t, dir, "UPDATE events SET n = NULL, hash = NULL, who = NULL", "DELETE FROM audit_head")
	s = openAt(t, dir)
	if p := problemsOf(t, s); len(p) > 0 {
		t.Errorf("after the first start: %q", p)
	}
	writeEvents(t, s, 2)
	s.Close()
	meddle(t, dir, "UPDATE events SET n = NULL WHERE n = 14")
	s = openAt(t, dir)
	if p := problemsOf(t, s); len(p) == 0 {
		t.Error("a later start healed a broken chain")
	}
}

func TestTheChainHoldsThroughBatchesAndFailures(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	broken := errors.New("this one fails")
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for k := range 6 {
				err := s.inTx(context.Background(), Actor{UserID: "u", Name: "U", RequestID: "r"}, func(t *tx) error {
					for range 2 {
						if err := t.event(fmt.Sprint("pc-", i%8), "", "order", "", "", "", ""); err != nil {
							return err
						}
					}
					if (i+k)%3 == 0 {
						return broken
					}
					return nil
				})
				if (err != nil) != ((i+k)%3 == 0) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	head, problems, err := s.VerifyAudit(t.Context())
	if err != nil || len(problems) > 0 || head.N != 64*6*2/3*2 {
		t.Errorf("%v %v %q", head, err, problems)
	}
	// Another process on the same file: the chain goes on behind its events.
	other := openAt(t, dir)
	writeEvents(t, other, 3)
	writeEvents(t, s, 3)
	writeEvents(t, other, 3)
	if p := problemsOf(t, s); len(p) > 0 {
		t.Errorf("two processes: %q", p)
	}
	if _, commits := s.WriteStats(); commits > 300 {
		t.Errorf("%d commits: the jobs were not in batches", commits)
	}
}

// BenchmarkEvents compares a transaction that writes one chained event with
// one that writes the same row without a place, in turns: "×unchained" is what
// the chain costs.
func BenchmarkEvents(b *testing.B) {
	s := openForWriting(b)
	var times [2]time.Duration
	do := func(which, i int) {
		start := time.Now()
		err := s.inTx(context.Background(), Actor{UserID: "u", Name: "U", RequestID: "r"}, func(t *tx) error {
			if which == 0 {
				return t.event(fmt.Sprint("pc-", i), "acc", "order", "", "pending_payment", "", "detail")
			}
			_, err := t.exec(`INSERT INTO events (subject, seq, at, account_id, actor_id, actor_name, actor_role, actor_account, action, from_stage, to_stage, request_id, reason, detail)
				SELECT ?, COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM events WHERE subject = ?`,
				fmt.Sprint("px-", i), at(t.now), "acc", "u", "U", "customer", "", "order", "", "pending_payment", "r", "", "detail", fmt.Sprint("px-", i))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		times[which] += time.Since(start)
	}
	i := 0
	for b.Loop() {
		do(0, i)
		do(1, i)
		i++
	}
	b.ReportMetric(float64(times[0])/float64(times[1]), "×unchained")
}
