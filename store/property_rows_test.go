package store_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/store/ticket"
	"demarc/store/workday"
)

// What must be true of the rows of a database, whatever was done to it. None of
// it asks the store: the rows are read on a connection of their own, and the
// rules are written down here a second time, over rows in memory. Only the pure
// rules (lifecycle, workday) are shared.

// table is one table as it was read, in the order of its key.
type table struct {
	cols map[string]int
	rows [][]any
}

// rows is a whole database as it was at one moment.
type rows map[string]*table

// record is one row of a table.
type record struct {
	cols map[string]int
	vals []any
}

func (r record) get(col string) any {
	i, ok := r.cols[col]
	if !ok {
		panic("no column " + col)
	}
	return r.vals[i]
}

// str is a text, "" for NULL.
func (r record) str(col string) string {
	switch v := r.get(col).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func (r record) int(col string) int64 {
	n, _ := r.get(col).(int64)
	return n
}

func (r record) yes(col string) bool { return r.int(col) == 1 }

func (r record) stage(col string) lifecycle.Stage { return lifecycle.Stage(r.str(col)) }

const rowTime = "2006-01-02T15:04:05.000Z"

func (r record) time(col string) time.Time {
	t, err := time.Parse(rowTime, r.str(col))
	if err != nil {
		return time.Time{}
	}
	return t
}

// of yields the rows of a table.
func (d rows) of(name string) func(yield func(record) bool) {
	return func(yield func(record) bool) {
		t := d[name]
		if t == nil {
			return
		}
		for _, v := range t.rows {
			if !yield(record{t.cols, v}) {
				return
			}
		}
	}
}

// where is the first row of a table that fits.
func (d rows) where(name string, fits func(record) bool) (record, bool) {
	for r := range d.of(name) {
		if fits(r) {
			return r, true
		}
	}
	return record{}, false
}

func (d rows) connection(id string) (record, bool) {
	return d.where("connections", func(r record) bool { return r.str("id") == id })
}

func (d rows) portOf(id string) (record, bool) {
	return d.where("ports", func(r record) bool { return r.str("connection_id") == id })
}

func (d rows) device(id string) record {
	r, _ := d.where("devices", func(r record) bool { return r.str("id") == id })
	return r
}

func (d rows) account(id string) record {
	r, _ := d.where("accounts", func(r record) bool { return r.str("id") == id })
	return r
}

// watcher reads a database file without the store that writes it.
type watcher struct {
	db      *sql.DB
	tables  []string
	version int64
}

// watch reads the tables of a database, or only some.
func watch(dir string, only ...string) (*watcher, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "demarc.db")+"?mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // data_version is a connection's own
	w := &watcher{db: db}
	names, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	defer names.Close()
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			return nil, err
		}
		if len(only) == 0 || slices.Contains(only, name) {
			w.tables = append(w.tables, name)
		}
	}
	return w, names.Err()
}

// changed reports whether anybody committed something since the last call.
func (w *watcher) changed() (bool, error) {
	var v int64
	if err := w.db.QueryRow("PRAGMA data_version").Scan(&v); err != nil {
		return false, err
	}
	was := w.version
	w.version = v
	return v != was, nil
}

// read reads every row of every table, in one transaction.
func (w *watcher) read() (rows, error) {
	tx, err := w.db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	out := rows{}
	for _, name := range w.tables {
		rs, err := tx.Query("SELECT * FROM " + name)
		if err != nil {
			return nil, err
		}
		cols, err := rs.Columns()
		if err != nil {
			return nil, errors.Join(err, rs.Close())
		}
		t := &table{cols: map[string]int{}}
		for i, c := range cols {
			t.cols[c] = i
		}
		for rs.Next() {
			vals, into := make([]any, len(cols)), make([]any, len(cols))
			for i := range vals {
				into[i] = &vals[i]
			}
			if err := rs.Scan(into...); err != nil {
				return nil, errors.Join(err, rs.Close())
			}
			t.rows = append(t.rows, vals)
		}
		if err := errors.Join(rs.Err(), rs.Close()); err != nil {
			return nil, err
		}
		out[name] = t
	}
	return out, nil
}

// whole asks SQLite itself whether the file is well.
func (w *watcher) whole() error {
	for _, q := range []string{"PRAGMA integrity_check", "PRAGMA foreign_key_check"} {
		rs, err := w.db.Query(q)
		if err != nil {
			return err
		}
		cols, err := rs.Columns()
		for err == nil && rs.Next() {
			vals, into := make([]sql.NullString, len(cols)), make([]any, len(cols))
			for i := range vals {
				into[i] = &vals[i]
			}
			if err = rs.Scan(into...); err == nil && vals[0].String != "ok" {
				err = fmt.Errorf("%s: %v", q, vals)
			}
		}
		if err = errors.Join(err, rs.Err(), rs.Close()); err != nil {
			return err
		}
	}
	return nil
}

func sameRow(a, b []any) bool {
	return slices.EqualFunc(a, b, func(x, y any) bool {
		if p, ok := x.([]byte); ok {
			q, ok := y.([]byte)
			return ok && bytes.Equal(p, q)
		}
		return x == y
	})
}

