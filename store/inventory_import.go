package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"demarc/store/catalog"
	"demarc/store/inventory"
	"demarc/store/lifecycle"
)

// The inventory as a file. What the file says and what an import of it would do
// is package inventory's; here the rows come out of the database and go in.

// sayOutOfService stands in the file for a port that is out of service without
// a reason, as those are that were taken out before reasons were kept.
const sayOutOfService = "Out of service"

// rowSource is what the rows are read from: a transaction of either pool.
type rowSource interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// inventoryTable is how one kind of row is kept.
type inventoryTable struct {
	kind  inventory.Kind
	query string // every row in a stable order, by an index
	scan  func(scanner) (inventory.Present, error)
	put   func(*bulk, inventory.Row) error // adds the row or changes it; nil for ports
	drop  func(*bulk, inventory.Present) error
}

// inventoryTables is in the order of inventory.Kinds: parents first.
var inventoryTables = []inventoryTable{
	{
		kind: inventory.Region,
		query: `SELECT ` + regionColumns + `,
			EXISTS (SELECT 1 FROM accounts a WHERE a.home_region = regions.id) OR EXISTS (SELECT 1 FROM whitelist_requests w WHERE w.region = regions.id) FROM regions ORDER BY id`,
		scan: func(r scanner) (p inventory.Present, err error) {
			var named bool
			v, err := scanRegion(withMore{r, []any{&named}})
			if p.Row = inventory.OfRegion(v); named {
				p.Hold = "An account or a whitelist entry names this region."
			}
			return p, err
		},
		put:  func(b *bulk, r inventory.Row) error { return b.t.putRegion(inventory.RegionOf(r)) },
		drop: func(b *bulk, p inventory.Present) error { return b.exec("DELETE FROM regions WHERE id = ?", p.ID()) },
	},
	{
		kind:  inventory.AccessPoint,
		query: "SELECT " + accessPointColumns + ", (SELECT COUNT(*) FROM connections c WHERE c.access_point_id = access_points.id) FROM access_points ORDER BY id",
		scan: func(r scanner) (p inventory.Present, err error) {
			var interfaces int
			v, err := scanAccessPoint(withMore{r, []any{&interfaces}})
			if p.Row = inventory.OfAccessPoint(v); interfaces > 0 {
				p.Hold = countWords(interfaces, "interface") + " of the present or the past are here. Set its status to disabled instead."
				if interfaces == 1 {
					p.Hold = "An interface of the present or the past is here. Set its status to disabled instead."
				}
			}
			return p, err
		},
		put: func(b *bulk, r inventory.Row) error { return b.t.putAccessPoint(inventory.AccessPointOf(r)) },
		drop: func(b *bulk, p inventory.Present) error {
			return errors.Join(b.exec("DELETE FROM capacity_days WHERE access_point_id = ?", p.ID()), b.exec("DELETE FROM access_points WHERE id = ?", p.ID()))
		},
	},
	{
		kind:  inventory.Panel,
		query: "SELECT access_point_id, room, cabinet, panel, rule FROM panels ORDER BY access_point_id, room, cabinet, panel",
		scan: func(r scanner) (p inventory.Present, err error) {
			var v inventory.PanelRule
			err = r.Scan(&v.AccessPoint, &v.Room, &v.Cabinet, &v.Panel, &v.Rule)
			p.Row = inventory.OfPanel(v)
			return p, err
		},
		put: func(b *bulk, r inventory.Row) error {
			v := inventory.PanelOf(r)
			return b.exec(`INSERT INTO panels (access_point_id, room, cabinet, panel, rule) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (access_point_id, room, cabinet, panel) DO UPDATE SET rule = excluded.rule`, v.AccessPoint, v.Room, v.Cabinet, v.Panel, v.Rule)
		},
		drop: func(b *bulk, p inventory.Present) error {
			v := inventory.PanelOf(p.Row)
			return b.exec("DELETE FROM panels WHERE access_point_id = ? AND room = ? AND cabinet = ? AND panel = ?", v.AccessPoint, v.Room, v.Cabinet, v.Panel)
		},
	},
	{
		kind: inventory.Device,
		query: "SELECT " + deviceColumns + `, COALESCE((SELECT MIN(l.no) FROM ports p JOIN loas l ON l.connection_id = p.connection_id
			WHERE p.device_id = devices.id AND p.connection_id IS NOT NULL AND l.status IN ('issued', 'used')), ''),
			(SELECT COUNT(*) FROM ports p WHERE p.device_id = devices.id AND (p.connection_id IS NOT NULL OR p.left_by <> '')) FROM devices ORDER BY id`,
		scan: func(r scanner) (p inventory.Present, err error) {
			var held int
			v, err := scanDevice(withMore{r, []any{&p.Letter, &held}})
			if p.Row = inventory.OfDevice(v); held == 1 {
				p.Hold = "An interface holds a port of this device."
			} else if held > 1 {
				p.Hold = "Interfaces hold " + strconv.Itoa(held) + " ports of this device."
			}
			return p, err
		},
		put: func(b *bulk, r inventory.Row) error {
			v := inventory.DeviceOf(r)
			return b.exec(`INSERT INTO devices (id, access_point_id, name, room, cabinet) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET name = excluded.name, room = excluded.room, cabinet = excluded.cabinet`, v.ID, v.AccessPoint, v.Name, v.Room, v.Cabinet)
		},
		drop: func(b *bulk, p inventory.Present) error {
			return errors.Join(b.exec("DELETE FROM port_counts WHERE device_id = ?", p.ID()), b.exec("DELETE FROM devices WHERE id = ?", p.ID()))
		},
	},
	{
		kind: inventory.Port,
		query: "SELECT " + portColumns + `, CASE WHEN connection_id IS NULL THEN '' ELSE COALESCE((SELECT l.no FROM loas l
			WHERE l.connection_id = ports.connection_id AND l.status IN ('issued', 'used') ORDER BY l.version DESC LIMIT 1), '') END FROM ports ORDER BY device_id, number`,
		scan: func(r scanner) (p inventory.Present, err error) {
			var v Port
			err = r.Scan(append(v.columns(), &p.Letter)...)
			why := ""
			if v.State == PortOutOfService {
				if why = v.Reason; why == "" {
					why = sayOutOfService
				}
			}
			p.Row, p.State = inventory.OfPort(v.Port, why), string(v.State)
			switch {
			case v.LeftBy != "":
				p.Hold = "A cable may be in this port since " + v.LeftBy + " left it. Confirm that nothing is in it first."
			case v.State == PortQuarantined:
				p.Hold = "The cable of " + v.ConnectionID + " is still in this port."
			case v.ConnectionID != "":
				p.Hold = "Interface " + v.ConnectionID + " holds this port."
			}
			return p, err
		},
		drop: func(b *bulk, p inventory.Present) error {
			device, state := p.Get("device"), PortState(p.State)
			if err := b.exec("DELETE FROM ports WHERE device_id = ? AND number = ?", device, p.Int("number")); err != nil {
				return err
			}
			b.count(device, p.Get("port_type"), state, -1)
			return b.portEvent(p.ID(), PortDeleted, state, "", Port{Port: inventory.PortOf(p.Row)}.Place())
		},
	},
}

