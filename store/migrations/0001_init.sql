-- The first schema. All instants are UTC text of fixed width
-- (2026-11-20T07:12:00.000Z), so that text order is time order. Amounts are
-- integers in minor units. Tables that a customer owns are clustered by
-- account; history is clustered by what it belongs to.

CREATE TABLE settings (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sequences (
  name TEXT NOT NULL PRIMARY KEY,
  n    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- People ---------------------------------------------------------------------

CREATE TABLE accounts (
  id                     TEXT NOT NULL PRIMARY KEY,
  name                   TEXT NOT NULL,
  home_region            TEXT NOT NULL DEFAULT '',
  quota_per_access_point INTEGER NOT NULL DEFAULT 2 CHECK (quota_per_access_point >= 0),
  quota_not_enabled      INTEGER NOT NULL DEFAULT 5 CHECK (quota_not_enabled >= 0),
  balance_minor          INTEGER NOT NULL DEFAULT 0 CHECK (balance_minor >= 0),
  currency               TEXT NOT NULL DEFAULT 'USD',
  created_at             TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id            TEXT NOT NULL PRIMARY KEY,
  account_id    TEXT REFERENCES accounts (id),
  email         TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  role          TEXT NOT NULL CHECK (role IN ('customer', 'reviewer', 'technician', 'finance', 'administrator')),
  password_hash TEXT NOT NULL DEFAULT '',
  theme         TEXT NOT NULL DEFAULT '' CHECK (theme IN ('', 'light', 'dark')),
  unread        INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0),
  created_at    TEXT NOT NULL,
  CHECK ((role = 'customer') = (account_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_account ON users (account_id, id);
CREATE INDEX users_by_role ON users (role, id);

-- One-time links: the first administrator, new colleagues, new customers.
CREATE TABLE invitations (
  token_hash TEXT NOT NULL PRIMARY KEY,
  user_id    TEXT REFERENCES users (id),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  used_at    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_user ON invitations (user_id);

CREATE TABLE sessions (
  id           TEXT NOT NULL PRIMARY KEY,
  secret_hash  TEXT NOT NULL,
  user_id      TEXT NOT NULL REFERENCES users (id),
  created_at   TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  expires_at   TEXT NOT NULL,
  revoked_at   TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, id);

-- What a form did, by the key it was rendered with: a repeated submit is
-- answered like the first one.
CREATE TABLE submissions (
  user_id TEXT NOT NULL,
  key     TEXT NOT NULL,
  result  TEXT NOT NULL,
  at      TEXT NOT NULL,
  PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX submissions_by_time ON submissions (at);

-- Catalogue ------------------------------------------------------------------

CREATE TABLE regions (
  id       TEXT NOT NULL PRIMARY KEY,
  name     TEXT NOT NULL,
  zone     TEXT NOT NULL,
  mainland INTEGER NOT NULL CHECK (mainland IN (0, 1)),
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE access_points (
  id              TEXT NOT NULL PRIMARY KEY,
  region          TEXT NOT NULL REFERENCES regions (id),
  name            TEXT NOT NULL,
  run_by          TEXT NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('open', 'recommended', 'hot', 'full', 'disabled')),
  offers          TEXT NOT NULL, -- JSON: SP -> port types
  facility_name   TEXT NOT NULL DEFAULT '',
  address         TEXT NOT NULL DEFAULT '',
  loa_days        INTEGER NOT NULL DEFAULT 90 CHECK (loa_days > 0),
  visitor_gender  INTEGER NOT NULL DEFAULT 0 CHECK (visitor_gender IN (0, 1)),
  visitor_id_type INTEGER NOT NULL DEFAULT 0 CHECK (visitor_id_type IN (0, 1)),
  visitor_id      INTEGER NOT NULL DEFAULT 0 CHECK (visitor_id IN (0, 1)),
  installer_notes TEXT NOT NULL DEFAULT '',
  demo            INTEGER NOT NULL DEFAULT 0 CHECK (demo IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX access_points_by_region ON access_points (region);

CREATE TABLE devices (
  id              TEXT NOT NULL PRIMARY KEY,
  access_point_id TEXT NOT NULL REFERENCES access_points (id),
  name            TEXT NOT NULL,
  room            TEXT NOT NULL,
  cabinet         TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_access_point ON devices (access_point_id, id);

CREATE TABLE ports (
  device_id     TEXT NOT NULL REFERENCES devices (id),
  number        INTEGER NOT NULL,
  id            TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  port_type     TEXT NOT NULL,
  room          TEXT NOT NULL,
  cabinet       TEXT NOT NULL,
  panel         TEXT NOT NULL,
  position      TEXT NOT NULL,
  connector     TEXT NOT NULL,
  state         TEXT NOT NULL DEFAULT 'free' CHECK (state IN ('free', 'allocated', 'in_use', 'quarantined', 'out_of_service')),
  connection_id TEXT,
  PRIMARY KEY (device_id, number),
  CHECK ((state IN ('allocated', 'in_use')) <= (connection_id IS NOT NULL)),
  CHECK ((state = 'free') <= (connection_id IS NULL))
) STRICT, WITHOUT ROWID;
-- A port has one holder and a holder has one port, whatever the code believes.
CREATE UNIQUE INDEX ports_by_connection ON ports (connection_id) WHERE connection_id IS NOT NULL;
CREATE INDEX ports_free ON ports (device_id, port_type, number) WHERE state = 'free';

-- How many ports of a type a device has in each state, kept in the same
-- transaction as the ports themselves.
CREATE TABLE port_counts (
  device_id TEXT NOT NULL REFERENCES devices (id),
  port_type TEXT NOT NULL,
  state     TEXT NOT NULL,
  n         INTEGER NOT NULL CHECK (n >= 0),
  PRIMARY KEY (device_id, port_type, state)
) STRICT, WITHOUT ROWID;

-- Interfaces -----------------------------------------------------------------

CREATE TABLE connections (
  account_id        TEXT NOT NULL REFERENCES accounts (id),
  id                TEXT NOT NULL UNIQUE,
  name              TEXT NOT NULL DEFAULT '',
  name_key          TEXT NOT NULL DEFAULT '', -- folded to lower case, for search and sort
  description       TEXT NOT NULL DEFAULT '',
  region            TEXT NOT NULL,
  access_point_id   TEXT NOT NULL REFERENCES access_points (id),
  sp                TEXT NOT NULL CHECK (sp IN ('CT', 'CU', 'CM', 'CO', 'Equinix', 'Other')),
  port_spec         TEXT NOT NULL CHECK (port_spec IN ('1G', '10G', '40G', '100G')),
  port_type         TEXT NOT NULL,
  redundant_id      TEXT NOT NULL DEFAULT '',
  stage             TEXT NOT NULL CHECK (stage IN ('pending_payment', 'to_apply_for_loa', 'in_application', 'loa_rejected', 'approved_loa', 'waiting_for_cabling', 'waiting_for_payment', 'enabled', 'terminating', 'terminated', 'canceled')),
  -- what the list is filtered by: the two stages called Waiting are one status
  status            TEXT NOT NULL GENERATED ALWAYS AS (CASE WHEN stage IN ('waiting_for_cabling', 'waiting_for_payment') THEN 'waiting' ELSE stage END) STORED,
  turn              TEXT NOT NULL CHECK (turn IN ('customer', 'staff', 'nobody', 'closed')),
  version           INTEGER NOT NULL DEFAULT 1,
  stage_since       TEXT NOT NULL,
  due_at            TEXT,             -- when the side whose turn it is should be done
  problem           TEXT NOT NULL DEFAULT '', -- why staff sent it back, in words for the customer
  currency          TEXT NOT NULL,
  installation_fee  INTEGER NOT NULL CHECK (installation_fee >= 0),
  monthly_fee       INTEGER NOT NULL CHECK (monthly_fee >= 0),
  price_version     TEXT NOT NULL,
  line_code         TEXT NOT NULL DEFAULT '',
  loa_no            TEXT NOT NULL DEFAULT '', -- the newest letter
  scheduled_at      TEXT,
  removal_due       INTEGER NOT NULL DEFAULT 0 CHECK (removal_due IN (0, 1)), -- a cable may be in: a technician must confirm its removal
  paid_through      TEXT,
  created_at        TEXT NOT NULL,
  created_by        TEXT NOT NULL,
  updated_at        TEXT NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX connections_newest ON connections (account_id, created_at DESC, id);
CREATE INDEX connections_by_turn ON connections (account_id, turn, created_at DESC, id);
CREATE INDEX connections_by_status ON connections (account_id, status, created_at DESC, id);
CREATE INDEX connections_by_region ON connections (account_id, region, created_at DESC, id);
CREATE INDEX connections_by_name ON connections (account_id, name_key, id);
CREATE INDEX connections_by_line ON connections (account_id, line_code, id) WHERE line_code <> '';
CREATE INDEX connections_by_access_point ON connections (account_id, access_point_id, turn);
CREATE INDEX connections_redundant ON connections (redundant_id, account_id) WHERE redundant_id <> '';
CREATE INDEX connections_all ON connections (created_at DESC, id);
CREATE INDEX connections_all_by_status ON connections (status, created_at DESC, id);
CREATE INDEX connections_queue ON connections (stage, due_at, id);
CREATE INDEX connections_removal ON connections (stage_since, id) WHERE removal_due = 1;

-- How many interfaces an account has in each stage; account '' sums them all.
CREATE TABLE connection_counts (
  account_id TEXT NOT NULL,
  stage      TEXT NOT NULL,
  n          INTEGER NOT NULL CHECK (n >= 0),
  PRIMARY KEY (account_id, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE loa_applications (
  connection_id        TEXT NOT NULL REFERENCES connections (id),
  version              INTEGER NOT NULL,
  status               TEXT NOT NULL CHECK (status IN ('open', 'withdrawn', 'rejected', 'approved', 'canceled')),
  company_name         TEXT NOT NULL,
  construction_company TEXT NOT NULL,
  construction_type    TEXT NOT NULL CHECK (construction_type IN ('MSTP', 'MPLSVPN', 'FIBRE', 'Others')),
  other_type           TEXT NOT NULL DEFAULT '',
  scheduled_at         TEXT NOT NULL,
  location             TEXT NOT NULL DEFAULT '',
  bandwidth_mbps       INTEGER,
  remote_hands         INTEGER NOT NULL DEFAULT 0 CHECK (remote_hands IN (0, 1)),
  submitted_at         TEXT NOT NULL,
  submitted_by         TEXT NOT NULL,
  decided_at           TEXT,
  decided_by           TEXT NOT NULL DEFAULT '',
  reasons              TEXT NOT NULL DEFAULT '{}', -- JSON: field -> reason
  PRIMARY KEY (connection_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE field_engineers (
  connection_id TEXT NOT NULL,
  version       INTEGER NOT NULL,
  n             INTEGER NOT NULL,
  name          TEXT NOT NULL,
  gender        TEXT NOT NULL DEFAULT '' CHECK (gender IN ('', 'male', 'female', 'other')),
  id_type       TEXT NOT NULL DEFAULT '' CHECK (id_type IN ('', 'id_card', 'passport', 'other')),
  id_sealed     BLOB,                      -- encrypted; erased after construction
  id_last4      TEXT NOT NULL DEFAULT '',
  contact       TEXT NOT NULL,
  erase_after   TEXT,
  PRIMARY KEY (connection_id, version, n),
  FOREIGN KEY (connection_id, version) REFERENCES loa_applications (connection_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX field_engineers_erase ON field_engineers (erase_after) WHERE id_sealed IS NOT NULL;

CREATE TABLE loas (
  no                  TEXT NOT NULL PRIMARY KEY,
  connection_id       TEXT NOT NULL REFERENCES connections (id),
  version             INTEGER NOT NULL,
  application_version INTEGER NOT NULL,
  status              TEXT NOT NULL CHECK (status IN ('issued', 'used', 'revoked', 'expired', 'superseded')),
  issued_at           TEXT NOT NULL,
  issued_by           TEXT NOT NULL,
  expires_at          TEXT NOT NULL,
  ended_at            TEXT,
  snapshot            TEXT NOT NULL,
  pdf                 BLOB NOT NULL,
  pdf_sha256          TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX loas_by_connection ON loas (connection_id, version);
CREATE UNIQUE INDEX loas_in_force ON loas (connection_id) WHERE status = 'issued';
CREATE INDEX loas_expiring ON loas (expires_at) WHERE status = 'issued';
CREATE TRIGGER loas_frozen BEFORE UPDATE OF no, connection_id, version, application_version, issued_at, issued_by, expires_at, snapshot, pdf, pdf_sha256 ON loas
BEGIN SELECT RAISE(ABORT, 'an issued letter never changes'); END;
CREATE TRIGGER loas_kept BEFORE DELETE ON loas
BEGIN SELECT RAISE(ABORT, 'an issued letter is kept'); END;

CREATE TABLE delivery_reports (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  version       INTEGER NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('open', 'returned', 'completed', 'canceled')),
  line_code     TEXT NOT NULL,
  contact       TEXT NOT NULL DEFAULT '',
  submitted_at  TEXT NOT NULL,
  submitted_by  TEXT NOT NULL,
  reason        TEXT NOT NULL DEFAULT '', -- why it was returned
  problem_kind  TEXT NOT NULL DEFAULT '',
  -- filled when the cabling is finished
  completed_at  TEXT,
  completed_by  TEXT NOT NULL DEFAULT '',
  port_id       TEXT NOT NULL DEFAULT '',
  label_found   TEXT NOT NULL DEFAULT '',
  light_dbm10   INTEGER,                  -- tenths of a dBm
  PRIMARY KEY (connection_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE cable_labels (
  connection_id   TEXT NOT NULL,
  version         INTEGER NOT NULL,
  n               INTEGER NOT NULL,
  label           TEXT NOT NULL,
  access_point_id TEXT NOT NULL,
  live            INTEGER NOT NULL CHECK (live IN (0, 1)), -- the report counts: not returned, not removed
  PRIMARY KEY (connection_id, version, n),
  FOREIGN KEY (connection_id, version) REFERENCES delivery_reports (connection_id, version)
) STRICT, WITHOUT ROWID;
-- A label is on one cable at a site.
CREATE UNIQUE INDEX cable_labels_live ON cable_labels (access_point_id, label) WHERE live = 1;

CREATE TABLE whitelist_requests (
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  id          TEXT NOT NULL UNIQUE,
  region      TEXT NOT NULL DEFAULT '', -- '' means everywhere
  port_spec   TEXT NOT NULL CHECK (port_spec IN ('40G', '100G')),
  reason      TEXT NOT NULL,
  ports       INTEGER NOT NULL CHECK (ports > 0),
  status      TEXT NOT NULL CHECK (status IN ('requested', 'granted', 'declined', 'revoked')),
  until       TEXT,
  answer      TEXT NOT NULL DEFAULT '',
  created_at  TEXT NOT NULL,
  created_by  TEXT NOT NULL,
  decided_at  TEXT,
  decided_by  TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX whitelist_queue ON whitelist_requests (status, created_at, id);
-- One open request per account, region and specification.
CREATE UNIQUE INDEX whitelist_open ON whitelist_requests (account_id, region, port_spec) WHERE status = 'requested';

-- Money ----------------------------------------------------------------------

CREATE TABLE orders (
  account_id    TEXT NOT NULL REFERENCES accounts (id),
  no            TEXT NOT NULL UNIQUE,
  connection_id TEXT NOT NULL REFERENCES connections (id),
  kind          TEXT NOT NULL CHECK (kind IN ('installation', 'resource')),
  state         TEXT NOT NULL CHECK (state IN ('unpaid', 'paid', 'expired', 'canceled', 'refunded')),
  currency      TEXT NOT NULL,
  amount        INTEGER NOT NULL CHECK (amount >= 0),
  unit_amount   INTEGER NOT NULL CHECK (unit_amount >= 0),
  months        INTEGER NOT NULL DEFAULT 0,
  price_version TEXT NOT NULL,
  created_at    TEXT NOT NULL,
  created_by    TEXT NOT NULL,
  expires_at    TEXT,
  paid_at       TEXT,
  PRIMARY KEY (account_id, no)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_newest ON orders (account_id, created_at DESC, no);
CREATE INDEX orders_by_connection ON orders (connection_id, created_at);
CREATE INDEX orders_unpaid ON orders (expires_at, no) WHERE state = 'unpaid';
-- One installation order an interface: nobody pays that fee twice.
CREATE UNIQUE INDEX orders_installation ON orders (connection_id) WHERE kind = 'installation';

CREATE TABLE ledger_transactions (
  id         TEXT NOT NULL PRIMARY KEY,
  at         TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('transfer', 'installation_fee', 'resource_fee', 'refund')),
  account_id TEXT NOT NULL REFERENCES accounts (id),
  order_no   TEXT NOT NULL DEFAULT '',
  reference  TEXT NOT NULL DEFAULT '',
  actor      TEXT NOT NULL,
  idem_key   TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_transactions_by_account ON ledger_transactions (account_id, at DESC, id DESC);
CREATE INDEX ledger_transactions_by_time ON ledger_transactions (at, id);

CREATE TABLE ledger_entries (
  transaction_id TEXT NOT NULL REFERENCES ledger_transactions (id),
  seq            INTEGER NOT NULL,
  book           TEXT NOT NULL, -- 'cash', 'balance:<account>', 'revenue:installation', 'revenue:resource'
  amount         INTEGER NOT NULL CHECK (amount <> 0), -- debit positive, credit negative
  currency       TEXT NOT NULL,
  PRIMARY KEY (transaction_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_entries_by_book ON ledger_entries (book, transaction_id);
CREATE TRIGGER ledger_transactions_kept BEFORE DELETE ON ledger_transactions BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_transactions_fixed BEFORE UPDATE ON ledger_transactions BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entries_kept BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entries_fixed BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- History and messages -------------------------------------------------------

-- subject is an interface's ID, or account:…, user:…, whitelist:…
CREATE TABLE events (
  subject       TEXT NOT NULL,
  seq           INTEGER NOT NULL,
  at            TEXT NOT NULL,
  account_id    TEXT NOT NULL DEFAULT '',
  actor_id      TEXT NOT NULL,
  actor_name    TEXT NOT NULL,
  actor_role    TEXT NOT NULL,
  actor_account TEXT NOT NULL DEFAULT '',
  action        TEXT NOT NULL,
  from_stage    TEXT NOT NULL DEFAULT '',
  to_stage      TEXT NOT NULL DEFAULT '',
  request_id    TEXT NOT NULL,
  reason        TEXT NOT NULL DEFAULT '',
  detail        TEXT NOT NULL DEFAULT '', -- one line for people; never personal data
  PRIMARY KEY (subject, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_time ON events (at DESC, subject, seq);
CREATE INDEX events_by_action ON events (action, at DESC, subject, seq);
CREATE TRIGGER events_kept BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_fixed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TABLE messages (
  user_id TEXT NOT NULL REFERENCES users (id),
  seq     INTEGER NOT NULL,
  at      TEXT NOT NULL,
  subject TEXT NOT NULL,
  title   TEXT NOT NULL,
  body    TEXT NOT NULL,
  read_at TEXT,
  PRIMARY KEY (user_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_unread ON messages (user_id, seq) WHERE read_at IS NULL;
