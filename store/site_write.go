package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"demarc/store/catalog"
	"demarc/store/inventory"
	"demarc/store/lifecycle"
)

// Regions and access points as an administrator changes them one at a time.
// What a field may hold is package inventory's rule, so that a form takes what
// a file takes.

// AccessPointSubject is the subject of an access point's events.
func AccessPointSubject(id string) string { return "access-point:" + id }

// RegionSubject is the subject of a region's events.
func RegionSubject(id string) string { return "region:" + id }

// AccessPointRev names what an access point says now, for a form that changes
// it: two people who change it at once do not undo each other.
func AccessPointRev(ap catalog.AccessPoint) int { return jsonRev(ap) }

// RegionRev is AccessPointRev of a region.
func RegionRev(r catalog.Region) int { return jsonRev(r) }

func jsonRev(v any) int {
	text, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return textRev(string(text))
}

// AccessPointEdit is the form of an access point, as sent.
type AccessPointEdit struct {
	Name                  string
	RunBy                 string // who runs the facility; "" is the cloud provider
	FacilityName, Address string
	Status                string
	LOADays               string // whole days
	InstallerNotes        string
	Visitor               catalog.VisitorPolicy
	// Offers is which port types are for which SP.
	Offers map[catalog.SP][]catalog.PortType
	// Demo says that address and devices are invented. It can only be taken
	// away.
	Demo bool
	// Reason is why it changes; needed when the change puts a redundant pair
	// into one building.
	Reason string
}

// AccessPointEditOf is what the form says before anybody changes it.
func AccessPointEditOf(ap catalog.AccessPoint) AccessPointEdit {
	return AccessPointEdit{Name: ap.Name, RunBy: ap.RunBy, FacilityName: ap.FacilityName, Address: ap.Address, Status: string(ap.Status), LOADays: strconv.Itoa(ap.LOADays),
		InstallerNotes: ap.InstallerNotes, Visitor: ap.Visitor, Offers: ap.Offers, Demo: ap.Demo}
}

// accessPoint is the access point that the form describes. What is wrong goes
// to fields.
func (in AccessPointEdit) accessPoint(id, region string) (ap catalog.AccessPoint, fields map[string]string) {
	ap = catalog.AccessPoint{ID: id, Region: region, Name: strings.TrimSpace(in.Name), RunBy: strings.TrimSpace(in.RunBy), Status: catalog.Status(in.Status), Offers: map[catalog.SP][]catalog.PortType{},
		FacilityName: strings.TrimSpace(in.FacilityName), Address: strings.TrimSpace(in.Address), InstallerNotes: strings.TrimSpace(in.InstallerNotes), Visitor: in.Visitor, Demo: in.Demo}
	for sp, types := range in.Offers {
		if len(types) > 0 {
			ap.Offers[sp] = types
		}
	}
	if ap.RunBy == "" {
		ap.RunBy = catalog.RunByProvider
	}
	row := inventory.OfAccessPoint(ap)
	row.Set("loa_days", strings.TrimSpace(in.LOADays))
	fields = inventory.Check(row)
	if in.Status == "" {
		fields["status"] = "Select a status"
	}
	if row.Get("loa_days") == "" {
		fields["loa_days"] = "Enter a number from 1 to 366"
	}
	ap.LOADays = row.Int("loa_days")
	if in.Visitor.IDNumber && !in.Visitor.IDType {
		fields["visitor_id_number"] = "An ID number is of no use without the ID type: ask for both or for neither"
	}
	if runes(in.Reason) > 500 {
		fields["reason"] = "Use at most 500 characters"
	}
	return ap, fields
}

// UpdateAccessPoint changes what is said about an access point, which port
// types it offers to which SP, and whether it takes orders. Interfaces that
// exist go on under every status and every offer. A new name or address of the
// facility that puts a redundant pair into one building needs a reason, and
// both interfaces are told. rev is AccessPointRev of what the person saw, 0
// when the form carries none. Kinds: Invalid (fields name, run_by,
// facility_name, address, status, offers, loa_days, installer_notes,
// visitor_id_number, reason), NotFound, Conflict, Forbidden.
func (s *Store) UpdateAccessPoint(ctx context.Context, by Actor, id string, rev int, in AccessPointEdit) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		was, err := t.accessPoint(id)
		if err != nil {
			return "", err
		}
		if rev != 0 && rev != AccessPointRev(was) {
			return "", conflictf("%s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", was.Name)
		}
		is, fields := in.accessPoint(was.ID, was.Region)
		is.Demo = was.Demo && in.Demo
		if err := t.freeSiteName(is, fields); err != nil {
			return "", err
		}
		if err := invalidFields(fields); err != nil {
			return "", err
		}
		detail := accessPointChanges(was, is)
		if detail == "" {
			return id, nil
		}
		if err := t.watchSites(in.Reason, []string{id}, func() error { return t.putAccessPoint(is) }); err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		return id, t.event(AccessPointSubject(id), "", "update_access_point", "", "", strings.TrimSpace(in.Reason), detail)
	})
	return err
}

