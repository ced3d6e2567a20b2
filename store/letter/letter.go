// Package letter is the letter of authorization (LOA) as a value: what one
// issued letter says, frozen at approval, and the words around it.
//
// The PDF (views/loapdf) and the page (views.LOASheet) print the same facts in
// the same order because both take them from [Snapshot.Parties],
// [Snapshot.Demarcation], [Snapshot.Installation] and [Snapshot.Conditions].
// The stored PDF is the letter; a Snapshot is what it was made from.
//
// The wording belongs to the schema number: a change of any sentence needs a
// new [Schema], so that a letter on screen never says something else than the
// paper in the installer's hand.
package letter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zone files prints the same letter
)

// Schema is the schema number of new letters. Older letters are still read, and
// say what they said.
//
//	1: the first
//	2: check code, valid from, chain and sub-delegation, reason and changes of a version
const Schema = 2

// MaxEngineers is how many field engineers one letter names at most, the limit
// of the application form.
const MaxEngineers = 16

// DemoNotice is printed on every letter whose facility is invented.
const DemoNotice = "Demo data: not a real facility"

// Issuer is who authorizes: the operator of the cloud, not of the data center.
type Issuer struct {
	LegalName string `json:"legal_name"`
	Address   string `json:"address"`
	NOC       string `json:"noc"`     // telephone and e-mail of the network operations center
	Service   string `json:"service"` // "Express Connect"
}

// Snapshot is everything that one letter of authorization says. It holds no
// personal data but the names of the people who may enter: no ID numbers, no
// gender, no telephone numbers of engineers.
type Snapshot struct {
	Schema     int    `json:"schema"`
	Number     string `json:"number"`     // "LOA-2026-004817"
	Version    int    `json:"version"`    // from 1
	Supersedes string `json:"supersedes"` // "" or "LOA-2026-004817 version 1"

	Reason  string   `json:"reason"`  // why this version replaces the one before; "" for the first
	Changes []Change `json:"changes"` // what differs from the version before; empty for the first

	CheckCode string `json:"check_code"` // [Code.String]; "" in a letter of schema 1
	CheckURL  string `json:"check_url"`  // where anybody checks the letter; "" in a letter of schema 1

	IssuedAt  time.Time `json:"issued_at"`  // UTC, whole seconds; shown in Zone
	ValidFrom time.Time `json:"valid_from"` // UTC, whole seconds; shown in Zone; zero in a letter of schema 1: from issue
	ExpiresAt time.Time `json:"expires_at"` // UTC, the last second that it is good for; shown in Zone
	Zone      string    `json:"zone"`       // IANA name of the facility's time zone

	Issuer   Issuer `json:"issuer"`
	IssuedBy string `json:"issued_by"` // the reviewer's name

	CompanyName         string    `json:"company_name"` // as applied
	ConstructionCompany string    `json:"construction_company"`
	ConstructionType    string    `json:"construction_type"`
	ScheduledAt         time.Time `json:"scheduled_at"`     // UTC, whole seconds; shown in Zone
	Engineers           []string  `json:"engineers"`        // names only
	RemoteHands         bool      `json:"remote_hands"`     // nobody visits: the facility's remote hands do the work
	MaySubDelegate      bool      `json:"may_sub_delegate"` // the construction company may pass the work on, once

	InterfaceID   string `json:"interface_id"`
	InterfaceName string `json:"interface_name"`
	RedundantID   string `json:"redundant_id"`    // the interface that this one backs up, or ""
	KeepApartFrom string `json:"keep_apart_from"` // "device CSW-YH-A-05, cabinet E-11", or ""

	Region          string `json:"region"`
	AccessPointID   string `json:"access_point_id"`
	AccessPointName string `json:"access_point_name"`
	SP              string `json:"sp"` // the label, "China Telecom"

	FacilityName string `json:"facility_name"`
	Address      string `json:"address"`
	Room         string `json:"room"`
	Cabinet      string `json:"cabinet"`
	Panel        string `json:"panel"`
	Position     string `json:"position"`
	Connector    string `json:"connector"`

	Device        string `json:"device"`
	Port          string `json:"port"`
	PortType      string `json:"port_type"`       // "10GBase-LR"
	PortTypeLabel string `json:"port_type_label"` // "10GE single-mode optical port (10GBase-LR)"
	Medium        string `json:"medium"`
	Optic         string `json:"optic"` // "" for a copper port

	Note           string `json:"note"`            // the reviewer's note on the LOA, or ""
	InstallerNotes string `json:"installer_notes"` // the facility's notes for installers, or ""
	Location       string `json:"location"`        // the customer's own data center, or ""
	Demo           bool   `json:"demo"`            // the facility is invented: [DemoNotice] is printed
}

