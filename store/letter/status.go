package letter

import (
	"slices"
	"strings"
	"time"
)

// Status is what a letter is good for at one moment. It is derived: nothing has
// to happen at midnight for a letter to be expired.
type Status string

// The statuses.
const (
	NotYetValid Status = "not_yet_valid"
	Valid       Status = "valid"
	Used        Status = "used"
	Superseded  Status = "superseded"
	Expired     Status = "expired"
	Revoked     Status = "revoked"
)

// Statuses lists every status.
func Statuses() []Status { return []Status{NotYetValid, Valid, Used, Superseded, Expired, Revoked} }

// Label is the status in words: "Not yet valid".
func (s Status) Label() string {
	switch s {
	case NotYetValid:
		return "Not yet valid"
	case Valid:
		return "Valid"
	case Used:
		return "Used"
	case Superseded:
		return "Superseded"
	case Expired:
		return "Expired"
	case Revoked:
		return "Revoked"
	}
	return string(s)
}

// Admits reports whether somebody may work with a letter of this status now.
func (s Status) Admits() bool { return s == Valid }

// Over is the moment from which a letter that expires is no longer good: the
// end of its last second, midnight at the site.
func Over(expires time.Time) time.Time { return expires.Add(time.Second) }

// StatusAt is the status of the letter at a moment. ended is how it ended:
// Used, Superseded, Expired or Revoked; "" while nobody ended it.
func (s Snapshot) StatusAt(ended Status, now time.Time) Status {
	switch {
	case ended != "":
		return ended
	case !now.Before(Over(s.ExpiresAt)):
		return Expired
	case now.Before(s.Start()):
		return NotYetValid
	}
	return Valid
}

// warningDays is how many days before its last day somebody is told that a
// letter expires, and warningHour at which hour at the site.
var warningDays = []int{30, 14, 7, 1}

const warningHour = 9

// warning is when the warning of that many days is due.
func (s Snapshot) warning(days int) time.Time {
	zone := s.location()
	last := s.ExpiresAt.In(zone)
	return time.Date(last.Year(), last.Month(), last.Day()-days, warningHour, 0, 0, 0, zone).UTC()
}

// NextWarning is when the next warning is due after a moment; zero when none is.
func (s Snapshot) NextWarning(after time.Time) time.Time {
	for _, days := range warningDays {
		if at := s.warning(days); at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// Warn says which warning is to be given now, in days before the last day, when
// none was since the moment due; 0 for none. One that a later one has overtaken
// is not given.
func (s Snapshot) Warn(due, now time.Time) int {
	for _, days := range slices.Backward(warningDays) {
		if at := s.warning(days); !at.After(now) {
			if at.Before(due) {
				return 0
			}
			return days
		}
	}
	return 0
}

// Diff says what differs between two versions of a letter, in the order of the
// letter. Who issued it and when is not a difference.
func Diff(before, after Snapshot) []Change {
	engineers := func(s Snapshot) string {
		if s.RemoteHands {
			return "nobody visits"
		}
		return strings.Join(s.Engineers, ", ")
	}
	start := func(s Snapshot) string {
		if s.Start().Equal(s.IssuedAt) {
			return "issue"
		}
		return s.FormatTime(s.Start())
	}
	var out []Change
	for _, line := range []struct {
		label string
		says  func(Snapshot) string
	}{
		{"Valid from", start},
		{"Expires", func(s Snapshot) string { return s.FormatTime(s.ExpiresAt) }},
		{"Company Name", func(s Snapshot) string { return s.CompanyName }},
		{"SP", func(s Snapshot) string { return s.SP }},
		{"Construction Company", func(s Snapshot) string { return s.ConstructionCompany }},
		{"Sub-delegation", func(s Snapshot) string { return strings.TrimSuffix(s.SubDelegation(), ".") }},
		{"Construction Type", func(s Snapshot) string { return s.ConstructionType }},
		{"Location", func(s Snapshot) string { return s.Location }},
		{"Data center", func(s Snapshot) string { return s.FacilityName }},
		{"Room", func(s Snapshot) string { return s.Room }},
		{"Cabinet", func(s Snapshot) string { return s.Cabinet }},
		{"Patch panel", func(s Snapshot) string { return s.Panel }},
		{"Position", func(s Snapshot) string { return s.Position }},
		{"Connector", func(s Snapshot) string { return s.Connector }},
		{"Address", func(s Snapshot) string { return s.Address }},
		{"Device and port", func(s Snapshot) string { return s.Device + ", " + s.Port }},
		{"Port Type", func(s Snapshot) string { return s.PortTypeLabel }},
		{"Scheduled Construction Time", func(s Snapshot) string { return s.FormatTime(s.ScheduledAt) }},
		{"Keep apart from", func(s Snapshot) string { return join(": ", s.RedundantID, s.KeepApartFrom) }},
		{"Notes for installers", func(s Snapshot) string { return s.InstallerNotes }},
		{"Note on the LOA", func(s Snapshot) string { return s.Note }},
		{"Field engineers", engineers},
	} {
		if from, to := line.says(before), line.says(after); from != to {
			out = append(out, Change{line.label, from, to})
		}
	}
	return out
}

// PublicChanges leaves out what is not for everybody: people, and notes that
// may name them.
func PublicChanges(all []Change) []Change {
	return slices.DeleteFunc(slices.Clone(all), func(c Change) bool {
		return c.Label == "Field engineers" || c.Label == "Note on the LOA" || c.Label == "Notes for installers" || c.Label == "Location"
	})
}

// Words is what differs, in one line; "" when nothing does.
func Words(changes []Change) string {
	parts := make([]string, len(changes))
	for i, c := range changes {
		parts[i] = c.String()
	}
	return strings.Join(parts, "; ")
}
