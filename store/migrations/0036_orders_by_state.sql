-- Only the list of orders of all accounts takes this index. The condition holds
-- for every order: it keeps the index out of what looks for orders that are due.
DROP INDEX orders_by_state;
CREATE INDEX orders_by_state ON orders (state, kind, no) WHERE no > '';
