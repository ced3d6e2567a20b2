-- Staff notes: what staff tell each other about an interface. Its customer reads
-- them nowhere. None is changed or removed; who wrote one may take it back, and
-- whoever looks after the audit log still reads it. Only a name that is erased
-- goes out of a text.
CREATE TABLE interface_notes (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  n             INTEGER NOT NULL CHECK (n > 0), -- 1, 2, 3 … of the interface
  at            TEXT NOT NULL,
  user_id       TEXT NOT NULL,
  name          TEXT NOT NULL,
  role          TEXT NOT NULL,
  body          TEXT NOT NULL CHECK (body <> ''),
  taken_back_at TEXT,
  PRIMARY KEY (connection_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX interface_notes_standing ON interface_notes (connection_id, n) WHERE taken_back_at IS NULL;
CREATE INDEX interface_notes_author ON interface_notes (user_id);
CREATE TRIGGER interface_notes_kept BEFORE DELETE ON interface_notes BEGIN SELECT RAISE(ABORT, 'a staff note is kept'); END;
CREATE TRIGGER interface_notes_fixed BEFORE UPDATE OF connection_id, n, at, user_id, role ON interface_notes
BEGIN SELECT RAISE(ABORT, 'a staff note never changes'); END;
CREATE TRIGGER interface_notes_back_once BEFORE UPDATE OF taken_back_at ON interface_notes WHEN OLD.taken_back_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a staff note is taken back once'); END;
