package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"demarc/store/chain"
	"demarc/store/lifecycle"
)

// audit is the end of the chain of events inside one commit. Several jobs of a
// batch add to it one after the other; a job that fails takes its events back.
type audit struct {
	head   chain.Head
	loaded bool
	// broken says why the head in the file was not the one this program wrote.
	broken string
}

// loadHead reads where the chain ends, at the first event of a commit. It is
// read and not remembered: another process, such as demarc admin reset, may
// have written meanwhile.
func (t *tx) loadHead() error {
	if t.audit.loaded {
		return nil
	}
	var seal []byte
	var last int64
	err := t.row("SELECT n, hash, seal, (SELECT COALESCE(MAX(n), 0) FROM events) FROM audit_head WHERE one = 1").Scan(&t.audit.head.N, &t.audit.head.Hash, &seal, &last)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		t.audit.broken = "The head of the audit log was missing"
	case err != nil:
		return err
	case !t.audit.head.Sealed(t.s.auditKey, seal):
		t.audit.broken = "The head of the audit log was not sealed with the key of this folder"
	case last < t.audit.head.N:
		t.audit.broken = "The end of the audit log was cut off"
	case last > t.audit.head.N:
		t.audit.broken = "Events stood behind the end of the audit log"
	}
	t.audit.loaded = true
	if t.audit.broken == "" {
		return nil
	}
	// Refusing all work would help nobody but whoever did it. The chain goes on
	// behind whatever is there, and says so for good.
	if t.audit.head.Hash == nil {
		t.audit.head = chain.Start()
	}
	err = t.row("SELECT n, hash FROM events WHERE n >= ? ORDER BY n DESC LIMIT 1", t.audit.head.N).Scan(&t.audit.head.N, &t.audit.head.Hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	t.s.log.Error("the audit log is damaged: run demarc audit verify", "reason", t.audit.broken)
	by := t.by
	t.by = systemActor()
	defer func() { t.by = by }()
	return t.event("audit", "", "audit_broken", lifecycle.None, lifecycle.None, "", t.audit.broken)
}

// chained gives an event its place, its salt and its hash.
func (t *tx) chained(r *chain.Record) error {
	if err := t.loadHead(); err != nil {
		return err
	}
	r.N, r.Who = t.audit.head.N+1, chain.NewSalt()
	sum, err := r.Sum(t.audit.head.Hash)
	if err != nil {
		return err
	}
	r.Hash = sum
	t.audit.head = chain.Head{N: r.N, Hash: sum}
	return nil
}

const writeHead = `INSERT INTO audit_head (one, n, hash, seal) VALUES (1, ?, ?, ?)
	ON CONFLICT (one) DO UPDATE SET n = excluded.n, hash = excluded.hash, seal = excluded.seal`

// keepHead writes where the chain ends, once in a commit.
func (a *audit) keepHead(ctx context.Context, sqlTx *sql.Tx, key []byte) error {
	if !a.loaded {
		return nil
	}
	_, err := sqlTx.ExecContext(ctx, writeHead, a.head.N, []byte(a.head.Hash), []byte(a.head.Seal(key)))
	return err
}

// chainOldEvents gives the events of a database from before the chain their
// places. It runs once: where there is a head, nothing is chained afterwards.
func (s *Store) chainOldEvents(ctx context.Context) error {
	var begun bool
	if err := s.write.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM audit_head) OR EXISTS (SELECT 1 FROM events WHERE n IS NOT NULL)").Scan(&begun); err != nil || begun {
		return err
	}
	sqlTx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer sqlTx.Rollback()
	a := audit{head: chain.Start(), loaded: true}
	const page = 5000
	for {
		rows, err := sqlTx.QueryContext(ctx, "SELECT "+recordColumns+" FROM events WHERE n IS NULL ORDER BY at, subject, seq LIMIT ?", page)
		if err != nil {
			return err
		}
		records, err := collect(rows, scanRecord)
		if err != nil {
			return err
		}
		for i := range records {
			r := &records[i]
			r.N, r.Who = a.head.N+1, chain.NewSalt()
			sum, err := r.Sum(a.head.Hash)
			if err != nil {
				return err
			}
			a.head = chain.Head{N: r.N, Hash: sum}
			if _, err := sqlTx.ExecContext(ctx, "UPDATE events SET n = ?, hash = ?, who = ? WHERE subject = ? AND seq = ?", r.N, []byte(sum), []byte(r.Who), r.Subject, r.Seq); err != nil {
				return err
			}
		}
		if len(records) < page {
			break
		}
	}
	if err := a.keepHead(ctx, sqlTx, s.auditKey); err != nil {
		return err
	}
	return sqlTx.Commit()
}

