-- The staff's list of interfaces in one region or at one access point, by status
-- in the order of the procedure and the newest first within it. The condition
-- holds for every row: it keeps both out of the lists of one account, which have
-- their own indexes and fewer rows.
CREATE INDEX connections_in_region ON connections (region, status_rank, created_at DESC, id) WHERE status_rank > 0;
CREATE INDEX connections_at_site ON connections (access_point_id, status_rank, created_at DESC, id) WHERE status_rank > 0;