// difference names the first row that is not alike, "" when all are; the
// tables in but are not compared.
func difference(a, b rows, but ...string) string {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if slices.Contains(but, name) {
			continue
		}
		x, y := a[name].rows, b[name].rows
		for i := range max(len(x), len(y)) {
			switch {
			case i >= len(x):
				return fmt.Sprintf("%s has more: %v", name, y[i])
			case i >= len(y):
				return fmt.Sprintf("%s has lost: %v", name, x[i])
			case !sameRow(x[i], y[i]):
				return fmt.Sprintf("%s: %v became %v", name, x[i], y[i])
			}
		}
	}
	return ""
}

// added lists the rows of a table that b has and a has not; a table that only
// grows has lost nothing, which the second answer says.
func added(a, b rows, name string) (more []record, lost string) {
	if b[name] == nil {
		return nil, "" // not read
	}
	t, i := b[name], 0
	for _, v := range t.rows {
		if i < len(a[name].rows) && sameRow(a[name].rows[i], v) {
			i++
			continue
		}
		more = append(more, record{t.cols, v})
	}
	if i < len(a[name].rows) {
		lost = fmt.Sprintf("%s: %v is no longer there as it was", name, a[name].rows[i])
	}
	return more, lost
}

// faults collects what is wrong.
type faults []string

func (f *faults) add(rule, format string, args ...any) {
	if len(*f) == 10 {
		return // enough to see what it is
	}
	*f = append(*f, rule+": "+fmt.Sprintf(format, args...))
}

// holds is the port state that goes with a stage; "" for a stage that holds
// no port.
func holds(c record) string {
	switch s := c.stage("stage"); {
	case s == lifecycle.PendingPayment, s == lifecycle.Terminated:
		return ""
	case s == lifecycle.Canceled:
		if c.yes("removal_due") {
			return "quarantined"
		}
		return ""
	case s == lifecycle.WaitingForPayment, s == lifecycle.Enabled, s == lifecycle.Terminating:
		return "in_use"
	}
	return "allocated"
}

// unsound lists which invariants the rows break.
func unsound(d rows) []string {
	var f faults
	byID := map[string]record{}
	for c := range d.of("connections") {
		byID[c.str("id")] = c
	}
	site := map[string]string{} // device -> access point
	for r := range d.of("devices") {
		site[r.str("id")] = r.str("access_point_id")
	}
	soundPorts(d, &f, byID, site)
	soundCounters(d, &f)
	soundHistory(d, &f, byID)
	soundMoney(d, &f, byID)
	soundPapers(d, &f, byID, site)
	soundDue(&f, byID)
	soundMessages(d, &f)
	soundWhitelist(d, &f)
	soundTickets(d, &f)
	soundNotes(d, &f)
	soundCapacity(d, &f)
	soundPortHistory(d, &f)
	return f
}

func soundPorts(d rows, f *faults, byID map[string]record, site map[string]string) {
	lettersOf, inForce := map[string][]string{}, map[string]string{}
	for l := range d.of("loas") {
		id := l.str("connection_id")
		lettersOf[id] = append(lettersOf[id], l.str("no"))
		if l.str("status") == "issued" {
			inForce[id] = l.str("no")
		}
	}
	port := map[string]record{} // holder -> port
	for p := range d.of("ports") {
		id, state := p.str("connection_id"), p.str("state")
		if id == "" {
			if state == "allocated" || state == "in_use" || (state == "quarantined") != (p.str("left_by") != "") {
				f.add("port", "%s is %s, left by %q, and nobody holds it", p.str("id"), state, p.str("left_by"))
			}
			if (p.str("left_by") != "") != (p.str("letter") != "") || (p.str("left_by") != "") != (p.str("left_at") != "") {
				f.add("port", "%s: left by %q, at %q, letter %q", p.str("id"), p.str("left_by"), p.str("left_at"), p.str("letter"))
			}
			if c, ok := byID[p.str("left_by")]; p.str("left_by") != "" && (!ok || !slices.Contains(lettersOf[c.str("id")], p.str("letter"))) {
				f.add("port", "%s: %s left it, and %s is no letter of it", p.str("id"), p.str("left_by"), p.str("letter"))
			}
			continue
		}
		if state == "free" || p.str("left_by") != "" {
			f.add("port", "%s is %s, left by %q, and %s holds it", p.str("id"), state, p.str("left_by"), id)
		}
		if l, mine := p.str("letter"), lettersOf[id]; l != "" && !slices.Contains(mine, l) || l == "" && inForce[id] != "" || inForce[id] != "" && l != inForce[id] {
			f.add("port", "%s of %s says letter %q, in force is %q", p.str("id"), id, l, inForce[id])
		}
		if other, two := port[id]; two {
			f.add("port", "%s holds %s and %s", id, other.str("id"), p.str("id"))
		}
		port[id] = p
		c, known := byID[id]
		switch want := ""; {
		case !known:
			f.add("port", "%s is held by %s, which is not there", p.str("id"), id)
		default:
			if want = holds(c); want == "" {
				f.add("port", "%s is held by %s, which is %s", p.str("id"), id, c.str("stage"))
			} else if state != want {
				f.add("port", "%s of %s (%s) is %s, want %s", p.str("id"), id, c.str("stage"), state, want)
			}
			if p.str("port_type") != c.str("port_type") || site[p.str("device_id")] != c.str("access_point_id") {
				f.add("port", "%s of %s is a %s at %s, ordered was %s at %s", p.str("id"), id, p.str("port_type"), site[p.str("device_id")], c.str("port_type"), c.str("access_point_id"))
			}
		}
	}
	partners := map[string][]string{} // living interface -> the living ones it is redundant with
	for id, c := range byID {
		p, held := port[id]
		if !held && holds(c) != "" {
			f.add("port", "%s is %s and holds none", id, c.str("stage"))
		}
		s := c.stage("stage")
		if c.yes("removal_due") != (s == lifecycle.Terminating || (s == lifecycle.Canceled && held)) {
			f.add("port", "%s is %s: removal due %v, port held %v", id, s, c.yes("removal_due"), held)
		}
		o, named := byID[c.str("redundant_id")]
		if !named {
			if c.str("redundant_id") != "" {
				f.add("pair", "%s names %s, which is not there", id, c.str("redundant_id"))
			}
			continue
		}
		if o.str("account_id") != c.str("account_id") || o.str("region") != c.str("region") || o.str("id") == id {
			f.add("pair", "%s cannot be redundant with %s", id, o.str("id"))
		}
		if !s.Ended() && !o.stage("stage").Ended() {
			partners[id] = append(partners[id], o.str("id"))
			partners[o.str("id")] = append(partners[o.str("id")], id)
		}
		if q, ok := port[o.str("id")]; ok && held && p.str("device_id") == q.str("device_id") {
			f.add("pair", "%s and %s are both on %s", id, o.str("id"), p.str("device_id"))
		}
	}
	for id, with := range partners {
		if len(with) > 1 {
			f.add("pair", "%s is redundant with %v: a pair is two", id, with)
		}
	}
}

