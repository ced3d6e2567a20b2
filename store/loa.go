package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"demarc/store/chain"
	"demarc/store/letter"
	"demarc/store/lifecycle"
)

// eraseIDAfter is how long after the scheduled construction the ID numbers of
// field engineers are kept.
const eraseIDAfter = 30 * 24 * time.Hour

// ApplyForLOA sends an application for a letter, as a new version beside the
// older ones. Kinds: Invalid (fields of the form), NotFound, Conflict,
// Forbidden.
func (s *Store) ApplyForLOA(ctx context.Context, by Actor, id string, rev int, in NewLOAApplication) error {
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		_, err := t.apply(change{action: lifecycle.ApplyForLOA, id: id, rev: rev, rows: func(t *tx, c *Connection) error {
			a, bad := in.check(t.s, c, t.now)
			if err := invalidFields(bad); err != nil {
				return err
			}
			if err := t.row("SELECT COALESCE(MAX(version), 0) + 1 FROM loa_applications WHERE connection_id = ?", c.ID).Scan(&a.Version); err != nil {
				return err
			}
			var bandwidth any
			if a.BandwidthMbps > 0 {
				bandwidth = a.BandwidthMbps
			}
			if _, err := t.exec(`INSERT INTO loa_applications (connection_id, version, status, company_name, construction_company, construction_type, other_type, scheduled_at, location, bandwidth_mbps, remote_hands, may_sub_delegate, submitted_at, submitted_by)
				VALUES (?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				c.ID, a.Version, a.CompanyName, a.ConstructionCompany, a.ConstructionType, a.OtherType, at(a.ScheduledAt), a.Location, bandwidth, a.RemoteHands, a.MaySubDelegate, at(t.now), by.Name); err != nil {
				return err
			}
			for i, e := range a.Engineers {
				var sealed, eraseAfter any
				last4 := ""
				if e.IDNumber != "" {
					sealed = t.s.seal.seal(e.IDNumber, sealContext(c.ID, a.Version, i+1))
					eraseAfter = at(a.ScheduledAt.Add(eraseIDAfter))
					last4 = e.IDNumber[max(0, len(e.IDNumber)-4):]
				}
				if _, err := t.exec(`INSERT INTO field_engineers (connection_id, version, n, name, gender, id_type, id_sealed, id_last4, contact, erase_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
					c.ID, a.Version, i+1, e.Name, e.Gender, e.IDType, sealed, last4, e.Contact, eraseAfter); err != nil {
					return err
				}
			}
			c.ScheduledAt = a.ScheduledAt
			return nil
		}})
		return id, err
	})
	return err
}

// letterAfterWork is how many days a letter lasts beyond the scheduled
// construction, at least: work slips.
const letterAfterWork = 14

func sealContext(id string, version, n int) string { return fmt.Sprintf("%s/%d/%d", id, version, n) }

// WithdrawApplication takes an application back before it is decided. Kinds:
// NotFound, Conflict, Forbidden.
func (s *Store) WithdrawApplication(ctx context.Context, by Actor, id string, rev int) error {
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		_, err := t.apply(change{action: lifecycle.WithdrawApplication, id: id, rev: rev, rows: func(t *tx, c *Connection) error {
			return t.decideApplication(c.ID, "withdrawn", nil)
		}})
		return id, err
	})
	return err
}

// decideApplication closes the open application of an interface.
func (t *tx) decideApplication(id, status string, reasons map[string]string) error {
	text, err := json.Marshal(reasons)
	if err != nil {
		return err
	}
	if reasons == nil {
		text = []byte("{}")
	}
	_, err = t.exec("UPDATE loa_applications SET status = ?, decided_at = ?, decided_by = ?, reasons = ? WHERE connection_id = ? AND status = 'open'", status, at(t.now), t.by.Name, string(text), id)
	return err
}

// RejectionFields lists the fields of the application that a rejection can
// name; "other" is about none of them.
func RejectionFields() []string {
	return []string{"company_name", "construction_company", "construction_type", "scheduled_at", "location", "bandwidth", "engineers", "other"}
}

// RejectionLabel names a field that a rejection can be about, as the customer's
// form does.
func RejectionLabel(field string) string {
	switch field {
	case "company_name":
		return "Company Name"
	case "construction_company":
		return "Construction Company"
	case "construction_type":
		return "Construction Type"
	case "scheduled_at":
		return "Scheduled Construction Time"
	case "location":
		return "Location"
	case "bandwidth":
		return "Bandwidth"
	case "engineers":
		return "Field engineers"
	}
	return "Other"
}

// RejectionText is a reason with the name of the field that it is about, so that
// it can be read away from the field.
func RejectionText(field, reason string) string {
	if field == "other" {
		return reason
	}
	return RejectionLabel(field) + ": " + reason
}

