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
	Work   []WorkStats
}

// WorkStats is how much waits for staff in a stage.
type WorkStats struct {
	Stage            lifecycle.Stage
	Waiting, Overdue int
}

// Stats reads a few counters. Kinds: Unavailable.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	out := Stats{Bytes: map[string]int64{}}
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
		if err := s.get(ctx, "SELECT COALESCE((SELECT n FROM connection_counts WHERE account_id = '' AND stage = ?), 0), (SELECT COUNT(*) FROM connections WHERE stage = ? AND due_at <= ?)",
			[]any{stage, stage, at(s.Now())}, &w.Waiting, &w.Overdue); err != nil {
			return out, unavailable(err)
		}
		out.Work = append(out.Work, w)
	}
	return out, nil
}
