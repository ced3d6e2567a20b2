-- Every event has its place in one chain and covers the one before it; see
-- package store/chain. Events of before are chained at the next start.
ALTER TABLE events ADD COLUMN n INTEGER;
ALTER TABLE events ADD COLUMN hash BLOB;
ALTER TABLE events ADD COLUMN who BLOB; -- salt of the actor's name; its digest once the name is erased
CREATE UNIQUE INDEX events_chain ON events (n);
CREATE INDEX events_by_account ON events (account_id, at DESC, subject, seq) WHERE account_id <> '';

-- Where the chain ends, sealed with the key in audit.key.
CREATE TABLE audit_head (
  one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  n    INTEGER NOT NULL,
  hash BLOB NOT NULL,
  seal BLOB NOT NULL
) STRICT;

-- An event still never changes, but for two things: one of before is given its
-- place, once, and the name of a person who was erased goes.
DROP TRIGGER events_fixed;
CREATE TRIGGER events_fixed BEFORE UPDATE ON events
WHEN NOT (
  NEW.subject = OLD.subject AND NEW.seq = OLD.seq AND NEW.at = OLD.at AND NEW.account_id = OLD.account_id
  AND NEW.actor_id = OLD.actor_id AND NEW.actor_role = OLD.actor_role AND NEW.actor_account = OLD.actor_account
  AND NEW.action = OLD.action AND NEW.from_stage = OLD.from_stage AND NEW.to_stage = OLD.to_stage
  AND NEW.request_id = OLD.request_id AND NEW.reason = OLD.reason AND NEW.detail = OLD.detail
  AND (
    (OLD.n IS NULL AND NEW.n IS NOT NULL AND NEW.actor_name = OLD.actor_name)
    OR (OLD.n IS NOT NULL AND NEW.n = OLD.n AND NEW.hash = OLD.hash AND NEW.actor_name = 'Erased person' AND length(OLD.who) = 16 AND length(NEW.who) = 32)
  )
)
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