// Change is one line that differs between two versions of a letter. From or To
// is "" where the line is new or gone.
type Change struct {
	Label string `json:"label"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// String is the change in words: "Position 17/18 → 19/20".
func (c Change) String() string {
	from, to := c.From, c.To
	if from == "" {
		from = "nothing"
	}
	if to == "" {
		to = "nothing"
	}
	return c.Label + " " + from + " → " + to
}

// Fact is one labelled line of the letter. Value may contain line breaks.
type Fact struct {
	Label string
	Value string
}

// Title names the letter, with its version when it is not the first:
// "LOA-2026-004817" or "LOA-2026-004817 version 2".
func (s Snapshot) Title() string {
	if s.Version > 1 {
		return s.Number + " version " + strconv.Itoa(s.Version)
	}
	return s.Number
}

// Filename is the name under which the PDF is downloaded: "LOA-2026-004817.pdf",
// or "LOA-2026-004817-v2.pdf" for a later version.
func (s Snapshot) Filename() string {
	if s.Version > 1 {
		return s.Number + "-v" + strconv.Itoa(s.Version) + ".pdf"
	}
	return s.Number + ".pdf"
}

// FormatTime prints t in the facility's zone: "18 Nov 2026, 09:30 (UTC+08:00)".
// A zone that cannot be loaded prints UTC; [Snapshot.Validate] refuses it.
func (s Snapshot) FormatTime(t time.Time) string {
	return t.In(s.location()).Format("2 Jan 2006, 15:04 (UTC-07:00)")
}

// FormatDate prints the day of t in the facility's zone: "18 Nov 2026".
func (s Snapshot) FormatDate(t time.Time) string {
	return t.In(s.location()).Format("2 Jan 2006")
}

func (s Snapshot) location() *time.Location {
	loc, err := time.LoadLocation(s.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// Addressee is the opening line.
func (s Snapshot) Addressee() string {
	return "To the operator of the data center named below:"
}

// Authorization is the sentence that authorizes, and its limit.
func (s Snapshot) Authorization() string {
	who := "the construction company and the field engineers named in this letter to enter the data center and to connect"
	if s.RemoteHands {
		who = "your remote hands, instructed by the construction company named in this letter, to connect"
	}
	return s.Issuer.LegalName + " authorizes " + who +
		" one leased line of the company below to the patch panel position below. The letter covers no other work."
}

// Parties says who authorizes whom, and for which interface.
func (s Snapshot) Parties() []Fact {
	id := s.InterfaceID
	if s.InterfaceName != "" {
		id += " (" + s.InterfaceName + ")"
	}
	facts := []Fact{
		{"Issuer", s.Issuer.LegalName + ", " + s.Issuer.Address},
		{"NOC", s.Issuer.NOC},
		{"Company Name", s.CompanyName},
		{"Construction Company", s.ConstructionCompany},
		{"Interface", id},
		{"SP and Construction Type", s.SP + ", " + s.ConstructionType},
	}
	if s.Location != "" {
		facts = append(facts, Fact{"Location", s.Location})
	}
	if s.Schema == 1 {
		return facts
	}
	facts = append(facts, Fact{"Chain of authorization", s.Chain()})
	if s.Reason != "" {
		facts = append(facts, Fact{"Reason for version " + strconv.Itoa(s.Version), s.Reason})
	}
	if len(s.Changes) > 0 {
		lines := make([]string, len(s.Changes))
		for i, c := range s.Changes {
			lines[i] = c.String()
		}
		facts = append(facts, Fact{"Changed", strings.Join(lines, "\n")})
	}
	return facts
}

// Chain says who acts for whom, from the customer to the company that connects
// the line, and whether that one may pass the work on.
func (s Snapshot) Chain() string {
	return s.CompanyName + " → " + s.SP + " → " + stop(s.ConstructionCompany) + " " + s.SubDelegation()
}

// stop ends a sentence with a name: the point of "Ltd." is not doubled.
func stop(name string) string { return strings.TrimSuffix(name, ".") + "." }

// SubDelegation says whether the construction company may pass the work on.
func (s Snapshot) SubDelegation() string {
	if s.MaySubDelegate {
		return "The construction company may sub-delegate to one subcontractor, which may not sub-delegate."
	}
	return "The construction company may not sub-delegate."
}

// Demarcation is where the line is connected, in the facility's own words: what
// the installer reads in the aisle, so it is shown larger than the rest. The
// data center comes first, then room, cabinet, patch panel, position, connector.
func (s Snapshot) Demarcation() []Fact {
	return []Fact{
		{"Data center", s.FacilityName},
		{"Room", s.Room},
		{"Cabinet", s.Cabinet},
		{"Patch panel", s.Panel},
		{"Position", s.Position},
		{"Connector", s.Connector},
	}
}

// Installation is the rest of the installation information: address, access
// point, what is behind the position, when, and what to keep apart from.
func (s Snapshot) Installation() []Fact {
	facts := []Fact{
		{"Address", s.Address},
		{"Access Point", s.AccessPointName + " (" + s.AccessPointID + "), " + s.Region},
		{"Device and port", s.Device + ", " + s.Port},
		{"Port Type", join(", ", s.PortTypeLabel, s.Medium, s.Optic)},
		{"Scheduled Construction Time", s.FormatTime(s.ScheduledAt)},
	}
	switch {
	case s.RedundantID != "" && s.KeepApartFrom != "":
		facts = append(facts, Fact{"Redundant Connection", s.RedundantID + ": keep apart from " + s.KeepApartFrom})
	case s.RedundantID != "":
		facts = append(facts, Fact{"Redundant Connection", s.RedundantID})
	case s.KeepApartFrom != "":
		facts = append(facts, Fact{"Keep apart from", s.KeepApartFrom})
	}
	if s.InstallerNotes != "" {
		facts = append(facts, Fact{"Notes for installers", s.InstallerNotes})
	}
	if s.Note != "" {
		facts = append(facts, Fact{"Note on the LOA", s.Note})
	}
	return facts
}

// RemoteHandsNotice stands in place of the field engineers when nobody visits.
func (s Snapshot) RemoteHandsNotice() string {
	return "Nobody visits: the remote hands of the data center do the work."
}

// Conditions are the terms of the letter, one sentence group each, to be
// numbered from 1.
func (s Snapshot) Conditions() []string {
	op := s.Issuer.LegalName
	to := stop(op)
	if s.Schema == 1 {
		to = op + "." // as it was printed
	}
	admit := "Only the field engineers named above are admitted under this letter."
	if s.RemoteHands {
		admit = "Nobody is admitted to the data center under this letter."
	}
	use := "Single use, initial installation only. This letter covers no change, move, repair or removal"
	if s.Schema == 1 || !s.MaySubDelegate {
		use += ", and passes to nobody else. " + admit
	} else {
		use += ". The construction company may pass the work on to one subcontractor, which is bound by this letter, and answers for it. " + admit
	}
	end := "This letter ends when the line is installed or when " + op + " revokes or supersedes it, and expires on " +
		s.FormatTime(s.ExpiresAt) + " in any case."
	if s.Schema != 1 {
		end = "This letter is valid from " + s.FormatTime(s.ValidFrom) + " and expires on " + s.FormatTime(s.ExpiresAt) +
			". It ends earlier when the line is installed or when " + op + " revokes or supersedes it. Check its state before work begins: " + s.CheckURL
	}
	return []string{
		use,
		"Look before you connect. If the position is occupied or lit, or differs from this letter, stop, connect nothing and call the NOC of " +
			op + ": " + s.Issuer.NOC + ". Never take another position instead.",
		"Label both ends of each cable before you leave.",
		"Leave the last connection, from the patch panel position to the CSW port, to " + to,
		"On completion, give " + s.CompanyName + " the leased line code and the label numbers of all cables for the delivery report.",
		"Only " + op + " orders the removal of the line, after " + s.CompanyName + " cancels or terminates the interface.",
		end,
	}
}

// Signatures are the captions of the two signature lines.
func (s Snapshot) Signatures() [2]string {
	return [2]string{
		"For " + s.Issuer.LegalName + ": " + s.IssuedBy + ", " + s.FormatDate(s.IssuedAt),
		"For the operator of the data center: name, date, stamp",
	}
}

// Start is the moment from which the letter is good: ValidFrom, or the time of
// issue of a letter that does not say.
func (s Snapshot) Start() time.Time {
	if s.ValidFrom.IsZero() {
		return s.IssuedAt
	}
	return s.ValidFrom
}

// Marshal gives the bytes to store: the same for the same letter, whatever zone
// its times are in. It refuses a schema that this package does not know, and
// does not check the rest; [Snapshot.Validate] does.
func (s Snapshot) Marshal() ([]byte, error) {
	if s.Schema != Schema {
		return nil, fmt.Errorf("letter: schema %d is not %d", s.Schema, Schema)
	}
	s.IssuedAt = s.IssuedAt.UTC().Truncate(time.Second)
	s.ValidFrom = s.ValidFrom.UTC().Truncate(time.Second)
	s.ExpiresAt = s.ExpiresAt.UTC().Truncate(time.Second)
	s.ScheduledAt = s.ScheduledAt.UTC().Truncate(time.Second)
	if s.Engineers == nil {
		s.Engineers = []string{}
	}
	if s.Changes == nil {
		s.Changes = []Change{}
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("letter: %w", err)
	}
	return b, nil
}

// Unmarshal reads what [Snapshot.Marshal] wrote. It refuses an unknown schema
// or field, because a letter read in part is another letter.
func Unmarshal(b []byte) (Snapshot, error) {
	var s Snapshot
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Snapshot{}, fmt.Errorf("letter: %w", err)
	}
	if dec.More() {
		return Snapshot{}, errors.New("letter: text after the end of the snapshot")
	}
	if s.Schema < 1 || s.Schema > Schema {
		return Snapshot{}, fmt.Errorf("letter: schema %d is not one of 1 to %d", s.Schema, Schema)
	}
	if s.Schema == 1 && (s.CheckCode != "" || s.CheckURL != "" || s.Reason != "" || s.Changes != nil || s.MaySubDelegate || !s.ValidFrom.IsZero()) {
		return Snapshot{}, errors.New("letter: fields of schema 2 in a letter of schema 1")
	}
	return s, nil
}

// join joins the parts that are not empty.
func join(sep string, parts ...string) string {
	kept := make([]string, 0, len(parts))
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
