package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"demarc/store/catalog"
	"demarc/store/letter"
	"demarc/store/lifecycle"
)

// The life of a port: every change of state, holder or demarcation is an event
// of the port, in the transaction of the change.

// PortSubject is the subject of a port's events.
func PortSubject(id string) string { return "port:" + id }

// Actions of a port's history. From and To of these events are states of a
// port, "" before it was added and after it was removed. Detail is the
// interface that gets or gave up the port, or, for a change of what is said
// about the port, what changed.
const (
	PortAdded          = "add_port"
	PortWasAllocated   = "allocate_port"
	PortCabled         = "cable_port"
	PortWasQuarantined = "quarantine_port"
	PortReleased       = "release_port"
	PortTakenOut       = "take_port_out_of_service"
	PortPutBack        = "put_port_back"
	PortEdited         = "edit_port"
	PortDeleted        = "delete_port"
)

// portAction names the step between two states of a port.
func portAction(from, to PortState) string {
	switch {
	case to == PortAllocated:
		return PortWasAllocated
	case to == PortInUse:
		return PortCabled
	case to == PortQuarantined:
		return PortWasQuarantined
	case to == PortOutOfService:
		return PortTakenOut
	case from == PortOutOfService:
		return PortPutBack
	}
	return PortReleased
}

// portEvent records a step of a port's life. The two states stand where an
// interface's stages stand.
func (t *tx) portEvent(id, action string, from, to PortState, reason, detail string) error {
	return t.event(PortSubject(id), "", action, lifecycle.Stage(from), lifecycle.Stage(to), reason, detail)
}

// stillThere refuses a letter whose place was renamed or corrected after the
// letter was drafted: the port's, its device's or the redundant partner's.
func (t *tx) stillThere(c *Connection, s letter.Snapshot) error {
	p, err := t.portOf(c.ID)
	if err != nil || p == nil {
		return err
	}
	d, err := t.device(p.Device)
	if err != nil {
		return err
	}
	words, err := t.positionWords(*p)
	if err != nil {
		return err
	}
	if p.Name != s.Port || d.Name != s.Device || p.Room != s.Room || p.Cabinet != s.Cabinet || p.Panel != s.Panel || words != s.Position || p.ConnectorWords() != s.Connector {
		return conflictf("What is said about port %s changed a moment ago. Check it, then approve again. Nothing was changed.", p.Name)
	}
	ap, err := t.accessPoint(c.AccessPointID)
	if err != nil {
		return err
	}
	if ap.FacilityName != s.FacilityName || ap.Address != s.Address {
		return conflictf("The facility of %s was renamed a moment ago. Check it, then approve again. Nothing was changed.", ap.Name)
	}
	partner, place, err := t.apartFrom(c)
	if err != nil {
		return err
	}
	if partner != s.RedundantID || place != s.KeepApartFrom {
		return conflictf("The redundant connection of %s changed a moment ago. Check it, then approve again. Nothing was changed.", c.Title())
	}
	return nil
}

// Place is the demarcation of a port in one line, in our own form.
func (p Port) Place() string {
	return p.Room + ", cabinet " + p.Cabinet + ", " + p.Panel + ", position " + p.Position + ", " + p.ConnectorWords()
}

// HeldWords says in sentences who has a port and what has to happen before
// anybody can take it away; "" when nobody has it. device is the name of the
// port's device, letter the number of the letter that is out for the port, or
// "".
func HeldWords(p Port, device, letter string) string {
	port := "Port " + p.Name + " of " + device
	switch {
	case p.LeftBy != "":
		return port + " is quarantined: letter " + p.Letter + " sent people to it before " + p.LeftBy + " moved to another port. Confirm that nothing is in it first."
	case p.State == PortQuarantined:
		return port + " is quarantined: the cable of " + p.ConnectionID + " may still be in. Confirm its removal first."
	case p.State == PortInUse:
		return port + " is in use by " + p.ConnectionID + ". Ask for the termination of the interface first."
	case p.State == PortAllocated && letter != "":
		return port + " is allocated to " + p.ConnectionID + " and letter " + letter + " names it. Revoke the letter and move the interface to another port first."
	case p.State == PortAllocated:
		return port + " is allocated to " + p.ConnectionID + ". Move the interface to another port first."
	}
	return ""
}