func soundCounters(d rows, f *faults) {
	type key [3]string
	compare := func(what string, want map[key]int64, of string, key func(record) key) {
		for r := range d.of(of) {
			k := key(r)
			if n := r.int("n"); n != want[k] {
				f.add("counter", "%s %v says %d, there are %d", what, k, n, want[k])
			}
			delete(want, k)
		}
		for k, n := range want {
			f.add("counter", "%s %v is not kept, there are %d", what, k, n)
		}
	}
	ports := map[key]int64{}
	for p := range d.of("ports") {
		ports[key{p.str("device_id"), p.str("port_type"), p.str("state")}]++
	}
	compare("port_counts", ports, "port_counts", func(r record) key { return key{r.str("device_id"), r.str("port_type"), r.str("state")} })
	stages := map[key]int64{}
	for c := range d.of("connections") {
		stages[key{c.str("account_id"), c.str("stage")}]++
		stages[key{"", c.str("stage")}]++
	}
	compare("connection_counts", stages, "connection_counts", func(r record) key { return key{r.str("account_id"), r.str("stage")} })
}

// isStep reports whether an event is a step of the lifecycle table.
func isStep(e record) bool {
	return slices.Contains(lifecycle.Actions(), lifecycle.Action(e.str("action")))
}

// isNotice reports whether an event tells of a change to what the interface's
// partner is or where it is.
func isNotice(e record) bool {
	return slices.Contains([]string{store.ActionRedundancyChanged, store.ActionRedundancyLost, store.ActionPartnerChanged}, e.str("action"))
}

func soundHistory(d rows, f *faults, byID map[string]record) {
	type tail struct {
		seq, steps int64
		notices    int64  // that made a page old without a step
		notice     record // the event before, when it was one
		at         string
		stage      lifecycle.Stage
		since      string
	}
	last := map[string]tail{}
	for e := range d.of("events") { // in the order of subject and number
		id := e.str("subject")
		t := last[id]
		if e.int("seq") != t.seq+1 {
			f.add("history", "%s: event %d after %d", id, e.int("seq"), t.seq)
		}
		if e.str("at") < t.at {
			f.add("history", "%s: event %d is older than the one before", id, e.int("seq"))
		}
		if e.str("actor_id") == "" || e.str("request_id") == "" {
			f.add("history", "%s: event %d says not who or by which request", id, e.int("seq"))
		}
		t.seq, t.at = e.int("seq"), e.str("at")
		if c, ok := byID[id]; ok {
			if e.str("account_id") != c.str("account_id") {
				f.add("history", "%s: event %d belongs to %q", id, e.int("seq"), e.str("account_id"))
			}
			from, to := e.stage("from_stage"), e.stage("to_stage")
			if from != t.stage {
				f.add("history", "%s: event %d leaves %q, the stage was %q", id, e.int("seq"), from, t.stage)
			}
			// A port that is moved is a step and a notice in one.
			own := slices.Contains([]string{string(lifecycle.MovePort), string(lifecycle.Approve)}, e.str("action"))
			if n := t.notice; own && n.vals != nil && n.str("request_id") == e.str("request_id") && n.str("at") == e.str("at") {
				t.notices--
			}
			if t.notice = (record{}); isNotice(e) {
				t.notices++
				t.notice = e
			}
			if isStep(e) {
				t.steps++
				if next, err := lifecycle.Next(from, lifecycle.Action(e.str("action")), lifecycle.Role(e.str("actor_role"))); err != nil || next != to {
					f.add("history", "%s: event %d, %s from %q to %q by %s: %v", id, e.int("seq"), e.str("action"), from, to, e.str("actor_role"), err)
				}
			} else if from != to {
				f.add("history", "%s: event %d, %s, moved the stage", id, e.int("seq"), e.str("action"))
			}
			if from != to {
				t.since = e.str("at")
			}
			t.stage = to
		}
		last[id] = t
	}
	for id, c := range byID {
		t := last[id]
		if t.stage != c.stage("stage") || t.since != c.str("stage_since") {
			f.add("history", "%s is %s since %s, its history says %s since %s", id, c.str("stage"), c.str("stage_since"), t.stage, t.since)
		}
		// A page from before a notice is old, like one from before a step.
		want := t.steps + t.notices
		if want != c.int("version") {
			f.add("history", "%s is at version %d after %d steps, want %d", id, c.int("version"), t.steps, want)
		}
		if turn := lifecycle.Turn(c.str("turn")); turn != c.stage("stage").Turn() {
			f.add("history", "%s is %s, turn %s", id, c.str("stage"), turn)
		}
	}
}

