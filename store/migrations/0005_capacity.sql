-- How many ports of a type an access point had in each state at the end of a
-- day (UTC): a row for every day on which something changed, written with the
-- change. Between two rows the numbers are those of the earlier one.
CREATE TABLE capacity_days (
  access_point_id TEXT NOT NULL REFERENCES access_points (id),
  port_type       TEXT NOT NULL,
  day             TEXT NOT NULL, -- 2026-11-20
  free            INTEGER NOT NULL CHECK (free >= 0),
  allocated       INTEGER NOT NULL CHECK (allocated >= 0),
  in_use          INTEGER NOT NULL CHECK (in_use >= 0),
  quarantined     INTEGER NOT NULL CHECK (quarantined >= 0),
  out_of_service  INTEGER NOT NULL CHECK (out_of_service >= 0),
  PRIMARY KEY (access_point_id, port_type, day)
) STRICT, WITHOUT ROWID;
