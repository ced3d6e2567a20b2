package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
)

// accessPoint reads an access point as it is in this transaction: the snapshot
// may be a moment older.
func (t *tx) accessPoint(id string) (catalog.AccessPoint, error) {
	ap, err := scanAccessPoint(t.row("SELECT "+accessPointColumns+" FROM access_points WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return ap, notFound("This access point")
	}
	return ap, err
}

// devicesAt are the devices of an access point as they are in this transaction.
func (t *tx) devicesAt(accessPoint string) ([]catalog.Device, error) {
	rows, err := t.query("SELECT "+deviceColumns+" FROM devices WHERE access_point_id = ? ORDER BY id", accessPoint)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanDevice)
}

// replaceCatalogue reads the snapshot anew after a write that is durable. A
// failure leaves the old one, which the next write or start replaces.
func (t *tx) replaceCatalogue() {
	t.s.dueTimesOwed.Store(true) // a region may keep another calendar
	if err := t.s.loadCatalogue(t.ctx); err != nil {
		t.s.log.ErrorContext(t.ctx, "catalogue could not be read again", "request_id", t.by.RequestID, "error", err)
	}
}

// NewPorts describes ports of an access device by a pattern, as sent.
type NewPorts struct {
	Device              string // ID of the device they are added to; "" adds a device
	Name, Room, Cabinet string // of the new device
	Pattern             string // "XGE1/0/1-48", or one name
	Type                string // a catalog.PortType
	Panel               string // "ODF 12"
	// PanelRoom and PanelCabinet are where the panel is; "" is where the device
	// is.
	PanelRoom, PanelCabinet string
	First                   string // position of the first port on the panel, a whole number
	Pairs                   bool   // each port takes two positions: a fibre pair
	Connector               string // "" the usual one of the port type
	// Polish, Fibers and Side are as in catalog.Port; "" is what the usual
	// connector of the port type says, or not said.
	Polish, Fibers, Side string
	// Seen is PortsRev of the ports that the person was shown, 0 when nobody
	// was shown any.
	Seen int
}

// PortsRev names what PreviewPorts showed: AddPorts then adds exactly that.
func PortsRev(ports []catalog.Port) int { return jsonRev(ports) }

// MaxPortsAtOnce is how many ports one form adds at most.
const MaxPortsAtOnce = 128

var (
	portRange = regexp.MustCompile(`^([A-Za-z0-9/_.:-]*[A-Za-z/_.:-])([0-9]{1,4})-([0-9]{1,4})$`)
	portOne   = regexp.MustCompile(`^([A-Za-z0-9/_.:-]*[A-Za-z/_.:-])([0-9]{1,4})$`)
)

// PortNames spells a pattern out: "XGE1/0/1-3" is XGE1/0/1, XGE1/0/2 and
// XGE1/0/3. A number that begins with a zero keeps its width: "GE01-12" is
// GE01 to GE12. problem says what is wrong with it, "" when nothing is.
func PortNames(pattern string) (names []string, problem string) {
	if pattern == "" {
		return nil, "Enter the names of the ports, for example XGE1/0/1-48"
	}
	m := portRange.FindStringSubmatch(pattern)
	if m == nil {
		if m = portOne.FindStringSubmatch(pattern); m == nil || !strings.ContainsFunc(m[1], unicode.IsLetter) {
			return nil, "Enter a name that ends in a number or in a range, for example XGE1/0/1-48"
		}
		m = append(m, m[2])
	}
	first, _ := strconv.Atoi(m[2]) // one to four digits
	last, _ := strconv.Atoi(m[3])
	switch {
	case runes(m[1]) > 24:
		return nil, "Use at most 24 characters before the number"
	case last < first:
		return nil, "End the range at " + m[2] + " or later"
	case last-first+1 > MaxPortsAtOnce:
		return nil, "Add at most " + strconv.Itoa(MaxPortsAtOnce) + " ports at once"
	}
	width := 1
	if m[2][0] == '0' {
		width = len(m[2])
	}
	for n := first; n <= last; n++ {
		names = append(names, fmt.Sprintf("%s%0*d", m[1], width, n))
	}
	return names, ""
}

