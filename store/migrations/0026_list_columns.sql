-- Which columns of the list a person wants; '' for the usual ones.
ALTER TABLE users ADD COLUMN list_columns TEXT NOT NULL DEFAULT '';
