package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"demarc/store/lifecycle"
)

// probeEvery is how long an answer of Ready stands: whoever asks more often
// does not make the disk work.
const probeEvery = 5 * time.Second

// probe is what Ready found out last.
type probe struct {
	mu   sync.Mutex
	when time.Time
	err  error
}

// Ready reports whether the database answers and takes writes: a disk that is
// full or read-only does not serve. The answer is a few seconds old at most.
// Kinds: Unavailable, with a word of what is wrong and nothing of where.
func (s *Store) Ready(ctx context.Context) error {
	s.probe.mu.Lock()
	defer s.probe.mu.Unlock()
	if now := s.Now(); now.Sub(s.probe.when) >= probeEvery || now.Before(s.probe.when) {
		s.probe.err = s.tryBoth(ctx)
		s.probe.when = now
	}
	return s.probe.err
}

func (s *Store) tryBoth(ctx context.Context) error {
	var n int
	if err := s.read.QueryRowContext(ctx, "SELECT 1").Scan(&n); err != nil {
		return &Error{Kind: Unavailable, Msg: "the database does not answer", Err: err}
	}
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		_, err := t.exec("INSERT INTO settings (name, value) VALUES ('last_probe', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", at(t.now).text())
		return err
	})
	if err != nil {
		return &Error{Kind: Unavailable, Msg: "the database takes no writes", Err: err}
	}
	return nil
}

// Stats are numbers about the store for whoever watches over it.
type Stats struct {
	Queue  int              // write transactions that wait
	Events int64            // of the audit log
	Bytes  map[string]int64 // by file of the database
	Free   int64            // bytes of the disk that the database may still take; -1 where nobody says
	Work   []WorkStats
	Mails  map[string]int // of the outbox that are not sent, by state; 1,000 means so many or more
	// MailSince is when the mail that waits longest was written; zero when none
	// waits.
	MailSince time.Time
	// Letters says that letters can be signed now, CertificateEnds until when
	// their certificate is good.
	Letters         bool
	CertificateEnds time.Time
}

// statsCap is the most rows that are counted: whoever watches looks often.
const statsCap = 1000

// WorkStats is how much waits for staff in a stage. Overdue is counted up to
// 1,000.
type WorkStats struct {
	Stage            lifecycle.Stage
	Waiting, Overdue int
}

// Stats reads a few counters. Kinds: Unavailable.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	out := Stats{Bytes: map[string]int64{}, Free: freeBytes(s.dir), Mails: map[string]int{}}
	s.closing.RLock()
	out.Queue = len(s.queue)
	s.closing.RUnlock()
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(filepath.Join(s.dir, Database+suffix))
		if err == nil {
			out.Bytes[Database+suffix] = info.Size()
		} else if !errors.Is(err, os.ErrNotExist) {
			return out, unavailable(err)
		}
	}
	head, err := s.AuditHead(ctx)
	if err != nil {
		return out, err
	}
	out.Events = head.N
	for _, stage := range []lifecycle.Stage{lifecycle.InApplication, lifecycle.WaitingForCabling, lifecycle.Terminating} {
		w := WorkStats{Stage: stage}
		if err := s.get(ctx, "SELECT COALESCE((SELECT n FROM connection_counts WHERE account_id = '' AND stage = ?), 0), (SELECT COUNT(*) FROM (SELECT 1 FROM connections WHERE stage = ? AND due_at <= ? LIMIT ?))",
			[]any{stage, stage, at(s.Now()), statsCap}, &w.Waiting, &w.Overdue); err != nil {
			return out, unavailable(err)
		}
		out.Work = append(out.Work, w)
	}
	for _, state := range []string{MailWaiting, MailSending, MailFailed} {
		var n int
		if err := s.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM mails WHERE state = '"+state+"' LIMIT ?)", []any{statsCap}, &n); err != nil {
			return out, unavailable(err)
		}
		out.Mails[state] = n
	}
	var since instant
	if err := s.get(ctx, "SELECT MIN(created_at) FROM (SELECT created_at FROM mails WHERE state = 'waiting' ORDER BY next_at, id LIMIT ?)", []any{statsCap}, &since); err != nil {
		return out, unavailable(err)
	}
	out.MailSince = since.Time
	keys := s.LetterKeys()
	if out.Letters = keys.Check(s.Now()) == nil; len(keys.Chain) > 0 {
		out.CertificateEnds = keys.Chain[0].NotAfter
	}
	return out, nil
}
