-- What waits for staff, by due time, of one account or in one region.
CREATE INDEX connections_queue_of_account ON connections (account_id, stage, due_at, id) WHERE turn = 'staff';
CREATE INDEX connections_queue_in_region ON connections (stage, region, due_at, id) WHERE turn = 'staff';
-- Applications that were decided in one region, of all accounts.
CREATE INDEX connections_decided_in_region ON connections (region, status, created_at DESC, id) WHERE status IN ('loa_rejected', 'approved_loa');
