package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
)

const connectionColumns = `account_id, id, name, description, region, access_point_id, sp, port_spec, port_type, redundant_id, stage, version,
	stage_since, due_at, problem, currency, installation_fee, monthly_fee, price_version, line_code, loa_no, scheduled_at, removal_due,
	paid_through, created_at, created_by, updated_at, paid_from, paid_months, auto_renew, renew_at, renew_failed_at, notice_at, late_credit, late_reason`

func scanConnection(r scanner) (Connection, error) {
	var c Connection
	err := r.Scan(&c.AccountID, &c.ID, &c.Name, &c.Description, &c.Region, &c.AccessPointID, &c.SP, &c.Spec, &c.PortType, &c.RedundantID, &c.Stage, &c.Version,
		intoTime{&c.StageSince}, intoTime{&c.DueAt}, &c.Problem, &c.Installation.Currency, &c.Installation.Minor, &c.Monthly.Minor, &c.PriceVersion, &c.LineCode, &c.LOANo, intoTime{&c.ScheduledAt}, &c.RemovalDue,
		intoTime{&c.PaidThrough}, intoTime{&c.CreatedAt}, &c.CreatedBy, intoTime{&c.UpdatedAt}, intoTime{&c.PaidFrom}, &c.PaidMonths, &c.AutoRenew, intoTime{&c.RenewAt}, intoTime{&c.RenewFailedAt}, intoTime{&c.NoticeAt}, &c.LateCredit.Minor, &c.LateReason)
	c.Monthly.Currency, c.LateCredit.Currency = c.Installation.Currency, c.Installation.Currency
	return c, err
}

// foldName is the form of a name that is searched and sorted by.
func foldName(name string) string { return strings.ToLower(name) }

