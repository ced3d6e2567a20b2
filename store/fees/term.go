// Package fees holds the rules of a resource fee from the first payment to the last cent that goes back: until when an interface is paid
// for, when its people are told, when it is overdue, FinancialLocked and may be freed, which whole months were not used, what the operator
// owes for being late. It is pure: no clock, no storage.
package fees

import (
	"time"

	"demarc/store/pricing"
)

// Term is the time that an interface is paid for: so many calendar months from the moment of the first payment, in the zone of the site.
//
// Every end is counted from that first moment and not from the end before it. So an interface that was first paid for on 31 January is paid
// until 28 (or 29) February, then until 31 March: a short month takes no day away for good, and neither does an hour that the clock skips.
// A renewal extends the end that there was, whenever it is paid (domain §6): paying month by month, and for the whole time at once, end on
// the same moment.
type Term struct {
	From   time.Time // the moment of the first payment
	Months int       // paid for in all, refunds taken off
	Zone   *time.Location
}

// End is the paid-through instant, in UTC: the first moment that is not paid for. It is the zero time when nothing was ever paid.
func (t Term) End() time.Time { return t.after(t.Months) }

func (t Term) after(months int) time.Time {
	if t.From.IsZero() {
		return time.Time{}
	}
	return pricing.PaidThrough(t.From, months, t.Zone)
}

// Extended is the term with so many months more.
func (t Term) Extended(months int) Term {
	t.Months += months
	return t
}

// Unused is how many whole months of the term have not begun at now: those that a termination may give back. The month that runs counts as
// used, from its first moment on. It is 0 once the term is over.
func (t Term) Unused(now time.Time) int {
	if t.From.IsZero() {
		return 0
	}
	unused := 0
	for unused < t.Months && t.after(t.Months-unused-1).After(now) {
		unused++
	}
	return unused
}

// The days and months of what follows when nobody renews (domain §6).
const (
	LockDays    = 15 // after paid-through the interface is FinancialLocked
	FreeMonths  = 1  // after that staff may free it
	HorizonDays = 90 // how far the Billing page looks ahead
)

// ReminderDays are the days before paid-through at which the customer is reminded, first to last (domain §6). A day is 24 hours.
func ReminderDays() []int { return []int{15, 7, 3, 1} }

// LockedAt is the instant, in UTC, from which an interface that nobody renewed is FinancialLocked. The state follows from the date and is
// not stored.
func LockedAt(paidThrough time.Time) time.Time { return paidThrough.UTC().Add(LockDays * day) }

// FreeableAt is the instant, in UTC, from which staff may free an interface for non-payment: a calendar month of the site after it was locked.
func FreeableAt(paidThrough time.Time, zone *time.Location) time.Time {
	return pricing.PaidThrough(LockedAt(paidThrough), FreeMonths, zone)
}

const day = 24 * time.Hour

// Standing says where an enabled interface is in the life of its resource fee.
type Standing int

// The standings, in the order in which time brings them.
const (
	Unpaid   Standing = iota // nothing was ever paid: it is not enabled
	Paid                     // nothing to do
	DueSoon                  // within the first reminder
	Overdue                  // paid-through is over
	Locked                   // FinancialLocked
	Freeable                 // locked, and staff may free it
)

// StandingAt is where an interface stands at now. Each standing begins with its first instant: at paid-through itself it is overdue.
func StandingAt(paidThrough, now time.Time, zone *time.Location) Standing {
	switch {
	case paidThrough.IsZero():
		return Unpaid
	case !now.Before(FreeableAt(paidThrough, zone)):
		return Freeable
	case !now.Before(LockedAt(paidThrough)):
		return Locked
	case !now.Before(paidThrough):
		return Overdue
	case !now.Before(paidThrough.Add(-time.Duration(ReminderDays()[0]) * day)):
		return DueSoon
	}
	return Paid
}

// Late reports whether the fee is overdue, locked or not.
func (s Standing) Late() bool { return s >= Overdue }

// IsLocked reports whether the interface is FinancialLocked.
func (s Standing) IsLocked() bool { return s >= Locked }

// Notice is something that the customer is told about the resource fee of an interface, once for each paid-through date.
type Notice struct {
	At   time.Time
	Kind Standing // DueSoon for a reminder, Overdue, Locked, Freeable
	Days int      // of a reminder: how many days before
}

// notices are all notices of a paid-through date, first to last.
func notices(paidThrough time.Time, zone *time.Location) []Notice {
	var out []Notice
	for _, n := range ReminderDays() {
		out = append(out, Notice{paidThrough.UTC().Add(-time.Duration(n) * day), DueSoon, n})
	}
	return append(out, Notice{paidThrough.UTC(), Overdue, 0}, Notice{LockedAt(paidThrough), Locked, 0}, Notice{FreeableAt(paidThrough, zone), Freeable, 0})
}

// NoticeAt is the last notice whose moment has come at now. Those before it are passed over: after a day without power nobody gets
// yesterday's reminder on top of today's. ok is false before the first.
func NoticeAt(paidThrough, now time.Time, zone *time.Location) (n Notice, ok bool) {
	if paidThrough.IsZero() {
		return n, false
	}
	for _, next := range notices(paidThrough, zone) {
		if next.At.After(now) {
			break
		}
		n, ok = next, true
	}
	return n, ok
}

// NextNotice is the first notice after now; ok is false when there is none left.
func NextNotice(paidThrough, now time.Time, zone *time.Location) (n Notice, ok bool) {
	if paidThrough.IsZero() {
		return n, false
	}
	for _, next := range notices(paidThrough, zone) {
		if next.At.After(now) {
			return next, true
		}
	}
	return n, false
}

// MaxAheadMonths is how far into the future an interface can be paid for.
const MaxAheadMonths = 120

// Offer is one period that a renewal can be paid for.
type Offer struct {
	Months int
	Until  time.Time // paid-through with it
	// TooShort says that the period ends before now: paying it would leave the interface overdue. TooLong that it ends too far ahead.
	TooShort, TooLong bool
}

// Offers are the periods on offer for a renewal at now, ascending.
func (t Term) Offers(now time.Time) []Offer {
	var out []Offer
	for _, months := range pricing.Periods() {
		out = append(out, t.Offer(months, now))
	}
	return out
}

// Offer is what a renewal by so many months means at now.
func (t Term) Offer(months int, now time.Time) Offer {
	until := t.Extended(months).End()
	return Offer{Months: months, Until: until, TooShort: !until.After(now), TooLong: until.After(pricing.PaidThrough(now, MaxAheadMonths, t.Zone))}
}

// RenewAt is when Auto Renew first tries to pay for the next period: days before paid-through.
func RenewAt(paidThrough time.Time, days int) time.Time {
	return paidThrough.UTC().Add(-time.Duration(days) * day)
}

// RetryAt is when Auto Renew tries again after a payment that failed at now.
func RetryAt(now time.Time) time.Time { return now.UTC().Add(day) }
