package store

import (
	"context"
)

// InterfacesAt counts an account's interfaces at each of the access points,
// those that have ended aside: what the quota per access point counts.
func (s *Store) InterfacesAt(ctx context.Context, account string, accessPoints []string) (map[string]int, error) {
	out := make(map[string]int, len(accessPoints))
	for _, ap := range accessPoints {
		var n int
		if err := s.get(ctx, "SELECT COUNT(*) FROM connections WHERE account_id = ? AND access_point_id = ? AND turn <> 'closed'", []any{account, ap}, &n); err != nil {
			return nil, err
		}
		out[ap] = n
	}
	return out, nil
}