const letterOut = "SELECT no FROM loas WHERE connection_id = ? AND status = 'issued'"

// LetterOut is the number of the letter that is out for an interface, "" when
// there is none. The caller has checked that the actor may see the interface.
func (s *Store) LetterOut(ctx context.Context, connection string) (string, error) {
	var no string
	err := s.get(ctx, letterOut, []any{connection}, &no)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return no, err
}

func (t *tx) letterOut(connection string) (string, error) {
	var no string
	err := t.row(letterOut, connection).Scan(&no)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return no, err
}

// Port is the port with this ID, for staff. Kinds: NotFound.
func (s *Store) Port(ctx context.Context, id string) (Port, error) {
	var p Port
	err := s.get(ctx, "SELECT "+portColumns+" FROM ports WHERE id = ?", []any{id}, p.columns()...)
	if errors.Is(err, sql.ErrNoRows) {
		return p, noPort()
	}
	return p, err
}

func noPort() error   { return &Error{Kind: NotFound, Msg: "This port does not exist."} }
func noDevice() error { return &Error{Kind: NotFound, Msg: "This device does not exist."} }

// portToChange reads a port that a form of an administrator is about. rev is
// the version that the person saw.
func (t *tx) portToChange(id string, rev int) (Port, catalog.Device, error) {
	p, err := scanPort(t.row("SELECT "+portColumns+" FROM ports WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, catalog.Device{}, noPort()
	}
	if err != nil {
		return p, catalog.Device{}, err
	}
	d, err := t.device(p.Device)
	if err == nil && rev != 0 && rev != p.Version {
		err = conflictf("Port %s of %s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", p.Name, d.Name)
	}
	return p, d, err
}

// device reads a device as it is in this transaction.
func (t *tx) device(id string) (catalog.Device, error) {
	d, err := scanDevice(t.row("SELECT "+deviceColumns+" FROM devices WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return d, noDevice()
	}
	return d, err
}

// notHeld refuses to take a port away from whoever has it.
func (t *tx) notHeld(p Port, d catalog.Device) error {
	if p.ConnectionID == "" && p.LeftBy == "" {
		return nil
	}
	letter, err := t.letterOut(p.ConnectionID)
	if err != nil {
		return err
	}
	return conflictf("%s Nothing was changed.", HeldWords(p, d.Name, letter))
}

func whyPort(reason, missing string) error {
	if msg := reasonProblem(reason, 3, 500, missing); msg != "" {
		return invalid("reason", msg)
	}
	return nil
}

// TakePortOutOfService keeps a free port from being allocated. Kinds: Invalid
// (field reason), NotFound, Conflict when an interface has the port or it is
// out of service already, Forbidden.
func (s *Store) TakePortOutOfService(ctx context.Context, by Actor, id string, rev int, reason string) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	if err := whyPort(reason, "Say why the port goes out of service"); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		p, d, err := t.portToChange(id, rev)
		if err != nil {
			return "", err
		}
		if err := t.notHeld(p, d); err != nil {
			return "", err
		}
		if p.State != PortFree {
			return "", conflictf("Port %s of %s is out of service already. Nothing was changed.", p.Name, d.Name)
		}
		return id, t.setPort(p, PortOutOfService, "", strings.TrimSpace(reason))
	})
	return err
}

// PutPortBack makes a port that is out of service free again. Kinds: Invalid
// (field reason), NotFound, Conflict when it is not out of service, Forbidden.
func (s *Store) PutPortBack(ctx context.Context, by Actor, id string, rev int, reason string) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	if err := whyPort(reason, "Say why the port can be used again"); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		p, d, err := t.portToChange(id, rev)
		if err != nil {
			return "", err
		}
		if p.State != PortOutOfService {
			return "", conflictf("Port %s of %s is not out of service. Nothing was changed.", p.Name, d.Name)
		}
		return id, t.setPort(p, PortFree, "", strings.TrimSpace(reason))
	})
	return err
}

