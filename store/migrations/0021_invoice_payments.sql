-- An invoice is paid in as many transfers as it takes: each is kept, and the
-- invoice is paid once they reach its amount. What comes above it is on the
-- account's balance, in the same posting.
CREATE TABLE invoice_payments (
  invoice_no     TEXT NOT NULL REFERENCES invoices (no),
  n              INTEGER NOT NULL CHECK (n > 0),
  transaction_id TEXT NOT NULL UNIQUE REFERENCES ledger_transactions (id),
  at             TEXT NOT NULL,
  amount         INTEGER NOT NULL CHECK (amount > 0),             -- of the invoice
  surplus        INTEGER NOT NULL DEFAULT 0 CHECK (surplus >= 0), -- to the balance
  reference      TEXT NOT NULL CHECK (reference <> ''),           -- the bank's
  recorded_by    TEXT NOT NULL,
  PRIMARY KEY (invoice_no, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX invoice_payments_by_reference ON invoice_payments (lower(reference));
INSERT INTO invoice_payments (invoice_no, n, transaction_id, at, amount, reference, recorded_by)
  SELECT i.no, 1, t.id, i.paid_at, i.amount, i.reference, i.recorded_by FROM invoices i JOIN ledger_transactions t ON t.idem_key = 'invoice:' || i.no WHERE i.paid_at IS NOT NULL;

DROP TRIGGER invoices_fixed;
ALTER TABLE invoices ADD COLUMN received INTEGER NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND amount); -- the sum of its payments
UPDATE invoices SET received = amount WHERE paid_at IS NOT NULL;
CREATE TRIGGER invoices_fixed BEFORE UPDATE ON invoices
WHEN NEW.no <> OLD.no OR NEW.account_id <> OLD.account_id OR NEW.month <> OLD.month OR NEW.currency <> OLD.currency OR NEW.amount <> OLD.amount
  OR NEW.issued_at <> OLD.issued_at OR NEW.due_at <> OLD.due_at OR OLD.paid_at IS NOT NULL
  OR NEW.received <> (SELECT SUM(p.amount) FROM invoice_payments p WHERE p.invoice_no = NEW.no) OR (NEW.paid_at IS NOT NULL) <> (NEW.received = NEW.amount)
BEGIN SELECT RAISE(ABORT, 'an invoice never changes but for what is paid of it'); END;
CREATE TRIGGER invoice_payments_numbered BEFORE INSERT ON invoice_payments
WHEN NEW.n <> COALESCE((SELECT MAX(p.n) FROM invoice_payments p WHERE p.invoice_no = NEW.invoice_no), 0) + 1
BEGIN SELECT RAISE(ABORT, 'a payment is recorded once'); END;
CREATE TRIGGER invoice_payments_received AFTER INSERT ON invoice_payments
BEGIN
  UPDATE invoices SET received = received + NEW.amount,
    paid_at = CASE WHEN received + NEW.amount = amount THEN NEW.at END,
    recorded_by = CASE WHEN received + NEW.amount = amount THEN NEW.recorded_by ELSE '' END,
    reference = CASE WHEN received + NEW.amount = amount THEN NEW.reference ELSE '' END
  WHERE no = NEW.invoice_no;
END;
CREATE TRIGGER invoice_payments_kept BEFORE DELETE ON invoice_payments BEGIN SELECT RAISE(ABORT, 'a payment is kept'); END;
CREATE TRIGGER invoice_payments_fixed BEFORE UPDATE ON invoice_payments BEGIN SELECT RAISE(ABORT, 'a payment is kept'); END;

-- Whose Auto Renew could not pay: tried again as soon as money comes.
CREATE INDEX connections_renew_failed ON connections (account_id, paid_through, id) WHERE renew_failed_at IS NOT NULL;
