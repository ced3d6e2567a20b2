package fees_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"

	"demarc/store/fees"
	"demarc/store/money"
	"demarc/store/pricing"
)

const layout = "2006-01-02 15:04"

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func in(t testing.TB, z *time.Location, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation(layout, s, z)
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// TestEndKeepsTheDayOfTheFirstPayment: a short month, a leap day and an hour that the clock skips change the end that they meet and none after.
func TestEndKeepsTheDayOfTheFirstPayment(t *testing.T) {
	for _, tt := range []struct {
		zone, from string
		renewals   []int
		want       []string
	}{
		{"Asia/Shanghai", "2026-01-31 10:00", []int{1, 1, 1, 1}, []string{"2026-02-28 10:00", "2026-03-31 10:00", "2026-04-30 10:00", "2026-05-31 10:00"}},
		{"Asia/Shanghai", "2028-01-31 10:00", []int{1, 1}, []string{"2028-02-29 10:00", "2028-03-31 10:00"}},
		{"Asia/Shanghai", "2027-12-30 23:59", []int{2, 12, 12}, []string{"2028-02-29 23:59", "2029-02-28 23:59", "2030-02-28 23:59"}},
		{"Asia/Shanghai", "2028-02-29 08:00", []int{12, 12, 12, 12}, []string{"2029-02-28 08:00", "2030-02-28 08:00", "2031-02-28 08:00", "2032-02-29 08:00"}},
		{"America/New_York", "2026-02-08 02:30", []int{1, 1}, []string{"", "2026-04-08 02:30"}},              // 8 March has no 02:30
		{"Europe/London", "2026-09-25 01:30", []int{1, 1}, []string{"2026-10-25 01:30", "2026-11-25 01:30"}}, // 25 October has it twice
		{"Australia/Sydney", "2026-08-31 12:00", []int{1, 1, 1}, []string{"2026-09-30 12:00", "2026-10-31 12:00", "2026-11-30 12:00"}},
	} {
		z := zone(t, tt.zone)
		term := fees.Term{From: in(t, z, tt.from), Zone: z}
		for i, months := range tt.renewals {
			term = term.Extended(months)
			if got := term.End().In(z).Format(layout); got != tt.want[i] && tt.want[i] != "" {
				t.Errorf("%s %s, renewal %d: until %s, want %s", tt.zone, tt.from, i+1, got, tt.want[i])
			}
			if term.End().Location() != time.UTC {
				t.Errorf("%s: the end is not in UTC", tt.zone)
			}
		}
	}
	if end := (fees.Term{Months: 3, Zone: time.UTC}).End(); !end.IsZero() {
		t.Errorf("nothing was paid and it is good until %v", end)
	}
}

// TestRandomTerms: whatever the start, the zone and the periods, later payments never end earlier, the way it was cut does not matter, and what
// is unused is exactly what could be taken off without touching the time that has passed.
func TestRandomTerms(t *testing.T) {
	seed := uint64(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).Unix())
	r := rand.New(rand.NewPCG(seed, 1))
	zones := []string{"Asia/Shanghai", "Asia/Kolkata", "Europe/London", "Europe/Berlin", "America/Los_Angeles", "America/New_York", "Australia/Sydney", "Asia/Dubai"}
	periods := pricing.Periods()
	for range 20_000 {
		z := zone(t, zones[r.IntN(len(zones))])
		from := time.Date(2024+r.IntN(12), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000)*int(time.Millisecond), z).UTC()
		term, whole := fees.Term{From: from, Zone: z}, 0
		end := from
		for range 1 + r.IntN(6) {
			months := periods[r.IntN(len(periods))]
			whole += months
			term = term.Extended(months)
			if !term.End().After(end) {
				t.Fatalf("%s from %v: %d months more do not end later than %v", z, from, months, end)
			}
			end = term.End()
		}
		if once := (fees.Term{From: from, Zone: z}).Extended(whole).End(); !once.Equal(end) {
			t.Fatalf("%s from %v: %d months in pieces end %v, at once %v", z, from, whole, end, once)
		}
		local, first := end.In(z), from.In(z)
		if local.Day() != first.Day() && local.AddDate(0, 0, 1).Day() != 1 {
			t.Fatalf("%s from %v: ends on %v, neither that day nor the last of its month", z, first, local)
		}
		now := from.Add(time.Duration(r.Int64N(int64(end.Sub(from)) + int64(60*24*time.Hour))))
		unused := term.Unused(now)
		kept := fees.Term{From: from, Months: whole - unused, Zone: z}
		if unused > 0 && !kept.End().After(now) {
			t.Fatalf("%s from %v: %d unused months at %v would leave it unpaid", z, from, unused, now)
		}
		if one := kept.Extended(-1); unused < whole && one.End().After(now) {
			t.Fatalf("%s from %v: only %d of %d months unused at %v", z, from, unused, whole, now)
		}
		if !now.Before(end) && unused > 0 {
			t.Fatalf("%s from %v: %d months unused after the end", z, from, unused)
		}
	}
}

