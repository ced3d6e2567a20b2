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
		if t, ok := parseInstant(v); ok {
			i.Time = t
			return nil
		}
		t, err := time.Parse(instantLayout, v) // says what is wrong with it
		if err != nil {
			return fmt.Errorf("instant %q: %w", v, err)
		}
		i.Time = t
		return nil
	}
	return fmt.Errorf("instant: unexpected %T", v)
}

// parseInstant reads a text of instantLayout, several times as fast as time.Parse:
// a page of a list reads hundreds. It is not ok for anything else.
func parseInstant(v string) (t time.Time, ok bool) {
	if len(v) != len(instantLayout) {
		return t, false
	}
	var parts [7]int // year, month, day, hour, minute, second, millisecond
	n := 0
	for i := range len(instantLayout) {
		switch digit, mark := v[i]-'0', instantLayout[i]; {
		case mark >= '0' && mark <= '9':
			if digit > 9 {
				return t, false
			}
			parts[n] = 10*parts[n] + int(digit)
		case v[i] != mark:
			return t, false
		default:
			n++
		}
	}
	t = time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], parts[6]*int(time.Millisecond), time.UTC)
	// What does not exist, like 30 February, was carried over.
	return t, t.Day() == parts[2] && int(t.Month()) == parts[1] && parts[3] < 24 && parts[4] < 60 && parts[5] < 60
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
