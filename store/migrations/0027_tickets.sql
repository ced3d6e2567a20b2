-- Tickets: what a customer asks the operator about an interface, an access point
-- or anything else, and what both wrote. since is the moment since which the
-- side whose turn it is has the ticket; of a closed one, when it was closed.
CREATE TABLE tickets (
  account_id      TEXT NOT NULL REFERENCES accounts (id),
  id              TEXT NOT NULL UNIQUE,
  topic           TEXT NOT NULL,
  title           TEXT NOT NULL,
  connection_id   TEXT REFERENCES connections (id),
  access_point_id TEXT NOT NULL DEFAULT '',
  state           TEXT NOT NULL CHECK (state IN ('waiting', 'answered', 'closed')),
  since           TEXT NOT NULL,
  opened_at       TEXT NOT NULL,
  last_at         TEXT NOT NULL,
  messages        INTEGER NOT NULL CHECK (messages > 0),
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_queue ON tickets (state, since, id);
CREATE INDEX tickets_queue_topic ON tickets (state, topic, since, id);
CREATE INDEX tickets_own_open ON tickets (account_id, last_at, id) WHERE state <> 'closed';
CREATE INDEX tickets_own_closed ON tickets (account_id, last_at, id) WHERE state = 'closed';
CREATE INDEX tickets_answered ON tickets (account_id) WHERE state = 'answered';
CREATE INDEX tickets_about ON tickets (connection_id, last_at, id) WHERE connection_id IS NOT NULL;

CREATE TABLE ticket_messages (
  ticket_id  TEXT NOT NULL REFERENCES tickets (id),
  seq        INTEGER NOT NULL,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  at         TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  name       TEXT NOT NULL,
  staff      INTEGER NOT NULL CHECK (staff IN (0, 1)),
  closes     INTEGER NOT NULL CHECK (closes IN (0, 1)),
  body       TEXT NOT NULL, -- may be empty when it closes the ticket
  PRIMARY KEY (ticket_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_messages_author ON ticket_messages (user_id);
