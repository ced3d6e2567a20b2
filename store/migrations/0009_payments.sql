-- Payments by card. A row is one attempt to pay one order on the page of a
-- gateway; what is paid, to whom and for what never changes after it is made.

CREATE TABLE payments (
  id            TEXT NOT NULL PRIMARY KEY,
  account_id    TEXT NOT NULL REFERENCES accounts (id),
  order_no      TEXT NOT NULL REFERENCES orders (no),
  connection_id TEXT NOT NULL REFERENCES connections (id),
  attempt       INTEGER NOT NULL CHECK (attempt > 0), -- of the order, from 1
  state         TEXT NOT NULL CHECK (state IN ('created', 'sent', 'succeeded', 'failed', 'refunding', 'refunded')),
  currency      TEXT NOT NULL,
  amount        INTEGER NOT NULL CHECK (amount > 0),
  session_id    TEXT NOT NULL DEFAULT '', -- the gateway's page, its address and its end
  url           TEXT NOT NULL DEFAULT '',
  expires_at    TEXT NOT NULL,
  intent_id     TEXT NOT NULL DEFAULT '', -- the gateway's charge
  refund_id     TEXT NOT NULL DEFAULT '',
  refunds       INTEGER NOT NULL DEFAULT 0 CHECK (refunds >= 0), -- times that giving back was begun anew
  held          INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)), -- the money is in the books, to be given back
  declines      INTEGER NOT NULL DEFAULT 0 CHECK (declines >= 0),
  problem       TEXT NOT NULL DEFAULT '', -- why it was not paid, or is given back, for people
  created_at    TEXT NOT NULL,
  created_by    TEXT NOT NULL,
  created_as    TEXT NOT NULL,             -- their role at that time
  updated_at    TEXT NOT NULL,
  next_try_at   TEXT,                      -- when the gateway is asked again; NULL when there is nothing to ask
  tries         INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  UNIQUE (order_no, attempt)
) STRICT, WITHOUT ROWID;
-- Nobody is shown two pages on which the same order can be paid.
CREATE UNIQUE INDEX payments_open ON payments (order_no) WHERE state IN ('created', 'sent');
-- An order is paid by card once, whatever the gateway says.
CREATE UNIQUE INDEX payments_succeeded ON payments (order_no) WHERE state = 'succeeded';
CREATE UNIQUE INDEX payments_session ON payments (session_id) WHERE session_id <> '';
CREATE INDEX payments_intent ON payments (intent_id) WHERE intent_id <> '';
CREATE INDEX payments_due ON payments (next_try_at, id) WHERE next_try_at IS NOT NULL;
CREATE INDEX payments_newest ON payments (created_at DESC, id);
CREATE INDEX payments_by_state ON payments (state, created_at DESC, id);
CREATE TRIGGER payments_kept BEFORE DELETE ON payments BEGIN SELECT RAISE(ABORT, 'a payment is kept'); END;
CREATE TRIGGER payments_fixed BEFORE UPDATE OF id, account_id, order_no, connection_id, attempt, currency, amount, created_at, created_by, created_as ON payments
BEGIN SELECT RAISE(ABORT, 'what is paid never changes'); END;
CREATE TRIGGER payments_move BEFORE UPDATE OF state ON payments
WHEN NOT (NEW.state = OLD.state
  OR (OLD.state = 'created' AND NEW.state IN ('sent', 'succeeded', 'failed', 'refunding'))
  OR (OLD.state = 'sent' AND NEW.state IN ('succeeded', 'failed', 'refunding'))
  OR (OLD.state = 'failed' AND NEW.state IN ('succeeded', 'refunding'))
  OR (OLD.state = 'refunding' AND NEW.state = 'refunded')
  OR (OLD.state = 'refunded' AND NEW.state = 'refunding'))
BEGIN SELECT RAISE(ABORT, 'a payment does not move this way'); END;

-- An order that is paid, canceled or expired can no longer be paid on a page
-- that is still open: that page is on the list of work at once.
CREATE TRIGGER orders_close_pages AFTER UPDATE OF state ON orders WHEN OLD.state = 'unpaid' AND NEW.state <> 'unpaid'
BEGIN
  UPDATE payments SET next_try_at = COALESCE(NEW.paid_at, OLD.created_at), tries = 0 WHERE order_no = NEW.no AND state IN ('created', 'sent');
END;

-- What the gateway said, by its own ID: hearing it again changes nothing.
CREATE TABLE payment_events (
  payment_id TEXT NOT NULL REFERENCES payments (id),
  id         TEXT NOT NULL UNIQUE,
  at         TEXT NOT NULL,             -- when it was heard
  said_at    TEXT,                      -- when the gateway says that it happened
  type       TEXT NOT NULL,             -- the gateway's word
  outcome    TEXT NOT NULL,             -- what it changed, for people
  PRIMARY KEY (payment_id, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER payment_events_kept BEFORE DELETE ON payment_events BEGIN SELECT RAISE(ABORT, 'what the gateway said is kept'); END;
CREATE TRIGGER payment_events_fixed BEFORE UPDATE ON payment_events BEGIN SELECT RAISE(ABORT, 'what the gateway said is kept'); END;

-- Webhooks that were not believed: counted, since anybody may send them.
CREATE TABLE webhook_refusals (
  day     TEXT NOT NULL, -- UTC
  reason  TEXT NOT NULL,
  n       INTEGER NOT NULL CHECK (n > 0),
  last_at TEXT NOT NULL,
  PRIMARY KEY (day, reason)
) STRICT, WITHOUT ROWID;
