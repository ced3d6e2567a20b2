-- The audit log by who did it, and by the request that people quote when
-- something failed; people by the beginning of their name.
CREATE INDEX events_by_actor ON events (actor_id, at DESC, subject, seq);
CREATE INDEX events_by_request ON events (request_id, at DESC, subject, seq);
CREATE INDEX users_by_name ON users (lower(name), id);