// RejectLOA sends an application back with a reason for each field named. Kinds:
// Invalid (fields reason-<field>), NotFound, Conflict, Forbidden.
func (s *Store) RejectLOA(ctx context.Context, by Actor, id string, rev int, reasons map[string]string) error {
	bad := map[string]string{}
	var parts []string
	for _, field := range RejectionFields() {
		reason, named := reasons[field]
		if !named {
			continue
		}
		if msg := reasonProblem(reason, 3, 500, "Say what has to be corrected"); msg != "" {
			bad["reason-"+field] = msg
		}
		parts = append(parts, RejectionText(field, strings.TrimRight(strings.TrimSpace(reason), ".")))
	}
	for field := range reasons {
		if !slices.Contains(RejectionFields(), field) {
			bad["reason-other"] = "Select what the reason is about"
		}
	}
	if len(reasons) == 0 {
		bad["reasons"] = "Select at least one reason"
	}
	if err := invalidFields(bad); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		why := strings.Join(parts, "; ")
		_, err := t.apply(change{action: lifecycle.Reject, id: id, rev: rev, reason: why, rows: func(t *tx, c *Connection) error {
			c.Problem = why
			return t.decideApplication(c.ID, "rejected", reasons)
		}})
		return id, err
	})
	return err
}

// Approval is a reviewer's decision to issue a letter.
type Approval struct {
	PortID string // the port for the letter; the one that payment allocated, or another free one
	Note   string // printed on the letter, optional
	// ValidFrom is the first day at the site on which the letter is good,
	// SiteDayLayout; "" or the day of the issue: at once.
	ValidFrom string
}

// SiteDayLayout is how a form sends a day at the site.
const SiteDayLayout = "2006-01-02"

// Draft is a letter that is about to be issued: all it will say, before its
// bytes are made.
type Draft struct {
	Snapshot letter.Snapshot
	action   lifecycle.Action
	id       string
	version  int // row version of the interface
	applied  int // version of the application
	portID   string
	issued   string // number of the letter, when this very form was answered before
}

// Issued is the number of the letter that this form issued earlier, or "".
func (d Draft) Issued() string { return d.issued }

// PrepareLOA fixes what a letter will say: number, version, expiry and facts.
// The caller renders it, outside any transaction, and passes the bytes to
// IssueLOA. A draft that is not issued leaves a gap in the numbers and nothing
// else. Kinds: Invalid (fields port, note, valid_from, letter), NotFound,
// Conflict, Forbidden.
func (s *Store) PrepareLOA(ctx context.Context, by Actor, id string, rev int, in Approval) (Draft, error) {
	d := Draft{id: id, action: lifecycle.Approve}
	err := s.prepare(ctx, by, &d, rev, "approve an LOA application", "there is nothing to approve", func(t *tx, c *Connection) error {
		if msg := reasonProblem(in.Note, 0, 500, ""); msg != "" {
			return invalid("note", msg)
		}
		if err := t.notOwnRequest(id, string(lifecycle.ApplyForLOA)); err != nil {
			return err
		}
		app, err := t.openApplication(id)
		if err != nil {
			return err
		}
		port, err := t.portToIssue(c, in.PortID)
		if err != nil {
			return err
		}
		last, err := t.newestLetter(id)
		if err != nil {
			return err
		}
		says := sayings{note: in.Note, validFrom: in.ValidFrom}
		if last != nil {
			says.reason = "A new application, after the letter before ended."
			if last.EndedReason != "" {
				says.reason = "A new application. The letter before ended: " + strings.TrimRight(last.EndedReason, ".") + "."
			}
		}
		d.applied, d.portID = app.Version, port.ID
		d.Snapshot, err = t.snapshot(c, app, port, last, says)
		return err
	})
	return d, err
}

