package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"demarc/store/chain"
)

// Finding is what a check looked at and what it found wrong, in sentences.
type Finding struct {
	Area     string
	Looked   string // how much was looked at
	Problems []string
}

// Check looks at everything: the pages and the references of the database, the
// books, the interfaces and their ports, the calendars, the staff notes, the chain of events, the bytes
// of the letters, the ID numbers. It changes nothing and may run beside the program.
// noted are heads of the audit log that were kept elsewhere. Kinds: Unavailable.
func (s *Store) Check(ctx context.Context, noted ...chain.Head) ([]Finding, error) {
	var out []Finding
	for _, look := range []func(context.Context) (Finding, error){s.checkPages, s.checkBooks, s.checkInterfaces, s.checkCalendars, s.checkNotes,
		func(ctx context.Context) (Finding, error) {
			head, problems, err := s.VerifyAudit(ctx, noted...)
			return Finding{"Audit log", countWords(int(head.N), "event"), problems}, err
		}, s.checkLetters, s.checkIDNumbers} {
		f, err := look(ctx)
		if err != nil {
			return out, unavailable(err)
		}
		out = append(out, f)
	}
	return out, nil
}

func (s *Store) checkPages(ctx context.Context) (Finding, error) {
	ctx = throughTables(ctx)
	f := Finding{Area: "Database"}
	text := func(r scanner) (string, error) {
		var line string
		return line, r.Scan(&line)
	}
	lines, err := list(ctx, s, text, "PRAGMA integrity_check(20)")
	if err != nil {
		return f, err
	}
	for _, l := range lines {
		if l != "ok" {
			f.Problems = append(f.Problems, l)
		}
	}
	loose, err := list(ctx, s, text, `SELECT "table" || ': a row points at nothing in ' || parent FROM pragma_foreign_key_check LIMIT 20`)
	if err != nil {
		return f, err
	}
	f.Problems = append(f.Problems, loose...)
	var pages, size int64
	if err := s.get(ctx, "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size", nil, &pages, &size); err != nil {
		return f, err
	}
	f.Looked = fmt.Sprintf("%.1f MB", float64(pages*size)/1e6)
	if s.damage != nil {
		f.Problems = append(f.Problems, strings.Split(s.damage.Error(), "\n")...)
	}
	for _, name := range s.missing {
		f.Problems = append(f.Problems, name+" is missing: copy it from where you keep it")
	}
	return f, nil
}

func (s *Store) checkBooks(ctx context.Context) (Finding, error) {
	f := Finding{Area: "Ledger"}
	var n int
	if err := s.get(ctx, "SELECT COUNT(*) FROM ledger_transactions", nil, &n); err != nil {
		return f, err
	}
	f.Looked = countWords(n, "transaction")
	problems, err := s.CheckLedger(ctx)
	for _, p := range problems {
		f.Problems = append(f.Problems, p.What)
	}
	return f, err
}

func (s *Store) checkInterfaces(ctx context.Context) (Finding, error) {
	f := Finding{Area: "Interfaces and ports"}
	var connections, ports int
	if err := s.get(ctx, "SELECT (SELECT COUNT(*) FROM connections), (SELECT COUNT(*) FROM ports)", nil, &connections, &ports); err != nil {
		return f, err
	}
	f.Looked = countWords(connections, "interface") + ", " + countWords(ports, "port")
	var err error
	f.Problems, err = s.CheckStages(ctx)
	return f, err
}

// checkLetters compares the bytes of every letter with the hash it was issued
// with, one letter in memory at a time.
func (s *Store) checkLetters(ctx context.Context) (Finding, error) {
	f := Finding{Area: "Letters"}
	numbers, err := list(ctx, s, func(r scanner) (string, error) {
		var no string
		return no, r.Scan(&no)
	}, "SELECT no FROM loas ORDER BY no")
	if err != nil {
		return f, err
	}
	for _, no := range numbers {
		var pdf []byte
		var want string
		if err := s.get(ctx, "SELECT pdf, pdf_sha256 FROM loas WHERE no = ?", []any{no}, &pdf, &want); err != nil {
			return f, err
		}
		if sum := sha256.Sum256(pdf); hex.EncodeToString(sum[:]) != want {
			f.Problems = append(f.Problems, "letter "+no+" has other bytes than it was issued with")
		}
	}
	f.Looked = countWords(len(numbers), "letter")
	return f, nil
}

// keyFits reports whether the key opens what is sealed, by one example.
func (s *Store) keyFits(ctx context.Context) (bool, error) {
	var id string
	var version, n int
	var box []byte
	err := s.get(ctx, "SELECT connection_id, version, n, id_sealed FROM field_engineers WHERE id_sealed IS NOT NULL AND erase_after > '' ORDER BY erase_after DESC LIMIT 1", nil, &id, &version, &n, &box)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	_, err = s.seal.open(box, sealContext(id, version, n))
	return err == nil, nil
}

