-- Jobs that run and are to be cancelled: their workers are told, and see to it. Only while the claim of this token lasts.
CREATE TABLE cancels (
  job         INTEGER PRIMARY KEY,
  token       INTEGER NOT NULL
) STRICT;
