-- Rates, pauses, and the limits of queues.

-- Rate keys to the instant at which all that has started is made up for. One that is past says nothing, and is dropped.
CREATE TABLE spent (
  key         TEXT PRIMARY KEY,
  spent       REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_over ON spent (spent);

-- Rate keys that a handler has stopped, and until when.
CREATE TABLE paused_rates (
  key         TEXT PRIMARY KEY,
  until       REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX paused_rates_over ON paused_rates (until);

-- Rate keys that jobs wait for, and queues with a rate in which jobs wait: when the next place comes free.
CREATE TABLE timers (
  key         TEXT PRIMARY KEY,
  at          REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_ripe ON timers (at, key);

-- Keys that jobs wait for, and the limit of the newest of those which came up. "pace": of a rate, ms from one start to the next.
CREATE TABLE newest (
  key         TEXT PRIMARY KEY,
  sequence    INTEGER NOT NULL,
  concurrency INTEGER NOT NULL,
  pace        REAL
) STRICT, WITHOUT ROWID;

-- Queues ('queue') and job types ('type') of which nothing is claimed.
CREATE TABLE pauses (
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  paused_by   TEXT,
  reason      TEXT,
  at          INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- How many jobs of a queue may run at once; how often one may start: so many at once, and then one each "pace" ms.
CREATE TABLE queue_limits (
  queue       TEXT PRIMARY KEY,
  concurrency INTEGER,
  burst       INTEGER,
  pace        REAL
) STRICT, WITHOUT ROWID;

-- Running jobs of queues with a limit.
CREATE TABLE seats (
  job         INTEGER PRIMARY KEY,
  queue       TEXT NOT NULL
) STRICT;
CREATE INDEX seats_taken ON seats (queue);