// DeletePort removes a port that nobody has; typed must be its name. Its
// history stays in the record. Kinds: Invalid (fields confirm, reason),
// NotFound, Conflict when an interface has the port, Forbidden.
func (s *Store) DeletePort(ctx context.Context, by Actor, id string, rev int, typed, reason string) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		p, d, err := t.portToChange(id, rev)
		if err != nil {
			return "", err
		}
		if err := t.notHeld(p, d); err != nil {
			return "", err
		}
		bad := map[string]string{}
		if msg := reasonProblem(reason, 3, 500, "Say why the port is deleted"); msg != "" {
			bad["reason"] = msg
		}
		if typed != p.Name {
			bad["confirm"] = "Type the name of the port " + p.Name + " to confirm"
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		return id, t.deletePort(p, strings.TrimSpace(reason))
	})
	return err
}

func (t *tx) deletePort(p Port, reason string) error {
	res, err := t.exec("DELETE FROM ports WHERE device_id = ? AND number = ? AND connection_id IS NULL AND left_by = ''", p.Device, p.Number)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, conflictf("Port %s was taken a moment ago. Nothing was changed.", p.Name))
	}
	if err := t.countPorts(p.Device, p.Type, p.State, -1); err != nil {
		return err
	}
	return t.portEvent(p.ID, PortDeleted, p.State, "", reason, p.Place())
}

// ConfirmPortEmpty records that a technician looked at a port that an interface
// left after a letter had sent people to it, and that nothing is in it. The
// port is free from then on. Kinds: Invalid (fields empty, note), NotFound,
// Conflict when the port waits for nobody, Forbidden.
func (s *Store) ConfirmPortEmpty(ctx context.Context, by Actor, id string, rev int, empty bool, note string) error {
	if !lifecycle.MayDo(lifecycle.ConfirmRemoval, by.Role) {
		return forbidden("Only a technician confirms that nothing is in a port.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		p, d, err := t.portToChange(id, rev)
		if err != nil {
			return "", err
		}
		if p.LeftBy == "" {
			return "", conflictf("Port %s of %s does not wait for anybody to look at it. Nothing was changed.", p.Name, d.Name)
		}
		bad := map[string]string{}
		if !empty {
			bad["empty"] = "Tick this when you have looked and nothing is in the port"
		}
		if runes(note) > 500 {
			bad["note"] = "Use at most 500 characters"
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		return id, t.setPort(p, PortFree, "", strings.TrimSpace(note))
	})
	return err
}

// PortsToCheck lists the ports that a technician has to look at, the longest
// waiting first: see ConfirmPortEmpty.
func (s *Store) PortsToCheck(ctx context.Context, limit int) ([]Port, error) {
	return list(ctx, s, scanPort, "SELECT "+portColumns+" FROM ports WHERE left_by <> '' ORDER BY left_at, id LIMIT ?", limit)
}

// DemarcationEdit is the form that changes where and how a port is handed
// over, as sent.
type DemarcationEdit struct {
	Room, Cabinet, Panel, Position string
	Connector                      string // "LC"
	Polish, Fibers, Side           string // as in catalog.Port; "" not said
	Reason                         string
}

// DemarcationOf is what the form says before anybody changes it.
func DemarcationOf(p Port) DemarcationEdit {
	in := DemarcationEdit{Room: p.Room, Cabinet: p.Cabinet, Panel: p.Panel, Position: p.Position, Connector: p.Connector, Polish: p.Polish, Fibers: p.Fibers, Side: p.Side}
	if p.Polish == "" && p.Fibers == "" {
		in.Connector, in.Polish, in.Fibers = catalog.SplitConnector(p.Connector)
	}
	return in
}

func (in DemarcationEdit) check() map[string]string {
	bad := map[string]string{}
	for _, f := range []struct{ field, value, missing string }{
		{"room", in.Room, "Enter the room in 1 to 32 characters"},
		{"cabinet", in.Cabinet, "Enter the cabinet in 1 to 32 characters"},
		{"panel", in.Panel, "Enter the panel in 1 to 32 characters, for example ODF 12"},
		{"position", in.Position, "Enter the position in 1 to 32 characters, for example 5 or 17/18"},
		{"connector", in.Connector, "Enter the connector in 1 to 32 characters, for example LC"},
	} {
		if f.value == "" || runes(f.value) > 32 {
			bad[f.field] = f.missing
		}
	}
	badDemarcation(in.Polish, in.Fibers, in.Side, bad)
	if msg := reasonProblem(in.Reason, 3, 500, "Say why the demarcation changes"); msg != "" {
		bad["reason"] = msg
	}
	return bad
}

// badDemarcation puts into bad what is wrong with how a position is made.
func badDemarcation(polish, fibers, side string, bad map[string]string) {
	if polish != "" && !slices.Contains(catalog.Polishes(), polish) {
		bad["polish"] = "Select a polish"
	}
	if !slices.Contains([]string{"", "simplex", "duplex"}, fibers) {
		bad["fibers"] = "Select simplex or duplex"
	}
	if !slices.Contains([]string{"", "front", "rear"}, side) {
		bad["side"] = "Select front or rear"
	}
}

// EditDemarcation corrects where and how a port is handed over. A letter that
// is out says where that is, so it has to be revoked first. Kinds: Invalid
// (fields room, cabinet, panel, position, connector, polish, fibers, side,
// reason), NotFound, Conflict, Forbidden.
func (s *Store) EditDemarcation(ctx context.Context, by Actor, id string, rev int, in DemarcationEdit) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	bad := in.check()
	if err := invalidFields(bad); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		was, d, err := t.portToChange(id, rev)
		if err != nil {
			return "", err
		}
		if was.ConnectionID != "" {
			letter, err := t.letterOut(was.ConnectionID)
			if err != nil {
				return "", err
			}
			if letter != "" {
				return "", conflictf("%s", LetterNames(was, d.Name, letter))
			}
		}
		is := was
		is.Room, is.Cabinet, is.Panel, is.Position = in.Room, in.Cabinet, in.Panel, in.Position
		is.Connector, is.Polish, is.Fibers, is.Side = in.Connector, in.Polish, in.Fibers, in.Side
		changes := demarcationChanges(was, is)
		if changes == "" {
			return id, nil
		}
		other, place, err := t.sharesPlace(d.AccessPoint, is)
		if err != nil {
			return "", err
		}
		if other != "" {
			return "", invalid("position", "Position "+place+" of "+is.Panel+" belongs to "+other+" already")
		}
		err = t.watchInterface(in.Reason, was.ConnectionID, func() error {
			_, err := t.exec("UPDATE ports SET room = ?, cabinet = ?, panel = ?, position = ?, connector = ?, polish = ?, fibers = ?, side = ?, version = version + 1 WHERE device_id = ? AND number = ?",
				is.Room, is.Cabinet, is.Panel, is.Position, is.Connector, is.Polish, is.Fibers, is.Side, is.Device, is.Number)
			return err
		})
		if err != nil {
			return "", err
		}
		return id, t.portEvent(id, PortEdited, was.State, was.State, strings.TrimSpace(in.Reason), changes)
	})
	return err
}

