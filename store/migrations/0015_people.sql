-- A one-time link invites somebody, or stands in for a password that was
-- forgotten: those open for an hour.
ALTER TABLE invitations ADD COLUMN purpose TEXT NOT NULL DEFAULT 'invitation' CHECK (purpose IN ('invitation', 'reset'));

-- The account whose console a person of the staff looks at, read-only.
ALTER TABLE sessions ADD COLUMN viewing TEXT NOT NULL DEFAULT '';
