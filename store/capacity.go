package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"demarc/store/catalog"
)

// The history of capacity: how many ports of a type an access point had in each
// state at the end of every day. It is written by the transaction that changes
// the numbers, once a transaction, from the counters themselves.

// CapacityDays is how far back a trend looks.
const CapacityDays = 90

// capacityMinDays is the shortest history that a pace is taken from: one order
// on the first day is no trend.
const capacityMinDays = 14

// CapacityHorizon is how many days ahead the end of the free ports is told.
// Beyond it the pace of 90 days says nothing.
const CapacityHorizon = 180

// dayLayout is the text of a day in storage, in UTC.
const dayLayout = "2006-01-02"

// PortTally is how many ports are in each state.
type PortTally struct{ Free, Allocated, InUse, Quarantined, OutOfService int }

// Taken is how many ports interfaces hold, or held until their cable is out:
// what demand has taken. A port that is out of service is no demand.
func (n PortTally) Taken() int { return n.Allocated + n.InUse + n.Quarantined }

// CapacityDay is how many ports there were at the end of a day, and until the
// next entry.
type CapacityDay struct {
	Day time.Time // midnight UTC
	PortTally
}

// Trend is how the demand for a port type at an access point developed: from
// the first entry, at most CapacityDays ago, to the last.
type Trend struct {
	AccessPoint string
	Type        catalog.PortType
	From        time.Time // midnight UTC of the day that the pace counts from
	Days        int       // from From to today
	TakenThen   int       // ports taken at the end of From
	TakenNow    int
	FreeNow     int
}

// DaysLeft is in how many days no port is free when the next days take as many
// ports as the last did; false when there is nothing to tell: the demand is
// flat or falls, the history is shorter than two weeks, the end is further
// away than CapacityHorizon, or no port is free already.
func (n Trend) DaysLeft() (int, bool) {
	taken := n.TakenNow - n.TakenThen
	if taken <= 0 || n.Days < capacityMinDays || n.FreeNow <= 0 {
		return 0, false
	}
	// Rounded down: the last port is gone during that day.
	days := n.FreeNow * n.Days / taken
	return days, days <= CapacityHorizon
}

type capacityKey struct {
	accessPoint string
	kind        catalog.PortType
}

// capacityChanged notes that the number of ports of a device changed. What is
// noted is written at the end of the transaction, once for each port type.
func (t *tx) capacityChanged(device string, kind catalog.PortType) error {
	var accessPoint string
	if d, ok := t.s.Catalogue().Device(device); ok {
		accessPoint = d.AccessPoint
	} else if err := t.row("SELECT access_point_id FROM devices WHERE id = ?", device).Scan(&accessPoint); errors.Is(err, sql.ErrNoRows) {
		return nil // a device that this transaction takes away: its counters are gone too
	} else if err != nil {
		return err
	}
	if t.capacity == nil {
		t.capacity = map[capacityKey]bool{}
	}
	t.capacity[capacityKey{accessPoint, kind}] = true
	return nil
}

// writeCapacity writes today's entries of what capacityChanged noted.
func (t *tx) writeCapacity() error {
	if len(t.capacity) > 0 {
		t.after(func() { t.s.trends.forget("") })
	}
	for k := range t.capacity {
		if _, err := t.exec(`INSERT INTO capacity_days (access_point_id, port_type, day, free, allocated, in_use, quarantined, out_of_service)
			SELECT ?, ?, ?,
				COALESCE(SUM(CASE WHEN c.state = 'free' THEN c.n END), 0), COALESCE(SUM(CASE WHEN c.state = 'allocated' THEN c.n END), 0),
				COALESCE(SUM(CASE WHEN c.state = 'in_use' THEN c.n END), 0), COALESCE(SUM(CASE WHEN c.state = 'quarantined' THEN c.n END), 0),
				COALESCE(SUM(CASE WHEN c.state = 'out_of_service' THEN c.n END), 0)
			FROM devices d JOIN port_counts c ON c.device_id = d.id WHERE d.access_point_id = ? AND c.port_type = ?
			ON CONFLICT (access_point_id, port_type, day) DO UPDATE SET free = excluded.free, allocated = excluded.allocated,
				in_use = excluded.in_use, quarantined = excluded.quarantined, out_of_service = excluded.out_of_service`,
			k.accessPoint, k.kind, t.now.UTC().Format(dayLayout), k.accessPoint, k.kind); err != nil {
			return fmt.Errorf("capacity of %s at %s: %w", k.kind, k.accessPoint, err)
		}
	}
	return nil
}

const capacityColumns = "day, free, allocated, in_use, quarantined, out_of_service"

