package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
)

// whitelisted reports whether the account may order the specification in the
// region now.
func (t *tx) whitelisted(account, region string, spec catalog.Spec) (bool, error) {
	var n int
	err := t.row("SELECT COUNT(*) FROM whitelist_requests WHERE account_id = ? AND port_spec = ? AND region IN ('', ?) AND status = 'granted' AND (until IS NULL OR until > ?)",
		account, spec, region, at(t.now)).Scan(&n)
	return n > 0, err
}

const whitelistColumns = "account_id, id, region, port_spec, reason, ports, status, until, answer, created_at, created_by, decided_at, decided_by"

func scanWhitelist(r scanner) (WhitelistRequest, error) {
	var w WhitelistRequest
	var until, created, decided instant
	err := r.Scan(&w.AccountID, &w.ID, &w.Region, &w.Spec, &w.Reason, &w.Ports, &w.Status, &until, &w.Answer, &created, &w.CreatedBy, &decided, &w.DecidedBy)
	w.Until, w.CreatedAt, w.DecidedAt = until.Time, created.Time, decided.Time
	return w, err
}

// Active reports whether a granted request still counts at t.
func (w WhitelistRequest) Active(t time.Time) bool {
	return w.Status == "granted" && (w.Until.IsZero() || w.Until.After(t))
}

// Whitelist lists an account's requests, newest first.
func (s *Store) Whitelist(ctx context.Context, account string) ([]WhitelistRequest, error) {
	out, err := list(ctx, s, scanWhitelist, "SELECT "+whitelistColumns+" FROM whitelist_requests WHERE account_id = ?", account)
	slices.SortFunc(out, func(a, b WhitelistRequest) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return out, err
}

// Whitelists are the requests of accounts, each account's newest first: one
// statement, whatever their number.
func (s *Store) Whitelists(ctx context.Context, accounts []string) (map[string][]WhitelistRequest, error) {
	out := make(map[string][]WhitelistRequest, len(accounts))
	if len(accounts) == 0 {
		return out, nil
	}
	args := make([]any, 0, len(accounts))
	for _, id := range accounts {
		args = append(args, id)
	}
	marks, args := inList(args)
	all, err := list(ctx, s, scanWhitelist, "SELECT "+whitelistColumns+" FROM whitelist_requests WHERE account_id IN ("+marks+")", args...)
	slices.SortFunc(all, func(a, b WhitelistRequest) int { return b.CreatedAt.Compare(a.CreatedAt) })
	for _, w := range all {
		out[w.AccountID] = append(out[w.AccountID], w)
	}
	return out, err
}

// WhitelistState is what the account's newest word on a specification in a
// region is: the granted request that counts, else the open one, else the last
// answer; nil when nothing was asked.
func WhitelistState(requests []WhitelistRequest, region string, spec catalog.Spec, now time.Time) *WhitelistRequest {
	var open, last *WhitelistRequest
	for i, w := range requests {
		if w.Spec != spec || (w.Region != "" && w.Region != region) {
			continue
		}
		switch {
		case w.Active(now):
			return &requests[i]
		case w.Status == "requested" && open == nil:
			open = &requests[i]
		case last == nil:
			last = &requests[i]
		}
	}
	if open != nil {
		return open
	}
	return last
}

// WhitelistQueue lists requests of all accounts in a status, oldest first.
func (s *Store) WhitelistQueue(ctx context.Context, status string, limit int) ([]WhitelistRequest, error) {
	return list(ctx, s, scanWhitelist, "SELECT "+whitelistColumns+" FROM whitelist_requests WHERE status = ? ORDER BY status, created_at, id LIMIT ?", status, limit)
}

// NewWhitelistRequest is the whitelist form as sent.
type NewWhitelistRequest struct {
	Region string // "" everywhere
	Spec   catalog.Spec
	Reason string
	Ports  int
}

// RequestWhitelist asks for 40G or 100G ports. Kinds: Invalid (fields spec,
// region, reason, ports), Forbidden.
func (s *Store) RequestWhitelist(ctx context.Context, by Actor, in NewWhitelistRequest) error {
	if !lifecycle.May(lifecycle.RequestWhitelist, by.Role) {
		return forbidden("Only an owner or an engineer of a customer requests the whitelist.")
	}
	bad := map[string]string{}
	if !in.Spec.NeedsWhitelist() {
		bad["spec"] = "Select 40G or 100G"
	}
	if _, ok := s.Catalogue().Region(in.Region); in.Region != "" && !ok {
		bad["region"] = "Select a Region"
	}
	if n := runes(strings.TrimSpace(in.Reason)); n < 20 || n > 500 {
		bad["reason"] = "Say why you need it, in 20 to 500 characters"
	}
	if in.Ports < 1 || in.Ports > 100 {
		bad["ports"] = "Enter a number from 1 to 100"
	}
	if err := invalidFields(bad); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		id := newID("wl-", 12)
		if _, err := t.exec(`INSERT INTO whitelist_requests (account_id, id, region, port_spec, reason, ports, status, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, 'requested', ?, ?)`,
			by.AccountID, id, in.Region, in.Spec, strings.TrimSpace(in.Reason), in.Ports, at(t.now), by.Name); err != nil {
			if isUnique(err) {
				return "", invalid("spec", "A request for "+in.Spec.Label()+" is open already. Wait for the answer.")
			}
			return "", err
		}
		if err := t.tellRole(lifecycle.Reviewer, "whitelist:"+id, "Whitelist request", in.Spec.Label()+" ports are asked for."); err != nil {
			return "", err
		}
		return id, t.event("whitelist:"+id, by.AccountID, "request_whitelist", "", "", strings.TrimSpace(in.Reason), in.Spec.Label())
	})
	return err
}

