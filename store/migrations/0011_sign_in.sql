-- How a session began, and on what: people see their own list of them.
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password' CHECK (method IN ('password', 'link', 'totp', 'passkey', 'recovery', 'sso', 'sso_mfa'));
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT ''; -- "Firefox on Linux"

-- What proves a person beside the password. A secret is sealed with the key
-- that is not in the database; a passkey's public key needs no sealing.
CREATE TABLE second_factors (
  user_id       TEXT NOT NULL REFERENCES users (id),
  id            TEXT NOT NULL UNIQUE,
  kind          TEXT NOT NULL CHECK (kind IN ('totp', 'passkey')),
  name          TEXT NOT NULL,
  secret        BLOB,                       -- totp: sealed
  credential_id TEXT NOT NULL DEFAULT '',   -- passkey: base64url
  credential    TEXT NOT NULL DEFAULT '',   -- passkey: JSON, as the library reads it
  last_step     INTEGER NOT NULL DEFAULT 0, -- totp: a code opens once
  created_at    TEXT NOT NULL,
  confirmed_at  TEXT,                       -- until then it opens nothing
  last_used_at  TEXT,
  PRIMARY KEY (user_id, id),
  CHECK ((kind = 'totp') = (secret IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX second_factors_credential ON second_factors (credential_id) WHERE credential_id <> '';

CREATE TABLE recovery_codes (
  user_id   TEXT NOT NULL REFERENCES users (id),
  code_hash TEXT NOT NULL,
  used_at   TEXT,
  PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- A sign-in that is half done: the password was right and a second factor is
-- asked for, or the person is at their own identity provider. Bound to one
-- browser by a secret in its cookie.
CREATE TABLE sign_in_steps (
  id          TEXT NOT NULL PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('second_factor', 'sso', 'passkey')),
  user_id     TEXT REFERENCES users (id),
  data        TEXT NOT NULL DEFAULT '',
  next        TEXT NOT NULL DEFAULT '',
  tries       INTEGER NOT NULL DEFAULT 0,
  expires_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_steps_by_time ON sign_in_steps (expires_at);

-- Single sign-on: of one customer's account, or of the operator's own staff.
CREATE TABLE identity_providers (
  id            TEXT NOT NULL PRIMARY KEY,
  account_id    TEXT REFERENCES accounts (id), -- NULL: for staff
  name          TEXT NOT NULL,
  issuer        TEXT NOT NULL,
  client_id     TEXT NOT NULL,
  client_secret BLOB NOT NULL,                 -- sealed
  domain        TEXT NOT NULL UNIQUE,          -- of the e-mail addresses that it answers for
  mfa           INTEGER NOT NULL DEFAULT 0 CHECK (mfa IN (0, 1)), -- it asks for a second factor itself
  created_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_providers_by_account ON identity_providers (account_id);

CREATE TABLE user_identities (
  provider_id TEXT NOT NULL REFERENCES identity_providers (id),
  subject     TEXT NOT NULL,
  user_id     TEXT NOT NULL REFERENCES users (id),
  linked_at   TEXT NOT NULL,
  PRIMARY KEY (provider_id, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_identities_by_user ON user_identities (user_id);