// connection reads an interface that the actor may see, inside the transaction.
func (t *tx) connection(id string) (*Connection, error) {
	query, args := "SELECT "+connectionColumns+" FROM connections WHERE id = ?", []any{id}
	if account, all := t.by.scope(); !all {
		query, args = "SELECT "+connectionColumns+" FROM connections WHERE account_id = ? AND id = ?", []any{account, id}
	}
	c, err := scanConnection(t.row(query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("This interface")
	}
	return &c, err
}

// Connection is the interface with this ID. Kinds: NotFound when there is none
// or it belongs to another account.
func (s *Store) Connection(ctx context.Context, by Actor, id string) (Connection, error) {
	query, args := "SELECT "+connectionColumns+" FROM connections WHERE id = ?", []any{id}
	if account, all := by.scope(); !all {
		query, args = "SELECT "+connectionColumns+" FROM connections WHERE account_id = ? AND id = ?", []any{account, id}
	}
	c, err := one(ctx, s, scanConnection, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return c, notFound("This interface")
	}
	return c, err
}

// View is one of the saved views of the list.
type View string

// The views of the list.
const (
	ViewAll          View = ""
	ViewNeedsAction  View = "needs-action"  // the customer's turn, and of the customer's people the reader's
	ViewOfColleagues View = "of-colleagues" // the customer's turn, but others of the account than the reader
	ViewWithOperator View = "with-operator" // staff's turn
	ViewEnabled      View = "enabled"
	ViewClosed       View = "closed"
)

func (v View) turn() (lifecycle.Turn, bool) {
	switch v {
	case ViewNeedsAction, ViewOfColleagues:
		return lifecycle.TurnCustomer, true
	case ViewWithOperator:
		return lifecycle.TurnStaff, true
	case ViewEnabled:
		return lifecycle.TurnNobody, true
	case ViewClosed:
		return lifecycle.TurnClosed, true
	}
	return "", false
}

// Has reports whether the view of a reader has the interfaces in a stage. What
// waits for a customer waits for those of its people who may take the step;
// staff see one customer.
func (v View) Has(stage lifecycle.Stage, reader lifecycle.Role) bool {
	turn, narrowed := v.turn()
	switch {
	case !narrowed:
		return true
	case stage.Turn() != turn:
		return false
	case turn == lifecycle.TurnCustomer && reader.IsCustomer():
		return stage.Awaits(reader) == (v == ViewNeedsAction)
	}
	return v != ViewOfColleagues
}

// Offered reports whether the view can ever have something for a reader.
func (v View) Offered(reader lifecycle.Role) bool {
	return slices.ContainsFunc(lifecycle.Stages(), func(s lifecycle.Stage) bool { return v.Has(s, reader) })
}

// whole reports whether the view has every stage of its turn for a reader.
func (v View) whole(reader lifecycle.Role) bool {
	turn, _ := v.turn()
	return !slices.ContainsFunc(lifecycle.Stages(), func(s lifecycle.Stage) bool { return s.Turn() == turn && !v.Has(s, reader) })
}

// StatusWaiting is the status filter for the two stages called Waiting; every
// other stage is its own status.
const StatusWaiting = "waiting"

// StatusFilters lists the values of ConnectionFilter.Status, in procedure order.
func StatusFilters() []string {
	return []string{"pending_payment", "to_apply_for_loa", "in_application", "loa_rejected", "approved_loa", StatusWaiting, "enabled", "terminating", "terminated", "canceled"}
}

// ConnectionFilter narrows and orders a list of interfaces.
type ConnectionFilter struct {
	AccountID string // staff: one account, or "" for all; ignored for customers
	View      View
	Status    string // one of StatusFilters, or ""
	Region    string
	// AccessPoint is for staff: it is ignored for customers. The region of an
	// access point goes without saying.
	AccessPoint string
	// DueBefore is for staff: only what waits for them and should have been done
	// before then, by stage and the longest overdue first. The zero time is no
	// bound; View is ignored with it.
	DueBefore time.Time
	// By says what Query is looked for in: "id", "name", "line", or "" for
	// whichever fits. A search orders by what it looks in.
	By, Query string
	Sort      Sort   // newest first where the filter is not Sortable so
	Page      int    // 1 to MaxPage; ignored with After
	After     string // cursor: the page after this one
	Limit     int    // 10, 20, 50 or 100

	uncounted bool // nobody asks how many there are
}

// counted reports whether no counter says how many interfaces the filter finds.
func (f ConnectionFilter) counted() bool {
	return f.Query != "" || f.Region != "" || f.AccessPoint != "" || !f.DueBefore.IsZero() || (f.View != "" && f.Status != "")
}

// Sort is an order of the list of an account.
type Sort string

// The orders of the list.
const (
	SortNewest Sort = ""
	SortName   Sort = "name"
	// SortStatus is in the order of the procedure, as StatusFilters has it, and
	// the newest first within a status.
	SortStatus Sort = "status"
	// SortDue has the earliest deadline first, whichever side it binds, then what
	// has none, the newest first.
	SortDue Sort = "due"
)

// Sortable reports whether an index has the interfaces of the filter in an
// order. A search is in the order of what it looks in.
func (f ConnectionFilter) Sortable(by Sort) bool {
	return f.Query == "" && f.AccessPoint == "" && f.DueBefore.IsZero() && (by != SortStatus || f.Region == "")
}

// MaxPage is the last page that has a number; further pages are reached one
// after the other.
const MaxPage = 50

// countLimit is how far rows are counted when no counter fits.
const countLimit = 1000

// ConnectionPage is one page of a list, with everything that is known of each
// interface.
type ConnectionPage struct {
	Items []Connection
	Paging
}

// Paging says where in a list a page is.
type Paging struct {
	// Total is how many match; TotalMore says that there are more than that.
	Total     int
	TotalMore bool
	Page      int    // number of this page, 0 when reached by cursor
	Limit     int    // rows a page
	Next      string // cursor of the next page, "" on the last
}

// Connections lists interfaces: a customer's own, or for staff those of all
// accounts. Kinds: Invalid for a broken cursor.
func (s *Store) Connections(ctx context.Context, by Actor, f ConnectionFilter) (ConnectionPage, error) {
	items, paging, err := connectionsAs(ctx, s, by, f, connectionShape[Connection]{connectionColumns, scanConnection, func(c *Connection) *Connection { return c }})
	return ConnectionPage{items, paging}, err
}

// connectionShape is what a list reads of each interface.
type connectionShape[T any] struct {
	columns string
	scan    func(scanner) (T, error)
	of      func(*T) *Connection // the part that names its place in the list
}

// connectionsAs lists interfaces in a shape.
func connectionsAs[T any](ctx context.Context, s *Store, by Actor, f ConnectionFilter, shape connectionShape[T]) ([]T, Paging, error) {
	switch f.Limit {
	case 10, 20, 50, 100:
	default:
		f.Limit = 20
	}
	f.Page = min(max(f.Page, 1), MaxPage)
	f.Query = strings.TrimSpace(f.Query)
	if !by.Staff() {
		f.AccessPoint, f.DueBefore = "", time.Time{}
	}
	if !f.DueBefore.IsZero() {
		f.View = ViewWithOperator
	}
	var tries []connectionQuery
	base := s.connectionBase(by, f)
	if f.Query == "" {
		tries = append(tries, base.sorted(f, by.Role))
	} else {
		name, id := foldName(f.Query), strings.ToLower(f.Query)
		byID := base.orderedBy("id").prefix("id", id)
		byLine := base.orderedBy("line_code").prefix("line_code", f.Query).where("line_code <> ''")
		byName := base.orderedBy("name_key").prefix("name_key", name).where("name_key <> ''")
		ctx = throughTables(ctx) // no index helps a word within a name
		within := base.orderedBy("name_key").where("name_key LIKE ? ESCAPE '\\'", "%"+escapeLike(name)+"%")
		switch {
		case base.account == "" && f.By == "name":
			tries = append(tries, byName) // a word within a name is looked for in one account only
		case base.account == "" && f.By == "" && !strings.HasPrefix(id, "pc-"):
			tries = append(tries, byName, byLine)
		case f.By == "id":
			tries = append(tries, byID)
		case f.By == "line":
			tries = append(tries, byLine)
		case f.By == "name":
			tries = append(tries, byName, within)
		case strings.HasPrefix(id, "pc-"):
			tries = append(tries, byID)
		default:
			tries = append(tries, byName, byLine, within)
		}
	}
	var items []T
	var page Paging
	for _, q := range tries {
		var err error
		if items, page, err = connectionPage(ctx, s, q, f, shape); err != nil {
			return items, page, err
		}
		if len(items) > 0 {
			break
		}
	}
	if !f.counted() && !f.uncounted {
		counts, err := s.StageCounts(ctx, base.account)
		if err != nil {
			return items, page, err
		}
		page.Total, page.TotalMore = counts.matching(f.View, f.Status, by.Role), false
	}
	return items, page, nil
}

// connectionQuery is a list query under construction.
type connectionQuery struct {
	account string // "" for all
	order   string // created_at (newest first), name_key, id, line_code, status_rank, due_at or stage
	conds   []string
	args    []any
}

func (s *Store) connectionBase(by Actor, f ConnectionFilter) connectionQuery {
	q := connectionQuery{order: "created_at"}
	account, all := by.scope()
	if all {
		account = f.AccountID
	}
	if !all || account != "" {
		q = q.where("account_id = ?", account)
	}
	q.account = account
	if !f.DueBefore.IsZero() {
		return q.late(f)
	}
	sites := f.Query == "" && (f.AccessPoint != "" || f.Region != "" && account == "")
	switch turn, ok := f.View.turn(); {
	case !ok:
	case sites || f.Query != "":
		q = q.where("turn || '' = ?", turn)
	default:
		q = q.where("turn = ?", turn)
	}
	if f.View != ViewAll && (sites && f.Status == "" || !f.View.whole(by.Role)) {
		cond := "status_rank IN (" + f.View.ranks(by.Role) + ")"
		if !sites {
			// The sign keeps the index of the order: what waits for a customer is as
			// little as the quota lets an account have.
			cond = "+" + cond
		}
		q = q.where(cond)
	}
	switch {
	case f.Status == "":
	case f.Query != "":
		q = q.where("+status_rank = ?", statusRank(f.Status))
	case q.account != "" || sites:
		q = q.where("status_rank = ?", statusRank(f.Status))
	default:
		q = q.where("status = ?", f.Status)
	}
	if sites {
		return q.bySite(f)
	}
	if f.AccessPoint != "" {
		q = q.where("access_point_id || '' = ?", f.AccessPoint)
	}
	switch {
	case f.Region == "":
	case f.Query != "":
		q = q.where("region || '' = ?", f.Region)
	default:
		q = q.where("region = ?", f.Region)
	}
	return q
}

// bySite keeps what is at the access point of the filter, or in its region, in
// the order that their indexes have. Of an access point an account is looked for
// among what it has, which is little, as its ports are.
func (q connectionQuery) bySite(f ConnectionFilter) connectionQuery {
	q = q.where("status_rank > 0").orderedBy("status_rank") // what the indexes hold
	if f.AccessPoint == "" {
		return q.where("region = ?", f.Region)
	}
	if q.account != "" {
		q.conds[0] = "account_id || '' = ?"
	}
	if f.Region != "" {
		q = q.where("region || '' = ?", f.Region)
	}
	return q.where("access_point_id = ?", f.AccessPoint)
}

// late keeps what staff should have done before f.DueBefore. That is little, and
// the index of the queue has it, also of one account and of one region.
func (q connectionQuery) late(f ConnectionFilter) connectionQuery {
	var stages []string
	for _, stage := range lifecycle.Stages() {
		if stage.Turn() == lifecycle.TurnStaff && (f.Status == "" || f.Status == statusOf(stage)) {
			stages = append(stages, "'"+string(stage)+"'")
		}
	}
	column, due, region := "stage", "due_at", "region"
	if f.Query != "" { // a search has an index of its own
		column, due = "stage || ''", "due_at || ''"
	}
	q = q.where(column+" IN ("+cmp.Or(strings.Join(stages, ", "), "''")+") AND "+due+" < ?", at(f.DueBefore)).orderedBy("stage")
	if f.Query != "" || q.account != "" || f.AccessPoint != "" {
		region = "region || ''"
	}
	if f.AccessPoint != "" {
		q = q.where("access_point_id || '' = ?", f.AccessPoint)
	}
	if f.Region != "" {
		q = q.where(region+" = ?", f.Region)
	}
	if f.Query == "" && (q.account != "" || region == "region" && f.Region != "") {
		q = q.where("turn = 'staff'") // what the indexes of one account and one region hold
	}
	return q
}

func (q connectionQuery) where(cond string, args ...any) connectionQuery {
	q.conds = append(q.conds[:len(q.conds):len(q.conds)], cond)
	q.args = append(q.args[:len(q.args):len(q.args)], args...)
	return q
}

func (q connectionQuery) orderedBy(column string) connectionQuery { q.order = column; return q }

// sorted is the query of a list that is not a search.
func (q connectionQuery) sorted(f ConnectionFilter, reader lifecycle.Role) connectionQuery {
	switch {
	case q.account == "" || !f.Sortable(f.Sort):
	case f.Sort == SortName:
		return q.orderedBy("name_key")
	case f.Sort == SortDue:
		return q.orderedBy("due_at")
	case f.Sort == SortStatus:
		if f.View != ViewAll && f.Status == "" {
			// Nothing of the statuses that the view cannot have is looked at.
			q = q.where("status_rank IN (" + f.View.ranks(reader) + ")")
		}
		return q.orderedBy("status_rank")
	}
	return q
}

// statusOf is the status that a stage is listed under.
func statusOf(s lifecycle.Stage) string {
	if s == lifecycle.WaitingForCabling || s == lifecycle.WaitingForPayment {
		return StatusWaiting
	}
	return string(s)
}

// statusRank is the column status_rank: the place of a status in StatusFilters,
// from 1 on; 0 for what is none.
func statusRank(status string) int { return slices.Index(StatusFilters(), status) + 1 }

// ranks lists the ranks of the statuses that the view of a reader can have, 0
// when there is none. Within one turn a rank is one stage.
func (v View) ranks(reader lifecycle.Role) string {
	var out []string
	for _, s := range lifecycle.Stages() {
		if n := strconv.Itoa(statusRank(statusOf(s))); v.Has(s, reader) && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		return "0"
	}
	return strings.Join(out, ", ")
}

// parts are the queries whose rows, one after the other, are the list from the
// cursor on. Kinds: Invalid for a cursor that is none.
func (q connectionQuery) parts(after string) ([]connectionQuery, error) {
	newest := q.orderedBy("created_at")
	key, id, ok := cutLast(after, "~")
	if !ok && after != "" {
		return nil, invalid("after", "This page of the list does not exist. Start at the first page.")
	}
	older := func(q connectionQuery, created string) connectionQuery {
		return q.where("created_at <= ? AND (created_at < ? OR id > ?)", created, created, id)
	}
	switch q.order {
	case "created_at":
		if after != "" {
			q = older(q, key)
		}
	case "id":
		if after != "" {
			q = q.where("id > ?", id)
		}
	case "due_at":
		due, without := q.where("due_at IS NOT NULL"), newest.where("due_at IS NULL")
		if created, ok := strings.CutPrefix(key, withoutDue); ok {
			return []connectionQuery{older(without, created)}, nil
		}
		if after != "" {
			due = due.where("(due_at, id) > (?, ?)", key, id)
		}
		return []connectionQuery{due, without}, nil
	case "status_rank":
		if after != "" {
			rank, created, _ := strings.Cut(key, " ")
			n, err := strconv.Atoi(rank)
			if err != nil {
				return nil, invalid("after", "This page of the list does not exist. Start at the first page.")
			}
			return []connectionQuery{older(newest.where("status_rank = ?", n), created), q.where("status_rank > ?", n)}, nil
		}
	case "stage":
		if after != "" {
			stage, due, _ := strings.Cut(key, " ")
			return []connectionQuery{q.where("stage = ? AND due_at >= ? AND (due_at > ? OR id > ?)", stage, due, due, id), q.where("stage > ?", stage)}, nil
		}
	default:
		if after != "" {
			q = q.where("("+q.order+", id) > (?, ?)", key, id)
		}
	}
	return []connectionQuery{q}, nil
}

// withoutDue begins the cursor of a list by due date behind those that have one.
const withoutDue = "-"

// cursor is where the list goes on after c.
func (q connectionQuery) cursor(c *Connection) string {
	var key string
	switch created := at(c.CreatedAt).text(); q.order {
	case "created_at":
		key = created
	case "name_key":
		key = foldName(c.Name)
	case "id":
		key = c.ID
	case "line_code":
		key = c.LineCode
	case "status_rank":
		key = strconv.Itoa(statusRank(statusOf(c.Stage))) + " " + created
	case "stage":
		key = string(c.Stage) + " " + at(c.DueAt).text()
	case "due_at":
		if key = withoutDue + created; !c.DueAt.IsZero() {
			key = at(c.DueAt).text()
		}
	}
	return key + "~" + c.ID
}

// place is the cursor of a row as an expression of what its index holds, "" when
// the order has two indexes.
func (q connectionQuery) place() string {
	switch q.order {
	case "id":
		return "'~' || id"
	case "status_rank":
		return "status_rank || ' ' || created_at || '~' || id"
	case "stage":
		return "stage || ' ' || due_at || '~' || id"
	case "due_at":
		return ""
	}
	return q.order + " || '~' || id"
}

// prefix keeps rows whose column begins with text, as a range that an index
// answers on every database.
func (q connectionQuery) prefix(column, text string) connectionQuery {
	return q.where(column+" >= ? AND "+column+" < ?", text, text+"\U0010FFFF")
}

func (q connectionQuery) text(tail string) string {
	cond := ""
	if len(q.conds) > 0 {
		cond = " WHERE " + strings.Join(q.conds, " AND ")
	}
	return cond + tail
}

func (q connectionQuery) orderBy() string {
	switch q.order {
	case "created_at":
		return " ORDER BY created_at DESC, id"
	case "id":
		return " ORDER BY id"
	case "status_rank":
		return " ORDER BY status_rank, created_at DESC, id"
	case "stage":
		return " ORDER BY stage, due_at, id"
	}
	return " ORDER BY " + q.order + ", id"
}

// connectionPage reads one page of a query, in one statement, or two where its
// rows come from two places of an index.
func connectionPage[T any](ctx context.Context, s *Store, q connectionQuery, f ConnectionFilter, shape connectionShape[T]) ([]T, Paging, error) {
	page := Paging{Limit: f.Limit, Page: f.Page}
	offset := (f.Page - 1) * f.Limit
	if f.After != "" {
		offset, page.Page = 0, 0
	}
	after := f.After
	if place := q.place(); offset > 0 && place != "" {
		// What is on earlier pages is passed in the index alone.
		err := s.get(ctx, "SELECT "+place+" FROM connections"+q.text(q.orderBy()+" LIMIT 1 OFFSET ?"), q.with(offset-1), &after)
		switch {
		case errors.Is(err, sql.ErrNoRows): // fewer than that
		case err != nil:
			return nil, page, err
		default:
			offset = 0
		}
	}
	parts, err := q.parts(after)
	if err != nil {
		return nil, page, err
	}
	items := make([]T, 0, f.Limit+1)
	for n, part := range parts {
		had := len(items)
		items, err = listInto(ctx, s, items, shape.scan, "SELECT "+shape.columns+" FROM connections c"+part.text(part.orderBy()+" LIMIT ? OFFSET ?"), part.with(f.Limit+1-had, offset)...)
		if err != nil {
			return nil, page, err
		}
		if len(items) > f.Limit || n == len(parts)-1 {
			break
		}
		if len(items) > had {
			offset = 0
		} else if offset > 0 { // all of this part is on earlier pages
			passed, err := s.countUpTo(ctx, part, offset)
			if err != nil {
				return nil, page, err
			}
			offset -= passed
		}
	}
	if len(items) > f.Limit {
		items = items[:f.Limit]
		page.Next = q.cursor(shape.of(&items[f.Limit-1]))
	}
	if f.counted() && !f.uncounted {
		page.Total, err = s.countUpTo(ctx, q, countLimit+1)
		if page.Total > countLimit {
			page.Total, page.TotalMore = countLimit, true
		}
	}
	return items, page, err
}

// LateCount is how many interfaces of an account, "" for all, wait for staff and
// should have been done before t; at most 1,000 are counted, and more says that
// there are more than that.
func (s *Store) LateCount(ctx context.Context, by Actor, account string, t time.Time) (n int, more bool, err error) {
	q := s.connectionBase(by, ConnectionFilter{AccountID: account, DueBefore: t})
	n, err = s.countUpTo(ctx, q, countLimit+1)
	return min(n, countLimit), n > countLimit, err
}

// countUpTo counts what a query finds, and no further than limit.
func (s *Store) countUpTo(ctx context.Context, q connectionQuery, limit int) (n int, err error) {
	return n, s.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM connections"+q.text("")+" LIMIT ?) AS c", q.with(limit), &n)
}