// LetterNames says why the demarcation of a port stays as it is while a letter
// is out.
func LetterNames(p Port, device, letter string) string {
	return "Letter " + letter + " for " + p.ConnectionID + " sends people to port " + p.Name + " of " + device + " as it is. Revoke the letter first. Nothing was changed."
}

// demarcationChanges is what differs, in one line; "" when nothing does.
func demarcationChanges(was, is Port) string {
	var out []string
	for _, f := range []struct{ what, from, to string }{
		{"Room", was.Room, is.Room}, {"Cabinet", was.Cabinet, is.Cabinet}, {"Panel", was.Panel, is.Panel}, {"Position", was.Position, is.Position},
		{"Connector", was.ConnectorWords(), is.ConnectorWords()},
	} {
		if f.from != f.to {
			out = append(out, f.what+" "+f.from+" → "+f.to)
		}
	}
	return strings.Join(out, "; ")
}

// sharesPlace finds another port of the access point that is on the same
// panel and takes one of p's positions.
func (t *tx) sharesPlace(accessPoint string, p Port) (other, place string, err error) {
	rows, err := t.query("SELECT d.name, p.name, p.position FROM ports p JOIN devices d ON d.id = p.device_id WHERE d.access_point_id = ? AND p.room = ? AND p.cabinet = ? AND lower(p.panel) = lower(?) AND p.id <> ? ORDER BY p.device_id, p.number",
		accessPoint, p.Room, p.Cabinet, p.Panel, p.ID)
	if err != nil {
		return "", "", err
	}
	mine := strings.Split(p.Position, "/")
	_, err = collect(rows, func(r scanner) (v struct{}, err error) {
		var device, name, position string
		if err = r.Scan(&device, &name, &position); err != nil {
			return v, err
		}
		for _, at := range strings.Split(position, "/") {
			if other == "" && slices.Contains(mine, at) {
				other, place = device+" "+name, at
			}
		}
		return v, nil
	})
	return other, place, err
}

