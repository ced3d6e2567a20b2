package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Every durable commit waits for the disk once. So that many people who write
// at the same moment wait together and not one after the other, a single
// goroutine owns the write connection and commits whatever is queued as one
// batch. Each piece of work is in a savepoint of its own: its error rolls back
// itself and nothing else, and nobody is answered before the commit.

// batchLimit caps a batch, so that the first in it does not wait for too many.
const batchLimit = 64

// job is one write transaction on its way through the writer.
type job struct {
	by   Actor
	f    func(*tx) error
	tx   *tx
	err  error
	done chan struct{}
	seen touched
	// panicked carries a panic of f back to the caller.
	panicked any
}

// writer runs until jobs is closed.
func (s *Store) writer(jobs <-chan *job) {
	batch := make([]*job, 0, batchLimit)
	for j := range jobs {
		batch = append(batch[:0], j)
		// Whoever was answered a moment ago may be about to write again: let
		// them queue up before the batch closes.
		runtime.Gosched()
	fill:
		for len(batch) < s.batchLimit {
			select {
			case more, ok := <-jobs:
				if !ok {
					break fill
				}
				batch = append(batch, more)
			default:
				break fill
			}
		}
		s.batches.Add(1)
		s.jobs.Add(int64(len(batch)))
		if err := s.runBatch(batch); err != nil {
			// Nothing of the batch is in the file: nobody is told otherwise.
			for _, j := range batch {
				if j.err == nil {
					j.err = unavailable(err)
				}
			}
		}
		for _, j := range batch {
			close(j.done)
		}
	}
}

// runBatch carries out a batch in one immediate transaction. An error means
// that nothing of it was kept; an error of one job is in the job.
func (s *Store) runBatch(batch []*job) error {
	// A request that is given up must not tear the transaction of the others.
	ctx := context.Background()
	sqlTx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer sqlTx.Rollback() // after a commit this does nothing
	var log audit
	for _, j := range batch {
		before := log
		if len(batch) == 1 {
			// Alone, the transaction itself is the savepoint.
			if s.runJob(ctx, sqlTx, &log, j); j.err != nil {
				return nil
			}
			continue
		}
		if _, err := sqlTx.ExecContext(ctx, "SAVEPOINT job"); err != nil {
			return err
		}
		if s.runJob(ctx, sqlTx, &log, j); j.err != nil {
			log = before // its events are gone
			if _, err := sqlTx.ExecContext(ctx, "ROLLBACK TO job"); err != nil {
				// The database gave up the whole transaction, as it does when
				// the disk is full.
				return errors.Join(j.err, err)
			}
		}
		if _, err := sqlTx.ExecContext(ctx, "RELEASE job"); err != nil {
			return err
		}
	}
	if err := log.keepHead(ctx, sqlTx, s.auditKey); err != nil {
		return err
	}
	return sqlTx.Commit()
}

func (s *Store) runJob(ctx context.Context, sqlTx *sql.Tx, log *audit, j *job) {
	defer func() {
		if p := recover(); p != nil {
			j.panicked = p
			j.err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	s.watcher.seen = &j.seen
	defer func() { s.watcher.seen = nil }()
	j.tx = &tx{Tx: sqlTx, s: s, ctx: ctx, now: s.Now(), by: j.by, audit: log}
	if j.err = j.f(j.tx); j.err == nil {
		j.err = j.tx.writeCapacity()
	}
}

// inTx runs f in a write transaction, together with others that wait. f's
// error rolls back what f did. When it returns nil, the work is on the disk.
func (s *Store) inTx(ctx context.Context, by Actor, f func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	j := &job{by: by, f: f, done: make(chan struct{})}
	s.closing.RLock()
	if s.queue == nil {
		s.closing.RUnlock()
		return unavailable(errors.New("the store is closed"))
	}
	s.queue <- j
	s.closing.RUnlock()
	<-j.done
	if j.panicked != nil {
		panic(j.panicked)
	}
	if j.err != nil {
		return translate(j.err)
	}
	for _, g := range j.tx.done {
		g()
	}
	j.seen.settle()
	s.revisions.raise(j.seen)
	if s.attached {
		return s.touchCommands()
	}
	return nil
}

// touchCommands tells the program that works on the file of this write.
func (s *Store) touchCommands() error {
	path := filepath.Join(s.dir, commandsFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	now := time.Now()
	return errors.Join(f.Close(), os.Chtimes(path, now, now))
}

// startWriter begins to take work.
func (s *Store) startWriter() {
	// The goroutine may begin when the store is closed already, and the field is
	// nil: it has the queue from here.
	queue, written := make(chan *job, batchLimit), make(chan struct{})
	s.queue, s.written = queue, written
	go func() {
		defer close(written)
		s.writer(queue)
	}()
}

// stopWriter lets the work under way end and takes no more.
func (s *Store) stopWriter() {
	s.closing.Lock()
	queue := s.queue
	s.queue = nil
	s.closing.Unlock()
	if queue != nil {
		close(queue)
		<-s.written
	}
}

// WriteStats is how many write transactions were asked for and in how many
// commits they went to the disk.
func (s *Store) WriteStats() (jobs, commits int64) { return s.jobs.Load(), s.batches.Load() }

// busyWait is how long a statement waits for another process that holds the
// file, such as a backup.
const busyWait = 10 * time.Second
