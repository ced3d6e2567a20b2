package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/redundancy"
)

// The operator promised a redundant pair different access points or different
// access devices. Whatever staff change about ports and devices goes through
// watchRedundancy, which holds them to it: the pages that prove redundancy
// would otherwise be proofs of yesterday.

// ActionRedundancyChanged is the action of the event that both interfaces of a
// pair get when a change of staff makes them share more, or less, than before.
const ActionRedundancyChanged = "redundancy_changed"

// ActionRedundancyLost is the action of the event that an interface gets when
// the one that it is redundant with has ended.
const ActionRedundancyLost = "redundancy_lost"

// TitleRedundancyLost is the title of the message that tells the customer.
const TitleRedundancyLost = "Redundancy lost"

// TitleRedundancyChanged is the title of the message that tells the customer.
const TitleRedundancyChanged = "Redundancy changed"

// Redundancy is what two interfaces that back each other up share and what they
// do not: by their access points and, once they hold ports, by devices and
// demarcations. A port may be nil.
func (s *Store) Redundancy(a Connection, aPort *Port, b Connection, bPort *Port) redundancy.Report {
	cat := s.Catalogue()
	stands := func(c Connection, p *Port) standing {
		out := standing{sp: c.SP, port: p}
		out.site, _ = cat.AccessPoint(c.AccessPointID)
		out.region, _ = cat.Region(c.Region)
		if p != nil {
			out.device, _ = cat.Device(p.Device)
		}
		return out
	}
	return compare(stands(a, aPort), stands(b, bPort))
}

// standing is all that says where an interface is. port may be nil, and then
// there is no device.
type standing struct {
	sp     catalog.SP
	region catalog.Region
	site   catalog.AccessPoint
	device catalog.Device
	port   *Port
}

// compare judges the places of the devices and those of the demarcations,
// which are the same unless the operator built it otherwise.
func compare(a, b standing) redundancy.Report {
	devices := redundancy.Compare(a.devicePlace(), b.devicePlace())
	if a.port == nil || b.port == nil {
		return devices
	}
	demarcation := func(x standing) redundancy.Place {
		out := x.devicePlace()
		out.Room, out.Cabinet, out.Panel = x.port.Room, x.port.Cabinet, x.port.Panel
		return out
	}
	return devices.And(redundancy.Compare(demarcation(a), demarcation(b)))
}

// devicePlace is where the device of an interface stands. A panel that is
// somewhere else says where.
func (x standing) devicePlace() redundancy.Place {
	p := redundancy.Place{Region: x.region.Name, AccessPoint: x.site.Name, Building: x.site.FacilityName, Address: x.site.Address, SP: x.sp.Label()}
	if x.port == nil {
		return p
	}
	p.Room, p.Cabinet, p.Device, p.Panel = x.device.Room, x.device.Cabinet, x.device.Name, x.port.Panel
	switch {
	case x.port.Room != x.device.Room:
		p.Panel = x.port.Room + ", " + x.port.Cabinet + ", " + x.port.Panel
	case x.port.Cabinet != x.device.Cabinet:
		p.Panel = x.port.Cabinet + ", " + x.port.Panel
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
// Everything is read as the transaction left it: the catalogue's snapshot may be
// a moment older.
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
		if err := t.raise(c); err != nil {
			return err
		}
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

// raise gives an interface a new version after a change that its own row does
// not show, so that a page from before it is known to be old.
func (t *tx) raise(c *Connection) error {
	if c.ID == t.applying {
		return nil
	}
	_, err := t.exec("UPDATE connections SET version = version + 1, updated_at = ? WHERE account_id = ? AND id = ?", at(t.now), c.AccountID, c.ID)
	return err
}

// partnerEnded tells the interface that c was redundant with that it stands
// alone from now on. c has ended.
func (t *tx) partnerEnded(c *Connection) error {
	p, err := t.partner(c)
	if err != nil || p == nil || p.Stage == lifecycle.PendingPayment {
		return err // an order that is not paid had no redundancy to lose
	}
	if err := t.raise(p); err != nil {
		return err
	}
	if err := t.event(p.ID, p.AccountID, ActionRedundancyLost, p.Stage, p.Stage, "", c.Title()+" is "+lowerFirst(c.Stage.Label())); err != nil {
		return err
	}
	return t.tellAccount(p.AccountID, p.ID, TitleRedundancyLost, c.Title()+" is "+lowerFirst(c.Stage.Label())+". "+p.Title()+" has no redundant connection any more.")
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
	var both [2]standing
	for i, c := range []*Connection{a, b} {
		x, err := t.standing(c)
		if err != nil {
			return redundancy.Report{}, err
		}
		both[i] = x
	}
	return compare(both[0], both[1]), nil
}

func (t *tx) standing(c *Connection) (x standing, err error) {
	x.sp = c.SP
	if x.region, err = t.region(c.Region); err != nil {
		return x, err
	}
	if x.site, err = t.accessPoint(c.AccessPointID); err != nil {
		return x, err
	}
	if x.port, err = t.portOf(c.ID); err != nil || x.port == nil {
		return x, err
	}
	x.device, err = t.device(x.port.Device)
	return x, err
}

// watchSites is watchRedundancy of a change to what is said about access
// points: their facilities' names and addresses.
func (t *tx) watchSites(reason string, sites []string, change func() error) error {
	pairs, err := t.pairsAt(sites)
	if err != nil {
		return err
	}
	return t.watchPairs(reason, pairs, change)
}

// pairsAt are the redundant pairs of which at least one is at one of the access
// points, each pair once, with what they share now. Pairs at one access point
// are left out: what the facility is called changes nothing between them.
func (t *tx) pairsAt(sites []string) ([]watchedPair, error) {
	var out []watchedPair
	seen := map[string]bool{}
	for _, site := range sites {
		rows, err := t.query(`SELECT c.id FROM connections c WHERE c.access_point_id = ? AND c.turn <> 'closed'
			AND (c.redundant_id <> '' OR EXISTS (SELECT 1 FROM connections o WHERE o.redundant_id = c.id AND o.redundant_id <> '')) ORDER BY c.id`, site)
		if err != nil {
			return nil, err
		}
		ids, err := collect(rows, func(r scanner) (id string, err error) { return id, r.Scan(&id) })
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			p, err := t.pairOf(id)
			if err != nil {
				return nil, err
			}
			if p == nil || seen[p.a.ID] || seen[p.b.ID] || p.a.AccessPointID == p.b.AccessPointID {
				continue
			}
			seen[p.a.ID], seen[p.b.ID] = true, true
			out = append(out, *p)
		}
	}
	return out, nil
}