// with is the arguments of the query and more behind them.
func (q connectionQuery) with(args ...any) []any {
	return append(q.args[:len(q.args):len(q.args)], args...)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// EachConnection calls f for every interface of the filter, in its order,
// without holding them all: what an export streams. Page, After and Limit are
// ignored.
func (s *Store) EachConnection(ctx context.Context, by Actor, filter ConnectionFilter, f func(Connection) error) error {
	filter.Limit, filter.Page, filter.After, filter.uncounted = 100, 1, "", true
	for {
		page, err := s.Connections(ctx, by, filter)
		if err != nil {
			return err
		}
		for _, c := range page.Items {
			if err := f(c); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		filter.After = page.Next
	}
}

// StageCounts is how many interfaces are in each stage.
type StageCounts map[lifecycle.Stage]int

// Of sums the interfaces of a view as staff see it.
func (n StageCounts) Of(v View) int { return n.For("", v) }

// For sums the interfaces of a view as a reader sees it.
func (n StageCounts) For(reader lifecycle.Role, v View) int { return n.matching(v, "", reader) }

func (n StageCounts) matching(v View, status string, reader lifecycle.Role) int {
	total := 0
	for stage, k := range n {
		if v.Has(stage, reader) && (status == "" || status == statusOf(stage)) {
			total += k
		}
	}
	return total
}

// StageCounts counts an account's interfaces by stage, "" for all accounts. The
// numbers are kept, not counted, and stay in memory until one of them changes.
// Callers leave the map as it is.
func (s *Store) StageCounts(ctx context.Context, account string) (StageCounts, error) {
	n, ok, epoch := s.counts.lookup(account)
	if ok {
		return n, nil
	}
	type row struct {
		stage lifecycle.Stage
		n     int
	}
	rows, err := list(ctx, s, func(r scanner) (v row, err error) { return v, r.Scan(&v.stage, &v.n) }, "SELECT stage, n FROM connection_counts WHERE account_id = ?", account)
	if err != nil {
		return StageCounts{}, err
	}
	n = StageCounts{}
	for _, r := range rows {
		n[r.stage] = r.n
	}
	s.counts.keep(account, n, epoch)
	return n, nil
}

// NeedsAction is how many interfaces of the account wait for a person with the
// role.
func (s *Store) NeedsAction(ctx context.Context, account string, role lifecycle.Role) (int, error) {
	counts, err := s.StageCounts(ctx, account)
	return counts.For(role, ViewNeedsAction), err
}

// QueueCounts is how much work lies in each staff queue.
type QueueCounts struct{ LOA, Cabling, Removals, PortChecks, Whitelist, Tickets int }

// QueueCounts counts the staff queues.
func (s *Store) QueueCounts(ctx context.Context) (QueueCounts, error) {
	counts, err := s.StageCounts(ctx, "")
	q := QueueCounts{LOA: counts[lifecycle.InApplication], Cabling: counts[lifecycle.WaitingForCabling]}
	if err != nil {
		return q, err
	}
	return q, s.get(ctx, `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM connections WHERE removal_due = 1 LIMIT ?) AS c),
		(SELECT COUNT(*) FROM (SELECT 1 FROM ports WHERE left_by <> '' LIMIT ?) AS c),
		(SELECT COUNT(*) FROM (SELECT 1 FROM whitelist_requests WHERE status = 'requested' LIMIT ?) AS c),
		(SELECT COUNT(*) FROM (SELECT 1 FROM tickets WHERE state = 'waiting' LIMIT ?) AS c)`,
		[]any{countLimit, countLimit, countLimit, countLimit}, &q.Removals, &q.PortChecks, &q.Whitelist, &q.Tickets)
}

// Work is an interface that staff have to do something about, as a page names it
// among others.
type Work struct {
	AccountID, ID, Name, Region, AccessPointID string
	Stage                                      lifecycle.Stage
	Since, Due                                 time.Time // Due is zero where it is not known
}

const workColumns = "account_id, id, name, region, access_point_id, stage, stage_since, due_at"

func scanWork(r scanner) (w Work, err error) {
	return w, r.Scan(&w.AccountID, &w.ID, &w.Name, &w.Region, &w.AccessPointID, &w.Stage, intoTime{&w.Since}, intoTime{&w.Due})
}

// Queue lists the interfaces that wait for staff in a stage, the earliest
// deadline first; those whose deadline is unknown come first of all.
func (s *Store) Queue(ctx context.Context, stage lifecycle.Stage, limit int) ([]Work, error) {
	return list(ctx, s, scanWork, "SELECT "+workColumns+" FROM connections WHERE stage = ? ORDER BY due_at, id LIMIT ?", stage, limit)
}

// Removals lists the ended and ending interfaces whose cable a technician still
// has to remove, oldest first.
func (s *Store) Removals(ctx context.Context, limit int) ([]Work, error) {
	return list(ctx, s, scanWork, "SELECT "+workColumns+" FROM connections WHERE removal_due = 1 ORDER BY stage_since, id LIMIT ?", limit)
}

// RedundantCandidates lists the interfaces of an account in a region that a new
// one can be redundant with: past payment and not ended. At most 200, newest
// first.
func (s *Store) RedundantCandidates(ctx context.Context, account, region string) ([]Connection, error) {
	return list(ctx, s, scanConnection, "SELECT "+connectionColumns+` FROM connections
		WHERE account_id = ? AND region = ? AND turn <> 'closed' AND stage <> 'pending_payment' ORDER BY created_at DESC, id LIMIT 200`, account, region)
}

// Quota is what an account may still order.
type Quota struct {
	PerAccessPoint, NotEnabled        int // the limits
	UsedAtAccessPoint, UsedNotEnabled int
}

// Quota reads the limits of an account and how much of them is used; the use at
// an access point is counted when one is named.
func (s *Store) Quota(ctx context.Context, account, accessPoint string) (Quota, error) {
	var q Quota
	if err := s.get(ctx, "SELECT quota_per_access_point, quota_not_enabled FROM accounts WHERE id = ?", []any{account}, &q.PerAccessPoint, &q.NotEnabled); err != nil {
		return q, err
	}
	counts, err := s.StageCounts(ctx, account)
	if err != nil {
		return q, err
	}
	for stage, n := range counts {
		if stage.CountsAsNotEnabled() {
			q.UsedNotEnabled += n
		}
	}
	if accessPoint != "" {
		err = s.get(ctx, "SELECT COUNT(*) FROM connections WHERE account_id = ? AND access_point_id = ? AND turn <> 'closed'", []any{account, accessPoint}, &q.UsedAtAccessPoint)
	}
	return q, err
}

// checkQuota refuses an order beyond the account's limits, inside the order's
// transaction.
func (t *tx) checkQuota(account string, ap catalog.AccessPoint) error {
	var perAP, notEnabled, atAP, open int
	if err := t.row("SELECT quota_per_access_point, quota_not_enabled FROM accounts WHERE id = ?", account).Scan(&perAP, &notEnabled); err != nil {
		return err
	}
	if err := t.row("SELECT COUNT(*) FROM connections WHERE account_id = ? AND access_point_id = ? AND turn <> 'closed'", account, ap.ID).Scan(&atAP); err != nil {
		return err
	}
	rows, err := t.query("SELECT stage, n FROM connection_counts WHERE account_id = ?", account)
	if err != nil {
		return err
	}
	if _, err := collect(rows, func(r scanner) (v struct{}, err error) {
		var stage lifecycle.Stage
		var n int
		err = r.Scan(&stage, &n)
		if stage.CountsAsNotEnabled() {
			open += n
		}
		return v, err
	}); err != nil {
		return err
	}
	if atAP >= perAP {
		return invalid("ap", fmt.Sprintf("Your account has %d of %d interfaces at %s. Select another Access Point, or ask %s to raise the limit.", atAP, perAP, ap.Name, t.s.operator))
	}
	if open >= notEnabled {
		return invalid("ap", fmt.Sprintf("Your account has %d of %d interfaces that are not Enabled yet. Finish or cancel one first, or ask %s to raise the limit.", open, notEnabled, t.s.operator))
	}
	return nil
}

// EditConnection changes the name and the description. Kinds: Invalid (fields
// name, description), NotFound, Conflict.
func (s *Store) EditConnection(ctx context.Context, by Actor, id string, rev int, name, description string) error {
	return s.editConnection(ctx, by, id, rev, name, description, nil)
}

// EditConnectionAndPair is EditConnection that also says which connection the
// interface is redundant with: an ID, or NotRedundant. Kinds: Invalid (fields
// name, description, redundant), NotFound, Conflict.
func (s *Store) EditConnectionAndPair(ctx context.Context, by Actor, id string, rev int, name, description, redundant string) error {
	return s.editConnection(ctx, by, id, rev, name, description, &redundant)
}

func (s *Store) editConnection(ctx context.Context, by Actor, id string, rev int, name, description string, redundant *string) error {
	fields := map[string]string{}
	if msg := nameProblem(name); msg != "" {
		fields["name"] = msg
	}
	if msg := descriptionProblem(description); msg != "" {
		fields["description"] = msg
	}
	if err := invalidFields(fields); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		c, err := t.connection(id)
		if err != nil {
			return "", err
		}
		var said []string
		if c.Name != name {
			said = append(said, "Name "+orNothing(c.Name)+" → "+orNothing(name))
		}
		if c.Description != description {
			said = append(said, "Description changed")
		}
		var was, is *Connection
		if redundant != nil {
			if was, err = t.partner(c); err != nil {
				return "", err
			}
			if is, err = t.newPartner(c, was, *redundant); err != nil {
				return "", err
			}
			if pairID(was) != pairID(is) {
				said = append(said, "Redundant connection "+orNothing(pairID(was))+" → "+orNothing(pairID(is)))
			}
		}
		_, err = t.apply(change{action: lifecycle.EditNameDescription, id: id, rev: rev, detail: strings.Join(said, "; "), rows: func(t *tx, c *Connection) error {
			c.Name, c.Description = name, description
			if pairID(was) == pairID(is) {
				return nil
			}
			return t.changePair(c, was, is)
		}})
		return id, err
	})
	return err
}