// prepare does what all drafts have in common: the role, the stage and the row
// version that the person saw, then the letter is made and checked.
func (s *Store) prepare(ctx context.Context, by Actor, d *Draft, rev int, may, nothing string, make func(t *tx, c *Connection) error) error {
	return s.inTx(ctx, by, func(t *tx) error {
		if by.Key != "" {
			err := t.row("SELECT result FROM submissions WHERE user_id = ? AND key = ?", by.UserID, by.Key).Scan(&d.issued)
			if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		c, err := t.connection(d.id)
		if err != nil {
			return err
		}
		if _, err := lifecycle.Next(c.Stage, d.action, by.Role); errors.Is(err, lifecycle.ErrNotYours) || !lifecycle.MayDo(d.action, by.Role) {
			return forbidden("Only a reviewer may " + may + ".")
		} else if err != nil {
			return conflictf("%s is in the %s state now, so %s. Nothing was changed.", c.Title(), c.Stage.Label(), nothing)
		}
		if rev != 0 && rev != c.Version {
			return conflictf("%s was changed a moment ago. Check what it says now, then decide. Nothing was changed.", c.Title())
		}
		d.version = c.Version
		if err := make(t, c); err != nil {
			return err
		}
		var lacks *letter.InvalidError
		if err := d.Snapshot.Validate(); errors.As(err, &lacks) {
			return &Error{Kind: Invalid, Msg: "The letter cannot be issued yet.", Fields: map[string]string{"letter": letterProblem(lacks)}, Err: err}
		} else if err != nil {
			return err
		}
		return nil
	})
}

// NewVersion is a reviewer's decision to replace a letter by a new version.
type NewVersion struct {
	Approval
	Reason string // printed on the letter and told to everybody who checks the old one
	// ScheduledAt is the construction time, SiteTimeLayout, on the wall clock of
	// the site; "" as it was.
	ScheduledAt string
}

// PrepareReissue drafts a new version of the letter in force; IssueLOA makes it
// supersede the old one. Kinds: Invalid (fields port, note, valid_from,
// scheduled_at, reason, letter), NotFound, Conflict, Forbidden.
func (s *Store) PrepareReissue(ctx context.Context, by Actor, id string, rev int, in NewVersion) (Draft, error) {
	return s.prepareVersion(ctx, by, lifecycle.ReissueLOA, id, rev, in)
}

// PrepareRenewal drafts a new version of a letter that expired before the
// installation; IssueLOA brings the interface back to Approved LOA with it.
// Kinds: Invalid (fields port, note, valid_from, scheduled_at, reason, letter),
// NotFound, Conflict, Forbidden.
func (s *Store) PrepareRenewal(ctx context.Context, by Actor, id string, rev int, in NewVersion) (Draft, error) {
	return s.prepareVersion(ctx, by, lifecycle.RenewLOA, id, rev, in)
}

func (s *Store) prepareVersion(ctx context.Context, by Actor, action lifecycle.Action, id string, rev int, in NewVersion) (Draft, error) {
	d := Draft{id: id, action: action}
	may, nothing := "reissue a letter", "there is no letter to reissue"
	if action == lifecycle.RenewLOA {
		may, nothing = "renew a letter", "there is no letter to renew"
	}
	err := s.prepare(ctx, by, &d, rev, may, nothing, func(t *tx, c *Connection) error {
		if err := t.notOwnRequest(id, string(lifecycle.ApplyForLOA)); err != nil {
			return err
		}
		last, err := t.newestLetter(id)
		if err != nil {
			return err
		}
		if action == lifecycle.RenewLOA && (last == nil || last.Status != "expired") {
			return conflictf("%s", RenewOnlyExpired(c.Title()))
		}
		if last == nil {
			return fmt.Errorf("interface %s is in stage %s without a letter", id, c.Stage)
		}
		if action == lifecycle.RenewLOA {
			var newest int
			if err := t.row("SELECT MAX(version) FROM loa_applications WHERE connection_id = ?", id).Scan(&newest); err != nil {
				return err
			}
			if newest != last.ApplicationVersion {
				return conflictf("The customer of %s has sent another application since. Ask them to apply for the LOA again. Nothing was changed.", c.Title())
			}
		}
		bad := map[string]string{}
		if msg := reasonProblem(in.Reason, 3, 300, "Say why there is a new version of the letter"); msg != "" {
			bad["reason"] = msg
		}
		if msg := reasonProblem(in.Note, 0, 500, ""); msg != "" {
			bad["note"] = msg
		}
		app, err := t.application(id, last.ApplicationVersion)
		if err != nil {
			return err
		}
		zone := t.s.Catalogue().Zone(c.Region)
		switch at, err := time.ParseInLocation(SiteTimeLayout, in.ScheduledAt, zone); {
		case in.ScheduledAt == "" || err == nil && at.Equal(app.ScheduledAt.Truncate(time.Minute)):
			app.ScheduledAt = last.Snapshot.ScheduledAt
		case err != nil:
			bad["scheduled_at"] = "Enter a date and a time"
		case at.Before(t.now.Truncate(time.Minute)) && !at.Equal(last.Snapshot.ScheduledAt):
			bad["scheduled_at"] = "Enter a time that is not past"
		case at.After(t.now.AddDate(0, 0, ScheduleDays)):
			bad["scheduled_at"] = fmt.Sprintf("Enter a time within the next %d days", ScheduleDays)
		default:
			app.ScheduledAt = at.UTC()
		}
		if err := invalidFields(bad); err != nil {
			return err
		}
		port, err := t.portToIssue(c, in.PortID)
		if err != nil {
			return err
		}
		d.applied, d.portID = app.Version, port.ID
		d.Snapshot, err = t.snapshot(c, app, port, last, sayings{note: in.Note, validFrom: in.ValidFrom, reason: strings.TrimSpace(in.Reason)})
		return err
	})
	return d, err
}

// RenewOnlyExpired says why a letter cannot be renewed.
func RenewOnlyExpired(title string) string {
	return "Only a letter that expired can be renewed, and the last one of " + title + " did not. Ask the customer to apply for the LOA again. Nothing was changed."
}

// letterProblem says in one sentence what a letter lacks.
func letterProblem(e *letter.InvalidError) string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.Field + " " + p.Text
	}
	return "The letter cannot be issued: " + strings.Join(parts, "; ") + ". Complete the data of the access point or reject the application."
}

func (t *tx) openApplication(id string) (LOAApplication, error) {
	return t.withEngineers(scanApplication(t.row("SELECT "+applicationColumns+" FROM loa_applications WHERE connection_id = ? AND status = 'open'", id)))
}

