-- What the demarcation of a port is made of, why a port is out of service, and
-- how each facility names the positions of a panel.
ALTER TABLE ports ADD COLUMN polish TEXT NOT NULL DEFAULT '' CHECK (polish IN ('', 'UPC', 'APC', 'PC'));
ALTER TABLE ports ADD COLUMN fibers TEXT NOT NULL DEFAULT '' CHECK (fibers IN ('', 'simplex', 'duplex'));
ALTER TABLE ports ADD COLUMN side TEXT NOT NULL DEFAULT '' CHECK (side IN ('', 'front', 'rear'));
ALTER TABLE ports ADD COLUMN reason TEXT NOT NULL DEFAULT ''; -- why it is out of service
ALTER TABLE ports ADD COLUMN version INTEGER NOT NULL DEFAULT 1; -- a form that changes the port carries it
-- Who shares a panel: positions are told apart at one place only.
CREATE INDEX ports_by_panel ON ports (cabinet, panel, device_id, number);

CREATE TABLE panels (
  access_point_id TEXT NOT NULL REFERENCES access_points (id),
  room            TEXT NOT NULL,
  cabinet         TEXT NOT NULL,
  panel           TEXT NOT NULL,
  rule            TEXT NOT NULL CHECK (rule <> ''), -- the language of package store/panel
  PRIMARY KEY (access_point_id, room, cabinet, panel)
) STRICT, WITHOUT ROWID;
