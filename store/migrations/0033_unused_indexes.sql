-- The notes about an interface are few and found by its ID, and invoices are
-- listed by account, or those that are open by their due date.
DROP INDEX interface_notes_standing;
DROP INDEX invoices_newest;
