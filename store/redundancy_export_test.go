package store

import "context"

// WatchRedundancy lets tests run statements under the watch over pairs.
func (s *Store) WatchRedundancy(ctx context.Context, by Actor, reason string, devices []string, statements ...string) error {
	return s.inTx(ctx, by, func(t *tx) error {
		return t.watchRedundancy(reason, devices, func() error {
			for _, q := range statements {
				if _, err := t.exec(q); err != nil {
					return err
				}
			}
			t.after(t.replaceCatalogue)
			return nil
		})
	})
}
