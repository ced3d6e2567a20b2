package store

import (
	"context"
	"database/sql"
	"errors"
)

// Setting is the value kept under a name; "" when there is none.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	var v string
	err := s.get(ctx, "SELECT value FROM settings WHERE name = ?", []any{name}, &v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, err
}

// SetSetting keeps a value under a name.
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	return s.inTx(ctx, systemActor(), func(t *tx) error {
		_, err := t.exec("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
		return err
	})
}