func TestUnusedCountsTheMonthThatRunsAsUsed(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	term := fees.Term{From: in(t, z, "2026-11-24 15:00"), Months: 3, Zone: z}
	for _, tt := range []struct {
		now  string
		want int
	}{
		{"2026-11-24 14:59", 3},
		{"2026-11-24 15:00", 2},
		{"2026-12-24 14:59", 2},
		{"2026-12-24 15:00", 1},
		{"2026-12-24 15:01", 1},
		{"2027-01-24 14:59", 1},
		{"2027-01-24 15:00", 0},
		{"2027-02-24 15:00", 0},
		{"2028-01-01 00:00", 0},
	} {
		if got := term.Unused(in(t, z, tt.now)); got != tt.want {
			t.Errorf("at %s: %d unused, want %d", tt.now, got, tt.want)
		}
	}
}

func TestStandingsBeginWithTheirFirstMoment(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	through := in(t, z, "2026-12-31 12:00")
	for _, tt := range []struct {
		now          string
		want         fees.Standing
		late, locked bool
	}{
		{"2026-12-16 11:59", fees.Paid, false, false},
		{"2026-12-16 12:00", fees.DueSoon, false, false},
		{"2026-12-31 11:59", fees.DueSoon, false, false},
		{"2026-12-31 12:00", fees.Overdue, true, false},
		{"2027-01-15 11:59", fees.Overdue, true, false},
		{"2027-01-15 12:00", fees.Locked, true, true},
		{"2027-02-15 11:59", fees.Locked, true, true},
		{"2027-02-15 12:00", fees.Freeable, true, true},
		{"2031-01-01 00:00", fees.Freeable, true, true},
	} {
		s := fees.StandingAt(through, in(t, z, tt.now), z)
		if s != tt.want || s.Late() != tt.late || s.IsLocked() != tt.locked {
			t.Errorf("at %s: standing %d, late %v, locked %v", tt.now, s, s.Late(), s.IsLocked())
		}
	}
	if s := fees.StandingAt(time.Time{}, through, z); s != fees.Unpaid || s.Late() {
		t.Errorf("never paid: %d", s)
	}
}

