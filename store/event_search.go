package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"demarc/store/chain"
	"demarc/store/lifecycle"
)

// EventFilter narrows the audit log. What is empty narrows nothing.
type EventFilter struct {
	Actions   []string  // any of these recorded actions
	AccountID string    // what concerns this account
	ActorID   string    // what this person did
	Staff     bool      // what any person of the operator did
	Subject   string    // what was done to this object, as EventSubject names it
	RequestID string    // what one request did
	From, To  time.Time // From counts, To does not
	// Cursor continues after the last event of a page; "" starts at the newest.
	// It belongs to the filter that it was given out for.
	Cursor string
	Limit  int
}

// EventPage is one page of the audit log, newest first.
type EventPage struct {
	Events []Event
	Next   string // cursor of the next page, "" when this is the last
	// SearchedTo is set when the search stopped after eventsLooked events, before
	// the page was full: everything after this moment was looked at, and Next
	// goes on from there.
	SearchedTo time.Time
}

// eventsLooked bounds how many events one page looks at: where no index has
// exactly what the filter asks for, the reader decides whether to search on.
const eventsLooked = 2000

// eventOf is the record as the pages of the console have it.
func eventOf(r chain.Record) (Event, error) {
	when, err := time.Parse(instantLayout, r.At)
	return Event{Subject: r.Subject, Seq: int(r.Seq), At: when, AccountID: r.AccountID, ActorID: r.ActorID, ActorName: r.ActorName, ActorRole: lifecycle.Role(r.ActorRole), ActorAccount: r.ActorAccount,
		Action: r.Action, From: lifecycle.Stage(r.From), To: lifecycle.Stage(r.To), RequestID: r.RequestID, Reason: r.Reason, Detail: r.Detail}, err
}

// eventPlace is where an event stands in the order of the pages: the newest
// first, and those of one moment by their object and their number.
type eventPlace struct {
	at, subject string
	seq         int64
}

func placeOf(r chain.Record) eventPlace { return eventPlace{r.At, r.Subject, r.Seq} }

func (p eventPlace) cursor() string { return fmt.Sprintf("%s~%s~%d", p.at, p.subject, p.seq) }

func (p eventPlace) compare(o eventPlace) int {
	return cmp.Or(strings.Compare(o.at, p.at), strings.Compare(p.subject, o.subject), cmp.Compare(p.seq, o.seq))
}

// newestEvent is the place before the newest event that is older than to.
func newestEvent(to time.Time) eventPlace {
	p := eventPlace{"9999-12-31T23:59:59.999Z", "\U0010FFFF", math.MaxInt64}
	if !to.IsZero() {
		p.at = at(to).text()
	}
	return p
}

func parseEventCursor(cursor string) (eventPlace, error) {
	when, rest, ok := strings.Cut(cursor, "~")
	subject, seqText, ok2 := cutLast(rest, "~")
	seq, err := strconv.ParseInt(seqText, 10, 64)
	if _, terr := time.Parse(instantLayout, when); !ok || !ok2 || err != nil || terr != nil {
		return eventPlace{}, invalid("cursor", "This page of the log does not exist. Start at the newest events.")
	}
	return eventPlace{when, subject, seq}, nil
}

// The order is spelled out, since not every planner uses an index for mixed
// orders.
const eventsAfter = " at >= ? AND at <= ? AND (at < ? OR subject > ? OR (subject = ? AND seq > ?)) ORDER BY at DESC, subject, seq LIMIT ?"

// walk calls visit for the events that one index finds, from the place on, at
// most limit of them, until visit says that it has enough. where is the
// condition of the index and value what it takes; residual parts of the filter
// are for visit.
func (s *Store) walk(ctx context.Context, where string, value []any, from time.Time, after eventPlace, limit int, visit func(chain.Record) (more bool)) error {
	first := ""
	if !from.IsZero() {
		first = at(from).text()
	}
	query, args := "SELECT "+recordColumns+" FROM events WHERE"+where, value
	if where == bySubject {
		query, args = query+" AND seq < ? ORDER BY subject DESC, seq DESC LIMIT ?", append(args, after.seq, limit)
	} else {
		query, args = query+eventsAfter, append(args, first, after.at, after.at, after.subject, after.subject, after.seq, limit)
	}
	st, err := s.prepared(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return err
		}
		if !visit(r) {
			return nil
		}
	}
	return rows.Err()
}