// AddAccessPoint adds an access point to a region, without devices, and returns
// its ID. Kinds:
// Invalid (fields id, region and those of UpdateAccessPoint), Forbidden.
func (s *Store) AddAccessPoint(ctx context.Context, by Actor, id, region string, in AccessPointEdit) (string, error) {
	if by.Role != lifecycle.Administrator {
		return "", forbidden(msgAdminOnly)
	}
	return s.once(ctx, by, func(t *tx) (string, error) {
		ap, fields := in.accessPoint(id, region)
		ap.Demo = false
		if _, err := t.region(region); KindOf(err) == NotFound {
			fields["region"] = "Select a Region"
		} else if err != nil {
			return "", err
		}
		if _, err := t.accessPoint(id); err == nil {
			fields["id"] = "There is an access point with this ID already"
		} else if KindOf(err) != NotFound {
			return "", err
		}
		if err := t.freeSiteName(ap, fields); err != nil {
			return "", err
		}
		if err := invalidFields(fields); err != nil {
			return "", err
		}
		if err := t.putAccessPoint(ap); err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		return id, t.event(AccessPointSubject(id), "", "add_access_point", "", "", "", ap.Name+", "+region)
	})
}

// freeSiteName refuses a name that another access point of the region has.
func (t *tx) freeSiteName(ap catalog.AccessPoint, fields map[string]string) error {
	var other string
	err := t.row("SELECT id FROM access_points WHERE region = ? AND lower(name) = lower(?) AND id <> ?", ap.Region, ap.Name, ap.ID).Scan(&other)
	if err == nil && fields["name"] == "" {
		fields["name"] = "There is already an access point " + ap.Name + " in this region"
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// AccessPointUse says why an access point cannot be deleted and what to do
// instead; "" when nothing ever used it. Kinds: NotFound.
func (s *Store) AccessPointUse(ctx context.Context, id string) (string, error) {
	var words string
	err := s.snapshot(ctx, func(tx *sql.Tx) (err error) {
		words, err = accessPointUse(ctx, tx, id)
		return err
	})
	return words, err
}

func accessPointUse(ctx context.Context, tx *sql.Tx, id string) (string, error) {
	var interfaces, devices int
	if err := tx.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM connections WHERE access_point_id = ?), (SELECT COUNT(*) FROM devices WHERE access_point_id = ?)", id, id).Scan(&interfaces, &devices); err != nil {
		return "", err
	}
	switch {
	case interfaces == 1:
		return "An interface of the present or the past is here. Set the status to disabled instead.", nil
	case interfaces > 1:
		return countWords(interfaces, "interface") + " of the present or the past are here. Set the status to disabled instead.", nil
	case devices > 0:
		return countWords(devices, "device") + " of this access point " + map[bool]string{true: "is", false: "are"}[devices == 1] + " in the inventory. Delete the devices first.", nil
	}
	return "", nil
}

// DeleteAccessPoint removes an access point that nothing ever used; typed must
// be its name. Kinds: Invalid (fields confirm, reason), NotFound, Conflict when
// a device is there or an interface was, Forbidden.
func (s *Store) DeleteAccessPoint(ctx context.Context, by Actor, id string, rev int, typed, reason string) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		ap, err := t.accessPoint(id)
		if err != nil {
			return "", err
		}
		if rev != 0 && rev != AccessPointRev(ap) {
			return "", conflictf("%s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", ap.Name)
		}
		if used, err := accessPointUse(t.ctx, t.Tx, id); err != nil {
			return "", err
		} else if used != "" {
			return "", conflictf("%s Nothing was changed.", used)
		}
		bad := map[string]string{}
		if msg := reasonProblem(reason, 3, 500, "Say why the access point is deleted"); msg != "" {
			bad["reason"] = msg
		}
		if typed != ap.Name {
			bad["confirm"] = "Type the name of the access point " + ap.Name + " to confirm"
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		for _, table := range []string{"panels", "capacity_days"} {
			if _, err := t.exec("DELETE FROM "+table+" WHERE access_point_id = ?", id); err != nil {
				return "", err
			}
		}
		if _, err := t.exec("DELETE FROM access_points WHERE id = ?", id); err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		return id, t.event(AccessPointSubject(id), "", "delete_access_point", "", "", strings.TrimSpace(reason), ap.Name+", "+ap.Region)
	})
	return err
}

