// Package store keeps Demarc's data in one SQLite file. Every exported method
// is one transaction and returns *Error for whatever a caller can act on.
// Rules that could be printed on paper live in the pure packages below;
// this package knows rows.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"demarc/store/catalog"
	"demarc/store/keyring"
	"demarc/store/letter"
	"demarc/store/panel"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The files of a data folder. The keys are not in the database, so that the
// file alone, or a backup of it, opens no ID number and forges no audit log.
const (
	Database    = "demarc.db"
	PersonalKey = "personal.key" // opens the ID numbers of field engineers
	AuditKey    = "audit.key"    // seals the end of the audit log
	SigningKeys = keyring.File   // sign letters of authorization; new ones are made now and then
)

// Keys are the names of the key files of a data folder that hold one secret each
// and never change.
func Keys() []string { return []string{PersonalKey, AuditKey} }

// Options configures a store.
type Options struct {
	// Dir is the folder that holds demarc.db and the keys. It is made if missing.
	Dir string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Operator is the provider's name, used in messages.
	Operator string
	// Issuer is who letters of authorization are issued by.
	Issuer letter.Issuer
	// PublicURL is the scheme and host under which people reach the console. It
	// is printed on letters of authorization, for checking them, and stays on
	// those that are out.
	PublicURL string
	// Mailing says that a mail server is configured: what is mailed goes into the
	// outbox, for the worker of package mail.
	Mailing bool
	// LetterKey and LetterCertificates are files in PEM with the operator's own
	// key and certificate for signing letters; when both are empty, a
	// self-signed certificate is made in Dir at the first start.
	LetterKey, LetterCertificates string
	// Log receives what has no caller to return to; slog.Default when nil.
	Log *slog.Logger
	// Trace, when not nil, is called with the text of every statement that a
	// read runs. Tests count them: a page's number of statements must not grow
	// with its rows.
	Trace func(query string)
}

// Store is the database of one installation. It is safe for concurrent use.
type Store struct {
	dir      string
	missing  []string // names of key files that are not there
	damage   error    // why the catalogue could not be read
	old      bool     // a backup of an older schema, opened to look at it
	unsealed bool     // opened without the keys: seals are not looked at
	write    *sql.DB  // one connection, every transaction immediate
	read     *sql.DB
	now      func() time.Time
	operator string
	issuer   letter.Issuer
	// publicURL is printed on letters.
	publicURL string
	log       *slog.Logger
	trace     func(query string)
	seal      sealer
	auditKey  []byte        // seals the head of the chain of events
	keys      *keyring.Ring // nil in a store that Attach opened: it issues no letter

	catalogue   atomic.Pointer[catalog.Catalogue]
	panels      atomic.Pointer[map[PanelPlace]panel.Rule] // replaced together with the catalogue
	catalogueMu sync.Mutex                                // held while the snapshot is replaced
	calendars   atomic.Pointer[calendars]                 // replaced when a calendar or a year changes
	calendarsMu sync.Mutex                                // held while they are replaced
	// dueTimesOwed says that clocks without a due time may get one now.
	dueTimesOwed atomic.Bool
	prices       atomic.Pointer[[]PriceBook] // by their first day; replaced when one comes or goes
	booksMu      sync.Mutex                  // held while they are replaced
	booksCheck   atomic.Pointer[BooksCheck]  // what the last reconciliation found
	sessions     sessionCache
	counts       countCache[StageCounts]
	answered     countCache[int] // tickets
	near         countCache[feesNear]
	trends       countCache[trends] // of all accounts, by ""
	revisions    revisions
	watcher      watcher
	attached     bool // beside the program that works on the file
	refused      refusals
	passwords    passwordGate
	mailing      bool
	resets       chan struct{} // one value for each request of a forgotten password under way
	mailReady    chan struct{} // holds at most one value
	imports      imports

	closing sync.RWMutex // held for writing while the queue closes
	queue   chan *job    // nil when closed
	written chan struct{}
	jobs    atomic.Int64
	batches atomic.Int64
	// batchLimit is what the constant of that name says; the benchmark's
	// baseline sets 1.
	batchLimit int

	probe probe

	stmtMu sync.RWMutex
	stmts  map[string]*sql.Stmt
}

