package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"demarc/store/fees"
)

// feeRulesSetting is the setting that the rules about fees are kept in.
const feeRulesSetting = "fee_rules"

// FeeRulesSubject is the subject of the events that record each version of the
// rules about fees.
const FeeRulesSubject = "fee-rules"

// FeeRules are the operator's rules about fees in their present version.
type FeeRules struct {
	fees.Rules
	Version int // 0 until somebody changed the default
}

func decodeFeeRules(text string, err error) (FeeRules, error) {
	if errors.Is(err, sql.ErrNoRows) || (err == nil && text == "") {
		return FeeRules{Rules: fees.Default()}, nil
	}
	var r FeeRules
	if err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	if err != nil {
		return r, fmt.Errorf("rules about fees: %w", err)
	}
	return r, nil
}

// FeeRules reads the rules about fees.
func (s *Store) FeeRules(ctx context.Context) (FeeRules, error) {
	text, err := s.Setting(ctx, feeRulesSetting)
	return decodeFeeRules(text, err)
}

func (t *tx) feeRules() (FeeRules, error) {
	var text string
	err := t.row("SELECT value FROM settings WHERE name = ?", feeRulesSetting).Scan(&text)
	return decodeFeeRules(text, err)
}

// SetFeeRules replaces the rules about fees; version is the one that the person
// saw. Orders that exist keep the rules about refunds that they were made
// with. Kinds: Invalid (fields installation, late_percent, late_cap,
// auto_renew_days), Conflict, Forbidden.
func (s *Store) SetFeeRules(ctx context.Context, by Actor, version int, rules fees.Rules) error {
	if !mayHandleMoney(by) {
		return forbidden("Only finance staff change the rules about fees.")
	}
	if err := invalidFields(rules.Problems()); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		old, err := t.feeRules()
		if err != nil {
			return "", err
		}
		if old.Version != version {
			return "", conflictf("The rules about fees were changed a moment ago. Check what they say now, then try again. Nothing was changed.")
		}
		changes := feeRuleChanges(old.Rules, rules)
		if len(changes) == 0 {
			return "", nil
		}
		text, err := json.Marshal(FeeRules{rules, version + 1})
		if err != nil {
			return "", err
		}
		if _, err := t.exec("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", feeRulesSetting, string(text)); err != nil {
			return "", err
		}
		return "", t.event(FeeRulesSubject, "", "set_fee_rules", "", "", "", fmt.Sprintf("Version %d. %s", version+1, strings.Join(changes, ". ")))
	})
	return err
}

// feeRuleChanges says in words what differs.
func feeRuleChanges(old, new fees.Rules) []string {
	var out []string
	add := func(what string, from, to any) {
		if from != to {
			out = append(out, fmt.Sprintf("%s: %v → %v", what, from, to))
		}
	}
	yes := func(b bool) string {
		if b {
			return "yes"
		}
		return "no"
	}
	percent := func(n int) string { return fmt.Sprintf("%d%%", n) }
	add("Installation fee refunded", old.Installation.Label(), new.Installation.Label())
	add("Unused months refunded", yes(old.UnusedMonths), yes(new.UnusedMonths))
	add("Credit for each working day late", percent(old.LateCreditPercent), percent(new.LateCreditPercent))
	add("Credit for lateness at most", percent(old.LateCreditCap), percent(new.LateCreditCap))
	add("Auto Renew pays before paid-through", countWords(old.AutoRenewDays, "day"), countWords(new.AutoRenewDays, "day"))
	return out
}
