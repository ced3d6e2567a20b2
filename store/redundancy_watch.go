package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"demarc/store/catalog"
	"demarc/store/redundancy"
)

// The operator promised a redundant pair different access points or different
// access devices. Whatever staff change about ports and devices goes through
// watchRedundancy, which holds them to it: the pages that prove redundancy
// would otherwise be proofs of yesterday.

// ActionRedundancyChanged is the action of the event that both interfaces of a
// pair get when a change of staff makes them share more, or less, than before.
const ActionRedundancyChanged = "redundancy_changed"

// TitleRedundancyChanged is the title of the message that tells the customer.
const TitleRedundancyChanged = "Redundancy changed"

// Redundancy is what two interfaces that back each other up share and what they
// do not: by their access points and, once they hold ports, by devices and
// demarcations. A port may be nil.
func (s *Store) Redundancy(a Connection, aPort *Port, b Connection, bPort *Port) redundancy.Report {
	stand := func(p *Port) (d catalog.Device) {
		if p != nil {
			d, _ = s.Catalogue().Device(p.Device)
		}
		return d
	}
	return s.compare(a, aPort, stand(aPort), b, bPort, stand(bPort))
}

// compare judges the places of the devices and those of the demarcations,
// which are the same unless the operator built it otherwise.
func (s *Store) compare(a Connection, aPort *Port, aDevice catalog.Device, b Connection, bPort *Port, bDevice catalog.Device) redundancy.Report {
	devices := redundancy.Compare(s.devicePlace(a, aPort, aDevice), s.devicePlace(b, bPort, bDevice))
	if aPort == nil || bPort == nil {
		return devices
	}
	demarcation := func(c Connection, p *Port, d catalog.Device) redundancy.Place {
		out := s.devicePlace(c, p, d)
		out.Room, out.Cabinet, out.Panel = p.Room, p.Cabinet, p.Panel
		return out
	}
	return devices.And(redundancy.Compare(demarcation(a, aPort, aDevice), demarcation(b, bPort, bDevice)))
}

// devicePlace is where the device of an interface stands. A panel that is
// somewhere else says where.
func (s *Store) devicePlace(c Connection, port *Port, device catalog.Device) redundancy.Place {
	cat := s.Catalogue()
	ap, _ := cat.AccessPoint(c.AccessPointID)
	region, _ := cat.Region(c.Region)
	p := redundancy.Place{Region: region.Name, AccessPoint: ap.Name, Building: ap.FacilityName, SP: c.SP.Label()}
	if port == nil {
		return p
	}
	p.Room, p.Cabinet, p.Device, p.Panel = device.Room, device.Cabinet, device.Name, port.Panel
	switch {
	case port.Room != device.Room:
		p.Panel = port.Room + ", " + port.Cabinet + ", " + port.Panel
	case port.Cabinet != device.Cabinet:
		p.Panel = port.Cabinet + ", " + port.Panel
	}
	return p
}

// watchedPair is two living interfaces that back each other up.
type watchedPair struct {
	a, b   *Connection
	report redundancy.Report
}

// watchRedundancy runs change, which alters where devices and their
// demarcations are, and compares every redundant pair with a port on one of the
// devices before and after it. It is the one way to make such a change:
//
//   - A pair that ends on one access device breaks the promise: Conflict, and
//     the caller's transaction is rolled back.
//   - A pair that survives less than before needs a reason: Invalid (field
//     reason). With it, both interfaces get an event and the customer a
//     message.
//   - A pair that survives more gets the events alone.
//
// The names of access points and facilities are those of the catalogue's
// snapshot; devices and ports are read as the transaction left them.
func (t *tx) watchRedundancy(reason string, devices []string, change func() error) error {
	pairs, err := t.pairsOn(devices)
	if err != nil {
		return err
	}
	return t.watchPairs(reason, pairs, change)
}

// watchInterface is watchRedundancy of a change to the port of one interface;
// id may be empty.
func (t *tx) watchInterface(reason, id string, change func() error) error {
	var pairs []watchedPair
	if id != "" {
		p, err := t.pairOf(id)
		if err != nil {
			return err
		}
		if p != nil {
			pairs = append(pairs, *p)
		}
	}
	return t.watchPairs(reason, pairs, change)
}

