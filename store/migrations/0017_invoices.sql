-- The monthly invoice: an account that staff allow pays on it up to a limit,
-- and owes the sum after the month's end.
ALTER TABLE accounts ADD COLUMN invoice_limit INTEGER NOT NULL DEFAULT 0 CHECK (invoice_limit >= 0); -- 0: not allowed

CREATE TABLE invoices (
  no          TEXT NOT NULL PRIMARY KEY REFERENCES documents (no),
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  month       TEXT NOT NULL,          -- 2026-11: when it was ordered, in UTC
  currency    TEXT NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  issued_at   TEXT NOT NULL,
  due_at      TEXT NOT NULL,
  paid_at     TEXT,
  recorded_by TEXT NOT NULL DEFAULT '',
  reference   TEXT NOT NULL DEFAULT '', -- the bank's
  UNIQUE (account_id, month),
  CHECK ((paid_at IS NULL) = (reference = ''))
) STRICT, WITHOUT ROWID;
CREATE INDEX invoices_by_account ON invoices (account_id, issued_at DESC, no DESC);
CREATE INDEX invoices_newest ON invoices (issued_at DESC, no DESC);
CREATE INDEX invoices_open ON invoices (due_at, no) WHERE paid_at IS NULL;
CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices BEGIN SELECT RAISE(ABORT, 'an invoice is kept'); END;
CREATE TRIGGER invoices_fixed BEFORE UPDATE ON invoices
WHEN NEW.no <> OLD.no OR NEW.account_id <> OLD.account_id OR NEW.month <> OLD.month OR NEW.currency <> OLD.currency OR NEW.amount <> OLD.amount
  OR NEW.issued_at <> OLD.issued_at OR NEW.due_at <> OLD.due_at OR OLD.paid_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an invoice never changes but for being paid once'); END;

-- An order is on one invoice.
CREATE TABLE invoice_orders (
  order_no   TEXT NOT NULL PRIMARY KEY REFERENCES orders (no),
  invoice_no TEXT NOT NULL REFERENCES invoices (no)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER invoice_orders_kept BEFORE DELETE ON invoice_orders BEGIN SELECT RAISE(ABORT, 'an invoice is kept'); END;
CREATE TRIGGER invoice_orders_fixed BEFORE UPDATE ON invoice_orders BEGIN SELECT RAISE(ABORT, 'an invoice is kept'); END;
CREATE INDEX orders_on_invoice ON orders (account_id, paid_at, no) WHERE method = 'invoice';