func soundMoney(d rows, f *faults, byID map[string]record) {
	sum, owed := map[string]int64{}, map[string]int64{}
	lines := map[string]int{}
	last := map[string]record{}
	for e := range d.of("ledger_entries") {
		if l, ok := last[e.str("book")]; !ok || l.str("transaction_id") < e.str("transaction_id") {
			last[e.str("book")] = e
		}
		sum[e.str("transaction_id")] += e.int("amount")
		lines[e.str("transaction_id")]++
		if account, ok := strings.CutPrefix(e.str("book"), "balance:"); ok {
			owed[account] -= e.int("amount")
		}
	}
	posted := map[string][]string{} // order -> kinds
	amounts := map[string]int64{}
	for t := range d.of("ledger_transactions") {
		id := t.str("id")
		if sum[id] != 0 || lines[id] != 2 {
			f.add("ledger", "%s has %d entries that sum to %d", id, lines[id], sum[id])
		}
		if no := t.str("order_no"); no != "" {
			posted[no] = append(posted[no], t.str("kind"))
		}
	}
	for e := range d.of("ledger_entries") {
		amounts[e.str("transaction_id")] = max(amounts[e.str("transaction_id")], e.int("amount"))
	}
	for a := range d.of("accounts") {
		if b := a.int("balance_minor"); b != owed[a.str("id")] || b < 0 {
			f.add("ledger", "%s has %d, the books say %d", a.str("id"), b, owed[a.str("id")])
		}
		if e, ok := last["balance:"+a.str("id")]; ok && e.int("book_total") != -owed[a.str("id")] {
			f.add("ledger", "the book of %s is said to hold %d after its last entry, the entries say %d", a.str("id"), e.int("book_total"), -owed[a.str("id")])
		}
		if e, ok := last["receivable:"+a.str("id")]; ok && e.int("book_total") != owes(d, a.str("id")) {
			f.add("ledger", "%s is said to owe %d after its last entry, the entries say %d", a.str("id"), e.int("book_total"), owes(d, a.str("id")))
		}
	}
	installation, resource := map[string][]string{}, map[string][]string{}
	periods := map[string][]record{} // the orders of an interface that pay for time
	for o := range d.of("orders") {
		no, id := o.str("no"), o.str("connection_id")
		var want []string
		fee := "resource_fee"
		switch o.str("kind") {
		case "installation":
			fee = "installation_fee"
			installation[id] = append(installation[id], o.str("state"))
		case "renewal":
			fee = "renewal"
		default:
			resource[id] = append(resource[id], o.str("state"))
		}
		switch o.str("state") {
		case "paid", "refunded":
			want = []string{fee}
			if o.int("refunded") > 0 {
				want = append(want, "refund")
				slices.Sort(want)
			}
			if o.str("kind") != "installation" {
				periods[id] = append(periods[id], o)
			}
		}
		got := slices.Clone(posted[no])
		slices.Sort(got)
		if !slices.Equal(got, want) {
			f.add("ledger", "order %s is %s, posted were %v", no, o.str("state"), got)
		}
		for t := range d.of("ledger_transactions") {
			moved := o.int("amount")
			if t.str("kind") == "refund" {
				moved = o.int("refunded")
			}
			if t.str("order_no") == no && (amounts[t.str("id")] != moved || t.str("account_id") != o.str("account_id")) {
				f.add("ledger", "order %s is %d of %s, %s posted %d of %s", no, o.int("amount"), o.str("account_id"), t.str("kind"), amounts[t.str("id")], t.str("account_id"))
			}
		}
		if c := byID[id]; c.vals == nil || c.str("account_id") != o.str("account_id") {
			f.add("ledger", "order %s is of %s, which is another account's or nobody's", no, id)
		}
		delete(posted, no)
	}
	for no, kinds := range posted {
		f.add("ledger", "%v for order %s, which is not there", kinds, no)
	}
	for id, c := range byID {
		var want []string
		switch s := c.stage("stage"); {
		case s == lifecycle.PendingPayment:
			want = []string{"unpaid"}
		case s == lifecycle.Canceled && c.str("loa_no") != "":
			want = []string{"paid"} // a letter was out: the fee is not given back
		case s == lifecycle.Canceled:
			want = []string{"canceled", "expired", "refunded"}
		default:
			want = []string{"paid"}
		}
		if got := installation[id]; len(got) != 1 || !slices.Contains(want, got[0]) {
			f.add("order", "%s is %s, its installation orders are %v", id, c.str("stage"), got)
		}
		enabled := slices.Contains([]lifecycle.Stage{lifecycle.Enabled, lifecycle.Terminating, lifecycle.Terminated}, c.stage("stage"))
		soundTerm(f, id, c, periods[id])
		if got := resource[id]; (len(got) == 1 && got[0] == "paid") != enabled || (len(got) != 0) != enabled || (c.str("paid_through") != "") != enabled {
			f.add("order", "%s is %s, its resource orders are %v, paid through %q", id, c.str("stage"), got, c.str("paid_through"))
		}
	}
}

