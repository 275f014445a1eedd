#!lua flags=allow-oom
-- register: starts a worker's lease.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 worker, 3 length (ms), 4 what it takes, as JSON, or ''
-- Returns 1. Atomic since the end is reckoned by the server's clock.
--@include start
call('ZADD', WORKERS, now + tonumber(ARGV[3]), ARGV[2])
if ARGV[4] ~= '' then call('HSET', TAKES, ARGV[2], ARGV[4]) end
return 1
