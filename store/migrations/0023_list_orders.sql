-- A customer's list can be in the order of the procedure and by due date. The
-- place of a status in the procedure is computed, never stored; the index that
-- finds the interfaces of one status has them in that order too, so it costs no
-- write more than before.
ALTER TABLE connections ADD COLUMN status_rank INTEGER NOT NULL GENERATED ALWAYS AS (CASE stage
  WHEN 'pending_payment' THEN 1
  WHEN 'to_apply_for_loa' THEN 2
  WHEN 'in_application' THEN 3
  WHEN 'loa_rejected' THEN 4
  WHEN 'approved_loa' THEN 5
  WHEN 'waiting_for_cabling' THEN 6
  WHEN 'waiting_for_payment' THEN 6
  WHEN 'enabled' THEN 7
  WHEN 'terminating' THEN 8
  WHEN 'terminated' THEN 9
  ELSE 10 END) VIRTUAL;
DROP INDEX connections_by_status;
CREATE INDEX connections_by_status ON connections (account_id, status_rank, created_at DESC, id);
-- Only what somebody has to do has a due date, so this stays small.
CREATE INDEX connections_by_due ON connections (account_id, due_at, id) WHERE due_at IS NOT NULL;
