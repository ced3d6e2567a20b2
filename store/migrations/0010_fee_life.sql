-- The life of a resource fee: every end of the paid time is counted from the
-- first payment, and what time has to do next is an instant with an index, so
-- that a run reads only what is due.
ALTER TABLE connections ADD COLUMN paid_from TEXT;                             -- the moment of the first payment
ALTER TABLE connections ADD COLUMN paid_months INTEGER NOT NULL DEFAULT 0 CHECK (paid_months >= 0);
ALTER TABLE connections ADD COLUMN auto_renew INTEGER NOT NULL DEFAULT 0 CHECK (auto_renew >= 0); -- months, 0 is off
ALTER TABLE connections ADD COLUMN renew_at TEXT;                              -- when Auto Renew pays or tries again
ALTER TABLE connections ADD COLUMN renew_failed_at TEXT;                       -- since when it cannot pay for the next period
ALTER TABLE connections ADD COLUMN notice_at TEXT;                             -- when the customer is told about the fee next
ALTER TABLE connections ADD COLUMN late_credit INTEGER NOT NULL DEFAULT 0 CHECK (late_credit >= 0); -- owed on the first resource fee
ALTER TABLE connections ADD COLUMN late_reason TEXT NOT NULL DEFAULT '';
UPDATE connections SET
  paid_from = (SELECT o.paid_at FROM orders o WHERE o.connection_id = connections.id AND o.kind = 'resource' AND o.state = 'paid'),
  paid_months = COALESCE((SELECT SUM(o.months) FROM orders o WHERE o.connection_id = connections.id AND o.kind = 'resource' AND o.state = 'paid'), 0)
WHERE paid_through IS NOT NULL;
-- Interfaces that are enabled already are told at the next run.
UPDATE connections SET notice_at = updated_at WHERE stage = 'enabled';
CREATE INDEX connections_renew ON connections (renew_at, id) WHERE renew_at IS NOT NULL;
CREATE INDEX connections_notice ON connections (notice_at, id) WHERE notice_at IS NOT NULL;
CREATE INDEX connections_paid ON connections (paid_through, id) WHERE stage = 'enabled';
CREATE INDEX connections_account_paid ON connections (account_id, paid_through, id) WHERE stage = 'enabled';
-- What the customer was told about refunds when the order was made.
ALTER TABLE orders ADD COLUMN refund_rule TEXT NOT NULL DEFAULT '';
-- Paying it switches Auto Renew on, so many months at a time.
ALTER TABLE orders ADD COLUMN auto_renew INTEGER NOT NULL DEFAULT 0 CHECK (auto_renew >= 0);
CREATE TRIGGER orders_rule_fixed BEFORE UPDATE OF refund_rule, auto_renew ON orders BEGIN SELECT RAISE(ABORT, 'what was ordered never changes'); END;
-- A period is paid once: each begins where the one before it ends.
CREATE UNIQUE INDEX orders_period ON orders (connection_id, period_from) WHERE kind IN ('resource', 'renewal') AND state = 'paid';
CREATE UNIQUE INDEX orders_renewal_open ON orders (connection_id) WHERE kind = 'renewal' AND state = 'unpaid';