// checkIDNumbers opens every sealed ID number and lets none outstay its time.
func (s *Store) checkIDNumbers(ctx context.Context) (Finding, error) {
	f := Finding{Area: "ID numbers"}
	type sealed struct {
		id         string
		version, n int
		box        []byte
		erase      instant
	}
	rows, err := list(ctx, s, func(r scanner) (sealed, error) {
		var e sealed
		err := r.Scan(&e.id, &e.version, &e.n, &e.box, &e.erase)
		return e, err
	}, "SELECT connection_id, version, n, id_sealed, erase_after FROM field_engineers WHERE id_sealed IS NOT NULL")
	if err != nil {
		return f, err
	}
	f.Looked = countWords(len(rows), "sealed number")
	closed, late := 0, 0
	for _, e := range rows {
		if _, err := s.seal.open(e.box, sealContext(e.id, e.version, e.n)); err != nil {
			closed++
		}
		if s.Now().After(e.erase.AddDate(0, 0, 1)) {
			late++
		}
	}
	if closed > 0 {
		f.Problems = append(f.Problems, fmt.Sprintf("%s cannot be opened: %s is not the key they were sealed with", countWords(closed, "ID number"), PersonalKey))
	}
	if late > 0 {
		f.Problems = append(f.Problems, countWords(late, "ID number")+" should have been erased: the program has not run since, or its clock is wrong")
	}
	return f, nil
}

// Backup writes a consistent copy of the database to path, which must not
// exist, while the program goes on working: a snapshot of one moment, without
// the remains of what was deleted. The keys are not in it. The copy is on the
// disk, whole, when Backup returns, and nobody else could read it meanwhile. It
// says of itself that it is a copy: see EndWhatWasCopied. Kinds: Unavailable.
func (s *Store) Backup(ctx context.Context, path string) error {
	for _, p := range []string{path, path + ".part"} {
		if _, err := os.Lstat(p); !errors.Is(err, os.ErrNotExist) {
			return &Error{Kind: Invalid, Msg: p + " is there already. Choose another name, or move it away.", Err: err}
		}
	}
	part := path + ".part"
	// SQLite would make the file for everybody to read.
	empty, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(part)
	if err := empty.Close(); err != nil {
		return err
	}
	// A connection of its own: the readers may not write, not even elsewhere.
	db, err := sql.Open("sqlite", dsn(filepath.Join(s.dir, Database), false))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", part)
	if err = errors.Join(err, db.Close()); err != nil {
		return unavailable(fmt.Errorf("copy of the database: %w", err))
	}
	if err := MarkCopy(ctx, part, s.Now()); err != nil {
		return unavailable(fmt.Errorf("copy of the database: %w", err))
	}
	// SQLite leaves it to the system when the copy gets to the disk.
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncFolderOf(path)
}

// OpenBackup opens a database file that no program works on, to look at it. It
// may be of an older schema. Kinds: none; a file that is no database of Demarc
// is an error.
func OpenBackup(ctx context.Context, file string) (*Store, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	_, log := os.Stat(file + "-wal") // with it, the file alone is not the database
	o := Options{Dir: filepath.Dir(file)}
	o.defaults()
	s := &Store{dir: o.Dir, now: o.Now, log: o.Log, stmts: map[string]*sql.Stmt{}, unsealed: true}
	// A file of another journal mode is not turned into ours by looking at it.
	if s.read, err = sql.Open("sqlite", copyDSN(file, true, "query_only(1)")); err != nil {
		return nil, err
	}
	var have, tables int
	var size int64
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err == nil {
		err = s.read.QueryRowContext(ctx, "SELECT (SELECT user_version FROM pragma_user_version), (SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('connections', 'events', 'ledger_entries', 'loas')), page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&have, &tables, &size)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("it is no database: %w", err)
	case have == 0 || tables < 4:
		err = errors.New("it is no database of Demarc")
	case log != nil && info.Size() > size:
		err = fmt.Errorf("its size is %d bytes, its database ends after %d", info.Size(), size)
	case have > len(names):
		err = fmt.Errorf("it has schema %d, this program knows %d: use the newer Demarc", have, len(names))
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	s.old = have < len(names)
	return s, nil
}

// Older reports whether what OpenBackup opened has an older schema than this
// program's.
func (s *Store) Older() bool { return s.old }

// CheckBackup looks at the pages, the references and the audit log of what
// OpenBackup opened. Of an older schema it looks at the pages only: the rest is
// for the program that brings it up to date. Kinds: Unavailable.
func (s *Store) CheckBackup(ctx context.Context) ([]Finding, error) {
	pages, err := s.checkPages(ctx)
	if err != nil || s.old {
		return []Finding{pages}, unavailableOr(err)
	}
	head, problems, err := s.VerifyAudit(ctx)
	return []Finding{pages, {"Audit log", countWords(int(head.N), "event"), problems}}, err
}

func unavailableOr(err error) error {
	if err == nil {
		return nil
	}
	return unavailable(err)
}

// Settle brings what is in the log of a database that nobody works on into its
// file, so that the file alone is the database.
func Settle(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", dsn(file, false))
	if err != nil {
		return err
	}
	var busy, log, moved int
	err = db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	if err == nil && busy != 0 {
		err = errors.New("another program reads it")
	}
	return errors.Join(err, db.Close())
}