// withMore scans more columns behind those that a scan function knows.
type withMore struct {
	scanner
	more []any
}

// Scan implements scanner.
func (w withMore) Scan(dest ...any) error { return w.scanner.Scan(append(dest, w.more...)...) }

// eachPresent reads the inventory row by row, as the database has it at one
// moment: nothing is kept.
func eachPresent(ctx context.Context, from rowSource, visit func(inventory.Present) error) error {
	apart, err := pairedSites(ctx, from)
	if err != nil {
		return err
	}
	for _, table := range inventoryTables {
		if err := func() error {
			rows, err := from.QueryContext(ctx, table.query)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				p, err := table.scan(rows)
				if err != nil {
					return fmt.Errorf("%s: %w", table.kind, err)
				}
				if p.Kind == inventory.AccessPoint {
					p.Apart = apart[p.ID()]
				}
				if err := visit(p); err != nil {
					return err
				}
			}
			return rows.Err()
		}(); err != nil {
			return err
		}
	}
	return nil
}

// pairedSites are, for each access point, the others where living interfaces
// are that are redundant with interfaces there.
func pairedSites(ctx context.Context, from rowSource) (map[string][]string, error) {
	rows, err := from.QueryContext(ctx, `SELECT DISTINCT a.access_point_id, b.access_point_id FROM connections a JOIN connections b ON b.account_id = a.account_id AND b.id = a.redundant_id
		WHERE a.redundant_id <> '' AND a.turn <> 'closed' AND b.turn <> 'closed' AND a.access_point_id <> b.access_point_id ORDER BY 1, 2`)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	_, err = collect(rows, func(r scanner) (v struct{}, err error) {
		var a, b string
		err = r.Scan(&a, &b)
		out[a], out[b] = append(out[a], b), append(out[b], a)
		return v, err
	})
	return out, err
}

