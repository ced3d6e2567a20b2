-- An account has people with different roles, and the operator has auditors.
-- Whoever was the customer of an account owns it.
CREATE TABLE users_new (
  id            TEXT NOT NULL PRIMARY KEY,
  account_id    TEXT REFERENCES accounts (id),
  email         TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  role          TEXT NOT NULL CHECK (role IN ('owner', 'engineer', 'customer_finance', 'viewer', 'reviewer', 'technician', 'finance', 'administrator', 'auditor')),
  password_hash TEXT NOT NULL DEFAULT '',
  theme         TEXT NOT NULL DEFAULT '' CHECK (theme IN ('', 'light', 'dark')),
  unread        INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0),
  created_at    TEXT NOT NULL,
  CHECK ((role IN ('owner', 'engineer', 'customer_finance', 'viewer')) = (account_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO users_new (id, account_id, email, name, role, password_hash, theme, unread, created_at)
  SELECT id, account_id, email, name, CASE role WHEN 'customer' THEN 'owner' ELSE role END, password_hash, theme, unread, created_at FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE INDEX users_by_account ON users (account_id, id);
CREATE INDEX users_by_role ON users (role, id);
