package store

import (
	"context"
	"time"
)

// ReadTrends is Trends from the rows, whatever is kept of them.
func (s *Store) ReadTrends(ctx context.Context) ([]Trend, error) {
	return s.readTrends(ctx, s.Now().UTC().Truncate(24*time.Hour))
}
