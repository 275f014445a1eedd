-- How often a job that needs several locks was passed over: it came to the head of one while another was full. One that has
-- waited often enough keeps what it gets. Only while it is held; a table of its own, since few jobs are.
CREATE TABLE passed_over (
  job         INTEGER PRIMARY KEY,
  times       INTEGER NOT NULL
) STRICT;
