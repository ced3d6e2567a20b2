package store

import (
	"context"
	"time"

	"demarc/store/lifecycle"
)

// QueueFilter narrows a queue of the staff; the zero filter is all of it.
type QueueFilter struct {
	AccountID, Region string
	// DueFrom and DueBefore keep what is due at or after the one instant and
	// before the other; the zero time is no bound. What has no due time is
	// within no bounds.
	DueFrom, DueBefore time.Time
	// Undated keeps only what has no due time.
	Undated bool
}

// dated and undated are the conditions of the filter for what has a due time and
// for what has none, without those about the due time. What is compared as an
// expression is no reason to take an index: an account has fewer interfaces in
// a queue than a region has, but without a due time there are hardly any at all,
// and the way by account would be the way through all of its interfaces.
func (f QueueFilter) dated(stage lifecycle.Stage) (cond string, args []any) {
	return f.where(stage, "account_id", "region || ''")
}

func (f QueueFilter) undated(stage lifecycle.Stage) (cond string, args []any) {
	cond, args = f.where(stage, "account_id || ''", "region")
	return cond + " AND due_at IS NULL", args
}

func (f QueueFilter) where(stage lifecycle.Stage, account, region string) (cond string, args []any) {
	cond, args = "stage = ?", []any{stage}
	if f.AccountID != "" {
		cond, args = cond+" AND "+account+" = ?", append(args, f.AccountID)
	} else {
		region = "region"
	}
	if f.Region != "" {
		cond, args = cond+" AND "+region+" = ?", append(args, f.Region)
	}
	if f.AccountID != "" && account == "account_id" || f.Region != "" && region == "region" {
		cond += " AND turn = 'staff'" // what the indexes of one account and one region hold
	}
	return cond, args
}

// bounded reports whether only a span of due times is wanted.
func (f QueueFilter) bounded() bool { return !f.DueFrom.IsZero() || !f.DueBefore.IsZero() }

// within adds the bounds to the conditions for what has a due time.
func (f QueueFilter) within(cond string, args []any) (string, []any) {
	if f.DueFrom.IsZero() {
		cond += " AND due_at IS NOT NULL"
	} else {
		cond, args = cond+" AND due_at >= ?", append(args, at(f.DueFrom))
	}
	if !f.DueBefore.IsZero() {
		cond, args = cond+" AND due_at < ?", append(args, at(f.DueBefore))
	}
	return cond, args
}

// QueuePage lists the interfaces that wait for staff in a stage from the
// cursor on, in the order of Queue; next continues after the last one, "" on
// the last page. Kinds: Invalid for a broken cursor.
func (s *Store) QueuePage(ctx context.Context, stage lifecycle.Stage, f QueueFilter, after string, limit int) (items []Connection, next string, err error) {
	var due time.Time
	id := ""
	if after != "" {
		if due, id, err = queueCursor(after); err != nil {
			return nil, "", err
		}
	}
	if items, err = s.queueAfter(ctx, stage, f, due, id, limit+1); err != nil || len(items) <= limit {
		return items, "", err
	}
	items = items[:limit]
	last := items[limit-1]
	next = "~" + last.ID
	if !last.DueAt.IsZero() {
		next = at(last.DueAt).text() + next
	}
	return items, next, nil
}

// QueueCount is how many interfaces a queue has; at most 1,000 are counted, and
// more says that there are more than that.
func (s *Store) QueueCount(ctx context.Context, stage lifecycle.Stage, f QueueFilter) (n int, more bool, err error) {
	cond, args := f.dated(stage)
	switch {
	case f.Undated:
		cond, args = f.undated(stage)
	case f.bounded():
		cond, args = f.within(cond, args)
	}
	err = s.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM connections WHERE "+cond+" LIMIT ?) AS c", append(args, countLimit+1), &n)
	return min(n, countLimit), n > countLimit, err
}

