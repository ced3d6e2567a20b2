package store

import (
	"context"
	"encoding/json"

	"demarc/store/catalog"
	"demarc/store/pricing"
)

// Catalogue is the snapshot of regions, access points and devices. It is
// immutable; a change of the catalogue replaces it.
func (s *Store) Catalogue() *catalog.Catalogue { return s.catalogue.Load() }

// seedCatalogue fills an empty database with the shipped regions and access
// points. Devices and ports are never shipped: they are the operator's own.
func (s *Store) seedCatalogue(ctx context.Context) error {
	return s.inTx(ctx, systemActor(), func(t *tx) error {
		var n int
		if err := t.row("SELECT COUNT(*) FROM regions").Scan(&n); err != nil || n > 0 {
			return err
		}
		regions, aps := catalog.Shipped()
		for _, r := range regions {
			if err := t.putRegion(r); err != nil {
				return err
			}
		}
		for _, ap := range aps {
			if err := t.putAccessPoint(ap); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) putAccessPoint(ap catalog.AccessPoint) error {
	offers, err := json.Marshal(ap.Offers)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO access_points (id, region, name, run_by, status, offers, facility_name, address, loa_days, visitor_gender, visitor_id_type, visitor_id, installer_notes, demo)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, run_by = excluded.run_by, status = excluded.status, offers = excluded.offers,
			facility_name = excluded.facility_name, address = excluded.address, loa_days = excluded.loa_days, visitor_gender = excluded.visitor_gender,
			visitor_id_type = excluded.visitor_id_type, visitor_id = excluded.visitor_id, installer_notes = excluded.installer_notes, demo = excluded.demo`,
		ap.ID, ap.Region, ap.Name, ap.RunBy, ap.Status, string(offers), ap.FacilityName, ap.Address, ap.LOADays,
		ap.Visitor.Gender, ap.Visitor.IDType, ap.Visitor.IDNumber, ap.InstallerNotes, ap.Demo)
	return err
}

const (
	accessPointColumns = `id, region, name, run_by, status, offers, facility_name, address, loa_days, visitor_gender, visitor_id_type, visitor_id, installer_notes, demo`
	deviceColumns      = "id, access_point_id, name, room, cabinet"
)

func scanAccessPoint(r scanner) (v catalog.AccessPoint, err error) {
	var offers string
	if err = r.Scan(&v.ID, &v.Region, &v.Name, &v.RunBy, &v.Status, &offers, &v.FacilityName, &v.Address, &v.LOADays,
		&v.Visitor.Gender, &v.Visitor.IDType, &v.Visitor.IDNumber, &v.InstallerNotes, &v.Demo); err == nil {
		err = json.Unmarshal([]byte(offers), &v.Offers)
	}
	return v, err
}

func scanDevice(r scanner) (v catalog.Device, err error) {
	return v, r.Scan(&v.ID, &v.AccessPoint, &v.Name, &v.Room, &v.Cabinet)
}

// loadCatalogue reads the snapshot anew. One at a time: whoever comes last has
// read everything that was written before.
func (s *Store) loadCatalogue(ctx context.Context) error {
	s.catalogueMu.Lock()
	defer s.catalogueMu.Unlock()
	regions, err := list(ctx, s, scanRegion, "SELECT "+regionColumns+" FROM regions")
	if err != nil {
		return err
	}
	aps, err := list(ctx, s, scanAccessPoint, "SELECT "+accessPointColumns+" FROM access_points")
	if err != nil {
		return err
	}
	devices, err := list(ctx, s, scanDevice, "SELECT "+deviceColumns+" FROM devices")
	if err != nil {
		return err
	}
	c, err := catalog.New(regions, aps, devices)
	if err != nil {
		return err
	}
	if err := s.loadPanels(ctx); err != nil {
		return err
	}
	s.catalogue.Store(c)
	s.revisions.raise(touched{everybody: true})
	return nil
}

// LoadInventory adds access devices and ports to access points that exist, and
// takes over what aps says about the facilities. One transaction: all or
// nothing. Kinds: Invalid when something of the same ID is there already.
func (s *Store) LoadInventory(ctx context.Context, by Actor, aps []catalog.AccessPoint, devices []catalog.Device, ports []catalog.Port) error {
	err := s.inTx(ctx, by, func(t *tx) error {
		for _, ap := range aps {
			if err := t.putAccessPoint(ap); err != nil {
				return err
			}
		}
		if err := t.insertInventory(devices, ports); err != nil {
			return err
		}
		return t.event("catalogue", "", "load_inventory", "", "", "", "")
	})
	if err != nil {
		return err
	}
	return s.loadCatalogue(ctx)
}

// insertInventory adds devices and free ports, and counts the ports.
func (t *tx) insertInventory(devices []catalog.Device, ports []catalog.Port) error {
	for _, d := range devices {
		if _, err := t.exec("INSERT INTO devices (id, access_point_id, name, room, cabinet) VALUES (?, ?, ?, ?, ?)", d.ID, d.AccessPoint, d.Name, d.Room, d.Cabinet); err != nil {
			if isUnique(err) {
				return invalid("device", "Device "+d.ID+" exists already.")
			}
			return err
		}
	}
	insert, err := t.PrepareContext(t.ctx, `INSERT INTO ports (device_id, number, id, name, port_type, room, cabinet, panel, position, connector, polish, fibers, side) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	known, err := t.PrepareContext(t.ctx, "SELECT COUNT(*) FROM events WHERE subject = ?")
	if err != nil {
		return err
	}
	defer known.Close()
	type key struct {
		device string
		kind   catalog.PortType
	}
	counts := map[key]int{}
	for _, p := range ports {
		if _, err := insert.ExecContext(t.ctx, p.Device, p.Number, p.ID, p.Name, p.Type, p.Room, p.Cabinet, p.Panel, p.Position, p.Connector, p.Polish, p.Fibers, p.Side); err != nil {
			if isUnique(err) {
				return invalid("port", "Port "+p.ID+" exists already.")
			}
			return err
		}
		counts[key{p.Device, p.Type}]++
		// A port that was deleted and comes back goes on with its history.
		var before int
		if err := known.QueryRowContext(t.ctx, PortSubject(p.ID)).Scan(&before); err != nil {
			return err
		}
		if before > 0 {
			if err := t.portEvent(p.ID, PortAdded, "", PortFree, "", Port{Port: p}.Place()); err != nil {
				return err
			}
		}
	}
	for k, n := range counts {
		if err := t.countPorts(k.device, k.kind, PortFree, n); err != nil {
			return err
		}
	}
	return nil
}

// Quote is what an interface of this specification costs in the region, by the
// price book in force now. Kinds: Invalid when there is no price.
func (s *Store) Quote(region string, spec catalog.Spec) (pricing.Quote, error) {
	r, ok := s.Catalogue().Region(region)
	if !ok {
		return pricing.Quote{}, invalid("region", "Select a Region")
	}
	group := pricing.Outside
	if r.Mainland {
		group = pricing.Mainland
	}
	book, err := pricing.At(s.books(), s.Now())
	if err == nil {
		var q pricing.Quote
		if q, err = book.Quote(group, string(spec)); err == nil {
			return q, nil
		}
	}
	return pricing.Quote{}, &Error{Kind: Invalid, Msg: "There is no price for this choice yet.", Fields: map[string]string{"spec": "There is no price for this choice yet. Select another Port Specification."}, Err: err}
}
