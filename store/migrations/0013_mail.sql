-- The outbox: a mail is a row of the transaction that it is about, and is sent
-- by a worker afterwards. The text is encrypted, since it may hold a one-time
-- link, and goes when the mail is sent.
CREATE TABLE mails (
  id         TEXT NOT NULL PRIMARY KEY, -- the left part of the Message-ID, the same at each try
  user_id    TEXT NOT NULL DEFAULT '',  -- the recipient, where it is a user
  kind       TEXT NOT NULL CHECK (kind IN ('invitation', 'password', 'notice', 'letter', 'test')),
  state      TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed')),
  sealed     BLOB,                      -- recipient, subject, text, attachments
  attempts   INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  problem    TEXT NOT NULL DEFAULT '',  -- why the last try failed; names nobody
  created_at TEXT NOT NULL,
  next_at    TEXT NOT NULL,             -- when to try next
  expires_at TEXT,                      -- when nobody needs it any more
  done_at    TEXT,
  CHECK ((state IN ('waiting', 'sending')) <= (sealed IS NOT NULL)),
  CHECK ((state IN ('sent', 'failed')) = (done_at IS NOT NULL)),
  CHECK ((state = 'sent') <= (sealed IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX mails_due ON mails (next_at, id) WHERE state = 'waiting';
CREATE INDEX mails_sending ON mails (id) WHERE state = 'sending';
CREATE INDEX mails_failed ON mails (done_at DESC, id) WHERE state = 'failed';
CREATE INDEX mails_old ON mails (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX mails_of_user ON mails (user_id) WHERE user_id <> '';

-- Whether the messages of the console are also mailed.
ALTER TABLE users ADD COLUMN mail_notices INTEGER NOT NULL DEFAULT 1 CHECK (mail_notices IN (0, 1));
