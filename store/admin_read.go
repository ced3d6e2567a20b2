package store

import (
	"context"
	"strings"
	"time"

	"demarc/store/lifecycle"
)

const brokenCursor = "This page of the list does not exist. Start at the first page."

// timeCursor takes a cursor of a moment and an ID apart.
func timeCursor(cursor string) (when, id string, err error) {
	when, id, ok := cutLast(cursor, "~")
	if _, perr := time.Parse(instantLayout, when); !ok || perr != nil {
		return "", "", invalid("after", brokenCursor)
	}
	return when, id, nil
}

// WhitelistPage lists the requests of all accounts in a status from the cursor
// on, oldest first; next continues after the last one, "" on the last page.
// Kinds: Invalid for a broken cursor.
func (s *Store) WhitelistPage(ctx context.Context, status, after string, limit int) (items []WhitelistRequest, next string, err error) {
	query, args := "SELECT "+whitelistColumns+" FROM whitelist_requests WHERE status = ?", []any{status}
	if after != "" {
		when, id, err := timeCursor(after)
		if err != nil {
			return nil, "", err
		}
		query, args = query+" AND created_at >= ? AND (created_at > ? OR id > ?)", append(args, when, when, id)
	}
	items, err = list(ctx, s, scanWhitelist, query+" ORDER BY created_at, id LIMIT ?", append(args, limit+1)...)
	if err != nil || len(items) <= limit {
		return items, "", err
	}
	last := items[limit-1]
	return items[:limit], at(last.CreatedAt).text() + "~" + last.ID, nil
}

// AccountPage lists accounts for staff, from the cursor on: all in the order of
// their IDs, or, with a query, those whose ID or whose name begins with it. The
// case of ASCII letters does not matter. next continues after the last one.
// Kinds: Invalid for a broken cursor.
func (s *Store) AccountPage(ctx context.Context, query, after string, limit int) (items []Account, next string, err error) {
	query = foldASCII(strings.TrimSpace(query))
	const from = "SELECT " + accountColumns + " FROM accounts WHERE "
	switch {
	case query == "":
		items, err = list(ctx, s, scanAccount, from+"id > ? ORDER BY id LIMIT ?", after, limit+1)
	case strings.HasPrefix(query, "acc-"):
		items, err = list(ctx, s, scanAccount, from+"id >= ? AND id < ? AND id > ? ORDER BY id LIMIT ?", query, query+"\U0010FFFF", after, limit+1)
	default:
		name, id, ok := query, "", true
		if after != "" {
			if name, id, ok = cutLast(after, "~"); !ok {
				return nil, "", invalid("after", brokenCursor)
			}
		}
		items, err = list(ctx, s, scanAccount, from+"lower(name) >= ? AND (lower(name) > ? OR id > ?) AND lower(name) < ? ORDER BY lower(name), id LIMIT ?",
			name, name, id, query+"\U0010FFFF", limit+1)
		if err == nil && len(items) > limit {
			last := items[limit-1]
			return items[:limit], foldASCII(last.Name) + "~" + last.ID, nil
		}
	}
	if err != nil || len(items) <= limit {
		return items, "", err
	}
	return items[:limit], items[limit-1].ID, nil
}

// foldASCII lowers ASCII letters only, as the database's lower() may.
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// StageCountsOf counts the interfaces of each of the accounts by stage. One
// statement, whatever their number.
func (s *Store) StageCountsOf(ctx context.Context, accounts []string) (map[string]StageCounts, error) {
	out := make(map[string]StageCounts, len(accounts))
	if len(accounts) == 0 {
		return out, nil
	}
	args := make([]any, 0, len(accounts))
	for _, a := range accounts {
		out[a] = StageCounts{}
		args = append(args, a)
	}
	marks, args := inList(args)
	_, err := list(ctx, s, func(r scanner) (v struct{}, err error) {
		var account string
		var stage lifecycle.Stage
		var n int
		if err = r.Scan(&account, &stage, &n); err == nil {
			out[account][stage] = n
		}
		return v, err
	}, "SELECT account_id, stage, n FROM connection_counts WHERE account_id IN ("+marks+")", args...)
	return out, err
}
