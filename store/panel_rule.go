package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"demarc/store/lifecycle"
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
	s.revisions.raise(touched{everybody: true})
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

// PanelPort is a port of a panel with its position.
type PanelPort struct{ ID, Name, Device, Position string }

// PanelAt is a panel of an access point with what is on it.
type PanelAt struct {
	PanelPlace
	Rule  panel.Rule
	Ports []PanelPort // in the order of devices and of their ports
}

// Panels lists the panels of an access point on which any port is handed over,
// by room, cabinet and name.
func (s *Store) Panels(ctx context.Context, accessPoint string) ([]PanelAt, error) {
	var out []PanelAt
	for _, d := range s.Catalogue().Devices(accessPoint) {
		ports, err := s.Ports(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		out = onPanels(out, accessPoint, ports, s.PanelRule)
	}
	slices.SortStableFunc(out, func(a, b PanelAt) int {
		return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.Cabinet, b.Cabinet), cmp.Compare(a.Panel, b.Panel))
	})
	return out, nil
}

func onPanels(out []PanelAt, accessPoint string, ports []Port, rule func(PanelPlace) panel.Rule) []PanelAt {
	for _, p := range ports {
		place := PanelPlace{accessPoint, p.Room, p.Cabinet, p.Panel}
		i := slices.IndexFunc(out, func(a PanelAt) bool { return a.PanelPlace == place })
		if i < 0 {
			i = len(out)
			out = append(out, PanelAt{PanelPlace: place, Rule: rule(place)})
		}
		out[i].Ports = append(out[i].Ports, PanelPort{p.ID, p.Name, p.Device, p.Position})
	}
	return out
}

// RuleProblem says why a rule cannot name the positions of a panel: it fits
// none of them, or it gives two of them one name. "" when it can.
func RuleProblem(rule panel.Rule, ports []PanelPort) string {
	if rule.IsZero() {
		return ""
	}
	named, why := map[string]string{}, ""
	for _, p := range ports {
		name, err := rule.Format(p.Position)
		if err != nil {
			if why == "" {
				why = err.Error()
			}
			continue
		}
		if other, taken := named[name]; taken && other != p.Position {
			return "Positions " + other + " and " + p.Position + " would both be called " + name
		}
		named[name] = p.Position
	}
	if len(named) == 0 {
		return "The rule fits no position of this panel: " + why
	}
	return ""
}

// PanelRev names what the rule of a panel says now, for a form that changes it.
func PanelRev(rule panel.Rule) int { return textRev(rule.String()) }

// SetPanelRule sets how a facility names the positions of a panel; "" goes back
// to our own form. Letters that are issued keep their words. rev is PanelRev of
// what the person saw, 0 when the form carries none. Kinds: Invalid (field
// rule), NotFound, Conflict, Forbidden.
func (s *Store) SetPanelRule(ctx context.Context, by Actor, place PanelPlace, rev int, source string) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	rule, err := panel.Parse(source)
	if err != nil {
		return invalid("rule", err.Error())
	}
	_, err = s.once(ctx, by, func(t *tx) (string, error) {
		ap, err := t.accessPoint(place.AccessPoint)
		if err != nil {
			return "", err
		}
		ports, err := t.portsOn(place)
		if err != nil {
			return "", err
		}
		if len(ports) == 0 {
			return "", &Error{Kind: NotFound, Msg: "This panel does not exist."}
		}
		was := ""
		err = t.row("SELECT rule FROM panels WHERE access_point_id = ? AND room = ? AND cabinet = ? AND panel = ?", place.AccessPoint, place.Room, place.Cabinet, place.Panel).Scan(&was)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", err
		}
		if rev != 0 && rev != textRev(was) {
			return "", conflictf("The rule of %s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", place.Panel)
		}
		if was == rule.String() {
			return ap.ID, nil
		}
		if msg := RuleProblem(rule, ports); msg != "" {
			return "", invalid("rule", msg)
		}
		if rule.IsZero() {
			_, err = t.exec("DELETE FROM panels WHERE access_point_id = ? AND room = ? AND cabinet = ? AND panel = ?", place.AccessPoint, place.Room, place.Cabinet, place.Panel)
		} else {
			err = t.putPanelRule(place, rule)
		}
		if err != nil {
			return "", err
		}
		t.after(t.replaceCatalogue)
		detail := fmt.Sprintf("%s, %s, cabinet %s: %s → %s", place.Panel, place.Room, place.Cabinet, orNothing(was), orNothing(rule.String()))
		return ap.ID, t.event(AccessPointSubject(ap.ID), "", "name_positions", "", "", "", detail)
	})
	return err
}

func (t *tx) putPanelRule(p PanelPlace, rule panel.Rule) error {
	_, err := t.exec(`INSERT INTO panels (access_point_id, room, cabinet, panel, rule) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (access_point_id, room, cabinet, panel) DO UPDATE SET rule = excluded.rule`, p.AccessPoint, p.Room, p.Cabinet, p.Panel, rule.String())
	return err
}

func (t *tx) portsOn(p PanelPlace) ([]PanelPort, error) {
	rows, err := t.query("SELECT p.id, p.name, p.device_id, p.position FROM ports p JOIN devices d ON d.id = p.device_id WHERE d.access_point_id = ? AND p.room = ? AND p.cabinet = ? AND p.panel = ? ORDER BY p.device_id, p.number",
		p.AccessPoint, p.Room, p.Cabinet, p.Panel)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r scanner) (v PanelPort, err error) { return v, r.Scan(&v.ID, &v.Name, &v.Device, &v.Position) })
}