// soundTerm holds the paid time of an interface to the orders that pay for it:
// their periods follow each other without a gap and without an overlap, so
// none is paid twice, and the end is counted from the first payment.
func soundTerm(f *faults, id string, c record, orders []record) {
	slices.SortFunc(orders, func(a, b record) int { return strings.Compare(a.str("period_from"), b.str("period_from")) })
	months, end := int64(0), c.str("paid_from")
	for _, o := range orders {
		if o.str("period_from") != end {
			f.add("term", "%s: order %s pays from %s, paid until %s", id, o.str("no"), o.str("period_from"), end)
		}
		end = o.str("period_to")
		months += o.int("months")
	}
	if months != c.int("paid_months") || end != c.str("paid_through") {
		f.add("term", "%s is paid for %d months until %q, its orders are for %d until %q", id, c.int("paid_months"), c.str("paid_through"), months, end)
	}
	if months > 0 {
		if ends := monthsAfter(c.time("paid_from"), int(months), shippedDays(c.str("region")).Zone()); !slices.ContainsFunc(ends, c.time("paid_through").Equal) {
			f.add("term", "%s: %d months from %s end %v, not %s", id, months, c.str("paid_from"), ends, c.str("paid_through"))
		}
	}
	if on := c.stage("stage") == lifecycle.Enabled; !on && (c.str("notice_at") != "" || c.str("renew_at") != "" || c.int("auto_renew") != 0) {
		f.add("term", "%s is %s and has plans for its fee", id, c.str("stage"))
	} else if on && (c.int("auto_renew") != 0) != (c.str("renew_at") != "") {
		f.add("term", "%s renews %d months, next at %q", id, c.int("auto_renew"), c.str("renew_at"))
	}
}

// monthsAfter is the same time of the day so many months later in a zone, or on
// the last day of a month that has no such day: worked out on paper, without the
// rules that it checks. There are two answers when clocks are turned then.
func monthsAfter(from time.Time, months int, zone *time.Location) []time.Time {
	local := from.In(zone)
	n := local.Year()*12 + int(local.Month()) - 1 + months
	year, month := n/12, n%12+1
	last := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		last = 29
	}
	wall := time.Date(year, time.Month(month), min(local.Day(), last), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
	var out []time.Time
	for _, near := range []time.Time{wall.Add(-30 * time.Hour), wall.Add(30 * time.Hour)} {
		_, offset := near.In(zone).Zone()
		if t := wall.Add(-time.Duration(offset) * time.Second); !slices.ContainsFunc(out, t.Equal) {
			out = append(out, t)
		}
	}
	// Of two offsets only those count that hold at the time that they give,
	// unless no clock ever shows it.
	right := slices.DeleteFunc(slices.Clone(out), func(t time.Time) bool { return t.In(zone).Format(time.DateTime) != wall.Format(time.DateTime) })
	if len(right) > 0 {
		return right
	}
	return out
}