// What each index of the events takes.
const (
	byTime    = ""
	byAction  = " action = ? AND"
	byAccount = " account_id = ? AND account_id <> '' AND"
	byActor   = " actor_id = ? AND"
	byRequest = " request_id = ? AND"
	bySubject = " subject = ?"
)

// index is the one that finds the fewest events that the filter does not want.
// exact says that it finds no others.
func (f *EventFilter) index() (where string, value []any, exact bool) {
	others := len(f.Actions) > 0 || f.Staff
	switch {
	case f.RequestID != "":
		return byRequest, []any{f.RequestID}, !others && f.AccountID == "" && f.ActorID == "" && f.Subject == ""
	case f.Subject != "": // its index knows nothing of time
		return bySubject, []any{f.Subject}, !others && f.AccountID == "" && f.ActorID == "" && f.From.IsZero() && f.To.IsZero()
	case f.ActorID != "":
		return byActor, []any{f.ActorID}, !others && f.AccountID == ""
	case f.AccountID != "":
		return byAccount, []any{f.AccountID}, !others
	case len(f.Actions) == 1:
		return byAction, []any{f.Actions[0]}, !f.Staff
	}
	return byTime, nil, !others
}

// keeps reports whether the filter wants the event.
func (f *EventFilter) keeps(r *chain.Record) bool {
	role := lifecycle.Role(r.ActorRole)
	return (len(f.Actions) == 0 || slices.Contains(f.Actions, r.Action)) &&
		(f.AccountID == "" || f.AccountID == r.AccountID) &&
		(f.ActorID == "" || f.ActorID == r.ActorID) &&
		(!f.Staff || role.IsStaff()) &&
		(f.Subject == "" || f.Subject == r.Subject) &&
		(f.RequestID == "" || f.RequestID == r.RequestID) &&
		(f.From.IsZero() || r.At >= at(f.From).text()) &&
		(f.To.IsZero() || r.At < at(f.To).text())
}

// Audit is the log of everything, newest first, for staff. Kinds: Forbidden,
// Invalid for a broken cursor, Unavailable.
func (s *Store) Audit(ctx context.Context, by Actor, f EventFilter) (EventPage, error) {
	if !lifecycle.May(lifecycle.SeeAudit, by.Role) {
		return EventPage{}, forbidden("The audit log is for the operator's staff.")
	}
	return s.eventPage(ctx, f, nil)
}

// eventPage is a page of the events that f and also keep, which may be nil,
// want.
func (s *Store) eventPage(ctx context.Context, f EventFilter, also func(*chain.Record) bool) (EventPage, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	after := newestEvent(f.To)
	if f.Cursor != "" {
		var err error
		if after, err = parseEventCursor(f.Cursor); err != nil {
			return EventPage{}, err
		}
	}
	var found []chain.Record
	var last eventPlace
	looked := 0
	if where, value, exact := f.index(); where == byTime && len(f.Actions) > 1 && !f.Staff {
		// Each action has its own place in the index: as many of each as the page
		// has, and the newest of them all.
		for _, action := range f.Actions {
			err := s.walk(ctx, byAction, []any{action}, f.From, after, f.Limit+1, func(r chain.Record) bool { found = append(found, r); return true })
			if err != nil {
				return EventPage{}, unavailable(err)
			}
		}
		slices.SortFunc(found, func(a, b chain.Record) int { return placeOf(a).compare(placeOf(b)) })
		found = found[:min(len(found), f.Limit+1)]
	} else {
		limit := eventsLooked
		if exact && also == nil {
			limit = f.Limit + 1
		}
		err := s.walk(ctx, where, value, f.From, after, limit, func(r chain.Record) bool {
			looked, last = looked+1, placeOf(r)
			if f.keeps(&r) && (also == nil || also(&r)) {
				found = append(found, r)
			}
			return len(found) <= f.Limit
		})
		if err != nil {
			return EventPage{}, unavailable(err)
		}
	}
	var page EventPage
	switch {
	case len(found) > f.Limit:
		found = found[:f.Limit]
		page.Next = placeOf(found[f.Limit-1]).cursor()
	case looked == eventsLooked:
		page.Next = last.cursor()
		var err error
		if page.SearchedTo, err = time.Parse(instantLayout, last.at); err != nil {
			return EventPage{}, err
		}
	}
	for _, r := range found {
		e, err := eventOf(r)
		if err != nil {
			return EventPage{}, err
		}
		page.Events = append(page.Events, e)
	}
	return page, nil
}