// AddPorts adds ports to an access device, or a device with its first ports, at
// an access point, and returns the device's ID. They are free at once. Kinds:
// Invalid (fields name, room, cabinet, pattern, port_type, panel, panel_room,
// panel_cabinet, first, connector, polish, fibers, side), NotFound, Conflict
// when the ports would be others than those that the person saw, Forbidden.
func (s *Store) AddPorts(ctx context.Context, by Actor, accessPoint string, in NewPorts) (string, error) {
	if by.Role != lifecycle.Administrator {
		return "", forbidden(msgAdminOnly)
	}
	return s.once(ctx, by, func(t *tx) (string, error) {
		ap, device, ports, err := t.spelledOut(accessPoint, in)
		if err != nil {
			return "", err
		}
		if in.Seen != 0 && in.Seen != PortsRev(ports) {
			return "", conflictf("The ports would be others than those that you saw. Check them again. Nothing was changed.")
		}
		var devices []catalog.Device
		action := "add_ports"
		if in.Device == "" {
			devices, action = []catalog.Device{device}, "add_device"
		}
		if err := t.insertInventory(devices, ports); err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		detail := fmt.Sprintf("%s, %s %s: %s on %s", device.Name, countWords(len(ports), "port"), in.Pattern, in.Type, in.Panel)
		return device.ID, t.event(AccessPointSubject(ap.ID), "", action, "", "", "", detail)
	})
}

// PreviewPorts is what AddPorts would add now; nothing is written. Kinds: those
// of AddPorts.
func (s *Store) PreviewPorts(ctx context.Context, by Actor, accessPoint string, in NewPorts) ([]catalog.Port, error) {
	if by.Role != lifecycle.Administrator {
		return nil, forbidden(msgAdminOnly)
	}
	var out []catalog.Port
	err := s.snapshot(ctx, func(read *sql.Tx) (err error) {
		t := &tx{Tx: read, s: s, ctx: ctx, now: s.Now(), by: by}
		_, _, out, err = t.spelledOut(accessPoint, in)
		return err
	})
	return out, err
}

// spelledOut is what a form of new ports means: the access point, the device,
// which is new when the form names none, and the ports.
func (t *tx) spelledOut(accessPoint string, in NewPorts) (catalog.AccessPoint, catalog.Device, []catalog.Port, error) {
	device := catalog.Device{}
	ap, err := t.accessPoint(accessPoint)
	if err != nil {
		return ap, device, nil, err
	}
	have, err := t.devicesAt(ap.ID)
	if err != nil {
		return ap, device, nil, err
	}
	bad := map[string]string{}
	if in.Device == "" {
		device = newDevice(ap, in, bad)
		if i := slices.IndexFunc(have, func(d catalog.Device) bool { return strings.EqualFold(d.Name, device.Name) || d.ID == device.ID }); i >= 0 {
			bad["name"] = "There is already a device " + have[i].Name + " at " + ap.Name
		}
	} else if i := slices.IndexFunc(have, func(d catalog.Device) bool { return d.ID == in.Device }); i < 0 {
		return ap, device, nil, notFound("This device")
	} else {
		device = have[i]
	}
	ports, err := t.newPorts(ap, device, have, in, bad)
	if err == nil {
		err = invalidFields(bad)
	}
	return ap, device, ports, err
}

var deviceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{1,39}$`)

func newDevice(ap catalog.AccessPoint, in NewPorts, bad map[string]string) catalog.Device {
	d := catalog.Device{AccessPoint: ap.ID, Name: in.Name, Room: in.Room, Cabinet: in.Cabinet}
	if !deviceName.MatchString(in.Name) {
		bad["name"] = "Enter a name of 2 to 40 letters, digits, hyphens, underscores and dots, for example CSW-01"
	}
	d.ID = strings.TrimPrefix(strings.ToLower(ap.ID), "ap-") + "-" + strings.ToLower(in.Name)
	if in.Room == "" || runes(in.Room) > 32 {
		bad["room"] = "Enter the room in 1 to 32 characters"
	}
	if in.Cabinet == "" || runes(in.Cabinet) > 32 {
		bad["cabinet"] = "Enter the cabinet in 1 to 32 characters"
	}
	return d
}

// newPorts spells the form out into ports of the device. What is wrong goes to
// bad; the ports then are of no use.
func (t *tx) newPorts(ap catalog.AccessPoint, device catalog.Device, devices []catalog.Device, in NewPorts, bad map[string]string) ([]catalog.Port, error) {
	names, problem := PortNames(in.Pattern)
	if problem != "" {
		bad["pattern"] = problem
	}
	info, ok := catalog.PortTypeOf(in.Type)
	offered := false
	for _, types := range ap.Offers {
		offered = offered || slices.Contains(types, info.Type)
	}
	if !ok || !offered {
		bad["port_type"] = "Select a Port Type that " + ap.Name + " offers"
	}
	if in.Panel == "" || runes(in.Panel) > 32 {
		bad["panel"] = "Enter the panel in 1 to 32 characters, for example ODF 12"
	}
	room, cabinet := cmp.Or(in.PanelRoom, device.Room), cmp.Or(in.PanelCabinet, device.Cabinet)
	if runes(room) > 32 {
		bad["panel_room"] = "Use at most 32 characters"
	}
	if runes(cabinet) > 32 {
		bad["panel_cabinet"] = "Use at most 32 characters"
	}
	first, err := strconv.Atoi(in.First)
	if err != nil || first < 1 || first > 9999 {
		bad["first"] = "Enter a number from 1 to 9999"
	}
	connector, polish, fibers := in.Connector, in.Polish, in.Fibers
	if connector == "" {
		usual, usualPolish, usualFibers := catalog.SplitConnector(info.Connector)
		connector, polish, fibers = usual, cmp.Or(polish, usualPolish), cmp.Or(fibers, usualFibers)
	}
	if runes(connector) > 32 {
		bad["connector"] = "Use at most 32 characters"
	}
	badDemarcation(polish, fibers, in.Side, bad)

	number, have := 0, map[string]bool{}
	taken := map[string]string{} // position on this panel -> port
	for _, d := range devices {
		ports, err := t.portsOf(d.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range ports {
			if d.ID == device.ID {
				number, have[p.ID] = max(number, p.Number), true
			}
			if p.Room == room && p.Cabinet == cabinet && strings.EqualFold(p.Panel, in.Panel) {
				for _, place := range strings.Split(p.Position, "/") {
					taken[place] = d.Name + " " + p.Name
				}
			}
		}
	}
	var out []catalog.Port
	for i, name := range names {
		p := catalog.Port{Device: device.ID, Name: name, Number: number + 1 + i, Type: info.Type, Room: room, Cabinet: cabinet, Panel: in.Panel, Connector: connector, Polish: polish, Fibers: fibers, Side: in.Side}
		p.ID = device.ID + "-" + strings.ReplaceAll(strings.ToLower(name), "/", "-")
		if have[p.ID] {
			bad["pattern"] = device.Name + " has a port " + name + " already"
		}
		places := []string{strconv.Itoa(first + i)}
		if in.Pairs {
			places = []string{strconv.Itoa(first + 2*i), strconv.Itoa(first + 2*i + 1)}
		}
		for _, place := range places {
			if other := taken[place]; other != "" && bad["first"] == "" {
				bad["first"] = "Position " + place + " of " + in.Panel + " belongs to " + other + " already"
			}
		}
		p.Position = strings.Join(places, "/")
		out = append(out, p)
	}
	return out, nil
}

func (t *tx) portsOf(device string) ([]Port, error) {
	rows, err := t.query("SELECT "+portColumns+" FROM ports WHERE device_id = ? ORDER BY device_id, number", device)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanPort)
}

// FirstUser is the person who signs in first for a new account.
type FirstUser struct{ Name, Email string }

// OpenAccount opens a customer account together with its first person, who
// chooses a password on a one-time link within 72 hours. token is the link's
// and is to be had once: it is "" when the same form was sent before. Kinds:
// Invalid (fields company, region, name, email), Forbidden.
func (s *Store) OpenAccount(ctx context.Context, by Actor, company, homeRegion string, first FirstUser) (account, token string, err error) {
	if by.Role != lifecycle.Administrator {
		return "", "", forbidden(msgAdminOnly)
	}
	bad := map[string]string{}
	if msg := between(company, 128, "Enter the company name"); msg != "" {
		bad["company"] = msg
	}
	if _, ok := s.Catalogue().Region(homeRegion); homeRegion != "" && !ok {
		bad["region"] = "Select a Region"
	}
	n := NewUser{Name: first.Name, Email: first.Email, Role: lifecycle.Owner, AccountID: newID("acc-", 12)}
	if err := n.check(); KindOf(err) == Invalid {
		for field, msg := range FieldsOf(err) {
			bad[field] = msg
		}
	} else if err != nil {
		return "", "", err
	}
	if err := invalidFields(bad); err != nil {
		return "", "", err
	}
	account, err = s.once(ctx, by, func(t *tx) (string, error) {
		if _, err := t.exec("INSERT INTO accounts (id, name, home_region, currency, created_at) VALUES (?, ?, ?, ?, ?)", n.AccountID, company, homeRegion, t.s.currency(), at(t.now)); err != nil {
			return "", err
		}
		if err := t.event(AccountSubject(n.AccountID), n.AccountID, "create_account", "", "", "", company); err != nil {
			return "", err
		}
		u, err := t.insertUser(n, "")
		if err != nil {
			return "", err
		}
		link, err := t.mailLink(u)
		if err != nil {
			return "", err
		}
		token = link.Token
		return n.AccountID, t.event(userSubject(u.ID), n.AccountID, "invite", "", "", "", u.Role.Label())
	})
	if err != nil {
		token = ""
	}
	return account, token, err
}

// WhitelistRequest is the request with this ID, of any account: for staff.
// Kinds: NotFound.
func (s *Store) WhitelistRequest(ctx context.Context, id string) (WhitelistRequest, error) {
	w, err := one(ctx, s, scanWhitelist, "SELECT "+whitelistColumns+" FROM whitelist_requests WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return w, notFound("This request")
	}
	return w, err
}