func soundPapers(d rows, f *faults, byID map[string]record, site map[string]string) {
	letters, inForce := map[string]record{}, map[string]int{}
	for l := range d.of("loas") {
		id := l.str("connection_id")
		if prev, ok := letters[id]; !ok || prev.int("version") < l.int("version") {
			letters[id] = l
		}
		if (l.str("status") == "issued") == (l.str("ended_at") != "") {
			f.add("letter", "%s is %s, ended at %q", l.str("no"), l.str("status"), l.str("ended_at"))
		}
		pdf, _ := l.get("pdf").([]byte)
		if sum := sha256.Sum256(pdf); hex.EncodeToString(sum[:]) != l.str("pdf_sha256") {
			f.add("letter", "%s has other bytes than when it was issued", l.str("no"))
		}
		snap, err := letter.Unmarshal([]byte(l.str("snapshot")))
		if err != nil || snap.Number != l.str("no") || snap.InterfaceID != id || snap.Version != int(l.int("version")) {
			f.add("letter", "%s says %s for %s: %v", l.str("no"), snap.Title(), snap.InterfaceID, err)
		}
		if l.str("status") != "issued" {
			continue
		}
		// While people may come with the letter, it says where the port is.
		inForce[id]++
		if p, ok := d.portOf(id); !ok || p.str("name") != snap.Port || d.device(p.str("device_id")).str("name") != snap.Device {
			f.add("letter", "%s names %s of %s, the interface holds another port", l.str("no"), snap.Port, snap.Device)
		}
	}
	newestOf := func(name string) map[string]record {
		out, n := map[string]record{}, map[string]int64{}
		for r := range d.of(name) { // in the order of interface and version
			id := r.str("connection_id")
			if n[id]++; r.int("version") != n[id] {
				f.add("versions", "%s of %s: %d after %d", name, id, r.int("version"), n[id]-1)
			}
			if old, ok := out[id]; ok && old.str("status") == "open" {
				f.add("versions", "%s of %s: version %d is open and not the newest", name, id, old.int("version"))
			}
			out[id] = r
		}
		return out
	}
	applied, reported := newestOf("loa_applications"), newestOf("delivery_reports")
	live := map[string]int{}
	where := map[string]string{}
	for l := range d.of("cable_labels") {
		if l.yes("live") {
			live[l.str("connection_id")]++
			at := l.str("access_point_id") + "/" + l.str("label")
			if other := where[at]; other != "" {
				f.add("label", "%s is on %s and on %s", at, other, l.str("connection_id"))
			}
			where[at] = l.str("connection_id")
		}
	}
	for id, c := range byID {
		s := c.stage("stage")
		status := func(m map[string]record) string {
			if r, ok := m[id]; ok {
				return r.str("status")
			}
			return ""
		}
		want := 0
		if s == lifecycle.ApprovedLOA || s == lifecycle.WaitingForCabling {
			want = 1
		}
		if inForce[id] != want {
			f.add("letter", "%s is %s and has %d letters in force", id, s, inForce[id])
		}
		no := ""
		if l, ok := letters[id]; ok {
			no = l.str("no")
		}
		if no != c.str("loa_no") {
			f.add("letter", "%s says its letter is %q, the newest is %q", id, c.str("loa_no"), no)
		}
		var letterIs, applicationIs, reportIs []string
		switch s {
		case lifecycle.PendingPayment:
			letterIs, applicationIs, reportIs = []string{""}, []string{""}, []string{""}
		case lifecycle.ToApplyForLOA:
			letterIs, applicationIs, reportIs = []string{"", "expired", "revoked"}, []string{"", "withdrawn", "approved"}, []string{"", "returned"}
		case lifecycle.InApplication:
			letterIs, applicationIs, reportIs = []string{"", "expired", "revoked"}, []string{"open"}, []string{"", "returned"}
		case lifecycle.LOARejected:
			letterIs, applicationIs, reportIs = []string{"", "expired", "revoked"}, []string{"rejected"}, []string{"", "returned"}
		case lifecycle.ApprovedLOA:
			letterIs, applicationIs, reportIs = []string{"issued"}, []string{"approved"}, []string{"", "returned"}
		case lifecycle.WaitingForCabling:
			letterIs, applicationIs, reportIs = []string{"issued"}, []string{"approved"}, []string{"open"}
		case lifecycle.WaitingForPayment, lifecycle.Enabled, lifecycle.Terminating, lifecycle.Terminated:
			letterIs, applicationIs, reportIs = []string{"used"}, []string{"approved"}, []string{"completed"}
		case lifecycle.Canceled:
			letterIs, applicationIs, reportIs = []string{"", "expired", "revoked", "used"}, []string{"", "withdrawn", "rejected", "approved", "canceled"}, []string{"", "returned", "completed", "canceled"}
		}
		if got := status(letters); !slices.Contains(letterIs, got) {
			f.add("papers", "%s is %s, its letter is %q", id, s, got)
		}
		if got := status(applied); !slices.Contains(applicationIs, got) {
			f.add("papers", "%s is %s, its application is %q", id, s, got)
		}
		if got := status(reported); !slices.Contains(reportIs, got) {
			f.add("papers", "%s is %s, its delivery report is %q", id, s, got)
		}
		if r, ok := reported[id]; ok && r.str("status") == "completed" && holds(c) != "" {
			if p, _ := d.portOf(id); p.vals == nil || p.str("id") != r.str("port_id") {
				f.add("papers", "%s is cabled to %s and holds another port", id, r.str("port_id"))
			}
		}
		mayLive := s == lifecycle.WaitingForCabling || s == lifecycle.WaitingForPayment || s == lifecycle.Enabled || s == lifecycle.Terminating || (s == lifecycle.Canceled && c.yes("removal_due"))
		mustLive := mayLive && s != lifecycle.Canceled
		if (live[id] > 0 && !mayLive) || (live[id] == 0 && mustLive) {
			f.add("label", "%s is %s and %d of its labels count", id, s, live[id])
		}
	}
}

// shippedDays are the working days that are shipped for a region, in its zone.
func shippedDays(region string) *workday.Calendar {
	regions, _ := catalog.Shipped()
	all, err := workday.Shipped()
	if err != nil {
		panic(err)
	}
	for _, r := range regions {
		for _, c := range all {
			if r.ID == region && c.ID() == r.Calendar {
				zone, err := time.LoadLocation(r.Zone)
				if err != nil {
					panic(err)
				}
				return c.In(zone)
			}
		}
	}
	panic("no calendar is shipped for " + region)
}

