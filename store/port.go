package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"demarc/store/catalog"
)

// Allocation. The rules are the operator's promise: one port has one holder,
// and interfaces that are redundant at one access point are on different
// access devices. The code below keeps them; unique indexes have the last word.

// countPorts keeps the number of ports per device, type and state, and with it
// the history of capacity.
func (t *tx) countPorts(device string, kind catalog.PortType, state PortState, by int) error {
	if err := t.capacityChanged(device, kind); err != nil {
		return err
	}
	if by < 0 {
		_, err := t.exec("UPDATE port_counts SET n = n + ? WHERE device_id = ? AND port_type = ? AND state = ?", by, device, kind, state)
		return err
	}
	_, err := t.exec(`INSERT INTO port_counts (device_id, port_type, state, n) VALUES (?, ?, ?, ?)
		ON CONFLICT (device_id, port_type, state) DO UPDATE SET n = port_counts.n + excluded.n`, device, kind, state, by)
	return err
}

// setPort moves a port to a state and a holder: the only writer of both, of the
// counters and of the port's history. reason is why, as far as somebody said. A
// port that is quarantined without a holder was left by the one it had.
func (t *tx) setPort(p Port, state PortState, connection, reason string) error {
	var holder any
	if connection != "" {
		holder = connection
	}
	kept, letter, leftBy, leftAt := "", "", "", instant{}
	if state == PortOutOfService {
		kept = reason
	}
	if connection != "" && connection == p.ConnectionID {
		letter = p.Letter
	}
	if state == PortQuarantined && connection == "" {
		letter, leftBy, leftAt = p.Letter, p.ConnectionID, at(t.now)
	}
	res, err := t.exec("UPDATE ports SET state = ?, connection_id = ?, reason = ?, letter = ?, left_by = ?, left_at = ?, version = version + 1 WHERE device_id = ? AND number = ? AND state = ?",
		state, holder, kept, letter, leftBy, leftAt, p.Device, p.Number, p.State)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, conflictf("Port %s was taken a moment ago. Select another port.", p.Name))
	}
	if err := t.countPorts(p.Device, p.Type, p.State, -1); err != nil {
		return err
	}
	if err := t.countPorts(p.Device, p.Type, state, +1); err != nil {
		return err
	}
	// Who gets it, or who had it.
	who := cmp.Or(connection, p.ConnectionID, p.LeftBy)
	return t.portEvent(p.ID, portAction(p.State, state), p.State, state, reason, who)
}

const portColumns = `device_id, number, id, name, port_type, room, cabinet, panel, position, connector, polish, fibers, side, state, COALESCE(connection_id, ''), reason, letter, left_by, left_at, version`

func (p *Port) columns() []any {
	return []any{&p.Device, &p.Number, &p.ID, &p.Name, &p.Type, &p.Room, &p.Cabinet, &p.Panel, &p.Position, &p.Connector, &p.Polish, &p.Fibers, &p.Side, &p.State, &p.ConnectionID, &p.Reason, &p.Letter, &p.LeftBy, intoTime{&p.LeftAt}, &p.Version}
}

func scanPort(r scanner) (Port, error) {
	var p Port
	err := r.Scan(p.columns()...)
	return p, err
}

// portOf is the port that an interface holds; nil when it holds none.
func (t *tx) portOf(connection string) (*Port, error) {
	p, err := scanPort(t.row("SELECT "+portColumns+" FROM ports WHERE connection_id = ?", connection))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &p, err
}

// allocate gives c a free port of its type: on the device with most free ports
// of that type, then the lowest port number. An interface that is redundant
// with another at the same access point never shares its device. Kinds:
// Conflict when no port is free or none is on another device.
func (t *tx) allocate(c *Connection) (Port, error) {
	avoid, err := t.deviceToAvoid(c)
	if err != nil {
		return Port{}, err
	}
	free, err := t.freeByDevice(c)
	if err != nil {
		return Port{}, err
	}
	best, most, blocked := "", 0, false
	for _, d := range free {
		if avoid[d.Device] {
			blocked = true
			continue
		}
		if d.N > most {
			best, most = d.Device, d.N
		}
	}
	if best == "" {
		ap, err := t.accessPoint(c.AccessPointID)
		if err != nil {
			return Port{}, err
		}
		if blocked {
			return Port{}, noOtherDevice(ap.Name, c.PortType)
		}
		return Port{}, conflictf("No %s port is free at %s right now. Nothing was charged and your order stays open.", c.PortType, ap.Name)
	}
	p, err := scanPort(t.row("SELECT "+portColumns+" FROM ports WHERE device_id = ? AND port_type = ? AND state = 'free' ORDER BY number LIMIT 1", best, c.PortType))
	if err != nil {
		return Port{}, err
	}
	return p, t.setPort(p, PortAllocated, c.ID, "")
}

