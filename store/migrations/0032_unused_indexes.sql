-- No statement takes these. A free port is the first of its device that is free,
-- and how many messages are unread stands with the person.
DROP INDEX ports_free;
DROP INDEX messages_unread;