func soundDue(f *faults, byID map[string]record) {
	for id, c := range byID {
		var want time.Time
		switch s := c.stage("stage"); {
		case s == lifecycle.PendingPayment:
			want = c.time("created_at").AddDate(0, 0, 7)
		case s.Turn() == lifecycle.TurnStaff:
			days := 3
			if region := c.str("region"); strings.HasPrefix(region, "cn-") && region != "cn-hongkong" {
				days = 2
			}
			var err error
			var none workday.ErrNoTable
			if want, err = shippedDays(c.str("region")).Due(c.time("stage_since"), days); err != nil && !errors.As(err, &none) {
				f.add("due", "%s: %v", id, err)
			}
		}
		if got := c.time("due_at"); !got.Equal(want.Truncate(time.Millisecond)) {
			f.add("due", "%s, %s since %s, is due at %s, want %s", id, c.str("stage"), c.str("stage_since"), got, want)
		}
	}
}

func soundMessages(d rows, f *faults) {
	unread, seq := map[string]int64{}, map[string]int64{}
	for m := range d.of("messages") {
		id := m.str("user_id")
		if m.get("read_at") == nil {
			unread[id]++
		}
		if seq[id]++; m.int("seq") != seq[id] {
			f.add("messages", "%s: message %d after %d", id, m.int("seq"), seq[id]-1)
		}
	}
	for u := range d.of("users") {
		if n := u.int("unread"); n != unread[u.str("id")] {
			f.add("messages", "%s has %d unread, the counter says %d", u.str("id"), unread[u.str("id")], n)
		}
	}
}

func soundWhitelist(d rows, f *faults) {
	open := map[string]bool{}
	for w := range d.of("whitelist_requests") {
		if w.str("status") == "requested" {
			k := w.str("account_id") + "/" + w.str("region") + "/" + w.str("port_spec")
			if open[k] {
				f.add("whitelist", "%s is asked for twice", k)
			}
			open[k] = true
		}
		if (w.str("status") == "requested") != (w.str("decided_at") == "") {
			f.add("whitelist", "%s is %s, decided at %q", w.str("id"), w.str("status"), w.str("decided_at"))
		}
		var last string
		for e := range d.of("events") {
			if e.str("subject") == "whitelist:"+w.str("id") {
				last = e.str("action")
			}
		}
		if want := cmp.Or(map[string]string{"requested": "request_whitelist"}[w.str("status")], w.str("status")+"_whitelist"); last != want {
			f.add("whitelist", "%s is %s, its history ends with %s", w.str("id"), w.str("status"), last)
		}
	}
}

// soundTickets: a ticket is in the state that its last message brought, since
// the moment when that side got it, and has the messages that it says.
func soundTickets(d rows, f *faults) {
	thread := map[string][]record{}
	for m := range d.of("ticket_messages") {
		id := m.str("ticket_id")
		thread[id] = append(thread[id], m)
		if n := int64(len(thread[id])); m.int("seq") != n {
			f.add("tickets", "%s: message %d stands at place %d", id, m.int("seq"), n)
		}
		if m.int("closes") == 0 && m.str("body") == "" {
			f.add("tickets", "%s: message %d says nothing", id, m.int("seq"))
		}
	}
	for k := range d.of("tickets") {
		id := k.str("id")
		if n := int64(len(thread[id])); n == 0 || k.int("messages") != n {
			f.add("tickets", "%s says %d messages, there are %d", id, k.int("messages"), n)
			continue
		}
		state := func(m record) ticket.State { return ticket.After(m.int("staff") == 1, m.int("closes") == 1) }
		last := thread[id][len(thread[id])-1]
		since := last
		for i := len(thread[id]) - 1; i >= 0 && state(thread[id][i]) == state(last); i-- {
			since = thread[id][i]
		}
		if k.str("state") != string(state(last)) || k.str("since") != since.str("at") || k.str("last_at") != last.str("at") || k.str("opened_at") != thread[id][0].str("at") {
			f.add("tickets", "%s is %s since %s, its last message at %s makes it %s since %s", id, k.str("state"), k.str("since"), last.str("at"), state(last), since.str("at"))
		}
		if k.int("by_staff") != thread[id][0].int("staff") {
			f.add("tickets", "%s says that staff opened it: %d, its first message %d", id, k.int("by_staff"), thread[id][0].int("staff"))
		}
		if k.str("account_id") != last.str("account_id") {
			f.add("tickets", "%s of %s has a message of %s", id, k.str("account_id"), last.str("account_id"))
		}
		if c := k.str("connection_id"); c != "" {
			if _, own := d.where("connections", func(r record) bool { return r.str("id") == c && r.str("account_id") == k.str("account_id") }); !own {
				f.add("tickets", "%s of %s is about %s, which is not theirs", id, k.str("account_id"), c)
			}
		}
	}
}

