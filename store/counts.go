package store

import "sync"

// countCache keeps the stage counts of accounts: every page of a customer shows
// some of them. Whoever writes a count forgets it here after the commit. The
// zero value is ready.
type countCache struct {
	mu sync.RWMutex
	of map[string]StageCounts
	// epoch counts what was forgotten: what was read before is not kept after.
	epoch uint64
}

// countsHeld bounds the memory of the cache, in accounts.
const countsHeld = 10_000

// lookup returns nil for an account that is not kept.
func (c *countCache) lookup(account string) (StageCounts, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.of[account], c.epoch
}

// keep stores what was read when the cache was at epoch.
func (c *countCache) keep(account string, n StageCounts, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch {
		return
	}
	if c.of == nil || len(c.of) >= countsHeld {
		c.of = map[string]StageCounts{}
	}
	c.of[account] = n
}

func (c *countCache) forget(accounts ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for _, a := range accounts {
		delete(c.of, a)
	}
}
