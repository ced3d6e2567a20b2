package store

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// instant is a time as the database holds it: UTC text of fixed width, so
// that the order of the text is the order of time on every database.
type instant struct{ time.Time }

const instantLayout = "2006-01-02T15:04:05.000Z"

func at(t time.Time) instant { return instant{t} }

// Value writes the zero time as NULL.
func (i instant) Value() (driver.Value, error) {
	if i.IsZero() {
		return nil, nil
	}
	return i.UTC().Format(instantLayout), nil
}

// Scan reads NULL as the zero time.
func (i *instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		i.Time = time.Time{}
		return nil
	case string:
		t, err := time.Parse(instantLayout, v)
		if err != nil {
			return fmt.Errorf("instant %q: %w", v, err)
		}
		i.Time = t
		return nil
	}
	return fmt.Errorf("instant: unexpected %T", v)
}

// intoTime scans an instant into a time.
type intoTime struct{ to *time.Time }

// Scan implements sql.Scanner.
func (i intoTime) Scan(v any) error {
	var read instant
	err := read.Scan(v)
	*i.to = read.Time
	return err
}

// text is the form used inside cursors and comparisons.
func (i instant) text() string { return i.UTC().Format(instantLayout) }
