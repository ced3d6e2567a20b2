package store

import (
	"context"
	"database/sql"
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"demarc/store/lifecycle"
)

// Playbook is how the facility of an access point wants to receive a letter.
// Every field may be empty.
type Playbook struct {
	Portal   string // address of a web page
	Email    string
	Phone    string
	LeadTime string // "2 working days before the visit"
	Hours    string // "Mon to Fri, 9:00 to 17:00"
	Words    string // that the message has to contain

	Version   int // row version, 0 when nobody wrote one
	UpdatedAt time.Time
	UpdatedBy string
}

// Empty reports whether the playbook says nothing.
func (p Playbook) Empty() bool {
	return p.Portal+p.Email+p.Phone+p.LeadTime+p.Hours+p.Words == ""
}

const playbookColumns = "portal, email, phone, lead_time, hours, words, version, updated_at, updated_by"

func scanPlaybook(r scanner) (Playbook, error) {
	var p Playbook
	var updated instant
	err := r.Scan(&p.Portal, &p.Email, &p.Phone, &p.LeadTime, &p.Hours, &p.Words, &p.Version, &updated, &p.UpdatedBy)
	p.UpdatedAt = updated.Time
	return p, err
}

// Playbook is the playbook of an access point; an empty one when nobody wrote
// any.
func (s *Store) Playbook(ctx context.Context, accessPoint string) (Playbook, error) {
	all, err := list(ctx, s, scanPlaybook, "SELECT "+playbookColumns+" FROM playbooks WHERE access_point_id = ?", accessPoint)
	if err != nil || len(all) == 0 {
		return Playbook{}, err
	}
	return all[0], nil
}

func (p Playbook) check() map[string]string {
	bad := map[string]string{}
	if p.Portal != "" {
		if u, err := url.Parse(p.Portal); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || runes(p.Portal) > 300 {
			bad["portal"] = "Enter the whole address of the page, for example https://portal.example/letters"
		}
	}
	if p.Email != "" {
		if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email || runes(p.Email) > 254 {
			bad["email"] = "Enter one e-mail address, for example letters@facility.example"
		}
	}
	for _, f := range []struct {
		field, value string
		most         int
	}{{"phone", p.Phone, 64}, {"lead_time", p.LeadTime, 100}, {"hours", p.Hours, 100}, {"words", p.Words, 500}} {
		if msg := reasonProblem(f.value, 0, f.most, ""); msg != "" {
			bad[f.field] = msg
		}
	}
	return bad
}

// SavePlaybook writes how the facility of an access point wants to receive a
// letter. rev is the version that the person saw. Kinds: Invalid (fields portal,
// email, phone, lead_time, hours, words), NotFound, Conflict, Forbidden.
func (s *Store) SavePlaybook(ctx context.Context, by Actor, accessPoint string, rev int, in Playbook) error {
	if !lifecycle.MayDo(lifecycle.Approve, by.Role) {
		return forbidden("Only a reviewer or an administrator changes how a facility receives letters.")
	}
	if err := invalidFields(in.check()); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		ap, err := t.accessPoint(accessPoint)
		if err != nil {
			return "", err
		}
		was, err := scanPlaybook(t.row("SELECT "+playbookColumns+" FROM playbooks WHERE access_point_id = ?", accessPoint))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", err
		}
		if rev != was.Version {
			return "", conflictf("The playbook of %s was changed a moment ago. Check what it says now, then try again. Nothing was changed.", ap.Name)
		}
		var changed []string
		for _, f := range []struct{ what, from, to string }{{"portal", was.Portal, in.Portal}, {"e-mail", was.Email, in.Email}, {"phone", was.Phone, in.Phone},
			{"lead time", was.LeadTime, in.LeadTime}, {"hours", was.Hours, in.Hours}, {"required words", was.Words, in.Words}} {
			if f.from != f.to {
				changed = append(changed, f.what)
			}
		}
		if len(changed) == 0 {
			return accessPoint, nil
		}
		if _, err := t.exec(`INSERT INTO playbooks (access_point_id, portal, email, phone, lead_time, hours, words, version, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
			ON CONFLICT (access_point_id) DO UPDATE SET portal = excluded.portal, email = excluded.email, phone = excluded.phone, lead_time = excluded.lead_time, hours = excluded.hours,
			words = excluded.words, version = playbooks.version + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
			accessPoint, in.Portal, in.Email, in.Phone, in.LeadTime, in.Hours, in.Words, at(t.now), by.Name); err != nil {
			return "", err
		}
		// Addresses and phone numbers may belong to a person: the record says what
		// changed, not to what.
		return accessPoint, t.event(AccessPointSubject(accessPoint), "", "edit_playbook", "", "", "", "Changed: "+strings.Join(changed, ", "))
	})
	return err
}
