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

// ForInstaller is what whoever installs the line has to know, as text to be
// sent: where, at which port of which kind, when, and how to check the letter.
// It names no people.
func (s Snapshot) ForInstaller() string {
	var b strings.Builder
	for _, f := range []Fact{
		{"Interface", strings.TrimSpace(s.InterfaceID + " " + s.InterfaceName)},
		{"Letter of authorization", s.Title() + ", valid until " + s.FormatTime(s.ExpiresAt)},
		{"Data center", s.FacilityName},
		{"Address", s.Address},
		{"Room", s.Room},
		{"Cabinet", s.Cabinet},
		{"Patch panel", s.Panel},
		{"Position", s.Position},
		{"Connector", s.Connector},
		{"Port type", s.PortTypeLabel},
		{"Medium", s.Medium},
		{"Optic", s.Optic},
		{"SP", s.SP},
		{"Construction company", s.ConstructionCompany},
		{"Construction type", s.ConstructionType},
		{"Scheduled construction time", s.FormatTime(s.ScheduledAt)},
		{"Keep apart from", s.KeepApartFrom},
		{"Notes for installers", s.InstallerNotes},
		{"Note on the LOA", s.Note},
		{"Check the letter", s.CheckURL},
		{"Questions", s.Issuer.NOC},
	} {
		if f.Value != "" {
			b.WriteString(f.Label + ": " + strings.Join(strings.Fields(f.Value), " ") + "\n")
		}
	}
	return b.String()
}