func (t *tx) application(id string, version int) (LOAApplication, error) {
	return t.withEngineers(scanApplication(t.row("SELECT "+applicationColumns+" FROM loa_applications WHERE connection_id = ? AND version = ?", id, version)))
}

func (t *tx) withEngineers(a LOAApplication, err error) (LOAApplication, error) {
	if err != nil {
		return a, err
	}
	rows, err := t.query("SELECT "+engineerColumns+" FROM field_engineers WHERE connection_id = ? AND version = ? ORDER BY n", a.ConnectionID, a.Version)
	if err != nil {
		return a, err
	}
	a.Engineers, err = collect(rows, scanEngineer)
	return a, err
}

// portToIssue is the port that a letter will name: free, or the interface's
// own, of its type, at its access point, and apart from its redundant partner.
func (t *tx) portToIssue(c *Connection, portID string) (Port, error) {
	own, err := t.portOf(c.ID)
	if err != nil {
		return Port{}, err
	}
	if own == nil {
		return Port{}, conflictf("%s holds no port. Ask an administrator to look at it. Nothing was changed.", c.Title())
	}
	if portID == "" || portID == own.ID {
		return *own, nil
	}
	p, err := scanPort(t.row("SELECT "+portColumns+" FROM ports WHERE id = ?", portID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, invalid("port", "Select a port")
	}
	if err != nil {
		return p, err
	}
	device, err := t.device(p.Device)
	if err != nil {
		return p, err
	}
	avoid, err := t.deviceToAvoid(c)
	switch {
	case err != nil:
		return p, err
	case device.AccessPoint != c.AccessPointID:
		return p, invalid("port", "Select a port at the access point of this interface")
	case p.Type != c.PortType:
		return p, invalid("port", "Select a "+string(c.PortType)+" port")
	case p.State != PortFree && p.ConnectionID != "":
		return p, conflictf("Port %s of %s was taken a moment ago by %s. Select another port.", p.Name, device.Name, p.ConnectionID)
	case p.LeftBy != "":
		return p, conflictf("Port %s of %s is quarantined until a technician has looked at it. Select another port.", p.Name, device.Name)
	case p.State != PortFree:
		return p, conflictf("Port %s of %s is not free. Select another port.", p.Name, device.Name)
	case avoid[p.Device]:
		return p, invalid("port", "Redundant connections are allocated to different access devices. Select a port of another device.")
	}
	return p, nil
}

// newestLetter is the last letter of an interface in this transaction; nil when
// there is none.
func (t *tx) newestLetter(id string) (*LOA, error) {
	l, err := scanLOA(t.row("SELECT "+loaColumns+" FROM loas WHERE connection_id = ? ORDER BY connection_id DESC, version DESC LIMIT 1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &l, err
}

// sayings are what a person adds to a letter.
type sayings struct {
	note, validFrom, reason string
}

// firstDay is the moment from which a letter is good.
func firstDay(day string, issued, scheduled time.Time, zone *time.Location) (time.Time, error) {
	today := issued.In(zone).Format(SiteDayLayout)
	if day == "" || day == today {
		return issued, nil
	}
	from, err := time.ParseInLocation(SiteDayLayout, day, zone)
	switch {
	case err != nil:
		return from, invalid("valid_from", "Enter a date")
	case day < today:
		return from, invalid("valid_from", "Enter today or a later day")
	case from.After(scheduled):
		return from, invalid("valid_from", "Enter a day that is not after the scheduled construction time, "+siteTime(scheduled, zone))
	}
	return from.UTC(), nil
}

func (t *tx) snapshot(c *Connection, app LOAApplication, port Port, last *LOA, says sayings) (letter.Snapshot, error) {
	cat := t.s.Catalogue()
	// Not of the catalogue, which may be a moment older.
	ap, err := t.accessPoint(c.AccessPointID)
	if err != nil {
		return letter.Snapshot{}, err
	}
	region, err := t.region(c.Region)
	if err != nil {
		return letter.Snapshot{}, err
	}
	device, err := t.device(port.Device)
	if err != nil {
		return letter.Snapshot{}, err
	}
	info := port.Type.Info()
	// An interface has one number; its letters are versions under it.
	var no string
	if last != nil {
		no = last.No
	} else if n, err := t.nextNumber(fmt.Sprintf("loa:%d", t.now.Year())); err != nil {
		return letter.Snapshot{}, err
	} else {
		no = fmt.Sprintf("LOA-%d-%06d", t.now.Year(), n)
	}
	words, err := t.positionWords(port)
	if err != nil {
		return letter.Snapshot{}, err
	}
	issued := t.now.Truncate(time.Second)
	zone := cat.Zone(c.Region)
	// The letter is good until the end of its last day at the site, and never
	// ends before the work that it is for.
	day := issued.In(zone).AddDate(0, 0, ap.LOADays)
	if work := app.ScheduledAt.In(zone).AddDate(0, 0, letterAfterWork); work.After(day) {
		day = work
	}
	expires := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, zone).UTC()
	from, err := firstDay(says.validFrom, issued, app.ScheduledAt, zone)
	if err != nil {
		return letter.Snapshot{}, err
	}
	var code letter.Code
	rand.Read(code[:]) // never fails on supported systems
	s := letter.Snapshot{
		CheckCode: code.String(), CheckURL: letter.CheckURL(t.s.publicURL, code), ValidFrom: from,
		Schema: letter.Schema, Number: no, Version: 1, IssuedAt: issued, ExpiresAt: expires, Zone: region.Zone,
		Issuer: t.s.issuer, IssuedBy: t.by.Name,
		CompanyName: app.CompanyName, ConstructionCompany: app.ConstructionCompany, ConstructionType: app.TypeLabel(), ScheduledAt: app.ScheduledAt,
		RemoteHands: app.RemoteHands, MaySubDelegate: app.MaySubDelegate, InterfaceID: c.ID, InterfaceName: c.Name,
		Region: region.Name, AccessPointID: ap.ID, AccessPointName: ap.Name, SP: c.SP.Label(),
		FacilityName: ap.FacilityName, Address: ap.Address, Room: port.Room, Cabinet: port.Cabinet, Panel: port.Panel, Position: words, Connector: port.ConnectorWords(),
		Device: device.Name, Port: port.Name, PortType: string(port.Type), PortTypeLabel: info.Label + " (" + string(port.Type) + ")", Medium: info.Medium, Optic: info.Optic,
		Note: says.note, InstallerNotes: ap.InstallerNotes, Location: app.Location, Demo: ap.Demo,
	}
	for _, e := range app.Engineers {
		s.Engineers = append(s.Engineers, e.Name)
	}
	if s.RedundantID, s.KeepApartFrom, err = t.apartFrom(c); err != nil || last == nil {
		return s, err
	}
	s.Version, s.Supersedes, s.Reason = last.Version+1, last.Snapshot.Number+" version "+strconv.Itoa(last.Version), says.reason
	s.Changes = letter.Diff(last.Snapshot, s)
	return s, nil
}

// apartFrom is what a letter says about the redundant partner: its ID, and
// where it is when that is at the same access point.
func (t *tx) apartFrom(c *Connection) (partner, place string, err error) {
	o, err := t.partner(c)
	if err != nil || o == nil {
		return "", "", err
	}
	p, err := t.portOf(o.ID)
	if err != nil || p == nil || o.AccessPointID != c.AccessPointID {
		return o.ID, "", err
	}
	d, err := t.device(p.Device)
	return o.ID, "device " + d.Name + ", cabinet " + p.Cabinet, err
}

// IssueLOA approves the application with the letter that was drafted, or
// replaces a letter by it: number, version, expiry and bytes are fixed from here
// on. The draft must still be true. It returns the number of the letter. Kinds:
// Invalid (field port), NotFound, Conflict, Forbidden.
func (s *Store) IssueLOA(ctx context.Context, by Actor, d Draft, pdf []byte) (string, error) {
	if d.issued != "" {
		return d.issued, nil
	}
	snapshot, err := d.Snapshot.Marshal()
	if err != nil {
		return "", err
	}
	code, ok := letter.ParseCode(d.Snapshot.CheckCode)
	if !ok {
		return "", fmt.Errorf("letter %s has the code %q", d.Snapshot.Title(), d.Snapshot.CheckCode)
	}
	sum := sha256.Sum256(pdf)
	return s.once(ctx, by, func(t *tx) (string, error) {
		no := d.Snapshot.Number
		ch := change{action: d.action, id: d.id, rev: d.version, detail: d.Snapshot.Title() + ", port " + d.Snapshot.Port + " of " + d.Snapshot.Device}
		if d.action != lifecycle.Approve {
			ch.reason = d.Snapshot.Reason
			if words := letter.Words(letter.PublicChanges(d.Snapshot.Changes)); words != "" {
				ch.detail = d.Snapshot.Title() + ": " + words
			}
		}
		ch.rows = func(t *tx, c *Connection) error {
			if err := t.movePort(c, d.portID, ch.reason); err != nil {
				return err
			}
			if err := t.stillThere(c, d.Snapshot); err != nil {
				return err
			}
			if err := t.endLetter(c.ID, "superseded", d.Snapshot.Reason); err != nil {
				return err
			}
			if _, err := t.exec(`INSERT INTO loas (no, connection_id, version, application_version, status, issued_at, issued_by, valid_from, expires_at, next_warning_at, check_hash, pages, snapshot, pdf, pdf_sha256)
				VALUES (?, ?, ?, ?, 'issued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				no, c.ID, d.Snapshot.Version, d.applied, at(d.Snapshot.IssuedAt), by.Name, at(d.Snapshot.ValidFrom), at(d.Snapshot.ExpiresAt), at(d.Snapshot.NextWarning(d.Snapshot.IssuedAt)),
				hashCode(code), pagesOf(pdf), string(snapshot), pdf, hex.EncodeToString(sum[:])); err != nil {
				return err
			}
			c.LOANo = no
			if _, err := t.exec("UPDATE ports SET letter = ? WHERE connection_id = ?", no, c.ID); err != nil {
				return err
			}
			if d.action == lifecycle.Approve {
				return t.decideApplication(c.ID, "approved", nil)
			}
			c.ScheduledAt = d.Snapshot.ScheduledAt
			// The work is later than was said, and so is the end of what is kept for it.
			if _, err := t.exec("UPDATE field_engineers SET erase_after = ? WHERE connection_id = ? AND version = ? AND id_sealed IS NOT NULL", at(c.ScheduledAt.Add(eraseIDAfter)), c.ID, d.applied); err != nil {
				return err
			}
			return t.tellHolders(c, d.Snapshot.Version, "LOA replaced", d.Snapshot.Supersedes+", which you downloaded, is no longer valid. "+d.Snapshot.Title()+" replaces it. Reason: "+strings.TrimRight(d.Snapshot.Reason, ".")+".")
		}
		_, err := t.apply(ch)
		return no, err
	})
}

// hashCode is what is stored of a check code for finding its letter: looking it
// up tells nothing about the codes of others.
func hashCode(c letter.Code) string { return hashSecret("loa-check:" + c.String()) }

var pageCount = regexp.MustCompile(`/Type\s*/Pages\b[^>]*?/Count\s+([0-9]{1,4})`)

// pagesOf reads the number of pages out of a PDF; 0 when it does not say it in
// plain text.
func pagesOf(pdf []byte) int {
	most := 0
	for _, m := range pageCount.FindAllSubmatch(pdf, -1) {
		if n, err := strconv.Atoi(string(m[1])); err == nil {
			most = max(most, n)
		}
	}
	return most
}

// movePort puts an interface on another free port, for a reason that may be
// empty; nothing when it holds that port already. The port that it leaves is
// free at once, but for one that a letter sent people to: it is quarantined
// until a technician confirms that nothing is in it.
func (t *tx) movePort(c *Connection, portID, reason string) error {
	own, err := t.portOf(c.ID)
	if err != nil || own == nil || own.ID == portID {
		return err
	}
	p, err := t.portToIssue(c, portID)
	if err != nil {
		return err
	}
	left := PortFree
	if own.Letter != "" {
		left = PortQuarantined // somebody may have brought a cable to it
	}
	err = t.watchInterface(reason, c.ID, func() error {
		if err := t.setPort(*own, left, "", reason); err != nil {
			return err
		}
		return t.setPort(p, PortAllocated, c.ID, reason)
	})
	if err == nil && left == PortQuarantined {
		err = t.tellRole(lifecycle.Technician, PortSubject(own.ID), TitlePortToCheck, c.Title()+" moved away from port "+own.Name+", which "+own.Letter+" names. Look whether anything is in it.")
	}
	if msg := FieldsOf(err)["reason"]; msg != "" && reason == "" {
		// An approval has no reason: it is given where the port is moved.
		return invalid("port", strings.TrimPrefix(msg, "Say why: ")+" Move the interface to this port first and say why, or select another port.")
	}
	return err
}

// MovePort puts an interface on another free port before its letter is issued.
// Kinds: Invalid (fields port, reason), NotFound, Conflict, Forbidden.
func (s *Store) MovePort(ctx context.Context, by Actor, id string, rev int, portID, reason string) error {
	if msg := reasonProblem(reason, 3, 500, "Say why the interface moves to another port"); msg != "" {
		return invalid("reason", msg)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		if portID == "" {
			return "", invalid("port", "Select a port")
		}
		_, err := t.apply(change{action: lifecycle.MovePort, id: id, rev: rev, reason: reason, rows: func(t *tx, c *Connection) error {
			own, err := t.portOf(c.ID)
			if err != nil {
				return err
			}
			if own != nil && own.ID == portID {
				// Nobody is told of a move that is none.
				return invalid("port", c.Title()+" has this port already. Select another port.")
			}
			return t.movePort(c, portID, reason)
		}})
		return id, err
	})
	return err
}

// RevokeLOA ends a letter before it is used. Kinds: Invalid (field reason),
// NotFound, Conflict, Forbidden.
func (s *Store) RevokeLOA(ctx context.Context, by Actor, id string, rev int, reason string) error {
	if msg := reasonProblem(reason, 3, 500, "Say why the letter is revoked"); msg != "" {
		return invalid("reason", msg)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		_, err := t.apply(change{action: lifecycle.RevokeLOA, id: id, rev: rev, reason: reason, rows: func(t *tx, c *Connection) error {
			c.Problem = reason
			if err := t.endLetter(c.ID, "revoked", strings.TrimSpace(reason)); err != nil {
				return err
			}
			return t.tellHolders(c, math.MaxInt, "LOA revoked", "The letter "+c.LOANo+" of "+c.Title()+", which you downloaded, is no longer valid. Reason: "+strings.TrimRight(strings.TrimSpace(reason), ".")+".")
		}})
		return id, err
	})
	return err
}

// endLetter ends the letter in force of an interface, if there is one. reason is
// for everybody who checks the letter.
func (t *tx) endLetter(id, status, reason string) error {
	_, err := t.exec("UPDATE loas SET status = ?, ended_at = ?, ended_reason = ? WHERE connection_id = ? AND status = 'issued'", status, at(t.now), reason, id)
	return err
}

const applicationColumns = `connection_id, version, status, company_name, construction_company, construction_type, other_type, scheduled_at, location, COALESCE(bandwidth_mbps, 0), remote_hands, may_sub_delegate, submitted_at, submitted_by, decided_at, decided_by, reasons`

func scanApplication(r scanner) (LOAApplication, error) {
	var a LOAApplication
	var reasons string
	err := r.Scan(&a.ConnectionID, &a.Version, &a.Status, &a.CompanyName, &a.ConstructionCompany, &a.ConstructionType, &a.OtherType, intoTime{&a.ScheduledAt}, &a.Location, &a.BandwidthMbps, &a.RemoteHands, &a.MaySubDelegate, intoTime{&a.SubmittedAt}, &a.SubmittedBy, intoTime{&a.DecidedAt}, &a.DecidedBy, &reasons)
	if err == nil {
		err = json.Unmarshal([]byte(reasons), &a.Reasons)
	}
	return a, err
}

// TypeLabel is the construction type in words: the customer's own word for
// Others.
func (a LOAApplication) TypeLabel() string {
	if a.ConstructionType == "Others" && a.OtherType != "" {
		return "Others: " + a.OtherType
	}
	return a.ConstructionType
}

const engineerColumns = "name, gender, id_type, id_last4, contact"

func scanEngineer(r scanner) (Engineer, error) {
	var e Engineer
	err := r.Scan(&e.Name, &e.Gender, &e.IDType, &e.IDLast4, &e.Contact)
	return e, err
}

// Application is the newest application of an interface; nil when there is
// none. The caller has checked that the actor may see the interface.
func (s *Store) Application(ctx context.Context, id string) (*LOAApplication, error) {
	all, err := list(ctx, s, scanApplication, "SELECT "+applicationColumns+" FROM loa_applications WHERE connection_id = ? ORDER BY connection_id DESC, version DESC LIMIT 1", id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	a := all[0]
	a.Engineers, err = list(ctx, s, scanEngineer, "SELECT "+engineerColumns+" FROM field_engineers WHERE connection_id = ? AND version = ? ORDER BY n", id, a.Version)
	return &a, err
}

// NewestApplications are the newest applications of interfaces with their field
// engineers, by the interface's ID: two statements, whatever their number. An
// interface without one is left out.
func (s *Store) NewestApplications(ctx context.Context, items []Connection) (map[string]LOAApplication, error) {
	out := make(map[string]LOAApplication, len(items))
	if len(items) == 0 {
		return out, nil
	}
	const newest = "(SELECT MAX(n.version) FROM loa_applications n WHERE n.connection_id = "
	marks, ids := inList(connectionIDs(items))
	applications, err := list(ctx, s, scanApplication, "SELECT "+applicationColumns+" FROM loa_applications a WHERE connection_id IN ("+marks+") AND version = "+newest+"a.connection_id)", ids...)
	if err != nil {
		return out, err
	}
	for _, a := range applications {
		out[a.ConnectionID] = a
	}
	_, err = list(ctx, s, func(r scanner) (v struct{}, err error) {
		var e Engineer
		var id string
		var version int
		err = r.Scan(&e.Name, &e.Gender, &e.IDType, &e.IDLast4, &e.Contact, &id, &version)
		if a, ok := out[id]; ok && a.Version == version { // and not of one sent a moment ago
			a.Engineers = append(a.Engineers, e)
			out[id] = a
		}
		return v, err
	}, "SELECT "+engineerColumns+", connection_id, version FROM field_engineers e WHERE connection_id IN ("+marks+") AND version = "+newest+"e.connection_id) ORDER BY connection_id, version, n", ids...)
	return out, err
}

// KnownEngineer is a field engineer whom an account named before: the name and
// the contact, and nothing else of what was kept.
type KnownEngineer struct {
	Ref           EngineerRef
	Name, Contact string
}

// How far back KnownEngineers looks, and how many it finds at most.
const (
	knownInterfaces = 50
	knownEngineers  = 32
)

// KnownEngineers are the field engineers of the newest application of each of
// the account's newest interfaces, each person once, the newest interface
// first. Who was erased is not among them.
func (s *Store) KnownEngineers(ctx context.Context, account string) ([]KnownEngineer, error) {
	all, err := list(ctx, s, func(r scanner) (KnownEngineer, error) {
		var e KnownEngineer
		err := r.Scan(&e.Ref.ConnectionID, &e.Ref.Version, &e.Ref.N, &e.Name, &e.Contact)
		return e, err
	}, `SELECT e.connection_id, e.version, e.n, e.name, e.contact
		FROM (SELECT id, created_at FROM connections WHERE account_id = ? ORDER BY created_at DESC, id LIMIT ?) c
		JOIN field_engineers e ON e.connection_id = c.id AND e.version = (SELECT MAX(a.version) FROM loa_applications a WHERE a.connection_id = c.id)
		WHERE e.name <> ? ORDER BY c.created_at DESC, c.id, e.n`, account, knownInterfaces, chain.Erased)
	if err != nil {
		return nil, err
	}
	var out []KnownEngineer
	seen := map[[2]string]bool{}
	for _, e := range all {
		who := [2]string{e.Name, e.Contact}
		if !seen[who] && len(out) < knownEngineers {
			seen[who] = true
			out = append(out, e)
		}
	}
	return out, nil
}

// Applications lists the versions of an interface's application, newest first,
// without their engineers.
func (s *Store) Applications(ctx context.Context, id string) ([]LOAApplication, error) {
	return list(ctx, s, scanApplication, "SELECT "+applicationColumns+" FROM loa_applications WHERE connection_id = ? ORDER BY connection_id DESC, version DESC", id)
}

// RevealIDNumber opens the ID number of field engineer n (from 1) for staff
// who check a visitor at the door, and records that it was read, by whom and
// why. Kinds: Invalid (field reason), NotFound, Forbidden.
func (s *Store) RevealIDNumber(ctx context.Context, by Actor, id string, version, n int, reason string) (string, error) {
	if by.Role != lifecycle.Reviewer && by.Role != lifecycle.Administrator {
		return "", forbidden("Only a reviewer reads ID numbers.")
	}
	if msg := reasonProblem(reason, 3, 500, "Say why you need the ID number"); msg != "" {
		return "", invalid("reason", msg)
	}
	var number string
	err := s.inTx(ctx, by, func(t *tx) error {
		c, err := t.connection(id)
		if err != nil {
			return err
		}
		var sealed []byte
		err = t.row("SELECT id_sealed FROM field_engineers WHERE connection_id = ? AND version = ? AND n = ? AND id_sealed IS NOT NULL", id, version, n).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("This ID number")
		}
		if err != nil {
			return err
		}
		if number, err = s.seal.open(sealed, sealContext(id, version, n)); err != nil {
			return fmt.Errorf("open ID number: %w", err)
		}
		return t.event(id, c.AccountID, "reveal_id_number", c.Stage, c.Stage, reason, fmt.Sprintf("Field engineer %d", n))
	})
	return number, err
}

const (
	loaFacts   = "no, connection_id, version, application_version, status, issued_at, issued_by, valid_from, expires_at, ended_at, ended_reason, pages, snapshot"
	loaColumns = loaFacts + ", pdf_sha256"
)

func scanLOA(r scanner) (LOA, error) {
	var l LOA
	var snapshot string
	err := r.Scan(&l.No, &l.ConnectionID, &l.Version, &l.ApplicationVersion, &l.Status, intoTime{&l.IssuedAt}, &l.IssuedBy, intoTime{&l.ValidFrom}, intoTime{&l.ExpiresAt}, intoTime{&l.EndedAt}, &l.EndedReason, &l.Pages, &snapshot, &l.SHA256)
	if err == nil {
		l.Snapshot, err = letter.Unmarshal([]byte(snapshot))
	}
	return l, err
}

// LOA is the newest letter of an interface; nil when none was issued. The
// caller has checked that the actor may see the interface.
func (s *Store) LOA(ctx context.Context, connection string) (*LOA, error) {
	all, err := list(ctx, s, scanLOA, "SELECT "+loaColumns+" FROM loas WHERE connection_id = ? ORDER BY connection_id DESC, version DESC LIMIT 1", connection)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// versionsShown is how many versions of a letter a page lists.
const versionsShown = 100

// LOAs lists the versions of the letter of an interface, newest first. The
// caller has checked that the actor may see the interface.
func (s *Store) LOAs(ctx context.Context, connection string) ([]LOA, error) {
	return list(ctx, s, scanLOA, "SELECT "+loaColumns+" FROM loas WHERE connection_id = ? ORDER BY connection_id DESC, version DESC LIMIT ?", connection, versionsShown)
}

// LOAPDF is the stored document of a version of the letter of an interface, of
// the newest when version is 0: the same bytes at every call. It also returns
// which version it is. Kinds: NotFound when it was not issued.
func (s *Store) LOAPDF(ctx context.Context, connection string, version int) (filename string, pdf []byte, is int, err error) {
	var snapshot string
	if version == 0 {
		err = s.get(ctx, "SELECT version, snapshot, pdf FROM loas WHERE connection_id = ? ORDER BY connection_id DESC, version DESC LIMIT 1", []any{connection}, &is, &snapshot, &pdf)
	} else {
		err = s.get(ctx, "SELECT version, snapshot, pdf FROM loas WHERE connection_id = ? AND version = ?", []any{connection, version}, &is, &snapshot, &pdf)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, 0, &Error{Kind: NotFound, Msg: "The LOA is not issued yet."}
	}
	if err != nil {
		return "", nil, 0, err
	}
	l, err := letter.Unmarshal([]byte(snapshot))
	return l.Filename(), pdf, is, err
}
