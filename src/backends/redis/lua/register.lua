#!lua flags=allow-oom
-- register: starts a worker's lease.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 worker, 3 length (ms)
-- Returns 1. Atomic since the end is reckoned by the server's clock.
--@include start
call('ZADD', WORKERS, now + tonumber(ARGV[3]), ARGV[2])
return 1