const recordColumns = `COALESCE(n, 0), subject, seq, at, account_id, actor_id, actor_name, actor_role, actor_account, action, from_stage, to_stage, request_id, reason, detail, COALESCE(who, x''), COALESCE(hash, x'')`

func scanRecord(r scanner) (chain.Record, error) {
	var e chain.Record
	err := r.Scan(&e.N, &e.Subject, &e.Seq, &e.At, &e.AccountID, &e.ActorID, &e.ActorName, &e.ActorRole, &e.ActorAccount, &e.Action, &e.From, &e.To, &e.RequestID, &e.Reason, &e.Detail, &e.Who, &e.Hash)
	return e, err
}

// EachAuditRecord calls f for every event after the place n, in the order of
// the chain, until f fails. It holds no transaction in between: what is written
// meanwhile comes at the end.
func (s *Store) EachAuditRecord(ctx context.Context, n int64, f func(chain.Record) error) error {
	for {
		page, err := list(ctx, s, scanRecord, "SELECT "+recordColumns+" FROM events WHERE n > ? ORDER BY n LIMIT 1000", n)
		if err != nil {
			return unavailable(err)
		}
		for _, r := range page {
			if err := f(r); err != nil {
				return err
			}
			n = r.N
		}
		if len(page) < 1000 {
			return nil
		}
	}
}

// AuditHead is where the chain of events ends: to be noted elsewhere, so that
// nobody can write the past anew. Kinds: Unavailable.
func (s *Store) AuditHead(ctx context.Context) (chain.Head, error) {
	if s.old {
		return chain.Start(), nil
	}
	h, _, err := s.auditHead(ctx)
	return h, err
}

func (s *Store) auditHead(ctx context.Context) (h chain.Head, seal []byte, err error) {
	err = s.get(ctx, "SELECT n, hash, seal FROM audit_head WHERE one = 1", nil, &h.N, &h.Hash, &seal)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return h, nil, unavailable(err)
	}
	return h, seal, nil
}

// VerifyAudit walks along the whole chain of events and says in sentences what
// is wrong with it; none is a sound log. noted are heads that were kept
// elsewhere. It returns the head that the log has. Meant for a log that nobody
// writes to: events that are written meanwhile are looked at too, but the
// comparison with the head repeats until it holds still.
func (s *Store) VerifyAudit(ctx context.Context, noted ...chain.Head) (chain.Head, []string, error) {
	v := chain.NewVerifier(noted...)
	for range 10 {
		if err := s.EachAuditRecord(ctx, v.Head().N, func(r chain.Record) error { v.Next(r); return nil }); err != nil {
			return v.Head(), nil, err
		}
		head, seal, err := s.auditHead(ctx)
		if err != nil {
			return v.Head(), nil, err
		}
		if head.N > v.Head().N {
			var more bool
			if err := s.get(ctx, "SELECT EXISTS (SELECT 1 FROM events WHERE n > ?)", []any{v.Head().N}, &more); err != nil {
				return v.Head(), nil, unavailable(err)
			}
			if more {
				continue
			}
		}
		problems := v.Finish(head)
		if !s.unsealed && !head.Sealed(s.auditKey, seal) {
			problems = append(problems, "the head of the chain is not sealed with the key in audit.key: the end of the log, or the key, is not the one that this program wrote")
		}
		loose, err := list(ctx, s, func(r scanner) (string, error) {
			var subject string
			var seq int64
			err := r.Scan(&subject, &seq)
			return fmt.Sprintf("event %d of %s has no place in the chain: it was written behind the program's back", seq, subject), err
		}, "SELECT subject, seq FROM events WHERE n IS NULL ORDER BY n, subject, seq LIMIT 20")
		if err != nil {
			return v.Head(), nil, unavailable(err)
		}
		breaks, err := list(ctx, s, func(r scanner) (string, error) {
			var when instant
			var detail string
			err := r.Scan(&when, &detail)
			return fmt.Sprintf("at %s the program found: %s", when.Time.Format(time.RFC3339), detail), err
		}, "SELECT at, detail FROM events WHERE subject = 'audit' AND action = 'audit_broken' ORDER BY subject, seq")
		if err != nil {
			return v.Head(), nil, unavailable(err)
		}
		return v.Head(), append(append(problems, loose...), breaks...), nil
	}
	return v.Head(), nil, unavailable(errors.New("the log grows faster than it can be read"))
}
