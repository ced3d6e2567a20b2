package store

import (
	"context"
	"database/sql"
	"strings"
)

// Papers is what was written about an interface: the newest of each kind, nil
// where there is none.
type Papers struct {
	Application *LOAApplication // without its field engineers
	Letter      *LOA            // without the fingerprint of its document
	Report      *DeliveryReport
	Port        *Port // that the interface has
}

// Papers reads what was written about an interface, or about a pair of them, in
// their order: a statement for each kind of paper that one of them can have by
// now. The caller has checked that the actor may see them.
func (s *Store) Papers(ctx context.Context, items ...Connection) ([]Papers, error) {
	out := make([]Papers, len(items))
	of := func(id string) *Papers {
		for i := range items {
			if items[i].ID == id {
				return &out[i]
			}
		}
		return new(Papers)
	}
	for _, kind := range []struct {
		can  func(c *Connection) bool
		read func(marks string, ids []any) error
	}{
		{func(c *Connection) bool { return !c.ScheduledAt.IsZero() }, func(marks string, ids []any) error {
			all, err := list(ctx, s, scanApplication, "SELECT "+applicationColumns+" FROM loa_applications a WHERE connection_id IN ("+marks+
				") AND version = (SELECT MAX(n.version) FROM loa_applications n WHERE n.connection_id = a.connection_id)", ids...)
			for i := range all {
				of(all[i].ConnectionID).Application = &all[i]
			}
			return err
		}},
		{func(c *Connection) bool { return c.LOANo != "" }, func(marks string, ids []any) error {
			// The fingerprint stands behind the document, which would be read to get there.
			all, err := list(ctx, s, scanLOA, "SELECT "+loaFacts+", '' FROM loas l WHERE connection_id IN ("+marks+
				") AND version = (SELECT MAX(n.version) FROM loas n WHERE n.connection_id = l.connection_id)", ids...)
			for i := range all {
				of(all[i].ConnectionID).Letter = &all[i]
			}
			return err
		}},
		{func(c *Connection) bool { return c.LineCode != "" }, func(marks string, ids []any) error {
			all, err := s.newestReports(ctx, marks, ids)
			for i := range all {
				of(all[i].ConnectionID).Report = &all[i]
			}
			return err
		}},
		{func(c *Connection) bool { return c.Stage.PastPayment() }, func(marks string, ids []any) error {
			all, err := list(ctx, s, scanPort, "SELECT "+portColumns+" FROM ports WHERE connection_id IN ("+marks+")", ids...)
			for i := range all {
				of(all[i].ConnectionID).Port = &all[i]
			}
			return err
		}},
	} {
		var ids []any
		for i := range items {
			if kind.can(&items[i]) {
				ids = append(ids, items[i].ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		if err := kind.read(strings.Repeat(", ?", len(ids))[len(", "):], ids); err != nil {
			return nil, err
		}
	}
	return out, nil
}

const reportColumns = "r.connection_id, r.version, r.status, r.line_code, r.contact, r.submitted_at, r.submitted_by, r.reason, r.problem_kind, r.completed_at, r.completed_by, r.port_id, r.label_found, r.light_dbm10"

// newestReports are the newest delivery reports of interfaces with the labels
// of their cables, in one statement.
func (s *Store) newestReports(ctx context.Context, marks string, ids []any) ([]DeliveryReport, error) {
	var out []DeliveryReport
	_, err := list(ctx, s, func(r scanner) (none struct{}, err error) {
		var v DeliveryReport
		var light sql.NullInt64
		var label sql.NullString
		err = r.Scan(&v.ConnectionID, &v.Version, &v.Status, &v.LineCode, &v.Contact, intoTime{&v.SubmittedAt}, &v.SubmittedBy, &v.Reason, &v.ProblemKind, intoTime{&v.CompletedAt}, &v.CompletedBy, &v.PortID, &v.LabelFound, &light, &label)
		if len(out) == 0 || out[len(out)-1].ConnectionID != v.ConnectionID {
			if light.Valid {
				n := int(light.Int64)
				v.LightDBm10 = &n
			}
			out = append(out, v)
		}
		if last := &out[len(out)-1]; label.Valid {
			last.Labels = append(last.Labels, label.String)
		}
		return none, err
	}, "SELECT "+reportColumns+", l.label FROM delivery_reports r LEFT JOIN cable_labels l ON l.connection_id = r.connection_id AND l.version = r.version WHERE r.connection_id IN ("+marks+
		") AND r.version = (SELECT MAX(n.version) FROM delivery_reports n WHERE n.connection_id = r.connection_id) ORDER BY r.connection_id, r.version, l.n", ids...)
	return out, err
}

// DeliveryReport is the newest report of an interface; nil when there is none.
// The caller has checked that the actor may see the interface.
func (s *Store) DeliveryReport(ctx context.Context, id string) (*DeliveryReport, error) {
	all, err := s.newestReports(ctx, "?", []any{id})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}