func pairID(c *Connection) string {
	if c == nil {
		return ""
	}
	return c.ID
}

// ActionPartnerChanged is the action of the event that an interface gets when
// another one becomes, or stops being, its redundant connection.
const ActionPartnerChanged = "partner_changed"

// newPartner is the connection that c would be redundant with, nil for none. was
// is the one it has. What an order checks is checked here, for a port that c
// has as for one that it does not have yet.
func (t *tx) newPartner(c, was *Connection, want string) (*Connection, error) {
	if want == NotRedundant || want == "" {
		return nil, t.pairMayChange(c, was, nil)
	}
	if was != nil && want == was.ID {
		return was, nil
	}
	refuse := func(msg string) (*Connection, error) { return nil, invalid("redundant", msg) }
	o, err := scanConnection(t.row("SELECT "+connectionColumns+" FROM connections WHERE account_id = ? AND id = ?", c.AccountID, want))
	switch {
	case errors.Is(err, sql.ErrNoRows) || (err == nil && (o.Region != c.Region || o.ID == c.ID)):
		return refuse("Select another connection of the same region")
	case err != nil:
		return nil, err
	case o.Stage == lifecycle.PendingPayment:
		return refuse("Pay the installation fee of " + o.ID + " first")
	case !o.Stage.PastPayment() || o.Stage == lifecycle.Terminating:
		return refuse(o.ID + " has ended. Select another connection.")
	}
	if theirs, err := t.partner(&o); err != nil {
		return nil, err
	} else if theirs != nil && theirs.ID != c.ID {
		return refuse(o.ID + " is redundant with " + theirs.ID + " already. Select another connection.")
	}
	if err := t.pairMayChange(c, was, &o); err != nil {
		return nil, err
	}
	if o.AccessPointID != c.AccessPointID {
		return &o, nil
	}
	mine, err := t.portOf(c.ID)
	if err != nil {
		return nil, err
	}
	theirs, err := t.portOf(o.ID)
	if err != nil {
		return nil, err
	}
	switch {
	case mine != nil && theirs != nil && mine.Device == theirs.Device:
		d, err := t.device(mine.Device)
		if err != nil {
			return nil, err
		}
		return refuse("Both are on the access device " + d.Name + ". Redundant connections are on different access devices. Ask " + t.s.operator + " to move one of them first, or select another connection.")
	case mine == nil:
		planned := *c
		planned.RedundantID = o.ID
		if _, usable, err := t.freeFor(&planned); err != nil {
			return nil, err
		} else if usable == 0 {
			ap, err := t.accessPoint(c.AccessPointID)
			if err != nil {
				return nil, err
			}
			return refuse(MessageOf(noOtherDevice(ap.Name, c.PortType)))
		}
	}
	return &o, nil
}