// Open opens or creates the database in o.Dir and brings its schema up to date.
// A database written by a newer Demarc is refused.
func Open(ctx context.Context, o Options) (*Store, error) {
	o.defaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	for _, name := range Keys() {
		if err := makeKey(filepath.Join(o.Dir, name)); err != nil {
			return nil, err
		}
	}
	signing, err := keyring.Open(keyring.Options{Dir: o.Dir, Operator: o.Issuer.LegalName, Key: o.LetterKey, Certificates: o.LetterCertificates, Now: o.Now})
	if err != nil {
		return nil, err
	}
	if err := keepPrivate(filepath.Join(o.Dir, Database), o.Log); err != nil {
		return nil, err
	}
	s, err := o.store()
	if err != nil {
		return nil, err
	}
	s.keys = signing
	if err := s.imports.open(filepath.Join(o.Dir, "imports")); err != nil {
		s.Close()
		return nil, fmt.Errorf("folder of uploads: %w", err)
	}
	if err := s.migrate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.chainOldEvents(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("chain of events: %w", err)
	}
	if err := s.watcher.learn(ctx, s.write); err != nil {
		s.Close()
		return nil, fmt.Errorf("tables: %w", err)
	}
	s.startWriter()
	if err := s.seedCatalogue(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.loadCatalogue(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.loadCalendars(ctx); err != nil {
		s.Close()
		return nil, err
	}
	s.dueTimesOwed.Store(true) // a new release may bring a year
	if err := s.loadPrices(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.EndWhatWasCopied(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("database from a backup: %w", err)
	}
	if err := s.issueMissingReceipts(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if ok, err := s.keyFits(ctx); err != nil {
		s.Close()
		return nil, err
	} else if !ok {
		s.log.Error("the ID numbers in the database cannot be opened: put the right key in the data folder", "key", PersonalKey)
	}
	return s, nil
}

// keepPrivate makes the database, if it is missing, as a file that its owner
// alone reads, and closes one to the rest of the world that somebody opened: the
// folder may be one that others look into. SQLite gives its log the same rights.
func keepPrivate(path string, log *slog.Logger) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("database: %w", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().Perm()&0o007 == 0 {
			continue
		}
		if err == nil {
			err = os.Chmod(path+suffix, info.Mode().Perm()&^0o007)
		}
		if err != nil {
			log.Warn("everybody on the machine may read the database, and that cannot be changed", "error", err)
		}
	}
	return nil
}

// Attach opens the database that is in o.Dir beside the program that may be
// working on it, for commands of the operator: nothing is made, migrated or
// swept. A database of another schema is refused. A key that is missing does
// not hinder reading: MissingKeys names it, and nothing can be written.
func Attach(ctx context.Context, o Options) (*Store, error) {
	o.defaults()
	if _, err := os.Stat(filepath.Join(o.Dir, Database)); err != nil {
		return nil, fmt.Errorf("there is no database in this folder: %w", err)
	}
	s, err := o.store()
	if err != nil {
		return nil, err
	}
	var have int
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err == nil {
		err = s.read.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("open database: %w", err)
	case have < len(names):
		err = fmt.Errorf("the database has schema %d, this program knows %d: start the program on it once, or use the one that wrote it", have, len(names))
	case have > len(names):
		err = fmt.Errorf("the database has schema %d, this program knows %d: use the newer Demarc", have, len(names))
	}
	if err == nil && len(s.missing) == 0 {
		s.startWriter()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	s.attached = true
	// A catalogue that contradicts itself is for Check to tell.
	s.damage = errors.Join(s.loadCatalogue(ctx), s.loadCalendars(ctx), s.readPrices(ctx))
	return s, nil
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PublicURL == "" {
		o.PublicURL = "http://127.0.0.1:8080"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// store is a store over the files in o.Dir, with neither writer nor schema.
func (o *Options) store() (*Store, error) {
	s := &Store{mailing: o.Mailing, mailReady: make(chan struct{}, 1), resets: make(chan struct{}, resetsAtOnce), dir: o.Dir, now: o.Now, operator: o.Operator, issuer: o.Issuer, publicURL: o.PublicURL, log: o.Log, trace: o.Trace, stmts: map[string]*sql.Stmt{}, batchLimit: batchLimit}
	keys := map[string][]byte{}
	for _, name := range Keys() {
		key, err := readKey(filepath.Join(o.Dir, name))
		if errors.Is(err, os.ErrNotExist) {
			s.missing, key = append(s.missing, name), make([]byte, keySize)
		} else if err != nil {
			return nil, err
		}
		keys[name] = key
	}
	var err error
	if s.seal, err = newSealer(keys[PersonalKey]); err != nil {
		return nil, err
	}
	s.auditKey = keys[AuditKey]
	if _, err := os.Stat(filepath.Join(o.Dir, SigningKeys)); errors.Is(err, os.ErrNotExist) {
		s.missing = append(s.missing, SigningKeys)
	}
	path := filepath.Join(o.Dir, Database)
	s.write = sql.OpenDB(watched{dsn(path, false), &s.watcher})
	s.write.SetMaxOpenConns(1)
	s.write.SetConnMaxLifetime(0)
	if s.read, err = sql.Open("sqlite", dsn(path, true)); err != nil {
		s.write.Close()
		return nil, err
	}
	readers := 2 * runtime.NumCPU()
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	s.read.SetConnMaxLifetime(0)
	return s, nil
}

// MissingKeys are the names of the key files that are not in the folder.
func (s *Store) MissingKeys() []string { return s.missing }

// Close releases the database.
func (s *Store) Close() error {
	s.imports.close()
	s.stopWriter()
	s.sessions.writes.Wait()
	s.stmtMu.Lock()
	for _, st := range s.stmts {
		st.Close()
	}
	s.stmts = map[string]*sql.Stmt{}
	s.stmtMu.Unlock()
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	return errors.Join(errs...)
}

// Now is the store's clock, in UTC to the millisecond: what a row would hold.
func (s *Store) Now() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

func dsn(path string, readOnly bool) string {
	q := url.Values{}
	// The order of the pragmas matters: a busy file must be waited for before
	// the journal mode is asked for.
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()))
	q.Add("_pragma", "journal_mode(WAL)")
	q.Add("_pragma", "synchronous(FULL)")
	q.Add("_pragma", "foreign_keys(1)")
	q.Add("_pragma", "temp_store(MEMORY)")
	q.Add("_dqs", "0")
	if readOnly {
		q.Add("_pragma", "query_only(1)")
		q.Add("_pragma", "cache_size(-8000)")
		q.Set("mode", "ro")
	} else {
		q.Set("_txlock", "immediate")
		q.Add("_pragma", "secure_delete(1)") // what is erased is overwritten
		q.Add("_pragma", "cache_size(-16000)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// migrate applies the files of migrations that the database does not have yet, in
// order, and its number as user_version: all of them in one transaction, so that
// the older program can go on with a database that one of them does not take.
// Foreign keys are off meanwhile, since a table whose CHECK changes has to be
// built anew under its old name; what they guard is checked after each file.
func (s *Store) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	var have int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if have > len(names) {
		return fmt.Errorf("the database has schema %d, this program knows %d: start the newer Demarc", have, len(names))
	}
	if have == len(names) {
		return nil
	}
	if _, err := s.write.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i, name := range names[have:] {
		base := strings.TrimPrefix(name, "migrations/")
		if n, _ := strconv.Atoi(base[:4]); n != have+i+1 {
			return fmt.Errorf("migration %s is out of order", base)
		}
		if err := migrateOne(ctx, tx, name); err != nil {
			return fmt.Errorf("the upgrade stopped at %s and changed nothing; the older Demarc can go on with this database: %w", base, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(len(names))); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = s.write.ExecContext(ctx, "PRAGMA foreign_keys = ON")
	return err
}

func migrateOne(ctx context.Context, tx *sql.Tx, name string) error {
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	var broken int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM pragma_foreign_key_check").Scan(&broken); err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("%d rows point at nothing", broken)
	}
	return nil
}

// tx is one write transaction: one now, one request, statements on the one
// write connection. See writer.go for how it gets to the disk.
type tx struct {
	*sql.Tx
	s    *Store
	ctx  context.Context
	now  time.Time
	by   Actor
	done []func() // run after the commit
	// applying is the interface that apply is about to write, "" for none: its
	// version is raised there and nowhere else.
	applying string
	// capacity is what capacityChanged noted.
	capacity map[capacityKey]bool
	audit    *audit // the chain of events, shared by the jobs of one commit
}

func (t *tx) exec(query string, args ...any) (sql.Result, error) {
	return t.ExecContext(t.ctx, query, args...)
}

func (t *tx) row(query string, args ...any) *sql.Row {
	return t.QueryRowContext(t.ctx, query, args...)
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	return t.QueryContext(t.ctx, query, args...)
}

// after registers work for when the transaction is durable.
func (t *tx) after(f func()) { t.done = append(t.done, f) }

// once runs f like inTx, but a submission whose key is known is answered with
// the result of the first time and changes nothing. An empty key always runs.
func (s *Store) once(ctx context.Context, by Actor, f func(*tx) (string, error)) (string, error) {
	var result string
	err := s.inTx(ctx, by, func(t *tx) error {
		if by.Key != "" {
			err := t.row("SELECT result FROM submissions WHERE user_id = ? AND key = ?", by.UserID, by.Key).Scan(&result)
			if err == nil {
				return nil
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		var err error
		if result, err = f(t); err != nil {
			return err
		}
		if by.Key != "" {
			_, err = t.exec("INSERT INTO submissions (user_id, key, result, at) VALUES (?, ?, ?, ?)", by.UserID, by.Key, result, at(t.now))
		}
		return err
	})
	return result, err
}

// prepared returns a statement on the read pool, prepared once.
func (s *Store) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if s.trace != nil {
		s.trace(query)
	}
	s.stmtMu.RLock()
	st := s.stmts[query]
	s.stmtMu.RUnlock()
	if st != nil {
		return st, nil
	}
	s.stmtMu.Lock()
	defer s.stmtMu.Unlock()
	if st = s.stmts[query]; st != nil {
		return st, nil
	}
	st, err := s.read.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	s.stmts[query] = st
	return st, nil
}

// get reads one row into dest; sql.ErrNoRows when there is none.
func (s *Store) get(ctx context.Context, query string, args []any, dest ...any) error {
	ctx, err := brief(ctx)
	if err != nil {
		return err
	}
	st, err := s.prepared(ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(dest...)
}

// brief is the context of a statement that an index answers at once. To watch
// for the end of a context costs as much as such a statement, so that it is not
// interrupted: that somebody gave up, or waited too long, is noticed before the
// next one.
func brief(ctx context.Context) (context.Context, error) {
	if ctx.Value(throughTablesKey{}) != nil {
		return ctx, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return context.WithoutCancel(ctx), nil
}

type throughTablesKey struct{}

// throughTables is the context of statements that go through many rows, whatever
// index they have: they end when ctx does.
func throughTables(ctx context.Context) context.Context {
	return context.WithValue(ctx, throughTablesKey{}, true)
}

// scanner is what *sql.Row and *sql.Rows share.
type scanner interface{ Scan(dest ...any) error }

// one reads one row with scan; sql.ErrNoRows when there is none.
func one[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) (none T, err error) {
	if ctx, err = brief(ctx); err != nil {
		return none, err
	}
	st, err := s.prepared(ctx, query)
	if err != nil {
		return none, err
	}
	return scan(st.QueryRowContext(ctx, args...))
}

// list reads rows with scan.
func list[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	return listInto(ctx, s, nil, scan, query, args...)
}

// listInto is list that appends to out, which may have room for what is expected.
func listInto[T any](ctx context.Context, s *Store, out []T, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	ctx, err := brief(ctx)
	if err != nil {
		return nil, err
	}
	st, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return collectInto(out, rows, scan)
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	return collectInto(nil, rows, scan)
}

func collectInto[T any](out []T, rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func unavailable(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	msg := "The console is restarting or very busy. Nothing was changed. Try again in a moment."
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY:
			msg = "The console cannot save anything now: its disk is full or read-only. Nothing was changed, and what was saved before is safe. Tell whoever looks after the console."
		case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
			msg = "The disk of the console does not answer. Nothing was changed. Try again in a moment. If that does not help, tell whoever looks after the console."
		}
	}
	return &Error{Kind: Unavailable, Msg: msg, Err: err}
}

// translate turns what the database says into an *Error where a caller can
// act on it.
func translate(err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM:
			return unavailable(err)
		}
	}
	return err
}

// isUnique reports whether the error is a broken unique index or primary key.
func isUnique(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && (se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
