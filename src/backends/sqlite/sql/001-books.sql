-- The books of one backend: every job, who owns it, and who has which place of which lock key.
--
-- Tables are STRICT and numbers bounded, so that whoever edits the file by hand is told at once, and no number is met later
-- that JavaScript cannot hold.

-- One row: what is counted over all jobs.
CREATE TABLE books (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  -- Enqueued jobs and claims share one count, so that a token is greater than all before it.
  sequence    INTEGER NOT NULL DEFAULT 0 CHECK (sequence BETWEEN 0 AND 9007199254740991),
  successful  INTEGER NOT NULL DEFAULT 0 CHECK (successful BETWEEN -9007199254740991 AND 9007199254740991),
  failures    INTEGER NOT NULL DEFAULT 0 CHECK (failures BETWEEN -9007199254740991 AND 9007199254740991),
  scheduled   INTEGER NOT NULL DEFAULT 0,
  failed      INTEGER NOT NULL DEFAULT 0,
  parked      INTEGER NOT NULL DEFAULT 0,
  dead        INTEGER NOT NULL DEFAULT 0,
  -- 1 where there is any pause, or any limit of a queue: who claims and settles needs to look no further else.
  controlled  INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO books (one) VALUES (1);

CREATE TABLE jobs (
  sequence    INTEGER PRIMARY KEY CHECK (sequence BETWEEN 1 AND 9007199254740991),
  id          TEXT NOT NULL UNIQUE,
  type        TEXT NOT NULL,
  queue       TEXT NOT NULL,
  -- JSON, sorted by key: [{"key": …, "concurrency": …}]. NULL where only a manager that knows the type can tell.
  locks       TEXT,
  -- waiting, scheduled, held, parked, processing, failed or completed. To check that here would take a third of each step's
  -- time.
  state       TEXT NOT NULL,
  enqueued_at INTEGER NOT NULL CHECK (enqueued_at BETWEEN -9007199254740991 AND 9007199254740991),
  attempts    INTEGER NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 9007199254740991),
  crashes     INTEGER NOT NULL DEFAULT 0 CHECK (crashes BETWEEN 0 AND 9007199254740991),
  -- How many failed attempts it ever had. Other than "attempts", it never goes back.
  failures    INTEGER NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND 9007199254740991),
  -- Of a waiting job: lane 0 are those with a grant, by sequence; lane 1 are all others, by position, in which the priority
  -- counts first.
  lane        INTEGER CHECK (lane IN (0, 1)),
  position    INTEGER CHECK (position BETWEEN -9007199254740991 AND 9007199254740991),
  -- Until when a grant is kept for a waiting job.
  grant_ends  INTEGER CHECK (grant_ends BETWEEN -9007199254740991 AND 9007199254740991),
  due         INTEGER CHECK (due BETWEEN -9007199254740991 AND 9007199254740991),
  -- The owner of a job in processing.
  worker      TEXT,
  token       INTEGER CHECK (token BETWEEN 1 AND 9007199254740991),
  -- The one lock key that a held job waits for.
  held_for    TEXT,
  -- Why a job is parked.
  reason      TEXT,
  -- When a job failed for good, or completed and was kept.
  ended_at    INTEGER CHECK (ended_at BETWEEN -9007199254740991 AND 9007199254740991),
  -- JSON, for what only few jobs have. NULL where there is nothing.
  extras      TEXT,
  -- JSON text, never parsed here. Last, so that what comes before it is read without it.
  payload     TEXT NOT NULL
) STRICT;

-- One index for each question that a step asks. All are partial: a job is in those of its state alone.
CREATE INDEX jobs_waiting    ON jobs (queue, lane, position) WHERE state = 'waiting';
CREATE INDEX jobs_granted    ON jobs (grant_ends, id) WHERE grant_ends IS NOT NULL;
CREATE INDEX jobs_scheduled  ON jobs (due, id) WHERE state = 'scheduled';
CREATE INDEX jobs_held       ON jobs (held_for, sequence) WHERE state = 'held';
CREATE INDEX jobs_processing ON jobs (worker, token) WHERE state = 'processing';
CREATE INDEX jobs_parked     ON jobs (type, sequence) WHERE state = 'parked';
CREATE INDEX jobs_failed     ON jobs (ended_at, id) WHERE state = 'failed';
CREATE INDEX jobs_completed  ON jobs (type, ended_at, id) WHERE state = 'completed';

-- Every queue that was ever named, how many wait in it and are held beside it, and the places at its ends.
CREATE TABLE queues (
  queue       TEXT PRIMARY KEY,
  waiting     INTEGER NOT NULL,
  held        INTEGER NOT NULL,
  front       INTEGER NOT NULL CHECK (front BETWEEN -9007199254740991 AND 9007199254740991),
  back        INTEGER NOT NULL CHECK (back BETWEEN -9007199254740991 AND 9007199254740991)
) STRICT, WITHOUT ROWID;

-- Who has a place of a lock key: a job by its sequence. The token is NULL while it is a grant that nobody has claimed.
CREATE TABLE places (
  key         TEXT NOT NULL,
  job         INTEGER NOT NULL,
  token       INTEGER,
  PRIMARY KEY (key, job)
) STRICT, WITHOUT ROWID;

-- Lock keys whose free places are still to be granted: a step ended at its bound.
CREATE TABLE ungranted (
  number      INTEGER PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE workers (
  worker      TEXT PRIMARY KEY,
  lease_ends  INTEGER NOT NULL CHECK (lease_ends BETWEEN -9007199254740991 AND 9007199254740991),
  -- JSON: { "queues": […], "types": […] }. NULL where it did not say what it takes.
  takes       TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX workers_ended ON workers (lease_ends, worker);

-- At most one row: who does what needs doing once in a cluster.
CREATE TABLE leader (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  candidate   TEXT NOT NULL,
  lease_ends  INTEGER NOT NULL CHECK (lease_ends BETWEEN -9007199254740991 AND 9007199254740991)
) STRICT;

-- The newest failed attempts of each job that is in the books.
CREATE TABLE failures (
  job         INTEGER NOT NULL,
  -- Counts a job's failures from 1. The attempt would not do: a job that is retried by an operator begins again at 1.
  number      INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  worker      TEXT NOT NULL,
  at          INTEGER NOT NULL,
  -- JSON. What is known of it: name, message, code, stack, cause, took.
  failure     TEXT NOT NULL,
  PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;

-- The job types of which completed jobs are kept, how many these are, and the rule that came with the last of them.
CREATE TABLE kept (
  type        TEXT PRIMARY KEY,
  jobs        INTEGER NOT NULL,
  -- Milliseconds, and a number of jobs; NULL for no such limit.
  keep_for    INTEGER CHECK (keep_for BETWEEN 0 AND 9007199254740991),
  keep_count  INTEGER CHECK (keep_count BETWEEN 0 AND 9007199254740991),
  -- When the next of them expires: at once where there are too many. NULL for never.
  expires     INTEGER CHECK (expires BETWEEN -9007199254740991 AND 9007199254740991)
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_expiring ON kept (expires) WHERE expires IS NOT NULL;

CREATE TABLE dead_letters (
  number      INTEGER PRIMARY KEY,
  queue       TEXT NOT NULL,
  reason      TEXT NOT NULL,
  at          INTEGER NOT NULL,
  -- The bytes as they were found.
  raw         BLOB NOT NULL
) STRICT;

-- The replies of calls that may be repeated.
CREATE TABLE calls (
  client      TEXT NOT NULL,
  sequence    INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  reply       TEXT NOT NULL,
  PRIMARY KEY (client, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_made ON calls (at);
