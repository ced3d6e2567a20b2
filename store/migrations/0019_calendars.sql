-- Working days as data of the operator. Which calendar a region keeps is the
-- region's; calendars that are shipped have no row, those of the operator have
-- one. A year that the operator entered stands in the place of the shipped one
-- of that calendar until it is removed.
ALTER TABLE regions ADD COLUMN calendar TEXT NOT NULL DEFAULT ''; -- '' when nobody said
UPDATE regions SET calendar = CASE
  WHEN id IN ('cn-qingdao', 'cn-beijing', 'cn-zhangjiakou', 'cn-huhehaote', 'cn-hangzhou', 'cn-shanghai', 'cn-shenzhen') THEN 'china'
  WHEN id = 'cn-hongkong' THEN 'hong-kong'
  WHEN id = 'ap-southeast-1' THEN 'singapore'
  WHEN id = 'ap-southeast-2' THEN 'australia-nsw'
  WHEN id = 'ap-southeast-3' THEN 'malaysia-kuala-lumpur'
  WHEN id = 'ap-southeast-5' THEN 'indonesia'
  WHEN id = 'ap-northeast-1' THEN 'japan'
  WHEN id IN ('us-west-1', 'us-east-1') THEN 'united-states'
  WHEN id = 'eu-central-1' THEN 'germany-hesse'
  WHEN id = 'eu-west-1' THEN 'united-kingdom-england'
  WHEN id = 'me-east-1' THEN 'united-arab-emirates'
  WHEN id = 'ap-south-1' THEN 'india-maharashtra'
  ELSE '' END;
CREATE TABLE calendars (
  id         TEXT NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  weekend    TEXT NOT NULL, -- days of the week that are not worked: 'Saturday Sunday'
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE calendar_years (
  calendar TEXT NOT NULL, -- shipped or of calendars
  year     INTEGER NOT NULL CHECK (year BETWEEN 2000 AND 2999),
  source   TEXT NOT NULL CHECK (source <> ''), -- where the table is published
  days     TEXT NOT NULL CHECK (days <> ''),   -- lines as package workday reads them
  saved_at TEXT NOT NULL,
  PRIMARY KEY (calendar, year)
) STRICT, WITHOUT ROWID;
