-- Ports by their position on a panel, across all access points, however the
-- label of the panel is written.
CREATE INDEX ports_by_position ON ports (lower(replace(replace(panel, ' ', ''), '-', '')), position, device_id, number);
