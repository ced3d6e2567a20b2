-- What a book of one account holds after each entry: a statement shows the balance
-- beside every movement, and what an account owes is known, without adding up all
-- that was ever posted. Entries are numbered in the order of posting, which is the
-- order that balances have; a clock that was set back does not change it.
ALTER TABLE ledger_entries ADD COLUMN book_total INTEGER; -- NULL for a book of the operator's own
DROP TRIGGER ledger_entries_fixed;
UPDATE ledger_entries AS e SET book_total = s.total
  FROM (SELECT transaction_id, seq, SUM(amount) OVER (PARTITION BY book ORDER BY transaction_id) AS total FROM ledger_entries
    WHERE substr(book, 1, 8) = 'balance:' OR substr(book, 1, 11) = 'receivable:') s
  WHERE e.transaction_id = s.transaction_id AND e.seq = s.seq;
CREATE TRIGGER ledger_entries_fixed BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

DROP TRIGGER ledger_transactions_posted;
CREATE TRIGGER ledger_transactions_posted AFTER INSERT ON ledger_transactions
BEGIN
  INSERT INTO ledger_entries (transaction_id, seq, book, amount, currency, book_total)
    SELECT NEW.id, e.key + 1, json_extract(e.value, '$.book'), json_extract(e.value, '$.amount'), NEW.currency,
      CASE WHEN substr(json_extract(e.value, '$.book'), 1, 8) = 'balance:' OR substr(json_extract(e.value, '$.book'), 1, 11) = 'receivable:'
        THEN json_extract(e.value, '$.amount') + COALESCE((SELECT b.book_total FROM ledger_entries b WHERE b.book = json_extract(e.value, '$.book') ORDER BY b.transaction_id DESC LIMIT 1), 0) END
    FROM json_each(NEW.entries) e ORDER BY e.key;
END;
