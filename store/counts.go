package store

import "sync"

// countCache keeps counts of accounts that every page of a customer shows.
// Whoever writes what is counted forgets it here after the commit, unless what is
// kept names the revision that it is of. The zero value is ready.
type countCache[T any] struct {
	mu sync.RWMutex
	of map[string]T
	// epoch counts what was forgotten: what was read before is not kept after.
	epoch uint64
}

// countsHeld bounds the memory of the cache, in accounts.
const countsHeld = 10_000

// lookup says what is kept for the account; ok is false when nothing is.
func (c *countCache[T]) lookup(account string) (n T, ok bool, epoch uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, ok = c.of[account]
	return n, ok, c.epoch
}

// keep stores what was read when the cache was at epoch.
func (c *countCache[T]) keep(account string, n T, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch {
		return
	}
	if c.of == nil || len(c.of) >= countsHeld {
		c.of = map[string]T{}
	}
	c.of[account] = n
}

func (c *countCache[T]) forget(accounts ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for _, a := range accounts {
		delete(c.of, a)
	}
}
