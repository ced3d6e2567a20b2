-- Books that a hand cannot unbalance. A ledger transaction carries its entries
-- and is refused unless they sum to zero; the entry rows are made from it by
-- the database and by nothing else; an account's balance moves with its entries
-- and with nothing else. Orders have lines, documents have numbers without a gap.

-- Orders ---------------------------------------------------------------------

CREATE TABLE orders_new (
  account_id    TEXT NOT NULL REFERENCES accounts (id),
  no            TEXT NOT NULL UNIQUE,
  connection_id TEXT NOT NULL REFERENCES connections (id),
  kind          TEXT NOT NULL CHECK (kind IN ('installation', 'resource', 'renewal')),
  state         TEXT NOT NULL CHECK (state IN ('unpaid', 'paid', 'expired', 'canceled', 'refunded')),
  currency      TEXT NOT NULL,
  amount        INTEGER NOT NULL CHECK (amount >= 0),       -- the sum of its lines
  unit_amount   INTEGER NOT NULL CHECK (unit_amount >= 0),
  months        INTEGER NOT NULL DEFAULT 0,
  price_version TEXT NOT NULL,
  created_at    TEXT NOT NULL,
  created_by    TEXT NOT NULL,
  expires_at    TEXT,                                       -- the quote holds until then
  paid_at       TEXT,
  method        TEXT NOT NULL DEFAULT '' CHECK (method IN ('', 'balance', 'invoice', 'card')),
  refunded      INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount),
  period_from   TEXT,                                       -- what a resource fee pays for
  period_to     TEXT,
  PRIMARY KEY (account_id, no),
  CHECK ((state IN ('paid', 'refunded')) = (paid_at IS NOT NULL)),
  CHECK ((state IN ('paid', 'refunded')) = (method <> '')),
  CHECK (refunded = 0 OR state IN ('paid', 'refunded')),
  CHECK (state <> 'refunded' OR refunded = amount)
) STRICT, WITHOUT ROWID;
INSERT INTO orders_new
  SELECT o.account_id, o.no, o.connection_id, o.kind, o.state, o.currency, o.amount, o.unit_amount, o.months, o.price_version, o.created_at, o.created_by, o.expires_at, o.paid_at,
    CASE WHEN o.state IN ('paid', 'refunded') THEN 'balance' ELSE '' END,
    CASE WHEN o.state = 'refunded' THEN o.amount ELSE 0 END,
    CASE WHEN o.kind = 'resource' THEN o.paid_at END,
    CASE WHEN o.kind = 'resource' THEN (SELECT c.paid_through FROM connections c WHERE c.id = o.connection_id) END
  FROM orders o;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
CREATE INDEX orders_newest ON orders (account_id, created_at DESC, no);
CREATE INDEX orders_by_connection ON orders (connection_id, created_at);
CREATE INDEX orders_unpaid ON orders (expires_at, no) WHERE state = 'unpaid';
-- One installation order an interface: nobody pays that fee twice.
CREATE UNIQUE INDEX orders_installation ON orders (connection_id) WHERE kind = 'installation';
CREATE TRIGGER orders_kept BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'an order is kept'); END;
CREATE TRIGGER orders_fixed BEFORE UPDATE OF account_id, no, connection_id, kind, currency, amount, unit_amount, months, price_version, created_at, created_by ON orders
BEGIN SELECT RAISE(ABORT, 'what was ordered never changes'); END;
CREATE TRIGGER orders_moves BEFORE UPDATE OF state ON orders
WHEN NOT (NEW.state = OLD.state OR (OLD.state = 'unpaid' AND NEW.state IN ('paid', 'expired', 'canceled')) OR (OLD.state = 'paid' AND NEW.state = 'refunded'))
BEGIN SELECT RAISE(ABORT, 'an order is paid once and refunded once'); END;
CREATE TRIGGER orders_paid_once BEFORE UPDATE OF paid_at, method, refunded ON orders
WHEN (OLD.state <> 'unpaid' AND (NEW.paid_at IS NOT OLD.paid_at OR NEW.method <> OLD.method)) OR NEW.refunded < OLD.refunded
BEGIN SELECT RAISE(ABORT, 'a payment is recorded once'); END;