// accessPointChanges is what differs, in one line; "" when nothing does.
func accessPointChanges(was, is catalog.AccessPoint) string {
	var out []string
	changed := func(what, from, to string) {
		if from != to {
			out = append(out, fmt.Sprintf("%s %s → %s", what, orNothing(from), orNothing(to)))
		}
	}
	changed("name", was.Name, is.Name)
	changed("run by", was.RunBy, is.RunBy)
	changed("status", was.Status.Label(), is.Status.Label())
	changed("facility name", was.FacilityName, is.FacilityName)
	changed("address", was.Address, is.Address)
	changed("LOA validity", strconv.Itoa(was.LOADays)+" days", strconv.Itoa(is.LOADays)+" days")
	changed("visitor policy", was.Visitor.Words(), is.Visitor.Words())
	for _, sp := range catalog.SPs() {
		changed(sp.Label(), offerWords(was.Offers[sp]), offerWords(is.Offers[sp]))
	}
	if was.InstallerNotes != is.InstallerNotes {
		out = append(out, "notes for the installer changed")
	}
	if was.Demo != is.Demo {
		out = append(out, "no longer marked as demo data")
	}
	return upperFirst(strings.Join(out, "; "))
}

func upperFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// offerWords are port types in the order of the form.
func offerWords(types []catalog.PortType) string {
	var out []string
	for _, info := range catalog.PortTypes() {
		if slices.Contains(types, info.Type) {
			out = append(out, string(info.Type))
		}
	}
	return strings.Join(out, " ")
}

