package fees

import (
	"fmt"

	"demarc/store/money"
)

// Rules are what an operator may decide about fees. An order keeps the rules about refunds that its customer was shown.
type Rules struct {
	// Installation says until when the installation fee goes back when an interface is canceled.
	Installation InstallationRefund
	// UnusedMonths says that a termination gives the unused whole months of the resource fee back.
	UnusedMonths bool
	// LateCreditPercent of the first month's resource fee is credited for each working day, or part of one, that staff finish the cabling
	// late; 0 credits nothing. LateCreditCap is the most that is credited, in percent of that month.
	LateCreditPercent, LateCreditCap int
	// AutoRenewDays is how many days before paid-through Auto Renew first tries to pay.
	AutoRenewDays int
}

// InstallationRefund says until when the initial installation fee is refunded in full.
type InstallationRefund string

// The answers.
const (
	UntilLetter  InstallationRefund = "until_letter"  // until the first letter is issued: an installer may have come since
	UntilEnabled InstallationRefund = "until_enabled" // whenever the interface is canceled
	NeverBack    InstallationRefund = "never"
)

// InstallationRefunds lists the answers, the most generous last.
func InstallationRefunds() []InstallationRefund {
	return []InstallationRefund{NeverBack, UntilLetter, UntilEnabled}
}

// Label is the answer in words.
func (r InstallationRefund) Label() string {
	switch r {
	case NeverBack:
		return "Never"
	case UntilEnabled:
		return "Until the interface is enabled"
	}
	return "Until the LOA is issued"
}

// Gives reports whether a canceled interface gets its installation fee back. letterIssued says whether a letter was ever issued for it.
func (r InstallationRefund) Gives(letterIssued bool) bool {
	switch r {
	case NeverBack:
		return false
	case UntilEnabled:
		return true
	}
	return !letterIssued
}

// The rule of an order for a resource fee, as stored.
const (
	UnusedBack  = "unused_months"
	NothingBack = "nothing"
)

// The bounds of the settings.
const (
	MaxLatePercent   = 100
	MaxAutoRenewDays = 14
)

// Default is what an operator starts with: the installation fee goes back until the letter is issued, unused whole months go back, lateness
// is not credited, Auto Renew pays three days before.
func Default() Rules {
	return Rules{Installation: UntilLetter, UnusedMonths: true, LateCreditCap: 100, AutoRenewDays: 3}
}

// Problems says what is wrong with the rules, by the names of the form's fields; empty when nothing is.
func (r Rules) Problems() map[string]string {
	bad := map[string]string{}
	switch r.Installation {
	case UntilLetter, UntilEnabled, NeverBack:
	default:
		bad["installation"] = "Select until when the installation fee is refunded"
	}
	if r.LateCreditPercent < 0 || r.LateCreditPercent > MaxLatePercent {
		bad["late_percent"] = fmt.Sprintf("Enter a number from 0 to %d", MaxLatePercent)
	}
	if r.LateCreditCap < 1 || r.LateCreditCap > MaxLatePercent {
		bad["late_cap"] = fmt.Sprintf("Enter a number from 1 to %d", MaxLatePercent)
	} else if r.LateCreditPercent <= MaxLatePercent && r.LateCreditPercent > r.LateCreditCap {
		bad["late_cap"] = "Enter at least the percentage of one day"
	}
	if r.AutoRenewDays < 1 || r.AutoRenewDays > MaxAutoRenewDays {
		bad["auto_renew_days"] = fmt.Sprintf("Enter a number from 1 to %d", MaxAutoRenewDays)
	}
	return bad
}

// ResourceRule is the rule that an order for a resource fee keeps.
func (r Rules) ResourceRule() string {
	if r.UnusedMonths {
		return UnusedBack
	}
	return NothingBack
}

// LateCredit is what is credited when cabling was finished so many working days late, rounded down to the minor unit; zero when nothing is.
// It fails as [money.Amount.Mul] does.
func (r Rules) LateCredit(monthly money.Amount, daysLate int) (money.Amount, error) {
	zero := money.Amount{Currency: monthly.Currency}
	if daysLate <= 0 || r.LateCreditPercent <= 0 {
		return zero, nil
	}
	percent := int64(r.LateCreditCap)
	if days := int64(daysLate); days <= percent && days*int64(r.LateCreditPercent) < percent {
		percent = days * int64(r.LateCreditPercent)
	}
	sum, err := monthly.Mul(percent)
	if err != nil {
		return zero, err
	}
	sum.Minor /= 100
	return sum, nil
}