// EachFoundRecord calls f for every event that the filter wants, newest first,
// until f fails. It holds no transaction in between. For staff. Kinds:
// Forbidden, Unavailable.
func (s *Store) EachFoundRecord(ctx context.Context, by Actor, filter EventFilter, f func(chain.Record) error) error {
	if !lifecycle.May(lifecycle.ExportAudit, by.Role) {
		return forbidden("Your role has no right to the audit log as a file.")
	}
	return s.eachEvent(ctx, filter, f)
}

func (s *Store) eachEvent(ctx context.Context, f EventFilter, visit func(chain.Record) error) error {
	where, value, _ := f.index()
	after := newestEvent(f.To)
	for {
		var page []chain.Record
		if err := s.walk(ctx, where, value, f.From, after, exportPage, func(r chain.Record) bool { page = append(page, r); return true }); err != nil {
			return unavailable(err)
		}
		for i := range page {
			if !f.keeps(&page[i]) {
				continue
			}
			if err := visit(page[i]); err != nil {
				return err
			}
		}
		if len(page) < exportPage {
			return nil
		}
		after = placeOf(page[len(page)-1])
	}
}

// exportPage is how many events an export has in memory at once.
const exportPage = 1000

// EventSubject is what events say they are about, from what somebody has at
// hand: the ID of an interface, person, account, access point, port, request for
// the whitelist or price list, the number of a letter or of an order, the e-mail
// address of a person, or the subject itself ("access-point:ap-…"). To a customer
// only what is their own exists. Kinds: NotFound, Unavailable.
func (s *Store) EventSubject(ctx context.Context, by Actor, text string) (string, error) {
	account, all := by.scope()
	text = strings.TrimSpace(text)
	row := func(query string, args ...any) (string, error) {
		var id, owner string
		err := s.get(ctx, query, args, &id, &owner)
		if errors.Is(err, sql.ErrNoRows) || (err == nil && !all && owner != account) {
			return "", &Error{Kind: NotFound, Msg: "Nothing is called “" + text + "”. Enter an interface's ID, the number of a letter or of an order, or a person's e-mail address."}
		}
		if err != nil {
			return "", unavailable(err)
		}
		return id, nil
	}
	kind, _, typed := strings.Cut(text, ":")
	switch {
	case strings.HasPrefix(text, "pc-"):
		return row("SELECT id, account_id FROM connections WHERE id = ?", text)
	case strings.HasPrefix(text, "us-"): // a person who was removed is still in the log
		return userSubject(text), nil
	case strings.HasPrefix(text, "acc-"):
		return "account:" + text, nil
	case strings.HasPrefix(text, "wl-"):
		return "whitelist:" + text, nil
	case strings.HasPrefix(text, "tk-"):
		return ticketSubject(text), nil
	case strings.HasPrefix(strings.ToUpper(text), "LOA-"):
		return row("SELECT l.connection_id, c.account_id FROM loas l JOIN connections c ON c.id = l.connection_id WHERE l.no = ? LIMIT 1", strings.ToUpper(text))
	case strings.Contains(text, "@"):
		id, err := row("SELECT id, COALESCE(account_id, '') FROM users WHERE email = ?", normalEmail(text))
		return userSubjectOr(id, err)
	case all && typed && kind != "":
		return text, nil
	case all && strings.HasPrefix(text, "ap-"):
		return AccessPointSubject(text), nil
	case all:
		if id, err := row("SELECT id, '' FROM ports WHERE id = ?", text); err == nil {
			return PortSubject(id), nil
		}
	}
	return row("SELECT connection_id, account_id FROM orders WHERE no = ?", text)
}

func userSubjectOr(id string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return userSubject(id), nil
}
