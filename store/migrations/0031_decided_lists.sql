-- Decided applications, the last decision first: of all accounts, of one, in one
-- region.
DROP INDEX connections_decided_in_region;
CREATE INDEX connections_decided ON connections (stage, stage_since DESC, id) WHERE stage IN ('loa_rejected', 'approved_loa');
CREATE INDEX connections_decided_of_account ON connections (account_id, stage, stage_since DESC, id) WHERE stage IN ('loa_rejected', 'approved_loa');
CREATE INDEX connections_decided_in_region ON connections (region, stage, stage_since DESC, id) WHERE stage IN ('loa_rejected', 'approved_loa');
