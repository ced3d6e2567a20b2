package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"demarc/store/lifecycle"
)

func mayHandleMoney(by Actor) bool {
	return by.Role == lifecycle.Finance || by.Role == lifecycle.Administrator
}

const accountColumns = "id, name, home_region, quota_per_access_point, quota_not_enabled, balance_minor, currency, created_at"

func scanAccount(r scanner) (Account, error) {
	var a Account
	var created instant
	err := r.Scan(&a.ID, &a.Name, &a.HomeRegion, &a.QuotaPerAccessPoint, &a.QuotaNotEnabled, &a.Balance.Minor, &a.Balance.Currency, &created)
	a.CreatedAt = created.Time
	return a, err
}

func (t *tx) account(id string) (Account, error) {
	a, err := scanAccount(t.row("SELECT "+accountColumns+" FROM accounts WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return a, notFound("This account")
	}
	return a, err
}

// Account is the customer company with this ID: the actor's own, or any for
// staff. Kinds: NotFound.
func (s *Store) Account(ctx context.Context, by Actor, id string) (Account, error) {
	if own, all := by.scope(); !all && id != own {
		return Account{}, notFound("This account")
	}
	a, err := one(ctx, s, scanAccount, "SELECT "+accountColumns+" FROM accounts WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return a, notFound("This account")
	}
	return a, err
}

// AccountNames are the names of accounts, by ID.
func (s *Store) AccountNames(ctx context.Context, ids []string) (map[string]string, error) {
	out := map[string]string{}
	var args []any
	for _, id := range ids {
		if _, known := out[id]; !known && id != "" {
			out[id] = ""
			args = append(args, id)
		}
	}
	if len(args) == 0 {
		return out, nil
	}
	marks, args := inList(args)
	_, err := list(ctx, s, func(r scanner) (v struct{}, err error) {
		var id, name string
		err = r.Scan(&id, &name)
		out[id] = name
		return v, err
	}, "SELECT id, name FROM accounts WHERE id IN ("+marks+")", args...)
	return out, err
}

// CreateAccount opens a customer account and returns its ID. Kinds: Invalid
// (fields name, region), Forbidden.
func (s *Store) CreateAccount(ctx context.Context, by Actor, name, homeRegion string) (string, error) {
	if by.Role != lifecycle.Administrator && by.Role != lifecycle.System {
		return "", forbidden("Only an administrator opens accounts.")
	}
	bad := map[string]string{}
	if msg := between(name, 128, "Enter the company name"); msg != "" {
		bad["name"] = msg
	}
	if _, ok := s.Catalogue().Region(homeRegion); homeRegion != "" && !ok {
		bad["region"] = "Select a Region"
	}
	if err := invalidFields(bad); err != nil {
		return "", err
	}
	return s.once(ctx, by, func(t *tx) (string, error) {
		id := newID("acc-", 12)
		if _, err := t.exec("INSERT INTO accounts (id, name, home_region, currency, created_at) VALUES (?, ?, ?, ?, ?)", id, name, homeRegion, t.s.currency(), at(t.now)); err != nil {
			return "", err
		}
		return id, t.event(AccountSubject(id), id, "create_account", "", "", "", name)
	})
}

// SetQuotas changes how many interfaces an account may have at an access point
// and how many that are not Enabled. Kinds: Invalid (fields per_access_point,
// not_enabled, reason), NotFound, Forbidden.
func (s *Store) SetQuotas(ctx context.Context, by Actor, account string, perAccessPoint, notEnabled int, reason string) error {
	switch by.Role {
	case lifecycle.Administrator, lifecycle.Reviewer, lifecycle.System:
	default:
		return forbidden("Only a reviewer changes quotas.")
	}
	bad := map[string]string{}
	if perAccessPoint < 0 || perAccessPoint > 1000 {
		bad["per_access_point"] = "Enter a number from 0 to 1000"
	}
	if notEnabled < 0 || notEnabled > 1000 {
		bad["not_enabled"] = "Enter a number from 0 to 1000"
	}
	if msg := reasonProblem(reason, 3, 500, "Say why the quota changes"); msg != "" {
		bad["reason"] = msg
	}
	if err := invalidFields(bad); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		a, err := t.account(account)
		if err != nil {
			return "", err
		}
		if _, err := t.exec("UPDATE accounts SET quota_per_access_point = ?, quota_not_enabled = ? WHERE id = ?", perAccessPoint, notEnabled, account); err != nil {
			return "", err
		}
		return account, t.event(AccountSubject(account), account, "set_quotas", "", "", strings.TrimSpace(reason),
			fmt.Sprintf("Per access point %d → %d, not enabled %d → %d", a.QuotaPerAccessPoint, perAccessPoint, a.QuotaNotEnabled, notEnabled))
	})
	return err
}

// AccountSubject is what events about an account are about.
func AccountSubject(id string) string { return "account:" + id }
