-- Recurring schedules, by name. Those that are paused or have ended are not due.
CREATE TABLE schedules (
  name        TEXT PRIMARY KEY,
  -- Drawn from the sequence at each write.
  version     INTEGER NOT NULL CHECK (version BETWEEN 1 AND 9007199254740991),
  due         INTEGER CHECK (due BETWEEN -9007199254740991 AND 9007199254740991),
  -- What it says; never read here.
  text        TEXT NOT NULL
) STRICT;
CREATE INDEX schedules_due ON schedules (due, name) WHERE due IS NOT NULL;