// decided are the conditions of the filter for applications that were decided, as
// the indexes for them have it. An account has fewer than a region, so its region
// is compared as an expression, which is no reason to take an index.
func (f QueueFilter) decided(stage lifecycle.Stage) (cond string, args []any) {
	cond, args = "stage = ? AND stage IN ('loa_rejected', 'approved_loa')", []any{stage}
	region := "region"
	if f.AccountID != "" {
		cond, args, region = cond+" AND account_id = ?", append(args, f.AccountID), "region || ''"
	}
	if f.Region != "" {
		cond, args = cond+" AND "+region+" = ?", append(args, f.Region)
	}
	return cond, args
}

// DecidedPage lists the interfaces whose application was approved, or rejected,
// and that are in that stage, from the cursor on: those that came into it last
// first. Of the filter only the account and the region count. next continues
// after the last one, "" on the last page. Kinds: Invalid for a broken cursor.
func (s *Store) DecidedPage(ctx context.Context, stage lifecycle.Stage, f QueueFilter, after string, limit int) (items []Connection, next string, err error) {
	cond, args := f.decided(stage)
	if after != "" {
		when, id, err := timeCursor(after)
		if err != nil {
			return nil, "", err
		}
		cond, args = cond+" AND stage_since <= ? AND (stage_since < ? OR id > ?)", append(args, when, when, id)
	}
	items, err = list(ctx, s, scanConnection, "SELECT "+connectionColumns+" FROM connections WHERE "+cond+" ORDER BY stage_since DESC, id LIMIT ?", append(args, limit+1)...)
	if err != nil || len(items) <= limit {
		return items, "", err
	}
	last := items[limit-1]
	return items[:limit], at(last.StageSince).text() + "~" + last.ID, nil
}

// DecidedCount is how many DecidedPage lists; at most 1,000 are counted, and more
// says that there are more than that.
func (s *Store) DecidedCount(ctx context.Context, stage lifecycle.Stage, f QueueFilter) (n int, more bool, err error) {
	cond, args := f.decided(stage)
	err = s.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM connections WHERE "+cond+" LIMIT ?) AS c", append(args, countLimit+1), &n)
	return min(n, countLimit), n > countLimit, err
}

func queueCursor(cursor string) (due time.Time, id string, err error) {
	key, id, ok := cutLast(cursor, "~")
	if ok && key != "" {
		due, err = time.Parse(instantLayout, key)
	}
	if !ok || err != nil {
		return due, id, invalid("after", "This page of the list does not exist. Start at the first page.")
	}
	return due, id, nil
}

// queueAfter lists what comes in a queue after the place (due, id). Interfaces
// without a deadline come first; they are asked for apart, so that the order
// does not depend on where a database puts NULL.
func (s *Store) queueAfter(ctx context.Context, stage lifecycle.Stage, f QueueFilter, due time.Time, id string, limit int) (items []Connection, err error) {
	const from = "SELECT " + connectionColumns + " FROM connections WHERE "
	if due.IsZero() && !f.bounded() {
		cond, args := f.undated(stage)
		items, err = list(ctx, s, scanConnection, from+cond+" AND id > ? ORDER BY id LIMIT ?", append(args, id, limit)...)
	}
	if err != nil || len(items) == limit || f.Undated {
		return items, err
	}
	cond, args := f.dated(stage)
	if !due.IsZero() && !due.Before(f.DueFrom) {
		f.DueFrom = due
		cond, args = cond+" AND (due_at > ? OR id > ?)", append(args, at(due), id)
	}
	cond, args = f.within(cond, args)
	rest, err := list(ctx, s, scanConnection, from+cond+" ORDER BY due_at, id LIMIT ?", append(args, limit-len(items))...)
	return append(items, rest...), err
}

// NextInQueue is the ID of the interface that comes after the place of c in a
// queue, c itself left out: the first of the queue after the last, "" when
// nothing else waits. c may have left the queue.
func (s *Store) NextInQueue(ctx context.Context, stage lifecycle.Stage, f QueueFilter, c Connection) (string, error) {
	items, err := s.queueAfter(ctx, stage, f, c.DueAt, c.ID, 1)
	if err == nil && len(items) == 0 {
		items, err = s.queueAfter(ctx, stage, f, time.Time{}, "", 1)
	}
	if err != nil || len(items) == 0 || items[0].ID == c.ID {
		return "", err
	}
	return items[0].ID, nil
}

