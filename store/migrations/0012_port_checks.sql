-- A port that its interface left after a letter had sent people to it: somebody
-- may have brought a cable. It is quarantined until a technician has looked.
ALTER TABLE ports ADD COLUMN letter TEXT NOT NULL DEFAULT ''; -- the newest letter that names the port, of who has it or left it
ALTER TABLE ports ADD COLUMN left_by TEXT NOT NULL DEFAULT ''; -- the interface that left it
ALTER TABLE ports ADD COLUMN left_at TEXT;
UPDATE ports SET letter = COALESCE((SELECT c.loa_no FROM connections c WHERE c.id = ports.connection_id), '') WHERE connection_id IS NOT NULL;
CREATE INDEX ports_to_check ON ports (left_at, id) WHERE left_by <> '';
