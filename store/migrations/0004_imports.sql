-- Whether an access point ever had an interface: asked for each one that an
-- import of the inventory would remove, and by the foreign key when it goes.
CREATE INDEX connections_by_site ON connections (access_point_id, id);
