-- Staff may open a ticket to a customer: it begins with the customer's turn.
ALTER TABLE tickets ADD COLUMN by_staff INTEGER NOT NULL DEFAULT 0 CHECK (by_staff IN (0, 1));