// freeByDevice is how many ports of c's type are free on each device of its
// access point that has any, by the devices' names: as the rows are now, since
// the catalogue's snapshot may be a moment older.
func (t *tx) freeByDevice(c *Connection) ([]PortCount, error) {
	rows, err := t.query(`SELECT d.id, n.port_type, n.state, n.n FROM devices d JOIN port_counts n ON n.device_id = d.id
		WHERE d.access_point_id = ? AND n.port_type = ? AND n.state = ? AND n.n > 0 ORDER BY d.name, d.id`, c.AccessPointID, c.PortType, PortFree)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanPortCount)
}

func scanPortCount(r scanner) (v PortCount, err error) {
	return v, r.Scan(&v.Device, &v.Type, &v.State, &v.N)
}

func noOtherDevice(apName string, kind catalog.PortType) error {
	return conflictf("Redundant connections are allocated to different access devices, and %s has no free %s port on another device. Select another access point or another Port Type.", apName, kind)
}

// deviceToAvoid is the set of devices at c's access point that hold an
// interface c is redundant with, in either direction.
func (t *tx) deviceToAvoid(c *Connection) (map[string]bool, error) {
	rows, err := t.query(`SELECT p.device_id FROM ports p WHERE p.connection_id = ?
		UNION SELECT p.device_id FROM connections o JOIN ports p ON p.connection_id = o.id
		WHERE o.account_id = ? AND o.redundant_id = ? AND o.redundant_id <> '' AND o.access_point_id = ?`, c.RedundantID, c.AccountID, c.ID, c.AccessPointID)
	if err != nil {
		return nil, err
	}
	ids, err := collect(rows, func(r scanner) (id string, err error) { return id, r.Scan(&id) })
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// PortOf is the port that an interface holds; nil when it holds none. The
// caller has checked that the actor may see the interface.
func (s *Store) PortOf(ctx context.Context, connection string) (*Port, error) {
	var p Port
	err := s.get(ctx, "SELECT "+portColumns+" FROM ports WHERE connection_id = ?", []any{connection}, p.columns()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &p, err
}

// Ports lists the ports of a device in order.
func (s *Store) Ports(ctx context.Context, device string) ([]Port, error) {
	return list(ctx, s, scanPort, "SELECT "+portColumns+" FROM ports WHERE device_id = ? ORDER BY device_id, number", device)
}

// PortCounts is how many ports of each type every device has in each state, for
// the devices of one access point.
func (s *Store) PortCounts(ctx context.Context, accessPoint string) ([]PortCount, error) {
	var out []PortCount
	for _, d := range s.Catalogue().Devices(accessPoint) {
		counts, err := list(ctx, s, scanPortCount, "SELECT device_id, port_type, state, n FROM port_counts WHERE device_id = ? ORDER BY device_id, port_type, state", d.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, counts...)
	}
	return out, nil
}

// AllPortCounts is PortCounts of every access point, by access point.
func (s *Store) AllPortCounts(ctx context.Context) (map[string][]PortCount, error) {
	counts, err := list(ctx, s, scanPortCount, "SELECT device_id, port_type, state, n FROM port_counts ORDER BY device_id, port_type, state")
	out := map[string][]PortCount{}
	for _, c := range counts {
		if d, ok := s.Catalogue().Device(c.Device); ok {
			out[d.AccessPoint] = append(out[d.AccessPoint], c)
		}
	}
	return out, err
}

// Free is how many ports of a type are free in counts.
func Free(counts []PortCount, kind catalog.PortType) int {
	n := 0
	for _, c := range counts {
		if c.Type == kind && c.State == PortFree {
			n += c.N
		}
	}
	return n
}