CREATE TABLE order_lines (
  order_no    TEXT NOT NULL REFERENCES orders (no),
  n           INTEGER NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('installation', 'resource', 'credit')),
  quantity    INTEGER NOT NULL CHECK (quantity > 0),
  unit_amount INTEGER NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount = quantity * unit_amount),
  reason      TEXT NOT NULL DEFAULT '', -- why a credit is given
  PRIMARY KEY (order_no, n),
  CHECK ((kind = 'credit') = (unit_amount < 0)),
  CHECK ((kind = 'credit') = (reason <> ''))
) STRICT, WITHOUT ROWID;
INSERT INTO order_lines (order_no, n, kind, quantity, unit_amount, amount)
  SELECT no, 1, kind, CASE WHEN months > 0 THEN months ELSE 1 END, unit_amount, amount FROM orders;
CREATE TRIGGER order_lines_kept BEFORE DELETE ON order_lines BEGIN SELECT RAISE(ABORT, 'what was ordered never changes'); END;
CREATE TRIGGER order_lines_fixed BEFORE UPDATE ON order_lines BEGIN SELECT RAISE(ABORT, 'what was ordered never changes'); END;

-- The ledger -----------------------------------------------------------------

CREATE TABLE ledger_transactions_new (
  id         TEXT NOT NULL PRIMARY KEY, -- lt-000000000001: in the order of posting
  at         TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('transfer', 'installation_fee', 'resource_fee', 'renewal', 'refund', 'credit', 'card_payment', 'card_refund', 'invoice', 'invoice_payment')),
  account_id TEXT NOT NULL REFERENCES accounts (id),
  order_no   TEXT NOT NULL DEFAULT '',
  reference  TEXT NOT NULL DEFAULT '',
  actor      TEXT NOT NULL,
  idem_key   TEXT NOT NULL UNIQUE,
  currency   TEXT NOT NULL,
  entries    TEXT NOT NULL -- JSON: [{"book": "cash", "amount": 100}, …], debits positive
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_transactions_new
  SELECT l.id, l.at, l.kind, l.account_id, l.order_no, l.reference, l.actor, l.idem_key,
    (SELECT MIN(e.currency) FROM ledger_entries e WHERE e.transaction_id = l.id),
    (SELECT json_group_array(json_object('book', e.book, 'amount', e.amount)) FROM (SELECT book, amount FROM ledger_entries WHERE transaction_id = l.id ORDER BY seq) e)
  FROM ledger_transactions l;