// WhitelistReasonProblem says what is wrong with the reason of a refusal or a
// revocation; "" when nothing is.
func WhitelistReasonProblem(reason string) string {
	return reasonProblem(reason, 3, 500, "Say why, for the customer")
}

// DecideWhitelist answers a request or takes a grant back: status is granted
// (with an end date, zero for none), declined or revoked (with a reason).
// Kinds: Invalid (fields until, reason), NotFound, Conflict, Forbidden.
func (s *Store) DecideWhitelist(ctx context.Context, by Actor, id, status string, until time.Time, reason string) error {
	if by.Role != lifecycle.Reviewer && by.Role != lifecycle.Administrator {
		return forbidden("Only a reviewer decides about the whitelist.")
	}
	from := "requested"
	switch status {
	case "granted":
		if !until.IsZero() && !until.After(s.Now()) {
			return invalid("until", "Enter a date after today, or leave it empty")
		}
	case "declined", "revoked":
		if msg := WhitelistReasonProblem(reason); msg != "" {
			return invalid("reason", msg)
		}
		if status == "revoked" {
			from = "granted"
		}
	default:
		return invalid("status", "Grant or decline the request")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		w, err := scanWhitelist(t.row("SELECT "+whitelistColumns+" FROM whitelist_requests WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return "", notFound("This request")
		}
		if err != nil {
			return "", err
		}
		if w.Status != from {
			return "", conflictf("This request is %s already. Nothing was changed.", w.Status)
		}
		if status != "revoked" {
			if err := t.notOwnRequest("whitelist:"+id, "request_whitelist"); err != nil {
				return "", err
			}
		}
		if _, err := t.exec("UPDATE whitelist_requests SET status = ?, until = ?, answer = ?, decided_at = ?, decided_by = ? WHERE account_id = ? AND id = ?",
			status, at(until), strings.TrimSpace(reason), at(t.now), by.Name, w.AccountID, id); err != nil {
			return "", err
		}
		body := "Your request for " + w.Spec.Label() + " ports was " + status + "."
		if reason != "" {
			body += " Reason: " + strings.TrimRight(strings.TrimSpace(reason), ".") + "."
		}
		if err := t.tellAccount(w.AccountID, "whitelist:"+id, "Whitelist "+status, body); err != nil {
			return "", err
		}
		return id, t.event("whitelist:"+id, w.AccountID, status+"_whitelist", "", "", strings.TrimSpace(reason), w.Spec.Label())
	})
	return err
}