// pairMayChange refuses another partner while a letter is out that says where
// the partner is, and when c is about to end.
func (t *tx) pairMayChange(c, was, is *Connection) error {
	if pairID(was) == pairID(is) {
		return nil
	}
	if c.Stage == lifecycle.Terminating {
		return invalid("redundant", c.Title()+" is being terminated. Its redundant connection stays as it is.")
	}
	for _, x := range []*Connection{c, was, is} {
		if x == nil {
			continue
		}
		if no, err := t.letterOut(x.ID); err != nil {
			return err
		} else if no != "" {
			return invalid("redundant", "Letter "+no+" for "+x.ID+" is out and says what it is kept apart from. Change this when the cable is connected.")
		}
	}
	return nil
}

// changePair makes is the redundant connection of c in the place of was; both
// may be nil, and both are told.
func (t *tx) changePair(c, was, is *Connection) error {
	tell := func(p *Connection, detail string) error {
		if err := t.raise(p); err != nil {
			return err
		}
		return t.event(p.ID, p.AccountID, ActionPartnerChanged, p.Stage, p.Stage, "", detail)
	}
	if was != nil {
		if was.RedundantID == c.ID {
			if _, err := t.exec("UPDATE connections SET redundant_id = '' WHERE account_id = ? AND id = ?", was.AccountID, was.ID); err != nil {
				return err
			}
		}
		if err := tell(was, c.ID+" is no longer its redundant connection"); err != nil {
			return err
		}
	}
	c.RedundantID = pairID(is)
	if is == nil {
		return nil
	}
	return tell(is, c.ID+" is its redundant connection now")
}
