-- Unique keys, each of one job type, and the jobs that have them.
CREATE TABLE unique_keys (
  type        TEXT NOT NULL,
  key         TEXT NOT NULL,
  -- The job's sequence. Of a later job with the same id it is not.
  job         INTEGER NOT NULL,
  id          TEXT NOT NULL,
  queue       TEXT NOT NULL,
  -- Until when, where it is taken for a time, whatever becomes of the job. NULL where it is the job's own, for as long as the
  -- job waits, or until it is done.
  ends        INTEGER CHECK (ends BETWEEN -9007199254740991 AND 9007199254740991),
  PRIMARY KEY (type, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX unique_keys_own    ON unique_keys (job) WHERE ends IS NULL;
CREATE INDEX unique_keys_ending ON unique_keys (ends) WHERE ends IS NOT NULL;
