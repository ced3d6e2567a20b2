package workday

import "time"

// Due returns when something is due that is handed in at start and takes a number of working days, in the calendar's zone and to the second.
//
//   - Handed in on a working day: at the same wall-clock time, that many working days later. Friday 15:12 and two days make Tuesday 15:12;
//     a change to or from summer time in between does not move the hour. No days make start itself.
//   - Handed in on any other day: as if at 00:00 of the next working day, which then is the first day in full. Two days end when the second
//     of them ends, and the result is its last second, 23:59:59: Saturday and two days make the end of Tuesday, never a moment of Wednesday.
//     No days make that 00:00.
//
// So the result is always on a working day, and a later start or more days never make it earlier. Fractions of a second are dropped.
//
// It fails with [ErrNoTable] when any day that it must look at, start's own included, is in a year without a table, and with
// [ErrNegativeDays].
func (c *Calendar) Due(start time.Time, days int) (time.Time, error) {
	if days < 0 {
		return time.Time{}, ErrNegativeDays
	}
	local := start.In(c.zone)
	d := dayOf(local)
	worked, err := c.worked(d)
	if err != nil {
		return time.Time{}, err
	}
	hour, minute, second := local.Clock()
	if !worked {
		if d, err = c.next(d); err != nil {
			return time.Time{}, err
		}
		if days == 0 {
			return c.at(d, 0, 0, 0), nil
		}
		// The next working day is the first of the count; its end, not its beginning, is one day later.
		days--
		hour, minute, second = 23, 59, 59
	} else if days == 0 {
		// Built from its parts, the instant would be ambiguous in the hour that the clock repeats.
		return local.Truncate(time.Second), nil
	}
	for range days {
		if d, err = c.next(d); err != nil {
			return time.Time{}, err
		}
	}
	return c.at(d, hour, minute, second), nil
}

// next returns the first working day after d. It ends, since the tables do.
func (c *Calendar) next(d day) (day, error) {
	for {
		d = d.next()
		worked, err := c.worked(d)
		if err != nil || worked {
			return d, err
		}
	}
}

// DaysLate returns by how many working days, or parts of one, something that was due at due was done late at done: 0 in time, 1 up to the
// same wall-clock time of the next working day, and so on. Nights, weekends and holidays are nobody's lateness. When the count reaches a
// year without a table it fails with [ErrNoTable] and returns the days that are certain without it.
func (c *Calendar) DaysLate(due, done time.Time) (int, error) {
	for n := 0; ; n++ {
		limit, err := c.Due(due, n)
		if err != nil || !done.After(limit) {
			return n, err
		}
	}
}
