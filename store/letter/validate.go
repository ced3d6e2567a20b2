package letter

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// InvalidError lists everything that keeps a letter from being issued.
type InvalidError struct {
	Problems []Problem
}

// Problem is one fault of one field, named as in [Snapshot].
type Problem struct {
	Field string
	Text  string
}

// Error lists the problems in the order of the fields.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.Field + " " + p.Text
	}
	return "letter: " + strings.Join(parts, "; ")
}

// numberForm keeps a number safe in a file name and in a response header.
var numberForm = regexp.MustCompile(`^LOA-[0-9]{4}-[0-9]{6,9}$`)

// Validate says whether the letter can be issued: every mandatory field is
// there, its times make sense and its text can be printed. The error is an
// [*InvalidError] that lists every problem.
func (s Snapshot) Validate() error {
	var problems []Problem
	bad := func(field, text string) { problems = append(problems, Problem{field, text}) }

	if s.Schema != Schema {
		bad("Schema", fmt.Sprintf("is %d, not %d", s.Schema, Schema))
	}
	if !numberForm.MatchString(s.Number) {
		bad("Number", "is not like LOA-2026-004817")
	}
	switch {
	case s.Version < 1:
		bad("Version", "is not 1 or more")
	case s.Version > 1 && s.Supersedes == "":
		bad("Supersedes", "is missing: a later version names the letter that it replaces")
	}
	if s.Version > 1 && s.Reason == "" {
		bad("Reason", "is missing: a later version says why it replaces the one before")
	}

	for _, t := range []struct {
		field string
		at    time.Time
	}{
		{"IssuedAt", s.IssuedAt},
		{"ValidFrom", s.ValidFrom},
		{"ExpiresAt", s.ExpiresAt},
		{"ScheduledAt", s.ScheduledAt},
	} {
		if t.at.IsZero() {
			bad(t.field, "is missing")
		}
	}
	if !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(s.IssuedAt) {
		bad("ExpiresAt", "is not after the time of issue")
	}
	// A letter that ends before the visit admits nobody on the day it is for.
	if !s.ExpiresAt.IsZero() && s.ExpiresAt.Before(s.ScheduledAt) {
		bad("ExpiresAt", "is before the scheduled construction time")
	}
	// One that begins after the visit admits nobody either.
	if s.ValidFrom.After(s.IssuedAt) && !s.ScheduledAt.IsZero() && s.ValidFrom.After(s.ScheduledAt) {
		bad("ValidFrom", "is after the scheduled construction time")
	}
	if s.Zone == "" {
		bad("Zone", "is missing")
	} else if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		bad("Zone", "is not a known time zone")
	}

	for _, f := range s.texts() {
		switch {
		case strings.TrimSpace(f.value) == "":
			if f.mandatory {
				bad(f.name, "is missing")
			}
		case !printable(f.value, f.lines):
			bad(f.name, "has characters that cannot be printed")
		}
	}

	switch {
	case s.RemoteHands && len(s.Engineers) > 0:
		bad("Engineers", "are named although nobody visits")
	case !s.RemoteHands && len(s.Engineers) == 0:
		bad("Engineers", "are missing")
	case len(s.Engineers) > MaxEngineers:
		bad("Engineers", fmt.Sprintf("are more than %d", MaxEngineers))
	}
	code, ok := ParseCode(s.CheckCode)
	coded := ok && code.String() == s.CheckCode
	if !coded && strings.TrimSpace(s.CheckCode) != "" && printable(s.CheckCode, false) {
		bad("CheckCode", "is not a code")
	}
	if u, err := url.Parse(s.CheckURL); strings.TrimSpace(s.CheckURL) != "" && printable(s.CheckURL, false) &&
		(err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || coded && !strings.HasSuffix(u.Path, CheckPath+s.CheckCode)) {
		bad("CheckURL", "is not the address of the check page")
	}
	for _, c := range s.Changes {
		if strings.TrimSpace(c.Label) == "" || c.From == c.To || !printable(c.Label, false) || !printable(c.From, true) || !printable(c.To, true) {
			bad("Changes", "have one that cannot be printed")
			break
		}
	}
	for i, name := range s.Engineers {
		if strings.TrimSpace(name) == "" {
			bad("Engineers", fmt.Sprintf("%d has no name", i+1))
		} else if !printable(name, false) {
			bad("Engineers", fmt.Sprintf("%d has characters that cannot be printed", i+1))
		}
	}

	if len(problems) > 0 {
		return &InvalidError{Problems: problems}
	}
	return nil
}

type text struct {
	name      string
	value     string
	mandatory bool
	lines     bool // may have line breaks
}

func (s Snapshot) texts() []text {
	must := func(name, value string) text { return text{name: name, value: value, mandatory: true} }
	may := func(name, value string) text { return text{name: name, value: value} }
	return []text{
		may("Supersedes", s.Supersedes),
		{name: "Reason", value: s.Reason, lines: true},
		must("CheckCode", s.CheckCode),
		must("CheckURL", s.CheckURL),
		must("Issuer.LegalName", s.Issuer.LegalName),
		must("Issuer.Address", s.Issuer.Address),
		must("Issuer.NOC", s.Issuer.NOC),
		must("Issuer.Service", s.Issuer.Service),
		must("IssuedBy", s.IssuedBy),
		must("CompanyName", s.CompanyName),
		must("ConstructionCompany", s.ConstructionCompany),
		must("ConstructionType", s.ConstructionType),
		must("InterfaceID", s.InterfaceID),
		may("InterfaceName", s.InterfaceName),
		may("RedundantID", s.RedundantID),
		may("KeepApartFrom", s.KeepApartFrom),
		must("Region", s.Region),
		must("AccessPointID", s.AccessPointID),
		must("AccessPointName", s.AccessPointName),
		must("SP", s.SP),
		must("FacilityName", s.FacilityName),
		must("Address", s.Address),
		must("Room", s.Room),
		must("Cabinet", s.Cabinet),
		must("Panel", s.Panel),
		must("Position", s.Position),
		must("Connector", s.Connector),
		must("Device", s.Device),
		must("Port", s.Port),
		must("PortType", s.PortType),
		must("PortTypeLabel", s.PortTypeLabel),
		must("Medium", s.Medium),
		may("Optic", s.Optic),
		{name: "Note", value: s.Note, lines: true},
		{name: "InstallerNotes", value: s.InstallerNotes, lines: true},
		may("Location", s.Location),
	}
}

// printable refuses what has no place on paper: control characters, and the
// invisible ones that change the order or the joining of others.
func printable(s string, lines bool) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsGraphic(r) && (!lines || r != '\n') {
			return false
		}
	}
	return true
}