// DeviceRev names what a device says now, for a form that changes it.
func DeviceRev(d catalog.Device) int {
	text, err := json.Marshal(d)
	if err != nil {
		return 0
	}
	return textRev(string(text))
}

// textRev is a number for a text; never 0, which means "not said".
func textRev(s string) int {
	h := fnv.New32a()
	h.Write([]byte(s))
	return int(h.Sum32()>>1) | 1
}

// DeviceEdit is the form that changes a device, as sent.
type DeviceEdit struct{ Name, Room, Cabinet, Reason string }

// EditDevice changes the name and the place of an access device. Ports that
// are handed over in the device's own cabinet go with it, and so do the naming
// rules of their panels. Letters that are out name the device and its cabinet,
// so they have to be revoked first. Kinds: Invalid (fields name, room, cabinet,
// reason), NotFound, Conflict, Forbidden.
func (s *Store) EditDevice(ctx context.Context, by Actor, id string, rev int, in DeviceEdit) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	bad := map[string]string{}
	newDevice(catalog.AccessPoint{}, NewPorts{Name: in.Name, Room: in.Room, Cabinet: in.Cabinet}, bad)
	if msg := reasonProblem(in.Reason, 3, 500, "Say why the device changes"); msg != "" {
		bad["reason"] = msg
	}
	if err := invalidFields(bad); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		was, err := t.deviceToChange(id, rev)
		if err != nil {
			return "", err
		}
		is := was
		is.Name, is.Room, is.Cabinet = in.Name, in.Room, in.Cabinet
		if is == was {
			return id, nil
		}
		have, err := t.devicesAt(was.AccessPoint)
		if err != nil {
			return "", err
		}
		for _, d := range have {
			if d.ID != id && strings.EqualFold(d.Name, is.Name) {
				return "", invalid("name", "There is already a device "+d.Name+" at this access point")
			}
		}
		if err := t.noLetterNames(was); err != nil {
			return "", err
		}
		err = t.watchRedundancy(in.Reason, []string{id}, func() error {
			if _, err := t.exec("UPDATE devices SET name = ?, room = ?, cabinet = ? WHERE id = ?", is.Name, is.Room, is.Cabinet, id); err != nil {
				return err
			}
			return t.portsGoWith(was, is, strings.TrimSpace(in.Reason))
		})
		if err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		return id, t.event(AccessPointSubject(was.AccessPoint), "", "edit_device", "", "", strings.TrimSpace(in.Reason), deviceChanges(was, is))
	})
	return err
}

func (t *tx) deviceToChange(id string, rev int) (catalog.Device, error) {
	d, err := t.device(id)
	if err == nil && rev != 0 && rev != DeviceRev(d) {
		err = conflictf("%s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", d.Name)
	}
	return d, err
}

func deviceChanges(was, is catalog.Device) string {
	out := []string{was.Name}
	for _, f := range []struct{ what, from, to string }{{"name", was.Name, is.Name}, {"room", was.Room, is.Room}, {"cabinet", was.Cabinet, is.Cabinet}} {
		if f.from != f.to {
			out = append(out, f.what+" "+f.from+" → "+f.to)
		}
	}
	return strings.Join(out[:1], "") + ": " + strings.Join(out[1:], "; ")
}

// noLetterNames refuses while letters are out that name the device.
func (t *tx) noLetterNames(d catalog.Device) error {
	rows, err := t.query("SELECT l.no, p.connection_id FROM ports p JOIN loas l ON l.connection_id = p.connection_id AND l.status = 'issued' WHERE p.device_id = ? ORDER BY p.number LIMIT 4", d.ID)
	if err != nil {
		return err
	}
	out, err := collect(rows, func(r scanner) (string, error) {
		var no, connection string
		err := r.Scan(&no, &connection)
		return no + " (" + connection + ")", err
	})
	if err != nil || len(out) == 0 {
		return err
	}
	if len(out) == 4 {
		out[3] = "and others"
	}
	return conflictf("Letters that are out name %s and its cabinet: %s. Revoke them or wait until they are used. Nothing was changed.", d.Name, strings.Join(out, ", "))
}