CREATE TABLE ledger_entries_new (
  transaction_id TEXT NOT NULL REFERENCES ledger_transactions (id),
  seq            INTEGER NOT NULL,
  book           TEXT NOT NULL, -- of package store/chart
  amount         INTEGER NOT NULL CHECK (amount <> 0), -- debit positive, credit negative
  currency       TEXT NOT NULL,
  PRIMARY KEY (transaction_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_entries_new SELECT transaction_id, seq, book, amount, currency FROM ledger_entries;
DROP TABLE ledger_entries;
DROP TABLE ledger_transactions;
ALTER TABLE ledger_transactions_new RENAME TO ledger_transactions;
ALTER TABLE ledger_entries_new RENAME TO ledger_entries;
CREATE INDEX ledger_transactions_by_account ON ledger_transactions (account_id, at DESC, id DESC);
CREATE INDEX ledger_transactions_by_time ON ledger_transactions (at, id);
CREATE INDEX ledger_transactions_by_order ON ledger_transactions (order_no, id) WHERE order_no <> '';
-- One entry a book in a transaction.
CREATE UNIQUE INDEX ledger_entries_by_book ON ledger_entries (book, transaction_id);

ALTER TABLE accounts ADD COLUMN balance_tx TEXT NOT NULL DEFAULT ''; -- the posting that moved the balance last
UPDATE accounts SET balance_tx = COALESCE((SELECT MAX(e.transaction_id) FROM ledger_entries e WHERE e.book = 'balance:' || accounts.id), '');

CREATE TRIGGER ledger_transactions_kept BEFORE DELETE ON ledger_transactions BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_transactions_fixed BEFORE UPDATE ON ledger_transactions BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entries_kept BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entries_fixed BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- An INSERT OR REPLACE would remove a row without the triggers above.
CREATE TRIGGER ledger_transactions_balanced BEFORE INSERT ON ledger_transactions
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: this number or a later one is taken') WHERE EXISTS (SELECT 1 FROM ledger_transactions WHERE id >= NEW.id);
  SELECT RAISE(ABORT, 'the ledger is append-only: this was posted already') WHERE EXISTS (SELECT 1 FROM ledger_transactions WHERE idem_key = NEW.idem_key);
  SELECT RAISE(ABORT, 'a posting needs two entries or more, each of whole minor units and on a book of its own')
    WHERE json_type(NEW.entries) <> 'array' OR json_array_length(NEW.entries) < 2
      OR EXISTS (SELECT 1 FROM json_each(NEW.entries) e WHERE json_type(e.value, '$.amount') IS NOT 'integer' OR typeof(json_extract(e.value, '$.amount')) <> 'integer'
        OR json_extract(e.value, '$.amount') = 0 OR json_type(e.value, '$.book') IS NOT 'text' OR json_extract(e.value, '$.book') = '')
      OR (SELECT COUNT(DISTINCT json_extract(e.value, '$.book')) FROM json_each(NEW.entries) e) <> json_array_length(NEW.entries);
  SELECT RAISE(ABORT, 'a posting that does not sum to zero') WHERE (SELECT SUM(json_extract(e.value, '$.amount')) FROM json_each(NEW.entries) e) <> 0;
END;
CREATE TRIGGER ledger_transactions_posted AFTER INSERT ON ledger_transactions
BEGIN
  INSERT INTO ledger_entries (transaction_id, seq, book, amount, currency)
    SELECT NEW.id, e.key + 1, json_extract(e.value, '$.book'), json_extract(e.value, '$.amount'), NEW.currency FROM json_each(NEW.entries) e ORDER BY e.key;
END;
CREATE TRIGGER ledger_entries_posted BEFORE INSERT ON ledger_entries
BEGIN
  SELECT RAISE(ABORT, 'entries are made by a posting') WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.id = NEW.transaction_id AND t.currency = NEW.currency
    AND json_extract(t.entries, '$[' || (NEW.seq - 1) || '].book') = NEW.book AND json_extract(t.entries, '$[' || (NEW.seq - 1) || '].amount') = NEW.amount)
    OR EXISTS (SELECT 1 FROM ledger_entries e WHERE e.transaction_id = NEW.transaction_id AND e.seq = NEW.seq);
END;
CREATE TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries WHEN substr(NEW.book, 1, 8) = 'balance:'
BEGIN
  SELECT RAISE(ABORT, 'no account with this balance in this currency') WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = substr(NEW.book, 9) AND a.currency = NEW.currency);
  UPDATE accounts SET balance_minor = balance_minor - NEW.amount, balance_tx = NEW.transaction_id WHERE id = substr(NEW.book, 9);
END;
CREATE TRIGGER accounts_balance_moves BEFORE UPDATE OF balance_minor, balance_tx, currency ON accounts
WHEN NEW.balance_minor <> OLD.balance_minor OR NEW.balance_tx <> OLD.balance_tx OR NEW.currency <> OLD.currency
BEGIN
  SELECT RAISE(ABORT, 'a balance moves with its ledger entries only') WHERE NEW.currency <> OLD.currency OR NEW.balance_tx <= OLD.balance_tx
    OR NOT EXISTS (SELECT 1 FROM ledger_entries e WHERE e.book = 'balance:' || NEW.id AND e.transaction_id = NEW.balance_tx AND OLD.balance_minor - e.amount = NEW.balance_minor);
