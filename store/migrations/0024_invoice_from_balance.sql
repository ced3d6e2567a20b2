-- An invoice is paid by transfers, which the operator records, and from the
-- account's balance, which the customer does. For the latter the reference is the
-- ledger transaction, since no bank has one, and nothing is left over.
ALTER TABLE invoice_payments ADD COLUMN method TEXT NOT NULL DEFAULT 'transfer' CHECK (method IN ('transfer', 'balance'));
CREATE TRIGGER invoice_payments_from_balance BEFORE INSERT ON invoice_payments
WHEN NEW.method = 'balance' AND (NEW.surplus <> 0 OR NEW.reference <> NEW.transaction_id)
BEGIN SELECT RAISE(ABORT, 'a payment from the balance is the posting that made it, and leaves nothing over'); END;
