package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"demarc/store/lifecycle"
)

// ReportDelivery sends the customer's statement that the line is in. Kinds:
// Invalid (fields line_code, label-N, labels, contact), NotFound, Conflict,
// Forbidden.
func (s *Store) ReportDelivery(ctx context.Context, by Actor, id string, rev int, in NewDeliveryReport) error {
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		_, err := t.apply(change{action: lifecycle.ReportDelivery, id: id, rev: rev, detail: "Leased line code " + in.LineCode, rows: func(t *tx, c *Connection) error {
			bad := in.check()
			if err := t.checkLabels(c, in.Labels, bad); err != nil {
				return err
			}
			if err := invalidFields(bad); err != nil {
				return err
			}
			var version int
			if err := t.row("SELECT COALESCE(MAX(version), 0) + 1 FROM delivery_reports WHERE connection_id = ?", c.ID).Scan(&version); err != nil {
				return err
			}
			if _, err := t.exec("INSERT INTO delivery_reports (connection_id, version, status, line_code, contact, submitted_at, submitted_by) VALUES (?, ?, 'open', ?, ?, ?, ?)",
				c.ID, version, in.LineCode, in.Contact, at(t.now), by.Name); err != nil {
				return err
			}
			for i, label := range in.Labels {
				if _, err := t.exec("INSERT INTO cable_labels (connection_id, version, n, label, access_point_id, live) VALUES (?, ?, ?, ?, ?, 1)", c.ID, version, i+1, label, c.AccessPointID); err != nil {
					return err
				}
			}
			c.LineCode = in.LineCode
			return nil
		}})
		return id, err
	})
	return err
}

// checkLabels looks for labels that another report at the site has already.
// The other interface is named only to its own account.
func (t *tx) checkLabels(c *Connection, labels []string, bad map[string]string) error {
	for i, label := range labels {
		var other, account string
		err := t.row(`SELECT c.id, c.account_id FROM cable_labels l JOIN connections c ON c.id = l.connection_id
			WHERE l.access_point_id = ? AND l.label = ? AND l.live = 1 AND l.connection_id <> ?`, c.AccessPointID, label, c.ID).Scan(&other, &account)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if account != c.AccountID {
			other = "another interface"
		}
		if bad[LabelField(i)] == "" {
			bad[LabelField(i)] = "Label " + label + " is already in the report of " + other
		}
	}
	return nil
}

// ProblemKinds lists what a technician can report, by key.
func ProblemKinds() []string { return []string{"label_not_found", "wrong_port", "no_light", "other"} }

// ProblemLabel is a kind of problem in words.
func ProblemLabel(kind string) string {
	switch kind {
	case "label_not_found":
		return "Label not found"
	case "wrong_port":
		return "Cable at the wrong position"
	case "no_light":
		return "No light or no link"
	}
	return "Other"
}

// ReturnReport sends a delivery report back with what the technician found.
// Kinds: Invalid (fields kind, reason), NotFound, Conflict, Forbidden.
func (s *Store) ReturnReport(ctx context.Context, by Actor, id string, rev int, kind, reason string) error {
	bad := map[string]string{}
	if !slices.Contains(ProblemKinds(), kind) {
		bad["kind"] = "Select what is wrong"
	}
	if msg := reasonProblem(reason, 3, 500, "Say what the customer has to correct"); msg != "" {
		bad["reason"] = msg
	}
	if err := invalidFields(bad); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		why := ProblemLabel(kind) + ": " + strings.TrimSpace(reason)
		_, err := t.apply(change{action: lifecycle.ReturnReport, id: id, rev: rev, reason: why, rows: func(t *tx, c *Connection) error {
			c.Problem = why
			if _, err := t.exec("UPDATE delivery_reports SET status = 'returned', reason = ?, problem_kind = ? WHERE connection_id = ? AND status = 'open'", strings.TrimSpace(reason), kind, c.ID); err != nil {
				return err
			}
			_, err := t.exec("UPDATE cable_labels SET live = 0 WHERE connection_id = ? AND live = 1", c.ID)
			return err
		}})
		return id, err
	})
	return err
}

// Cabling is what a technician found and did.
type Cabling struct {
	LabelFound string
	Light      string // dBm with one decimal, for an optical port
	// The steps of the job, each of which has to be done.
	Found, Connected, LinkUp bool
}

// CompleteCabling records that the cable is patched to the interface's port.
// The letter is used up from then on. Kinds: Invalid (fields found, connected,
// link_up, label_found, light), NotFound, Conflict, Forbidden.
func (s *Store) CompleteCabling(ctx context.Context, by Actor, id string, rev int, in Cabling) error {
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		before, err := t.connection(id)
		if err != nil {
			return "", err
		}
		late, why, err := t.lateCredit(*before)
		if err != nil {
			return "", err
		}
		detail := "Label as found " + in.LabelFound
		if why != "" {
			detail += ". " + late.String() + " credited on the first resource fee: " + why
		}
		_, err = t.apply(change{action: lifecycle.CompleteCabling, id: id, rev: rev, detail: detail, rows: func(t *tx, c *Connection) error {
			c.LateCredit, c.LateReason = late, why
			port, err := t.portOf(c.ID)
			if err != nil {
				return err
			}
			if port == nil {
				return fmt.Errorf("cabling of %s: it holds no port", c.ID)
			}
			labels, err := t.liveLabels(c.ID)
			if err != nil {
				return err
			}
			bad := map[string]string{}
			for _, step := range []struct {
				field, what string
				done        bool
			}{{"found", "the cable is found", in.Found}, {"connected", "the cable is connected", in.Connected}, {"link_up", "the link is up", in.LinkUp}} {
				if !step.done {
					bad[step.field] = "Tick that " + step.what + ", or report a problem"
				}
			}
			if in.LabelFound == "" {
				bad["label_found"] = "Enter the label as it is on the cable"
			} else if !slices.ContainsFunc(labels, func(l string) bool { return strings.EqualFold(l, in.LabelFound) }) {
				bad["label_found"] = "The report names " + strings.Join(labels, ", ") + ". Check the cable, or report a problem."
			}
			light, msg := parseLight(in.Light, port.Type.Info().Optical)
			if msg != "" {
				bad["light"] = msg
			}
			if err := invalidFields(bad); err != nil {
				return err
			}
			var dbm any
			if light != nil {
				dbm = *light
			}
			if _, err := t.exec("UPDATE delivery_reports SET status = 'completed', completed_at = ?, completed_by = ?, port_id = ?, label_found = ?, light_dbm10 = ? WHERE connection_id = ? AND status = 'open'",
				at(t.now), by.Name, port.ID, in.LabelFound, dbm, c.ID); err != nil {
				return err
			}
			if err := t.endLetter(c.ID, "used", ""); err != nil {
				return err
			}
			return t.setPort(*port, PortInUse, c.ID, "")
		}})
		return id, err
	})
	return err
}

// parseLight reads a light level in dBm into tenths. A copper port has none.
func parseLight(s string, optical bool) (*int, string) {
	if !optical {
		return nil, ""
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, ",", "."), "−", "-")
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < -40 || f > 10 {
		return nil, "Enter the light level in dBm, from -40 to 10, for example -7.2"
	}
	n := int(math.Round(f * 10))
	return &n, ""
}

func (t *tx) liveLabels(id string) ([]string, error) {
	rows, err := t.query("SELECT label FROM cable_labels WHERE connection_id = ? AND live = 1 ORDER BY version, n", id)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r scanner) (l string, err error) { return l, r.Scan(&l) })
}
