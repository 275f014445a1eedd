-- How far jobs are and what they gave, and who is told of it. Few jobs have any of it, so it stands beside them.

-- What a job reported last, as JSON.
CREATE TABLE progress (
  job         INTEGER PRIMARY KEY,
  progress    TEXT NOT NULL
) STRICT;

-- What a completed job gave, as JSON.
CREATE TABLE results (
  job         INTEGER PRIMARY KEY,
  result      TEXT NOT NULL
) STRICT;

-- Who is told of a job until when: of every change, or of its end alone. By id, since one may watch what is yet to come.
CREATE TABLE watchers (
  id          TEXT NOT NULL,
  watcher     TEXT NOT NULL,
  every       INTEGER NOT NULL,
  until       INTEGER NOT NULL,
  PRIMARY KEY (id, watcher)
) STRICT, WITHOUT ROWID;
CREATE INDEX watchers_until ON watchers (until);

-- The jobs that a watcher is to look at.
CREATE TABLE news (
  watcher     TEXT NOT NULL,
  id          TEXT NOT NULL,
  until       INTEGER NOT NULL,
  PRIMARY KEY (watcher, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX news_until ON news (until);

-- How those ended that were watched when they left the books. The job is the envelope as JSON.
CREATE TABLE ended (
  id          TEXT PRIMARY KEY,
  state       TEXT NOT NULL,
  job         TEXT NOT NULL,
  progress    TEXT,
  until       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_until ON ended (until);
