package letter

import "strings"

// Message is a text with which the letter can be sent to the data center. words
// is what the data center wants to read in it. It names no people: the letter,
// which goes with it, does.
func (s Snapshot) Message(words string) (subject, body string) {
	subject = "Letter of authorization " + s.Title() + ": " + s.CompanyName + ", " + s.Position + " of " + s.Panel
	var b strings.Builder
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteByte('\n')
	}
	if words = strings.TrimSpace(words); words != "" {
		line(words)
		line()
	}
	line("To the operator of ", s.FacilityName, ",")
	line()
	line(s.Issuer.LegalName, " authorizes one leased line of ", s.CompanyName, " to be connected. The letter of authorization is attached.")
	line()
	for _, f := range []Fact{
		{"Letter", s.Title()},
		{"Valid", s.FormatTime(s.Start()) + " to " + s.FormatTime(s.ExpiresAt)},
		{"Company", s.CompanyName},
		{"SP", s.SP},
		{"Construction company", s.ConstructionCompany},
		{"Where", strings.Join([]string{s.Room, "cabinet " + s.Cabinet, s.Panel, "position " + s.Position, s.Connector}, ", ")},
		{"Scheduled", s.FormatTime(s.ScheduledAt)},
		{"Interface", s.InterfaceID},
		{"Check the letter", s.CheckURL},
		{"Questions", s.Issuer.NOC},
	} {
		if f.Value != "" {
			line(f.Label, ": ", f.Value)
		}
	}
	return subject, b.String()
}
