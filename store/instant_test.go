package store

import (
	"testing"
	"time"
)

// An instant is read as time.Parse reads it, and refused where it refuses.
func TestInstantIsReadAsItIsWritten(t *testing.T) {
	for _, text := range []string{
		"2026-11-20T07:12:00.000Z", "2024-02-29T23:59:59.999Z", "0001-01-01T00:00:00.001Z", "9999-12-31T23:59:59.999Z",
		"2026-02-29T00:00:00.000Z", "2026-04-31T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-00-10T00:00:00.000Z", "2026-01-00T00:00:00.000Z", "2026-11-20T24:00:00.000Z", "2026-11-20T07:60:00.000Z", "2026-11-20T07:12:60.000Z",
		"", "2026-11-20", "2026-11-20 07:12:00.000Z", "2026-11-20T07:12:00.000+", "2026-11-20T07:12:00,000Z", "2026-11-20T07:12:00.00aZ", "2o26-11-20T07:12:00.000Z", "2026-11-20T07:12:00.000Z ", "2026/11/20T07:12:00.000Z",
	} {
		want, wantErr := time.Parse(instantLayout, text)
		var got instant
		err := got.Scan(text)
		if (err == nil) != (wantErr == nil) || (err == nil && (!got.Equal(want) || got.Location() != time.UTC)) {
			t.Errorf("%q is read as %s, %v; want %s, %v", text, got.Time, err, want, wantErr)
		}
	}
}