END;
CREATE TRIGGER accounts_open_empty BEFORE INSERT ON accounts
WHEN NEW.balance_minor <> 0 OR NEW.balance_tx <> '' OR EXISTS (SELECT 1 FROM accounts WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'an account is opened once, with nothing'); END;

-- Documents ------------------------------------------------------------------

-- Receipts (RC), credit notes (CN) and invoices (IN): facts frozen in the
-- transaction of what they are about, numbered by series and year (UTC).
CREATE TABLE documents (
  series         TEXT NOT NULL CHECK (series IN ('RC', 'CN', 'IN')),
  year           INTEGER NOT NULL,
  n              INTEGER NOT NULL CHECK (n BETWEEN 1 AND 999999),
  no             TEXT NOT NULL UNIQUE CHECK (no = series || '-' || year || '-' || substr('000000' || n, -6)),
  account_id     TEXT NOT NULL REFERENCES accounts (id),
  order_no       TEXT NOT NULL DEFAULT '',
  transaction_id TEXT NOT NULL DEFAULT '',
  corrects       TEXT NOT NULL DEFAULT '', -- the receipt that a credit note corrects
  issued_at      TEXT NOT NULL,
  currency       TEXT NOT NULL,
  amount         INTEGER NOT NULL CHECK (amount >= 0),
  facts          TEXT NOT NULL, -- JSON of package store/document: all that the paper says
  PRIMARY KEY (series, year, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX documents_by_account ON documents (account_id, issued_at DESC, no DESC);
CREATE INDEX documents_by_order ON documents (order_no, no) WHERE order_no <> '';
CREATE INDEX documents_by_time ON documents (issued_at, no);
CREATE UNIQUE INDEX documents_receipt ON documents (order_no) WHERE series = 'RC' AND order_no <> '';
CREATE TRIGGER documents_numbered BEFORE INSERT ON documents
WHEN NEW.n <> COALESCE((SELECT MAX(d.n) FROM documents d WHERE d.series = NEW.series AND d.year = NEW.year), 0) + 1
BEGIN SELECT RAISE(ABORT, 'documents are numbered without a gap'); END;
CREATE TRIGGER documents_once BEFORE INSERT ON documents
WHEN NEW.series = 'RC' AND NEW.order_no <> '' AND EXISTS (SELECT 1 FROM documents d WHERE d.order_no = NEW.order_no AND d.series = 'RC')
BEGIN SELECT RAISE(ABORT, 'an order has one receipt'); END;
CREATE TRIGGER documents_kept BEFORE DELETE ON documents BEGIN SELECT RAISE(ABORT, 'an issued document is kept'); END;
CREATE TRIGGER documents_fixed BEFORE UPDATE ON documents BEGIN SELECT RAISE(ABORT, 'an issued document never changes'); END;

-- The PDF of a document: rendered from its facts outside any transaction, kept
-- at the first time for ever.
CREATE TABLE document_files (
  no         TEXT NOT NULL PRIMARY KEY REFERENCES documents (no),
  pdf        BLOB NOT NULL,
  pdf_sha256 TEXT NOT NULL,
  made_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER document_files_kept BEFORE DELETE ON document_files BEGIN SELECT RAISE(ABORT, 'an issued document is kept'); END;
CREATE TRIGGER document_files_fixed BEFORE UPDATE ON document_files BEGIN SELECT RAISE(ABORT, 'an issued document never changes'); END;
CREATE TRIGGER document_files_once BEFORE INSERT ON document_files
WHEN EXISTS (SELECT 1 FROM document_files f WHERE f.no = NEW.no)
BEGIN SELECT RAISE(ABORT, 'an issued document never changes'); END;
-- Documents that have no PDF yet: emptied as they are made.
CREATE TABLE document_queue (no TEXT NOT NULL PRIMARY KEY REFERENCES documents (no)) STRICT, WITHOUT ROWID;
CREATE TRIGGER documents_queued AFTER INSERT ON documents BEGIN INSERT INTO document_queue (no) VALUES (NEW.no); END;
CREATE TRIGGER document_files_made AFTER INSERT ON document_files BEGIN DELETE FROM document_queue WHERE no = NEW.no; END;