func orNothing(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

// RegionEdit is the form of a region, as sent.
type RegionEdit struct {
	Name     string
	Zone     string // IANA name
	Mainland bool   // fees of the Chinese mainland, and its shorter deadlines
	Order    string // place in lists, a whole number; "" is 0
	Calendar string // ID of the calendar whose working days it keeps; "" when none is known yet
}

// RegionEditOf is what the form says before anybody changes it.
func RegionEditOf(r catalog.Region) RegionEdit {
	return RegionEdit{Name: r.Name, Zone: r.Zone, Mainland: r.Mainland, Order: strconv.Itoa(r.Order), Calendar: r.Calendar}
}

func (in RegionEdit) region(id string) (r catalog.Region, fields map[string]string) {
	r = catalog.Region{ID: id, Name: strings.TrimSpace(in.Name), Zone: strings.TrimSpace(in.Zone), Mainland: in.Mainland, Calendar: in.Calendar}
	row := inventory.OfRegion(r)
	row.Set("order", strings.TrimSpace(in.Order))
	fields = inventory.Check(row)
	r.Order = row.Int("order")
	return r, fields
}

const regionColumns = "id, name, zone, mainland, position, calendar"

func scanRegion(r scanner) (v catalog.Region, err error) {
	return v, r.Scan(&v.ID, &v.Name, &v.Zone, &v.Mainland, &v.Order, &v.Calendar)
}

// region reads a region as it is in this transaction. Kinds: NotFound.
func (t *tx) region(id string) (catalog.Region, error) {
	r, err := scanRegion(t.row("SELECT "+regionColumns+" FROM regions WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound("This region")
	}
	return r, err
}

func (t *tx) putRegion(r catalog.Region) error {
	_, err := t.exec(`INSERT INTO regions (id, name, zone, mainland, position, calendar) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, zone = excluded.zone, mainland = excluded.mainland, position = excluded.position, calendar = excluded.calendar`,
		r.ID, r.Name, r.Zone, r.Mainland, r.Order, r.Calendar)
	return err
}

// knownCalendar refuses a calendar that is not there.
func (t *tx) knownCalendar(r catalog.Region, fields map[string]string) error {
	if r.Calendar == "" {
		return nil
	}
	ids, err := calendarIDs(t.ctx, t.Tx)
	if err == nil && !slices.Contains(ids, r.Calendar) {
		fields["calendar"] = "Select a calendar"
	}
	return err
}

func (t *tx) freeRegionName(r catalog.Region, fields map[string]string) error {
	var other string
	err := t.row("SELECT id FROM regions WHERE lower(name) = lower(?) AND id <> ?", r.Name, r.ID).Scan(&other)
	if err == nil && fields["name"] == "" {
		fields["name"] = "There is already a region " + r.Name
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// AddRegion adds a region, without access points, and returns its ID. Kinds: Invalid (fields id,
// name, zone, order, calendar), Forbidden.
func (s *Store) AddRegion(ctx context.Context, by Actor, id string, in RegionEdit) (string, error) {
	if by.Role != lifecycle.Administrator {
		return "", forbidden(msgAdminOnly)
	}
	return s.once(ctx, by, func(t *tx) (string, error) {
		r, fields := in.region(id)
		if _, err := t.region(id); err == nil {
			fields["id"] = "There is a region with this ID already"
		} else if KindOf(err) != NotFound {
			return "", err
		}
		if err := errors.Join(t.freeRegionName(r, fields), t.knownCalendar(r, fields)); err != nil {
			return "", err
		}
		if err := invalidFields(fields); err != nil {
			return "", err
		}
		if err := t.putRegion(r); err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		return id, t.event(RegionSubject(id), "", "add_region", "", "", "", regionWords(r))
	})
}

func regionWords(r catalog.Region) string {
	words := r.Name + ", " + r.Zone
	if r.Mainland {
		words += ", Chinese mainland"
	}
	if r.Calendar != "" {
		words += ", calendar " + r.Calendar
	}
	return words
}

// UpdateRegion changes a region. Prices that are frozen on orders stay, and so
// do due times that were set; new orders and new deadlines follow what it says
// from now on, and a due time that was not known becomes known when the region
// gets a calendar. rev is RegionRev
// of what the person saw. Kinds: Invalid (fields name, zone, order, calendar), NotFound,
// Conflict, Forbidden.
func (s *Store) UpdateRegion(ctx context.Context, by Actor, id string, rev int, in RegionEdit) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		was, err := t.regionToChange(id, rev)
		if err != nil {
			return "", err
		}
		is, fields := in.region(id)
		if err := errors.Join(t.freeRegionName(is, fields), t.knownCalendar(is, fields)); err != nil {
			return "", err
		}
		if err := invalidFields(fields); err != nil {
			return "", err
		}
		if is == was {
			return id, nil
		}
		if err := t.putRegion(is); err != nil {
			return "", err
		}
		detail := regionWords(was) + " → " + regionWords(is)
		if is.Calendar != was.Calendar && is.Calendar != "" {
			cal, err := t.calendar(is.Calendar)
			if err != nil {
				return "", err
			}
			n, err := t.setDueTimes(cal.Calendar, []catalog.Region{is})
			if err != nil {
				return "", err
			}
			if n > 0 {
				detail += "; " + countWords(n, "due time") + " set"
			}
		}
		t.after(t.replaceCatalogue)
		return id, t.event(RegionSubject(id), "", "update_region", "", "", "", detail)
	})
	return err
}

func (t *tx) regionToChange(id string, rev int) (catalog.Region, error) {
	r, err := t.region(id)
	if err == nil && rev != 0 && rev != RegionRev(r) {
		err = conflictf("%s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", r.Name)
	}
	return r, err
}

// RegionUse says why a region cannot be deleted; "" when nothing names it.
func (s *Store) RegionUse(ctx context.Context, id string) (string, error) {
	var words string
	err := s.snapshot(ctx, func(tx *sql.Tx) (err error) {
		words, err = regionUse(ctx, tx, id)
		return err
	})
	return words, err
}

func regionUse(ctx context.Context, tx *sql.Tx, id string) (string, error) {
	var sites int
	var named bool
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM access_points WHERE region = ?),
		EXISTS (SELECT 1 FROM accounts WHERE home_region = ?) OR EXISTS (SELECT 1 FROM whitelist_requests WHERE region = ?)`, id, id, id).Scan(&sites, &named); err != nil {
		return "", err
	}
	switch {
	case sites > 0:
		return countWords(sites, "access point") + " of this region " + map[bool]string{true: "is", false: "are"}[sites == 1] + " in the inventory. Delete the access points first.", nil
	case named:
		return "An account or a whitelist entry names this region.", nil
	}
	return "", nil
}

// DeleteRegion removes a region that nothing names; typed must be its name.
// Kinds: Invalid (fields confirm, reason), NotFound, Conflict, Forbidden.
func (s *Store) DeleteRegion(ctx context.Context, by Actor, id string, rev int, typed, reason string) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		r, err := t.regionToChange(id, rev)
		if err != nil {
			return "", err
		}
		if used, err := regionUse(t.ctx, t.Tx, id); err != nil {
			return "", err
		} else if used != "" {
			return "", conflictf("%s Nothing was changed.", used)
		}
		bad := map[string]string{}
		if msg := reasonProblem(reason, 3, 500, "Say why the region is deleted"); msg != "" {
			bad["reason"] = msg
		}
		if typed != r.Name {
			bad["confirm"] = "Type the name of the region " + r.Name + " to confirm"
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		if _, err := t.exec("DELETE FROM regions WHERE id = ?", id); err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		return id, t.event(RegionSubject(id), "", "delete_region", "", "", strings.TrimSpace(reason), regionWords(r))
	})
	return err
}
