-- Price lists by date: what a port costs by region group and specification.
-- A list that was ever in force, or that anything was ordered by, never changes.
CREATE TABLE price_books (
  version    TEXT NOT NULL PRIMARY KEY,
  starts_at  TEXT NOT NULL UNIQUE,
  currency   TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL -- the name of who scheduled it
) STRICT, WITHOUT ROWID;
CREATE TABLE price_lines (
  version      TEXT NOT NULL REFERENCES price_books (version) ON DELETE CASCADE,
  region_group TEXT NOT NULL CHECK (region_group IN ('mainland', 'outside')),
  port_spec    TEXT NOT NULL CHECK (port_spec IN ('1G', '10G', '40G', '100G')),
  installation INTEGER NOT NULL CHECK (installation >= 0), -- once
  monthly      INTEGER NOT NULL CHECK (monthly >= 0),
  PRIMARY KEY (version, region_group, port_spec)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER price_books_fixed BEFORE UPDATE ON price_books BEGIN SELECT RAISE(ABORT, 'a price list never changes'); END;
CREATE TRIGGER price_lines_fixed BEFORE UPDATE ON price_lines BEGIN SELECT RAISE(ABORT, 'a price list never changes'); END;
CREATE TRIGGER price_books_kept BEFORE DELETE ON price_books
WHEN EXISTS (SELECT 1 FROM orders o WHERE o.price_version = OLD.version) OR EXISTS (SELECT 1 FROM connections c WHERE c.price_version = OLD.version)
BEGIN SELECT RAISE(ABORT, 'something was ordered by this price list'); END;
CREATE TRIGGER price_books_once BEFORE INSERT ON price_books
WHEN EXISTS (SELECT 1 FROM price_books b WHERE b.version = NEW.version OR b.starts_at = NEW.starts_at)
BEGIN SELECT RAISE(ABORT, 'a price list never changes'); END;
CREATE TRIGGER price_lines_once BEFORE INSERT ON price_lines
WHEN EXISTS (SELECT 1 FROM price_lines l WHERE l.version = NEW.version AND l.region_group = NEW.region_group AND l.port_spec = NEW.port_spec)
BEGIN SELECT RAISE(ABORT, 'a price list never changes'); END;
CREATE TRIGGER price_lines_kept BEFORE DELETE ON price_lines
WHEN EXISTS (SELECT 1 FROM price_books b WHERE b.version = OLD.version)
BEGIN SELECT RAISE(ABORT, 'a price list is removed as a whole'); END;

-- What was posted to each group of books on each day (UTC): the trial balance
-- of any day without reading the whole ledger. The database keeps it with the
-- entries; the reconciliation compares.
CREATE TABLE ledger_days (
  book_group TEXT NOT NULL, -- of package store/chart: a book, or 'balance:' for those of all customers
  currency   TEXT NOT NULL,
  day        TEXT NOT NULL,
  debit      INTEGER NOT NULL CHECK (debit >= 0),
  credit     INTEGER NOT NULL CHECK (credit >= 0),
  PRIMARY KEY (book_group, currency, day)
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_days
  SELECT CASE WHEN substr(e.book, 1, 8) = 'balance:' THEN 'balance:' WHEN substr(e.book, 1, 11) = 'receivable:' THEN 'receivable:' ELSE e.book END, e.currency, substr(t.at, 1, 10),
    SUM(CASE WHEN e.amount > 0 THEN e.amount ELSE 0 END), SUM(CASE WHEN e.amount < 0 THEN -e.amount ELSE 0 END)
  FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id GROUP BY 1, 2, 3;
CREATE TRIGGER ledger_entries_day AFTER INSERT ON ledger_entries
BEGIN
  INSERT INTO ledger_days (book_group, currency, day, debit, credit)
    SELECT CASE WHEN substr(NEW.book, 1, 8) = 'balance:' THEN 'balance:' WHEN substr(NEW.book, 1, 11) = 'receivable:' THEN 'receivable:' ELSE NEW.book END, NEW.currency, substr(t.at, 1, 10),
      CASE WHEN NEW.amount > 0 THEN NEW.amount ELSE 0 END, CASE WHEN NEW.amount < 0 THEN -NEW.amount ELSE 0 END
    FROM ledger_transactions t WHERE t.id = NEW.transaction_id
    ON CONFLICT (book_group, currency, day) DO UPDATE SET debit = debit + excluded.debit, credit = credit + excluded.credit;
END;
