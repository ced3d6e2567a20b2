package pricing

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"demarc/store/money"
)

// periods are the months that a resource fee can be paid for: one to nine months, one to five years (domain §3).
var periods = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60}

// Periods returns the periods on offer, in months, ascending.
func Periods() []int { return slices.Clone(periods) }

// ValidPeriod reports whether a number of months is on offer.
func ValidPeriod(months int) bool { return slices.Contains(periods, months) }

// PeriodLabel names a period for people: "1 month", "9 months", "1 year", "5 years".
func PeriodLabel(months int) string {
	if months > 0 && months%12 == 0 {
		return plural(months/12, "year")
	}
	return plural(months, "month")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

// Total returns the resource fee for a period. It fails with [ErrInvalidPeriod], or as [money.Amount.Mul] does.
func Total(monthly money.Amount, months int) (money.Amount, error) {
	if !ValidPeriod(months) {
		return money.Amount{}, fmt.Errorf("%w: %d months", ErrInvalidPeriod, months)
	}
	return monthly.Mul(int64(months))
}

// PaidThrough returns the instant, in UTC, until which a payment that counts from an instant is good: so many calendar months later at the
// same wall-clock time in the site's zone. A day that the last month does not have becomes its last day: 31 January plus one month is 28 or
// 29 February. A wall-clock time that a change to summer time skips moves by that hour.
//
// Months are not added to an end that a short month moved: package fees counts every end from the first payment.
func PaidThrough(from time.Time, months int, zone *time.Location) time.Time {
	local := from.In(zone)
	// Day 1 of the target month never overflows; day 0 of the one after it is its last day.
	first := time.Date(local.Year(), local.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(first.Year(), first.Month(), min(local.Day(), last),
		local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), zone).UTC()
}
