-- What staff look for across all accounts: a name or a line code that somebody
-- read to them on the phone, the interfaces whose turn it is, an account.
CREATE INDEX connections_all_by_name ON connections (name_key, id) WHERE name_key <> '';
CREATE INDEX connections_all_by_line ON connections (line_code, id) WHERE line_code <> '';
CREATE INDEX connections_all_by_turn ON connections (turn, created_at DESC, id);
CREATE INDEX accounts_by_name ON accounts (lower(name), id);
