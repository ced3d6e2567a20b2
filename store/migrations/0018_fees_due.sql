-- Whose resource fee ends first, of all accounts.
DROP INDEX connections_paid;
CREATE INDEX connections_paid ON connections (stage, paid_through, id) WHERE paid_through IS NOT NULL;
