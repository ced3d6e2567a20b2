package store

import (
	"context"
	"time"

	"demarc/store/lifecycle"
)

// QueuePage lists the interfaces that wait for staff in a stage from the
// cursor on, in the order of Queue; next continues after the last one, "" on
// the last page. Kinds: Invalid for a broken cursor.
func (s *Store) QueuePage(ctx context.Context, stage lifecycle.Stage, after string, limit int) (items []Connection, next string, err error) {
	var due time.Time
	id := ""
	if after != "" {
		if due, id, err = queueCursor(after); err != nil {
			return nil, "", err
		}
	}
	if items, err = s.queueAfter(ctx, stage, due, id, limit+1); err != nil || len(items) <= limit {
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
func (s *Store) queueAfter(ctx context.Context, stage lifecycle.Stage, due time.Time, id string, limit int) ([]Connection, error) {
	const from = "SELECT " + connectionColumns + " FROM connections WHERE stage = ? AND "
	if !due.IsZero() {
		return list(ctx, s, scanConnection, from+"due_at >= ? AND (due_at > ? OR id > ?) ORDER BY due_at, id LIMIT ?", stage, at(due), at(due), id, limit)
	}
	items, err := list(ctx, s, scanConnection, from+"due_at IS NULL AND id > ? ORDER BY id LIMIT ?", stage, id, limit)
	if err != nil || len(items) == limit {
		return items, err
	}
	rest, err := list(ctx, s, scanConnection, from+"due_at IS NOT NULL ORDER BY due_at, id LIMIT ?", stage, limit-len(items))
	return append(items, rest...), err
}

// NextInQueue is the ID of the interface that comes after the place of c in a
// queue, c itself left out: the first of the queue after the last, "" when
// nothing else waits. c may have left the queue.
func (s *Store) NextInQueue(ctx context.Context, stage lifecycle.Stage, c Connection) (string, error) {
	items, err := s.queueAfter(ctx, stage, c.DueAt, c.ID, 1)
	if err == nil && len(items) == 0 {
		items, err = s.queueAfter(ctx, stage, time.Time{}, "", 1)
	}
	if err != nil || len(items) == 0 || items[0].ID == c.ID {
		return "", err
	}
	return items[0].ID, nil
}

// QueueNeighbors are the IDs of the interfaces before and after c in a queue,
// "" at its ends.
func (s *Store) QueueNeighbors(ctx context.Context, stage lifecycle.Stage, c Connection) (before, after string, err error) {
	items, err := s.queueAfter(ctx, stage, c.DueAt, c.ID, 1)
	if err != nil {
		return "", "", err
	}
	if len(items) > 0 {
		after = items[0].ID
	}
	const from = "SELECT id FROM connections WHERE stage = ? AND "
	id := func(r scanner) (id string, err error) { return id, r.Scan(&id) }
	var ids []string
	if !c.DueAt.IsZero() {
		ids, err = list(ctx, s, id, from+"due_at <= ? AND (due_at < ? OR id < ?) ORDER BY due_at DESC, id DESC LIMIT 1", stage, at(c.DueAt), at(c.DueAt), c.ID)
		if err == nil && len(ids) == 0 {
			ids, err = list(ctx, s, id, from+"due_at IS NULL ORDER BY id DESC LIMIT 1", stage)
		}
	} else {
		ids, err = list(ctx, s, id, from+"due_at IS NULL AND id < ? ORDER BY id DESC LIMIT 1", stage, c.ID)
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