// TestNoticesComeOnceEach: walking through time hour by hour meets every notice once, in order, and after an outage only the newest.
func TestNoticesComeOnceEach(t *testing.T) {
	z := zone(t, "Europe/London")
	through := in(t, z, "2026-04-02 09:30")
	type told struct {
		kind fees.Standing
		days int
	}
	want := []told{{fees.DueSoon, 15}, {fees.DueSoon, 7}, {fees.DueSoon, 3}, {fees.DueSoon, 1}, {fees.Overdue, 0}, {fees.Locked, 0}, {fees.Freeable, 0}}
	var got []told
	start := through.AddDate(0, -2, 0)
	next, ok := fees.NextNotice(through, start, z)
	for now := start; now.Before(through.AddDate(0, 4, 0)); now = now.Add(time.Hour) {
		if !ok || next.At.After(now) {
			continue
		}
		n, due := fees.NoticeAt(through, now, z)
		if !due || !n.At.Equal(next.At) {
			t.Fatalf("at %v notice %+v, announced %+v", now, n, next)
		}
		got = append(got, told{n.Kind, n.Days})
		next, ok = fees.NextNotice(through, now, z)
	}
	if len(got) != len(want) || ok {
		t.Fatalf("notices %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("notice %d is %v, want %v", i, got[i], want[i])
		}
	}
	if n, ok := fees.NoticeAt(through, through.AddDate(0, 0, 2), z); !ok || n.Kind != fees.Overdue {
		t.Errorf("after an outage: %+v", n)
	}
	if _, ok := fees.NoticeAt(through, start, z); ok {
		t.Error("a notice before the first")
	}
	if _, ok := fees.NextNotice(time.Time{}, start, z); ok {
		t.Error("a notice about nothing")
	}
}

func TestOffersReachIntoTheFutureAndNotTooFar(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	term := fees.Term{From: in(t, z, "2026-10-31 10:00"), Months: 1, Zone: z} // until 30 November
	now := in(t, z, "2027-01-10 10:00")                                       // overdue and locked
	offers := term.Offers(now)
	if len(offers) != len(pricing.Periods()) {
		t.Fatalf("%d offers", len(offers))
	}
	for _, o := range offers {
		if o.TooShort != (o.Months == 1) || o.TooLong {
			t.Errorf("%d months until %v: too short %v, too long %v", o.Months, o.Until, o.TooShort, o.TooLong)
		}
	}
	if got := offers[1].Until.In(z).Format(layout); got != "2027-01-31 10:00" {
		t.Errorf("two months end %s", got)
	}
	long := fees.Term{From: now, Months: 100, Zone: z}
	if !long.Offer(24, now).TooLong || long.Offer(12, now).TooLong {
		t.Error("ten years ahead are the limit")
	}
}

func TestRefundTakesTheNewestMonthsAtTheirOwnPrice(t *testing.T) {
	history := []fees.Payment{{"3", 2, usd(80000), true}, {"2", 1, usd(75000), false}, {"1", 3, usd(72000), true}}
	for _, tt := range []struct {
		unused int
		want   []fees.Part
	}{
		{0, nil},
		{1, []fees.Part{{"3", 1, usd(80000)}}},
		{3, []fees.Part{{"3", 2, usd(160000)}}}, // order 2 said that nothing goes back
		{5, []fees.Part{{"3", 2, usd(160000)}, {"1", 2, usd(144000)}}},
	} {
		got, err := fees.Refund(tt.unused, history)
		if err != nil || len(got) != len(tt.want) {
			t.Errorf("%d unused: %v %v", tt.unused, got, err)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%d unused: %v, want %v", tt.unused, got, tt.want)
			}
		}
	}
	if _, err := fees.Refund(7, history); !errors.Is(err, fees.ErrTooManyMonths) {
		t.Errorf("more months than were paid: %v", err)
	}
	if _, err := fees.Refund(2, []fees.Payment{{"1", 2, usd(1 << 62), true}}); err == nil {
		t.Error("a refund that does not fit was not refused")
	}
}

func TestInstallationRefund(t *testing.T) {
	for r, want := range map[fees.InstallationRefund][2]bool{ // before, after the letter
		fees.NeverBack: {false, false}, fees.UntilLetter: {true, false}, fees.UntilEnabled: {true, true}, "": {true, false},
	} {
		if got := [2]bool{r.Gives(false), r.Gives(true)}; got != want {
			t.Errorf("%q gives %v, want %v", r, got, want)
		}
	}
}

