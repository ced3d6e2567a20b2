package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func openForWriting(tb testing.TB) *Store {
	tb.Helper()
	s, err := Open(context.Background(), Options{Dir: tb.TempDir(), Operator: "Example Cloud"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// put writes one durable row.
func put(t *tx, name, value string) error {
	_, err := t.exec("INSERT INTO settings (name, value) VALUES (?, ?)", name, value)
	return err
}

// hold keeps the writer busy until the returned function is called, so that
// what comes next queues up into one batch.
func hold(s *Store) (release func()) {
	started, free := make(chan struct{}), make(chan struct{})
	go s.inTx(context.Background(), Actor{}, func(*tx) error {
		close(started)
		<-free
		return nil
	})
	<-started
	return func() { close(free) }
}

func TestABatchIsOneCommitAndItsJobsAreApart(t *testing.T) {
	s := openForWriting(t)
	release := hold(s)
	_, before := s.WriteStats()
	const n = 20
	errs := make([]error, n)
	panicked := make([]any, n)
	broken := errors.New("this one fails")
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { panicked[i] = recover() }()
			ctx, cancel := context.WithCancel(context.Background())
			errs[i] = s.inTx(ctx, Actor{}, func(t *tx) error {
				if err := put(t, fmt.Sprint("row-", i), "x"); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return broken
				case 2:
					panic("a bug")
				case 3:
					cancel() // the browser went away: the work is done all the same
				}
				return nil
			})
			cancel()
		}()
	}
	for len(s.queue) < n { // all of them wait
		time.Sleep(time.Millisecond)
	}
	release()
	wg.Wait()
	for i := range n {
		v, err := s.Setting(context.Background(), fmt.Sprint("row-", i))
		if err != nil {
			t.Fatal(err)
		}
		kept := i%4 == 0 || i%4 == 3
		if kept != (v == "x") {
			t.Errorf("row %d: kept %q", i, v)
		}
		if kept != (errs[i] == nil && panicked[i] == nil) || (i%4 == 1) != errors.Is(errs[i], broken) || (i%4 == 2) != (panicked[i] != nil) {
			t.Errorf("row %d: answered %v, panic %v", i, errs[i], panicked[i])
		}
	}
	if _, after := s.WriteStats(); after-before != 1 {
		t.Errorf("%d commits for one batch", after-before)
	}
}

func TestAfterCloseNothingIsTaken(t *testing.T) {
	s := openForWriting(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting(context.Background(), "a", "b"); KindOf(err) != Unavailable {
		t.Errorf("written to a closed store: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.inTx(ctx, Actor{}, func(*tx) error { t.Error("ran"); return nil }); KindOf(err) != Unavailable {
		t.Errorf("a request that was given up before it began: %v", err)
	}
}

// BenchmarkDurableWrites compares the writer with one commit per piece of
// work, in turns: "×naive" is how many times as many writes 64 clients get
// done, "p99" and "p50/naive" are ratios of waiting times; below 1 is faster.
func BenchmarkDurableWrites(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			grouped, naive := openForWriting(b), openForWriting(b)
			naive.batchLimit = 1
			var times [2][]time.Duration
			var total [2]time.Duration
			n := 0
			one := func(s *Store, which int) {
				const each = 20
				var wg sync.WaitGroup
				var mu sync.Mutex
				start := time.Now()
				for c := range clients {
					wg.Add(1)
					go func() {
						defer wg.Done()
						for k := range each {
							t0 := time.Now()
							if err := s.inTx(context.Background(), Actor{}, func(t *tx) error { return put(t, fmt.Sprint(n, "-", c, "-", k), "x") }); err != nil {
								b.Error(err)
							}
							d := time.Since(t0)
							mu.Lock()
							times[which] = append(times[which], d)
							mu.Unlock()
						}
					}()
				}
				wg.Wait()
				total[which] += time.Since(start)
			}
			for b.Loop() {
				n++
				one(grouped, 0)
				one(naive, 1)
			}
			at := func(which int, p float64) float64 {
				slices.Sort(times[which])
				return float64(times[which][int(p*float64(len(times[which])-1))])
			}
			b.ReportMetric(float64(total[1])/float64(total[0]), "×naive")
			b.ReportMetric(at(0, .99)/at(1, .99), "p99/naive")
			b.ReportMetric(at(0, .5)/at(1, .5), "p50/naive")
			jobs, commits := grouped.WriteStats()
			b.ReportMetric(float64(jobs)/float64(commits), "jobs/commit")
		})
	}
}
