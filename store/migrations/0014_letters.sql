-- A letter of authorization has one number for its interface and a version
-- under it; it can be checked by a code of which only the hash is here (the
-- code itself is on the letter), and it is kept who downloaded and checked it.

CREATE TABLE loas_new (
  connection_id       TEXT NOT NULL REFERENCES connections (id),
  version             INTEGER NOT NULL CHECK (version > 0),
  no                  TEXT NOT NULL,
  application_version INTEGER NOT NULL,
  status              TEXT NOT NULL CHECK (status IN ('issued', 'used', 'revoked', 'expired', 'superseded')),
  issued_at           TEXT NOT NULL,
  issued_by           TEXT NOT NULL,
  valid_from          TEXT NOT NULL,
  expires_at          TEXT NOT NULL, -- the last second that it is good for
  ended_at            TEXT,
  ended_reason        TEXT NOT NULL DEFAULT '', -- for everybody who checks the letter
  next_warning_at     TEXT,          -- when somebody is told next that it expires
  check_hash          TEXT,          -- of the check code; letters of before have none
  pages               INTEGER NOT NULL DEFAULT 0, -- of the document; 0 not known
  snapshot            TEXT NOT NULL,
  pdf                 BLOB NOT NULL,
  pdf_sha256          TEXT NOT NULL,
  PRIMARY KEY (connection_id, version)
) STRICT;
INSERT INTO loas_new (connection_id, version, no, application_version, status, issued_at, issued_by, valid_from, expires_at, ended_at, next_warning_at, snapshot, pdf, pdf_sha256)
  SELECT connection_id, version, no, application_version, status, issued_at, issued_by, issued_at, expires_at, ended_at,
    CASE WHEN status = 'issued' THEN issued_at END, snapshot, pdf, pdf_sha256 FROM loas;
DROP TABLE loas;
ALTER TABLE loas_new RENAME TO loas;
CREATE UNIQUE INDEX loas_by_number ON loas (no, version);
CREATE UNIQUE INDEX loas_in_force ON loas (connection_id) WHERE status = 'issued';
CREATE UNIQUE INDEX loas_by_check ON loas (check_hash) WHERE check_hash IS NOT NULL;
CREATE INDEX loas_by_file ON loas (pdf_sha256);
CREATE INDEX loas_expiring ON loas (expires_at) WHERE status = 'issued';
CREATE INDEX loas_to_warn ON loas (next_warning_at) WHERE status = 'issued';
CREATE TRIGGER loas_frozen BEFORE UPDATE OF no, connection_id, version, application_version, issued_at, issued_by, valid_from, expires_at, check_hash, pages, snapshot, pdf, pdf_sha256 ON loas
BEGIN SELECT RAISE(ABORT, 'an issued letter never changes'); END;
CREATE TRIGGER loas_kept BEFORE DELETE ON loas
BEGIN SELECT RAISE(ABORT, 'an issued letter is kept'); END;

-- Who downloaded or checked a letter, counted by day: somebody who checks it
-- every minute adds one row a day. The public is nobody: no address is kept.
CREATE TABLE loa_accesses (
  connection_id TEXT NOT NULL,
  version       INTEGER NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('download', 'check', 'compare')),
  user_id       TEXT NOT NULL DEFAULT '', -- '' is the public
  day           TEXT NOT NULL,            -- 2026-11-23, UTC
  name          TEXT NOT NULL DEFAULT '', -- of the user, at that time
  role          TEXT NOT NULL DEFAULT '',
  n             INTEGER NOT NULL CHECK (n > 0),
  last_at       TEXT NOT NULL,
  PRIMARY KEY (connection_id, version, kind, user_id, day),
  FOREIGN KEY (connection_id, version) REFERENCES loas (connection_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX loa_accesses_newest ON loa_accesses (connection_id, last_at DESC);

ALTER TABLE loa_applications ADD COLUMN may_sub_delegate INTEGER NOT NULL DEFAULT 0 CHECK (may_sub_delegate IN (0, 1));

-- How a facility wants to receive a letter.
CREATE TABLE playbooks (
  access_point_id TEXT NOT NULL PRIMARY KEY REFERENCES access_points (id),
  portal          TEXT NOT NULL DEFAULT '', -- address of a web page
  email           TEXT NOT NULL DEFAULT '',
  phone           TEXT NOT NULL DEFAULT '',
  lead_time       TEXT NOT NULL DEFAULT '',
  hours           TEXT NOT NULL DEFAULT '',
  words           TEXT NOT NULL DEFAULT '', -- that the message has to contain
  version         INTEGER NOT NULL DEFAULT 1,
  updated_at      TEXT NOT NULL,
  updated_by      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