// portsGoWith moves the demarcation of the ports that are handed over in the
// device's own cabinet, and the naming rules of panels that have no rule yet
// where they arrive.
func (t *tx) portsGoWith(was, is catalog.Device, reason string) error {
	if was.Room == is.Room && was.Cabinet == is.Cabinet {
		return nil
	}
	ports, err := t.portsOf(was.ID)
	if err != nil {
		return err
	}
	var panels []string
	for _, p := range ports {
		if p.Room != was.Room || p.Cabinet != was.Cabinet {
			continue
		}
		moved := p
		moved.Room, moved.Cabinet = is.Room, is.Cabinet
		other, place, err := t.sharesPlace(was.AccessPoint, moved)
		if err != nil {
			return err
		}
		if other != "" {
			return invalid("cabinet", "Position "+place+" of "+p.Panel+" there belongs to "+other+" already")
		}
		if _, err := t.exec("UPDATE ports SET room = ?, cabinet = ?, version = version + 1 WHERE device_id = ? AND number = ?", is.Room, is.Cabinet, p.Device, p.Number); err != nil {
			return err
		}
		if err := t.portEvent(p.ID, PortEdited, p.State, p.State, reason, demarcationChanges(p, moved)); err != nil {
			return err
		}
		if !slices.Contains(panels, p.Panel) {
			panels = append(panels, p.Panel)
		}
	}
	for _, name := range panels {
		if _, err := t.exec(`INSERT INTO panels (access_point_id, room, cabinet, panel, rule) SELECT access_point_id, ?, ?, panel, rule FROM panels
			WHERE access_point_id = ? AND room = ? AND cabinet = ? AND panel = ? ON CONFLICT (access_point_id, room, cabinet, panel) DO NOTHING`,
			is.Room, is.Cabinet, was.AccessPoint, was.Room, was.Cabinet, name); err != nil {
			return err
		}
	}
	return nil
}

// DeleteDevice removes an access device whose ports nobody has, with its
// ports; typed must be its name. The history of the ports stays in the record.
// Kinds: Invalid (fields confirm, reason), NotFound, Conflict, Forbidden.
func (s *Store) DeleteDevice(ctx context.Context, by Actor, id string, rev int, typed, reason string) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		d, err := t.deviceToChange(id, rev)
		if err != nil {
			return "", err
		}
		ports, err := t.portsOf(id)
		if err != nil {
			return "", err
		}
		if msg := DeviceHeld(d.Name, ports); msg != "" {
			return "", conflictf("%s Nothing was changed.", msg)
		}
		bad := map[string]string{}
		if msg := reasonProblem(reason, 3, 500, "Say why the device is deleted"); msg != "" {
			bad["reason"] = msg
		}
		if typed != d.Name {
			bad["confirm"] = "Type the name of the device " + d.Name + " to confirm"
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		reason := strings.TrimSpace(reason)
		for _, p := range ports {
			if err := t.deletePort(p, reason); err != nil {
				return "", err
			}
		}
		if _, err := t.exec("DELETE FROM port_counts WHERE device_id = ?", id); err != nil {
			return "", err
		}
		if _, err := t.exec("DELETE FROM devices WHERE id = ?", id); err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		return id, t.event(AccessPointSubject(d.AccessPoint), "", "delete_device", "", "", reason, fmt.Sprintf("%s, %s, %s, cabinet %s", d.Name, countWords(len(ports), "port"), d.Room, d.Cabinet))
	})
	return err
}

// DeviceHeld says which ports keep a device from being deleted and what to do;
// "" when none does.
func DeviceHeld(device string, ports []Port) string {
	var held []string
	n := 0
	for _, p := range ports {
		by := cmp.Or(p.ConnectionID, p.LeftBy)
		if by == "" {
			continue
		}
		if n++; n <= 3 {
			held = append(held, p.Name+" by "+by)
		}
	}
	if n == 0 {
		return ""
	}
	if n > 3 {
		held = append(held, "and "+strconv.Itoa(n-3)+" more")
	}
	return countWords(n, "port") + " of " + device + " " + map[bool]string{true: "is", false: "are"}[n == 1] + " held: " + strings.Join(held, ", ") +
		". Move these interfaces to another device, or ask for their termination, and confirm the removal of their cables first."
}
