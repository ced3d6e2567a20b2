-- Orders of all accounts, narrowed by state and type, by number. The list merges
-- the ranges that its filter allows.
CREATE INDEX orders_by_state ON orders (state, kind, no);
