package store

import (
	"context"
	"errors"
	"testing"
)

// endless counts for a long time, unless it is interrupted.
const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT COUNT(*) FROM n"

// A statement that goes through many rows ends with its context, and none begins
// after that.
func TestStatementsEndWithTheirContext(t *testing.T) {
	begun := make(chan string, 10)
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Trace: func(query string) {
		if query == endless {
			begun <- query
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, giveUp := context.WithCancel(t.Context())
	go func() {
		<-begun
		giveUp()
	}()
	var n int
	if err := s.get(throughTables(ctx), endless, nil, &n); !errors.Is(err, context.Canceled) {
		t.Errorf("a statement through many rows says %v after its context ended", err)
	}
	count := func(r scanner) (int, error) { return n, r.Scan(&n) }
	for what, read := range map[string]func(context.Context) error{
		"get":  func(ctx context.Context) error { return s.get(ctx, endless, nil, &n) },
		"one":  func(ctx context.Context) error { _, err := one(ctx, s, count, endless); return err },
		"list": func(ctx context.Context) error { _, err := list(ctx, s, count, endless); return err },
	} {
		if err := read(ctx); !errors.Is(err, context.Canceled) || len(begun) > 0 {
			t.Errorf("%s says %v when its context ended before, and began %d statements", what, err, len(begun))
		}
	}
}
