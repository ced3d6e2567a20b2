package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync/atomic"
)

// StatementCounter counts what a store asks its database from now on, and the
// rows that it is given.
type StatementCounter struct{ n, rows atomic.Int64 }

// Rows runs f and says how many rows it was given.
func (c *StatementCounter) Rows(f func()) int {
	before := c.rows.Load()
	f()
	return int(c.rows.Load() - before)
}

// Count runs f and says how many statements it ran.
func (c *StatementCounter) Count(f func()) int {
	before := c.n.Load()
	f()
	return int(c.n.Load() - before)
}

// CountReads puts a counter before the read pool of s.
func CountReads(s *Store) *StatementCounter {
	c := &StatementCounter{}
	plain := s.read.Driver()
	db := sql.OpenDB(countingConnector{plain, dsn(s.filePath(), true), c})
	s.stmtMu.Lock()
	s.stmts = map[string]*sql.Stmt{}
	s.stmtMu.Unlock()
	s.read.Close()
	s.read = db
	return c
}

// filePath is where the database lies.
func (s *Store) filePath() string {
	var seq int
	var name, file string
	if err := s.write.QueryRowContext(context.Background(), "PRAGMA database_list").Scan(&seq, &name, &file); err != nil {
		panic(err)
	}
	return file
}

// Prepared lists the statements that the read pool has prepared so far.
func Prepared(s *Store) []string {
	s.stmtMu.RLock()
	defer s.stmtMu.RUnlock()
	var out []string
	for q := range s.stmts {
		out = append(out, q)
	}
	return out
}

// QueryPlan is how the database would run a statement.
func QueryPlan(s *Store, query string) ([]string, error) {
	rows, err := s.write.Query("EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r scanner) (text string, err error) {
		var id, parent, unused int
		return text, r.Scan(&id, &parent, &unused, &text)
	})
}

type countingConnector struct {
	driver driver.Driver
	dsn    string
	n      *StatementCounter
}

func (c countingConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	return countingConn{conn, c.n}, err
}

func (c countingConnector) Driver() driver.Driver { return c.driver }

type countingConn struct {
	driver.Conn
	n *StatementCounter
}

func (c countingConn) Prepare(query string) (driver.Stmt, error) {
	st, err := c.Conn.Prepare(query)
	return countingStmt{st, c.n}, err
}

type countingStmt struct {
	driver.Stmt
	n *StatementCounter
}

func (s countingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.n.n.Add(1)
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	return countingRows{rows, s.n}, nil
}

type countingRows struct {
	driver.Rows
	n *StatementCounter
}

func (r countingRows) Next(to []driver.Value) error {
	err := r.Rows.Next(to)
	if err == nil {
		r.n.rows.Add(1)
	}
	return err
}