func scanCapacityDay(r scanner) (CapacityDay, error) {
	var d CapacityDay
	var day string
	err := r.Scan(&day, &d.Free, &d.Allocated, &d.InUse, &d.Quarantined, &d.OutOfService)
	if err == nil {
		d.Day, err = time.Parse(dayLayout, day)
	}
	return d, err
}

// trendStart is the midnight UTC from which trends are told.
func (s *Store) trendStart() time.Time {
	return s.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -CapacityDays)
}

// CapacityHistory is the number of ports of a type at an access point over the
// last CapacityDays days: a step function, oldest first, with an entry for
// each day on which something changed. It begins with the entry that was in
// force when the period began, if there is one. Nothing when no port was ever
// there.
func (s *Store) CapacityHistory(ctx context.Context, accessPoint string, kind catalog.PortType) ([]CapacityDay, error) {
	since := s.trendStart().Format(dayLayout)
	return list(ctx, s, scanCapacityDay, "SELECT "+capacityColumns+` FROM capacity_days WHERE access_point_id = ? AND port_type = ?
		AND day >= COALESCE((SELECT MAX(day) FROM capacity_days WHERE access_point_id = ? AND port_type = ? AND day <= ?), ?) ORDER BY access_point_id, port_type, day`,
		accessPoint, kind, accessPoint, kind, since, since)
}

// TrendOf is the trend of a history as CapacityHistory gives it, at a moment.
// False when the history is empty.
func TrendOf(history []CapacityDay, now time.Time) (Trend, bool) {
	if len(history) == 0 {
		return Trend{}, false
	}
	today := now.UTC().Truncate(24 * time.Hour)
	first, last := history[0], history[len(history)-1]
	n := Trend{From: first.Day, TakenThen: first.Taken(), TakenNow: last.Taken(), FreeNow: last.Free}
	if start := today.AddDate(0, 0, -CapacityDays); n.From.Before(start) {
		n.From = start
	}
	n.Days = int(today.Sub(n.From) / (24 * time.Hour))
	return n, true
}

// trends are all of them on a day, at a revision of the access points.
type trends struct {
	revision Revision
	today    time.Time
	all      []Trend
}

// Trends are the trends of every port type at every access point that has or
// had ports of it: one statement, whatever the length of the history. They stay
// in memory until the day ends or a number of ports changes; callers leave the
// list as it is.
func (s *Store) Trends(ctx context.Context) ([]Trend, error) {
	// Before the rows: what is written meanwhile makes another.
	revision, today := s.Revision(""), s.Now().UTC().Truncate(24*time.Hour)
	kept, ok, epoch := s.trends.lookup("")
	if ok && kept.revision == revision && kept.today.Equal(today) {
		return kept.all, nil
	}
	all, err := s.readTrends(ctx, today)
	if err == nil {
		s.trends.keep("", trends{revision, today, all}, epoch)
	}
	return all, err
}

func (s *Store) readTrends(ctx context.Context, today time.Time) ([]Trend, error) {
	start := today.AddDate(0, 0, -CapacityDays)
	marks, args := "(?)", []any{}
	for i, info := range catalog.PortTypes() {
		if i > 0 {
			marks += ", (?)"
		}
		args = append(args, info.Type)
	}
	// The entry in force at the start of the period, or else the first one of
	// all, and the newest entry: a few steps in the primary key each.
	return list(ctx, s, func(r scanner) (Trend, error) {
		var n Trend
		var from string
		err := r.Scan(&n.AccessPoint, &n.Type, &from, &n.TakenThen, &n.TakenNow, &n.FreeNow)
		if err == nil {
			n.From, err = time.Parse(dayLayout, from)
		}
		if n.From.Before(start) {
			n.From = start
		}
		n.Days = int(today.Sub(n.From) / (24 * time.Hour))
		return n, err
	}, `WITH kinds (kind) AS (VALUES `+marks+`)
		SELECT access_points.id, kinds.kind, a.day, a.allocated + a.in_use + a.quarantined, z.allocated + z.in_use + z.quarantined, z.free
		FROM access_points CROSS JOIN kinds
		JOIN capacity_days a ON a.access_point_id = access_points.id AND a.port_type = kinds.kind AND a.day = COALESCE(
			(SELECT MAX(day) FROM capacity_days WHERE access_point_id = access_points.id AND port_type = kinds.kind AND day <= ?),
			(SELECT MIN(day) FROM capacity_days WHERE access_point_id = access_points.id AND port_type = kinds.kind))
		JOIN capacity_days z ON z.access_point_id = access_points.id AND z.port_type = kinds.kind AND z.day =
			(SELECT MAX(day) FROM capacity_days WHERE access_point_id = access_points.id AND port_type = kinds.kind)`, append(args, start.Format(dayLayout))...)
}
