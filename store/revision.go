package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Revision names a state of what the pages of an account show. Two that are
// equal mean that nothing was written between them which a page of the account
// could show; only the clock went on. It is good for one run of the program.
type Revision struct {
	account, shared uint64
	commands        int64 // when a command of the operator wrote last
}

// commandsFile is touched by commands that write beside the program.
const commandsFile = Database + "-commands"

// Revision is the present one of an account. Ask for it before reading the rows
// that a page shows: what is written meanwhile makes another.
func (s *Store) Revision(account string) Revision {
	var commands int64
	if info, err := os.Stat(filepath.Join(s.dir, commandsFile)); err == nil {
		commands = info.ModTime().UnixNano()
	}
	shared, own := s.revisions.of(account)
	return Revision{own, shared, commands}
}

// revisions counts the write transactions that changed something to see: of an
// account, or of everybody. The zero value is ready.
type revisions struct {
	mu       sync.RWMutex
	shared   uint64
	accounts map[string]uint64
}

// revisionsHeld bounds the memory, in accounts.
const revisionsHeld = 100_000

func (r *revisions) of(account string) (shared, own uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.shared, r.accounts[account]
}

// raise counts a transaction that is durable, after everything in memory knows
// of it and before whoever wrote is answered.
func (r *revisions) raise(seen touched) {
	if !seen.everybody && len(seen.accounts) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if seen.everybody || len(r.accounts) > revisionsHeld {
		r.shared++
		clear(r.accounts) // the shared number tells them apart from before
	}
	for a := range seen.accounts {
		if r.accounts == nil {
			r.accounts = map[string]uint64{}
		}
		r.accounts[a]++
	}
}

// touched is whose pages a transaction changes.
type touched struct {
	everybody bool
	accounts  map[string]bool
	// connections are rows that name an interface and no account; owners are the
	// interfaces whose own row was written in the same transaction.
	connections map[string]bool
	owners      map[string]string
}

func (t *touched) account(id string) {
	if t.accounts == nil {
		t.accounts = map[string]bool{}
	}
	t.accounts[id] = true
}

// settle turns interfaces into their accounts. One that is not known by now is
// taken for everybody's.
func (t *touched) settle() {
	for c := range t.connections {
		if a, ok := t.owners[c]; ok {
			t.account(a)
		} else {
			t.everybody = true
		}
	}
}

// unseen are tables that no page shows which is answered by its revision: of
// sign-in, of mail, of the operator's own, and such whose sums stand in another
// row. A table that is neither here nor says whose it is belongs to everybody.
var unseen = map[string]bool{
	"sessions": true, "sign_in_steps": true, "submissions": true, "invitations": true, "second_factors": true, "recovery_codes": true, "user_identities": true, "identity_providers": true,
	"messages": true, "interface_notes": true, "mails": true, "audit_head": true, "sequences": true, "loa_accesses": true,
	"order_lines": true, "ledger_entries": true, "ledger_days": true, "document_files": true, "document_queue": true, "payment_events": true, "webhook_refusals": true,
	"capacity_days": true, "port_counts": true, "invoice_orders": true,
}

// owner says where the columns of a table stand that tell whose a row is; -1
// when there is none.
type owner struct{ id, account, connection, subject int }

// watcher looks at every row that the writer writes and notes whose it is. It
// asks the database itself, so no statement can be forgotten. Only the writer's
// goroutine uses it.
type watcher struct {
	tables map[string]owner
	seen   *touched // of the transaction under way; nil between two
}

// watched opens the writer's connections and watches each from its first
// statement on.
type watched struct {
	dsn string
	w   *watcher
}

// Connect implements driver.Connector.
func (c watched) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	hooks, ok := conn.(sqlite.HookRegisterer)
	if !ok {
		conn.Close()
		return nil, errors.New("the database driver has no hook for writes")
	}
	hooks.RegisterPreUpdateHook(c.w.write)
	return conn, nil
}

// Driver implements driver.Connector.
func (watched) Driver() driver.Driver { return &sqlite.Driver{} }

// learn reads where the columns stand. Before, no transaction is noted.
func (w *watcher) learn(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT m.name, c.name, c.cid FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'")
	if err != nil {
		return err
	}
	w.tables = map[string]owner{}
	_, err = collect(rows, func(r scanner) (v struct{}, err error) {
		var table, column string
		var at int
		if err := r.Scan(&table, &column, &at); err != nil {
			return v, err
		}
		o, ok := w.tables[table]
		if !ok {
			o = owner{-1, -1, -1, -1}
		}
		switch column {
		case "id":
			o.id = at
		case "account_id":
			o.account = at
		case "connection_id":
			o.connection = at
		case "subject":
			o.subject = at
		}
		w.tables[table] = o
		return v, nil
	})
	return err
}

// write is called before each row that is inserted, updated or deleted.
func (w *watcher) write(row sqlite.SQLitePreUpdateData) {
	if w.seen == nil || unseen[row.TableName] {
		return
	}
	o, ok := w.tables[row.TableName]
	if !ok {
		w.seen.everybody = true
		return
	}
	if row.Op != sqlite3.SQLITE_INSERT {
		w.note(row.TableName, o, row.Old)
	}
	if row.Op != sqlite3.SQLITE_DELETE {
		w.note(row.TableName, o, row.New)
	}
}

// note looks at one version of a row.
func (w *watcher) note(table string, o owner, read func(...any) error) {
	values := make([]any, max(o.id, o.account, o.connection, o.subject)+1)
	if err := read(values...); err != nil {
		w.seen.everybody = true
		return
	}
	text := func(at int) string {
		if at < 0 {
			return ""
		}
		s, _ := values[at].(string)
		return s
	}
	account, connection := text(o.account), text(o.connection)
	switch {
	case table == "accounts":
		w.seen.account(text(o.id))
	case table == "connections":
		if w.seen.owners == nil {
			w.seen.owners = map[string]string{}
		}
		w.seen.owners[text(o.id)] = account
		w.seen.account(account)
	case table == "connection_counts" && account == "": // the sum of all, for staff
	case table == "users" && account == "", table == "events" && account == "": // the operator's own
	case table == "events" && strings.Contains(text(o.subject), ":"): // of a person or an account: pages show the history of interfaces
	case table == "ports" && connection == "": // a port that no interface has
	case account != "":
		w.seen.account(account)
	case connection != "":
		if w.seen.connections == nil {
			w.seen.connections = map[string]bool{}
		}
		w.seen.connections[connection] = true
	default:
		w.seen.everybody = true
	}
}