// watchPairs is watchRedundancy of pairs that are known.
func (t *tx) watchPairs(reason string, before []watchedPair, change func() error) error {
	if err := change(); err != nil {
		return err
	}
	for _, p := range before {
		now, err := t.report(p.a, p.b)
		if err != nil {
			return err
		}
		if now.Promise() == redundancy.Broken && p.report.Promise() != redundancy.Broken {
			return conflictf("%s and %s are redundant and would be on one access device. Redundant connections are allocated to different access devices. Nothing was changed.", p.a.Title(), p.b.Title())
		}
		// A promise that was open is kept by a port that comes now: nothing of
		// what was shown before has changed.
		if p.report.Promise() == redundancy.Open || now.Strength() == p.report.Strength() {
			continue
		}
		weaker := now.Strength() < p.report.Strength()
		if weaker && strings.TrimSpace(reason) == "" {
			return invalid("reason", fmt.Sprintf("Say why: %s and %s would share more than now. Before: %s. Then: %s.", p.a.Title(), p.b.Title(), lowerFirst(p.report.Verdict()), lowerFirst(now.Verdict())))
		}
		if err := t.redundancyChanged(p, now, reason, weaker); err != nil {
			return err
		}
	}
	return nil
}

// redundancyChanged records what a pair survives now, and tells the customer.
func (t *tx) redundancyChanged(p watchedPair, now redundancy.Report, reason string, tell bool) error {
	detail := "Before: " + lowerFirst(p.report.Verdict()) + ". Now: " + lowerFirst(now.Verdict())
	for _, c := range []*Connection{p.a, p.b} {
		if err := t.event(c.ID, c.AccountID, ActionRedundancyChanged, c.Stage, c.Stage, reason, detail); err != nil {
			return err
		}
	}
	if !tell {
		return nil
	}
	body := p.a.Title() + " and " + p.b.Title() + " share more than before. " + now.Verdict() + "."
	if reason != "" {
		body += " Reason: " + strings.TrimRight(reason, ".") + "."
	}
	return t.tellAccount(p.a.AccountID, p.a.ID, TitleRedundancyChanged, body)
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// pairsOn are the redundant pairs of which at least one holds a port on one of
// the devices, each pair once, with what they share now.
func (t *tx) pairsOn(devices []string) ([]watchedPair, error) {
	var out []watchedPair
	seen := map[string]bool{}
	for _, device := range devices {
		rows, err := t.query("SELECT connection_id FROM ports WHERE device_id = ? AND connection_id IS NOT NULL ORDER BY device_id, number", device)
		if err != nil {
			return nil, err
		}
		holders, err := collect(rows, func(r scanner) (id string, err error) { return id, r.Scan(&id) })
		if err != nil {
			return nil, err
		}
		for _, id := range holders {
			p, err := t.pairOf(id)
			if err != nil {
				return nil, err
			}
			if p == nil || seen[p.a.ID] || seen[p.b.ID] {
				continue
			}
			seen[p.a.ID], seen[p.b.ID] = true, true
			out = append(out, *p)
		}
	}
	return out, nil
}

// pairOf is the pair that an interface is one of; nil when it has ended or
// stands alone.
func (t *tx) pairOf(id string) (*watchedPair, error) {
	c, err := scanConnection(t.row("SELECT "+connectionColumns+" FROM connections WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) || (err == nil && c.Stage.Ended()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	partner, err := t.partner(&c)
	if err != nil || partner == nil {
		return nil, err
	}
	p := &watchedPair{a: &c, b: partner}
	p.report, err = t.report(p.a, p.b)
	return p, err
}

// report compares two interfaces as the rows are now.
func (t *tx) report(a, b *Connection) (redundancy.Report, error) {
	var ports [2]*Port
	var devices [2]catalog.Device
	for i, c := range []*Connection{a, b} {
		port, err := t.portOf(c.ID)
		if err != nil {
			return redundancy.Report{}, err
		}
		if ports[i] = port; port == nil {
			continue
		}
		if devices[i], err = scanDevice(t.row("SELECT "+deviceColumns+" FROM devices WHERE id = ?", port.Device)); err != nil {
			return redundancy.Report{}, err
		}
	}
	return t.s.compare(*a, ports[0], devices[0], *b, ports[1], devices[1]), nil
}