func TestLateCredit(t *testing.T) {
	for _, tt := range []struct {
		percent, limit, days int
		want                 int64
	}{
		{0, 100, 5, 0},
		{10, 50, 0, 0},
		{10, 50, -3, 0},
		{10, 50, 1, 7200},
		{10, 50, 4, 28800},
		{10, 50, 5, 36000},
		{10, 50, 400, 36000},
		{7, 100, 1, 5040},
		{100, 100, 1 << 40, 72000},
	} {
		r := fees.Default()
		r.LateCreditPercent, r.LateCreditCap = tt.percent, tt.limit
		got, err := r.LateCredit(usd(72000), tt.days)
		if err != nil || got != usd(tt.want) {
			t.Errorf("%d%% up to %d%%, %d days: %v %v, want %d", tt.percent, tt.limit, tt.days, got, err, tt.want)
		}
	}
	r := fees.Default()
	r.LateCreditPercent = 3
	if got, _ := r.LateCredit(usd(99), 1); got != usd(2) { // 2.97 cents
		t.Errorf("rounding: %v", got)
	}
	if _, err := r.LateCredit(usd(1<<62), 30); err == nil {
		t.Error("a credit that does not fit was not refused")
	}
}

func TestRulesSayWhatIsWrong(t *testing.T) {
	if bad := fees.Default().Problems(); len(bad) != 0 {
		t.Errorf("the default is refused: %v", bad)
	}
	type change = func(*fees.Rules)
	for _, tt := range []struct {
		field string // "" when nothing is wrong
		with  change
	}{
		{"", func(r *fees.Rules) { r.Installation = fees.NeverBack }},
		{"installation", func(r *fees.Rules) { r.Installation = "sometimes" }},
		{"installation", func(r *fees.Rules) { r.Installation = "" }},
		{"", func(r *fees.Rules) { r.LateCreditPercent, r.LateCreditCap = 0, 1 }},
		{"", func(r *fees.Rules) { r.LateCreditPercent, r.LateCreditCap = 100, 100 }},
		{"late_percent", func(r *fees.Rules) { r.LateCreditPercent = 101 }},
		{"late_percent", func(r *fees.Rules) { r.LateCreditPercent = -1 }},
		{"", func(r *fees.Rules) { r.LateCreditPercent, r.LateCreditCap = 10, 10 }},
		{"late_cap", func(r *fees.Rules) { r.LateCreditPercent, r.LateCreditCap = 11, 10 }},
		{"late_cap", func(r *fees.Rules) { r.LateCreditCap = 0 }},
		{"late_cap", func(r *fees.Rules) { r.LateCreditCap = 101 }},
		{"", func(r *fees.Rules) { r.AutoRenewDays = 1 }},
		{"", func(r *fees.Rules) { r.AutoRenewDays = 14 }},
		{"auto_renew_days", func(r *fees.Rules) { r.AutoRenewDays = 0 }},
		{"auto_renew_days", func(r *fees.Rules) { r.AutoRenewDays = 15 }},
	} {
		r := fees.Default()
		tt.with(&r)
		if bad := r.Problems(); tt.field == "" && len(bad) != 0 || tt.field != "" && (len(bad) != 1 || bad[tt.field] == "") {
			t.Errorf("%+v: %v, want a problem of %q", r, bad, tt.field)
		}
	}
	if fees.Default().ResourceRule() != fees.UnusedBack || (fees.Rules{}).ResourceRule() != fees.NothingBack {
		t.Error("the rule that an order keeps")
	}
}

// Auto Renew pays three days before the end unless the operator says otherwise,
// days of 24 hours, and tries again a day after a payment that failed.
func TestAutoRenewTimes(t *testing.T) {
	end := time.Date(2026, 3, 31, 15, 59, 59, 0, time.UTC)
	if got, want := fees.RenewAt(end, fees.Default().AutoRenewDays), end.AddDate(0, 0, -3); !got.Equal(want) {
		t.Errorf("first tried at %s, want %s", got, want)
	}
	if got, want := fees.RenewAt(end, 14), end.AddDate(0, 0, -14); !got.Equal(want) {
		t.Errorf("first tried at %s, want %s", got, want)
	}
	if got, want := fees.RetryAt(end), end.AddDate(0, 0, 1); !got.Equal(want) {
		t.Errorf("tried again at %s, want %s", got, want)
	}
}