// ExportInventory writes the whole inventory as CSV, row by row as it was at
// one moment. The order is stable: by kind, then by ID, ports by their number.
// Kinds: Forbidden.
func (s *Store) ExportInventory(ctx context.Context, by Actor, out io.Writer) error {
	if !lifecycle.May(lifecycle.SeeInventory, by.Role) {
		return forbidden("Only an administrator or an auditor can do this.")
	}
	w := inventory.NewWriter(out)
	err := s.snapshot(ctx, func(tx *sql.Tx) error {
		return eachPresent(ctx, tx, func(p inventory.Present) error { return w.Write(p.Row) })
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

// snapshot runs f in a read transaction: all its statements see one moment.
func (s *Store) snapshot(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback() // it wrote nothing
	return translate(f(tx))
}

// PlanInventory says what an import of the file would do now, and does nothing.
// It reads the file once, with memory for its rows and no more; see the limits
// of package inventory. progress, which may be nil, is told how many rows and
// bytes were read. Kinds: Forbidden.
func (s *Store) PlanInventory(ctx context.Context, by Actor, mode inventory.Mode, file io.Reader, progress func(rows int, bytes int64)) (*inventory.Plan, error) {
	if by.Role != lifecycle.Administrator {
		return nil, forbidden(msgAdminOnly)
	}
	f, err := inventory.Read(file, progress)
	if err != nil {
		return nil, err
	}
	var plan *inventory.Plan
	err = s.snapshot(ctx, func(tx *sql.Tx) (err error) {
		if f.Calendars, err = calendarIDs(ctx, tx); err != nil {
			return err
		}
		plan, err = f.Plan(mode, func(visit func(inventory.Present) error) error { return eachPresent(ctx, tx, visit) })
		return err
	})
	return plan, err
}

// msgOtherPlan is what a person reads whose dry run is out of date.
const msgOtherPlan = "The inventory changed after the dry run. Nothing was imported."

// ApplyInventory imports the file in one transaction: all of it or nothing.
// hash is that of the plan that the person agreed to; the import must still do
// exactly that to exactly that inventory. The file is read before the
// transaction begins, and the transaction holds nothing but the comparison with
// the present and the writes. progress, which may be nil, is told how many of
// the writes are done. Kinds: Invalid when the plan refuses a line, Conflict
// when the inventory is another one, Forbidden.
func (s *Store) ApplyInventory(ctx context.Context, by Actor, mode inventory.Mode, file io.Reader, hash string, progress func(done, total int)) (inventory.Counts, error) {
	if by.Role != lifecycle.Administrator {
		return inventory.Counts{}, forbidden(msgAdminOnly)
	}
	f, err := inventory.Read(file, nil)
	if err != nil {
		return inventory.Counts{}, err
	}
	var counts inventory.Counts
	err = s.inTx(ctx, by, func(t *tx) (err error) {
		if f.Calendars, err = calendarIDs(t.ctx, t.Tx); err != nil {
			return err
		}
		plan, err := f.Plan(mode, func(visit func(inventory.Present) error) error { return eachPresent(t.ctx, t.Tx, visit) })
		if err != nil {
			return err
		}
		if plan.Total.Refused > 0 {
			return &Error{Kind: Invalid, Msg: "The file has refused lines. Nothing was imported.", Fields: map[string]string{"file": "Correct the refused lines, then upload the file again"}}
		}
		if plan.Hash != hash {
			return conflictf("%s", msgOtherPlan)
		}
		counts = plan.Total
		if !counts.Does() {
			return nil
		}
		// The plan refuses what puts a pair closer together; what puts one further
		// apart is told here.
		if err := t.watchSites("", renamedSites(plan), func() error { return t.applyPlan(plan, progress) }); err != nil {
			return err
		}
		t.after(t.replaceCatalogue)
		return t.event("catalogue", "", "import_inventory", "", "", "", planWords(plan))
	})
	return counts, err
}

// renamedSites are the access points whose facility gets another name or
// address.
func renamedSites(p *inventory.Plan) []string {
	var out []string
	for _, c := range p.Change {
		if c.Is.Kind == inventory.AccessPoint && (c.Was.Get("facility_name") != c.Is.Get("facility_name") || c.Was.Get("address") != c.Is.Get("address")) {
			out = append(out, c.Is.ID())
		}
	}
	return out
}

// planWords is what an import did, in one line for the audit log.
func planWords(p *inventory.Plan) string {
	out := []string{p.Mode.Label()}
	for _, k := range inventory.Kinds() {
		c := p.Kinds[k]
		for _, part := range []struct {
			n    int
			word string
		}{{c.Added, "added"}, {c.Changed, "changed"}, {c.Removed, "removed"}} {
			if part.n > 0 {
				out = append(out, countWords(part.n, k.Words())+" "+part.word)
			}
		}
	}
	return strings.Join(out, "; ")
}

// bulk is a run of many writes: each statement is prepared once, and ports are
// counted together at the end.
type bulk struct {
	t      *tx
	stmts  map[string]*sql.Stmt
	counts map[countKey]int
	gone   map[string]bool // devices that are removed: they have no counters
	again  bool            // ports were deleted before: one that is added may have a history
}

type countKey struct {
	device string
	kind   catalog.PortType
	state  PortState
}

func (b *bulk) prepared(query string) (*sql.Stmt, error) {
	if st := b.stmts[query]; st != nil {
		return st, nil
	}
	st, err := b.t.PrepareContext(b.t.ctx, query)
	if err == nil {
		b.stmts[query] = st
	}
	return st, err
}

func (b *bulk) exec(query string, args ...any) error {
	st, err := b.prepared(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(b.t.ctx, args...)
	return err
}

func (b *bulk) close() {
	for _, st := range b.stmts {
		st.Close()
	}
}

// count notes a change of the number of ports.
func (b *bulk) count(device, kind string, state PortState, by int) {
	b.counts[countKey{device, catalog.PortType(kind), state}] += by
}

// portEvent is tx.portEvent with a statement that is prepared once.
func (b *bulk) portEvent(id, action string, from, to PortState, detail string) error {
	t := b.t
	args, err := t.newEvent(PortSubject(id), "", action, string(from), string(to), "Import of the inventory", detail)
	if err != nil {
		return err
	}
	return b.exec(insertEvent, args...)
}

// mayReturn notes whether any port was ever deleted.
func (b *bulk) mayReturn() error {
	return b.t.row("SELECT EXISTS (SELECT 1 FROM events WHERE action = ?)", PortDeleted).Scan(&b.again)
}

// progressStep is after how many writes progress is told.
const progressStep = 500

// applyPlan carries the plan out: what goes, children first, then what comes
// and what changes, parents first.
func (t *tx) applyPlan(p *inventory.Plan, progress func(done, total int)) error {
	b := &bulk{t: t, stmts: map[string]*sql.Stmt{}, counts: map[countKey]int{}, gone: map[string]bool{}}
	defer b.close()
	tables := map[inventory.Kind]inventoryTable{}
	for _, table := range inventoryTables {
		tables[table.kind] = table
	}
	done, total := 0, p.Total.Added+p.Total.Changed+p.Total.Removed
	step := func(err error) error {
		if done++; err == nil && progress != nil && (done%progressStep == 0 || done == total) {
			progress(done, total)
		}
		return err
	}
	left := map[string]bool{} // access points that are removed
	for _, r := range p.Remove {
		switch r.Kind {
		case inventory.Device:
			b.gone[r.ID()] = true
		case inventory.AccessPoint:
			left[r.ID()] = true
		}
	}
	for _, r := range p.Remove {
		if r.Kind == inventory.Device && !left[r.Get("access_point")] {
			// Its counters go with it; the access point's history of capacity
			// must know.
			for key := range b.counts {
				if key.device == r.ID() {
					if err := t.capacityChanged(key.device, key.kind); err != nil {
						return err
					}
				}
			}
		}
		if err := step(tables[r.Kind].drop(b, r)); err != nil {
			return fmt.Errorf("remove %s %s: %w", r.Kind, r.ID(), err)
		}
	}
	// A number that two ports exchange would be taken for a moment.
	for _, c := range p.Change {
		if c.Is.Kind == inventory.Port && c.Was.Get("number") != c.Is.Get("number") {
			if err := b.exec("UPDATE ports SET number = -number WHERE device_id = ? AND number = ?", c.Was.Get("device"), c.Was.Int("number")); err != nil {
				return err
			}
		}
	}
	if err := b.mayReturn(); err != nil {
		return err
	}
	for _, table := range inventoryTables {
		for _, c := range p.Change {
			if c.Is.Kind != table.kind {
				continue
			}
			put := table.put
			if table.kind == inventory.Port {
				put = func(b *bulk, _ inventory.Row) error { return b.changePort(c) }
			}
			if err := step(put(b, c.Is)); err != nil {
				return fmt.Errorf("change %s %s: %w", c.Is.Kind, c.Is.ID(), err)
			}
		}
		for _, r := range p.Add {
			if r.Kind != table.kind {
				continue
			}
			put := table.put
			if table.kind == inventory.Port {
				put = (*bulk).addPort
			}
			if err := step(put(b, r)); err != nil {
				return fmt.Errorf("add %s %s: %w", r.Kind, r.ID(), err)
			}
		}
	}
	for key, n := range b.counts {
		if n == 0 || b.gone[key.device] {
			continue
		}
		if err := t.countPorts(key.device, key.kind, key.state, n); err != nil {
			return err
		}
	}
	return nil
}

// importedState is the state of a port that nobody holds, by what the file says.
func importedState(r inventory.Row) (state PortState, reason string) {
	if reason = r.Get("out_of_service"); reason != "" {
		return PortOutOfService, reason
	}
	return PortFree, ""
}

func (b *bulk) addPort(r inventory.Row) error {
	v := inventory.PortOf(r)
	state, reason := importedState(r)
	if err := b.exec(`INSERT INTO ports (device_id, number, id, name, port_type, room, cabinet, panel, position, connector, polish, fibers, side, state, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.Device, v.Number, v.ID, v.Name, string(v.Type), v.Room, v.Cabinet, v.Panel, v.Position, v.Connector, v.Polish, v.Fibers, v.Side, string(state), reason); err != nil {
		return err
	}
	b.count(v.Device, string(v.Type), state, +1)
	if !b.again {
		return nil
	}
	// A port that was deleted and comes back goes on with its history.
	var known bool
	st, err := b.prepared("SELECT EXISTS (SELECT 1 FROM events WHERE subject = ?)")
	if err != nil {
		return err
	}
	if err := st.QueryRowContext(b.t.ctx, PortSubject(v.ID)).Scan(&known); err != nil || !known {
		return err
	}
	return b.portEvent(v.ID, PortAdded, "", state, Port{Port: v}.Place())
}

// changePort changes what is said about a port. A port that an interface holds
// keeps its state; one that nobody holds is in service or not, as the file says.
func (b *bulk) changePort(c inventory.Change) error {
	v := inventory.PortOf(c.Is)
	was, wasNumber := PortState(c.Was.State), c.Was.Int("number")
	if wasNumber != v.Number {
		wasNumber = -wasNumber
	}
	state, reason := importedState(c.Is)
	if c.Was.Hold != "" {
		state = was
	}
	if err := b.exec(`UPDATE ports SET number = ?, name = ?, port_type = ?, room = ?, cabinet = ?, panel = ?, position = ?, connector = ?, polish = ?, fibers = ?, side = ?, state = ?, reason = ?, version = version + 1
		WHERE device_id = ? AND number = ?`,
		v.Number, v.Name, string(v.Type), v.Room, v.Cabinet, v.Panel, v.Position, v.Connector, v.Polish, v.Fibers, v.Side, string(state), reason, v.Device, wasNumber); err != nil {
		return err
	}
	b.count(v.Device, c.Was.Get("port_type"), was, -1)
	b.count(v.Device, string(v.Type), state, +1)
	if state != was {
		return b.portEvent(v.ID, portAction(was, state), was, state, reason)
	}
	return b.portEvent(v.ID, PortEdited, was, state, inventory.Differences(c.Was.Row, c.Is))
}