// QueueNeighbors are the IDs of the interfaces before and after the place of c
// in a queue, "" at its ends. The filter may leave c itself out.
func (s *Store) QueueNeighbors(ctx context.Context, stage lifecycle.Stage, f QueueFilter, c Connection) (before, after string, err error) {
	items, err := s.queueAfter(ctx, stage, f, c.DueAt, c.ID, 1)
	if err != nil {
		return "", "", err
	}
	if len(items) > 0 {
		after = items[0].ID
	}
	id := func(r scanner) (id string, err error) { return id, r.Scan(&id) }
	const from = "SELECT id FROM connections WHERE "
	var ids []string
	if !c.DueAt.IsZero() && !f.Undated {
		cond, args := f.dated(stage)
		cond, args = f.within(cond+" AND due_at <= ? AND (due_at < ? OR id < ?)", append(args, at(c.DueAt), at(c.DueAt), c.ID))
		ids, err = list(ctx, s, id, from+cond+" ORDER BY due_at DESC, id DESC LIMIT 1", args...)
	}
	if err == nil && len(ids) == 0 && !f.bounded() {
		cond, args := f.undated(stage)
		if c.DueAt.IsZero() {
			cond, args = cond+" AND id < ?", append(args, c.ID)
		}
		ids, err = list(ctx, s, id, from+cond+" ORDER BY id DESC LIMIT 1", args...)
	}
	if len(ids) > 0 {
		before = ids[0]
	}
	return before, after, err
}

// RemovalsPage lists what Removals lists from the cursor on; next continues
// after the last one, "" on the last page. Kinds: Invalid for a broken cursor.
func (s *Store) RemovalsPage(ctx context.Context, after string, limit int) (items []Connection, next string, err error) {
	query, args := "SELECT "+connectionColumns+" FROM connections WHERE removal_due = 1", []any{}
	if after != "" {
		since, id, err := queueCursor(after)
		if err != nil {
			return nil, "", err
		}
		query, args = query+" AND stage_since >= ? AND (stage_since > ? OR id > ?)", []any{at(since), at(since), id}
	}
	items, err = list(ctx, s, scanConnection, query+" ORDER BY stage_since, id LIMIT ?", append(args, limit+1)...)
	if err != nil || len(items) <= limit {
		return items, "", err
	}
	items = items[:limit]
	last := items[limit-1]
	return items, at(last.StageSince).text() + "~" + last.ID, nil
}

func connectionIDs(items []Connection) []any {
	ids := make([]any, len(items))
	for i, c := range items {
		ids[i] = c.ID
	}
	return ids
}

// PortsHeld are the ports that interfaces hold, by the interface's ID. One
// without a port is left out.
func (s *Store) PortsHeld(ctx context.Context, items []Connection) (map[string]Port, error) {
	out := make(map[string]Port, len(items))
	if len(items) == 0 {
		return out, nil
	}
	marks, ids := inList(connectionIDs(items))
	ports, err := list(ctx, s, scanPort, "SELECT "+portColumns+" FROM ports WHERE connection_id IN ("+marks+")", ids...)
	for _, p := range ports {
		out[p.ConnectionID] = p
	}
	return out, err
}

// LiveLabels are the label numbers of the cables that the reports in force
// name, by the interface's ID, in the order of the report.
func (s *Store) LiveLabels(ctx context.Context, items []Connection) (map[string][]string, error) {
	out := make(map[string][]string, len(items))
	if len(items) == 0 {
		return out, nil
	}
	marks, ids := inList(connectionIDs(items))
	_, err := list(ctx, s, func(r scanner) (v struct{}, err error) {
		var id, label string
		err = r.Scan(&id, &label)
		out[id] = append(out[id], label)
		return v, err
	}, "SELECT connection_id, label FROM cable_labels WHERE connection_id IN ("+marks+") AND live = 1 ORDER BY connection_id, version, n", ids...)
	return out, err
}