// soundNotes: the notes of an interface are numbered as they were written, the
// audit log knows each and each that was taken back, and no history that the
// customer reads does.
func soundNotes(d rows, f *faults) {
	type tally struct{ written, back int64 }
	has, told := map[string]tally{}, map[string]tally{}
	for n := range d.of("interface_notes") {
		id := n.str("connection_id")
		k := has[id]
		if k.written++; n.int("n") != k.written {
			f.add("notes", "%s: note %d stands at place %d", id, n.int("n"), k.written)
		}
		if back := n.str("taken_back_at"); back != "" {
			if k.back++; back < n.str("at") {
				f.add("notes", "%s: note %d of %s was taken back at %s", id, n.int("n"), n.str("at"), back)
			}
		}
		has[id] = k
	}
	for e := range d.of("events") {
		if !strings.Contains(e.str("action"), "_note") {
			continue
		}
		id, ok := strings.CutPrefix(e.str("subject"), "note:")
		if !ok || e.str("account_id") != "" {
			f.add("notes", "%s is told at %s of %q", e.str("action"), e.str("subject"), e.str("account_id"))
		}
		k := told[id]
		switch e.str("action") {
		case "write_note":
			k.written++
		case "take_back_note":
			k.back++
		}
		told[id] = k
	}
	if !maps.Equal(has, told) {
		f.add("notes", "there are %v, the audit log knows %v", has, told)
	}
}

// soundCapacity: the last day that is written down for a port type at an access
// point has the numbers of now.
func soundCapacity(d rows, f *faults) {
	type key struct{ site, kind string }
	now, last := map[key]map[string]int64{}, map[key]record{}
	site := map[string]string{}
	for r := range d.of("devices") {
		site[r.str("id")] = r.str("access_point_id")
	}
	for p := range d.of("ports") {
		k := key{site[p.str("device_id")], p.str("port_type")}
		if now[k] == nil {
			now[k] = map[string]int64{}
		}
		now[k][p.str("state")]++
	}
	for r := range d.of("capacity_days") { // in the order of site, type and day
		last[key{r.str("access_point_id"), r.str("port_type")}] = r
	}
	for k := range now {
		if _, ok := last[k]; !ok {
			f.add("capacity", "%s at %s is not written down", k.kind, k.site)
		}
	}
	for k, r := range last {
		for _, state := range []string{"free", "allocated", "in_use", "quarantined", "out_of_service"} {
			if r.int(state) != now[k][state] {
				f.add("capacity", "%s %s at %s were %d on %s, there are %d", state, k.kind, k.site, r.int(state), r.str("day"), now[k][state])
			}
		}
	}
}

// soundPortHistory: every port has a history that leads to the state it is in,
// and what is gone has one that says so. An inventory that is loaded as a whole
// begins free, with one event for all.
func soundPortHistory(d rows, f *faults) {
	state, holder := map[string]string{}, map[string]string{}
	for e := range d.of("events") {
		id, ok := strings.CutPrefix(e.str("subject"), "port:")
		if !ok {
			continue
		}
		if _, known := state[id]; !known && e.str("action") != "add_port" {
			state[id] = "free"
		}
		if e.str("from_stage") != state[id] {
			f.add("port history", "%s: event %d, %s, leaves %q, the port was %q", id, e.int("seq"), e.str("action"), e.str("from_stage"), state[id])
		}
		state[id] = e.str("to_stage")
		switch e.str("action") {
		case "allocate_port", "cable_port", "quarantine_port":
			holder[id] = e.str("detail")
		case "release_port":
			if e.str("detail") != holder[id] {
				f.add("port history", "%s: event %d says %q gave it up, %q had it", id, e.int("seq"), e.str("detail"), holder[id])
			}
			delete(holder, id)
		}
	}
	for p := range d.of("ports") {
		id := p.str("id")
		if _, known := state[id]; !known {
			state[id] = "free"
		}
		if state[id] != p.str("state") || holder[id] != cmp.Or(p.str("connection_id"), p.str("left_by")) {
			f.add("port history", "%s is %s with %q, its history says %s with %q", id, p.str("state"), p.str("connection_id"), state[id], holder[id])
		}
		delete(state, id)
	}
	for id, s := range state {
		if s != "" {
			f.add("port history", "%s is gone, its history says %s", id, s)
		}
	}
}

// freePorts are the free ports of a type at an access point that are not on
// the devices in avoid, by device.
func (d rows) freePorts(accessPoint, kind string, avoid map[string]bool) map[string][]record {
	at := map[string]bool{}
	for r := range d.of("devices") {
		at[r.str("id")] = r.str("access_point_id") == accessPoint
	}
	out := map[string][]record{}
	for p := range d.of("ports") { // in the order of device and number
		if dev := p.str("device_id"); at[dev] && !avoid[dev] && p.str("port_type") == kind && p.str("state") == "free" {
			out[dev] = append(out[dev], p)
		}
	}
	return out
}

// apart are the devices that an interface must keep away from.
func (d rows) apart(c record) map[string]bool {
	out := map[string]bool{}
	for o := range d.of("connections") {
		if o.str("id") == c.str("redundant_id") || o.str("redundant_id") == c.str("id") {
			if p, ok := d.portOf(o.str("id")); ok && o.str("access_point_id") == c.str("access_point_id") {
				out[p.str("device_id")] = true
			}
		}
	}
	return out
}

// specOf is the specification of a port type.
func specOf(kind catalog.PortType) catalog.Spec { return kind.Info().Spec }
