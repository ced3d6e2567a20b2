package store

import (
	"context"
	"database/sql"
	"errors"

	"demarc/store/panel"
)

// PanelPlace says which panel is meant: two cabinets may each have an ODF 12.
type PanelPlace struct{ AccessPoint, Room, Cabinet, Panel string }

// loadPanels reads the naming rules anew. There is one for a panel at most, so
// they stay in memory, and pages ask the database for none. A rule that is no
// longer understood counts as none: our own form is always right.
func (s *Store) loadPanels(ctx context.Context) error {
	type row struct {
		place PanelPlace
		rule  string
	}
	rows, err := list(ctx, s, func(r scanner) (v row, err error) {
		return v, r.Scan(&v.place.AccessPoint, &v.place.Room, &v.place.Cabinet, &v.place.Panel, &v.rule)
	}, "SELECT access_point_id, room, cabinet, panel, rule FROM panels")
	if err != nil {
		return err
	}
	rules := make(map[PanelPlace]panel.Rule, len(rows))
	for _, r := range rows {
		if rule, err := panel.Parse(r.rule); err == nil {
			rules[r.place] = rule
		}
	}
	s.panels.Store(&rules)
	return nil
}

// PanelRule is the naming rule of a panel, the zero rule when it has none.
func (s *Store) PanelRule(p PanelPlace) panel.Rule {
	if rules := s.panels.Load(); rules != nil {
		return (*rules)[p]
	}
	return panel.Rule{}
}

// PanelPlaceOf is the panel that a port is on.
func (s *Store) PanelPlaceOf(p Port) PanelPlace {
	device, _ := s.Catalogue().Device(p.Device)
	return PanelPlace{device.AccessPoint, p.Room, p.Cabinet, p.Panel}
}

// PositionWords is the position of a port in the facility's words with ours in
// brackets, or ours alone where the panel has no rule or the rule does not fit.
// It asks nothing of the database.
func (s *Store) PositionWords(p Port) string {
	return s.PanelRule(s.PanelPlaceOf(p)).Words(p.Position)
}

// positionWords is PositionWords as of this transaction: letters print it.
func (t *tx) positionWords(p Port) (string, error) {
	var source string
	err := t.row("SELECT n.rule FROM panels n JOIN devices d ON d.access_point_id = n.access_point_id WHERE d.id = ? AND n.room = ? AND n.cabinet = ? AND n.panel = ?",
		p.Device, p.Room, p.Cabinet, p.Panel).Scan(&source)
	if errors.Is(err, sql.ErrNoRows) {
		return p.Position, nil
	}
	if err != nil {
		return "", err
	}
	rule, err := panel.Parse(source)
	if err != nil {
		return p.Position, nil
	}
	return rule.Words(p.Position), nil
}
